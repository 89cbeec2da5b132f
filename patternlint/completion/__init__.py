"""Completion for shells: scripts written from the parsers of the commands, so that they know what the commands know."""
