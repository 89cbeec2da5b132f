"""The script as a process with a time limit, and what it says."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from patternlint.commands import CLEAN, FAILED, FOUND
from patternlint.limited import run_limited, signal_name, tail

_VERDICTS = {"shown: ": FOUND, "not shown: ": CLEAN, "cannot be run: ": FAILED}


class Proof(NamedTuple):
    """What a script has said, its verdict (which begins with one of `_VERDICTS`), and the end of its error output."""

    told: tuple[str, ...]
    verdict: str
    errors: tuple[str, ...] = ()

    @property
    def status(self) -> int:
        """The exit status that goes with the verdict."""
        return next(status for words, status in _VERDICTS.items() if self.verdict.startswith(words))


def proof(script: Path, root: Path, folders: Sequence[str], python: str, timeout: float) -> Proof:
    """Run a script.

    Args:
        script: its file.
        root: the project's folder, in which it runs.
        folders: where imports look first, relative to that.
        python: the interpreter.
        timeout: how many seconds it may take.
    """
    paths = [os.path.normpath(root / folder) for folder in folders]
    search = os.pathsep.join([*paths, *filter(None, [os.environ.get("PYTHONPATH")])])
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        try:
            status = run_limited(
                [python, os.fspath(script)],
                timeout,
                output,
                errors,
                folder=root,
                environment={**os.environ, "PYTHONPATH": search, "PYTHONIOENCODING": "utf-8"},
            )
        except OSError as error:
            return Proof((), f"cannot be run: {python}: {error.strerror}")
        said = tail(output)
        if said and said[-1].startswith(tuple(_VERDICTS)) and status is not None:
            return Proof(said[:-1], said[-1], tail(errors))
        if status is None:
            how = f"it did not come to an end within {timeout:g} s"
        else:
            how = f"it was killed by {signal_name(-status)}" if status < 0 else f"it ended with status {status}"
        return Proof(said, f"cannot be run: {how}", tail(errors))


def interpreter(given: str, root: Path) -> tuple[str, str]:
    """The interpreter to run a script with; what to say if the project seems to have another one."""
    if given:
        return given, ""
    for folder in (".venv", "venv"):
        own = root / folder / "bin" / "python"
        if own.exists() and not own.samefile(sys.executable):
            return sys.executable, os.fspath(own)
    return sys.executable, ""
