"""A million gets from 16 threads give one value, whatever the other threads do meanwhile."""

from __future__ import annotations

import itertools
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from threads_forks_reloads import Race

from patternlint.runtime import Singleton, method_cache, once, once_per

THREADS, GETS = 16, 1_000_000


@pytest.fixture(autouse=True)
def threads_switch_often() -> Iterator[None]:
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


class Built:
    """Notes that it is built, and is not ready before its last statement."""

    builds: list[Any]

    def __init__(self) -> None:
        self.builds.append(self)
        self.ready = [sum(range(1000))]


def once_getter(cls: type[Built]) -> Callable[[], Any]:
    return once(cls)


def once_per_getter(cls: type[Built]) -> Callable[[], Any]:
    get = once_per(lambda url: cls())
    return lambda: get("url")


def singleton_getter(cls: type[Built]) -> Callable[[], Any]:
    class Single(cls, metaclass=Singleton):  # type: ignore[misc, valid-type]
        pass

    return lambda: Single()


def method_cache_getter(cls: type[Built]) -> Callable[[], Any]:
    class Owner:
        @method_cache
        def get(self) -> Built:
            return cls()

    return Owner().get


@pytest.mark.parametrize("getter", [once_getter, once_per_getter, singleton_getter, method_cache_getter])
def test_a_million_gets_from_sixteen_threads(getter: Callable[[type[Built]], Callable[[], Any]], race: Race) -> None:
    class Counted(Built):
        builds = []  # noqa: RUF012

    get = getter(Counted)

    def work() -> set[int]:
        first = get()
        assert first.ready
        return {id(first), *map(id, (get() for _ in itertools.repeat(None, GETS // THREADS - 1)))}

    seen = race(work, THREADS)
    assert len(set[int]().union(*seen)) == 1
    assert len(Counted.builds) == 1


def test_gets_while_another_thread_resets() -> None:
    """Every get gives a complete value, and every value that was built is closed once, but the last."""
    built: list[Any] = []

    class Resource:
        closed = 0

        def __init__(self) -> None:
            built.append(self)
            self.ready = True

        def close(self) -> None:
            self.closed += 1

    get = once(close="close")(Resource)
    stop = threading.Event()
    failures: list[BaseException] = []

    def read() -> None:
        try:
            while not stop.is_set():
                assert get().ready
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for _ in range(500):
        get.reset()
    stop.set()
    for thread in threads:
        thread.join(10)
    assert failures == []
    last = get()
    assert [resource.closed for resource in built if resource is not last] == [1] * (len(built) - 1)
    assert last.closed == 0


def test_objects_come_and_go_in_all_threads(race: Race) -> None:
    class Numbered:
        def __init__(self, number: int) -> None:
            self.number = number

        @method_cache
        def double(self, times: int) -> int:
            return self.number * times

    numbers = itertools.count()

    def work() -> bool:
        for _ in range(500):
            number = next(numbers)
            numbered = Numbered(number)
            for times in (1, 2, 1, 2):
                if numbered.double(times) != number * times:
                    return False
        return True

    assert race(work, THREADS) == [True] * THREADS
    assert Numbered.double.cache_info().currsize == 0
