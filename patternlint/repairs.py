"""Where the fixes of a run go: into the files at once, or into a proposal that is shown or tried first."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from patternlint.errors import PatternlintError
from patternlint.journal import Journal, TakenBack, Unavailable
from patternlint.journal_file import new_run
from patternlint.write import Replacement, ensure_writable, write_all

if TYPE_CHECKING:
    from patternlint.fixer import Change
    from patternlint.source import Source


class Repairs(Protocol):
    """What a run needs of the place where fixes go."""

    def read(self, path: Path) -> bytes:
        """What a file holds with the fixes that were taken so far."""
        ...

    def take(self, root: Path, changes: Sequence[Change]) -> None:
        """Keep what belongs together.

        Raises:
            PatternlintError: it cannot be kept, and nothing of it was.
        """
        ...


class Proposal:
    """Fixed files that are not on disk; two names of one file are one file.

    Args:
        to_be_written: whether a file that may not be written is refused.
    """

    def __init__(self, *, to_be_written: bool = False) -> None:
        self._to_be_written = to_be_written
        self._names: dict[tuple[int, int] | Path, Path] = {}
        self._changes: dict[Path, tuple[Path, Source, Source]] = {}
        self._originals: dict[Path, Source] = {}

    def again(self) -> Proposal:
        """An empty one for the same files, whatever is on disk in the meantime."""
        other = Proposal()
        other._names = self._names
        other._originals = {name: before for name, (_, before, _) in self._changes.items()}
        return other

    def read(self, path: Path) -> bytes:
        """The file as proposed."""
        name = self._name(path)
        if name in self._changes:
            return self._changes[name][2].data
        return self._originals[name].data if name in self._originals else path.read_bytes()

    def take(self, root: Path, changes: Sequence[Change]) -> None:
        """Propose changes of the project at `root`."""
        if self._to_be_written:
            for change in changes:
                if self._name(change.before.path) not in self._changes:
                    ensure_writable(change.before.path, change.before.data)
        for change in changes:
            name = self._name(change.before.path)
            before = self._changes[name][1] if name in self._changes else change.before
            self._changes[name] = (root, before, change.after)

    def changes(self) -> Iterator[tuple[Path, Source, Source]]:
        """Root, source before and source after of each changed file, by path."""
        for name in sorted(self._changes):
            root, before, after = self._changes[name]
            if before.data != after.data:
                yield root, before, after

    def _name(self, path: Path) -> Path:
        """The name under which the file came first."""
        if path not in self._names:
            key: tuple[int, int] | Path = path
            with contextlib.suppress(OSError):
                status = os.stat(path)
                key = (status.st_dev, status.st_ino)
            self._names[path] = self._names.setdefault(key, path)
        return self._names[path]


class OnDisk:
    """Files are written as they are fixed, so that a run that is cut short has done what it has done.

    Args:
        journals: of the projects that are fixed.
        warn: says something to the user.
    """

    def __init__(self, journals: Journals, warn: Callable[[str], None]) -> None:
        self._journals = journals
        self._warn = warn
        self._warned: set[Path] = set()

    def read(self, path: Path) -> bytes:
        """The file as it is."""
        return path.read_bytes()

    def take(self, root: Path, changes: Sequence[Change]) -> None:
        """Write the files, noted in the journal where there can be one."""
        replacements = [Replacement(c.before.path, c.before.data, c.after.data) for c in changes]
        journal = self._journals.of(root)
        if journal is not None:
            journal.write(replacements)
            return
        if root not in self._warned:
            self._warned.add(root)
            self._warn(
                f"`patternlint undo` will not be possible: no journal can be kept: {self._journals.why_not(root)}"
            )
        write_all(replacements)


class Journals:
    """The journals of all projects of a run: opened, and so locked, before anything is read.

    Args:
        roots: the projects' folders.
        verify: whether the run tries fixes out.
        recovered: is told what became of a run that was cut short.

    Raises:
        PatternlintError: one of the projects cannot be changed now; none is locked then.
    """

    def __init__(self, roots: Iterable[Path], *, verify: bool, recovered: Callable[[Path, TakenBack], None]) -> None:
        self._journals: dict[Path, Journal] = {}
        self._reasons: dict[Path, str] = {}
        run = new_run()
        try:
            for root in sorted(set(roots)):
                try:
                    journal = self._journals[root] = Journal(root)
                except Unavailable as reason:
                    if verify:
                        what = f"{root}: no journal can be kept: {reason}"
                        raise PatternlintError(what, "--verify needs one: make the folder writable") from None
                    self._reasons[root] = str(reason)
                    continue
                taken = journal.recover()
                if taken is not None:
                    recovered(root, taken)
                journal.begin(run, verify=verify)
        except BaseException:
            self.close()
            raise

    def of(self, root: Path) -> Journal | None:
        """The journal of a project, where there is one."""
        return self._journals.get(root)

    def why_not(self, root: Path) -> str:
        """Why there is none."""
        return self._reasons.get(root, "")

    def finish(self) -> None:
        """The run came to its end."""
        for journal in self._journals.values():
            journal.finish()

    def abandon(self) -> TakenBack:
        """Take back all that the run wrote."""
        taken = [journal.abandon() for journal in self._journals.values()]
        return TakenBack(tuple(p for t in taken for p in t.restored), tuple(left for t in taken for left in t.left))

    def close(self) -> None:
        """Let others change the projects."""
        for journal in self._journals.values():
            journal.close()
