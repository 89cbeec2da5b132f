"""What makes a function a decorator: it takes a function and gives back another one that reaches it.

The words of the family: the *decorator* has the *function* as its parameter and returns the *wrapper*, which reaches
the function. Only the level that takes the function counts: in ``retry(times)`` → ``decorate(f)`` → ``wrapper`` the
decorator is ``decorate``, and ``retry`` is its factory.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from patternlint.cstnames import dotted
from patternlint.rule import cst
from patternlint.walker import descendants

RECEIVERS = frozenset({"self", "cls", "mcs", "mcls"})
TRANSPARENT = frozenset({"cast", "staticmethod"})  # what is returned through them is still the wrapper
FORMS_OF_ITSELF = frozenset({"partial"})  # `return partial(decorate, times=times)`: called without a function
ASKS_ABOUT = frozenset({"getattr", "hasattr", "isinstance", "issubclass", "id", "repr", "str", "iscoroutinefunction"})
INVOKES = frozenset({"__call__", "__get__"})
ALIAS_DEPTH = 4


class Wrapper(NamedTuple):
    """An inner function (or lambda) that a decorator returns in the function's place.

    It reaches the function by `calls` of it, or by calls that get it and run it (`hands_on`).
    """

    node: cst.FunctionDef | cst.Lambda
    calls: tuple[cst.Call, ...]
    hands_on: tuple[cst.Call, ...]

    @property
    def name(self) -> str:
        """What it is called in a traceback."""
        return self.node.name.value if isinstance(self.node, cst.FunctionDef) else "<lambda>"

    @property
    def reaches(self) -> tuple[cst.Call, ...]:
        """All calls that reach the function."""
        return self.calls + self.hands_on


class Shape(NamedTuple):
    """A decorator: its def, the parameter that is the function, its wrappers, and what else it returns.

    `own` are the nodes that the decorator itself evaluates, the insides of its wrappers left out.
    """

    node: cst.FunctionDef
    function: str
    wrappers: tuple[Wrapper, ...]
    own: tuple[cst.CSTNode, ...]


class Returned(NamedTuple):
    """What a function gives back: the inner defs and lambdas.

    `itself` says that it also returns a form of itself for a call without the function (``partial(d, times=2)``,
    ``lambda f: d(f, times=2)``), or of an inner decorator applied (``decorate(func)``); `other` that there is something
    else, too.
    """

    inner: tuple[cst.FunctionDef | cst.Lambda, ...]
    itself: bool
    other: bool


def decorator_shape(node: cst.FunctionDef) -> Shape | None:
    """The decorator that a def is, None if it is none."""
    function = function_parameter(node)
    if function is None:
        return None
    own = own_nodes(node)
    returned = returned_by(node, function, own)
    if returned.other:
        return None
    found = (_wrapper(i, function) for i in returned.inner if function not in parameter_names(i.params))
    wrappers = tuple(wrapper for wrapper in found if wrapper.reaches)
    return Shape(node, function, wrappers, own) if wrappers else None


def own_nodes(node: cst.FunctionDef) -> tuple[cst.CSTNode, ...]:
    """Every node of a def's body that is evaluated when it is called."""
    return tuple(descendants(node.body, into_scopes=False))


def function_parameter(node: cst.FunctionDef) -> str | None:
    """The parameter that gets the decorated function: ``@d`` passes it first."""
    positional = [p.name.value for p in (*node.params.posonly_params, *node.params.params)]
    if positional and positional[0] in RECEIVERS:
        del positional[0]
    return positional[0] if positional else None


def parameter_names(parameters: cst.Parameters) -> set[str]:
    """The names of all parameters."""
    every = [*parameters.posonly_params, *parameters.params, *parameters.kwonly_params]
    every += [p for p in (parameters.star_arg, parameters.star_kwarg) if isinstance(p, cst.Param)]
    return {p.name.value for p in every}


def returned_by(node: cst.FunctionDef, function: str, own: tuple[cst.CSTNode, ...]) -> Returned:
    """What a def returns on its normal exits; the `function` itself, and forms of the def itself, count for nothing."""
    defs: dict[str, list[cst.FunctionDef | cst.Lambda]] = {}
    values: dict[str, list[cst.BaseExpression]] = {}
    for inner in own:
        if isinstance(inner, cst.FunctionDef):
            if any(inner is statement for statement in node.body.body):
                defs.pop(inner.name.value, None)  # it binds the name anew, on every way through
            defs.setdefault(inner.name.value, []).append(inner)
        elif isinstance(inner, cst.Assign):
            for target in inner.targets:
                if isinstance(target.target, cst.Name):
                    values.setdefault(target.target.value, []).append(inner.value)
    found: list[cst.FunctionDef | cst.Lambda] = []
    itself = other = False
    pending = [(n.value, 0) for n in own if isinstance(n, cst.Return)]
    while pending:
        value, depth = pending.pop(0)
        if isinstance(value, cst.Name) and value.value in defs:
            found += defs[value.value]
        elif isinstance(value, cst.Name) and value.value in values and depth < ALIAS_DEPTH:
            pending += [(v, depth + 1) for v in values[value.value]]
        elif isinstance(value, cst.Lambda):
            itself = itself or dotted(getattr(value.body, "func", None)) == node.name.value
            found.append(value)
        elif isinstance(value, cst.IfExp):
            pending += [(value.body, depth), (value.orelse, depth)]
        elif isinstance(value, cst.Call) and _last(value.func) in TRANSPARENT and value.args:
            pending.append((value.args[-1].value, depth))
        elif isinstance(value, cst.Name) and value.value == function:
            continue
        elif isinstance(value, cst.Call) and (_last(value.func) in FORMS_OF_ITSELF or dotted(value.func) in defs):
            itself = True
            found += defs.get(dotted(value.func) or "", [])
        else:
            other = True
    return Returned(tuple(dict.fromkeys(found)), itself, other)


