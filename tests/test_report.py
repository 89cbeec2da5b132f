"""What people see: frames under unusual text, and progress for those who wait."""

from __future__ import annotations

import io
import time
from pathlib import Path

import pytest

from patternlint.finding import Applicability, Confidence, Edit, Evidence, FileEdits, Finding, Fix
from patternlint.report import concise
from patternlint.report import text as text_format
from patternlint.report.json import records
from patternlint.report.shown import Look, Shown
from patternlint.report.terminal import Progress, wants_colour
from patternlint.source import Source


def shown(text: str, row: int, column: int, end: tuple[int, int], **changes: object) -> str:
    source = Source(Path("/p/a.py"), text.encode())
    finding = Finding("PAT501", "missing-functools-wraps", "it hurts", "a.py", row, column, *end)
    return "\n".join(text_format.render([Shown(finding._replace(**changes), source, Path("/p"))], Look()))  # type: ignore[arg-type]


def test_carets_stand_under_the_code_behind_tabs_and_wide_characters() -> None:
    assert "2 |     x = '日' + y\n  |                ^\n" in shown("if z:\n\tx = '日' + y\n", 2, 12, (2, 13))


def test_carets_end_with_the_line() -> None:
    assert "1 | call(\n  | ^^^^^\n2 |     a)\n  |\n" in shown("call(\r\n    a)\r\n", 1, 1, (2, 7))


def test_a_long_line_is_shown_around_the_finding() -> None:
    text = shown("x = [" + "1, " * 100_000 + "bad]\n", 1, 300_006, (1, 300_009))
    assert len(text) < 1000
    assert "bad]" in text
    assert "^^^\n" in text


def test_the_end_of_a_file_without_a_last_line_end() -> None:
    assert "2 | y\n  | ^\n  |\n" in shown("x\ny", 2, 1, (2, 2))


@pytest.mark.parametrize(
    ("changes", "lines"),
    [
        ({"why_not_fixed": "no-place"}, ["note: not fixed: no-place: there is no place"]),
        ({"fix": Fix("do it", Applicability.SAFE, ())}, ["[*]", "fix: do it\n"]),
        (
            {"fix": Fix("do it", Applicability.UNSAFE, ()), "why_not_fixed": "runtime-not-declared"},
            ["fix: do it (with --unsafe-fixes)", "note: why it is not safe: runtime-not-declared: the fix imports"],
        ),
        (
            {"fix": Fix("do it", Applicability.DISPLAY, ()), "why_not_fixed": "no-place"},
            ["fix: do it (by hand)", "note: not fixed: no-place"],
        ),
        ({"confidence": Confidence.MEDIUM, "why_not_fixed": "no-place"}, ["PAT501 (medium) it hurts"]),
        ({"evidence": (Evidence("b.py", 3, "here"),), "why_not_fixed": "no-place"}, ["= /p/b.py:3: here"]),
        ({"help": "do that", "why_not_fixed": "no-place"}, ["\nhelp: do that\n"]),
    ],
)
def test_reasons_evidence_and_help(changes: dict[str, object], lines: list[str]) -> None:
    text = shown("x = 1\n", 1, 1, (1, 2), **changes)
    for line in lines:
        assert line in text


def test_tools_do_not_apply_a_part_of_a_fix_over_several_files() -> None:
    fix = Fix("move it", Applicability.SAFE, (Edit(0, 1, "y"),))
    finding = Finding("PAT501", "missing-functools-wraps", "it hurts", "a.py", 1, 1, 1, 2)
    source = Source(Path("/p/a.py"), b"x\n")
    for elsewhere, applicability in [((), "safe"), ((FileEdits("b.py", ()),), "display")]:
        one = Shown(finding._replace(fix=fix._replace(elsewhere=elsewhere)), source, Path("/p"))
        (record,) = records([one])
        assert record["fix"]["applicability"] == applicability
        assert record["fix"]["whole_applicability"] == "safe"


def test_paths_are_shown_from_the_working_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    finding = Finding("PAT501", "name", "it hurts", "sub/a.py", 1, 2, 1, 3)
    assert list(concise.render([Shown(finding, None, tmp_path)], Look())) == ["sub/a.py:1:2: PAT501 it hurts"]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_progress_is_for_terminals_and_for_those_who_waited(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    stream = Terminal()
    progress = Progress(10, stream, wanted=True)
    now = 100.5
    progress.step(1, "a.py")
    assert stream.getvalue() == ""
    now = 101.1
    progress.step(2, "b\x1b.py")
    assert stream.getvalue() == "\r\x1b[2K[====                ] 2/10 b\\x1b.py"
    now = 101.15
    progress.step(3, "c.py")
    progress.clear()
    assert stream.getvalue() == "\r\x1b[2K[====                ] 2/10 b\\x1b.py\r\x1b[2K"

    silent = io.StringIO()
    progress = Progress(10, silent, wanted=True)
    now = 200.0
    progress.step(1, "a.py")
    progress.clear()
    assert silent.getvalue() == ""


def test_colour_goes_by_choice_environment_and_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    assert wants_colour("auto", Terminal())
    assert not wants_colour("auto", io.StringIO())
    assert wants_colour("always", io.StringIO())
    assert not wants_colour("never", Terminal())
    monkeypatch.setenv("TERM", "dumb")
    assert not wants_colour("auto", Terminal())
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert wants_colour("auto", io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    assert not wants_colour("auto", Terminal())
