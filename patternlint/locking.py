"""One process at a time: a lock that tells who holds it, and that the operating system takes from the dead.

`filelock` would do, but it takes longer to import than most runs take, and has no room for the holder's number.
"""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

_PLACE = 1 << 20  # Windows locks bytes against readers, too: one far behind the holder's number


class Held(Exception):
    """Another process has the lock: its number, empty where that cannot be told."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


class Lock:
    """A lock on a file that stays where it is; held until `release` or the end of the process."""

    def __init__(self, path: Path) -> None:
        """Take the lock.

        Raises:
            Held: somebody else has it.
            OSError: the file cannot be made.
        """
        self._handle = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o644)
        try:
            if not _taken(self._handle):
                raise Held(os.read(self._handle, 20).decode("ascii", "replace").strip())
            os.truncate(self._handle, 0)
            with contextlib.suppress(OSError):  # a full disk has no room for the number: the lock holds
                os.write(self._handle, b"%d\n" % os.getpid())
        except BaseException:
            os.close(self._handle)
            raise

    def release(self) -> None:
        """Let others have it."""
        if sys.platform == "win32":
            import msvcrt

            os.lseek(self._handle, _PLACE, os.SEEK_SET)
            msvcrt.locking(self._handle, msvcrt.LK_UNLCK, 1)
        os.close(self._handle)


def _taken(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            os.lseek(handle, _PLACE, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
            os.lseek(handle, 0, os.SEEK_SET)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        if sys.platform == "win32":
            os.lseek(handle, 0, os.SEEK_SET)
        return False
    return True
