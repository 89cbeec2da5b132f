"""Copying the companion runtime into a project: its source, with its licence, as a package of the project's own."""

from __future__ import annotations

import os
import re
from pathlib import Path

from patternlint.errors import PatternlintError
from patternlint.project.files import ModuleNames
from patternlint.project.root import Roots
from patternlint.version import VERSION

_RUNTIME = Path(__file__).with_name("runtime")
_MARK = "# From patternlint.runtime"
_OWN_IMPORT = re.compile(r"^(\s*(?:from|import)\s+)patternlint\.runtime\b", re.MULTILINE)


def vendor(folder: str) -> str:
    """Copy the runtime into `folder`, over an earlier copy; the name it is imported by.

    Raises:
        PatternlintError: a file of somebody else's stands in the way, or the folder cannot be written.
    """
    target = Path(os.path.abspath(folder))
    module = ModuleNames(Roots().of(target.parent).folder).name(target / "__init__.py")
    copies = {target / source.name: _copy(source, module) for source in sorted(_RUNTIME.glob("*.py"))}
    for path in copies:
        if path.exists() and not path.read_text("utf-8", "replace").startswith(_MARK):
            raise PatternlintError(f"{path}: exists and is no copy of the runtime", "give another folder")
    try:
        target.mkdir(parents=True, exist_ok=True)
        for path, text in copies.items():
            path.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise PatternlintError(f"{target}: cannot be written: {error.strerror}", "give another folder") from None
    return module


def _copy(source: Path, module: str) -> str:
    header = f"{_MARK} {VERSION} (MIT licence, copyright (c) the patternlint contributors); do not edit.\n"
    return header + _OWN_IMPORT.sub(rf"\1{module}", source.read_text("utf-8"))
