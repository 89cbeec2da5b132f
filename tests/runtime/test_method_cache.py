"""`method_cache`: results that live as long as their object."""

from __future__ import annotations

import abc
import asyncio
import copy
import dataclasses
import gc
import inspect
import pickle
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from functools import lru_cache, partial
from typing import Any, NamedTuple

import pytest
from threads_forks_reloads import Forked, Race

from patternlint.runtime import decorator, method_cache

calls: list[Any] = []


@pytest.fixture(autouse=True)
def no_calls() -> Iterator[None]:
    calls.clear()
    yield
    calls.clear()


class Order:
    """With one cached method per kind of signature."""

    def __init__(self, name: str = "") -> None:
        self.name = name

    @method_cache
    def total(self) -> object:
        """The sum."""
        calls.append("total")
        return object()

    @method_cache
    def page(self, number: int = 1) -> tuple[Any, ...]:
        calls.append(number)
        return self.name, number

    @method_cache
    def span(self, first: int, /, last: int = 9, *, step: int = 1) -> tuple[Any, ...]:
        calls.append((first, last, step))
        return self.name, first, last, step

    @method_cache
    def many(self, *parts: int, a: int = 0, b: int = 0, **more: int) -> tuple[Any, ...]:
        calls.append(parts)
        return self.name, parts, a, b, more

    @method_cache
    def itself(self) -> Order:
        return self


class Unhashable(Order):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def test_each_object_has_its_own_results() -> None:
    one, other = Order("one"), Order("other")
    assert one.total() is one.total()
    assert one.total() is not other.total()
    assert (one.page(), other.page(), one.page()) == (("one", 1), ("other", 1), ("one", 1))
    assert calls == ["total", "total", 1, 1]


@pytest.mark.parametrize("cls", [Order, Unhashable])
def test_arguments_are_compared_after_binding(cls: type[Order]) -> None:
    order = cls("o")
    assert order.page() == order.page(1) == order.page(number=1) == ("o", 1)
    assert order.page(2) == ("o", 2)
    assert calls == [1, 2]
    assert order.span(1) == order.span(1, 9) == order.span(1, last=9, step=1) == ("o", 1, 9, 1)
    assert order.span(1, step=2) == order.span(1, 9, step=2) == ("o", 1, 9, 2)
    assert calls == [1, 2, (1, 9, 1), (1, 9, 2)]
    calls.clear()
    assert order.many(1, 2, b=3, c=4) == order.many(1, 2, c=4, b=3, a=0) == ("o", (1, 2), 0, 3, {"c": 4})
    assert order.many() == ("o", (), 0, 0, {})
    assert calls == [(1, 2), ()]


def test_wrong_arguments_are_told_as_the_method_would() -> None:
    order = Order()
    with pytest.raises(TypeError, match=r"Order.page\(\) got an unexpected keyword argument 'nmber'"):
        order.page(nmber=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"Order.span\(\) missing 1 required positional argument: 'first'"):
        order.span()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="positional-only"):
        order.span(first=1)  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"cached by its arguments: unhashable type: 'list'"):
        order.page([])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="unhashable"):
        order.many([])  # type: ignore[arg-type]
    assert calls == []


def test_keeps_identity_and_binds() -> None:
    assert Order.total.__name__ == "total"  # type: ignore[attr-defined]
    assert Order.total.__doc__ == "The sum."
    assert str(inspect.signature(Order.span)) == (
        "(self, first: 'int', /, last: 'int' = 9, *, step: 'int' = 1) -> 'tuple[Any, ...]'"
    )
    assert inspect.isfunction(Order.total)
    assert pickle.loads(pickle.dumps(Order.total)) is Order.total
    order = Order("bound")
    bound = order.page
    assert bound(3) == Order.page(order, 3) == ("bound", 3)
    assert calls == [3]


def test_none_and_false_are_results() -> None:
    class Flags:
        @method_cache
        def flag(self, value: object) -> object:
            calls.append(value)
            return value

    flags = Flags()
    for value in (None, False, 0, None, False):
        assert flags.flag(value) == value
    assert calls == [None, False], "0 == False, so they are one argument, as for lru_cache"


