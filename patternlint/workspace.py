"""The projects that a front meets: for each file its root, its settings and the engine, made once per project."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from patternlint.config import Settings, load
from patternlint.project.root import Root, Roots

if TYPE_CHECKING:
    from patternlint.engine import Engine


class Workplace:
    """One project as a front works with it.

    Args:
        settings: the project's configuration, the command line's laid over it.
        noqa: whether the engine applies ``# noqa``.
    """

    def __init__(self, settings: Settings, noqa: bool) -> None:
        self.settings = settings
        self._noqa = noqa

    @cached_property
    def engine(self) -> Engine:
        """The engine; the project's files are listed when the first source is checked."""
        from patternlint.engine import Engine
        from patternlint.project import Project

        project = Project(self.settings.root, self.settings, self.settings.discovery.files())
        return Engine(self.settings, project, noqa=self._noqa)


class Workspace:
    """Finds the project of each file.

    Args:
        working_folder: where the run was started.
        adjust: lays the command line's options over a project's settings.
        isolated: leave configuration files aside.
        noqa: whether the engine applies ``# noqa``; flake8 does it itself.
    """

    def __init__(
        self,
        working_folder: Path | None = None,
        *,
        adjust: Callable[[Settings], Settings] = lambda settings: settings,
        isolated: bool = False,
        noqa: bool = True,
    ) -> None:
        self._roots = Roots(working_folder)
        self._adjust = adjust
        self._isolated = isolated
        self._noqa = noqa
        self._workplaces: dict[Root, Workplace] = {}

    def of(self, path: Path) -> Workplace:
        """The project of a file or folder.

        Raises:
            PatternlintError: its configuration is at fault.
        """
        root = self._roots.of(path)
        if root not in self._workplaces:
            settings = self._adjust(load(root, isolated=self._isolated))
            self._workplaces[root] = Workplace(settings, self._noqa)
        return self._workplaces[root]

    def workplaces(self) -> tuple[Workplace, ...]:
        """Those met so far."""
        return tuple(self._workplaces.values())


def absolute(path: str | Path) -> Path:
    """The path from the top, ``..`` resolved, links left as they are."""
    return Path(os.path.abspath(path))
