"""How many lines of a project reach `ast` and LibCST, all rules on: ``python benchmarks/shares.py PATH`` prints JSON.

The shares depend on the code alone, not on the machine.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from patternlint.config import load
from patternlint.engine import Engine
from patternlint.errors import PatternlintError
from patternlint.finding import Confidence
from patternlint.project import Project
from patternlint.project.root import Roots
from patternlint.source import Source


def shares(path: Path) -> dict[str, float]:
    """The shares of the lines under `path`, which is a project or a part of one."""
    settings = load(Roots().of(path))._replace(select=("ALL",), preview=True, min_confidence=Confidence.LOW)
    engine = Engine(settings, Project(settings.root, settings, settings.discovery.files()))
    for file in settings.discovery.files_in(path):
        try:
            engine.check(Source.read(file))
        except (OSError, PatternlintError):
            continue
    counts = engine.counts
    return {"ast": counts.facts / counts.read, "LibCST": counts.regions / counts.read}


if __name__ == "__main__":
    print(json.dumps(shares(Path(sys.argv[1]).resolve())))
