"""Where output goes and how much of it: files, silence, counts, colours, progress; what contradicts itself is named."""

from __future__ import annotations

import json
import os
import pty
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest
from project_tree import TIMED, as_from_a_terminal, patternlint, write_tree

from patternlint.report.formats import FORMATS


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_tree(tmp_path, {"patternlint.toml": "", "a.py": TIMED, "b.py": TIMED})


# ---- files


@pytest.mark.parametrize("output_format", FORMATS)
def test_a_file_gets_what_standard_output_would(project: Path, output_format: str) -> None:
    expected = patternlint("--output-format", output_format, cwd=project)
    result = patternlint("--output-format", output_format, "--output-file", "report", cwd=project)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", "")
    assert (project / "report").read_text() == expected.stdout
    assert patternlint("merge", "-o", "merged", "report", cwd=project).returncode == (
        1 if output_format == "json" else 2
    )
    assert sorted(name for name in os.listdir(project) if "patternlint-" in name) == []


def test_a_file_stays_what_it_was_until_the_report_is_complete(project: Path) -> None:
    write_tree(project, {"report": "old", **{f"m{i}.py": TIMED for i in range(300)}})
    command = [
        sys.executable,
        "-m",
        "patternlint",
        "-o",
        "report",
        "--no-cache",
        "--jobs",
        "1",
        "--output-format",
        "json",
    ]
    process = subprocess.Popen(command, cwd=project, stderr=subprocess.PIPE, preexec_fn=as_from_a_terminal)
    time.sleep(0.3)
    process.send_signal(signal.SIGINT)
    process.communicate(timeout=60)
    if process.returncode in (130, -signal.SIGINT):  # the latter before our own code runs
        assert (project / "report").read_text() == "old"
    else:
        json.loads((project / "report").read_text())
    assert [name for name in os.listdir(project) if name.startswith(".patternlint-")] == []


def test_a_new_report_keeps_the_mode_and_the_link_of_the_old_one(project: Path) -> None:
    write_tree(project, {"reports/old": "old"})
    (project / "reports/old").chmod(0o640)
    (project / "report").symlink_to("reports/old")
    patternlint("-o", "report", "--output-format", "concise", "-q", cwd=project)
    assert (project / "report").is_symlink()
    assert (project / "reports/old").read_text().count("PAT501") == 2
    assert stat.S_IMODE((project / "reports/old").stat().st_mode) == 0o640


def test_devices_and_pipes_are_written_to(project: Path) -> None:
    assert patternlint("-o", "/dev/null", cwd=project).returncode == 1
    assert stat.S_ISCHR(os.stat("/dev/null").st_mode)
    assert "PAT501" in patternlint("-o", "/dev/stdout", cwd=project).stdout
    os.mkfifo(project / "pipe")
    reader = subprocess.Popen(["cat", "pipe"], cwd=project, stdout=subprocess.PIPE, text=True)
    patternlint("-o", "pipe", cwd=project)
    assert "PAT501" in reader.communicate(timeout=60)[0]


@pytest.mark.parametrize(
    ("file", "why"),
    [
        ("no/such/report", "there is no folder "),
        ("a.py/report", "there is no folder "),
        (".", "it is a folder"),
    ],
)
def test_a_file_that_cannot_be_written_is_named_at_once(project: Path, file: str, why: str) -> None:
    for arguments in ([], ["merge", "nothing.json"]):
        result = patternlint(*arguments, "--output-file", file, cwd=project)
        assert (result.returncode, result.stdout) == (2, "")
        assert result.stderr.startswith(f"error: {file}: cannot be written: {why}")
        assert "\nhelp: " in result.stderr


def test_a_file_that_cannot_be_written_at_the_end_is_an_error(project: Path) -> None:
    result = patternlint("-o", "/dev/full", cwd=project)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: /dev/full: cannot be written: No space left on device\nhelp: ")


def test_repaired_standard_input_and_the_report_go_different_ways(project: Path) -> None:
    result = patternlint("-", "--fix", "-o", "report", "--output-format", "json", cwd=project, input=TIMED)
    assert "@functools.wraps" in result.stdout
    assert json.loads((project / "report").read_text()) == []


# ---- how much


def test_silence(project: Path) -> None:
    result = patternlint("--silent", ".", "nowhere.py", cwd=project)
    assert (result.returncode, result.stdout, result.stderr) == (2, "", "")
    result = patternlint("-s", "-o", "report", cwd=project)
    assert (result.returncode, result.stdout, result.stderr) == (1, "", "")
    assert "Found" not in (project / "report").read_text()
    assert (project / "report").read_text().count("PAT501") == 2


def test_quiet_is_findings_and_errors_alone(project: Path) -> None:
    result = patternlint("--quiet", "--output-format", "concise", ".", "nowhere.py", cwd=project)
    assert [line.split(":")[0] for line in result.stdout.splitlines()] == ["a.py", "b.py"]
    assert result.stderr.startswith("error: ")


@pytest.mark.parametrize("output_format", ["text", "concise", "grouped"])
def test_statistics_for_people(project: Path, output_format: str) -> None:
    result = patternlint("--statistics", "--output-format", output_format, cwd=project)
    assert result.stdout.splitlines()[:2] == ["2\tPAT501\t[*] missing-functools-wraps", "Found 2 findings."]


