"""Real Python files that every machine has: the standard library's own sources."""

from __future__ import annotations

import ast
import sysconfig
import warnings
from functools import cache
from pathlib import Path

from patternlint.errors import PatternlintError
from patternlint.facts import Module
from patternlint.source import Source

STDLIB = Path(sysconfig.get_path("stdlib"))


@cache
def stdlib_files(step: int) -> tuple[Path, ...]:
    """Every `step`-th file of the standard library that parses."""
    found = []
    for path in sorted(STDLIB.rglob("*.py"))[::step]:
        if "site-packages" in path.parts or "bad" in path.name or "lib2to3" in path.parts:
            continue
        try:
            source = Source.read(path)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ast.parse(source.text)
        except (SyntaxError, ValueError, PatternlintError):
            continue
        found.append(path)
    return tuple(found)


def module_from(text: str, name: str = "subject") -> Module:
    """The facts of a text."""
    return Module(Source(Path(f"{name}.py"), text.encode()), name, f"{name}.py")
