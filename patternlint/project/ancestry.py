"""Class hierarchies of the project."""

from __future__ import annotations

import ast
from typing import NamedTuple

from patternlint.facts import Scope
from patternlint.project.project import Project


class Ancestors(NamedTuple):
    """What a class inherits from, itself left out, the nearest first.

    `project` are classes of the project and `external` others, both by absolute dotted name. `unknown` says that a
    base could not be resolved (a call, a local, a star import), so that there may be more.
    """

    project: tuple[str, ...]
    external: tuple[str, ...]
    unknown: bool

    @property
    def all(self) -> tuple[str, ...]:
        """Every known ancestor."""
        return self.project + self.external


class Ancestry(NamedTuple):
    """The ancestors of the class with this dotted name."""

    dotted: str

    def answer(self, project: Project) -> Ancestors:
        """Breadth first through the bases; the metaclass is none."""
        own: dict[str, None] = {}
        external: dict[str, None] = {}
        unknown = False
        start = project.canonical(self.dotted)
        queue = [start]
        while queue:
            name = queue.pop(0)
            scope = project.find(name)
            if scope is None or not scope.is_class:
                if name == start or project.owns(name):
                    unknown = True
                continue
            for base in bases_of(scope):
                resolved = None if base is None else project.canonical(base)
                if resolved is None:
                    unknown = True
                elif project.find(resolved) is not None:
                    if resolved not in own and resolved != start:
                        own[resolved] = None
                        queue.append(resolved)
                elif resolved != "builtins.object":
                    external[resolved] = None
                    unknown = unknown or project.owns(resolved)
        return Ancestors(tuple(own), tuple(external), unknown)


class Subclasses(NamedTuple):
    """The project's classes that inherit from the class with this dotted name, directly or not."""

    dotted: str

    def answer(self, project: Project) -> tuple[str, ...]:
        """Dotted names, the nearest first."""
        found: dict[str, None] = {}
        queue = [project.canonical(self.dotted)]
        while queue:
            name = queue.pop(0)
            for child in project.ask(_DirectSubclasses(name)):
                if child not in found:
                    found[child] = None
                    queue.append(child)
        return tuple(found)


class _DirectSubclasses(NamedTuple):
    dotted: str

    def answer(self, project: Project) -> tuple[str, ...]:
        last = self.dotted.rpartition(".")[2]
        return tuple(
            scope.dotted
            for module in project.modules_with(last, "class")
            for scope in module.classes
            if any(b is not None and project.canonical(b) == self.dotted for b in bases_of(scope))
        )


def bases_of(scope: Scope) -> list[str | None]:
    """The bases that a class names, resolved in the scope around it; None for one that is no known name."""
    assert scope.parent is not None
    found: list[str | None] = []
    for base in scope.class_node.bases:
        named = base.value if isinstance(base, ast.Subscript) else base
        found.append(scope.module.resolve(named, scope.parent))
    return found
