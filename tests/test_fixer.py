"""Passes, conflicts, verification: with rules of the test's own, so that fixes can be wrong on purpose."""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import libcst as cst
import pytest
from project_tree import write_tree

from patternlint import engine, selection
from patternlint.catalogue_generator import entry_of
from patternlint.config import Settings
from patternlint.engine import Engine
from patternlint.facts import Module
from patternlint.finding import Finding
from patternlint.fixer import FixKey, FixResult, fix
from patternlint.fixes import FixBuilder
from patternlint.other_file import OtherFile
from patternlint.project import Project
from patternlint.report.reasons import reason as reason_of
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


class Bench:
    """Fixes with the test's rule, in a project of its own."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.settings = Settings(root, target_version=(3, 11))
        self.checks = 0

    def __call__(
        self,
        text: str | bytes,
        repair: Repair,
        *,
        unsafe: bool = False,
        only: Collection[FixKey] | None = None,
        files: Mapping[str, str | bytes] = MappingProxyType({}),
    ) -> FixResult:
        TestRule.repair = staticmethod(repair)
        write_tree(self.root, {"subject.py": text, **files})
        paths = [self.root / name for name in ("subject.py", *files)]
        self.project = Project(self.root, self.settings, paths)
        engine = Engine(self.settings, self.project)
        check = engine.check

        def counted(source: Source) -> list[Finding]:
            self.checks += 1
            return check(source)

        engine.check = counted  # type: ignore[method-assign]
        return fix(Source.read(paths[0]), engine, unsafe=unsafe, only=only)

    def seen(self, name: str) -> str:
        """A file's text as the project has it."""
        source = self.project.source_at(self.root / name)
        assert source is not None
        return source.text


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Bench:
    entry = entry_of(TestRule)
    monkeypatch.setattr(type(entry), "load", lambda self: TestRule)
    monkeypatch.setattr(engine, "RULES", (entry,))
    monkeypatch.setattr(selection, "RULES", (entry,))
    return Bench(tmp_path)


def code(node: cst.CSTNode) -> str:
    return cst.Module([]).code_for_node(node)


def argument(node: cst.Call) -> str:
    return code(node.args[0].value)


def test_nested_fixes_wait_for_each_other(run: Bench) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        f.replace(node, f"good({argument(node)})")

    result = run("good = str\nx = bad(bad(bad(1)))\ny = bad(2)\n", repair)
    assert result.source.text == "good = str\nx = good(good(good(1)))\ny = good(2)\n"
    assert len(result.applied) == 4
    assert result.converged
    assert not result.remaining


def test_two_fixes_never_choose_the_same_new_name(run: Bench) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        name = f.free_name("TABLE")
        f.module_code(f"{name} = {argument(node)}", uses=[], name=name)
        f.replace(node, name)

    result = run("def f():\n    return bad(1), bad(2)\n", repair)
    assert "TABLE = 1\n" in result.source.text
    assert "TABLE_2 = 2\n" in result.source.text
    assert "return TABLE, TABLE_2" in result.source.text


def test_imports_of_one_pass_are_merged(run: Bench) -> None:
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
def test_only_the_fix_that_spoils_something_is_put_back(run: Bench, repair: Repair, reason: str) -> None:
    def only_second(f: FixBuilder, node: cst.Call) -> None:
        if "second" in code(node):
            repair(f, node)
        else:
            f.replace(node, "good")

    text = "good = 1\nx = bad(1)\ny = bad(\n    'second',  # why\n)\nz = bad(3)\n"
    result = run(text, only_second)
    assert result.source.text == "good = 1\nx = good\ny = bad(\n    'second',  # why\n)\nz = good\n"
    assert len(result.failed) == 1
    assert reason in result.failed[0].reason
    assert [f.row for f in result.remaining] == [3]


def test_unsafe_fixes_need_leave(run: Bench) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        f.replace(node, "1")
        f.lower(Applicability.UNSAFE, "doubt")

    assert run("x = bad(1)\n", repair).source.text == "x = bad(1)\n"
    assert run("x = bad(1)\n", repair, unsafe=True).source.text == "x = 1\n"


def test_fixes_that_undo_each_other_change_nothing(run: Bench) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        text = code(node)
        f.replace(node, "bad(1)" if "2" in text else "bad(2)")

    result = run("x = bad(1)\n", repair)
    assert result.source.text == "x = bad(1)\n"
    assert not result.converged
    assert not result.applied


