"""Speed beside the peers, on the same files in one run: ``python benchmarks/speed.py PATH [--rounds N]``.

Every command is one process and one worker; times are CPU seconds (user and system) of the whole process, the best of
the rounds, which are interleaved so that a busy moment hits all alike. Shares say how many of the lines read reach
`ast` and LibCST: they depend on the code alone, not on the machine.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

from patternlint.config import load
from patternlint.engine import Engine
from patternlint.errors import PatternlintError
from patternlint.finding import Confidence
from patternlint.project import Project
from patternlint.project.root import Roots
from patternlint.source import Source


def cpu_seconds(command: list[str], environment: dict[str, str]) -> float:
    """User and system time of one run of a command, which may exit with any status below 2."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env={**os.environ, **environment}, capture_output=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode not in (0, 1):
        raise SystemExit(f"{command[0]} exited {done.returncode}: {done.stderr.decode()[-500:]}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def shares(path: Path) -> str:
    """How many lines were read, and the shares that reached `ast` and LibCST."""
    settings = load(Roots().of(path))._replace(select=("ALL",), preview=True, min_confidence=Confidence.LOW)
    project = Project(settings.root, settings, settings.discovery.files())
    engine = Engine(settings, project)
    for file in settings.discovery.files_in(path):
        try:
            engine.check(Source.read(file))
        except (OSError, PatternlintError):
            continue
    counts = engine.counts
    facts, regions = counts.facts / counts.read, counts.regions / counts.read
    return f"{counts.read:,} lines; {facts:.1%} reach ast, {regions:.2%} reach LibCST"


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("path", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    path = options.path.resolve()
    lines = sum(file.read_bytes().count(b"\n") for file in load(Roots().of(path)).discovery.files_in(path))
    python = sys.executable
    all_rules = ["--select", "ALL", "--preview", "--min-confidence", "low", "--exit-zero"]
    commands: dict[str, tuple[list[str], dict[str, str]]] = {
        "patternlint, all rules": ([python, "-m", "patternlint", "check", *all_rules, "-q", str(path)], {}),
        "flake8, pyflakes only": ([python, "-m", "flake8", "--isolated", "--select", "F", "-j1", str(path)], {}),
    }
    if ruff := shutil.which("ruff"):
        arguments = ["check", "--select", "ALL", "--isolated", "--no-cache", "--statistics", "--exit-zero", str(path)]
        commands["ruff, all rules"] = ([ruff, *arguments], {"RAYON_NUM_THREADS": "1"})
    best = dict.fromkeys(commands, float("inf"))
    for _ in range(options.rounds):
        for name, (command, environment) in commands.items():
            best[name] = min(best[name], cpu_seconds(command, environment))
    print(shares(path))
    for name, seconds in best.items():
        ratio = best["patternlint, all rules"] / seconds
        print(
            f"{name:24} {seconds:8.2f} s {lines / seconds:12,.0f} lines/s   patternlint takes {ratio:.2f} times as long"
        )
    starts = {
        "python -c pass": [python, "-c", "pass"],
        "patternlint --version": [python, "-m", "patternlint", "--version"],
        "this clean file": [python, "-m", "patternlint", "check", __file__],
    }
    for name, command in starts.items():
        seconds = min(cpu_seconds(command, {}) for _ in range(max(10, options.rounds)))
        print(f"{name:24} {seconds * 1000:8.1f} ms")


if __name__ == "__main__":
    main()
