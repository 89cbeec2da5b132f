"""Which files are a project's, in which order, and what their modules are called."""

from __future__ import annotations

from pathlib import Path

import pytest
from project_tree import write_tree

from patternlint.project.files import DEFAULT_EXCLUDE, Discovery, ModuleNames
from patternlint.project.globs import PathPatterns


def found(root: Path, *exclude: str, folder: str = "", gitignore: bool = True) -> list[str]:
    discovery = Discovery(root, (*DEFAULT_EXCLUDE, *exclude), gitignore)
    return [path.relative_to(root).as_posix() for path in discovery.files_in(root / folder)]


def test_python_files_in_a_fixed_order(tmp_path: Path) -> None:
    write_tree(tmp_path, {"b.py": "", "a/z.pyi": "", "a/b/c.py": "", "README.md": "", "B.py": "", "a.txt": ""})
    assert found(tmp_path) == ["B.py", "a/b/c.py", "a/z.pyi", "b.py"]


def test_what_no_project_calls_its_own_is_left_out(tmp_path: Path) -> None:
    folders = [".venv", ".git", "node_modules", "build", "dist", "__pycache__", ".tox", "site-packages"]
    write_tree(tmp_path, {f"x/{folder}/a.py": "" for folder in folders} | {"x/builder/a.py": ""})
    write_tree(tmp_path, {"env311/pyvenv.cfg": "", "env311/lib/a.py": ""})
    assert found(tmp_path) == ["x/builder/a.py"]


def test_exclude_by_name_and_by_path(tmp_path: Path) -> None:
    write_tree(
        tmp_path, {"gen/a_pb2.py": "", "gen/a.py": "", "docs/conf.py": "", "src/docs/conf.py": "", "old/a.py": ""}
    )
    assert found(tmp_path, "*_pb2.py", "docs/conf.py", "old") == ["gen/a.py", "src/docs/conf.py"]


def test_patterns_match_within_folders() -> None:
    patterns = PathPatterns(["tests/**", "**/migrations/*.py", "conf[ai]g.py"])
    assert patterns.match_within("tests/a/b.py")
    assert not patterns.match_within("src/tests/a.py")
    assert patterns.match_within("migrations/0001.py")
    assert patterns.match_within("shop/migrations/0001.py")
    assert patterns.match_within("deep/down/config.py")
    assert not patterns.match_within("deep/down/confog.py")


def test_gitignore_files_hold_below_their_folder(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            ".git/HEAD": "",
            ".gitignore": "*_gen.py\n/local/\n!kept_gen.py\n# comment\n",
            "a_gen.py": "",
            "kept_gen.py": "",
            "local/x.py": "",
            "sub/local/x.py": "",
            "sub/.gitignore": "x.py\nout/\n!/out.py\n",
            "sub/x.py": "",
            "sub/y.py": "",
            "sub/out/z.py": "",
            "sub/out.py": "",
        },
    )
    assert found(tmp_path) == ["kept_gen.py", "sub/out.py", "sub/y.py"]
    assert found(tmp_path, folder="sub") == ["sub/out.py", "sub/y.py"]
    assert "sub/x.py" in found(tmp_path, gitignore=False)


def test_gitignore_files_above_the_root_hold_in_it(tmp_path: Path) -> None:
    write_tree(
        tmp_path, {".git/HEAD": "", ".gitignore": "/service/gen/\nx.py\n", "service/gen/a.py": "", "service/x.py": ""}
    )
    write_tree(tmp_path, {"service/b.py": "", "service/sub/gen/a.py": ""})
    assert found(tmp_path / "service") == ["b.py", "sub/gen/a.py"]


def test_links(tmp_path: Path) -> None:
    write_tree(tmp_path, {"pkg/a.py": ""})
    (tmp_path / "pkg/loop").symlink_to(tmp_path / "pkg")
    (tmp_path / "pkg/linked.py").symlink_to(tmp_path / "pkg/a.py")
    (tmp_path / "pkg/dangling.py").symlink_to(tmp_path / "nowhere.py")
    (tmp_path / "pkg/round.py").symlink_to(tmp_path / "pkg/round.py")
    assert found(tmp_path) == ["pkg/a.py", "pkg/linked.py", "pkg/round.py"]


def test_named_files_are_excluded_by_their_path(tmp_path: Path) -> None:
    discovery = Discovery(tmp_path, ("build", "docs/conf.py"))
    assert discovery.excludes(tmp_path / "build/lib/a.py")
    assert discovery.excludes(tmp_path / "docs/conf.py")
    assert not discovery.excludes(tmp_path / "src/docs/conf.py")
    assert not discovery.excludes(tmp_path.parent / "build/a.py")


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("shop/cart.py", "shop.cart"),
        ("shop/__init__.py", "shop"),
        ("src/shop/cart.py", "shop.cart"),
        ("src/space/shop/stubs.pyi", "space.shop.stubs"),
        ("manage.py", "manage"),
        ("django-5.0/django/db.py", "django.db"),
        ("services/api/app/main.py", "app.main"),
        ("services/api/src/app/main.py", "app.main"),
        ("shop/src/a.py", "shop.src.a"),
    ],
)
def test_module_names(tmp_path: Path, path: str, name: str) -> None:
    write_tree(tmp_path, {path: "", "services/api/pyproject.toml": ""})
    assert ModuleNames(tmp_path).name(tmp_path / path) == name


def test_module_names_start_where_the_configuration_says(tmp_path: Path) -> None:
    names = ModuleNames(tmp_path, ["backend", "."])
    assert names.name(tmp_path / "backend/app/main.py") == "app.main"
    assert names.name(tmp_path / "src/app/main.py") == "src.app.main"
