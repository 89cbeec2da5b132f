"""Names in `ast`: dotted chains, and the nodes that belong to one scope."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterator, Sequence

_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


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
        stack = list(reversed(root.body))
    else:
        stack = list(reversed(list(ast.iter_child_nodes(root))))
    while stack:
        node = stack.pop()
        if rows is not None and not _touches(node, rows):
            continue
        yield node
        inside = header_nodes(node) if isinstance(node, _SCOPES) else list(ast.iter_child_nodes(node))
        stack.extend(reversed(inside))


def _touches(node: ast.AST, rows: Sequence[int]) -> bool:
    first = getattr(node, "lineno", None)
    if first is None:
        return True
    decorators = getattr(node, "decorator_list", None)
    if decorators:
        first = min(first, decorators[0].lineno)
    at = bisect_left(rows, first)
    return at < len(rows) and rows[at] <= getattr(node, "end_lineno", first)
