"""Names in `ast`: dotted chains, and the nodes that belong to one scope."""

from __future__ import annotations

import ast
from collections.abc import Iterator

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


def header_nodes(node: ast.AST) -> list[ast.AST]:
    """What a def, class or lambda evaluates in the scope around it: decorators, defaults, bases, annotations."""
    if isinstance(node, ast.ClassDef):
        return [*node.decorator_list, *node.bases, *node.keywords]
    if isinstance(node, ast.Lambda):
        return [*node.args.defaults, *(d for d in node.args.kw_defaults if d)]
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        arguments = node.args
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs, arguments.vararg, arguments.kwarg]
        annotations = [a.annotation for a in every if a is not None and a.annotation is not None]
        defaults = [*arguments.defaults, *(d for d in arguments.kw_defaults if d)]
        return [*node.decorator_list, *defaults, *annotations, *([node.returns] if node.returns else [])]
    return []


def own_nodes(root: ast.AST) -> Iterator[ast.AST]:
    """Every node that `root`'s own scope evaluates, in source order, `root` itself left out.

    `root` is a module, def, class, lambda or any statement. A def, class or lambda inside is yielded, and what its
    header evaluates, but not its body.
    """
    body = getattr(root, "body", None)
    if isinstance(root, ast.Lambda):
        stack: list[ast.AST] = [root.body]
    elif isinstance(root, ast.Module | ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and body is not None:
        stack = list(reversed(root.body))
    else:
        stack = list(reversed(list(ast.iter_child_nodes(root))))
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, _SCOPES):
            stack.extend(reversed(header_nodes(node)))
        else:
            stack.extend(reversed(list(ast.iter_child_nodes(node))))
