"""``--verify``: fixes stay only if the user's own command still passes with them.

All fixes are written, and the command runs once; that is all where it passes. Where it fails, and passes on the files
as they were, bisection looks for the fixes at fault: each state that is tried is on disk, built anew from the originals
with a part of the fixes. What cannot be decided (the command fails without fixes, too, or is killed) and what breaks
off the trial puts every file back; a trial that is killed itself is put back by the next call, from the journal.

An interpreter takes a ``.pyc`` for fresh by the whole second of its source's time and the source's size. States follow
each other faster than that, so no two contents of a file ever get the same second here.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patternlint.bisection import largest_passing
from patternlint.ending import ending_in_order, undisturbed
from patternlint.errors import PatternlintError
from patternlint.fixer import FixKey, fix, without_fix
from patternlint.fixing import Mended, withdraw
from patternlint.journal import KEPT, TakenBack
from patternlint.journal_file import digest
from patternlint.repairs import Journals, Proposal
from patternlint.report.shown import fixable
from patternlint.source import Source
from patternlint.user_command import Outcome, UserCommand
from patternlint.write import Replacement

if TYPE_CHECKING:
    from patternlint.report.console import Console

_NANO = 1_000_000_000


class Tried(NamedTuple):
    """A fix that is on trial: the project's folder, and which fix it is there."""

    root: Path
    key: FixKey


class HeldBack(NamedTuple):
    """A fix that the command fails with, and how."""

    fix: Tried
    outcome: Outcome


class Verdict(NamedTuple):
    """The fixes that stay, now on disk, and the others, of which nothing is."""

    kept: tuple[Tried, ...]
    held_back: tuple[HeldBack, ...]


class Rebuilding:
    """Builds the changes of a run anew from the files as they were, with a part of the fixes.

    Args:
        mended: the files of the run, in their order.
        proposal: their changes with all fixes.
        unsafe: as in the run.
    """

    def __init__(self, mended: Sequence[Mended], proposal: Proposal, *, unsafe: bool) -> None:
        self.proposal = proposal
        self._all = [m for m in mended if m.fixes]
        self._unsafe = unsafe
        self._now = self._all

    @property
    def fixes(self) -> list[Tried]:
        """All of them, in the order of their files."""
        return [Tried(m.engine.settings.root, key) for m in self._all for key in m.fixes]

    def with_only(self, fixes: Sequence[Tried]) -> Proposal:
        """The changes with these fixes and no others."""
        for mended in reversed(self._now):
            withdraw(mended.changes, mended.engine)
        proposal = self.proposal.again()
        self._now = []
        for mended in self._all:
            engine, path = mended.engine, mended.source.path
            only = {fix.key for fix in fixes if fix.root == engine.settings.root} & set(mended.fixes)
            if not only:
                continue
            if only == set(mended.fixes) and all(proposal.read(c.before.path) == c.before.data for c in mended.changes):
                for change in mended.changes:
                    engine.project.overlay(change.after)
            else:
                source = Source(path, proposal.read(path))
                mended = Mended.of(engine, fix(source, engine, unsafe=self._unsafe, only=only))
            proposal.take(engine.settings.root, mended.changes)
            self._now.append(mended)
        return proposal

    def now(self, mended: Mended, *, judged: bool) -> Mended:
        """What became of a file of the run in the changes that were built last.

        Args:
            mended: the file with all of its fixes.
            judged: whether it is the command that the missing ones failed.
        """
        found = next((m for m in self._now if m.source.path == mended.source.path), None)
        if found is None and not mended.fixes:
            return mended
        if found is None:
            source = Source(mended.source.path, self.proposal.again().read(mended.source.path))
            found = Mended(mended.engine, source, mended.engine.check(source))
        if not judged:
            return found
        # what can be fixed and was not is what the command fails with
        held_back = (without_fix(f, "held-back") if fixable(f, unsafe=self._unsafe) else f for f in found.remaining)
        return found._replace(remaining=tuple(held_back))


