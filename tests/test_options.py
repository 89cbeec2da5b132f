"""The table of options, and what is made of it: `patternlint config`, the JSON schema, the README."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from project_tree import patternlint, write_tree

from fixtures import FIXTURES
from patternlint.config import Settings, load
from patternlint.errors import PatternlintError
from patternlint.option_pages import files, schema
from patternlint.options import OPTIONS
from patternlint.project.root import Roots

REPOSITORY = Path(__file__).parent.parent
NO_OPTIONS = {"root", "configuration", "runtime_declared", "is_application"}


def test_every_option_is_a_setting_and_every_setting_an_option() -> None:
    assert {option.field for option in OPTIONS} == set(Settings._fields) - NO_OPTIONS
    assert all(option.doc.endswith(".") for option in OPTIONS)


def test_what_is_made_of_the_table_is_up_to_date() -> None:
    stale = [path.name for path, text in files().items() if path.read_text(encoding="utf-8") != text]
    assert stale == [], "run `python -m patternlint.option_pages`"


# ---- the schema


def tables() -> Iterator[tuple[str, dict[str, Any]]]:
    """The configurations that our readers see: in the README and the documentation, in fixtures, and our own."""
    for page in (REPOSITORY / "README.md", REPOSITORY / "CONTRIBUTING.md", *REPOSITORY.glob("docs/**/*.md")):
        for number, block in enumerate(re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)):
            yield f"{page.name}-{number}", tomllib.loads(block)
    for path in (REPOSITORY / "pyproject.toml", *FIXTURES.rglob("*.toml")):
        yield str(path.relative_to(REPOSITORY)), tomllib.loads(path.read_text("utf-8"))


TABLES = dict(tables())


@pytest.mark.parametrize("name", TABLES)
def test_the_configurations_that_we_show_are_valid(name: str, tmp_path: Path) -> None:
    whole = TABLES[name]
    own = whole.get("tool", {}).get("patternlint", {} if "pyproject" in name else whole)
    jsonschema.validate(own, schema())


def test_there_is_a_configuration_to_validate() -> None:
    assert sum("patternlint" in table.get("tool", {}) for table in TABLES.values()) >= 3


@pytest.mark.parametrize(
    ("text", "valid"),
    [
        ("select = ['PAT5', 'observer', 'missing-functools-wraps', 'ALL']", True),
        ("select = ['PAT999']", False),
        ("select = 'PAT5'", False),
        ("selct = []", False),
        ("min-confidence = 'sure'", False),
        ("target-version = 'py312'", True),
        ("target-version = '2.7'", False),
        ("preview = 1", False),
        ("per-file-ignores = { 'a.py' = ['PAT5'] }", True),
        ("per-file-ignores = { 'a.py' = 'PAT5' }", False),
        ("rules.PAT401.min-branches = 5", True),
        ("rules.long-type-chain.min-branches = 5", True),
        ("rules.PAT401.min-branches = '5'", False),
        ("rules.PAT401.max-branches = 5", False),
        ("rules.PAT501.x = 5", False),
        ("extend = 'base.toml'", True),
    ],
)
def test_schema_and_parser_agree(tmp_path: Path, text: str, valid: bool) -> None:
    write_tree(tmp_path, {"patternlint.toml": text, "base.toml": ""})
    by_schema = by_parser = True
    try:
        jsonschema.validate(tomllib.loads(text), schema())
    except jsonschema.ValidationError:
        by_schema = False
    try:
        load(Roots().of(tmp_path))
    except PatternlintError:
        by_parser = False
    assert (by_schema, by_parser) == (valid, valid)


def test_the_schema_is_one(tmp_path: Path) -> None:
    printed = json.loads(patternlint("config", "--output-format", "schema", cwd=tmp_path).stdout)
    jsonschema.Draft7Validator.check_schema(printed)
    assert printed == json.loads((REPOSITORY / "docs/patternlint.schema.json").read_text("utf-8"))


# ---- patternlint config

PROJECT = {
    "pyproject.toml": """\
