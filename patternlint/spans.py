"""Where nodes stand in the text: one code generation that notes the nodes asked for, and only these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import libcst as cst


def spans_of(tree: cst.Module, nodes: Iterable[cst.CSTNode]) -> dict[int, tuple[int, int]]:
    """The offsets of nodes in the tree's code.

    Args:
        tree: a module.
        nodes: nodes of that module, the same objects.

    Returns:
        By ``id(node)``, start and end (exclusive) in code points, white space and comments around the node left out,
        as LibCST's PositionProvider defines it; parentheses that belong to the node are part of it.
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
            self.offset += sum(map(len, self.indent_tokens))

        def add_token(self, value: str) -> None:
            self.offset += len(value)

        def pop_trailing_newline(self) -> None:
            pass

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

    tree._codegen(State())
    return {key: found[key] for key in wanted if key in found}
