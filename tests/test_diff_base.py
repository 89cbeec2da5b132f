"""`--diff-base`: what a change brought about, told by git."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from project_tree import FIXED, TIMED, patternlint, write_tree

OTHER = TIMED.replace("timed", "counted").replace("pay", "count")


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout


def repository(folder: Path, **files: str) -> Path:
    write_tree(folder, {"pyproject.toml": "[tool.patternlint]\n", **files})
    git(folder, "init", "-q", "-b", "main")
    commit(folder)
    return folder


def commit(folder: Path) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-q", "--allow-empty", "-m", "x")


def found(folder: Path, *arguments: str, base: str = "main") -> list[str]:
    result = patternlint("--diff-base", base, "--output-format", "json", *arguments, cwd=folder)
    assert result.returncode in (0, 1), result.stderr
    return [f"{Path(f['filename']).relative_to(folder)}:{f['location']['row']}" for f in json.loads(result.stdout)]


def test_findings_on_changed_lines(tmp_path: Path) -> None:
    repository(tmp_path, **{"a.py": TIMED})
    assert found(tmp_path) == []
    (tmp_path / "a.py").write_text("\n" * 3 + TIMED + "\n\n" + OTHER)
    assert found(tmp_path) == ["a.py:23"]
    git(tmp_path, "checkout", "-q", "-b", "topic")
    commit(tmp_path)
    assert found(tmp_path) == ["a.py:23"]
    assert found(tmp_path, base="HEAD") == []


def test_new_files_and_moved_ones(tmp_path: Path) -> None:
    repository(tmp_path, **{"a.py": TIMED, 'with "quotes" and tab\t.py': TIMED})
    write_tree(
        tmp_path,
        {
            "new.py": OTHER,
            "staged.py": OTHER,
        },
    )
    git(tmp_path, "add", "staged.py")
    git(tmp_path, "mv", "a.py", "moved.py")
    (tmp_path / 'with "quotes" and tab\t.py').write_text(TIMED + "\n\n" + OTHER)
    assert found(tmp_path) == ["new.py:5", "staged.py:5", 'with "quotes" and tab\t.py:20']


def test_lines_that_were_taken_out(tmp_path: Path) -> None:
    repository(tmp_path, **{"a.py": FIXED})
    (tmp_path / "a.py").write_text(TIMED)
    assert found(tmp_path) == ["a.py:5"]


def test_what_a_change_causes_elsewhere(tmp_path: Path) -> None:
    decorator, _, use = TIMED.partition("\n\n@timed")
    repository(tmp_path, **{"deco.py": decorator + "\n", "use.py": "def pay(amount):\n    return amount\n"})
    assert found(tmp_path) == []
    write_tree(tmp_path, {"use.py": "from deco import timed\n\n\n@timed" + use})
    assert found(tmp_path) == ["deco.py:5"]


def test_what_others_did_since_does_not_count(tmp_path: Path) -> None:
    repository(tmp_path, **{"a.py": TIMED})
    git(tmp_path, "checkout", "-q", "-b", "topic")
    git(tmp_path, "checkout", "-q", "main")
    (tmp_path / "a.py").write_text(FIXED)
    commit(tmp_path)
    git(tmp_path, "checkout", "-q", "topic")
    assert found(tmp_path) == []


def test_a_project_in_a_folder_of_the_repository(tmp_path: Path) -> None:
    repository(tmp_path, **{"b/patternlint.toml": "", "b/c/a.py": TIMED, "d.py": TIMED})
    (tmp_path / "b/c/a.py").write_text(TIMED + "\n\n" + OTHER)
    assert found(tmp_path / "b") == ["c/a.py:20"]
    assert found(tmp_path) == ["b/c/a.py:20"]


def test_lines_that_look_like_a_diff(tmp_path: Path) -> None:
    text = '"""\n++ b/other.py\n@@ -1 +1 @@\n"""\n'
    repository(tmp_path, **{"a.py": TIMED})
    (tmp_path / "a.py").write_text(text + TIMED + "\n\n" + OTHER.rstrip("\n"))
    assert found(tmp_path) == ["a.py:24"]


def test_only_what_has_changed_is_fixed(tmp_path: Path) -> None:
    repository(tmp_path, **{"a.py": TIMED})
    (tmp_path / "a.py").write_text(OTHER + "\n\n" + TIMED)
    result = patternlint("--fix", "--diff-base", "main", cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    assert (tmp_path / "a.py").read_text().partition("def timed")[2] == TIMED.partition("def timed")[2]
    assert (tmp_path / "a.py").read_text().count("@functools.wraps") == 1


def test_standard_input_is_compared_as_it_is(tmp_path: Path) -> None:
    repository(tmp_path, **{"a.py": TIMED})
    arguments = ("--diff-base", "main", "-q", "--output-format", "concise", "--stdin-filename", "a.py", "-")
    assert patternlint(*arguments, cwd=tmp_path, input="\n" + TIMED).stdout == ""
    output = patternlint(*arguments, cwd=tmp_path, input=TIMED + "\n\n" + OTHER).stdout
    assert [line.partition(": ")[0] for line in output.splitlines()] == ["a.py:20:9"]


# ---- where git cannot tell


def refused(folder: Path, base: str = "main", **environment: str) -> str:
    result = patternlint("--diff-base", base, cwd=folder, environment=environment)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.count("error: ") == 1
    assert "help: " in result.stderr
    return result.stderr


def test_no_repository(tmp_path: Path) -> None:
    write_tree(tmp_path, {"pyproject.toml": "[tool.patternlint]\n", "a.py": TIMED})
    assert "needs a git repository" in refused(tmp_path, GIT_CEILING_DIRECTORIES=str(tmp_path.parent))


def test_no_git(tmp_path: Path) -> None:
    repository(tmp_path, **{"a.py": TIMED})
    assert "needs git, which is not installed" in refused(tmp_path, PATH=os.path.join(tmp_path, "nothing"))


@pytest.mark.parametrize("revision", ["nowhere", "--output=x", "main:a.py", "HEAD~5"])
def test_no_such_revision(tmp_path: Path, revision: str) -> None:
    repository(tmp_path, **{"a.py": TIMED})
    result = patternlint(f"--diff-base={revision}", cwd=tmp_path)
    assert result.returncode == 2
    assert f"there is no revision '{revision}'" in result.stderr
    assert sorted(os.listdir(tmp_path)) == [".git", "a.py", "pyproject.toml"]


def test_nothing_in_common(tmp_path: Path) -> None:
    repository(tmp_path, **{"a.py": TIMED})
    git(tmp_path, "checkout", "-q", "--orphan", "other")
    write_tree(tmp_path, {"b.py": ""})
    commit(tmp_path)
    assert "have no commit in common" in refused(tmp_path)


def test_a_shallow_clone(tmp_path: Path) -> None:
    origin = repository(tmp_path / "origin", **{"a.py": TIMED})
    git(origin, "checkout", "-q", "-b", "topic")
    write_tree(origin, {"b.py": OTHER})
    commit(origin)
    git(origin, "checkout", "-q", "main")
    commit(origin)
    url = f"file://{origin}"
    git(tmp_path, "clone", "-q", "--depth", "1", "--branch", "topic", url, "clone")
    clone = tmp_path / "clone"
    assert "in this shallow clone" in refused(clone, "origin/main")
    git(clone, "fetch", "-q", "--depth", "1", "origin", "main:refs/remotes/origin/main")
    assert "fetch-depth: 0" in refused(clone, "origin/main")
    git(clone, "fetch", "-q", "--unshallow", "origin", "main:refs/remotes/origin/main")
    assert found(clone, base="origin/main") == ["b.py:5"]


def test_no_program_of_the_repository_is_run(tmp_path: Path) -> None:
    repository(tmp_path, **{"a.py": TIMED, ".gitattributes": "*.py diff=x\n"})
    for key in ("diff.external", "core.fsmonitor", "diff.x.textconv", "diff.x.command"):
        git(tmp_path, "config", key, f"touch {tmp_path}/run")
    (tmp_path / "a.py").write_text(TIMED + "\n\n" + OTHER)
    assert found(tmp_path) == ["a.py:20"]
    assert not (tmp_path / "run").exists()


assert shutil.which("git"), "these tests need git"
