"""Processes that die on purpose, at each step that touches the disk."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import libcst  # noqa: F401  a fork has it already

import patternlint.check
import patternlint.fixing
import patternlint.repairs
import patternlint.trial
import patternlint.undo  # noqa: F401
from patternlint.cli import main
from patternlint_rules.decorator import missing_functools_wraps  # noqa: F401

STEPS = ("write", "fsync", "replace", "ftruncate", "truncate", "utime", "unlink", "mkdir", "chmod", "open")


class Ended(NamedTuple):
    """How a process ended: its exit status (negative: the signal) and what it said."""

    status: int
    output: str


def patternlint_in(folder: Path, *arguments: str, dies_at: int = 0) -> Ended:
    """Run patternlint's command line in a fork of this process.

    Args:
        folder: the working folder.
        arguments: the command line.
        dies_at: which step is its last, 1-based: it is killed just before; 0 for none.
    """
    return forked(lambda: main(list(arguments)), folder, dies_at)


def forked(work: Callable[[], Any], folder: Path, dies_at: int = 0) -> Ended:
    """Do something in a fork of this process; what it returns, if a number, is the exit status."""
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if child == 0:
            _work(work, folder, said.fileno(), dies_at)
        _, status = os.waitpid(child, 0)
        said.seek(0)
        return Ended(os.waitstatus_to_exitcode(status), said.read().decode())


def _work(work: Callable[[], Any], folder: Path, said: int, dies_at: int) -> None:
    status = 99
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        os.dup2(said, 1)
        os.dup2(said, 2)
        sys.stdout = open(1, "w", closefd=False)  # noqa: SIM115
        sys.stderr = open(2, "w", closefd=False)  # noqa: SIM115
        os.chdir(folder)
        if dies_at:
            _die_at(dies_at)
        status = work() or 0
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:
        import traceback

        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(status)


def _die_at(step: int) -> None:
    steps = iter(range(1, step))

    def counted(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            if next(steps, None) is None:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **named)

        return call

    for name in STEPS:
        setattr(os, name, counted(getattr(os, name)))


def deaths(run: Callable[[int], Ended], stride: int = 1) -> Iterator[int]:
    """Each step at which a run can die, after it has died there.

    Args:
        run: prepares everything anew and runs, dying at the given step.
        stride: look at one of so many steps.
    """
    for step in range(1, 1000, stride):
        ended = run(step)
        if ended.status != -signal.SIGKILL:
            assert ended.status in (0, 1), ended.output
            assert step > 5
            return
        yield step
    raise AssertionError("never came to its end")
