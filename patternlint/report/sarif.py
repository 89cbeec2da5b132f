"""The format ``sarif``: the Static Analysis Results Interchange Format 2.1.0 of OASIS, as code scanning reads it."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from patternlint.catalogue import RULES
from patternlint.finding import Confidence, Finding
from patternlint.report.reasons import reason
from patternlint.report.shown import FileChange, Look, Shown, fingerprints_of, severity
from patternlint.rule_pages import explanation
from patternlint.selection import NOT_PARSED, TOOL_RULES
from patternlint.version import VERSION

_LEVELS = {"error": "error", "warning": "warning", "info": "note"}
_PRECISION = {Confidence.HIGH: "very-high", Confidence.MEDIUM: "medium", Confidence.LOW: "low"}
_RANKS = {Confidence.HIGH: 95.0, Confidence.MEDIUM: 75.0, Confidence.LOW: 25.0}
_ROOT = "%SRCROOT%"  # what code scanning takes for the top of the repository
_FINGERPRINT = "patternlint/v1"


def render(found: Sequence[Shown], look: Look) -> Iterator[str]:
    """One log with one run."""
    codes = sorted({shown.finding.code for shown in found})
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "patternlint",
                        "semanticVersion": VERSION,
                        "rules": [_rule(code, found) for code in codes],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {_ROOT: {"uri": f"{Path.cwd().as_uri().rstrip('/')}/"}},
                "invocations": [
                    {
                        "executionSuccessful": not look.errors,
                        "toolExecutionNotifications": [
                            {"level": "error", "message": {"text": _text(message)}} for message in look.errors
                        ],
                    }
                ],
                "results": [
                    _result(shown, fingerprint, codes.index(shown.finding.code))
                    for shown, fingerprint in zip(found, fingerprints_of(found), strict=True)
                ],
            }
        ],
    }
    yield json.dumps(log, indent=2)


def _rule(code: str, found: Sequence[Shown]) -> dict[str, Any]:
    of_rule = [shown.finding for shown in found if shown.finding.code == code]
    surest = max(of_rule, key=lambda finding: finding.confidence)
    entry = next(entry for entry in (*TOOL_RULES, *RULES) if entry.code == code)
    summary, page, tags = entry.summary, explanation(entry), ["patternlint", entry.family]
    return {
        "id": code,
        "name": of_rule[0].name,
        "shortDescription": {"text": summary},
        "fullDescription": {"text": summary},
        "help": {"text": page, "markdown": page},
        "defaultConfiguration": {"level": _LEVELS[severity(surest)]},
        "properties": {"tags": tags, "precision": _PRECISION[surest.confidence], "problem.severity": severity(surest)},
    }


def _result(shown: Shown, fingerprint: str, rule: int) -> dict[str, Any]:
    finding = shown.finding
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": _LEVELS[severity(finding)],
        "rank": _RANKS[finding.confidence],
        "message": {"text": _message(finding)},
        "locations": [{"physicalLocation": _place(shown, finding.path, _region(finding))}],
        "partialFingerprints": {_FINGERPRINT: fingerprint},
        "properties": {"confidence": finding.confidence.name.lower()},
    }
    if finding.evidence:
        result["relatedLocations"] = [
            {
                "id": number,
                "physicalLocation": _place(shown, evidence.path, {"startLine": evidence.row}),
                "message": {"text": _text(evidence.message)},
            }
            for number, evidence in enumerate(finding.evidence)
        ]
    if shown.suppressed:
        result["suppressions"] = [{"kind": shown.suppressed, "status": "accepted"}]
    if finding.fix is not None and shown.changes:
        result["fixes"] = [_fix(finding.fix.message, shown)]
        result["properties"]["applicability"] = finding.fix.applicability.name.lower()
    if finding.why_not_fixed and finding.code != NOT_PARSED:
        result["properties"]["whyNotFixed"] = {"code": finding.why_not_fixed, "text": reason(finding)}
    return result


def _message(finding: Finding) -> str:
    return _text(f"{finding.message}\n{finding.help}" if finding.help else finding.message)


def _region(finding: Finding) -> dict[str, int]:
    return {
        "startLine": finding.row,
        "startColumn": finding.column,
        "endLine": finding.end_row,
        "endColumn": finding.end_column,
    }


def _place(shown: Shown, path: str, region: dict[str, int]) -> dict[str, Any]:
    return {"artifactLocation": _artifact(shown.absolute(path)), "region": region}


def _artifact(path: str) -> dict[str, str]:
    """A file below the working folder, or anywhere else, as RFC 3986 has it: a name may hold any bytes."""
    inside = path.removeprefix(os.getcwd().rstrip(os.sep) + os.sep)
    if inside != path:
        return {"uri": quote(os.fsencode(inside.replace(os.sep, "/"))), "uriBaseId": _ROOT}
    return {"uri": Path(path).as_uri()}


def _fix(message: str, shown: Shown) -> dict[str, Any]:
    return {
        "description": {"text": _text(message)},
        "artifactChanges": [
            {
                "artifactLocation": _artifact(os.path.normpath(change.source.path)),
                "replacements": _replacements(change),
            }
            for change in shown.changes
            if change.edits
        ],
    }


def _replacements(change: FileChange) -> list[dict[str, Any]]:
    replacements = []
    for edit in change.edits:
        row, column = change.source.position(edit.start)
        end_row, end_column = change.source.position(edit.end)
        region = {"startLine": row, "startColumn": column, "endLine": end_row, "endColumn": end_column}
        replacements.append({"deletedRegion": region, "insertedContent": {"text": _text(edit.text)}})
    return replacements


def _text(text: str) -> str:
    """Text that every reader of JSON takes: without halves of surrogate pairs."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
