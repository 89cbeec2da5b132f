"""Which files can name a thing of the project at all, by the words that an import of it takes."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

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
        found = {home: None}
        queue = [home]
        while queue:
            path = queue.pop()
            name = project.module_name(path)
            new = [p for p in importers_of(project, name, last) if p not in found]
            if new and (name == module or self._is_handed_on_by(project, path, module)):
                found.update(dict.fromkeys(new))
                queue += new
        holders = project.paths_with(last)
        return tuple(path for path in holders if path in found)

    def _is_handed_on_by(self, project: Project, path: Path, module: str) -> bool:
        """Whether another module has it, or something that it lies in, among its own names."""
        outline = project.outline(path)
        for target in () if outline is None else outline.aliases.values():
            canonical = project.canonical(target)
            if f"{self.dotted}.".startswith(f"{canonical}.") and canonical.startswith(f"{module}."):
                return True
        return False


def importers_of(project: Project, module: str, word: str) -> list[Path]:
    """The files that have a word and may import a module: in an absolute import stand all parts of its name, in a
    relative one those below the package that both lie in."""
    parts = module.split(".")
    found: dict[Path, None] = {}
    for depth in range(len(parts) + 1):
        around = ".".join(parts[:depth])
        for path in project.paths_with(word, *parts[depth:]):
            if path not in found and (not depth or f"{project.module_name(path)}.".startswith(f"{around}.")):
                found[path] = None
    return list(found)
