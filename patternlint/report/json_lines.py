"""The format ``json-lines``: the records of ``json``, each on a line of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from patternlint.report.json import records
from patternlint.report.shown import Look, Shown


def render(found: Sequence[Shown], look: Look) -> Iterator[str]:
    """The lines."""
    for record in records(found):
        yield json.dumps(record, separators=(",", ":"))
