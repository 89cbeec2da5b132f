"""Where nodes stand in the text: one code generation that notes the nodes asked for, and only these."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

from patternlint.source import lines_of

if TYPE_CHECKING:
    import libcst as cst


class Spans(NamedTuple):
    """Places by ``id(node)``: start and end (exclusive) in code points of the tree's text.

    White space, comments and parentheses around a node are left out, as in LibCST's PositionProvider. `inexact` are
    nodes that begin or end on a line that LibCST does not give back as it was (``except (A, B) :`` loses a blank):
    the row of their places is right, the column may be off.
    """

    places: dict[int, tuple[int, int]]
    inexact: frozenset[int]


def spans_of(tree: cst.Module, nodes: Iterable[cst.CSTNode], text: str) -> Spans:
    """Where nodes stand.

    Args:
        tree: a module.
        nodes: nodes of that module, the same objects.
        text: what `tree` was parsed from.
    """
    from libcst._nodes.internal import CodegenState

    wanted = {id(n) for n in nodes}
    found: dict[int, tuple[int, int]] = {}

    class State(CodegenState):
        """Counts the characters written and notes where the wanted nodes begin and end."""

        def __init__(self) -> None:
            super().__init__(default_indent=tree.default_indent, default_newline=tree.default_newline)
            self.offset = 0
            self.begun: list[int] = []

        def add_indent_tokens(self) -> None:
            self.tokens.extend(self.indent_tokens)
            self.offset += sum(map(len, self.indent_tokens))

        def add_token(self, value: str) -> None:
            self.tokens.append(value)
            self.offset += len(value)

        def before_codegen(self, node: cst.CSTNode) -> None:
            if id(node) in wanted:
                self.begun.append(self.offset)

        def after_codegen(self, node: cst.CSTNode) -> None:
            if id(node) in wanted:
                start = self.begun.pop()
                found.setdefault(id(node), (start, self.offset))

        @contextmanager
        def record_syntactic_position(
            self,
            node: cst.CSTNode,
            *,
            start_node: cst.CSTNode | None = None,
            end_node: cst.CSTNode | None = None,
        ) -> Iterator[None]:
            if id(node) not in wanted:
                yield
                return
            ends = {id(n) for n in (start_node, end_node) if n is not None} - wanted
            wanted.update(ends)
            start = self.offset
            yield
            first = found[id(start_node)][0] if start_node is not None else start
            last = found[id(end_node)][1] if end_node is not None else self.offset
            found[id(node)] = (first, last)
            wanted.difference_update(ends)

    state = State()
    tree._codegen(state)
    places = {key: found[key] for key in wanted if key in found}
    written = "".join(state.tokens)
    if written == text:
        return Spans(places, frozenset())
    return _realigned(places, written, text)


def _realigned(places: dict[int, tuple[int, int]], written: str, text: str) -> Spans:
    """Places in the text as LibCST wrote it, as places in the text as it was, line by line.

    Where a line was changed at one place only (a form feed or a blank is gone), what stands before and behind it can
    still be found: from the line's start, and from its end.
    """
    new, old = lines_of(written), lines_of(text)
    new_starts = [0, *accumulate(map(len, new))]
    old_starts = [0, *accumulate(map(len, old))]

    def moved(offset: int, *, is_end: bool) -> tuple[int, bool]:
        row = min(bisect_right(new_starts, offset - is_end) - 1, len(old) - 1, len(new) - 1)
        column, now, before = offset - new_starts[row], new[row], old[row]
        if now == before:
            return old_starts[row] + column, True
        head = _in_common(now, before)
        tail = min(_in_common(now[::-1], before[::-1]), min(len(now), len(before)) - head)
        from_start, from_end = column <= head, len(now) - column <= tail
        if from_end and not (is_end and from_start):
            column += len(before) - len(now)
        return old_starts[row] + min(column, len(before)), from_start or from_end

    out: dict[int, tuple[int, int]] = {}
    inexact: set[int] = set()
    for key, (start, end) in places.items():
        (first, first_exact), (last, last_exact) = moved(start, is_end=False), moved(end, is_end=True)
        out[key] = first, max(first, last)
        if not (first_exact and last_exact) or len(new) != len(old):
            inexact.add(key)
    return Spans(out, frozenset(inexact))


def _in_common(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    pairs = zip(one, other, strict=False)
    return next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
