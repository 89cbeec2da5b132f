"""Writing the comment that takes responsibility for a finding."""

from __future__ import annotations

import re

from patternlint.finding import Edit, Finding
from patternlint.source import Source
from patternlint.suppression import Suppressions

_WITH_CODES = re.compile(r"# noqa:\s?[A-Z]+[0-9]+(?:[,\s]+[A-Z]+[0-9]+)*", re.IGNORECASE)


def noqa_edit(source: Source, finding: Finding) -> Edit:
    """The edit that adds a rule's code to the ``# noqa`` comment for a finding, or adds one."""
    last = Suppressions(source).noqa_row(finding.row)
    end = source.line_start(last) + len(source.line(last).rstrip())
    if (present := _WITH_CODES.search(source.text, source.line_start(finding.row), end)) is not None:
        return Edit(present.end(), present.end(), f", {finding.code}")
    return Edit(end, end, f"  # noqa: {finding.code}")
