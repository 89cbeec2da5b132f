"""The results of parts of a run, in JSON, as those of one: to be shown in any format."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

from patternlint.errors import PatternlintError
from patternlint.finding import Applicability, Confidence, Edit, Evidence, FileEdits, Finding, Fix
from patternlint.fingerprint import fingerprints
from patternlint.report.shown import FileChange, Shown
from patternlint.source import Source

_REMEDY = "give the output of runs with --shard and --output-format json"
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError)

Record = dict[str, Any]


def read(files: Iterable[str]) -> list[Record]:
    """The records that one run would have printed, in its order.

    Args:
        files: what runs with ``--shard`` printed in the format ``json``.

    Raises:
        PatternlintError: one of them cannot be read, or is nothing of the kind.
    """
    return sorted((record for file in files for record in _read(file)), key=_order)


def _read(file: str) -> list[Record]:
    try:
        with open(file, encoding="utf-8") as stream:
            records = list(json.load(stream))
        for record in records:
            _order(record)
            _finding(record)
    except OSError as error:
        raise PatternlintError(f"{file}: cannot be read: {error.strerror}", _REMEDY) from None
    except _UNREADABLE:
        raise PatternlintError(f"{file}: holds no findings in JSON", _REMEDY) from None
    return records


def _order(record: Record) -> tuple[Any, ...]:
    """That of a run: by file, place, code and message."""
    place = record["location"]
    return record["filename"].split(os.sep), place["row"], place["column"], record["code"], record["message"]


def shown(records: Sequence[Record], warn: Callable[[str], None]) -> list[list[Shown]]:
    """What it takes to show the findings, file by file; their code is that of the files on this machine.

    Args:
        records: what `read` gave.
        warn: is told of a file that is not here as it was checked: its findings are shown without code.
    """
    files = []
    for name, group in groupby(records, key=lambda record: str(record["filename"])):
        of_file = list(group)
        findings = [_finding(record) for record in of_file]
        source = _source(name)
        if source is None or fingerprints(findings, source) != [record["fingerprint"] for record in of_file]:
            warn(f"{name}: is not here as it was checked, so its findings are shown without the code")
            source = None
        files.append(
            [
                Shown(finding, source, Path(os.sep), _changes(record, source), fingerprint=record["fingerprint"])
                for finding, record in zip(findings, of_file, strict=True)
            ]
        )
    _source.cache_clear()
    return files


@lru_cache(maxsize=256)
def _source(name: str) -> Source | None:
    try:
        return Source.read(Path(name))
    except (OSError, PatternlintError):
        return None


def _finding(record: Record) -> Finding:
    """The finding of a record; paths are whole ones."""
    start, end = record["location"], record["end_location"]
    return Finding(
        code=str(record["code"]),
        name=str(record["name"]),
        message=str(record["message"]),
        path=str(record["filename"]),
        row=int(start["row"]),
        column=int(start["column"]),
        end_row=int(end["row"]),
        end_column=int(end["column"]),
        confidence=Confidence[record["confidence"].upper()],
        help=str(record["help"]),
        evidence=tuple(Evidence(e["filename"], int(e["location"]["row"]), e["message"]) for e in record["evidence"]),
        fix=None if record["fix"] is None else _fix(record["fix"]),
        why_not_fixed=record["why_not_fixed"] or "",
    )


def _fix(record: Record) -> Fix:
    """A fix without its edits, which need the text: they are among the changes."""
    return Fix(
        message=str(record["message"]),
        applicability=Applicability[record["whole_applicability"].upper()],
        edits=(),
        form=str(record["form"]),
        elsewhere=tuple(FileEdits(other["filename"], ()) for other in record["elsewhere"]),
    )


def _changes(record: Record, source: Source | None) -> tuple[FileChange, ...]:
    if source is None or record["fix"] is None:
        return ()
    parts = [(source, record["fix"]["edits"])]
    for other in record["fix"]["elsewhere"]:
        if (there := _source(other["filename"])) is None:
            return ()
        parts.append((there, other["edits"]))
    return tuple(FileChange(there, tuple(_edit(edit, there) for edit in edits)) for there, edits in parts)


def _edit(record: Record, source: Source) -> Edit:
    start, end = (
        min(source.line_start(record[key]["row"]) + record[key]["column"] - 1, len(source.text))
        for key in ("location", "end_location")
    )
    return Edit(start, max(start, end), record["content"])
