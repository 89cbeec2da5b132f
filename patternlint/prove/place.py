"""The place that is to be proven, and what patternlint finds there, however sure it is and whatever silences it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from patternlint.config import Settings
from patternlint.engine import room
from patternlint.errors import PatternlintError
from patternlint.facts import Module, Scope
from patternlint.finding import Confidence, Finding
from patternlint.project import Project
from patternlint.prove.site import PROVABLE, scope_at, scope_called
from patternlint.source import Source
from patternlint.workspace import Workspace, absolute


class Place(NamedTuple):
    """A place: the innermost def or class around a row, and the findings of the file."""

    project: Project
    scope: Scope
    row: int
    findings: Sequence[Finding]

    @property
    def module(self) -> Module:
        """The module."""
        return self.scope.module

    @property
    def here(self) -> list[Finding]:
        """The findings of this row that can be proven."""
        return [f for f in self.findings if f.row == self.row and f.code in PROVABLE]

    @property
    def why_not(self) -> str:
        """Why nothing can be proven here: what is found, and where there is something that can."""
        at = f"{self.module.relpath}:{self.row}"
        others = sorted({f.code for f in self.findings if f.row == self.row})
        here = f"what {' and '.join(others)} says cannot be shown by running it" if others else "there is no finding"
        rows: dict[int, list[str]] = {}
        for finding in self.findings:
            if finding.code in PROVABLE:
                rows.setdefault(finding.row, []).append(finding.code)
        elsewhere = ", ".join(f"{row} ({', '.join(codes)})" for row, codes in rows.items())
        return f"{at}: {here}; " + (f"lines with one that can: {elsewhere}" if rows else "no line has one that can")


def place_of(argument: str) -> Place:
    """The place that ``FILE:LINE`` or ``FILE:NAME`` means.

    Raises:
        PatternlintError: there is no such place, or the file cannot be read or parsed.
    """
    name, colon, where = argument.rpartition(":")
    if not colon or not name or not where:
        raise PatternlintError(f"'{argument}' is no place", "give FILE:LINE, such as shop/pool.py:12")
    path = absolute(name)
    if not path.is_file():
        raise PatternlintError(f"{name}: there is no such file", "give FILE:LINE, such as shop/pool.py:12")
    source = Source.read(path)
    engine = Workspace(Path.cwd(), adjust=_everything, ignoring="noqa").of(path).engine_for(path)
    findings = engine.check(source)
    try:
        with room():
            module = engine.project.facts(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise PatternlintError(f"{name}: cannot be parsed: {error}", "correct the syntax") from None
    if where.isdecimal():
        return Place(engine.project, scope_at(module, int(where)), int(where), findings)
    scope = scope_called(module, where)
    if scope is None:
        raise PatternlintError(f"{name}: there is no '{where}'", "give a line, or the name of a function or class")
    rows = [f.row for f in findings if f.code in PROVABLE and scope_at(module, f.row) in set(scope.walk())]
    row = scope.row if scope.row in rows else min(rows, default=scope.row)
    return Place(engine.project, scope_at(module, row), row, findings)


def _everything(settings: Settings) -> Settings:
    """Settings that let every finding through: who asks for a place wants to see what is there."""
    return settings._replace(
        select=("ALL",), ignore=(), extend_select=(), per_file_ignores=(), min_confidence=Confidence.LOW, preview=True,
        honor_foreign_noqa=False,
    )  # fmt: skip
