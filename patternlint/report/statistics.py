"""How often each rule found something (``--statistics``), and what that cost (with ``--verbose``)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from patternlint.catalogue import RULES
from patternlint.report.shown import Look, Shown, fixable

if TYPE_CHECKING:
    from patternlint.engine import Costs


class RuleCount(NamedTuple):
    """How many findings a rule has, and how many of them ``--fix`` would repair."""

    code: str
    name: str
    found: int
    fixable: int


def counts_of(found: Sequence[Shown], look: Look) -> list[RuleCount]:
    """Each rule's, the most frequent first."""
    names = {shown.finding.code: shown.finding.name for shown in found}
    counts = Counter(shown.finding.code for shown in found)
    repaired = Counter(shown.finding.code for shown in found if fixable(shown.finding, unsafe=look.unsafe))
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [RuleCount(code, names[code], count, repaired[code]) for code, count in ordered]


def table(found: Sequence[Shown], look: Look) -> Iterator[str]:
    """A line for each rule: how often, which, whether ``--fix`` repairs some of it."""
    counts = counts_of(found, look)
    width = max((len(str(count.found)) for count in counts), default=1)
    for one in counts:
        yield f"{one.found:>{width}}\t{one.code}\t[{'*' if one.fixable else ' '}] {one.name}"


def as_json(found: Sequence[Shown], look: Look) -> Iterator[str]:
    """The same as JSON, in Ruff's shape."""
    counts = [
        {"code": c.code, "name": c.name, "count": c.found, "fixable": c.fixable > 0, "fixable_count": c.fixable}
        for c in counts_of(found, look)
    ]
    yield json.dumps(counts, indent=2)


def of_costs(costs: Costs) -> Iterator[str]:
    """How far how many lines went, and what each rule cost, the dearest first."""
    lines = costs.lines
    yield f"{lines.read:,} lines read, {lines.facts:,} parsed, {lines.regions:,} walked by rules"
    names = {entry.code: entry.name for entry in RULES}
    yield " seconds  regions    lines  rule"
    for code, cost in sorted(costs.rules.items(), key=lambda item: (-item[1].seconds, item[0])):
        yield f"{cost.seconds:>8.2f} {cost.regions:>8,} {cost.lines:>8,}  {code} {names.get(code, '')}"
