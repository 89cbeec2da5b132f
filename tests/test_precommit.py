"""The hooks of `.pre-commit-hooks.yaml`, run by pre-commit in a repository of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from project_tree import FIXED, TIMED, write_tree

HOOKS = Path(__file__).parents[1] / ".pre-commit-hooks.yaml"


def hooks() -> dict[str, dict[str, Any]]:
    return {hook["id"]: hook for hook in yaml.safe_load(HOOKS.read_text())}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository whose hooks are ours, run from this environment: nothing has to be installed."""
    local = [{**hook, "language": "system"} for hook in hooks().values()]
    for hook in local:
        hook["stages"] = ["manual"] if hook["id"] == "patternlint-fix" else ["pre-commit"]
    config = yaml.safe_dump({"repos": [{"repo": "local", "hooks": local}]})
    files = {".pre-commit-config.yaml": config, "pyproject.toml": "[tool.patternlint]\n", "deco.py": TIMED}
    write_tree(tmp_path, {**files, "build/deco.py": TIMED, "stub.pyi": "", "README.md": ""})
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    return tmp_path


def git(folder: Path, *arguments: str) -> None:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@example.org"]
    subprocess.run(["git", *identity, *arguments], cwd=folder, check=True, capture_output=True)


def pre_commit(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(folder / ".git/pre-commit-home"),
    }
    return subprocess.run(
        [sys.executable, "-m", "pre_commit", "run", "--color=never", *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_hooks_are_what_users_expect() -> None:
    for hook in hooks().values():
        assert hook["language"] == "python"
        assert hook["types_or"] == ["python", "pyi"]
        assert hook["require_serial"] is True
        assert "--force-exclude" in hook["entry"].split()
    assert {"--fix", "--exit-non-zero-on-fix"} <= set(hooks()["patternlint-fix"]["entry"].split())


def test_findings_stop_the_commit(repository: Path) -> None:
    result = pre_commit(repository)
    assert result.returncode == 1
    assert "deco.py:5:9" in result.stdout
    assert "build/deco.py" not in result.stdout


def test_the_fix_hook_repairs_and_stops_once(repository: Path) -> None:
    result = pre_commit(repository, "patternlint-fix", "--hook-stage", "manual")
    assert result.returncode == 1
    assert "files were modified by this hook" in result.stdout
    assert (repository / "deco.py").read_text() == FIXED
    assert (repository / "build/deco.py").read_text() == TIMED
    git(repository, "add", ".")
    assert pre_commit(repository, "patternlint-fix", "--hook-stage", "manual").returncode == 0
    assert pre_commit(repository).returncode == 0
