"""The results that `method_cache` keeps for each object, and the functions that look them up.

A hit must not cost more than a few look-ups, so it is one attribute of the object, two comparisons and one dictionary.
"""

from __future__ import annotations

from functools import lru_cache
from threading import Lock, RLock, get_ident
from types import FunctionType
from weakref import WeakValueDictionary, ref

from .callables import VARIABLE_ARGUMENTS, argument_key, definition_key, is_async, name_of, not_a_coroutine
from .cell import UNSET
from .fork import renew_in_child
from .typed import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Hashable
    from functools import _CacheInfo
    from typing import Any

    from .loops import LoopCell
else:
    _CacheInfo = type(lru_cache(len).cache_info())


class _Kept(ref["Any"]):
    """The results of one method for one object, in an attribute of the object; also a weak reference to it.

    A copy of the object has this, too: what is kept counts for the object that is referred to, and for no other.
    """

    __slots__ = ("__weakref__", "hits", "misses", "owner", "values")

    hits: float  # whole numbers: CPython makes a new float faster than a new int
    misses: int
    owner: object  # the object itself, if it cannot be weakly referenced: then only the garbage collector frees it
    values: dict[Hashable, Any]

    def belongs_to(self, instance: object) -> bool:
        return self() is instance or self.owner is instance

    def __reduce__(self) -> Any:
        return type(None), ()  # an object that was copied deeply or unpickled starts without results


def _nothing() -> None:
    """Be referred to by what has no owner."""


_ORPHAN = _Kept(_nothing)
_ORPHAN.owner = None

_names_given: dict[str, int] = {}


def _attribute_for(method: Any) -> str:
    """Return the attribute for the results of `method`, another one for each: `super()` may call one of equal name."""
    name = f"method_cache {name_of(method)}"
    number = _names_given[name] = _names_given.get(name, 0) + 1
    return name if number == 1 else f"{name} {number}"


class _Computation:
    """A call of the method that other threads wait for."""

    __slots__ = ("_done", "thread")

    def __init__(self) -> None:
        self.thread = get_ident()
        self._done = Lock()
        self._done.acquire()

    def wait(self) -> None:
        with self._done:
            pass

    def finish(self) -> None:
        self._done.release()


