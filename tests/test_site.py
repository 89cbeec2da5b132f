"""The documentation: the site as it is built for readers, and the code that the rules' pages show."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from project_tree import TIMED, patternlint, write_tree

from patternlint.catalogue import FAMILIES, RULES
from patternlint.completion.described import commands
from patternlint.options import OPTIONS
from patternlint.selection import TOOL_RULES

pytestmark = pytest.mark.once

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


# ---- what stands in the text


PAGES = {page.name: page.read_text("utf-8") for page in (*REPOSITORY.glob("docs/*.md"), *REPOSITORY.glob("*.md"))}


def blocks(language: str) -> list[tuple[str, str]]:
    """The fenced blocks of a language in what readers see, with the names of their pages."""
    fence = re.compile(rf"^```{language}\n(.*?)^```", re.DOTALL | re.MULTILINE)
    return [(page, block) for page, text in sorted(PAGES.items()) for block in fence.findall(text)]


def command_lines() -> list[tuple[str, list[str]]]:
    """The calls of patternlint that pages show, up to what a shell makes of them; with the names of the pages."""
    call = re.compile(r"^(?:\$ |\.venv/bin/)?(patternlint .*)$|`(patternlint [^`]+)`", re.MULTILINE)
    shown = [(page, line or inline) for page, text in PAGES.items() for line, inline in call.findall(text)]
    return [(page, shlex.split(re.split(r" [>|&]|  #|…|\.\.\.", text)[0])[1:]) for page, text in shown]


def test_the_commands_that_we_show_are_commands() -> None:
    shown = command_lines()
    assert len(shown) > 40
    known = {c.name: {spelling for option in c.options for spelling in option.spellings} for c in commands()}
    for page, arguments in shown:
        command = arguments[0] if arguments and arguments[0] in known else "check"
        options = {word.partition("=")[0] for word in arguments if word.startswith("-") and word != "-"}
        assert options <= known[command], f"{page}: {arguments}"


def test_the_finding_that_new_users_see_first_is_what_is_printed(tmp_path: Path) -> None:
    [shown] = [block for page, block in blocks("text") if page == "index.md"]
    printed = patternlint(
        "deco.py", cwd=write_tree(tmp_path, {"pyproject.toml": "[tool.patternlint]\n", "deco.py": TIMED})
    )
    assert shown == "$ patternlint deco.py\n" + printed.stdout


@pytest.mark.parametrize(("page", "block"), blocks("python(?: [\\w./-]+)?"))
def test_python_on_our_pages_is_python(page: str, block: str) -> None:
    if page != "README.md":  # before and after stand side by side there
        compile(block, page, "exec")
