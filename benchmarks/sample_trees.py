"""The code that is measured: pinned packages, or folders at hand, copied to where a run may change them."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

SUFFIXES = (".py", ".pyi")
EVERYTHING = 'select = ["ALL"]\npreview = true\nmin-confidence = "low"\n'


def unpacked(requirement: str, work: Path, *, sdist: bool = False) -> Path:
    """A package from the configured index, without what it depends on."""
    folder = work / requirement.partition("==")[0]
    kind = ["--no-binary", requirement.partition("==")[0]] if sdist else []
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", *kind, "-d", str(folder / "dl"), requirement]
    subprocess.run(pip, check=True)
    archive = next((folder / "dl").iterdir())
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(folder / "tree")
    else:
        with tarfile.open(archive) as bundle:
            bundle.extractall(folder / "tree", filter="data")
    shutil.rmtree(folder / "dl")
    return folder / "tree"


@dataclass(frozen=True)
class Tree:
    """Python files in a folder of their own, which is a project: all rules at every confidence are configured."""

    name: str
    folder: Path
    files: tuple[Path, ...]  # relative to the folder, sorted
    lines: int

    @classmethod
    def copied(cls, name: str, source: Path, files: Iterable[Path], folder: Path) -> Tree:
        """Those `files` of `source` (relative paths) as a tree in `folder`."""
        folder.mkdir(parents=True)
        kept, lines = tuple(files), 0
        for file in kept:
            target = folder / file
            target.parent.mkdir(parents=True, exist_ok=True)
            data = (source / file).read_bytes()
            target.write_bytes(data)
            lines += data.count(b"\n")
        (folder / "patternlint.toml").write_text(EVERYTHING)
        return cls(name, folder, kept, lines)

    def again(self, folder: Path) -> Tree:
        """A second copy, for a run that changes files."""
        return self.copied(self.name, self.folder, self.files, folder)

    def share(self, lines: int, folder: Path) -> Tree:
        """Every n-th of the folders with the files in them, so that about `lines` lines remain; all of it if n is 1."""
        folders = sorted({file.parent for file in self.files})
        step = min(self.lines // lines, len(folders))
        if step <= 1:
            return self
        kept = set(folders[step // 2 :: step])
        return self.copied(f"{self.name} / {step}", self.folder, (f for f in self.files if f.parent in kept), folder)


def python_files(folder: Path) -> list[Path]:
    """The Python files below a folder, relative to it."""
    found = (p for p in folder.rglob("*.py*") if p.suffix in SUFFIXES and p.is_file() and not p.is_symlink())
    return sorted(path.relative_to(folder) for path in found)
