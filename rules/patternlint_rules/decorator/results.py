"""What becomes of the results of decorated functions."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from patternlint.facts import Scope
from patternlint.project import Project, ReferencesTo


class UsedResult(NamedTuple):
    """A place that does something with what a call returns."""

    path: str
    row: int


class UsesOfResult(NamedTuple):
    """Where the project uses what a function returns, test code left out."""

    dotted: str

    def answer(self, project: Project) -> tuple[UsedResult, ...]:
        """By every call that is more than a statement of its own."""
        called: dict[str, set[tuple[str, int]]] = {}
        for reference in project.ask(ReferencesTo(self.dotted)):
            if reference.kind == "call":
                called.setdefault(reference.path, set()).add((reference.scope, reference.row))
        found: list[UsedResult] = []
        for path, places in called.items():
            module = project.module_at(project.root / path)
            if module is None or module.is_test:
                continue
            scopes = {scope.qualname: scope for scope in module.scopes}
            for qualname, row in sorted(places):
                scope = scopes.get(qualname)
                if scope is not None and not any(first <= row <= last for first, last in _thrown_away(scope)):
                    found.append(UsedResult(path, row))
        return tuple(found)


def _thrown_away(scope: Scope) -> Iterator[tuple[int, int]]:
    """The rows of the calls of a scope that are statements of their own, arguments that stand on other rows aside."""
    for statement in scope.statements():
        value = statement.value if isinstance(statement, ast.Expr) else None
        value = value.value if isinstance(value, ast.Await) else value
        if isinstance(value, ast.Call):
            yield statement.lineno, value.func.end_lineno or statement.lineno
