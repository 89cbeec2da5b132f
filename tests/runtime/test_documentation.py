"""The examples of docs/runtime.md, run against the package and against a vendored copy of it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import patternlint.runtime
from patternlint.vendoring import vendor

PAGE = Path(__file__).parents[2] / "docs" / "runtime.md"
TEXT = PAGE.read_text(encoding="utf-8")


def program() -> str:
    """All examples, one after the other, at their lines in the page."""
    lines, inside = [], False
    for line in TEXT.splitlines():
        if line.startswith("```"):
            inside = line == "```python"
            lines.append("")
        else:
            lines.append(line if inside else "")
    return "\n".join(lines)


def test_examples_run_against_the_package() -> None:
    exec(compile(program(), str(PAGE), "exec"), {"__name__": "documentation"})


def test_examples_run_against_a_vendored_copy(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'app'\n")
    assert vendor(str(tmp_path / "app" / "_patterns")) == "app._patterns"
    (tmp_path / "app" / "__init__.py").touch()
    (tmp_path / "examples.py").write_text(
        program().replace("patternlint.runtime", "app._patterns")
        + "\nimport sys\nassert not [name for name in sys.modules if name.partition('.')[0] == 'patternlint']\n",
        encoding="utf-8",
    )
    done = subprocess.run(
        [
            sys.executable,
            "-I",
            "-W",
            "error",
            "-c",
            f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import examples",
        ],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", patternlint.runtime.__all__)
def test_every_function_and_class_is_shown(name: str) -> None:
    protocols = {"AsyncOnce", "AsyncOncePer", "BoundCachedMethod", "BoundDispatch", "CachedMethod", "Decorator", "Once"}
    protocols |= {"OncePer", "Subscription", "DuplicateKeyError", "FrozenRegistryError", "UnknownTypeError"}
    assert name in protocols or re.search(rf"\b{name}\b", TEXT)
