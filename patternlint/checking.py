"""The files of a run, checked: by memory where nothing changed, here or by workers where something did.

What comes of a file does not depend on who checked it, and outcomes come in the order of the files.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patternlint.batch import Job, Outcome, check_files, file_size
from patternlint.workspace import Workplace

if TYPE_CHECKING:
    from patternlint.engine import Costs
    from patternlint.finding import Finding
    from patternlint.project.reads import Read
    from patternlint.workers import Pool

# Starting processes takes as long as checking this much, in bytes.
_WORTH_WORKERS = 1_000_000


def processors() -> int:
    """How many processors this process may use."""
    if sys.version_info >= (3, 13):
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Target(NamedTuple):
    """A file to check, by its whole path, and the project it belongs to."""

    name: str
    place: Workplace

    @property
    def path(self) -> Path:
        """The path as an object: made where it is needed, since that takes longer than finding the file."""
        return Path(self.name)


class Checking:
    """How the files of one run are checked.

    Args:
        job: how each is.
        jobs: how many work at once.
        pool: makes those who work, if not processes of this machine.
        warn: is told why results cannot be kept.
    """

    def __init__(self, job: Job, jobs: int, pool: Pool | None, warn: Callable[[str], None]) -> None:
        self._job = job
        self._jobs = jobs
        self._pool = pool
        self._warn = warn
        self._costs: list[Costs] = []

    def outcomes(self, targets: Sequence[Target]) -> Iterator[Outcome]:
        """What comes of each file, in their order."""
        recalled: dict[str, tuple[Finding, ...]] = {}
        for place, names in _by_place(targets).items():
            if place.memory is not None:
                recalled |= place.memory.recall(names)
        rest = [target for target in targets if target.name not in recalled]
        fresh = self._checked(rest)
        arrived: dict[str, Outcome] = {}
        for name, place in targets:
            if name in recalled:
                yield Outcome(name, recalled[name])
                continue
            while name not in arrived:
                outcome = next(fresh)
                arrived[outcome.name] = outcome
            outcome = arrived.pop(name)
            if place.memory is not None and outcome.digest:
                place.memory.learn(outcome)
            yield outcome

    def costs(self, targets: Sequence[Target]) -> Costs:
        """What it has cost to check the files, whoever did."""
        from patternlint.engine import Costs

        here = [place.take_costs() for place in _by_place(targets)]
        return reduce(Costs.and_, [*self._costs, *(costs for costs in here if costs is not None)], Costs())

    def keep(self, targets: Sequence[Target]) -> None:
        """Remember what came of the files, when all outcomes are there and before anything is changed."""
        for place in _by_place(targets):
            if place.memory is not None and (problem := place.memory.save()):
                folder = place.settings.root
                self._warn(f"{folder}: results cannot be kept: {problem} (--no-cache does without)")

    def reads(self, target: Target, outcome: Outcome) -> frozenset[Read]:
        """What the findings of a file rest on in others, whether they were found now or earlier."""
        memory = target.place.memory
        if memory is None:
            return outcome.reads
        return memory.flat(outcome.reads) if outcome.reads else memory.reads(target.name)

    def _checked(self, targets: Sequence[Target]) -> Iterator[Outcome]:
        """What comes of files that have to be looked at, in any order."""
        names = [target.name for target in targets]
        if self._pool is None and (self._jobs == 1 or not _are_worth_workers(names)):
            yield from check_files(names, self._job.workspace())
            return
        from patternlint.workers import batches, check_in, local_pool

        places = {target.place.settings.root: target.place for target in targets}
        for place in places.values():
            place.prepare_for_workers()
        for checked in check_in(self._pool or local_pool(self._jobs), self._job, batches(names, self._jobs)):
            for root, outlines in checked.outlines.items():
                if root in places and (memory := places[root].memory) is not None:
                    memory.add_outlines(outlines)
                    memory.add_answers(checked.answers[root])
            self._costs += checked.costs
            yield from checked.outcomes


def _by_place(targets: Iterable[Target]) -> dict[Workplace, list[str]]:
    found: dict[Workplace, list[str]] = {}
    for name, place in targets:
        found.setdefault(place, []).append(name)
    return found


def _are_worth_workers(names: Iterable[str]) -> bool:
    """Whether there is so much to check that it pays to start processes; asks for no more sizes than that takes."""
    return any(total >= _WORTH_WORKERS for total in accumulate(map(file_size, names)))