def test_a_fix_may_not_write_what_is_found_again(run: Bench) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        text = code(node)
        if text == "bad(1)":
            f.replace(node, "str(bad(2))")
        else:
            f.refuse("no-way")

    result = run("x = bad(1)\n", repair)
    assert result.source.text == "x = bad(1)\n"
    assert "new finding" in result.failed[0].reason


# ---- keys


def wrap(f: FixBuilder, node: cst.Call) -> None:
    f.replace(node, f"{f.name('functools', 'partial')}({argument(node)})")


def test_the_fixes_that_were_applied_give_the_same_text_again(run: Bench) -> None:
    text = "x = bad(bad(1))\ny = bad(2)\n\n\ndef f():\n    return bad(2), bad(bad(bad(2)))\n"
    first = run(text, wrap)
    keys = {a.key for a in first.applied}
    assert len(first.applied) == 7
    assert run(text, wrap, only=keys).source.text == first.source.text
    assert run(text, wrap, only=set()).source.text == text


def test_only_the_fixes_asked_for_are_applied(run: Bench) -> None:
    text = "x = bad(2)\ny = bad(2)\n"
    first = run(text, wrap)
    assert [a.key.line for a in first.applied] == [1, 2]
    second = run(text, wrap, only=[first.applied[1].key])
    assert second.source.text == "import functools\n\n\nx = bad(2)\ny = functools.partial(2)\n"
    assert [a.key for a in second.applied] == [first.applied[1].key]


def test_equal_findings_on_two_lines_are_two(run: Bench) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        f.replace(node, "good")

    result = run("good = 1\nx = [\n    bad(1),\n    bad(  # why\n        1\n    ),\n    bad(1),\n]\n", repair)
    assert result.source.text == "good = 1\nx = [\n    good,\n    bad(  # why\n        1\n    ),\n    good,\n]\n"


# ---- cost


def test_the_check_of_the_new_text_is_the_next_passs_first(run: Bench) -> None:
    run("x = bad(bad(1))\ny = bad(2)\n", wrap)
    assert run.checks == 3  # the text as it was, and after each of two passes
    run.checks = 0
    run("x = good(1)\n", wrap)
    assert run.checks == 1


def test_one_bad_fix_of_many_is_found_by_halving(run: Bench) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        f.replace(node, "bad(0)" if argument(node) == "17" else "1")
        if argument(node) == "0":
            f.refuse("no-way")

    text = "".join(f"x{n} = bad({n})\n" for n in range(1, 65))
    result = run(text, repair)
    assert [f.finding.row for f in result.failed] == [17]
    assert result.source.text == "".join(f"x{n} = {'bad(17)' if n == 17 else 1}\n" for n in range(1, 65))
    assert run.checks <= 1 + 1 + 2 * 6 + 1  # at first, all at once, twice for each halving, and the bad one once more


# ---- passes


def test_more_than_ten_nested_fixes(run: Bench) -> None:
    text = f"x = {'bad(' * 15}1{')' * 15}\n"
    result = run(text, lambda f, n: f.replace(n, f"str({argument(n)})"))
    assert result.converged
    assert result.source.text == text.replace("bad", "str")


def test_fixes_that_make_ever_more_work_change_nothing(run: Bench) -> None:
    result = run("x = bad(1)\n", lambda f, n: f.replace(n, f"bad({argument(n)}0)"))
    assert not result.converged
    assert (result.source.text, result.changes, result.applied) == ("x = bad(1)\n", (), ())
    assert run.seen("subject.py") == "x = bad(1)\n"


def test_a_fix_that_does_well_only_beside_one_that_waits(run: Bench) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        f.replace(node, {"1": "bad(3)", "2": "a.b", "3": "0"}[argument(node)])
        if argument(node) == "2":
            f.import_("a")
            f.import_("c")
        elif argument(node) == "3":
            f.module_code("C = c", uses=["c"], name="C")

    # the second needs an import that only the third, which comes of the first, uses
    result = run("import c  # noqa: F401\nx = bad(1)\ny = bad(2)\n", repair)
    assert result.converged
    assert not result.failed


def test_one_import_with_two_pragmas_waits(run: Bench) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        f.replace(node, "a")
        f.import_("a", comment=f"# noqa: {argument(node)}")

    result = run("x = bad(F401)\ny = bad(F811)\n", repair)
    assert result.source.text == "import a  # noqa: F401\n\n\nx = a\ny = a\n"


# ---- bytes


