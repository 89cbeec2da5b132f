"""The comments that speak to patternlint: their grammar, and the rows that each of them holds for.

``# noqa`` is read as flake8 and Ruff read it; ``# patternlint: ignore``, ``file-ignore``, ``disable`` and ``enable``
mean what they mean for Ruff. What is malformed holds for nothing.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

from patternlint.config import UnknownSelector, suggestion
from patternlint.selection import check_selectors
from patternlint.source import Source

NOQA, IGNORE, FILE_IGNORE, DISABLE, ENABLE, SKIP_FILE = (
    "noqa", "ignore", "file-ignore", "disable", "enable", "skip-file",
)  # fmt: skip
_ACTIONS = (IGNORE, DISABLE, ENABLE, FILE_IGNORE, SKIP_FILE)
_NAMED = (FILE_IGNORE, DISABLE, ENABLE)  # they say which rules
_ALONE = (FILE_IGNORE, DISABLE, ENABLE)  # they have a line of their own

_NOQA = re.compile(
    r"# noqa(?P<colon>[ \t]*:[ \t]*(?P<codes>(?:[A-Z]+[0-9]+(?:[,\s]+)?)+)?)?"
    r"(?P<odd>[(\[]|-(?=[A-Z]+[0-9])|[ \t]+(?=[A-Z]+[0-9]+\b))?",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"#\s*patternlint:\s*(?P<action>[a-z-]*)\s*(?P<bracket>\[(?P<rules>[^\]#]*)(?P<closed>\])?)?(?P<rest>[^#]*)"
)
_REASON = re.compile(r"\s*--\s*(?P<reason>[^#\n]*\S)?")


class Name(NamedTuple):
    """A rule as a comment names it, and the beginning of the codes that it stands for: "" where there is none."""

    text: str
    code: str


class Directive(NamedTuple):
    """One thing that a comment says.

    `row` is where it stands, `first` and `last` the rows that it holds for (0: none), `names` the rules (none: all).
    `start` and `end` are offsets in the source's text, reason included; `listed` those of the list of names.
    `fault` says what is wrong with it.
    """

    action: str
    row: int
    first: int
    last: int
    names: tuple[Name, ...]
    reason: str
    start: int
    end: int
    listed: tuple[int, int]
    fault: str = ""
    remedy: str = ""

    def holds_at(self, row: int) -> bool:
        """Whether it is about a row."""
        return self.first <= row <= self.last


class _Comment(NamedTuple):
    row: int
    column: int
    text: str
    alone: bool


class _Line(NamedTuple):
    """A logical line."""

    first: int
    last: int
    decorates: bool


class Layout:
    """How the rows of a source hang together: its comments, logical lines, and rows that share one end of line."""

    def __init__(self, source: Source) -> None:
        self.comments: list[_Comment] = []
        self.lines: list[_Line] = []
        self._together: dict[int, tuple[int, int]] = {}
        try:
            self._read(source)
        except (tokenize.TokenError, SyntaxError):
            self._together.clear()  # comments and lines before the place that cannot be tokenised still count

    def _read(self, source: Source) -> None:
        begun: tokenize.TokenInfo | None = None  # of the logical line
        first = last = 0  # of the rows up to the next end of line
        for token in tokenize.generate_tokens(io.StringIO(source.text_to_tokenize, newline="").readline):
            if token.type == tokenize.COMMENT:
                alone = not token.line[: token.start[1]].strip() and begun is None
                self.comments.append(_Comment(*token.start, token.string, alone))
            elif token.type == tokenize.NEWLINE and begun is not None:
                self.lines.append(_Line(begun.start[0], token.start[0], begun.string == "@"))
                begun = None
            elif begun is None and token.type not in _NO_CODE:
                begun = token
            if token.type in (tokenize.ENDMARKER, tokenize.DEDENT):
                continue
            first, last = min(first or token.start[0], token.start[0]), max(last, token.end[0])
            if token.type in (tokenize.NL, tokenize.NEWLINE):
                if last > first:
                    self._together.update(dict.fromkeys(range(first, last + 1), (first, last)))
                first = last = 0

    def together(self, row: int) -> tuple[int, int]:
        """The first and the last of the rows at whose common end a comment can stand."""
        return self._together.get(row, (row, row))

    def line_of(self, comment: _Comment) -> tuple[int, int]:
        """The rows of the logical line that a comment is in, or else of the next one, decorators and all."""
        for line in self.lines:
            if line.first <= comment.row <= line.last:
                return line.first, line.last
            if line.first > comment.row and not line.decorates:
                return comment.row, line.last
        return comment.row, comment.row


_NO_CODE = frozenset(
    {tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER}
)


# ---- noqa


def noqa_at(source: Source, first: int, last: int) -> Directive | None:
    """The ``# noqa`` that holds for rows with a common end: the first one counts, wherever it stands in them."""
    lines = "".join(source.line(row) for row in range(first, last + 1))
    found = _NOQA.search(lines)
    if found is None:
        return None
    shift = source.line_start(first)
    start, end = found.start() + shift, found.end("colon" if found["colon"] else 0) + shift
    codes = (found["codes"] or "").rstrip(", \t\r\n")
    where = (found.start("codes") + shift, found.start("codes") + shift + len(codes)) if codes else (end, end)
    reason = _REASON.match(lines, found.end())
    if found["codes"]:
        end = where[1]
        reason = _REASON.match(lines, where[1] - shift)
    if reason is not None:
        end = reason.end() + shift
    names = tuple(Name(code, code.upper()) for code in re.split(r"[,\s]+", codes) if code)
    fault, remedy = _fault_of_noqa(found)
    broken = bool(fault) and not _is_wide(found)
    row = source.position(start)[0]
    return Directive(
        NOQA, row, 0 if broken else first, 0 if broken else last, names, (reason and reason["reason"]) or "", start,
        end, where, fault, remedy,
    )  # fmt: skip


