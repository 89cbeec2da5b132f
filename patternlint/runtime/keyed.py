"""Build one value per argument, once: `once_per`, the multiton.

It is what a `get_client(url)` should be that today hands the first caller's client to those who ask for another.

    @once_per(close="close")
    def get_client(url: str, timeout: float = 5.0) -> Client:
        return Client(url, timeout)

Arguments are normalised before they are compared, so `get_client("u")`, `get_client(url="u")` and
`get_client("u", 5.0)` are one client. `key=` says what counts instead.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import update_wrapper
from threading import RLock

from .callables import argument_key, definition_key, is_async, name_of, not_a_coroutine, refuse_generator
from .cell import UNSET, Cell, Override, check_policies
from .fork import renew_in_child
from .reloading import earlier_definition, remember_definition
from .typed import TYPE_CHECKING, Generic, P, Protocol, T

if not TYPE_CHECKING:
    from .typed import overload

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable
    from contextlib import AbstractContextManager
    from typing import Any, overload

    from .cell import CloseHook, ForkPolicy, ReloadPolicy
    from .loops import LoopCell


class OncePer(Protocol[P, T]):
    """What `once_per` makes of a function: a plain function with the same parameters and these attributes.

    All of it may be called from any thread. Different keys are built at the same time, equal ones once.
    """

    @abstractmethod
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> T:
        """Return the value for these arguments, building it if there is none; exceptions are not remembered."""

    @abstractmethod
    def reset(self) -> None:
        """Forget and close the values of all keys; what their close hooks raise comes together, as ExceptionGroup."""

    @abstractmethod
    def cache_clear(self) -> None:
        """Do what `reset` does, under the name that `functools.lru_cache` uses."""

    @abstractmethod
    def reset_one(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Forget and close the value for these arguments."""

    @abstractmethod
    def set(self, value: T, /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Use `value` for these arguments from now on; it stays the caller's to close."""

    @abstractmethod
    def override(self, value: T, /, *args: P.args, **kwargs: P.kwargs) -> AbstractContextManager[T]:
        """Use `value` for these arguments inside a `with` block, in all threads."""

    @abstractmethod
    def peek(self, *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Return the value for these arguments if there is one, else None; never builds."""


class AsyncOncePer(Protocol[P, T]):
    """What `once_per` makes of an `async def`: one value per key and running event loop; see `AsyncOnce`."""

    @abstractmethod
    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> Coroutine[Any, Any, T]:
        """Return the running loop's value for these arguments, building it if there is none."""

    @abstractmethod
    def reset(self) -> None:
        """Forget all values without closing them; `aclose` closes."""

    @abstractmethod
    def cache_clear(self) -> None:
        """Do what `reset` does, under the name that `functools.lru_cache` uses."""

    @abstractmethod
    def reset_one(self, *args: P.args, **kwargs: P.kwargs) -> None:
        """Forget the values for these arguments without closing them."""

    @abstractmethod
    async def aclose(self) -> None:
        """Forget and close the running loop's values of all keys; errors come together, as an ExceptionGroup."""

    @abstractmethod
    def set(self, value: T, /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Use `value` for these arguments in all loops from now on."""

    @abstractmethod
    def override(self, value: T, /, *args: P.args, **kwargs: P.kwargs) -> AbstractContextManager[T]:
        """Use `value` for these arguments inside a `with` block, in all loops."""

    @abstractmethod
    def peek(self, *args: P.args, **kwargs: P.kwargs) -> T | None:
        """Return the running loop's value for these arguments if it is ready, else None."""


if TYPE_CHECKING:

    class OncePerDecorator(Protocol):
        """What `once_per(...)` with options returns."""

        @overload
        def __call__(self, factory: Callable[P, Coroutine[Any, Any, T]], /) -> AsyncOncePer[P, T]: ...  # pyright: ignore[reportOverlappingOverload]
        @overload
        def __call__(self, factory: Callable[P, T], /) -> OncePer[P, T]: ...


@overload
def once_per(factory: Callable[P, Coroutine[Any, Any, T]], /) -> AsyncOncePer[P, T]: ...  # pyright: ignore[reportOverlappingOverload]
@overload
def once_per(factory: Callable[P, T], /) -> OncePer[P, T]: ...
@overload
def once_per(
    *,
    key: Callable[..., Hashable] | None = ...,
    close: CloseHook = ...,
    fork: ForkPolicy = ...,
    reload: ReloadPolicy = ...,
) -> OncePerDecorator: ...
def once_per(
    factory: Callable[..., Any] | None = None,
    /,
    *,
    key: Callable[..., Hashable] | None = None,
    close: CloseHook = None,
    fork: ForkPolicy = "reset",
    reload: ReloadPolicy = "adopt",
) -> Any:
    """Make `factory` run at most once per process and key.

    key: a function that takes the same arguments and returns what tells values apart; by default the arguments
        themselves, normalised by the signature. Raises TypeError on a call whose key is not hashable.
    close, fork, reload: as for `once`, for each value.

    Values stay until they are reset: for keys that users make up, this is no cache. On a method the object is part of
    the key and stays, too: use `method_cache` there.
    """
    check_policies(fork, reload)

    def decorate(function: Any) -> Any:
        if isinstance(function, staticmethod):
            return staticmethod(decorate(function.__func__))
        refuse_generator(function, "once_per")
        module, qualname = definition_key(function)
        earlier = earlier_definition(module, qualname)
        slots = getattr(earlier, "_slots", None)
        if slots is None or reload == "new" or slots.asynchronous != is_async(function):
            accessor = _accessor(_KeyedCells(function, key, close, fork))
        else:
            accessor = earlier
            slots.adopt(function, key, close, fork, closing=reload == "close" and earlier.__module__ == module)
        update_wrapper(accessor, function)
        remember_definition(module, qualname, accessor)
        return accessor

    return decorate if factory is None else decorate(factory)


def _accessor(slots: _KeyedCells[Any]) -> Any:
    def get(*args: Any, **kwargs: Any) -> Any:
        return slots.get(args, kwargs)

    async def get_async(*args: Any, **kwargs: Any) -> Any:
        return await slots.get_async(args, kwargs)

    accessor: Any = get_async if slots.asynchronous else get
    vars(accessor).update(
        reset=slots.reset,
        cache_clear=slots.reset,
        reset_one=slots.reset_one,
        set=slots.set,
        override=slots.override,
        peek=slots.peek,
        _slots=slots,
    )
    if slots.asynchronous:
        vars(accessor)["aclose"] = slots.aclose
    return accessor


class _KeyedCells(Generic[T]):
    """The cells by key, and how many callers are inside each, so that a failed one can go when the last leaves."""

    __slots__ = (
        "__weakref__",
        "_callers",
        "_cells",
        "_close",
        "_factory",
        "_fork",
        "_key",
        "_lock",
        "asynchronous",
    )

    def __init__(
        self,
        factory: Callable[..., Any],
        key: Callable[..., Hashable] | None,
        close: CloseHook,
        fork: ForkPolicy,
    ) -> None:
        self.asynchronous = is_async(factory)
        self._cells: dict[Hashable, Any] = {}
        self._callers: dict[Hashable, int] = {}
        self._lock = RLock()
        self._configure(factory, key, close, fork)
        renew_in_child(self)

    def _configure(
        self,
        factory: Callable[..., Any],
        key: Callable[..., Hashable] | None,
        close: CloseHook,
        fork: ForkPolicy,
    ) -> None:
        self._factory = factory
        self._key = key if key is not None else argument_key(factory)
        self._close = close
        self._fork: ForkPolicy = fork

    def adopt(
        self,
        factory: Callable[..., Any],
        key: Callable[..., Hashable] | None,
        close: CloseHook,
        fork: ForkPolicy,
        *,
        closing: bool,
    ) -> None:
        """Go on with a reloaded factory."""
        if closing:
            self.reset()
        self._configure(factory, key, close, fork)
        for cell in list(self._cells.values()):
            cell.configure(close, fork)

    def get(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        key = self._key_of(args, kwargs)
        known: Cell[T] | None = self._cells.get(key)
        if known is not None:
            value = known.value
            if value is not UNSET:
                return value
        with self._lock:
            cell: Cell[T] = self._enter(key)
        try:
            return cell.build(lambda: not_a_coroutine(self._factory(*args, **kwargs), self._factory))
        finally:
            with self._lock:
                self._leave(key, cell)

    async def get_async(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> T:
        key = self._key_of(args, kwargs)
        with self._lock:
            cell: LoopCell[T] = self._enter(key)
        try:
            return await cell.get(lambda: self._factory(*args, **kwargs))
        finally:
            with self._lock:
                self._leave(key, cell)

    def reset(self) -> None:
        with self._lock:
            cells = list(self._cells.values())
        errors = [error for cell in cells if (error := _failure_of(cell.reset))]
        with self._lock:
            for key in [key for key in self._cells if key not in self._callers]:
                self._drop_if_empty(key)
        self._raise_together(errors)

    def reset_one(self, *args: Any, **kwargs: Any) -> None:
        key = self._key_of(args, kwargs)
        cell = self._cells.get(key)
        if cell is not None:
            cell.reset()
            with self._lock:
                if key not in self._callers:
                    self._drop_if_empty(key)

    async def aclose(self) -> None:
        with self._lock:
            cells = list(self._cells.values())
        errors = []
        for cell in cells:
            try:
                await cell.aclose()
            except Exception as error:
                errors.append(error)
        self._raise_together(errors)

    def set(self, value: T, /, *args: Any, **kwargs: Any) -> None:
        key = self._key_of(args, kwargs)
        with self._lock:
            cell = self._enter(key)
        try:
            cell.set(value)
        finally:
            with self._lock:
                self._leave(key, cell)

    def override(self, value: T, /, *args: Any, **kwargs: Any) -> Override[T]:
        key = self._key_of(args, kwargs)

        def exchange(state: tuple[T, int]) -> tuple[T, int]:
            with self._lock:
                cell = self._enter(key)
            try:
                before: tuple[T, int] = cell.exchange(state)
                return before
            finally:
                with self._lock:
                    self._leave(key, cell)

        def discard(displaced: tuple[T, int]) -> None:
            if not self.asynchronous:
                closing: Cell[T] = Cell(name_of(self._factory), self._close, self._fork)
                closing.discard(displaced)

        return Override(exchange, discard, value)

    def peek(self, *args: Any, **kwargs: Any) -> T | None:
        cell = self._cells.get(self._key_of(args, kwargs))
        value: T | None = None if cell is None else cell.peek()
        return value

    def _raise_together(self, errors: list[Exception]) -> None:
        if errors:
            raise ExceptionGroup(f"{len(errors)} values of {name_of(self._factory)} could not be closed", errors)

    def after_fork_in_child(self) -> None:
        self._lock = RLock()
        self._callers = {}  # the other callers are threads of the parent; the cells forget by themselves

    def _key_of(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Hashable:
        key = self._key(*args, **kwargs)
        try:
            hash(key)
        except TypeError as error:
            raise TypeError(
                f"{name_of(self._factory)} keeps one value per argument: {error}; give once_per a key="
            ) from None
        return key

    def _cell(self, key: Hashable) -> Any:
        cell = self._cells.get(key)
        if cell is None:
            name = name_of(self._factory)
            if self.asynchronous:
                from .loops import LoopCell

                cell = LoopCell(name, self._close, self._fork)
            else:
                cell = Cell(name, self._close, self._fork)
            self._cells[key] = cell
        return cell

    def _enter(self, key: Hashable) -> Any:
        self._callers[key] = self._callers.get(key, 0) + 1
        return self._cell(key)

    def _leave(self, key: Hashable, cell: Any) -> None:
        others = self._callers.get(key, 1) - 1
        if others:
            self._callers[key] = others
            return
        self._callers.pop(key, None)
        if self._cells.get(key) is cell:
            self._drop_if_empty(key)

    def _drop_if_empty(self, key: Hashable) -> None:
        if self._cells[key].empty:
            del self._cells[key]


def _failure_of(close: Callable[[], object]) -> Exception | None:
    try:
        close()
    except Exception as error:
        return error
    return None
