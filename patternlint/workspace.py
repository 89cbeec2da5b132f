"""The projects that a front meets: for each file its root, its settings and the engine, made once per project."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache, cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patternlint.agenda import Agenda
from patternlint.config import Settings, load
from patternlint.errors import PatternlintError
from patternlint.project.root import Root, Roots
from patternlint.source import Source

if TYPE_CHECKING:
    import ast

    from patternlint.engine import Costs, Engine
    from patternlint.finding import Finding
    from patternlint.memory import Memory

_HOST_THRESHOLD = 200_000  # new objects between two looks for garbage
STDIN_NAME = "stdin.py"  # what standard input counts as where nobody says


class Caching(NamedTuple):
    """That results are kept between runs, and where: in each project unless a folder is given."""

    directory: Path | None = None

    def folder(self, root: Path) -> Path:
        """The folder for a project."""
        from patternlint.cache_folder import NAME

        return self.directory or root / NAME


class Workplace:
    """One project as a front works with it.

    Args:
        settings: the project's configuration, the command line's laid over it.
        ignoring: the comments that do not count, as for the engine.
        caching: where results are kept between runs, if they are.
        agenda: the files that are going to be checked, as far as they are known.
    """

    def __init__(self, settings: Settings, ignoring: str, caching: Caching | None, agenda: Agenda) -> None:
        self.settings = settings
        self._ignoring = ignoring
        self._caching = caching
        self._agenda = agenda

    @cached_property
    def names(self) -> list[str]:
        """The whole paths of the project's files, in a fixed order."""
        return list(self.settings.discovery.names_in(self.settings.root))

    @cached_property
    def _members(self) -> frozenset[str]:
        return frozenset(self.names)

    @cached_property
    def memory(self) -> Memory | None:
        """What earlier runs knew of the project, if that is kept."""
        if self._caching is None:
            return None
        from patternlint.cache import Cache, key
        from patternlint.memory import Memory

        cache = Cache(self._caching.folder(self.settings.root), key(self.settings, self._ignoring))
        return Memory(os.fspath(self.settings.root), lambda: self.names, lambda: self.engine.project, cache)

    @cached_property
    def engine(self) -> Engine:
        """The engine for the project's files."""
        return self._engine(())

    def engine_for(self, path: Path) -> Engine:
        """The engine for a file: one of its own, whose project it joins, where the project does not have it."""
        return self.engine if os.fspath(path) in self._members else self._engine((path,))

    def take_costs(self) -> Costs | None:
        """What checking its files has cost since this was called last; None where nothing was checked."""
        return self.engine.take_costs() if "engine" in self.__dict__ else None

    def let_go(self) -> None:
        """Let go of the syntax trees."""
        if "engine" in self.__dict__:
            self.engine.project.let_go()

    def prepare_for_workers(self) -> None:
        """Read once what each of the processes that are about to be made of this one would read."""
        self.engine.project.read_words()
        if self.memory is not None:
            self.memory.rest()

    def _engine(self, guests: tuple[Path, ...]) -> Engine:
        from patternlint.engine import Engine
        from patternlint.project import Project

        files = chain(map(Path, self.names), guests)
        project = Project(self.settings.root, self.settings, files, None if guests else self.memory)
        agenda = None if guests else self._agenda
        return Engine(self.settings, project, ignoring=self._ignoring, agenda=agenda)


class Workspace:
    """Finds the project of each file.

    Args:
        working_folder: where the run was started.
        adjust: lays the command line's options over a project's settings.
        isolated: leave configuration files aside.
        ignoring: the comments that do not count, as for the engine.
        caching: where results are kept between runs, if they are.
    """

    def __init__(
        self,
        working_folder: Path | None = None,
        *,
        adjust: Callable[[Settings], Settings] = lambda settings: settings,
        isolated: bool = False,
        ignoring: str = "",
        caching: Caching | None = None,
    ) -> None:
        self._caching = caching
        self._roots = Roots(working_folder)
        self._adjust = adjust
        self._isolated = isolated
        self._ignoring = ignoring
        self._workplaces: dict[Root, Workplace] = {}
        self.agenda = Agenda()

    def of(self, path: Path) -> Workplace:
        """The project of a file or folder.

        Raises:
            PatternlintError: its configuration is at fault.
        """
        return self._at(self._roots.of(path))

    def of_folder(self, folder: str) -> Workplace:
        """The project of the files in a folder.

        Raises:
            PatternlintError: its configuration is at fault.
        """
        return self._at(self._roots.of_folder(folder))

    def _at(self, root: Root) -> Workplace:
        if root not in self._workplaces:
            settings = self._adjust(load(root, isolated=self._isolated))
            self._workplaces[root] = Workplace(settings, self._ignoring, self._caching, self.agenda)
        return self._workplaces[root]

    def excludes(self, path: Path) -> bool:
        """Whether the configuration of the file's project, or of one around that, leaves the file out.

        Raises:
            PatternlintError: a configuration is at fault.
        """
        root: Root | None = self._roots.of(path)
        while root is not None:
            if self._at(root).settings.discovery.excludes(path):
                return True
            root = self._roots.around(root)
        return False

    def findings_in(self, source: Source, tree: ast.Module | None = None) -> list[Finding]:
        """What is found in a source that a host hands over: nothing where the configuration leaves the file out.

        With its syntax tree where the host has that.

        Raises:
            PatternlintError: the configuration is at fault.
        """
        if self.excludes(source.path):
            return []
        engine = self.of(source.path).engine_for(source.path)
        if not _is_on_disk(source):
            engine.project.overlay(source)
        return engine.check(source, tree)

    def let_go(self) -> None:
        """Let go of the syntax trees, when nothing more is going to be checked."""
        for place in self.workplaces():
            place.let_go()

    def workplaces(self) -> tuple[Workplace, ...]:
        """Those met so far."""
        return tuple(self._workplaces.values())


@cache
def of_host(ignoring: str) -> Workspace:
    """The projects of a process that hands over one file after the other: what is learnt of them serves all files.

    The garbage collector of such a host would go through all syntax trees that are kept, again and again, for cycles
    that they do not hold; so it looks less often, and before its last look the trees are gone.

    Args:
        ignoring: the comments that do not count, as for the engine.
    """
    import atexit
    import gc

    gc.set_threshold(max(gc.get_threshold()[0], _HOST_THRESHOLD), 20, 100)
    workspace = Workspace(ignoring=ignoring)
    atexit.register(workspace.let_go)
    return workspace


def _is_on_disk(source: Source) -> bool:
    """Whether the file holds this very text; hosts have made all line ends one."""
    try:
        on_disk = Source.read(source.path).text
    except (OSError, PatternlintError):
        return False
    return source.text in (on_disk, on_disk.replace("\r\n", "\n").replace("\r", "\n"))


def absolute(path: str | Path) -> Path:
    """The path from the top, ``..`` resolved, links left as they are."""
    return Path(os.path.abspath(path))
