"""Remember what a method returned, as long as its object lives: `method_cache`.

`functools.lru_cache` on a method keeps every object that was ever asked alive, until its place is taken, and one
busy object takes the places of the others. Here each object has its own results, and they go with it.

    class Order:
        @method_cache
        def total(self): ...

        @method_cache
        async def history(self, page=1): ...

    Order.total.cache_clear()           # of all orders
    Order.total.cache_clear(order)      # of this one
    Order.total.cache_info()            # as lru_cache's

The results are kept by the object itself, in its `__dict__`, as those of `functools.cached_property` are, and so are
seen by code that compares or lists it. Results that refer to the object do not keep it alive: the garbage collector
finds the cycle. Copies and unpickled objects start without results, also where the `__dict__` was copied by hand.

A class with `__slots__` and no `__dict__` needs the slot "__weakref__" (dataclasses: `weakref_slot=True`). Its results
are kept beside the object: a hit takes ten times as long, and a result that refers to the object keeps it alive.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import update_wrapper

from .callables import refuse_generator
from .method_results import Results, caching_function
from .typed import TYPE_CHECKING, P, Protocol, R, R_co, S, S_contra

if not TYPE_CHECKING:
    from .typed import overload

if TYPE_CHECKING:
    from collections.abc import Callable
    from functools import _CacheInfo
    from typing import Any, Concatenate, overload


class BoundCachedMethod(Protocol[P, R_co]):
    """A cached method of one object, as `order.total`; the attributes concern all objects, as those of `lru_cache`."""

    @abstractmethod
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Return what the method returned for equal arguments, calling it if it has not been yet."""

    @abstractmethod
    def cache_info(self) -> _CacheInfo:
        """Do what `CachedMethod.cache_info` does."""

    @abstractmethod
    def cache_clear(self, instance: object = ..., /) -> None:
        """Do what `CachedMethod.cache_clear` does."""


class CachedMethod(Protocol[S_contra, P, R_co]):
    """What `method_cache` makes of a method: a plain function, so it binds, is overridden and inherited as any other.

    A subclass that overrides it and the method that it calls by `super()` keep their results apart.
    """

    @overload
    def __get__(self, instance: None, owner: Any = ..., /) -> CachedMethod[S_contra, P, R_co]: ...
    @overload
    def __get__(self, instance: S_contra, owner: Any = ..., /) -> BoundCachedMethod[P, R_co]: ...
    def __get__(self, instance: Any, owner: Any = None, /) -> Any:
        """Bind to an object, as functions do."""

    @abstractmethod
    def __call__(self, instance: S_contra, /, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Return what the method returned for this object and equal arguments, calling it if it has not been yet."""

    @abstractmethod
    def cache_info(self) -> _CacheInfo:
        """Return hits, misses, maxsize and size, as `functools.lru_cache` does, of all living objects together.

        Hits are counted without a lock: in a build without the GIL, threads may lose some.
        """

    @abstractmethod
    def cache_clear(self, instance: object = ..., /) -> None:
        """Forget the results of all objects, or of one. What is being computed is returned, but not kept."""


if TYPE_CHECKING:

    class MethodCacheDecorator(Protocol):
        """What `method_cache(...)` with options returns."""

        def __call__(self, method: Callable[Concatenate[S, P], R], /) -> CachedMethod[S, P, R]: ...


@overload
def method_cache(method: Callable[Concatenate[S, P], R], /) -> CachedMethod[S, P, R]: ...
@overload
def method_cache(*, maxsize: int | None = ...) -> MethodCacheDecorator: ...
def method_cache(method: Any = None, /, *, maxsize: int | None = None) -> Any:
    """Remember, for each object, what `method` returned for its arguments.

    maxsize: how many results each object keeps; above it the oldest goes (not the least recently used: a hit takes no
        lock and changes nothing). Without it they stay as long as the object.

    Thread-safe: threads that ask one object for the same result at the same time have it computed once; different
    objects, and different arguments, are computed at the same time. What the method raises reaches its caller, and
    the next one calls again. An `async def` has one task for each running event loop, as with `once`: all who wait
    get its result, the cancellation of one does not disturb the others, and failures are not kept.

    Arguments are compared by value after binding, so `page(1)` and `page(number=1)` are one call; objects are told
    apart by identity and need not be hashable. A forked child has the results that the parent had.

    Raises TypeError on a generator, and for a `classmethod`, `staticmethod` or `property`, which go above. A call
    raises TypeError for arguments that are not hashable and for an object that can keep nothing (see the module), and
    RuntimeError when the method, directly or not, asks for the result that it is computing.
    """
    if maxsize is not None and (type(maxsize) is not int or maxsize < 1):
        raise ValueError(f"maxsize must be a positive number or None, not {maxsize!r}")
    if method is None:
        return lambda function: _cached_method(function, maxsize)
    return _cached_method(method, maxsize)


def _cached_method(method: Any, maxsize: int | None) -> Any:
    if isinstance(method, classmethod | staticmethod | property):
        raise TypeError(f"method_cache goes below {type(method).__name__}, nearest to the function")
    refuse_generator(method, "method_cache")
    results = Results(method, maxsize)
    cached = update_wrapper(caching_function(results), method)
    vars(cached).update(cache_info=results.info, cache_clear=results.clear)
    return cached
