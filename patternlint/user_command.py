"""The user's own command that says whether the code still works: found first, then run, timed and ended as a group."""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
from typing import NamedTuple

from patternlint.errors import PatternlintError

_TAIL_BYTES, _TAIL_LINES = 8192, 20


class Outcome(NamedTuple):
    """How one run of the command ended."""

    passed: bool
    how: str  # "passed", "exit status 1", "no end within 5 s"
    tail: tuple[str, ...]  # the last lines of its output
    timed_out: bool = False
    killed: bool = False  # by a signal that was not ours


class UserCommand:
    """A command in the user's words; no shell reads them.

    Args:
        words: what stands behind ``--verify``.
        timeout: the seconds that a run may take; None for no limit.

    Raises:
        PatternlintError: there is no such command.
    """

    def __init__(self, words: str, timeout: float | None = None) -> None:
        self.text = words
        self._timeout = timeout
        try:
            self._words = shlex.split(words)
        except ValueError as error:
            raise PatternlintError(f"--verify: {words!r}: {error}", "close the quotation") from None
        if not self._words:
            raise PatternlintError("--verify needs a command", 'for example: --verify "pytest -q"')
        program = shutil.which(self._words[0])
        if program is None:
            remedy = "check the name and PATH; what needs a shell is written as: sh -c '…'"
            raise PatternlintError(f"--verify: there is no command {self._words[0]!r}; nothing was changed", remedy)
        self._program = program

    def run(self) -> Outcome:
        """Run it once, in the working folder."""
        with tempfile.TemporaryFile() as output:
            try:
                process = subprocess.Popen(
                    self._words,
                    executable=self._program,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            except OSError as error:
                what = f"--verify: {self._words[0]!r} cannot be run: {error.strerror}"
                raise PatternlintError(what, "check the command") from None
            try:
                status = process.wait(self._timeout)
            except subprocess.TimeoutExpired:
                _end(process)
                return Outcome(False, f"no end within {self._timeout:g} s", _tail(output.fileno()), timed_out=True)
            except BaseException:
                _end(process)
                raise
            if status < 0:
                return Outcome(False, f"killed by {_signal_name(-status)}", _tail(output.fileno()), killed=True)
            return Outcome(status == 0, f"exit status {status}" if status else "passed", _tail(output.fileno()))


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the command and all that it has started."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def _tail(handle: int) -> tuple[str, ...]:
    size = os.lseek(handle, 0, os.SEEK_END)
    os.lseek(handle, max(0, size - _TAIL_BYTES), os.SEEK_SET)
    text = os.read(handle, _TAIL_BYTES).decode("utf-8", "replace")
    return tuple(line.rstrip() for line in text.splitlines() if line.strip())[-_TAIL_LINES:]
