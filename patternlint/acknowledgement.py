"""Writing the comments that take responsibility for findings: ``--add-noqa``, and "ignore here" in an editor."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from patternlint.errors import OUR_FAULT, PatternlintError
from patternlint.finding import Edit, Finding
from patternlint.source import Source
from patternlint.splicing import splice
from patternlint.suppression import Suppressions

_BARE = "# noqa"


def noqa_edit(source: Source, finding: Finding) -> Edit:
    """The edit that adds a rule's code to the ``# noqa`` comment for a finding, or adds one.

    One that names no code as it should gets it in front of what it says.
    """
    comments = Suppressions(source)
    noqa = comments.noqa_of(finding.row)
    if noqa is None:
        row = comments.noqa_row(finding.row)
        end = source.line_start(row) + len(source.line(row).rstrip())
        return Edit(end, end, f"  {_BARE}: {finding.code}")
    if noqa.names:
        return Edit(noqa.listed[1], noqa.listed[1], f", {finding.code}")
    start = noqa.start + len(_BARE)
    colon = source.text.find(":", start, noqa.end)
    end = start if colon < 0 else colon + 1
    gap = " " if source.text[end : end + 1].strip() else ""
    return Edit(start, end, f": {finding.code}{gap}")


def acknowledged(source: Source, findings: Iterable[Finding]) -> Source:
    """A source with a comment for each of its findings; rows stay the same.

    Raises:
        PatternlintError: it could not be done without touching the code.
    """
    before = ast.dump(ast.parse(source.text))
    for finding in {(f.row, f.code): f for f in findings}.values():
        text = splice(source.text, [noqa_edit(source, finding)])
        source = Source(source.path, source.encode(text))
    if ast.dump(ast.parse(source.text)) != before:
        raise PatternlintError(f"{source.path}: there is no place for a comment", OUR_FAULT)
    return source
