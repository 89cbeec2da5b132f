"""Each output format is what its consumer reads, for the findings of all fixtures, for none, and for a hostile tree."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from consumers import Page, Place, read_report
from project_tree import FIXED, TIMED, patternlint, write_tree

from patternlint.catalogue import RULES
from patternlint.report.formats import FORMATS
from patternlint.report.prose import as_html
from patternlint.report.terminal import safe
from patternlint.rule_pages import explanation
from patternlint.selection import TOOL_RULES

FIXTURES = Path(__file__).parent.parent / "fixtures"
EVERYTHING = ("--isolated", "--select", "ALL", "--preview", "--min-confidence", "low")
HOSTILE = "</p><script>document.title='owned'</script>&amp;\"' ]]> ::error::x%0A ##vso[x;y] `a|b` {{x}} ${x}"
NAME = "x<script>alert(1)<\\script>&\"'\n::error::a,b:c;d]`|`\x1b[1m\u202e%0A"  # a slash cannot be in a name


class Reports:
    """The reports of a folder's findings; what was found for one format need not be found again for the next."""

    def __init__(self, cache: Path) -> None:
        self._arguments = [*EVERYTHING, "--cache-dir", str(cache)]

    def of(self, output_format: str, folder: Path) -> str:
        result = patternlint(*self._arguments, "--output-format", output_format, ".", cwd=folder)
        assert result.stderr == ""
        return result.stdout


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    return Reports(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose names and code mean harm to whoever takes them for anything but text."""
    folder = tmp_path_factory.mktemp("hostile<b>")
    code = TIMED.replace("    def wrapper", f"    # {HOSTILE}\x01\x1b\ufffe\u2028\u202e\xe4\n    def wrapper")
    write_tree(folder, {"patternlint.toml": "", f"{NAME}/{NAME}.py": code, f"{NAME}.py": f"x = {HOSTILE!r} '\n"})
    (Path(os.fsdecode(os.fsencode(folder) + b"/no\xffutf8.py"))).write_text(TIMED)
    return folder


@pytest.mark.parametrize("output_format", FORMATS)
def test_every_format_has_the_findings_of_all_fixtures(output_format: str, reports: Reports) -> None:
    expected = read_report("json-lines", reports.of("json-lines", FIXTURES), FIXTURES)
    assert len(expected) > 100
    assert read_report(output_format, reports.of(output_format, FIXTURES), FIXTURES) == expected


@pytest.mark.parametrize("output_format", FORMATS)
def test_nothing_found_is_a_report_too(output_format: str, reports: Reports, tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "a.py": "x = 1\n"})
    assert read_report(output_format, reports.of(output_format, tmp_path), tmp_path) == []


@pytest.mark.parametrize("output_format", FORMATS)
def test_what_is_in_names_and_code_is_text(output_format: str, reports: Reports, hostile: Path) -> None:
    text = reports.of(output_format, hostile)
    assert not {"\x1b", "\x01", "\u202e", "\u2028", "\r"} & set(text)
    expected = [(f"{NAME}.py", "PAT000"), (f"{NAME}/{NAME}.py", "PAT501"), ("no\udcffutf8.py", "PAT501")]
    name = {"json": str, "json-lines": str, "sarif": str, "gitlab": as_utf_8}.get(output_format, safe)
    places = read_report(output_format, text, hostile)
    assert sorted((place.file, place.code) for place in places) == sorted((name(f), code) for f, code in expected)


def as_utf_8(name: str) -> str:
    return os.fsencode(name).decode("utf-8", "replace")


# ---- what single formats are about


def sarif_of(folder: Path, *arguments: str) -> dict:
    result = patternlint("--no-cache", "--output-format", "sarif", *arguments, cwd=folder)
    read_report("sarif", result.stdout, folder)
    (run,) = json.loads(result.stdout)["runs"]
    return run


def test_sarif_tells_what_a_rule_is_and_how_a_finding_is_fixed(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "deco.py": TIMED})
    run = sarif_of(tmp_path)
    (rule,) = run["tool"]["driver"]["rules"]
    assert (rule["id"], rule["name"]) == ("PAT501", "missing-functools-wraps")
    assert "functools.wraps" in rule["help"]["markdown"]
    assert rule["properties"]["tags"] == ["patternlint", "decorator"]
    (result,) = run["results"]
    assert result["level"] == "error"
    assert [place["physicalLocation"]["region"] for place in result["relatedLocations"]] == [{"startLine": 12}]
    assert run["invocations"] == [{"executionSuccessful": True, "toolExecutionNotifications": []}]
    assert run["originalUriBaseIds"]["%SRCROOT%"]["uri"] == f"{tmp_path.as_uri()}/"
    (fix,) = result["fixes"]
    (change,) = fix["artifactChanges"]
    lines = TIMED.splitlines(keepends=True)
    for replacement in reversed(change["replacements"]):
        region = replacement["deletedRegion"]
        assert region["startLine"] == region["endLine"]
        row, start, end = region["startLine"] - 1, region["startColumn"] - 1, region["endColumn"] - 1
        lines[row] = lines[row][:start] + replacement["insertedContent"]["text"] + lines[row][end:]
    assert "".join(lines) == FIXED


def test_fingerprints_stay_when_lines_and_folders_move(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "a/deco.py": TIMED, "b/deco.py": "\n" * 100 + TIMED})
    one, other = (result["partialFingerprints"] for result in sarif_of(tmp_path)["results"])
    assert one == other == {"patternlint/v1": one["patternlint/v1"]}
    before = patternlint("--output-format", "gitlab", cwd=tmp_path).stdout
    write_tree(tmp_path, {"a/deco.py": "\n\n" + TIMED})
    after = patternlint("--output-format", "gitlab", cwd=tmp_path).stdout
    assert before != after
    assert [i["fingerprint"] for i in json.loads(before)] == [i["fingerprint"] for i in json.loads(after)]


def test_gitlab_knows_files_from_the_top_of_the_repository(tmp_path: Path) -> None:
    folder = write_tree(tmp_path / "service", {"patternlint.toml": "", "deco.py": TIMED})
    environment = {"CI_PROJECT_DIR": str(tmp_path)}
    (issue,) = json.loads(patternlint("--output-format", "gitlab", cwd=folder, environment=environment).stdout)
    assert issue["location"]["path"] == "service/deco.py"


@pytest.mark.parametrize("output_format", ["sarif", "junit", "markdown", "html"])
def test_reports_say_what_could_not_be_checked(output_format: str, tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "deco.py": TIMED})
    result = patternlint("--output-format", output_format, ".", "nowhere<b>.py", cwd=tmp_path)
    assert result.returncode == 2
    assert read_report(output_format, result.stdout, tmp_path) == [Place("deco.py", 5, "PAT501")]
    page = Page(result.stdout).text if output_format == "html" else result.stdout.replace("\\", "")
    assert "no such file or folder" in page
    if output_format == "sarif":
        assert not json.loads(result.stdout)["runs"][0]["invocations"][0]["executionSuccessful"]


def test_how_sure_a_finding_is_becomes_its_severity(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "tests/deco.py": TIMED})
    found = {
        name: patternlint("--min-confidence", "low", "--select", "PAT501", "--output-format", name, cwd=tmp_path).stdout
        for name in ("json", "github", "gitlab", "sarif", "azure")
    }
    (record,) = json.loads(found["json"])
    words = {
        "high": ("error", "::error ", "major"),
        "medium": ("warning", "::warning ", "minor"),
        "low": ("info", "::notice ", "info"),
    }
    severity, command, quality = words[record["confidence"]]
    assert record["severity"] == severity
    assert found["github"].startswith(command)
    assert json.loads(found["gitlab"])[0]["severity"] == quality


def test_html_shows_the_evidence_and_both_sides_of_a_fix(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "deco.py": TIMED})
    page = Page(patternlint("--output-format", "html", cwd=tmp_path).stdout)
    assert [a["data-row"] for a in page.all("ins")] == ["5"]
    assert "    @functools.wraps(function)\n" in page.text
    assert "deco.py:12" in page.text
    assert [a["data-package"] for a in page.all("article")] == ["."]
    (policy,) = [a["content"] for a in page.all("meta") if "http-equiv" in a]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "unsafe" not in policy


def test_a_format_that_is_not_asked_for_is_not_imported(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "deco.py": TIMED})
    code = "import sys; from patternlint.cli import main; main([]); print(*sys.modules)"
    result = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    modules = {
        module
        for name in result.stdout.splitlines()[-1].split()
        if (module := name.removeprefix("patternlint.report.")) != name
    }
    assert "text" in modules
    assert not modules & {"json", "sarif", "html", "concise", "markdown", "output_file", "statistics"}


def test_sarif_has_what_comments_suppress_and_says_so(tmp_path: Path) -> None:
    silent = TIMED.replace("def wrapper(*args, **kwargs):", "def wrapper(*args, **kwargs):  # noqa: PAT501 -- known")
    write_tree(tmp_path, {"patternlint.toml": "", "a.py": silent, "b.py": "# patternlint: skip-file\n" + TIMED})
    run = sarif_of(tmp_path)
    assert [result.get("suppressions") for result in run["results"]] == [
        [{"kind": "inSource", "status": "accepted"}]
    ] * 2
    assert patternlint("--output-format", "sarif", cwd=tmp_path).returncode == 0
    write_tree(tmp_path, {"c.py": TIMED})
    assert [result.get("suppressions") for result in sarif_of(tmp_path)["results"]][2:] == [None]
    assert patternlint("--output-format", "sarif", cwd=tmp_path).returncode == 1


def test_sarif_has_what_is_in_the_baseline_and_says_so(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "a.py": TIMED})
    patternlint("baseline", "--baseline", "known.json", cwd=tmp_path)
    write_tree(tmp_path, {"a.py": TIMED + TIMED.replace("timed", "again")})
    run = sarif_of(tmp_path, "--baseline", "known.json")
    known = [{"kind": "external", "status": "accepted"}]
    assert [result.get("suppressions") for result in run["results"]] == [known, None]


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project, and beside it what two parts of a run over it printed."""
    folder = tmp_path_factory.mktemp("parts")
    shutil.copytree(FIXTURES / "showcase", folder / "project", ignore=shutil.ignore_patterns(".patternlint_cache"))
    for number in (1, 2):
        run = patternlint("--shard", f"{number}/2", "--output-format", "json", cwd=folder / "project")
        (folder / f"{number}.json").write_text(run.stdout)
    return folder


@pytest.mark.parametrize("output_format", FORMATS)
def test_parts_of_a_run_can_be_merged_into_any_format(output_format: str, parts: Path) -> None:
    whole = patternlint("--output-format", output_format, cwd=parts / "project")
    merged = patternlint("merge", "--output-format", output_format, "../2.json", "../1.json", cwd=parts / "project")
    assert (merged.stdout, merged.stderr, merged.returncode) == (whole.stdout, "", 1)


def test_merging_tells_of_files_that_are_not_what_was_checked(parts: Path, tmp_path: Path) -> None:
    project = shutil.copytree(parts, tmp_path / "copy") / "project"
    text = (parts / "1.json").read_text() + (parts / "2.json").read_text()
    for number in (1, 2):
        records = (parts / f"{number}.json").read_text().replace(str(parts), str(tmp_path / "copy"))
        (project.parent / f"{number}.json").write_text(records)
    (project / "shop" / "access.py").write_text("x = 1\n")
    (project / "shop" / "web.py").unlink()
    for output_format in FORMATS:
        merged = patternlint("merge", "--output-format", output_format, "../1.json", "../2.json", cwd=project)
        told = [line.split(": ")[1] for line in merged.stderr.splitlines()]
        expected = [] if output_format == "json" else [f"{project}/shop/access.py", f"{project}/shop/web.py"]
        assert (told, merged.returncode) == (expected, 1)
        assert len(read_report(output_format, merged.stdout, project)) == text.count('"noqa_row"')


def test_what_rules_say_of_themselves_is_well_formed_html() -> None:
    for entry in (*TOOL_RULES, *RULES):
        page = Page(as_html(explanation(entry)))
        assert page.all("p")
        assert "`" not in page.text
    text = "A <b> `x < y` and ``a`b``, **so `z`**:\n\n    if a:\n\n        <i>\n\nThen\n```python\n# <u>\n```\n"
    assert as_html(text) == (
        "<p>A &lt;b&gt; <code>x &lt; y</code> and <code>a`b</code>, <strong>so <code>z</code></strong>:</p>"
        '<pre tabindex="0"><code>if a:\n\n    &lt;i&gt;</code></pre><p>Then</p>'
        '<pre tabindex="0"><code># &lt;u&gt;</code></pre>'
    )
