"""The format ``text``: the place, the code around it, the reason, what to do, and why it was not repaired."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from patternlint.finding import Applicability, Finding
from patternlint.report.reasons import reason
from patternlint.report.shown import Look, Shown, heading, mark
from patternlint.report.terminal import Style, safe
from patternlint.selection import NOT_PARSED

_CONTEXT = 1  # lines of code shown above and below the finding's
_TAB = "    "
_WIDEST = 240  # characters of a line that are shown; a longer line is shown around the finding


def render(found: Sequence[Shown], look: Look) -> Iterator[str]:
    """Each finding with its frame, evidence, help and the fix or the reason why there is none."""
    for shown in found:
        yield "\n".join(_full(shown, look.style, look.unsafe)) + "\n"


def _full(shown: Shown, style: Style, unsafe: bool) -> Iterator[str]:
    finding = shown.finding
    yield f"{style.code(finding.code)} {style.hint(mark(finding, unsafe=unsafe))}{style.strong(heading(finding))}"
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
