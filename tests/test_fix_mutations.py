"""Fixers that are broken on purpose are caught: by verification, or by running the fixed code."""

from __future__ import annotations

import pytest

from fixtures import cases
from mutants import MUTANTS, PAGE, Mutant, try_out
from patternlint.catalogue import RULES

pytestmark = pytest.mark.once


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: f"{m.rule}: {m.fault}")
def test_every_mutant_is_caught(mutant: Mutant) -> None:
    outcome = try_out(mutant)
    assert outcome.is_caught, f"a part of it is not noticed: sharpen verification or a behaviour test {outcome}"
    assert mutant.caught == ("check" if outcome.is_left else "verification"), outcome


def test_every_rule_that_repairs_something_has_mutants() -> None:
    repairing = {case.path.parent.name.partition("-")[0] for case in cases() if case.is_fixed}
    assert repairing & {entry.code for entry in RULES} == {mutant.rule for mutant in MUTANTS} - {"engine"}


def test_the_page_lists_them() -> None:
    text = PAGE.read_text("utf-8")
    rows = [line.split(" | ") for line in text.split("\n") if line.startswith(("| PAT", "| engine"))]
    assert [(row[0][2:], row[1]) for row in rows] == [(m.rule, m.fault) for m in MUTANTS], "run python tests/mutants.py"
    for row, mutant in zip(rows, MUTANTS, strict=True):
        assert mutant.caught == "verification" or "behaviour test" in row[3], mutant.fault
