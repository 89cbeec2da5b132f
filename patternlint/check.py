"""The command ``check``: one run over paths, from the files to the report and the repaired files.

One bad file never stops a run. What is wrong with a file's content is a finding (PAT000); what is wrong with the file
itself (missing, unreadable, changed under our hands) is an error: said on standard error, and the exit status is 2.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from zlib import crc32

from patternlint.batch import Job, Outcome, fault, not_decoded, unreadable
from patternlint.checking import Checking, Target
from patternlint.errors import PatternlintError
from patternlint.finding import Finding
from patternlint.report.console import Console
from patternlint.report.shown import Shown, changes_of, fixable
from patternlint.selection import Selection
from patternlint.source import DecodeError, Source
from patternlint.workspace import STDIN_NAME, Workplace, absolute

if TYPE_CHECKING:
    from patternlint.engine import Engine
    from patternlint.fixing import Mended
    from patternlint.journal import TakenBack
    from patternlint.repairs import Journals, Proposal, Repairs
    from patternlint.user_command import UserCommand
    from patternlint.workers import Pool

T = TypeVar("T")

CLEAN, FOUND, FAILED = 0, 1, 2
MAX_ROUNDS = 10  # of fixes that make fixes in other files possible
STDIN = "-"


class Shard(NamedTuple):
    """A part of the files of a run: the `number`-th (from 1) of `parts`.

    Which one a file is in depends on its path in its project alone, so that runs on several machines share the work
    without talking to each other.
    """

    number: int = 1
    parts: int = 1

    def holds(self, path: str) -> bool:
        """Whether a file, by its path relative to the root, is in it."""
        return crc32(path.encode("utf-8", "surrogateescape")) % self.parts == self.number - 1


class Request(NamedTuple):
    """What the command line asks of a run, apart from settings and looks."""

    paths: tuple[str, ...] = (".",)
    fix: bool = False
    unsafe_fixes: bool = False
    diff: bool = False
    verify: UserCommand | None = None
    with_changes: bool = False  # the output tells what fixes change
    stdin_filename: str = ""
    exit_zero: bool = False
    exit_non_zero_on_fix: bool = False
    verbose: bool = False
    costs: bool = False
    shard: Shard = Shard()


class Mending(NamedTuple):
    """What came of each file when it was checked, and of those that had something to fix when that was done."""

    outcomes: dict[Target, Outcome]
    mended: dict[Target, Mended]


class Run:
    """One run.

    Args:
        request: what is asked.
        job: how a file is checked.
        console: shows the results.
        jobs: how many work at once.
        pool: makes those who work, if not processes of this machine.
    """

    def __init__(
        self, request: Request, job: Job, console: Console, *, jobs: int = 1, pool: Pool | None = None
    ) -> None:
        self._request = request
        self._workspace = job.workspace()
        self._console = console
        self._checking = Checking(job, jobs, pool, console.warning)
        self._fixed = 0

    def check(self) -> int:
        """Check everything, repair what is to be repaired, report; the exit status."""
        if STDIN in self._request.paths:
            self._guarded(self._stdin_target(), self._check_stdin)
        else:
            targets = self.targets()
            if not targets and not self._console.errors:
                self._console.warning("no Python files found under the given paths")
            if self._request.diff:
                self._show_diff(targets)
            elif self._request.fix:
                self._fix(targets)
            else:
                for target, outcome in self._outcomes(targets):
                    self._show_outcome(target, outcome)
        for place in self._workspace.workplaces():
            for selector in Selection(place.settings).without_effect():
                self._console.warning(f"selecting {selector} has no effect without --preview: its rules are preview")
        self._console.finish()
        return self._status()

    def _outcomes(self, targets: Sequence[Target]) -> Iterator[tuple[Target, Outcome]]:
        """What comes of each file that can be checked; of the others it is said what is wrong with them."""
        self._console.start(len(targets))
        outcomes = self._checking.outcomes(targets)
        for done, target in enumerate(targets):
            self._console.step(done, target.name)
            outcome = next(outcomes)
            if outcome.error is None:
                yield target, outcome
            else:
                self._say_fault(outcome.error, outcome.details)
        self._checking.keep(targets)
        if self._request.costs:
            self._console.costs(self._checking.costs(targets))

    def _show_outcome(self, target: Target, outcome: Outcome) -> None:
        if not outcome.findings:
            return
        data = outcome.data
        try:
            source = Source(outcome.path, outcome.path.read_bytes() if data is None else data)
        except (OSError, DecodeError):
            self._console.findings([Shown(finding, None, target.place.settings.root) for finding in outcome.findings])
        else:
            self._show(target.place, source, outcome.findings)

    # ---- repairs

    def _mend(self, targets: Sequence[Target], repairs: Repairs) -> Mending:
        """Fix each file that has something to fix; then those whose findings rest on what was fixed, till none is."""
        from patternlint.fixing import mend

        def mended(target: Target) -> Mended | None:
            source = self._decoded(repairs.read(target.path), target)
            if source is None:
                return None
            engine = target.place.engine_for(target.path)
            return mend(source, engine, repairs, self._console, unsafe=self._request.unsafe_fixes)

        mending = Mending(dict(self._outcomes(targets)), {})
        changed: dict[Target, Mended] = {}
        for target, outcome in mending.outcomes.items():
            has_fix = any(fixable(finding, unsafe=self._request.unsafe_fixes) for finding in outcome.findings)
            if has_fix and (result := self._guarded(target, mended)) is not None:
                mending.mended[target] = changed[target] = result
        for _ in range(MAX_ROUNDS):
            rest = list(self._resting_on(changed, mending))
            changed = {}
            for target in rest:
                if (result := self._guarded(target, mended)) is not None:
                    before = mending.mended.get(target)
                    mending.mended[target] = result if before is None else result.after(before)
                    changed[target] = result
        return mending

    def _resting_on(self, changed: Mapping[Target, Mended], mending: Mending) -> Iterator[Target]:
        """The files whose findings may be others now that these have changed."""
        from patternlint.fixing import resting_on

        for place in dict.fromkeys(target.place for target in changed):
            changes = [c for target, mended in changed.items() if target.place is place for c in mended.changes]
            reads = {
                target.name: reads
                for target, outcome in mending.outcomes.items()
                if target.place is place
                and not self._is_on_trial(mending.mended.get(target))
                and (reads := self._checking.reads(target, outcome))
            }
            for name in resting_on(changes, reads, place.engine.project) if changes else ():
                yield Target(name, place)

    def _is_on_trial(self, mended: Mended | None) -> bool:
        """Whether a file has fixes that are going to be tried out: a fix is known by its place in the text before."""
        return self._request.verify is not None and mended is not None and bool(mended.changes)

    def _show_mending(self, mending: Mending) -> None:
        for target, outcome in mending.outcomes.items():
            if (mended := mending.mended.get(target)) is None:
                self._show_outcome(target, outcome)
            else:
                self._show_mended(mended)

    def _show_mended(self, mended: Mended) -> None:
        self._fixed += len(mended.fixes)
        self._console.repaired(os.path.relpath(mended.source.path), (key.code for key in mended.fixes))
        self._show_in(mended.engine, mended.source, mended.remaining)

    def _show_diff(self, targets: Sequence[Target]) -> None:
        from patternlint.repairs import Proposal

        proposal = Proposal()
        self._show_mending(self._mend(targets, proposal))
        for _, before, after in proposal.changes():
            self._console.diff(before, after, os.path.relpath(after.path))

    def _fix(self, targets: Sequence[Target]) -> None:
        from patternlint.repairs import Journals, OnDisk, Proposal

        command = self._request.verify
        roots = {target.place.settings.root for target in targets}
        try:
            journals = Journals(roots, verify=command is not None, recovered=self._say_recovered)
        except PatternlintError as error:
            self._console.error(error)
            return
        try:
            if command is None:
                mending = self._mend(targets, OnDisk(journals, self._console.warning))
                journals.finish()
            else:
                proposal = Proposal(to_be_written=True)
                mending = self._try(command, journals, self._mend(targets, proposal), proposal)
            self._show_mending(mending)
        except PatternlintError as error:
            self._console.error(error)
        finally:
            journals.close()

    def _try(self, command: UserCommand, journals: Journals, mending: Mending, proposal: Proposal) -> Mending:
        from patternlint.trial import Rebuilding, Trial

        rebuilding = Rebuilding(list(mending.mended.values()), proposal, unsafe=self._request.unsafe_fixes)
        judged = False
        if not rebuilding.fixes:
            self._console.note("verify: there is nothing to fix, so the command was not run")
        else:
            try:
                verdict = Trial(command, journals, rebuilding, self._console).run()
                judged = True
                for (root, key), outcome in verdict.held_back:
                    place = f"{os.path.relpath(root / key.path)}:{key.line}"
                    how = f"{command.text!r} fails with the fix ({outcome.how})"
                    self._console.warning(f"{place}: {key.code} was not fixed: {how}: {key.message}")
                    self._console.details("\n".join(f"  {line}" for line in outcome.tail))
            except PatternlintError as error:
                self._console.error(error)
        now = {target: rebuilding.now(one, judged=judged) for target, one in mending.mended.items()}
        return mending._replace(mended=now)

    def _say_recovered(self, root: Path, taken: TakenBack) -> None:
        from patternlint.journal import KEPT

        if taken.restored:
            files = "1 file was" if len(taken.restored) == 1 else f"{len(taken.restored)} files were"
            self._console.warning(f"{root}: an earlier run was cut short: {files} put back as before it")
        for left in taken.left:
            what = f"{left.path}: was changed by a run that was cut short, and not put back: it {left.why}"
            self._console.error(PatternlintError(what, KEPT))

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
        targets: dict[str, Target] = {}
        for argument in self._request.paths:
            try:
                for target in self._targets_of(absolute(argument)):
                    targets.setdefault(target.name, target)
            except PatternlintError as error:
                self._console.error(error)
            except OSError as error:
                self._console.error(unreadable(argument, error))
        found = list(targets.values())
        if len(self._request.paths) > 1:  # the files of one folder are found in their order
            found.sort(key=lambda target: target.name.split(os.sep))
        shard = self._request.shard
        return found if shard.parts == 1 else [target for target in found if shard.holds(_in_project(target))]

    def _targets_of(self, path: Path) -> Iterator[Target]:
        if path.is_dir():
            outer = self._workspace.of(path)
            whole = path == outer.settings.root
            place, folder = outer, ""
            for name in outer.names if whole else outer.settings.discovery.names_in(path):
                if (here := os.path.dirname(name)) != folder:
                    place, folder = self._workspace.of_folder(here), here
                if place is outer or not place.settings.discovery.excludes(Path(name)):
                    yield Target(name, place)
        elif not os.path.lexists(path):
            raise PatternlintError(f"{path}: no such file or folder", "check the path")
        else:
            place = self._workspace.of(path)
            if not self._left_out(path, place):
                yield Target(os.fspath(path), place)

    def _left_out(self, path: Path, place: Workplace) -> bool:
        """Whether a file named outright is left out: only when asked."""
        return place.settings.force_exclude and self._workspace.excludes(path)

    def _guarded(self, target: Target, check: Callable[[Target], T]) -> T | None:
        """Check one file; what goes wrong is said."""
        try:
            return check(target)
        except BrokenPipeError:
            raise  # nobody reads on
        except Exception as error:  # the last barrier: one file must not stop the others
            self._say_fault(*fault(target.path, error))
        return None

    def _say_fault(self, error: PatternlintError, details: str) -> None:
        if details and self._request.verbose:
            self._console.details(details)
        self._console.error(error)

    def _stdin_target(self) -> Target:
        path = absolute(self._request.stdin_filename or STDIN_NAME)
        return Target(os.fspath(path), self._workspace.of(path))

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
        if not self._request.fix and not self._request.diff:
            self._show_in(engine, source, engine.check(source))
            return
        from patternlint.fixing import mend_alone

        mended = mend_alone(source, engine, self._console, unsafe=self._request.unsafe_fixes)
        if self._request.diff:
            self._console.diff(source, mended.source, self._request.stdin_filename or STDIN)
        else:
            self._console.raw(mended.source.data)
        self._show_mended(mended)

    def _decoded(self, data: bytes, target: Target) -> Source | None:
        try:
            return Source(target.path, data)
        except DecodeError as error:
            settings = target.place.settings
            finding = not_decoded(target.path, error, settings)
            if Selection(settings).admits(finding):
                self._console.findings([Shown(finding, None, settings.root)])
            return None

    def _show(self, place: Workplace, source: Source, findings: Sequence[Finding]) -> None:
        """Show what was found in a file; the engine is made only if the output needs it."""
        if self._request.with_changes:
            self._show_in(place.engine_for(source.path), source, findings)
        else:
            self._console.findings([Shown(finding, source, place.settings.root) for finding in findings])

    def _show_in(self, engine: Engine, source: Source, findings: Sequence[Finding]) -> None:
        root, project = engine.settings.root, engine.project
        self._console.findings(
            [
                Shown(finding, source, root, changes_of(finding, source, project) if self._request.with_changes else ())
                for finding in findings
            ]
        )


def _in_project(target: Target) -> str:
    return os.path.relpath(target.name, target.place.settings.root).replace(os.sep, "/")
