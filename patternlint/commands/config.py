"""``patternlint config`` shows the options: what they take, what they are, and which line says so."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from patternlint.commands import CLEAN
from patternlint.config import suggestion
from patternlint.errors import PatternlintError
from patternlint.option_pages import schema
from patternlint.project.root import Roots
from patternlint.provenance import Setting, explained
from patternlint.report.terminal import safe
from patternlint.selection import rule_called
from patternlint.workspace import absolute


def parser() -> argparse.ArgumentParser:
    """The parser of the arguments."""
    parser = argparse.ArgumentParser(
        prog="patternlint config",
        description="Show the options: what each takes, its default, its value, and the line that sets it.",
        allow_abbrev=False,
    )
    parser.add_argument("option", nargs="?", metavar="OPTION", help="show this one; `rules` for those of all rules")
    parser.add_argument("--path", default=".", metavar="PATH", help="a file or folder of the project (.)")
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--config", metavar="FILE", help="read this configuration file and no other")
    where.add_argument("--isolated", action="store_true", help="read no configuration file")
    parser.add_argument(
        "--output-format",
        choices=("text", "json", "schema"),
        default="text",
        help="the values as TOML (text) or JSON; the JSON schema of a configuration",
    )
    return parser


def run(arguments: list[str]) -> int:
    """Run the command; the exit status."""
    options = parser().parse_args(arguments)

    if options.output_format == "schema":
        print(json.dumps(schema(), indent=2))
        return CLEAN
    root = Roots().of(absolute(options.path))
    configuration = Path(absolute(options.config)) if options.config else None
    settings = explained(root, configuration=configuration, isolated=options.isolated)
    if options.option:
        settings = _called(options.option, settings)
    if options.output_format == "json":
        print(json.dumps([setting.record() for setting in settings], indent=2))
    else:
        print("\n\n".join("\n".join(map(safe, setting.lines())) for setting in settings))
    return CLEAN


def _called(name: str, settings: list[Setting]) -> list[Setting]:
    """The option of a name, or those of a rule, given by code or name, or of all rules."""
    first, *rest = name.split(".")
    if rest and (entry := rule_called(rest[0])) is not None:
        name = ".".join([first, entry.code, *rest[1:]])
    found = [setting for setting in settings if setting.name == name or setting.name.startswith(name + ".")]
    if not found:
        raise PatternlintError(f"unknown option '{name}'", suggestion(name, [setting.name for setting in settings]))
    return found
