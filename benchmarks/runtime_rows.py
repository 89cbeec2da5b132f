"""The rows of the runtime's table, measured by one interpreter: ``python benchmarks/runtime_rows.py [--quick]``.

Every row compares the runtime with what the same code would use without it; its limit is a ratio, so that it holds on
any machine. Rows with packages that are not installed are left out. Prints JSON, for runtime.py.
"""

from __future__ import annotations

import functools
import gc
import importlib
import json
import statistics
import sys
import threading
import time
import timeit
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from patternlint.runtime import ObserverList, Signal, Singleton, TypeDispatch, decorator, method_cache, once, once_per

QUICK = "--quick" in sys.argv
TURNS, SECONDS = (5, 0.0002) if QUICK else (200, 0.001)


class Row(NamedTuple):
    """One comparison."""

    what: str
    ours: float  # ns
    other: float  # ns
    ratio: float
    most: float | None  # the limit of the ratio


def compare(what: str, ours: str, other: str, names: dict[str, Any], most: float | None = None) -> Row:
    """Time two statements in short turns, so that a busy machine slows both; the medians."""
    timers = [timeit.Timer(statement, timer=time.process_time, globals=names) for statement in (ours, other)]
    repeats = [max(1, int(SECONDS / (min(timer.repeat(5, 50)) / 50))) for timer in timers]
    turns = []
    for _ in range(TURNS):
        mine, theirs = (timer.timeit(number) / number for timer, number in zip(timers, repeats, strict=True))
        turns.append((mine, theirs, mine / theirs))
    taken, others, ratio = (statistics.median(values) for values in zip(*turns, strict=True))
    return Row(what, taken * 1e9, others * 1e9, ratio, most)


