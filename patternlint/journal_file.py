"""The file that a journal is kept in: lines that are only ever appended, each on disk before it is relied upon.

A section begins with a line that says who runs. Each further line is one group of files that are written together or
not at all: with their digests before and after, and the bytes that are about to go. A section that came to its end says
so. A last line that was cut short tells of nothing, for its files have not been touched.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from patternlint.errors import PatternlintError
from patternlint.write import sync_folders

FORMAT = 1
_END = b'{"finished":true}\n'


class Written(NamedTuple):
    """One file of a group: relative path, digests, and what else it was before."""

    path: str
    before: str
    after: str
    mode: int
    mtime_ns: int


class Section:
    """What one run wrote; `start` is where it begins in the file, `run` names it, later ones with greater names."""

    def __init__(self, start: int, run: str, verify: bool) -> None:
        self.start = start
        self.run = run
        self.verify = verify
        self.groups: list[list[Written]] = []
        self.finished = False


class JournalFile:
    """The sections in a file, and the contents that they tell of by digest.

    Args:
        path: the file; it need not exist.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.sections: list[Section] = []
        self.contents: dict[str, bytes] = {}
        self._size = 0
        self._is_loaded = False

    # ---- reading

    def is_complete(self) -> bool:
        """Whether the last run came to its end: then only who wants to undo it needs to know what it did."""
        with self._opened() as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - len(_END)))
            return file.read() == _END

    def load(self) -> None:
        """Read everything, once.

        Raises:
            PatternlintError: it cannot be read, or not be understood.
        """
        if self._is_loaded:
            return
        with self._opened() as file:
            data = file.read()
        for line in data.splitlines(keepends=True):
            if not line.endswith(b"\n"):
                break
            try:
                self._understand(json.loads(line))
            except (ValueError, KeyError, TypeError, IndexError, AttributeError):
                what = f"{self.path}: is damaged or of another version of patternlint"
                raise PatternlintError(what, "move it away: then the runs it tells of cannot be undone") from None
            self._size += len(line)
        self._is_loaded = True

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        try:
            with open(self.path, "rb") if self.path.exists() else io.BytesIO() as file:
                yield file
        except OSError as error:
            raise PatternlintError(f"{self.path}: cannot be read: {error.strerror}", "check its permissions") from None

    def _understand(self, entry: dict[str, Any]) -> None:
        if "patternlint" in entry:
            if entry["patternlint"] != FORMAT:
                raise ValueError
            self.sections.append(Section(self._size, str(entry["run"]), bool(entry["verify"])))
        elif "finished" in entry:
            self.sections[-1].finished = True
        else:
            files = [Written(str(p), str(b), str(a), int(m), int(t)) for p, b, a, m, t in entry["files"]]
            if any(os.path.isabs(f.path) or ".." in f.path.split("/") for f in files):
                raise ValueError
            contents = {str(key): base64.b64decode(text, validate=True) for key, text in entry["contents"].items()}
            if any(digest(content) != key for key, content in contents.items()):
                raise ValueError
            self.contents.update(contents)
            self.sections[-1].groups.append(files)

    @property
    def unfinished(self) -> Section | None:
        """The section without an end, if the last one is."""
        return self.sections[-1] if self.sections and not self.sections[-1].finished else None

    # ---- writing; all of it raises OSError, and then the file is as it was

    def open_section(self, run: str, *, verify: bool) -> Section:
        """What follows is written by a run of that name."""
        section = Section(self._size, run, verify)
        self._append({"patternlint": FORMAT, "run": run, "arguments": sys.argv[1:], "verify": verify})
        self.sections.append(section)
        return section

    def add_group(self, files: Sequence[Written], contents: Mapping[str, bytes]) -> int:
        """A group is about to be written; what `cut` takes to forget it again."""
        size = self._size
        news = {key: content for key, content in contents.items() if key not in self.contents}
        encoded = {key: base64.b64encode(content).decode("ascii") for key, content in news.items()}
        self._append({"files": files, "contents": encoded})
        self.contents.update(news)
        self.sections[-1].groups.append(list(files))
        return size

    def end_section(self) -> None:
        """The run came to its end."""
        self._append({"finished": True})
        self.sections[-1].finished = True

    def _append(self, entry: dict[str, Any]) -> None:
        line = json.dumps(entry, separators=(",", ":")).encode("ascii") + b"\n"
        is_new = not self.path.exists()
        handle = os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o600)
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
            sync_folders([self.path.parent])
        self._size += len(line)

    def cut(self, size: int) -> None:
        """Forget what was appended behind `size`."""
        os.truncate(self.path, size)
        self.sections, self.contents, self._size, self._is_loaded = [], {}, 0, False
        self.load()

    def remove(self) -> None:
        """Begin again with nothing."""
        self.path.unlink(missing_ok=True)
        self._is_new()

    def set_aside(self) -> None:
        """Begin again with nothing, and keep the file under another name."""
        os.replace(self.path, self.path.with_name(f"kept-{datetime.now(UTC):%Y%m%d-%H%M%S}-{os.getpid()}.jsonl"))
        self._is_new()

    def _is_new(self) -> None:
        self.sections, self.contents, self._size, self._is_loaded = [], {}, 0, True


def new_run() -> str:
    """A name for a run that begins now."""
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%S.%f}-{os.getpid()}"


def digest(content: bytes) -> str:
    """What the journal calls a content."""
    return hashlib.sha256(content).hexdigest()
