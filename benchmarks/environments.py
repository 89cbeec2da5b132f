"""Scratch virtual environments with pinned packages, kept for the next measurement."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

OLDEST = (3, 11)


def environment(
    folder: Path, requirements: Sequence[str], python: Path = Path(sys.executable), *, anew: bool = False
) -> Path:
    """The interpreter of a virtual environment that holds `requirements` and what they need.

    Args:
        folder: where it is, or is to be made.
        requirements: for pip; another list than last time makes it anew.
        python: the interpreter to make it from.
        anew: install again even so: one of them is a folder whose content changes.
    """
    made = folder / "bin" / "python"
    done = folder / "requirements.txt"
    wanted = "\n".join(requirements)
    if anew or not done.exists() or done.read_text() != wanted:
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([python, "-m", "venv", folder], check=True)
        if requirements:
            subprocess.run([made, "-m", "pip", "install", "-q", *requirements], check=True)
        done.write_text(wanted)
    return made


def versions(python: Path) -> dict[str, str]:
    """What is installed beside an interpreter, by name."""
    program = "import importlib.metadata as m\nfor d in m.distributions(): print(d.metadata['Name'].lower(), d.version)"
    lines = subprocess.run([python, "-c", program], capture_output=True, text=True, check=True).stdout.splitlines()
    return dict(line.split(" ", 1) for line in lines)


def interpreters(further: Iterable[Path] = ()) -> dict[str, Path]:
    """Every interpreter that patternlint supports, by version: those on PATH, those of pyenv, and `further` ones."""
    found: dict[str, Path] = {}
    for path in (*_candidates(), *further):
        version = _version(path)
        if version:
            found.setdefault(version, path)
    return dict(sorted(found.items(), key=lambda item: [int(n) for n in item[0].split()[0].split(".")]))


def _candidates() -> Iterator[Path]:
    yield Path(sys.executable)
    names = [f"python3.{minor}{build}" for minor in range(OLDEST[1], OLDEST[1] + 6) for build in ("", "t")]
    for folder in os.get_exec_path():
        yield from (path for name in names if (path := Path(folder, name)).is_file())
    home = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    yield from sorted(home.glob("versions/*/bin/python3"))


def _version(python: Path) -> str:
    """Such as ``3.13.0`` or ``3.13.0 free-threaded``; empty for one that does not start, is too old or has no venv."""
    program = (
        "import sys, sysconfig, venv, ensurepip\n"
        f"supported = sys.version_info >= {OLDEST} and sys.version_info[3] == 'final'\n"
        "if supported and sys.implementation.name == 'cpython':\n"
        "    print(sys.version.split()[0], 'free-threaded' if sysconfig.get_config_var('Py_GIL_DISABLED') else '')"
    )
    done = subprocess.run([python, "-c", program], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
