"""Decorators that are classes: the instance takes the function's place and calls it."""

from __future__ import annotations

from typing import NamedTuple

from patternlint.cstnames import dotted
from patternlint.rule import cst
from patternlint.walker import descendants
from patternlint_rules.decorator.identity import COPIERS, IDENTITY
from patternlint_rules.decorator.shape import function_parameter, star_names


class DecoratorClass(NamedTuple):
    """A class whose instances stand for the function that they were made with."""

    node: cst.ClassDef
    initializer: cst.FunctionDef
    call: cst.FunctionDef
    function: str
    forwards_exactly: bool

    @property
    def defines_copied_names(self) -> bool:
        """Whether the class body binds a name that `update_wrapper` would hide behind the function's."""
        bound = {
            t.target.value
            for s in self.node.body.body
            if isinstance(s, cst.SimpleStatementLine)
            for a in s.body
            if isinstance(a, cst.Assign)
            for t in a.targets
            if isinstance(t.target, cst.Name)
        }
        return not IDENTITY.isdisjoint(bound)


def decorator_class(node: cst.ClassDef) -> DecoratorClass | None:
    """The class-based decorator that a class is: ``__init__`` keeps the function, ``__call__`` calls it with all that
    it got, and nothing copies the function's identity. None for everything else, and for a class with bases: what it
    inherits may care."""
    if any(dotted(b.value) != "object" for b in node.bases) or node.keywords:
        return None
    methods = {s.name.value: s for s in node.body.body if isinstance(s, cst.FunctionDef)}
    initializer, call = methods.get("__init__"), methods.get("__call__")
    if initializer is None or call is None or "__getattr__" in methods or IDENTITY & methods.keys():
        return None
    function = function_parameter(initializer)
    attribute = _kept_as(initializer, function) if function else None
    if function is None or attribute is None or _copies_identity(node):
        return None
    star, double = star_names(call.params)
    calls = [n for n in descendants(call.body) if isinstance(n, cst.Call) and dotted(n.func) == attribute]
    forwarding = [c for c in calls if {("*", star), ("**", double)} <= {(a.star, dotted(a.value)) for a in c.args}]
    if not forwarding or star is None or double is None:
        return None
    exact = all(len(c.args) == 2 for c in forwarding) and len(call.params.params) == 1
    return DecoratorClass(node, initializer, call, function, exact)


def _kept_as(initializer: cst.FunctionDef, function: str) -> str | None:
    for node in descendants(initializer.body):
        if isinstance(node, cst.Assign | cst.AnnAssign) and dotted(node.value) == function:
            targets = [t.target for t in node.targets] if isinstance(node, cst.Assign) else [node.target]
            for target in targets:
                if isinstance(target, cst.Attribute) and dotted(target.value) == "self":
                    return dotted(target)
    return None


def _copies_identity(node: cst.ClassDef) -> bool:
    for inner in descendants(node.body):
        if isinstance(inner, cst.Call) and (dotted(inner.func) or "").rpartition(".")[2] in COPIERS:
            return True
        target = inner.target if isinstance(inner, cst.AssignTarget | cst.AnnAssign) else None
        if isinstance(target, cst.Attribute) and dotted(target.value) == "self" and target.attr.value in IDENTITY:
            return True
        if isinstance(inner, cst.Call) and dotted(inner.func) == "self.__dict__.update":
            return True
    return False
