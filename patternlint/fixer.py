"""Applies fixes to a source: passes to a fix-point, and no change that does not pass verification.

In one pass all fixes that do not touch each other are spliced into the texts at once, so bytes outside an edit never
change; the others wait for the next pass. What a pass makes is verified, in every file that it changes; fixes that
spoil something are found by bisection, put back and reported, each with all its edits in all its files.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patternlint.bisection import largest_passing
from patternlint.engine import room
from patternlint.errors import PatternlintError
from patternlint.finding import Applicability, Edit, Finding, Import
from patternlint.placement import import_edits
from patternlint.source import Source
from patternlint.splicing import Moves, splice
from patternlint.verification import (
    Reading,
    Rewriting,
    Unfit,
    check_bytes,
    check_findings,
    check_round_trip,
    check_syntax,
    check_text,
    read,
)

if TYPE_CHECKING:
    from patternlint.engine import Engine
    from patternlint.facts import Module

MAX_PASSES = 10  # more only while each leaves fewer fixes than any before


class FixKey(NamedTuple):
    """Which fix of a file it is, in this run and in another one over the same text.

    `path` is the file of the finding, relative to the root; `line` the row in the text that the run began with.
    """

    path: str
    code: str
    message: str
    line: int


class Applied(NamedTuple):
    """A finding whose fix was applied, at its place in the text of the pass that fixed it."""

    finding: Finding
    key: FixKey


class Failure(NamedTuple):
    """A fix that was put back, and what it broke; `is_bug` is False where the file is to blame (its encoding, say)."""

    finding: Finding
    reason: str
    is_bug: bool = True


class Change(NamedTuple):
    """A file as it was and as the fixes leave it."""

    before: Source
    after: Source


class FixResult(NamedTuple):
    """What became of one source.

    `source` holds the fixed text (the very source given where nothing changed). `changes` are all files that the fixes
    changed, the one asked for first: they belong on disk together or not at all. `applied` are the fixes in them,
    `failed` those put back. `remaining` are the findings of the source's text. `converged` is False where fixes went on
    producing work for each other: then nothing is changed.
    """

    source: Source
    changes: tuple[Change, ...]
    applied: tuple[Applied, ...]
    failed: tuple[Failure, ...]
    remaining: tuple[Finding, ...]
    converged: bool


def fix(source: Source, engine: Engine, *, unsafe: bool = False, only: Collection[FixKey] | None = None) -> FixResult:
    """Apply every fix that may be applied.

    Args:
        source: the text to repair; nothing is written anywhere.
        engine: finds what is to be repaired. Its project sees the fixed texts from now on.
        unsafe: whether unsafe fixes are applied, too.
        only: no fixes but these; None for all. With those that were applied it gives the same texts again.
    """
    least = Applicability.UNSAFE if unsafe else Applicability.SAFE
    findings = tuple(engine.check(source))
    if not any(_is_wanted(f, least) for f in findings):
        return FixResult(source, (), (), (), findings, True)
    return _Repair(source, findings, engine, least).run(only)


def without_fix(finding: Finding, reason: str) -> Finding:
    """A finding whose fix turned out not to be one, and why."""
    return finding._replace(fix=None, why_not_fixed=reason)


def _is_wanted(finding: Finding, least: Applicability) -> bool:
    return finding.fix is not None and finding.fix.applicability >= least


class _State(NamedTuple):
    """One file at one moment: its text, what verification read of it and what is found in it."""

    source: Source
    reading: Reading
    findings: tuple[Finding, ...]


class _Repair:
    """One run of :func:`fix` over one source and what its fixes reach."""

    def __init__(self, source: Source, findings: tuple[Finding, ...], engine: Engine, least: Applicability) -> None:
        self._path = source.path
        self._original = source
        self._first_findings = findings
        self._engine = engine
        self._project = engine.project
        self._least = least
        self._originals: dict[Path, Source] = {source.path: source}
        self._now: dict[Path, _State] = {}
        self._moves: list[Moves] = []  # of the file asked for, pass by pass

    def run(self, only: Collection[FixKey] | None) -> FixResult:
        applied: list[Applied] = []
        failed: dict[FixKey, Failure] = {}
        seen: set[frozenset[tuple[Path, str]]] = {frozenset()}
        findings, passes, fewest = self._first_findings, 0, 0
        while True:
            keys = {f: self._key(f) for f in findings}
            wanted = [
                f
                for f in findings
                if _is_wanted(f, self._least) and (only is None or keys[f] in only) and keys[f] not in failed
            ]
            if not wanted:
                remaining = tuple(without_fix(f, "fix-failed") if keys[f] in failed else f for f in findings)
                return self._result(applied, failed, remaining)
            if passes >= MAX_PASSES and len(wanted) >= fewest:
                break
            fewest = min(fewest, len(wanted)) if passes else len(wanted)
            passes += 1
            done, spoilt = self._pass(self._disjoint(wanted))
            if not done:
                failed.update((keys[f.finding], f) for f in spoilt)
                continue
            failed.clear()  # what spoilt something may do well beside a fix that waits: two moves of one import, say
            if (made := self._difference()) in seen:
                break
            seen.add(made)
            applied += (Applied(f, keys[f]) for f in done)
            findings = self._now[self._path].findings
        self._show(self._originals)
        return FixResult(self._original, (), (), tuple(failed.values()), self._first_findings, False)

    def _result(
        self, applied: list[Applied], failed: Mapping[FixKey, Failure], findings: tuple[Finding, ...]
    ) -> FixResult:
        changes = tuple(
            Change(before, self._now[path].source)
            for path, before in self._originals.items()
            if path in self._now and self._now[path].source.data != before.data
        )
        source = next((c.after for c in changes if c.before is self._original), self._original)
        return FixResult(source, changes, tuple(applied), tuple(failed.values()), findings, True)

    def _difference(self) -> frozenset[tuple[Path, str]]:
        """What has changed so far."""
        now = ((path, self._now[path].source.text) for path in self._originals if path in self._now)
        return frozenset((path, text) for path, text in now if text != self._originals[path].text)

    def _key(self, finding: Finding) -> FixKey:
        source = self._now[self._path].source if self._path in self._now else self._original
        offset = source.line_start(finding.row) + finding.column - 1
        for step in reversed(self._moves):
            offset = step.old(offset)
        return FixKey(finding.path, finding.code, finding.message, self._original.position(offset)[0])

    # ---- one pass

    def _pass(self, wanted: Sequence[Finding]) -> tuple[list[Finding], list[Failure]]:
        """Apply the fixes that pass verification together; they, and those that do not."""
        reasons: dict[Finding, Unfit] = {}
        made: dict[Path, _State] = {}
        moves = Moves(())

        def passes(findings: list[Finding]) -> bool:
            nonlocal made, moves
            try:
                made, moves = self._attempt(findings)
            except Unfit as fault:
                reasons[findings[-1]] = fault
                self._show(self._originals | {path: state.source for path, state in self._now.items()})
                return False
            return True

        kept, bad = largest_passing(wanted, passes)
        self._now.update(made)
        self._show({path: state.source for path, state in made.items()})
        if kept:
            self._moves.append(moves)
        return kept, [Failure(f, reasons[f].reason, reasons[f].is_bug) for f in bad]

    def _attempt(self, findings: list[Finding]) -> tuple[dict[Path, _State], Moves]:
        """The files as these fixes make them, verified, and where characters of the file asked for go.

        Raises:
            Unfit: they spoil something.
        """
        changes: dict[Path, Rewriting] = {}
        modules: list[Module] = []
        with room():
            for path, parts in self._by_file(findings).items():
                changes[path], module = self._rewritten(path, parts)
                modules.append(module)
                check_text(changes[path])
        if all(c.old.source.text == c.new.source.text for c in changes.values()):
            raise Unfit("it changes nothing")
        self._show({path: state.source for path, state in self._now.items() if path not in changes})
        for module in modules:
            self._project.overlay(module.source, module)
        made = {path: self._checked(path, change, findings) for path, change in changes.items()}
        return made, changes[self._path].moves if self._path in changes else Moves(())

    def _rewritten(self, path: Path, parts: list[_Part]) -> tuple[Rewriting, Module]:
        """One file with the parts of the fixes that are about it."""
        old = self._state(path).source
        edits = import_edits(self._project.facts(old), [i for part in parts for i in part.imports])
        moves = Moves([*edits, *(e for part in parts for e in part.edits)])
        if moves.overlap:
            raise Unfit("its edits are about the same text")
        text = splice(old.text, moves.edits)
        try:
            new = Source(path, old.encode(text))
        except UnicodeEncodeError as error:
            character = error.object[error.start : error.start + 1]
            raise Unfit(f"the file's encoding {old.encoding} cannot write {character!r}", is_bug=False) from None
        except PatternlintError as error:
            raise Unfit(f"the result cannot be read: {error}") from None
        check_syntax(old, new, self._engine.settings.target_version)
        module = self._project.facts(new)
        names = frozenset(name for part in parts for name in part.names)
        rewrites = tuple(comment for part in parts for comment in part.rewrites)
        return Rewriting(self._state(path).reading, read(module), moves, names, rewrites), module

    def _checked(self, path: Path, change: Rewriting, findings: list[Finding]) -> _State:
        """A rewritten file with what is found in it; the project shows it already."""
        here = path == self._path
        after = tuple(self._engine.check(change.new.source))
        left = [f for f in after if not (here and _is_wanted(f, self._least))]
        check_findings(change, self._state(path).findings, left, findings if here else ())
        check_bytes(change)
        return _State(change.new.source, change.new, after)

    def _state(self, path: Path) -> _State:
        """A file as it is by now.

        Raises:
            Unfit: it cannot be read, or could not be written back.
        """
        if path not in self._now:
            module = self._project.facts(self._original) if path == self._path else self._project.module_at(path)
            if module is None:
                raise Unfit(f"{self._project.relpath(path)} cannot be read", is_bug=False)
            if path != self._path and path not in self._project.files:
                raise Unfit(f"{self._project.relpath(path)} is no file of the project", is_bug=False)
            source = self._originals.setdefault(path, module.source)
            check_round_trip(source)
            with room():
                reading = read(module)
            findings = self._first_findings if path == self._path else tuple(self._engine.check(source))
            self._now[path] = _State(source, reading, findings)
        return self._now[path]

    def _show(self, sources: Mapping[Path, Source]) -> None:
        """Let the project see these texts."""
        for path, source in sources.items():
            if self._project.source_at(path) is not source:
                self._project.overlay(source)

    # ---- the files of a fix

    def _by_file(self, findings: Iterable[Finding]) -> dict[Path, list[_Part]]:
        """What the fixes change, file by file, the one asked for first."""
        parts: dict[Path, list[_Part]] = {self._path: []}
        for finding in findings:
            for path, part in self._parts(finding):
                parts.setdefault(path, []).append(part)
        return {path: of_file for path, of_file in parts.items() if of_file}

    def _parts(self, finding: Finding) -> Iterator[tuple[Path, _Part]]:
        """What the fix of a finding changes in each of its files."""
        fix = finding.fix
        if fix is not None:
            yield self._path, _Part(fix.edits, fix.imports, fix.binds, fix.rewrites)
            for file in fix.elsewhere:
                yield self._project.root / file.path, _Part(file.edits, file.imports)

    def _disjoint(self, findings: Sequence[Finding]) -> list[Finding]:
        """The first findings in order whose fixes do not get in each other's way."""
        chosen: list[Finding] = []
        taken: dict[Path, _Part] = {}
        for finding in findings:
            parts = [(path, part) for path, part in self._parts(finding) if part.edits or part.imports]
            if any(self._clash(path, part, taken[path]) for path, part in parts if path in taken):
                continue
            chosen.append(finding)
            for path, part in parts:
                taken[path] = taken[path].and_(part) if path in taken else part
        return chosen

    def _clash(self, path: Path, one: _Part, other: _Part) -> bool:
        return bool(
            one.binds & other.binds
            or any(a[:3] == b[:3] and a != b for a in one.imports for b in other.imports)
            or any(_touch(a, b) for a in one.edits for b in other.edits)
            or any(_overlap(a, b) for a in one.edits for b in self._import_edits(path, other.imports))
            or any(_overlap(a, b) for a in other.edits for b in self._import_edits(path, one.imports))
        )

    def _import_edits(self, path: Path, imports: tuple[Import, ...]) -> list[Edit]:
        if not imports:
            return []
        try:
            return import_edits(self._project.facts(self._state(path).source), imports)
        except Unfit:
            return []  # that is said when the fix is tried


class _Part(NamedTuple):
    """What one or several fixes do to one file.

    `binds` are the names that they chose for it, `rewrites` the comments that they mean to change.
    """

    edits: tuple[Edit, ...]
    imports: tuple[Import, ...]
    binds: frozenset[str] = frozenset()
    rewrites: tuple[str, ...] = ()

    @property
    def names(self) -> frozenset[str]:
        """The names that come into the file."""
        return self.binds | {i.alias or i.name or i.module.split(".")[0] for i in self.imports}

    def and_(self, other: _Part) -> _Part:
        """Both."""
        return _Part(
            self.edits + other.edits, self.imports + other.imports, self.binds | other.binds,
            self.rewrites + other.rewrites,
        )  # fmt: skip


def _touch(a: Edit, b: Edit) -> bool:
    if a.start == a.end == b.start == b.end:
        return a.text == b.text  # both insert here, one after the other; the same text would be taken for one
    if a == b and not a.text:
        return False  # both take the same code out
    return a.start <= b.end and b.start <= a.end


def _overlap(a: Edit, b: Edit) -> bool:
    return a.start < b.end and b.start < a.end
