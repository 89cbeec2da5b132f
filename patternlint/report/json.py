"""The format ``json``: Ruff's shape, so that what reads Ruff's reads ours; confidence, evidence and reasons added."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from patternlint.finding import Applicability, Edit, Fix
from patternlint.report.reasons import reason
from patternlint.report.shown import FileChange, Look, Shown, fingerprints_of, severity
from patternlint.source import Source
from patternlint.suppression import Suppressions


def render(found: Sequence[Shown], look: Look) -> Iterator[str]:
    """All findings as one array."""
    yield json.dumps(list(records(found)), indent=2)


def records(found: Sequence[Shown]) -> Iterator[dict[str, Any]]:
    """Each finding as plain values; the file names are absolute."""
    comments = {id(shown.source): Suppressions(shown.source) for shown in found if shown.source is not None}
    for shown, fingerprint in zip(found, fingerprints_of(found), strict=True):
        yield _record(shown, fingerprint, comments.get(id(shown.source)))


def _record(shown: Shown, fingerprint: str, comments: Suppressions | None) -> dict[str, Any]:
    finding = shown.finding
    return {
        "cell": None,
        "code": finding.code,
        "confidence": finding.confidence.name.lower(),
        "end_location": {"column": finding.end_column, "row": finding.end_row},
        "evidence": [
            {"filename": shown.absolute(e.path), "location": {"column": 1, "row": e.row}, "message": e.message}
            for e in finding.evidence
        ],
        "filename": shown.absolute(finding.path),
        "fingerprint": fingerprint,
        "fix": None if finding.fix is None or shown.source is None else _fix(finding.fix, shown, shown.source),
        "help": finding.help,
        "location": {"column": finding.column, "row": finding.row},
        "message": finding.message,
        "name": finding.name,
        "noqa_row": finding.row if comments is None else comments.noqa_row(finding.row),
        "severity": severity(finding),
        "url": None,
        "why_not_fixed": finding.why_not_fixed or None,
        "why_not_fixed_message": reason(finding) if finding.why_not_fixed else None,
    }


def _fix(fix: Fix, shown: Shown, source: Source) -> dict[str, Any]:
    """A fix; one that changes other files too is for show, since tools that apply edits would apply a part of it."""
    own, *others = shown.changes or (FileChange(source, fix.edits),)
    applicability = fix.applicability.name.lower()
    return {
        "applicability": Applicability.DISPLAY.name.lower() if fix.elsewhere else applicability,
        "edits": _edits(own),
        "elsewhere": [{"filename": str(other.source.path), "edits": _edits(other)} for other in others],
        "form": fix.form,
        "message": fix.message,
        "whole_applicability": applicability,
    }


def _edits(change: FileChange) -> list[dict[str, Any]]:
    return [_edit(edit, change.source) for edit in change.edits]


def _edit(edit: Edit, source: Source) -> dict[str, Any]:
    row, column = source.position(edit.start)
    end_row, end_column = source.position(edit.end)
    return {
        "content": edit.text,
        "end_location": {"column": end_column, "row": end_row},
        "location": {"column": column, "row": row},
    }
