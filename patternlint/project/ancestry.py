"""Class hierarchies of the project."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from patternlint.project.naming import FilesNaming
from patternlint.project.outline import bases_of
from patternlint.project.project import Project

__all__ = ["Ancestors", "Ancestry", "Subclasses", "bases_of"]


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
        start = project.canonical(self.dotted)
        bases = project.bases(start)
        own: dict[str, None] = {}
        external: dict[str, None] = {}
        unknown = bases is None
        queue = list(bases or ())
        while queue:
            base = queue.pop(0)
            if base is None:
                unknown = True
                continue
            name = project.canonical(base)
            bases = project.bases(name)
            if bases is None:
                unknown = unknown or project.owns(name)
                if name != "builtins.object":
                    external[name] = None
            elif name not in own and name != start:
                own[name] = None
                queue += bases
        return Ancestors(tuple(own), tuple(external), unknown)


class Subclasses(NamedTuple):
    """The project's classes that inherit from the class with this dotted name, directly or not."""

    dotted: str

    def answer(self, project: Project) -> tuple[str, ...]:
        """Dotted names, the nearest first."""
        found: dict[str, None] = {}
        queue = [project.canonical(self.dotted)]
        while queue:
            for child in project.ask(_DirectSubclasses(queue.pop(0))):
                if child not in found:
                    found[child] = None
                    queue.append(child)
        return tuple(found)


class _DirectSubclasses(NamedTuple):
    dotted: str

    def answer(self, project: Project) -> tuple[str, ...]:
        return tuple(project.collect_at(project.ask(FilesNaming(self.dotted)), _children, self.dotted))


def _children(project: Project, path: Path, dotted: str) -> Iterator[str]:
    """The classes of a file that name a class among their bases."""
    last = dotted.rpartition(".")[2]
    header = rf"class\s+\w+\s*(?:\[[^\]]*\])?\s*\((?:(?!\)\s*:)[\s\S])*?\b{last}\b"
    renamed = rf"{last}\s+as\b", rf"=\s*(?:[\w.]+\.)?{last}\s*(?:[#;\n]|\Z)"
    outline = project.outline(path, header, *renamed, part="classes")
    for name, child in {}.items() if outline is None else outline.classes.items():
        if any(b is not None and b.endswith(last) and project.canonical(b) == dotted for b in child.bases):
            yield name
