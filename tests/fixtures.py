"""The fixtures of the built-in rules."""

from __future__ import annotations

from pathlib import Path

from patternlint.fixture import AFTER_ONLY, Case, Expected, cases_in, engine_for, everything, findings_in, place

__all__ = ["AFTER_ONLY", "FIXTURES", "Case", "Expected", "cases", "engine_for", "everything", "findings_in", "place"]

FIXTURES = Path(__file__).parent.parent / "fixtures"


def cases() -> list[Case]:
    """Every fixture of every rule."""
    return cases_in(FIXTURES)
