"""One source file: its bytes, its text, and the arithmetic between offsets, rows and columns.

Lines end at ``\\n``, ``\\r\\n`` and ``\\r`` only, as for the interpreter: a form feed or U+2028 ends none
(``str.splitlines`` disagrees). Offsets count code points of :attr:`Source.text`; the text keeps every line end, so
encoding it again gives the bytes back.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from functools import cached_property
from pathlib import Path

from patternlint.errors import PatternlintError

_BOM = b"\xef\xbb\xbf"
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
# PEP 263: the cookie stands in one of the first two lines.
_COOKIE = re.compile(rb"\A(?:[ \t\f]*(?:#[^\r\n]*)?(?:\r\n|\r|\n))?[ \t\f]*#[^\r\n]*?coding[:=][ \t]*([-\w.]+)")


class DecodeError(PatternlintError):
    """The bytes of a file cannot be read as text; :attr:`row` (1-based) says where."""

    def __init__(self, message: str, remedy: str, row: int) -> None:
        super().__init__(message, remedy)
        self.row = row


class Source:
    """A file's bytes and text.

    Args:
        path: where it was read from, or the name to show for text from elsewhere.
        data: the bytes, exactly as on disk.

    Raises:
        DecodeError: the bytes are not in the encoding that the file declares (UTF-8 where it declares none, PEP 3120).
    """

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        self.data = data
        self.bom = _BOM if data.startswith(_BOM) else b""
        body = data[len(self.bom) :]
        cookie = _COOKIE.match(body) if b"coding" in body[:400] else None
        self.encoding = cookie[1].decode("ascii") if cookie and not self.bom else "utf-8"
        if b"\0" in body:
            row = body[: body.index(b"\0")].count(b"\n") + 1
            raise DecodeError("the file holds NUL bytes, so it is no Python source", "remove them", row)
        try:
            self.text = body.decode(self.encoding)
        except UnicodeDecodeError as error:
            row = body[: error.start].count(b"\n") + 1
            raise DecodeError(
                f"byte 0x{body[error.start]:02x} is not valid {self.encoding}",
                "save the file as UTF-8, or declare its encoding in the first line (PEP 263)",
                row,
            ) from None
        except LookupError:
            raise DecodeError(
                f"unknown encoding '{self.encoding}'", "declare one that Python knows (PEP 263)", 1
            ) from None

    @classmethod
    def read(cls, path: Path) -> Source:
        """The file at `path`.

        Raises:
            DecodeError: as for the constructor.
            OSError: the file cannot be read.
        """
        return cls(path, path.read_bytes())

    def encode(self, text: str) -> bytes:
        """The bytes of a file like this one with `text` in it (same byte order mark, same encoding)."""
        return self.bom + text.encode(self.encoding)

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset of the first character of each line; index 0 is row 1."""
        return line_starts(self.text)

    @property
    def rows(self) -> int:
        """How many lines the text has; a final line end starts no further one."""
        text = self.text
        if "\r" not in text:
            return text.count("\n") + (not text.endswith("\n"))
        starts = self.line_starts
        return len(starts) - (starts[-1] == len(text) and len(starts) > 1)

    def line(self, row: int) -> str:
        """Line `row` (1-based) with its line end; empty behind the last."""
        starts = self.line_starts
        if row > len(starts):
            return ""
        return self.text[starts[row - 1] : starts[row] if row < len(starts) else len(self.text)]

    def line_start(self, row: int) -> int:
        """The offset where line `row` (1-based) begins; the end of the text for the row behind the last."""
        starts = self.line_starts
        return starts[row - 1] if row <= len(starts) else len(self.text)

    def position(self, offset: int) -> tuple[int, int]:
        """Row and column, both 1-based and in code points, of an offset."""
        row = bisect_right(self.line_starts, offset)
        return row, offset - self.line_starts[row - 1] + 1

    def char_column(self, row: int, utf8_column: int) -> int:
        """The 0-based column in code points for a column of `ast`, which counts UTF-8 bytes."""
        line = self.line(row)
        if line.isascii():
            return utf8_column
        return len(line.encode()[:utf8_column].decode("utf-8", "ignore"))

    @cached_property
    def newline(self) -> str:
        """The line end that new lines get: the one of most lines, ``\\n`` where there is none.

        ``\\r`` only where all end so: in front of a ``\\n`` it would not be the end of a line of its own.
        """
        ends = Counter(re.findall(r"\r\n|\r|\n", self.text))
        if len(ends) > 1:
            del ends["\r"]
        return max(ends, key=ends.__getitem__, default="\n")

    @cached_property
    def text_to_tokenize(self) -> str:
        """The text for `tokenize`, which takes no ``\\r`` alone for the end of a line: with ``\\n`` in its place."""
        return re.sub(r"\r(?!\n)", "\n", self.text) if "\r" in self.text else self.text

    def comment(self, row: int) -> str:
        """The comment on a row, "" where there is none: most rows show that at a glance."""
        return self.comments.get(row, "") if "#" in self.line(row) else ""

    @cached_property
    def comments(self) -> dict[int, str]:
        """Each comment by its row (1-based), from ``#`` to the end of the line."""
        import io
        import tokenize

        found: dict[int, str] = {}
        try:
            for token in tokenize.generate_tokens(io.StringIO(self.text_to_tokenize, newline="").readline):
                if token.type == tokenize.COMMENT:
                    found[token.start[0]] = token.string
        except (tokenize.TokenError, SyntaxError):
            pass  # what was read before the place that cannot be tokenised still counts
        return found


def line_starts(text: str) -> list[int]:
    """The offset of the first character of each line; a final line end starts a further one."""
    starts, position = [0], 0
    if "\r" not in text:
        while (position := text.find("\n", position) + 1) > 0:
            starts.append(position)
    else:
        starts += [m.end() for m in _LINE.finditer(text) if m[0].endswith(("\n", "\r"))]
    return starts


def lines_of(text: str) -> list[str]:
    """The lines of a text with their ends."""
    return [line[0] for line in _LINE.finditer(text) if line[0]]
