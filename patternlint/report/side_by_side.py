"""A change as rows of two columns, the lines before beside the lines after, without reading what did not change."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import SequenceMatcher
from typing import NamedTuple

from patternlint.report.shown import FileChange
from patternlint.source import lines_of
from patternlint.splicing import splice

_CONTEXT = 3


class Side(NamedTuple):
    """One line on one side: its row, its text without the line end, and the part of that that is another on the other
    side (from, to; empty where the whole line has no counterpart)."""

    row: int
    text: str
    changed: tuple[int, int] = (0, 0)


class Pair(NamedTuple):
    """What stands side by side; None where there is nothing on that side. `same`: both are equal."""

    before: Side | None
    after: Side | None
    same: bool = False


Hunk = list[Pair]


def hunks(change: FileChange) -> list[Hunk]:
    """The places that a change concerns, each with a few lines around, from the top of the file to its end."""
    source = change.source
    found: list[Hunk] = []
    shift = shown = 0  # rows that were added so far; the last row before that is in a hunk
    for first, last in _blocks(change):
        start = max(shown + 1, first - _CONTEXT)
        if found and start == shown + 1:
            hunk = found[-1]
        else:
            hunk = []
            found.append(hunk)
        hunk += (_same(change, row, shift) for row in range(start, first))
        before = [line for row in range(first, last + 1) if (line := source.line(row))]  # there is none behind the last
        after = lines_of(_spliced(change, first, last))
        hunk += _aligned(before, after, first, first + shift)
        shift += len(after) - len(before)
        shown = min(last + _CONTEXT, source.rows, _next_block(change, last) - 1)
        hunk += (_same(change, row, shift) for row in range(last + 1, shown + 1))
    return found


def _blocks(change: FileChange) -> list[tuple[int, int]]:
    """The first and the last row of each stretch of lines that edits touch."""
    blocks: list[tuple[int, int]] = []
    for edit in change.edits:
        first, last = change.source.position(edit.start)[0], change.source.position(edit.end)[0]
        if blocks and first <= blocks[-1][1] + 1:
            blocks[-1] = blocks[-1][0], max(blocks[-1][1], last)
        else:
            blocks.append((first, last))
    return blocks


def _next_block(change: FileChange, last: int) -> int:
    return next((first for first, _ in _blocks(change) if first > last), change.source.rows + 1)


def _spliced(change: FileChange, first: int, last: int) -> str:
    """The rows with the edits that are in them."""
    start, end = change.source.line_start(first), change.source.line_start(last + 1)
    edits = [e._replace(start=e.start - start, end=e.end - start) for e in change.edits if start <= e.start <= end]
    return splice(change.source.text[start:end], edits)


def _same(change: FileChange, row: int, shift: int) -> Pair:
    text = _bare(change.source.line(row))
    return Pair(Side(row, text), Side(row + shift, text), same=True)


def _aligned(before: list[str], after: list[str], row: int, new_row: int) -> Iterator[Pair]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for kind, start, end, new_start, new_end in matcher.get_opcodes():
        for i in range(max(end - start, new_end - new_start)):
            old = _bare(before[start + i]) if start + i < end else None
            new = _bare(after[new_start + i]) if new_start + i < new_end else None
            one, other = _differing(old, new)
            left = None if old is None else Side(row + start + i, old, one)
            right = None if new is None else Side(new_row + new_start + i, new, other)
            yield Pair(left, right, same=kind == "equal")


def _differing(old: str | None, new: str | None) -> tuple[tuple[int, int], tuple[int, int]]:
    """The parts of two lines between what they begin and end with alike; empty where there is one line only."""
    if old is None or new is None or old == new:
        return (0, 0), (0, 0)
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    tail = next((i for i in range(shorter - head) if old[-1 - i] != new[-1 - i]), shorter - head)
    return (head, len(old) - tail), (head, len(new) - tail)


def _bare(line: str) -> str:
    return line.rstrip("\r\n")
