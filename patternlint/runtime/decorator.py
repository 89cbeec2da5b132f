"""Write a decorator as what happens around one call: `decorator`.

    @decorator
    def logged(call, *args, **kwargs):
        log.info("%s starts", call.__name__)
        return call(*args, **kwargs)

    @decorator
    def timed(call, *args, unit="s", **kwargs):         # keyword-only parameters are the decorator's options
        started = perf_counter()
        try:
            return (yield call(*args, **kwargs))        # `yield` waits for it, whatever kind of function it is
        finally:
            record(call.__name__, perf_counter() - started, unit)

    @timed
    def total(order): ...

    @timed(unit="ms")
    async def fetch(url): ...

The function keeps its name, docs, signature and kind; methods bind. Three ways to write what happens around a call:

    return call(...)          for plain functions; costs what a hand-written closure costs
    return await call(...)    in an `async def`: for coroutine functions, at the same cost
    return (yield call(...))  for both, generators and async generators; costs a generator for each call

A plain one on an `async def` is refused: it would end when the coroutine is made, before any of it has run.
"""

from __future__ import annotations

from functools import partial, update_wrapper
from types import FunctionType

from .callables import ASYNC_GENERATOR, COROUTINE, GENERATOR, code_flags
from .typed import TYPE_CHECKING, D, Protocol

if not TYPE_CHECKING:
    from .typed import overload

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Generator
    from types import CodeType
    from typing import Any, Concatenate, overload

    Around = Callable[Concatenate[Any, ...], Any]


class Decorator(Protocol):
    """What `decorator` makes of a function: a decorator that gives back what it gets, as far as types can tell."""

    @overload
    def __call__(self, function: D, /) -> D: ...
    @overload
    def __call__(self, /, **options: Any) -> Decorator: ...
    def __call__(self, function: Any = None, /, **options: Any) -> Any:
        """Decorate `function`, also below or above `classmethod` and `staticmethod`; or choose options first.

        Raises TypeError for what is no function, for a kind of function that the code around it cannot wait for, and
        for options that it does not have or that are missing.
        """


def decorator(around: Around, /) -> Decorator:
    """Make a decorator of a function that gets the decorated function, `call`, and the arguments of one call.

    around: `def around(call, *args, **kwargs)`; parameters before `*args` are leading arguments of the call, those
        that are keyword-only are options of the decorator, used as `@around` or `@around(option=value)`. An option
        never hides a keyword argument of the same name: that one is in `kwargs`. What `around` returns is what the
        call returns, what it raises the call raises; it may call more than once, or not at all.

    In a generator, `yield` evaluates to what the call gives: of a plain function the result, of a coroutine function
    what awaiting it gives, of a generator what it returns (its items go straight to whoever iterates), of an async
    generator None. An exception of the call, cancellation and closing included, is raised there.

    Nothing is shared between calls, so the decorator is as thread-safe as `around` is. Raises TypeError if `around`
    takes no `call`, is an async generator, or no function written in Python.
    """
    if type(around) is not FunctionType or code_flags(around) & ASYNC_GENERATOR:
        raise TypeError(f"decorator takes a Python function, 'async' or a generator but not both, not {around!r}")
    if not around.__code__.co_argcount:
        raise TypeError(f"{around.__qualname__} takes no function: def {around.__name__}(call, *args, **kwargs)")
    return _decorator(around, {})


def _decorator(around: Any, options: dict[str, Any]) -> Decorator:
    def decorate(function: Any = None, /, **more: Any) -> Any:
        if function is None:
            return _decorator(around, {**options, **more})
        if more or not (callable(function) or isinstance(function, classmethod)) or isinstance(function, type):
            raise TypeError(f"{around.__name__} decorates one function, not {function!r}; its options are keywords")
        if isinstance(function, classmethod | staticmethod):
            return type(function)(decorate(function.__func__))
        return update_wrapper(_wrapper(around, options, function), function)

    _check_options(around, options)
    update_wrapper(decorate, around)
    del decorate.__wrapped__  # type: ignore[attr-defined]  # its signature is not that of a decorator
    return decorate


def _check_options(around: Any, options: dict[str, Any]) -> None:
    unknown = options.keys() - _option_names(around)
    if unknown:
        raise TypeError(f"{around.__name__} has no option {', '.join(map(repr, sorted(unknown)))}")


def _option_names(around: Any) -> tuple[str, ...]:
    code: CodeType = around.__code__
    names: tuple[str, ...] = code.co_varnames[code.co_argcount : code.co_argcount + code.co_kwonlyargcount]
    return names


