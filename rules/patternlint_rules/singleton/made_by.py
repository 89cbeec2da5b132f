"""The classes of the project that a metaclass or a decorator makes something of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from patternlint.facts import Module
from patternlint.project import Project, Subclasses
from patternlint.project.naming import FilesNaming


class MadeBy(NamedTuple):
    """The classes whose metaclass is the one of this dotted name, by its own name or a base's."""

    metaclass: str

    def answer(self, project: Project) -> tuple[str, ...]:
        """In the order of files and rows, each followed by its subclasses."""
        target = project.canonical(self.metaclass)
        last, paths = target.rpartition(".")[2], project.ask(FilesNaming(target))
        own = project.collect((last, "metaclass"), _with_metaclass, target, pattern="metaclass", paths=paths)
        return tuple(dict.fromkeys(name for each in own for name in (each, *project.ask(Subclasses(each)))))


class DecoratedBy(NamedTuple):
    """The classes that the function of this dotted name decorates."""

    decorator: str

    def answer(self, project: Project) -> tuple[str, ...]:
        """In the order of files and rows."""
        target = project.canonical(self.decorator)
        last, paths = target.rpartition(".")[2], project.ask(FilesNaming(target))
        return tuple(
            project.collect((last, "class"), _decorated, target, pattern=rf"@[ \t]*[\w.]*\b{last}", paths=paths)
        )


def _with_metaclass(project: Project, module: Module, target: str) -> Iterator[str]:
    for scope in module.classes:
        for keyword in scope.class_node.keywords:
            if keyword.arg == "metaclass" and _means(project, module.resolve(keyword.value, scope.parent), target):
                yield scope.dotted


def _decorated(project: Project, module: Module, target: str) -> Iterator[str]:
    for scope in module.classes:
        if any(_means(project, module.resolve(d, scope.parent), target) for d in scope.class_node.decorator_list):
            yield scope.dotted


def _means(project: Project, resolved: str | None, target: str) -> bool:
    return resolved is not None and project.canonical(resolved) == target
