"""``patternlint merge`` joins the results of shards, and writes them in any format."""

from __future__ import annotations

import argparse
import json

from patternlint.commands import CLEAN, FOUND
from patternlint.report.console import Console
from patternlint.report.formats import FORMATS, check_format
from patternlint.report.merging import read, shown
from patternlint.report.output_file import OutputFile


def parser() -> argparse.ArgumentParser:
    """The parser of the arguments."""
    parser = argparse.ArgumentParser(
        prog="patternlint merge",
        description="Join the results of runs with --shard and --output-format json to those of one run.",
        allow_abbrev=False,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="what the runs printed")
    parser.add_argument("--output-format", default="json", metavar="FORMAT", help=f"(json) {', '.join(FORMATS)}")
    parser.add_argument("-o", "--output-file", metavar="FILE", help="write here in place of standard output")
    return parser


def run(arguments: list[str]) -> int:
    """Run the command; the exit status."""
    options = parser().parse_args(arguments)

    output_format = check_format(options.output_format)
    file = OutputFile(options.output_file) if options.output_file else None
    records = read(options.files)
    console = Console(output_format=output_format, output_file=file)
    if output_format == "json":  # as they are: it takes none of the files that were checked
        console.whole(json.dumps(records, indent=2))
    else:
        for of_file in shown(records, console.warning):
            console.findings(of_file)
        console.finish()
    return FOUND if records else CLEAN
