"""``patternlint clean`` drops what is kept of earlier runs."""

from __future__ import annotations

import argparse
from pathlib import Path

from patternlint.cache import clean
from patternlint.commands import CLEAN
from patternlint.project.root import Roots
from patternlint.workspace import Caching, absolute


def parser() -> argparse.ArgumentParser:
    """The parser of the arguments."""
    parser = argparse.ArgumentParser(
        prog="patternlint clean", description="Drop the results that are kept of earlier runs.", allow_abbrev=False
    )
    parser.add_argument("paths", nargs="*", default=["."], metavar="PATH", help="a file or folder of the project")
    parser.add_argument("--cache-dir", default="", metavar="DIR", help="where they are kept, if not in the project")
    return parser


def run(arguments: list[str]) -> int:
    """Run the command; the exit status."""
    options = parser().parse_args(arguments)

    directory = Path(options.cache_dir) if options.cache_dir else None
    roots = Roots()
    for folder in dict.fromkeys(Caching(directory).folder(roots.of(absolute(path)).folder) for path in options.paths):
        count = clean(folder)
        print(f"{folder}: {count} file{'' if count == 1 else 's'} removed")
    return CLEAN
