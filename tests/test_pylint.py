"""The pylint plugin, run by pylint."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from project_tree import COLUMN, ROW, TIMED, run, write_tree

from patternlint.catalogue import RULES

OWN = {"patternlint.toml": "", "deco.py": TIMED}
OURS = ["--load-plugins=patternlint.pylint", "--disable=all", f"--enable={','.join(rule.name for rule in RULES)}"]


def pylint(*arguments: str, cwd: Path, input: str | None = None) -> subprocess.CompletedProcess[str]:
    return run("pylint", "--rcfile=", *OURS, *arguments, cwd=cwd, input=input)


def messages(*arguments: str, cwd: Path, input: str | None = None) -> list[dict[str, Any]]:
    result = pylint("--output-format=json2", *arguments, cwd=cwd, input=input)
    assert result.stderr == ""
    found: list[dict[str, Any]] = json.loads(result.stdout)["messages"]
    return found


def edited(tmp_path: Path, old: str, new: str) -> Path:
    assert old in TIMED
    return write_tree(tmp_path, {**OWN, "deco.py": TIMED.replace(old, new, 1)})


def test_findings_are_messages_of_their_rules_names(tmp_path: Path) -> None:
    (message,) = messages("deco.py", cwd=write_tree(tmp_path, OWN))
    assert message["messageId"] == "W9501"
    assert message["symbol"] == "missing-functools-wraps"
    assert (message["line"], message["column"]) == (ROW, COLUMN - 1)
    assert (message["endLine"], message["endColumn"]) == (ROW, COLUMN + 6)
    assert message["obj"] == "timed.wrapper"
    assert message["confidence"] == "HIGH"
    assert message["type"] == "warning"


def test_confidences_are_pylints(tmp_path: Path) -> None:
    unused = TIMED.partition("\n\n@timed")[0].replace("timed", "decorate")
    write_tree(tmp_path, {"patternlint.toml": "min-confidence = 'medium'", "deco.py": unused})
    (message,) = messages("deco.py", cwd=tmp_path)
    assert message["confidence"] == "INFERENCE"
    assert messages("--confidence=HIGH", "deco.py", cwd=tmp_path) == []


@pytest.mark.parametrize("name", ["missing-functools-wraps", "W9501", "all"])
def test_disable_on_the_line(tmp_path: Path, name: str) -> None:
    edited(tmp_path, "**kwargs):", f"**kwargs):  # pylint: disable={name}")
    assert messages("deco.py", cwd=tmp_path) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    def wrapper", "    # pylint: disable=W9501\n    def wrapper"),
        ("    def wrapper", "    # pylint: disable=missing-functools-wraps\n    def wrapper"),
        ("    def wrapper", "    # pylint: disable-next=missing-functools-wraps\n    def wrapper"),
        ("import functools", "# pylint: disable=missing-functools-wraps\nimport functools"),
        ("import functools", "# pylint: skip-file\nimport functools"),
    ],
)
def test_disable_in_the_block(tmp_path: Path, old: str, new: str) -> None:
    edited(tmp_path, old, new)
    assert messages("deco.py", cwd=tmp_path) == []


def test_a_disable_that_ended_does_not_count(tmp_path: Path) -> None:
    edited(
        tmp_path,
        "import functools",
        "def before():\n    # pylint: disable=missing-functools-wraps\n    return 1\n\n\nimport functools",
    )
    assert len(messages("deco.py", cwd=tmp_path)) == 1


def test_pylint_knows_which_comments_are_of_use(tmp_path: Path) -> None:
    edited(tmp_path, "**kwargs):", "**kwargs):  # pylint: disable=missing-functools-wraps")
    assert [m["symbol"] for m in messages("--enable=useless-suppression", "deco.py", cwd=tmp_path)] == []
    assert [m["symbol"] for m in messages("--enable=suppressed-message", "deco.py", cwd=tmp_path)] == [
        "suppressed-message"
    ]


def test_noqa_counts_as_in_every_front(tmp_path: Path) -> None:
    edited(tmp_path, "**kwargs):", "**kwargs):  # noqa: PAT501")
    assert messages("deco.py", cwd=tmp_path) == []


def test_patternlints_configuration_selects(tmp_path: Path) -> None:
    write_tree(tmp_path, {**OWN, "patternlint.toml": "ignore = ['PAT501']"})
    assert messages("deco.py", cwd=tmp_path) == []


def test_worker_processes_find_the_same(tmp_path: Path) -> None:
    files = [f"m{i}.py" for i in range(6)]
    write_tree(tmp_path, {"patternlint.toml": "", **dict.fromkeys(files, TIMED)})
    alone = messages("-j1", *files, cwd=tmp_path)
    assert len(alone) == 6
    assert sorted(messages("-j2", *files, cwd=tmp_path), key=str) == sorted(alone, key=str)


def test_standard_input(tmp_path: Path) -> None:
    write_tree(tmp_path, {**OWN, "deco.py": "x = 1\n"})
    (message,) = messages("--from-stdin", "deco.py", cwd=tmp_path, input=TIMED)
    assert message["line"] == ROW


def test_the_rules_text_is_the_messages_description(tmp_path: Path) -> None:
    result = pylint("--help-msg=missing-functools-wraps", cwd=tmp_path)
    assert ":missing-functools-wraps (W9501)" in result.stdout
    assert "patternlint-decoratorchecker" in "".join(result.stdout.split())  # pylint wraps lines where it likes


def test_every_rule_is_a_message(tmp_path: Path) -> None:
    listed = pylint("--list-msgs-enabled", cwd=tmp_path).stdout
    for rule in RULES:
        assert f"{rule.name} (W9{rule.code[3:]})" in listed


def test_a_faulty_configuration_is_said_in_a_line(tmp_path: Path) -> None:
    write_tree(tmp_path, {**OWN, "patternlint.toml": "selct = []"})
    result = pylint("deco.py", cwd=tmp_path)
    assert result.returncode == 32
    assert f"{tmp_path}/patternlint.toml:1: unknown key 'selct'" in result.stderr
    assert "Traceback" not in result.stderr
