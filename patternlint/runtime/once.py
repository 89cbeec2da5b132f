"""Build a value once per process, whoever asks first: `once`.

`functools.lru_cache` and `cache` do not promise this: their documentation says that the wrapped function may be
called more than once, and threads that race get different objects. A module-level lazy global has the same hole.

    @once(close="close")
    def get_pool() -> Pool:
        return Pool(settings.url)

    get_pool()                  # every thread gets the one pool; the hit path takes no lock
    get_pool.override(fake)     # tests: `with get_pool.override(fake): ...`
    get_pool.reset()            # tests: close and forget

Limits, by design. Two `once` factories that need each other, entered by two threads in opposite order, wait for
each other for ever, as any two locks do. A factory that imports a module whose body asks for the same value can
deadlock with the import lock: import before, not inside. On `async def` there is one value per running event loop.
"""

from __future__ import annotations

from abc import abstractmethod
from functools import update_wrapper

from .callables import definition_key, is_async, name_of, not_a_coroutine, refuse_generator, required_parameters
from .cell import UNSET, Cell, check_policies
from .reloading import earlier_definition, remember_definition
from .typed import TYPE_CHECKING, Protocol, T

if not TYPE_CHECKING:
    from .typed import overload

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from contextlib import AbstractContextManager
    from typing import Any, overload

    from .cell import CloseHook, ForkPolicy, ReloadPolicy


class Once(Protocol[T]):
    """What `once` makes of a function: a plain function without parameters, with these attributes.

    It pickles and copies by its qualified name, as functions do. All of it may be called from any thread.
    """

    @abstractmethod
    def __call__(self) -> T:
        """Return the value; the first caller builds it while the others wait.

        What the factory raises passes through and is not remembered: the next call tries again. Raises RuntimeError
        when the factory, directly or not, calls this function in the same thread.
        """

    @abstractmethod
    def reset(self) -> None:
        """Forget the value and close it with the close hook; the next call builds a new one."""

    @abstractmethod
    def cache_clear(self) -> None:
        """Do what `reset` does, under the name that `functools.lru_cache` uses."""

    @abstractmethod
    def set(self, value: T) -> None:
        """Use `value` from now on; it stays the caller's to close. A value that was built here is closed."""

    @abstractmethod
    def override(self, value: T) -> AbstractContextManager[T]:
        """Use `value` inside a `with` block, in all threads; afterwards what was there before."""

    @abstractmethod
    def peek(self) -> T | None:
        """Return the value if there is one, else None; never builds."""


class AsyncOnce(Protocol[T]):
    """What `once` makes of an `async def`: one value per running event loop, since async resources belong to one."""

    @abstractmethod
    def __call__(self) -> Coroutine[Any, Any, T]:
        """Return the running loop's value; the first task to ask starts the factory and all await it.

        A waiter that is cancelled does not cancel the factory. A failure reaches those who wait for it and is not
        remembered. Raises RuntimeError when the factory awaits this function itself.
        """

    @abstractmethod
    def reset(self) -> None:
        """Forget the values of all loops without closing them: only `aclose` can wait for an async close hook."""

    @abstractmethod
    def cache_clear(self) -> None:
        """Do what `reset` does, under the name that `functools.lru_cache` uses."""

    @abstractmethod
    async def aclose(self) -> None:
        """Forget the running loop's value and close it with the close hook, awaited where that is asynchronous.

        Call it where the application shuts down: no event loop is left to close anything in when the process exits.
        """

    @abstractmethod
    def set(self, value: T) -> None:
        """Use `value` in all loops from now on."""

    @abstractmethod
    def override(self, value: T) -> AbstractContextManager[T]:
        """Use `value` inside a `with` block, in all loops; afterwards what was there before."""

    @abstractmethod
    def peek(self) -> T | None:
        """Return the running loop's value if it is ready, else None; never builds."""


if TYPE_CHECKING:

    class OnceDecorator(Protocol):
        """What `once(...)` with options returns."""

        @overload
        def __call__(self, factory: Callable[[], Coroutine[Any, Any, T]], /) -> AsyncOnce[T]: ...  # pyright: ignore[reportOverlappingOverload]
        @overload
        def __call__(self, factory: Callable[[], T], /) -> Once[T]: ...


