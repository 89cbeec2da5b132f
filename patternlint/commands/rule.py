"""``patternlint rule`` explains rules."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from patternlint.catalogue import RULES
from patternlint.commands import CLEAN
from patternlint.config import suggestion
from patternlint.errors import PatternlintError
from patternlint.rule_pages import page, record
from patternlint.selection import rule_called, rule_names


def parser() -> argparse.ArgumentParser:
    """The parser of the arguments."""
    parser = argparse.ArgumentParser(prog="patternlint rule", description="Explain a rule.", allow_abbrev=False)
    parser.add_argument("rule", nargs="?", metavar="CODE", help="a code or a name")
    parser.add_argument("--all", action="store_true", help="explain every rule")
    parser.add_argument("--output-format", choices=("text", "json"), default="text", help="(text)")
    parser.add_argument("--rules", action="append", default=[], metavar="PATH", help="a file with house rules")
    return parser


def run(arguments: list[str]) -> int:
    """Run the command; the exit status."""
    usage = parser()
    options = usage.parse_args(arguments)
    if bool(options.rule) == options.all:
        usage.error("name one rule, or --all")

    _load_house_rules(options.rules)
    found = rule_called(options.rule) if options.rule else None
    if options.rule and found is None:
        raise PatternlintError(f"unknown rule '{options.rule}'", suggestion(options.rule, rule_names()))
    entries = RULES if found is None else (found,)
    if options.output_format == "text":
        print("\n\n".join(page(entry) for entry in entries))
    else:
        import json

        records = [record(entry) for entry in entries]
        print(json.dumps(records if options.all else records[0], indent=2))
    return CLEAN


def _load_house_rules(files: Iterable[str]) -> None:
    """Make the rules of files known, and those of the packs that the project here names."""
    from patternlint.config import load as configure
    from patternlint.house_rules import load
    from patternlint.project.root import Roots

    with suppress(PatternlintError):  # a configuration at fault is no reason to explain nothing
        configure(Roots().of(Path.cwd()))
    load(os.path.abspath(path) for path in files)
