"""The levels of a decorator: from the def or class that its name means to the one that is given the function."""

from __future__ import annotations

import ast

from patternlint.facts import Scope
from patternlint.prove.site import NotProvable, is_class_level, outermost, path_to, refuse_unknown, required


def levels_of(wrapper: Scope) -> list[Scope]:
    """The defs and classes around a wrapper, from the outermost one to the one that is given the function."""
    levels = []
    outer = outermost(wrapper)
    while wrapper is not outer and wrapper.parent is not None:
        wrapper = wrapper.parent
        levels.append(wrapper)
    return levels[::-1]


def innermost(scope: Scope) -> Scope:
    """The wrapper in a decorator: what is called in the function's place."""
    if scope.is_class and "__call__" in scope.methods:
        scope = scope.methods["__call__"]
    while (returned := _returned(scope)) is not None:
        scope = returned
    return scope


def _returned(function: Scope) -> Scope | None:
    """The inner def or class that a def returns by its name."""
    names = [s.value.id for s in function.statements() if isinstance(s, ast.Return) and isinstance(s.value, ast.Name)]
    inner = [scopes[-1] for name, scopes in function.children.items() if name in names]
    return inner[0] if function.is_function and inner else None


def applied(levels: list[Scope], subject: str) -> str:
    """The expression that decorates: ``module.retry()(sample)``.

    Raises:
        NotProvable: one of the levels takes arguments that are not known.
    """
    *before, last = levels
    if last.is_class:  # the wrapper is its `__call__`
        if not takes_function(last):
            raise NotProvable(f"'{last.qualname}' is no decorator by its constructor and '__call__'")
        return f"{path_to(last)}({subject})"
    expression = ""
    for level in before:
        if level.is_function:
            refuse_unknown(level)
            expression = f"{expression or path_to(level)}()"
    owner = last.enclosing_class
    if len(required(last)) > 1:
        raise NotProvable(f"'{last.qualname}' takes more than a function")
    if owner is None:
        return f"{expression or path_to(last)}({subject})"
    if last.parameters[:1] in (["self"], ["cls"]) and not is_class_level(last):
        if (initializer := owner.methods.get("__init__")) is not None:
            refuse_unknown(initializer)
        made = f"{path_to(owner)}()"
        return f"{made}({subject})" if last.name == "__call__" else f"{made}.{last.name}({subject})"
    return f"{path_to(last)}({subject})"


def takes_function(owner: Scope) -> bool:
    """Whether a class is made with one thing, and its instances are called in that one's place."""
    made = owner.methods.get("__init__")
    return "__call__" in owner.methods and made is not None and len(required(made)) == 1
