"""Where a decorator could be, as `ast` sees it: a first guess that errs towards too many."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import NamedTuple

from patternlint.facts import Module, Scope, dotted, walk
from patternlint_rules.decorator.identity import COPIERS, WRAPPER_FACTORIES
from patternlint_rules.decorator.shape import (
    ALIAS_DEPTH,
    ASKS_ABOUT,
    FORMS_OF_ITSELF,
    INVOKES,
    RECEIVERS,
    TRANSPARENT,
)

_FUNCTIONS = TRANSPARENT | FORMS_OF_ITSELF
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Site(NamedTuple):
    """A function that may be a decorator: its parameter for the function, and the inner ones that may be wrappers."""

    scope: Scope
    function: str
    wrappers: tuple[Function, ...]

    def wrappers_are(self, what: Callable[[Function, str], bool]) -> bool:
        """Whether something holds for one of the wrappers, with the name by which it knows the function."""
        return any(what(wrapper, self.function) for wrapper in self.wrappers)


def decorator_sites(module: Module) -> list[Site]:
    """Every function of a module that may be a decorator, in source order. Use with :meth:`Module.derive`."""
    found = (_site(scope) for scope in module.scopes if scope.is_function)
    return [site for site in found if site is not None]


def _site(scope: Scope) -> Site | None:
    """All that it returns may be functions, of which an inner one reaches what the function was given first."""
    parameters = scope.parameters[not RECEIVERS.isdisjoint(scope.parameters[:1]) :]
    function = parameters[0] if parameters else ""
    if not function or not (scope.nested_functions or scope.holds(scope.module.derive(_rows_with_lambda))):
        return None
    returned = [s.value for s in scope.statements() if isinstance(s, ast.Return)]
    if not returned or not all(_may_be_function(v, function, scope, ALIAS_DEPTH) for v in returned):
        return None
    assigned = [s.value for s in scope.statements() if isinstance(s, ast.Assign)]
    inner = tuple(i for i in _inner(scope, [*returned, *assigned]) if _may_reach(i, function))
    return Site(scope, function, inner) if inner else None


def has_bare_wrapper(site: Site) -> bool:
    """Whether no decorator on one of the wrappers is known to give it an identity."""
    return any(not _is_cared_for(wrapper, site.scope) for wrapper in site.wrappers)


def may_be_decorator_class(scope: Scope) -> bool:
    """Whether a class has no bases, a constructor that keeps something, and a method that calls that with anything."""
    if not scope.is_class or any(dotted(b) != "object" for b in scope.class_node.bases):
        return False
    initializers, calls = (scope.children.get(name, ()) for name in ("__init__", "__call__"))
    if not initializers or not calls:
        return False
    kept = {
        t.attr
        for i in initializers
        for s in walk(i.node)
        if isinstance(s, ast.Assign | ast.AnnAssign) and isinstance(s.value, ast.Name)
        for t in (s.targets if isinstance(s, ast.Assign) else [s.target])
        if isinstance(t, ast.Attribute)
    }
    called = {n.func.attr for c in calls for n in walk(c.node) if isinstance(n, ast.Call)
              if isinstance(n.func, ast.Attribute) and any(isinstance(a, ast.Starred) for a in n.args)}  # fmt: skip
    return not kept.isdisjoint(called)


def _rows_with_lambda(module: Module) -> list[int]:
    return module.rows_with(["lambda"])


def _may_be_function(value: ast.expr | None, function: str, scope: Scope, depth: int) -> bool:
    """Whether an expression that a decorator returns may be an inner function, or a form of the decorator itself."""
    match value:
        case ast.Lambda() | ast.IfExp():
            return True
        case ast.Call(func=func):
            path = dotted(func) or ""
            return path.rpartition(".")[2] in _FUNCTIONS or path in scope.children
        case ast.Name(id=name):
            values = [
                s.value
                for s in scope.statements()
                if isinstance(s, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in s.targets)
            ]
            known = name == function or name in scope.children
            return known or any(depth and _may_be_function(v, function, scope, depth - 1) for v in values)
    return False


def _inner(scope: Scope, values: list[ast.expr | None]) -> list[Function]:
    """The lambdas in some expressions, and the functions of the scope that they name."""
    parts = [n for v in values if v is not None for n in walk(v)]
    found: list[Function] = [n for n in parts if isinstance(n, ast.Lambda)]
    for name in {n.id for n in parts if isinstance(n, ast.Name)}:
        found += [f.function for f in scope.children.get(name, ()) if f.is_function]
    return found


def _is_cared_for(wrapper: Function, scope: Scope) -> bool:
    for decorator in getattr(wrapper, "decorator_list", ()):
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        meant = scope.module.resolve(called, scope) or dotted(called) or ""
        if meant.rpartition(".")[2] in COPIERS or meant.startswith(WRAPPER_FACTORIES):
            return True
    return False


def _may_reach(inner: Function, function: str) -> bool:
    """Whether an inner function calls the function, or hands it on beside what it was given itself."""
    a = inner.args
    own = {p.arg for p in (*a.posonlyargs, *a.args, *a.kwonlyargs, a.vararg, a.kwarg) if p is not None}
    return function not in own and any(
        isinstance(n, ast.Call) and (calls_function(n, function) or _hands_on(n, function, own)) for n in walk(inner)
    )


def calls_function(call: ast.AST, function: str) -> bool:
    """Whether something is a call of the function: ``f(…)``, ``f.__call__(…)``."""
    if not isinstance(call, ast.Call):
        return False
    func = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr in INVOKES else call.func
    return isinstance(func, ast.Name) and func.id == function


def _hands_on(call: ast.Call, function: str, own: set[str]) -> bool:
    given = [a.value if isinstance(a, ast.Starred) else a for a in (*call.args, *(k.value for k in call.keywords))]
    names = {a.id for a in given if isinstance(a, ast.Name)}
    asks = (dotted(call.func) or "").rpartition(".")[2] in ASKS_ABOUT
    return function in names and not asks and (isinstance(call.func, ast.Call) or not names.isdisjoint(own))
