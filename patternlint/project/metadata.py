"""What a project says of itself beside our configuration: its Python, its dependencies, whether others install it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

from patternlint.project.root import PYPROJECT

DEFAULT_PYTHON = (3, 11)  # the oldest that runs patternlint and its runtime

_RUNTIME_FILES = ("requirements.txt", "requirements.in", "requirements/base.txt", "requirements/base.in",
                  "requirements/production.txt", "requirements/prod.txt", "requirements/main.txt")  # fmt: skip
_OWN_REQUIREMENT = re.compile(r"^[ \t]*patternlint(?![\w.-]*[\w])", re.IGNORECASE | re.MULTILINE)
_LOWER_BOUND = re.compile(r"(>=|==|~=|>|\^|~)\s*v?(\d+)(?:\.(\d+))?")


class Metadata(NamedTuple):
    """Read from ``pyproject.toml``, ``setup.cfg``, ``setup.py`` and requirements files at the root.

    `runtime_declared`: production has patternlint installed. Extras, development groups and ``requirements-dev.txt`` do
    not count: what is there is not there in production, and an import of it would break the program.
    `is_application`: nobody installs it to import from it (a project file, but no build); a folder without any project
    file may be a part of anything and is none.
    `python_from`: the file that says so, and the path of the key there; empty where nothing does.
    """

    python: tuple[int, int] = DEFAULT_PYTHON
    python_from: tuple[str, ...] = ()
    runtime_declared: bool = False
    is_application: bool = False


def read_metadata(root: Path, pyproject: dict[str, Any]) -> Metadata:
    """The metadata of the project at `root`, whose parsed ``pyproject.toml`` is given (empty where there is none)."""
    project = _table(pyproject, "project")
    poetry = _table(_table(pyproject, "tool"), "poetry")
    poetry_dependencies = _table(poetry, "dependencies")
    setup_cfg = _read(root / "setup.cfg")
    declared = [str(entry) for entry in _list(project, "dependencies")]
    declared += [str(name) for name in poetry_dependencies if not _is_optional(poetry_dependencies[name])]
    declared.append(_cfg_value(setup_cfg, "options", "install_requires"))
    declared += [_read(root / name) for name in _RUNTIME_FILES]
    said = {
        (PYPROJECT, "project", "requires-python"): project.get("requires-python"),
        (PYPROJECT, "tool", "poetry", "dependencies", "python"): poetry_dependencies.get("python"),
        ("setup.cfg", "options", "python_requires"): _cfg_value(setup_cfg, "options", "python_requires"),
    }
    place, requires_python = next(((place, text) for place, text in said.items() if text), ((), None))
    packaged = "build-system" in pyproject or (root / "setup.py").exists() or "[metadata]" in setup_cfg
    has_project_file = bool(pyproject) or any((root / name).exists() for name in _RUNTIME_FILES)
    return Metadata(
        python=oldest_python(requires_python) if isinstance(requires_python, str) else DEFAULT_PYTHON,
        python_from=place,
        runtime_declared=any(_OWN_REQUIREMENT.search(text) for text in declared),
        is_application=has_project_file and not packaged,
    )


def oldest_python(requires_python: str) -> tuple[int, int]:
    """The oldest version that a ``requires-python`` admits; the default where it names none."""
    lowest = [
        (int(major), int(minor or 0) + (operator == ">" and bool(minor)))
        for operator, major, minor in _LOWER_BOUND.findall(requires_python)
    ]
    return max(lowest) if lowest else DEFAULT_PYTHON


def _table(table: dict[str, Any], key: str) -> dict[str, Any]:
    value = table.get(key)
    return value if isinstance(value, dict) else {}


def _list(table: dict[str, Any], key: str) -> list[Any]:
    value = table.get(key)
    return value if isinstance(value, list) else []


def _is_optional(requirement: object) -> bool:
    return isinstance(requirement, dict) and bool(requirement.get("optional"))


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", "replace")
    except OSError:
        return ""


def _cfg_value(text: str, section: str, key: str) -> str:
    """One value of an ini file, its continuation lines included; empty where it is missing."""
    found = re.search(rf"^\[{section}\][^\n]*\n(?P<body>(?:(?!\[).*\n?)*)", text, re.MULTILINE)
    value = found and re.search(rf"^{key}[ \t]*[=:](?P<value>.*(?:\n[ \t]+.*)*)", found["body"], re.MULTILINE)
    return value["value"] if value else ""
