"""Which files can name a thing of the project at all, by the words that an import of it takes."""

from __future__ import annotations

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
                queue += importers
        return tuple(path for path in holders if path not in left.paths)

    def _is_handed_on_by(self, project: Project, path: Path, module: str) -> bool:
        """Whether another module has it, or something that it lies in, among its own names."""
        outline = project.outline(path)
        for target in () if outline is None else outline.aliases.values():
            canonical = project.canonical(target)
            if f"{self.dotted}.".startswith(f"{canonical}.") and canonical.startswith(f"{module}."):
                return True
        return False


class _Left:
    """Files that nothing is known to lead to yet: most have no word of the module that is asked about next."""

    def __init__(self, project: Project, paths: list[Path]) -> None:
        self.paths = set(paths)
        self._project = project
        self._with: dict[str, list[Path]] = {}
        self._below: dict[str, list[Path]] = {}
        for path in paths:
            for package in _packages(project, path):
                self._below.setdefault(package, []).append(path)

    def importers_of(self, module: str) -> list[Path]:
        """Those that may import a module."""
        last = module.rpartition(".")[2]
        if last not in self._with:
            self._with[last] = [path for path in self._project.paths_with(last) if path in self.paths]
        near = dict.fromkeys((*self._with[last], *self._below.get(module, ())))
        return [path for path in near if path in self.paths and may_import(self._project, path, module)]

    def take(self, paths: list[Path]) -> None:
        """Leave some out from now on."""
        self.paths.difference_update(paths)


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
