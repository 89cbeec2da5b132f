"""Comments that take responsibility for a finding."""

from __future__ import annotations

from pathlib import Path

import pytest
from flake8 import defaults

from patternlint.finding import Finding
from patternlint.source import Source
from patternlint.suppression import Suppressions

PEERS = frozenset({"PLC0415", "import-outside-toplevel"})


def covers(text: str, row: int = 1, *, peers: frozenset[str] = frozenset(), **options: bool | str) -> bool:
    source = Source(Path("a.py"), text.encode())
    finding = Finding("PAT501", "missing-functools-wraps", "message", "a.py", row, 1, row, 2)
    return Suppressions(source, **options).covers(finding, peers)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa",
        "# NOQA",
        "# noqa: PAT501",
        "# noqa:PAT501,E501",
        "# noqa: E501, PAT5",
        "# noqa: pat501",
        "#  x  # noqa",
    ],
)
def test_noqa(comment: str) -> None:
    assert covers(f"x = 1  {comment}\n")
    assert defaults.NOQA_INLINE_REGEXP.search(comment)


@pytest.mark.parametrize("comment", ["# noqa: E501", "# nope", "# noqa: PAT502,PAT3"])
def test_noqa_for_others(comment: str) -> None:
    assert not covers(f"x = 1  {comment}\n")


def test_noqa_holds_for_its_own_line() -> None:
    assert not covers("x = 1\ny = 2  # noqa\n")
    assert not covers("f(\n    1,  # noqa\n)\n")
    assert covers("f(\n    1,  # noqa\n)\n", row=2)


def test_noqa_at_the_end_of_a_string_or_a_continued_line_holds_for_all_its_lines() -> None:
    assert covers('x = """\ntext\n"""  # noqa: PAT501\n', row=1)
    assert covers('x = """\ntext\n"""  # noqa: PAT501\n', row=2)
    assert covers("x = 1 + \\\n    2  # noqa\n", row=1)


def test_text_that_cannot_be_tokenised_is_read_line_by_line() -> None:
    assert covers("x = (  # noqa\n", row=1)
    assert not covers("x = (  # noqa\n\n", row=2)


@pytest.mark.parametrize(
    "comment",
    [
        "# patternlint: ignore",
        "# patternlint: ignore[PAT501]",
        "# patternlint:ignore[PAT3, PAT5]",
        "# patternlint: ignore[missing-functools-wraps]",
        "# why  # patternlint: ignore[PAT501]",
    ],
)
def test_our_own_comment(comment: str) -> None:
    assert covers(f"x = 1  {comment}\n")


def test_our_own_comment_for_another_rule() -> None:
    assert not covers("x = 1  # patternlint: ignore[PAT502]\n")
    assert not covers('x = "# patternlint: ignore"\n')


def test_whole_files() -> None:
    assert covers("# patternlint: skip-file\nx = 1\n", row=2)
    assert covers("x = 1\n# flake8: noqa\n", row=1)
    assert not covers('x = "# patternlint: skip-file"\n')


def test_what_other_tools_users_wrote() -> None:
    for comment in (
        "# noqa: PLC0415",
        "# pylint: disable=import-outside-toplevel",
        "# pylint: disable=x, import-outside-toplevel",
    ):
        assert covers(f"import a  {comment}\n", peers=PEERS)
        assert not covers(f"import a  {comment}\n")
        assert not covers(f"import a  {comment}\n", peers=PEERS, honor_foreign=False)


def test_pylint_comments_hold_for_blocks() -> None:
    own_line = "def f():\n    # pylint: disable=import-outside-toplevel\n    import a\n\n\ndef g():\n    import a\n"
    assert covers(own_line, 3, peers=PEERS)
    assert not covers(own_line, 7, peers=PEERS)
    following = "# pylint: disable-next=import-outside-toplevel\nimport a\nimport b\n"
    assert covers(following, 2, peers=PEERS)
    assert not covers(following, 3, peers=PEERS)
    module = "# pylint: disable=import-outside-toplevel\ndef g():\n    import a\n"
    assert covers(module, 3, peers=PEERS)


def test_pylint_comments_for_our_own_rule() -> None:
    assert covers("x = 1  # pylint: disable=missing-functools-wraps\n")
    assert covers("x = 1  # pylint: disable=W9501\n")
    assert not covers("x = 1  # pylint: disable=W9501\n", ignoring="pylint")


def test_what_a_host_applies_itself_is_left_to_it() -> None:
    assert not covers("x = 1  # noqa\n", ignoring="noqa")
    assert covers("x = 1  # noqa: PLC0415\n", peers=PEERS, ignoring="noqa")


def test_where_a_comment_has_to_stand() -> None:
    source = Source(Path("a.py"), b'x = """\ntext\n"""\ny = 1\n')
    assert [Suppressions(source).noqa_row(row) for row in (1, 2, 3, 4)] == [3, 3, 3, 4]
