"""Where each option of a project has its value from: ``patternlint config``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from patternlint.catalogue import RULES
from patternlint.config import Layer, Settings, configured, laid_over, layers, load
from patternlint.options import OPTIONS, kind_of
from patternlint.project.metadata import read_metadata
from patternlint.project.root import PYPROJECT, Root
from patternlint.toml_text import TomlText, read_toml


class Origin(NamedTuple):
    """A line of a file that sets an option."""

    path: Path
    row: int


class Setting(NamedTuple):
    """One option with its value, in plain data, and the lines that it comes from: none for the default."""

    name: str
    type: str
    default: Any
    value: Any
    doc: str
    origins: tuple[Origin, ...]

    def lines(self) -> list[str]:
        """As configuration, with what there is to know as comments."""
        places = ", ".join(f"{_display(origin.path)}:{origin.row}" for origin in self.origins)
        return [
            f"# {self.doc}",
            f"# {self.type}; default {toml(self.default)}",
            f"{self.name} = {toml(self.value)}  # {f'from {places}' if places else 'default'}",
        ]

    def record(self) -> dict[str, Any]:
        """As plain values."""
        places = [{"filename": str(origin.path), "row": origin.row} for origin in self.origins]
        return {**self._asdict(), "origins": places}


def explained(root: Root, *, configuration: Path | None = None, isolated: bool = False) -> list[Setting]:
    """Every option of a project, those of single rules last.

    Args:
        root: the project.
        configuration: the file that counts in place of its own.
        isolated: none counts.

    Raises:
        PatternlintError: the configuration is at fault.
    """
    file = configuration or (None if isolated else root.configuration)
    settings = load(root, isolated=True)
    origins = _origin_of_python(root)
    for layer in [] if file is None else layers(file):
        origins = laid_over(origins, dict(_origins_in(layer)))
    if file is not None:
        settings = configured(settings, file)
    return [*_options(settings, origins), *_rule_options(settings, origins)]


def _options(settings: Settings, origins: dict[str, tuple[Origin, ...]]) -> Iterator[Setting]:
    for option in OPTIONS:
        if option.name != "rules":
            kind, places = option.kind, origins.get(option.field, ())
            value = kind.plain(getattr(settings, option.field))
            yield Setting(option.name, kind.words, kind.plain(option.default), value, option.doc, places)


def _rule_options(settings: Settings, origins: dict[str, tuple[Origin, ...]]) -> Iterator[Setting]:
    for entry in RULES:
        for option, default in entry.options:
            name, kind = f"rules.{entry.code}.{option}", kind_of(default)
            value = settings.rules.get(entry.code, {}).get(option, default)
            doc = f"Of {entry.name}: see `patternlint rule {entry.code}`."
            yield Setting(name, kind.words, kind.plain(default), kind.plain(value), doc, origins.get(name, ()))


def _origin_of_python(root: Root) -> dict[str, tuple[Origin, ...]]:
    metadata = read_metadata(root.folder, read_toml(root.folder / PYPROJECT, broken_is_empty=True))
    if not metadata.python_from:
        return {}
    name, *key = metadata.python_from
    path = root.folder / name
    return {"target_version": (Origin(path, TomlText(path).row(tuple(key))),)}


def _origins_in(layer: Layer) -> Iterator[tuple[str, tuple[Origin, ...]]]:
    text = layer.text
    for option in OPTIONS:
        if option.field in layer.values and option.name != "rules":
            yield option.field, (Origin(text.path, text.row((option.name,))),)
    for code, values in layer.values.get("rules", {}).items():
        name = next(entry.name for entry in RULES if entry.code == code)
        for option_name in values:
            row = max(text.row(("rules", spelling, option_name)) for spelling in (code, name))
            yield f"rules.{code}.{option_name}", (Origin(text.path, row),)


def toml(value: Any) -> str:
    """A plain value as TOML, on one line."""
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{toml(key)} = {toml(item)}' for key, item in value.items())} }}" if value else "{}"
    if isinstance(value, list):
        return f"[{', '.join(map(toml, value))}]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _display(path: Path) -> str:
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative
