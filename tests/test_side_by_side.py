"""Changes shown side by side: every line that changes, with its neighbours, at its row on either side."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patternlint.finding import Edit
from patternlint.report.shown import FileChange
from patternlint.report.side_by_side import Pair, hunks
from patternlint.source import Source, lines_of
from patternlint.splicing import in_order


def change(text: str, *edits: tuple[int, int, str]) -> FileChange:
    return FileChange(Source(Path("a.py"), text.encode()), tuple(in_order(Edit(*edit) for edit in edits)))


TEXT = "".join(f"line {row}\n" for row in range(1, 31))


def at(row: int) -> int:
    return TEXT.index(f"line {row}\n")


def shown(pairs: list[Pair]) -> list[str]:
    def side(one: object, sign: str) -> str:
        return "" if one is None else f"{one.row}{sign}{one.text}"  # type: ignore[attr-defined]

    return [f"{side(p.before, ' ' if p.same else '-')}|{side(p.after, ' ' if p.same else '+')}" for p in pairs]


def test_a_change_has_three_lines_around_it() -> None:
    (hunk,) = hunks(change(TEXT, (at(10) + 5, at(10) + 7, "ten")))
    assert shown(hunk) == [
        *(f"{row} line {row}|{row} line {row}" for row in (7, 8, 9)),
        "10-line 10|10+line ten",
        *(f"{row} line {row}|{row} line {row}" for row in (11, 12, 13)),
    ]
    pair = hunk[3]
    assert pair.before is not None
    assert pair.after is not None
    assert (pair.before.changed, pair.after.changed) == ((5, 7), (5, 8))


def test_rows_are_counted_on_from_what_was_added_and_removed_above() -> None:
    top, middle, end = hunks(change(TEXT, (0, 0, "import os\n\n"), (at(15), at(17), ""), (at(30), at(30), "x\n")))
    assert shown(top)[:3] == ["|1+import os", "|2+", "1 line 1|3 line 1"]
    assert shown(middle)[2:6] == ["14 line 14|16 line 14", "15-line 15|", "16-line 16|", "17 line 17|17 line 17"]
    assert shown(end)[-2:] == ["|30+x", "30 line 30|31 line 30"]


def test_places_that_are_near_each_other_are_one() -> None:
    assert len(hunks(change(TEXT, (at(10), at(10), "x"), (at(17), at(17), "y")))) == 1
    assert len(hunks(change(TEXT, (at(10), at(10), "x"), (at(18), at(18), "y")))) == 2


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_the_end_of_a_file(end: str) -> None:
    text = f"a\nb{end}"
    (hunk,) = hunks(change(text, (len(text), len(text), "c\n")))
    assert shown(hunk)[0] == "1 a|1 a"
    assert hunk[-1].after is not None
    assert hunk[-1].after.text.endswith("c")


EDITS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 4), st.text("ab\n", max_size=6)), max_size=5)


@given(st.text("abc\n", max_size=60), EDITS)
def test_both_sides_are_what_the_file_is_and_will_be(text: str, given_edits: list[tuple[int, int, str]]) -> None:
    edits, end = [], 0
    for start, length, new in sorted(given_edits):
        start = max(start, end)
        if start + length <= len(text):
            edits.append((start, start + length, new))
            end = start + length + 1
    made = change(text, *edits)
    before, after = lines_of(text), lines_of(made.after)
    pairs = [pair for hunk in hunks(made) for pair in hunk]
    sides = [(before, [p.before for p in pairs if p.before]), (after, [p.after for p in pairs if p.after])]
    for lines, side in sides:
        assert [one.row for one in side] == sorted({one.row for one in side})
        assert all(lines[one.row - 1].rstrip("\n") == one.text for one in side)
    for lines, side in sides:
        left_out = [line for row, line in enumerate(lines, 1) if row not in {one.row for one in side}]
        assert left_out == [line for row, line in enumerate(before, 1) if row not in {s.row for s in sides[0][1]}]
    assert all(p.before and p.after and p.before.text == p.after.text for p in pairs if p.same)
