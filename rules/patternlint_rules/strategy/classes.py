"""Classes as keys: whose they are, how they inherit from each other, and methods that are chains by contract."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from typing import NamedTuple

from patternlint.facts import Module, Scope
from patternlint.project import Ancestry, Project, Subclasses
from patternlint.project.ancestry import bases_of
from patternlint_rules.strategy.sites import class_chains

_ABSTRACT = ("abc.ABC", "typing.Protocol", "typing_extensions.Protocol", "collections.abc.")
_HOOK_CLASSES = 6


class Hierarchy(NamedTuple):
    """How key classes inherit from each other.

    `misordered` are pairs (class, base) in which the base is tested first, `abstract` keys that have virtual
    subclasses, `joined` a class of the project that inherits from two keys of different branches. `is_known` says
    that all the bases are.
    """

    is_known: bool
    misordered: tuple[tuple[str, str], ...]
    abstract: tuple[str, ...]
    joined: str


class HierarchyOf(NamedTuple):
    """How the classes of a chain's branches, by dotted name, inherit from each other."""

    branches: tuple[tuple[str, ...], ...]

    def answer(self, project: Project) -> Hierarchy:
        """Looked up in the project."""
        place = {project.canonical(key): index for index, keys in enumerate(self.branches) for key in keys}
        known, misordered, abstract, joined = True, [], [], ""
        for key, index in place.items():
            ancestors = project.ask(Ancestry(key))
            known = known and not ancestors.unknown
            misordered += [(key, base) for base in ancestors.all if place.get(base, index) < index]
            known = known and (project.find(key) is not None or key.startswith("builtins."))
            if _is_abstract(key, project.find(key)):
                abstract.append(key)
            for child in project.ask(Subclasses(key)):
                if child in place:
                    continue
                above = {place[base] for base in project.ask(Ancestry(child)).all if base in place}
                if len(above) > 1 and not _one_line(project, child, place):
                    joined = joined or child
        return Hierarchy(known, tuple(misordered), tuple(abstract), joined)


def _one_line(project: Project, child: str, place: dict[str, int]) -> bool:
    """Whether the keys that a class inherits from are one line of descent, so that the nearest is the first tested."""
    above = [base for base in project.ask(Ancestry(child)).all if base in place]
    return all(
        one == other or one in project.ask(Ancestry(other)).all or other in project.ask(Ancestry(one)).all
        for one in above
        for other in above
    )


def _is_abstract(key: str, scope: Scope | None) -> bool:
    """Whether a class can have virtual subclasses and is likely to: an abstract base by itself, not by a base."""
    if scope is None or not scope.is_class:
        return key.startswith(_ABSTRACT)
    bases = [base or "" for base in bases_of(scope)]
    return any(b.startswith(_ABSTRACT) for b in bases) or any(k.arg == "metaclass" for k in scope.class_node.keywords)


class IsExceptionClass(NamedTuple):
    """Whether the class with this dotted name is an exception."""

    dotted: str

    def answer(self, project: Project) -> bool:
        """By its ancestors; by its name where they are not known."""
        ancestors = project.ask(Ancestry(self.dotted))
        names = [self.dotted, *ancestors.all]
        return any(n.rpartition(".")[2].endswith(("Error", "Exception", "Warning", "Interrupt", "Exit")) for n in names)


class IsHook(NamedTuple):
    """Whether a method (by its class's dotted name and its own) is a chain because a contract says so.

    Either methods of that name hold a chain over classes in many classes of the project, or it overrides a method of a
    project class that asks the same parameter.
    """

    owner: str
    method: str
    parameter: str

    def answer(self, project: Project) -> bool:
        """Looked up by name."""
        if self.method.startswith("__") or project.ask(_ClassesWithTypeChain(self.method)) >= _HOOK_CLASSES:
            return True
        for base in project.ask(Ancestry(self.owner)).project:
            outline = project.class_outline(base)
            scope = project.find(base) if outline is not None and self.method in outline.methods else None
            method = scope.methods.get(self.method) if scope is not None else None
            if method is not None and self.parameter in method.parameters and any(_asks_classes(method)):
                return True
        return False


class _ClassesWithTypeChain(NamedTuple):
    method: str

    def answer(self, project: Project) -> int:
        return sum(
            any(_asks_classes(cls.methods[self.method]))
            for module in project.modules_with(self.method, "isinstance", pattern=rf"def\s+{self.method}\b")
            for cls in module.classes
            if self.method in cls.methods
        )


def _asks_classes(function: Scope) -> Iterable[bool]:
    """One item for each chain of a function that begins with an isinstance test."""
    for first, *_ in class_chains(function):
        test = first.test.values[0] if isinstance(first.test, ast.BoolOp) else first.test
        if isinstance(test, ast.Call) and isinstance(test.func, ast.Name) and test.func.id == "isinstance":
            yield True


def is_of_project(resolved: str | None, module: Module, project: Project) -> bool:
    """Whether a resolved name is of the project: of this file, or of a package that belongs to it."""
    if resolved is None:
        return False
    root = resolved.split(".")[0]
    return root != "builtins" and (root == module.name.split(".")[0] or project.owns(resolved))
