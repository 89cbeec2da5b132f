"""Factories by name, registered where they are defined: `Registry`.

    exporters: Registry[Exporter] = Registry("exporter")

    @exporters.register("csv")
    class CsvExporter(Exporter): ...

    exporters.register("parquet", "shop.export.parquet:ParquetExporter")     # imported when it is asked for
    exporters.create("csv", path)                                            # CsvExporter(path)

Adding a kind changes one place. An unknown name is an error that lists the known ones, not a bare KeyError.
"""

from __future__ import annotations

from threading import RLock

from .fork import renew_in_child
from .typed import TYPE_CHECKING, F, Generic, R, T

if not TYPE_CHECKING:
    from .typed import overload

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator
    from typing import Any, TypeAlias, overload

    Factory: TypeAlias = Callable[..., T]


class UnknownKeyError(ValueError, KeyError):
    """A registry was asked for a key that nobody registered.

    A ValueError, because the key came from a caller, and a KeyError, so that what catches one goes on doing so.
    """

    def __init__(self, kind: str, key: Hashable, known: tuple[Hashable, ...]) -> None:
        super().__init__(kind, key, known)  # all of it, so that it pickles
        self.kind = kind
        self.key = key
        self.known = known

    @property
    def suggestion(self) -> Hashable | None:
        """The known key that is spelt most like the unknown one, or None."""
        import difflib

        by_text = {str(known): known for known in self.known}
        close = difflib.get_close_matches(str(self.key), by_text, n=1)
        return by_text[close[0]] if close else None

    def __str__(self) -> str:
        known = ", ".join(repr(key) for key in self.known) or "none"
        suggestion = self.suggestion
        hint = "" if suggestion is None else f"; did you mean {suggestion!r}?"
        return f"unknown {self.kind}: {self.key!r}{hint} (known: {known})"


class DuplicateKeyError(ValueError):
    """A key was registered twice for different things."""


class FrozenRegistryError(RuntimeError):
    """Something was registered in a registry after it was frozen."""


