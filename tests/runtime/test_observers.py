"""`ObserverList`: observers go with their objects, rounds are fixed, removal during one counts."""

from __future__ import annotations

import asyncio
import collections
import copy
import functools
import gc
import logging
import pickle
import threading
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from threads_forks_reloads import Forked, Race

from patternlint.runtime import ObserverList


class Observer:
    def __init__(self, log: list[Any] | None = None, name: object = "") -> None:
        self.log = [] if log is None else log
        self.name = name

    def on_event(self, *args: object, **kwargs: object) -> None:
        self.log.append((self.name, *args, *kwargs.items()))

    def fail(self, *_args: object) -> None:
        raise ValueError(self.name)

    @classmethod
    def on_class(cls, log: list[Any]) -> None:
        log.append(cls.__name__)


def test_bound_method_goes_with_its_object() -> None:
    observers = ObserverList()
    observer, other = Observer(name="a"), Observer(name="b")
    observers.append(observer.on_event)
    observers.append(other.on_event)
    observers.notify(1)
    assert (observer.log, other.log) == ([("a", 1)], [("b", 1)])
    reference = weakref.ref(observer)
    del observer
    assert reference() is None, "notifying left a reference behind"
    assert len(observers) == 1
    assert list(observers) == [other.on_event]
    observers.notify(2)
    assert other.log == [("b", 1), ("b", 2)]
    del other
    assert not observers


def test_functions_are_held_strongly_unless_weak() -> None:
    log: list[Any] = []
    observers = ObserverList([lambda value: log.append(("lambda", value))])
    observers.append(functools.partial(log.append))
    observers.append(log.append)

    def local(value: object) -> None:
        log.append(("local", value))

    observers.append(local, weak=True)
    gc.collect()
    observers.notify(1)
    assert log == [("lambda", 1), 1, 1, ("local", 1)]
    del local
    gc.collect()
    assert len(observers) == 3


def test_strong_keeps_the_object() -> None:
    observers = ObserverList()
    log: list[Any] = []
    observers.append(Observer(log).on_event, strong=True)
    gc.collect()
    observers.notify()
    assert log == [("",)]
    with pytest.raises(TypeError, match="not both"):
        observers.append(print, weak=True, strong=True)


@pytest.mark.filterwarnings("error")
def test_object_without_weak_references_is_held_strongly_with_a_warning() -> None:
    class Slotted:
        __slots__ = ()

        def on_event(self, log: list[str]) -> None:
            log.append("slotted")

    observers = ObserverList()
    with pytest.warns(RuntimeWarning, match="Slotted objects cannot be weakly referenced") as caught:
        observers.append(Slotted().on_event)
    assert caught[0].filename == __file__
    observers.append(Slotted().on_event, strong=True)
    log: list[str] = []
    observers.notify(log)
    assert log == ["slotted", "slotted"]
    with pytest.raises(TypeError, match="weak reference"):
        observers.append(Slotted().on_event, weak=True)


def test_unhashable_observers_are_told_apart_by_identity() -> None:
    class Items(list[int]):
        def on_event(self, value: int) -> None:
            self.append(value)

    first, second = Items(), Items()
    observers = ObserverList([first.on_event, second.on_event])
    observers.remove(second.on_event)
    observers.notify(1)
    assert (first, second) == ([1], [])


def test_class_methods_static_methods_and_callable_objects() -> None:
    class Callback:
        def __call__(self, log: list[Any]) -> None:
            log.append("object")

    log: list[Any] = []
    observers = ObserverList([Observer.on_class, Callback()])
    observers.notify(log)
    assert log == ["Observer", "object"]
    observers.remove(Observer.on_class)
    assert len(observers) == 1
    with pytest.raises(TypeError, match="must be callable, not 3"):
        observers.append(3)  # type: ignore[arg-type]


def test_any_arguments() -> None:
    observer = Observer()
    observers = ObserverList([observer.on_event])
    observers.notify()
    observers.notify(1)
    observers.notify(1, 2, args=3)
    assert observer.log == [("",), ("", 1), ("", 1, 2, ("args", 3))]


def test_like_a_list() -> None:
    one, two = Observer(), Observer()
    observers = ObserverList()
    assert not observers
    observers.append(one.on_event)
    observers.append(one.on_event)
    observers.extend([print])
    observers += [two.on_event]
    assert len(observers) == 4
    assert list(observers) == [one.on_event, one.on_event, print, two.on_event]
    assert one.on_event in observers
    assert one.fail not in observers
    assert print in observers
    assert len not in observers
    observers.remove(one.on_event)
    observers.remove(print)
    with pytest.raises(ValueError, match="not in the observer list"):
        observers.remove(print)
    assert list(observers) == [one.on_event, two.on_event]
    assert repr(observers).startswith("ObserverList([<bound method Observer.on_event")
    observers.clear()
    assert len(observers) == 0
    observers.notify(1)
    assert one.log == []


