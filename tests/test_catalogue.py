"""The catalogue says what the rules say."""

from __future__ import annotations

import re

import pytest

from patternlint.catalogue import FAMILIES, RULES
from patternlint.catalogue_generator import CATALOGUE, catalogue_text
from patternlint.rule_entry import RuleEntry


def test_the_catalogue_is_up_to_date() -> None:
    assert CATALOGUE.read_text(encoding="utf-8") == catalogue_text(), "run `python -m patternlint.catalogue_generator`"


def test_codes_and_names_are_given_once() -> None:
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_a_rule_declares_what_every_front_needs(rule: RuleEntry) -> None:
    assert re.fullmatch(r"PAT[1-9]\d\d", rule.code)
    assert rule.code.startswith(FAMILIES[rule.family])
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", rule.name)
    assert rule.summary.endswith(".")
    assert rule.words or rule.any_words
    assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", code) and sentence for code, sentence in rule.reasons)
    assert rule.load().code == rule.code
