"""A table from classes to what belongs to their instances: `TypeDispatch`, the isinstance chain as data.

    LABEL = TypeDispatch({Circle: "round", (Square, Rectangle): "cornered"}, default="?")
    LABEL.lookup(shape)                       # the stored value

    AREA = TypeDispatch({Circle: circle_area, Square: square_area})
    AREA(shape)                               # look up and call with the object: AREA.lookup(shape)(shape)

    @AREA.register(Triangle)                  # in whichever module Triangle lives
    def triangle_area(shape: Triangle) -> float: ...

The most derived class wins, by the object's method resolution order, however the table is ordered. In an isinstance
chain the first branch wins; the two agree when every class is tested before its bases.
"""

from __future__ import annotations

from threading import RLock
from types import MethodType, UnionType

from .fork import renew_in_child
from .typed import TYPE_CHECKING, F, Generic, R, T, V

if not TYPE_CHECKING:
    from .typed import overload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any, TypeAlias, overload

    # As for isinstance: a class, a union, a tuple of these. None stands for its class.
    ClassKey: TypeAlias = type[Any] | UnionType | tuple[Any, ...] | None

_MISSING: Any = object()
_CACHED_CLASSES = 1024  # classes that a program makes on the fly must not pile up in the cache


class UnknownTypeError(TypeError, LookupError):
    """There is no entry for the class of an object, nor for any of its bases."""


class TypeDispatch(Generic[V]):
    """A table class → value; values are functions that `table(obj)` calls, or anything else for `lookup`.

    table: a mapping whose keys are what isinstance takes: a class, a union, a tuple of classes; None for NoneType.
    default: the value for all other classes; without it they raise UnknownTypeError.
    virtual: also look at the virtual subclasses of abstract base classes and protocols that are keys (by issubclass),
        when no class in the method resolution order but `object` has an entry. The most specific one wins, then the
        first. Answers are remembered, so a class that is registered with an ABC after it was looked up is not seen.

    Lookups are remembered by class and take no lock; registering is thread-safe. As a class attribute the table
    works as a method: `self.table(node, ...)` picks by `node` and calls the function with `self, node, ...`.
    """

    __slots__ = (
        "__weakref__",
        "_cache",
        "_default",
        "_lock",
        "_name",
        "_table",
        "_unknown_classes",
        "_virtual",
        "lookup",
    )

    lookup: Callable[[object], V]
    """Return the value for an object's class; raises UnknownTypeError. An attribute: it holds a closure, as calling
    that costs a third of calling a method that does the same."""

    @overload
    def __init__(
        self: TypeDispatch[type[T]],
        table: Mapping[Any, type[T]],
        /,
        *,
        default: type[T] = ...,
        virtual: bool = ...,
    ) -> None: ...
    @overload
    def __init__(
        self: TypeDispatch[Callable[..., R]],
        table: Mapping[Any, Callable[..., R]],
        /,
        *,
        default: Callable[..., R] = ...,
        virtual: bool = ...,
    ) -> None: ...
    @overload
    def __init__(self, table: Mapping[Any, V], /, *, default: V = ..., virtual: bool = ...) -> None: ...
    @overload
    def __init__(self, /, *, default: V, virtual: bool = ...) -> None: ...
    @overload
    def __init__(self: TypeDispatch[Callable[..., Any]], /, *, virtual: bool = ...) -> None: ...
    def __init__(self, table: Any = None, /, *, default: Any = _MISSING, virtual: bool = False) -> None:
        self._table: dict[type, V] = {}
        self._cache: dict[type, V] = {}
        self._unknown_classes: set[type] = set()
        self._default = default
        self._virtual = virtual
        self._name = ""
        self._lock = RLock()
        self.lookup = _lookup(self._cache, self._find)
        for key, value in {} if table is None else table.items():
            self._register(key, value)
        renew_in_child(self)

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = f"{owner.__qualname__}.{name}"

    def __call__(self: TypeDispatch[Callable[..., R]], obj: object, /, *args: Any, **kwargs: Any) -> R:
        """Call the function for the class of `obj` with `obj` and the other arguments.

        In a hot loop, `table.lookup(obj)(obj)` is the same in less than half the time.
        """
        function = self.lookup(obj)
        return function(obj, *args, **kwargs) if args or kwargs else function(obj)

    def get(self, obj: object, fallback: T) -> V | T:
        """Return the value for the class of `obj`, else the table's default, else `fallback`."""
        found = self._resolve(obj)
        return fallback if found is _MISSING else found

    def for_class(self, cls: type[Any]) -> V:
        """Return the value for the instances of `cls`; raises UnknownTypeError."""
        found = self._resolve_class(cls)
        if found is _MISSING:
            raise self._unknown(cls)
        value: V = found
        return value

    def handles(self, obj: object) -> bool:
        """Return whether there is an entry for the class of `obj` or a base of it; the default does not count."""
        with self._lock:
            return self._search(type(obj)) is not _MISSING or self._search(obj.__class__) is not _MISSING

    @overload
    def register(self, key: ClassKey, /) -> Callable[[F], F]: ...
    @overload
    def register(self, key: ClassKey, value: V, /) -> V: ...
    def register(self, key: ClassKey, value: Any = _MISSING, /) -> Any:
        """Add an entry: `table.register(Circle, value)`, or `@table.register(Circle)` on a function.

        Returns the value, so that decorators stack. Raises ValueError when the class has another entry already,
        unless it is an earlier execution of the same definition (its module was reloaded).
        """
        if value is not _MISSING:
            self._register(key, value)
            return value

        def register(function: F) -> F:
            self._register(key, function)
            return function

        return register

    def __iter__(self) -> Iterator[type[Any]]:
        """Iterate over the classes that have an entry, in order of registration."""
        return iter(tuple(self._table))

    def __len__(self) -> int:
        """Return the number of classes that have an entry."""
        return len(self._table)

    @overload
    def __get__(self, instance: None, owner: type[Any], /) -> TypeDispatch[V]: ...
    @overload
    def __get__(self: TypeDispatch[Callable[..., R]], instance: object, owner: Any = ..., /) -> BoundDispatch[R]: ...
    @overload
    def __get__(self, instance: object, owner: Any = ..., /) -> TypeDispatch[V]: ...
    def __get__(self, instance: object, owner: Any = None, /) -> Any:
        """Bind a table of functions to an instance, as a function would; a table of other values is itself."""
        if instance is None or not self._callable_values():
            return self
        return BoundDispatch(self, instance)

    def __repr__(self) -> str:
        names = ", ".join(cls.__qualname__ for cls in self._table)
        return f"<TypeDispatch{' ' + self._name if self._name else ''}: {names}>"

    def after_fork_in_child(self) -> None:
        """Get a fresh lock: another thread of the parent may have held it."""
        self._lock = RLock()

    def _callable_values(self) -> bool:
        values = [*self._table.values()] if self._default is _MISSING else [*self._table.values(), self._default]
        return not values or all(callable(value) for value in values)

    def _register(self, key: Any, value: Any) -> None:
        classes = list(_classes(key))
        with self._lock:
            for cls in classes:
                if cls in self._table and not _same_definition(self._table[cls], value):
                    raise ValueError(f"{self!r} has an entry for {cls.__qualname__} already: {self._table[cls]!r}")
            table = dict(self._table)
            table.update((cls, value) for cls in classes)
            self._table = table
            self._forget()

    def _find(self, obj: object) -> V:
        found = self._resolve(obj)
        if found is _MISSING:
            raise self._unknown(type(obj))
        value: V = found
        return value

    def _resolve(self, obj: object) -> Any:
        cls = type(obj)
        claimed = obj.__class__
        if claimed is not cls and self._is_last_resort(self._search(cls)):
            # A proxy or a mock with a spec, which isinstance takes for what it claims to be.
            return self._resolve_class(claimed)
        return self._resolve_class(cls)

    def _is_last_resort(self, found: Any) -> bool:
        return found is _MISSING or found is self._table.get(object, _MISSING)

    def _resolve_class(self, cls: type) -> Any:
        cached = self._cache.get(cls, _MISSING)
        if cached is not _MISSING or cls in self._unknown_classes:
            return cached
        with self._lock:  # a registration in between would leave a stale answer in the cache for ever
            found = self._search(cls)
            if self._is_last_resort(found):
                found = self._default if found is _MISSING else found
                if any("__class__" in vars(base) for base in cls.__mro__[:-1]):
                    return found  # it may claim another class for each object: ask every time
            if len(self._cache) + len(self._unknown_classes) >= _CACHED_CLASSES:
                self._forget()
            if found is _MISSING:
                self._unknown_classes.add(cls)
            else:
                self._cache[cls] = found
        return found

    def _forget(self) -> None:
        self._cache.clear()
        self._unknown_classes.clear()

    def _search(self, cls: type) -> Any:
        table = self._table
        for base in cls.__mro__:
            if base in table and base is not object:
                return table[base]
        if self._virtual:
            matching = [key for key in table if key is not object and issubclass(cls, key)]
            for key in matching:
                if not any(other is not key and issubclass(other, key) for other in matching):
                    return table[key]
        return table.get(object, _MISSING)

    def _unknown(self, cls: type) -> UnknownTypeError:
        known = ", ".join(key.__qualname__ for key in self._table) or "none"
        where = f" in {self._name}" if self._name else ""
        return UnknownTypeError(f"no entry{where} for {cls.__module__}.{cls.__qualname__}; known classes: {known}")