[project]
requires-python = ">=3.12"
[tool.patternlint]
extend = "shared/base.toml"
ignore = ["PAT3"]
src = ["lib", 'with "quotes"']
[tool.patternlint.rules.long-type-chain]
min-branches = 6
""",
    "shared/base.toml": 'ignore = ["PAT5"]\nmin-confidence = "low"\n',
    "pkg/a.py": "",
}


def records(*arguments: str, cwd: Path) -> dict[str, dict[str, Any]]:
    result = patternlint("config", *arguments, "--output-format", "json", cwd=cwd)
    assert result.returncode == 0, result.stderr
    return {record["name"]: record for record in json.loads(result.stdout)}


def test_each_value_is_shown_with_the_lines_that_it_comes_from(tmp_path: Path) -> None:
    write_tree(tmp_path, PROJECT)
    shown = records("--path", "pkg/a.py", cwd=tmp_path)
    assert list(shown)[: len(OPTIONS) - 1] == [option.name for option in OPTIONS if option.name != "rules"]
    origins = {
        name: [f"{Path(o['filename']).relative_to(tmp_path)}:{o['row']}" for o in record["origins"]]
        for name, record in shown.items()
        if record["origins"]
    }
    assert origins == {
        "extend": ["pyproject.toml:4"],
        "ignore": ["shared/base.toml:1", "pyproject.toml:5"],
        "src": ["pyproject.toml:6"],
        "min-confidence": ["shared/base.toml:2"],
        "target-version": ["pyproject.toml:2"],
        "rules.PAT401.min-branches": ["pyproject.toml:8"],
    }
    assert shown["ignore"]["value"] == ["PAT5", "PAT3"]
    assert shown["target-version"]["value"] == "3.12"
    assert (shown["min-confidence"]["value"], shown["min-confidence"]["default"]) == ("low", "high")
    assert shown["rules.PAT401.min-branches"] == {
        "name": "rules.PAT401.min-branches",
        "type": "number",
        "default": 4,
        "value": 6,
        "doc": "Of long-type-chain: see `patternlint rule PAT401`.",
        "origins": [{"filename": str(tmp_path / "pyproject.toml"), "row": 8}],
    }


def test_the_text_is_a_configuration_that_says_the_same(tmp_path: Path) -> None:
    write_tree(tmp_path / "a", PROJECT)
    text = patternlint("config", cwd=tmp_path / "a").stdout
    assert '\nmin-confidence = "low"  # from shared/base.toml:2\n' in text
    assert "\npreview = false  # default\n" in text
    write_tree(tmp_path / "b", {"patternlint.toml": text, "shared/base.toml": ""})
    shown = {name: record["value"] for name, record in records(cwd=tmp_path / "a").items()}
    assert {name: record["value"] for name, record in records(cwd=tmp_path / "b").items()} == shown
    jsonschema.validate(tomllib.loads(text), schema())


def test_one_option_and_those_of_a_rule(tmp_path: Path) -> None:
    write_tree(tmp_path, PROJECT)
    assert patternlint("config", "preview", cwd=tmp_path).stdout == (
        "# Run preview rules, too.\n# true or false; default false\npreview = false  # default\n"
    )
    for name in ("rules.long-type-chain", "rules.PAT401", "rules.PAT401.min-branches"):
        assert list(records(name, cwd=tmp_path)) == ["rules.PAT401.min-branches"]
    assert len(records("rules", cwd=tmp_path)) >= 2


def test_another_configuration_or_none(tmp_path: Path) -> None:
    write_tree(tmp_path, {**PROJECT, "other.toml": "preview = true\n"})
    assert records("preview", "--config", "other.toml", cwd=tmp_path)["preview"]["value"] is True
    assert records("ignore", "--config", "other.toml", cwd=tmp_path)["ignore"]["value"] == []
    assert records("ignore", "--isolated", cwd=tmp_path)["ignore"]["origins"] == []


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (["min-confidenc"], "error: unknown option 'min-confidenc'\nhelp: did you mean 'min-confidence'?\n"),
        (["--config", "no.toml"], "no.toml: cannot be read"),
        (["--config", "a.toml", "--isolated"], "not allowed with argument"),
    ],
)
def test_mistakes(tmp_path: Path, arguments: list[str], error: str) -> None:
    result = patternlint("config", *arguments, cwd=tmp_path)
    assert result.returncode == 2
    assert error in result.stderr


def test_a_faulty_configuration_is_said_with_its_place(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "\nselct = []\n"})
    result = patternlint("config", cwd=tmp_path)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith(f"error: {tmp_path}/patternlint.toml:2: unknown key 'selct'\n")
