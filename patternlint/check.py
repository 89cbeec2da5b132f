"""The command ``check``: one run over paths, from the files to the report and the repaired files.

One bad file never stops a run. What is wrong with a file's content is a finding (PAT000); what is wrong with the file
itself (missing, unreadable, changed under our hands) is an error: said on standard error, and the exit status is 2.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from patternlint.batch import Job, Outcome, fault, not_decoded
from patternlint.checking import Checking, Target
from patternlint.errors import PatternlintError
from patternlint.finding import Finding
from patternlint.report.console import Console
from patternlint.report.shown import Shown, changes_of, fixable
from patternlint.selection import TOOL_RULES, Selection
from patternlint.source import DecodeError, Source
from patternlint.targets import Shard, Targets
from patternlint.workspace import STDIN_NAME, Workplace, absolute

if TYPE_CHECKING:
    from patternlint.baseline import Baseline
    from patternlint.engine import Engine
    from patternlint.fixing import Mended
    from patternlint.journal import TakenBack
    from patternlint.repairs import Journals, Proposal, Repairs
    from patternlint.user_command import UserCommand
    from patternlint.workers import Pool

T = TypeVar("T")

CLEAN, FOUND, FAILED = 0, 1, 2
MAX_ROUNDS = 10  # of fixes that make fixes in other files possible
MOST_STALE = 10  # entries of a baseline that are named
STDIN = "-"
_OF_THE_TOOL = frozenset(rule.code for rule in TOOL_RULES)  # no comment can take responsibility for these


class Sieve(Protocol):
    """Knows which findings of a file are to be reported: those that are new, in one way or another."""

    def new(self, findings: Sequence[Finding], source: Source | None, root: Path) -> list[Finding]:
        """Those of them; all findings of one file of the project at `root` are given, more than once for some."""
        ...


class Request(NamedTuple):
    """What the command line asks of a run, apart from settings and looks."""

    paths: tuple[str, ...] = (".",)
    fix: bool = False
    unsafe_fixes: bool = False
    diff: bool = False
    verify: UserCommand | None = None
    with_changes: bool = False  # the output tells what fixes change
    with_suppressed: bool = False  # the output has suppressed findings, too
    fix_only: bool = False
    add_noqa: bool = False
    baseline: Baseline | None = None
    diff_base: str = ""
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
        self._targets = Targets(self._workspace, console.error)
        self._checking = Checking(job, jobs, pool, console.warning)
        self._fixed = 0
        self._sieves: list[Sieve] = []

    def check(self) -> int:
        """Check everything, repair what is to be repaired, report; the exit status."""
        targets: list[Target] = []
        if STDIN in self._request.paths:
            target = self._stdin_target()
            self._begin([target])
            self._guarded(target, self._check_stdin)
        else:
            targets = self.targets()
            if not targets and not self._console.errors:
                self._console.warning("no Python files found under the given paths")
            self._begin(targets)
            if self._request.diff:
                self._show_diff(targets)
            elif self._request.fix or self._request.add_noqa:
                try:
                    (self._fix if self._request.fix else self._acknowledge)(targets)
                except PatternlintError as error:
                    self._console.error(error)
            else:
                for target, source, findings in self.found(targets):
                    self._show(target.place, source, findings)
        for place in self._workspace.workplaces():
            for selector in Selection(place.settings).without_effect():
                self._console.warning(f"selecting {selector} has no effect without --preview: its rules are preview")
        self._say_known(targets)
        self._console.finish()
        return self._status()

    def _begin(self, targets: Sequence[Target]) -> None:
        """Find out what is not to be reported of the files.

        Raises:
            PatternlintError: that cannot be told.
        """
        if self._request.baseline is not None:
            self._sieves.append(self._request.baseline)
        if self._request.diff_base:
            from patternlint.changed_lines import ChangedLines

            roots = dict.fromkeys(target.place.settings.root for target in targets)
            self._sieves.append(ChangedLines(self._request.diff_base, roots))

    def _say_known(self, targets: Sequence[Target]) -> None:
        """Say how much of the baseline there still is."""
        if (baseline := self._request.baseline) is None:
            return
        from patternlint.baseline import counted

        name = os.path.relpath(baseline.path)
        if number := baseline.left_out:
            self._console.note(f"{name}: {number} known finding{'' if number == 1 else 's'} left out")
        if self._console.errors:
            return  # what could not be looked at may well be there
        if stale := counted(baseline.stale(targets, self._request.paths)):
            more = f"; and {len(stale) - MOST_STALE} more" if len(stale) > MOST_STALE else ""
            self._console.warning(f"{name} knows what is no longer found: {'; '.join(stale[:MOST_STALE])}{more}")
            self._console.note(f"help: `patternlint baseline --prune --baseline {name}` takes it out")

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

    def found(self, targets: Sequence[Target]) -> Iterator[tuple[Target, Source | None, list[Finding]]]:
        """What is to be reported of each file, with its source where that can be read."""
        for target, outcome in self._outcomes(targets):
            yield target, *self._to_report(target, outcome)

    def _to_report(self, target: Target, outcome: Outcome) -> tuple[Source | None, list[Finding]]:
        if not outcome.findings and not self._request.with_suppressed:
            return None, []
        data, source = outcome.data, None
        with suppress(OSError, DecodeError):
            source = Source(outcome.path, outcome.path.read_bytes() if data is None else data)
        return source, self._new(outcome.findings, source, target.place.settings.root)

    def _new(self, findings: Sequence[Finding], source: Source | None, root: Path) -> list[Finding]:
        for sieve in self._sieves if findings else ():
            findings = sieve.new(findings, source, root)
        return list(findings)

    # ---- repairs

    def _mend(self, targets: Sequence[Target], repairs: Repairs) -> Mending:
        """Fix each file that has something to fix; then those whose findings rest on what was fixed, till none is."""
        from patternlint.fixing import mend

        def mended(target: Target) -> Mended | None:
            source = self._decoded(repairs.read(target.path), target)
            if source is None:
                return None
            engine = target.place.engine_for(target.path)
            return mend(source, engine, repairs, self._console, unsafe=self._request.unsafe_fixes, new=self._sifting)

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
                self._show(target.place, *self._to_report(target, outcome))
            else:
                self._show_mended(mended)

    def _show_mended(self, mended: Mended) -> None:
        self._fixed += len(mended.fixes)
        self._console.repaired(os.path.relpath(mended.source.path), (key.code for key in mended.fixes))
        root = mended.engine.settings.root
        self._show_in(mended.engine, mended.source, self._new(mended.remaining, mended.source, root))

    def _show_diff(self, targets: Sequence[Target]) -> None:
        from patternlint.repairs import Proposal

        proposal = Proposal()
        self._show_mending(self._mend(targets, proposal))
        for _, before, after in proposal.changes():
            self._console.diff(before, after, os.path.relpath(after.path))

    def _fix(self, targets: Sequence[Target]) -> None:
        from patternlint.repairs import OnDisk, Proposal

        command = self._request.verify
        with self._journals(targets) as journals:
            if command is None:
                mending = self._mend(targets, OnDisk(journals, self._console.warning))
                journals.finish()
            else:
                proposal = Proposal(to_be_written=True)
                mending = self._try(command, journals, self._mend(targets, proposal), proposal)
            self._show_mending(mending)

    def _acknowledge(self, targets: Sequence[Target]) -> None:
        """Write a comment at each finding."""
        from patternlint.acknowledgement import acknowledged
        from patternlint.fixer import Change
        from patternlint.repairs import OnDisk

        added = 0
        with self._journals(targets) as journals:
            repairs = OnDisk(journals, self._console.warning)
            for target, source, findings in list(self.found(targets)):
                findings = [finding for finding in findings if finding.code not in _OF_THE_TOOL]
                if source is None or not findings:
                    continue
                settings = target.place.settings
                try:
                    if settings.require_reason:
                        what = f"{target.name}: --add-noqa gives no reasons, which require-reason asks for"
                        raise PatternlintError(what, "write the comments by hand, or a baseline")
                    repairs.take(settings.root, [Change(source, acknowledged(source, findings))])
                    added += len(findings)
                except PatternlintError as error:
                    self._console.error(error)
            journals.finish()
        self._console.note(f"Added {added} noqa comment{'' if added == 1 else 's'}.")

    @contextmanager
    def _journals(self, targets: Sequence[Target]) -> Iterator[Journals]:
        """The journals of the files' projects, while those are changed.

        Raises:
            PatternlintError: one of them cannot be changed now.
        """
        from patternlint.repairs import Journals

        roots = {target.place.settings.root for target in targets}
        journals = Journals(roots, verify=self._request.verify is not None, recovered=self._say_recovered)
        try:
            yield journals
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
        """The files that the arguments stand for, each once, by path; what is wrong with an argument is said."""
        return self._targets.of(self._request.paths, self._request.shard)

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
        left_out = bool(self._request.stdin_filename) and self._targets.leave_out(target.path, target.place)
        source = None if left_out else self._decoded(data, target)
        if source is None:
            if self._request.fix and not self._request.diff:
                self._console.raw(data)
            return
        engine = target.place.engine_for(target.path)
        engine.project.overlay(source)
        if not self._request.fix and not self._request.diff:
            self._show_in(engine, source, self._new(engine.check(source), source, engine.settings.root))
            return
        from patternlint.fixing import mend_alone

        mended = mend_alone(source, engine, self._console, unsafe=self._request.unsafe_fixes, new=self._sifting)
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
                self._show(target.place, None, self._new([finding], None, settings.root))
            return None

    @property
    def _sifting(self) -> Callable[[Sequence[Finding], Source | None, Path], list[Finding]] | None:
        """What tells which findings may be fixed, where not all may."""
        return self._new if self._sieves else None

    def _show(self, place: Workplace, source: Source | None, findings: Sequence[Finding]) -> None:
        """Show what was found in a file; the engine is made only if the output needs it."""
        asked = self._request
        if not findings and not asked.with_suppressed:
            return
        if source is not None and (asked.with_changes or asked.with_suppressed):
            self._show_in(place.engine_for(source.path), source, findings)
        elif not self._request.fix_only:
            self._console.findings([Shown(finding, source, place.settings.root) for finding in findings])

    def _show_in(self, engine: Engine, source: Source, findings: Sequence[Finding]) -> None:
        if self._request.fix_only:
            return
        root, project = engine.settings.root, engine.project
        shown = [
            Shown(finding, source, root, changes_of(finding, source, project) if self._request.with_changes else ())
            for finding in findings
        ]
        if self._request.with_suppressed:
            shown += [Shown(finding, source, root, suppressed="inSource") for finding in engine.suppressed(source)]
            every = engine.check(source) if self._request.baseline is not None else ()
            known = [finding for finding in every if finding not in findings]
            shown += [Shown(finding, source, root, suppressed="external") for finding in known]
            shown.sort(key=lambda one: (one.finding.row, one.finding.column))
        self._console.findings(shown)
