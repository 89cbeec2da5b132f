"""``patternlint baseline`` writes down what is found today, so that only what is new is reported from then on."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from patternlint.baseline import Baseline, Entry
from patternlint.check import STDIN
from patternlint.commands import CLEAN, FAILED
from patternlint.commands.arguments import parser as arguments_of_check
from patternlint.commands.check import prepared
from patternlint.errors import PatternlintError


def parser() -> argparse.ArgumentParser:
    """The parser of the arguments."""
    parser = arguments_of_check()
    parser.prog = "patternlint baseline"
    parser.usage = "patternlint baseline --baseline FILE [--prune] [OPTIONS OF check] [PATH ...]"
    parser.description = "Write what is found to a file: `patternlint check --baseline FILE` then reports what is new."
    parser.add_argument("--prune", action="store_true", help="take out what is no longer found, and add nothing")
    return parser


def run(arguments: list[str]) -> int:
    """Run the command; the exit status."""
    usage = parser()
    options = usage.parse_args(arguments)
    if not options.baseline:
        usage.error("--baseline FILE says where to write it")
    for other in ("fix", "fix_only", "diff", "add_noqa", "diff_base"):
        if getattr(options, other):
            raise PatternlintError(f"baseline does not go with --{other.replace('_', '-')}", "leave it out")
    if STDIN in options.paths:
        raise PatternlintError("baseline does not go with standard input", "name files or folders")

    name = options.baseline
    known = Baseline.read(name) if os.path.exists(name) or options.prune else Baseline(Path(name).absolute())
    options.baseline = None  # nothing is to be left out
    run, console = prepared(options)
    targets = run.targets()
    found: set[Entry] = set()
    for target, source, findings in run.found(targets):
        if findings:
            root = target.place.settings.root
            found.update(known.entries_of(findings, source, root))
            known.new(findings, source, root)
    if console.errors:
        return FAILED  # what could not be checked would be missing
    stale = known.stale(targets, options.paths)
    kept = {*known.without(stale), *(() if options.prune else found)}
    known.write(kept)
    added, files = len(kept) - (len(known.entries) - len(stale)), len({entry.path for entry in kept})
    told = f"{len(kept)} known in {files} file{'' if files == 1 else 's'}"
    console.note(f"{name}: {told} ({added} added, {len(stale)} taken out)")
    return CLEAN
