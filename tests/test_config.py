"""Configuration: where it is found, what it may say, and how a mistake in it is reported."""

from __future__ import annotations

from pathlib import Path

import pytest
from project_tree import write_tree

from patternlint.config import Settings, load, parse_target_version
from patternlint.errors import PatternlintError
from patternlint.finding import Applicability, Confidence, Finding, Fix
from patternlint.project.metadata import oldest_python
from patternlint.project.root import Root, Roots
from patternlint.selection import Selection


def settings_of(folder: Path, files: dict[str, str | bytes]) -> Settings:
    write_tree(folder, files)
    return load(Roots(folder).of(folder))


def own(folder: Path, text: str) -> Settings:
    return settings_of(folder, {"patternlint.toml": text})


# ---- the root


def test_the_nearest_configuration_is_the_root_even_below_a_repository(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "pyproject.toml": "[tool.patternlint]\n",
            "service/pyproject.toml": "[project]\nname = 'service'\n",
            "service/shop/cart.py": "",
            "tool/patternlint.toml": "",
            "tool/a.py": "",
        },
    )
    roots = Roots(tmp_path)
    assert roots.of(tmp_path / "service/shop/cart.py") == Root(tmp_path, tmp_path / "pyproject.toml")
    assert roots.of(tmp_path / "tool/a.py") == Root(tmp_path / "tool", tmp_path / "tool/patternlint.toml")


@pytest.mark.parametrize("mark", [".git/HEAD", "pyproject.toml", "setup.cfg", "setup.py"])
def test_without_configuration_the_nearest_mark_of_a_project_is_the_root(tmp_path: Path, mark: str) -> None:
    write_tree(tmp_path, {f"a/{mark}": "", "a/b/c/x.py": ""})
    assert Roots(tmp_path).of(tmp_path / "a/b/c/x.py") == Root(tmp_path / "a", None)


def test_without_any_mark_a_package_lies_below_its_root(tmp_path: Path) -> None:
    write_tree(tmp_path, {"lib/shop/__init__.py": "", "lib/shop/api/__init__.py": "", "lib/shop/api/cart.py": ""})
    assert Roots(tmp_path).of(tmp_path / "lib/shop/api/cart.py").folder == tmp_path / "lib"


def test_without_anything_the_working_folder_is_the_root_if_the_file_lies_in_it(tmp_path: Path) -> None:
    write_tree(tmp_path, {"here/scripts/a.py": "", "there/b.py": ""})
    roots = Roots(tmp_path / "here")
    assert roots.of(tmp_path / "here/scripts/a.py").folder == tmp_path / "here"
    assert roots.of(tmp_path / "there/b.py").folder == tmp_path / "there"


def test_a_home_folder_is_never_a_project_by_chance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    write_tree(tmp_path, {"scripts/a.py": ""})
    assert Roots(tmp_path).of(tmp_path / "scripts/a.py").folder == tmp_path / "scripts"


def test_our_own_file_goes_before_pyproject(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path, {"patternlint.toml": "preview = true", "pyproject.toml": "[tool.patternlint]\nselect = ['PAT5']\n"}
    )
    assert (settings.preview, settings.select) == (True, ("ALL",))


# ---- what it says


def test_every_key_is_read(tmp_path: Path) -> None:
    settings = own(
        tmp_path,
        """
        select = ["PAT5", "observer"]
        ignore = ["notify-over-live-list"]
        extend-select = ["imports"]
        min-confidence = "medium"
        preview = true
        fixable = ["decorator", "PAT305"]
        unfixable = ["PAT501"]
        extend-safe-fixes = ["PAT302"]
        extend-unsafe-fixes = ["PAT305"]
        exclude = ["old"]
        extend-exclude = ["gen/*.py"]
        force-exclude = true
        respect-gitignore = false
        target-version = "py312"
        src = ["lib"]
        runtime-module = "app._patterns"
        fix-style = "stdlib"
        honor-foreign-noqa = false
        free-threaded = true
        [per-file-ignores]
        "tests/**" = ["PAT9"]
        """,
    )
    assert settings.select == ("PAT5", "PAT3")
    assert settings.ignore == ("PAT305",)
    assert settings.extend_select == ("PAT9",)
    assert (settings.fixable, settings.unfixable) == (("PAT5", "PAT305"), ("PAT501",))
    assert (settings.extend_safe_fixes, settings.extend_unsafe_fixes) == (("PAT302",), ("PAT305",))
    assert settings.min_confidence is Confidence.MEDIUM
    assert (settings.preview, settings.force_exclude) == (True, True)
    assert (settings.respect_gitignore, settings.honor_foreign_noqa) == (False, False)
    assert settings.free_threaded
    assert (settings.exclude, settings.extend_exclude) == (("old",), ("gen/*.py",))
    assert settings.target_version == (3, 12)
    assert settings.src == ("lib",)
    assert (settings.runtime_module, settings.fix_style) == ("app._patterns", "stdlib")
    assert settings.per_file_ignores == (("tests/**", ("PAT9",)),)


