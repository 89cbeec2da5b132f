"""The runtime as a whole: light to import, vendorable, typed."""

from __future__ import annotations

import ast
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import patternlint.runtime

RUNTIME = Path(patternlint.runtime.__file__).parent
ROOT = RUNTIME.parent.parent
MODULES = sorted(RUNTIME.glob("*.py"))
HEAVY = (
    "typing",
    "dataclasses",
    "inspect",
    "logging",
    "asyncio",
    "enum",
    "re",
    "contextlib",
    "difflib",
    "importlib.metadata",
)


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run([sys.executable, *command], capture_output=True, text=True, cwd=cwd, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_import_is_light() -> None:
    program = f"import sys, patternlint.runtime; print([name for name in {HEAVY} if name in sys.modules])"
    assert run("-S", "-c", program, cwd=ROOT) == "[]\n"


def test_import_takes_less_than_ten_milliseconds(tmp_path: Path) -> None:
    package = tmp_path / "patternlint"
    shutil.copytree(RUNTIME, package / "runtime", ignore=shutil.ignore_patterns("__pycache__"))
    (package / "__init__.py").touch()
    run("-m", "compileall", "-q", ".", cwd=tmp_path)
    # CPU time, and one good run is enough: the machine may be busy. Without site, so that nothing is loaded already.
    program = "from time import process_time as now; start = now(); import patternlint.runtime; print(now() - start)"
    assert any(float(run("-S", "-c", program, cwd=tmp_path)) < 0.010 for _ in range(25))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_module_imports_only_the_standard_library_and_its_neighbours(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.level:
            assert node.level == 1
            assert (RUNTIME / f"{node.module}.py").exists()
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
            # typing_extensions: for type checkers, which bring its stub along
            assert {name.partition(".")[0] for name in names} <= {*sys.stdlib_module_names, "typing_extensions"}


def test_copied_folder_works_under_another_name(tmp_path: Path) -> None:
    shutil.copytree(RUNTIME, tmp_path / "app" / "_patterns", ignore=shutil.ignore_patterns("__pycache__"))
    program = """
import asyncio, sys
from app._patterns import ObserverList, Registry, Signal, Singleton, TypeDispatch, once, once_per, weak_method

@once
async def get(): return 1
assert asyncio.run(get()) == 1
class One(metaclass=Singleton): pass
assert One() is One()
assert TypeDispatch({int: 1}).lookup(1) == 1
assert "patternlint" not in sys.modules
"""
    run("-I", "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{program}", cwd=tmp_path)


def test_everything_public_is_exported_and_documented() -> None:
    for name in patternlint.runtime.__all__:
        assert getattr(patternlint.runtime, name).__doc__, name
    assert len(patternlint.runtime.__all__) == len(set(patternlint.runtime.__all__))


def test_generic_classes_can_be_subscripted_at_run_time() -> None:
    for name in ("Once", "AsyncOnce", "OncePer", "ObserverList", "Signal", "TypeDispatch", "Registry"):
        assert getattr(patternlint.runtime, name)[int]

    class Numbers(patternlint.runtime.Registry[int]):
        pass

    assert Numbers("number").register("one")(int) is int


def test_type_checkers_infer_everything() -> None:
    files = ("patternlint/runtime", "tests/runtime/inference.py")
    checkers: list[tuple[str, ...]] = [
        ("mypy", "--strict", "--warn-unused-ignores", "--no-incremental", "--config-file=")
    ]
    if importlib.util.find_spec("pyright") is not None:
        checkers.append(("pyright", "--pythonversion=3.11"))
    started = [
        subprocess.Popen([sys.executable, "-m", *checker, *files], stdout=subprocess.PIPE, text=True, cwd=ROOT)
        for checker in checkers
    ]
    for process in started:
        output, _ = process.communicate(timeout=120)
        assert process.returncode == 0, output
