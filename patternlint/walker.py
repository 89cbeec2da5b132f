"""An iterative walk over a LibCST tree that calls ``visit_X`` and ``leave_X`` of plain visitors.

`node.visit(visitor)` rebuilds nothing for a visitor but still copies the machinery of a transformer: twelve times
slower than this walk, and it recurses (a chain of 400 ``elif`` ends in a RecursionError). Whitespace, commas and
parentheses have nothing to say to a rule and are not visited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import libcst as cst

Handler = Callable[[Any], object]
# fields that hold punctuation, white space and comments alone
_QUIET = frozenset(
    {
        "ans", "asynchronous_", "comma", "colon", "dot", "equal", "footer", "header", "indent",
        "leading_lines", "lbrace", "lbracket", "lines_after_decorators", "lines_after_module_docstring",
        "lpar", "newline", "rbrace", "rbracket", "rpar", "semicolon", "star", "trailing_whitespace",
        "whitespace",
    }
)  # fmt: skip


@cache
def _fields(kind: type[cst.CSTNode]) -> tuple[str, ...]:
    """The fields of a node class that can hold nodes worth a visit, in source order."""
    import dataclasses

    names = [f.name for f in dataclasses.fields(kind)]
    if "decorators" in names:  # they stand before the def, but LibCST lists them behind its body
        names.remove("decorators")
        names.insert(0, "decorators")
    if kind.__name__ == "FunctionDef":  # source order: name, type parameters, parameters, returns, body
        names.remove("body")
        names.append("body")
    if kind.__name__ == "ClassDef":
        names.remove("body")
        names.append("body")
    return tuple(n for n in names if n not in _QUIET and not n.startswith(("whitespace", "lpar", "rpar")))


def children(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The nodes directly inside a node, punctuation and white space left out."""
    found: list[Any] = []
    for name in _fields(type(node)):
        value = getattr(node, name)
        if isinstance(value, (list, tuple)):
            found.extend(value)
        elif hasattr(value, "visit"):  # a node: neither a str, None nor a MaybeSentinel
            found.append(value)
    return found


def walk(
    root: cst.CSTNode,
    visitor: object,
    *,
    enter: Callable[[cst.CSTNode, list[cst.CSTNode]], None] | None = None,
    leave: Callable[[cst.CSTNode], None] | None = None,
) -> None:
    """Walk `root` and everything in it, in source order.

    Args:
        visitor: gets ``visit_X(node)`` before and ``leave_X(node)`` after the children; a ``visit_X`` that returns
            False keeps the children from being visited, as in LibCST. One that has methods for statements alone is
            not shown into expressions, where most nodes are.
        enter: called before the visit of each node with the path from `root` to its parent (do not keep the list).
        leave: called after a node's ``leave_X``.
    """
    inside = blocks if _wants_statements_alone(type(visitor)) else children
    handlers: dict[type, tuple[Handler | None, Handler | None]] = {}
    path: list[cst.CSTNode] = []
    stack: list[tuple[cst.CSTNode, bool]] = [(root, False)]
    while stack:
        node, done = stack.pop()
        kind = type(node)
        if kind not in handlers:
            name = kind.__name__
            handlers[kind] = getattr(visitor, f"visit_{name}", None), getattr(visitor, f"leave_{name}", None)
        visit, after = handlers[kind]
        if done:
            path.pop()
            if after is not None:
                after(node)
            if leave is not None:
                leave(node)
            continue
        if enter is not None:
            enter(node, path)
        descend = visit is None or visit(node) is not False
        path.append(node)
        stack.append((node, True))
        if descend:
            stack.extend((c, False) for c in reversed(inside(node)))


def descendants(root: cst.CSTNode, *, into_scopes: bool = True) -> Iterator[cst.CSTNode]:
    """Every node inside `root`, in source order, `root` itself left out.

    Args:
        into_scopes: whether to enter the defs, classes and lambdas inside (these themselves are always given).
    """
    stack = list(reversed(children(root)))
    while stack:
        node = stack.pop()
        yield node
        if into_scopes or type(node).__name__ not in ("FunctionDef", "ClassDef", "Lambda"):
            stack.extend(reversed(children(node)))


def definitions(root: cst.CSTNode) -> Iterator[cst.FunctionDef | cst.ClassDef]:
    """Every def and class inside `root`, in source order; only statements are looked at."""
    import libcst as cst

    stack: list[cst.CSTNode] = [root]
    while stack:
        node = stack.pop()
        if isinstance(node, cst.FunctionDef | cst.ClassDef):
            yield node
        stack.extend(reversed(blocks(node)))


def blocks(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The statements directly inside a node, and the nodes that hold such: blocks, handlers, cases."""
    found: list[Any] = []
    for name in _BLOCKS:
        value = getattr(node, name, None)
        if isinstance(value, (list, tuple)):
            found.extend(value)
        elif value is not None:
            found.append(value)
    kinds = _statement_kinds()
    return [n for n in found if issubclass(type(n), kinds)]


# in source order, whatever the node
_BLOCKS = ("body", "handlers", "cases", "orelse", "finalbody")


@cache
def _statement_kinds() -> tuple[type, ...]:
    """The nodes that are statements, or hold some."""
    import libcst as cst

    return (
        cst.Module, cst.BaseStatement, cst.BaseSmallStatement, cst.IndentedBlock, cst.SimpleStatementSuite, cst.Else,
        cst.Finally, cst.ExceptHandler, cst.ExceptStarHandler, cst.MatchCase,
    )  # fmt: skip


def _wants_statements_alone(kind: type) -> bool:
    import libcst as cst

    wanted = [n.partition("_")[2] for n in dir(kind) if n.startswith(("visit_", "leave_"))]
    return all(issubclass(getattr(cst, name, object), _statement_kinds()) for name in wanted)
