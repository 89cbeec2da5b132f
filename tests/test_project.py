"""What a project answers about its files."""

from __future__ import annotations

import sysconfig
from pathlib import Path

import pytest

from fixtures import engine_for
from patternlint.config import Settings
from patternlint.project import Ancestry, AttributeUses, Project, ReferencesTo, Subclasses
from patternlint.project.files import Discovery
from patternlint.source import Source

FILES = {
    "shop/__init__.py": "from .cart import Cart\nfrom .tools import retry as again\n",
    "shop/tools.py": (
        "def retry(f):\n    return f\n\nclass Base:\n    def close(self): pass\n\n@retry\ndef one(): pass\n\nx: 'retry'\n"
    ),
    "shop/cart.py": (
        "import abc\nfrom shop import tools as t\nfrom shop.tools import retry\nfrom unknown import *\n\n"
        "class Cart(t.Base, abc.ABC):\n"
        "    @retry\n    def add(self):\n        self.close()\n\n"
        "    @t.retry(3)\n    def put(self):\n        self.add()\n        Cart.add(self)\n"
        "class Mystery(make()): pass\n"
    ),
    "shop/big.py": (
        "import shop\n\nclass Big(shop.Cart):\n    def go(self, retry):\n        super().add()\n        retry()\n"
        "        raise shop.Trouble\n\ndef f(c: shop.Cart) -> None:\n    isinstance(c, shop.Cart)\n    shop.again(f)\n"
    ),
    "other/broken.py": "def retry(:\n",
}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return Project(tmp_path, Settings(tmp_path), [tmp_path / name for name in sorted(FILES)])


def test_references_are_found_through_imports_aliases_and_re_exports(project: Project) -> None:
    found = [(r.module, r.row, r.kind, r.scope) for r in project.ask(ReferencesTo("shop.tools.retry"))]
    assert found == [
        ("shop", 2, "import", ""),
        ("shop.cart", 3, "import", ""),
        ("shop.cart", 7, "decorator", "Cart"),
        ("shop.cart", 11, "decorator-factory", "Cart"),
        ("shop.tools", 7, "decorator", ""),
    ]
    assert project.ask(ReferencesTo("shop.retry")) == ()


def test_references_to_a_class(project: Project) -> None:
    found = [(r.module, r.row, r.kind) for r in project.ask(ReferencesTo("shop.Cart"))]
    assert found == [
        ("shop", 1, "import"),
        ("shop.big", 3, "base"),
        ("shop.big", 9, "annotation"),
        ("shop.big", 10, "isinstance"),
        ("shop.cart", 14, "other"),
    ]


def test_references_to_a_method_include_those_through_self_and_super(project: Project) -> None:
    found = [(r.module, r.row, r.kind) for r in project.ask(ReferencesTo("shop.cart.Cart.add"))]
    assert found == [("shop.big", 5, "call"), ("shop.cart", 13, "call"), ("shop.cart", 14, "call")]


def test_attributes_by_name_alone(project: Project) -> None:
    assert [(r.module, r.row) for r in project.ask(AttributeUses("close"))] == [("shop.cart", 9)]


def test_hierarchies(project: Project) -> None:
    ancestors = project.ask(Ancestry("shop.big.Big"))
    assert ancestors.project == ("shop.cart.Cart", "shop.tools.Base")
    assert ancestors.external == ("abc.ABC",)
    assert not ancestors.unknown
    assert project.ask(Ancestry("shop.cart.Mystery")).unknown
    assert project.ask(Subclasses("shop.tools.Base")) == ("shop.cart.Cart", "shop.big.Big")
    method = project.find_method("shop.big.Big", "close")
    assert method is not None
    assert method.dotted == "shop.tools.Base.close"


def test_an_overlay_is_what_the_project_sees(project: Project) -> None:
    assert project.ask(Subclasses("shop.cart.Cart")) == ("shop.big.Big",)
    path = project.root / "shop/big.py"
    project.overlay(Source(path, b"import shop\nclass Small(shop.Cart): fresh = 1\n"))
    assert project.ask(Subclasses("shop.cart.Cart")) == ("shop.big.Small",)
    assert [m.name for m in project.modules_with("fresh")] == ["shop.big"]


def test_what_belongs_to_the_project(project: Project) -> None:
    assert project.owns("shop.cart.Cart")
    assert not project.owns("requests.get")
    assert project.module("other.broken") is None
    assert project.canonical("shop.again") == "shop.tools.retry"


def real_package(name: str) -> Path:
    return Path(sysconfig.get_path("purelib")) / name


def test_one_file_alone_is_told_what_it_is_told_among_all(tmp_path: Path) -> None:
    """pre-commit, editors, flake8 and pylint pass single files: for each the findings are those of the whole run."""
    root = tmp_path / "project"
    files = []
    for path in sorted(real_package("libcst").rglob("*.py")):
        if "tests" not in path.parts:
            target = root / "libcst" / path.relative_to(real_package("libcst"))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
            files.append(target)
    (root / "patternlint.toml").touch()
    together = engine_for(root)
    expected = {path: together.check(Source.read(path)) for path in files}
    assert any(expected.values()), "nothing to compare"
    for path in files[:: max(1, len(files) // 40)] + [p for p in files if expected[p]][:20]:
        assert engine_for(root).check(Source.read(path)) == expected[path], path


def test_discovery_order_does_not_matter(project: Project) -> None:
    files = list(Discovery(project.root, ()).files())
    backwards = Project(project.root, project.settings, files[::-1])
    assert set(backwards.ask(ReferencesTo("shop.tools.retry"))) == set(project.ask(ReferencesTo("shop.tools.retry")))
