"""What a project answers about its files."""

from __future__ import annotations

import sysconfig
from pathlib import Path
from typing import NamedTuple

import pytest

from fixtures import engine_for
from patternlint.config import Settings
from patternlint.project import Ancestry, AttributeUses, Project, ReferencesTo, Subclasses, shelf
from patternlint.project.files import Discovery
from patternlint.project.naming import FilesNaming
from patternlint.project.outline import Outline
from patternlint.project.reads import Changes, Known, Remembered
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


def test_an_outline_is_the_same_after_it_was_written_down(project: Project) -> None:
    for name in ("shop", "shop.cart", "shop.big", "shop.tools"):
        outline = project.outline_of(name)
        assert outline is not None
        assert Outline.from_json(outline.to_json()) == outline
        assert Outline.from_json(outline.to_json()).to_json() == outline.to_json()


def test_the_bodies_of_functions_leave_the_outline_as_it_is(project: Project) -> None:
    before = project.outline_of("shop.cart")
    path = project.root / "shop/cart.py"
    text = FILES["shop/cart.py"].replace("        self.close()\n", "\n\n        self.open()\n        self.close()\n")
    project.overlay(Source(path, text.encode()))
    assert project.outline_of("shop.cart") == before


def test_only_files_that_can_name_a_thing_are_read(project: Project) -> None:
    names = [project.module_name(path) for path in project.ask(FilesNaming("shop.cart.Cart"))]
    assert names == ["shop", "shop.big", "shop.cart"]  # `shop.big` by way of the package that hands it on
    assert [project.module_name(path) for path in project.ask(FilesNaming("other.broken.retry"))] == ["other.broken"]


def test_what_an_answer_has_read_tells_whether_it_still_holds(project: Project) -> None:
    known = Known()
    with project.recording(known):
        project.ask(Ancestry("shop.big.Big"))
        project.ask(Ancestry("shop.big.Big"))  # an answer that is known already counts as well
    reads = known.everything()
    assert {"aliases", "classes", "module", "root"} == {what for what, _ in reads}

    def changed(path: str, **what: object) -> bool:
        before = Remembered("t", "o", frozenset({"shop"}), path.removesuffix(".py").replace("/", "."))
        return Changes({path: before}, {path: before._replace(**what)}).concern(reads)  # type: ignore[arg-type]

    assert changed("shop/cart.py", outline="other")  # which is no outline: so anything may be different
    assert not changed("shop/cart.py", text="other")  # the body of a function
    assert not changed("shop/elsewhere.py", text="other", outline="other")
    assert Changes({}, {"shop/big/Big.py": Remembered("", "", frozenset(), "shop.big.Big")}).concern(reads)


def test_an_answer_rests_on_the_parts_of_an_outline_that_it_has_looked_at(project: Project) -> None:
    outline = project.outline_of("shop.cart")
    assert outline is not None
    before = Remembered("t", outline.to_json(), frozenset(), "shop.cart")
    others = {
        "aliases": outline._replace(aliases={"Basket": "shop.cart.Cart"}),
        "classes": outline._replace(classes={}),
        "bound": outline._replace(bound={"new": 9}),
    }
    for name, other in others.items():
        after = before._replace(outline=other.to_json())
        changes = Changes({"shop/cart.py": before}, {"shop/cart.py": after})
        for part in ("aliases", "classes", "outline"):
            assert changes.concern([(part, "shop/cart.py")]) is (part in (name, "outline"))


def test_words_that_an_answer_has_asked_for(project: Project) -> None:
    known = Known()
    with project.recording(known):
        project.ask(AttributeUses("close"))
    reads = known.everything()
    assert ("words", "close") in reads
    without, having = (Remembered("", "", frozenset(words), "") for words in ({"open"}, {"open", "close"}))
    assert Changes({"a.py": without}, {"a.py": having}).concern(reads)
    assert not Changes({"a.py": without}, {"a.py": without}).concern(reads)
    assert Changes({"a.py": having}, {}).concern(reads)


def test_what_questions_cost_is_counted(project: Project) -> None:
    project.ask(Subclasses("shop.tools.Base"))
    project.ask(Subclasses("shop.tools.Base"))
    counts = project.counts
    assert counts.questions["Subclasses"] == 1
    assert counts.parsed <= len(FILES)


def test_modules_are_good_while_the_question_is_open(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelf, "ROOM", 1)  # every module drives the one before out
    assert project.ask(UsesTwice()) == ("shop.cart", "shop.tools")


class UsesTwice(NamedTuple):
    """A question that holds on to one module while it looks at another."""

    def answer(self, project: Project) -> tuple[str, str]:
        first = project.module("shop.cart")
        assert project.ask(Subclasses("shop.tools.Base"))
        second = project.module("shop.tools")
        assert first is not None
        assert second is not None
        return first.name, second.name
