"""Where an object is kept: `self._listeners`, `self._by_key[key]` and `_HOOKS`, written in one form.

A place is a root and a path. Subscripts, ``.get(k)`` and ``.setdefault(k, [])`` are all ``[]`` in the path, so that the
statement that adds to a container and the loop over it name the same place; local names that stand for one
(``listeners = self._listeners``) are followed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from patternlint.facts import Binding, Scope
from patternlint.facts.names import children, header_nodes, touches

ELEMENT = "[]"
_DEPTH = 6
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
_ELEMENT_METHODS = frozenset({"get", "setdefault"})
_VIEWS = frozenset({"values", "items", "keys"})
_LIVE_WRAPPERS = frozenset({"enumerate", "iter", "reversed"})


class Place(NamedTuple):
    """`root` is "self" (an attribute of the method's object or class), "module" (a name bound at module level) or
    "other" (a parameter or local: `path` then begins with its name)."""

    root: str
    path: str

    def attribute(self, name: str) -> Place:
        """The place of an attribute of what is kept here."""
        return Place(self.root, f"{self.path}.{name}" if self.path else name)

    @property
    def element(self) -> Place:
        """The place of what this container holds."""
        return Place(self.root, self.path + ELEMENT)

    @property
    def last(self) -> str:
        """The name of the attribute or variable, subscripts left out."""
        return self.path.rpartition(".")[2].replace(ELEMENT, "")


class Walked(NamedTuple):
    """What a ``for`` walks live: the container, and how ("itself", "values", "items" or "keys")."""

    container: Place
    view: str


def first_part(place: Place) -> str:
    """The first name of a place's path: ``hass`` for ``self.hass.data[key]``."""
    return place.path.partition(".")[0].partition("[")[0]


def method_of(scope: Scope) -> Scope | None:
    """The method around a scope: itself, or the one whose nested function it is; None outside a class."""
    outer = scope.outermost
    return outer if outer.is_function and outer.enclosing_class is not None else None


def class_of(scope: Scope) -> Scope | None:
    """The class whose method a function is or stands in."""
    method = method_of(scope)
    return None if method is None else method.enclosing_class


def place_of(node: ast.expr | None, scope: Scope, depth: int = _DEPTH) -> Place | None:
    """The place that an expression names, None for a fresh value (a call, a slice, a literal)."""
    match node:
        case ast.Name():
            return _named(node.id, scope, depth)
        case ast.Attribute():
            base = place_of(node.value, scope, depth)
            return None if base is None else base.attribute(node.attr)
        case ast.Subscript() if not isinstance(node.slice, ast.Slice):
            base = place_of(node.value, scope, depth)
            return None if base is None else base.element
        case ast.Call(func=ast.Attribute(attr=method)) if method in _ELEMENT_METHODS and node.args:
            base = place_of(node.func.value, scope, depth)  # type: ignore[attr-defined]
            return None if base is None else base.element
        case ast.BoolOp(op=ast.Or()):
            return place_of(node.values[0], scope, depth)
        case ast.NamedExpr() | ast.Await():
            return place_of(node.value, scope, depth)
    return None


def walked(node: ast.expr, scope: Scope, depth: int = _DEPTH) -> Walked | None:
    """What a loop over this expression walks live; None for a copy or a fresh value."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _LIVE_WRAPPERS and node.args:
        return walked(node.args[0], scope, depth)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _VIEWS:
        base = None if node.args else place_of(node.func.value, scope, depth)
        return None if base is None else Walked(base, node.func.attr)
    place = place_of(node, scope, depth)
    return None if place is None else Walked(place, "itself")


def _named(name: str, scope: Scope, depth: int) -> Place | None:
    at: Scope | None = scope
    while at is not None and at.is_function:
        bindings = [b for b in at.bindings.get(name, ()) if b.kind not in ("global", "nonlocal", "delete")]
        if bindings:
            return _bound(name, bindings, at, depth)
        at = at.parent
        while at is not None and at.is_class:
            at = at.parent
    if scope.module.scope.bindings.get(name):
        return Place("module", name)
    return None


def _bound(name: str, bindings: list[Binding], scope: Scope, depth: int) -> Place | None:
    """What a function's own name stands for: its object, an alias, or just itself."""
    if bindings[0].kind == "parameter":
        is_own = scope.enclosing_class is not None and scope.parameters[:1] == [name]
        return Place("self", "") if is_own and not scope.is_decorated("staticmethod") else Place("other", name)
    if not depth:
        return None
    found = {_alias(name, b, scope, depth - 1) for b in bindings}
    if len(found) == 1 and (place := found.pop()) is not None:
        return place
    return Place("other", name)


def _alias(name: str, binding: Binding, scope: Scope, depth: int) -> Place | None:
    if binding.kind in ("assign", "walrus"):
        return place_of(binding.value, scope, depth)
    if binding.kind == "for" and isinstance(binding.node, ast.For | ast.AsyncFor):
        loop = walked(binding.node.iter, scope, depth)
        if loop is None or loop.view == "keys":
            return None
        target = binding.node.target
        whole = isinstance(target, ast.Name) and loop.view != "items"
        value = (
            loop.view == "items"
            and isinstance(target, ast.Tuple)
            and isinstance(target.elts[-1], ast.Name)
            and target.elts[-1].id == name
        )
        return loop.container.element if whole or value else None
    return None


def nodes_with_lambdas(root: ast.AST, rows: Sequence[int] | None = None) -> Iterator[ast.AST]:
    """Every node that a scope evaluates or that one of its lambdas would, in source order; nested defs not entered.

    Args:
        rows: sorted; only what stands on these rows (1-based), or around them, is given.
    """
    stack: list[ast.AST] = list(reversed(getattr(root, "body", [])))
    while stack:
        node = stack.pop()
        if rows is not None and not touches(node, rows):
            continue
        yield node
        inside = header_nodes(node) if isinstance(node, _DEFINITIONS) else children(node)
        stack += inside[::-1]