def test_an_isolated_run_reads_no_configuration_but_the_projects_own_metadata(tmp_path: Path) -> None:
    write_tree(
        tmp_path, {"pyproject.toml": "[project]\nrequires-python = '>=3.12'\n[tool.patternlint]\nnonsense = 1\n"}
    )
    settings = load(Roots(tmp_path).of(tmp_path), isolated=True)
    assert settings.target_version == (3, 12)
    assert settings.configuration is None


@pytest.mark.parametrize(
    ("text", "row", "message", "remedy"),
    [
        ("preview = true\nselct = []", 2, "unknown key 'selct'", "did you mean 'select'?"),
        ("select = 'PAT501'", 1, "'select' must be a list of strings, not a string", ""),
        ("preview = 'yes'", 1, "'preview' must be true or false, not a string", ""),
        ("\nmin-confidence = 'hihg'", 2, "'min-confidence' cannot be \"hihg\"", 'it is one of "low", "medium", "high"'),
        (
            "select = ['notify-over-live-lits']",
            1,
            "unknown rule 'notify-over-live-lits' in 'select'",
            "notify-over-live-list",
        ),
        ("target-version = '311'", 1, "'target-version' cannot be \"311\"", "py311"),
        ("[per-file-ignores]\n'a.py' = ['PAT9']\n'b.py' = ['obsrver']", 3, "unknown rule 'obsrver'", "observer"),
        ("[rules.PAT305]\nno-such-option = 1", 2, "unknown option 'no-such-option' of PAT305", ""),
        ("[rules.PAT999]\nx = 1", 1, "unknown rule 'PAT999'", ""),
        ("runtime-module = 'app/_patterns'", 1, "'runtime-module' cannot be", "app._patterns"),
    ],
)
def test_a_mistake_is_reported_with_its_place_and_a_remedy(
    tmp_path: Path, text: str, row: int, message: str, remedy: str
) -> None:
    for name, prefix, before in (("patternlint.toml", "", 0), ("pyproject.toml", "[tool.patternlint]\n", 1)):
        folder = tmp_path / name.partition(".")[0]
        content = text.replace("[per-file", "[tool.patternlint.per-file").replace("[rules", "[tool.patternlint.rules")
        with pytest.raises(PatternlintError) as raised:
            settings_of(folder, {name: prefix + content if prefix else text})
        assert raised.value.message.startswith(f"{folder / name}:{row + before}: ")
        assert message in raised.value.message
        assert remedy in raised.value.remedy


def test_broken_toml_is_an_error_where_it_is_our_configuration(tmp_path: Path) -> None:
    with pytest.raises(PatternlintError, match=r"patternlint\.toml:2: not valid TOML: Invalid value"):
        own(tmp_path, "preview = true\nselect = [}")
    with pytest.raises(PatternlintError, match=r"patternlint\.toml:2: not valid TOML: Invalid value"):
        own(tmp_path, "preview = true\nselect = [\n")
    with pytest.raises(PatternlintError, match=r"patternlint\.toml:2: not valid TOML: .* can't decode byte 0xff"):
        settings_of(tmp_path, {"patternlint.toml": b"preview = true\nsrc = ['\xff']\npreview = 1\n"})
    write_tree(tmp_path / "b", {"pyproject.toml": "\ntool.patternlint = 1\n"})
    with pytest.raises(PatternlintError, match=r"pyproject\.toml:2: 'patternlint' must be a table"):
        load(Root(tmp_path / "b", tmp_path / "b/pyproject.toml"))


# ---- one configuration that extends another


