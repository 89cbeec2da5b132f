"""Questions and answers as text: what is written comes back, and nothing else does."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from patternlint.finding import Confidence
from patternlint.project import Ancestry
from patternlint.project.imports import Loads
from patternlint.project.notation import NotPlain, key_of, question_at, read, unlike_any, written
from patternlint.project.references import Reference

ROOT = Path("/project").absolute()


class Loaded(NamedTuple):
    """A class of somebody else's."""

    said: str


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        7,
        "line\nbreak \udc80",
        (),
        (1, ("a", None)),
        frozenset({"a", ("b", 1)}),
        {"a": (1,), ("b",): frozenset({2})},
        ROOT / "a" / "b.py",
        Confidence.LOW,
        Reference("a.py", "a", 1, 2, "call", ""),
        Loaded("x"),
    ],
)
def test_what_is_written_comes_back(value: object) -> None:
    again = read(written(value, ROOT), ROOT)
    assert again == value
    assert type(again) is type(value)


def test_the_same_value_is_the_same_text() -> None:
    names = [f"name{number}" for number in range(50)]
    assert written(frozenset(names), ROOT) == written(frozenset(reversed(names)), ROOT)


@pytest.mark.parametrize("value", [1.5, [1], {1}, object(), b"", Path("/elsewhere/a.py").absolute()])
def test_what_is_not_plain_is_not_written(value: object) -> None:
    with pytest.raises(NotPlain):
        written((value,), ROOT)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[",
        "1.5",
        "{}",
        "[]",
        '["x"]',
        '["n"]',
        '["n","os:system","true"]',
        '["n","subprocess:Popen","true"]',
        '["n","patternlint.__main__:x"]',
        '["n","patternlint.project.references:Reference","too few"]',
        '["n","patternlint.project.absent:Absent"]',
        '["e","patternlint.finding:Confidence","NONE"]',
        '["p","/etc/passwd"]',
        '["p","../elsewhere"]',
        "[" * 5000,
    ],
)
def test_a_foreign_text_is_no_value_and_runs_nothing(text: str) -> None:
    with pytest.raises(NotPlain):
        read(text, ROOT)


def test_a_question_comes_back_by_its_key() -> None:
    question = Loads("a", "b", strict=False)
    assert question_at(key_of(question, ROOT), ROOT) == question
    assert key_of(question, ROOT) != key_of(Ancestry("a"), ROOT)


def test_a_key_is_one_short_line() -> None:
    key = key_of(Ancestry("a\n" * 1000), ROOT)
    assert len(key) < 100
    assert "\n" not in key
    with pytest.raises(NotPlain):
        question_at(key, ROOT)


def test_no_value_is_a_question() -> None:
    with pytest.raises(NotPlain):
        question_at(written("answer", ROOT), ROOT)


def test_what_cannot_be_written_is_never_the_same() -> None:
    assert unlike_any() != unlike_any()
