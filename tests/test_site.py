"""The documentation: the site as it is built for readers, and the code that the rules' pages show."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from patternlint.catalogue import FAMILIES, RULES
from patternlint.options import OPTIONS
from patternlint.selection import TOOL_RULES

REPOSITORY = Path(__file__).parent.parent
OF_FAMILIES = {entry.family for entry in RULES if not entry.pack}


def build(repository: Path) -> subprocess.CompletedProcess[str]:
    """The command that CONTRIBUTING.md names."""
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", "docs", "build/site"]
    return subprocess.run(command, cwd=repository, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the site is made of, beside the package; built."""
    copy = tmp_path_factory.mktemp("repository")
    shutil.copytree(REPOSITORY / "docs", copy / "docs", ignore=shutil.ignore_patterns("rules", "__pycache__"))
    for page in REPOSITORY.glob("*.md"):
        shutil.copy(page, copy)
    (copy / "fixtures").symlink_to(REPOSITORY / "fixtures")
    built = build(copy)
    assert (built.returncode, built.stderr) == (0, "")
    return copy


def text_of(page: Path) -> str:
    return re.sub(r"<[^>]*>", "", page.read_text("utf-8"))


def test_every_rule_family_and_option_has_its_place(repository: Path) -> None:
    rules = repository / "build/site/rules"
    pages = {page.stem for page in rules.glob("*.html")}
    assert pages == {entry.code for entry in (*TOOL_RULES, *RULES)} | OF_FAMILIES | {"index"}
    overview = (rules / "index.html").read_text("utf-8")
    assert all(f'href="{page}.html"' in overview for page in pages - {"index"})
    assert set(FAMILIES) >= OF_FAMILIES
    configuration = text_of(repository / "build/site/configuration.html")
    assert [option.name for option in OPTIONS if option.name not in configuration] == []


def test_a_rule_page_tells_the_story_first_and_then_what_to_do(repository: Path) -> None:
    page = text_of(repository / "build/site/rules/PAT403.html")
    page = page[page.index("mapping-chain (PAT403)") :]
    places = [
        page.index(words)
        for words in ("A chain whose branches", "Write instead", "STOP_REASONS", "What is reported", "The fix writes a dict",
                      "value-may-change", "min-branches = 4", "# noqa: PAT403", "Measured on 68 packages")
    ]  # fmt: skip
    assert places == sorted(places)


def test_the_runtime_of_a_family_is_linked(repository: Path) -> None:
    page = (repository / "build/site/rules/singleton.html").read_text("utf-8")
    assert 'href="../runtime.html#once-per"' in page
    assert 'href="../runtime.html#singleton"' in page


@pytest.mark.parametrize(
    ("link", "told"),
    [("nowhere.md", "nowhere.md"), ("runtime.md#nowhere", "nowhere"), ("../benchmarks/none.py", "does not exist")],
)
def test_a_broken_link_ends_the_build(repository: Path, link: str, told: str) -> None:
    page = repository / "docs/scale.md"
    before = page.read_text("utf-8")
    page.write_text(f"{before}\n[broken]({link})\n", "utf-8")
    built = build(repository)
    page.write_text(before, "utf-8")
    assert built.returncode != 0
    assert told in built.stderr
