"""A callback that does not keep its object alive: `weak_method`.

For subjects that store what they are given, strongly, and cannot be changed:

    hub.add_listener(weak_method(self.on_event))
"""

from __future__ import annotations

from threading import RLock
from types import MethodType
from weakref import WeakValueDictionary, ref

from .callables import is_async
from .fork import renew_in_child
from .typed import TYPE_CHECKING, P, R

if not TYPE_CHECKING:
    from .typed import overload

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, overload


class _LivingFunctions:
    """The functions made so far, by object and method, as long as somebody keeps them."""

    __slots__ = ("__weakref__", "_functions", "_lock")

    def __init__(self) -> None:
        self._functions: WeakValueDictionary[tuple[int, int], Callable[..., Any]] = WeakValueDictionary()
        self._lock = RLock()
        renew_in_child(self)

    def function_for(self, method: MethodType) -> Callable[..., Any]:
        key = (id(method.__self__), id(method.__func__))
        with self._lock:
            known = self._functions.get(key)
            # The id of a dead object may have been given to another one since.
            if known is not None and vars(known)["_target"]() is method.__self__:
                return known
            made = self._functions[key] = _weak_function(ref(method.__self__), method.__func__)
            return made

    def after_fork_in_child(self) -> None:
        self._lock = RLock()


_living = _LivingFunctions()


@overload
def weak_method(method: Callable[P, Coroutine[Any, Any, R]], /) -> Callable[P, Coroutine[Any, Any, R | None]]: ...
@overload
def weak_method(method: Callable[P, R], /) -> Callable[P, R | None]: ...
def weak_method(method: Callable[..., Any], /) -> Any:
    """Return a function that calls the bound `method`, and does nothing and returns None once its object is gone.

    The result for an `async def` is `async` too. It cannot leave a list that it does not know; where entries come
    and go, use an ObserverList. As long as somebody keeps it, the same method gives the same function again, so
    `hub.remove_listener(weak_method(self.on_event))` finds what was added. Thread-safe.

    Raises TypeError for what is no bound method, and for an object that cannot be weakly referenced.
    """
    if not isinstance(method, MethodType):
        raise TypeError(f"weak_method takes a bound method, not {method!r}")
    return _living.function_for(method)


def _weak_function(target: ref[Any], function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        living = target()
        return None if living is None else function(living, *args, **kwargs)

    async def call_and_await(*args: Any, **kwargs: Any) -> Any:
        living = target()
        return None if living is None else await function(living, *args, **kwargs)

    made: Callable[..., Any] = call_and_await if is_async(function) else call
    for attribute in ("__module__", "__name__", "__qualname__", "__doc__"):
        setattr(made, attribute, getattr(function, attribute, None))
    vars(made)["_target"] = target
    return made