def _is_wide(found: re.Match[str]) -> bool:
    """Whether it says nothing but ``# noqa``, for flake8 and Ruff alike."""
    return not found["colon"] and not (found["odd"] or "").strip()


def _fault_of_noqa(found: re.Match[str]) -> tuple[str, str]:
    if found["codes"]:
        return "", ""
    if found["colon"]:
        return "'# noqa:' names no code, so it silences nothing", "name codes, such as '# noqa: PAT501'"
    if found["odd"] is None:
        return "", ""
    if _is_wide(found):
        return "'# noqa' has no colon before the code, so it silences everything", "write '# noqa: ' before the codes"
    return "'# noqa' is followed by no colon, so it silences nothing", "name codes, such as '# noqa: PAT501'"


# ---- our own comments


def own_directives(source: Source, layout: Layout) -> list[Directive]:
    """Everything that comments say to patternlint by name, in order."""
    found = [directive for comment in layout.comments for directive in _in_comment(comment, source, layout)]
    return list(_with_ranges(found, source))


def _in_comment(comment: _Comment, source: Source, layout: Layout) -> Iterator[Directive]:
    shift = source.line_start(comment.row) + comment.column
    for match in _OWN.finditer(comment.text):
        action = match["action"]
        if action not in _ACTIONS and not match["bracket"]:
            from difflib import get_close_matches

            if not get_close_matches(action, _ACTIONS, n=1):
                continue  # a remark about patternlint, not to it
        reason = _REASON.match(match["rest"])
        end = match.end("rest") if reason is None else match.start("rest") + reason.end()
        if reason is None:
            end = match.start("rest")  # the rest is a remark
        names, wrong = _names(match["rules"] or "")
        fault, remedy = _fault(match, comment) or wrong
        first, last = (0, 0)
        if not _fault(match, comment):
            first, last = (1, source.rows) if action in (FILE_IGNORE, SKIP_FILE) else layout.line_of(comment)
        listed = match.span("rules") if match["rules"] is not None else (end, end)
        yield Directive(
            action, comment.row, first, last, names, (reason and reason["reason"]) or "", match.start() + shift,
            end + shift, (listed[0] + shift, listed[1] + shift), fault, remedy,
        )  # fmt: skip


def _names(text: str) -> tuple[tuple[Name, ...], tuple[str, str]]:
    """The names in a list, and what is wrong with the first that stands for nothing."""
    names, fault = [], ("", "")
    for word in filter(None, map(str.strip, text.split(","))):
        try:
            code = check_selectors([word])[0]
        except UnknownSelector as error:
            code, fault = "", fault if fault[0] else (f"{error.message}, so it silences nothing", error.remedy)
        names.append(Name(word, "PAT" if code == "ALL" else code))
    return tuple(names), fault


def _fault(match: re.Match[str], comment: _Comment) -> tuple[str, str] | None:
    action = match["action"]
    if action not in _ACTIONS:
        return f"unknown comment 'patternlint: {action}'", suggestion(action, _ACTIONS)
    if match["bracket"] and not match["closed"]:
        return "the bracket is not closed, so the comment silences nothing", "close it after the last rule"
    if (match["bracket"] and not match["rules"].strip()) or (action in _NAMED and not match["bracket"]):
        return f"'{action}' names no rule, so it silences nothing", f"name some: {action}[missing-functools-wraps]"
    if action in _ALONE and not comment.alone:
        return f"'{action}' stands behind code, so it silences nothing", "give it a line of its own, or write 'ignore'"
    return None


def _with_ranges(found: list[Directive], source: Source) -> Iterator[Directive]:
    """The directives with the rows from ``disable`` to ``enable``, or to the end of the block where that is missing."""
    ends: dict[int, int] = {}
    for index, directive in enumerate(found):
        if directive.action != ENABLE or not directive.first:
            continue
        codes = {name.code for name in directive.names}
        opened = [i for i, d in enumerate(found[:index]) if d.action == DISABLE and d.first and i not in ends]
        same = [i for i in opened if {name.code for name in found[i].names} == codes]
        if same:
            ends[same[-1]] = directive.row
        else:
            found[index] = directive._replace(
                first=0, last=0, fault="'enable' ends nothing: no 'disable' before it names the same rules",
                remedy="name the rules of the 'disable', in one comment",
            )  # fmt: skip
    for index, directive in enumerate(found):
        if directive.action == DISABLE and directive.first:
            directive = directive._replace(
                first=directive.row, last=ends.get(index) or end_of_block(source, directive.row)
            )
        elif directive.action == ENABLE:
            directive = directive._replace(first=0, last=0)
        yield directive


def end_of_block(source: Source, row: int) -> int:
    """The last of the lines after `row` that are indented at least as far as it is."""
    indentation, end = indentation_of(source.line(row)), row
    for following in range(row + 1, source.rows + 1):
        line = source.line(following)
        if line.strip() and indentation_of(line) < indentation:
            break
        end = following
    return end


def indentation_of(line: str) -> int:
    """How far a line is indented."""
    return len(line.expandtabs()) - len(line.expandtabs().lstrip())
