"""What a run changed, on disk before it changes it: so that nothing is lost, and all of it can be taken back.

One file per project, ``.patternlint_cache/undo/journal.jsonl``, of lines that are only ever appended. A section begins
with a line that says who runs; each further line is one group of files that are written together or not at all, with
their digests before and after and the bytes that are about to go; a section that came to its end says so. A line is
on disk before the first of its files is touched. So whatever is cut short, the last line tells what may be half done.

A run with ``--verify`` tries things out: a section of that kind without an end is taken back whole. Other runs keep
what they have done, and the next one goes on in the same file, so that both can be undone together.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import stat
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from patternlint.cache_folder import cache_folder
from patternlint.errors import PatternlintError
from patternlint.locking import Held, Lock
from patternlint.write import FULL, Replacement, is_written_in_place, remove_leftovers, sync_folders, torn, write_all

FORMAT = 1
KEPT = "what it was before is kept in .patternlint_cache/undo"


class Written(NamedTuple):
    """One file of a group: relative path, digests, and what else it was before."""

    path: str
    before: str
    after: str
    mode: int
    mtime_ns: int


class Section:
    """What one run wrote; `start` is where it begins in the journal, `run` names it, later ones with greater names."""

    def __init__(self, start: int, run: str, verify: bool) -> None:
        self.start = start
        self.run = run
        self.verify = verify
        self.groups: list[list[Written]] = []
        self.finished = False


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
        PatternlintError: another process is at work, the disk is full, or the journal is damaged.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        try:
            folder = cache_folder(root) / "undo"
            folder.mkdir(exist_ok=True)
            _check_owner(folder, root)
            self._path = folder / "journal.jsonl"
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
            self._load()
        except BaseException:
            self._lock.release()
            raise
        self._section: Section | None = None  # ours, once there is something in it
        self._run, self._verify = new_run(), False
        self._folders: set[Path] = set()

    # ---- reading

    def _load(self) -> None:
        self._sections: list[Section] = []
        self._contents: dict[str, bytes] = {}
        self._size = 0
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise PatternlintError(f"{self._path}: cannot be read: {error.strerror}", "check its permissions") from None
        for line in data.splitlines(keepends=True):
            if not line.endswith(b"\n"):
                break  # a line that was cut short: its files have not been touched
            try:
                self._read(json.loads(line))
            except (ValueError, KeyError, TypeError, IndexError, AttributeError):
                what = f"{self._path}: is damaged or of another version of patternlint"
                raise PatternlintError(what, "move it away: then the runs it tells of cannot be undone") from None
            self._size += len(line)

    def _read(self, entry: dict[str, Any]) -> None:
        if "patternlint" in entry:
            if entry["patternlint"] != FORMAT:
                raise ValueError
            self._sections.append(Section(self._size, str(entry["run"]), bool(entry["verify"])))
        elif "finished" in entry:
            self._sections[-1].finished = True
        else:
            files = [Written(str(p), str(b), str(a), int(m), int(t)) for p, b, a, m, t in entry["files"]]
            if any(os.path.isabs(f.path) or ".." in f.path.split("/") for f in files):
                raise ValueError
            contents = {str(key): base64.b64decode(text, validate=True) for key, text in entry["contents"].items()}
            if any(digest(content) != key for key, content in contents.items()):
                raise ValueError
            self._contents.update(contents)
            self._sections[-1].groups.append(files)

    @property
    def _unfinished(self) -> Section | None:
        return self._sections[-1] if self._sections and not self._sections[-1].finished else None

    @property
    def run(self) -> str:
        """The last run that it tells of; empty where there is nothing to undo."""
        return max((section.run for section in self._sections if section.groups), default="")

    # ---- taking back

    def recover(self) -> TakenBack | None:
        """Bring a run that was cut short to a state that can be told: None where there was none, or nothing to do."""
        section = self._unfinished
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
        section = self._unfinished
        if section is not None and section.groups:
            if section.verify:
                return self.recover() or TakenBack((), ())
            self._clean(section)
        taken = self._take_back([group for section in self._sections for group in section.groups])
        if not taken.left:
            self._remove()
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
        write_all([Replacement(path, content, self._contents[was.before], was.mode, was.mtime_ns)])
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
        contents = self._contents
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
            if self._section is None:
                self._open_section()
            self._note(replacements)
        except OSError as error:
            raise self._cannot_be_written(error) from None
        self._folders.update(r.path.parent for r in replacements)
        write_all(replacements)

    def _cannot_be_written(self, error: OSError) -> PatternlintError:
        what = f"{self._path}: cannot be written: {error.strerror}"
        return PatternlintError(what, "make room and run again; what it does not tell of was not changed")

    def _open_section(self) -> None:
        if self._unfinished is None or self._unfinished.verify:
            self._remove()
        section = Section(self._size, self._run, self._verify)
        header = {"patternlint": FORMAT, "run": self._run, "arguments": sys.argv[1:], "verify": self._verify}
        self._append(header)
        self._sections.append(section)
        self._section = section

    def _note(self, replacements: Sequence[Replacement]) -> None:
        assert self._section is not None
        files: list[Written] = []
        contents: dict[str, bytes] = {}
        seen = {file.path for group in self._section.groups for file in group}
        for one in replacements:
            try:
                status = os.stat(one.path)
            except OSError as error:
                what = f"{one.path}: cannot be written: {error.strerror}"
                raise PatternlintError(what, "check the file and its permissions") from None
            path = os.path.relpath(one.path, self.root).replace(os.sep, "/")
            mode, time = stat.S_IMODE(status.st_mode), status.st_mtime_ns
            files.append(Written(path, digest(one.before), digest(one.after), mode, time))
            if is_written_in_place(status):
                contents.update({digest(one.before): one.before, digest(one.after): one.after})
            elif not self._verify or path not in seen:  # what is tried out is only ever taken back to the beginning
                contents[digest(one.before)] = one.before
        news = {key: content for key, content in contents.items() if key not in self._contents}
        encoded = {key: base64.b64encode(content).decode("ascii") for key, content in news.items()}
        self._append({"files": files, "contents": encoded})
        self._contents.update(news)
        self._section.groups.append(files)

    def _append(self, entry: dict[str, Any]) -> None:
        line = json.dumps(entry, separators=(",", ":")).encode("ascii") + b"\n"
        is_new = not self._path.exists()
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
        try:
            os.ftruncate(handle, self._size)  # what was cut short goes
            os.lseek(handle, self._size, os.SEEK_SET)
            try:
                rest = memoryview(line)
                while rest:
                    rest = rest[os.write(handle, rest) :]
                os.fsync(handle)
            except BaseException:
                os.ftruncate(handle, self._size)
                raise
        finally:
            os.close(handle)
        if is_new:
            sync_folders([self._path.parent])
        self._size += len(line)

    def finish(self) -> None:
        """The run came to its end: the next one begins a new journal when it first writes."""
        sync_folders(self._folders)
        section = self._section or self._unfinished
        if section is not None:
            try:
                self._append({"finished": True})
            except OSError as error:
                raise self._cannot_be_written(error) from None
            section.finished = True

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
            os.replace(self._path, self._path.with_name(f"kept-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}.jsonl"))
            self._remove()
            return
        self._sections.remove(section)
        self._size = section.start
        if not self._sections:
            self._remove()
            return
        os.truncate(self._path, self._size)

    def _remove(self) -> None:
        self._path.unlink(missing_ok=True)
        self._sections, self._contents, self._size = [], {}, 0

    def close(self) -> None:
        """Let others change the project."""
        self._lock.release()


def new_run() -> str:
    """A name for a run that begins now."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}-{os.getpid()}"


def digest(content: bytes) -> str:
    """What the journal calls a content."""
    return hashlib.sha256(content).hexdigest()


def _check_owner(folder: Path, root: Path) -> None:
    """A journal says what to write where: take it from ourselves and from the project's owner, from nobody else."""
    if hasattr(os, "geteuid") and folder.stat().st_uid not in (os.geteuid(), root.stat().st_uid):
        raise Unavailable(f"{folder}: belongs to somebody else")
