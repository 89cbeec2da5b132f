"""Writing: whole or not at all, and only over what was read."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path
from types import FrameType
from typing import Self

import pytest

from patternlint import write as write_module
from patternlint.errors import PatternlintError
from patternlint.write import Replacement, remove_leftovers, torn, write, write_all


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


def test_a_read_only_file_is_left_alone(tmp_path: Path) -> None:
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


def test_extended_attributes_stay(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_bytes(b"old")
    if not hasattr(os, "setxattr"):
        pytest.skip("this system has none that Python knows")
    try:
        os.setxattr(path, "user.origin", b"here")
    except OSError:
        pytest.skip("this file system has none")
    write(path, b"old", b"new")
    assert os.getxattr(path, "user.origin") == b"here"


def test_mode_and_time_can_be_given(tmp_path: Path) -> None:
    path, linked = tmp_path / "a.py", tmp_path / "b.py"
    for one in (path, linked):
        one.write_bytes(b"old")
    os.link(linked, tmp_path / "c.py")
    write_all(Replacement(one, b"old", b"new", 0o600, 1_234_567_890_123_456_789) for one in (path, linked))
    for one in (path, linked):
        status = one.stat()
        assert (one.read_bytes(), stat.S_IMODE(status.st_mode)) == (b"new", 0o600)
        assert status.st_mtime_ns == 1_234_567_890_123_456_789


def test_all_of_several_files_or_none(tmp_path: Path) -> None:
    paths = [tmp_path / f"{i}.py" for i in range(4)]
    for path in paths:
        path.write_bytes(b"old")
    os.link(paths[2], tmp_path / "linked.py")
    paths[3].chmod(0o444)
    with pytest.raises(PatternlintError, match=r"3\.py: is read-only"):
        write_all(Replacement(path, b"old", b"new") for path in paths)
    assert {path.read_bytes() for path in paths} == {b"old"}
    assert len(os.listdir(tmp_path)) == 5
    paths[3].chmod(0o644)
    write_all(Replacement(path, b"old", b"new") for path in paths)
    assert {path.read_bytes() for path in paths} == {b"new"}


def test_only_our_own_leftovers_are_removed(tmp_path: Path) -> None:
    for name in (".patternlint-0123abcd.tmp", ".patternlint-x.tmp", "patternlint-0123abcd.tmp", "a.py"):
        (tmp_path / name).touch()
    remove_leftovers([tmp_path, tmp_path / "nowhere"])
    assert sorted(os.listdir(tmp_path)) == [".patternlint-x.tmp", "a.py", "patternlint-0123abcd.tmp"]


@pytest.mark.parametrize(("before", "after"), [(b"old", b"newer and longer"), (b"old and longer", b"new"), (b"", b"x")])
def test_what_is_half_written_is_known(before: bytes, after: bytes) -> None:
    for length in range(len(after) + 1):
        assert torn(after[:length] + before[length:], before, after)
    assert not torn(b"mine" + before, before, after)
    assert not torn(after + b"# mine", before, after)


class _InterruptedAt:
    """A trace function that interrupts the module under test at its `opcode`-th instruction, as Ctrl-C can."""

    def __init__(self, opcode: int) -> None:
        self.left = opcode

    def __call__(self, frame: FrameType, event: str, _argument: object) -> Self | None:
        if frame.f_code.co_filename != write_module.__file__:
            return None
        frame.f_trace_opcodes = True
        if event == "opcode":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self


def test_an_interrupt_anywhere_leaves_no_file_behind(tmp_path: Path) -> None:
    names = ("a.py", "b.py")
    opcode = 0
    while True:
        opcode += 1
        for name in names:
            (tmp_path / name).write_bytes(b"old")
        replacements = [Replacement(tmp_path / name, b"old", b"new") for name in names]
        before = sys.gettrace()
        sys._getframe().f_trace_opcodes = True  # 3.12 asks for instructions only if a frame wants them by now
        sys.settrace(_InterruptedAt(opcode))
        try:
            write_all(replacements)
        except KeyboardInterrupt:
            interrupted = True
        else:
            interrupted = False
        finally:
            sys.settrace(before)
        assert sorted(os.listdir(tmp_path)) == ["a.py", "b.py"], opcode
        assert {(tmp_path / name).read_bytes() for name in names} in ({b"old"}, {b"new"}), opcode
        if not interrupted:
            break
    assert opcode > 100
