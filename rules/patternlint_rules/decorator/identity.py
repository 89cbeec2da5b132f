"""Who cares for a wrapper's identity: `functools.wraps`, its relatives, or the author's own hand."""

from __future__ import annotations

from collections.abc import Callable

from patternlint.cstnames import dotted
from patternlint.rule import cst
from patternlint.walker import descendants
from patternlint_rules.decorator.shape import TRANSPARENT, Shape, Wrapper

# attributes that say who a function is, set by hand (PAT502 is about those)
IDENTITY = frozenset({"__name__", "__qualname__", "__doc__", "__module__", "__wrapped__", "__signature__", "__dict__"})
COPIERS = frozenset({"wraps", "update_wrapper", "mergeFunctionMetadata", "copy_metadata", "available_attrs"})
WRAPPER_FACTORIES = ("wrapt.", "decorator.", "makefun.", "boltons.funcutils.", "toolz.", "cytoolz.")

Resolve = Callable[["cst.BaseExpression"], str | None]


def is_cared_for(shape: Shape, wrapper: Wrapper, resolve: Resolve) -> bool:
    """Whether something gives the wrapper the function's identity: a decorator on it or a call that gets both of them,
    whatever it is called (a project's own helper around `wraps` has any name), or an assignment by hand."""
    names = names_of(shape, wrapper)
    return (
        is_wrapped_by_decorator(shape, wrapper, resolve)
        or (isinstance(wrapper.node, cst.Lambda) and _is_given_with_function(shape, wrapper.node))
        or any(isinstance(n, cst.Call) and _call_cares(n, names, shape.function) for n in shape.own)
        or any(_sets_identity(n, names) for n in shape.own)
    )


def is_wrapped_by_decorator(shape: Shape, wrapper: Wrapper, resolve: Resolve) -> bool:
    """Whether a decorator on the wrapper gives it the function's identity."""
    decorators = wrapper.node.decorators if isinstance(wrapper.node, cst.FunctionDef) else ()
    return any(_decorator_cares(d.decorator, shape.function, resolve) for d in decorators)


def _decorator_cares(decorator: cst.BaseExpression, function: str, resolve: Resolve) -> bool:
    called = decorator.func if isinstance(decorator, cst.Call) else decorator
    meant = resolve(called) or dotted(called) or ""
    if meant.rpartition(".")[2] in COPIERS or meant.startswith(WRAPPER_FACTORIES):
        return True
    return isinstance(decorator, cst.Call) and _mentions(decorator, {function})


def _call_cares(call: cst.Call, names: set[str], function: str) -> bool:
    given = [a.value for a in call.args]
    gets_wrapper = any(isinstance(v, cst.Name) and v.value in names for v in given)
    target = dotted(call.func) or ""
    if target.rpartition(".")[2] in COPIERS:
        return gets_wrapper
    head, _, rest = target.partition(".")
    if head in names and rest == "__dict__.update":
        return True
    if target == "setattr" and gets_wrapper and len(given) > 1 and isinstance(given[1], cst.SimpleString):
        return given[1].evaluated_value in IDENTITY
    return gets_wrapper and _mentions(call, {function})


def _sets_identity(node: cst.CSTNode, names: set[str]) -> bool:
    return (
        isinstance(node, cst.AssignTarget)
        and isinstance(node.target, cst.Attribute)
        and node.target.attr.value in IDENTITY
        and isinstance(node.target.value, cst.Name)
        and node.target.value.value in names
    )


def _is_given_with_function(shape: Shape, node: cst.Lambda) -> bool:
    return any(
        isinstance(n, cst.Call) and any(a.value is node for a in n.args) and (
            _mentions_outside(n, shape.function, node) or (dotted(n.func) or "").rpartition(".")[2] in COPIERS
        )
        for n in shape.own
    )  # fmt: skip


def names_of(shape: Shape, wrapper: Wrapper) -> set[str]:
    """The names that the decorator has for one of its wrappers."""
    return {wrapper.name} | {
        t.target.value
        for n in shape.own
        if isinstance(n, cst.Assign) and (n.value is wrapper.node or dotted(_seen_through(n.value)) == wrapper.name)
        for t in n.targets
        if isinstance(t.target, cst.Name)
    }


def _seen_through(value: cst.BaseExpression) -> cst.BaseExpression:
    """What a call that changes nothing is given: ``wrapper`` in ``cast(F, wrapper)``."""
    while isinstance(value, cst.Call) and value.args and (dotted(value.func) or "").rpartition(".")[2] in TRANSPARENT:
        value = value.args[-1].value
    return value


def _mentions(root: cst.CSTNode, names: set[str]) -> bool:
    return any(isinstance(n, cst.Name) and n.value in names for n in descendants(root))


def _mentions_outside(root: cst.CSTNode, name: str, left_out: cst.CSTNode) -> bool:
    inside = {id(n) for n in descendants(left_out)}
    return any(isinstance(n, cst.Name) and n.value == name and id(n) not in inside for n in descendants(root))
