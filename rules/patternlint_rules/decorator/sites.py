"""Where a decorator could be, as `ast` sees it: a first guess that errs towards too many."""

from __future__ import annotations

import ast

from patternlint.facts import Module, Scope, dotted
from patternlint_rules.decorator.identity import COPIERS, WRAPPER_FACTORIES
from patternlint_rules.decorator.shape import INVOKES, RECEIVERS


def may_return_wrapper(scope: Scope) -> bool:
    """Whether all that a function returns may be functions, of which an inner one without an identity reaches what the
    function was given first."""
    first, *others = *scope.parameters, "", ""
    function = others[0] if first in RECEIVERS else first
    if not function or not (scope.nested_functions or scope.holds(scope.module.derive(_rows_with_lambda))):
        return False
    statements = list(scope.statements())
    returned = [s.value for s in statements if isinstance(s, ast.Return)]
    if not returned or not all(isinstance(v, ast.Name | ast.Lambda | ast.IfExp | ast.Call) for v in returned):
        return False
    values = [s.value for s in statements if isinstance(s, ast.Return | ast.Assign)]
    return any(_may_reach(inner, function) for inner in _inner(scope, values))


def may_be_decorator_class(scope: Scope) -> bool:
    """Whether a class has no bases, a constructor, and a call that takes anything."""
    if not scope.is_class or any(dotted(b) != "object" for b in scope.class_node.bases):
        return False
    calls = [c.function.args for c in scope.children.get("__call__", ()) if c.is_function]
    return "__init__" in scope.children and any(c.vararg is not None and c.kwarg is not None for c in calls)


def _rows_with_lambda(module: Module) -> list[int]:
    return module.rows_with(["lambda"])


def _inner(scope: Scope, values: list[ast.expr | None]) -> list[ast.AST]:
    """The lambdas in some expressions, and the bare functions of the scope that they name."""
    parts = [n for v in values if v is not None for n in ast.walk(v)]
    found: list[ast.AST] = [n for n in parts if isinstance(n, ast.Lambda)]
    for name in {n.id for n in parts if isinstance(n, ast.Name)}:
        found += [f.node for f in scope.children.get(name, ()) if f.is_function and not _is_cared_for(f)]
    return found


def _is_cared_for(function: Scope) -> bool:
    for decorator in function.function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        meant = function.module.resolve(called, function.parent) or dotted(called) or ""
        if meant.rpartition(".")[2] in COPIERS or meant.startswith(WRAPPER_FACTORIES):
            return True
    return False


def _may_reach(inner: ast.AST, function: str) -> bool:
    """Whether an inner function calls the function, or hands it on."""
    for call in ast.walk(inner):
        if isinstance(call, ast.Call):
            func = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr in INVOKES else call.func
            given = (func, *call.args, *(k.value for k in call.keywords))
            if any(isinstance(n, ast.Name) and n.id == function for n in given):
                return True
    return False
