"""A bar chart as an SVG that stands alone: no fonts, no scripts, legible on light and on dark pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple
from xml.sax.saxutils import escape

WIDTH, ROW, BAR, LEFT, RIGHT, TOP = 800, 30, 16, 240, 90, 52
STYLE = """\
  text { font: 14px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #1f2328 }
  .title { font-weight: 600 }
  .note { font-size: 12px; fill: #59636e }
  .ours { fill: #1a7f37 }
  .theirs { fill: #8c959f }
  .axis { stroke: #d1d9e0 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .note { fill: #9198a1 }
    .ours { fill: #3fb950 }
    .theirs { fill: #6e7681 }
    .axis { stroke: #3d444d }
  }
"""


class Bar(NamedTuple):
    """One tool: how many seconds it takes."""

    label: str
    seconds: float
    ours: bool = False
    estimated: bool = False


def bars(title: str, found: Sequence[Bar]) -> str:
    """The chart, the fastest first; lengths are in proportion to the seconds."""
    found = sorted(found, key=lambda bar: bar.seconds)
    longest = max(bar.seconds for bar in found)
    bottom = TOP + ROW * len(found)
    body = [f'<text class="title" x="16" y="28">{escape(title)}</text>']
    for index, bar in enumerate(found):
        y = TOP + ROW * index
        length = max(2.0, bar.seconds / longest * (WIDTH - LEFT - RIGHT))
        kind = "ours" if bar.ours else "theirs"
        body += [
            f'<text x="{LEFT - 10}" y="{y + 13}" text-anchor="end">{escape(bar.label)}</text>',
            f'<rect class="{kind}" x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR}" rx="2"/>',
            f'<text x="{LEFT + length + 8:.1f}" y="{y + 13}">{_seconds(bar)}</text>',
        ]
    body.append(f'<path class="axis" d="M{LEFT} {TOP - 6}V{bottom - 6}"/>')
    if any(bar.estimated for bar in found):
        body.append(f'<text class="note" x="16" y="{bottom + 14}">~ from a share of the files, by lines</text>')
        bottom += 22
    listed = "; ".join(f"{bar.label}: {_seconds(bar)}" for bar in found)
    lines = "\n".join(body)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 6}" width="{WIDTH}" '
        f'height="{bottom + 6}" role="img" aria-label="{escape(title, {chr(34): "&quot;"})}">\n'
        f"<title>{escape(title)}</title>\n<desc>{escape(listed)}</desc>\n<style>\n{STYLE}</style>\n{lines}\n</svg>\n"
    )


def _seconds(bar: Bar) -> str:
    digits = 0 if bar.seconds >= 20 else 1 if bar.seconds >= 1 else 2
    return f"{'~' if bar.estimated else ''}{bar.seconds:,.{digits}f} s"
