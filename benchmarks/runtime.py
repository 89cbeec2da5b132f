"""What the companion runtime costs, as ratios within one run: `python benchmarks/runtime.py [--quick]`.

Every row compares the runtime with what the same code would use without it; "target" is the limit that the runtime
keeps (a ratio, so that it holds on any machine). Rows with blinker need it to be installed and are left out else.
"""

from __future__ import annotations

import functools
import gc
import sys
import time
import timeit
from collections.abc import Callable
from typing import Any, NamedTuple

from patternlint.runtime import ObserverList, Signal, Singleton, TypeDispatch, once

QUICK = "--quick" in sys.argv
ROUNDS, SECONDS = (20, 0.001) if QUICK else (300, 0.001)


class Row(NamedTuple):
    """One comparison: how long ours takes, divided by how long the other takes."""

    what: str
    ours: float
    other: float
    target: str


def compare(what: str, ours: str, other: str, names: dict[str, Any], target: str) -> Row:
    """Time two statements in short turns, so that a busy machine slows both, and keep the best of each."""
    timers = [timeit.Timer(statement, timer=time.process_time, globals=names) for statement in (ours, other)]
    repeats = []
    for timer in timers:
        taken = min(timer.repeat(5, 50)) / 50
        repeats.append(max(1, int(SECONDS / taken)))
    best = [float("inf"), float("inf")]
    for _ in range(ROUNDS):
        for index, (timer, number) in enumerate(zip(timers, repeats, strict=True)):
            best[index] = min(best[index], timer.timeit(number) / number)
    return Row(what, best[0], best[1], target)


def once_rows() -> list[Row]:
    """`once` beside `lru_cache`."""

    @once
    def ours() -> object:
        return names

    @functools.lru_cache(maxsize=1)
    def cached() -> object:
        return names

    names: dict[str, Any] = {"ours": ours, "cached": cached}
    ours()
    return [compare("once / lru_cache", "ours()", "cached()", names, "<= 1.15")]


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
        compare("Singleton / __new__ with __init__", "Ours()", "NewAndInit()", names, "<= 1.0"),
        compare("Singleton / bare __new__", "Ours()", "New()", names, ""),
    ]


class Observer:
    """Something with an empty callback, and one that works for some 0.4 µs."""

    def empty(self, value: object) -> None:
        """Do nothing: the worst case for whoever calls it."""

    def busy(self, value: object) -> None:
        """Do a little."""
        for _ in range(45):
            pass


def observer_rows() -> list[Row]:
    """Ten observers: notify and iterate beside a plain loop over a list of bound methods, and blinker."""
    rows = []
    observers = [Observer() for _ in range(10)]
    for label, target in (("empty", "<= 2.0 (1.7 on 3.11)"), ("busy", "<= 1.15")):
        plain = [getattr(observer, label) for observer in observers]
        names: dict[str, Any] = {"plain": plain, "ours": ObserverList(plain)}
        names["signal"] = Signal()
        for callback in plain:
            names["signal"].connect(callback)
        exec("def loop(x):\n    for cb in plain: cb(x)\ndef iterate(x):\n    for cb in ours: cb(x)", names)
        rows.append(compare(f"ObserverList.notify / plain loop, {label}", "ours.notify(1)", "loop(1)", names, target))
        rows.append(compare(f"Signal.notify / plain loop, {label}", "signal.notify(1)", "loop(1)", names, ""))
        if label == "empty":
            rows.append(compare("iterate ObserverList / plain loop", "iterate(1)", "loop(1)", names, "<= 4.0"))
    return rows + blinker_rows(observers) + growth_rows()


def blinker_rows(observers: list[Observer]) -> list[Row]:
    """The same beside blinker's signals."""
    try:
        import blinker  # type: ignore[import-not-found,unused-ignore]
    except ImportError:
        return []
    plain = [observer.empty for observer in observers]
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
    return [
        compare("ObserverList.notify / blinker send", "ours.notify(1)", "theirs.send(1)", names, "<= 0.1"),
        compare("append 10, notify / blinker", "connect_list()", "connect_theirs()", names, "<= 0.2"),
        compare("Signal: connect 10, notify / blinker", "connect_ours()", "connect_theirs()", names, ""),
    ]


def growth_rows() -> list[Row]:
    """Subscribers that come and die without a single notification."""
    ours: ObserverList[...] = ObserverList()
    names = {"ours": ours, "Observer": Observer, "plain": []}
    cycle = compare("subscribe and die / plain append", "ours.append(Observer().empty)", "Observer().empty", names, "")
    assert len(ours._pairs) <= 64, "dead entries pile up"
    return [cycle]


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
        compare("table.lookup(x)(x) / D[type(x)](x)", "by_table(x)", "by_dict(x)", names, "<= 1.6"),
        compare("table.lookup(x) / D[type(x)]", "constant_by_table(x)", "constant(x)", names, "<= 1.6"),
        compare("table.lookup(x)(x) / singledispatch", "by_table(x)", "single(x)", names, "<= 0.4"),
        compare("table(x) / D[type(x)](x)", "table(x)", "by_dict(x)", names, ""),
        compare("table(x) / singledispatch", "table(x)", "single(x)", names, ""),
        compare("table.lookup(x)(x) / sixth isinstance", "by_table(x)", "by_chain(x)", names, ""),
    ]


def main() -> None:
    """Print the table."""
    gc.disable()
    print(f"Python {sys.version.split()[0]}")
    print(f"{'':44}{'ours ns':>9}{'other ns':>10}{'ratio':>8}  target")
    for row in [*once_rows(), *singleton_rows(), *observer_rows(), *dispatch_rows()]:
        ratio = row.ours / row.other
        print(f"{row.what:44}{row.ours * 1e9:>9.0f}{row.other * 1e9:>10.0f}{ratio:>8.2f}  {row.target}")


if __name__ == "__main__":
    main()