def test_exceptions_are_not_kept() -> None:
    class Flaky:
        @method_cache
        def get(self, error: type[BaseException]) -> str:
            calls.append(error)
            if len(calls) % 2:
                raise error
            return "ok"

    flaky = Flaky()
    for error in (ConnectionError, KeyError, TypeError, AttributeError, KeyboardInterrupt, SystemExit):
        with pytest.raises(error) as caught:
            flaky.get(error)
        assert caught.value.__context__ is None, "the error mentions the internals of the cache"
        assert flaky.get(error) == flaky.get(error) == "ok"
    assert len(calls) == 12


# How long results live


def test_the_object_dies_at_once_and_takes_its_results() -> None:
    order = Order()
    order.page(1)
    result = weakref.ref(order.itself())
    gc.disable()
    try:
        order.many(1)
        weak = Unhashable()
        weak.page(1)
        reference = weakref.ref(weak)
        del weak
        assert reference() is None
    finally:
        gc.enable()
    del order
    gc.collect()
    assert result() is None, "a result that refers to its object kept it alive"


def test_results_that_refer_to_the_object_are_collected_in_masses() -> None:
    before = Order.itself.cache_info().currsize
    for _ in range(1000):
        Order().itself()
    gc.collect()
    assert Order.itself.cache_info().currsize == before
    assert len(results_of(Order.itself)._living) == before


def test_an_id_that_is_given_away_again_brings_no_results_along() -> None:
    for number in range(2000):
        assert Order(str(number)).page() == (str(number), 1)
        assert Slotted(number).value() == number


def test_copies_and_pickles_start_without_results() -> None:
    order = Order("a")
    total = order.total()
    assert order.itself() is order
    for other in (copy.copy(order), copy.deepcopy(order), pickle.loads(pickle.dumps(order))):
        other.name = "b"
        assert other.itself() is other
        assert other.page() == ("b", 1)
        assert other.total() is not total
        again = pickle.loads(pickle.dumps(other))
        assert again.itself() is again
    assert order.total() is total
    by_hand = Order.__new__(Order)
    vars(by_hand).update(vars(order))
    assert by_hand.itself() is by_hand
    copied = copy.copy(order)
    del order
    gc.collect()
    assert copied.itself() is copied


def test_a_copy_of_a_dead_object_at_its_address() -> None:
    for _ in range(200):
        order = Order("first")
        order.itself()
        kept = vars(order).copy()
        del order
        successor = Order.__new__(Order)
        vars(successor).update(kept)
        assert successor.itself() is successor


# Classes


def test_super_and_overriding_methods_keep_their_results_apart() -> None:
    class Child(Order):
        @method_cache
        def page(self, number: int = 1) -> tuple[Any, ...]:
            return "child", *super().page(number)

    child = Child("c")
    assert child.page() == child.page(1) == ("child", "c", 1)
    assert Order.page(child) == ("c", 1)
    assert calls == [1]


def test_classes_of_one_name_in_one_hierarchy() -> None:
    def extend(base: Any, name: str) -> Any:
        class Layer(base):  # type: ignore[misc]
            @method_cache
            def names(self) -> list[str]:
                return [name, *(super().names() if hasattr(super(), "names") else [])]

        return Layer

    layered = extend(extend(extend(object, "a"), "b"), "c")()
    assert layered.names() == layered.names() == ["c", "b", "a"]
    assert layered.names() is layered.names()


class Slotted:
    __slots__ = ("__weakref__", "number")

    def __init__(self, number: int) -> None:
        self.number = number

    @method_cache
    def value(self) -> int:
        calls.append(self.number)
        return self.number


def test_slots_with_weakref_or_with_dict() -> None:
    class WithDict:
        __slots__ = ("__dict__",)

        @method_cache
        def itself(self) -> WithDict:
            calls.append("itself")
            return self

    first, second = Slotted(1), Slotted(2)
    assert (first.value(), second.value(), first.value()) == (1, 2, 1)
    assert calls == [1, 2]
    reference = weakref.ref(first)
    del first
    assert reference() is None
    assert len(results_of(Slotted.value)._beside) == 1

    with_dict = WithDict()
    assert with_dict.itself() is with_dict.itself() is with_dict
    assert calls == [1, 2, "itself"]
    assert copy.copy(with_dict).itself() is not with_dict


