"""The largest part of a sequence that passes a test, with few tests: which of many changes are at fault."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


def largest_passing(items: Sequence[T], passes: Callable[[list[T]], bool]) -> tuple[list[T], list[T]]:
    """Take out of `items` what makes a test fail: about ``2 * log2(n)`` tests for each bad item.

    Nothing at all is taken to pass. Items that fail only together lose the last one of them. No superset of what is
    kept that was tried passes, and what is kept was tried itself.

    Args:
        items: in the order in which they are given to the test.
        passes: whether these items do well together.

    Returns:
        The items kept and those at fault, both in order.
    """
    kept: list[T] = []
    failed: list[T] = []

    def add(part: Sequence[T], known_to_fail: bool) -> bool:
        """Keep what can be kept of a part; whether that is all of it."""
        if not known_to_fail and passes([*kept, *part]):
            kept.extend(part)
            return True
        if len(part) == 1:
            failed.extend(part)
            return False
        middle = len(part) // 2
        left_passes = add(part[:middle], False)
        add(part[middle:], left_passes)  # all of the left with all of the right has failed already
        return False

    if items:
        add(items, False)
    return kept, failed
