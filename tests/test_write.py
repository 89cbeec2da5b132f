"""Writing: whole or not at all, and only over what was read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from patternlint.errors import PatternlintError
from patternlint.write import write


def others(path: Path) -> list[str]:
    return [name for name in os.listdir(path.parent) if name != path.name]


def test_replaces_the_content_and_keeps_the_mode(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old\r\n")
    path.chmod(0o754)
    write(path, b"old\r\n", b"new\r\n")
    assert path.read_bytes() == b"new\r\n"
    assert stat.S_IMODE(path.stat().st_mode) == 0o754
    assert others(path) == []


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    real = tmp_path / "elsewhere" / "real.py"
    real.write_bytes(b"old")
    link = tmp_path / "link.py"
    link.symlink_to(real)
    write(link, b"old", b"new")
    assert link.is_symlink()
    assert real.read_bytes() == b"new"


def test_hard_links_stay_one_file(tmp_path: Path) -> None:
    first, second = tmp_path / "first.py", tmp_path / "second.py"
    first.write_bytes(b"old and longer")
    os.link(first, second)
    write(first, b"old and longer", b"new")
    assert second.read_bytes() == b"new"
    assert first.samefile(second)


def test_a_file_that_changed_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"somebody else's")
    with pytest.raises(PatternlintError, match="changed since it was read"):
        write(path, b"old", b"new")
    assert path.read_bytes() == b"somebody else's"


def test_a_file_that_vanished_stays_away(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    with pytest.raises(PatternlintError, match="cannot be written"):
        write(path, b"old", b"new")
    assert not path.exists()


def test_a_read_only_file_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    path.chmod(0o444)
    with pytest.raises(PatternlintError, match="read-only"):
        write(path, b"old", b"new")
    assert path.read_bytes() == b"old"


@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_what_is_interrupted_leaves_nothing_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, failing, interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(path, b"old", b"new")
    assert path.read_bytes() == b"old"
    assert others(path) == []


def test_an_interrupted_write_through_hard_links_is_undone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    os.link(path, tmp_path / "b.py")

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write(path, b"old", b"new and longer")
    assert path.read_bytes() == b"old"
