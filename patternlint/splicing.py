"""Edits as one splice: the text that they make, and where each character of the old text stands in the new one."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from patternlint.finding import Edit


def in_order(edits: Iterable[Edit]) -> list[Edit]:
    """The edits by place, equal ones once; several insertions at one place stay in the order given."""
    return sorted(dict.fromkeys(edits), key=lambda e: (e.start, e.end))


def splice(text: str, edits: Iterable[Edit]) -> str:
    """The text with edits in it, equal ones once; several insertions at one place stand in the order given."""
    parts: list[str] = []
    position = 0
    for edit in in_order(edits):
        parts += text[position : edit.start], edit.text
        position = max(position, edit.end)
    return "".join([*parts, text[position:]])


class Moves:
    """Where characters go when edits are spliced in, and where they come from.

    Args:
        edits: those of one splice.
    """

    def __init__(self, edits: Iterable[Edit]) -> None:
        self.edits = in_order(edits)
        self._starts = [e.start for e in self.edits]
        self._new_starts: list[int] = []
        shift = 0
        for edit in self.edits:
            self._new_starts.append(edit.start + shift)
            shift += len(edit.text) - (edit.end - edit.start)

    @property
    def overlap(self) -> bool:
        """Whether two edits are about the same characters."""
        end = 0
        for edit in self.edits:
            if edit.start < end:
                return True
            end = max(end, edit.end)
        return False

    def new(self, old: int) -> int | None:
        """The offset in the new text of the character at `old`; None where an edit took it out."""
        index = bisect_right(self._starts, old) - 1
        if index < 0:
            return old
        edit = self.edits[index]
        if old < edit.end:
            return None
        return self._new_starts[index] + len(edit.text) + old - edit.end

    def old(self, new: int) -> int:
        """The offset in the old text of the character at `new`; for one that an edit wrote, where the edit begins."""
        index = bisect_right(self._new_starts, new) - 1
        if index < 0:
            return new
        edit, start = self.edits[index], self._new_starts[index]
        return edit.start if new < start + len(edit.text) else edit.end + new - start - len(edit.text)

    def wrote(self, new: int) -> bool:
        """Whether an edit wrote the character at `new`."""
        index = bisect_right(self._new_starts, new) - 1
        return index >= 0 and new < self._new_starts[index] + len(self.edits[index].text)
