"""TOML files as configuration: their tables, and where each key stands (the parser keeps no positions)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from patternlint.errors import PatternlintError
from patternlint.project.root import OWN_FILE, PYPROJECT

Key: TypeAlias = tuple[str, ...]
OWN_TABLE: Key = ("tool", "patternlint")


class TomlText(NamedTuple):
    """The text of a file, for messages about keys of one of its tables.

    `prefix` is the path of that table, empty for the file itself.
    """

    path: Path
    prefix: Key = ()

    def error(self, key: Key, message: str, remedy: str) -> PatternlintError:
        """An error about a key, given by its path below the table."""
        return PatternlintError(f"{self.path}:{self.row(key)}: {message}", remedy)

    def row(self, key: Key) -> int:
        """The first line of the longest part of a key's path that can be found."""
        wanted = [*self.prefix, *key]
        table: list[str] = []
        best, best_length = 1, 0
        for row, line in enumerate(self.path.read_text("utf-8").splitlines(), start=1):
            header = re.match(r"\s*\[+([^\]]+)\]", line)
            assignment = re.match(r"\s*([\w.\"'*/ -]+?)\s*=", line)
            if header:
                table = _key_parts(header[1])
                here = table
            elif assignment:
                here = [*table, *_key_parts(assignment[1])]
            else:
                continue
            if len(here) > best_length and wanted[: len(here)] == here:
                best, best_length = row, len(here)
        return best


def _key_parts(text: str) -> list[str]:
    return [a or b or c for a, b, c in re.findall(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)", text)]


def read_toml(path: Path, *, broken_is_empty: bool = False) -> dict[str, Any]:
    """A TOML file; with `broken_is_empty` one that is missing or damaged is nobody's business here.

    Raises:
        PatternlintError: it cannot be read, or is no TOML.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        if broken_is_empty:
            return {}
        raise PatternlintError(f"{path}: cannot be read: {error.strerror}", "check the path") from None
    if not data.strip():
        return {}
    import tomllib

    try:
        return tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        if broken_is_empty:
            return {}
        found = re.search(r"\(at line (\d+)", str(error))
        end = error.start if isinstance(error, UnicodeDecodeError) else len(data)
        row = int(found[1]) if found else data.rstrip()[:end].count(b"\n") + 1
        raise PatternlintError(f"{path}:{row}: not valid TOML: {error}", "correct it") from None


def read_own_table(path: Path) -> tuple[Mapping[str, Any], TomlText] | None:
    """What a file configures: the table of a ``pyproject.toml``, the whole of a file of our own.

    A file of another name is read either way, by whether it has the table.

    Returns:
        None for a ``pyproject.toml`` without the table.

    Raises:
        PatternlintError: it cannot be read, or is no TOML; the table is none.
    """
    whole = read_toml(path)
    if path.name == OWN_FILE:
        return whole, TomlText(path)
    table: Any = whole
    for depth, key in enumerate(OWN_TABLE, start=1):
        if key not in table:
            return None if path.name == PYPROJECT else (whole, TomlText(path))
        table = table[key]
        if not isinstance(table, dict):
            raise TomlText(path).error(OWN_TABLE[:depth], f"'{key}' must be a table", "write [tool.patternlint]")
    return table, TomlText(path, OWN_TABLE)
