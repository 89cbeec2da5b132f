"""One decorator, copied into several modules."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from patternlint.facts import Module
from patternlint.facts.rows import scopes_on
from patternlint.project import Project


class Twin(NamedTuple):
    """Another function of the same name and code."""

    path: str
    row: int


class TwinsOf(NamedTuple):
    """The project's other functions that are copies of the one with this dotted name, tests left out."""

    dotted: str

    def answer(self, project: Project) -> tuple[Twin, ...]:
        """By their code, comments and docstrings included in neither."""
        found = project.find(self.dotted)
        if found is None or not found.is_function or found.is_local:
            return ()
        name, code = found.name, _code(found.function)
        twins = project.collect((name,), _copies, name, code, pattern=rf"def\s+{name}\b")
        return tuple(t for t in twins if (t.path, t.row) != (found.module.relpath, found.row))


def _copies(_project: Project, module: Module, name: str, code: str) -> Iterator[Twin]:
    named = (s for s in scopes_on(module, module.rows_with([name])) if s.is_function and s.name == name)
    for scope in () if module.is_test else named:
        if not scope.is_local and _code(scope.function) == code:
            yield Twin(module.relpath, scope.row)


def _code(function: ast.FunctionDef | ast.AsyncFunctionDef) -> str:
    documented = ast.get_docstring(function, clean=False) is not None
    return "\n".join(ast.dump(statement) for statement in function.body[documented:])
