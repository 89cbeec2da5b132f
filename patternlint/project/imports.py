"""The import graph of the project: which modules importing one module loads, as far as the source says.

It is walked lazily over the outlines of modules: a walk starts at the module asked about, reads only what it reaches,
and goes on from an earlier answer where it meets one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from patternlint.project.outline import Load

if TYPE_CHECKING:
    from patternlint.project import Project


class Reach(NamedTuple):
    """Question: which modules of the project does importing `source` load? By name, itself among them.

    `strict` counts what the packages around each module load as well: they are imported before it. Otherwise a package
    counts for the modules in it only where they take a name from it.
    """

    source: str
    strict: bool = True

    def answer(self, project: Project) -> frozenset[str]:
        reached = {self.source}
        shared: frozenset[str] = frozenset()  # the largest answer met: where all is one cycle, it is this one too
        stack = [self.source]
        while stack:
            if (name := stack.pop()) in shared:
                continue
            for target in project.ask(_LoadedBy(name, self.strict)):
                if target in reached:
                    continue
                known = project.answered(Reach(target, self.strict))
                if known is None:
                    reached.add(target)
                    stack.append(target)
                else:
                    reached |= known
                    shared = max(shared, known, key=len)
        return shared if len(shared) == len(reached) else frozenset(reached)


class Loads(NamedTuple):
    """Question: does importing `source` load the other module `target`, directly or not? `strict` as for Reach."""

    source: str
    target: str
    strict: bool = True

    def answer(self, project: Project) -> bool:
        return self.target != self.source and self.target in project.ask(Reach(self.source, self.strict))


class ForeignRoots(NamedTuple):
    """Question: which top-level packages outside the project does importing `source` need (not: merely try)?"""

    source: str

    def answer(self, project: Project) -> frozenset[str]:
        return project.ask(_RootsNeededBy(project.ask(Reach(self.source))))


class _RootsNeededBy(NamedTuple):
    """What modules need together: asked once for all that load each other."""

    modules: frozenset[str]

    def answer(self, project: Project) -> frozenset[str]:
        return frozenset().union(*(project.ask(_RootsNeededAt(name)) for name in self.modules))


class _RootsNeededAt(NamedTuple):
    module: str

    def answer(self, project: Project) -> frozenset[str]:
        outline = project.outline_of(self.module)
        loads = [] if outline is None else [load for load in outline.loads if not load.optional]
        roots = {load.module.partition(".")[0] for load in loads if not project.owns(load.module)}
        return frozenset(roots - sys.stdlib_module_names)


class OwnLoads(NamedTuple):
    """Question: which imports of the project's own modules does importing this module run, in order?"""

    module: str

    def answer(self, project: Project) -> tuple[Load, ...]:
        outline = project.outline_of(self.module)
        return () if outline is None else tuple(load for load in outline.loads if project.owns(load.module))


class _LoadedBy(NamedTuple):
    """The project's modules that importing one of them loads directly, in order."""

    module: str
    strict: bool

    def answer(self, project: Project) -> tuple[str, ...]:
        return tuple(dict.fromkeys(self._found(project)))

    def _found(self, project: Project) -> Iterator[str]:
        if project.outline_of(self.module) is None:
            return
        around = frozenset(ancestors(self.module))
        if self.strict:
            yield from ancestors(self.module)
        for load in project.ask(OwnLoads(self.module)):
            if self.strict:
                yield from ancestors(load.module)
            submodule = bool(load.name) and _is_submodule(project, load)
            if self.strict or not (load.module in around and (submodule or not load.name)):
                yield load.module
            if submodule:
                yield f"{load.module}.{load.name}"


def _is_submodule(project: Project, load: Load) -> bool:
    """Whether a from-import takes a module that lies in the package, not a name that the package binds itself."""
    package = project.outline_of(load.module)
    if package is not None and load.name in package.bound:
        return False
    return project.path_of(f"{load.module}.{load.name}") is not None


def ancestors(module: str) -> Iterator[str]:
    """The packages around a module, the outermost first: ``a``, ``a.b`` for ``a.b.c``."""
    parts = module.split(".")
    return (".".join(parts[:depth]) for depth in range(1, len(parts)))
