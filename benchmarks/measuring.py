"""What a command costs, measured beside others: processor time, elapsed time and memory, in rounds that interleave."""

from __future__ import annotations

import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple


class Usage(NamedTuple):
    """One run of a command, the processes that it started and waited for included."""

    cpu: float  # seconds, user and system
    wall: float  # seconds


class Figure(NamedTuple):
    """The middle of several measurements, and how far they lie apart."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Figure:
        """The figure of at least one value."""
        numbers = sorted(values)
        return cls(statistics.median(numbers), numbers[0], numbers[-1])

    def __format__(self, spec: str) -> str:
        return f"{self.median:{spec}} ({self.low:{spec}} to {self.high:{spec}})"


@dataclass
class Subject:
    """A command to be measured.

    Args:
        name: what to call it; unique in a measurement.
        command: program and arguments.
        folder: where it runs.
        environment: what differs from our own environment.
        rounds: how many rounds it takes part in.
        primed: run it once before, unmeasured: it has a cache to fill.
        before: called with the round's number before each measured run.
        accepts: exit statuses at or above this one are failures.
    """

    name: str
    command: Sequence[str]
    folder: Path
    environment: dict[str, str] = field(default_factory=dict)
    rounds: int = 5
    primed: bool = False
    before: Callable[[int], None] | None = None
    accepts: int = 2
    runs: list[Usage] = field(default_factory=list)

    @property
    def cpu(self) -> Figure:
        """Processor seconds."""
        return Figure.of(run.cpu for run in self.runs)

    @property
    def wall(self) -> Figure:
        """Elapsed seconds."""
        return Figure.of(run.wall for run in self.runs)


def measure(subjects: Sequence[Subject]) -> None:
    """Run every subject in turn, round after round, so that a busy moment hits all alike."""
    for subject in subjects:
        if subject.primed:
            run_once(subject)
    for number in range(max(subject.rounds for subject in subjects)):
        for subject in subjects:
            if number < subject.rounds:
                if subject.before is not None:
                    subject.before(number)
                subject.runs.append(usage := run_once(subject))
                took = f"{usage.cpu:.3f} s, {usage.wall:.3f} s elapsed"
                print(f"round {number + 1}: {subject.name}: {took}", file=sys.stderr, flush=True)


def run_once(subject: Subject) -> Usage:
    """Run a command, its output going nowhere.

    Raises:
        SystemExit: it failed.
    """
    with tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            subject.command,
            cwd=subject.folder,
            env={**_neutral(), **subject.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
        )
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if not 0 <= process.returncode < subject.accepts:
            errors.seek(0)
            said = errors.read().decode("utf-8", "replace")[-800:]
            raise SystemExit(f"{subject.name} ended with {process.returncode}: {said}")
    return Usage(used.ru_utime + used.ru_stime, wall)  # not ru_maxrss: it begins with what this process had at the fork


def _neutral() -> dict[str, str]:
    """Our environment without what changes how interpreters start: a run must find its bytecode compiled."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def markdown(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table: the first column to the left, the others to the right."""
    body = [f"| {' | '.join(f'{c:,}' if isinstance(c, int) else str(c) for c in row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(head)} |", f"|{' --- |'}{' ---: |' * (len(head) - 1)}", *body])


def machine() -> str:
    """What this was measured on, in one line."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    load = os.getloadavg()[0]
    return (
        f"{_processor()}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB, {platform.system()} "
        f"{platform.release()}, CPython {platform.python_version()}, load {load:.1f} at the start"
    )


def _processor() -> str:
    return next(_processor_names(), platform.processor() or platform.machine())


def _processor_names() -> Iterator[str]:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                yield line.partition(":")[2].strip()
    except OSError:
        return