class Registry(Generic[T]):
    """Factories (classes or functions) of `T` by key, in order of registration.

    kind: what the keys name, for messages: "exporter".
    key: the class attribute that holds a class's key, for `register` without one.
    base: registering a class that is no subclass of it raises TypeError; also tells type checkers `T`.
    entry_points: the group whose entry points of installed packages belong to it, read at the first unknown key,
        iteration or length.
    freeze_on_use: refuse to register after the first lookup, so that what a program knows does not depend on when
        it asked.

    Thread-safe; lookups take no lock. Lazy entries are imported outside the lock, when they are asked for.
    """

    __slots__ = (
        "__weakref__",
        "_base",
        "_entries",
        "_entry_points",
        "_freeze_on_use",
        "_frozen",
        "_key_attribute",
        "_kind",
        "_lock",
    )

    def __init__(
        self,
        kind: str = "key",
        /,
        *,
        key: str | None = None,
        base: type[T] | None = None,
        entry_points: str | None = None,
        freeze_on_use: bool = False,
    ) -> None:
        self._kind = kind
        self._key_attribute = key
        self._base = base
        self._entry_points = entry_points  # None once they are read
        self._freeze_on_use = freeze_on_use
        self._frozen = False
        self._entries: dict[Hashable, Factory[T] | _Lazy] = {}  # replaced, never changed: readers need no lock
        self._lock = RLock()
        renew_in_child(self)

    @overload
    def register(self, factory: F, /) -> F: ...
    @overload
    def register(self, key: Hashable, /) -> Callable[[F], F]: ...
    @overload
    def register(self, key: Hashable, factory: str | Callable[..., T], /) -> None: ...
    def register(self, key: Any, factory: Any = None, /) -> Any:
        """Register a factory.

        `@registry.register("csv")` on a class or function; decorators stack, for several keys.
        `registry.register("csv", CsvExporter)`, or "pkg.mod:Name" instead of the class for one that is imported
        when it is asked for.
        `@registry.register`, or `registry.register(cls)` from `__init_subclass__`: the key is the class attribute
        that the registry was told of.

        Raises DuplicateKeyError for a key that is taken (running a reloaded module again replaces its own entries),
        FrozenRegistryError after `freeze`, TypeError for what is no factory.
        """
        if factory is not None:
            self._add(key, factory)
            return None
        if callable(key) and not isinstance(key, str):
            self._add(self._key_of(key), key)
            return key

        def register(decorated: F) -> F:
            self._add(key, decorated)
            return decorated

        return register

    def unregister(self, key: Hashable, /) -> None:
        """Remove an entry, as a plug-in that is unloaded does; raises UnknownKeyError, FrozenRegistryError."""
        with self._lock:
            self._refuse_if_frozen(key)
            if key not in self._entries:
                raise self._unknown(key)
            self._entries = {known: entry for known, entry in self._entries.items() if known != key}

    def __getitem__(self, key: Hashable, /) -> Callable[..., T]:
        """Return the factory registered for `key`; raises UnknownKeyError, and ImportError for a broken lazy one."""
        try:
            entry = self._entries[key]
        except KeyError:
            entry = self._all().get(key)  # type: ignore[assignment]
            if entry is None:
                raise self._unknown(key) from None
        if self._freeze_on_use and not self._frozen:
            self._frozen = True
        return self._load(key, entry) if isinstance(entry, _Lazy) else entry

    @overload
    def get(self, key: Hashable, /) -> Callable[..., T] | None: ...
    @overload
    def get(self, key: Hashable, default: R, /) -> Callable[..., T] | R: ...
    def get(self, key: Hashable, default: Any = None, /) -> Any:
        """Return the factory registered for `key`, or `default`."""
        try:
            return self[key]
        except UnknownKeyError:
            return default

    def create(self, key: Hashable, /, *args: Any, **kwargs: Any) -> T:
        """Call the factory registered for `key`; raises UnknownKeyError, and what the factory raises."""
        return self[key](*args, **kwargs)

    def freeze(self) -> None:
        """Refuse further registrations."""
        self._frozen = True

    def __contains__(self, key: object, /) -> bool:
        """Return whether `key` is registered; imports nothing."""
        return key in self._entries or key in self._all()

    def __iter__(self) -> Iterator[Hashable]:
        """Iterate over the keys in order of registration, those of entry points last; imports nothing."""
        return iter(self._all())

    def __len__(self) -> int:
        """Return the number of keys."""
        return len(self._all())

    def __bool__(self) -> bool:
        """Return True: an empty registry is still a registry."""
        return True

    def __repr__(self) -> str:
        return f"<Registry of {self._kind}: {', '.join(map(repr, self._entries))}>"

    def after_fork_in_child(self) -> None:
        """Get a fresh lock: another thread of the parent may have held it."""
        self._lock = RLock()

    def _add(self, key: Hashable, factory: Any) -> None:
        entry = _lazy(factory) if isinstance(factory, str) else factory
        if not isinstance(entry, _Lazy):
            self._refuse_unfit(key, entry)
        hash(key)
        with self._lock:
            self._refuse_if_frozen(key)
            known = self._entries.get(key)
            if known is not None and not _same_definition(known, entry):
                raise DuplicateKeyError(f"{self._kind} {key!r} is registered already, as {known!r}; refused: {entry!r}")
            self._entries = {**self._entries, key: entry}

    def _load(self, key: Hashable, lazy: _Lazy) -> Callable[..., T]:
        try:
            factory = lazy.load()
        except (ImportError, AttributeError) as error:
            error.add_note(f"while loading the {self._kind} {key!r} from {lazy.target!r}")
            raise
        self._refuse_unfit(key, factory)
        with self._lock:
            if self._entries.get(key) is lazy:
                self._entries = {**self._entries, key: factory}
        loaded: Callable[..., T] = factory
        return loaded

    def _all(self) -> dict[Hashable, Factory[T] | _Lazy]:
        group = self._entry_points
        if group is None:
            return self._entries
        import importlib.metadata

        found = importlib.metadata.entry_points(group=group)  # reads files: not under the lock
        with self._lock:
            if self._entry_points is None:
                return self._entries
            entries = dict(self._entries)
            for point in found:
                lazy = _Lazy(point.value, point.load)
                known = entries.setdefault(point.name, lazy)
                if not _same_definition(known, lazy):
                    raise DuplicateKeyError(
                        f"{self._kind} {point.name!r} is registered already, as {known!r}; "
                        f"refused: the entry point {point.value!r} of group {group!r}"
                    )
            self._entries = entries
            self._entry_points = None
            return entries

    def _key_of(self, factory: Any) -> Hashable:
        if self._key_attribute is None:
            raise TypeError(
                f"register({factory!r}) needs a key: this registry was not told of a class attribute (key=)"
            )
        try:
            key: Hashable = getattr(factory, self._key_attribute)
        except AttributeError:
            raise TypeError(f"{factory!r} has no attribute {self._key_attribute!r} to be registered under") from None
        return key

    def _refuse_if_frozen(self, key: Hashable) -> None:
        if self._frozen:
            raise FrozenRegistryError(f"too late for the {self._kind} {key!r}: the registry is in use and frozen")

    def _refuse_unfit(self, key: Hashable, factory: Any) -> None:
        if not callable(factory):
            raise TypeError(f"the {self._kind} {key!r} must be a class, a function or 'module:Name', not {factory!r}")
        if self._base is not None and isinstance(factory, type) and not issubclass(factory, self._base):
            raise TypeError(f"the {self._kind} {key!r} must be a {self._base.__qualname__}, which {factory!r} is not")

    def _unknown(self, key: Hashable) -> UnknownKeyError:
        return UnknownKeyError(self._kind, key, tuple(self._entries))


class _Lazy:
    """A factory that is imported when it is asked for."""

    __slots__ = ("load", "target")

    def __init__(self, target: str, load: Callable[[], Any]) -> None:
        self.target = target
        self.load = load

    def __repr__(self) -> str:
        return repr(self.target)


def _lazy(target: str) -> _Lazy:
    module, colon, path = target.partition(":")
    if not (module and colon and path):
        raise TypeError(f"a lazy entry is 'package.module:Name', not {target!r}")

    def load() -> Any:
        from importlib import import_module

        found: Any = import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
        return found

    return _Lazy(target, load)


def _same_definition(old: Any, new: Any) -> bool:
    """Whether two entries are one definition: the same object, or made again when its module was reloaded."""
    return old is new or _target_of(old) == _target_of(new) is not None


def _target_of(entry: Any) -> str | None:
    if isinstance(entry, _Lazy):
        return entry.target
    module, qualname = getattr(entry, "__module__", None), getattr(entry, "__qualname__", None)
    return None if module is None or qualname is None or "<l" in qualname else f"{module}:{qualname}"
