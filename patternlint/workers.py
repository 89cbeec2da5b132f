"""Several processes for one run: work split by cost, and no file that can take the run down with it.

What is found does not depend on who finds it: a worker makes the project for itself (under Linux it inherits what this
process knows of it already). The pool may be any ``concurrent.futures.Executor``: Dask's, Ray's, or our own.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from multiprocessing import get_context
from typing import TypeAlias

from patternlint.batch import Checked, Job, Outcome, check_batch, file_size
from patternlint.errors import PatternlintError

Pool: TypeAlias = Callable[[], Executor]
Cost: TypeAlias = Callable[[str], int]

_PER_FILE = 2_000  # what a file costs besides its length, in bytes
_SHARES = 3  # a batch is this part of what each worker still has to do: few long ones first, short ones at the end
_LEAST = 200_000  # bytes of the shortest batch


def local_pool(jobs: int) -> Pool:
    """A pool of processes on this machine."""
    # a fork shares the modules and the project's files that have been read; elsewhere it is not safe
    context = get_context("fork" if sys.platform == "linux" else None)
    return lambda: ProcessPoolExecutor(jobs, context, initializer=_leave_interrupts_to_the_parent)


def pool_called(name: str) -> Pool:
    """The pool that a function of the user's makes.

    Args:
        name: ``module:function``; the module is looked for in the working folder, too.

    Raises:
        PatternlintError: there is no such function, or it makes something else.
    """
    module, _, function = name.partition(":")
    if os.getcwd() not in sys.path:
        sys.path.append(os.getcwd())
    try:
        make = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError, ValueError) as error:
        remedy = "name a function without arguments as MODULE:FUNCTION"
        raise PatternlintError(f"--executor {name}: {error}", remedy) from None

    def pool() -> Executor:
        executor = make()
        if not isinstance(executor, Executor):
            what = f"--executor {name}: it returned {type(executor).__name__}"
            raise PatternlintError(what, "it has to return a concurrent.futures.Executor")
        return executor

    return pool


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def batches(paths: Sequence[str], jobs: int, cost: Cost = file_size) -> list[list[str]]:
    """The files in batches of neighbours, long ones first."""
    costs = [cost(path) + _PER_FILE for path in paths]
    left = sum(costs)
    made: list[list[str]] = []
    batch: list[str] = []
    size, wanted = 0, max(left // (_SHARES * jobs), _LEAST)
    for path, one in zip(paths, costs, strict=True):
        batch.append(path)
        size += one
        if size >= wanted:
            made.append(batch)
            left -= size
            batch, size, wanted = [], 0, max(left // (_SHARES * jobs), _LEAST)
    return [*made, batch] if batch else made


def check_in(pool: Pool, job: Job, work: Sequence[Sequence[str]]) -> Iterator[Checked]:
    """Check batches of files, each result as it comes.

    Args:
        pool: makes an executor; asked again when one breaks.
        job: how to check.
        work: the batches.
    """
    lost: list[Sequence[str]] = []
    with _open(pool) as executor:
        waiting = {executor.submit(check_batch, job, batch): batch for batch in work}
        for future in as_completed(waiting):
            checked = _result(future)
            if isinstance(checked, Exception):
                lost.append(waiting[future])
            else:
                yield checked
    while lost:
        batch = lost.pop()
        with _open(pool) as executor:  # alone: nothing else is lost with it
            checked = _result(executor.submit(check_batch, job, batch))
        if not isinstance(checked, Exception):
            yield checked
        elif len(batch) > 1:
            half = len(batch) // 2
            lost += [batch[half:], batch[:half]]
        else:
            yield Checked([Outcome(batch[0], error=_died(batch[0], checked))], {}, {}, [])


@contextmanager
def _open(pool: Pool) -> Iterator[Executor]:
    """An executor that is left without waiting for what has not begun."""
    executor = pool()
    try:
        yield executor
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


def _result(future: Future[Checked]) -> Checked | Exception:
    """What a batch came to, or what its executor says of whoever worked on it."""
    try:
        return future.result()
    except Exception as error:  # each kind of executor has its own for a lost worker; checking itself raises nothing
        return error


def _died(path: str, error: Exception) -> PatternlintError:
    what = f"{path}: the process that checked this file died: {error}"
    return PatternlintError(what, "leave the file out with 'exclude', and please report it")
