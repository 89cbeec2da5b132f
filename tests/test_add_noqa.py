"""`--add-noqa`: a comment at each finding, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from project_tree import TIMED, patternlint, write_tree

from patternlint.acknowledgement import acknowledged
from patternlint.finding import Finding
from patternlint.source import Source

HERE = "    def wrapper(*args, **kwargs):"


def project(folder: Path, text: str, **files: str) -> Path:
    return write_tree(folder, {"pyproject.toml": "[tool.patternlint]\n", "a.py": text, **files})


def with_comment(text: str, *codes: str, row: int = 1) -> str:
    findings = [Finding(code, "name", "message", "a.py", row, 1, row, 2) for code in codes]
    return acknowledged(Source(Path("a.py"), text.encode()), findings).text


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("x = 1\n", "x = 1  # noqa: PAT501\n"),
        ("x = 1", "x = 1  # noqa: PAT501"),
        ("x = 1\r\n", "x = 1  # noqa: PAT501\r\n"),
        ("x = 1  \n", "x = 1  # noqa: PAT501  \n"),
        ("x = 1  # why\n", "x = 1  # why  # noqa: PAT501\n"),
        ("x = 1  # noqa: E501\n", "x = 1  # noqa: E501, PAT501\n"),
        ("x = 1  # noqa:E501 long\n", "x = 1  # noqa:E501, PAT501 long\n"),
        ("x = 1  # noqa: long\n", "x = 1  # noqa: PAT501 long\n"),
        ("x = 1  # noqa:\n", "x = 1  # noqa: PAT501\n"),
        ("x = 1  # noqa(PAT501)\n", "x = 1  # noqa: PAT501 (PAT501)\n"),
        ('x = """\n"""\n', 'x = """\n"""  # noqa: PAT501\n'),
        ("x = 1 + \\\n    1\n", "x = 1 + \\\n    1  # noqa: PAT501\n"),
    ],
)
def test_where_the_comment_goes(before: str, after: str) -> None:
    assert with_comment(before, "PAT501") == after


def test_several_on_one_line() -> None:
    assert with_comment("x = 1\n", "PAT501", "PAT305", "PAT501") == "x = 1  # noqa: PAT501, PAT305\n"


def test_what_was_found_is_silenced_and_can_be_taken_back(tmp_path: Path) -> None:
    project(tmp_path, TIMED.replace("\n", "\r\n"))
    before = (tmp_path / "a.py").read_bytes()
    result = patternlint("--add-noqa", cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "Added 1 noqa comment.\n")
    assert (tmp_path / "a.py").read_bytes() == before.replace(b"**kwargs):", b"**kwargs):  # noqa: PAT501", 1)
    assert patternlint(cwd=tmp_path).returncode == 0
    assert patternlint("undo", cwd=tmp_path).returncode == 0
    assert (tmp_path / "a.py").read_bytes() == before


def test_a_comment_that_silenced_nothing_is_mended(tmp_path: Path) -> None:
    project(tmp_path, TIMED.replace(HERE, f"{HERE}  # noqa: missing-functools-wraps"))
    assert patternlint("--add-noqa", cwd=tmp_path).returncode == 0
    assert f"{HERE}  # noqa: PAT501 missing-functools-wraps\n" in (tmp_path / "a.py").read_text()
    assert patternlint(cwd=tmp_path).returncode == 0


def test_what_no_comment_can_answer_for_is_left(tmp_path: Path) -> None:
    project(tmp_path, "x = 1  # noqa: PAT501\n", **{"b.py": "x = (\n"})
    assert patternlint("--add-noqa", cwd=tmp_path).stderr == "Added 0 noqa comments.\n"
    assert (tmp_path / "a.py").read_text() == "x = 1  # noqa: PAT501\n"


def test_only_what_is_selected_and_new(tmp_path: Path) -> None:
    project(tmp_path, TIMED)
    assert patternlint("--add-noqa", "--select", "PAT9", cwd=tmp_path).stderr == "Added 0 noqa comments.\n"
    patternlint("baseline", "--baseline", "known.json", cwd=tmp_path)
    assert "Added 0" in patternlint("--add-noqa", "--baseline", "known.json", cwd=tmp_path).stderr


def test_where_a_reason_is_required_none_is_made_up(tmp_path: Path) -> None:
    project(tmp_path, TIMED, **{"pyproject.toml": "[tool.patternlint]\nrequire-reason = true\n"})
    result = patternlint("--add-noqa", cwd=tmp_path)
    assert result.returncode == 2
    assert "gives no reasons" in result.stderr
    assert (tmp_path / "a.py").read_text() == TIMED
