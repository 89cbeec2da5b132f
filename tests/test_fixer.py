"""Passes, conflicts, verification: with rules of the test's own, so that fixes can be wrong on purpose."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import ClassVar

import libcst as cst
import pytest

from patternlint import engine, selection
from patternlint.catalogue_generator import entry_of
from patternlint.config import Settings
from patternlint.engine import Engine
from patternlint.facts import Module
from patternlint.fixer import FixResult, fix
from patternlint.fixes import FixBuilder
from patternlint.project import Project
from patternlint.rule import Applicability, Family, Rule
from patternlint.source import Source

Repair = Callable[[FixBuilder, cst.Call], object]


class TestRule(Rule):
    """Calls of `bad` are bad."""

    code, name, family, since = "PAT599", "test-rule", Family.DECORATOR, "0"
    __test__ = False
    repair: ClassVar[Repair]

    @classmethod
    def candidates(cls, module: Module) -> Iterable[object]:  # type: ignore[override]
        return module.tree.body

    def visit_Call(self, node: cst.Call) -> None:
        if isinstance(node.func, cst.Name) and node.func.value == "bad":
            builder = self.fix("do better")
            type(self).repair(builder, node)
            self.report(node, f"bad: {self.text(node)}", fix=builder)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., FixResult]:
    entry = entry_of(TestRule)
    monkeypatch.setattr(type(entry), "load", lambda self: TestRule)
    monkeypatch.setattr(engine, "RULES", (entry,))
    monkeypatch.setattr(selection, "RULES", (entry,))
    settings = Settings(Path("/nowhere"), target_version=(3, 11))

    def run(text: str, repair: Repair, *, unsafe: bool = False) -> FixResult:
        TestRule.repair = staticmethod(repair)
        source = Source(Path("/nowhere/subject.py"), text.encode())
        return fix(source, Engine(settings, Project(settings.root, settings, [])), unsafe=unsafe)

    return run


def test_nested_fixes_wait_for_each_other(run: Callable[..., FixResult]) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        f.replace(node, f"good({cst.Module([]).code_for_node(node.args[0].value)})")

    result = run("good = str\nx = bad(bad(bad(1)))\ny = bad(2)\n", repair)
    assert result.source.text == "good = str\nx = good(good(good(1)))\ny = good(2)\n"
    assert len(result.applied) == 4
    assert result.converged
    assert not result.remaining


def test_two_fixes_never_choose_the_same_new_name(run: Callable[..., FixResult]) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        name = f.free_name("TABLE")
        f.module_code(f"{name} = {cst.Module([]).code_for_node(node.args[0].value)}", uses=[], name=name)
        f.replace(node, name)

    result = run("def f():\n    return bad(1), bad(2)\n", repair)
    assert "TABLE = 1\n" in result.source.text
    assert "TABLE_2 = 2\n" in result.source.text
    assert "return TABLE, TABLE_2" in result.source.text


def test_imports_of_one_pass_are_merged(run: Callable[..., FixResult]) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        f.replace(node, f"{f.name('functools', 'wraps')}(1)")

    result = run("from functools import partial\nx = bad(1)\ny = bad(2)\n", repair)
    assert result.source.text == "from functools import partial, wraps\nx = wraps(1)\ny = wraps(1)\n"


@pytest.mark.parametrize(
    ("repair", "reason"),
    [
        (lambda f, n: f.replace(n, "1 +"), "does not compile"),
        (lambda f, n: f.replace(n, "unheard_of  # why"), "would not be defined: unheard_of"),
        (lambda f, n: f.replace(n, "(1)"), "comment would be lost"),
        (lambda f, n: f.replace(n, "bad(\n    'second',  # why\n)"), "changes nothing"),
    ],
    ids=["syntax", "undefined name", "comment", "changes nothing"],
)
def test_only_the_fix_that_spoils_something_is_put_back(
    run: Callable[..., FixResult], repair: Repair, reason: str
) -> None:
    def only_second(f: FixBuilder, node: cst.Call) -> None:
        if "second" in cst.Module([]).code_for_node(node):
            repair(f, node)
        else:
            f.replace(node, "good")

    text = "good = 1\nx = bad(1)\ny = bad(\n    'second',  # why\n)\nz = bad(3)\n"
    result = run(text, only_second)
    assert result.source.text == "good = 1\nx = good\ny = bad(\n    'second',  # why\n)\nz = good\n"
    assert len(result.failed) == 1
    assert reason in result.failed[0].reason
    assert [f.row for f in result.remaining] == [3]


def test_unsafe_fixes_need_leave(run: Callable[..., FixResult]) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        f.replace(node, "1")
        f.lower(Applicability.UNSAFE, "doubt")

    assert run("x = bad(1)\n", repair).source.text == "x = bad(1)\n"
    assert run("x = bad(1)\n", repair, unsafe=True).source.text == "x = 1\n"


def test_fixes_that_undo_each_other_change_nothing(run: Callable[..., FixResult]) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        text = cst.Module([]).code_for_node(node)
        f.replace(node, "bad(1)" if "2" in text else "bad(2)")

    result = run("x = bad(1)\n", repair)
    assert result.source.text == "x = bad(1)\n"
    assert not result.converged
    assert not result.applied


def test_a_fix_may_not_write_what_is_found_again(
    run: Callable[..., FixResult],
) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        text = cst.Module([]).code_for_node(node)
        if text == "bad(1)":
            f.replace(node, "str(bad(2))")
        else:
            f.refuse("no-way")

    result = run("x = bad(1)\n", repair)
    assert result.source.text == "x = bad(1)\n"
    assert "new finding" in result.failed[0].reason
