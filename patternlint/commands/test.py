"""``patternlint test`` runs the fixtures of house rules."""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from patternlint.catalogue import RULES
from patternlint.commands import CLEAN, FOUND
from patternlint.errors import PatternlintError
from patternlint.fixture import TREES, Case, Rules, cases_in, misbehaving, misfixed, misjudged
from patternlint.house_rules import load, packs_of
from patternlint.rule_entry import RuleEntry

_COUNTED = ("noisy", "missing", "not idempotent")


def parser() -> argparse.ArgumentParser:
    """The parser of the arguments."""
    parser = argparse.ArgumentParser(
        prog="patternlint test",
        description="Run the fixtures of house rules: those in the folder `fixtures` of a pack, or beside a file.",
        allow_abbrev=False,
    )
    parser.add_argument("path", metavar="PATH", help="a pack's folder, where its pyproject.toml is, or a file of rules")
    return parser


def run(arguments: list[str]) -> int:
    """Run the command; the exit status: 1 where a rule does something else than its fixtures say."""
    options = parser().parse_args(arguments)

    path = Path(options.path).absolute()
    names = packs_of(path) if path.is_dir() else (str(path),)
    load(names)
    entries = [entry for entry in RULES if entry.pack in names]
    rules = Rules(tuple(entry.code for entry in entries), names)
    kinds: Counter[str] = Counter()
    count = 0
    for entry in entries:
        for case, faults in _tested(entry, (path if path.is_dir() else path.parent) / "fixtures", rules):
            count += 1
            if faults:
                print(case.id)
                print("\n".join(f"  {line}" for fault in faults for line in fault.splitlines()))
            kinds.update(fault.partition(":")[0] for fault in faults)
    shown = ", ".join(f"{kinds[kind]} {kind}" for kind in _COUNTED)
    others = kinds.total() - sum(kinds[kind] for kind in _COUNTED)
    print(f"{_plural(len(entries), 'rule')}, {_plural(count, 'fixture')}: {shown}, {others} otherwise wrong")
    return FOUND if kinds else CLEAN


def _tested(entry: RuleEntry, fixtures: Path, rules: Rules) -> Iterator[tuple[Case, list[str]]]:
    """Each fixture of a rule, and what is wrong with the rule by it."""
    cases = cases_in(fixtures, [f"{entry.code}-"])
    if not cases:
        where = fixtures / f"{entry.code}-{entry.name}"
        raise PatternlintError(f"{entry.code} has no fixture", f"write one: {where}/plain.py")
    for case in cases:
        yield case, list(_faults(case, rules))


def _faults(case: Case, rules: Rules) -> Iterator[str]:
    def anew() -> Path:
        return Path(tempfile.mkdtemp(dir=work))

    with tempfile.TemporaryDirectory(prefix="patternlint-test-") as work:
        yield from misjudged(case, anew(), rules)
        for kind in ("fixed", "unsafe"):
            yield from misfixed(case, anew(), kind, rules)
        if case.is_fixed and case.check is None and not case.says_why_unchecked:
            yield "nobody runs the fixed code: add a behaviour test, or say '# no behaviour test: <why>'"
        for tree in TREES:
            if complaint := misbehaving(case, anew(), tree, rules):
                yield f"the {tree} code misbehaves:\n{complaint}"


def _plural(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
