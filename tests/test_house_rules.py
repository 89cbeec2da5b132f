"""House rules: files named on the command line, packs named by the configuration, and what helps to write them."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import site
import subprocess
import venv
from pathlib import Path

import pytest
from editor import editing
from lsprotocol import types as lsp
from project_tree import patternlint, write_tree

from fixtures import FIXTURES

PACK = FIXTURES / "example-pack"
PAGE = FIXTURES.parent / "docs" / "writing-rules.md"
SLEEPY = "import time\n\n\ndef on_open(event):\n    time.sleep(1)\n"
RULE = PACK / "house_rules_example" / "sleep_in_handler.py"


def codes(*arguments: str, cwd: Path) -> list[str]:
    """The codes that a run finds."""
    done = patternlint("check", "--output-format", "json", *arguments, cwd=cwd)
    assert done.returncode in (0, 1), done.stderr
    return [finding["code"] for finding in json.loads(done.stdout)]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project that a house rule has something to say about."""
    return write_tree(tmp_path / "shop", {"patternlint.toml": "", "door.py": SLEEPY})


def test_a_file_named_on_the_command_line_is_run_beside_the_built_in_rules(shop: Path) -> None:
    assert codes(".", cwd=shop) == []
    assert codes("--rules", str(RULE), ".", cwd=shop) == ["PAT390"]
    assert codes("--rules", str(RULE), "--ignore", "sleep-in-handler", ".", cwd=shop) == []
    assert codes("--rules", str(RULE), "--select", "PAT501", ".", cwd=shop) == []
    assert codes(".", cwd=shop) == []
    write_tree(shop, {"door.py": SLEEPY.replace("(1)", "(1)  # noqa: PAT390")})
    assert codes("--rules", str(RULE), ".", cwd=shop) == []


def test_a_change_of_the_rule_is_seen_though_the_code_has_not_changed(shop: Path) -> None:
    rule = Path(shutil.copy(RULE, shop.parent / "rule.py"))
    assert codes("--rules", str(rule), ".", cwd=shop) == ["PAT390"]
    rule.write_text(RULE.read_text().replace('"prefix": "on_"', '"prefix": "when_"'))
    assert codes("--rules", str(rule), ".", cwd=shop) == []


def test_workers_know_the_rule_too(tmp_path: Path) -> None:
    files = {f"door_{number}.py": SLEEPY + "# padding\n" * 30_000 for number in range(4)}
    write_tree(tmp_path, {"patternlint.toml": "", **files})
    assert codes("--rules", str(RULE), "--jobs", "2", "--no-cache", ".", cwd=tmp_path) == ["PAT390"] * 4


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "no file with rules"),
        ("1 / 0", "cannot be run: ZeroDivisionError"),
        ("import patternlint.rule", "holds no rule"),
        (RULE.read_text().replace("PAT390", "PAT301"), "cannot have the code PAT301"),
        (RULE.read_text().replace("PAT390", "PAT590"), "codes from PAT380 to PAT399 are for house rules"),
        (RULE.read_text().replace("sleep-in-handler", "missing-functools-wraps"), "is taken by PAT501"),
        (RULE.read_text().replace('    since = "1"\n', ""), "SleepInHandler declares no since"),
    ],
)
def test_a_file_that_holds_no_usable_rule_is_an_error(shop: Path, text: str | None, said: str) -> None:
    rule = shop.parent / "rule.py"
    if text is not None:
        rule.write_text(text)
    done = patternlint("--rules", str(rule), ".", cwd=shop)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("plugins", "said"),
    [
        ('["no-such-pack"]', "no pack of rules is called 'no-such-pack'"),
        ('["/tmp/rule.py"]', "name installed packs, no files"),
        ('["./rule.py"]', "name installed packs, no files"),
        ('"pack"', "must be a list of strings"),
    ],
)
def test_a_configuration_names_installed_packs_and_never_files(shop: Path, plugins: str, said: str) -> None:
    write_tree(shop, {"patternlint.toml": f"preview = false\nplugins = {plugins}\n"})
    done = patternlint(".", cwd=shop)
    assert done.returncode == 2
    assert "patternlint.toml:2: " in done.stderr
    assert said in done.stderr


