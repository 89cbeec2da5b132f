"""Every front finds the same: real packages and the fixtures through the command line, flake8 and pylint."""

from __future__ import annotations

import importlib.util
import json
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest
from project_tree import patternlint, run, write_tree

from patternlint.catalogue import RULES

FIXTURES = Path(__file__).parents[1] / "fixtures"
EVERYTHING = {"patternlint.toml": 'select = ["ALL"]\npreview = true\nmin-confidence = "low"\nexclude = []\n'}
PACKAGES = ("dill", "_pytest")


class Place(NamedTuple):
    path: str
    row: int
    column: int
    code: str


def through_the_command_line(folder: Path, *paths: str) -> list[Place]:
    result = patternlint("--output-format", "json", *paths, cwd=folder)
    assert result.stderr == ""
    return sorted(
        Place(
            Path(f["filename"]).relative_to(folder).as_posix(), f["location"]["row"], f["location"]["column"], f["code"]
        )
        for f in json.loads(result.stdout)
        if f["code"] != "PAT000" and f["filename"].endswith(".py")
    )


def through_flake8(folder: Path) -> list[Place]:
    form = "%(path)s\t%(row)d\t%(col)d\t%(code)s"
    result = run("flake8", "--isolated", "--select=PAT", f"--format={form}", ".", cwd=folder)
    lines = [line.split("\t") for line in result.stdout.splitlines()]
    return sorted(Place(path.removeprefix("./"), int(row), int(column), code) for path, row, column, code in lines)


def through_pylint(folder: Path) -> list[Place]:
    ours = ",".join(rule.name for rule in RULES)
    arguments = ("--rcfile=", "--load-plugins=patternlint.pylint", "--disable=all", f"--enable={ours}", "--recursive=y")
    result = run("pylint", *arguments, "--output-format=json2", ".", cwd=folder)
    return sorted(
        Place(Path(m["path"]).as_posix(), m["line"], m["column"] + 1, m["messageId"].replace("W9", "PAT"))
        for m in json.loads(result.stdout)["messages"]
        if m["symbol"] in ours
    )


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Packages that the tests' own tools bring along, as the source of one project."""
    folder = write_tree(tmp_path_factory.mktemp("packages"), EVERYTHING)
    for package in PACKAGES:
        spec = importlib.util.find_spec(package)
        assert spec is not None
        assert spec.origin is not None
        shutil.copytree(Path(spec.origin).parent, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture(scope="module")
def fixtures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The rules' fixtures, each folder a package, so that no two modules have one name."""
    folder = write_tree(tmp_path_factory.mktemp("fixtures"), EVERYTHING)
    for source in FIXTURES.rglob("*.py"):
        target = folder / source.relative_to(FIXTURES).as_posix().replace("-", "_")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)
    return folder


@pytest.mark.parametrize("project", ["packages", "fixtures"])
def test_the_fronts_find_the_same(project: str, request: pytest.FixtureRequest) -> None:
    folder: Path = request.getfixturevalue(project)
    expected = through_the_command_line(folder)
    assert expected
    assert through_flake8(folder) == expected
    assert through_pylint(folder) == expected


def test_single_files_get_what_the_whole_project_gets(packages: Path) -> None:
    expected = through_the_command_line(packages)
    for path in sorted({place.path for place in expected}):
        assert through_the_command_line(packages, path) == [place for place in expected if place.path == path]
