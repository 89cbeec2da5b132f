"""Fixtures: code that says by comments what rules find in it, what fixes make of it, and how it then behaves.

A rule's fixtures lie in ``fixtures/<CODE>-<name>/``; CONTRIBUTING.md says what a fixture consists of. The built-in
rules are tested by these functions, and so are house rules (``patternlint test``).
"""

from __future__ import annotations

import difflib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from patternlint.config import Settings, load
from patternlint.engine import Engine
from patternlint.finding import Confidence, Finding
from patternlint.fixer import fix
from patternlint.project import Project
from patternlint.project.root import Roots
from patternlint.source import Source

AFTER_ONLY = "# after the fix only"  # a behaviour test that begins so: the original is wrong in just this respect
NO_CHECK = re.compile(r"# no behaviour test: \S")  # a fixture that cannot be run says so, and why
_EXPECTATION = re.compile(r"# expect(?:\[(?P<level>\w+)\])?: (?P<codes>PAT\d{3}(?:, PAT\d{3})*)")
_DERIVED = (".fixed.py", ".unsafe.py", ".check.py")
TREES = ("original", "fixed", "unsafe")


class Rules(NamedTuple):
    """The rules under test: codes or ``ALL``, and the packs and files that they come from."""

    select: tuple[str, ...] = ("ALL",)
    plugins: tuple[str, ...] = ()


ALL = Rules()


class Expected(NamedTuple):
    """One finding that a fixture's comment announces."""

    path: str
    row: int
    code: str
    confidence: Confidence

    def __str__(self) -> str:
        level = "" if self.confidence is Confidence.HIGH else f" ({self.confidence.name.lower()} confidence)"
        return f"{self.path}:{self.row}: {self.code}{level}"


class Case(NamedTuple):
    """One fixture: a file, or a folder with a small project."""

    path: Path

    @property
    def id(self) -> str:
        """``PAT501-missing-functools-wraps/plain``."""
        return f"{self.path.parent.name}/{self.path.stem if self.path.is_file() else self.path.name}"

    @property
    def sources(self) -> dict[str, Path]:
        """The code under test: where it lies in the project that the test makes, and where it comes from."""
        if self.path.is_file():
            return {"subject.py": self.path}
        return {
            p.relative_to(self.path).as_posix(): p
            for p in sorted(self.path.rglob("*"))
            if p.is_file() and not p.name.endswith(_DERIVED) and p.name != "check.py" and "__pycache__" not in p.parts
        }

    @property
    def python_files(self) -> list[str]:
        """The modules among them."""
        return [name for name in self.sources if name.endswith(".py")]

    @property
    def check(self) -> Path | None:
        """The behaviour test."""
        path = self.path.with_suffix(".check.py") if self.path.is_file() else self.path / "check.py"
        return path if path.exists() else None

    def derived(self, name: str, kind: str) -> Path | None:
        """The file with the expected result of a fix, "fixed" or "unsafe", for one of the sources."""
        path = self.sources[name].with_suffix(f".{kind}.py")
        return path if path.exists() else None

    @property
    def is_fixed(self) -> bool:
        """Whether a fix changes one of its files."""
        return any(self.derived(name, kind) for name in self.sources for kind in ("fixed", "unsafe"))

    @property
    def says_why_unchecked(self) -> bool:
        """Whether one of its files gives a reason for having no behaviour test."""
        return any(NO_CHECK.search(p.read_text("utf-8", "replace")) for p in self.sources.values() if p.suffix == ".py")

    def run_check(self, root: Path, tree: str) -> str:
        """Run the behaviour test on the project in a folder; what it complains about, "" where all is well.

        Args:
            root: the project, as `build` and the fixes have made it.
            tree: one of `TREES`: what the test expects to find.
        """
        assert self.check is not None
        if tree == "original" and self.check.read_text("utf-8").startswith(AFTER_ONLY):
            return ""
        shutil.copyfile(self.check, root / "check_behaviour.py")
        fixtures = self.path.parent.parent
        path = os.pathsep.join(map(str, (root, fixtures.parent, fixtures)))
        done = subprocess.run(
            [sys.executable, "-B", "check_behaviour.py", tree], cwd=root, capture_output=True, text=True, timeout=120,
            env={**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"},
        )  # fmt: skip
        return "" if done.returncode == 0 else f"{done.stdout}{done.stderr}" or f"exit code {done.returncode}"

    def build(self, folder: Path) -> Path:
        """Write the project into a folder of its own; returns its root."""
        for name, path in self.sources.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, folder / name)
        if not (folder / "pyproject.toml").exists():
            (folder / "patternlint.toml").touch()
        return folder

    def expected(self) -> set[Expected]:
        """What the comments announce."""
        return {
            Expected(name, row, code, Confidence[(match["level"] or "high").upper()])
            for name, path in self.sources.items()
            if path.suffix == ".py"
            for row, line in enumerate(path.read_bytes().decode("utf-8", "replace").split("\n"), 1)
            for match in _EXPECTATION.finditer(line)
            for code in match["codes"].split(", ")
        }