def test_what_is_extended_counts_as_if_it_stood_first(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path,
        {
            "shared/base.toml": """
                min-confidence = "low"
                ignore = ["PAT3"]
                extend-exclude = ["gen"]
                per-file-ignores = { "a.py" = ["PAT9"] }
                [rules.PAT401]
                min-branches = 6
                """,
            "service/patternlint.toml": """
                extend = "../shared/base.toml"
                ignore = ["PAT5"]
                extend-exclude = ["old"]
                per-file-ignores = { "b.py" = ["PAT9"] }
                [rules.mapping-chain]
                min-branches = 5
                """,
        },
    )
    assert settings.root == tmp_path
    settings = load(Roots().of(tmp_path / "service"))
    assert settings.root == tmp_path / "service"
    assert settings.min_confidence is Confidence.LOW
    assert settings.ignore == ("PAT3", "PAT5")
    assert settings.extend_exclude == ("gen", "old")
    assert settings.per_file_ignores == (("b.py", ("PAT9",)),)
    assert settings.rules == {"PAT401": {"min-branches": 6}, "PAT403": {"min-branches": 5}}


def test_who_selects_or_says_what_is_fixable_begins_anew(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path,
        {
            "pyproject.toml": "[tool.patternlint]\nextend = 'base.toml'\nselect = ['PAT3']\nfixable = ['PAT3']\n",
            "base.toml": "[tool.patternlint]\nselect = ['PAT5']\nignore = ['PAT305']\nextend-select = ['PAT9']\n"
            "unfixable = ['PAT305']\n",
        },
    )
    assert (settings.select, settings.ignore, settings.extend_select) == (("PAT3",), (), ())
    assert (settings.fixable, settings.unfixable) == (("PAT3",), ())


@pytest.mark.parametrize(
    ("files", "message", "remedy"),
    [
        ({"patternlint.toml": "\nextend = 'no.toml'"}, "patternlint.toml:2: 'extend' names {}/no.toml", "the path"),
        ({"patternlint.toml": "extend = '.'"}, "patternlint.toml:1: 'extend' names {}, which is no file", ""),
        (
            {"patternlint.toml": "extend = 'b.toml'", "b.toml": "\nextend = 'patternlint.toml'"},
            "b.toml:2: 'extend' leads in a circle: {}/patternlint.toml extends {}/b.toml extends {}/patternlint.toml",
            "",
        ),
        (
            {"patternlint.toml": "extend = 'b.toml'", "b.toml": "\nselct = []"},
            "b.toml:2: unknown key 'selct'",
            "select",
        ),
        (
            {"patternlint.toml": "extend = 'pyproject.toml'", "pyproject.toml": "[project]\n"},
            "pyproject.toml: has no table [tool.patternlint]",
            "add it",
        ),
    ],
)
def test_mistakes_in_extending(tmp_path: Path, files: dict[str, str | bytes], message: str, remedy: str) -> None:
    with pytest.raises(PatternlintError) as raised:
        settings_of(tmp_path, files)
    assert message.replace("{}", str(tmp_path)) in raised.value.message
    assert remedy in raised.value.remedy


# ---- what follows from it


def test_selection_goes_by_the_closer_selector() -> None:
    settings = Settings(Path("/"), select=("PAT305",), ignore=("PAT3",), preview=True)
    assert Selection(settings).codes == {"PAT305"}
    settings = Settings(Path("/"), select=("PAT3",), ignore=("PAT305",), preview=True)
    assert "PAT305" not in Selection(settings).codes
    assert Selection(Settings(Path("/"), select=(), extend_select=("PAT305",), preview=True)).codes == {"PAT305"}


def finding(code: str, path: str = "a.py", confidence: Confidence = Confidence.HIGH) -> Finding:
    return Finding(code, "name", "message", path, 1, 1, 1, 2, confidence)


def test_findings_pass_by_confidence_and_by_file() -> None:
    settings = Settings(Path("/"), preview=True, per_file_ignores=(("tests/**", ("PAT3",)), ("conftest.py", ("ALL",))))
    selection = Selection(settings)
    assert selection.admits(finding("PAT305"))
    assert not selection.admits(finding("PAT305", confidence=Confidence.MEDIUM))
    assert not selection.admits(finding("PAT305", "tests/unit/a.py"))
    assert not selection.admits(finding("PAT305", "app/conftest.py"))
    assert selection.admits(finding("PAT305", "app/tests/unit/a.py"))


def with_fix(code: str, applicability: Applicability, why: str = "") -> Finding:
    return finding(code)._replace(fix=Fix("repair it", applicability, ()), why_not_fixed=why)


