"""Checking files in whatever process: a job says how, a batch which files, an outcome what came of one."""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patternlint.errors import PatternlintError
from patternlint.finding import Finding
from patternlint.overrides import Overrides
from patternlint.selection import NOT_PARSED, Selection
from patternlint.source import DecodeError, Source
from patternlint.workspace import Workplace, Workspace

if TYPE_CHECKING:
    from patternlint.config import Settings

OUR_FAULT = "this is our fault: please report it"


class Job(NamedTuple):
    """How files are checked: all that another process or machine has to be told.

    `folder` is where the run was started, `ignoring` names the comments that do not count.
    """

    folder: Path
    overrides: Overrides = Overrides()
    isolated: bool = False
    ignoring: str = ""

    def workspace(self) -> Workspace:
        """The projects, the same ones for as long as the process lives."""
        return _workspace(self)


class Outcome(NamedTuple):
    """What came of one file.

    `data` are its bytes where there is something to show of it. `error` is what kept it from being checked, `details`
    the traceback where that was our fault.
    """

    path: Path
    findings: tuple[Finding, ...] = ()
    data: bytes | None = None
    error: PatternlintError | None = None
    details: str = ""


@lru_cache(maxsize=1)
def _workspace(job: Job) -> Workspace:
    return Workspace(job.folder, adjust=job.overrides.apply, isolated=job.isolated, ignoring=job.ignoring)


def check_batch(job: Job, paths: Sequence[Path]) -> list[Outcome]:
    """Check files one after the other; whatever happens with one, the others are checked."""
    workspace = job.workspace()
    return [check_file(path, workspace) for path in paths]


def check_file(path: Path, workspace: Workspace) -> Outcome:
    """Check one file; never raises."""
    try:
        data = path.read_bytes()
        findings = _findings(path, data, workspace.of(path))
        return Outcome(path, tuple(findings), data if findings else None)
    except PatternlintError as error:
        return Outcome(path, error=error)
    except OSError as error:
        return Outcome(path, error=unreadable(path, error))
    except Exception as error:  # the last barrier: one file must not stop the others
        import traceback

        return Outcome(path, error=failed(path, error), details=traceback.format_exc())


def _findings(path: Path, data: bytes, place: Workplace) -> list[Finding]:
    try:
        source = Source(path, data)
    except DecodeError as error:
        finding = not_decoded(path, error, place.settings)
        return [finding] if Selection(place.settings).admits(finding) else []
    return place.engine_for(path).check(source)


def not_decoded(path: Path, error: DecodeError, settings: Settings) -> Finding:
    """PAT000: the file's bytes are no text."""
    relative = os.path.relpath(path, settings.root).replace(os.sep, "/")
    return Finding(
        NOT_PARSED, "cannot-be-parsed", error.message, relative, error.row, 1, error.row, 1,
        help=error.remedy, why_not_fixed="not-parsed",
    )  # fmt: skip


def unreadable(path: str | Path, error: OSError) -> PatternlintError:
    """A file that cannot be read."""
    return PatternlintError(f"{path}: cannot be read: {error.strerror or error}", "check the file and its permissions")


def failed(path: Path, error: Exception) -> PatternlintError:
    """A file that we failed on."""
    what = f"{path}: patternlint failed on this file: {type(error).__name__}: {error}"
    return PatternlintError(what, f"{OUR_FAULT}, with the output of --verbose")
