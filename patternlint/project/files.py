"""The Python files of a project, found on disk; and the module name of each."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from patternlint.project.globs import GitIgnore, PathPatterns

SUFFIXES = (".py", ".pyi")

DEFAULT_EXCLUDE = (
    ".bzr", ".direnv", ".eggs", ".git", ".git-rewrite", ".hg", ".ipynb_checkpoints", ".mypy_cache", ".nox", ".pants.d",
    ".pyenv", ".pytest_cache", ".pytype", ".ruff_cache", ".svn", ".tox", ".venv", ".vscode", "__pycache__",
    "__pypackages__", "_build", "buck-out", "build", "dist", "node_modules", "site-packages", "venv",
)  # fmt: skip


class Discovery(NamedTuple):
    """What may count as a project's file: decided by configuration alone, never by the arguments of a run."""

    root: Path
    exclude: tuple[str, ...]
    respect_gitignore: bool = True

    def files(self) -> list[Path]:
        """Every Python file below the root, in a fixed order."""
        return list(self.files_in(self.root))

    def files_in(self, folder: Path) -> Iterator[Path]:
        """The Python files below `folder`, which lies in the root, in a fixed order; see :meth:`names_in`."""
        return map(Path, self.names_in(folder))

    def names_in(self, folder: Path) -> Iterator[str]:
        """The same as plain text: to make paths of thousands of files takes longer than to find them.

        Folders that are links are not followed, so a loop of links cannot be entered; a virtual environment, whatever
        its name, is left out.
        """
        patterns = _patterns(self.exclude)
        top = os.fspath(self.root)
        start = _relative(top, os.fspath(folder))
        ignores = self._gitignores_above(start) if self.respect_gitignore else []
        yield from _walk(os.fspath(folder), start, patterns, ignores, self.respect_gitignore)

    def excludes(self, path: Path) -> bool:
        """Whether the configuration leaves out a file that was named outright."""
        relative = _relative(os.fspath(self.root), os.fspath(path))
        return not relative.startswith("../") and _patterns(self.exclude).match_within(relative)

    def _gitignores_above(self, start: str) -> list[tuple[str, GitIgnore]]:
        """The ``.gitignore`` files that hold for the folder `start`, from the repository's top down to its parent.

        Each with what has to stand before a path relative to the root, so that it is one relative to that file's top.
        """
        top = self.root
        above = [top, *top.parents]
        repository = next((folder for folder in above if (folder / ".git").exists()), top)
        found: list[tuple[str, GitIgnore]] = []
        prefix = _relative(os.fspath(repository), os.fspath(top))
        parts = [part for part in f"{prefix}/{start}".split("/") if part and part != "."]
        for depth in range(len(parts)):
            below = "/".join(parts[:depth])
            rules = _read_gitignore(repository / below, below)
            if rules is not None:
                found.append(("" if prefix == "." else prefix + "/", rules))
        return found


@lru_cache(maxsize=8)
def _patterns(exclude: tuple[str, ...]) -> PathPatterns:
    return PathPatterns(exclude)


def _walk(
    folder: str,
    relative: str,
    patterns: PathPatterns,
    ignores: list[tuple[str, GitIgnore]],
    respect_gitignore: bool,
) -> Iterator[str]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return  # a folder that cannot be listed holds no file that could be read
    names = {entry.name for entry in entries}
    if "pyvenv.cfg" in names:
        return
    prefix = "" if relative == "." else relative + "/"
    if respect_gitignore and ".gitignore" in names:
        rules = _read_gitignore(Path(folder), relative if relative != "." else "")
        if rules is not None:
            ignores = [*ignores, ("", rules)]
    for entry in entries:
        path = prefix + entry.name
        is_folder = entry.is_dir(follow_symlinks=False)
        if not is_folder and not entry.name.endswith(SUFFIXES):
            continue
        if patterns.match(entry.name, path) or _git_ignored(path, is_folder, ignores):
            continue
        if is_folder:
            yield from _walk(entry.path, path, patterns, ignores, respect_gitignore)
        elif _is_file(entry):
            yield entry.path


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Whether there is something to read: a loop of links counts (reading it names the fault), a dangling one not."""
    try:
        return entry.is_file()
    except OSError as error:
        return error.errno == errno.ELOOP


def _git_ignored(path: str, is_folder: bool, ignores: list[tuple[str, GitIgnore]]) -> bool:
    for before, rules in reversed(ignores):
        decision = rules.decision(before + path, is_folder)
        if decision is not None:
            return decision
    return False


def _read_gitignore(folder: Path, relative: str) -> GitIgnore | None:
    try:
        return GitIgnore(relative, (folder / ".gitignore").read_text("utf-8", "replace"))
    except OSError:
        return None


def _relative(top: str, path: str) -> str:
    return os.path.relpath(path, top).replace(os.sep, "/")


class ModuleNames:
    """Dotted names of a project's files: what an import statement would say.

    A package starts in a folder of `src`; by default in the root and its ``src``, and likewise in each folder of a
    project within the project (one with its own ``pyproject.toml``, ``setup.py`` or ``setup.cfg``). Folders without
    ``__init__.py`` count as namespace packages; one whose name is no identifier cannot be part of a module's name, so
    names start below it.

    Args:
        root: the project's folder.
        src: the configured folders, relative to the root; None for the defaults.
    """

    def __init__(self, root: Path, src: Sequence[str] | None = None) -> None:
        self._root = os.fspath(root)
        self._default = src is None
        folders = (".", "src") if src is None else src
        self._starts = {os.path.normpath(os.path.join(self._root, folder)) for folder in folders}
        self._packages: dict[str, str] = {}

    def name(self, path: Path) -> str:
        """The module's name: ``shop.cart`` for ``src/shop/cart.py``, ``shop`` for ``src/shop/__init__.py``."""
        whole = os.fspath(path)
        if ".." in whole or not os.path.isabs(whole):
            whole = os.path.abspath(whole)
        folder, file = os.path.split(whole)
        stem = file.rsplit(".", 1)[0]
        package = self._package(folder)
        if stem == "__init__":
            return package
        return f"{package}.{stem}" if package else stem

    def _package(self, folder: str) -> str:
        found = self._packages.get(folder)
        if found is None:
            found = self._packages[folder] = self._find(folder)
        return found

    def _find(self, folder: str) -> str:
        above, name = os.path.split(folder)
        if above == folder or folder in self._starts or not name.isidentifier() or self._starts_packages(folder):
            return ""
        if folder == self._root or not folder.startswith(self._root + os.sep):
            return ""
        package = self._package(above)
        return f"{package}.{name}" if package else name

    def _starts_packages(self, folder: str) -> bool:
        """Whether `folder` is a project within the project, or such a one's ``src``."""
        if not self._default:
            return False
        if os.path.basename(folder) == "src":
            return _is_project(os.path.dirname(folder))
        return _is_project(folder)


def _is_project(folder: str) -> bool:
    if os.path.exists(os.path.join(folder, "__init__.py")):
        return False
    return any(os.path.exists(os.path.join(folder, mark)) for mark in ("pyproject.toml", "setup.py", "setup.cfg"))