def _wrapper(around: Any, options: dict[str, Any], function: Any) -> Callable[..., Any]:
    """Return what takes the place of `function`, of the same kind; raises TypeError where `around` cannot wait."""
    kind = code_flags(function) & (COROUTINE | GENERATOR | ASYNC_GENERATOR)
    written_as = code_flags(around) & (COROUTINE | GENERATOR)
    if written_as == GENERATOR:
        bound = _bind(around, options, function)
        if kind & COROUTINE:
            return _in_coroutine(bound)
        if kind & ASYNC_GENERATOR:
            return _in_async_generator(bound)
        return _in_generator(bound) if kind else _in_function(bound)
    if written_as != kind:
        raise TypeError(_misfit(around, function, written_as))
    bound = _bind(around, options, function)
    if type(bound) is FunctionType:
        return bound
    if kind:

        async def wrapper_async(*args: Any, **kwargs: Any) -> Any:
            return await bound(*args, **kwargs)

        return wrapper_async

    def wrapper(*args: Any, **kwargs: Any) -> Any:
        return bound(*args, **kwargs)

    return wrapper


def _misfit(around: Any, function: Any, written_as: int) -> str:
    name = getattr(function, "__qualname__", repr(function))
    if written_as:
        return f"{around.__name__} is 'async def', so it cannot go around {name}, which is no coroutine function"
    return (
        f"{around.__name__} would be over before {name}, a coroutine function or generator, has begun: "
        "write 'return (yield call(*args, **kwargs))' in place of 'return call(*args, **kwargs)'"
    )


def _bind(around: Any, options: dict[str, Any], function: Any) -> Callable[..., Any]:
    """Return `around` with its `call` and options given: a function where possible, so that nothing is in between.

    In a code object, keyword-only parameters follow the positional ones. So in `around(call, *args, option, **kwargs)`
    the counts alone decide whether `call` is positional; told otherwise, the same code takes `call` and the options
    from the defaults of keyword-only parameters. These get names that are reserved, so that no caller passes them.
    """
    code: CodeType = around.__code__
    names = _option_names(around)
    values = {**(around.__kwdefaults__ or {}), **options}
    missing = [name for name in names if name not in values]
    if missing:
        raise TypeError(f"{around.__name__} needs {', '.join(missing)}: use it as @{around.__name__}({missing[0]}=...)")
    fused = code.co_argcount == 1
    if not (fused or names):
        return partial(around, function)
    hidden = {name: f"__{name}__" for name in (code.co_varnames[0], *names)}
    changed = code.replace(
        co_varnames=tuple(hidden.get(name, name) for name in code.co_varnames),
        co_cellvars=tuple(hidden.get(name, name) for name in code.co_cellvars),
        co_argcount=0 if fused else code.co_argcount,
        co_posonlyargcount=0 if fused else max(1, code.co_posonlyargcount),
        co_kwonlyargcount=code.co_kwonlyargcount + fused,
    )
    bound = FunctionType(changed, around.__globals__, around.__name__, around.__defaults__, around.__closure__)
    bound.__kwdefaults__ = {hidden[name]: values[name] for name in names}
    if not fused:
        return partial(bound, function)
    bound.__kwdefaults__[hidden[code.co_varnames[0]]] = function
    return bound


def _in_function(around: Callable[..., Generator[Any, Any, Any]]) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        steps = around(*args, **kwargs)
        try:
            result = next(steps)
            while True:
                result = steps.send(result)
        except StopIteration as stop:
            return stop.value
        except RuntimeError as error:
            # No generator may raise StopIteration, but the function around which this one goes may be a `__next__`.
            stopped, frames = error.__cause__, error.__traceback__
            if type(stopped) is not StopIteration or (frames is not None and frames.tb_next is not None):
                raise
        raise stopped

    return wrapper


def _in_coroutine(around: Callable[..., Generator[Any, Any, Any]]) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        steps = around(*args, **kwargs)
        try:
            called = next(steps)
            while True:
                try:
                    result = await called if hasattr(called, "__await__") else called
                except BaseException as error:
                    called = steps.throw(error)
                else:
                    called = steps.send(result)
        except StopIteration as stop:
            return stop.value

    return wrapper


def _in_generator(around: Callable[..., Generator[Any, Any, Any]]) -> Callable[..., Any]:
    def wrapper(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        steps = around(*args, **kwargs)
        try:
            called = next(steps)
            while True:
                try:
                    result = (yield from called) if hasattr(called, "__next__") else called
                except BaseException as error:
                    called = steps.throw(error)
                else:
                    called = steps.send(result)
        except StopIteration as stop:
            return stop.value

    return wrapper


def _in_async_generator(around: Callable[..., Generator[Any, Any, Any]]) -> Callable[..., Any]:
    async def wrapper(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        steps = around(*args, **kwargs)
        try:
            called = next(steps)
            while True:
                if not hasattr(called, "asend"):
                    called = steps.send(called)
                    continue
                try:
                    # What `yield from` does, which async generators do not have.
                    item = await called.asend(None)
                    while True:
                        try:
                            sent = yield item
                        except GeneratorExit:
                            await called.aclose()
                            raise
                        except BaseException as error:
                            item = await called.athrow(error)
                        else:
                            item = await called.asend(sent)
                except StopAsyncIteration:
                    called = steps.send(None)
                except BaseException as error:
                    called = steps.throw(error)
        except StopIteration:
            return

    return wrapper
