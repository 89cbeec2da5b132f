"""``--output-file``: a report that is there whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from patternlint.errors import PatternlintError


class OutputFile:
    """A file that a report is going to be in; an older one stays until the new one is complete.

    Args:
        name: its path; a link is followed, and a device or a pipe is written to.

    Raises:
        PatternlintError: it could not be written, as far as can be told before.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._is_special = os.path.exists(name) and not os.path.isfile(name)  # a device or a pipe: no name leads to it
        self._path = Path(name) if self._is_special else Path(os.path.realpath(name))
        if not self._path.parent.is_dir():
            raise self._refused(f"there is no folder {self._path.parent}", "make it first")
        if self._path.is_dir():
            raise self._refused("it is a folder", "give the name of a file")
        needed = [self._path] if self._is_special else [self._path, self._path.parent]
        if not all(os.access(path, os.W_OK) for path in needed if path.exists()):
            raise self._refused("Permission denied")

    def write(self, text: str) -> None:
        """Write the report.

        Raises:
            PatternlintError: it cannot be written. What was there before still is.
        """
        data = text.encode("utf-8", "backslashreplace")
        try:
            if self._is_special:
                with open(self._path, "wb") as stream:
                    stream.write(data)
            else:
                self._replace(data)
        except OSError as error:
            raise self._refused(error.strerror or str(error)) from None

    def _replace(self, data: bytes) -> None:
        temporary = self._path.with_name(f".patternlint-{os.urandom(4).hex()}.tmp")
        try:
            with open(temporary, "xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            if self._path.exists():
                os.chmod(temporary, stat.S_IMODE(self._path.stat().st_mode))
            os.replace(temporary, self._path)
        finally:
            with contextlib.suppress(OSError):
                os.unlink(temporary)

    def _refused(self, why: str, remedy: str = "check the file, its folder and their permissions") -> PatternlintError:
        return PatternlintError(f"{self._name}: cannot be written: {why}", remedy)