def test_slots_that_leave_no_place_are_explained() -> None:
    class Bare:
        __slots__ = ()

        @method_cache
        def value(self) -> int:
            return 1

    with pytest.raises(TypeError, match=r"Bare.value has nowhere to keep its results: add the slot '__weakref__' to"):
        Bare().value()


def test_dataclasses() -> None:
    @dataclasses.dataclass(frozen=True)
    class Point:
        x: int

        @method_cache
        def double(self) -> int:
            calls.append(self.x)
            return 2 * self.x

    @dataclasses.dataclass(frozen=True, slots=True, weakref_slot=True)
    class SlottedPoint:
        x: int

        @method_cache
        def double(self) -> int:
            calls.append(self.x)
            return 2 * self.x

    for cls in (Point, SlottedPoint):
        point = cls(1)
        assert point.double() == point.double() == 2
        assert point == cls(1)
        assert dataclasses.replace(point, x=5).double() == 10
        assert dataclasses.asdict(point) == {"x": 1}  # type: ignore[call-overload]
    assert calls == [1, 5, 1, 5]


def test_tuples_and_numbers_with_a_dict() -> None:
    class Pair(NamedTuple):
        a: int
        b: int

    class Summed(Pair):
        @method_cache
        def total(self) -> int:
            calls.append(self)
            return self.a + self.b

    pair = Summed(1, 2)
    assert pair.total() == pair.total() == 3
    assert copy.copy(pair).total() == 3
    assert calls == [(1, 2), (1, 2)]
    del pair
    calls.clear()
    gc.collect()
    assert Summed.total.cache_info().currsize == 0


def test_classes_with_getattr_are_not_asked() -> None:
    class Lazy:
        @method_cache
        def load(self) -> dict[str, int]:
            calls.append("load")
            return {"a": 1}

        def __getattr__(self, name: str) -> int:
            calls.append(name)
            return self.load()[name]

    class Later(Lazy):
        pass

    assert Lazy().a == 1
    assert Later().a == 1
    assert calls == ["a", "load"] * 2
    lazy = Lazy()
    assert lazy.load() is lazy.load()


def test_classmethod_property_and_other_decorators_go_above() -> None:
    @decorator
    def noted(call: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        calls.append("noted")
        return call(*args, **kwargs)

    class Settings:
        @classmethod
        @method_cache
        def load(cls, name: str) -> tuple[type, str]:
            calls.append(name)
            return cls, name

        @property
        @method_cache
        def value(self) -> object:
            calls.append("value")
            return object()

        @noted
        @method_cache
        def other(self) -> int:
            calls.append("other")
            return 1

        @method_cache
        @noted
        def below(self, x: int = 1) -> int:
            return x

    class Child(Settings): ...

    assert Settings.load("a") == Settings.load("a") == (Settings, "a")
    assert Child.load("a") == (Child, "a")
    settings = Settings()
    assert settings.value is settings.value
    assert settings.other() == settings.other() == 1
    assert settings.below() == settings.below() == settings.below(x=1) == 1
    assert calls == ["a", "a", "value", "noted", "other", "noted", "noted", "noted"]


def test_abstract_methods_and_methods_that_are_attached_later() -> None:
    class Base(abc.ABC):
        @method_cache
        @abc.abstractmethod
        def value(self) -> int: ...

    class Concrete(Base):
        def value(self) -> int:
            return 1

    with pytest.raises(TypeError, match="abstract"):
        Base()  # type: ignore[abstract]
    assert Concrete().value() == 1

    def attached(self: Any, x: int) -> tuple[Any, int]:
        calls.append(x)
        return self, x

    cached = method_cache(attached)
    concrete = Concrete()
    assert cached(concrete, 1) is cached(concrete, x=1)
    Concrete.extra = cached  # type: ignore[attr-defined]
    assert concrete.extra(1) is cached(concrete, 1)  # type: ignore[attr-defined]
    assert calls == [1]


def test_what_cannot_be_cached_is_refused() -> None:
    def generate(self: object) -> Iterator[int]:
        yield 1

    with pytest.raises(TypeError, match="generator"):
        method_cache(generate)
    for above in (classmethod, staticmethod, property):
        with pytest.raises(TypeError, match=f"goes below {above.__name__}"):
            method_cache(above(generate))  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="takes a function"):
        method_cache(3)  # type: ignore[call-overload]
    for maxsize in (0, -1, True, 1.5, "1"):
        with pytest.raises(ValueError, match="maxsize must be"):
            method_cache(maxsize=maxsize)  # type: ignore[arg-type]

    class Client:
        @method_cache
        def fetch(self) -> Any:
            return asyncio.sleep(0)

    with pytest.raises(TypeError, match="make it 'async def'"):
        Client().fetch()


