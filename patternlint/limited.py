"""Processes with a time limit: they are ended with all that they have started, at the limit and when we are stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import IO

_TAIL_BYTES, _TAIL_LINES = 8192, 20


def run_limited(
    words: Sequence[str],
    timeout: float | None,
    output: IO[bytes],
    errors: IO[bytes] | None = None,
    *,
    program: str | None = None,
    folder: str | os.PathLike[str] | None = None,
    environment: Mapping[str, str] | None = None,
) -> int | None:
    """Run a process to its end, in a session of its own and without input.

    Args:
        words: the program and its arguments.
        timeout: the seconds that it may take; None for no limit.
        output, errors: where its streams go; both to `output` without `errors`.
        program: what is run, if not the first of the words.
        folder: where it runs, if not in the working folder.
        environment: its environment, if not ours.

    Returns:
        The exit status, negative for a signal; None where it was ended at the limit.

    Raises:
        OSError: it cannot be run.
    """
    process = subprocess.Popen(
        words,
        executable=program,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if errors is None else errors,
        cwd=folder,
        env=environment,
        start_new_session=True,
    )
    try:
        return process.wait(timeout)
    except subprocess.TimeoutExpired:
        _end(process)
        return None
    except BaseException:
        _end(process)
        raise


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it has started."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def signal_name(number: int) -> str:
    """A signal in words."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def tail(stream: IO[bytes]) -> tuple[str, ...]:
    """The last lines of what a process has written to a file, empty ones left out."""
    handle = stream.fileno()
    size = os.lseek(handle, 0, os.SEEK_END)
    os.lseek(handle, max(0, size - _TAIL_BYTES), os.SEEK_SET)
    text = os.read(handle, _TAIL_BYTES).decode("utf-8", "replace")
    return tuple(line.rstrip() for line in text.splitlines() if line.strip())[-_TAIL_LINES:]
