"""The folder at a project's root for what patternlint remembers between runs."""

from __future__ import annotations

import contextlib
from pathlib import Path

NAME = ".patternlint_cache"
_MARKS = {
    ".gitignore": "*\n",  # version control leaves it alone
    "CACHEDIR.TAG": "Signature: 8a477f597d28d172789f06886806bc55\n# made by patternlint\n",  # and so do backups
}


def cache_folder(root: Path) -> Path:
    """The project's folder, made where it is missing.

    Raises:
        OSError: it cannot be made.
    """
    return made(root / NAME)


def made(folder: Path) -> Path:
    """The folder with its marks, made where it is missing.

    Raises:
        OSError: it cannot be made.
    """
    folder.mkdir(exist_ok=True, parents=True)
    for name, content in _MARKS.items():
        with contextlib.suppress(FileExistsError), open(folder / name, "x", encoding="ascii") as file:
            file.write(content)
    return folder
