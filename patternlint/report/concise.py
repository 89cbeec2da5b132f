"""The format ``concise``: a line for each finding, as compilers print them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from patternlint.report.shown import Look, Shown, heading, mark


def render(found: Sequence[Shown], look: Look) -> Iterator[str]:
    """The lines."""
    style = look.style
    for shown in found:
        finding = shown.finding
        place = style.strong(shown.display(finding.path))
        yield (
            f"{place}:{finding.row}:{finding.column}: {style.code(finding.code)} "
            f"{style.hint(mark(finding, unsafe=look.unsafe))}{heading(finding)}"
        )
