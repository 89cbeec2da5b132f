"""Warm runs say what cold ones would, whatever changed in between: random edits of a project, a thousand if asked for.

PATTERNLINT_EDITS=1000 pytest tests/test_memory.py -n auto
"""

from __future__ import annotations

import os
import random
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from fixtures import FIXTURES
from patternlint import batch, cache
from patternlint.batch import Job
from patternlint.checking import Checking, Target
from patternlint.finding import Confidence, Finding
from patternlint.overrides import Overrides
from patternlint.workspace import Caching
from random_edits import EDITS_OF_A_PROJECT, PACKAGES, Edits, project_of, projects

EVERYTHING = Overrides(select=("ALL",), preview=True, min_confidence=Confidence.LOW)
PROJECTS = projects(150)

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
