"""Code that runs once in the life of a process, whoever calls it: nobody waits for it twice."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from patternlint.facts import Scope, dotted, walk

_MEMOISERS = re.compile(r"cache|memo|once|singleton", re.IGNORECASE)


def is_memoised(scope: Scope) -> bool:
    """Whether a decorator keeps the function's first result (``functools.cache`` and its like)."""
    names = (dotted(d.func if isinstance(d, ast.Call) else d) or "" for d in scope.function.decorator_list)
    return any(_MEMOISERS.search(name.rpartition(".")[2]) for name in names)


def runs_once(scope: Scope) -> set[ast.AST]:
    """The nodes of a function that run only until something is there: ``if x is None: x = …``, and what follows
    ``if x is not None: return x`` where the function then fills `x`."""
    found: set[ast.AST] = set()
    for statement, following in _with_following(getattr(scope.node, "body", [])):
        if not isinstance(statement, ast.If):
            continue
        if (missing := _missing(statement.test)) and _keeps(scope, statement.body, missing):
            found.update(n for s in statement.body for n in walk(s))
        present = _present(statement.test)
        if present and isinstance(statement.body[-1], ast.Return) and _keeps(scope, following, present):
            found.update(n for s in following for n in walk(s))
        if "lifespan" in (n.value for n in walk(statement.test) if isinstance(n, ast.Constant)):
            found.update(n for s in statement.body for n in walk(s))
    return found


def _with_following(block: list[ast.stmt]) -> Iterator[tuple[ast.stmt, list[ast.stmt]]]:
    """Each statement of a function's blocks with those behind it in the same block."""
    for index, statement in enumerate(block):
        yield statement, block[index + 1 :]
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            for name in ("body", "orelse", "finalbody"):
                yield from _with_following(getattr(statement, name, []))
            for part in [*getattr(statement, "handlers", []), *getattr(statement, "cases", [])]:
                yield from _with_following(part.body)


def _missing(test: ast.expr) -> str | None:
    """``x`` in ``x is None``, ``not x``, ``key not in x`` and ``not hasattr(x, "y")``, beside other conditions too."""
    if isinstance(test, ast.BoolOp):
        return next((m for m in map(_missing, test.values) if m), None)
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        return _attribute_asked_for(test.operand) or dotted(test.operand)
    if isinstance(test, ast.Compare):
        if isinstance(test.ops[0], ast.Is) and _is_none(test.comparators[0]):
            return dotted(test.left)
        if isinstance(test.ops[0], ast.NotIn):
            return dotted(test.comparators[0])
    return None


def _present(test: ast.expr) -> str | None:
    """``x`` in ``x is not None``, ``key in x``, ``hasattr(x, "y")`` and plain ``x``."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return next((p for p in map(_present, test.values) if p), None)
    if isinstance(test, ast.Compare):
        if isinstance(test.ops[0], ast.IsNot) and _is_none(test.comparators[0]):
            return dotted(test.left)
        return dotted(test.comparators[0]) if isinstance(test.ops[0], ast.In) else None
    return _attribute_asked_for(test) or dotted(test)


def _attribute_asked_for(test: ast.expr) -> str | None:
    if isinstance(test, ast.Call) and dotted(test.func) == "hasattr" and len(test.args) == 2:
        owner, name = dotted(test.args[0]), test.args[1]
        return f"{owner}.{name.value!s}" if owner and isinstance(name, ast.Constant) else None
    return None


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None


def _keeps(scope: Scope, block: list[ast.stmt], name: str) -> bool:
    """Whether statements assign to a name or attribute that outlives the call, or to an item of it."""
    if "." not in name and _dies_with_call(scope, name):
        return False
    for node in (n for s in block for n in walk(s)):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        for target in targets:
            if dotted(target.value if isinstance(target, ast.Subscript) else target) == name:
                return True
    return False


def _dies_with_call(scope: Scope, name: str) -> bool:
    """Whether a name is a local of the function, or of one around it that makes it anew in each call."""
    at: Scope | None = scope
    while at is not None and at.is_function:
        if bindings := at.bindings.get(name):
            return not any(b.kind in ("global", "nonlocal") for b in bindings)
        at = at.parent
    return False