class Trial:
    """One trial.

    Args:
        command: says whether the code works.
        journals: of the projects that are changed.
        rebuilding: knows the fixes, and the changes with a part of them.
        console: shows how far it is.
    """

    def __init__(self, command: UserCommand, journals: Journals, rebuilding: Rebuilding, console: Console) -> None:
        self._command = command
        self._journals = journals
        self._rebuilding = rebuilding
        self._console = console
        self._disk = Disk(journals)
        self._total = len(rebuilding.fixes)
        self._runs = 0
        self._outcomes: dict[frozenset[tuple[Path, str]], Outcome] = {}
        self._failures: list[tuple[list[Tried], Outcome]] = []

    def run(self) -> Verdict:
        """Find out which fixes may stay, and leave those on disk.

        Raises:
            PatternlintError: it cannot be decided. Everything is as it was.
        """
        try:
            with ending_in_order():
                verdict = self._decide()
                if verdict.kept:
                    self._journals.finish()
                else:
                    self._journals.abandon()
                return verdict
        except BaseException as error:
            with undisturbed():
                taken = self._journals.abandon()
                self._rebuilding.with_only([])
            self._report(taken, interrupted=not isinstance(error, PatternlintError))
            raise

    def _decide(self) -> Verdict:
        fixes = self._rebuilding.fixes
        if self._tried(fixes, self._rebuilding.proposal).passed:
            return Verdict(tuple(fixes), ())
        original = self._tried([], Proposal())
        if not original.passed:
            self._console.details("\n".join(original.tail))
            what = f"--verify: {self._command.text!r} fails on the files as they were, too ({original.how})"
            first = "give it more time with --verify-timeout" if original.timed_out else "make it pass first"
            raise PatternlintError(what, f"{first}; all files are as they were")
        kept, bad = largest_passing(fixes, self._passes)
        self._disk.put(self._rebuilding.with_only(kept))
        return Verdict(tuple(kept), tuple(HeldBack(fix, self._blame(fix)) for fix in bad))

    def _passes(self, fixes: list[Tried]) -> bool:
        return self._tried(fixes, self._rebuilding.with_only(fixes)).passed

    def _tried(self, fixes: Sequence[Tried], proposal: Proposal) -> Outcome:
        state = frozenset((after.path, digest(after.data)) for _, _, after in proposal.changes())
        if state not in self._outcomes:
            self._disk.put(proposal)
            self._outcomes[state] = self._run(len(fixes))
        outcome = self._outcomes[state]
        if not outcome.passed:
            self._failures.append((list(fixes), outcome))
        return outcome

    def _run(self, count: int) -> Outcome:
        self._runs += 1
        which = "without fixes" if count == 0 else f"with {count} of {_fixes(self._total)}"
        which = f"with {_fixes(count)}" if count == self._total else which
        with self._console.working(f"verify: run {self._runs}, {which}: ") as done:
            started = time.monotonic()
            outcome = self._command.run()
            seconds = f"{time.monotonic() - started:.1f} s"
            done(f"passed ({seconds})" if outcome.passed else f"failed ({outcome.how}, {seconds})")
        if outcome.killed:
            self._console.details("\n".join(outcome.tail))
            what = f"--verify: {self._command.text!r} was {outcome.how}, so nothing can be said of the fixes"
            raise PatternlintError(what, "run again; all files are as they were")
        return outcome

    def _blame(self, fix: Tried) -> Outcome:
        """The failed run that says most about a fix: the one with the fewest others."""
        return min((len(fixes), i, o) for i, (fixes, o) in enumerate(self._failures) if fix in fixes)[2]

    def _report(self, taken: TakenBack, *, interrupted: bool) -> None:
        if interrupted and taken.restored:
            self._console.warning(f"--verify did not come to its end: {_files(len(taken.restored))} put back")
        for left in taken.left:
            self._console.error(PatternlintError(f"{left.path}: was not put back: {left.why}", KEPT))


class Disk:
    """The files on trial as they are on disk."""

    def __init__(self, journals: Journals) -> None:
        self._journals = journals
        self._clock = _Clock()
        self._roots: dict[Path, Path] = {}
        self._before: dict[Path, bytes] = {}
        self._now: dict[Path, bytes] = {}

    def put(self, proposal: Proposal) -> None:
        """Bring the files to the proposed state: what it does not change is as it was in the beginning."""
        wanted: dict[Path, bytes] = {}
        for root, before, after in proposal.changes():
            wanted[after.path] = after.data
            if after.path not in self._before:
                self._roots[after.path] = root
                self._before[after.path] = self._now[after.path] = before.data
                self._clock.begin(after.path, before.data)
        steps: dict[Path, list[Replacement]] = {}
        for path, now in self._now.items():
            target = wanted.get(path, self._before[path])
            if target != now:
                time_ns = self._clock.time_of(path, target)
                steps.setdefault(self._roots[path], []).append(Replacement(path, now, target, None, time_ns))
        for root, replacements in steps.items():
            journal = self._journals.of(root)
            assert journal is not None  # there is no trial without
            journal.write(replacements)
            self._now.update((r.path, r.after) for r in replacements)


class _Clock:
    """Times for contents of files: each of a file's contents has a second of its own, and the same one every time."""

    def __init__(self) -> None:
        self._times: dict[tuple[Path, bytes], int] = {}
        self._latest: dict[Path, int] = {}

    def begin(self, path: Path, content: bytes) -> None:
        """The file is as it was: its time goes with that."""
        time_ns = os.stat(path).st_mtime_ns
        self._times[path, content] = time_ns
        self._latest[path] = time_ns // _NANO

    def time_of(self, path: Path, content: bytes) -> int:
        """The time, in nanoseconds, that the file gets with this content."""
        if (path, content) not in self._times:
            self._latest[path] = max(int(time.time()), self._latest[path] + 1)
            self._times[path, content] = self._latest[path] * _NANO
        return self._times[path, content]


def _fixes(count: int) -> str:
    return f"{count} fix{'' if count == 1 else 'es'}"


def _files(count: int) -> str:
    return f"{count} file{' was' if count == 1 else 's were'}"
