"""What a finding is known by when lines move and folders are renamed: rule, qualified scope, normalised code, ordinal.

Where the file lies is no part of it: a baseline counts by file, and who needs one for a whole run adds the path.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from patternlint.finding import Finding
from patternlint.source import Source

_LAYOUT = re.compile(r"\\$|\s+")  # what a formatter changes in a line
_LAST_COMMA = re.compile(r",(?=[)\]}])")
_DIGITS = 16  # of 64: a million findings share one by chance once in 40 million runs


def fingerprints(findings: Sequence[Finding], source: Source | None) -> list[str]:
    """The fingerprint of each finding of one file, in the given order.

    Args:
        findings: all that were found in the file: equal ones are told apart by their order in it.
        source: the file; None where it could not be read as text.

    Returns:
        16 hexadecimal digits each, the same ones whatever else the file holds, on every machine and Python.
    """
    scopes = _scopes(source, [finding.row for finding in findings])
    contents = [
        (finding.code, scope, _normalised(finding, source)) for finding, scope in zip(findings, scopes, strict=True)
    ]
    seen: Counter[tuple[str, str, str]] = Counter()
    found = [""] * len(findings)
    for index in sorted(range(len(findings)), key=lambda index: findings[index][4:8]):
        content = contents[index]
        found[index] = _digest([*content, seen[content]])
        seen[content] += 1
    return found


def within(path: str, fingerprint: str) -> str:
    """A fingerprint that no finding of another file has: for consumers that want one for each finding of a run."""
    return _digest([path, fingerprint])


def _digest(parts: Iterable[object]) -> str:
    from hashlib import sha256

    text = json.dumps(list(parts))  # escapes what no encoding takes: names that are no UTF-8 hold lone surrogates
    return sha256(text.encode("ascii")).hexdigest()[:_DIGITS]


def _scopes(source: Source | None, rows: Sequence[int]) -> list[str]:
    """The qualified name of the innermost def or class around each row; "" in the module, or where nothing parses."""
    if source is None:
        return [""] * len(rows)
    from patternlint.facts import Module

    try:
        module = Module(source, "", "")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return [""] * len(rows)
    # outer ones come before inner ones
    names = [next(s.qualname for s in reversed(module.scopes) if s.parent is None or s.holds([row])) for row in rows]
    module.release()
    return names


def _normalised(finding: Finding, source: Source | None) -> str:
    """The code that was found without its layout, comments and the style of its quotes; the message without code."""
    if source is None:
        return finding.message
    comments = source.comments if finding.end_row > finding.row else {}
    lines = []
    for row in range(finding.row, finding.end_row + 1):
        line = source.line(row)
        start = finding.column - 1 if row == finding.row else 0
        end = finding.end_column - 1 if row == finding.end_row else len(line)
        lines.append(_LAYOUT.sub("", line[start:end].rstrip().removesuffix(comments.get(row, ""))))
    return _LAST_COMMA.sub("", "".join(lines).replace("'", '"'))
