"""The options for readers: a JSON schema for editors, a table for the README.

``python -m patternlint.option_pages [--check]`` writes both to their places.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from patternlint.catalogue import FAMILIES, RULES
from patternlint.options import OPTIONS, Option, Schema, kind_of
from patternlint.provenance import toml
from patternlint.selection import TOOL_RULES

REPOSITORY = Path(__file__).parent.parent
SCHEMA, README = REPOSITORY / "docs" / "patternlint.schema.json", REPOSITORY / "README.md"
_BEGIN, _END = "<!-- options: python -m patternlint.option_pages -->\n", "<!-- end of options -->"
_LONGEST_DEFAULT = 40


def schema() -> Schema:
    """The JSON schema of ``patternlint.toml``, and of ``[tool.patternlint]``."""
    return {
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "patternlint",
        "description": "The configuration of patternlint: patternlint.toml, or [tool.patternlint] in pyproject.toml",
        "type": "object",
        "additionalProperties": False,
        "properties": {option.name: _property(option) for option in OPTIONS},
        "definitions": {"rule": {"enum": _selectors()}, "rule-options": _rule_options()},
    }


def _property(option: Option) -> Schema:
    own = option.kind.schema
    about: dict[str, Any] = {"description": option.doc, "default": option.kind.plain(option.default)}
    return {**about, **({"allOf": [own]} if "$ref" in own else own)}


def _selectors() -> list[str]:
    """Everything that names rules: codes and their beginnings, names, families, ``ALL``."""
    entries = (*TOOL_RULES, *RULES)
    prefixes = {entry.code[:length] for entry in entries for length in range(len("PAT"), len(entry.code) + 1)}
    return ["ALL", *FAMILIES, *sorted(prefixes | set(FAMILIES.values())), *(entry.name for entry in entries)]


def _rule_options() -> Schema:
    of_rules: dict[str, Schema] = {}
    for entry in RULES:
        options = {
            name: {**kind_of(default).schema, "default": kind_of(default).plain(default)}
            for name, default in entry.options
        }
        for spelling in (entry.code, entry.name) if options else ():
            of_rules[spelling] = {"type": "object", "additionalProperties": False, "properties": options}
    return {"type": "object", "additionalProperties": False, "properties": of_rules}


def table() -> str:
    """The options as a table in Markdown."""
    rows = [f"| `{o.name}` | {o.kind.words} | {_default(o)} | {o.doc} |\n" for o in OPTIONS]
    return "".join(["| option | takes | default | |\n", "|---|---|---|---|\n", *rows])


def _default(option: Option) -> str:
    text = toml(option.kind.plain(option.default))
    return f"`{text}`" if len(text) <= _LONGEST_DEFAULT else f"`patternlint config {option.name}` lists them"


def files() -> dict[Path, str]:
    """What the files that show the options have to hold."""
    readme = README.read_text(encoding="utf-8")
    start, end = readme.index(_BEGIN) + len(_BEGIN), readme.index(_END)
    return {SCHEMA: json.dumps(schema(), indent=2) + "\n", README: readme[:start] + table() + readme[end:]}


def main(arguments: list[str]) -> int:
    """Write the files; with ``--check`` only say which are not what they would be."""
    stale = {path: text for path, text in files().items() if not path.exists() or path.read_text("utf-8") != text}
    for path, text in stale.items():
        if "--check" in arguments:
            print(f"{path} is out of date: run `python -m patternlint.option_pages`", file=sys.stderr)
        else:
            path.write_text(text, encoding="utf-8", newline="\n")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
