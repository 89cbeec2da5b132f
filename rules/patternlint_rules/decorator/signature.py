"""Whether a wrapper takes what its function takes: `inspect.signature` follows ``__wrapped__`` and must not lie."""

from __future__ import annotations

from collections.abc import Sequence

from patternlint.rule import cst
from patternlint.walker import descendants
from patternlint_rules.decorator.evidence import Application
from patternlint_rules.decorator.shape import Wrapper, star_names

_CHANGES = frozenset({"pop", "popitem", "setdefault", "update", "clear"})


def takes_what_function_takes(wrapper: Wrapper, function: str, applied: tuple[Application, ...]) -> bool:
    """Whether a caller may pass to the wrapper exactly what it may pass to the function."""
    parameters = wrapper.node.params
    if parameters.kwonly_params or any(p.default is not None for p in parameters.params):
        return False
    star, double = star_names(parameters)
    plain = [p.name.value for p in (*parameters.posonly_params, *parameters.params)]
    if star is None and double is None:
        return _same_parameters(wrapper, plain, applied)
    if star is None or double is None or _rebinds(wrapper.node, {star, double}):
        return False
    calls = [n for n in descendants(wrapper.node.body) if isinstance(n, cst.Call)]
    of_function = [c for c in wrapper.reaches if c.args]
    exact = [c for c in calls if _passes_all(c, function, plain, star, double)]
    plain_calls = [c for c in of_function if any(a.star for a in c.args)]
    return bool(exact) and all(c in exact for c in plain_calls)


def _passes_all(call: cst.Call, function: str, plain: list[str], star: str, double: str) -> bool:
    """``f(a, b, *args, **kwargs)``, the same behind the function (``run(f, a, b, *args, **kwargs)``), or both as they
    are (``submit(f, args, kwargs)``, ``Thread(target=f, args=args, kwargs=kwargs)``)."""
    values = [a.value.value for a in call.args if isinstance(a.value, cst.Name) and not a.star]
    if not plain and values == [function, star, double] and len(call.args) == len(values):
        return True
    given = [(a.star, a.value.value if isinstance(a.value, cst.Name) else "", a.keyword is None) for a in call.args]
    wanted = [("", name, True) for name in plain] + [("*", star, True), ("**", double, True)]
    return given in (wanted, [("", function, True), *wanted])


def _same_parameters(wrapper: Wrapper, plain: list[str], applied: tuple[Application, ...]) -> bool:
    """Whether the wrapper passes each of its parameters on, and every decorated function names its own alike."""
    call = wrapper.calls[0] if wrapper.calls else None
    if call is None or any(a.star or a.keyword for a in call.args) or len(call.args) != len(plain):
        return False
    return bool(applied) and all(
        a.parameters is not None and len(a.parameters) == len(plain) and _by_name(a.parameters) == _by_name(plain)
        for a in applied
    )


def _by_name(parameters: Sequence[str]) -> list[str]:
    """The parameters that a caller may give by name: not the instance that a method is called on."""
    return [p for i, p in enumerate(parameters) if i or p not in ("self", "cls")]


def _rebinds(node: cst.FunctionDef | cst.Lambda, names: set[str]) -> bool:
    """Whether the wrapper changes what it got before it passes it on."""
    for inner in descendants(node.body):
        match inner:
            case cst.AssignTarget(target=cst.Tuple(elements=elements)):
                if any(isinstance(e.value, cst.Name) and e.value.value in names for e in elements):
                    return True
                continue
            case cst.AssignTarget(target=target) | cst.Del(target=target) | cst.AugAssign(target=target):
                changed = target.value if isinstance(target, cst.Subscript) else target
            case cst.Call(func=cst.Attribute(value=changed, attr=cst.Name(value=method))) if method in _CHANGES:
                pass
            case _:
                continue
        if isinstance(changed, cst.Name) and changed.value in names:
            return True
    return False
