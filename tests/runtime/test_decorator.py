"""`decorator`: what happens around one call, for every kind of function."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import pickle
import threading
import traceback
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Generator, Iterator
from typing import Any

import pytest
from threads_forks_reloads import Race

from patternlint.runtime import decorator

events: list[Any] = []


@pytest.fixture(autouse=True)
def no_events() -> Iterator[None]:
    events.clear()
    yield
    events.clear()


@decorator
def plain(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    """Note when it begins and ends."""
    events.append("begin")
    try:
        return call(*args, **kwargs)
    finally:
        events.append("end")


@decorator
def steps(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
    events.append("begin")
    try:
        return (yield call(*args, **kwargs))
    except BaseException as error:
        events.append(type(error))
        raise
    finally:
        events.append("end")


@decorator
async def awaiting(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
    events.append("begin")
    try:
        return await call(*args, **kwargs)
    finally:
        events.append("end")


@decorator
def retry(call: Callable[..., Any], *args: Any, times: int = 3, pause: float = 0.0, **kwargs: Any) -> Any:
    for _ in range(times - 1):
        with contextlib.suppress(ConnectionError):
            return call(*args, **kwargs)
    return call(*args, **kwargs)


@plain
def module_function(x: int, /, y: int = 2, *rest: int, z: int = 3, **more: int) -> tuple[Any, ...]:
    """Give them back."""
    events.append("run")
    return x, y, rest, z, more


@plain
def with_no_docs() -> None: ...


def test_plain_function_gets_its_arguments_and_keeps_its_identity() -> None:
    assert module_function(1, 5, 6, z=7, w=8) == (1, 5, (6,), 7, {"w": 8})
    assert events == ["begin", "run", "end"]
    assert module_function.__name__ == module_function.__qualname__ == "module_function"
    assert module_function.__module__ == __name__
    assert module_function.__doc__ == "Give them back."
    assert module_function.__wrapped__.__name__ == "module_function"  # type: ignore[attr-defined]
    assert str(inspect.signature(module_function)).startswith("(x: 'int', /, y: 'int' = 2, *rest")
    assert module_function.__annotations__["z"] == "int"
    assert inspect.isfunction(module_function)
    assert with_no_docs.__doc__ is None
    assert pickle.loads(pickle.dumps(module_function)) is module_function


def test_the_decorator_itself_is_named_and_pickles() -> None:
    assert plain.__name__ == "plain"  # type: ignore[attr-defined]
    assert plain.__doc__ == "Note when it begins and ends."
    assert pickle.loads(pickle.dumps(plain)) is plain
    assert "call" not in inspect.signature(plain).parameters


@pytest.mark.parametrize("decorate", [plain, steps])
def test_exceptions_pass_through(decorate: Any) -> None:
    @decorate
    def fail() -> None:
        raise KeyError("x")

    with pytest.raises(KeyError) as caught:
        fail()
    assert caught.value.__context__ is None
    assert events[-1] == "end"
    names = [frame.name for frame in traceback.extract_tb(caught.tb)]
    assert names[-1] == "fail"
    assert decorate.__name__ in names, "the traceback says which decorator the call went through"


def test_what_around_returns_and_raises_is_what_the_caller_gets() -> None:
    @decorator
    def double(call: Callable[..., int], *args: Any, **kwargs: Any) -> int:
        return 2 * call(*args, **kwargs)

    @decorator
    def forbid(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        raise PermissionError(call.__name__)

    @decorator
    def twice(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        first = yield call(*args, **kwargs)
        second = yield call(*args, **kwargs)
        return first, second

    def three() -> int:
        return 3

    assert double(three)() == 6
    assert double(double(three))() == 12
    with pytest.raises(PermissionError, match="three"):
        forbid(three)()
    assert twice(three)() == (3, 3)


# With and without arguments


def test_options() -> None:
    def flaky() -> str:
        events.append("call")
        if len(events) < needed:
            raise ConnectionError
        return "ok"

    needed = 3
    assert retry(flaky)() == "ok"
    events.clear()
    with pytest.raises(ConnectionError):
        retry(times=2)(flaky)()
    assert len(events) == 2
    events.clear()
    assert retry()(flaky)() == "ok"
    events.clear()
    needed = 5
    patient = retry(pause=0.0)(times=5)
    assert patient(flaky)() == "ok"
    assert retry(flaky).__name__ == "flaky"


def test_an_option_does_not_hide_an_argument_of_the_same_name() -> None:
    @retry(times=1)
    def echo(call: str, times: str = "default", **more: str) -> tuple[Any, ...]:
        return call, times, more

    assert echo("c") == ("c", "default", {})
    assert echo(call="c", times="mine", pause="p", args="a") == ("c", "mine", {"pause": "p", "args": "a"})


def test_required_option() -> None:
    @decorator
    def labelled(call: Callable[..., Any], *args: Any, label: str, **kwargs: Any) -> Any:
        return label, call(*args, **kwargs)

    def one() -> int:
        return 1

    assert labelled(label="x")(one)() == ("x", 1)
    with pytest.raises(TypeError, match=r"labelled needs label: use it as @labelled\(label=...\)"):
        labelled(one)
    with pytest.raises(TypeError, match="labelled has no option 'lable'"):
        labelled(lable="x")
    with pytest.raises(TypeError, match="decorates one function, not 'x'"):
        labelled("x")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="its options are keywords"):
        labelled(one, label="x")  # type: ignore[call-overload]


def test_leading_arguments_may_be_named() -> None:
    @decorator
    def logged(call: Callable[..., Any], request: str, *args: Any, level: str = "info", **kwargs: Any) -> Any:
        events.append((level, request))
        return call(request, *args, **kwargs)

    @logged(level="debug")
    def view(request: str, level: int) -> tuple[str, int]:
        return request, level

    assert view("r", level=1) == view(request="r", level=1) == ("r", 1)
    assert events == [("debug", "r")] * 2

    class Site:
        @logged
        def view(self, call: str) -> str:
            return call

    site = Site()
    assert site.view(call="x") == "x"
    assert events[-1] == ("info", site)

    @decorator
    async def traced(call: Callable[..., Any], request: str, *args: Any, **kwargs: Any) -> Any:
        return await call(request.upper(), *args, **kwargs)

    @traced
    async def view_async(request: str) -> str:
        return request

    assert inspect.iscoroutinefunction(view_async)
    assert asyncio.run(view_async("r")) == "R"


def test_call_may_be_used_by_an_inner_function() -> None:
    @decorator
    def in_thread(call: Callable[..., Any], *args: Any, name: str = "worker", **kwargs: Any) -> Any:
        results = []

        def run() -> None:
            results.append((threading.current_thread().name, call(*args, **kwargs)))

        thread = threading.Thread(target=run, name=name)
        thread.start()
        thread.join()
        return results[0]

    @in_thread
    def add(a: int, b: int) -> int:
        return a + b

    assert add(1, b=2) == ("worker", 3)


# Methods


@pytest.mark.parametrize("decorate", [plain, steps, retry(times=2)])
def test_methods_bind(decorate: Any) -> None:
    class Base:
        @decorate
        def method(self, x: int) -> tuple[Any, int]:
            return self, x

        @classmethod
        @decorate
        def below(cls, x: int) -> tuple[Any, int]:
            return cls, x

        @decorate
        @classmethod
        def above(cls, x: int) -> tuple[Any, int]:
            return cls, x

        @staticmethod
        @decorate
        def static_below(x: int) -> int:
            return x

        @decorate
        @staticmethod
        def static_above(x: int) -> int:
            return x

        @property
        @decorate
        def value(self) -> int:
            return 4

    class Child(Base):
        @decorate
        def method(self, x: int) -> tuple[Any, int]:
            return super().method(x + 1)  # type: ignore[no-any-return]

    base, child = Base(), Child()
    assert base.method(1) == (base, 1)
    assert Base.method(base, x=1) == (base, 1)
    assert child.method(1) == (child, 2)
    assert (Base.below(1), Child.below(1), child.above(1)) == ((Base, 1), (Child, 1), (Child, 1))
    assert (Base.static_below(1), base.static_above(1), base.static_above(2), base.value) == (1, 1, 2, 4)
    assert isinstance(inspect.getattr_static(Base, "above"), classmethod)
    assert isinstance(inspect.getattr_static(Base, "static_above"), staticmethod)
    assert Base.above.__name__ == "above"


def test_partials_builtins_and_callable_objects() -> None:
    class Adder:
        def __call__(self, x: int) -> int:
            return x + 1

    assert plain(functools.partial(int, base=2))("11") == 3
    assert plain(len)([1]) == 1
    assert plain(Adder())(1) == 2
    bound: Any = Adder().__call__
    assert plain(bound)(1) == 2


# Coroutine functions


@pytest.mark.parametrize("decorate", [steps, awaiting])
def test_coroutine_functions(decorate: Any) -> None:
    @decorate
    async def fetch(x: int) -> int:
        events.append("run")
        await asyncio.sleep(0)
        events.append("ran")
        if x < 0:
            raise ZeroDivisionError
        return x

    assert inspect.iscoroutinefunction(fetch)
    coroutine = fetch(1)
    assert events == [], "nothing happens before it is awaited"
    assert asyncio.run(coroutine) == 1
    assert events == ["begin", "run", "ran", "end"]
    with pytest.raises(ZeroDivisionError):
        asyncio.run(fetch(-1))
    assert events[-1] == "end"
    with pytest.raises(TypeError, match="unexpected keyword argument 'y'"):
        asyncio.run(fetch(y=1))


def test_coroutine_methods_partials_and_callable_objects() -> None:
    class Client:
        @steps
        async def get(self, x: int) -> tuple[Any, int]:
            return self, x

        @steps
        @classmethod
        async def make(cls) -> Any:
            return cls

        async def __call__(self) -> int:
            return 5

    client = Client()
    assert asyncio.run(client.get(1)) == (client, 1)
    assert asyncio.run(Client.make()) is Client
    assert inspect.iscoroutinefunction(Client.make)
    assert asyncio.run(steps(functools.partial(client.get, 2))()) == (client, 2)
    assert asyncio.run(steps(client)()) == 5


def test_cancellation_reaches_the_code_around() -> None:
    @steps
    async def wait() -> None:
        await asyncio.sleep(60)

    async def main() -> None:
        task = asyncio.create_task(wait())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert events == ["begin", asyncio.CancelledError, "end"]


def test_retrying_code_around_is_right_for_both() -> None:
    @decorator
    def insist(call: Callable[..., Any], *args: Any, times: int = 3, **kwargs: Any) -> Generator[Any, Any, Any]:
        for _ in range(times - 1):
            with contextlib.suppress(ConnectionError):
                return (yield call(*args, **kwargs))
        return (yield call(*args, **kwargs))

    def flaky() -> str:
        events.append(1)
        if len(events) < 3:
            raise ConnectionError
        return "ok"

    async def flaky_async() -> str:
        await asyncio.sleep(0)
        return flaky()

    assert insist(flaky)() == "ok"
    events.clear()
    assert asyncio.run(insist(flaky_async)()) == "ok"
    events.clear()
    with pytest.raises(ConnectionError):
        asyncio.run(insist(times=2)(flaky_async)())


def test_what_is_yielded_but_no_call_comes_back() -> None:
    @decorator
    def cached(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        return (yield "hit")

    @decorator
    def slow(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        yield asyncio.sleep(0)
        return (yield call(*args, **kwargs))

    async def one() -> int:
        return 1

    assert cached(len)("abc") == "hit"
    assert asyncio.run(cached(one)()) == "hit"
    assert asyncio.run(slow(one)()) == 1

    @cached
    def numbers() -> Iterator[int]:
        yield 1

    @cached
    async def numbers_async() -> AsyncIterator[int]:
        yield 1

    async def collect() -> list[int]:
        return [number async for number in numbers_async()]

    assert list(numbers()) == []
    assert asyncio.run(collect()) == []


# Generators


def test_generators() -> None:
    @steps
    def numbers(limit: int) -> Generator[int, str, str]:
        received = []
        try:
            for number in range(limit):
                received.append((yield number))
        finally:
            events.append("closed")
        return ",".join(received)

    assert inspect.isgeneratorfunction(numbers)
    running = numbers(2)
    assert events == [], "nothing happens before it is iterated"
    assert next(running) == 0
    assert running.send("a") == 1
    with pytest.raises(StopIteration) as stop:
        running.send("b")
    assert stop.value.value == "a,b"
    assert events == ["begin", "closed", "end"]

    events.clear()
    running = numbers(2)
    next(running)
    with pytest.raises(ZeroDivisionError):
        running.throw(ZeroDivisionError())
    assert events == ["begin", "closed", ZeroDivisionError, "end"]

    events.clear()
    running = numbers(2)
    next(running)
    running.close()
    assert events == ["begin", "closed", GeneratorExit, "end"]


def test_async_generators() -> None:
    @steps
    async def numbers(limit: int) -> AsyncGenerator[int, str]:
        try:
            for number in range(limit):
                try:
                    events.append((yield number))
                except ZeroDivisionError:
                    events.append("caught")
        finally:
            await asyncio.sleep(0)
            events.append("closed")

    assert inspect.isasyncgenfunction(numbers)

    async def use() -> None:
        assert [number async for number in numbers(2)] == [0, 1]
        assert events == ["begin", None, None, "closed", "end"]

        events.clear()
        running = numbers(3)
        assert events == []
        assert await anext(running) == 0
        assert await running.asend("a") == 1
        assert await running.athrow(ZeroDivisionError()) == 2
        with pytest.raises(KeyError):
            await running.athrow(KeyError())
        assert events == ["begin", "a", "caught", "closed", KeyError, "end"]

        events.clear()
        running = numbers(2)
        await anext(running)
        await running.aclose()
        assert events == ["begin", "closed", GeneratorExit, "end"]

    asyncio.run(use())


# What it refuses, and corners


def test_code_around_that_could_not_wait_is_refused() -> None:
    async def fetch() -> None: ...

    def generate() -> Iterator[int]:
        yield 1

    async def generate_async() -> AsyncIterator[int]:
        yield 1

    def function() -> None: ...

    for wrong in (fetch, generate, generate_async):
        with pytest.raises(TypeError, match=r"over before .*has begun: write 'return \(yield call"):
            plain(wrong)
    for wrong in (function, generate, generate_async):
        with pytest.raises(TypeError, match="no coroutine function"):
            awaiting(wrong)


@pytest.mark.parametrize("wrong", [3, None, property(len), dict])
def test_what_is_no_function_is_refused(wrong: Any) -> None:
    with pytest.raises(TypeError):
        decorator(wrong)
    if wrong is not None:
        with pytest.raises(TypeError, match="decorates one function"):
            plain(wrong)


def test_code_around_of_the_wrong_form_is_refused() -> None:
    with pytest.raises(TypeError, match=r"takes no function: def nothing\(call, \*args, \*\*kwargs\)"):

        @decorator  # type: ignore[arg-type]
        def nothing(**kwargs: Any) -> None: ...

    with pytest.raises(TypeError, match="not both"):

        @decorator
        async def both(call: Callable[..., Any], *args: Any) -> AsyncIterator[Any]:
            yield 1


def test_stop_iteration_of_a_function_is_not_taken_for_the_end_of_the_code_around() -> None:
    class Countdown:
        left = 2

        def __iter__(self) -> Countdown:
            return self

        @steps
        def __next__(self) -> int:
            if not self.left:
                raise StopIteration
            self.left -= 1
            return self.left

    assert list(Countdown()) == [1, 0]

    @steps
    def broken() -> None:
        raise RuntimeError from StopIteration()

    with pytest.raises(RuntimeError):
        broken()


def test_abstract_methods_stay_abstract() -> None:
    import abc

    class Shape(abc.ABC):
        @plain
        @abc.abstractmethod
        def area(self) -> float: ...

    with pytest.raises(TypeError, match="abstract"):
        Shape()  # type: ignore[abstract]


def test_calls_of_many_threads_are_apart(race: Race) -> None:
    @decorator
    def doubled(call: Callable[..., int], *args: Any, **kwargs: Any) -> Generator[Any, Any, int]:
        result: int = yield call(*args, **kwargs)
        return 2 * result

    @doubled
    def identity(x: int) -> int:
        return x

    numbers = iter(range(16))
    assert sorted(race(lambda: identity(next(numbers)))) == list(range(0, 32, 2))
