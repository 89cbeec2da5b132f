"""Fixes that change several files: all of their files or none, on every way that they go."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest
from crashes import Ended, forked, patternlint_in
from project_tree import write_tree

import patternlint.fixing
import patternlint.trial
from patternlint.cli import main
from patternlint.engine import Engine
from patternlint.finding import Applicability, Edit, FileEdits, Finding, Fix
from patternlint.fixer import Applied, Change, FixKey, FixResult
from patternlint.source import Source


def finding_in(path: str) -> Finding:
    edits = FileEdits("count.py", (Edit(0, 0, ""),))
    fix = Fix("count up", Applicability.SAFE, (), elsewhere=(edits,))
    return Finding("PAT501", "x", "counts up", path, 1, 1, 1, 1, fix=fix)


def found(engine: Engine, source: Source) -> list[Finding]:
    """An engine's check with one rule."""
    return [finding_in(engine.project.relpath(source.path))] if b"up" in source.data else []


def count_up(
    source: Source, engine: Engine, *, unsafe: bool = False, only: Collection[FixKey] | None = None
) -> FixResult:
    """A fixer with one fix: what says `up` in a file counts up in that and in count.py."""
    other = engine.project.source_at(engine.project.root / "count.py")
    key = FixKey(engine.project.relpath(source.path), "PAT501", "counts up", 1)
    if b"up" not in source.data or other is None or (only is not None and key not in only):
        return FixResult(source, (), (), (), (), True)
    after = Source(source.path, source.data.replace(b"up", b"counted"))
    counted = Source(other.path, b"COUNT = %d\n" % (int(other.text.split()[-1]) + 1))
    for one in (after, counted):
        engine.project.overlay(one)
    changes = (Change(source, after), Change(other, counted))
    return FixResult(after, changes, (Applied(finding_in(key.path), key),), (), (), True)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(Engine, "check", found)
    monkeypatch.setattr(patternlint.fixing, "fix", count_up)
    monkeypatch.setattr(patternlint.trial, "fix", count_up)
    return write_tree(
        tmp_path / "p", {"patternlint.toml": "", "a.py": "up\n", "b.py": "up\n", "count.py": "COUNT = 0\n"}
    )


def texts(folder: Path) -> list[str]:
    return [(folder / name).read_text() for name in ("a.py", "b.py", "count.py")]


UNTOUCHED = ["up\n", "up\n", "COUNT = 0\n"]


def test_fix_writes_them_all_and_undo_brings_them_all_back(folder: Path) -> None:
    assert patternlint_in(folder, "--fix").output == "Found 2 findings (2 fixed, 0 remaining).\n"
    assert texts(folder) == ["counted\n", "counted\n", "COUNT = 2\n"]
    assert patternlint_in(folder, "undo").output == "3 files put back.\n"
    assert texts(folder) == UNTOUCHED


def test_a_diff_shows_each_file_once(folder: Path) -> None:
    ended = patternlint_in(folder, "--diff")
    assert ended.status == 1
    assert [line for line in ended.output.splitlines() if line[:1] in "+-"] == [
        *("--- a.py", "+++ a.py", "-up", "+counted"),
        *("--- b.py", "+++ b.py", "-up", "+counted"),
        *("--- count.py", "+++ count.py", "-COUNT = 0", "+COUNT = 2"),
    ]
    assert patternlint_in(folder, "--fix", "--diff").output == ended.output
    assert texts(folder) == UNTOUCHED


def test_none_is_written_if_one_cannot_be(folder: Path) -> None:
    (folder / "count.py").chmod(0o444)
    ended = patternlint_in(folder, "--fix")
    assert ended.status == 2
    assert f"error: {folder}/count.py: is read-only" in ended.output
    assert texts(folder) == UNTOUCHED


def test_standard_input_has_no_place_for_other_files(folder: Path) -> None:
    (folder / "stdin").write_text("up\n")

    def run() -> int:
        import os
        import sys

        os.dup2(os.open("stdin", os.O_RDONLY), 0)
        sys.stdin = open(0)  # noqa: SIM115
        return main(["-", "--fix", "-q", "--stdin-filename", "a.py"])

    assert forked(run, folder) == Ended(0, "up\n")


def test_a_trial_keeps_or_takes_back_all_of_them(folder: Path) -> None:
    ended = patternlint_in(folder, "--fix", "--verify", "grep -q up b.py")
    assert (
        "b.py:1: PAT501 was not fixed: 'grep -q up b.py' fails with the fix (exit status 1): counts up" in ended.output
    )
    assert texts(folder) == ["counted\n", "up\n", "COUNT = 1\n"]
    patternlint_in(folder, "undo")
    assert patternlint_in(folder, "--fix", "--verify", "grep -q 0 count.py").output.count("was not fixed") == 2
    assert texts(folder) == UNTOUCHED


@pytest.mark.parametrize("way", [["--fix"], ["--fix", "--verify", "true"]], ids=["fix", "verify"])
def test_what_rests_on_a_fix_of_another_file_is_fixed_in_the_same_run(
    folder: Path, monkeypatch: pytest.MonkeyPatch, way: list[str]
) -> None:
    def found_after_b(engine: Engine, source: Source) -> list[Finding]:
        if source.path.name == "a.py":
            other = engine.project.source_at(engine.project.root / "b.py")
            if other is None or "counted" not in other.text:
                return []
        return found(engine, source)

    monkeypatch.setattr(Engine, "check", found_after_b)
    assert patternlint_in(folder, *way).output.endswith("Found 2 findings (2 fixed, 0 remaining).\n")
    assert texts(folder) == ["counted\n", "counted\n", "COUNT = 2\n"]
    assert patternlint_in(folder, "--fix").output == "All checks passed!\n"


def test_a_file_that_was_fixed_is_fixed_again_where_others_have_made_that_possible(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "a.py").write_text("up\nlater\n")

    def found_twice(engine: Engine, source: Source) -> list[Finding]:
        other = engine.project.source_at(engine.project.root / "b.py")
        if source.path.name == "a.py" and other is not None and "counted" in other.text and b"later" in source.data:
            return [finding_in("a.py")]
        return found(engine, source)

    def count_up_later(source: Source, engine: Engine, **options: object) -> FixResult:
        if not engine.check(source):
            return FixResult(source, (), (), (), (), True)
        if b"up" in source.data:
            return count_up(source, engine)
        return count_up(Source(source.path, source.data.replace(b"later", b"up")), engine)

    monkeypatch.setattr(Engine, "check", found_twice)
    monkeypatch.setattr(patternlint.fixing, "fix", count_up_later)
    ended = patternlint_in(folder, "--diff")
    assert "Would fix 3 findings." in ended.output
