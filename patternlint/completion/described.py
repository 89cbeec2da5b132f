"""The command line as plain values: commands, their options, and what those take."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from importlib import import_module
from typing import NamedTuple

from patternlint.catalogue import FAMILIES
from patternlint.cli import COMMANDS
from patternlint.options import OPTIONS
from patternlint.report.formats import FORMATS
from patternlint.selection import rule_names

_FILES = {"FILE", "DIR", "PATH", "PATH ...", "FILE:LINE"}


class Takes(NamedTuple):
    """What a word may be: one of `words`, or (`many`) several with commas between; else a file, or anything."""

    words: tuple[str, ...] = ()
    many: bool = False
    files: bool = False


class Option(NamedTuple):
    """An option: how it is spelt, and what it takes (None: nothing)."""

    spellings: tuple[str, ...]
    about: str
    takes: Takes | None
    repeated: bool


class Command(NamedTuple):
    """A command, its options, and what its arguments are."""

    name: str
    about: str
    options: tuple[Option, ...]
    takes: Takes | None


def commands() -> list[Command]:
    """Every command."""
    return [_described(name) for name in COMMANDS]


def rules() -> tuple[str, ...]:
    """What stands for rules: codes, names, families, and their beginnings."""
    return ("ALL", *FAMILIES, *FAMILIES.values(), *rule_names())


def _described(name: str) -> Command:
    module = "arguments" if name == "check" else name.replace("-", "_")
    parser: argparse.ArgumentParser = import_module(f"patternlint.commands.{module}").parser()
    options = tuple(_options(parser))
    arguments = [action for action in parser._actions if not action.option_strings]
    return Command(name, _sentence(parser.description), options, _takes(arguments[0]) if arguments else None)


def _options(parser: argparse.ArgumentParser) -> Iterator[Option]:
    for action in parser._actions:
        if action.option_strings:
            repeated = isinstance(action, argparse._AppendAction)
            takes = None if action.nargs == 0 else _takes(action)
            yield Option(tuple(action.option_strings), _sentence(action.help), takes, repeated)


def _takes(action: argparse.Action) -> Takes:
    """By the choices of an argument, or by what its place is called in `--help`."""
    called = str(action.metavar)
    if action.choices is not None:
        return Takes(tuple(action.choices))
    if called == "RULES":
        return Takes(rules(), many=True)
    words = {"CODE": tuple(rule_names()), "FORMAT": tuple(FORMATS), "OPTION": tuple(option.name for option in OPTIONS)}
    return Takes(words.get(called, ()), files=called in _FILES)


def _sentence(text: str | None) -> str:
    """The first line, without the full stop: a description is one line of a menu."""
    return (text or "").partition(". ")[0].partition("\n")[0].rstrip(".")
