"""A finding keeps its fingerprint while the file around it changes, and shares it with no other one of its file."""

from __future__ import annotations

from pathlib import Path

import pytest

from patternlint.finding import Finding
from patternlint.fingerprint import fingerprints, within
from patternlint.source import Source

CODE = """\
class Cart:
    def total(self, kind):
        return price(kind, ("a", "b"))
"""
EXPRESSION = 'price(kind, ("a", "b"))'


def found(text: str, *codes: str, code: str = "PAT501", message: str = "") -> list[Finding]:
    """A finding at each place where one of the codes stands, in the text's order."""
    source = Source(Path("a.py"), text.encode())
    places = []
    for one in codes:
        start = -1
        while (start := text.find(one, start + 1)) >= 0:
            places.append((source.position(start), source.position(start + len(one))))
    return [Finding(code, "name", message, "a.py", *start, *end) for start, end in sorted(places)]


def of(text: str, *codes: str, code: str = "PAT501") -> list[str]:
    return fingerprints(found(text, *codes, code=code), Source(Path("a.py"), text.encode()))


@pytest.mark.parametrize(
    ("text", "expression"),
    [
        ("\n" * 100 + CODE, EXPRESSION),
        (CODE.replace("\n", "\r\n"), EXPRESSION),
        ("import os\n\n\ndef other(): pass\n\n" + CODE, EXPRESSION),
        (CODE.replace('"', "'"), EXPRESSION.replace('"', "'")),
        (CODE.replace("return price", "return  (price") + ")\n", EXPRESSION),
        (CODE.replace('"b"))', '"b"))  # noqa: ABC'), EXPRESSION),
        *[
            (CODE.replace(EXPRESSION, laid_out), laid_out)
            for laid_out in (
                'price(\n            kind,\n            ("a", "b"),\n        )',
                'price(kind,  # which one\n ("a",\r\n"b"))',
                'price(kind, ("a" , \\\n "b"))',
            )
        ],
    ],
)  # fmt: skip
def test_it_stays_while_code_moves_and_is_laid_out_anew(text: str, expression: str) -> None:
    assert of(text, expression) == of(CODE, EXPRESSION)


@pytest.mark.parametrize(
    ("text", "expression", "code"),
    [
        (CODE.replace("Cart", "Basket"), EXPRESSION, "PAT501"),
        (CODE.replace("total", "sum"), EXPRESSION, "PAT501"),
        (CODE.replace("kind", "sort"), EXPRESSION.replace("kind", "sort"), "PAT501"),
        (CODE, EXPRESSION, "PAT502"),
    ],
)
def test_scope_code_and_rule_make_another_one(text: str, expression: str, code: str) -> None:
    assert of(text, expression, code=code) != of(CODE, EXPRESSION)


def test_equal_findings_are_counted_by_their_place_whatever_order_they_come_in() -> None:
    text = "def f():\n    a(1)\n    a(1)\n    a(1)\n"
    source = Source(Path("a.py"), text.encode())
    findings = found(text, "a(1)")
    ordered = fingerprints(findings, source)
    assert len(set(ordered)) == 3
    assert fingerprints(findings[::-1], source) == ordered[::-1]
    assert of("def f():\n    a(1)\n    b()\n    a(1)\n", "a(1)") == ordered[:2]


def test_a_file_that_is_no_text_or_does_not_parse() -> None:
    broken = Finding("PAT000", "cannot-be-parsed", "invalid syntax", "a.py", 1, 1, 1, 1)
    (unread,) = fingerprints([broken], None)
    (unparsed,) = fingerprints([broken], Source(Path("a.py"), b"def f(:\n"))
    assert len(unread) == len(unparsed) == 16
    assert fingerprints([], None) == []


def test_files_with_the_same_content_are_told_apart_by_their_paths() -> None:
    (one,) = of(CODE, EXPRESSION)
    assert len({one, within("a.py", one), within("b.py", one), within("b\udcff.py", one)}) == 4
