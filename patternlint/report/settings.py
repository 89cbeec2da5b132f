"""The settings of a project, for ``--show-settings``: in the words of the configuration file."""

from __future__ import annotations

from enum import IntEnum
from pathlib import Path

from patternlint.config import Settings
from patternlint.report.terminal import safe
from patternlint.selection import Selection


def shown(settings: Settings) -> str:
    """One line for each setting, and the rules that come of them."""
    lines = [f"{field.replace('_', '-')} = {_value(getattr(settings, field))}" for field in settings._fields]
    rules = ", ".join(sorted(Selection(settings).codes)) or "none"
    return "\n".join([*map(safe, lines), f"# rules that run: {rules}"])


def _value(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, IntEnum):
        return f'"{value.name.lower()}"'
    if isinstance(value, str | Path):
        return f'"{value}"'
    if isinstance(value, tuple) and len(value) == 2 and all(isinstance(part, int) for part in value):
        return f'"{value[0]}.{value[1]}"'
    if isinstance(value, tuple):
        return f"[{', '.join(map(_value, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {_value(item)}' for key, item in value.items())}}}"
    return "unset" if value is None else str(value)
