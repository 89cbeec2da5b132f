"""Places in a text as editors count them: lines from 0, columns in code units, of UTF-16 where nothing else is agreed.

Lines end at ``\\n``, ``\\r\\n`` and ``\\r``, for the protocol as for the interpreter; a tab is one character.
"""

from __future__ import annotations

from collections.abc import Callable

from lsprotocol.types import Position, PositionEncodingKind, Range, TextDocumentContentChangeEvent

from patternlint.finding import Finding
from patternlint.source import line_starts

_IN_UNITS: dict[str, Callable[[str], int]] = {
    PositionEncodingKind.Utf8.value: lambda text: len(text.encode("utf-8", "surrogatepass")),
    PositionEncodingKind.Utf16.value: lambda text: len(text) + sum(character > "\uffff" for character in text),
    PositionEncodingKind.Utf32.value: len,
}


class Positions:
    """The places in one text.

    Args:
        text: the text.
        encoding: whose code units columns are counted in, as agreed with the editor.
    """

    def __init__(self, text: str, encoding: str) -> None:
        self._text = text
        self._units = _IN_UNITS[encoding]
        self._starts = line_starts(text)

    def position(self, row: int, column: int) -> Position:
        """The place at a row and column, both from 1, the column in code points."""
        if row > len(self._starts):
            row, column = len(self._starts), len(self._text) + 1
        start = self._starts[row - 1]
        return Position(row - 1, self._units(self._text[start : start + column - 1]))

    def at(self, offset: int) -> Position:
        """The place of an offset."""
        from bisect import bisect_right

        row = bisect_right(self._starts, offset)
        return Position(row - 1, self._units(self._text[self._starts[row - 1] : offset]))

    def range(self, start: int, end: int) -> Range:
        """The range between two offsets."""
        return Range(self.at(start), self.at(end))

    def of(self, finding: Finding) -> Range:
        """The range that a finding is about."""
        end = self.position(finding.end_row, finding.end_column)
        return Range(self.position(finding.row, finding.column), end)

    def offset(self, position: Position) -> int:
        """The offset of a place; one behind the end of a line or of the text counts as that end."""
        if position.line >= len(self._starts):
            return len(self._text)
        start = self._starts[max(position.line, 0)]
        following = self._starts[position.line + 1] if position.line + 1 < len(self._starts) else len(self._text)
        line = self._text[start:following].rstrip("\r\n")
        if line.isascii():
            return start + min(max(position.character, 0), len(line))
        units = 0
        for column, character in enumerate(line):
            if units >= position.character:
                return start + column
            units += self._units(character)
        return start + len(line)


def changed(text: str, change: TextDocumentContentChangeEvent, encoding: str) -> str:
    """A text after a change that an editor tells of: of a range, or of all of it."""
    place = getattr(change, "range", None)
    if place is None:
        return change.text
    positions = Positions(text, encoding)
    start, end = sorted((positions.offset(place.start), positions.offset(place.end)))
    return f"{text[:start]}{change.text}{text[end:]}"
