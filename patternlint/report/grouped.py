"""The format ``grouped``: a heading for each file, below it a line for each of its findings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from patternlint.report.shown import Look, Shown, by_file, heading, mark


def render(found: Sequence[Shown], look: Look) -> Iterator[str]:
    """The lines, an empty one after each file."""
    style = look.style
    for group in by_file(found):
        yield f"{style.strong(group[0].display(group[0].finding.path))}:"
        places = [f"{shown.finding.row}:{shown.finding.column}" for shown in group]
        width = max(map(len, places))
        for place, shown in zip(places, group, strict=True):
            finding = shown.finding
            yield (
                f"  {place:<{width}} {style.code(finding.code)} "
                f"{style.hint(mark(finding, unsafe=look.unsafe))}{heading(finding)}"
            )
        yield ""
