"""What a script has to know of defs and classes: where they stand, what they are called with, how to get there."""

from __future__ import annotations

import ast
from pathlib import Path

from patternlint.facts import Module, Scope, dotted

RACES = frozenset({"PAT101", "PAT102", "PAT104", "PAT106", "PAT107", "PAT108", "PAT115"})
ONE_ONLY = frozenset({"PAT101"})  # whose classes say themselves that there is to be one, whoever constructs it
HALF_MADE = frozenset({"PAT105"})
IDENTITIES = frozenset({"PAT501", "PAT502", "PAT503"})
PROVABLE = RACES | HALF_MADE | IDENTITIES

_CLASS_LEVEL = frozenset({"classmethod", "staticmethod"})


class NotProvable(Exception):
    """The code stands where no script can reach it, or needs what is not known; the message says so."""


def scope_at(module: Module, row: int) -> Scope:
    """The innermost def or class around a row; the module's scope where there is none."""
    around = [s for s in module.scopes if s.parent is not None and s.row <= row <= _end(s)]
    return max(around, key=lambda scope: scope.row, default=module.scope)


def scope_called(module: Module, qualname: str) -> Scope | None:
    """The def or class of a qualified name, ``<locals>`` left out; the last one where there are several."""
    found = [s for s in module.scopes if s.qualname.replace("<locals>.", "") == qualname and s.parent is not None]
    return found[-1] if found else None


def import_folder(module: Module) -> Path:
    """The folder that imports of a module start from."""
    depth = module.name.count(".") + module.is_package
    return module.path.parents[depth]


def refuse_unknown(function: Scope) -> None:
    """Give up where a function has to be called with what is not known.

    Raises:
        NotProvable: that is so.
    """
    if names := required(function):
        raise NotProvable(f"what '{function.qualname}' is called with is not known ({', '.join(names)})")


def required(function: Scope) -> list[str]:
    """The parameters without a default that a caller has to give: not what a method is called on."""
    a = function.function.args
    positional = [p.arg for p in (*a.posonlyargs, *a.args)]
    positional = positional[: len(positional) - len(a.defaults)]
    bound = function.enclosing_class is not None and "staticmethod" not in decorators_of(function)
    if bound and positional[:1] not in (["self"], ["cls"]) and not is_class_level(function):
        bound = function.name in ("__new__", "__init__", "__call__")  # a decorator that serves its own class body
    missing = [p.arg for p, default in zip(a.kwonlyargs, a.kw_defaults, strict=True) if default is None]
    return positional[bound:] + missing


def call_of(function: Scope) -> str:
    """The expression that calls a function of the module ``target``.

    Raises:
        NotProvable: nothing else can reach it, or no thread asks it.
    """
    if function.is_async:
        raise NotProvable(
            f"'{function.qualname}' is a coroutine function: tasks of one thread ask it, no other threads"
        )
    return f"{path_to(function, 'target')}()"


def path_to(scope: Scope, root: str = "module") -> str:
    """The expression of a def or class in the module that a name holds.

    Raises:
        NotProvable: nothing else can reach it.
    """
    if scope.is_local:
        raise NotProvable(f"'{scope.qualname}' stands inside of a function, where nothing else can reach it")
    return f"{root}.{scope.qualname}"


def outermost(scope: Scope) -> Scope:
    """The def or class at the module's top that a scope stands in; of a class in a class, that one."""
    found = scope
    while found.parent is not None and found.parent.parent is not None:
        if found.parent.is_class and found.is_class and not found.is_local:
            break
        found = found.parent
    return found


def is_class_level(method: Scope) -> bool:
    return not _CLASS_LEVEL.isdisjoint(decorators_of(method))


def decorators_of(function: Scope) -> set[str]:
    """The last names of a function's decorators."""
    called = [d.func if isinstance(d, ast.Call) else d for d in getattr(function.node, "decorator_list", ())]
    return {(dotted(node) or "").rpartition(".")[2] for node in called}


def _end(scope: Scope) -> int:
    return getattr(scope.node, "end_lineno", scope.row)
