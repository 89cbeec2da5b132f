"""The measurements can be run: their small forms, without network."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from xml.etree import ElementTree

import pytest

pytestmark = pytest.mark.once

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


def benchmark(name: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A module of the benchmarks, which are scripts and no package."""
    monkeypatch.syspath_prepend(BENCHMARKS)
    return importlib.import_module(name)


def test_the_corpus_run_repairs_the_showcase_and_breaks_nothing() -> None:
    command = [sys.executable, str(BENCHMARKS / "fix_safety.py"), "corpus", "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| **all**")]
    assert [row[1] for row in rows] == ["safe", "unsafe"]
    for _, _, _, findings, fixed, changed, *wrong in rows:
        assert int(findings) >= int(fixed) > 0
        assert int(changed) > 0
        assert set(wrong) == {"0"}


def test_a_diff_can_be_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    fix_safety = benchmark("fix_safety", monkeypatch)
    diff = (
        b"--- a.py\n+++ a.py\n@@ -1,3 +1,3 @@\n one\r\n-two\n+2\n three\x0c\n@@ -5 +5,2 @@\n-five\n"
        b"\\ No newline at end of file\n+5\n+6\n\\ No newline at end of file\n"
    )
    before = b"one\r\ntwo\nthree\x0c\nfour\nfive"
    assert fix_safety.patched(before, fix_safety.patches(diff)["a.py"]) == b"one\r\n2\nthree\x0c\nfour\n5\n6"


def test_the_speed_run_measures_every_tool_and_draws_them(tmp_path: Path) -> None:
    command = [sys.executable, str(BENCHMARKS / "speed.py"), "--smoke", "--docs", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "speed.md").read_text()
    for subject in ("patternlint", "ruff", "flake8", "pylint", "inside flake8, s in all", "python -c pass"):
        assert f"\n| {subject} | " in page
    drawing = ElementTree.parse(tmp_path / "speed.svg").getroot()
    assert len(drawing.findall(".//{*}rect")) >= 4


def test_the_runtime_run_has_a_row_for_each_comparison() -> None:
    command = [sys.executable, str(BENCHMARKS / "runtime.py"), "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "\n| once / lru_cache(maxsize=1) | " in done.stdout
    assert done.stdout.count("\n| ") > 10


def test_a_share_of_a_tree_has_whole_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sample_trees = benchmark("sample_trees", monkeypatch)
    for folder in range(20):
        for file in range(2):
            path = tmp_path / f"source/f{folder:02}/m{file}.py"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("x = 1\n" * 10)
    files = sample_trees.python_files(tmp_path / "source")
    tree = sample_trees.Tree.copied("tree", tmp_path / "source", files, tmp_path / "tree")
    assert tree.lines == 400
    share = tree.share(100, tmp_path / "share")
    assert {path.parent.name for path in share.files} == {"f02", "f06", "f10", "f14", "f18"}
    assert (len(share.files), share.lines) == (10, 100)
    assert tree.share(1000, tmp_path / "other") is tree


def test_a_value_beside_its_target(monkeypatch: pytest.MonkeyPatch) -> None:
    verdict = benchmark("speed", monkeypatch).verdict
    assert verdict(1.25, most=1.3) == "1.25 (at most 1.3)"
    assert verdict(1.35, most=1.3) == "**1.35** (at most 1.3)"
    assert verdict(1234.5, least=80) == "1,234 (at least 80)"
    assert verdict(None, least=80) == ""


def test_the_server_run_measures_the_wait_for_each_edit() -> None:
    command = [sys.executable, str(BENCHMARKS / "server.py"), "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| shop")]
    assert len(rows) == 2
    for _, lines, _, edits, median, longest, _ in rows:
        assert (int(lines) > 0, edits) == (True, "2")
        assert 0 < int(median) <= int(longest)
