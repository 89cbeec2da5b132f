"""What earlier runs found out, kept by content: a file that has not changed is not looked at again.

One SQLite file per project and configuration, since that is atomic, safe with several processes at once, and read in
parts: the outer table says what was found in each file, the inner one (read only when something changed) what the
project knows of it. Everything is JSON or plain text, so reading it runs no code; every row carries a checksum, and a
row, file or folder that is damaged, foreign or of another version counts as not there.
"""

from __future__ import annotations

import os
import sqlite3
import sys
import time
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from patternlint.errors import PatternlintError
from patternlint.finding import Applicability, Confidence, Edit, Evidence, FileEdits, Finding, Fix, Import
from patternlint.version import VERSION

if TYPE_CHECKING:
    from patternlint.answers import Answer
    from patternlint.config import Settings

_FORMAT = 3
_WAIT = 10.0  # seconds for another process to finish writing
# A file changed this recently (seconds) could change again without its time stamps telling: git calls it racily clean.
_RACY = 2.0
_UNUSED = 30 * 24 * 3600.0  # seconds after which a store that nobody has opened is removed
_TICK = 0.02  # seconds by which the time of a file may lag behind the clock
_TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, stamp TEXT, digest TEXT, asked INT, findings TEXT, sum INT)
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS reads (path TEXT PRIMARY KEY, reads TEXT, sum INT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS facts (path TEXT PRIMARY KEY, words TEXT, outline TEXT, sum INT) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS answers
    (key TEXT PRIMARY KEY, version TEXT, value TEXT, reads TEXT, rests TEXT, parts TEXT, sum INT) WITHOUT ROWID;
"""


class Entry(NamedTuple):
    """One file as it was seen, and what was found in it.

    `stamp` is the file's :func:`stamp` then, `digest` that of its bytes. `findings` is None where it was read for the
    sake of others alone; `asked` says whether they depend on other files.
    """

    stamp: str
    digest: str
    asked: bool = False
    findings: tuple[Finding, ...] | None = None


class Facts(NamedTuple):
    """What a project remembers of one file, as text; each is empty where nobody asked.

    `words` are the words in it, `outline` that of its module (see :mod:`patternlint.project.outline`).
    """

    words: str = ""
    outline: str = ""


def stamp(status: os.stat_result) -> str:
    """What tells whether a file is the one that was read, without reading it; empty where that cannot be told."""
    if may_have_changed_since(time.time() - _RACY, status):
        return ""
    return f"{status.st_mtime_ns}:{status.st_ctime_ns}:{status.st_size}:{status.st_ino}"


def may_have_changed_since(moment: float, status: os.stat_result) -> bool:
    """Whether a file may have changed after a time given in seconds, as far as its time stamps tell."""
    coarse = status.st_mtime_ns % 1_000_000_000 == 0  # some file systems know whole seconds, or every second one
    latest = max(status.st_mtime, status.st_ctime)
    return latest >= moment - (_RACY if coarse else _TICK)


def key(settings: Settings, ignoring: str) -> str:
    """Everything beside the sources that decides what is found: configuration, rules, versions.

    Args:
        settings: the project's configuration, the command line's laid over it.
        ignoring: the comments that do not count, as for the engine.
    """
    import patternlint_rules

    code = [os.path.dirname(__file__), os.path.dirname(patternlint_rules.__file__)]
    if settings.plugins:
        from patternlint.house_rules import code_of

        code += code_of(settings.plugins)
    libcst = find_spec("libcst")
    if libcst is not None and libcst.origin:
        code.append(os.path.join(os.path.dirname(libcst.origin), "_version.py"))
    stamps = [f"{path}:{s.st_mtime_ns}:{s.st_size}" for path, s in _code_files(code)]
    return "\n".join([str(_FORMAT), VERSION, sys.version, *stamps, repr(settings), ignoring])


def _code_files(paths: Iterable[str]) -> Iterator[tuple[str, os.stat_result]]:
    """The files that make up a tool: its version alone would not tell a developer's change from the code before."""
    for path in paths:
        if path.endswith(".py"):
            yield path, os.stat(path)
        elif os.path.isdir(path):
            yield from _code_files(sorted(entry.path for entry in os.scandir(path)))


def digest(data: bytes) -> str:
    """A file's content in short."""
    from hashlib import blake2b

    return blake2b(data, digest_size=16).hexdigest()


class Cache:
    """The store of one project and configuration.

    Args:
        folder: where the files lie; made when something is stored.
        key: everything beside the sources that decides what is found.

    It never raises: what goes wrong makes it an empty one, and `problem` says what stood in the way of storing.
    """

    def __init__(self, folder: Path, key: str) -> None:
        self._key = key
        self._path = folder / f"{zlib.crc32(key.encode()):08x}.sqlite"
        self._connection: sqlite3.Connection | None = None
        self._state = ""  # changes with every transaction of anybody
        self.problem = ""

    def entries(self) -> dict[str, Entry]:
        """All files that something is known of, by path relative to the root."""
        rows = self._rows("SELECT path, stamp, digest, asked, findings, sum FROM files")
        try:
            return {
                path: Entry(stamp, digest, bool(asked), None if found is None else tuple(_findings(found)))
                for path, stamp, digest, asked, found in rows
            }
        except (ValueError, TypeError, IndexError, AttributeError):
            self._discard()  # the sums are right and the content is not ours
            return {}

    def facts(self, paths: Iterable[str] | None = None) -> dict[str, Facts]:
        """What is remembered of these files, or of all; a path may be missing."""
        query = "SELECT path, words, outline, sum FROM facts"
        if paths is None:
            return {path: Facts(*values) for path, *values in self._rows(query)}
        found: dict[str, Facts] = {}
        for path in paths:
            found.update((path, Facts(*values)) for _, *values in self._rows(f"{query} WHERE path = ?", path))
        return found

    def reads(self) -> dict[str, str]:
        """What the findings of files rest on in others, in lines."""
        return dict(self._rows("SELECT path, reads, sum FROM reads")) if self._is_as_read() else {}

    def answers(self) -> dict[str, Answer]:
        """What the project has answered, by the keys of the questions."""
        from patternlint.answers import Answer

        rows = self._rows("SELECT key, version, value, reads, rests, parts, sum FROM answers")
        return {key: Answer(*values) for key, *values in rows} if self._is_as_read() else {}

    def store(
        self,
        entries: Iterable[tuple[str, Entry]],
        facts: Iterable[tuple[str, Facts]] = (),
        gone: Iterable[str] = (),
        reads: Iterable[tuple[str, str]] = (),
        answers: Iterable[tuple[str, Answer]] = (),
        outdated: Iterable[str] = (),
    ) -> None:
        """Remember files and answers in place of what was known of them; drop what is gone and outdated.

        What another process has stored since this one read is newer, or older: nobody can tell, so then nothing is
        stored.
        """
        with self._writing() as connection:
            if connection is not None:
                connection.executemany("INSERT OR REPLACE INTO files VALUES (?,?,?,?,?,?)", map(_entry_row, entries))
                connection.executemany("INSERT OR REPLACE INTO facts VALUES (?,?,?,?)", map(_summed, facts))
                connection.executemany("INSERT OR REPLACE INTO answers VALUES (?,?,?,?,?,?,?)", map(_summed, answers))
                connection.executemany(
                    "INSERT OR REPLACE INTO reads VALUES (?,?,?)", ((*row, _sum(row)) for row in reads)
                )
                connection.executemany("DELETE FROM answers WHERE key = ?", ((key,) for key in outdated))
                for path in gone:
                    for table in ("files", "facts", "reads"):
                        connection.execute(f"DELETE FROM {table} WHERE path = ?", (path,))

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    # ---- inside

    def _is_as_read(self) -> bool:
        """Whether nobody has stored anything since this one read first: what belongs together is of one state."""
        try:
            if self._connection is None and self._path.exists():
                self._connection = self._opened()
            if self._connection is None:
                return False
            return ("state", self._state) in self._connection.execute("SELECT key, value FROM meta")
        except (sqlite3.Error, ValueError) as error:
            self._discard(error)
            return False

    def _rows(self, query: str, *values: str) -> Iterator[tuple[Any, ...]]:
        """The rows of a query without their sums, those left out whose sum is wrong."""
        try:
            if self._connection is None:
                if not self._path.exists():
                    return
                self._connection = self._opened()
            for *row, total in self._connection.execute(query, values):
                if total == _sum(row):
                    yield tuple(row)
        except (sqlite3.Error, ValueError) as error:
            self._discard(error)

    def _opened(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=_WAIT, isolation_level=None)
        connection.execute("PRAGMA synchronous = NORMAL")
        try:
            known = dict(connection.execute("SELECT key, value FROM meta"))
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
            known = {}
        if known.get("key") != self._key:
            connection.execute("BEGIN IMMEDIATE")
            for table in ("meta", "files", "facts", "reads", "answers"):
                connection.execute(f"DROP TABLE IF EXISTS {table}")
            for statement in _TABLES.split(";")[:-1]:
                connection.execute(statement)
            connection.execute("INSERT INTO meta VALUES ('key', ?), ('state', '0')", (self._key,))
            connection.execute("COMMIT")
            known = {"state": "0"}
            _remove_unused(self._path.parent)
        with suppress(OSError):
            os.utime(self._path)  # it is in use
        self._state = self._state or known.get("state", "")  # opened again, it may be another one
        return connection

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection | None]:
        """A transaction; None where nothing can or may be stored."""
        connection = self._writable()
        if connection is None:
            yield None
            return
        try:
            connection.execute("BEGIN IMMEDIATE")
            ((state,),) = connection.execute("SELECT value FROM meta WHERE key = 'state'")
            if state != self._state:
                connection.execute("ROLLBACK")
                yield None
                return
            yield connection
            self._state = f"{os.getpid()}:{time.time_ns()}"
            connection.execute("UPDATE meta SET value = ? WHERE key = 'state'", (self._state,))
            connection.execute("COMMIT")
        except (sqlite3.Error, ValueError) as error:
            self._discard(error)

    def _writable(self) -> sqlite3.Connection | None:
        from patternlint.cache_folder import made

        for _ in range(2):  # a damaged file is taken away the first time
            try:
                made(self._path.parent)
                if self._connection is None:
                    self._connection = self._opened()
                return self._connection
            except OSError as error:
                self.problem = error.strerror or str(error)
                return None
            except sqlite3.Error as error:
                self._discard(error)
        return None

    def _discard(self, error: Exception | None = None) -> None:
        """Start afresh; a file that is merely locked, full or read-only is left alone."""
        self.close()
        self._state = ""
        if isinstance(error, sqlite3.OperationalError):
            self.problem = str(error)
            return
        try:
            self._path.unlink(missing_ok=True)
        except OSError as fault:
            self.problem = fault.strerror or str(fault)


