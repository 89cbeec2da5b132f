"""Where a file's project begins, and which file configures it.

The root is the nearest folder with a ``patternlint.toml`` or with a ``pyproject.toml`` that has our table; else the
nearest with a mark of a project; else the folder above the outermost package; else the working folder. It depends on
the file alone, so a front that passes single files finds the same project as one that passes the whole tree.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple

OWN_FILE = "patternlint.toml"
PYPROJECT = "pyproject.toml"
_MARKS = (".git", PYPROJECT, "setup.cfg", "setup.py")
_OWN_TABLE = re.compile(rb"^[ \t]*\[[ \t]*tool[ \t]*\.[ \t]*[\"']?patternlint[\"']?[ \t]*[\].]", re.MULTILINE)


class Root(NamedTuple):
    """A project's folder, and the file that configures it (None: nothing but defaults)."""

    folder: Path
    configuration: Path | None


class Roots:
    """Finds roots; remembers what it saw of each folder for as long as it lives.

    Args:
        working_folder: where the run was started.
    """

    def __init__(self, working_folder: Path | None = None) -> None:
        self._working = Path(os.path.realpath(working_folder or Path.cwd()))
        self._found: dict[str, Root] = {}
        self._configured: dict[str, Root | None] = {}
        self._marked: dict[str, str | None] = {}

    def of(self, path: Path) -> Root:
        """The root of a file or folder, which need not exist."""
        folder = os.path.abspath(path)
        return self.of_folder(folder if os.path.isdir(folder) else os.path.dirname(folder))

    def of_folder(self, folder: str) -> Root:
        """The root of a folder, given by its whole path, and of the files in it."""
        root = self._found.get(folder)
        if root is None:
            root = self._found[folder] = self._find(folder)
        return root

    def around(self, root: Root) -> Root | None:
        """The nearest configured project that `root` lies in."""
        folder = os.fspath(root.folder)
        above = os.path.dirname(folder)
        return self._nearest_configured(above) if above != folder else None

    def _find(self, folder: str) -> Root:
        configured = self._nearest_configured(folder)
        if configured is not None:
            return configured
        marked = self._nearest_marked(folder)
        if marked is not None:
            return Root(Path(marked), None)
        if os.path.exists(os.path.join(folder, "__init__.py")):
            return Root(_above_package(folder), None)
        return Root(self._working_or(folder), None)

    def _nearest_configured(self, folder: str) -> Root | None:
        if folder not in self._configured:
            file = configuration_in(folder)
            above = os.path.dirname(folder)
            if file is not None:
                self._configured[folder] = Root(Path(folder), file)
            else:
                self._configured[folder] = self._nearest_configured(above) if above != folder else None
        return self._configured[folder]

    def _nearest_marked(self, folder: str) -> str | None:
        if folder not in self._marked:
            above = os.path.dirname(folder)
            if any(os.path.exists(os.path.join(folder, mark)) for mark in _MARKS):
                self._marked[folder] = folder
            else:
                self._marked[folder] = self._nearest_marked(above) if above != folder else None
        return self._marked[folder]

    def _working_or(self, folder: str) -> Path:
        """The working folder where it holds `folder`; a whole home or disk is nobody's project."""
        working = self._working
        inside = Path(folder) == working or working in Path(folder).parents
        return working if inside and not is_too_much(working) else Path(folder)


def is_too_much(folder: Path) -> bool:
    """Whether a folder is a whole home or disk: going through all of it is more than one file is worth."""
    return folder in (Path(os.path.expanduser("~")), Path(folder.anchor))


def configuration_in(folder: str | Path) -> Path | None:
    """The file in `folder` that configures patternlint: its own, even if empty, before ``pyproject.toml``."""
    own = os.path.join(folder, OWN_FILE)
    if os.path.isfile(own):
        return Path(own)
    pyproject = os.path.join(folder, PYPROJECT)
    try:
        with open(pyproject, "rb") as file:
            return Path(pyproject) if _OWN_TABLE.search(file.read()) else None
    except OSError:
        return None


def _above_package(folder: str) -> Path:
    while os.path.exists(os.path.join(folder, "__init__.py")) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return Path(folder)