def test_statistics_as_json(project: Path) -> None:
    counts = json.loads(patternlint("--statistics", "--output-format", "json", cwd=project).stdout)
    name = "missing-functools-wraps"
    assert counts == [{"code": "PAT501", "name": name, "count": 2, "fixable": True, "fixable_count": 2}]
    assert patternlint("--statistics", "--output-format", "json", "--ignore", "ALL", cwd=project).stdout == "[]\n"


def test_what_was_fixed_is_listed(project: Path) -> None:
    result = patternlint("--fix", "--show-fixes", cwd=project)
    assert result.stdout.splitlines() == [
        "Fixed 2 findings:",
        "- a.py:",
        "    1 x PAT501 (missing-functools-wraps)",
        "- b.py:",
        "    1 x PAT501 (missing-functools-wraps)",
        "",
        "Found 2 findings (2 fixed, 0 remaining).",
    ]
    assert "Fixed" not in patternlint("--fix", "--show-fixes", cwd=project).stdout
    (project / "a.py").write_text(TIMED)
    assert json.loads(patternlint("--fix", "--show-fixes", "--output-format", "json", cwd=project).stdout) == []


def test_a_run_that_fixed_something_can_fail(project: Path) -> None:
    assert patternlint("--fix", "--exit-non-zero-on-fix", "-s", cwd=project).returncode == 1
    assert patternlint("--fix", "--exit-non-zero-on-fix", "-s", cwd=project).returncode == 0


# ---- what contradicts itself


@pytest.mark.parametrize(
    ("arguments", "message", "remedy"),
    [
        (["--output-format", "sariff"], "unknown output format 'sariff'", "did you mean 'sarif'?"),
        (["--output-format", "JSON"], "unknown output format 'JSON'", "did you mean 'json'?"),
        (["--output-format", "xyzzy"], "unknown output format 'xyzzy'", "known are "),
        (["merge", "--output-format", "hmtl", "x"], "unknown output format 'hmtl'", "did you mean 'html'?"),
        (
            ["--statistics", "--output-format", "html"],
            "--statistics does not go with --output-format html",
            "it goes with text, concise, grouped, json",
        ),
        (["-q", "-s"], "--quiet does not go with --silent", "leave one of them out"),
        (["-q", "-v"], "--quiet does not go with --verbose", "leave one of them out"),
        (["-s", "-v"], "--silent does not go with --verbose", "leave one of them out"),
        (["--diff", "--show-fixes"], "--show-fixes does not go with --diff", "leave one of them out"),
        (["--diff", "-o", "x"], "--output-file does not go with --diff", "leave one of them out"),
        (["--show-files", "-o", "x"], "--output-file does not go with --show-files", "leave one of them out"),
        (["--show-settings", "-o", "x"], "--output-file does not go with --show-settings", "leave one of them out"),
    ],
)
def test_options_that_are_wrong_or_contradict(project: Path, arguments: list[str], message: str, remedy: str) -> None:
    result = patternlint(*arguments, cwd=project)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {message}\nhelp: {remedy}")
    assert not (project / "x").exists()


# ---- terminals


def test_colours_go_by_the_environment(project: Path) -> None:
    def coloured(*arguments: str, **environment: str) -> bool:
        return "\x1b[" in patternlint(*arguments, cwd=project, environment=environment).stdout

    assert not coloured()
    assert coloured(FORCE_COLOR="1")
    assert not coloured(FORCE_COLOR="1", NO_COLOR="1")
    assert coloured("--color", "always", NO_COLOR="1")
    assert not coloured("--color", "never", FORCE_COLOR="1")
    for output_format in FORMATS:
        if not FORMATS[output_format].for_people:
            assert not coloured("--output-format", output_format, FORCE_COLOR="1")


def seen_on_a_terminal(folder: Path, *arguments: str, term: str = "xterm") -> str:
    """What a terminal gets from standard error while standard output goes elsewhere, of a run that takes a while."""
    code = (
        "import sys, patternlint.report.terminal as terminal; terminal.Progress._PATIENCE = terminal.Progress._PERIOD = 0;"
        "from patternlint.cli import main; sys.exit(main(sys.argv[1:]))"
    )
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=folder, stdout=subprocess.DEVNULL, stderr=theirs, env={**os.environ, "TERM": term, "COLUMNS": "60"},
    )  # fmt: skip
    os.close(theirs)
    seen = b""
    try:
        while data := os.read(ours, 4096):
            seen += data
    except OSError:
        pass  # how Linux says that the other side is closed
    finally:
        os.close(ours)
        process.wait(60)
    return seen.decode()


def test_a_bar_shows_how_far_a_long_run_is(project: Path) -> None:
    seen = seen_on_a_terminal(project, ".")
    assert "\r\x1b[2K[                    ] 0/2 a.py" in seen
    assert "\r\x1b[2K[==========          ] 1/2 b.py" in seen
    assert seen.endswith("\r\x1b[2K")
    assert all(len(line.removeprefix("\x1b[2K")) < 60 for line in seen.split("\r"))


@pytest.mark.parametrize(("arguments", "term"), [(["-q"], "xterm"), (["-s"], "xterm"), ([], "dumb")])
def test_no_bar_where_it_is_not_wanted(project: Path, arguments: list[str], term: str) -> None:
    assert seen_on_a_terminal(project, *arguments, ".", term=term) == ""
