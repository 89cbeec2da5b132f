"""Writing sources back: whole or not at all, several files together or none, and only over the bytes that were read.

The new content of every file is complete on disk, in a temporary file beside it, before the first of them takes its
place by a rename. So a full disk is noticed before anything is changed, and a process that is killed leaves each file
either old or new; a group of files that was half renamed is the journal's to finish.

What a rename would lose is kept by writing into the file itself: a file with several hard links is one file for whoever
made them, and one whose owner we are not allowed to keep stays its owner's. The journal holds the content of these.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from patternlint.errors import PatternlintError

_ANY_MAY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH  # without it the file is read-only for root, too
_PREFIX, _SUFFIX = ".patternlint-", ".tmp"  # no name that anybody takes for a Python file
_LEFTOVER = re.compile(r"\.patternlint-[0-9a-f]{8}\.tmp\Z")
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Replacement(NamedTuple):
    """`after` in the place of `before`; mode and time only where they are not to be the file's own and now."""

    path: Path
    before: bytes
    after: bytes
    mode: int | None = None
    mtime_ns: int | None = None


def write(path: Path, before: bytes, after: bytes) -> None:
    """Put `after` in the place of `before`; a link is followed and stays a link.

    Raises:
        PatternlintError: the file changed since it was read, or it cannot be written. It is as it was.
    """
    write_all([Replacement(path, before, after)])


def write_all(replacements: Iterable[Replacement]) -> None:
    """All of these, or none.

    Raises:
        PatternlintError: one of the files changed since it was read, or cannot be written. All are as they were.
    """
    staged: list[_Staged] = []
    begun: list[_Staged] = []
    try:
        for replacement in replacements:
            with _named(replacement.path):
                staged.append(_Staged(replacement))  # known before it is on disk: an interrupt may come anywhere
                staged[-1].stage()
        for one in sorted(staged, key=lambda s: s.temporary is not None):  # what can fail for want of room goes first
            begun.append(one)
            with _named(one.asked.path):
                one.commit()
    except BaseException:
        _put_back(begun)
        raise
    finally:
        for one in staged:
            one.discard()


def _put_back(begun: list[_Staged]) -> None:
    stuck: list[str] = []
    for one in reversed(begun):
        try:
            one.put_back()
        except (OSError, PatternlintError):
            stuck.append(str(one.asked.path))
    if stuck:
        what = f"{', '.join(stuck)}: could not be put back when another file of the same fix could not be written"
        raise PatternlintError(what, "run `patternlint undo`")


def status_of(path: Path, before: bytes) -> os.stat_result:
    """The status of a file that is about to be written.

    Raises:
        PatternlintError: the file changed since it was read, or may not be written.
    """
    with _named(path):
        return _checked(path, Path(os.path.realpath(path)), before)


def ensure_writable(path: Path, before: bytes) -> None:
    """Look whether `before` could be replaced, and its time be set.

    Raises:
        PatternlintError: the file changed since it was read, or may not be written.
    """
    with _named(path):
        real = Path(os.path.realpath(path))
        status = _checked(path, real, before)
        if hasattr(os, "geteuid") and os.geteuid() not in (0, status.st_uid):
            what = f"{path}: belongs to somebody else, so its time cannot be set and it was left alone"
            raise PatternlintError(what, "run without --verify, or as its owner")
        if not is_written_in_place(status) and not os.access(real.parent, os.W_OK):
            raise PermissionError(errno.EACCES, f"no file may be made in its folder {real.parent}")


def is_written_in_place(status: os.stat_result) -> bool:
    """Whether a file is overwritten: it has several names, or an owner or group that we may not give to a new one."""
    if status.st_nlink > 1 or not hasattr(os, "geteuid") or os.geteuid() == 0:
        return status.st_nlink > 1
    return status.st_uid != os.geteuid() or status.st_gid not in (os.getegid(), *os.getgroups())


def sync_folders(folders: Iterable[Path]) -> None:
    """Let the new names of files outlast a failure of power, where the system can."""
    for folder in folders:
        with contextlib.suppress(OSError):
            handle = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)


def remove_leftovers(folders: Iterable[Path]) -> None:
    """Remove the temporary files of a process that was killed; nobody may be writing here now."""
    for folder in folders:
        with contextlib.suppress(OSError):
            for name in os.listdir(folder):
                if _LEFTOVER.match(name):
                    os.unlink(folder / name)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Errors of the system as ours, with the file's name."""
    try:
        yield
    except OSError as error:
        full = error.errno in FULL
        remedy = "make room and run again" if full else "check the file, its folder and their permissions"
        raise PatternlintError(f"{path}: cannot be written: {error.strerror or error}", remedy) from None