def _remove_unused(folder: Path) -> None:
    """Remove what nobody has used for long: of configurations and versions that are no more."""
    for path in folder.glob("*.sqlite"):
        with suppress(OSError):
            if path.stat().st_mtime < time.time() - _UNUSED:
                path.unlink()


def clean(folder: Path) -> int:
    """Remove what is kept in a folder; how many files that were.

    Raises:
        PatternlintError: one of them cannot be removed.
    """
    count = 0
    for path in sorted(folder.glob("*.sqlite*")):
        try:
            path.unlink()
        except OSError as error:
            what = f"{path}: cannot be removed: {error.strerror}"
            raise PatternlintError(what, "check the permissions of its folder") from None
        count += 1
    return count


def _sum(row: Iterable[Any]) -> int:
    return zlib.crc32("\0".join(map(str, row)).encode())


def _summed(row: tuple[str, tuple[str, ...]]) -> tuple[Any, ...]:
    values = (row[0], *row[1])
    return (*values, _sum(values))


def _entry_row(row: tuple[str, Entry]) -> tuple[Any, ...]:
    path, entry = row
    found = None if entry.findings is None else ""
    if entry.findings:
        import json  # where nothing was found the start does without

        found = json.dumps(entry.findings, ensure_ascii=False, default=sorted)
    values = (path, entry.stamp, entry.digest, int(entry.asked), found)
    return (*values, _sum(values))


def _findings(text: str) -> Iterator[Finding]:
    """Findings from JSON, which has written named tuples as lists."""
    if not text:
        return
    import json

    for values in json.loads(text):
        finding = Finding(*values)
        yield finding._replace(
            confidence=Confidence(finding.confidence),
            evidence=tuple(Evidence(*e) for e in finding.evidence),
            fix=_fix(finding.fix),
        )


def _fix(values: Iterable[Any] | None) -> Fix | None:
    if values is None:
        return None
    message, applicability, edits, imports, form, binds, elsewhere, rewrites = values
    return Fix(
        message, Applicability(applicability), _edits(edits), _imports(imports), form, frozenset(binds),
        tuple(FileEdits(path, _edits(e), _imports(i)) for path, e, i in elsewhere), tuple(rewrites),
    )  # fmt: skip


def _edits(values: list[Any]) -> tuple[Edit, ...]:
    return tuple(Edit(*e) for e in values)


def _imports(values: list[Any]) -> tuple[Import, ...]:
    return tuple(Import(*i) for i in values)
