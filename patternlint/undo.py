"""The command ``undo``: the files as they were before the last run that fixed some."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

from patternlint.cache_folder import NAME
from patternlint.errors import PatternlintError
from patternlint.journal import Journal, TakenBack, Unavailable
from patternlint.project.files import DEFAULT_EXCLUDE
from patternlint.project.root import Roots


def undo(path: str) -> TakenBack:
    """Undo the last run over the project that `path` lies in, and over projects within it where it was the same run.

    Raises:
        PatternlintError: there is nothing to undo, or another process is at work.
    """
    if not os.path.lexists(path):
        raise PatternlintError(f"{path}: no such file or folder", "check the path")
    root = Roots().of(Path(os.path.abspath(path))).folder
    with ExitStack() as stack:
        journals = [stack.enter_context(closing(journal)) for journal in _journals(root)]
        last = max((journal.run for journal in journals), default="")
        if not last:
            raise PatternlintError(
                f"{root}: there is nothing to undo", "only files that --fix has changed are put back"
            )
        taken = [journal.undo() for journal in journals if journal.run == last]
    return TakenBack(tuple(p for t in taken for p in t.restored), tuple(left for t in taken for left in t.left))


def _journals(root: Path) -> Iterator[Journal]:
    for folder, folders, _ in os.walk(root):
        if NAME in folders and os.path.isdir(os.path.join(folder, NAME, "undo")):
            try:
                yield Journal(Path(folder))
            except Unavailable as reason:
                raise PatternlintError(f"{folder}: cannot be undone: {reason}", "check the permissions") from None
        folders[:] = [name for name in folders if name not in DEFAULT_EXCLUDE and name != NAME]
