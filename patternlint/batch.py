"""Checking files in whatever process: a job says how, a batch which files, an outcome what came of one."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patternlint.errors import OUR_FAULT, PatternlintError
from patternlint.finding import Finding
from patternlint.overrides import Overrides
from patternlint.selection import NOT_PARSED, Selection
from patternlint.source import DecodeError, Source
from patternlint.workspace import Caching, Workplace, Workspace

if TYPE_CHECKING:
    from patternlint.answers import Answer
    from patternlint.config import Settings
    from patternlint.engine import Costs
    from patternlint.project.reads import Read


class Job(NamedTuple):
    """How files are checked: all that another process or machine has to be told.

    `folder` is where the run was started, `ignoring` names the comments that do not count, `caching` says where results
    are kept between runs.
    """

    folder: Path
    overrides: Overrides = Overrides()
    isolated: bool = False
    ignoring: str = ""
    caching: Caching | None = None

    def workspace(self) -> Workspace:
        """The projects, the same ones for as long as the process lives."""
        return _workspace(self)


class Outcome(NamedTuple):
    """What came of one file, given by its whole path.

    `data` are its bytes where there is something to show of it, `stamp` and `digest` tell which text it was. `reads` is
    what the findings rest on in other files. `error` is what kept it from being checked, `details` the traceback where
    that was our fault.
    """

    name: str
    findings: tuple[Finding, ...] = ()
    data: bytes | None = None
    stamp: str = ""
    digest: str = ""
    reads: frozenset[Read] = frozenset()
    error: PatternlintError | None = None
    details: str = ""

    @property
    def path(self) -> Path:
        """The path as an object."""
        return Path(self.name)


class Checked(NamedTuple):
    """What came of a batch: of each file, what was learnt on the way, by root (as in memory), and what it cost."""

    outcomes: list[Outcome]
    outlines: dict[Path, dict[str, tuple[str, str]]]
    answers: dict[Path, dict[str, Answer]]
    costs: list[Costs]


@lru_cache(maxsize=1)
def _workspace(job: Job) -> Workspace:
    return Workspace(
        job.folder,
        adjust=job.overrides.apply,
        isolated=job.isolated,
        ignoring=job.ignoring,
        caching=job.caching,
    )


def check_batch(job: Job, names: Sequence[str]) -> Checked:
    """Check files one after the other; whatever happens with one, the others are checked."""
    workspace = job.workspace()
    outcomes = list(check_files(names, workspace))
    memories = {p.settings.root: p.memory for p in workspace.workplaces() if p.memory is not None}
    outlines = {root: memory.take_outlines() for root, memory in memories.items()}
    answers = {root: memory.take_answers() for root, memory in memories.items()}
    return Checked(
        outcomes, outlines, answers, [c for p in workspace.workplaces() if (c := p.take_costs()) is not None]
    )


def check_files(names: Sequence[str], workspace: Workspace) -> Iterator[Outcome]:
    """Check files one after the other, in any order; never raises."""
    for name in workspace.agenda.in_turn(names):
        yield check_file(name, workspace)


def check_file(name: str, workspace: Workspace) -> Outcome:
    """Check one file; never raises."""
    path = Path(name)
    try:
        return _outcome(path, workspace.of(path))
    except Exception as error:  # the last barrier: one file must not stop the others
        said, details = fault(path, error)
        return Outcome(name, error=said, details=details)


def _outcome(path: Path, place: Workplace) -> Outcome:
    status = os.stat(path)
    data = path.read_bytes()
    findings: list[Finding]
    reads: frozenset[Read] = frozenset()
    is_kept = place.memory is not None
    try:
        source = Source(path, data)
    except DecodeError as error:
        finding = not_decoded(path, error, place.settings)
        findings = [finding] if Selection(place.settings).admits(finding) else []
    else:
        engine = place.engine_for(path)
        is_kept = is_kept and engine is place.engine
        findings, reads = engine.check_recording(source)
    shown = data if findings else None
    if not is_kept:
        return Outcome(os.fspath(path), tuple(findings), shown, reads=reads)
    from patternlint.cache import digest, stamp

    return Outcome(os.fspath(path), tuple(findings), shown, stamp(status), digest(data), reads)


def file_size(path: str) -> int:
    """The cost of checking a file, in bytes, as far as it can be told without reading it."""
    try:
        return os.stat(path).st_size
    except OSError:
        return 0


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


def fault(path: Path, error: Exception) -> tuple[PatternlintError, str]:
    """What is to be said of a file that could not be checked, and the traceback where that is our fault."""
    if isinstance(error, PatternlintError):
        return error, ""
    if isinstance(error, OSError):
        return unreadable(path, error), ""
    import traceback

    what = f"{path}: patternlint failed on this file: {type(error).__name__}: {error}"
    said = PatternlintError(what, f"{OUR_FAULT}, with the output of --verbose")
    return said, "".join(traceback.format_exception(error))
