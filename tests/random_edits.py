"""Projects in which about everything asks questions, and random changes of their files."""

from __future__ import annotations

import os
import random
import re
import shutil
from collections.abc import Callable
from pathlib import Path

EDITS_OF_A_PROJECT = 25
PACKAGES = 5  # of fixtures in a project
NAME = re.compile(r"\b[A-Za-z_]\w{3,}\b")


def projects(edits: int) -> int:
    """In how many projects so many edits are made: as many as the environment asks for, else those given."""
    return -(-int(os.environ.get("PATTERNLINT_EDITS", edits)) // EDITS_OF_A_PROJECT)


def project_of(folders: list[Path], root: Path) -> Path:
    """The projects and some files of the fixtures of rules as one project, in which about everything asks questions."""
    for folder in folders:
        package = root / re.sub(r"\W", "_", folder.name)
        package.mkdir(parents=True)
        for path in sorted(folder.iterdir()):
            if path.is_dir() and path.name != "__pycache__":
                shutil.copytree(path, package / path.name, ignore=shutil.ignore_patterns("check.py", "*.*.py"))
        for path in [p for p in sorted(folder.glob("*.py")) if p.name.count(".") == 1][:2]:
            shutil.copyfile(path, package / path.name)
    for configuration in [*root.rglob("*.toml"), *root.rglob("setup.*")]:
        configuration.unlink()
    (root / "patternlint.toml").touch()
    return root


class Edits:
    """Random changes of a project: bodies, imports, names, and files that come, go and move."""

    def __init__(self, root: Path, chance: random.Random) -> None:
        self._root = root
        self._random = chance
        self._kinds: list[Callable[[Path], object]] = [
            self.double, self.drop, self.swap, self.import_, self.name, self.append, self.rename, self.delete, self.move,
        ]  # fmt: skip

    def edit(self) -> str:
        """Make one, and say which."""
        kind, path = self._random.choice(self._kinds), self._file()
        kind(path)
        return f"{kind.__name__} {path.relative_to(self._root)}"

    def _file(self) -> Path:
        return self._random.choice(sorted(self._root.rglob("*.py")))

    def _on_lines(self, path: Path, change: Callable[[list[str], int], object]) -> None:
        lines = self._text(path).split("\n")
        change(lines, self._random.randrange(len(lines)))
        path.write_text("\n".join(lines), "utf-8", "surrogateescape")

    def _text(self, path: Path) -> str:
        return path.read_bytes().decode("utf-8", "surrogateescape")

    def double(self, path: Path) -> None:
        self._on_lines(path, lambda lines, at: lines.insert(at, lines[at]))

    def drop(self, path: Path) -> None:
        self._on_lines(path, lambda lines, at: lines.pop(at))

    def swap(self, path: Path) -> None:
        self._on_lines(path, lambda lines, at: lines.insert(at - 1, lines.pop(at)))

    def import_(self, path: Path) -> None:
        module = ".".join(self._file().relative_to(self._root).with_suffix("").parts)
        self._on_lines(path, lambda lines, at: lines.insert(self._random.choice([0, at]), f"import {module}"))

    def name(self, path: Path) -> None:
        text = self._text(path)
        old = self._random.choice(NAME.findall(text) or ["none"])
        new = self._random.choice(NAME.findall(self._text(self._file())) or ["none"])
        path.write_text(re.sub(rf"\b{old}\b", new, text), "utf-8", "surrogateescape")

    def append(self, path: Path) -> None:
        path.write_text(f"{self._text(path)}\n{self._text(self._file())}"[:9000], "utf-8", "surrogateescape")

    def rename(self, path: Path) -> None:
        path.rename(path.with_name(self._random.choice(["subject", "base", "app", "handlers"]) + ".py"))

    def delete(self, path: Path) -> None:
        path.unlink()

    def move(self, path: Path) -> None:
        path.rename(self._file().parent / path.name)
