"""What fixes may not spoil, check by check: each time an edit that passes, and one like it that does not."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from patternlint.facts import Module
from patternlint.finding import Edit
from patternlint.pragmas import PRAGMA, comments_in
from patternlint.source import Source
from patternlint.splicing import Moves, splice
from patternlint.verification import (
    Reading,
    Rewriting,
    Unfit,
    check_bytes,
    check_findings,
    check_round_trip,
    check_syntax,
    check_text,
    read,
)

Pairs = list[tuple[str, str]]


def source(text: str, name: str = "subject.py") -> Source:
    return Source(Path(name), text.encode())


def edit(text: str, old: str, new: str) -> Edit:
    """The smallest edit that puts `new` in the place of the first `old`."""
    start, end = text.index(old), text.index(old) + len(old)
    while old and new and old[0] == new[0]:
        old, new, start = old[1:], new[1:], start + 1
    while old and new and old[-1] == new[-1]:
        old, new, end = old[:-1], new[:-1], end - 1
    return Edit(start, end, new)


def rewriting(text: str, changes: Pairs, binds: frozenset[str] = frozenset()) -> Rewriting:
    """`text` with the first occurrence of each fragment replaced; an empty fragment is the beginning."""
    edits = [edit(text, old, new) for old, new in changes]
    old, new = (read(Module(source(t), "subject", "subject.py")) for t in (text, splice(text, edits)))
    return Rewriting(old, new, Moves(edits), binds)


def fault(text: str, changes: Pairs, binds: frozenset[str] = frozenset()) -> str:
    try:
        check_text(rewriting(text, changes, binds))
    except Unfit as unfit:
        return unfit.reason
    return ""


def both(text: str, good: Pairs, bad: Pairs, reason: str) -> None:
    assert fault(text, good) == ""
    assert reason in fault(text, bad)


COMMENTS: list[tuple[str, str, Pairs, Pairs]] = [
    ("a comment", "x = 1  # why\n", [("1", "2")], [("1  # why", "1")]),
    ("one of two equal comments", "x = 1  # a\ny = 1  # a\n", [("1", "2")], [("1  # a", "1")]),
    ("a pragma of a statement", "x = f(1)  # noqa\n", [("x", "y = 0\nx")], [("f(1)", "f(1)\ny = 0")]),
    ("a wrapped expression's", "f(1)\ng()  # type: ignore\n", [("g()", "tuple(g())")], [("g()", "g()\nf(2)")]),
    ("a removed statement's", "f()\ng()  # nosec\n", [("f()\n", "")], [("g()  ", "")]),
    ("a moved import's", "import b\ndef f():\n    import a  # noqa: F401\n    b\n",
     [("import b", "import a  # noqa: F401\nimport b"), ("    import a  # noqa: F401\n", "")],
     [("import b", "import a\nimport b"), ("import a  # noqa: F401", "# noqa: F401")]),
    ("a rewritten statement's", "def f():\n    return 1  # noqa\n", [("return 1  # noqa", "return 2  # noqa")],
     [("return 1  # noqa", "raise ValueError  # noqa")]),
    ("one within a call", "f(\n    1,  # noqa\n    2,\n)\n", [("2", "3")], [("f(\n    1,  # noqa\n    2,\n)", "# noqa\nf(1, 3)")]),
    ("a header's", "for x in z:  # pragma: no cover\n    x\n", [("z", "tuple(z)")], [("  # pragma: no cover\n", "\n    # pragma: no cover\n")]),
    ("a file's", "# mypy: ignore-errors\nx = 1\n", [("x = 1", "y = 0\nx = 1")], [("", "y = 0\n")]),
    ("a file's type: ignore", '# type: ignore\n"""Doc."""\n', [('Doc', 'Docs')], [("", "y = 0\n")]),
    ("disable-next", "y = 0\n# pylint: disable-next=foo\nx = 1\n", [("y", "z")], [("x", "w = 2\nx")]),
    ("a signature's type comment", "def f(a):\n    # type: (int) -> int\n    return a\n", [("return", "a = 1\n    return")],
     [("    # type", "    a = 1\n    # type")]),
    ("a block's", "class A:\n    # pylint: disable=foo\n    x = 1\n", [("x", "y = 1\n    x")],
     [("class A:\n", "class A:\n    x = 0\nclass B:\n")]),
    ("an ignore above a statement", "def f():\n    # patternlint: ignore[PAT501]\n    def g(): ...\n",
     [("    def g", "    @a\n    def g")], [("    def g", "    x = 1\n    def g")]),
    ("switched formatting", "if a:\n    # fmt: off\n    x = 1\n    # fmt: on\n", [("x", "y = 1\n    x")],
     [("x = 1\n    # fmt: on\n", "x = 1\n# fmt: on\n")]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "good", "bad"), [c[1:] for c in COMMENTS], ids=[c[0] for c in COMMENTS])
def test_comments_and_pragmas(text: str, good: Pairs, bad: Pairs) -> None:
    names = frozenset("awxyzAB")
    assert "comment" not in fault(text, good, names)
    assert "comment" in fault(text, bad, names)


@pytest.mark.parametrize("comment", ["noqa", "NOQA: F401", "type: int", "pylint: disable=x", "fmt: skip", "isort:skip",
                                     "pragma: no cover", "nosec B101", "mypy: x", "pyright: ignore", "ruff: noqa",
                                     "patternlint: ignore[PAT501]", "why  # noqa"])  # fmt: skip
def test_what_speaks_to_a_tool(comment: str) -> None:
    assert PRAGMA.search(f"# {comment}")


@pytest.mark.parametrize("comment", ["typed by hand", "the noqa below", "nosecurity", "fmtlib", "see pylint"])
def test_what_speaks_to_people(comment: str) -> None:
    assert not PRAGMA.search(f"# {comment}")


def test_which_line_a_comment_belongs_to() -> None:
    text = "# top\n@a  # deco\nasync def f(  # sig\n    x,  # arg\n):\n    # own\n    return x  # end\n# last\n"
    kinds = [(c.text, c.kind, c.block and c.block.kind) for c in comments_in(source(text))]
    assert [k[:2] for k in kinds] == [
        ("# top", "alone"), ("# deco", "@"), ("# sig", "def"), ("# arg", "def"), ("# own", "alone"), ("# end", "return"),
        ("# last", "alone"),
    ]  # fmt: skip
    assert kinds[4][2] == "def"


PYFLAKES: list[tuple[str, str, Pairs, Pairs, str]] = [
    ("undefined name", "x = 1\n", [("1", "len")], [("1", "y")], "a name would not be defined: y"),
    ("undefined already", "x = y\n", [("y", "(y)")], [("y", "z")], "not be defined: z"),
    ("star import", "from m import *\nx = y\n", [("y", "y + 1")], [("y", "y + z")], "unless by a star import: z"),
    ("unused import", "import a, b\nx = a, b\n", [("x = a", "x = 0, a")], [("x = a", "x = 0")], "an import would not be used: a"),
    ("import of a doctest", 'import a\ndef f():\n    """\n    >>> a.b\n    """\n', [("b", "c")], [("import a\n", "")], "not be defined: a"),
    ("kept for __all__", "import a\n__all__ = ['a']\nx = 1\n", [("1", "2")], [("import a", "import a as c")], "__all__ would have"),
    ("unused already", "import a  # noqa: F401\nx = 3\n", [("3", "2")], [("3", "2\nimport b")], "an import would not be used: b"),
    ("unused variable", "def f():\n    a = 1\n    return a\n", [("1", "2")], [("return a", "return 1")], "variable would not be used: a"),
    ("redefinition", "import a\ndef f(): pass\na\n", [("pass", "...")], [("a\ndef", "a, b\nfrom c import b\nb\ndef")], "replaced before it is used: b"),
    ("redefinition already", "import a\nimport a  # noqa: F811\na\n", [("\na\n", "\na, 1\n")], [("\na\n", "\nimport a\na\n")], "replaced before"),
    ("loop variable", "import a\na\nfor b in c():\n    b\ndef c(): ...\n", [("c()", "tuple(c())")], [("for b in c():\n    b", "for a in c():\n    a")], "take the name of an import: a"),
    ("read too early", "x = 1\ndef f():\n    return x\n", [("return x", "return x + 1")], [("return x", "y = x\n    x = 2\n    return x, y")], "read before it is bound: x"),
    ("anything else", "x = '%s' % 1\n", [("1", "2")], [("1", "(1, 2)")], "pyflakes would say"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "good", "bad", "reason"), [c[1:] for c in PYFLAKES], ids=[c[0] for c in PYFLAKES])
def test_pyflakes(text: str, good: Pairs, bad: Pairs, reason: str) -> None:
    both(text, good, bad, reason)


NAMES: list[tuple[str, str, Pairs, Pairs, str]] = [
    ("lost", "x = 1\ny = 2\n", [("1", "2")], [("x", "z")], "the module would lose a public name: x"),
    ("new", "x = 1\n", [("x", "_y = 2\nx")], [("x", "y = 2\nx")], "the module would get a public name: y"),
    ("private", "_x = 1\n", [("_x", "_y")], [("_x", "y")], "get a public name: y"),
    ("in a block", "if 1:\n    x = 1\n", [("1:", "2:")], [("x", "_x")], "lose a public name: x"),
    ("star import", "from a import *\nx = y\n", [("y", "(y)")], [("*", "y")], "lose a public name: * of a"),
    ("of a class", "class A:\n    x = 1\n    def f(self): ...\n", [("x = 1", "x = 2")], [("def f", "def _f")],
     "the class A would lose a public name: f"),
    ("of a private class", "class _A:\n    x = 1\n", [("x", "y")], [("_A", "A")], "get a public name: A"),
    ("of a local class", "def f():\n    class A:\n        x = 1\n    return A\n", [("x", "y")], [("f()", "g()")], "lose a public name: f"),
    ("new in a class", "class A:\n    x = 1\n", [("x", "_y = 2\n    x")], [("x", "y = 2\n    x")], "class A would get"),
    ("__all__", "x = 1\n__all__ = ['x']\n", [("1", "2")], [("['x']", "('x',)")], "__all__ would have another value"),
    ("__all__, step by step", "x = 1\n__all__ = []\n__all__ += ['x']\n", [("1", "2")], [("__all__ += ['x']\n", "")], "__all__"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "good", "bad", "reason"), [c[1:] for c in NAMES], ids=[c[0] for c in NAMES])
def test_public_names(text: str, good: Pairs, bad: Pairs, reason: str) -> None:
    both(text, good, bad, reason)


def test_names_that_a_fix_means_to_bring_in() -> None:
    assert fault("x = 1\n", [("x = 1", "import a\nT = a\nx = T")], frozenset({"a", "T"})) == ""
    assert "get a public name: T" in fault("x = 1\n", [("x = 1", "import a\nT = a\nx = T")], frozenset({"a"}))


def syntax(old: str, new: str, target: tuple[int, int] = (3, 11)) -> str:
    try:
        check_syntax(source(old), source(new), target)
    except Unfit as unfit:
        return unfit.reason
    return ""


def test_what_does_not_compile() -> None:
    assert syntax("x = 1\n", "x = 2\n") == ""
    assert "does not compile" in syntax("x = 1\n", "x = (\n")
    assert "does not compile" in syntax("def f():\n    return 1\n", "return 1\n")
    assert "does not compile" in syntax("def f():\n    return 1\n", "def f():\n    x = 1\n    global x\n")


def test_what_did_not_compile_before_need_not_now() -> None:
    assert syntax("return 1\n", "return 2\n") == ""
    assert "does not compile" in syntax("return 1\n", "return (\n")


def test_no_syntax_newer_than_the_target() -> None:
    new = "try:\n    f()\nexcept* ValueError:\n    pass\n"
    assert syntax("f()\n", new, (3, 11)) == ""
    assert "does not compile" in syntax("f()\n", new, (3, 10))
    assert syntax(new, new.replace("f", "g"), (3, 10)) == ""


@pytest.mark.skipif(sys.version_info < (3, 12), reason="only newer interpreters read it")
def test_no_quotes_in_an_f_string_for_an_older_target() -> None:
    assert "does not compile" in syntax("x = 1\n", "type X = int\n", (3, 11))


def test_a_finding_on_a_line_that_a_fix_wrote() -> None:
    from patternlint.finding import Finding

    def found(code: str, row: int) -> Finding:
        return Finding(code, "", "", "subject.py", row, 1, row, 2)

    change = rewriting("import a, b\na\nb\n", [("b\n", "b\n")])._replace(moves=Moves([Edit(14, 15, "b, b")]))
    change = change._replace(new=change.old._replace(source=source("import a, b\na\nb, b\n")))
    was, known, new = found("PAT501", 2), found("PAT501", 3), found("PAT502", 3)
    check_findings(change, [], [was], [])  # that line was there
    check_findings(change, [known], [known], [])  # so was the finding, in text that is written anew
    for before, after, fixed in [([], [new], []), ([was], [known], []), ([known], [known], [known])]:
        with pytest.raises(Unfit, match=f"new finding: {after[0].code}"):
            check_findings(change, before, after, fixed)


@pytest.mark.parametrize(
    "data",
    [
        b"x = 1\r\ny = 2\n\tz\n",
        b"\xef\xbb\xbfx = 1\n\x0cy = 2",
        "# coding: latin-1\nx = 'é'\ny = 2\r".encode("latin-1"),
        "x = '𝄞é'\ny = 2 \n".encode(),
        "# coding: shift_jis\nx = '表'\ny = 2\n".encode("shift_jis"),
    ],
    ids=["line ends", "bom", "latin-1", "astral", "multibyte"],
)
def test_bytes_outside_the_edits(data: bytes) -> None:
    old = Source(Path("subject.py"), data)
    at = old.text.index("y")
    moves = Moves([Edit(at, at + 1, "longer_y"), Edit(0, 0, "\n" if "coding" not in old.text else "")])
    new = Source(old.path, old.encode(splice(old.text, moves.edits)))
    check_round_trip(old)

    def check(changed: bytes) -> None:
        before, after = (Reading(s, [], Counter(), {}, []) for s in (old, Source(old.path, changed)))
        check_bytes(Rewriting(before, after, moves, frozenset()))

    check(new.data)
    for spoilt in (new.data + b"\n", new.data[:-1], new.data.replace(b"x", b"X"), new.data.replace(b"=", b" =")):
        with pytest.raises(Unfit, match="bytes"):
            check(spoilt)


@pytest.mark.parametrize("encoding", ["iso-2022-jp", "utf-7", "utf-8-sig"])
def test_an_encoding_without_an_exact_way_back(encoding: str) -> None:
    head = f"# coding: {encoding}\nx = ".encode()
    data = head + {"iso-2022-jp": b"'\x1b$BI=\x1b(J\x1b(B'", "utf-7": b"'+AGE-'", "utf-8-sig": b"1"}[encoding] + b"\n"
    with pytest.raises(Unfit, match="cannot be written back") as caught:
        check_round_trip(Source(Path("subject.py"), data))
    assert not caught.value.is_bug
