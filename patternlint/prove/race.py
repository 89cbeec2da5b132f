"""Threads ask for one object at once.

A thread can be stopped between any two lines. So each line that the code in question runs is tried in turn, always in
a process of its own, in which nothing has been built yet: all threads meet before that line and then go on one after
the other; or one thread stops there, and the others come and look at what they get. The code runs as it is: the
waiting is done by a trace function.
"""

from __future__ import annotations

import importlib
import linecache
import multiprocessing
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, MutableSequence, Sequence, Set
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from types import FrameType
from typing import Any, NamedTuple

THREADS = 16
PATIENCE = 0.2  # seconds to wait for threads that a lock may keep away

Line = tuple[str, int, int]  # file, row, and the how manieth time that a thread comes there
TIMES = 2  # how often: a loop has done something when it comes round again
PLAIN = ("NoneType", "bool", "int", "float", "str", "bytes")  # of these nobody can say how many there are


class Site(NamedTuple):
    """What is tried."""

    module: str
    folders: Sequence[str]  # where imports look first
    prepare: Callable[[Any], Any]  # makes of the module what `ask` gets
    ask: Callable[[Any], tuple[Any, ...]]  # gives the object, or all that it consists of
    code: frozenset[tuple[str, str]]  # the functions and classes whose lines are tried, with their modules
    counted: str = ""  # a function that is meant to run once
    again: bool = False  # whether it is a defect, too, if one thread gets another object when it asks again
    half_made: bool = False  # one thread stops and the others come; else all meet


class Stored:
    """What a module has in some of its globals, as the attributes of an object."""

    def __init__(self, module: Any, *names: str) -> None:
        self.module, self.names = module, names

    @property
    def __dict__(self) -> dict[str, Any]:  # type: ignore[override]
        return {name: getattr(self.module, name) for name in self.names}


class Visits:
    """Threads that ask, and what each of them gets."""

    def __init__(self, site: Site) -> None:
        self.site, self.target = site, site.prepare(load(site))
        self.got: list[tuple[tuple[Any, ...], list[dict[str, int]]]] = []
        self.raised: Counter[str] = Counter()
        self.runs = 0

    def visit(self, at_line: Callable[[Line], None] = lambda line: None) -> None:
        """Ask; `at_line` is called before each line."""

        times: Counter[tuple[str, int]] = Counter()

        def watch(frame: FrameType, event: str, _: object) -> Any:
            code = frame.f_code
            outer = code.co_qualname.split(".<locals>")[0]
            module = frame.f_globals.get("__name__", "")
            if (module, outer) not in self.site.code and (module, outer.rpartition(".")[0]) not in self.site.code:
                return None
            if event == "call" and code.co_qualname == self.site.counted:
                self.runs += 1
            if event == "line":
                line = code.co_filename, frame.f_lineno
                times[line] += 1
                at_line((*line, times[line]))
            return watch

        sys.settrace(watch)
        try:
            got = self.site.ask(self.target)
            self.got.append((got, [sizes(value) for value in got]))
        except BaseException as error:
            self.raised[named(error)] += 1
        finally:
            sys.settrace(None)

    def seen(self) -> Seen:
        """What came of it."""
        objects = len({tuple(map(id, got)) for got, _ in self.got})
        missing = [lacking(got, before) for got, before in self.got]
        kind = type(self.got[0][0][0]).__name__ if self.got else ""
        return Seen(
            objects, kind, self.runs, Counter(self.raised), sum(map(bool, missing)), max(missing, key=len, default=[])
        )


class Seen(NamedTuple):
    """What came of the visits of some threads."""

    objects: int
    kind: str
    runs: int
    raised: Counter[str]
    half_made: int  # how many threads got an object that was not complete
    lacking: list[str]  # what it lacked

    def told(self, site: Site) -> str:
        """In words."""
        parts = []
        if site.half_made and self.half_made:
            parts.append(f"{self.half_made} saw it half-made, without {', '.join(self.lacking)}")
        elif site.half_made:
            parts.append("none saw it half-made")
        elif self.kind != "NoneType":
            parts.append(f"{self.objects} {self.kind} object{'' if self.objects == 1 else 's'}")
        if site.counted:
            parts.append(f"{self.runs} run{'' if self.runs == 1 else 's'} of {site.counted}")
        parts += [f"{count} times {error}" for error, count in self.raised.items()]
        return ", ".join(parts)


def sizes(value: Any) -> dict[str, int]:
    """How complete an object is: the attributes that are not None, and the elements that it and they have."""
    parts = {"": value, **(getattr(value, "__dict__", {}) if not isinstance(value, type(sys) | type) else {})}
    return {
        name: 1 + (len(part) if isinstance(part, Mapping | MutableSequence | Set) else 0)
        for name, part in parts.items()
        if part is not None
    }


def lacking(values: Sequence[Any], before: Sequence[dict[str, int]]) -> list[str]:
    """What objects have now and did not have before."""
    return [
        (name if name not in then else f"all of {name}") if name else "all its elements"
        for value, then in zip(values, before, strict=True)
        for name, size in sizes(value).items()
        if size > then.get(name, 0)
    ]


