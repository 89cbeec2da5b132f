"""The results of parts of a run as those of one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from typing import Any

from patternlint.errors import PatternlintError


def merged(files: Iterable[str]) -> tuple[str, int]:
    """The JSON that one run would have printed, and how many findings it has.

    Args:
        files: what runs with ``--shard`` printed in the format ``json``.

    Raises:
        PatternlintError: one of them cannot be read, or is nothing of the kind.
    """
    records = [record for file in files for record in _read(file)]
    records.sort(key=_order)
    return json.dumps(records, indent=2), len(records)


def _read(file: str) -> list[dict[str, Any]]:
    remedy = "give the output of runs with --shard and --output-format json"
    try:
        with open(file, encoding="utf-8") as stream:
            records = json.load(stream)
        for record in records:
            _order(record)
    except OSError as error:
        raise PatternlintError(f"{file}: cannot be read: {error.strerror}", remedy) from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise PatternlintError(f"{file}: holds no findings in JSON", remedy) from None
    return list(records)


def _order(record: dict[str, Any]) -> tuple[Any, ...]:
    """That of a run: by file, place, code and message."""
    place = record["location"]
    return record["filename"].split(os.sep), place["row"], place["column"], record["code"], record["message"]
