"""``patternlint runtime`` copies the companion runtime into a project."""

from __future__ import annotations

import argparse

from patternlint.commands import CLEAN
from patternlint.vendoring import vendor


def parser() -> argparse.ArgumentParser:
    """The parser of the arguments."""
    parser = argparse.ArgumentParser(
        prog="patternlint runtime",
        description="Copy the companion runtime into a project that does not want to depend on patternlint.",
        allow_abbrev=False,
    )
    parser.add_argument("--vendor", required=True, metavar="DIR", help="the package to make, such as src/app/_patterns")
    return parser


def run(arguments: list[str]) -> int:
    """Run the command; the exit status."""
    options = parser().parse_args(arguments)

    module = vendor(options.vendor)
    print(
        f"The runtime is in {options.vendor}. Tell the fixes of it:\n\n"
        f'    [tool.patternlint]\n    runtime-module = "{module}"'
    )
    return CLEAN
