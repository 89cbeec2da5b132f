"""Comments that speak to a tool, and the statement that each of them is about."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from typing import NamedTuple

from patternlint.source import Source

PRAGMA = re.compile(
    r"#\s*(?:noqa\b|nosec\b|type:|pragma\b|noinspection\b|nopep8\b|nosonar\b|ty:"
    r"|(?:pylint|mypy|pyright|ruff|patternlint|flake8|fmt|black|isort|yapf|autopep8|pytype|pyre|codespell):)",
    re.IGNORECASE,
)
_ABOUT_THE_NEXT = re.compile(r"#\s*(?:pylint:\s*disable-next|noinspection\b)")
_ABOUT_THE_NEXT_STATEMENT = re.compile(r"#\s*patternlint:\s*ignore\b")  # however it is decorated
_ABOUT_THE_ONE_BEFORE = re.compile(r"#\s*type:")
_NO_CODE = frozenset({tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING})
_KINDS = frozenset(
    "@ assert break case class continue def del elif else except finally for from global if import nonlocal pass raise "
    "return try while with yield".split()
)
_SAME_KIND = {"elif": "if", "from": "import"}


class Line(NamedTuple):
    """A logical line: where its first token stands, how far that is indented, and what kind of statement it begins."""

    start: int
    indent: int
    kind: str


class Comment(NamedTuple):
    """A comment and the logical lines about it.

    `line` is the one that it stands in or at the end of; where there is none, `before` and `after` are its
    neighbours, `statement` the one after that is no decorator, and `block` the one that opens the block around it.
    """

    start: int
    text: str
    line: Line | None
    before: Line | None
    after: Line | None
    statement: Line | None
    block: Line | None

    @property
    def is_pragma(self) -> bool:
        """Whether it tells a tool something."""
        return PRAGMA.search(self.text) is not None

    @property
    def kind(self) -> str:
        """The kind of statement that it is about, "alone" where it has a line of its own."""
        return self.line.kind if self.line is not None else "alone"

    @property
    def anchors(self) -> list[Line | None]:
        """The lines on which the meaning of a pragma depends: a comment means the same next to the same ones."""
        if self.line is not None:
            return [self.line]
        if _ABOUT_THE_NEXT.search(self.text):
            return [self.block, self.after]
        if _ABOUT_THE_NEXT_STATEMENT.search(self.text):
            return [self.block, self.statement]
        if self.before is None or _ABOUT_THE_ONE_BEFORE.search(self.text):
            return [self.block, self.before]
        return [self.block]


def comments_in(source: Source) -> list[Comment]:
    """Every comment of a source, in order."""
    lines: list[Line] = []
    found: list[tuple[int, str, int, bool, int]] = []  # start, text, lines begun before it, within the last, column
    within = False
    for token in _tokens(source):
        start = source.line_start(token.start[0]) + token.start[1]
        if token.type == tokenize.COMMENT:
            found.append((start, token.string, len(lines), within, token.start[1]))
        elif token.type == tokenize.NEWLINE:
            within = False
        elif token.type not in _NO_CODE and token.type != tokenize.ENDMARKER and not within:
            within = True
            lines.append(Line(start, token.start[1], _kind(token.string)))
        elif within and lines[-1].kind == "async":
            lines[-1] = lines[-1]._replace(kind=_kind(token.string))
    return [
        Comment(
            start, text, lines[count - 1] if inside else None, lines[count - 1] if count else None,
            lines[count] if count < len(lines) else None,
            next((lines[i] for i in range(count, len(lines)) if lines[i].kind != "@"), None),
            next((line for line in reversed(lines[:count]) if line.indent < column), None),
        )
        for start, text, count, inside, column in found
    ]  # fmt: skip


def _tokens(source: Source) -> Iterator[tokenize.TokenInfo]:
    try:
        yield from tokenize.generate_tokens(io.StringIO(source.text_to_tokenize, newline="").readline)
    except (tokenize.TokenError, SyntaxError):
        return  # what was read before the place that cannot be tokenised still counts


def _kind(word: str) -> str:
    return word if word == "async" else _SAME_KIND.get(word, word) if word in _KINDS else ""
