"""One finding in the report ``html``: what it says, the code with its repair beside it, and the way of the evidence."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import NamedTuple

from patternlint.errors import PatternlintError
from patternlint.finding import Finding, Fix
from patternlint.fingerprint import within
from patternlint.report.reasons import reason
from patternlint.report.shown import Shown, fixable
from patternlint.report.side_by_side import Hunk, Side, hunks
from patternlint.report.terminal import safe
from patternlint.selection import NOT_PARSED
from patternlint.source import Source

_CONTEXT = 3  # lines around a finding
_WIDEST = 300  # characters of a line that are shown
REPAIRS = {"safe": "safe fix", "unsafe": "unsafe fix", "none": "no fix"}


class Entry(NamedTuple):
    """A finding with what the page sorts it by."""

    shown: Shown
    pattern: str
    fingerprint: str

    @property
    def finding(self) -> Finding:
        """The finding itself."""
        return self.shown.finding

    @property
    def code(self) -> str:
        """Its rule's code."""
        return self.finding.code

    @property
    def name(self) -> str:
        """Its rule's name."""
        return self.finding.name

    @property
    def confidence(self) -> str:
        """How sure it is."""
        return self.finding.confidence.name.lower()

    @property
    def repair(self) -> str:
        """One of `REPAIRS`."""
        if fixable(self.finding, unsafe=False):
            return "safe"
        return "unsafe" if fixable(self.finding, unsafe=True) else "none"

    @property
    def package(self) -> str:
        """The folder that its file is in."""
        return os.path.dirname(self.shown.below(self.finding.path)) or "."


def text_of(text: object) -> str:
    """Text that means itself, in an element or in an attribute between double quotes; controls are shown as escapes."""
    return escape(safe(str(text)))


def article(entry: Entry, *, is_open: bool) -> Iterator[str]:
    """One finding.

    Args:
        entry: the finding.
        is_open: whether its details are shown at first.
    """
    shown, finding = entry.shown, entry.finding
    key = within(shown.absolute(finding.path), entry.fingerprint)
    facts = {"rule": entry.code, "pattern": entry.pattern, "package": entry.package}
    facts |= {"confidence": entry.confidence, "repair": entry.repair}
    data = "".join(f' data-{name}="{text_of(value)}"' for name, value in facts.items())
    place = f"{shown.below(finding.path)}:{finding.row}:{finding.column}"
    yield f'<article id="f-{key}"{data}><details{" open" if is_open else ""}><summary>'
    yield f'<h4><span class="code">{entry.code}</span> {text_of(finding.message)}</h4>'
    yield f'<p class="facts"><span class="place">{text_of(place)}</span>'
    yield f'<span class="tag {entry.confidence}">{entry.confidence} confidence</span>'
    yield f'<span class="tag {entry.repair}">{REPAIRS[entry.repair]}</span></p></summary><div class="body">'
    if finding.help:
        yield f'<p class="help">{text_of(finding.help)}</p>'
    if finding.evidence:
        yield from _path(shown)
    places = [hunks(change) for change in shown.changes]
    here = (pair.before for of_file in places[:1] for hunk in of_file for pair in hunk)
    if not any(line is not None and line.row == finding.row for line in here):
        yield from _frame(shown)
    if finding.fix is not None:
        yield from _repair(entry, finding.fix, places)
    if finding.why_not_fixed and finding.code != NOT_PARSED:
        so = "It is not called safe" if finding.fix is not None else "There is no fix"
        yield f'<p class="why">{so}: {text_of(reason(finding))}. <code>{text_of(finding.why_not_fixed)}</code></p>'
    yield "</div></details></article>"


def _path(shown: Shown) -> Iterator[str]:
    """The way from the evidence to the finding, each step with its line of code."""
    finding = shown.finding
    steps = [(e.path, e.row, e.message) for e in finding.evidence]
    yield '<ol class="path" aria-label="Evidence">'
    for path, row, message in steps:
        yield f'<li><span class="place">{text_of(f"{shown.below(path)}:{row}")}</span> {text_of(message)}'
        source = _source(shown.absolute(path))
        if source is not None and (line := source.line(row).strip()):
            yield f'<code class="line">{_clipped(line)}</code>'
        yield "</li>"
    here = f"{shown.below(finding.path)}:{finding.row}"
    yield f'<li class="end"><span class="place">{text_of(here)}</span> the finding</li></ol>'


