"""PAT001 and PAT002: what is said of comments that speak to patternlint, and how the unused ones go."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from project_tree import TIMED, patternlint, run, write_tree

from patternlint.config import Settings
from patternlint.engine import Engine
from patternlint.finding import Confidence, Finding
from patternlint.fixer import fix
from patternlint.project import Project
from patternlint.source import Source

HERE = "    def wrapper(*args, **kwargs):"


def engine(folder: Path, text: str, *, ignoring: str = "", **settings: Any) -> tuple[Engine, Source]:
    write_tree(folder, {"a.py": text})
    made = Settings(folder, **settings)
    return Engine(made, Project(folder, made, [folder / "a.py"]), ignoring=ignoring), Source.read(folder / "a.py")


def found(folder: Path, text: str, *, ignoring: str = "", **settings: Any) -> list[Finding]:
    checker, source = engine(folder, text, ignoring=ignoring, **settings)
    return [finding for finding in checker.check(source) if finding.code in ("PAT001", "PAT002")]


def fixed(folder: Path, text: str, **settings: Any) -> str:
    checker, source = engine(folder, text, **settings)
    result = fix(source, checker)
    assert not result.failed
    return result.source.text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1  # noqa: PAT501\n", "x = 1\n"),
        ("x = 1  # noqa: PAT501", "x = 1"),
        ("x = 1  # noqa: PAT501\r\n", "x = 1\r\n"),
        ("x = 1  # noqa: E501, PAT501\n", "x = 1  # noqa: E501\n"),
        ("x = 1  # noqa: PAT501,E501 it is long\n", "x = 1  # noqa: E501 it is long\n"),
        ("x = 1  # noqa: PAT501, PAT305\n", "x = 1\n"),
        ("x = 1  # noqa: PAT501 -- short-lived\n", "x = 1\n"),
        ("x = 1  # noqa: PAT501 for a reason\n", "x = 1  # for a reason\n"),
        ("x = 1  # why  # noqa: PAT501\n", "x = 1  # why\n"),
        ("x = 1  # noqa: PAT501  # why\n", "x = 1  # why\n"),
        ("x = 1  # type: ignore[attr]  # noqa: PAT501\n", "x = 1  # type: ignore[attr]\n"),
        ("x = 1  # patternlint: ignore[PAT501, missing-functools-wraps] -- yes\n", "x = 1\n"),
        ("x = 1  # patternlint: ignore[PAT501]  # noqa: E501\n", "x = 1  # noqa: E501\n"),
        ("# patternlint: ignore[PAT501]\nx = 1\n", "x = 1\n"),
        ("# why  # patternlint: ignore[PAT501]\nx = 1\n", "# why\nx = 1\n"),
        ("x = 1\n# patternlint: file-ignore[PAT501]", "x = 1\n"),
        ("# patternlint: disable[PAT501]\nx = 1\n# patternlint: enable[PAT501]\n", "x = 1\n"),
        ('x = """\n"""  # noqa: PAT501\n', 'x = """\n"""\n'),
        ("x = 1  # noqa: PAT501  # patternlint: ignore[PAT501]\n", "x = 1\n"),
    ],
)
def test_an_unused_one_goes_and_the_rest_of_the_comment_stays(tmp_path: Path, before: str, after: str) -> None:
    findings = found(tmp_path, before)
    assert {finding.code for finding in findings} == {"PAT001"}
    assert fixed(tmp_path, before) == after


def test_of_several_rules_those_stay_that_are_needed(tmp_path: Path) -> None:
    text = TIMED.replace(HERE, f"{HERE}  # patternlint: ignore[PAT305, missing-functools-wraps] -- yes")
    assert "ignore[missing-functools-wraps] -- yes\n" in fixed(tmp_path, text)
    block = TIMED.replace(
        HERE, f"    # patternlint: disable[PAT305, PAT501]\n{HERE}\n        # patternlint: enable[PAT501, PAT305]"
    )
    left = fixed(tmp_path, block)
    assert "# patternlint: disable[PAT501]\n" in left
    assert "# patternlint: enable[PAT501]\n" in left


@pytest.mark.parametrize(
    "comment",
    ["# noqa: PAT501", "# noqa: PAT5", "# patternlint: ignore[PAT501]", "# patternlint: ignore[decorator]"],
)
def test_one_that_is_needed_is_none(tmp_path: Path, comment: str) -> None:
    assert found(tmp_path, TIMED.replace(HERE, f"{HERE}  {comment}"), preview=True) == []


def test_one_that_silences_what_is_not_sure_enough_to_be_shown_is_needed(tmp_path: Path) -> None:
    unused = TIMED.partition("\n\n@timed")[0].replace("timed", "decorate")
    text = unused.replace(HERE, f"{HERE}  # noqa: PAT501")
    assert found(tmp_path, text) == []
    assert fixed(tmp_path, text) == text


@pytest.mark.parametrize(
    ("text", "settings"),
    [
        ("x = 1  # noqa\n", {}),
        ("x = 1  # noqa: E501\n", {}),
        ("x = 1  # noqa: PAT999\n", {}),  # it may be another tool's
        ("x = 1  # noqa: PAT501\n", {"select": ("PAT3", "PAT0")}),
        ("x = 1  # noqa: PAT501\n", {"ignore": ("PAT501",)}),
        ("x = 1  # noqa: PAT501\n", {"ignore": ("unused-suppression", "PAT001")}),
        ("x = 1  # noqa: PAT501\n", {"select": ("PAT501",)}),
        ("x = 1  # noqa: PAT501, PAT001\n", {}),
        ("x = 1  # patternlint: ignore\n", {}),  # preview rules have not run
        ('x = "# noqa: PAT501"\n', {}),
        ("x = 1  # noqa: PAT501\n", {"per_file_ignores": (("a.py", ("PAT001",)),)}),
        ("# patternlint: skip-file\nx = 1  # noqa: PAT501\n", {}),
        ("x = (  # noqa: PAT501\n", {}),
    ],
)
def test_what_cannot_be_judged_or_is_not_to_be_is_left_alone(tmp_path: Path, text: str, settings: Any) -> None:
    assert found(tmp_path, text, **settings) == []


def test_a_host_judges_its_own_comments(tmp_path: Path) -> None:
    assert found(tmp_path, "x = 1  # noqa: PAT501\n", ignoring="noqa") == []
    assert [f.code for f in found(tmp_path, "x = 1  # patternlint: ignore[PAT501]\n", ignoring="noqa")] == ["PAT001"]


def test_one_that_cannot_be_read_is_said_so_where_it_counts(tmp_path: Path) -> None:
    (finding,) = found(tmp_path, "x = 1  # patternlint: ignore[missing-functool-wraps]\n")
    assert (finding.code, finding.confidence, finding.row, finding.column) == ("PAT002", Confidence.HIGH, 1, 8)
    assert "'missing-functools-wraps'" in finding.help
    assert found(tmp_path, "x = 1  # noqa: functools\n") == []  # nothing of ours stands there
    (finding,) = found(tmp_path, TIMED.replace(HERE, f"{HERE}  # noqa: missing-functools-wraps"))
    assert finding.message.startswith("'# noqa:' names no code")


def test_a_missing_reason_is_said_at_the_finding(tmp_path: Path) -> None:
    text = TIMED.replace(HERE, f"{HERE}  # patternlint: ignore[PAT501]")
    checker, source = engine(tmp_path, text, require_reason=True)
    (finding,) = checker.check(source)
    assert finding.code == "PAT501"
    assert "gives no reason" in finding.help
    checker, source = engine(tmp_path, text.replace("501]", "501] -- it is short-lived"), require_reason=True)
    assert checker.check(source) == []


def test_a_comment_above_a_statement_stays_above_it_when_a_decorator_comes(tmp_path: Path) -> None:
    comment = "    # patternlint: ignore[PAT305]\n"
    text = fixed(tmp_path, TIMED.replace(HERE, comment + HERE), select=("PAT501",))
    assert comment + "    @functools.wraps(function)\n" + HERE in text


# ---- as users meet it


def test_the_command_line_reports_and_repairs(tmp_path: Path) -> None:
    write_tree(tmp_path, {"pyproject.toml": "[tool.patternlint]\n", "a.py": "x = 1  # noqa: PAT501\n"})
    result = patternlint("--output-format", "json", cwd=tmp_path)
    (record,) = json.loads(result.stdout)
    assert (result.returncode, record["code"], record["name"]) == (1, "PAT001", "unused-suppression")
    assert patternlint("--output-format", "json", cwd=tmp_path).stdout == result.stdout  # from the cache
    assert patternlint("--ignore", "unused-suppression", cwd=tmp_path).returncode == 0
    assert patternlint("--fix", cwd=tmp_path).returncode == 0
    assert (tmp_path / "a.py").read_text() == "x = 1\n"
    assert "PAT001" in patternlint("rule", "unused-suppression", cwd=tmp_path).stdout


def test_a_repair_may_make_a_comment_superfluous(tmp_path: Path) -> None:
    text = TIMED.replace(HERE, "    # patternlint: ignore[PAT305]\n" + HERE)
    write_tree(tmp_path, {"pyproject.toml": "[tool.patternlint]\n", "a.py": text})
    result = patternlint("--fix", cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert "patternlint:" not in (tmp_path / "a.py").read_text()
    assert "@functools.wraps" in (tmp_path / "a.py").read_text()


def test_flake8_shows_what_is_said_of_our_own_comments(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "pyproject.toml": "[tool.patternlint]\n",
            "a.py": "x = 1  # patternlint: ignore[PAT501]\ny = 1  # patternlint: ignroe[PAT501]\n# noqa: PAT501\n",
        },
    )
    result = run("flake8", "--isolated", "--select", "PAT", "a.py", cwd=tmp_path)
    assert [line.split()[:2] for line in result.stdout.splitlines()] == [
        ["a.py:1:8:", "PAT001"],
        ["a.py:2:8:", "PAT002"],
    ]