def test_like_a_set() -> None:
    observer = Observer()
    observers = ObserverList()
    observers.add(observer.on_event)
    observers.add(observer.on_event)
    observers.add(print)
    observers.add(print)
    assert len(observers) == 2
    observers.discard(observer.on_event)
    observers.discard(observer.on_event)
    assert list(observers) == [print]


def test_copies_are_independent_and_as_weak() -> None:
    observer = Observer()
    observers = ObserverList([observer.on_event])
    for duplicate in (observers.copy(), copy.copy(observers), copy.deepcopy({"x": observers})["x"]):
        assert list(duplicate) == [observer.on_event]
        duplicate.remove(observer.on_event)
        duplicate.append(print)
    assert list(observers) == [observer.on_event]
    duplicate = observers.copy()
    del observer
    assert not duplicate
    with pytest.raises(TypeError, match="cannot be pickled"):
        pickle.dumps(observers)


# Rounds

Rounds = Callable[[ObserverList[...]], None]


@pytest.fixture(params=["notify", "notify with two arguments", "anotify", "iteration"])
def play(request: pytest.FixtureRequest) -> Rounds:
    """The four ways of a round."""

    def iterate(observers: ObserverList[...]) -> None:
        for callback in observers:
            callback(1)

    ways: dict[str, Rounds] = {
        "notify": lambda observers: observers.notify(1),
        "notify with two arguments": lambda observers: observers.notify(1, 2),
        "anotify": lambda observers: asyncio.run(observers.anotify(1)),
        "iteration": iterate,
    }
    way: Rounds = ways[request.param]
    return way


class Acting(Observer):
    action: Callable[[], object] = staticmethod(lambda: None)

    def on_event(self, *_args: object, **_kwargs: object) -> None:
        self.log.append(self.name)
        self.action()


def four() -> tuple[ObserverList[...], list[Acting], list[Any]]:
    log: list[Any] = []
    observers = [Acting(log, number) for number in range(4)]
    return ObserverList([observer.on_event for observer in observers]), observers, log


def test_removing_itself_skips_nobody(play: Rounds) -> None:
    observers, acting, log = four()
    acting[1].action = lambda: observers.remove(acting[1].on_event)
    play(observers)
    play(observers)
    assert log == [0, 1, 2, 3, 0, 2, 3]


def test_removed_before_its_turn_is_not_called(play: Rounds) -> None:
    observers, acting, log = four()
    acting[1].action = lambda: (observers.discard(acting[0].on_event), observers.discard(acting[2].on_event))
    play(observers)
    play(observers)
    assert log == [0, 1, 3, 1, 3]


def test_dead_before_its_turn_is_not_called(play: Rounds) -> None:
    observers, acting, log = four()
    acting[0].action = lambda: acting.pop(2)
    play(observers)
    assert log == [0, 1, 3]


def test_added_during_a_round_waits_for_the_next(play: Rounds) -> None:
    observers, acting, log = four()
    late = Acting(log, "late")
    acting[0].action = lambda: observers.add(late.on_event)
    acting[3].action = lambda: observers.append(acting[3].on_event)
    play(observers)
    assert log == [0, 1, 2, 3]
    acting[3].action = lambda: None
    play(observers)
    assert log == [0, 1, 2, 3, 0, 1, 2, 3, "late", 3]


def test_cleared_during_a_round(play: Rounds) -> None:
    observers, acting, log = four()
    acting[1].action = observers.clear
    play(observers)
    assert log == [0, 1]


def test_round_within_a_round(play: Rounds) -> None:
    observers, acting, log = four()

    def again() -> None:
        acting[1].action = lambda: observers.remove(acting[2].on_event)
        observers.notify(1)

    acting[1].action = again
    play(observers)
    assert log == [0, 1, 0, 1, 3, 3]


# Errors


@pytest.mark.parametrize("arguments", [(), (1,), (1, 2)])
def test_errors_are_isolated_and_raised_together(arguments: tuple[int, ...]) -> None:
    observer = Observer(name="calm")
    failing = [Observer(name="first"), Observer(name="second")]
    observers = ObserverList([failing[0].fail, observer.on_event, failing[1].fail])
    with pytest.raises(ExceptionGroup, match="2 observers failed") as caught:
        observers.notify(*arguments)
    assert [error.args[0] for error in caught.value.exceptions] == ["first", "second"]
    assert observer.log == [("calm", *arguments)]
    reference = weakref.ref(observer)
    gc.disable()
    try:
        del observer, caught
        assert reference() is None, "the errors' tracebacks form a cycle"
    finally:
        gc.enable()