@pytest.mark.parametrize(
    ("settings", "given", "expected"),
    [
        (Settings(Path("/")), Applicability.SAFE, (Applicability.SAFE, "")),
        (Settings(Path("/"), unfixable=("PAT3",)), Applicability.SAFE, (None, "not-fixable")),
        (Settings(Path("/"), fixable=("PAT5",)), Applicability.SAFE, (None, "not-fixable")),
        (Settings(Path("/"), fixable=("PAT305",), unfixable=("PAT3",)), Applicability.SAFE, (Applicability.SAFE, "")),
        (Settings(Path("/"), extend_safe_fixes=("PAT3",)), Applicability.UNSAFE, (Applicability.SAFE, "")),
        (Settings(Path("/"), extend_safe_fixes=("PAT3",)), Applicability.DISPLAY, (Applicability.DISPLAY, "why")),
        (
            Settings(Path("/"), extend_unsafe_fixes=("PAT305",)),
            Applicability.SAFE,
            (Applicability.UNSAFE, "configured-unsafe"),
        ),
        (
            Settings(Path("/"), extend_safe_fixes=("PAT305",), extend_unsafe_fixes=("PAT3",)),
            Applicability.UNSAFE,
            (Applicability.SAFE, ""),
        ),
        (
            Settings(Path("/"), extend_safe_fixes=("PAT3",), extend_unsafe_fixes=("PAT3",)),
            Applicability.UNSAFE,
            (Applicability.UNSAFE, "why"),
        ),
    ],
)
def test_fixes_are_trusted_as_configured(
    settings: Settings, given: Applicability, expected: tuple[Applicability | None, str]
) -> None:
    why = "" if given is Applicability.SAFE else "why"
    treated = Selection(settings).with_fix_as_allowed(with_fix("PAT305", given, why))
    assert (treated.fix and treated.fix.applicability, treated.why_not_fixed) == expected


def test_a_file_that_was_not_checked_is_reported_whatever_is_selected() -> None:
    assert Selection(Settings(Path("/"), select=("PAT305",))).admits(finding("PAT000"))
    assert not Selection(Settings(Path("/"), ignore=("PAT000",))).admits(finding("PAT000"))


def test_versions() -> None:
    assert parse_target_version("py311") == parse_target_version("3.11") == (3, 11)
    assert oldest_python(">=3.9,<4") == (3, 9)
    assert oldest_python("^3.12") == (3, 12)
    assert oldest_python(">3.10") == (3, 11)
    assert oldest_python("~=3.11.2, !=3.11.4") == (3, 11)
    assert oldest_python("<4") == (3, 11)


@pytest.mark.parametrize(
    ("files", "declared"),
    [
        ({"pyproject.toml": "[project]\ndependencies = ['patternlint>=0.1']"}, True),
        ({"pyproject.toml": "[tool.poetry.dependencies]\npatternlint = '^0.1'"}, True),
        ({"requirements.txt": "# pins\nPatternlint[flake8] == 0.1\n"}, True),
        ({"setup.cfg": "[options]\ninstall_requires =\n    requests\n    patternlint\n"}, True),
        ({"pyproject.toml": "[project]\ndependencies = ['patternlint-plugins']"}, False),
        ({"pyproject.toml": "[project.optional-dependencies]\ndev = ['patternlint']"}, False),
        ({"pyproject.toml": "[dependency-groups]\ndev = ['patternlint']"}, False),
        ({"requirements-dev.txt": "patternlint\n"}, False),
        ({}, False),
    ],
)
def test_the_runtime_may_be_imported_if_production_has_it(
    tmp_path: Path, files: dict[str, str | bytes], declared: bool
) -> None:
    assert settings_of(tmp_path, {"patternlint.toml": "", **files}).runtime_declared is declared


@pytest.mark.parametrize(
    ("files", "application"),
    [
        ({"pyproject.toml": "[project]\nname = 'service'"}, True),
        ({"requirements.txt": "flask\n"}, True),
        ({"pyproject.toml": "[build-system]\nrequires = []"}, False),
        ({"requirements.txt": "flask\n", "setup.py": ""}, False),
        ({"pyproject.toml": "[tool.black]\n", "setup.cfg": "[metadata]\nname = x\n"}, False),
        ({}, False),
    ],
)
def test_an_application_is_what_nobody_installs(
    tmp_path: Path, files: dict[str, str | bytes], application: bool
) -> None:
    assert settings_of(tmp_path, {"patternlint.toml": "", **files}).is_application is application
