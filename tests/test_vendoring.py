"""The runtime as a project's own package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from project_tree import patternlint, write_tree


def test_the_copy_works_without_patternlint(tmp_path: Path) -> None:
    write_tree(tmp_path, {"pyproject.toml": "[project]\nname = 'app'\n", "src/app/__init__.py": ""})
    result = patternlint("runtime", "--vendor", "src/app/_patterns", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert 'runtime-module = "app._patterns"' in result.stdout
    script = (
        "import sys\n"
        "import app._patterns as patterns\n"
        "assert not [name for name in sys.modules if name.split('.')[0] == 'patternlint']\n"
        "@patterns.once\n"
        "def connect(): return object()\n"
        "assert connect() is connect()\n"
    )
    subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, 'src')\n{script}"], cwd=tmp_path, check=True
    )
    assert "MIT" in (tmp_path / "src/app/_patterns/__init__.py").read_text().partition("\n")[0]


def test_a_newer_copy_replaces_an_older_one_and_nothing_else(tmp_path: Path) -> None:
    write_tree(tmp_path, {"pyproject.toml": "[tool.patternlint]\n"})
    assert patternlint("runtime", "--vendor", "_patterns", cwd=tmp_path).returncode == 0
    assert patternlint("runtime", "--vendor", "_patterns", cwd=tmp_path).returncode == 0
    write_tree(tmp_path, {"mine/__init__.py": "x = 1\n"})
    result = patternlint("runtime", "--vendor", "mine", cwd=tmp_path)
    assert result.returncode == 2
    assert "exists and is no copy of the runtime" in result.stderr
    assert (tmp_path / "mine/__init__.py").read_text() == "x = 1\n"
