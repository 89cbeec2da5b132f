"""What the companion runtime costs beside functools, blinker, psygnal, wrapt, decorator and hand-written code.

    python benchmarks/runtime.py [--rounds N] [--docs docs] [--also PYTHON] [--work DIR] [--smoke]

Runs runtime_rows.py under every interpreter of this machine that patternlint supports, each in a scratch environment
with the pinned packages, the interpreters taking turns. Prints one table: ratios, so below 1 the runtime is faster.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from environments import environment, interpreters, versions
from measuring import Figure, machine, markdown

ROOT = Path(__file__).resolve().parent.parent
PEERS = ("blinker==1.9.0", "psygnal==0.16.1", "wrapt==2.5.2", "decorator==5.3.1")
READING = """Each cell: the median ratio of ours to theirs, its limit if it has one, the lowest and highest ratio of a
process, and the median times of both. A process times the two in turns of a millisecond, 200 of each, in processor
time, so that a busy machine slows both. What misses its limit is in bold, and explained in
[the runtime's page](runtime.md#what-it-costs). A time is a whole statement, the call of a function with an empty body
included: in a program, where functions do something, the differences vanish."""
Rows = list[tuple[str, float, float, float, float | None]]  # what, ours in ns, other in ns, ratio, limit


def rows(python: Path, *, quick: bool) -> Rows:
    """All rows, by one process of an interpreter."""
    command = [str(python), str(Path(__file__).with_name("runtime_rows.py")), *(["--quick"] if quick else [])]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, check=True)
    found: Rows = [tuple(row) for row in json.loads(done.stdout)]
    return found


def table(measured: dict[str, list[Rows]]) -> str:
    """A row for each comparison, a column for each interpreter; in bold what misses its limit."""
    lines: list[list[str]] = []
    for name in dict.fromkeys(row[0] for runs in measured.values() for row in runs[0]):
        found = ([row for run in runs for row in run if row[0] == name] for runs in measured.values())
        lines.append([name.replace("](", "]\\("), *map(cell, found)])  # no link
    return markdown(["ours / theirs", *measured], lines)


def cell(found: Rows) -> str:
    """What one interpreter says of one comparison."""
    if not found:
        return ""
    ratio, most = Figure.of(row[3] for row in found), found[0][4]
    shown = f"**{ratio.median:.2f}**" if most is not None and ratio.median > most else f"{ratio.median:.2f}"
    limit = f" ≤ {most:g}" if most is not None else ""
    ours, theirs = Figure.of(row[1] for row in found).median, Figure.of(row[2] for row in found).median
    return f"{shown}{limit} ({ratio.low:.2f} to {ratio.high:.2f}); {ours:,.0f} / {theirs:,.0f} ns"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5, help="processes of each interpreter (%(default)s)")
    parser.add_argument("--work", type=Path, help="where the environments are made and kept (a temporary folder)")
    parser.add_argument("--docs", type=Path, metavar="DIR", help="write runtime-benchmarks.md there")
    parser.add_argument("--also", type=Path, action="append", metavar="PYTHON", help="a further interpreter")
    parser.add_argument("--smoke", action="store_true", help="only see that it runs: this interpreter as it is")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        work = (options.work or Path(temporary)).resolve()
        if options.smoke:
            pythons, options.rounds = {sys.version.split()[0]: Path(sys.executable)}, 1
        else:
            pythons = {
                version: environment(work / f"runtime-{version.replace(' ', '-')}", PEERS, python)
                for version, python in interpreters(options.also or ()).items()
            }
        installed = versions(next(iter(pythons.values())))
        names = [peer.partition("==")[0] for peer in PEERS]
        peers = ", ".join(f"{name} {installed[name]}" for name in names if name in installed)
        about = (
            f"Measured with `python benchmarks/runtime.py`, {options.rounds} processes of each interpreter in turn: "
            f"{peers}. {machine()}."
        )
        measured: dict[str, list[Rows]] = {version: [] for version in pythons}
        for number in range(options.rounds):
            for version, python in pythons.items():
                print(f"round {number + 1}: {version}", file=sys.stderr, flush=True)
                measured[version].append(rows(python, quick=options.smoke))
    page = f"# What the runtime costs\n\n{about}\n\n{READING}\n\n{table(measured)}\n"
    print(page)
    if options.docs:
        (options.docs / "runtime-benchmarks.md").write_text(page)


if __name__ == "__main__":
    main()
