"""`patternlint baseline` and `--baseline`, as processes: what is known stays out, whatever moves; what is new does not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from project_tree import FIXED, TIMED, patternlint, write_tree

OTHER = TIMED.replace("timed", "counted").replace("pay", "count")
FILE = "baseline.json"


def project(folder: Path, **files: str) -> Path:
    return write_tree(folder, {"pyproject.toml": "[tool.patternlint]\n", "shop/deco.py": TIMED, **files})


def known(folder: Path, *arguments: str) -> Path:
    result = patternlint("baseline", "--baseline", FILE, *arguments, cwd=folder)
    assert result.returncode == 0, result.stderr
    return folder


def entries(folder: Path) -> list[dict[str, Any]]:
    first, *lines = (folder / FILE).read_text().splitlines()
    assert json.loads(first) == {"baseline": "patternlint", "version": 1}
    return [json.loads(line) for line in lines]


def new(folder: Path, *arguments: str) -> list[tuple[str, str]]:
    result = patternlint("check", "--baseline", FILE, "--output-format", "json", *arguments, cwd=folder)
    found = [(str(Path(f["filename"]).relative_to(folder)), f["code"]) for f in json.loads(result.stdout)]
    assert result.returncode == bool(found)
    return found


def test_what_is_known_is_left_out_and_what_is_new_is_reported(tmp_path: Path) -> None:
    known(project(tmp_path))
    assert new(tmp_path) == []
    write_tree(tmp_path, {"shop/more.py": OTHER})
    assert new(tmp_path) == [("shop/more.py", "PAT501")]
    result = patternlint("--baseline", FILE, cwd=tmp_path)
    assert "baseline.json: 1 known finding left out" in result.stderr
    assert "Found 1 finding." in result.stdout


def test_lines_may_move_and_folders_be_renamed(tmp_path: Path) -> None:
    known(project(tmp_path, **{"shop/more.py": OTHER}))
    for path in tmp_path.glob("shop/*.py"):
        path.write_text("\n" * 100 + path.read_text().replace("(*args, **kwargs):", "( *args, **kwargs ):  # why"))
    assert new(tmp_path) == []
    (tmp_path / "shop").rename(tmp_path / "store")
    assert new(tmp_path) == []
    assert new(tmp_path, "store/deco.py") == []
    assert "no longer found" not in patternlint("--baseline", FILE, cwd=tmp_path).stderr
    known(tmp_path)
    assert {entry["path"] for entry in entries(tmp_path)} == {"store/deco.py", "store/more.py"}


def test_a_copy_is_new_while_the_original_is_there(tmp_path: Path) -> None:
    known(project(tmp_path))
    write_tree(tmp_path, {"shop/copy.py": TIMED})
    assert new(tmp_path) == [("shop/copy.py", "PAT501")]
    assert new(tmp_path, "shop/copy.py") == [("shop/copy.py", "PAT501")]


def test_a_second_one_in_the_same_place_is_new(tmp_path: Path) -> None:
    known(project(tmp_path))
    (tmp_path / "shop/deco.py").write_text(TIMED + "\n\n" + OTHER)
    assert new(tmp_path) == [("shop/deco.py", "PAT501")]


def test_entries_are_sorted_lines_that_merge(tmp_path: Path) -> None:
    known(project(tmp_path, **{"a.py": OTHER}))
    assert [entry["path"] for entry in entries(tmp_path)] == ["a.py", "shop/deco.py"]
    assert entries(tmp_path)[1] == {
        "path": "shop/deco.py",
        "rule": "PAT501",
        "fingerprint": entries(tmp_path)[1]["fingerprint"],
        "confidence": "high",
    }
    before = (tmp_path / FILE).read_bytes()
    known(tmp_path)
    assert (tmp_path / FILE).read_bytes() == before
    first, *lines = before.splitlines()
    (tmp_path / FILE).write_bytes(b"\n".join([first, *reversed(lines), *lines, b""]))  # as after a merge
    assert new(tmp_path) == []


def test_what_is_no_longer_found_is_told_and_pruned(tmp_path: Path) -> None:
    known(project(tmp_path, **{"shop/more.py": OTHER}))
    (tmp_path / "shop/deco.py").write_text(FIXED)
    result = patternlint("--baseline", FILE, cwd=tmp_path)
    assert result.returncode == 0
    assert "warning: baseline.json knows what is no longer found: shop/deco.py: PAT501\n" in result.stderr
    assert "patternlint baseline --prune" in result.stderr
    write_tree(tmp_path, {"shop/new.py": TIMED.replace("timed", "fresh")})
    pruned = patternlint("baseline", "--prune", "--baseline", FILE, cwd=tmp_path)
    assert pruned.stderr == "baseline.json: 1 known in 1 file (0 added, 1 taken out)\n"
    assert [entry["path"] for entry in entries(tmp_path)] == ["shop/more.py"]
    assert new(tmp_path) == [("shop/new.py", "PAT501")]


def test_many_are_not_all_named(tmp_path: Path) -> None:
    known(project(tmp_path, **{f"more/m{number}.py": TIMED for number in range(12)}))
    for path in tmp_path.glob("more/*.py"):
        path.write_text("")
    (warning,) = [
        line for line in patternlint("--baseline", FILE, cwd=tmp_path).stderr.splitlines() if "warning" in line
    ]
    assert warning.count("PAT501") == 10
    assert warning.endswith("; and 2 more")


def test_where_something_could_not_be_looked_at_nothing_is_called_stale(tmp_path: Path) -> None:
    known(project(tmp_path))
    (tmp_path / "shop/deco.py").write_text(FIXED)
    result = patternlint("--baseline", FILE, ".", "nowhere", cwd=tmp_path)
    assert result.returncode == 2
    assert "no longer found" not in result.stderr


def test_files_that_are_gone_are_stale_where_they_were_looked_for(tmp_path: Path) -> None:
    known(project(tmp_path, **{"other/more.py": OTHER}))
    (tmp_path / "shop/deco.py").unlink()
    assert "no longer found" not in patternlint("--baseline", FILE, "other", cwd=tmp_path).stderr
    assert "shop/deco.py: PAT501" in patternlint("--baseline", FILE, cwd=tmp_path).stderr


@pytest.mark.parametrize("arguments", [["--select", "PAT9"], ["shop/deco.py"], ["--min-confidence", "high"]])
def test_what_was_not_looked_for_is_not_stale(tmp_path: Path, arguments: list[str]) -> None:
    unused = OTHER.partition("\n\n@counted")[0].replace("counted", "decorate")
    known(project(tmp_path, **{"shop/more.py": unused}), "--min-confidence", "medium")
    assert {entry["confidence"] for entry in entries(tmp_path)} == {"high", "medium"}
    assert "no longer found" not in patternlint("--baseline", FILE, *arguments, cwd=tmp_path).stderr
    before = (tmp_path / FILE).read_text()
    known(tmp_path, "--prune", *arguments)
    known(tmp_path, *arguments)
    assert (tmp_path / FILE).read_text() == before


def test_fixes_leave_alone_what_is_known(tmp_path: Path) -> None:
    known(project(tmp_path))
    (tmp_path / "shop/deco.py").write_text(TIMED + "\n\n" + OTHER)
    result = patternlint("--fix", "--baseline", FILE, cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
    text = (tmp_path / "shop/deco.py").read_text()
    assert text.count("@functools.wraps") == 1
    assert "Would fix 0 findings" in patternlint("--diff", "--baseline", FILE, cwd=tmp_path).stderr


def test_the_baseline_may_lie_anywhere(tmp_path: Path) -> None:
    project(tmp_path)
    (tmp_path / "ci").mkdir()
    assert patternlint("baseline", "--baseline", "ci/known.json", cwd=tmp_path).returncode == 0
    assert patternlint("--baseline", "../ci/known.json", ".", cwd=tmp_path / "shop").returncode == 0
    (tmp_path / "shop/deco.py").unlink()
    assert "../shop/deco.py: PAT501" in patternlint("--baseline", "ci/known.json", cwd=tmp_path).stderr


@pytest.mark.parametrize(
    ("text", "error", "remedy"),
    [
        (None, "the baseline cannot be read: No such file or directory", "patternlint baseline --baseline"),
        (b"", "baseline.json:1: is no baseline", "write it"),
        (b"[]\n", "baseline.json:1: is no baseline", "write it"),
        (b"\xff\n", "is not UTF-8", "write it"),
        (b'{"baseline": "patternlint", "version": 2}\n', "is of version 2, this patternlint reads 1", "that wrote it"),
        (
            b'{"baseline": "patternlint", "version": 1}\n\n{"path": "a.py"}\n',
            "baseline.json:3: is no entry",
            "write it",
        ),
        (b'{"baseline": "patternlint", "version": 1}\n<<<<<<< HEAD\n', "baseline.json:2: is no entry", "both sides"),
    ],
)
def test_a_baseline_that_cannot_be_used(tmp_path: Path, text: bytes | None, error: str, remedy: str) -> None:
    project(tmp_path)
    if text is not None:
        (tmp_path / FILE).write_bytes(text)
    commands = [("--baseline", FILE), ("baseline", "--prune", "--baseline", FILE)]
    for command in commands if text is None else [*commands, ("baseline", "--baseline", FILE)]:
        result = patternlint(*command, cwd=tmp_path)
        assert (result.returncode, result.stdout) == (2, "")
        assert error in result.stderr
        assert remedy in result.stderr
    assert text is None or (tmp_path / FILE).read_bytes() == text


def test_a_run_that_fails_writes_no_baseline(tmp_path: Path) -> None:
    result = patternlint("baseline", "--baseline", FILE, ".", "nowhere", cwd=project(tmp_path))
    assert result.returncode == 2
    assert not (tmp_path / FILE).exists()


@pytest.mark.parametrize("arguments", [[], ["--baseline", FILE, "--fix"], ["--baseline", FILE, "-"]])
def test_mistakes(tmp_path: Path, arguments: list[str]) -> None:
    result = patternlint("baseline", *arguments, cwd=project(tmp_path))
    assert result.returncode == 2
    assert "baseline" in result.stderr
    assert not (tmp_path / FILE).exists()