@pytest.mark.parametrize(
    "data",
    [
        b"x = bad(1)\r\n\ty = 1\ry = 2\n",
        b"\xef\xbb\xbfx = bad(1) \n\x0c\nif 1:\n\ty = 2",
        "# coding: latin-1\nx = bad(1), 'é'".encode("latin-1"),
        "z = '𝄞é'; x = bad(1); y = '𝄞'\n".encode(),
        "# coding: shift_jis\nz = '表'; x = bad(1)\n".encode("shift_jis"),
    ],
    ids=["line ends", "bom, form feed, tabs, no last line end", "latin-1", "astral", "multibyte"],
)
def test_every_byte_outside_the_edit_stays(run: Bench, data: bytes) -> None:
    data = data.replace(b"\r\n\ty = 1", b"\r\nif 1:\r\n\ty = 1")
    result = run(data, lambda f, n: f.replace(n, "1"))
    assert result.source.data == data.replace(b"bad(1)", b"1")


def test_a_character_that_the_encoding_lacks(run: Bench) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        f.replace(node, "'ł'" if argument(node) == "2" else "'é'")

    data = "# coding: latin-1\nx = bad(1), 'é'\ny = bad(2)\n".encode("latin-1")
    result = run(data, repair)
    assert result.source.data == data.replace(b"bad(1)", b"'\xe9'")
    assert [(f.reason, f.is_bug) for f in result.failed] == [("the file's encoding latin-1 cannot write 'ł'", False)]


def test_an_encoding_without_an_exact_way_back_is_left_alone(run: Bench) -> None:
    data = b"# coding: utf-7\nx = bad(1), '+AGE-'\n"
    result = run(data, lambda f, n: f.replace(n, "1"))
    assert result.source.data == data
    assert "cannot be written back" in result.failed[0].reason
    assert not result.failed[0].is_bug


# ---- several files

SHOP = {
    "shop/__init__.py": "",
    "shop/events.py": "# who listens\nLISTENERS = [1]\n\n\n@print\ndef clear(): pass\n\n\nfrom m import bad  # noqa\n",
}


def register(f: FixBuilder, node: cst.Call) -> None:
    """Move the registration of the argument into another module."""
    other = f.in_file("shop.events")
    assert other is not None
    values = other.module.tree.body[0].value  # type: ignore[attr-defined]
    other.replace(values, f"{ast.unparse(values)[:-1]}, {argument(node)}]")
    f.replace(node, "None")


def test_a_fix_of_two_files(run: Bench) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        f.replace(node, "None")
        other = f.in_file("shop/events.py")
        assert other is not None
        first, second = other.module.tree.body[:2]
        wraps = other.name("functools", "wraps")
        other.insert_before(second, f"if LISTENERS:\n    {wraps}(1)")
        other.insert_after(first, "_x = 1")

    result = run("x = bad(1)\n", repair, files=SHOP)
    assert not result.failed
    before = SHOP["shop/events.py"]
    after = (
        "import functools\n\n\n# who listens\nLISTENERS = [1]\n_x = 1\n\n\n"
        "if LISTENERS:\n    functools.wraps(1)\n@print\ndef clear(): pass\n\n\nfrom m import bad  # noqa\n"
    )
    assert [(c.before.path.name, c.before.text, c.after.text) for c in result.changes] == [
        ("subject.py", "x = bad(1)\n", "x = None\n"),
        (
            "events.py",
            before,
            after.replace("import functools\n\n\n# who listens\n", "# who listens\nimport functools\n\n\n"),
        ),
    ]
    assert run.seen("shop/events.py") == result.changes[1].after.text


def test_a_fix_of_another_file_alone(run: Bench) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        other = f.in_file("shop.events")
        assert other is not None
        values = other.module.tree.body[0].value  # type: ignore[attr-defined]
        if len(values.elts) > 1:
            f.refuse("done")
        other.replace(values, "[1, 2]")

    result = run("x = bad(1)\n", repair, files=SHOP)
    assert [c.before.path.name for c in result.changes] == ["events.py"]
    assert result.source.text == "x = bad(1)\n"


