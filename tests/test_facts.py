"""What a name means in a module."""

from __future__ import annotations

import ast
import builtins

import pytest

from patternlint.facts import Module, Scope, own_nodes
from patternlint.source import Source
from realcode import module_from, stdlib_files

TEXT = """\
from __future__ import annotations
import functools
import os.path
import xml.etree.ElementTree as ET
from functools import wraps as w, partial
from . import sibling
from ..up import thing
from typing import TYPE_CHECKING
try:
    import json
except ImportError:
    import simplejson as json
try:
    from yaml import safe_load
except ImportError:
    safe_load = None
if TYPE_CHECKING:
    from typed import OnlyTyped

alias = partial
CONSTANT = 1

class Cart:
    field = 1

    def add(self, item, *rest, key=None, **more):
        local = item
        partial = 1
        def inner():
            return local, item, CONSTANT, key
        return inner, len

    add_all = add

def use(functools):
    global rebound
    rebound = 1
    for sibling in (): pass
    with open(CONSTANT) as handle: pass
    (walrus := 1)
    import late.module
    [comprehended for comprehended in ()]
"""


@pytest.fixture
def module() -> Module:
    return module_from(TEXT, "pkg.sub.mod")


def scope_called(module: Module, qualname: str) -> Scope:
    return next(s for s in module.scopes if s.qualname == qualname)


@pytest.mark.parametrize(
    ("name", "meaning"),
    [
        ("functools.wraps", "functools.wraps"),
        ("os.path.join", "os.path.join"),
        ("ET.parse", "xml.etree.ElementTree.parse"),
        ("w", "functools.wraps"),
        ("sibling", "pkg.sub.sibling"),
        ("thing.x", "pkg.up.thing.x"),
        ("json.dumps", "json.dumps"),
        ("safe_load", "yaml.safe_load"),
        ("OnlyTyped", "typed.OnlyTyped"),
        ("alias", "functools.partial"),
        ("Cart.add", "pkg.sub.mod.Cart.add"),
        ("CONSTANT", "pkg.sub.mod.CONSTANT"),
        ("len", "builtins.len"),
        ("nowhere", None),
    ],
)
def test_names_at_module_level(module: Module, name: str, meaning: str | None) -> None:
    assert module.resolve(name) == meaning


@pytest.mark.parametrize(
    ("scope", "name", "meaning"),
    [
        ("Cart.add", "item", None),
        ("Cart.add", "partial", None),
        ("Cart.add.<locals>.inner", "partial", None),
        ("Cart.add.<locals>.inner", "Cart", "pkg.sub.mod.Cart"),
        ("Cart.add", "field", None),  # a class's names are not seen in its methods
        ("Cart", "field", "pkg.sub.mod.Cart.field"),
        ("use", "functools.wraps", None),
        ("use", "sibling", None),
        ("use", "late.module.x", "late.module.x"),
        ("use", "partial", "functools.partial"),
    ],
)
def test_names_in_scopes(module: Module, scope: str, name: str, meaning: str | None) -> None:
    assert module.resolve(name, scope_called(module, scope)) == meaning


def test_scopes_and_their_bindings(module: Module) -> None:
    add = scope_called(module, "Cart.add")
    assert add.parameters == ["self", "item", "rest", "key", "more"]
    assert add.dotted == "pkg.sub.mod.Cart.add"
    assert scope_called(module, "Cart.add.<locals>.inner").dotted == "pkg.sub.mod.Cart.add.inner"
    assert add.enclosing_class is scope_called(module, "Cart")
    use = scope_called(module, "use")
    kinds = {name: [b.kind for b in bindings] for name, bindings in use.bindings.items()}
    assert kinds == {
        "functools": ["parameter"],
        "late": ["import"],
        "rebound": ["global", "assign"],
        "sibling": ["for"],
        "handle": ["with"],
        "walrus": ["walrus"],
    }


def test_imports_know_their_guards(module: Module) -> None:
    guards = {b.name: (b.guard, b.at_import_time) for b in module.imports}
    assert guards["functools"] == ("", True)
    assert guards["OnlyTyped"] == ("type-checking", False)
    assert guards["safe_load"] == ("try", True)
    assert guards["late"] == ("", False)


@pytest.mark.parametrize(
    ("text", "is_package", "module"),
    [
        ("from . import a", False, "pkg.sub"),
        ("from . import a", True, "pkg.sub.mod"),
        ("from ...x import a", False, "x"),
    ],
)
def test_relative_imports(text: str, is_package: bool, module: str) -> None:
    found = module_from(text, "pkg.sub.mod")
    found.is_package = is_package
    node = found.tree.body[0]
    assert isinstance(node, ast.ImportFrom)
    assert found.absolute(node) == module


def test_own_nodes_of_all_scopes_are_all_nodes_once() -> None:
    """No expression of a real file belongs to two scopes, and none to none."""
    for path in stdlib_files(80):
        module = Module(Source.read(path), "m", path.name)
        expressions = {n for n in ast.walk(module.tree) if isinstance(n, ast.Name | ast.Call | ast.Attribute)}
        lambdas = [n for n in ast.walk(module.tree) if isinstance(n, ast.Lambda)]
        seen: list[ast.AST] = []
        for root in [*(s.node for s in module.scopes), *lambdas]:
            seen += [n for n in own_nodes(root) if n in expressions]
        assert len(seen) == len(set(seen)), path
        assert set(seen) <= expressions
        missing = expressions - set(seen)
        assert not missing, (path, [ast.dump(n) for n in missing][:3])


def test_what_resolves_to_a_builtin_is_one() -> None:
    for path in stdlib_files(80):
        module = Module(Source.read(path), "m", path.name)
        for scope in module.functions:
            for node in own_nodes(scope.node):
                if isinstance(node, ast.Name) and (meaning := module.resolve(node, scope)) is not None:
                    owner, _, name = meaning.rpartition(".")
                    assert owner != "builtins" or hasattr(builtins, name)


@pytest.mark.parametrize(
    ("path", "is_test", "is_vendored"),
    [
        ("shop/tests/helpers.py", True, False),
        ("shop/test_cart.py", True, False),
        ("conftest.py", True, False),
        ("shop/contest.py", False, False),
        ("shop/_vendor/six.py", False, True),
        ("shop/latest/x.py", False, False),
    ],
)
def test_test_code_and_vendored_code_are_known_by_path(path: str, is_test: bool, is_vendored: bool) -> None:
    module = module_from("")
    module.relpath = path
    assert (module.is_test, module.is_vendored) == (is_test, is_vendored)