def test_partials_and_callables_are_methods_too() -> None:
    class Holder:
        pass

    def value(self: Holder, x: int, y: int) -> tuple[int, int]:
        calls.append(x)
        return x, y

    method: Any = method_cache(partial(value, y=2))
    holder = Holder()
    assert method(holder, 1) is method(holder, 1)
    assert calls == [1]


# lru_cache's other functions


def test_info_and_clear() -> None:
    class Numbers:
        @method_cache
        def double(self, x: int) -> int:
            return 2 * x

    first, second = Numbers(), Numbers()
    for number in (1, 2, 1, 1):
        first.double(number)
    second.double(1)
    assert Numbers.double.cache_info() == first.double.cache_info() == (2, 3, None, 3)
    assert type(Numbers.double.cache_info()) is type(lru_cache(len).cache_info())
    Numbers.double.cache_clear(first)
    assert Numbers.double.cache_info() == (0, 1, None, 1)
    first.double(1)
    second.double.cache_clear()
    assert Numbers.double.cache_info() == (0, 0, None, 0)
    assert first.double(3) == 6
    del first
    assert Numbers.double.cache_info().currsize == 0


def test_maxsize_lets_the_oldest_result_of_the_object_go() -> None:
    class Numbers:
        @method_cache(maxsize=2)
        def double(self, x: int) -> int:
            calls.append(x)
            return 2 * x

    numbers, other = Numbers(), Numbers()
    for x in (1, 2, 1, 3, 1, 3):
        assert numbers.double(x) == 2 * x
    other.double(3)
    assert calls == [1, 2, 3, 1, 3]
    assert Numbers.double.cache_info() == (2, 5, 2, 3)


def test_clear_during_a_computation_keeps_nothing_of_it() -> None:
    class Numbers:
        @method_cache
        def value(self) -> int:
            calls.append(1)
            if len(calls) == 1:
                Numbers.value.cache_clear(self)
            return len(calls)

    numbers = Numbers()
    assert (numbers.value(), numbers.value(), numbers.value()) == (1, 2, 2)


# Threads and forks


def test_threads_compute_one_result_once(race: Race) -> None:
    class Numbers:
        @method_cache
        def value(self, x: int) -> object:
            calls.append(x)
            time.sleep(0.02)
            return object()

    numbers, turns = Numbers(), iter(range(16))
    results = race(lambda: numbers.value(next(turns) % 2))
    assert sorted(calls) == [0, 1]
    assert len(set(map(id, results))) == 2
    info = Numbers.value.cache_info()
    assert (info.hits, info.misses) == (14, 2)


def test_a_failure_is_its_callers_and_the_next_thread_tries(race: Race) -> None:
    class Flaky:
        @method_cache
        def value(self) -> str:
            calls.append(1)
            time.sleep(0.002)
            if len(calls) < 4:
                raise ConnectionError
            return "ok"

    flaky = Flaky()
    results = race(flaky.value)
    assert sum(isinstance(result, ConnectionError) for result in results) == 3
    assert results.count("ok") == 13


