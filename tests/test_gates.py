"""The deterministic gates on speed: how much of what is read goes how far, what is asked, what is imported.

They depend on the code alone, never on the machine or its load. The samples are trees that every developer's machine
has: packages of the standard library, and of the declared development dependencies. A rule that breaks a gate must be
made cheaper before it lands: sharper `words` and `candidates`, a smaller `region`, facts before questions.
"""

from __future__ import annotations

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from patternlint.config import load
from patternlint.engine import Counts, Engine, RuleCounts
from patternlint.finding import Confidence
from patternlint.project import Project
from patternlint.project.root import Roots
from patternlint.source import Source

SAMPLES = (
    "asyncio", "concurrent", "email", "http", "importlib", "logging", "multiprocessing", "unittest", "xml",
    "_pytest", "astroid", "pylint",
)  # fmt: skip

# Words cannot rule many files out: `def`, `if` and `for` are everywhere. A file that is not parsed is still checked for
# its syntax, at three quarters of the cost, so what is left to gain here is less than a sharper word would cost.
AST_SHARE = 0.999
LIBCST_SHARE = 0.025
QUESTIONS_PER_THOUSAND_LINES = 4
PARSED_AGAIN = 0.2  # of the files: read for a question, besides the once that every file is parsed anyway


class Run(NamedTuple):
    """What the engine counted over all samples, all rules on."""

    counts: Counts
    rules: dict[str, RuleCounts]
    questions: int
    files: int
    parsed: int


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    root = tmp_path_factory.mktemp("samples")
    for name in SAMPLES:
        spec = importlib.util.find_spec(name)
        assert spec is not None, f"{name} is not installed"
        shutil.copytree(Path(spec.origin or "").parent, root / name / name, ignore=_all_but_code)
    counts, rules = Counts(), dict[str, RuleCounts]()
    questions = files = parsed = 0
    for name in SAMPLES:
        (root / name / "patternlint.toml").touch()
        settings = load(Roots().of(root / name))._replace(select=("ALL",), preview=True, min_confidence=Confidence.LOW)
        paths = settings.discovery.files()
        project = Project(settings.root, settings, paths)
        engine = Engine(settings, project)
        for path in paths:
            engine.check(Source.read(path))
        counts = Counts(*(a + b for a, b in zip(counts, engine.counts, strict=True)))
        for code, more in engine.rule_counts.items():
            rules[code] = RuleCounts(*(a + b for a, b in zip(rules.get(code, RuleCounts()), more, strict=True)))
        questions += sum(project.counts.questions.values())
        files, parsed = files + len(paths), parsed + project.counts.parsed
    return Run(counts, rules, questions, files, parsed)


def _all_but_code(folder: str, names: list[str]) -> list[str]:
    left_out = {"__pycache__", "test", "tests"}
    return [n for n in names if n in left_out or not (n.endswith(".py") or (Path(folder) / n).is_dir())]


def test_few_lines_reach_ast(run: Run) -> None:
    assert run.counts.read > 100_000
    assert run.counts.facts <= AST_SHARE * run.counts.read


def test_few_lines_reach_libcst(run: Run) -> None:
    share = run.counts.regions / run.counts.read
    by_rule = sorted(((c.lines, code) for code, c in run.rules.items() if c.lines), reverse=True)
    assert share <= LIBCST_SHARE, f"{share:.2%} of the lines; by rule: {by_rule}"


def test_every_region_is_counted_for_its_rules(run: Run) -> None:
    assert run.counts.regions <= sum(c.lines for c in run.rules.values())
    assert all((c.regions > 0) == (c.lines > 0) for c in run.rules.values())


def test_few_questions_are_asked(run: Run) -> None:
    assert run.questions <= QUESTIONS_PER_THOUSAND_LINES * run.counts.read / 1000


def test_questions_open_few_files(run: Run) -> None:
    assert run.parsed <= PARSED_AGAIN * run.files


# ---- the modules that one clean file imports

NEVER_FOR_A_CLEAN_FILE = (
    "asyncio", "concurrent.futures", "dataclasses", "difflib", "importlib.metadata", "inspect", "libcst", "logging",
    "multiprocessing", "patternlint.fixer", "socket", "ssl", "subprocess", "urllib.request",
)  # fmt: skip


@pytest.mark.parametrize("text", ["", "import os\n\nprint(os.name)\n", "def f(x):\n    if x:\n        return 1\n"])
def test_a_clean_file_imports_little(tmp_path: Path, text: str) -> None:
    (tmp_path / "patternlint.toml").touch()
    (tmp_path / "clean.py").write_text(text, encoding="utf-8")
    imported = _imported_by(tmp_path, "check", "--select", "ALL", "--no-cache", "clean.py")
    assert sorted(imported.intersection(NEVER_FOR_A_CLEAN_FILE)) == []


def _imported_by(folder: Path, *arguments: str) -> set[str]:
    code = "import sys; from patternlint.cli import main; status = main(sys.argv[1:]); print(status, *sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    status, *modules = done.stdout.splitlines()[-1].split()
    assert status == "0", done.stdout + done.stderr
    return set(modules)
