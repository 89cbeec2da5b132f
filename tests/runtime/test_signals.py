"""`Signal` and `weak_method`."""

from __future__ import annotations

import asyncio
import gc
import inspect
import threading
import weakref
from typing import Any

import pytest
from threads_forks_reloads import Forked, Race

from patternlint.runtime import Signal, weak_method


class Observer:
    def __init__(self) -> None:
        self.log: list[Any] = []

    def on_event(self, *args: object, **kwargs: object) -> str:
        self.log.append((*args, *kwargs.items()))
        return "heard"

    async def on_async(self, *args: object) -> str:
        await asyncio.sleep(0)
        self.log.append(args)
        return "heard"


class Sender:
    pass


def test_connect_notify_and_every_way_to_end_it() -> None:
    signal: Signal[...] = Signal("changed")
    observer = Observer()
    by_call, by_cancel = signal.connect(observer.on_event), signal.connect(observer.on_event)
    with signal.connect(observer.on_event) as by_block:
        signal.notify(1, key="value")
        assert observer.log == [(1, ("key", "value"))] * 3
        assert by_block.active
    assert not by_block.active
    by_call()
    by_call()
    by_cancel.cancel()
    assert repr(by_cancel) == "<Subscription ended>"
    signal.connect(observer.on_event)
    signal.disconnect(observer.on_event)
    signal.disconnect(observer.on_event)
    signal.connect(observer.on_event)
    signal.connect(observer.on_event, sender="x")
    assert repr(signal) == "<Signal changed: 2 connected>"
    signal.clear()
    assert len(signal) == 0
    assert bool(signal)
    signal.notify(1)
    assert len(observer.log) == 3


def test_subscription_ends_its_own_connection_only() -> None:
    signal: Signal[...] = Signal()
    observer = Observer()
    first, second = signal.connect(observer.on_event), signal.connect(observer.on_event)
    second()
    assert first.active
    assert len(signal) == 1


def test_dropping_the_subscription_does_not_disconnect() -> None:
    signal: Signal[...] = Signal()
    observer = Observer()
    signal.connect(observer.on_event)
    gc.collect()
    signal.notify()
    assert observer.log == [()]


def test_subscription_keeps_neither_side_alive() -> None:
    signal: Signal[...] = Signal()
    observer = Observer()
    subscription = signal.connect(observer.on_event)
    weakref.finalize(observer, subscription)
    references = [weakref.ref(observer), weakref.ref(signal)]
    observer.subscription = subscription  # type: ignore[attr-defined]
    del observer
    assert not subscription.active
    del signal
    assert [reference() for reference in references] == [None, None]
    subscription()


def test_finalizer_of_another_object_ends_a_strong_connection() -> None:
    signal: Signal[...] = Signal()
    owner, log = Sender(), []  # type: ignore[var-annotated]
    weakref.finalize(owner, signal.connect(lambda: log.append(1)))
    signal.notify()
    del owner
    signal.notify()
    assert log == [1]


def test_cancelled_during_the_round() -> None:
    signal: Signal[...] = Signal()
    observer = Observer()
    signal.connect(lambda: later())
    later = signal.connect(observer.on_event)
    signal.notify()
    assert observer.log == []


