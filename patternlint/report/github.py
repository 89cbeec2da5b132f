"""The format ``github``: workflow commands, which GitHub Actions shows as annotations of the changed lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from patternlint.report.shown import Look, Shown, heading, severity
from patternlint.report.terminal import safe

_COMMANDS = {"error": "error", "warning": "warning", "info": "notice"}
_IN_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = _IN_DATA | str.maketrans({":": "%3A", ",": "%2C"})


def render(found: Sequence[Shown], look: Look) -> Iterator[str]:
    """A command for each finding."""
    for shown in found:
        finding = shown.finding
        properties = {
            "title": f"patternlint ({finding.code})",
            "file": safe(shown.absolute(finding.path)),
            "line": str(finding.row),
            "col": str(finding.column),
            "endLine": str(finding.end_row),
            "endColumn": str(finding.end_column),
        }
        if finding.end_row != finding.row:  # GitHub takes columns for a single line only
            del properties["col"], properties["endColumn"]
        place = f"{shown.display(finding.path)}:{finding.row}:{finding.column}"
        lines = [f"{place}: {finding.code} {heading(finding)}"]
        lines += [f"  {shown.display(e.path)}:{e.row}: {safe(e.message)}" for e in finding.evidence]
        lines += [f"  help: {safe(finding.help)}"] if finding.help else []
        given = ",".join(f"{key}={value.translate(_IN_PROPERTY)}" for key, value in properties.items())
        data = "\n".join(lines).translate(_IN_DATA)
        yield f"::{_COMMANDS[severity(finding)]} {given}::{data}"
