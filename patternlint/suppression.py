"""Comments that say "I know": ``# noqa``, ``# patternlint: ignore[…]``, and what other tools' users wrote before us.

``# noqa`` is read as flake8 reads it: anywhere in the lines that end together (a string over several lines, a line
continued by a backslash), the first one counts, and codes are prefixes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cached_property

from patternlint.directives import (
    IGNORE,
    NOQA,
    SKIP_FILE,
    Directive,
    Layout,
    Name,
    end_of_block,
    noqa_at,
    own_directives,
)
from patternlint.finding import Finding
from patternlint.source import Source

_MARKER = re.compile(r"noqa|pylint:|patternlint:", re.IGNORECASE)
_NOQA_FILE = re.compile(r"^\s*# flake8[:=]\s*noqa[ \t]*$", re.IGNORECASE | re.MULTILINE)
_PYLINT = re.compile(r"#.*?\bpylint:\s*(?P<action>disable(?:-next)?)\s*=\s*(?P<names>[\w\-, ]+)")

EVERYTHING = Name("", "")  # what a comment without names is about


ALL_COMMENTS = "all"


class Suppressions:
    """The suppressing comments of one source; costs next to nothing where there are none.

    Args:
        source: the file.
        ignoring: "noqa": ``# noqa`` for us does not count; "pylint": ``# pylint: disable`` for us does not. The hosts
            of these names apply them themselves, and want to know what they silence. `ALL_COMMENTS`: none counts.
        honor_foreign: whether other tools' comments at a rule's `peers` count.
        require_reason: whether ours, and ``# noqa``, count only with ``-- reason``.
    """

    def __init__(
        self, source: Source, *, ignoring: str = "", honor_foreign: bool = True, require_reason: bool = False
    ) -> None:
        self._source = source
        self._noqa = ignoring != "noqa"
        self._pylint = ignoring != "pylint"
        self._honor_foreign = honor_foreign
        self._require_reason = require_reason
        self._marked = ignoring != ALL_COMMENTS and may_suppress(source.text)
        self._noqas: dict[int, Directive | None] = {}
        self.used: set[tuple[Directive, Name]] = set()
        self.without_reason: set[Finding] = set()  # findings that a comment would cover if it gave a reason

    @property
    def skip_file(self) -> bool:
        """Whether the whole file is left out."""
        return self._marked and self._skips

    @cached_property
    def _skips(self) -> bool:
        text = self._source.text
        if self._noqa and _NOQA_FILE.search(text):
            return True
        return SKIP_FILE in text and any(d.action == SKIP_FILE and d.first and self._may(d) for d in self.own)

    def covers(self, finding: Finding, peers: Iterable[str] = ()) -> bool:
        """Whether a comment takes responsibility for a finding. All that do are noted as used.

        Args:
            finding: the finding.
            peers: other tools' codes and symbols for the same defect.
        """
        if not self._marked:
            return False
        if self._skips:
            return True
        covered = [self._may(d) for d in self._about(finding)]
        if covered and not any(covered):
            self.without_reason.add(finding)
        return any(covered) or self._is_acknowledged(finding, peers)

    def _about(self, finding: Finding) -> Iterator[Directive]:
        """The comments for us that are about a finding, used from now on."""
        noqa = self.noqa_of(finding.row) if self._noqa else None
        for directive in [*self.own, *([noqa] if noqa is not None else ())]:
            if directive.action == SKIP_FILE or not directive.holds_at(finding.row):
                continue
            names = directive.names or ((EVERYTHING,) if directive.action in (NOQA, IGNORE) else ())
            named = [name for name in names if finding.code.startswith(name.code) and (name.code or name is EVERYTHING)]
            self.used.update((directive, name) for name in named)
            if named:
                yield directive

    def _may(self, directive: Directive) -> bool:
        return bool(directive.reason) or not self._require_reason

    def _is_acknowledged(self, finding: Finding, peers: Iterable[str]) -> bool:
        """Whether a comment for another tool does."""
        peers = set(peers if self._honor_foreign else ())
        noqa = self.noqa_of(finding.row) if peers else None
        if noqa is not None and any(peer.upper().startswith(name.code) for peer in peers for name in noqa.names):
            return True
        known = {finding.name, "W9" + finding.code[3:]} if self._pylint else set()
        return not known.union(peers).isdisjoint(self._pylint_names(finding.row))

    def faulty(self, rows: Iterable[int]) -> list[Directive]:
        """The comments that say something else than they seem to: all of ours, ``# noqa`` where it is about `rows`."""
        noqas = dict.fromkeys(self.noqa_of(row) for row in rows) if self._noqa else {}
        return [d for d in (*self.own, *noqas) if d is not None and d.fault]

    def noqa_row(self, row: int) -> int:
        """The row at whose end a ``# noqa`` for a finding on `row` has to stand."""
        return self._layout.together(row)[1]

    @cached_property
    def own(self) -> list[Directive]:
        """What comments say to patternlint by name."""
        return own_directives(self._source, self._layout) if "patternlint:" in self._source.text else []

    @property
    def noqas(self) -> list[Directive]:
        """The ``# noqa`` comments that are comments: one in a string counts, as for flake8, but is nobody's mistake."""
        if not self._marked:
            return []
        comments = [comment for comment in self._layout.comments if self._noqa and "noqa" in comment.text.lower()]
        found = [(self._source.line_start(c.row) + c.column, self.noqa_of(c.row)) for c in comments]
        return [noqa for start, noqa in found if noqa is not None and noqa.start >= start]

    def noqa_of(self, row: int) -> Directive | None:
        """The ``# noqa`` that is about a row."""
        if not self._marked:
            return None
        first, last = self._layout.together(row)
        if first not in self._noqas:
            self._noqas[first] = noqa_at(self._source, first, last)
        return self._noqas[first]

    @cached_property
    def _layout(self) -> Layout:
        return Layout(self._source)

    # ---- pylint's

    def _pylint_names(self, row: int) -> frozenset[str]:
        return frozenset(name for first, last, names in self._pylint_ranges if first <= row <= last for name in names)

    @cached_property
    def _pylint_ranges(self) -> list[tuple[int, int, frozenset[str]]]:
        """Rows from, to (inclusive) and the names that ``# pylint: disable`` comments turn off there."""
        return list(self._read_pylint()) if "pylint:" in self._source.text else []

    def _read_pylint(self) -> Iterator[tuple[int, int, frozenset[str]]]:
        for comment in self._layout.comments:
            found = _PYLINT.match(comment.text)
            if found is None:
                continue
            row = comment.row
            names = frozenset(name.strip() for name in found["names"].split(","))
            if found["action"] == "disable-next":
                yield row + 1, row + 1, names
            elif self._source.line(row).lstrip().startswith("#"):
                yield row, end_of_block(self._source, row), names
            else:
                yield row, row, names


def may_suppress(text: str) -> bool:
    """Whether a text may hold a comment that suppresses findings."""
    return bool(_MARKER.search(text))
