"""Applies fixes to a source: passes to a fix-point, and no change that does not pass verification.

In one pass all fixes that do not touch each other are spliced into the text at once, so bytes outside an edit never
change; the others wait for the next pass. After each pass the text must parse, keep every comment, read no name that
it did not read before and bind nowhere, and have no new finding; a fix that spoils one of these is put back and
reported.
"""

from __future__ import annotations

import ast
import builtins
import symtable
import warnings
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from patternlint.bisection import largest_passing
from patternlint.finding import Applicability, Edit, Finding
from patternlint.placement import import_edits
from patternlint.source import Source
from patternlint.splicing import Moves, splice

if TYPE_CHECKING:
    from patternlint.engine import Engine
    from patternlint.facts import Module

MAX_PASSES = 10


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
    """A fix that was put back, and what it broke."""

    finding: Finding
    reason: str


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
        engine: finds what is to be repaired. Its project sees the fixed text from now on.
        unsafe: whether unsafe fixes are applied, too.
        only: no fixes but these; None for all. With those that were applied it gives the same text again.
    """
    least = Applicability.UNSAFE if unsafe else Applicability.SAFE
    applied: list[Applied] = []
    failed: dict[FixKey, Failure] = {}
    original, findings = source, engine.check(source)
    first_findings = tuple(findings)
    moves: list[Moves] = []
    seen = {source.text}
    for _ in range(MAX_PASSES):
        keys = {f: FixKey(f.path, f.code, f.message, _first_row(f, original, source, moves)) for f in findings}
        wanted = [
            f
            for f in findings
            if f.fix is not None
            and f.fix.applicability >= least
            and (only is None or keys[f] in only)
            and keys[f] not in failed
        ]
        if not wanted:
            changes = () if source is original else (Change(original, source),)
            return FixResult(source, changes, tuple(applied), tuple(failed.values()), tuple(findings), True)
        done, spoilt = _one_pass(source, engine, findings, _disjoint(wanted), least)
        failed.update((keys[f.finding], f) for f in spoilt)
        moves.append(Moves(edits_of(engine.project.facts(source), done)))
        changed = apply(source, moves[-1].edits)
        engine.project.overlay(changed)
        if changed.text in seen:
            if done:
                break
            continue
        seen.add(changed.text)
        applied += (Applied(f, keys[f]) for f in done)
        source = changed
        findings = engine.check(source)
    engine.project.overlay(original)
    return FixResult(original, (), (), tuple(failed.values()), first_findings, False)


def _first_row(finding: Finding, original: Source, source: Source, moves: Sequence[Moves]) -> int:
    """The row in the text that the run began with."""
    offset = source.line_start(finding.row) + finding.column - 1
    for step in reversed(moves):
        offset = step.old(offset)
    return original.position(offset)[0]


def _disjoint(findings: Sequence[Finding]) -> list[Finding]:
    """The first findings in order whose fixes do not get in each other's way."""
    chosen: list[Finding] = []
    edits: list[Edit] = []
    names: set[str] = set()
    for finding in findings:
        fix = finding.fix
        if fix is None or fix.binds & names or any(_touch(a, b) for a in fix.edits for b in edits):
            continue
        chosen.append(finding)
        edits += fix.edits
        names |= fix.binds
    return chosen


def _touch(a: Edit, b: Edit) -> bool:
    if a.start == a.end == b.start == b.end:
        return a.text == b.text  # both insert here, one after the other; the same text would be taken for one
    if a == b and not a.text:
        return False  # both take the same code out
    return a.start <= b.end and b.start <= a.end


def _one_pass(
    source: Source, engine: Engine, before: Sequence[Finding], wanted: list[Finding], least: Applicability
) -> tuple[list[Finding], list[Failure]]:
    """The fixes of one pass that pass verification together, and those that do not."""
    module = engine.project.facts(source)
    reasons: dict[str, str] = {}

    def passes(findings: list[Finding]) -> bool:
        changed = apply(source, edits_of(module, findings))
        reason = verify(source, changed, engine, before, findings, least)
        reasons["last"] = reason or ""
        if reason is not None:
            reasons[repr(findings[-1])] = reason
        return reason is None

    kept, bad = largest_passing(wanted, passes)
    return kept, [Failure(f, reasons.get(repr(f), reasons["last"])) for f in bad]


def edits_of(module: Module, findings: Iterable[Finding]) -> list[Edit]:
    """The edits of the findings' fixes in their own file, the imports merged."""
    fixes = [f.fix for f in findings if f.fix is not None]
    edits = import_edits(module, [i for f in fixes for i in f.imports])
    return edits + [e for f in fixes for e in f.edits]


def apply(source: Source, edits: Iterable[Edit]) -> Source:
    """The source with edits in it, which must not touch each other."""
    return Source(source.path, source.encode(splice(source.text, edits)))


def verify(
    old: Source,
    new: Source,
    engine: Engine,
    before: Sequence[Finding],
    fixed: Sequence[Finding],
    least: Applicability,
) -> str | None:
    """What a change spoils, in words; None where nothing.

    Args:
        old: the text before.
        new: the text after.
        engine: checks the new text; its project sees it from now on.
        before: the findings of the old text.
        fixed: those that the change repairs.
        least: the applicability from which fixes are applied in this run.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(new.text, str(new.path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError) as error:
        return f"the result does not compile: {error}"
    lost = Counter(old.comments.values()) - Counter(new.comments.values())
    if lost:
        return f"a comment would be lost: {next(iter(lost))}"
    undefined = unbound_names(new) - unbound_names(old)
    if undefined:
        return f"a name would not be defined: {', '.join(sorted(undefined))}"
    engine.project.overlay(new)
    allowed = Counter(f.code for f in before) - Counter(f.code for f in fixed)
    # one that the next pass repairs is no new finding (of two equal imports the second is redundant for a moment), nor
    # is what is said of a line that was there before: an import that is now redundant, instead of late
    lines = {old.line(row) for row in range(1, old.rows + 1)}
    left = [f for f in engine.check(new) if f.fix is None or f.fix.applicability < least]
    more = Counter(f.code for f in left if new.line(f.row) not in lines) - allowed
    if more:
        engine.project.overlay(old)
        return f"the result has a new finding: {next(iter(more))}"
    return None


def unbound_names(source: Source) -> frozenset[str]:
    """The global names that a source reads and binds nowhere, builtins left out; none where it star-imports."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        tables = [symtable.symtable(source.text, str(source.path), "exec")]
    bound: set[str] = set()
    read: set[str] = set()
    top = tables[0]
    while tables:
        table = tables.pop()
        tables += table.get_children()
        for symbol in table.get_symbols():
            if table is top:
                if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
                    bound.add(symbol.get_name())
                elif symbol.is_referenced():
                    read.add(symbol.get_name())
            elif symbol.is_global():
                (bound if symbol.is_assigned() else read).add(symbol.get_name())
    if any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in ast.parse(source.text).body):
        return frozenset()
    known = {*dir(builtins), "__file__", "__path__", "__builtins__", "__class__", "__qualname__", "__module__"}
    return frozenset(read - bound - known)
