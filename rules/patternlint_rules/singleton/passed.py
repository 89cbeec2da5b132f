"""What callers pass to a parameter: whether they would notice that it counts only once."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from patternlint.facts import Module, dotted, own_nodes
from patternlint.project import Project, ReferencesTo
from patternlint.rule import Evidence


class Passed(NamedTuple):
    """One call outside tests: the text of an argument ("" where it is left out), and whether its value is given (a
    constant), else it comes from somewhere."""

    path: str
    row: int
    text: str
    is_constant: bool


class PassedTo(NamedTuple):
    """What the project's calls of a function or class pass to one of its parameters.

    `function` is a dotted name, `position` the parameter's among the arguments, -1 where it can only be named.
    """

    function: str
    parameter: str
    position: int

    def answer(self, project: Project) -> tuple[Passed, ...]:
        """In the order of files and rows; calls with ``*`` or ``**`` say nothing and are left out."""
        last = self.function.rpartition(".")[2]
        found: list[Passed] = []
        for use in project.ask(ReferencesTo(self.function)):
            module = project.module(use.module) if use.kind == "call" else None
            if module is None or module.is_test:
                continue
            for call in _calls_on(module, use.row, last):
                if (passed := self._passed(call)) is not None:
                    found.append(Passed(use.path, use.row, *passed))
        return tuple(dict.fromkeys(found))

    def _passed(self, call: ast.Call) -> tuple[str, bool] | None:
        if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
            return None
        value = next((k.value for k in call.keywords if k.arg == self.parameter), None)
        if value is None and 0 <= self.position < len(call.args):
            value = call.args[self.position]
        if value is None:
            return "", True
        return ast.unparse(value), isinstance(value, ast.Constant)


def _calls_on(module: Module, row: int, name: str) -> Iterator[ast.Call]:
    for scope in module.scopes:
        if scope.holds([row]):
            for node in own_nodes(scope.node, [row]):
                if isinstance(node, ast.Call) and (dotted(node.func) or "").rpartition(".")[2] in (name, "cls"):
                    yield node


def differing(passed: tuple[Passed, ...]) -> tuple[Evidence, ...]:
    """Two calls that pass different constants; () where none do."""
    given = {p.text: Evidence(p.path, p.row, f"passes {p.text}") for p in passed if p.is_constant and p.text}
    return tuple(given.values())[:2] if len(given.keys() - {"None"}) > 1 else ()
