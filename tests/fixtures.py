"""The fixtures as data: cases, the findings they expect, and running the engine on them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from patternlint.config import Settings, load
from patternlint.engine import Engine
from patternlint.finding import Confidence, Finding
from patternlint.project import Project
from patternlint.project.root import Roots
from patternlint.source import Source

FIXTURES = Path(__file__).parent.parent / "fixtures"
AFTER_ONLY = "# after the fix only"  # a behaviour test that begins so: the original is wrong in just this respect
NO_CHECK = re.compile(r"# no behaviour test: \S")  # a fixture that cannot be run says so, and why
_EXPECTATION = re.compile(r"# expect(?:\[(?P<level>\w+)\])?: (?P<codes>PAT\d{3}(?:, PAT\d{3})*)")
_DERIVED = (".fixed.py", ".unsafe.py", ".check.py")


class Expected(NamedTuple):
    """One finding that a fixture's comment announces."""

    path: str
    row: int
    code: str
    confidence: Confidence


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
            tree: "original", "fixed" or "unsafe": what the test expects to find.
        """
        assert self.check is not None
        if tree == "original" and self.check.read_text("utf-8").startswith(AFTER_ONLY):
            return ""
        shutil.copyfile(self.check, root / "check_behaviour.py")
        path = os.pathsep.join(map(str, (root, FIXTURES.parent, FIXTURES)))
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


def cases() -> list[Case]:
    """Every fixture of every rule."""
    found = []
    for folder in sorted(FIXTURES.glob("PAT*")):
        for path in sorted(folder.iterdir()):
            if (path.is_dir() and path.name != "__pycache__") or (
                path.suffix == ".py" and not path.name.endswith(_DERIVED)
            ):
                found.append(Case(path))
    return found


def everything(settings: Settings) -> Settings:
    """The settings with all rules and all confidences on."""
    return settings._replace(select=("ALL",), preview=True, min_confidence=Confidence.LOW)


def engine_for(root: Path, *, whole_modules: bool = False) -> Engine:
    """An engine for the project in a folder, with everything on."""
    settings = everything(load(Roots().of(root)))
    project = Project(settings.root, settings, settings.discovery.files())
    return Engine(settings, project, whole_modules=whole_modules)


def findings_in(root: Path, names: list[str], *, whole_modules: bool = False) -> list[Finding]:
    """The findings of some files of a project."""
    engine = engine_for(root, whole_modules=whole_modules)
    return [f for name in names for f in engine.check(Source.read(engine.project.root / name))]
