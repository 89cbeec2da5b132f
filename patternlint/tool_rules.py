"""What patternlint reports of its own accord, without a rule: the documentation of PAT0xx."""

from __future__ import annotations


class CannotBeParsed:
    """A file that the interpreter's parser refuses was not checked, and must not look clean.

    It holds a syntax error, is written for another version of Python than the one that runs patternlint, or is no text
    in the encoding that it declares. It is reported whatever `select` says; `ignore` and `exclude` leave it out.
    """


class UnusedSuppression:
    """A comment that silences nothing would silence the next defect in its place.

    The code was repaired, or the rule has become sharper, and the comment stayed: `# noqa: PAT501`, `# patternlint:
    ignore[…]`, `disable[…]` or `file-ignore[…]` for a rule that finds nothing there. Only rules that have run are
    judged, at any confidence; a bare `# noqa` and other tools' codes never are.

    The fix takes the rule out of the comment, and the comment out of the line where nothing else is left of it.
    """


class InvalidSuppression:
    """A comment that cannot be read silences something else than its author meant.

    A rule that does not exist, a bracket that is not closed, `# noqa:` without a code: such a comment holds for
    nothing, and the finding stays. `# noqa PAT501`, without the colon, silences every rule, for flake8 and Ruff as
    well. Comments to patternlint are reported wherever they stand, `# noqa` only where it would be about a finding.
    """
