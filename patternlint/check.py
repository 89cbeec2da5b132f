"""The command ``check``: one run over paths, from the files to the report and the repaired files.

One bad file never stops a run. What is wrong with a file's content is a finding (PAT000); what is wrong with the file
itself (missing, unreadable, changed under our hands) is an error: said on standard error, and the exit status is 2.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patternlint.errors import PatternlintError
from patternlint.finding import Edit, Finding
from patternlint.report.console import Console
from patternlint.report.text import Shown
from patternlint.selection import NOT_PARSED, Selection
from patternlint.source import DecodeError, Source
from patternlint.workspace import STDIN_NAME, Workplace, Workspace, absolute

if TYPE_CHECKING:
    from patternlint.engine import Engine
    from patternlint.fixer import FixResult

CLEAN, FOUND, FAILED = 0, 1, 2
STDIN = "-"
_OUR_FAULT = "this is our fault: please report it"


class Request(NamedTuple):
    """What the command line asks of a run, apart from settings and looks."""

    paths: tuple[str, ...] = (".",)
    fix: bool = False
    unsafe_fixes: bool = False
    diff: bool = False
    json: bool = False
    stdin_filename: str = ""
    exit_zero: bool = False
    exit_non_zero_on_fix: bool = False
    verbose: bool = False


class Target(NamedTuple):
    """A file to check, and the project it belongs to."""

    path: Path
    place: Workplace


class Run:
    """One run.

    Args:
        request: what is asked.
        workspace: finds the project and the settings of each file.
        console: shows the results.
    """

    def __init__(self, request: Request, workspace: Workspace, console: Console) -> None:
        self._request = request
        self._workspace = workspace
        self._console = console
        self._fixed = 0

    def check(self) -> int:
        """Check everything, repair what is to be repaired, report; the exit status."""
        if STDIN in self._request.paths:
            self._guarded(self._stdin_target(), self._check_stdin)
        else:
            targets = self.targets()
            if not targets and not self._console.errors:
                self._console.warning("no Python files found under the given paths")
            self._console.start(len(targets))
            for done, target in enumerate(targets):
                self._console.step(done, str(target.path))
                self._guarded(target, self._check_file)
        for place in self._workspace.workplaces():
            for selector in Selection(place.settings).without_effect():
                self._console.warning(f"selecting {selector} has no effect without --preview: its rules are preview")
        self._console.finish(fixed=self._fixed, would_fix=self._request.diff)
        return self._status()

    def _status(self) -> int:
        if self._console.errors:
            return FAILED
        if self._request.exit_zero:
            return CLEAN
        if self._fixed and (self._request.diff or self._request.exit_non_zero_on_fix):
            return FOUND
        return FOUND if self._console.found and not self._request.diff else CLEAN

    def targets(self) -> list[Target]:
        """The files that the arguments stand for, each once, by path."""
        targets: dict[Path, Target] = {}
        for argument in self._request.paths:
            try:
                for target in self._targets_of(absolute(argument)):
                    targets.setdefault(target.path, target)
            except PatternlintError as error:
                self._console.error(error)
            except OSError as error:
                self._console.error(_unreadable(argument, error))
        return [targets[path] for path in sorted(targets)]

    def _targets_of(self, path: Path) -> Iterator[Target]:
        if path.is_dir():
            outer = self._workspace.of(path)
            for file in outer.settings.discovery.files_in(path):
                place = self._workspace.of(file)
                if place is outer or not place.settings.discovery.excludes(file):
                    yield Target(file, place)
        elif not os.path.lexists(path):
            raise PatternlintError(f"{path}: no such file or folder", "check the path")
        else:
            place = self._workspace.of(path)
            if not self._left_out(path, place):
                yield Target(path, place)

    def _left_out(self, path: Path, place: Workplace) -> bool:
        """Whether a file named outright is left out: only when asked."""
        return place.settings.force_exclude and self._workspace.excludes(path)

    def _guarded(self, target: Target, check: Callable[[Target], None]) -> None:
        """Check one file; whatever happens, the run goes on."""
        path = target.path
        try:
            check(target)
        except PatternlintError as error:
            self._console.error(error)
        except BrokenPipeError:
            raise  # nobody reads on
        except OSError as error:
            self._console.error(_unreadable(path, error))
        except Exception as error:  # the last barrier: one file must not stop the others
            if self._request.verbose:
                import traceback

                self._console.details(traceback.format_exc())
            what = f"{path}: patternlint failed on this file: {type(error).__name__}: {error}"
            self._console.error(PatternlintError(what, f"{_OUR_FAULT}, with the output of --verbose"))

    def _check_file(self, target: Target) -> None:
        source = self._decoded(target.path.read_bytes(), target)
        if source is None:
            return
        engine = target.place.engine_for(target.path)
        if not self._repairs:
            self._show(engine, source, engine.check(source))
            return
        result = self._repaired(source, engine)
        if result.source is not source and self._request.diff:
            self._console.diff(source, result.source, os.path.relpath(target.path))
        elif result.changes:
            from patternlint.write import write

            try:
                for change in result.changes:
                    write(change.before.path, change.before.data, change.after.data)
            except PatternlintError as error:
                self._console.error(error)
                for change in result.changes:
                    engine.project.overlay(change.before)
                self._show(engine, source, engine.check(source))
                return
        self._fixed += len(result.applied)
        self._show(engine, result.source, result.remaining)

    @property
    def _repairs(self) -> bool:
        return self._request.fix or self._request.diff

    def _stdin_target(self) -> Target:
        path = absolute(self._request.stdin_filename or STDIN_NAME)
        return Target(path, self._workspace.of(path))

    def _check_stdin(self, target: Target) -> None:
        data = sys.stdin.buffer.read()
        left_out = bool(self._request.stdin_filename) and self._left_out(target.path, target.place)
        source = None if left_out else self._decoded(data, target)
        if source is None:
            if self._request.fix and not self._request.diff:
                self._console.raw(data)
            return
        engine = target.place.engine_for(target.path)
        engine.project.overlay(source)
        if not self._repairs:
            self._show(engine, source, engine.check(source))
            return
        result = self._repaired(source, engine)
        if self._request.diff:
            self._console.diff(source, result.source, self._request.stdin_filename or STDIN)
        else:
            self._console.raw(result.source.data)
        self._fixed += len(result.applied)
        self._show(engine, result.source, result.remaining)

    def _decoded(self, data: bytes, target: Target) -> Source | None:
        try:
            return Source(target.path, data)
        except DecodeError as error:
            settings = target.place.settings
            path = os.path.relpath(target.path, settings.root).replace(os.sep, "/")
            finding = Finding(
                NOT_PARSED, "cannot-be-parsed", error.message, path, error.row, 1, error.row, 1,
                help=error.remedy, why_not_fixed="not-parsed",
            )  # fmt: skip
            if Selection(settings).admits(finding):
                self._console.findings([Shown(finding, None, settings.root)])
            return None

    def _repaired(self, source: Source, engine: Engine) -> FixResult:
        from patternlint.fixer import fix

        result = fix(source, engine, unsafe=self._request.unsafe_fixes)
        for failure in result.failed:
            what = f"{source.path}:{failure.finding.row}: the fix of {failure.finding.code} was put back"
            self._console.error(PatternlintError(f"{what}: {failure.reason}", _OUR_FAULT))
        if not result.converged:
            what = f"{source.path}: the fixes do not come to an end, so the file was left as it was"
            self._console.error(PatternlintError(what, _OUR_FAULT))
        return result

    def _show(self, engine: Engine, source: Source, findings: Sequence[Finding]) -> None:
        root = engine.settings.root
        self._console.findings(
            [
                Shown(finding, source, root, _import_edits(finding, source, engine) if self._request.json else ())
                for finding in findings
            ]
        )


def _unreadable(path: str | Path, error: OSError) -> PatternlintError:
    return PatternlintError(f"{path}: cannot be read: {error.strerror or error}", "check the file and its permissions")


def _import_edits(finding: Finding, source: Source, engine: Engine) -> tuple[Edit, ...]:
    """The imports that a fix needs as edits, for tools that apply it themselves."""
    if finding.fix is None or not finding.fix.imports:
        return ()
    from patternlint.placement import import_edits

    return tuple(import_edits(engine.project.facts(source), finding.fix.imports))