def test_fixes_that_change_the_same_place_of_another_file_wait_for_each_other(run: Bench) -> None:
    result = run("x = bad(2)\ny = bad(3)\nz = bad(4)\n", register, files=SHOP)
    assert len(result.applied) == 3
    assert "LISTENERS = [1, 2, 3, 4]\n" in result.changes[1].after.text
    again = run("x = bad(2)\ny = bad(3)\nz = bad(4)\n", register, files=SHOP, only=[a.key for a in result.applied])
    assert [c.after.text for c in again.changes] == [c.after.text for c in result.changes]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda o: o.replace(o.module.tree.body[0], "LISTENERS = ["), "does not compile"),
        (lambda o: o.replace(o.module.tree.body[0], "LISTENERS = who"), "not be defined: who"),
        (lambda o: o.insert_after(o.module.tree.body[0], "NEW = 1"), "get a public name: NEW"),
        (lambda o: o.replace(o.module.tree.body[1], "def _clear(): pass"), "lose a public name: clear"),
        (lambda o: o.insert_after(o.module.tree.body[0], "_x = lambda: bad(3)"), "new finding: PAT599"),
    ],
    ids=["syntax", "undefined name", "new name", "lost name", "finding"],
)
def test_what_spoils_the_other_file_is_put_back_in_both(
    run: Bench, spoil: Callable[[OtherFile], None], reason: str
) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        f.replace(node, "None")
        if argument(node) == "2":
            other = f.in_file("shop.events")
            assert other is not None
            spoil(other)

    result = run("x = bad(1)\ny = bad(2)\nz = bad(3)\n", repair, files=SHOP)
    assert result.source.text == "x = None\ny = bad(2)\nz = None\n"
    assert [reason in f.reason for f in result.failed] == [True]
    assert [c.before.path.name for c in result.changes] == ["subject.py"]
    assert run.seen("shop/events.py") == SHOP["shop/events.py"]
    assert run.seen("subject.py") == result.source.text


def test_an_import_that_one_fix_extends_and_another_replaces(run: Bench) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        f.replace(node, "None")
        other = f.in_file("shop.events")
        assert other is not None
        if argument(node) == "1":
            other.replace(other.module.tree.body[0], "from m import d as a")
        else:
            other.replace(other.module.tree.body[2].value, other.name("m", "c"))  # type: ignore[attr-defined]

    files = {**SHOP, "shop/events.py": "from m import a\nX = a\nY = 1\n"}
    result = run("x = bad(1)\ny = bad(2)\n", repair, files=files)
    assert not result.failed
    assert result.changes[1].after.text == "from m import d as a\nfrom m import c\nX = a\nY = c\n"


def test_a_cycle_through_another_file_leaves_both_as_they_were(run: Bench) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        other = f.in_file("shop.events")
        assert other is not None
        values = other.module.tree.body[0].value  # type: ignore[attr-defined]
        other.replace(values, "[1]" if len(values.elts) == 2 else "[1, 2]")

    result = run("x = bad(1)\n", repair, files=SHOP)
    assert not result.converged
    assert not result.changes
    assert run.seen("shop/events.py") == SHOP["shop/events.py"]
    assert run.seen("subject.py") == "x = bad(1)\n"


def test_a_file_that_goes_away_meanwhile(run: Bench) -> None:
    def repair(f: FixBuilder, node: cst.Call) -> None:
        register(f, node)
        run.project.keep(run.project.facts(Source(run.root / "subject.py", b"")))
        (run.root / "shop/events.py").unlink(missing_ok=True)
        for path in run.project._shelf:
            run.project._shelf.put_out(path)

    result = run("x = bad(2)\n", repair, files=SHOP)
    assert result.source.text == "x = bad(2)\n"
    assert [(f.reason, f.is_bug) for f in result.failed] == [("shop/events.py cannot be read", False)]


# ---- every finding has a fix or a reason


@pytest.mark.parametrize(
    ("applicability", "refuses", "reason"),
    [
        (Applicability.SAFE, False, ""),
        (Applicability.UNSAFE, False, "rule-is-unsafe"),
        (Applicability.SAFE, True, "own"),
    ],
)
def test_no_finding_is_without_a_fix_and_a_reason(
    run: Bench, monkeypatch: pytest.MonkeyPatch, applicability: Applicability, refuses: bool, reason: str
) -> None:
    monkeypatch.setattr(TestRule, "applicability", applicability)
    (finding,) = run(
        "x = bad(1)\n", lambda f, n: f.refuse("own") if refuses else f.lower(applicability, ""), only=()
    ).remaining
    assert finding.why_not_fixed == reason
    assert (finding.fix is None) == refuses


def test_a_rule_that_forgets_to_say_why(run: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TestRule, "visit_Call", lambda self, node: self.report(node, "bad"))
    (finding,) = run("x = bad(1)\n", wrap).remaining
    assert (finding.fix, finding.why_not_fixed) == (None, "no-fix")
    assert "no repair for this form" in reason_of(finding)
