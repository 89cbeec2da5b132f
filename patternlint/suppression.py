"""Comments that say "I know": ``# noqa``, ``# patternlint: ignore[…]``, and what other tools' users wrote before us.

``# noqa`` is read as flake8 reads it: anywhere in the lines that end together (a string over several lines, a line
continued by a backslash), the first one counts, and codes are prefixes.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterable, Iterator
from functools import cached_property

from patternlint.finding import Finding
from patternlint.source import Source

_MARKER = re.compile(r"noqa|pylint:|patternlint:", re.IGNORECASE)
_NOQA = re.compile(r"# noqa(?::[\s]?(?P<codes>(?:[A-Z]+[0-9]+(?:[,\s]+)?)+))?", re.IGNORECASE)
_NOQA_FILE = re.compile(r"^\s*# flake8[:=]\s*noqa[ \t]*$", re.IGNORECASE | re.MULTILINE)
_OWN = re.compile(r"#\s*patternlint:\s*ignore(?:\[(?P<rules>[^\]\n]*)\])?")
_SKIP_FILE = re.compile(r"#\s*patternlint:\s*skip-file\b")
_PYLINT = re.compile(r"#.*?\bpylint:\s*(?P<action>disable(?:-next)?)\s*=\s*(?P<names>[\w\-, ]+)")


class Suppressions:
    """The suppressing comments of one source; costs next to nothing where there are none.

    Args:
        source: the file.
        ignoring: "noqa": ``# noqa`` for us does not count; "pylint": ``# pylint: disable`` for us does not. The hosts
            of these names apply them themselves, and want to know what they silence.
        honor_foreign: whether other tools' comments at a rule's `peers` count.
    """

    def __init__(self, source: Source, *, ignoring: str = "", honor_foreign: bool = True) -> None:
        self._source = source
        self._noqa = ignoring != "noqa"
        self._pylint = ignoring != "pylint"
        self._honor_foreign = honor_foreign
        self._marked = bool(_MARKER.search(source.text))

    @property
    def skip_file(self) -> bool:
        """Whether the whole file is left out."""
        return self._marked and self._skips

    @cached_property
    def _skips(self) -> bool:
        text = self._source.text
        if self._noqa and _NOQA_FILE.search(text):
            return True
        if "skip-file" not in text:
            return False
        return any(_SKIP_FILE.search(comment) for comment in self._source.comments.values())

    def covers(self, finding: Finding, peers: Iterable[str] = ()) -> bool:
        """Whether a comment takes responsibility for a finding.

        Args:
            finding: the finding.
            peers: other tools' codes and symbols for the same defect.
        """
        if not self._marked:
            return False
        if self._skips:
            return True
        noqa_codes = self._noqa_codes(finding.row)
        if noqa_codes is not None:
            if self._noqa and (not noqa_codes or _named(finding.code, noqa_codes)):
                return True
            if self._honor_foreign and any(_named(peer, noqa_codes) for peer in peers):
                return True
        comment = self._source.comments.get(finding.row, "")
        if _ignored_by_own_comment(comment, finding):
            return True
        known = {finding.name, "W9" + finding.code[3:]} if self._pylint else set()
        return not known.union(peers if self._honor_foreign else ()).isdisjoint(self._pylint_names(finding.row))

    def noqa_row(self, row: int) -> int:
        """The row at whose end a ``# noqa`` for a finding on `row` has to stand."""
        return self._ends_together.get(row, (row, row))[1]

    def _noqa_codes(self, row: int) -> tuple[str, ...] | None:
        """The codes of the ``# noqa`` that holds for a row: empty for a bare one, None where there is none."""
        first, last = self._ends_together.get(row, (row, row))
        lines = "".join(self._source.line(row) for row in range(first, last + 1))
        found = _NOQA.search(lines)
        if found is None:
            return None
        return tuple(re.split(r"[,\s]+", found["codes"].strip(", \t\r\n").upper())) if found["codes"] else ()

    @cached_property
    def _ends_together(self) -> dict[int, tuple[int, int]]:
        """For each row of several that share one end of line (for the tokeniser): the first and the last."""
        ranges: dict[int, tuple[int, int]] = {}
        first, last = 0, 0
        try:
            for token in tokenize.generate_tokens(io.StringIO(self._source.text, newline="").readline):
                if token.type in (tokenize.ENDMARKER, tokenize.DEDENT):
                    continue
                first = min(first or token.start[0], token.start[0])
                last = max(last, token.end[0])
                if token.type in (tokenize.NL, tokenize.NEWLINE):
                    if last > first:
                        ranges.update(dict.fromkeys(range(first, last + 1), (first, last)))
                    first, last = 0, 0
        except (tokenize.TokenError, SyntaxError):
            return {}
        return ranges

    def _pylint_names(self, row: int) -> frozenset[str]:
        return frozenset(name for first, last, names in self._pylint_ranges if first <= row <= last for name in names)

    @cached_property
    def _pylint_ranges(self) -> list[tuple[int, int, frozenset[str]]]:
        """Rows from, to (inclusive) and the names that ``# pylint: disable`` comments turn off there."""
        return list(self._read_pylint())

    def _read_pylint(self) -> Iterator[tuple[int, int, frozenset[str]]]:
        for row, comment in self._source.comments.items():
            found = _PYLINT.match(comment)
            if found is None:
                continue
            names = frozenset(name.strip() for name in found["names"].split(","))
            line = self._source.line(row)
            if found["action"] == "disable-next":
                yield row + 1, row + 1, names
            elif line.lstrip().startswith("#"):
                yield row, self._end_of_block(row, _indentation(line)), names
            else:
                yield row, row, names

    def _end_of_block(self, row: int, indentation: int) -> int:
        """The last of the lines after `row` that are indented at least so far."""
        end = row
        for following in range(row + 1, self._source.rows + 1):
            line = self._source.line(following)
            if line.strip() and _indentation(line) < indentation:
                break
            end = following
        return end


def _ignored_by_own_comment(comment: str, finding: Finding) -> bool:
    for found in _OWN.finditer(comment):
        rules = found["rules"]
        if rules is None:
            return True
        words = [word.strip() for word in rules.split(",")]
        if finding.name in words or _named(finding.code, [word.upper() for word in words if word]):
            return True
    return False


def _named(code: str, codes: Iterable[str]) -> bool:
    return code.upper().startswith(tuple(codes))


def _indentation(line: str) -> int:
    return len(line.expandtabs()) - len(line.expandtabs().lstrip())
