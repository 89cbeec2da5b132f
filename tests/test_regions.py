"""The cutter, the walk and the places of nodes, on real code and on the forms that are known to be hard."""

from __future__ import annotations

import ast

import libcst as cst
import pytest

from patternlint.facts import Module
from patternlint.regions import Extent, Region, cut, extents, scopes_of_nodes
from patternlint.source import Source
from patternlint.spans import spans_of
from patternlint.walker import definitions, descendants, walk
from realcode import module_from, stdlib_files


def region_of(module: Module, node: ast.stmt, kind: str = "def") -> Region:
    region = next((r for e in extents(module, node, kind) if (r := cut(module, e)) is not None), None)
    assert region is not None
    return region


def check_places(module: Module, region: Region) -> None:
    """Each definition's name stands where the spans say, in the row where `ast` has it."""
    scopes = scopes_of_nodes(region)
    nodes = list(definitions(region.tree))
    spans = spans_of(region.tree, [n.name for n in nodes], region.text)
    for node in nodes:
        start, end = spans.places[id(node.name)]
        scope = scopes[id(node)]
        assert scope.name == node.name.value
        assert module.source.position(start + region.shift)[0] == scope.row
        if id(node.name) not in spans.inexact:
            assert module.source.text[start + region.shift : end + region.shift] == node.name.value


def test_every_definition_of_real_files_is_cut_and_placed() -> None:
    cuts = 0
    for path in stdlib_files(40):
        module = Module(Source.read(path), "m", path.name)
        for scope in module.scopes[1:]:
            if not scope.is_local and isinstance(scope.node, ast.stmt):
                kind = "class" if scope.is_class else "def"
                check_places(module, region_of(module, scope.node, kind))
                cuts += 1
    assert cuts > 300


HARD = {
    "decorator on the line before": "class A:\n    @\\\n    staticmethod\n    def f(): pass\n",
    "statements that share a line": "x = 1; y = 2\ndef f(): return x; \n",
    "tabs": "class A:\n\tdef f(self):\n\t\treturn 1\n",
    "mixed line ends": "class A:\r\n    def f(self):\n        return 1\r    x = 1\n",
    "no last line end": "class A:\n    def f(self):\n        return 1",
    "trailing comment of the body": "class A:\n    def f(self):\n        pass\n        # trailing\n    # more\n",
    "form feed": "class A:\n    x = 1\n\x0c\n    def f(self):\n        return 1\n",
    "astral characters": "class A:\n    def f(self, x='𝄞', *, é=1): return '𝄞', é\n",
    "line continuation": "x = 1 + \\\n    2\ndef f(): pass\n",
    "a blank that LibCST loses": "def f():\n    try:\n        pass\n    except (A, B) :\n        def g(): pass\n",
    "two definitions of one name": "class A:\n    @property\n    def x(self): ...\n    @x.setter\n    def x(self, v): ...\n",
    "in blocks": "if a:\n    def f(): pass\nelse:\n    try:\n        def f(): pass\n    finally:\n        class f: pass\n",
    "one-line suites": "class A: x = 1\nclass B: pass\n",
}


@pytest.mark.parametrize("text", HARD.values(), ids=HARD)
def test_hard_forms(text: str) -> None:
    module = module_from(text)
    for scope in module.scopes[1:]:
        assert isinstance(scope.node, ast.stmt)
        for kind in ("def", "class", "statement", "module"):
            check_places(module, region_of(module, scope.node, kind))


@pytest.mark.parametrize("expression", ["(" * 3000 + ")" * 3000, " or ".join("a" * 30_000)], ids=["brackets", "or"])
def test_what_is_too_deep_is_no_region_and_no_crash(expression: str) -> None:
    module = module_from(f"x = {expression}\n" if "or" in expression else "x = 1\n")
    module.source = Source(module.path, f"x = {expression}\n".encode())
    assert cut(module, Extent(1, 1, module.scope)) is None


def test_a_chain_of_many_branches_is_walked_and_placed() -> None:
    text = "def f(x):\n" + "".join(f"    {'el' if i else ''}if x == {i}:\n        return {i}\n" for i in range(240))
    tree = cst.parse_module(text)
    seen = []

    class Visitor:
        def visit_If(self, node: cst.If) -> None:
            seen.append(node)

    walk(tree, Visitor())
    assert len(seen) == 240
    start, _ = spans_of(tree, [seen[-1]], text).places[id(seen[-1])]
    assert text[start:].startswith("elif x == 239")


def test_the_walk_meets_what_libcst_meets() -> None:
    """The same nodes in the same order as LibCST's own visitor, for the nodes that rules are written for."""
    kinds = (cst.BaseExpression, cst.BaseStatement, cst.BaseSmallStatement, cst.Param, cst.Arg, cst.Decorator)
    for path in stdlib_files(150):
        tree = cst.parse_module(Source.read(path).text)
        met = {id(n) for n in descendants(tree)}

        class Visitor(cst.CSTVisitor):
            def on_visit(self, node: cst.CSTNode, met: set[int] = met) -> bool:  # type: ignore[override]
                if isinstance(node, kinds) and not isinstance(node, cst.ConcatenatedString):
                    assert id(node) in met, type(node)
                return True

        tree.visit(Visitor())


def test_visits_can_be_kept_from_the_children() -> None:
    tree = cst.parse_module("def f():\n    x\ny\n")
    names = []

    class Visitor:
        def visit_FunctionDef(self, node: cst.FunctionDef) -> bool:
            return False

        def visit_Name(self, node: cst.Name) -> None:
            names.append(node.value)

        def leave_Module(self, node: cst.Module) -> None:
            names.append("end")

    walk(tree, Visitor())
    assert names == ["y", "end"]
