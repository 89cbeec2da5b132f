"""What a terminal gets: no control characters of others, colour where it is wanted, progress where somebody waits."""

from __future__ import annotations

import os
import re
import time
from typing import TextIO

# C0 and C1 controls, DEL, line and paragraph separators, bidirectional controls, lone surrogates (undecodable names).
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def safe(text: str) -> str:
    """Text with everything that could steer a terminal, or hide what it says, written as an escape."""
    return _UNSAFE.sub(_escape, text)


def _escape(match: re.Match[str]) -> str:
    number = ord(match[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"


class Style:
    """Colours, or none."""

    def __init__(self, coloured: bool) -> None:
        self._coloured = coloured

    def _paint(self, codes: str, text: str) -> str:
        return f"\x1b[{codes}m{text}\x1b[0m" if self._coloured and text else text

    def code(self, text: str) -> str:
        """A rule's code, a caret: what is wrong."""
        return self._paint("1;31", text)

    def strong(self, text: str) -> str:
        """A heading, a path."""
        return self._paint("1", text)

    def frame(self, text: str) -> str:
        """Line numbers and rulers."""
        return self._paint("1;34", text)

    def good(self, text: str) -> str:
        """Help, added lines, that all is well."""
        return self._paint("32", text)

    def removed(self, text: str) -> str:
        """Removed lines."""
        return self._paint("31", text)

    def hint(self, text: str) -> str:
        """What can be done about it."""
        return self._paint("1;36", text)


def wants_colour(choice: str, stream: TextIO) -> bool:
    """Whether to colour: as asked (``always``, ``never``), else as the environment and the stream say."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR", "0") not in ("", "0"):
        return True
    return stream.isatty() and os.environ.get("TERM") != "dumb"


class Progress:
    """A bar that says how far a run is; shown on terminals only, and only to somebody who waited a second.

    Args:
        total: how many steps there are.
        stream: where it is shown.
        wanted: False shows nothing.
    """

    _PATIENCE = 1.0
    _PERIOD = 0.1
    _WIDTH = 20

    def __init__(self, total: int, stream: TextIO, *, wanted: bool) -> None:
        self._total = total
        self._stream = stream
        self._wanted = wanted and stream.isatty() and os.environ.get("TERM") != "dumb"
        self._next = time.monotonic() + self._PATIENCE
        self._shown = False

    def step(self, done: int, current: str) -> None:
        """`done` of the total are done, the file `current` is next."""
        if not self._wanted or (now := time.monotonic()) < self._next:
            return
        self._next = now + self._PERIOD
        self._shown = True
        bar = "=" * (self._WIDTH * done // self._total)
        text = f"[{bar:{self._WIDTH}}] {done}/{self._total} {safe(os.path.relpath(current))}"
        self._stream.write(f"\r\x1b[2K{text[: columns() - 1]}")
        self._stream.flush()

    def clear(self) -> None:
        """Take the line away, before other output and at the end."""
        if self._shown:
            self._stream.write("\r\x1b[2K")
            self._stream.flush()
            self._shown = False


def columns() -> int:
    """How wide the terminal is, as `shutil.get_terminal_size` finds it out."""
    try:
        return int(os.environ.get("COLUMNS", "")) or 80
    except ValueError:
        pass
    try:
        return os.get_terminal_size(2).columns or 80
    except OSError:
        return 80