def _wrapper(inner: cst.FunctionDef | cst.Lambda, function: str) -> Wrapper:
    calls = [n for n in _nodes_run_by(inner) if isinstance(n, cst.Call)]
    plain = tuple(c for c in calls if _is(c.func, function) or _is_invoked(c.func, function))
    return Wrapper(inner, plain, tuple(_handing_on(inner, function, calls)))


def _handing_on(inner: cst.FunctionDef | cst.Lambda, function: str, calls: list[cst.Call]) -> Iterator[cst.Call]:
    """The calls that get the function to run it: with the arguments that came, or to make what then gets them."""
    names = parameter_names(inner.params)
    for call in calls:
        given = [a for a in call.args if _is(a.value, function) and not a.star]
        if not given or _last(call.func) in ASKS_ABOUT or _is(call.func, function):
            continue
        others = [a for a in call.args if a not in given]
        if any(isinstance(a.value, cst.Name) and a.value.value in names for a in others):
            yield call
        elif isinstance(call.func, cst.Call) and any(is_forwarding(c, inner.params) for c in calls):
            yield call  # `lru_cache()(f)`, which then gets the arguments


def _nodes_run_by(wrapper: cst.FunctionDef | cst.Lambda) -> Iterator[cst.CSTNode]:
    """What runs when the wrapper is called: its body and its helpers, but not a function that it returns (that one
    would be reached by the call after: partial application, no decoration)."""
    if isinstance(wrapper, cst.Lambda):
        yield wrapper.body
        yield from descendants(wrapper.body)
        return
    own = own_nodes(wrapper)
    given_back = returned_by(wrapper, "", own).inner
    for node in own:
        yield node
        if isinstance(node, cst.FunctionDef | cst.Lambda) and node not in given_back:
            yield from descendants(node)


def is_plain(wrapper: Wrapper) -> bool:
    """Whether a wrapper is a plain function: no lambda, no coroutine function, no generator."""
    node = wrapper.node
    if not isinstance(node, cst.FunctionDef) or node.asynchronous is not None:
        return False
    return not any(isinstance(n, cst.Yield) for n in own_nodes(node))


def is_forwarding(call: cst.Call, parameters: cst.Parameters) -> bool:
    """Whether a call passes on all that the parameters got: ``*args`` and ``**kwargs``, or each of them by name."""
    stars = {a.star: a.value.value for a in call.args if a.star and isinstance(a.value, cst.Name)}
    star, double = star_names(parameters)
    named = {a.value.value for a in call.args if not a.star and isinstance(a.value, cst.Name)}
    plain = [p.name.value for p in (*parameters.posonly_params, *parameters.params, *parameters.kwonly_params)]
    every = star is not None or double is not None or bool(plain)
    return every and stars.get("*") == star and stars.get("**") == double and named >= set(plain)


def star_names(parameters: cst.Parameters) -> tuple[str | None, str | None]:
    """The names of ``*args`` and ``**kwargs``."""
    star = parameters.star_arg.name.value if isinstance(parameters.star_arg, cst.Param) else None
    return star, parameters.star_kwarg.name.value if parameters.star_kwarg else None


def forwards_anything(wrapper: Wrapper) -> bool:
    """Whether the wrapper takes any arguments and passes them on."""
    star, double = star_names(wrapper.node.params)
    passed = {
        (a.star, a.value.value)
        for n in _nodes_run_by(wrapper.node)
        if isinstance(n, cst.Call)
        for a in n.args
        if a.star and isinstance(a.value, cst.Name)
    }
    return star is not None and double is not None and {("*", star), ("**", double)} <= passed


def _is(node: cst.CSTNode, name: str) -> bool:
    return isinstance(node, cst.Name) and node.value == name


def _is_invoked(node: cst.CSTNode, name: str) -> bool:
    return isinstance(node, cst.Attribute) and node.attr.value in INVOKES and _is(node.value, name)


def _last(node: cst.CSTNode) -> str:
    return (dotted(node) or "").rpartition(".")[2]