class BoundDispatch(Generic[R]):
    """A table of functions that is used as a method of one object."""

    __slots__ = ("_instance", "_table")

    def __init__(self, table: TypeDispatch[Any], instance: object) -> None:
        self._table = table
        self._instance = instance

    def __call__(self, obj: object, /, *args: Any, **kwargs: Any) -> R:
        """Call the function for the class of `obj` with the instance, `obj` and the other arguments."""
        result: R = self._table.lookup(obj)(self._instance, obj, *args, **kwargs)
        return result

    def lookup(self, obj: object, /) -> Callable[..., R]:
        """Return the method for the class of `obj`, bound to the instance; raises UnknownTypeError."""
        return MethodType(self._table.lookup(obj), self._instance)


def _lookup(cache: dict[type, V], find: Callable[[object], V]) -> Callable[[object], V]:
    def lookup(obj: object) -> V:
        try:
            return cache[type(obj)]
        except KeyError:
            pass
        return find(obj)

    return lookup


def _classes(key: Any) -> Iterator[type]:
    if isinstance(key, tuple):
        for part in key:
            yield from _classes(part)
    elif isinstance(key, UnionType):
        yield from key.__args__
    elif key is None:
        yield type(None)
    elif isinstance(key, type):
        yield key
    else:
        raise TypeError(f"a TypeDispatch key is a class, a union or a tuple of classes, not {key!r}")


def _same_definition(old: Any, new: Any) -> bool:
    """Whether a class may be registered again: with an equal value, or by the same code when its module is reloaded."""
    if old is new or type(old) is not type(new):
        return old is new
    if not callable(old):
        return bool(old == new)
    module, qualname = getattr(old, "__module__", None), getattr(old, "__qualname__", "<l")
    return "<l" not in qualname and (module, qualname) == (new.__module__, getattr(new, "__qualname__", None))