def alone(site: Site) -> tuple[list[Line], Seen, Seen]:
    """The lines that one thread runs, what it gets, and what it has after it has asked again."""
    lines: dict[Line, None] = {}
    visits = Visits(site)
    visits.visit(lambda line: lines.update({line: None} if line[2] <= TIMES else {}))
    first = visits.seen()
    visits.visit()
    return list(lines), first, visits.seen()


def together(site: Site, line: Line) -> Seen:
    """All threads meet before a line, then go on one after the other."""
    visits = Visits(site)
    start, meeting, turn = threading.Barrier(THREADS), threading.Barrier(THREADS), threading.Lock()

    def visit() -> None:
        turns: list[bool] = []

        def at_line(now: Line) -> None:
            if now == line and not turns:
                with suppress(threading.BrokenBarrierError):  # where a lock keeps others away
                    meeting.wait(PATIENCE)
                turns.append(turn.acquire(timeout=PATIENCE))

        start.wait()
        visits.visit(at_line)
        if turns == [True]:
            turn.release()

    wait_for(started(visit, THREADS))
    return visits.seen()


def interrupted(site: Site, line: Line) -> Seen:
    """One thread stops before a line until the others have been there, or wait for it."""
    visits = Visits(site)
    others: list[threading.Thread] = []

    def at_line(now: Line) -> None:
        if now == line and not others:
            for count in (1, THREADS - 2):  # the first of them alone: it may be the one that builds
                others.extend(started(visits.visit, count))
                wait_for(others, PATIENCE)

    visits.visit(at_line)
    wait_for(others)
    return visits.seen()


def started(visit: Callable[[], None], count: int) -> list[threading.Thread]:
    """Threads that visit."""
    threads = [threading.Thread(target=visit, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    return threads


def wait_for(threads: list[threading.Thread], patience: float = float("inf")) -> None:
    """Wait until threads have come to their end, or no longer."""
    end = time.monotonic() + patience
    for thread in threads:
        while thread.is_alive() and time.monotonic() < end:
            thread.join(0.01)


def load(site: Site) -> Any:
    """The module."""
    sys.path[:0] = [f for f in map(os.path.abspath, site.folders) if f not in sys.path]
    return importlib.import_module(site.module)


def in_new_process(function: Callable[..., Any], *arguments: Any) -> Any:
    """What a function returns in a process that has imported the module and done nothing else."""
    how = "fork" if "fork" in multiprocessing.get_all_start_methods() else None
    with ProcessPoolExecutor(1, multiprocessing.get_context(how)) as executor:
        return executor.submit(function, *arguments).result()


def named(error: BaseException) -> str:
    """An exception in words."""
    return f"{type(error).__name__}: {error}"


def tried(site: Site, say: Callable[[str], None]) -> int:
    """Try each line until one shows the defect; the exit status."""
    lines, first, second = in_new_process(alone, site)
    if first.raised:
        say(f"cannot be run: the call fails in a single thread, too: {next(iter(first.raised))}")
        return 2
    what = f"one thread that asks twice: {second.told(site._replace(half_made=False))}"
    if not site.half_made and (second.objects > 1 or second.runs > 1):
        say(f"shown: {what}" if site.again else f"cannot be run: each call gives another object: {what}")
        return 1 if site.again else 2
    if second.kind in PLAIN and not (site.half_made or site.counted):
        say(f"cannot be run: what the call gives is of type {second.kind}, and not an object that there can be one of")
        return 2
    say(what)
    said = ""
    for line in lines or [("", 0, 0)]:
        seen = in_new_process(interrupted if site.half_made else together, site, line)
        where = f"line {line[1]} ({linecache.getline(*line[:2]).strip()})"
        how = f"one of them stops before {where}" if site.half_made else f"all meet before {where}"
        if said != (said := seen.told(site)) and lines:
            say(f"{THREADS} threads, {how}: {said}")
        wrong = seen.half_made if site.half_made else seen.objects > 1 or seen.runs > 1
        if wrong or (seen.raised and not second.raised):
            say(f"shown: {THREADS} threads, {said}")
            return 1
    tries = f"whichever of {len(lines)} lines is tried" if len(lines) > 1 else "at the one line that runs"
    if not lines:
        tries = "of whose code no line runs any more after the import"
    say(f"not shown: {THREADS} threads, {said}, {tries}")
    return 0


def main(site: Site) -> int:
    """The exit status: 1 the defect was shown, 0 it was not, 2 it cannot be run."""
    report = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
    os.dup2(2, 1)  # what the module prints is not ours

    def say(text: str) -> None:
        print(" ".join(text.split()), file=report, flush=True)

    try:
        load(site)
    except BaseException as error:
        say(f"cannot be run: importing {site.module} raised {named(error)}")
        return 2
    try:
        return tried(site, say)
    except Exception as error:
        say(f"cannot be run: {named(error)}")
        return 2
