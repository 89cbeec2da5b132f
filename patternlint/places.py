"""Where the nodes of a region stand, and how statements become lines of the file: indentation, line ends, own lines."""

from __future__ import annotations

import ast
import re
from collections import Counter
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from patternlint.finding import Edit
from patternlint.pragmas import PRAGMA
from patternlint.source import Source

if TYPE_CHECKING:
    import libcst as cst


_BLOCK = re.compile(
    r"^([ \t]*)(?:def|class|if|elif|else|for|while|with|try|except|finally|async)\b[^\r\n]*:[ \t]*(?:#[^\r\n]*)?"
    r"(?:\r\n|\r|\n)\1(\t+|  +)\S",
    re.MULTILINE,
)
_ENOUGH = 50


class CannotEdit(Exception):
    """A step finds no way to write what it should; the argument is the reason code."""


class Places(NamedTuple):
    """Where the nodes of a region stand in the source."""

    source: Source
    spans: dict[int, tuple[int, int]]
    inexact: frozenset[int]

    def span(self, node: cst.CSTNode) -> tuple[int, int]:
        """Start and end offsets of a node, parentheses around it left out."""
        return self.spans[id(node)]

    def exact(self, node: cst.CSTNode) -> tuple[int, int]:
        """The same, for an edit.

        Raises:
            CannotEdit: LibCST does not give the line back as it was, so the column is not sure.
        """
        if id(node) in self.inexact:
            raise CannotEdit("not-reproduced")
        return self.span(node)

    def line_of(self, offset: int) -> tuple[int, str]:
        """The offset where a line begins, and its indentation."""
        row, _ = self.source.position(offset)
        text = self.source.line(row)
        return self.source.line_start(row), text[: len(text) - len(text.lstrip(" \t\f"))]

    def next_line(self, offset: int) -> int:
        """The offset where the line after the one at `offset` begins."""
        row, _ = self.source.position(offset)
        return self.source.line_start(row + 1)

    def lines(self, code: str, indent: str) -> str:
        """Dedented code in the file's own indentation and line ends, without the last line's end."""
        unit = indent_unit(self.source)
        out = []
        for line in code_lines(code):
            bare = line.lstrip(" ")
            depth, rest = divmod(len(line) - len(bare), 4)
            out.append(f"{indent}{unit * depth}{' ' * rest}{bare}" if bare else "")
        return self.source.newline.join(out)


def code_lines(code: str) -> list[str]:
    """The lines of new code, which may quote some of the file with their own line ends."""
    return re.split(r"\r\n|\r|\n", code)


def indent_unit(source: Source) -> str:
    """One level of indentation as the file writes it; four spaces where it has none."""
    units = Counter(match[2] for match in islice(_BLOCK.finditer(source.text), _ENOUGH))
    unit = max(units, key=units.__getitem__, default="    ")  # the first block may be one of a docstring
    return "\t" if unit.startswith("\t") else unit if len(unit) in (2, 3, 4, 8) else "    "


def own_line(at: Places, start: int) -> tuple[int, str]:
    """The start and indentation of the line that begins with the statement at `start`."""
    line_start, indent = at.line_of(start)
    if line_start + len(indent) != start:
        raise CannotEdit("shares-a-line")
    return line_start, indent


def without_lines(at: Places, line_start: int, end: int) -> Edit:
    """Take whole lines out; and where blank lines are on both sides, or a block would begin with some, those behind."""
    source, last = at.source, at.next_line(end)
    first, after = source.position(line_start)[0], source.position(last)[0]
    if last == len(source.text) or source.line(after).strip():
        return Edit(line_start, last, "")
    if first > 1 and not source.line(first - 1).strip():
        last = source.line_start(after + 1)
    elif _heads_block(source, first - 1, at.line_of(line_start)[1]):
        while last < len(source.text) and not source.line(after).strip():
            last, after = source.line_start(after + 1), after + 1
    return Edit(line_start, last, "")


def without_imported(at: Places, statement: ast.Import | ast.ImportFrom, name: str, instead: str = "") -> Edit:
    """Take one name out of an import, and all of it where there is no other; or put another name in its place."""
    source, names = at.source, statement.names

    def offset(row: int, column: int) -> int:
        return source.line_start(row) + source.char_column(row, column)

    spans = [(offset(a.lineno, a.col_offset), offset(a.end_lineno or 0, a.end_col_offset or 0)) for a in names]
    index = next(i for i, a in enumerate(names) if (a.asname or a.name) == name)
    start, end = spans[index]
    if instead:
        return Edit(start, end, instead)
    if len(names) == 1:
        line_start, _ = own_line(at, offset(statement.lineno, statement.col_offset))
        edit = Edit(line_start, source.line_start((statement.end_lineno or 0) + 1), "")
    elif index + 1 < len(names):
        edit = Edit(start, spans[index + 1][0], "")
    else:
        edit = Edit(spans[index - 1][1], end, "")
    if "#" in source.text[edit.start : edit.end] or ";" in source.text[edit.start : edit.end]:
        raise CannotEdit("import-unused")
    return edit


def _heads_block(source: Source, row: int, indent: str) -> bool:
    """Whether a block of this indentation begins below a row."""
    line = source.line(row) if row else ""
    return line.partition("#")[0].rstrip().endswith(":") and len(line) - len(line.lstrip(" \t\f")) < len(indent)


def nested(
    at: Places, span: tuple[int, int], above: int, indent: str, texts: Iterable[tuple[int, int]], headers: str
) -> list[Edit]:
    """Put headers above whole lines and these one level deeper for each header, comments behind them included.

    Args:
        span: where the first statement begins and the last one ends.
        above: how many lines before the first statement belong to it.
        indent: the statements' indentation.
        texts: the spans of strings of several lines, which stay as they are.
        headers: dedented lines, each one level deeper than the one before.

    Raises:
        CannotEdit: a pragma has a line of its own there, so it is about the block that it would leave.
    """
    source = at.source
    first, last = source.position(span[0])[0] - above, source.position(span[1])[0]
    while last < source.rows and source.line(last + 1).startswith(f"{indent}#"):
        last += 1
    if any(line.startswith(f"{indent}#") and PRAGMA.search(line) for line in map(source.line, range(first, last + 1))):
        raise CannotEdit("pragma-in-block")
    kept = {row for start, end in texts for row in range(source.position(start)[0] + 1, source.position(end)[0] + 1)}
    deeper = indent_unit(source) * len(code_lines(headers))
    begin = source.line_start(first)
    edits = [Edit(begin, begin, at.lines(headers, indent) + source.newline)]
    for row in range(first, last + 1):
        if row not in kept and source.line(row).strip():
            begin, space = at.line_of(source.line_start(row))
            edits.append(Edit(begin, begin + len(space), deeper + space))  # so that taking the line out overlaps
    return edits


def new_lines_at(at: Places, offset: int, lines: str) -> Edit:
    """New whole lines at the start of a line, or behind a last line that has no end."""
    text, newline = at.source.text, at.source.newline
    if offset and text[offset - 1] not in "\r\n":
        return Edit(offset, offset, newline + lines)
    return Edit(offset, offset, lines + newline)


def joined(edits: Iterable[Edit]) -> list[Edit]:
    """Insertions at one place become one edit, in the order of the steps."""
    out: list[Edit] = []
    for edit in sorted(edits, key=lambda e: (e.start, e.end)):
        if out and edit.start == edit.end == out[-1].start == out[-1].end:
            out[-1] = Edit(edit.start, edit.end, out[-1].text + edit.text)
        else:
            out.append(edit)
    return out