def package(name: str) -> Any:
    """A package, or None."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def once_rows() -> Iterator[Row]:
    """`once` and `once_per` beside `lru_cache`, a list behind a lock, and what wrapt and decorator make."""
    value = object()

    @once
    def ours() -> object:
        return value

    @functools.lru_cache(maxsize=1)
    def cached() -> object:
        return value

    lock, found = threading.Lock(), list[object]()

    def by_hand() -> object:
        if not found:
            with lock:
                if not found:
                    found.append(value)
        return found[0]

    names: dict[str, Any] = {"ours": ours, "cached": cached, "by_hand": by_hand}
    yield compare("once / lru_cache(maxsize=1)", "ours()", "cached()", names, 1.15)
    yield compare("once / a list behind a lock", "ours()", "by_hand()", names)
    if wrapt := package("wrapt"):

        @wrapt.decorator  # type: ignore[untyped-decorator,unused-ignore]
        def kept(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
            return found[0] if found else found.append(wrapped(*args, **kwargs))

        names["theirs"] = kept(by_hand)
        yield compare("once / the same made with wrapt", "ours()", "theirs()", names)
    if decorator := package("decorator"):

        @decorator.decorator  # type: ignore[untyped-decorator,unused-ignore]
        def held(function: Any, *args: Any, **kwargs: Any) -> Any:
            return found[0] if found else found.append(function(*args, **kwargs))

        names["theirs"] = held(by_hand)
        yield compare("once / the same made with decorator", "ours()", "theirs()", names)

    @once_per
    def ours_of(url: str) -> object:
        return value

    @functools.cache
    def cached_of(url: str) -> object:
        return value

    names = {"ours_of": ours_of, "cached_of": cached_of}
    yield compare("once_per / cache, one argument", "ours_of('db')", "cached_of('db')", names)


def singleton_rows() -> list[Row]:
    """A Singleton class beside singletons in `__new__`."""

    class Ours(metaclass=Singleton):
        def __init__(self) -> None:
            self.value = 1

    class New:
        _instance: Any = None

        def __new__(cls) -> Any:
            if cls._instance is None:
                cls._instance = super().__new__(cls)
            return cls._instance

    class NewAndInit(New):
        _instance = None

        def __init__(self) -> None:
            self.value = 1

    names = {"Ours": Ours, "New": New, "NewAndInit": NewAndInit}
    for cls in names.values():
        cls()
    return [
        compare("Singleton / __new__ with __init__", "Ours()", "NewAndInit()", names, 1.0),
        compare("Singleton / bare __new__", "Ours()", "New()", names, 1.0),
    ]


def decorator_rows() -> Iterator[Row]:
    """A function, method or coroutine function under `decorator`, beside closures, wrapt and the decorator package."""

    @decorator
    def through(call: Any, *args: Any, **kwargs: Any) -> Any:
        return call(*args, **kwargs)

    @decorator
    def optional(call: Any, *args: Any, option: int = 1, **kwargs: Any) -> Any:
        return call(*args, **kwargs)

    @decorator
    def leading(call: Any, first: Any, *args: Any, **kwargs: Any) -> Any:
        return call(first, *args, **kwargs)

    @decorator
    def waiting(call: Any, *args: Any, **kwargs: Any) -> Any:
        return (yield call(*args, **kwargs))

    @decorator
    async def awaiting(call: Any, *args: Any, **kwargs: Any) -> Any:
        return await call(*args, **kwargs)

    def by_hand(function: Any) -> Any:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        return wrapper

    def by_hand_async(function: Any) -> Any:
        @functools.wraps(function)
        async def wrapper(*args: Any, **kwargs: Any) -> Any:
            return await function(*args, **kwargs)

        return wrapper

    def same(x: object) -> object:
        return x

    async def same_async(x: object) -> object:
        return x

    class Methods:
        ours = through(lambda self, x: x)
        theirs = by_hand(lambda self, x: x)

    names: dict[str, Any] = {"ours": through(same), "theirs": by_hand(same), "methods": Methods()}
    names |= {"optional": optional(option=2)(same), "leading": leading(same), "waiting": waiting(same)}
    names |= {"ours_async": awaiting(same_async), "theirs_async": by_hand_async(same_async)}
    names |= {"waiting_async": waiting(same_async)}
    exec(
        "def run(coroutine):\n    try: coroutine.send(None)\n    except StopIteration as stop: return stop.value\n",
        names,
    )
    yield compare("decorator / functools.wraps closure", "ours(1)", "theirs(1)", names, 1.15)
    yield compare("decorator, keyword argument / closure", "ours(x=1)", "theirs(x=1)", names, 1.15)
    yield compare("decorator, method / closure", "methods.ours(1)", "methods.theirs(1)", names, 1.15)
    yield compare("decorator with an option / closure", "optional(1)", "theirs(1)", names, 1.15)
    yield compare("decorator, async def / async closure", "run(ours_async(1))", "run(theirs_async(1))", names, 1.15)
    yield compare("decorator, leading parameter / closure", "leading(1)", "theirs(1)", names)
    yield compare("decorator with yield / closure", "waiting(1)", "theirs(1)", names)
    yield compare("decorator with yield / async closure", "run(waiting_async(1))", "run(theirs_async(1))", names)
    if wrapt := package("wrapt"):

        @wrapt.decorator  # type: ignore[untyped-decorator,unused-ignore]
        def wrapt_through(wrapped: Any, instance: Any, args: Any, kwargs: Any) -> Any:
            return wrapped(*args, **kwargs)

        names["wrapped"] = wrapt_through(same)
        yield compare("decorator / wrapt", "ours(1)", "wrapped(1)", names, 0.5)
        yield compare("decorator with yield / wrapt", "waiting(1)", "wrapped(1)", names)
    if package_decorator := package("decorator"):

        @package_decorator.decorator  # type: ignore[untyped-decorator,unused-ignore]
        def package_through(function: Any, *args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs)

        names["decorated"] = package_through(same)
        yield compare("decorator / the decorator package", "ours(1)", "decorated(1)", names, 0.5)
        yield compare("decorator with yield / the decorator package", "waiting(1)", "decorated(1)", names)


def method_cache_rows() -> list[Row]:
    """A hit of a cached method beside lru_cache on a function, and on a method, where it keeps the objects."""

    class Order:
        @method_cache
        def total(self) -> object:
            return self.__class__

        @method_cache
        def page(self, number: object) -> object:
            return number

        @method_cache
        def span(self, first: object, *, last: object) -> object:
            return first

        # the peer, which keeps the object alive: what method_cache is for
        @functools.lru_cache  # noqa: B019
        def kept(self, number: object) -> object:
            return number

    class Slotted:
        __slots__ = ("__weakref__",)

        @method_cache
        def page(self, number: object) -> object:
            return number

    @functools.lru_cache
    def function() -> object:
        return 1

    @functools.lru_cache
    def function_of(number: object) -> object:
        return number

    @functools.lru_cache
    def function_of_two(first: object, *, last: object) -> object:
        return first

    names: dict[str, Any] = {"order": Order(), "slotted": Slotted(), "f": function, "g": function_of}
    names["h"] = function_of_two
    two = "'a', last='b'"
    return [
        compare("method_cache / lru_cache of a function, one argument", "order.page('a')", "g('a')", names, 2.0),
        compare("method_cache / lru_cache of a function, two", f"order.span({two})", f"h({two})", names, 2.0),
        compare("method_cache, no argument / lru_cache of f(object)", "order.total()", "g(order)", names, 2.0),
        compare("method_cache, no argument / lru_cache of f()", "order.total()", "f()", names),
        compare("method_cache / lru_cache of a method", "order.page('a')", "order.kept('a')", names),
        compare("method_cache, slots / lru_cache of a function", "slotted.page('a')", "g('a')", names),
    ]


class Observer:
    """Something with an empty callback, and one that works for some 0.4 µs."""

    def empty(self, value: object) -> None:
        """Do nothing: the worst case for whoever calls it."""

    def busy(self, value: object) -> None:
        """Do a little."""
        for _ in range(45):
            pass


def observer_rows() -> Iterator[Row]:
    """Ten observers: notify and iterate beside a plain loop over a list of bound methods, blinker and psygnal."""
    observers = [Observer() for _ in range(10)]
    for label, most in (("empty", 1.7 if sys.version_info < (3, 12) else 2.0), ("busy", 1.15)):
        plain = [getattr(observer, label) for observer in observers]
        names: dict[str, Any] = {"plain": plain, "ours": ObserverList(plain), "signal": Signal()}
        for callback in plain:
            names["signal"].connect(callback)
        exec("def loop(x):\n    for cb in plain: cb(x)\ndef iterate(x):\n    for cb in ours: cb(x)", names)
        yield compare(f"ObserverList.notify / plain loop, {label}", "ours.notify(1)", "loop(1)", names, most)
        yield compare(f"Signal.notify / plain loop, {label}", "signal.notify(1)", "loop(1)", names)
        if label == "empty":
            yield compare("iterate ObserverList / plain loop", "iterate(1)", "loop(1)", names, 4.0)
    plain = [observer.empty for observer in observers]
    if blinker := package("blinker"):
        yield from blinker_rows(blinker, plain)
    if psygnal := package("psygnal"):
        yield from psygnal_rows(psygnal, plain)
    yield growth_row()


def blinker_rows(blinker: Any, plain: list[Callable[[object], None]]) -> Iterator[Row]:
    """The same beside blinker's signals."""
    names: dict[str, Any] = {"plain": plain, "ours": ObserverList(plain), "theirs": blinker.Signal()}
    names |= {"ObserverList": ObserverList, "Ours": Signal, "Theirs": blinker.Signal}
    for callback in plain:
        names["theirs"].connect(callback)
    exec(
        "def connect_list():\n    s = ObserverList()\n    for cb in plain: s.append(cb)\n    s.notify(1)\n"
        "def connect(kind):\n    s = kind()\n    for cb in plain: s.connect(cb)\n    return s\n"
        "def connect_ours():\n    connect(Ours).notify(1)\n"
        "def connect_theirs():\n    connect(Theirs).send(1)\n",
        names,
    )
    yield compare("ObserverList.notify / blinker send", "ours.notify(1)", "theirs.send(1)", names, 0.1)
    yield compare("append 10, notify / blinker", "connect_list()", "connect_theirs()", names, 0.2)
    yield compare("Signal: connect 10, notify / blinker", "connect_ours()", "connect_theirs()", names)


