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

from patternlint.finding import Applicability, Edit, Finding
from patternlint.placement import import_edits
from patternlint.source import Source

if TYPE_CHECKING:
    from patternlint.engine import Engine
    from patternlint.facts import Module

MAX_PASSES = 10


class Failure(NamedTuple):
    """A fix that was put back, and what it broke."""

    finding: Finding
    reason: str


class FixResult(NamedTuple):
    """What became of one source.

    `source` holds the fixed text (the very source given where nothing changed), `applied` the findings whose fixes are
    in it, at their places in the text of the pass that fixed them, `failed` those put back. `remaining` are the
    findings of its text. `converged` is False where fixes went on producing work for each other: then nothing is
    changed.
    """

    source: Source
    applied: tuple[Finding, ...]
    failed: tuple[Failure, ...]
    remaining: tuple[Finding, ...]
    converged: bool


def fix(source: Source, engine: Engine, *, unsafe: bool = False, codes: Collection[str] | None = None) -> FixResult:
    """Apply every fix that may be applied.

    Args:
        source: the text to repair; nothing is written anywhere.
        engine: finds what is to be repaired. Its project sees the fixed text from now on.
        unsafe: whether unsafe fixes are applied, too.
        codes: the rules whose fixes are wanted; None for all.
    """
    least = Applicability.UNSAFE if unsafe else Applicability.SAFE
    applied: list[Finding] = []
    failed: dict[tuple[str, str, str], Failure] = {}
    original, findings = source, engine.check(source)
    first_findings = tuple(findings)
    seen = {source.text}
    for _ in range(MAX_PASSES):
        wanted = [
            f
            for f in findings
            if f.fix is not None
            and f.fix.applicability >= least
            and (codes is None or f.code in codes)
            and _key(source, f) not in failed
        ]
        if not wanted:
            return FixResult(source, tuple(applied), tuple(failed.values()), tuple(findings), True)
        changed, done, spoilt = _one_pass(source, engine, findings, _disjoint(wanted), least)
        failed.update((_key(source, f.finding), f) for f in spoilt)
        if changed.text in seen:
            if done:
                break
            continue
        seen.add(changed.text)
        applied += done
        source = changed
        findings = engine.check(source)
    engine.project.overlay(original)
    return FixResult(original, (), tuple(failed.values()), first_findings, False)


def _key(source: Source, finding: Finding) -> tuple[str, str, str]:
    """A finding across passes: rows move, what it says and the line that it is on do not."""
    return finding.code, finding.message, source.line(finding.row)


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
) -> tuple[Source, list[Finding], list[Failure]]:
    """The source with the fixes of one pass; those that fail verification are found one by one and left out."""
    module = engine.project.facts(source)
    changed = apply(module, wanted)
    if verify(source, changed, engine, before, wanted, least) is None:
        return changed, wanted, []
    kept: list[Finding] = []
    failures: list[Failure] = []
    for finding in wanted:
        trial = apply(module, [*kept, finding])
        reason = verify(source, trial, engine, before, [*kept, finding], least)
        if reason is None:
            kept.append(finding)
        else:
            failures.append(Failure(finding, reason))
    changed = apply(module, kept)
    engine.project.overlay(changed)
    return changed, kept, failures


def apply(module: Module, findings: Iterable[Finding]) -> Source:
    """The module's source with the fixes of these findings in it; their edits must not touch each other."""
    source = module.source
    fixes = [f.fix for f in findings if f.fix is not None]
    edits = import_edits(module, [i for f in fixes for i in f.imports])
    edits += [e for f in fixes for e in f.edits]
    return Source(source.path, source.encode(splice(source.text, edits)))


def splice(text: str, edits: Iterable[Edit]) -> str:
    """The text with edits in it, equal ones once; several insertions at one place stand in the order given."""
    parts: list[str] = []
    position = 0
    for edit in sorted(dict.fromkeys(edits), key=lambda e: (e.start, e.end)):
        parts += text[position : edit.start], edit.text
        position = max(position, edit.end)
    return "".join([*parts, text[position:]])


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
