"""What --fix changes can be taken back, whatever happens on the way: killed, interrupted, edited, two at once."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from crashes import Ended, deaths, forked, patternlint_in
from project_tree import FIXED, TIMED, write_tree

from patternlint.cache_folder import NAME
from patternlint.errors import PatternlintError
from patternlint.journal import Journal
from patternlint.write import Replacement

LONG_AGO = 1_500_000_000_123_456_789


def tree(folder: Path, count: int = 3) -> Path:
    """A project of files that can be fixed, each with a mode and a time of its own."""
    write_tree(folder, {"patternlint.toml": "", **{f"m{i:03}.py": TIMED for i in range(count)}})
    for i, path in enumerate(sorted(folder.glob("*.py"))):
        path.chmod(0o640)
        os.utime(path, ns=(LONG_AGO + i, LONG_AGO + i))
    return folder


def texts(folder: Path) -> set[str]:
    return {path.read_text() for path in folder.glob("*.py")}


def is_untouched(folder: Path) -> bool:
    paths = sorted(folder.glob("*.py"))
    return texts(folder) == {TIMED} and all(
        (path.stat().st_mtime_ns, path.stat().st_mode & 0o777) == (LONG_AGO + i, 0o640) for i, path in enumerate(paths)
    )


def strangers(folder: Path) -> list[str]:
    return [name for name in os.listdir(folder) if not name.endswith((".py", ".toml")) and name != NAME]


# ---- undo


def test_undo_brings_back_bytes_mode_and_time(tmp_path: Path) -> None:
    tree(tmp_path)
    assert patternlint_in(tmp_path, "--fix").status == 0
    assert texts(tmp_path) == {FIXED}
    (tmp_path / "m000.py").chmod(0o600)
    result = patternlint_in(tmp_path, "undo")
    assert (result.status, result.output) == (0, "3 files put back.\n")
    assert is_untouched(tmp_path)


def test_undo_with_nothing_to_undo(tmp_path: Path) -> None:
    tree(tmp_path)
    for _ in range(2):
        result = patternlint_in(tmp_path, "undo")
        assert result.status == 2
        assert result.output.startswith(f"error: {tmp_path}: there is nothing to undo\nhelp: ")
        assert not (tmp_path / NAME).exists()
    patternlint_in(tmp_path, "--fix")
    patternlint_in(tmp_path, "undo")
    assert patternlint_in(tmp_path, "undo").status == 2
    assert "nowhere: no such file" in patternlint_in(tmp_path, "undo", "nowhere").output


def test_undo_leaves_alone_what_changed_since(tmp_path: Path) -> None:
    tree(tmp_path)
    patternlint_in(tmp_path, "--fix")
    (tmp_path / "m001.py").write_text(FIXED + "# mine\n")
    (tmp_path / "m002.py").unlink()
    result = patternlint_in(tmp_path.parent, "undo", str(tmp_path / "m000.py"))
    assert result.status == 2
    assert f"error: {tmp_path}/m001.py: changed since, so it was left alone\n" in result.output
    assert f"error: {tmp_path}/m002.py: is not there any more\n" in result.output
    assert (tmp_path / "m000.py").read_text() == TIMED
    assert (tmp_path / "m001.py").read_text() == FIXED + "# mine\n"
    (tmp_path / "m001.py").write_text(FIXED)
    (tmp_path / "m002.py").write_text(FIXED)
    assert patternlint_in(tmp_path, "undo").status == 0
    assert texts(tmp_path) == {TIMED}


def test_undo_is_of_the_last_run_that_changed_something(tmp_path: Path) -> None:
    tree(tmp_path)
    patternlint_in(tmp_path, "--fix", "m000.py")
    patternlint_in(tmp_path, "--fix", "m001.py")
    patternlint_in(tmp_path, "--fix", "m001.py")
    patternlint_in(tmp_path, "undo")
    assert [path.read_text() == FIXED for path in sorted(tmp_path.glob("*.py"))] == [True, False, False]


def test_undo_covers_projects_within_the_project(tmp_path: Path) -> None:
    tree(tmp_path / "a")
    tree(tmp_path / "b")
    write_tree(tmp_path, {"patternlint.toml": "", "top.py": TIMED})
    patternlint_in(tmp_path, "--fix")
    assert patternlint_in(tmp_path, "undo").output == "7 files put back.\n"
    assert is_untouched(tmp_path / "a")
    patternlint_in(tmp_path, "--fix", "a")
    patternlint_in(tmp_path, "--fix", "b")
    assert patternlint_in(tmp_path, "undo").output == "3 files put back.\n"
    assert texts(tmp_path / "a") == {FIXED}


def test_links_and_hard_links_are_put_back_as_such(tmp_path: Path) -> None:
    tree(tmp_path / "project", 1)
    link, other = tmp_path / "project/link.py", tmp_path / "other.py"
    link.symlink_to("m000.py")
    os.link(tmp_path / "project/m000.py", other)
    patternlint_in(tmp_path / "project", "--fix")
    assert other.read_text() == FIXED
    assert patternlint_in(tmp_path / "project", "undo").status == 0
    assert link.is_symlink()
    assert other.samefile(tmp_path / "project/m000.py")
    assert texts(tmp_path / "project") == {TIMED}


def test_a_journal_that_came_with_a_tree_leads_nowhere_else(tmp_path: Path) -> None:
    tree(tmp_path / "project", 0)
    (tmp_path / "precious.py").write_text(TIMED)
    (tmp_path / "project/link.py").symlink_to("../precious.py")
    patternlint_in(tmp_path / "project", "--fix")
    result = patternlint_in(tmp_path / "project", "undo")
    assert result.status == 2
    assert "link.py: is a link that leads out of the project" in result.output
    journal = tmp_path / "project" / NAME / "undo/journal.jsonl"
    journal.write_text(journal.read_text().replace('"link.py"', '"../precious.py"'))
    result = patternlint_in(tmp_path / "project", "undo")
    assert result.status == 2
    assert "journal.jsonl: is damaged" in result.output
    assert (tmp_path / "precious.py").read_text() == FIXED


def test_a_line_that_was_cut_short_tells_of_nothing(tmp_path: Path) -> None:
    tree(tmp_path)
    journal = Journal(tmp_path)
    journal.write([Replacement(tmp_path / "m000.py", TIMED.encode(), FIXED.encode())])
    journal.close()
    with open(tmp_path / NAME / "undo/journal.jsonl", "a") as file:
        file.write('{"files":[["m0')
    assert patternlint_in(tmp_path, "--fix").status == 0
    assert patternlint_in(tmp_path, "undo").output == "3 files put back.\n"
    assert is_untouched(tmp_path)


def test_the_folder_is_none_of_anybodys_business(tmp_path: Path) -> None:
    tree(tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    patternlint_in(tmp_path, "--fix")
    result = subprocess.run(["git", "status", "--short"], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert NAME not in result.stdout
    assert (tmp_path / NAME / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55")


# ---- killed


def test_killed_at_every_step_each_file_is_old_or_new(tmp_path: Path) -> None:
    for step in deaths(
        lambda step: patternlint_in(tree(fresh(tmp_path, step)), "--fix", "-q", "--select", "PAT501", dies_at=step)
    ):
        folder = tmp_path / str(step)
        assert texts(folder) <= {TIMED, FIXED}
        if step % 2:
            assert patternlint_in(folder, "--fix", "--select", "PAT501").status == 0
            assert texts(folder) == {FIXED}
            assert strangers(folder) == []
        patternlint_in(folder, "undo")
        assert is_untouched(folder)
        assert strangers(folder) == []


def fresh(folder: Path, step: int) -> Path:
    return folder / str(step)


@pytest.mark.parametrize("next_call", [["undo"], ["--fix", "-q", "--select", "PAT9"]])
def test_files_of_one_fix_are_changed_together(tmp_path: Path, next_call: list[str]) -> None:
    def run(step: int) -> Ended:
        folder = tree(fresh(tmp_path, step))
        os.link(folder / "m001.py", tmp_path / f"{step}.linked")

        def write() -> None:
            journal = Journal(folder)
            journal.write([Replacement(p, TIMED.encode(), FIXED.encode()) for p in sorted(folder.glob("*.py"))])

        return forked(write, folder, step)

    for step in deaths(run):
        folder = tmp_path / str(step)
        patternlint_in(folder, *next_call)
        assert len(texts(folder)) == 1
        assert texts(folder) == {TIMED} or next_call != ["undo"]
        assert strangers(folder) == []


def test_undo_that_is_killed_can_be_repeated(tmp_path: Path) -> None:
    def run(step: int) -> Ended:
        folder = tree(fresh(tmp_path, step))
        patternlint_in(folder, "--fix", "--select", "PAT501")
        return patternlint_in(folder, "undo", dies_at=step)

    for step in deaths(run):
        folder = tmp_path / str(step)
        assert texts(folder) <= {TIMED, FIXED}
        assert patternlint_in(folder, "undo").status in (0, 2)
        assert is_untouched(folder)


def test_killed_at_any_moment(tmp_path: Path) -> None:
    tree(tmp_path, 40)
    moments = random.Random(4)
    survived = 0
    for _ in range(6):
        process = subprocess.Popen(
            [sys.executable, "-m", "patternlint", "--fix", "-q"], cwd=tmp_path, stderr=subprocess.PIPE
        )
        while process.poll() is None and sum(p.read_text() == FIXED for p in tmp_path.glob("*.py")) <= survived:
            time.sleep(0.005)
        time.sleep(moments.uniform(0, 0.05))
        process.kill()
        _, errors = process.communicate(timeout=60)
        assert errors == b""
        contents = [path.read_text() for path in tmp_path.glob("*.py")]
        assert set(contents) <= {TIMED, FIXED}
        survived = contents.count(FIXED)
        if survived == 40:
            break
    result = patternlint_in(tmp_path, "--fix")
    assert (result.status, texts(tmp_path)) == (0, {FIXED})
    assert strangers(tmp_path) == []
    assert patternlint_in(tmp_path, "undo").output == "40 files put back.\n"
    assert is_untouched(tmp_path)


# ---- others at work


def test_two_at_once(tmp_path: Path) -> None:
    tree(tmp_path)
    journal = Journal(tmp_path)
    for command in (["--fix"], ["--fix", "--verify", "true"], ["undo"]):
        result = patternlint_in(tmp_path, *command)
        assert result.status == 2
        assert f"another patternlint (process {os.getpid()}) is changing this project" in result.output
        assert is_untouched(tmp_path)
    assert patternlint_in(tmp_path, "--diff").status == 1
    journal.close()
    assert patternlint_in(tmp_path, "--fix").status == 0


def test_the_lock_of_a_process_that_was_killed_is_none(tmp_path: Path) -> None:
    tree(tmp_path)

    def die() -> None:
        Journal(tmp_path)
        os.kill(os.getpid(), signal.SIGKILL)

    forked(die, tmp_path)
    assert patternlint_in(tmp_path, "--fix").status == 0


def test_a_tree_that_somebody_edits_meanwhile(tmp_path: Path) -> None:
    tree(tmp_path, 40)
    process = subprocess.Popen(
        [sys.executable, "-m", "patternlint", "--fix", "-q"],
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    edited = [tmp_path / f"m{i:03}.py" for i in range(5, 40, 5)]
    while process.poll() is None and (tmp_path / "m000.py").read_text() == TIMED:
        time.sleep(0.002)
    for path in edited:
        with open(path, "a") as file:
            file.write("# mine\n")
        time.sleep(0.02)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == (2 if errors else 0)
    assert {path.read_text() for path in edited} <= {TIMED + "# mine\n", FIXED + "# mine\n"}
    assert all(" changed since it was read" in line for line in errors.splitlines() if line.startswith("error"))


def test_a_file_of_a_group_that_changed_keeps_the_others_as_they_were(tmp_path: Path) -> None:
    tree(tmp_path)
    (tmp_path / "m002.py").write_text("mine\n")
    before = [(path.read_text(), path.stat().st_ino) for path in sorted(tmp_path.glob("*.py"))]
    journal = Journal(tmp_path)
    with pytest.raises(PatternlintError, match=r"m002\.py: changed since it was read"):
        journal.write([Replacement(p, TIMED.encode(), FIXED.encode()) for p in sorted(tmp_path.glob("*.py"))])
    journal.finish()
    journal.close()
    assert [(path.read_text(), path.stat().st_ino) for path in sorted(tmp_path.glob("*.py"))] == before


@pytest.mark.parametrize("interrupt", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_what_breaks_off_in_the_middle_of_a_group_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, interrupt: BaseException
) -> None:
    tree(tmp_path)
    replace: Callable[..., None] = os.replace
    calls: list[object] = []

    def replaces_one(*arguments: Path) -> None:
        calls.append(arguments)
        if len(calls) == 2:
            raise interrupt
        replace(*arguments)

    monkeypatch.setattr(os, "replace", replaces_one)
    journal = Journal(tmp_path)
    with pytest.raises((KeyboardInterrupt, PatternlintError)):
        journal.write([Replacement(p, TIMED.encode(), FIXED.encode()) for p in sorted(tmp_path.glob("*.py"))])
    journal.close()
    assert is_untouched(tmp_path)
    assert strangers(tmp_path) == []


def test_what_was_not_written_is_nothing_to_undo(tmp_path: Path) -> None:
    tree(tmp_path)
    (tmp_path / "m001.py").chmod(0o444)
    assert patternlint_in(tmp_path, "--fix").status == 2
    (tmp_path / "m001.py").write_text("mine\n")
    ended = patternlint_in(tmp_path, "undo")
    assert (ended.status, ended.output) == (0, "2 files put back.\n")


def test_a_damaged_journal_stops_what_has_to_read_it(tmp_path: Path) -> None:
    tree(tmp_path)
    patternlint_in(tmp_path, "--fix", "m000.py")
    journal = tmp_path / NAME / "undo/journal.jsonl"
    journal.write_bytes(b"[]\n" + journal.read_bytes())
    assert "journal.jsonl: is damaged" in patternlint_in(tmp_path, "undo").output
    assert patternlint_in(tmp_path, "--fix").status == 0
    assert patternlint_in(tmp_path, "undo").output == "2 files put back.\n"
