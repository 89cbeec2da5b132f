"""Several processes: the same outcomes whoever does the work, and no file that takes the run down."""

from __future__ import annotations

import os
import signal
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import pytest

from fixtures import FIXTURES
from patternlint import batch
from patternlint.batch import Job, Outcome, check_batch
from patternlint.finding import Confidence
from patternlint.overrides import Overrides
from patternlint.workers import Pool, batches, check_in, local_pool

JOB = Job(FIXTURES, Overrides(select=("ALL",), preview=True, min_confidence=Confidence.LOW), isolated=True)
FILES = sorted(str(path) for path in FIXTURES.rglob("*.py") if "check" not in path.name)


def outcomes_in(pool: Pool, work: list[list[str]]) -> list[Outcome]:
    return [outcome for checked in check_in(pool, JOB, work) for outcome in checked.outcomes]


def by_name(outcomes: list[Outcome]) -> dict[str, Outcome]:
    return {str(o.path): o for o in outcomes}


def test_the_outcomes_are_the_same_however_many_work() -> None:
    alone = by_name(check_batch(JOB, FILES).outcomes)
    assert sum(len(o.findings) for o in alone.values()) > 100
    for jobs in (2, 3):
        work = [FILES[i::7] for i in range(7)]
        assert by_name(outcomes_in(local_pool(jobs), work)) == alone


def test_any_standard_executor_will_do() -> None:
    outcomes = outcomes_in(lambda: ThreadPoolExecutor(1), [FILES[:20], FILES[20:40]])
    assert by_name(outcomes).keys() == set(FILES[:40])


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch) -> str:
    """A file that kills whoever checks it, as an overflow of the C stack would."""
    victim = FILES[len(FILES) // 2]
    check_file = batch.check_file
    parent = os.getpid()

    def check(path: str, *arguments: object) -> Outcome:
        if path == victim and os.getpid() != parent:
            os.kill(os.getpid(), signal.SIGKILL)
        return check_file(path, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(batch, "check_file", check)
    return victim


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the worker has to inherit the patch")
def test_a_worker_that_dies_is_reported_with_its_file_and_the_others_are_checked(deadly: str) -> None:
    outcomes = by_name(outcomes_in(local_pool(2), [FILES[i::5] for i in range(5)]))
    assert set(outcomes) == set(FILES)
    (lost,) = [o for o in outcomes.values() if o.error is not None]
    assert str(lost.path) == deadly
    assert lost.error is not None
    assert deadly in lost.error.message
    assert "died" in lost.error.message
    assert lost.error.remedy


class Failing(Executor):
    """An executor whose tasks all end in an error of its own."""

    def submit(self, *_: object, **__: object):  # type: ignore[no-untyped-def]
        from concurrent.futures import Future

        future: Future[object] = Future()
        future.set_exception(OSError("the cluster is gone"))
        return future


def test_what_an_executor_says_of_a_lost_worker_is_passed_on() -> None:
    outcomes = outcomes_in(Failing, [FILES[:2]])
    assert [str(o.path) for o in outcomes] == FILES[:2]
    assert all(o.error is not None and "the cluster is gone" in o.error.message for o in outcomes)


@pytest.mark.parametrize("jobs", [1, 2, 8])
def test_batches_are_of_neighbours_and_of_like_cost(jobs: int) -> None:
    paths = [str(10_000 + 7919 * i % 50_000) for i in range(3000)]
    made = batches(paths, jobs, cost=int)
    assert [path for batch in made for path in batch] == paths
    sizes = [sum(map(int, batch)) for batch in made]
    assert len(made) > jobs
    assert max(sizes) <= sum(sizes) / jobs / 2
    assert sizes[0] > sizes[-2]


def test_a_file_that_cannot_be_read_costs_nothing_to_plan(tmp_path: Path) -> None:
    assert batch.file_size(str(tmp_path / "gone.py")) == 0
