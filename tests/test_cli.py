"""The command line, run as a process: what it says, what it changes, how it exits."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from project_tree import COLUMN, FIXED, ROW, TIMED, patternlint, write_tree

from patternlint.cli import COMMANDS
from patternlint.version import VERSION

FORBIDDEN_AT_START = {"libcst", "ast", "dataclasses", "inspect", "json", "tomllib", "logging", "typing"}


def project(folder: Path, **files: str | bytes) -> Path:
    return write_tree(folder, {"pyproject.toml": "[tool.patternlint]\n", "deco.py": TIMED, **files})


def found(output: str) -> list[dict[str, Any]]:
    findings = json.loads(output)
    assert isinstance(findings, list)
    return findings


# ---- reports


def test_a_finding_is_shown_with_frame_reason_and_help(tmp_path: Path) -> None:
    result = patternlint(cwd=project(tmp_path))
    assert result.returncode == 1
    assert result.stderr == ""
    lines = result.stdout.splitlines()
    assert re.match(r"PAT501 \[\*\] .*'wrapper'", lines[0])
    assert lines[1:8] == [
        f" --> deco.py:{ROW}:{COLUMN}",
        "  |",
        "4 | def timed(function):",
        "5 |     def wrapper(*args, **kwargs):",
        "  |         ^^^^^^^",
        "6 |         return function(*args, **kwargs)",
        "  |",
    ]
    assert "= deco.py:12: " in result.stdout
    assert "\nhelp: " in result.stdout
    assert "\nfix: " in result.stdout
    assert lines[-2:] == ["Found 1 finding.", "[*] 1 fixable with `--fix`."]
    assert "\x1b" not in result.stdout


def test_nothing_found(tmp_path: Path) -> None:
    result = patternlint("clean.py", cwd=project(tmp_path, **{"clean.py": "x = 1\n"}))
    assert (result.returncode, result.stdout) == (0, "All checks passed!\n")


@pytest.mark.parametrize("command", [["check", "."], ["."], [], ["deco.py"], ["check", "deco.py", "deco.py", "."]])
def test_paths_and_the_name_of_the_command_may_be_left_out(tmp_path: Path, command: list[str]) -> None:
    result = patternlint(*command, "-q", "--output-format", "concise", cwd=project(tmp_path))
    assert result.returncode == 1
    assert re.fullmatch(rf"deco\.py:{ROW}:{COLUMN}: PAT501 \[\*\] .*\n", result.stdout)


def test_json_has_the_shape_that_readers_of_ruffs_know(tmp_path: Path) -> None:
    result = patternlint("--output-format", "json", cwd=project(tmp_path))
    (finding,) = found(result.stdout)
    path = str(tmp_path / "deco.py")
    assert finding["code"] == "PAT501"
    assert finding["name"] == "missing-functools-wraps"
    assert finding["filename"] == path
    assert finding["location"] == {"row": ROW, "column": COLUMN}
    assert finding["end_location"] == {"row": ROW, "column": COLUMN + 7}
    assert finding["noqa_row"] == ROW
    assert finding["confidence"] == "high"
    assert finding["why_not_fixed"] is None
    assert finding["evidence"][0]["filename"] == path
    assert finding["fix"]["applicability"] == "safe"
    assert apply_edits(TIMED, finding["fix"]["edits"]) == FIXED


def test_json_fixes_bring_their_imports(tmp_path: Path) -> None:
    text = TIMED.replace("import functools\n\n\n", '"""Timing."""\n\n')
    result = patternlint("--output-format", "json", cwd=project(tmp_path, **{"deco.py": text}))
    (finding,) = found(result.stdout)
    by_tool = apply_edits(text, finding["fix"]["edits"])
    patternlint("--fix", "-q", cwd=tmp_path)
    assert (tmp_path / "deco.py").read_text() == by_tool
    assert "import functools" in by_tool


def apply_edits(text: str, edits: list[dict[str, Any]]) -> str:
    """What a tool makes of the edits in the JSON."""
    lines = text.splitlines(keepends=True)

    def offset(place: dict[str, int]) -> int:
        return sum(len(line) for line in lines[: place["row"] - 1]) + place["column"] - 1

    for edit in sorted(edits, key=lambda e: offset(e["location"]), reverse=True):
        text = text[: offset(edit["location"])] + edit["content"] + text[offset(edit["end_location"]) :]
    return text


def test_statistics(tmp_path: Path) -> None:
    result = patternlint("--statistics", cwd=project(tmp_path, **{"more.py": TIMED}))
    assert result.returncode == 1
    assert result.stdout.startswith("2\tPAT501\t[*] missing-functools-wraps\nFound 2 findings.\n")


def test_exit_zero(tmp_path: Path) -> None:
    assert patternlint("--exit-zero", cwd=project(tmp_path)).returncode == 0


def test_colour_is_for_terminals_and_for_who_asks(tmp_path: Path) -> None:
    project(tmp_path)
    assert "\x1b[" in patternlint("--color", "always", cwd=tmp_path).stdout
    assert "\x1b[" in patternlint(cwd=tmp_path, environment={"FORCE_COLOR": "1"}).stdout
    environment = {"FORCE_COLOR": "1", "NO_COLOR": "1"}
    assert "\x1b[" not in patternlint(cwd=tmp_path, environment=environment).stdout


def test_a_terminal_that_knows_ascii_only(tmp_path: Path) -> None:
    project(tmp_path, **{"deco.py": TIMED.replace("wrapper", "hülle")})
    result = patternlint(cwd=tmp_path, environment={"PYTHONIOENCODING": "ascii"})
    assert result.returncode == 1
    assert r"h\xfclle" in result.stdout


# ---- fixes


def test_fix(tmp_path: Path) -> None:
    result = patternlint("--fix", cwd=project(tmp_path))
    assert result.returncode == 0
    assert result.stdout == "Found 1 finding (1 fixed, 0 remaining).\n"
    assert (tmp_path / "deco.py").read_text() == FIXED
    assert patternlint("--fix", cwd=tmp_path).stdout == "All checks passed!\n"


def test_fix_may_be_an_error_for_hooks(tmp_path: Path) -> None:
    project(tmp_path)
    assert patternlint("--fix", "--exit-non-zero-on-fix", cwd=tmp_path).returncode == 1
    assert patternlint("--fix", "--exit-non-zero-on-fix", cwd=tmp_path).returncode == 0


def test_diff_shows_what_fix_does_and_changes_nothing(tmp_path: Path) -> None:
    project(tmp_path, **{"deco.py": TIMED.replace("\n", "\r\n")})
    before = (tmp_path / "deco.py").read_bytes()
    result = subprocess.run(
        [sys.executable, "-m", "patternlint", "--diff"], cwd=tmp_path, capture_output=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr == b"Would fix 1 finding.\n"
    assert (tmp_path / "deco.py").read_bytes() == before
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "-p0", "-"], cwd=tmp_path, input=result.stdout, check=True)
    by_git = (tmp_path / "deco.py").read_bytes()
    (tmp_path / "deco.py").write_bytes(before)
    patternlint("--fix", cwd=tmp_path)
    assert (tmp_path / "deco.py").read_bytes() == by_git == FIXED.replace("\n", "\r\n").encode()


def test_diff_of_a_file_without_a_last_line_end(tmp_path: Path) -> None:
    project(tmp_path, **{"deco.py": TIMED.rstrip("\n")})
    diff = patternlint("--diff", cwd=tmp_path).stdout
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    subprocess.run(["git", "apply", "-p0", "-"], cwd=tmp_path, input=diff.encode(), check=True)
    assert (tmp_path / "deco.py").read_text() == FIXED.rstrip("\n")


# ---- standard input


def test_standard_input(tmp_path: Path) -> None:
    project(tmp_path)
    result = patternlint("-", "--stdin-filename", "deco.py", cwd=tmp_path, input=TIMED)
    assert result.returncode == 1
    assert f" --> deco.py:{ROW}:{COLUMN}" in result.stdout
    assert patternlint("-", cwd=tmp_path, input="x = 1\n").returncode == 0


def test_standard_input_is_what_the_project_sees(tmp_path: Path) -> None:
    write_tree(
        tmp_path, {"patternlint.toml": "", "deco.py": "", "use.py": "from deco import timed\n\n@timed\ndef f(): ...\n"}
    )
    text = TIMED.partition("\n\n@timed")[0]
    result = patternlint("-", "--stdin-filename", "deco.py", "--output-format", "json", cwd=tmp_path, input=text)
    assert [e["filename"] for e in found(result.stdout)[0]["evidence"]] == [str(tmp_path / "use.py")]


def test_standard_input_repaired_goes_to_standard_output(tmp_path: Path) -> None:
    result = patternlint("-", "--fix", "--stdin-filename", "deco.py", cwd=project(tmp_path), input=TIMED)
    assert result.stdout == FIXED
    assert "1 fixed" in result.stderr
    assert (tmp_path / "deco.py").read_text() == TIMED


def test_standard_input_of_an_excluded_name_passes_as_it_is(tmp_path: Path) -> None:
    arguments = ("-", "--fix", "--force-exclude", "--stdin-filename", "build/deco.py")
    assert patternlint(*arguments, cwd=project(tmp_path), input=TIMED).stdout == TIMED


# ---- settings


def codes(*arguments: str, cwd: Path) -> list[str]:
    return [f["code"] for f in found(patternlint("--output-format", "json", *arguments, cwd=cwd).stdout)]


def test_rules_by_code_name_family_and_all(tmp_path: Path) -> None:
    project(tmp_path)
    for selector in ("PAT501", "PAT5", "missing-functools-wraps", "decorator", "ALL", "pat501"):
        assert codes("--select", selector, cwd=tmp_path) == ["PAT501"]
        assert codes("--ignore", selector, cwd=tmp_path) == []
    assert codes("--select", "PAT9", cwd=tmp_path) == []
    assert codes("--select", "PAT9", "--extend-select", "PAT501", cwd=tmp_path) == ["PAT501"]


def test_the_command_line_goes_before_the_configuration(tmp_path: Path) -> None:
    project(tmp_path, **{"pyproject.toml": "[tool.patternlint]\nignore = ['PAT5']\nextend-exclude = ['deco.py']\n"})
    assert codes(cwd=tmp_path) == []
    assert codes("--isolated", cwd=tmp_path) == ["PAT501"]
    assert codes("--exclude", "x", cwd=tmp_path) == []
    assert codes("deco.py", cwd=tmp_path) == []
    assert codes("deco.py", "--select", "PAT501", cwd=tmp_path) == ["PAT501"]
    assert codes("deco.py", "--select", "PAT501", "--force-exclude", cwd=tmp_path) == []
    write_tree(tmp_path, {"other.toml": "select = ['PAT501']\n"})
    assert codes("--config", "other.toml", cwd=tmp_path) == ["PAT501"]


def test_what_is_fixable(tmp_path: Path) -> None:
    project(tmp_path)
    for arguments in (
        ["--unfixable", "PAT5"],
        ["--fixable", "PAT9,PAT3"],
        ["--fixable", "ALL", "--unfixable", "PAT501"],
    ):
        result = patternlint("--fix", *arguments, cwd=tmp_path)
        assert result.returncode == 1
        assert "not-fixable" in result.stdout
        assert (tmp_path / "deco.py").read_text() == TIMED
    assert patternlint("--fix", "--fixable", "PAT501", "--unfixable", "PAT5", cwd=tmp_path).returncode == 0
    assert (tmp_path / "deco.py").read_text() == FIXED


def test_fixes_that_a_project_trusts_less(tmp_path: Path) -> None:
    project(tmp_path, **{"pyproject.toml": "[tool.patternlint]\nextend-unsafe-fixes = ['PAT501']\n"})
    assert "why it is not safe: configured-unsafe" in patternlint("--fix", cwd=tmp_path).stdout
    assert (tmp_path / "deco.py").read_text() == TIMED
    patternlint("--fix", "--unsafe-fixes", cwd=tmp_path)
    assert (tmp_path / "deco.py").read_text() == FIXED


def test_per_file_ignores(tmp_path: Path) -> None:
    project(tmp_path, **{"tests/deco.py": TIMED})
    assert codes("--per-file-ignores", "tests/*:PAT9,tests/*:PAT501", cwd=tmp_path) == ["PAT501"]
    assert codes("--per-file-ignores", "*.py:decorator", cwd=tmp_path) == []


def test_what_git_ignores(tmp_path: Path) -> None:
    project(tmp_path, **{".gitignore": "deco.py\n"})
    assert codes(cwd=tmp_path) == []
    assert codes("--no-respect-gitignore", cwd=tmp_path) == ["PAT501"]


def test_a_file_that_git_ignores_is_a_part_of_the_project_where_it_is_named(tmp_path: Path) -> None:
    project(tmp_path, **{".gitignore": "deco.py\n"})
    assert codes("deco.py", cwd=tmp_path) == ["PAT501"]


def test_confidence(tmp_path: Path) -> None:
    unused = TIMED.partition("\n\n@timed")[0].replace("timed", "decorate")
    project(tmp_path, **{"deco.py": unused})
    assert codes(cwd=tmp_path) == []
    result = patternlint("--min-confidence", "medium", cwd=tmp_path)
    assert "PAT501 [*] (medium) " in result.stdout


def test_noqa(tmp_path: Path) -> None:
    project(tmp_path, **{"deco.py": TIMED.replace("**kwargs):", "**kwargs):  # noqa: PAT501", 1)})
    assert codes(cwd=tmp_path) == []
    assert codes("--ignore-noqa", cwd=tmp_path) == ["PAT501"]


def test_projects_within_a_folder_keep_their_own_settings(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "a/patternlint.toml": "",
            "a/deco.py": TIMED,
            "b/patternlint.toml": "ignore = ['PAT501']",
            "b/deco.py": TIMED,
            "c/patternlint.toml": "exclude = ['deco.py']",
            "c/deco.py": TIMED,
        },
    )
    assert [f["filename"] for f in found(patternlint("--output-format", "json", cwd=tmp_path).stdout)] == [
        str(tmp_path / "a/deco.py")
    ]


def test_what_a_project_excludes_stays_out_if_it_is_a_project_itself(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {"patternlint.toml": "exclude = ['examples']", "examples/patternlint.toml": "", "examples/deco.py": TIMED},
    )
    assert codes(cwd=tmp_path) == []
    assert codes("--force-exclude", "examples/deco.py", cwd=tmp_path) == []
    assert codes("examples/deco.py", cwd=tmp_path) == ["PAT501"]


@pytest.mark.parametrize(
    ("arguments", "error", "remedy"),
    [
        (["--select", "PAT999"], "unknown rule 'PAT999'", "help: "),
        (["--select", "missing-functools-wrap"], "unknown rule", "did you mean 'missing-functools-wraps'?"),
        (["--target-version", "2.7"], "--target-version cannot be '2.7'", "py311"),
        (["--config", "nowhere.toml"], "nowhere.toml: cannot be read", ""),
        (["--per-file-ignores", "PAT9"], "--per-file-ignores cannot be 'PAT9'", "give a pattern and a rule"),
        (["--fixable", "PAT999"], "unknown rule 'PAT999'", "help: "),
        (["rule", "PAT999"], "unknown rule 'PAT999'", ""),
    ],
)
def test_mistakes_on_the_command_line(tmp_path: Path, arguments: list[str], error: str, remedy: str) -> None:
    result = patternlint(*arguments, cwd=project(tmp_path))
    assert result.returncode == 2
    assert result.stderr.startswith("error: ")
    assert error in result.stderr
    assert remedy in result.stderr
    assert result.stderr.count("error: ") == 1


def test_a_faulty_configuration_is_reported_once(tmp_path: Path) -> None:
    project(tmp_path, **{"pyproject.toml": "[tool.patternlint]\nselct = []\n", "b.py": ""})
    result = patternlint("deco.py", "b.py", cwd=tmp_path)
    assert result.returncode == 2
    assert result.stderr == (f"error: {tmp_path}/pyproject.toml:2: unknown key 'selct'\nhelp: did you mean 'select'?\n")


def test_no_files(tmp_path: Path) -> None:
    result = patternlint(cwd=write_tree(tmp_path, {"README.md": ""}))
    assert result.returncode == 0
    assert "no Python files found" in result.stderr


def test_show_files_and_settings(tmp_path: Path) -> None:
    project(tmp_path, **{"build/x.py": "", "stub.pyi": ""})
    assert patternlint("--show-files", cwd=tmp_path).stdout.splitlines() == [
        str(tmp_path / "deco.py"),
        str(tmp_path / "stub.pyi"),
    ]
    settings = patternlint("--show-settings", "--ignore", "PAT9", cwd=tmp_path).stdout
    assert 'min-confidence = "high"' in settings
    assert 'ignore = ["PAT9"]' in settings
    assert "# rules that run: " in settings
    assert "PAT501" in settings


# ---- other commands


def test_version_starts_at_once(tmp_path: Path) -> None:
    assert patternlint("--version", cwd=tmp_path).stdout == f"patternlint {VERSION}\n"
    trace = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "patternlint", "--version"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    imported = {line.rpartition("|")[2].strip().partition(".")[0] for line in trace.splitlines()}
    plain = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "this_module_is_missing"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    ).stderr
    always = {line.rpartition("|")[2].strip().partition(".")[0] for line in plain.splitlines()}
    assert (imported - always) & FORBIDDEN_AT_START == set()


def test_rule(tmp_path: Path) -> None:
    page = patternlint("rule", "PAT501", cwd=tmp_path).stdout
    assert page.startswith("# missing-functools-wraps (PAT501)\n")
    assert patternlint("rule", "missing-functools-wraps", cwd=tmp_path).stdout == page
    record = json.loads(patternlint("rule", "PAT501", "--output-format", "json", cwd=tmp_path).stdout)
    assert record["code"] == "PAT501"
    assert record["summary"] in page
    every = json.loads(patternlint("rule", "--all", "--output-format", "json", cwd=tmp_path).stdout)
    assert record in every
    assert all(rule["explanation"] and rule["name"] and rule["family"] for rule in every)


def test_help_fits_a_screen_and_names_every_command(tmp_path: Path) -> None:
    result = patternlint("--help", cwd=tmp_path)
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert len(lines) <= 45
    assert max(map(len, lines)) <= 90
    assert set(COMMANDS) == {
        line.split()[0] for line in lines[lines.index("commands (each has --help):") + 1 :][: len(COMMANDS)]
    }
    every = patternlint("check", "--help", cwd=tmp_path).stdout
    for option in re.findall(r"--[a-z-]+", result.stdout.replace("--vendor", "").replace("--shard", "")):
        assert option in every + "--help"
    assert result.stdout == patternlint("-h", cwd=tmp_path).stdout


def test_the_help_of_the_commands(tmp_path: Path) -> None:
    every = patternlint("check", "--help", cwd=tmp_path).stdout
    for option in ("--min-confidence", "--verify CMD", "--verify-timeout SECONDS", "--diff-base REV"):
        assert option in every
    groups = [line for line in every.splitlines() if line.endswith(":") and not line.startswith(" ")]
    assert [group.partition(" ")[0] for group in groups] == [
        "positional", "options:", "fixes:", "rules", "what", "files", "work:", "output:",
    ]  # fmt: skip
    assert "before the last run" in patternlint("undo", "--help", cwd=tmp_path).stdout
    assert "--prune" in patternlint("baseline", "--help", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ["--isolated", "--config", "a.toml"],
        ["--no-cache", "--cache-dir", "x"],
        ["--exit-zero", "--exit-non-zero-on-fix"],
        ["--show-files", "--fix"],
        ["--diff", "--fix-only"],
        ["--add-noqa", "--fix"],
        ["--add-noqa", "--ignore-noqa"],
        ["--fix-only", "--statistics"],
        ["--quiet", "--verbose"],
        ["--add-noqa", "-"],
    ],
)
def test_options_that_contradict_each_other(tmp_path: Path, arguments: list[str]) -> None:
    result = patternlint(*arguments, cwd=project(tmp_path))
    assert (result.returncode, result.stdout) == (2, "")
    assert "does not go with" in result.stderr
    assert (tmp_path / "deco.py").read_text() == TIMED


def test_fix_only_reports_nothing_that_is_left(tmp_path: Path) -> None:
    project(tmp_path, **{"b.py": "x = (\n", "c.py": TIMED})
    result = patternlint("--fix-only", "--unfixable", "PAT3", cwd=tmp_path)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "Fixed 2 findings.\n")
    assert (tmp_path / "deco.py").read_text() == FIXED
    (tmp_path / "c.py").write_text(TIMED)
    assert patternlint("--fix-only", "--exit-non-zero-on-fix", cwd=tmp_path).returncode == 1
    output = patternlint("--fix-only", "--stdin-filename", "d.py", "-", cwd=tmp_path, input=TIMED)
    assert (output.returncode, output.stdout) == (0, FIXED)


def test_checking_loads_nothing_that_fixing_needs(tmp_path: Path) -> None:
    trace = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "patternlint"],
        cwd=project(tmp_path),
        capture_output=True,
        text=True,
        check=False,
    ).stderr
    imported = {line.rpartition("|")[2].strip() for line in trace.splitlines()}
    assert "patternlint.check" in imported
    for module in ("fixing", "fixer", "journal", "write", "trial", "undo", "locking", "user_command"):
        assert f"patternlint.{module}" not in imported
