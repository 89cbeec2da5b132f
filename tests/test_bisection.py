"""Which of many changes are at fault, and how often the test is run to learn it."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patternlint.bisection import largest_passing


@given(st.integers(0, 60), st.data())
def test_all_bad_items_and_no_others_are_taken_out(count: int, data: st.DataObject) -> None:
    items = list(range(count))
    bad = data.draw(st.sets(st.sampled_from(items))) if items else set()
    calls = 0

    def passes(part: list[int]) -> bool:
        nonlocal calls
        calls += 1
        assert part == sorted(part)
        return not bad & set(part)

    kept, failed = largest_passing(items, passes)
    assert kept == [i for i in items if i not in bad]
    assert failed == sorted(bad)
    assert calls <= 1 + len(bad) * 2 * math.ceil(math.log2(max(count, 2)))


@given(st.integers(1, 30), st.data())
def test_what_is_kept_was_tried(count: int, data: st.DataObject) -> None:
    items = list(range(count))
    clashes = data.draw(st.sets(st.frozensets(st.sampled_from(items), min_size=1, max_size=3), max_size=4))
    tried: list[list[int]] = [[]]

    def passes(part: list[int]) -> bool:
        tried.append(part)
        return not any(clash <= set(part) for clash in clashes)

    kept, failed = largest_passing(items, passes)
    assert sorted(kept + failed) == items
    assert kept in tried
    assert not any(clash <= set(kept) for clash in clashes)


@pytest.mark.parametrize(("count", "calls"), [(0, 0), (1, 1), (1000, 1)])
def test_one_test_is_enough_where_nothing_is_wrong(count: int, calls: int) -> None:
    made: list[int] = []
    kept, failed = largest_passing(range(count), lambda part: bool(made.append(1) or True))
    assert (len(kept), failed, len(made)) == (count, [], calls)