@overload
def once(factory: Callable[[], Coroutine[Any, Any, T]], /) -> AsyncOnce[T]: ...  # pyright: ignore[reportOverlappingOverload]
@overload
def once(factory: Callable[[], T], /) -> Once[T]: ...
@overload
def once(*, close: CloseHook = ..., fork: ForkPolicy = ..., reload: ReloadPolicy = ...) -> OnceDecorator: ...
def once(
    factory: Callable[[], Any] | None = None,
    /,
    *,
    close: CloseHook = None,
    fork: ForkPolicy = "reset",
    reload: ReloadPolicy = "adopt",
) -> Any:
    """Make `factory`, a function that needs no arguments, run at most once per process.

    close: the name of a method of the value, or a function that takes it. Called by `reset`, and at exit (in the
        reverse order of the builds) for a value that is still there. `multiprocessing` children that were forked
        skip exit handlers before Python 3.13: close there explicitly.
    fork: "reset" makes a forked child forget the value, without closing it, because its sockets and threads are the
        parent's; "keep" is for plain data.
    reload: what a reloaded module does with the live value: "adopt" goes on using it, "close" closes it, "new"
        leaves it to those who hold the old function. A module whose file is imported under a second name shares the
        value, unless it says "new".

    factory: a function, lambda, partial, class or other callable; what it returns is the value, None included. What
    it raises, KeyboardInterrupt included, passes through and is not remembered. Raises TypeError for one that needs
    arguments (see `once_per`) and for a generator, whose one value would be used up by its first caller. Usable as
    `@once` and as `@once(...)`, outermost or below a `staticmethod`.
    """
    check_policies(fork, reload)
    if factory is None:
        return lambda function: _once(function, close, fork, reload)
    return _once(factory, close, fork, reload)


def _once(factory: Callable[[], Any], close: CloseHook, fork: ForkPolicy, reload: ReloadPolicy) -> Any:
    if isinstance(factory, staticmethod):  # else the function would become a method that is given its object
        return staticmethod(_once(factory.__func__, close, fork, reload))
    refuse_generator(factory, "once")
    required = required_parameters(factory)
    if required:
        raise TypeError(
            f"once needs a function without arguments, but {name_of(factory)} takes {', '.join(required)}: "
            "use once_per, which keeps one value per argument"
        )
    module, qualname = definition_key(factory)
    earlier = earlier_definition(module, qualname)
    adopt = getattr(earlier, "_adopt", None)
    closing = reload == "close" and getattr(earlier, "__module__", None) == module  # else imported under another name
    if adopt is not None and reload != "new" and adopt(factory, close, fork, closing):
        accessor = earlier  # one function object for both executions, so that neither can build a second value
    else:
        accessor = _async_accessor(factory, close, fork) if is_async(factory) else _accessor(factory, close, fork)
    update_wrapper(accessor, factory)
    remember_definition(module, qualname, accessor)
    return accessor


def _accessor(factory: Callable[[], T], close: CloseHook, fork: ForkPolicy) -> Callable[[], T]:
    value: T  # unbound while there is none: an unbound closure cell is the cheapest test there is

    def get() -> T:
        try:
            return value
        except NameError:
            pass  # and build outside the handler, so that a factory's traceback does not mention this one
        return cell.build(make)

    def make() -> T:
        return not_a_coroutine(factory(), factory)

    def publish(new: T) -> None:
        nonlocal value
        if new is UNSET:
            del value  # bound: the cell publishes changes only
        else:
            value = new

    def adopt(new_factory: Callable[[], T], close: CloseHook, fork: ForkPolicy, closing: bool) -> bool:
        nonlocal factory
        if is_async(new_factory):
            return False
        factory = new_factory
        if closing:
            cell.reset()
        cell.name = name_of(new_factory)
        cell.configure(close, fork)
        return True

    cell = Cell(name_of(factory), close, fork, publish)
    vars(get).update(
        reset=cell.reset,
        cache_clear=cell.reset,
        set=cell.set,
        override=cell.override,
        peek=cell.peek,
        _adopt=adopt,
        _cell=cell,
    )
    return get


def _async_accessor(
    factory: Callable[[], Coroutine[Any, Any, T]], close: CloseHook, fork: ForkPolicy
) -> Callable[[], Coroutine[Any, Any, T]]:
    from .loops import LoopCell  # imports asyncio, which only users of async factories should pay for

    async def get() -> T:
        return await cell.get(make)

    def make() -> Coroutine[Any, Any, T]:
        return factory()

    def adopt(
        new_factory: Callable[[], Coroutine[Any, Any, T]],
        close: CloseHook,
        fork: ForkPolicy,
        closing: bool,
    ) -> bool:
        nonlocal factory
        if not is_async(new_factory):
            return False
        factory = new_factory
        if closing:
            cell.reset()
        cell.configure(close, fork)
        return True

    cell: LoopCell[T] = LoopCell(name_of(factory), close, fork)
    vars(get).update(
        reset=cell.reset,
        cache_clear=cell.reset,
        aclose=cell.aclose,
        set=cell.set,
        override=cell.override,
        peek=cell.peek,
        _adopt=adopt,
        _cell=cell,
    )
    return get
