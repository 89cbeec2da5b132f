"""The format ``markdown``: for a comment of a pull request or the summary of a job (GitHub's flavour)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from patternlint.report.reasons import reason
from patternlint.report.shown import Look, Shown, by_file, counted, fixable, heading
from patternlint.report.statistics import counts_of
from patternlint.report.terminal import safe

_SPECIAL = re.compile(r"[\\`*_{}\[\]<>()#+!|~&@-]")


def render(found: Sequence[Shown], look: Look) -> Iterator[str]:
    """A table of counts, then the findings file by file."""
    files = by_file(found)
    in_files = f" in {counted(len(files), 'file')}" if found else ""
    yield f"## patternlint: {counted(len(found)) if found else 'nothing found'}{in_files}"
    if found:
        yield ""
        yield from _table(found, look)
    for group in files:
        yield f"\n### {_code(group[0].display(group[0].finding.path))}\n"
        for shown in group:
            yield from _item(shown, look)
    if look.errors:
        yield "\n### Not checked\n"
        for message in look.errors:
            yield f"- {_text(safe(message))}"


def _table(found: Sequence[Shown], look: Look) -> Iterator[str]:
    yield "| Rule | Findings | Fixable |"
    yield "| --- | ---: | ---: |"
    for count in counts_of(found, look):
        yield f"| {count.code} {count.name} | {count.found} | {count.fixable} |"


def _item(shown: Shown, look: Look) -> Iterator[str]:
    finding = shown.finding
    yield f"- **{finding.row}:{finding.column} {finding.code}** {_text(heading(finding))}"
    for evidence in finding.evidence:
        yield f"  - {_code(f'{shown.display(evidence.path)}:{evidence.row}')}: {_text(safe(evidence.message))}"
    if finding.help:
        yield f"  - Help: {_text(safe(finding.help))}"
    if finding.fix is not None:
        how = "`--fix`" if fixable(finding, unsafe=False) else "`--fix --unsafe-fixes`"
        by = how if fixable(finding, unsafe=True) else "by hand"
        yield f"  - Fix ({by}): {_text(safe(finding.fix.message))}"
    elif finding.why_not_fixed:
        yield f"  - Not fixed: {_text(safe(reason(finding)))}"


def _text(text: str) -> str:
    """Text that means itself: no markup, no element, nobody is mentioned."""
    return _SPECIAL.sub(lambda match: f"\\{match[0]}" if match[0] != "@" else "@\u2060", text)


def _code(text: str) -> str:
    """Text in a code span, whatever backticks it holds."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * (longest + 1)
    space = " " if longest else ""
    return f"{fence}{space}{text}{space}{fence}"
