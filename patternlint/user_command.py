"""The user's own command that says whether the code still works: found first, then run, timed and ended as a group."""

from __future__ import annotations

import shlex
import shutil
import tempfile
from typing import NamedTuple

from patternlint.errors import PatternlintError
from patternlint.limited import run_limited, signal_name, tail


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
                status = run_limited(self._words, self._timeout, output, program=self._program)
            except OSError as error:
                what = f"--verify: {self._words[0]!r} cannot be run: {error.strerror}"
                raise PatternlintError(what, "check the command") from None
            if status is None:
                return Outcome(False, f"no end within {self._timeout:g} s", tail(output), timed_out=True)
            if status < 0:
                return Outcome(False, f"killed by {signal_name(-status)}", tail(output), killed=True)
            return Outcome(status == 0, f"exit status {status}" if status else "passed", tail(output))
