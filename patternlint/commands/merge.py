"""``patternlint merge`` joins the results of shards."""

from __future__ import annotations

import argparse

from patternlint.commands import CLEAN, FOUND
from patternlint.report.merging import merged


def run(arguments: list[str]) -> int:
    """Run the command; the exit status."""
    parser = argparse.ArgumentParser(
        prog="patternlint merge",
        description="Join the results of runs with --shard and --output-format json to those of one run.",
        allow_abbrev=False,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="what the runs printed")
    options = parser.parse_args(arguments)

    text, found = merged(options.files)
    print(text)
    return FOUND if found else CLEAN