class Results:
    """What belongs to one cached method: its results for all objects."""

    __slots__ = (
        "__weakref__",
        "_attribute",
        "_beside",
        "_computations",
        "_keyword_only",
        "_living",
        "_lock",
        "_maxsize",
        "_positional",
        "_unsettled",
        "method",
    )

    def __init__(self, method: Any, maxsize: int | None) -> None:
        self.method = method
        self._maxsize = maxsize
        self._attribute = _attribute_for(method)
        self._unsettled: FunctionType | None = None
        self._positional = 0
        self._keyword_only: tuple[str, ...] = ()
        self._living: WeakValueDictionary[int, _Kept] = WeakValueDictionary()
        self._beside: dict[int, _Kept] = {}  # of objects without a `__dict__`, by id
        self._computations: dict[tuple[int, Hashable], _Computation] = {}
        self._lock = RLock()  # never held while the method runs
        renew_in_child(self)

    def compute(
        self, instance: object, key: Hashable, args: tuple[Any, ...], kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Return the result for `key`: what is known, what another thread is computing, or what the method returns.

        kwargs: None where `args` has a value for every parameter, the keyword-only ones included.
        """
        self._check(key)
        work = (id(instance), key)
        while True:
            with self._lock:
                kept = self._kept_for(instance)
                found = kept.values.get(key, UNSET)
                if found is not UNSET:
                    kept.hits += 1.0
                    return found
                computation = self._computations.get(work)
                if computation is None:
                    computation = self._computations[work] = _Computation()
                    kept.misses += 1
                    values = kept.values  # that of now: it is replaced when the cache is cleared
                    break
            if computation.thread == get_ident():
                raise RuntimeError(f"{name_of(self.method)} re-entered: it asks for the result that it is computing")
            computation.wait()
        if kwargs is None:
            kwargs = dict(zip(self._keyword_only, args[self._positional :], strict=True))
            args = args[: self._positional]
        try:
            value = not_a_coroutine(self.method(instance, *args, **kwargs), self.method)
            with self._lock:
                self._keep(values, key, value)
            return value
        finally:
            with self._lock:
                if self._computations.get(work) is computation:  # not so in a child that was forked meanwhile
                    del self._computations[work]
            computation.finish()

    def loop_cell(self, instance: object, key: Hashable) -> LoopCell[Any]:
        """Return what holds the tasks of an asynchronous method for `key`."""
        from .loops import LoopCell  # imports asyncio, which only users of async methods should pay for

        self._check(key)
        with self._lock:
            kept = self._kept_for(instance)
            cell: LoopCell[Any] | None = kept.values.get(key)
            if cell is None:
                cell = LoopCell(name_of(self.method), None, "reset")
                self._keep(kept.values, key, cell)
            if cell.started:
                kept.hits += 1.0
            else:
                kept.misses += 1
            return cell

    def drop_failed(self, instance: object, key: Hashable, cell: LoopCell[Any]) -> None:
        """Let go of a cell in which no task is left."""
        with self._lock:
            values = self._kept_for(instance).values
            if cell.empty and values.get(key) is cell:
                del values[key]

    def info(self) -> _CacheInfo:
        """Be the `cache_info` of the method."""
        with self._lock:
            living = list(self._living.values())
            hits, misses = int(sum(kept.hits for kept in living)), sum(kept.misses for kept in living)
            return _CacheInfo(hits, misses, self._maxsize, sum(len(kept.values) for kept in living))

    def clear(self, /, *instances: object) -> None:
        """Be the `cache_clear` of the method."""
        with self._lock:
            cleared = [self._kept_for(instance) for instance in instances] if instances else self._living.values()
            for kept in list(cleared):
                kept.values, kept.hits, kept.misses = {}, 0.0, 0

    def settle_at_first_call(self, function: FunctionType) -> None:
        """Note the function whose code is completed when the class of its objects is known."""
        self._unsettled = function
        code = self.method.__code__
        self._positional = code.co_argcount - 1
        self._keyword_only = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]

    def after_fork_in_child(self) -> None:
        """Get a fresh lock, and wait for no thread of the parent."""
        self._lock = RLock()
        self._computations = {}

    def _check(self, key: Hashable) -> None:
        try:
            hash(key)
        except TypeError as error:
            raise TypeError(f"{name_of(self.method)} is cached by its arguments: {error}") from None

    def _keep(self, values: dict[Hashable, Any], key: Hashable, value: object) -> None:
        values[key] = value
        while self._maxsize is not None and len(values) > self._maxsize:
            del values[next(iter(values))]

    def _kept_for(self, instance: object) -> _Kept:
        if self._unsettled is not None:
            self._settle(type(instance))
        try:
            kept: Any = object.__getattribute__(instance, self._attribute)
        except AttributeError:
            kept = _ORPHAN
        if type(kept) is _Kept and kept.belongs_to(instance):
            return kept
        kept = self._beside.get(id(instance))
        return kept if kept is not None and kept.belongs_to(instance) else self._start_keeping(instance)

    def _start_keeping(self, instance: object) -> _Kept:
        try:
            kept = _Kept(instance)
            kept.owner = None
        except TypeError:
            kept = _Kept(_nothing)
            kept.owner = instance
        try:
            object.__setattr__(instance, self._attribute, kept)  # frozen or not
        except (AttributeError, TypeError):  # no `__dict__`; a class
            if kept.owner is not None:
                name = type(instance).__qualname__
                raise TypeError(
                    f"{name_of(self.method)} has nowhere to keep its results: add the slot '__weakref__' to {name}"
                ) from None
            beside, place = self._beside, id(instance)
            kept = beside[place] = _Kept(instance, lambda _dead: beside.pop(place, None))
            kept.owner = None
        kept.values, kept.hits, kept.misses = {}, 0.0, 0
        self._living[id(kept)] = kept
        return kept

    def _settle(self, cls: type) -> None:
        """Let a hit look at the attribute, now that there is a class whose objects have it.

        The first look at an object would call a `__getattr__` of its class, which may well call the method; so where
        there is one, the class that defines the method gets a default. Without need it does not: CPython reads an
        attribute faster that no class has. Where no class defines the method (it was attached to objects), every call
        goes to `compute`.
        """
        function = self._unsettled
        base = next((base for base in cls.__mro__ if self._defined_by(base)), None)
        if base is None or function is None:
            return
        if any(hasattr(known, "__getattr__") or not known.__dictoffset__ for known in (cls, *_all_subclasses(base))):
            try:
                type.__setattr__(base, self._attribute, _ORPHAN)
            except TypeError:  # a class that is written in C
                return
        function.__code__ = _look_at(function.__code__, self._attribute)
        self._unsettled = None

    def _defined_by(self, cls: type) -> bool:
        module, qualname = definition_key(self.method)
        named = cls.__module__ == module and f"{cls.__qualname__}.{self.method.__name__}" == qualname
        return named or any(value is self._unsettled for value in vars(cls).values())


def _all_subclasses(cls: type) -> set[type]:
    found, waiting = set[type](), [cls]
    while waiting:
        known = waiting.pop()
        if known not in found:
            found.add(known)
            waiting += type.__subclasses__(known)
    return found


def caching_function(results: Results) -> Any:
    """Return the function that takes the place of the method."""
    method = results.method
    if is_async(method):
        return _asynchronous(results)
    code: Any = getattr(method, "__code__", None)
    count = code.co_argcount + code.co_kwonlyargcount if type(method) is FunctionType and code.co_argcount else 0
    if not 1 <= count <= len(_BY_COUNT) or code.co_flags & VARIABLE_ARGUMENTS:
        return _any_arguments(results)
    function = _BY_COUNT[count - 1](results)
    # The template's parameters become those of the method, so that the interpreter binds the arguments.
    function.__code__ = _look_at(function.__code__, _HARMLESS).replace(
        co_varnames=code.co_varnames[:count] + function.__code__.co_varnames[count:],
        co_argcount=code.co_argcount,
        co_posonlyargcount=code.co_posonlyargcount,
        co_kwonlyargcount=code.co_kwonlyargcount,
    )
    function.__defaults__, function.__kwdefaults__ = method.__defaults__, method.__kwdefaults__
    results.settle_at_first_call(function)
    return function


_HARMLESS = "__doc__"  # an attribute that every object has, and that cannot be called


def _look_at(code: Any, attribute: str) -> Any:
    """Return the code of a template that looks for the results at an attribute of the object."""
    return code.replace(co_names=(attribute, *code.co_names[1:]))


# A template per number of parameters: to take `*args, **kwargs` and make a key of them costs more than all the rest.
# What is missing, the object's results, those for the key or a hash of it, is left to `compute`.


def _no_argument(results: Results) -> Any:
    def cached(self: Any) -> Any:
        try:
            kept = self.kept
            if kept() is self:
                found = kept.values[None]
                kept.hits += 1.0
                return found
        except (AttributeError, KeyError, TypeError):
            pass
        return results.compute(self, None, ())

    return cached


def _one_argument(results: Results) -> Any:
    def cached(self: Any, first: Hashable) -> Any:
        try:
            kept = self.kept
            if kept() is self:
                found = kept.values[first]
                kept.hits += 1.0
                return found
        except (AttributeError, KeyError, TypeError):
            pass
        return results.compute(self, first, (first,))

    return cached


def _two_arguments(results: Results) -> Any:
    def cached(self: Any, first: Hashable, second: Hashable) -> Any:
        try:
            kept = self.kept
            if kept() is self:
                found = kept.values[first, second]
                kept.hits += 1.0
                return found
        except (AttributeError, KeyError, TypeError):
            pass
        return results.compute(self, (first, second), (first, second))

    return cached


def _three_arguments(results: Results) -> Any:
    def cached(self: Any, first: Hashable, second: Hashable, third: Hashable) -> Any:
        try:
            kept = self.kept
            if kept() is self:
                found = kept.values[first, second, third]
                kept.hits += 1.0
                return found
        except (AttributeError, KeyError, TypeError):
            pass
        return results.compute(self, (first, second, third), (first, second, third))

    return cached


_BY_COUNT = (_no_argument, _one_argument, _two_arguments, _three_arguments)


def _any_arguments(results: Results) -> Any:
    key_of = argument_key(results.method, first=1)

    def cached(self: object, /, *args: Any, **kwargs: Any) -> Any:
        return results.compute(self, key_of(*args, **kwargs), args, kwargs)

    return cached


def _asynchronous(results: Results) -> Any:
    method = results.method
    key_of = argument_key(method, first=1)

    async def cached(self: object, /, *args: Any, **kwargs: Any) -> Any:
        key = key_of(*args, **kwargs)
        cell = results.loop_cell(self, key)
        try:
            return await cell.get(lambda: method(self, *args, **kwargs))
        except BaseException:
            results.drop_failed(self, key, cell)
            raise

    return cached
