"""Projects in a temporary folder, and patternlint run on them as its users run it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

# PAT501, with a safe fix in the file's own import style.
TIMED = """\
import functools


def timed(function):
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


@timed
def pay(amount):
    return amount
"""
ROW, COLUMN = 5, 9  # of the finding
FIXED = TIMED.replace("    def wrapper", "    @functools.wraps(function)\n    def wrapper")


def write_tree(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files, given by their paths below `folder`; the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def run(
    *command: str, cwd: Path, input: str | bytes | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a Python module with arguments in a folder, as a process of its own."""
    given = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
    result = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd,
        input=input.encode() if isinstance(input, str) else input,
        capture_output=True,
        env={**given, **(environment or {})},
        timeout=120,
        check=False,
    )
    return subprocess.CompletedProcess(
        result.args,
        result.returncode,
        result.stdout.decode("utf-8", "replace"),
        result.stderr.decode("utf-8", "replace"),
    )


def patternlint(
    *arguments: str, cwd: Path, input: str | bytes | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run patternlint's command line."""
    return run("patternlint", *arguments, cwd=cwd, input=input, environment=environment)


def as_from_a_terminal() -> None:
    """For a child that is going to be interrupted: who runs the tests may have been told to ignore that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
