"""``patternlint completion`` prints what a shell needs to complete the command line."""

from __future__ import annotations

import argparse

from patternlint.commands import CLEAN

SHELLS = ("bash", "zsh", "fish")


def parser() -> argparse.ArgumentParser:
    """The parser of the arguments."""
    parser = argparse.ArgumentParser(
        prog="patternlint completion",
        description="Print a script with which a shell completes commands, options, rules and formats.",
        epilog="For example: patternlint completion bash > ~/.local/share/bash-completion/completions/patternlint",
        allow_abbrev=False,
    )
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help=", ".join(SHELLS))
    return parser


def run(arguments: list[str]) -> int:
    """Run the command; the exit status."""
    shell = parser().parse_args(arguments).shell
    from importlib import import_module

    from patternlint.completion.described import commands

    print(import_module(f"patternlint.completion.{shell}").script(commands()), end="")
    return CLEAN
