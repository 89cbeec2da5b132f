"""Finding what stands on some rows of a module: it is what a look at everything finds, and costs no such look."""

from __future__ import annotations

import ast
import asyncio
import sys
from pathlib import Path
from types import FrameType

import pytest

from fixtures import engine_for
from patternlint.facts import Module
from patternlint.facts.rows import first_row, last_row, scopes_beginning, scopes_on, statements_on
from patternlint.source import Source

_FILES = sorted(Path(asyncio.__file__).parent.glob("*.py"))
_ODD = b"""\
@a
@b(
    1
)
def f(): return 1; x = 2
class C: y = [
    1]; z = 2
if a:
    def g():
        @h
        class D:
            def m(self): pass
        return D
elif b: pass
w = f(
    1); v = 3; u = (
        4)
"""


def modules() -> list[Module]:
    return [Module(Source.read(p), p.stem, p.name) for p in _FILES] + [
        Module(Source(Path("odd.py"), _ODD), "odd", "odd.py")
    ]


@pytest.mark.parametrize("module", modules(), ids=lambda m: m.name)
def test_rows_have_the_scopes_and_statements_that_all_together_have(module: Module) -> None:
    for row in range(1, module.source.rows + 1):
        scopes = [s for s in module.scopes[1:] if first_row(s.node) <= row <= last_row(s.node)]
        assert scopes_on(module, [row]) == [module.scope, *scopes]
        body = module.tree.body
        assert statements_on(body, [row]) == [s for s in body if first_row(s) <= row <= last_row(s)]
        beginning = [s for s in module.scopes[1:] if row <= first_row(s.node) <= row + 9]
        assert scopes_beginning(module, row, row + 9) == beginning
    rows = range(1, module.source.rows + 1, 7)
    every = [s for s in module.scopes[1:] if any(first_row(s.node) <= r <= last_row(s.node) for r in rows)]
    assert scopes_on(module, rows) == [module.scope, *every]


def test_a_list_with_the_statements_of_blocks_gives_the_innermost() -> None:
    module = Module(Source(Path("odd.py"), _ODD), "odd", "odd.py")
    (assigned,) = statements_on(module.scope.own, [15])
    assert ast.unparse(assigned).startswith("w = f(")


def _calls(folder: Path, number: int) -> int:
    """How many functions are called while a file of so many small decorators is checked."""
    folder.mkdir()
    (folder / "patternlint.toml").touch()
    text = "".join(
        f"def deco{i}(func):\n    def wrapper(*args, **kwargs):\n        return func(*args, **kwargs)\n\n"
        f"    return wrapper\n\n\n@deco{i}\ndef work{i}():\n    return {i}\n\n\n"
        for i in range(number)
    )
    (folder / "many.py").write_text(text, encoding="utf-8")
    engine, source = engine_for(folder), Source.read(folder / "many.py")
    count = 0

    def counting(_frame: FrameType, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(counting)
    try:
        findings = engine.check(source)
    finally:
        sys.setprofile(None)
    assert sum(f.code == "PAT501" for f in findings) == number
    return count


def test_a_file_of_many_small_decorators_costs_in_proportion(tmp_path: Path) -> None:
    _calls(tmp_path / "first", 1)  # what is imported and compiled but once
    assert _calls(tmp_path / "many", 160) < 4.4 * _calls(tmp_path / "few", 40)
