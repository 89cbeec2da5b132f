"""``patternlint undo`` takes the last run of fixes back."""

from __future__ import annotations

import argparse

from patternlint.commands import CLEAN, FAILED
from patternlint.errors import PatternlintError
from patternlint.journal import KEPT
from patternlint.report.console import Console
from patternlint.undo import undo


def parser() -> argparse.ArgumentParser:
    """The parser of the arguments."""
    parser = argparse.ArgumentParser(
        prog="patternlint undo",
        description="Put the files back as they were before the last run that fixed some.",
        allow_abbrev=False,
    )
    parser.add_argument("path", nargs="?", default=".", metavar="PATH", help="a file or folder of the project (.)")
    return parser


def run(arguments: list[str]) -> int:
    """Run the command; the exit status."""
    options = parser().parse_args(arguments)

    console = Console()
    taken = undo(options.path)
    for left in taken.left:
        console.error(PatternlintError(f"{left.path}: {left.why}", f"put it back by hand: {KEPT}"))
    if taken.restored or not taken.left:
        count = len(taken.restored)
        print(f"{count} file{'' if count == 1 else 's'} put back." if count else "The files were put back already.")
    return FAILED if console.errors else CLEAN