def cases_in(fixtures: Path, codes: Sequence[str] = ("PAT",)) -> list[Case]:
    """Every fixture below a folder, of rules whose codes begin so."""
    found = []
    for folder in sorted(path for path in fixtures.glob("PAT*") if path.name.startswith(tuple(codes))):
        for path in sorted(folder.iterdir()):
            if (path.is_dir() and path.name != "__pycache__") or (
                path.suffix == ".py" and not path.name.endswith(_DERIVED)
            ):
                found.append(Case(path))
    return found


def everything(settings: Settings, rules: Rules = ALL) -> Settings:
    """The settings with these rules and all confidences on."""
    return settings._replace(select=rules.select, plugins=rules.plugins, preview=True, min_confidence=Confidence.LOW)


def engine_for(root: Path, rules: Rules = ALL, *, whole_modules: bool = False) -> Engine:
    """An engine for the project in a folder, with everything on."""
    settings = everything(load(Roots().of(root)), rules)
    project = Project(settings.root, settings, settings.discovery.files())
    return Engine(settings, project, whole_modules=whole_modules)


def findings_in(root: Path, names: list[str], rules: Rules = ALL, *, whole_modules: bool = False) -> list[Finding]:
    """The findings of some files of a project."""
    engine = engine_for(root, rules, whole_modules=whole_modules)
    return [f for name in names for f in engine.check(Source.read(engine.project.root / name))]


# ---- what is wrong with a rule, by one of its fixtures; each is done in an empty folder


def misjudged(case: Case, folder: Path, rules: Rules = ALL) -> Iterator[str]:
    """What a rule finds that no comment announces (noisy), does not find (missing), or finds only by a short cut."""
    root = case.build(folder)
    found = findings_in(root, case.python_files, rules)
    messages = {place(finding): finding.message for finding in found}
    expected = case.expected()
    yield from (f"noisy: {one}: {messages[one]}" for one in sorted(messages.keys() - expected))
    yield from (f"missing: {one}" for one in sorted(expected - messages.keys()))
    yield from (f"says nothing: {place(f)}" for f in found if not f.message)
    yield from (f"neither fixed nor a reason: {place(f)}" for f in found if f.fix is None and not f.why_not_fixed)
    if found != findings_in(root, case.python_files, rules, whole_modules=True):
        yield "its 'words', 'patterns' or 'candidates' leave something out: other findings with all short cuts off"


def place(finding: Finding) -> Expected:
    """A finding as a comment announces it."""
    return Expected(finding.path, finding.row, finding.code, finding.confidence)


def misfixed(case: Case, folder: Path, kind: str, rules: Rules = ALL) -> Iterator[str]:
    """Where the fixes ("fixed": the safe ones, "unsafe": all) write something else than is expected, or do not end."""
    root = case.build(folder)
    yield from _apply(case, root, kind, rules)
    for name in case.python_files:
        golden = case.derived(name, kind) or case.derived(name, "fixed") or case.sources[name]
        wanted, got = golden.read_bytes(), (root / name).read_bytes()
        if got != wanted:
            diff = difflib.unified_diff(
                wanted.decode("utf-8", "replace").splitlines(), got.decode("utf-8", "replace").splitlines(),
                golden.name, "what the fix writes", lineterm="",
            )  # fmt: skip
            yield "fixed in another way:\n" + "\n".join(diff)
    again = engine_for(root, rules)
    for name in case.python_files:
        before = Source.read(again.project.root / name)
        if fix(before, again, unsafe=kind == "unsafe").source.data != before.data:
            yield f"not idempotent: a second run changes {name} again"


def _apply(case: Case, root: Path, kind: str, rules: Rules) -> Iterator[str]:
    engine = engine_for(root, rules)
    for name in case.python_files:
        path = engine.project.root / name
        result = fix(Source.read(path), engine, unsafe=kind == "unsafe")
        if not result.converged:
            yield f"not idempotent: the fixes of {name} make work for each other"
        yield from (f"put back: the fix of {place(f.finding)}: {f.reason}" for f in result.failed)
        path.write_bytes(result.source.data)


def misbehaving(case: Case, folder: Path, tree: str, rules: Rules = ALL) -> str:
    """What the behaviour test says of the code, original or fixed; "" where all is well, or there is none."""
    if case.check is None:
        return ""
    root = case.build(folder)
    faults = [] if tree == "original" else list(_apply(case, root, tree, rules))
    return "\n".join(faults) or case.run_check(root, tree)
