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
    by_flake8 = defaults.NOQA_INLINE_REGEXP.search(comment)
    assert by_flake8 is not None
    assert not by_flake8["codes"] or "PAT5" in by_flake8["codes"].upper()


@pytest.mark.parametrize("comment", ["# noqa: E501", "# nope", "# noqa: PAT502,PAT3"])
def test_noqa_for_others(comment: str) -> None:
    assert not covers(f"x = 1  {comment}\n")


@pytest.mark.parametrize(
    ("comment", "silences", "fault"),
    [
        ("# noqa: missing-functools-wraps", False, "names no code"),
        ("# noqa:", False, "names no code"),
        ("# noqa: PAT", False, "names no code"),
        ("# noqa(PAT501)", False, "followed by no colon"),
        ("# noqa[PAT501]", False, "followed by no colon"),
        ("# noqa-PAT501", False, "followed by no colon"),
        ("# noqa PAT501", True, "no colon before the code"),
        ("# noqa E501", True, "no colon before the code"),
        ("# noqa : PAT501", True, ""),
        ("# noqa:  PAT501", True, ""),
        ("# noqa:  E501", False, ""),
        ("# noqa -- it is short-lived", True, ""),
        ("# noqa (see #123)", True, ""),
        ("# noqa: PAT501 because", True, ""),
    ],
)
def test_malformed_noqa_is_never_silently_wide(comment: str, silences: bool, fault: str) -> None:
    text = f"x = 1  {comment}\n"
    assert covers(text) is silences
    faults = [d.fault for d in Suppressions(Source(Path("a.py"), text.encode())).faulty([1])]
    assert len(faults) == bool(fault)
    assert fault in "".join(faults)


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
        "# patternlint: ignore[missing-functools-wraps] -- it is called at start alone",
        "# patternlint: ignore[decorator]  # noqa: E501",
        "# patternlint: ignore[no-such-rule, PAT501]",
    ],
)
def test_our_own_comment(comment: str) -> None:
    assert covers(f"x = 1  {comment}\n")


def test_our_own_comment_for_another_rule() -> None:
    assert not covers("x = 1  # patternlint: ignore[PAT502]\n")
    assert not covers('x = "# patternlint: ignore"\n')


@pytest.mark.parametrize(
    ("text", "row", "held"),
    [
        ("# patternlint: ignore[PAT501]\ndef f(\n    a,\n):\n    pass\n", 2, True),
        ("# patternlint: ignore[PAT501]\ndef f(\n    a,\n):\n    pass\n", 4, True),
        ("# patternlint: ignore[PAT501]\ndef f(\n    a,\n):\n    pass\n", 5, False),
        ("# patternlint: ignore[PAT501]\n@a\n@b(\n    1\n)\ndef f():\n    pass\n", 6, True),
        ("# patternlint: ignore[PAT501]\n@a\n@b(\n    1\n)\ndef f():\n    pass\n", 7, False),
        ("# patternlint: ignore[PAT501]\n# more\n\nx = 1\ny = 1\n", 4, True),
        ("# patternlint: ignore[PAT501]\n# more\n\nx = 1\ny = 1\n", 5, False),
        ("def f(\n    a,\n):  # patternlint: ignore[PAT501]\n    pass\n", 1, True),
        ("def f(\n    a,\n):  # patternlint: ignore[PAT501]\n    pass\n", 4, False),
        ("# patternlint: ignore[PAT501]\n", 1, True),
        # blocks
        ("# patternlint: disable[PAT501]\nx = 1\n# patternlint: enable[PAT501]\nx = 1\n", 2, True),
        ("# patternlint: disable[PAT501]\nx = 1\n# patternlint: enable[PAT501]\nx = 1\n", 4, False),
        ("# patternlint: disable[PAT5]\nx = 1\n# patternlint: enable[PAT501]\nx = 1\n", 4, True),
        ("def f():\n    # patternlint: disable[PAT501]\n    x = 1\n\nx = 1\n", 3, True),
        ("def f():\n    # patternlint: disable[PAT501]\n    x = 1\n\nx = 1\n", 5, False),
        ("x = 1\n# patternlint: disable[PAT501]\n", 1, False),
        ("x = 1  # patternlint: disable[PAT501]\n", 1, False),
        ("# patternlint: disable\nx = 1\n", 2, False),
        # files
        ("x = 1\n# patternlint: file-ignore[PAT501]\n", 1, True),
        ("x = 1\n# patternlint: file-ignore[PAT502]\n", 1, False),
        ("x = 1\n# patternlint: file-ignore\n", 1, False),
        ("x = 1  # patternlint: file-ignore[PAT501]\n", 1, False),
    ],
)
def test_what_our_own_comments_hold_for(text: str, row: int, held: bool) -> None:
    assert covers(text, row) is held


@pytest.mark.parametrize(
    ("comment", "fault", "remedy"),
    [
        ("# patternlint: ignore[PAT501", "the bracket is not closed", "close it"),
        ("# patternlint: ignore[]", "'ignore' names no rule", "ignore[missing-functools-wraps]"),
        ("# patternlint: ignore[missing-functool-wraps]", "unknown rule", "'missing-functools-wraps'"),
        ("# patternlint: ignroe[PAT501]", "unknown comment 'patternlint: ignroe'", "'ignore'"),
        ("# patternlint: ignroe", "unknown comment 'patternlint: ignroe'", "'ignore'"),
        ("# patternlint: disable", "'disable' names no rule", "disable["),
        ("# patternlint: disable[PAT501]", "'disable' stands behind code", "a line of its own"),
        ("# patternlint: file-ignore[PAT501]", "'file-ignore' stands behind code", ""),
    ],
)
def test_a_comment_of_ours_that_cannot_be_read_silences_nothing(comment: str, fault: str, remedy: str) -> None:
    text = f"x = 1  {comment}\n"
    assert not covers(text)
    (directive,) = Suppressions(Source(Path("a.py"), text.encode())).faulty([])
    assert fault in directive.fault
    assert remedy in directive.remedy


def test_what_is_said_about_patternlint_is_not_said_to_it() -> None:
    text = "x = 1  # patternlint: see the documentation\n"
    assert not covers(text)
    assert Suppressions(Source(Path("a.py"), text.encode())).faulty([1]) == []


def test_an_enable_that_ends_nothing() -> None:
    text = "# patternlint: disable[PAT501]\n# patternlint: enable[PAT502]\n"
    (directive,) = Suppressions(Source(Path("a.py"), text.encode())).faulty([])
    assert (directive.row, directive.fault[:21]) == (2, "'enable' ends nothing")


def test_a_reason_can_be_required() -> None:
    for comment in ("# noqa: PAT501", "# noqa", "# patternlint: ignore[PAT501]", "# patternlint: ignore"):
        assert not covers(f"x = 1  {comment}\n", require_reason=True)
        assert not covers(f"x = 1  {comment} --\n", require_reason=True)
        assert covers(f"x = 1  {comment} -- it is short-lived\n", require_reason=True)
    assert not covers("# patternlint: skip-file\nx = 1\n", 2, require_reason=True)
    assert covers("# patternlint: skip-file -- generated\nx = 1\n", 2, require_reason=True)
    assert covers("import a  # noqa: PLC0415\n", peers=PEERS, require_reason=True)


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
