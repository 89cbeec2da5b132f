"""What kind of callable a decorator was given, how messages call it, and which of its calls are the same.

The answers of `inspect`, which takes longer to import than the whole runtime may.
"""

from __future__ import annotations

from functools import partial
from types import CoroutineType, MethodType

from .typed import TYPE_CHECKING, T

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from types import CodeType
    from typing import Any

VARIABLE_ARGUMENTS = 0x04 | 0x08  # inspect.CO_VARARGS | inspect.CO_VARKEYWORDS
VARIABLE_KEYWORDS = 0x08  # inspect.CO_VARKEYWORDS
GENERATOR = 0x20  # inspect.CO_GENERATOR
COROUTINE = 0x80  # inspect.CO_COROUTINE
ASYNC_GENERATOR = 0x200  # inspect.CO_ASYNC_GENERATOR


def code_flags(function: Any) -> int:
    """Return the flags of the code that a call of `function` runs; none for what is written in C."""
    code = _code(function)
    return code.co_flags if code is not None else 0


def is_async(function: Any) -> bool:
    """Tell whether calling `function` makes a coroutine."""
    return bool(code_flags(function) & COROUTINE)


def name_of(function: Any) -> str:
    """Return how messages call `function`."""
    named = _without_partials(function)
    if not hasattr(named, "__qualname__"):
        named = type(named)
    return "{}.{}".format(*definition_key(named))


def definition_key(function: Any) -> tuple[str, str]:
    """Return the module and qualified name of a callable; made up, and never reloaded, for one without them."""
    module = getattr(function, "__module__", None) or "?"
    return module, getattr(function, "__qualname__", None) or f"<locals>.{type(function).__qualname__}"


def refuse_generator(function: Any, decorator: str) -> None:
    """Raise TypeError for a generator function, and for what is no function at all."""
    if not callable(function):
        raise TypeError(f"{decorator} takes a function, not {function!r}")
    if code_flags(function) & (GENERATOR | ASYNC_GENERATOR):
        raise TypeError(f"{decorator} cannot share the generator of {name_of(function)}: its first user empties it")


def not_a_coroutine(value: T, factory: Any) -> T:
    """Return `value`, or raise TypeError if it is a coroutine, which only one caller could ever await."""
    if isinstance(value, CoroutineType):
        value.close()
        raise TypeError(f"{name_of(factory)} returned a coroutine, which can be awaited only once: make it 'async def'")
    return value


def required_parameters(function: Any) -> list[str]:
    """Return the parameters that have no default; none for partials, classes and what is written in C."""
    if not hasattr(function, "__code__") and hasattr(_call_of(function), "__code__"):
        function = MethodType(_call_of(function), function)
    code = getattr(function, "__code__", None)
    if code is None:
        return []
    positional = code.co_varnames[: code.co_argcount]
    keyword_only = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    bound = 1 if hasattr(function, "__self__") else 0
    defaults = len(function.__defaults__ or ())
    with_default = function.__kwdefaults__ or {}
    return [
        *positional[bound : len(positional) - defaults],
        *(name for name in keyword_only if name not in with_default),
    ]


def argument_key(function: Any, *, first: int = 0) -> Callable[..., Hashable]:
    """Return a function that gives equal keys to calls that bind the same arguments to `function`'s parameters.

    first: how many leading parameters it is not given.
    """
    code = getattr(function, "__code__", None)
    if code is None:
        return lambda *args, **kwargs: (args, tuple(sorted(kwargs.items())))
    first += 1 if hasattr(function, "__self__") else 0
    positional: tuple[str, ...] = code.co_varnames[first : code.co_argcount]
    named = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    values = function.__defaults__ or ()
    defaults = dict(zip(positional[len(positional) - len(values) :], values, strict=True))
    defaults.update(function.__kwdefaults__ or {})
    flat = not named and not code.co_flags & VARIABLE_KEYWORDS

    def key(*args: Any, **kwargs: Any) -> Hashable:
        if flat and not kwargs and len(args) >= len(positional):
            return args
        bound = list(args)
        for name in positional[len(args) :]:
            bound.append(kwargs.pop(name) if name in kwargs else defaults.get(name, _MISSING))
        chosen = [(name, kwargs.pop(name, defaults.get(name, _MISSING))) for name in named]
        if flat and not kwargs:
            return tuple(bound)
        return (tuple(bound), tuple(chosen), tuple(sorted(kwargs.items())))

    return key


_MISSING = object()  # a call without a needed argument: the function itself says so


def _code(function: Any) -> CodeType | None:
    function = _without_partials(function)
    code: CodeType | None = getattr(function, "__code__", None)
    return code if code is not None else getattr(_call_of(function), "__code__", None)


def _call_of(function: Any) -> Any:
    """Return the `__call__` of an object's class; for a class, its metaclass's says nothing."""
    return None if isinstance(function, type) else getattr(type(function), "__call__", None)  # noqa: B004


def _without_partials(function: Any) -> Any:
    while isinstance(function, partial):
        function = function.func
    return function
