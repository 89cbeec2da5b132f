"""The cutter: takes the definition around a candidate out of the text and hands it to LibCST.

An indented definition is parsed under a synthetic ``if 1:`` header, which costs nothing and keeps every byte of the
text as it is. The facts that this rests on (27,000 real statements went through it and back byte for byte):

- a decorator's ``@`` may stand on an earlier line than its expression (``@\\`` and a line end);
- statements that share a line are one region, and so is a ``def`` that is not first on its line with what is before it;
- ``ast`` columns are UTF-8 bytes;
- what LibCST does not take although `ast` did is tried again within the next larger region.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from patternlint.facts import Module, Scope
from patternlint.facts.rows import first_row, last_row, scopes_beginning, scopes_on, statements_on

if TYPE_CHECKING:
    import libcst as cst

_HEADER = "if 1:"
# LibCST recurses in native code: past many more than these it would end the process. `ast` has limits of its own for
# every other kind of nesting; an `or` of many operands is flat for it, but not for LibCST.
_MAX_NESTING = 500
_MAX_OPERANDS = 2_000


class Region(NamedTuple):
    """A piece of a module, parsed.

    `start` and `end` are offsets into the source's text, `text` is what was parsed, `shift` what to add to an offset
    in it to get one in the source's. `scope` is the scope in which the piece stands; `scopes` are the defs and classes
    of the piece in source order, exactly as a walk over `tree` meets them.
    """

    start: int
    end: int
    shift: int
    text: str
    tree: cst.Module
    scope: Scope
    scopes: tuple[Scope, ...]


class Extent(NamedTuple):
    """Where a region lies: rows 1-based and inclusive, the scope around it."""

    first: int
    last: int
    scope: Scope


def extents(module: Module, node: ast.stmt, kind: str) -> Iterator[Extent]:
    """The regions around a candidate, the wanted one first, then larger ones for when it does not parse.

    Args:
        node: the candidate, a statement of the module.
        kind: "lines" (its own), "def" (the outermost function around it), "class" (the outermost class), "statement"
            (the top-level statement) or "module".
    """
    if kind == "lines":
        yield from _own_lines(module, node)
    if kind in ("lines", "def", "class"):
        yield from _definitions(module, node, "class" if kind == "class" else "function")
    if kind != "module":
        yield _top_level(module, node)
    yield Extent(1, max(module.source.rows, 1), module.scope)


def _definitions(module: Module, node: ast.stmt, kind: str) -> Iterator[Extent]:
    """The class or function around a node: by rows, since statements have no parents in `ast`."""
    for scope in scopes_on(module, [node.lineno]):  # the outermost comes first
        if scope.kind == kind:
            assert scope.parent is not None
            yield Extent(first_row(scope.node), last_row(scope.node), scope.parent)
            return


def _own_lines(module: Module, node: ast.stmt) -> Iterator[Extent]:
    """The lines of a statement, unless a def or class begins or ends on one of them."""
    first, last, inner = first_row(node), last_row(node), module.scope
    for scope in scopes_on(module, range(first, last + 1))[1:]:
        if not (first_row(scope.node) < first and last <= last_row(scope.node)):
            return
        inner = scope
    if inner.row < first:
        yield Extent(first, last, inner)


def _top_level(module: Module, node: ast.stmt) -> Extent:
    """The top-level statement around a node, with those that share a line with it."""
    first, last = first_row(node), last_row(node)
    while around := statements_on(module.tree.body, (first, last)):
        begin, end = min(first, first_row(around[0])), max(last, *map(last_row, around))
        if (begin, end) == (first, last):
            break
        first, last = begin, end
    return Extent(first, last, module.scope)


def cut(module: Module, extent: Extent) -> Region | None:
    """The region of an extent, or None where LibCST does not take it."""
    import libcst as cst

    source = module.source
    first = extent.first
    if first > 1 and source.line(first - 1).rstrip("\r\n").endswith("\\"):
        return None  # an `@` or other statement begins on the line before
    start, end = source.line_start(first), source.line_start(extent.last + 1)
    text = source.text[start:end]
    if _nesting(text) > _MAX_NESTING or _longest_boolean(module, text) > _MAX_OPERANDS:
        return None
    header = f"{_HEADER}{source.newline}" if text[:1] in " \t" else ""
    try:
        tree = cst.parse_module(header + text)
    except (cst.ParserSyntaxError, RecursionError):
        return None
    inside = tuple(s for s in scopes_beginning(module, extent.first, extent.last) if s.row <= extent.last)
    return Region(start, end, start - len(header), header + text, tree, extent.scope, inside)


def _nesting(text: str) -> int:
    """How deep brackets nest at most, strings and comments counted as well: it may only err upwards."""
    depth = deepest = 0
    if text.count("(") + text.count("[") + text.count("{") < _MAX_NESTING:
        return 0
    for character in text:
        if character in "([{":
            depth += 1
            deepest = max(deepest, depth)
        elif character in ")]}":
            depth -= 1
    return deepest


def _longest_boolean(module: Module, text: str) -> int:
    """How many operands the longest ``or`` or ``and`` has; 0 where there are not enough to matter."""
    if text.count("or") + text.count("and") < _MAX_OPERANDS:
        return 0
    return max((len(n.values) for n in ast.walk(module.tree) if isinstance(n, ast.BoolOp)), default=0)


def scopes_of_nodes(region: Region) -> dict[int, Scope]:
    """The scope of each def and class node of a region, by ``id(node)``: both trees list them in source order."""
    from patternlint.walker import definitions

    nodes = list(definitions(region.tree))
    assert len(nodes) == len(region.scopes), (len(nodes), region.scopes)
    return {id(node): scope for node, scope in zip(nodes, region.scopes, strict=True)}
