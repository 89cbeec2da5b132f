"""Writing a source back: whole or not at all, and only over the bytes that were read."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from pathlib import Path

from patternlint.errors import PatternlintError

_ANY_MAY_WRITE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH  # without it the file is read-only for root, too


def write(path: Path, before: bytes, after: bytes) -> None:
    """Put `after` in the place of `before`.

    A link is followed and stays a link. The new content is complete on disk before it takes the file's name, so
    neither a crash nor Ctrl-C leaves half a file. A file with several hard links is one file for whoever made them:
    it is written in place, so that all its names go on meaning the same.

    Raises:
        PatternlintError: the file changed since it was read, or it cannot be written. It is as it was.
    """
    real = Path(os.path.realpath(path))
    try:
        status = real.stat()
        if real.read_bytes() != before:
            raise PatternlintError(f"{path}: changed since it was read, so it was left alone", "run again")
        if not status.st_mode & _ANY_MAY_WRITE or not os.access(real, os.W_OK):
            raise PatternlintError(f"{path}: is read-only, so it was left alone", "make it writable and run again")
        if status.st_nlink > 1:
            _overwrite(real, before, after)
        else:
            _replace(real, before, after, status)
    except OSError as error:
        remedy = "check the file, its folder and their permissions"
        raise PatternlintError(f"{path}: cannot be written: {error.strerror or error}", remedy) from None


def _replace(real: Path, before: bytes, after: bytes, status: os.stat_result) -> None:
    handle, temporary = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.", suffix=".patternlint")
    try:
        with open(handle, "wb") as file:
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        _keep_owner(temporary, status)
        os.chmod(temporary, stat.S_IMODE(status.st_mode))
        if real.read_bytes() != before:
            raise PatternlintError(f"{real}: changed since it was read, so it was left alone", "run again")
        os.replace(temporary, real)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _keep_owner(temporary: str, status: os.stat_result) -> None:
    """The owner and group of the file, as far as the user may give them."""
    if hasattr(os, "chown"):
        with contextlib.suppress(OSError):
            os.chown(temporary, status.st_uid, status.st_gid)


def _overwrite(real: Path, before: bytes, after: bytes) -> None:
    """Write in place; what goes wrong on the way is undone."""
    with open(real, "r+b") as file:
        try:
            file.write(after)
            file.truncate()
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            file.seek(0)
            file.write(before)
            file.truncate()
            raise
