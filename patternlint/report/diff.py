"""Unified diffs of sources, as bytes that ``patch`` and ``git apply`` take."""

from __future__ import annotations

import difflib
import os
from collections.abc import Iterator

from patternlint.report.terminal import Style, safe
from patternlint.source import Source

_NO_NEWLINE = "\n\\ No newline at end of file\n"


def unified(before: Source, after: Source, name: str, terminal: Style | None) -> Iterator[bytes]:
    """The lines of the diff from one state of a file to the other.

    Args:
        before: the file as it is.
        after: the file as it would be.
        name: what to call it.
        terminal: colours, for a diff that a terminal shows (it gets no control characters, and cannot be applied);
            None for one that is to be applied.
    """
    name = safe(name.replace(os.sep, "/"))
    for line in difflib.unified_diff(_lines(before), _lines(after), name, name):
        if terminal is not None:
            body = line.rstrip("\r\n")
            colour = {"+": terminal.good, "-": terminal.removed, "@": terminal.frame}.get(body[:1], str)
            yield (colour(safe(body.replace("\t", "    "))) + "\n").encode("utf-8", "backslashreplace")
        elif line.endswith(("\n", "\r")):
            yield line.encode(after.encoding)
        else:
            yield (line + _NO_NEWLINE).encode(after.encoding)


def _lines(source: Source) -> list[str]:
    return [source.line(row) for row in range(1, source.rows + 1)] if source.text else []
