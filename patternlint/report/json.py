"""Findings for tools: Ruff's shape, so that what reads Ruff's reads ours; confidence, evidence and reasons added."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from patternlint.finding import Applicability, Edit, Fix
from patternlint.report.reasons import reason
from patternlint.report.text import Shown
from patternlint.source import Source
from patternlint.suppression import Suppressions


def render(found: Sequence[Shown]) -> str:
    """All findings as one JSON array."""
    comments = {id(shown.source): Suppressions(shown.source) for shown in found if shown.source is not None}
    return json.dumps([record(shown, comments.get(id(shown.source))) for shown in found], indent=2)


def record(shown: Shown, comments: Suppressions | None = None) -> dict[str, Any]:
    """One finding as plain values; the file names are absolute."""
    finding, source = shown.finding, shown.source
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
        "fix": None if finding.fix is None or source is None else _fix(finding.fix, shown.import_edits, source),
        "help": finding.help,
        "location": {"column": finding.column, "row": finding.row},
        "message": finding.message,
        "name": finding.name,
        "noqa_row": finding.row if comments is None else comments.noqa_row(finding.row),
        "severity": "error",
        "url": None,
        "why_not_fixed": finding.why_not_fixed or None,
        "why_not_fixed_message": reason(finding) if finding.why_not_fixed else None,
    }


def _fix(fix: Fix, import_edits: Sequence[Edit], source: Source) -> dict[str, Any]:
    """A fix; one that changes other files too is for show, since tools that apply edits would apply a part of it."""
    return {
        "applicability": (Applicability.DISPLAY if fix.elsewhere else fix.applicability).name.lower(),
        "edits": [_edit(edit, source) for edit in sorted((*fix.edits, *import_edits))],
        "form": fix.form,
        "message": fix.message,
    }


def _edit(edit: Edit, source: Source) -> dict[str, Any]:
    row, column = source.position(edit.start)
    end_row, end_column = source.position(edit.end)
    return {
        "content": edit.text,
        "end_location": {"column": end_column, "row": end_row},
        "location": {"column": column, "row": row},
    }