@lru_cache(maxsize=64)
def _source(path: str) -> Source | None:
    try:
        return Source.read(Path(path))
    except (OSError, PatternlintError):
        return None


def _repair(entry: Entry, fix: Fix, places: Sequence[Sequence[Hunk]]) -> Iterator[str]:
    """What the fix changes: the lines now beside the lines then, place by place in each file."""
    shown = entry.shown
    how = {"safe": "--fix", "unsafe": "--fix --unsafe-fixes", "none": ""}[entry.repair]
    by = f"applied by <code>{how}</code>" if how else "to be made by hand"
    yield f"<figure><figcaption><strong>Fix</strong>: {text_of(fix.message)} <span>{by}</span></figcaption>"
    for change, of_file in zip(shown.changes, places, strict=True):
        path = shown.below(str(change.source.path))
        if len(places) > 1:
            yield f'<p class="place">{text_of(path)}</p>'
        marked = shown.finding if change is shown.changes[0] else None
        for hunk in of_file:
            yield '<div class="sides">'
            yield _side("now", path, hunk, [pair.before for pair in hunk], "del", marked)
            yield _side("with the fix", path, hunk, [pair.after for pair in hunk], "ins", None)
            yield "</div>"
    yield "</figure>"


def _side(title: str, path: str, hunk: Hunk, lines: Sequence[Side | None], element: str, marked: Finding | None) -> str:
    rows = []
    for pair, line in zip(hunk, lines, strict=True):
        if line is None:
            rows.append('<span class="row none"></span>')
            continue
        start, end = line.changed
        if marked is not None and line.row == marked.row:
            start, end = _span(marked, line.text)
        kind = "span" if pair.same else element
        rows.append(_row(line.row, line.text, start, end, kind))
    label = text_of(f"{title}: {path}")
    return (
        f'<div class="side {element}"><p>{title}</p>'
        f'<pre tabindex="0" role="group" aria-label="{label}">{"".join(rows)}</pre></div>'
    )


def _frame(shown: Shown) -> Iterator[str]:
    """The code around the finding."""
    finding, source = shown.finding, shown.source
    if source is None or not source.line(finding.row):
        return
    rows = []
    for row in range(max(1, finding.row - _CONTEXT), min(source.rows, finding.row + _CONTEXT) + 1):
        line = source.line(row).rstrip("\r\n")
        start, end = _span(finding, line) if row == finding.row else (0, 0)
        rows.append(_row(row, line, start, end, "span"))
    label = text_of(f"code: {shown.below(finding.path)}")
    yield f'<figure><pre tabindex="0" role="group" aria-label="{label}">{"".join(rows)}</pre></figure>'


def _span(finding: Finding, line: str) -> tuple[int, int]:
    """Where in its first line a finding stands."""
    start = finding.column - 1
    return start, len(line.rstrip()) if finding.end_row > finding.row else max(start + 1, finding.end_column - 1)


def _row(number: int, line: str, start: int, end: int, element: str) -> str:
    """A line of code with a part of it marked; of a very long one, what is around that part."""
    cut = max(0, start - _WIDEST // 2) if len(line) > _WIDEST else 0
    parts = [line[cut:start], line[start:end], line[max(end, cut) : cut + _WIDEST]]
    before, marked, after = (_code(part[:_WIDEST]) for part in parts)
    mark = f"<mark>{marked}</mark>" if marked else ""
    return f'<{element} class="row" data-row="{number}">{before}{mark}{after}\n</{element}>'


def _clipped(line: str) -> str:
    return _code(line[:_WIDEST])


def _code(text: str) -> str:
    return text_of(text.replace("\t", "    ").replace("\f", " "))
