"""Findings for people: the place, the code around it, the reason, what to do, and why it was not repaired."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patternlint.catalogue import RULES
from patternlint.finding import Applicability, Confidence, Edit, Finding
from patternlint.report.reasons import reason
from patternlint.report.terminal import Style, safe
from patternlint.selection import NOT_PARSED
from patternlint.source import Source

if TYPE_CHECKING:
    from patternlint.engine import Costs

_CONTEXT = 1  # lines of code shown above and below the finding's
_TAB = "    "
_WIDEST = 240  # characters of a line that are shown; a longer line is shown around the finding


class Shown(NamedTuple):
    """A finding with what it takes to show it."""

    finding: Finding
    source: Source | None  # None: it could not be read as text
    root: Path
    import_edits: tuple[Edit, ...] = ()  # of its fix, for tools

    def absolute(self, path: str) -> str:
        """The whole path of one that is relative to the project's root."""
        return os.path.normpath(self.root / path)

    def display(self, path: str) -> str:
        """That path as the user would write it, for terminals: from the working folder, where it lies below."""
        absolute = self.absolute(path)
        below = os.getcwd().rstrip(os.sep) + os.sep
        return safe(absolute.removeprefix(below))


def fixable(finding: Finding, *, unsafe: bool) -> bool:
    """Whether ``--fix`` (with ``--unsafe-fixes`` if `unsafe`) would repair it."""
    needed = Applicability.UNSAFE if unsafe else Applicability.SAFE
    return finding.fix is not None and finding.fix.applicability >= needed


def mark(finding: Finding, *, unsafe: bool) -> str:
    """``[*]`` for what ``--fix`` repairs, nothing for the rest."""
    return "[*] " if fixable(finding, unsafe=unsafe) else ""


def concise(shown: Shown, style: Style, *, unsafe: bool) -> str:
    """One finding on one line."""
    finding = shown.finding
    place = style.strong(shown.display(finding.path))
    return (
        f"{place}:{finding.row}:{finding.column}: {style.code(finding.code)} "
        f"{style.hint(mark(finding, unsafe=unsafe))}{_confidence(finding)}{safe(finding.message)}"
    )


def full(shown: Shown, style: Style, *, unsafe: bool) -> str:
    """One finding with its frame, evidence, help and the fix or the reason why there is none."""
    return "\n".join(_full(shown, style, unsafe)) + "\n"


def _full(shown: Shown, style: Style, unsafe: bool) -> Iterator[str]:
    finding = shown.finding
    heading = f"{_confidence(finding)}{safe(finding.message)}"
    yield f"{style.code(finding.code)} {style.hint(mark(finding, unsafe=unsafe))}{style.strong(heading)}"
    frame = list(_frame(shown, style))
    margin = len(str(finding.row + _CONTEXT))
    place = f"{shown.display(finding.path)}:{finding.row}:{finding.column}"
    yield f"{style.frame(' ' * margin + '-->')} {place}"
    yield from frame
    for evidence in finding.evidence:
        where = f"{shown.display(evidence.path)}:{evidence.row}"
        yield f"{' ' * margin} {style.frame('=')} {style.strong(where)}: {safe(evidence.message)}"
    if finding.help:
        yield f"{style.hint('help')}: {safe(finding.help)}"
    yield from _repair(finding, style, unsafe)


def _repair(finding: Finding, style: Style, unsafe: bool) -> Iterator[str]:
    fix = finding.fix
    given = finding.why_not_fixed and finding.code != NOT_PARSED
    why = f"{finding.why_not_fixed}: {safe(reason(finding))}" if given else ""
    if fix is not None and fix.applicability == Applicability.SAFE:
        yield f"{style.good('fix')}: {safe(fix.message)}"
    elif fix is not None and fix.applicability == Applicability.UNSAFE:
        needs = "" if unsafe else " (with --unsafe-fixes)"
        yield f"{style.good('fix')}: {safe(fix.message)}{needs}"
        yield f"{style.hint('note')}: why it is not safe: {why}"
    else:
        if fix is not None:
            yield f"{style.good('fix')}: {safe(fix.message)} (by hand)"
        if why:
            yield f"{style.hint('note')}: not fixed: {why}"


def _confidence(finding: Finding) -> str:
    return "" if finding.confidence == Confidence.HIGH else f"({finding.confidence.name.lower()}) "


def _frame(shown: Shown, style: Style) -> Iterator[str]:
    finding, source = shown.finding, shown.source
    if source is None or not source.line(finding.row):
        return
    margin = len(str(finding.row + _CONTEXT))
    ruler = style.frame(" " * margin + " |")
    first = max(1, finding.row - _CONTEXT)
    yield ruler
    cut = max(0, finding.column - _WIDEST // 2) if len(source.line(finding.row)) > _WIDEST else 0
    for row in range(first, min(source.rows, finding.row + _CONTEXT) + 1):
        line = source.line(row).rstrip("\r\n")[cut : cut + _WIDEST]
        yield f"{style.frame(f'{row:>{margin}} |')} {_shown_line(line)}".rstrip()
        if row == finding.row:
            start = finding.column - 1 - cut
            end = len(line) if finding.end_row > finding.row else finding.end_column - 1 - cut
            before, marked = _shown_line(line[:start]), _shown_line(line[start:end].rstrip())
            carets = "^" * max(1, _width(marked))
            yield f"{ruler} {' ' * _width(before)}{style.code(carets)}"
    yield ruler


def _shown_line(line: str) -> str:
    return safe(line.replace("\t", _TAB).replace("\f", " "))


def _width(text: str) -> int:
    """How many columns text takes: wide characters two, combining ones none."""
    if text.isascii():
        return len(text)
    import unicodedata

    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def statistics(findings: Iterable[Finding], *, unsafe: bool) -> Iterator[str]:
    """How often each rule found something, the most frequent first."""
    findings = list(findings)
    names = {entry.code: entry.name for entry in RULES}
    counted = Counter(finding.code for finding in findings)
    repaired = {finding.code for finding in findings if fixable(finding, unsafe=unsafe)}
    width = max((len(str(count)) for count in counted.values()), default=1)
    for code, count in sorted(counted.items(), key=lambda item: (-item[1], item[0])):
        name = names.get(code, "cannot-be-parsed")
        yield f"{count:>{width}}\t{code}\t[{'*' if code in repaired else ' '}] {name}"


def costs(costs: Costs) -> Iterator[str]:
    """How far how many lines went, and what each rule cost, the dearest first."""
    lines = costs.lines
    yield f"{lines.read:,} lines read, {lines.facts:,} parsed, {lines.regions:,} walked by rules"
    names = {entry.code: entry.name for entry in RULES}
    yield " seconds  regions    lines  rule"
    for code, cost in sorted(costs.rules.items(), key=lambda item: (-item[1].seconds, item[0])):
        yield f"{cost.seconds:>8.2f} {cost.regions:>8,} {cost.lines:>8,}  {code} {names.get(code, '')}"
