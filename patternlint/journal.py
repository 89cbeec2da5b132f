"""What a run changed, on disk before it changes it: so that nothing is lost, and all of it can be taken back.

One journal per project, in ``.patternlint_cache/undo``. Each group of files is noted before the first of them is
touched, so whatever is cut short, the last thing noted tells what may be half done.

A run with ``--verify`` tries things out: if it did not come to its end, it is taken back whole. Other runs keep what
they have done, and the next one goes on in the same journal, so that both can be undone together.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from patternlint.cache_folder import cache_folder
from patternlint.errors import PatternlintError
from patternlint.journal_file import JournalFile, Section, Written, digest, new_run
from patternlint.locking import Held, Lock
from patternlint.write import (
    FULL,
    Replacement,
    is_written_in_place,
    remove_leftovers,
    status_of,
    sync_folders,
    torn,
    write_all,
)

KEPT = "what it was before is kept in .patternlint_cache/undo"


class Left(NamedTuple):
    """A file that was not put back, and why."""

    path: Path
    why: str


class TakenBack(NamedTuple):
    """What became of the files that were to be put back."""

    restored: tuple[Path, ...]
    left: tuple[Left, ...]


class Unavailable(Exception):
    """No journal can be kept here, and why."""


class Journal:
    """The journal of one project, opened by one process: nobody else writes to the project's files meanwhile.

    Args:
        root: the project's folder.

    Raises:
        Unavailable: its folder may not be written.
        PatternlintError: another process is at work, the disk is full, or the journal of a run that was cut short
            cannot be read.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            folder = cache_folder(root) / "undo"
            folder.mkdir(exist_ok=True)
            _check_owner(folder, root)
            self._file = JournalFile(folder / "journal.jsonl")
            self._lock = Lock(folder / "lock")
        except Held as held:
            who = f" (process {held.holder})" if held.holder else ""
            message = f"{root}: another patternlint{who} is changing this project"
            raise PatternlintError(message, "wait until it is done; nothing was changed") from None
        except OSError as error:
            where = error.filename or root
            if error.errno in FULL:
                what = f"{where}: cannot be written: {error.strerror}"
                raise PatternlintError(what, "make room and run again; nothing was changed") from None
            raise Unavailable(f"{where}: {error.strerror}") from None
        try:
            if not self._file.is_complete():
                self._file.load()
        except BaseException:
            self._lock.release()
            raise
        self._run, self._verify = new_run(), False
        self._section: Section | None = None  # ours, once there is something in it
        self._seen: set[str] = set()  # paths in it
        self._folders: set[Path] = set()

    @property
    def run(self) -> str:
        """The last run that it tells of; empty where there is nothing to undo."""
        self._file.load()
        return max((section.run for section in self._file.sections if section.groups), default="")

    # ---- taking back

    def recover(self) -> TakenBack | None:
        """Bring a run that was cut short to a state that can be told: None where there was none, or nothing to do."""
        section = self._file.unfinished
        if section is None or not section.groups:
            return None
        self._clean(section)
        if section.verify:
            taken = self._take_back(section.groups)
            self._forget(section, keep_copy=bool(taken.left))
            return taken
        last = section.groups[-1]
        states = {self._state(f, [f]) for f in last}
        if states == {"after"} or not states & {"after", "between"}:
            return None
        return self._take_back([last])

    def undo(self) -> TakenBack:
        """Take back everything that the journal tells of, or just a trial that was cut short.

        The journal is kept only if something was left.
        """
        self._file.load()
        section = self._file.unfinished
        if section is not None and section.groups:
            if section.verify:
                return self.recover() or TakenBack((), ())
            self._clean(section)
        taken = self._take_back([group for section in self._file.sections for group in section.groups])
        if not taken.left:
            self._file.remove()
        return taken

    def _clean(self, section: Section) -> None:
        """Remove what a process that was killed had beside the files that it was about to write."""
        remove_leftovers({self._real(f.path).parent for f in section.groups[-1]})

    def _take_back(self, groups: list[list[Written]], *, ours: bool = False) -> TakenBack:
        """Each file as it was before the first of the groups; in one group, as far as possible.

        Args:
            groups: in the order in which they were written.
            ours: this very process has written them; else what lies outside the project is left alone, since anybody
                may have made a journal that comes with a tree.
        """
        first: dict[str, list[Written]] = {}
        for group in groups:
            for file in group:
                first.setdefault(file.path, []).append(file)
        restored: list[Path] = []
        left: list[Left] = []
        for name, history in first.items():
            path = self.root / name
            try:
                if self._restored(path, history, ours):
                    restored.append(path)
            except FileNotFoundError:
                left.append(Left(path, "is not there any more"))
            except OSError as error:
                left.append(Left(path, f"cannot be read: {error.strerror}"))
            except PatternlintError as error:
                left.append(Left(path, error.message.removeprefix(f"{path}: ")))
        sync_folders({path.parent for path in restored})
        return TakenBack(tuple(restored), tuple(left))

    def _restored(self, path: Path, history: list[Written], ours: bool) -> bool:
        was = history[0]
        content = path.read_bytes()
        if digest(content) == was.before:
            return False
        if self._state(was, history) is None:
            raise PatternlintError(f"{path}: changed since, so it was left alone")
        if not ours and not self._real(was.path).is_relative_to(os.path.realpath(self.root)):
            raise PatternlintError(f"{path}: is a link that leads out of the project, so it was left alone")
        write_all([Replacement(path, content, self._file.contents[was.before], was.mode, was.mtime_ns)])
        return True

    def _state(self, was: Written, history: list[Written]) -> str | None:
        """What a file holds: what was `before`, something that we wrote `after`, or something else (None)."""
        try:
            content = (self.root / was.path).read_bytes()
        except OSError:
            return None
        current = digest(content)
        if current == was.before:
            return "before"
        contents = self._file.contents
        known = any(
            current in (f.before, f.after)
            or (f.before in contents and f.after in contents and torn(content, contents[f.before], contents[f.after]))
            for f in history
        )
        if not known:
            return None
        return "after" if current in {f.after for f in history} else "between"

    def _real(self, path: str) -> Path:
        return Path(os.path.realpath(self.root / path))

    # ---- writing

    def begin(self, run: str, *, verify: bool = False) -> None:
        """What is written from now on is the run of that name."""
        self._run, self._verify = run, verify

    def write(self, replacements: Sequence[Replacement]) -> None:
        """All of these, or none; noted before.

        Raises:
            PatternlintError: one of them cannot be written, or not be noted. All are as they were.
        """
        try:
            size = self._note(replacements)
        except OSError as error:
            raise self._cannot_be_written(error) from None
        try:
            write_all(replacements)
        except BaseException:
            self._retract(size)
            raise
        self._seen.update(self._name(one.path) for one in replacements)
        self._folders.update(one.path.parent for one in replacements)

    def _note(self, replacements: Sequence[Replacement]) -> int:
        statuses = {one.path: status_of(one.path, one.before) for one in replacements}
        if self._section is None:
            if self._file.unfinished is None or self._file.unfinished.verify:
                self._file.remove()
            self._section = self._file.open_section(self._run, verify=self._verify)
        files: list[Written] = []
        contents: dict[str, bytes] = {}
        for path, before, after, *_ in replacements:
            status = statuses[path]
            name, mode, mtime_ns = self._name(path), stat.S_IMODE(status.st_mode), status.st_mtime_ns
            files.append(Written(name, digest(before), digest(after), mode, mtime_ns))
            if is_written_in_place(status):
                contents.update({digest(before): before, digest(after): after})
            elif not self._verify or name not in self._seen:  # a trial is only ever taken back to its beginning
                contents[digest(before)] = before
        return self._file.add_group(files, contents)

    def _name(self, path: Path) -> str:
        return os.path.relpath(path, self.root).replace(os.sep, "/")

    def _retract(self, size: int) -> None:
        """What was not done is not told either, unless some of it was."""
        assert self._section is not None
        if not {self._state(file, [file]) for file in self._section.groups[-1]} & {"after", "between"}:
            with suppress(OSError):  # to be told too much does no harm
                self._file.cut(size)
                self._section = self._file.sections[-1]

    def finish(self) -> None:
        """The run came to its end: the next one begins a new journal when it first writes.

        Raises:
            PatternlintError: that cannot be noted.
        """
        sync_folders(self._folders)
        if self._file.unfinished is not None:
            try:
                self._file.end_section()
            except OSError as error:
                raise self._cannot_be_written(error) from None

    def _cannot_be_written(self, error: OSError) -> PatternlintError:
        what = f"{self._file.path}: cannot be written: {error.strerror}"
        return PatternlintError(what, "make room and run again; what it does not tell of was not changed")

    def abandon(self) -> TakenBack:
        """Take back what this run wrote, as if it had never been."""
        section, self._section = self._section, None
        if section is None:
            return TakenBack((), ())
        taken = self._take_back(section.groups, ours=True)
        self._forget(section, keep_copy=bool(taken.left))
        return taken

    def _forget(self, section: Section, *, keep_copy: bool) -> None:
        """Cut the last section off; with `keep_copy` the whole journal stays, under another name."""
        if keep_copy:
            self._file.set_aside()
        elif section.start == 0:
            self._file.remove()
        else:
            self._file.cut(section.start)

    def close(self) -> None:
        """Let others change the project."""
        self._lock.release()


def _check_owner(folder: Path, root: Path) -> None:
    """A journal says what to write where: take it from ourselves and from the project's owner, from nobody else."""
    if hasattr(os, "geteuid") and folder.stat().st_uid not in (os.geteuid(), root.stat().st_uid):
        raise Unavailable(f"{folder}: belongs to somebody else")
