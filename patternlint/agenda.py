"""The files that are still to be checked, in an order in which what was parsed for a question serves twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class Agenda:
    """Which files are going to be checked, by their whole paths.

    Args:
        names: those known from the start.
    """

    def __init__(self, names: Iterable[str] = ()) -> None:
        self._left = set(names)
        self._forward: list[str] = []

    def __contains__(self, name: str) -> bool:
        return name in self._left

    def bring_forward(self, name: str) -> None:
        """Let a file be the next, since its facts are at hand now and may not be later."""
        self._forward.append(name)

    def in_turn(self, names: Iterable[str]) -> Iterator[str]:
        """Each of these files once, and before the next of them those that have been brought forward."""
        waiting = list(names)[::-1]
        self._left.update(waiting)
        while self._forward or waiting:
            name = (self._forward or waiting).pop()
            if name in self._left:
                self._left.discard(name)
                yield name