def psygnal_rows(psygnal: Any, plain: list[Callable[[object], None]]) -> Iterator[Row]:
    """The same beside psygnal's signals."""
    names: dict[str, Any] = {"plain": plain, "ours": ObserverList(plain), "Ours": Signal}
    names["Theirs"] = functools.partial(psygnal.SignalInstance, (object,))
    names["theirs"] = names["Theirs"]()
    for callback in plain:
        names["theirs"].connect(callback)
    exec("def connect(kind):\n    s = kind()\n    for cb in plain: s.connect(cb)\n    return s\n", names)
    yield compare("ObserverList.notify / psygnal emit", "ours.notify(1)", "theirs.emit(1)", names)
    yield compare("Signal: connect 10 / psygnal", "connect(Ours)", "connect(Theirs)", names)


def growth_row() -> Row:
    """Subscribers that come and die without a single notification."""
    ours: ObserverList[...] = ObserverList()
    names = {"ours": ours, "Observer": Observer, "plain": []}
    cycle = compare("subscribe and die / plain append", "ours.append(Observer().empty)", "Observer().empty", names)
    assert len(ours._pairs) <= 64, "dead entries pile up"
    return cycle


def dispatch_rows() -> list[Row]:
    """TypeDispatch beside a dict by exact type, singledispatch and an isinstance chain of eight."""
    classes = [type(f"Class{number}", (), {}) for number in range(8)]
    functions: dict[type, Callable[[object], object]] = {cls: (lambda obj: obj) for cls in classes}
    single = functools.singledispatch(lambda obj: obj)
    for cls, function in functions.items():
        single.register(cls, function)
    table = TypeDispatch(functions)
    names: dict[str, Any] = {"D": functions, "table": table, "single": single, "x": classes[5]()}
    names |= {cls.__name__: cls for cls in classes}
    chain = "\n".join(f"    if isinstance(x, Class{number}): return D[Class{number}](x)" for number in range(8))
    exec(
        "def by_dict(x): return D[type(x)](x)\n"
        "def by_table(x): return table.lookup(x)(x)\n"
        "def constant(x): return D[type(x)]\n"
        "def constant_by_table(x): return table.lookup(x)\n"
        f"def by_chain(x):\n{chain}\n",
        names,
    )
    return [
        compare("table.lookup(x)(x) / D[type(x)](x)", "by_table(x)", "by_dict(x)", names, 1.6),
        compare("table.lookup(x) / D[type(x)]", "constant_by_table(x)", "constant(x)", names, 1.6),
        compare("table.lookup(x)(x) / singledispatch", "by_table(x)", "single(x)", names, 0.4),
        compare("table(x) / D[type(x)](x)", "table(x)", "by_dict(x)", names),
        compare("table(x) / singledispatch", "table(x)", "single(x)", names),
        compare("table.lookup(x)(x) / sixth isinstance", "by_table(x)", "by_chain(x)", names),
    ]


def main() -> None:
    """Print every row as JSON."""
    gc.disable()
    rows = [
        *once_rows(),
        *singleton_rows(),
        *decorator_rows(),
        *method_cache_rows(),
        *observer_rows(),
        *dispatch_rows(),
    ]
    print(json.dumps(rows))


if __name__ == "__main__":
    main()
