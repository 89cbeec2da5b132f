"""--verify keeps what the user's command passes with, and nothing else; whatever goes wrong, nothing is lost."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from math import ceil, log2
from pathlib import Path

import pytest
from crashes import Ended, deaths, patternlint_in
from project_tree import FIXED, TIMED, as_from_a_terminal, write_tree

from patternlint.cache_folder import NAME
from patternlint.errors import PatternlintError
from patternlint.fixer import Change
from patternlint.journal import Journal
from patternlint.repairs import Journals, Proposal
from patternlint.source import Source
from patternlint.trial import Disk
from patternlint.user_command import UserCommand
from patternlint.write import Replacement

LONG_AGO = 1_500_000_000_123_456_789


def project(folder: Path, count: int, check: str) -> Path:
    """A project of files that can be fixed, beside a script that says whether it works."""
    write_tree(folder, {"patternlint.toml": "", **{f"m{i:03}.py": TIMED for i in range(count)}})
    for path in folder.glob("*.py"):
        os.utime(path, ns=(LONG_AGO, LONG_AGO))
    # each run leaves a line in `runs`
    write_tree(folder.parent, {f"{folder.name}.check": f"echo run >> ../{folder.name}.runs\n{check}\n"})
    return folder


def bad(*numbers: int) -> str:
    """A check that fails as soon as one of these files is fixed."""
    lines = [f"if grep -q functools.wraps m{n:03}.py; then echo 'm{n:03} is broken'; exit 3; fi" for n in numbers]
    return "\n".join(lines)


def verify(folder: Path, *more: str, dies_at: int = 0) -> Ended:
    command = f"sh ../{folder.name}.check"
    arguments = ("--fix", "--select", "PAT501", "--output-format", "concise", "--verify", command, *more)
    return patternlint_in(folder, *arguments, dies_at=dies_at)


def runs(folder: Path) -> int:
    log = folder.parent / f"{folder.name}.runs"
    return log.read_text().count("run") if log.exists() else 0


def fixed(folder: Path) -> list[int]:
    contents = {int(path.stem[1:]): path.read_text() for path in sorted(folder.glob("*.py"))}
    assert set(contents.values()) <= {TIMED, FIXED}
    return [number for number, content in contents.items() if content == FIXED]


def is_untouched(folder: Path) -> bool:
    return fixed(folder) == [] and {path.stat().st_mtime_ns for path in folder.glob("*.py")} == {LONG_AGO}


# ---- the verdict


def test_what_passes_stays_after_one_run(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", 5, "true")
    ended = verify(folder)
    assert ended.status == 0
    assert ended.output.startswith("verify: run 1, with 5 fixes: passed (")
    assert ended.output.endswith("Found 5 findings (5 fixed, 0 remaining).\n")
    assert (fixed(folder), runs(folder)) == ([0, 1, 2, 3, 4], 1)
    assert patternlint_in(folder, "undo").status == 0
    assert is_untouched(folder)


def test_nothing_is_run_where_there_is_nothing_to_fix(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", 0, "false")
    write_tree(folder, {"m000.py": FIXED})
    ended = verify(folder)
    assert (ended.status, runs(folder)) == (0, 0)
    assert "there is nothing to fix, so the command was not run" in ended.output


@pytest.mark.parametrize("culprits", [[19], [0], [5, 31]])
def test_fixes_at_fault_are_found_with_few_runs(tmp_path: Path, culprits: Sequence[int]) -> None:
    folder = project(tmp_path / "p", 32, bad(*culprits))
    ended = verify(folder)
    assert ended.status == 1
    assert fixed(folder) == [n for n in range(32) if n not in culprits]
    assert runs(folder) <= 2 + 2 * ceil(log2(32)) * len(culprits)
    for number in culprits:
        assert (
            f"m{number:03}.py:5: PAT501 was not fixed: 'sh ../p.check' fails with the fix (exit status 3): "
            in ended.output
        )
        assert f"\n  m{number:03} is broken\n" in ended.output
        assert (folder / f"m{number:03}.py").stat().st_mtime_ns == LONG_AGO
        assert f"\nm{number:03}.py:5:9: PAT501 tracebacks" in ended.output  # no longer one that can be fixed
    assert "fixable with" not in ended.output
    assert f"Found 32 findings ({32 - len(culprits)} fixed, {len(culprits)} remaining)." in ended.output


def test_one_of_several_fixes_of_a_file(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", 1, "test $(grep -c functools.wraps m001.py) -lt 3")
    three = "import functools\n" + "".join(
        TIMED.removeprefix("import functools\n").replace("timed", f"timed{i}").replace("pay", f"pay{i}")
        for i in range(3)
    )
    write_tree(folder, {"m001.py": three})
    ended = verify(folder)
    assert ended.status == 1
    assert "(3 fixed, 1 remaining)" in ended.output
    assert (folder / "m001.py").read_text().count("functools.wraps") == 2
    assert (folder / "m000.py").read_text() == FIXED
    patternlint_in(folder, "undo")
    assert (folder / "m001.py").read_text() == three


def test_no_fix_passes(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", 2, bad(0, 1))
    assert verify(folder).status == 1
    assert is_untouched(folder)
    assert "nothing to undo" in patternlint_in(folder, "undo").output


def test_quiet_and_exit_zero(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", 2, bad(1))
    ended = verify(folder, "-q", "--exit-zero")
    assert ended.status == 0
    assert "verify: run" not in ended.output
    assert "m001.py:5: PAT501 was not fixed" in ended.output
    assert fixed(folder) == [0]


def test_no_two_contents_of_a_file_have_the_same_second(tmp_path: Path) -> None:
    note = "for f in m*.py; do echo $f $(cksum < $f | tr ' ' -) $(stat -c %Y $f) >> ../times; done\n"
    folder = project(tmp_path / "p", 8, note + bad(2, 5))
    verify(folder)
    seen = {tuple(line.split()) for line in (tmp_path / "times").read_text().splitlines()}
    assert len(seen) == len({(name, time) for name, _, time in seen}) == len({(name, sum) for name, sum, _ in seen})


def test_python_never_runs_a_stale_pyc(tmp_path: Path) -> None:
    """Of two contents with one size, within one second, each is what is run while it is there."""
    folder = write_tree(tmp_path / "p", {"patternlint.toml": "", "m.py": "X = 1\n", "empty.py": ""})
    journals = Journals([folder], verify=True, recovered=lambda *_: None)
    disk = Disk(journals)
    seen = []
    for number in (1, 2, 1, 3, 2, 1):
        proposal = Proposal()
        source, other = (Source(folder / "m.py", b"X = %d\n" % n) for n in (1, number))
        proposal.take(folder, [Change(source, other)])
        disk.put(proposal)
        output = subprocess.run(
            [sys.executable, "-c", "import m; print(m.X)"], cwd=folder, capture_output=True, check=True
        )
        seen.append(int(output.stdout))
    journals.abandon()
    journals.close()
    assert seen == [1, 2, 1, 3, 2, 1]


# ---- commands that do not do what they should


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--fix", "--verify", "no-such-command -q"], "there is no command 'no-such-command'; nothing was changed"),
        (["--fix", "--verify", "./patternlint.toml"], "there is no command './patternlint.toml'"),
        (["--fix", "--verify", "pytest 'x"], "No closing quotation"),
        (["--fix", "--verify", ""], "--verify needs a command"),
        (["--verify", "true"], "--verify goes with --fix"),
        (["--fix", "--diff", "--verify", "true"], "--verify does not go with --diff"),
        (["--fix", "--verify", "true", "-"], "--verify does not go with standard input"),
        (["--fix", "--verify-timeout", "5"], "--verify-timeout goes with --verify"),
    ],
)
def test_commands_that_cannot_be(tmp_path: Path, arguments: list[str], message: str) -> None:
    folder = project(tmp_path / "p", 1, "true")
    ended = patternlint_in(folder, *arguments)
    assert ended.status == 2
    assert ended.output.startswith("error: ")
    assert message in ended.output
    assert "\nhelp: " in ended.output
    assert is_untouched(folder)


def test_a_command_is_run_in_the_users_words() -> None:
    outcome = UserCommand("printf '%s|' 'two words' $HOME ; '&&' ''").run()
    assert outcome.passed
    assert outcome.tail == ("two words|$HOME|;|&&||",)


def test_the_tail_of_much_output() -> None:
    outcome = UserCommand("""sh -c 'seq 100000; echo "" ; printf "\\033[31mred"; exit 7'""").run()
    assert (outcome.how, len(outcome.tail), outcome.tail[-2]) == ("exit status 7", 20, "100000")


def test_a_command_that_does_not_end(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", 2, "if grep -q functools.wraps m001.py; then sleep 60; fi")
    started = time.monotonic()
    ended = verify(folder, "--verify-timeout", "0.3")
    assert time.monotonic() - started < 30
    assert ended.status == 1
    assert "m001.py:5: PAT501 was not fixed: 'sh ../p.check' fails with the fix (no end within 0.3 s)" in ended.output
    assert fixed(folder) == [0]


@pytest.mark.parametrize(
    ("check", "message", "remedy"),
    [
        ("echo always; exit 1", "fails on the files as they were, too (exit status 1)", "make it pass first"),
        (
            "sleep 60",
            "fails on the files as they were, too (no end within 0.3 s)",
            "give it more time with --verify-timeout",
        ),
        ("kill -KILL $$", "was killed by SIGKILL, so nothing can be said of the fixes", "run again"),
    ],
)
def test_commands_that_tell_nothing(tmp_path: Path, check: str, message: str, remedy: str) -> None:
    folder = project(tmp_path / "p", 2, check)
    ended = verify(folder, "--verify-timeout", "0.3")
    assert ended.status == 2
    assert f"error: --verify: 'sh ../p.check' {message}\nhelp: {remedy}; " in ended.output
    assert "Found 2 findings.\n[*] 2 fixable with `--fix`." in ended.output
    assert is_untouched(folder)
    assert "nothing to undo" in patternlint_in(folder, "undo").output


def test_all_that_a_command_started_ends_with_it(tmp_path: Path) -> None:
    (tmp_path / "starts").write_text(f"sleep 60 & echo $! > {tmp_path}/pid; wait")
    command = UserCommand(f"sh -c 'sh {tmp_path}/starts'", 0.5)
    assert command.run().timed_out
    number = int((tmp_path / "pid").read_text())
    for _ in range(100):
        if not Path(f"/proc/{number}/cmdline").exists() or not Path(f"/proc/{number}/cmdline").read_bytes():
            return
        time.sleep(0.05)
    pytest.fail("a process is left")


def test_a_command_that_changes_the_files_itself(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", 3, "echo '# formatted' >> m001.py; exit 1")
    ended = verify(folder)
    assert ended.status == 2
    assert f"error: {folder}/m001.py: changed since it was read" in ended.output
    assert f"error: {folder}/m001.py: was not put back: changed since" in ended.output
    assert (folder / "m001.py").read_text() == FIXED + "# formatted\n"
    assert [(folder / name).read_text() for name in ("m000.py", "m002.py")] == [TIMED, TIMED]
    (kept,) = (folder / NAME / "undo").glob("kept-*.jsonl")
    assert "contents" in json.loads(kept.read_text().splitlines()[1])


# ---- files that cannot be written


def test_fixes_that_cannot_be_written_are_no_part_of_the_trial(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", 3, "true")
    (folder / "m001.py").chmod(0o444)
    ended = verify(folder)
    assert ended.status == 2
    assert f"error: {folder}/m001.py: is read-only" in ended.output
    assert fixed(folder) == [0, 2]


# ---- trials that are broken off


def started(folder: Path) -> subprocess.Popen[str]:
    """A trial whose command is at work."""
    command = ["--fix", "--select", "PAT501", "--verify", f"sh ../{folder.name}.check"]
    process = subprocess.Popen(
        [sys.executable, "-m", "patternlint", *command],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=as_from_a_terminal,
    )
    while not runs(folder) and process.poll() is None:
        time.sleep(0.01)
    assert fixed(folder) == [0, 1, 2]
    return process


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_interrupted(tmp_path: Path, number: signal.Signals, status: int) -> None:
    folder = project(tmp_path / "p", 3, "sleep 60")
    process = started(folder)
    second = patternlint_in(folder, "--fix")
    assert second.status == 2
    assert f"another patternlint (process {process.pid}) is changing this project" in second.output
    process.send_signal(number)
    output, _ = process.communicate(timeout=30)
    assert process.returncode == status
    assert "with 3 fixes: stopped\n" in output
    assert "--verify did not come to its end: 3 files were put back" in output
    assert is_untouched(folder)


@pytest.mark.parametrize(
    "next_call", [["undo"], ["--fix", "--select", "PAT9"], ["--fix", "--verify", "true", "--select", "PAT9"]]
)
def test_killed_is_put_back_by_the_next_call(tmp_path: Path, next_call: list[str]) -> None:
    folder = project(tmp_path / "p", 3, "sleep 3")
    process = started(folder)
    process.kill()
    process.communicate(timeout=30)
    assert patternlint_in(folder).status == 0
    assert fixed(folder) == [0, 1, 2]
    ended = patternlint_in(folder, *next_call)
    assert ended.status == 0
    assert "3 files were put back" in ended.output or "3 files put back" in ended.output
    assert is_untouched(folder)


def test_killed_at_every_step(tmp_path: Path) -> None:
    def run(step: int) -> Ended:
        return verify(project(tmp_path / str(step), 2, bad(1)), dies_at=step)

    for step in deaths(run, stride=3):
        folder = tmp_path / str(step)
        assert patternlint_in(folder, "--fix", "--select", "PAT9", "-q").status == 0
        assert fixed(folder) == [0] or is_untouched(folder)
        patternlint_in(folder, "undo")
        assert is_untouched(folder)
        assert not list(folder.glob(".patternlint-*"))


def test_a_plain_run_that_was_cut_short_can_be_undone_with_the_trial_behind_it(tmp_path: Path) -> None:
    folder = project(tmp_path / "p", 3, bad(1))
    journal = Journal(folder)
    journal.write([Replacement(folder / "m002.py", TIMED.encode(), FIXED.encode())])
    journal.close()
    assert verify(folder).status == 1
    assert fixed(folder) == [0, 2]
    patternlint_in(folder, "undo")
    assert is_untouched(folder)


def test_a_command_without_a_file() -> None:
    with pytest.raises(PatternlintError, match="there is no command"):
        UserCommand("/nowhere/at/all")
