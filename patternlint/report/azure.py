"""The format ``azure``: logging commands, which Azure Pipelines shows as issues of the run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from patternlint.report.shown import Look, Shown, heading, severity
from patternlint.report.terminal import safe

_IN_DATA = str.maketrans({"%": "%AZP25", "\r": "%0D", "\n": "%0A"})
_IN_PROPERTY = _IN_DATA | str.maketrans({";": "%3B", "]": "%5D"})


def render(found: Sequence[Shown], look: Look) -> Iterator[str]:
    """A command for each finding; there are errors and warnings, nothing below."""
    for shown in found:
        finding = shown.finding
        properties = {
            "type": "error" if severity(finding) == "error" else "warning",
            "sourcepath": safe(shown.absolute(finding.path)),
            "linenumber": str(finding.row),
            "columnnumber": str(finding.column),
            "code": finding.code,
        }
        given = "".join(f"{key}={value.translate(_IN_PROPERTY)};" for key, value in properties.items())
        yield f"##vso[task.logissue {given}]{heading(finding).translate(_IN_DATA)}"
