"""Who hands bound methods to a function."""

from __future__ import annotations

import ast
from typing import NamedTuple

from patternlint.facts import Scope, own_nodes
from patternlint.project import Project
from patternlint_rules.observer.instances import bound_method
from patternlint_rules.observer.pairing import calls


class HandedIn(NamedTuple):
    """A call that passes a bound method, by the function's last name."""

    path: str
    row: int
    method: str


class MethodsHandedTo(NamedTuple):
    """Where callers pass a bound method for a function's parameter; the function is known by the last part of its
    dotted name."""

    function: str
    parameter: str

    def answer(self, project: Project) -> tuple[HandedIn, ...]:
        """In the order of files and rows; test code left out."""
        function = project.find(self.function)
        if function is None or not function.is_function:
            return ()
        position = _position(function, self.parameter)
        name = (
            function.enclosing_class.name if function.name == "__init__" and function.enclosing_class else function.name
        )
        found: list[HandedIn] = []
        for module in project.modules_with(name, pattern=calls(name)):
            for scope in () if module.is_test else module.functions:
                for node in own_nodes(scope.node):
                    if isinstance(node, ast.Call) and _last(node.func) == name:
                        argument = _argument(node, position, self.parameter)
                        method = None if argument is None else bound_method(project, argument, scope)
                        if method is not None:
                            found.append(HandedIn(module.relpath, node.lineno, method.name))
        return tuple(found)


def _position(function: Scope, parameter: str) -> int:
    return function.parameters.index(parameter) - (function.enclosing_class is not None)


def _argument(call: ast.Call, position: int, parameter: str) -> ast.expr | None:
    for keyword in call.keywords:
        if keyword.arg == parameter:
            return keyword.value
    return call.args[position] if 0 <= position < len(call.args) else None


def _last(func: ast.expr) -> str:
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
