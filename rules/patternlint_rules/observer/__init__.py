"""The Observer family: who keeps whom alive, and who is told while the list of listeners changes."""