def test_senders_are_told_apart_by_identity() -> None:
    signal: Signal[...] = Signal()
    mine, other, everyone = Observer(), Observer(), Observer()

    class Equal(Sender):
        def __eq__(self, _other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    one, two = Equal(), Equal()
    signal.connect(mine.on_event, sender=one)
    signal.connect(everyone.on_event)
    subscription = signal.connect(other.on_event, sender=two)
    signal.notify(one, 1)
    signal.notify(two, 2)
    signal.notify(Sender(), 3)
    signal.notify([])
    signal.notify()
    assert mine.log == [(one, 1)]
    assert other.log == [(two, 2)]
    assert len(everyone.log) == 5
    subscription()
    signal.disconnect(mine.on_event, sender=one)
    signal.disconnect(mine.on_event, sender="never connected")
    assert len(signal) == 1


def test_senders_without_weak_references_are_told_apart_by_value() -> None:
    signal: Signal[...] = Signal()
    observer = Observer()
    name = "".join(["or", "ders"])
    signal.connect(observer.on_event, sender=name)
    signal.connect(observer.on_event, sender=1)
    signal.notify("orders")
    signal.notify("other")
    signal.notify(True)
    signal.notify(1)
    assert observer.log == [("orders",), (1,)]


def test_senders_are_held_weakly_and_their_entries_go() -> None:
    signal: Signal[...] = Signal()
    observer = Observer()
    for _ in range(1000):
        signal.connect(observer.on_event, sender=Sender())
    assert len(signal._by_sender) <= 2
    signal.notify(Sender())
    assert observer.log == []


def test_errors_of_both_groups_are_raised_together() -> None:
    signal: Signal[...] = Signal()
    signal.connect(lambda sender: 1 / 0, sender="s")
    signal.connect(lambda sender: [][0])
    with pytest.raises(ExceptionGroup) as caught:
        signal.notify("s")
    assert [type(error) for error in caught.value.exceptions] == [IndexError, ZeroDivisionError]
    handled: list[Exception] = []
    quiet: Signal[...] = Signal(on_error=lambda error, _callback: handled.append(error))
    quiet.connect(lambda sender: 1 / 0, sender="s")
    quiet.notify("s")
    assert len(handled) == 1


def test_anotify_awaits_both_groups() -> None:
    signal: Signal[...] = Signal()
    observer, other = Observer(), Observer()
    signal.connect(observer.on_async)
    signal.connect(other.on_async, sender="s")
    asyncio.run(signal.anotify("s"))
    asyncio.run(signal.anotify("t"))
    assert (observer.log, other.log) == ([("s",), ("t",)], [("s",)])


def test_sixteen_threads_connect_with_senders(race: Race) -> None:
    signal: Signal[...] = Signal()
    senders = [Sender() for _ in range(4)]

    def work() -> int:
        observer = Observer()
        for _ in range(25):
            for sender in senders:
                subscription = signal.connect(observer.on_event, sender=sender)
                signal.notify(sender)
                subscription()
        return len(observer.log)

    assert all(heard >= 100 for heard in race(work)), "at least what it sent itself, while it was connected"
    assert len(signal) == 0


def test_child_gets_a_fresh_lock(forked: Forked) -> None:
    signal: Signal[...] = Signal()
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with signal._lock:
            inside.set()
            leave.wait(5)

    holder = threading.Thread(target=hold)
    holder.start()
    assert inside.wait(5)
    forked(lambda: signal.connect(print, sender="s"))
    leave.set()
    holder.join(5)


# weak_method


def test_weak_method_calls_until_the_object_is_gone() -> None:
    observer = Observer()
    callback = weak_method(observer.on_event)
    assert callback(1, key=2) == "heard"
    assert callback.__name__ == "on_event"
    assert callback.__qualname__ == "Observer.on_event"
    reference = weakref.ref(observer)
    del observer
    assert reference() is None
    assert callback(1) is None


def test_weak_method_can_be_removed_from_a_plain_list() -> None:
    observer, other = Observer(), Observer()
    plain = [weak_method(observer.on_event), weak_method(other.on_event)]
    assert weak_method(observer.on_event) is plain[0]
    plain.remove(weak_method(observer.on_event))
    assert plain == [weak_method(other.on_event)]
    assert weak_method(observer.on_async) is not weak_method(observer.on_event)


def test_weak_method_of_a_new_object_at_an_old_address() -> None:
    kept = []
    for _ in range(100):
        observer = Observer()
        kept.append(weak_method(observer.on_event))
        assert kept[-1]() == "heard"
        del observer  # the next one gets its memory, and so its id


def test_weak_method_of_a_coroutine_method_is_one() -> None:
    observer = Observer()
    callback = weak_method(observer.on_async)
    assert inspect.iscoroutinefunction(callback)
    assert not inspect.iscoroutinefunction(weak_method(observer.on_event))
    assert asyncio.run(callback(1)) == "heard"
    del observer
    assert asyncio.run(callback(1)) is None


def test_weak_method_from_threads_is_one_function(race: Race) -> None:
    observer = Observer()
    kept = race(lambda: weak_method(observer.on_event))
    assert len(set(kept)) == 1


def test_weak_method_refuses_what_it_cannot_hold() -> None:
    class Slotted:
        __slots__ = ()

        def on_event(self) -> None: ...

    with pytest.raises(TypeError, match="takes a bound method"):
        weak_method(print)
    with pytest.raises(TypeError, match="takes a bound method"):
        weak_method([].append)
    with pytest.raises(TypeError, match="weak reference"):
        weak_method(Slotted().on_event)
