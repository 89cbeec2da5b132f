"""The files of a run: what its arguments stand for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from zlib import crc32

from patternlint.batch import unreadable
from patternlint.checking import Target
from patternlint.errors import PatternlintError
from patternlint.workspace import Workplace, Workspace, absolute


class Shard(NamedTuple):
    """A part of the files of a run: the `number`-th (from 1) of `parts`.

    Which one a file is in depends on its path in its project alone, so that runs on several machines share the work
    without talking to each other.
    """

    number: int = 1
    parts: int = 1

    def holds(self, path: str) -> bool:
        """Whether a file, by its path relative to the root, is in it."""
        return crc32(path.encode("utf-8", "surrogateescape")) % self.parts == self.number - 1


class Targets:
    """Finds the files of a run.

    Args:
        workspace: knows the projects.
        say: is told what is wrong with an argument.
    """

    def __init__(self, workspace: Workspace, say: Callable[[PatternlintError], None]) -> None:
        self._workspace = workspace
        self._say = say

    def of(self, paths: Sequence[str], shard: Shard) -> list[Target]:
        """The files that the arguments stand for, each once, by path."""
        targets: dict[str, Target] = {}
        for argument in paths:
            try:
                for target in self._below(absolute(argument)):
                    targets.setdefault(target.name, target)
            except PatternlintError as error:
                self._say(error)
            except OSError as error:
                self._say(unreadable(argument, error))
        found = list(targets.values())
        if len(paths) > 1:  # the files of one folder are found in their order
            found.sort(key=lambda target: target.name.split(os.sep))
        return found if shard.parts == 1 else [target for target in found if shard.holds(_in_project(target))]

    def leave_out(self, path: Path, place: Workplace) -> bool:
        """Whether a file named outright is left out: only when asked."""
        return place.settings.force_exclude and self._workspace.excludes(path)

    def _below(self, path: Path) -> Iterator[Target]:
        if path.is_dir():
            outer = self._workspace.of(path)
            whole = path == outer.settings.root
            place, folder = outer, ""
            for name in outer.names if whole else outer.settings.discovery.names_in(path):
                if (here := os.path.dirname(name)) != folder:
                    place, folder = self._workspace.of_folder(here), here
                if place is outer or not place.settings.discovery.excludes(Path(name)):
                    yield Target(name, place)
        elif not os.path.lexists(path):
            raise PatternlintError(f"{path}: no such file or folder", "check the path")
        else:
            place = self._workspace.of(path)
            if not self.leave_out(path, place):
                yield Target(os.fspath(path), place)


def _in_project(target: Target) -> str:
    return os.path.relpath(target.name, target.place.settings.root).replace(os.sep, "/")
