"""The format ``gitlab``: a Code Quality report (https://docs.gitlab.com/ci/testing/code_quality/)."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from typing import Any

from patternlint.fingerprint import within
from patternlint.report.shown import Look, Shown, fingerprints_of, severity

_SEVERITIES = {"error": "major", "warning": "minor", "info": "info"}


def render(found: Sequence[Shown], look: Look) -> Iterator[str]:
    """All findings as one array; a fingerprint belongs to one of them, and stays when lines move."""
    fingerprints = fingerprints_of(found)
    yield json.dumps([_issue(*pair) for pair in zip(found, fingerprints, strict=True)], indent=2)


def _issue(shown: Shown, fingerprint: str) -> dict[str, Any]:
    finding = shown.finding
    below = shown.below(finding.path, os.environ.get("CI_PROJECT_DIR"))  # GitLab knows files from the repository's root
    path = os.fsencode(below.replace(os.sep, "/")).decode("utf-8", "replace")
    return {
        "check_name": finding.code,
        "description": f"{finding.code}: {finding.message}",
        "fingerprint": within(path, fingerprint),
        "location": {
            "path": path,
            "positions": {
                "begin": {"line": finding.row, "column": finding.column},
                "end": {"line": finding.end_row, "column": finding.end_column},
            },
        },
        "severity": _SEVERITIES[severity(finding)],
    }