def test_errors_go_to_a_handler() -> None:
    handled: list[Any] = []
    observer = Observer(name="a")
    observers = ObserverList(
        [observer.fail, observer.on_event, print_and_fail],
        on_error=lambda error, callback: handled.append((str(error), callback)),
    )
    observers.notify(1)
    assert handled == [("a", observer.fail), ("printed", print_and_fail)]
    assert observer.log == [("a", 1)]
    asyncio.run(observers.anotify(1))
    assert len(handled) == 4


def print_and_fail(_value: object) -> None:
    raise OSError("printed")


def test_errors_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    observer = Observer(name="a")
    observers = ObserverList([observer.fail, observer.on_event], on_error="log")
    with caplog.at_level(logging.ERROR):
        observers.notify(1)
    (record,) = caplog.records
    assert record.name == "patternlint.runtime.observers"
    assert record.exc_info is not None
    assert observer.log == [("a", 1)]
    with pytest.raises(ValueError, match="on_error must be"):
        ObserverList(on_error="print")  # type: ignore[arg-type]


@pytest.mark.parametrize("stop", [KeyboardInterrupt, SystemExit, asyncio.CancelledError])
def test_what_is_no_exception_ends_the_round(stop: type[BaseException]) -> None:
    def end(_value: object) -> None:
        raise stop

    observer = Observer()
    observers = ObserverList([end, observer.on_event])
    with pytest.raises(stop):
        observers.notify(1)
    assert observer.log == []


def test_anotify_awaits_in_order() -> None:
    log: list[str] = []

    class Mixed:
        async def slow(self, name: str) -> None:
            await asyncio.sleep(0.001)
            log.append("slow " + name)

        def quick(self, name: str) -> None:
            log.append("quick " + name)

        async def fail(self, name: str) -> None:
            raise ValueError(name)

    mixed = Mixed()
    observers = ObserverList([mixed.slow, mixed.fail, mixed.quick])
    with pytest.raises(ExceptionGroup) as caught:
        asyncio.run(observers.anotify("a"))
    assert log == ["slow a", "quick a"]
    assert len(caught.value.exceptions) == 1


# Growth and threads


def test_subscribers_that_die_do_not_pile_up() -> None:
    observers = ObserverList()
    lasting = [Observer() for _ in range(10)]
    for observer in lasting:
        observers.append(observer.on_event)
    most = 0
    for _ in range(20_000):
        observers.append(Observer().on_event)
        most = max(most, len(observers._pairs))
    most_expected = 2 * 11 + 32  # the ten, and the one that is being subscribed when the list is swept
    assert most <= most_expected
    for _ in range(1_000):
        callback = functools.partial(print)
        observers.append(callback)
        observers.remove(callback)
    assert len(observers._pairs) <= most_expected
    assert list(observers) == [observer.on_event for observer in lasting]


def test_destructor_may_unsubscribe_and_subscribe_while_the_list_is_swept() -> None:
    observers = ObserverList()
    kept = Observer()

    class Restless(Observer):
        def __del__(self) -> None:
            observers.discard(self.on_event)
            observers.append(kept.on_event)

    for _ in range(200):
        one, other = Restless(), Restless()
        one.other, other.one = other, one  # type: ignore[attr-defined]
        observers.append(one.on_event)
        observers.append(other.on_event)
        del one, other
    gc.collect()
    assert len(observers) == 400
    assert set(observers) == {kept.on_event}


def test_sixteen_threads_append_notify_and_remove(race: Race) -> None:
    observers = ObserverList()
    lasting = Observer(collections.deque(maxlen=1))  # type: ignore[arg-type]
    observers.append(lasting.on_event)

    def work() -> str:
        own = [Observer() for _ in range(50)]
        for observer in own:
            observers.append(observer.on_event)
            observers.append(Observer().on_event)
        observers.notify(threading.get_ident())
        for observer in own:
            assert ("", threading.get_ident()) in observer.log
            observers.remove(observer.on_event)
        return "done"

    assert race(work) == ["done"] * 16
    assert list(observers) == [lasting.on_event]


def test_child_gets_a_fresh_lock(forked: Forked) -> None:
    observers = ObserverList()
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with observers._lock:
            inside.set()
            leave.wait(5)

    holder = threading.Thread(target=hold)
    holder.start()
    assert inside.wait(5)
    forked(lambda: observers.append(print))
    leave.set()
    holder.join(5)
