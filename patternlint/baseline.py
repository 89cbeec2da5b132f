"""The findings of the first day: written to a file once, left out from then on, fewer with each repair.

A finding is known by its content (:mod:`patternlint.fingerprint`), so lines may move and folders be renamed. The file
holds one entry on each line, sorted, so that two branches that change it merge: JSON, the first line says of which
version. Entries of a file that is no longer there count wherever the same content turns up.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from patternlint.config import CONFIDENCES
from patternlint.errors import PatternlintError
from patternlint.finding import Confidence, Finding
from patternlint.fingerprint import fingerprints
from patternlint.selection import NOT_PARSED, Selection
from patternlint.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from patternlint.checking import Target

VERSION = 1
_HEADER = {"baseline": "patternlint", "version": VERSION}


class Entry(NamedTuple):
    """One known finding: its file, relative to the baseline's folder, with forward slashes."""

    path: str
    rule: str
    fingerprint: str
    confidence: Confidence

    def line(self) -> str:
        """Its line of the file."""
        return json.dumps({**self._asdict(), "confidence": self.confidence.name.lower()})


class Baseline:
    """The known findings of one file, and which of them a run has met.

    Args:
        path: the file; what it says of paths counts from its folder.
        entries: what it holds.
    """

    def __init__(self, path: Path, entries: Iterable[Entry] = ()) -> None:
        self.path = path
        self._folder = os.path.realpath(path.parent)
        self.entries = sorted(set(entries))
        self._by_file: dict[str, list[Entry]] = {}
        for entry in self.entries:
            self._by_file.setdefault(entry.path, []).append(entry)
        self._gone = [e for name, of_file in self._by_file.items() if not self._is_there(name) for e in of_file]
        self._met: dict[str, dict[Entry, Entry]] = {}  # by file: what is known, as it stands here and as it is found

    @classmethod
    def read(cls, name: str) -> Baseline:
        """The baseline in a file.

        Raises:
            PatternlintError: it is not there, or cannot be understood.
        """
        path = Path(os.path.abspath(name))
        again = f"write it: `patternlint baseline --baseline {name}`"
        try:
            lines = path.read_text("utf-8").splitlines()
        except OSError as error:
            raise PatternlintError(f"{name}: the baseline cannot be read: {error.strerror}", again) from None
        except UnicodeDecodeError:
            raise PatternlintError(f"{name}: is no baseline: it is not UTF-8", again) from None
        if not lines or (header := _record(lines[0])).get("baseline") != "patternlint":
            raise PatternlintError(f"{name}:1: is no baseline: its first line is another one", again)
        if header.get("version") != VERSION:
            what = f"{name}:1: the baseline is of version {header.get('version')}, this patternlint reads {VERSION}"
            raise PatternlintError(what, f"use the patternlint that wrote it, or {again}")
        return cls(path, [_entry(name, row, line, again) for row, line in enumerate(lines[1:], 2) if line.strip()])

    # ---- in a run

    def new(self, findings: Sequence[Finding], source: Source | None, root: Path) -> list[Finding]:
        """The findings of one file that are not known.

        Args:
            findings: all of them.
            source: the file; None where it could not be read as text.
            root: the project's folder.
        """
        found = self.entries_of(findings, source, root)
        name = found[0].path
        known = {entry.fingerprint: entry for entry in self._by_file.get(name, ())}
        elsewhere = {met for file, of_file in self._met.items() if file != name for met in of_file}
        moved = {entry.fingerprint: entry for entry in self._gone if entry not in elsewhere}
        met = {e: k for e in found if (k := known.get(e.fingerprint) or moved.get(e.fingerprint)) is not None}
        self._met[name] = {known_as: entry for entry, known_as in met.items()}
        return [finding for finding, entry in zip(findings, found, strict=True) if entry not in met]

    def entries_of(self, findings: Sequence[Finding], source: Source | None, root: Path) -> list[Entry]:
        """The entries that the findings of one file would have."""
        return [
            Entry(self._name(root / finding.path), finding.code, fingerprint, finding.confidence)
            for finding, fingerprint in zip(findings, fingerprints(findings, source), strict=True)
        ]

    @property
    def left_out(self) -> int:
        """How many findings were known."""
        return sum(map(len, self._met.values()))

    def stale(self, targets: Iterable[Target], arguments: Iterable[str]) -> list[Entry]:
        """The entries that nothing was found for, though it was looked for.

        Args:
            targets: the files that were checked.
            arguments: the paths that the run was asked for: below them a file that is gone was looked for, too.
        """
        places = {self._name(Path(target.name)): target.place for target in targets}
        codes = {place: Selection(place.settings).codes | {NOT_PARSED} for place in places.values()}
        anywhere = frozenset[str]().union(*codes.values())
        below = tuple(f"{name}/" if name != "." else "" for name in map(self._name, map(Path, arguments)))
        met = {entry for of_file in self._met.values() for entry in of_file}

        def was_looked_for(entry: Entry) -> bool:
            if (place := places.get(entry.path)) is not None:
                return entry.rule in codes[place] and entry.confidence >= place.settings.min_confidence
            is_gone = entry.path.startswith(below) and not self._is_there(entry.path)
            return is_gone and (not codes or entry.rule in anywhere)

        return [entry for entry in self.entries if entry not in met and was_looked_for(entry)]

    # ---- its file

    def write(self, entries: Iterable[Entry]) -> None:
        """Put the file in place with these entries, whole or not at all.

        Raises:
            PatternlintError: it cannot be written.
        """
        from patternlint.report.output_file import OutputFile

        lines = [json.dumps(_HEADER), *(entry.line() for entry in sorted(set(entries)))]
        OutputFile(os.fspath(self.path)).write("\n".join(lines) + "\n")

    def without(self, stale: Iterable[Entry]) -> list[Entry]:
        """The entries but for these, those of moved files where they are now."""
        moved = {known: entry for of_file in self._met.values() for known, entry in of_file.items()}
        gone = set(stale)
        return [moved.get(entry, entry) for entry in self.entries if entry not in gone]

    def _name(self, path: Path) -> str:
        return os.path.relpath(os.path.realpath(path), self._folder).replace(os.sep, "/")

    def _is_there(self, name: str) -> bool:
        return os.path.exists(os.path.join(self._folder, name))


def counted(entries: Iterable[Entry]) -> list[str]:
    """How many of which rule in which file, in words."""
    counts = Counter((entry.path, entry.rule) for entry in entries)
    return [f"{path}: {rule}" + (f" ({count} times)" if count > 1 else "") for (path, rule), count in counts.items()]


def _record(line: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError:
        return {}
    return record if isinstance(record, dict) else {}


def _entry(name: str, row: int, line: str, again: str) -> Entry:
    record = _record(line)
    path, rule, fingerprint = (record.get(field) for field in ("path", "rule", "fingerprint"))
    confidence = CONFIDENCES.get(str(record.get("confidence")))
    if confidence and isinstance(path, str) and isinstance(rule, str) and isinstance(fingerprint, str):
        return Entry(path, rule, fingerprint, confidence)
    conflict = line.startswith(("<<<<<<<", "=======", ">>>>>>>"))
    raise PatternlintError(
        f"{name}:{row}: is no entry of a baseline", "keep the entries of both sides" if conflict else again
    )