def test_objects_and_arguments_are_computed_at_the_same_time() -> None:
    together = threading.Barrier(4)

    class Numbers:
        @method_cache
        def value(self, x: int) -> int:
            together.wait(5)
            return x

    numbers = [Numbers(), Numbers()]
    threads = [threading.Thread(target=number.value, args=(x,)) for number in numbers for x in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert Numbers.value.cache_info().currsize == 4


def test_recursion_works_and_asking_for_oneself_raises() -> None:
    class Numbers:
        @method_cache
        def fibonacci(self, n: int) -> int:
            return n if n < 2 else self.fibonacci(n - 1) + self.fibonacci(n - 2)

        @method_cache
        def endless(self) -> int:
            return self.endless() + 1

    assert Numbers().fibonacci(80) == 23416728348467685
    with pytest.raises(RuntimeError, match=r"Numbers.endless re-entered"):
        Numbers().endless()


def test_child_has_the_results_and_waits_for_no_thread_of_the_parent(forked: Forked) -> None:
    entered, leave = threading.Event(), threading.Event()

    class Numbers:
        @method_cache
        def value(self, x: int) -> object:
            if threading.current_thread().name == "worker":
                entered.set()
                leave.wait(10)
            return object()

    numbers = Numbers()
    known = numbers.value(1)
    worker = threading.Thread(target=numbers.value, args=(2,), name="worker")
    worker.start()
    assert entered.wait(5)

    def check() -> None:
        assert numbers.value(1) is known
        assert numbers.value(2) is numbers.value(2)

    forked(check)
    leave.set()
    worker.join(5)


# Coroutine methods


class Client:
    def __init__(self) -> None:
        self.down = False

    @method_cache
    async def fetch(self, url: str = "/") -> object:
        calls.append(url)
        await asyncio.sleep(0.001)
        if self.down:
            raise ConnectionError
        return object()

    @method_cache
    async def itself(self) -> Client:
        return self


def test_tasks_share_one_call() -> None:
    client, other = Client(), Client()

    async def main() -> None:
        results = await asyncio.gather(client.fetch(), client.fetch("/"), client.fetch(url="/"), other.fetch())
        assert len(set(map(id, results))) == 2
        assert await client.fetch() is results[0]
        assert calls == ["/", "/"]
        assert Client.fetch.cache_info() == (3, 2, None, 2)
        Client.fetch.cache_clear(client)
        assert await client.fetch() is not results[0]

    asyncio.run(main())
    assert inspect.iscoroutinefunction(Client.fetch)


def test_every_loop_has_its_own_result() -> None:
    client = Client()
    assert asyncio.run(client.fetch()) is not asyncio.run(client.fetch())


def test_failures_are_not_kept_and_cancellation_disturbs_nobody() -> None:
    client = Client()

    async def main() -> None:
        client.down = True
        results = await asyncio.gather(client.fetch(), client.fetch(), return_exceptions=True)
        assert [type(result) for result in results] == [ConnectionError] * 2
        assert Client.fetch.cache_info().currsize == 0
        client.down = False
        first, second = asyncio.create_task(client.fetch()), asyncio.create_task(client.fetch())
        await asyncio.sleep(0)
        first.cancel()
        result = await second
        assert first.cancelled()
        assert await client.fetch() is result

    asyncio.run(main())
    assert calls == ["/", "/"]


def test_async_results_live_as_long_as_their_object() -> None:
    async def main() -> None:
        client = Client()
        await client.fetch()
        reference = weakref.ref(client)
        del client
        await asyncio.sleep(0)
        assert reference() is None
        client = Client()
        assert await client.itself() is client
        reference = weakref.ref(client)
        del client
        await asyncio.sleep(0)
        gc.collect()
        assert reference() is None

    asyncio.run(main())


def test_an_async_method_that_awaits_itself_is_told() -> None:
    class Endless:
        @method_cache
        async def value(self) -> object:
            return await self.value()

    with pytest.raises(RuntimeError, match="re-entered"):
        asyncio.run(Endless().value())


def results_of(method: Any) -> Any:
    """What the runtime knows about a cached method."""
    return method.cache_info.__self__
