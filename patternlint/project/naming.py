"""Which files can name a thing of the project at all, by the words that an import of it takes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from patternlint.project.imports import ancestors
from patternlint.project.project import Project


class FilesNaming(NamedTuple):
    """The files that may name what a module defines at its top (or something in that), by its canonical dotted name.

    Its own module, those with the words of an import of that, and of one that re-exports it; in a fixed order. A module
    that others get by a further module's name for it is not followed.
    """

    dotted: str

    def answer(self, project: Project) -> tuple[Path, ...]:
        """All of them have the last word of the name."""
        home = project.home(self.dotted)
        if home is None:
            return ()
        module, last = project.module_name(home), self.dotted.rpartition(".")[2]
        holders = project.paths_with(last)
        left = _Left(project, [path for path in holders if path != home])
        queue = [home]
        while queue:
            path = queue.pop()
            importers = left.importers_of(project.module_name(path))
            if importers and (path == home or self._is_handed_on_by(project, path, module)):
                left.take(importers)
                queue += sorted(importers, key=os.fspath)
        return tuple(path for path in holders if path not in left.paths)

    def _is_handed_on_by(self, project: Project, path: Path, module: str) -> bool:
        """Whether another module has it, or something that it lies in, among its own names."""
        outline = project.outline(path, part="aliases")
        for target in () if outline is None else outline.aliases.values():
            canonical = project.canonical(target)
            if f"{self.dotted}.".startswith(f"{canonical}.") and canonical.startswith(f"{module}."):
                return True
        return False


class _Left:
    """Files that nothing is known to lead to yet."""

    def __init__(self, project: Project, paths: list[Path]) -> None:
        self.paths = set(paths)
        self._project = project
        self._below: dict[str, set[Path]] = {}
        for path in paths:
            for package in _packages(project, path):
                self._below.setdefault(package, set()).add(path)

    def importers_of(self, module: str) -> set[Path]:
        """Those that may import a module, as :func:`may_import` says."""
        parts = module.split(".")
        found = self.paths & self._below.get(module, set())
        for depth in range(len(parts)):
            inside = self._below.get(".".join(parts[:depth]), set()) if depth else self.paths
            if inside:
                found |= self.paths.intersection(inside, *map(self._project.set_with, parts[depth:]))
        return found

    def take(self, paths: set[Path]) -> None:
        """Leave some out from now on."""
        self.paths -= paths


def may_import(project: Project, path: Path, module: str) -> bool:
    """Whether a file has the words of an import of a module: an absolute one has all parts of its name, a relative one
    those below the package that both lie in."""
    around, common = _packages(project, path), 0
    parts = module.split(".")
    while common < len(around) and around[common] == ".".join(parts[: common + 1]):
        common += 1
    return all(project.has_word(path, part) for part in parts[common:])


def _packages(project: Project, path: Path) -> list[str]:
    """The packages that a file lies in, the outermost first; a package lies in itself."""
    name = project.module_name(path)
    return [*ancestors(name), name] if path.stem == "__init__" else [*ancestors(name)]
