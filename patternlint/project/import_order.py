"""What the import system would do: in which order modules begin, and which from-imports come too early.

Importing the first module of a project is played through over the modules' import lists: a module in progress has
bound what stands above the import that it has come to. What one more import would change is told from the notes of that
play: up to the new import nothing is different, there a few modules more are loaded, and what comes later finds these
done. So the cost is that of these few, not of the whole program.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from patternlint.project.imports import OwnLoads
from patternlint.project.outline import Load, Outline

if TYPE_CHECKING:
    from patternlint.project import Project

_DONE = 1 << 30  # the step of a module that has been loaded: everything in it is bound

Failure = tuple[str, str, str]
"""A from-import that fails: who, from where, which name."""


class SurvivesHoisting(NamedTuple):
    """Question: do the project's modules still import when `importer` runs one more import among its first?

    Asked for each module that may be imported first: the importer, the target, the packages around them. A name taken
    from a module that has not bound it yet fails.
    """

    importer: str
    target: str
    names: tuple[str, ...]  # () for `import target`

    def answer(self, project: Project) -> bool:
        packages = {name.partition(".")[0] for name in (self.importer, self.target)}
        plays = {project.ask(Importing(entry)): None for entry in (self.importer, self.target, *sorted(packages))}
        return all(self._survives(project, play) for play in plays)

    def _survives(self, project: Project, play: Play) -> bool:
        importer = play.of(self.importer)
        if importer is None:
            return True  # never loaded
        replay = _Replay(project, play.at(self.importer))
        for name in self.names or ("",):
            replay.run(self.importer, Load(self.target, name, importer.header_step, False))
        return replay.failures <= play.failures


class Begun(NamedTuple):
    """The import of one module.

    When it began, had run the imports at its top, and ended, by a clock that counts beginnings and ends; the step of
    the last of those imports; who loaded it, and the step that this one had come to.
    """

    begin: int
    header: int
    end: int
    header_step: int
    by: str
    by_step: int


class Play:
    """The notes of an import that was played through, as a continuation of an earlier one."""

    __slots__ = ("_before", "_begun", "clock", "failures")

    def __init__(
        self, before: Play | None = None, begun: dict[str, Begun] | None = None, clock: int = 0,
        failures: frozenset[Failure] = frozenset(),
    ) -> None:  # fmt: skip
        self._before = before
        self._begun = begun or {}
        self.clock = clock
        self.failures: frozenset[Failure] = failures if before is None else failures | before.failures

    def of(self, module: str) -> Begun | None:
        """The import of a module; None where it is not imported."""
        play: Play | None = self
        while play is not None:
            if (begun := play._begun.get(module)) is not None:
                return begun
            play = play._before
        return None

    def end(self, module: str) -> int | None:
        """The step that a module has come to at the end; None where it has not begun."""
        return None if self.of(module) is None else _DONE

    def at(self, importer: str) -> Callable[[str], int | None]:
        """The step that each module has come to when the importer has run the imports at its top."""
        in_progress: dict[str, int] = {}
        name, begun = importer, self.of(importer)
        assert begun is not None
        moment, step = begun.header, begun.header_step
        while begun is not None:
            in_progress[name] = step
            name, step = begun.by, begun.by_step
            begun = self.of(name)

        def step_of(module: str) -> int | None:
            if module in in_progress:
                return in_progress[module]
            begun = self.of(module)
            return None if begun is None or begun.begin > moment else _DONE

        return step_of


class Importing(NamedTuple):
    """Question: what happens when this module is imported first? The packages around it are imported before it."""

    entry: str

    def answer(self, project: Project) -> Play:
        package = self.entry.rpartition(".")[0]
        before = project.ask(Importing(package)) if package else Play()
        if before.of(self.entry) is not None:
            return before
        replay = _Replay(project, before.end, before.clock)
        replay.load(self.entry, "", 0)
        return Play(before, replay.begun, replay.clock, frozenset(replay.failures)) if replay.begun else before


class _Replay:
    """The import system over import lists.

    Args:
        project: the project.
        earlier: the step that a module had come to before; None for one that had not begun.
        clock: when this begins.
    """

    def __init__(self, project: Project, earlier: Callable[[str], int | None], clock: int = 0) -> None:
        self.begun: dict[str, Begun] = {}
        self.failures: set[Failure] = set()
        self.clock = clock
        self._project = project
        self._earlier = earlier
        self._step: dict[str, int] = {}

    def _step_of(self, module: str) -> int | None:
        found = self._step.get(module)
        return self._earlier(module) if found is None else found

    def load(self, name: str, by: str, by_step: int) -> None:
        """Import a module, the packages around it first."""
        if self._step_of(name) is not None:
            return
        if (package := name.rpartition(".")[0]) and self._step_of(package) is None:
            self.load(package, by, by_step)
        if self._step_of(name) is not None or (outline := self._project.outline_of(name)) is None:
            return
        self._step[name] = 1
        self.clock = begin = self.clock + 1
        last = _last_header_step(outline)
        header = 0
        for load in self._project.ask(OwnLoads(name)):
            if load.step > last and not header:
                header = self.clock
            self._step[name] = load.step
            self.run(name, load)
        self._step[name] = _DONE
        header = header or self.clock
        self.clock += 1
        self.begun[name] = Begun(begin, header, self.clock, last, by, by_step)

    def run(self, taker: str, load: Load) -> None:
        """One import of a module in progress."""
        self.load(load.module, taker, load.step)
        outline = self._project.outline_of(load.module)
        if not load.name or load.name == "*" or outline is None:
            return
        step = self._step_of(load.module) or 0
        first = outline.bound.get(load.name)
        if first is not None and first < step:
            return
        submodule = f"{load.module}.{load.name}"
        if self._project.path_of(submodule) is not None:
            self.load(submodule, taker, load.step)
        elif step != _DONE and not outline.dynamic and not load.optional:
            self.failures.add((taker, load.module, load.name))


def _last_header_step(outline: Outline) -> int:
    """The step of the last import that stands before the module's first own name."""
    imported = {load.step for load in outline.loads}
    own = min((step for step in outline.bound.values() if step not in imported), default=_DONE)
    return max((step for step in imported if step < own), default=0)
