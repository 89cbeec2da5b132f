"""The flake8 plugin, run by flake8."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from project_tree import COLUMN, ROW, TIMED, run, write_tree

OWN = {"patternlint.toml": "", "deco.py": TIMED}


def flake8(*arguments: str, cwd: Path, input: str | None = None) -> subprocess.CompletedProcess[str]:
    return run("flake8", *arguments, cwd=cwd, input=input)


def test_findings_come_with_flake8s_places(tmp_path: Path) -> None:
    result = flake8("--isolated", "--select", "PAT", cwd=write_tree(tmp_path, OWN))
    assert result.stdout.startswith(f"./deco.py:{ROW}:{COLUMN}: PAT501 ")
    assert result.stdout.count("\n") == 1


def test_findings_are_on_without_any_configuration_of_flake8(tmp_path: Path) -> None:
    assert "PAT501" in flake8("--isolated", cwd=write_tree(tmp_path, OWN)).stdout


# Others' findings are not our subject: `functools` is imported and not used.
OTHERS = "--extend-ignore=F,E,W"


def test_the_version_is_shown(tmp_path: Path) -> None:
    assert "patternlint: " in flake8("--version", cwd=tmp_path).stdout


def test_patternlints_configuration_selects(tmp_path: Path) -> None:
    write_tree(tmp_path, {**OWN, "patternlint.toml": "ignore = ['PAT501']"})
    assert flake8("--isolated", OTHERS, cwd=tmp_path).stdout == ""
    write_tree(tmp_path, {"patternlint.toml": "exclude = ['deco.py']"})
    assert flake8("--isolated", OTHERS, cwd=tmp_path).stdout == ""


def test_flake8s_own_options_apply(tmp_path: Path) -> None:
    write_tree(tmp_path, OWN)
    assert flake8("--isolated", "--ignore", "PAT5,F,E,W", cwd=tmp_path).stdout == ""
    assert flake8("--isolated", OTHERS, "--per-file-ignores", "deco.py:PAT501", cwd=tmp_path).stdout == ""
    assert "PAT501" in flake8("--isolated", "--ignore", "E999", cwd=tmp_path).stdout


def test_noqa_is_flake8s(tmp_path: Path) -> None:
    write_tree(tmp_path, {**OWN, "deco.py": TIMED.replace("**kwargs):", "**kwargs):  # noqa: PAT501", 1)})
    assert flake8("--isolated", OTHERS, cwd=tmp_path).stdout == ""
    assert "PAT501" in flake8("--isolated", OTHERS, "--disable-noqa", cwd=tmp_path).stdout


def test_our_own_comments_count(tmp_path: Path) -> None:
    write_tree(
        tmp_path, {**OWN, "deco.py": TIMED.replace("**kwargs):", "**kwargs):  # patternlint: ignore[PAT501]", 1)}
    )
    assert flake8("--isolated", OTHERS, "--disable-noqa", cwd=tmp_path).stdout == ""


def test_standard_input_with_a_display_name(tmp_path: Path) -> None:
    write_tree(tmp_path, {**OWN, "deco.py": "x = 1\n"})
    result = flake8("--isolated", OTHERS, "--stdin-display-name", "deco.py", "-", cwd=tmp_path, input=TIMED)
    assert result.stdout.startswith(f"deco.py:{ROW}:{COLUMN}: PAT501 ")
    assert "PAT501" in flake8("--isolated", OTHERS, "-", cwd=tmp_path, input=TIMED).stdout


def test_worker_processes_find_the_same(tmp_path: Path) -> None:
    write_tree(tmp_path, {**OWN, **{f"m{i}.py": TIMED for i in range(8)}})
    alone = flake8("--isolated", OTHERS, "-j1", cwd=tmp_path).stdout
    assert alone.count("PAT501") == 9
    assert flake8("--isolated", OTHERS, "-j2", cwd=tmp_path).stdout == alone


@pytest.mark.parametrize("content", [b"# coding: latin-1\nx = '\xe4'\n", b"\xef\xbb\xbfx = 'a'\n"])
def test_encodings(tmp_path: Path, content: bytes) -> None:
    write_tree(tmp_path, {**OWN, "deco.py": content + TIMED.encode()})
    assert (
        f":{ROW + content.count(10)}:{COLUMN}: PAT501 " in flake8("--isolated", "--select", "PAT", cwd=tmp_path).stdout
    )


def test_a_faulty_configuration_is_said_in_a_line(tmp_path: Path) -> None:
    write_tree(tmp_path, {**OWN, "patternlint.toml": "selct = []"})
    result = flake8("--isolated", OTHERS, "-j1", cwd=tmp_path)
    assert result.returncode == 1
    assert f"{tmp_path}/patternlint.toml:1: unknown key 'selct'" in result.stdout + result.stderr
    assert "Traceback" not in result.stderr


def test_libcst_is_not_imported_for_files_that_do_not_need_it(tmp_path: Path) -> None:
    write_tree(tmp_path, {**OWN, "deco.py": "x = 1\n"})
    script = (
        "import sys; from flake8.main.cli import main\n"
        "status = main(['--isolated', '-j1', 'deco.py'])\n"
        "assert 'patternlint.engine' in sys.modules\n"
        "sys.exit(3 if 'libcst' in sys.modules else status)"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=False).returncode == 0
