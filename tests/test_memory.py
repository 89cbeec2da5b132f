"""Warm runs say what cold ones would, whatever changed in between: random edits of a project, a thousand if asked for.

PATTERNLINT_EDITS=1000 pytest tests/test_memory.py -n auto
"""

from __future__ import annotations

import os
import random
import re
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from fixtures import FIXTURES
from patternlint import batch, cache
from patternlint.batch import Job
from patternlint.checking import Checking, Target
from patternlint.finding import Confidence, Finding
from patternlint.overrides import Overrides
from patternlint.workspace import Caching

EVERYTHING = Overrides(select=("ALL",), preview=True, min_confidence=Confidence.LOW)
EDITS_OF_A_PROJECT = 25
PROJECTS = -(-int(os.environ.get("PATTERNLINT_EDITS", "150")) // EDITS_OF_A_PROJECT)
PACKAGES = 5
NAME = re.compile(r"\b[A-Za-z_]\w{3,}\b")

Findings = dict[str, tuple[Finding, ...]]


def findings(root: Path, caching: Caching | None, only: Sequence[Path] = ()) -> Findings:
    """What a run of its own finds in the project's files, or in some."""
    batch._workspace.cache_clear()
    job = Job(root, EVERYTHING, caching=caching)
    workspace = job.workspace()
    names = [os.fspath(path) for path in only] or workspace.of(root).names
    targets = [Target(name, workspace.of_folder(os.path.dirname(name))) for name in names]
    warnings: list[str] = []
    checking = Checking(job, 1, None, warnings.append)
    outcomes = list(checking.outcomes(targets))
    checking.keep(targets)
    assert not warnings
    return {str(o.path): o.findings for o in outcomes if o.error is None}


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


FOLDERS = sorted(FIXTURES.glob("PAT*"))


@pytest.mark.parametrize("seed", range(PROJECTS))
def test_warm_equals_cold_after_each_edit(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # the editor of this test is faster than any clock is fine: files that changed just now are as good as others
    monkeypatch.setattr(cache, "_RACY", 0.0)
    monkeypatch.setattr(cache, "_TICK", 0.0)
    caching = Caching(tmp_path / "cache")
    chance = random.Random(seed)
    root = project_of(chance.sample(FOLDERS, PACKAGES), tmp_path / "project")
    edits = Edits(root, chance)
    findings(root, caching)
    for _ in range(EDITS_OF_A_PROJECT):
        done = [edits.edit() for _ in range(chance.choice([1, 1, 1, 3]))]
        time.sleep(0.02)
        warm, cold = findings(root, caching), findings(root, None)
        assert warm == cold, f"after {', '.join(done)}"


def test_what_nobody_changed_is_not_checked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = project_of(FOLDERS, tmp_path / "project")
    caching = Caching(tmp_path / "cache")
    time.sleep(0.1)
    first = findings(root, caching)
    checked: list[str] = []
    monkeypatch.setattr("patternlint.batch.check_file", lambda name, _: checked.append(name))
    assert findings(root, caching) == first
    assert not checked


def test_a_file_is_checked_again_after_a_run_over_what_it_rests_on_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever checks single files, as pre-commit does, leaves nothing behind that hides their changes from others."""
    monkeypatch.setattr(cache, "_RACY", 0.0)
    monkeypatch.setattr(cache, "_TICK", 0.0)
    chance, caching = random.Random(1), Caching(tmp_path / "cache")
    root = project_of(chance.sample(FOLDERS, PACKAGES), tmp_path / "project")
    edits = Edits(root, chance)
    findings(root, caching)
    for _ in range(EDITS_OF_A_PROJECT):
        before = {path: path.stat().st_mtime_ns for path in root.rglob("*.py")}
        done = edits.edit()
        time.sleep(0.02)
        changed = [path for path in root.rglob("*.py") if before.get(path) != path.stat().st_mtime_ns]
        findings(root, caching, changed)
        warm, cold = findings(root, caching), findings(root, None)
        assert warm == cold, f"after {done}"
