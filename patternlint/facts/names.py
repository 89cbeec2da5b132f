"""Names in `ast`: dotted chains, and the nodes that belong to one scope."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterator, Sequence

from patternlint.facts.rows import statements_on

# fields of names, constants, operators and contexts
_PLAIN = frozenset(
    {
        "arg", "asname", "attr", "conversion", "ctx", "id", "is_async", "kind", "kwd_attrs", "level", "module", "op",
        "ops", "rest", "simple", "type_comment", "type_ignores",
    }
)  # fmt: skip
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def dotted(node: ast.AST | None) -> str | None:
    """``"a.b.c"`` for a chain of attributes that starts with a name, None for anything else."""
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    parts.append(node.id)
    return ".".join(reversed(parts))


def unquoted(node: ast.expr | None) -> ast.expr | None:
    """What an annotation says; a quoted one is parsed (PEP 484, forward references); None where that fails."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        try:
            return ast.parse(node.value, mode="eval").body
        except SyntaxError:
            return None
    return node


# by node class: the fields that can hold nodes
_FIELDS = {
    kind: tuple(name for name in kind._fields if name not in _PLAIN and kind is not ast.Constant)
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}


def children(node: ast.AST) -> list[ast.AST]:
    """The nodes directly inside a node, in the order of `ast`: faster than ``ast.iter_child_nodes``."""
    found: list[ast.AST] = []
    for name in _FIELDS[type(node)]:
        value = getattr(node, name, None)
        if type(value) is list:
            found += [v for v in value if isinstance(v, ast.AST)]
        elif isinstance(value, ast.AST):
            found.append(value)
    return found


def walk(root: ast.AST) -> Iterator[ast.AST]:
    """A node and every node inside it, in no order: faster than ``ast.walk``; operators and contexts are left out."""
    stack = [root]
    while stack:
        node = stack.pop()
        yield node
        stack += children(node)


def header_nodes(node: ast.AST) -> list[ast.AST]:
    """What a def, class or lambda evaluates in the scope around it: decorators, defaults, bases, annotations."""
    generics = getattr(node, "type_params", [])  # PEP 695, new in 3.12
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *generics, *node.bases, *node.keywords]
    if isinstance(node, ast.Lambda):
        return [*node.args.defaults, *(d for d in node.args.kw_defaults if d)]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        annotations = [a.annotation for a in every if a is not None and a.annotation is not None]
        defaults = [*arguments.defaults, *(d for d in arguments.kw_defaults if d)]
        return [*node.decorator_list, *generics, *defaults, *annotations, *([node.returns] if node.returns else [])]
    return []


def own_nodes(root: ast.AST, rows: Sequence[int] | None = None) -> Iterator[ast.AST]:
    """Every node that `root`'s own scope evaluates, in source order, `root` itself left out.

    Args:
        root: a module, def, class, lambda or any statement. A def, class or lambda inside is yielded, and what its
            header evaluates, but not its body.
        rows: sorted; only what stands on these rows (1-based), or around them, is given.
    """
    if isinstance(root, ast.Lambda):
        stack: list[ast.AST] = [root.body]
    elif isinstance(root, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        stack = list(reversed(root.body if rows is None else statements_on(root.body, rows)))
    else:
        stack = children(root)[::-1]
    while stack:
        node = stack.pop()
        if rows is not None and not touches(node, rows):
            continue
        yield node
        stack += (header_nodes(node) if isinstance(node, SCOPES) else children(node))[::-1]


def touches(node: ast.AST, rows: Sequence[int]) -> bool:
    """Whether a node stands on one of the rows (1-based, sorted), or around one."""
    first = getattr(node, "lineno", None)
    if first is None:
        return True
    decorators = getattr(node, "decorator_list", None)
    if decorators:
        first = min(first, decorators[0].lineno)
    at = bisect_left(rows, first)
    return at < len(rows) and rows[at] <= getattr(node, "end_lineno", first)
