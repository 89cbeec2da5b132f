"""What a rule says about a fix, and the text that comes of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import libcst as cst
import pytest

from patternlint.config import Settings
from patternlint.facts import Module
from patternlint.finding import Applicability, Edit, Fix
from patternlint.fixes import FixBuilder
from patternlint.placement import import_edits
from patternlint.places import Places
from patternlint.project import Project
from patternlint.regions import cut, extents, scopes_of_nodes
from patternlint.rule import Visit
from patternlint.source import Source
from patternlint.spans import spans_of
from patternlint.splicing import splice
from patternlint.walker import walk

Change = Callable[[FixBuilder, cst.CSTNode], object]
DEFAULTS = Settings(Path("/nowhere"))
FILES = [Path("/nowhere/app/_patterns/__init__.py"), Path("/nowhere/shop/gone.py")]  # of the project; none can be read


def build(
    text: str, kind: str, change: Change, settings: Settings = DEFAULTS, region: str = "module"
) -> tuple[Fix | None, str, Module]:
    """The fix that a change makes at the first node of a kind."""
    module = Module(Source(Path("subject.py"), text.encode()), "subject", "subject.py")
    at = next(s for s in module.tree.body if region == "module" or hasattr(s, "body"))
    piece = cut(module, next(extents(module, at, region)))
    assert piece is not None
    project = Project(settings.root, settings, FILES)
    visit = Visit(module, project, settings, piece, scopes_of_nodes(piece), {})
    made: list[FixBuilder] = []

    def first(self: object, node: cst.CSTNode) -> None:
        if not made:
            made.append(FixBuilder("do it", Applicability.SAFE, "in place", visit))
            change(made[0], node)

    visitor = type("Visitor", (), {f"visit_{kind}": first})
    walk(piece.tree, visitor(), enter=visit.enter, leave=visit.leave)
    spans = spans_of(piece.tree, made[0].nodes, piece.text)
    shifted = {k: (a + piece.shift, b + piece.shift) for k, (a, b) in spans.places.items()}
    fix, why = made[0].build(Places(module.source, shifted, spans.inexact))
    return fix, why, module


def fixed(text: str, kind: str, change: Change, settings: Settings = DEFAULTS, region: str = "module") -> str:
    fix, why, module = build(text, kind, change, settings, region)
    assert fix is not None, why
    return splice(text, [*import_edits(module, fix.imports), *fix.edits])


@pytest.mark.parametrize(
    ("text", "kind", "change", "result"),
    [
        ("x = (a)  # c\n", "Name", lambda f, n: f.replace(n, "yy"), "yy = (a)  # c\n"),
        ("for a in (self.xs): pass\n", "Attribute", lambda f, n: f.wrap(n, "tuple(", ")"),
         "for a in tuple((self.xs)): pass\n"),
        ("for a in self.xs: pass\n", "Attribute", lambda f, n: f.wrap(n, "tuple(", ")"),
         "for a in tuple(self.xs): pass\n"),
        ('"""Use:\n\n  x\n"""\nclass A:\n   def f(self):\n      g()\n', "SimpleStatementLine",
         lambda f, n: f.insert_after(n, "if b:\n    c"), '"""Use:\n\n  x\n"""\nif b:\n   c\nclass A:\n   def f(self):\n      g()\n'),
        ("if a:\n\tx = 1\n", "Assign", lambda f, n: f.replace(n, "if b:\n    y\nz"), "if a:\n\tif b:\n\t\ty\n\tz\n"),
        ("def f():\r\n  g()\r\n", "SimpleStatementLine", lambda f, n: f.insert_before(n, "a\nif b:\n    c"),
         "def f():\r\n  a\r\n  if b:\r\n    c\r\n  g()\r\n"),
        ("def f():\n    g()  # c", "SimpleStatementLine", lambda f, n: f.insert_after(n, "h()"),
         "def f():\n    g()  # c\n    h()"),
        ("@a\n# c\ndef f(): pass\n", "FunctionDef", lambda f, n: f.insert_before(n, "b"), "b\n@a\n# c\ndef f(): pass\n"),
        ("class A:\n    @a\n    async def f(self): pass\n", "FunctionDef", lambda f, n: f.decorate(n, "b(c)"),
         "class A:\n    @a\n    @b(c)\n    async def f(self): pass\n"),
        ("def f():\n    x = 1\n    import a\n    y\n", "Import", lambda f, n: f.remove(n), "def f():\n    x = 1\n    y\n"),
        ("def f():\n    import a  # c\n    y\n", "Import", lambda f, n: f.remove(n), "def f():\n    # c\n    y\n"),
        ("def f():  # c\n    import a\n\n\n    y\n", "Import", lambda f, n: f.remove(n), "def f():  # c\n    y\n"),
        ("def f(\n    b,\n):\n    import a\n\n    y\n", "Import", lambda f, n: f.remove(n),
         "def f(\n    b,\n):\n    y\n"),
        ("def f():\n    x = 1\n    import a\n\n    y\n", "Import", lambda f, n: f.remove(n),
         "def f():\n    x = 1\n\n    y\n"),
        ("def f():\n    x = 1\n\n    import a\n\n    y\n", "Import", lambda f, n: f.remove(n),
         "def f():\n    x = 1\n\n    y\n"),
        ("def f():\n    import a  # c\n", "Import", lambda f, n: f.remove(n), "def f():\n    pass  # c\n"),
        ("def f(): import a\n", "Import", lambda f, n: f.remove(n), "def f(): pass\n"),
        ("def f():\n    import a; b\n", "Import", lambda f, n: f.remove(n), "def f():\n    b\n"),
        ("def f():\n    b; import a\n", "Import", lambda f, n: f.remove(n), "def f():\n    b\n"),
        ("x\nif a:\n    b\ny\n", "If", lambda f, n: f.remove_block(n), "x\ny\n"),
        ("class A:\n    x = 1\n", "ClassDef", lambda f, n: f.append_base(n, "metaclass=M"), "class A(metaclass=M):\n    x = 1\n"),
        ("class A():\n    x = 1\n", "ClassDef", lambda f, n: f.append_base(n, "metaclass=M"), "class A(metaclass=M):\n    x = 1\n"),
        ("class A(B, C,):\n    x = 1\n", "ClassDef", lambda f, n: f.append_base(n, "metaclass=M"),
         "class A(B, C, metaclass=M,):\n    x = 1\n"),
        ('def f():\n    """Doc."""\n    x\n', "FunctionDef", lambda f, n: f.insert_first(n, "y"),
         'def f():\n    """Doc."""\n    y\n    x\n'),
        ("def f():\n    # c\n    x\n", "FunctionDef", lambda f, n: f.insert_first(n, "y"), "def f():\n    # c\n    y\n    x\n"),
    ],
)  # fmt: skip
def test_steps(text: str, kind: str, change: Change, result: str) -> None:
    assert fixed(text, kind, change) == result


def test_a_definition_goes_behind_what_it_reads_and_before_what_reads_it() -> None:
    text = "import enum\n\nA = 1\n\n\n# about f\n@deco\ndef f():\n    return A\n"
    change: Change = lambda f, n: f.module_code("TABLE = {1: A}", uses=["A"], name="TABLE")  # noqa: E731
    result = fixed(text, "Return", change, region="def")
    assert result == "import enum\n\nA = 1\n\n\nTABLE = {1: A}\n\n\n# about f\n@deco\ndef f():\n    return A\n"


@pytest.mark.parametrize("text", ["def f():\n    return A\nA = 1\n", "if x:\n    A = 1\ndef f():\n    return A\n"])
def test_no_definition_before_what_it_reads(text: str) -> None:
    change: Change = lambda f, n: f.module_code("TABLE = {1: A}", uses=["A"])  # noqa: E731
    fix, why, _ = build(text, "FunctionDef", change, region="module")
    assert (fix, why) == (None, "no-place")


@pytest.mark.parametrize(
    ("header", "written", "header_after"),
    [
        ("import functools\n", "functools.wraps", "import functools\n"),
        ("from functools import wraps\n", "wraps", "from functools import wraps\n"),
        ("from functools import wraps as w\n", "w", "from functools import wraps as w\n"),
        ("import functools as ft\n", "ft.wraps", "import functools as ft\n"),
        ("from functools import partial\n", "wraps", "from functools import partial, wraps\n"),
        ("from functools import WRAPPER_UPDATES, cache\n", "wraps", "from functools import WRAPPER_UPDATES, cache, wraps\n"),
        ("from functools import reduce, cache\n", "wraps", "from functools import reduce, cache, wraps\n"),
        ("from functools import cache as c\n", "wraps",
         "from functools import cache as c\nfrom functools import wraps\n"),
        ("from functools import cache as c, reduce\n", "wraps", "from functools import cache as c, reduce, wraps\n"),
        (f"from functools import {'a' * 40}, {'b' * 20}\n", "wraps",
         f"from functools import (\n    {'a' * 40},\n    {'b' * 20},\n    wraps,\n)\n"),
        (f"from functools import {'a' * 80}, b\n", "wraps", f"from functools import {'a' * 80}, b\n".replace("b\n", "b, wraps\n")),
        (f"from functools import {'a' * 40}, {'b' * 90}\n", "wraps", f"from functools import {'a' * 40}, {'b' * 90}, wraps\n"),
        ("from functools import (\n  cache,\n  wrapped,\n)\n", "wraps",
         "from functools import (\n  cache,\n  wrapped,\n  wraps,\n)\n"),
        ("from functools import (\n    cache,\n    zero,\n)\n", "wraps",
         "from functools import (\n    cache,\n    wraps,\n    zero,\n)\n"),
        ("from abc import ABC\nimport os\nfrom re import sub\n", "functools.wraps",
         "from abc import ABC\nimport functools\nimport os\nfrom re import sub\n"),
        ("import os\nimport sys\n", "functools.wraps", "import functools\nimport os\nimport sys\n"),
        ("import abc\nimport sys\n", "functools.wraps", "import abc\nimport functools\nimport sys\n"),
        ("", "functools.wraps", "import functools\n\n\n"),
        ('"""Doc."""\n', "functools.wraps", '"""Doc."""\n\nimport functools\n\n\n'),
        ("# licence\n", "functools.wraps", "# licence\nimport functools\n\n\n"),
        ("#!/usr/bin/python\n# licence\n\nimport yaml\n", "functools.wraps",
         "#!/usr/bin/python\n# licence\n\nimport functools\n\nimport yaml\n"),
        ("from __future__ import annotations\n\nimport os\n", "functools.wraps",
         "from __future__ import annotations\n\nimport functools\nimport os\n"),
        ("from __future__ import annotations\n", "functools.wraps",
         "from __future__ import annotations\n\nimport functools\n\n\n"),
        ("from os import (\n    path,\n    sep,\n)\n\nimport yaml\n", "functools.wraps",
         "import functools\nfrom os import (\n    path,\n    sep,\n)\n\nimport yaml\n"),
        ("if TYPE_CHECKING:\n    import functools\n", "_functools.wraps",
         "import functools as _functools\n\n\nif TYPE_CHECKING:\n    import functools\n"),
        ("functools = 1\n", "_functools.wraps", "import functools as _functools\n\n\nfunctools = 1\n"),
        ("import os\r\n", "functools.wraps", "import functools\r\nimport os\r\n"),
    ],
)  # fmt: skip
def test_imports_in_the_files_own_style(header: str, written: str, header_after: str) -> None:
    newline = "\r\n" if "\r\n" in header else "\n"
    body = f"def f(g):{newline}    return g{newline}"
    result = fixed(header + body, "FunctionDef", lambda f, n: f.decorate(n, f.name("functools", "wraps")))  # type: ignore[arg-type]
    assert result == header_after + f"@{written}{newline}" + body


def test_the_runtime_needs_leave() -> None:
    def change(f: FixBuilder, n: cst.CSTNode) -> None:
        f.append_base(n, f"metaclass={f.runtime('Singleton')}")  # type: ignore[arg-type]

    text = "class A:\n    pass\n"
    fix, why, _ = build(text, "ClassDef", change)
    assert fix is not None
    assert (fix.applicability, fix.form, why) == (Applicability.UNSAFE, "canonical", "runtime-not-declared")
    for leave in (DEFAULTS._replace(runtime_declared=True), DEFAULTS._replace(runtime_module="app._patterns")):
        fix, why, _ = build(text, "ClassDef", change, leave)
        assert fix is not None
        assert (fix.applicability, why) == (Applicability.SAFE, "")
    assert "from app._patterns import Singleton\n" in fixed(text, "ClassDef", change, leave)
    fix, why, _ = build(text, "ClassDef", change, DEFAULTS._replace(fix_style="stdlib"))
    assert (fix, why) == (None, "stdlib-only")
    fix, why, _ = build(
        text, "ClassDef", change, DEFAULTS._replace(runtime_module="app._runtime", runtime_declared=True)
    )
    assert (fix, why) == (None, "runtime-not-vendored")


@pytest.mark.parametrize(
    ("file", "reason"),
    [("shop/away.py", "outside-project"), ("shop.away", "outside-project"), ("../x.py", "outside-project"),
     ("shop/gone.py", "other-file-unreadable"), ("shop.gone", "other-file-unreadable")],
)  # fmt: skip
def test_a_file_that_cannot_be_changed_refuses_the_fix(file: str, reason: str) -> None:
    fix, why, _ = build("a\n", "Name", lambda f, n: f.in_file(file))
    assert (fix, why) == (None, reason)


def test_a_moved_import_takes_its_pragma_along() -> None:
    text = "import b\n\n\ndef f():\n    import a  # noqa: F401\n    import c\n"

    def change(f: FixBuilder, n: cst.CSTNode) -> None:
        f.remove(n, with_comment=True)
        f.import_("a", comment="# noqa: F401")

    wanted = "import a  # noqa: F401\nimport b\n\n\ndef f():\n    import c\n"
    assert fixed(text, "Import", change, region="def") == wanted


def test_doubts_only_lower() -> None:
    def change(f: FixBuilder, n: cst.CSTNode) -> None:
        f.lower(Applicability.UNSAFE, "first")
        f.lower(Applicability.SAFE, "never")
        f.lower(Applicability.UNSAFE, "second")
        f.replace(n, "b")

    fix, why, _ = build("a\n", "Name", change)
    assert fix is not None
    assert (fix.applicability, why) == (Applicability.UNSAFE, "first")


def test_a_line_that_libcst_does_not_give_back_is_not_edited() -> None:
    text = "try:\n    pass\n\x0cexcept (A, B) :\n    pass\n"  # changed before and behind the place
    fix, why, _ = build(text, "Tuple", lambda f, n: f.replace(n, "C"))
    assert (fix, why) == (None, "not-reproduced")


@pytest.mark.parametrize("line", ["\x0cexcept (A, B):", "except (A, B) :"])
def test_a_line_that_libcst_changes_at_one_place_is_edited(line: str) -> None:
    text = f"try:\n    pass\n{line}\n    pass\n"
    assert fixed(text, "Tuple", lambda f, n: f.replace(n, "C")) == text.replace("A, B", "C")


def test_splicing_keeps_every_other_character() -> None:
    assert splice("abcdef", [Edit(4, 5, ""), Edit(4, 4, "Y"), Edit(1, 2, "X")]) == "aXcdYf"


@pytest.mark.parametrize(
    ("comment", "reason"),
    [("# why", ""), ("# pylint: disable=all", "pragma-in-block"), ("# noqa is for the line", "pragma-in-block")],
)
def test_a_comment_that_is_about_its_block_is_not_put_into_another(comment: str, reason: str) -> None:
    text = f"def f():\n    {comment}\n    g()\n    h()\n"
    fix, why, module = build(text, "SimpleStatementLine", lambda f, n: f.nest(n, n, "with lock:"))
    assert why == reason
    if fix is not None:
        nested = splice(module.source.text, fix.edits)
        assert nested == f"def f():\n    with lock:\n        {comment}\n        g()\n    h()\n"
