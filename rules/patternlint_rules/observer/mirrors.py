"""Registrations whose removal has the mirrored name: ``hook.subscribe.focus(f)`` and ``hook.unsubscribe.focus(f)``,
``add_listener`` and ``remove_listener``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from patternlint.facts import Module, dotted, walk
from patternlint.facts.names import touches
from patternlint.project import Project
from patternlint_rules.observer.pairing import calls
from patternlint_rules.observer.places import class_of

_MIRRORS = {
    "subscribe": ("unsubscribe",),
    "register": ("unregister", "deregister"),
    "add": ("remove", "del", "delete"),
    "append": ("remove",),
    "connect": ("disconnect",),
    "attach": ("detach",),
    "observe": ("unobserve",),
    "on": ("off",),
    "listen": ("unlisten",),
    "watch": ("unwatch",),
    "bind": ("unbind",),
    "hook": ("unhook",),
}


def mirrored(path: str) -> tuple[tuple[str, str], ...]:
    """The part of a dotted path that registers and what its removal would be called, for each possibility."""
    found: list[tuple[str, str]] = []
    for part in reversed(path.split(".")[1:]):
        said = part.split("_")
        for verb, mirrors in _MIRRORS.items():
            if verb in said:
                found += [(part, "_".join(mirror if word == verb else word for word in said)) for mirror in mirrors]
    return tuple(found)


class Removers(NamedTuple):
    """The classes whose methods call something of this name (or of what has this name) with a method of their own."""

    name: str

    def answer(self, project: Project) -> frozenset[str]:
        """Their dotted names."""
        return frozenset(project.collect((self.name,), _removers, self.name, pattern=calls(self.name)))


def _removers(project: Project, module: Module, name: str) -> Iterator[str]:
    rows = module.rows_with([name])
    for scope in () if module.is_test else module.functions:
        around = class_of(scope) if scope.holds(rows) else None
        if around is not None and any(
            _removes(node, name)
            for statement in scope.statements()
            if touches(statement, rows)
            for node in walk(statement)
        ):
            yield around.dotted


def _removes(node: ast.AST, name: str) -> bool:
    if not isinstance(node, ast.Call) or name not in (dotted(node.func) or "").split("."):
        return False
    arguments = (*node.args, *(k.value for k in node.keywords))
    return any(isinstance(a, ast.Attribute) and dotted(a.value) == "self" for a in arguments)
