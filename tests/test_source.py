"""Bytes, text, rows and columns."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patternlint.source import DecodeError, Source
from realcode import stdlib_files

PATH = Path("x.py")
PIECES = st.sampled_from(["a = 1", "", "  ", "\t", "\x0c", "\u2028", "\x85", "é", "𝄞", "# c", "\n", "\r\n", "\r"])


@given(st.lists(PIECES, max_size=30).map("".join))
def test_lines_join_to_the_text_and_positions_agree(text: str) -> None:
    source = Source(PATH, text.encode())
    assert "".join(source.line(row) for row in range(1, source.rows + 2)) == text
    for offset in range(len(text) + 1):
        row, column = source.position(offset)
        assert source.line_start(row) + column - 1 == offset
    assert all(source.line(row).rstrip("\r\n") + "\n" for row in range(1, source.rows))
    assert not any(set(source.line(row)[:-2]) & {"\n"} for row in range(1, source.rows + 1))


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"x = 1\n", "utf-8"),
        (b"# -*- coding: latin-1 -*-\nx = '\xe9'\n", "latin-1"),
        (b"#!/usr/bin/python\n# vim: set fileencoding=cp1252 :\nx = '\x80'\n", "cp1252"),
        (b"\xef\xbb\xbfx = 1\r\n", "utf-8"),
    ],
)
def test_encodings_survive_a_round_trip(data: bytes, encoding: str) -> None:
    source = Source(PATH, data)
    assert source.encoding == encoding
    assert source.encode(source.text) == data


@pytest.mark.parametrize(
    ("data", "row", "says"),
    [
        (b"a = 1\nb = '\xff'\n", 2, "0xff"),
        (b"a = 1\n\n\0", 3, "NUL"),
        (b"# coding: klingon\n", 1, "klingon"),
    ],
)
def test_what_is_no_text_is_said_with_its_row(data: bytes, row: int, says: str) -> None:
    with pytest.raises(DecodeError) as caught:
        Source(PATH, data)
    assert caught.value.row == row
    assert says in caught.value.message
    assert caught.value.remedy


def test_columns_of_ast_count_bytes() -> None:
    source = Source(PATH, "x = 'é𝄞'; y\n".encode())
    assert source.char_column(1, len("x = 'é𝄞'; ".encode())) == len("x = 'é𝄞'; ")


def test_every_real_file_round_trips() -> None:
    for path in stdlib_files(7):
        source = Source.read(path)
        assert source.encode(source.text) == source.data == path.read_bytes()


def test_new_lines_end_as_most_do() -> None:
    for text, end in (("", "\n"), ("a\r\nb\nc\r\n", "\r\n"), ("a\rb\rc\r", "\r"), ("a\rb\rc\n", "\n")):
        assert Source(Path("a.py"), text.encode()).newline == end


def test_comments_of_lines_that_end_in_a_carriage_return_alone() -> None:
    source = Source(Path("a.py"), b"import a\r# one\rx = 1  # two\r\n# three\n")
    assert source.comments == {2: "# one", 3: "# two", 4: "# three"}
    assert len(source.text_to_tokenize) == len(source.text)