def _checked(path: Path, real: Path, before: bytes) -> os.stat_result:
    status = real.stat()
    if real.read_bytes() != before:
        raise _changed(path)
    if not status.st_mode & _ANY_MAY_WRITE or not os.access(real, os.W_OK):
        raise PatternlintError(f"{path}: is read-only, so it was left alone", "make it writable and run again")
    return status


def _changed(path: Path) -> PatternlintError:
    return PatternlintError(f"{path}: changed since it was read, so it was left alone", "run again")


class _Staged:
    """A replacement whose new content is on disk after `stage`; `temporary` is None where the file is overwritten."""

    def __init__(self, replacement: Replacement) -> None:
        self.asked = replacement
        self.temporary: Path | None = None
        self._real = Path(os.path.realpath(replacement.path))
        self._status = _checked(replacement.path, self._real, replacement.before)

    def stage(self) -> None:
        """Write the new content beside the file; whoever is interrupted here calls `discard`."""
        if is_written_in_place(self._status):
            return
        asked, status = self.asked, self._status
        self.temporary = self._real.with_name(f"{_PREFIX}{os.urandom(4).hex()}{_SUFFIX}")
        with open(self.temporary, "xb", opener=_private) as file:
            file.write(asked.after)
            file.flush()
            _keep_owner(self.temporary, status)
            _keep_attributes(self._real, self.temporary)
            os.chmod(self.temporary, stat.S_IMODE(status.st_mode) if asked.mode is None else asked.mode)
            os.fsync(file.fileno())
        if asked.mtime_ns is not None:
            os.utime(self.temporary, ns=(status.st_atime_ns, asked.mtime_ns))

    def commit(self) -> None:
        """Let the new content take the old one's place."""
        if self.temporary is not None:
            if self._real.read_bytes() != self.asked.before:
                raise _changed(self.asked.path)
            os.replace(self.temporary, self._real)
            self.temporary = None
            return
        _overwrite(self._real, self.asked.before, self.asked.after)
        with contextlib.suppress(PermissionError):  # both are the owner's alone
            if self.asked.mode is not None:
                os.chmod(self._real, self.asked.mode)
            if self.asked.mtime_ns is not None:
                os.utime(self._real, ns=(self._status.st_atime_ns, self.asked.mtime_ns))

    def put_back(self) -> None:
        """Undo `commit`, where it came so far and nobody has written since."""
        if self.asked.before != self.asked.after and self._real.read_bytes() == self.asked.after:
            status = self._status
            old = Replacement(
                self._real, self.asked.after, self.asked.before, stat.S_IMODE(status.st_mode), status.st_mtime_ns
            )
            again = _Staged(old)
            try:
                again.stage()
                again.commit()
            finally:
                again.discard()

    def discard(self) -> None:
        """Remove what was not committed."""
        if self.temporary is not None:
            with contextlib.suppress(OSError):
                self.temporary.unlink()
            self.temporary = None


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _keep_owner(temporary: Path, status: os.stat_result) -> None:
    """The owner and group of the file, as far as the user may give them."""
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):
            os.chown(temporary, status.st_uid, status.st_gid)


def _keep_attributes(real: Path, temporary: Path) -> None:
    """Extended attributes, access control lists among them, as far as the system shows and takes them."""
    if hasattr(os, "listxattr"):
        with contextlib.suppress(OSError):
            for name in os.listxattr(real):
                with contextlib.suppress(OSError):
                    os.setxattr(temporary, name, os.getxattr(real, name))


def _overwrite(real: Path, before: bytes, after: bytes) -> None:
    """Write in place; what goes wrong on the way is undone."""
    with open(real, "r+b", buffering=0) as file:
        try:
            _put(file.fileno(), after)
        except BaseException:
            _put(file.fileno(), before)
            raise


def _put(handle: int, content: bytes) -> None:
    os.lseek(handle, 0, os.SEEK_SET)
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(handle, rest) :]
    os.ftruncate(handle, len(content))
    os.fsync(handle)


def torn(content: bytes, before: bytes, after: bytes) -> bool:
    """Whether `content` is what a process leaves that is killed while it writes `after` over `before`, in place."""
    pairs = enumerate(zip(content, after, strict=False))
    common = next((i for i, (a, b) in pairs if a != b), min(len(content), len(after)))
    return content[common:] == before[common:]