# ---- packs


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter beside which the example pack is installed; patternlint comes from the one that runs the tests."""
    folder = tmp_path_factory.mktemp("house")
    pack = shutil.copytree(PACK, folder / "pack", ignore=shutil.ignore_patterns("__pycache__"))
    venv.create(folder / "venv", with_pip=True, symlinks=True)
    python = folder / "venv" / "bin" / "python"
    asked = [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    own = Path(subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip())
    lines = "".join(f"import site; site.addsitedir({path!r})\n" for path in site.getsitepackages())
    (own / "host.pth").write_text(lines)
    install = [python, "-m", "pip", "install", "-q", "--no-deps", "--no-build-isolation", "--no-index", "-e", pack]
    done = subprocess.run(install, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return python


def in_house(python: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [python, "-m", "patternlint", *arguments]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)


def test_an_installed_pack_counts_where_the_configuration_names_it(house: Path, tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "a/patternlint.toml": 'select = ["sleep-in-handler"]\nplugins = ["house-rules-example"]\n'
            '[rules.PAT390]\nprefix = "on"\n',
            "a/door.py": SLEEPY,
            "b/patternlint.toml": "",
            "b/door.py": SLEEPY,
        },
    )
    done = in_house(house, "--output-format", "concise", ".", cwd=tmp_path)
    assert [line.split(":")[0] for line in done.stdout.splitlines() if "PAT390" in line] == ["a/door.py"], done.stderr
    assert in_house(house, "rule", "PAT390", cwd=tmp_path / "a").stdout.startswith("# sleep-in-handler (PAT390)")
    assert "unknown rule 'PAT390'" in in_house(house, "rule", "PAT390", cwd=tmp_path / "b").stderr
    flake8 = [house, "-m", "flake8", "--select", "PAT", "a", "b"]
    said = subprocess.run(flake8, cwd=tmp_path, capture_output=True, text=True, check=False).stdout.splitlines()
    assert [line.split(" ")[:2] for line in said] == [["a/door.py:5:5:", "PAT390"]]


def test_an_editor_shows_what_a_pack_finds_and_explains_it(house: Path, tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": 'plugins = ["house-rules-example"]', "door.py": SLEEPY})

    async def scenario() -> None:
        async with editing(tmp_path, python=str(house)) as editor:
            uri = editor.open_file(tmp_path / "door.py")
            assert await editor.codes(uri) == ["PAT390"]
            place = lsp.HoverParams(lsp.TextDocumentIdentifier(uri), lsp.Position(4, 5))
            hover = await editor.text_document_hover_async(place)
            assert hover is not None
            assert "keeps all other handlers waiting" in str(hover.contents)

    asyncio.run(scenario())


def test_the_example_packs_own_tests_pass_and_say_what_fails(house: Path) -> None:
    pack = house.parent.parent.parent / "pack"
    done = in_house(house, "test", str(pack), cwd=pack)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "2 rules, 2 fixtures: 0 noisy, 0 missing, 0 not idempotent, 0 otherwise wrong\n"


def test_a_new_rule_in_a_pack_goes_where_its_rules_are(house: Path, tmp_path: Path) -> None:
    pack = house.parent.parent.parent / "pack"
    done = in_house(house, "new-rule", "no-breakpoint", "--into", str(pack), cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    written = [Path(line) for line in done.stdout.splitlines() if line.endswith(".py")]
    assert written == [pack / "house_rules_example/no_breakpoint.py", pack / "fixtures/PAT380-no-breakpoint/plain.py"]
    assert in_house(house, "test", str(pack), cwd=pack).stdout.startswith("3 rules, 3 fixtures: 0 noisy")
    for path in written:
        path.unlink()
    written[1].parent.rmdir()


# ---- writing them


def test_a_new_rule_passes_its_tests_and_is_not_written_over(tmp_path: Path) -> None:
    assert patternlint("new-rule", "no-breakpoint", "--family", "state", cwd=tmp_path).returncode == 0
    done = patternlint("test", "no_breakpoint.py", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("1 rule, 1 fixture: 0 noisy, 0 missing")
    assert (tmp_path / "fixtures/PAT880-no-breakpoint/plain.py").is_file()
    assert "is there already" in patternlint("new-rule", "no-breakpoint", cwd=tmp_path).stderr
    for arguments in (("No_Breakpoint",), ("x", "--code", "PAT301"), ("x", "--code", "PAT590")):
        assert patternlint("new-rule", *arguments, cwd=tmp_path).returncode == 2


def blocks() -> dict[str, str]:
    """The files that the page on writing rules shows."""
    found = re.findall(r"```python (\S+)\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    return dict(found)


def test_the_example_on_the_page_works(tmp_path: Path) -> None:
    write_tree(tmp_path, blocks())
    done = patternlint("test", "sleep_in_handler.py", cwd=tmp_path)
    assert done.stdout == "1 rule, 1 fixture: 0 noisy, 0 missing, 0 not idempotent, 0 otherwise wrong\n", done.stderr


@pytest.mark.parametrize(
    ("name", "old", "new", "said"),
    [
        (
            "plain.py",
            "time.sleep(1)  # expect: PAT390",
            "time.sleep(1)",
            "noisy: subject.py:6: PAT390: 'on_open' sleeps",
        ),
        (
            "plain.py",
            "        time.sleep(1)\n\n",
            "        time.sleep(1)  # expect: PAT390\n\n",
            "missing: subject.py:",
        ),
        ("plain.unsafe.py", "self.pause(1)", "self.pause(2)", "fixed in another way:"),
        ("plain.check.py", "paused == 1", "paused == 2", "the unsafe code misbehaves:"),
        ("sleep_in_handler.py", '{"sleep", "def"}', '{"sleeps", "def"}', "leave something out"),
        (
            "sleep_in_handler.py",
            "self.pause({",
            "time.sleep(0 + {",
            "not idempotent: the fixes of subject.py make work",
        ),
    ],
)
def test_what_is_wrong_with_a_rule_is_told(tmp_path: Path, name: str, old: str, new: str, said: str) -> None:
    files = {
        path: text.replace(old, new) if path.endswith(f"/{name}") or path == name else text
        for path, text in blocks().items()
    }
    assert files != blocks()
    write_tree(tmp_path, files)
    done = patternlint("test", "sleep_in_handler.py", cwd=tmp_path)
    assert done.returncode == 1
    assert said in done.stdout


def test_what_cannot_be_tested_is_an_error(tmp_path: Path) -> None:
    write_tree(tmp_path, {"rule.py": RULE.read_text(), "empty/readme": ""})
    assert "PAT390 has no fixture" in patternlint("test", "rule.py", cwd=tmp_path).stderr
    assert "registers no pack of rules" in patternlint("test", "empty", cwd=tmp_path).stderr
