"""The configuration: `[tool.patternlint]` or ``patternlint.toml``, and what they extend, as one frozen value.

What the options are called and take is in :mod:`patternlint.options`, which is read only where something is configured.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from patternlint.errors import PatternlintError
from patternlint.finding import Confidence
from patternlint.project.files import DEFAULT_EXCLUDE, Discovery
from patternlint.project.metadata import DEFAULT_PYTHON, read_metadata
from patternlint.project.root import PYPROJECT, Root
from patternlint.toml_text import read_own_table, read_toml

if TYPE_CHECKING:
    from patternlint.toml_text import TomlText

CONFIDENCES = {"low": Confidence.LOW, "medium": Confidence.MEDIUM, "high": Confidence.HIGH}
FIX_STYLES = ("canonical", "stdlib")

# Fields that a layer adds to; the others it replaces. Those behind them begin anew where a layer sets the field.
_ADDED_TO = frozenset(
    ("plugins", "ignore", "extend_select", "unfixable", "extend_exclude", "extend_safe_fixes", "extend_unsafe_fixes")
)
_BEGIN_ANEW = {"select": ("ignore", "extend_select"), "fixable": ("unfixable",)}


class Settings(NamedTuple):
    """Everything that decides, beside the sources, what is found and how it is repaired."""

    root: Path
    extend: str = ""
    select: tuple[str, ...] = ("ALL",)
    ignore: tuple[str, ...] = ()
    extend_select: tuple[str, ...] = ()
    min_confidence: Confidence = Confidence.HIGH
    preview: bool = False
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    extend_exclude: tuple[str, ...] = ()
    respect_gitignore: bool = True
    force_exclude: bool = False
    target_version: tuple[int, int] = DEFAULT_PYTHON
    src: tuple[str, ...] = ()  # empty: the default, the root and its `src`
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] = ()
    fixable: tuple[str, ...] = ("ALL",)
    unfixable: tuple[str, ...] = ()
    extend_safe_fixes: tuple[str, ...] = ()
    extend_unsafe_fixes: tuple[str, ...] = ()
    runtime_module: str = ""
    fix_style: str = "canonical"
    honor_foreign_noqa: bool = True
    require_reason: bool = False
    free_threaded: bool = False  # whether the code runs on builds without the global lock: every race is a real one
    plugins: tuple[str, ...] = ()  # packs of rules; of the command line, whole paths of files with rules, too
    rules: Mapping[str, Mapping[str, Any]] = {}  # code -> option -> value
    runtime_declared: bool = False
    is_application: bool = False
    configuration: Path | None = None

    @property
    def discovery(self) -> Discovery:
        """Which files are the project's."""
        return Discovery(self.root, (*self.exclude, *self.extend_exclude), self.respect_gitignore)


class Layer(NamedTuple):
    """One file's part of a configuration: its values by field of :class:`Settings`, and where they stand."""

    text: TomlText
    values: dict[str, Any]


def load(root: Root, *, isolated: bool = False) -> Settings:
    """The settings of a project; with `isolated`, whatever the configuration says is left aside.

    Raises:
        PatternlintError: the configuration cannot be read, or says what nobody understands.
    """
    metadata = read_metadata(root.folder, read_toml(root.folder / PYPROJECT, broken_is_empty=True))
    settings = Settings(
        root.folder,
        target_version=metadata.python,
        runtime_declared=metadata.runtime_declared,
        is_application=metadata.is_application,
    )
    return settings if isolated or root.configuration is None else configured(settings, root.configuration)


def configured(settings: Settings, path: Path) -> Settings:
    """The settings with what a file says, and those that it extends, laid over them.

    Raises:
        PatternlintError: as for :func:`layers`.
    """
    for layer in layers(path):
        settings = Settings(**laid_over(settings._asdict(), layer.values))
    return settings._replace(configuration=path)


def layers(path: Path) -> list[Layer]:
    """The parts of a configuration: what is extended before the file that extends it.

    Raises:
        PatternlintError: a file cannot be read, says what nobody understands, or extends itself.
    """
    found: list[Layer] = []
    seen: list[Path] = []
    here: Path | None = path
    while here is not None:
        seen.append(here)
        layer = _read(here, found[-1].text if found else None)
        found.append(layer)
        extended = layer.values.get("extend")
        here = Path(os.path.abspath(here.parent / os.path.expanduser(extended))) if extended else None
        if here in seen:
            chain = " extends ".join(map(str, [*seen, here]))
            raise layer.text.error(("extend",), f"'extend' leads in a circle: {chain}", "take one of them out")
    return found[::-1]


def _read(path: Path, extended_by: TomlText | None) -> Layer:
    if extended_by is not None and not path.is_file():
        raise extended_by.error(("extend",), f"'extend' names {path}, which is no file", "correct the path")
    read = read_own_table(path)
    if read is None:
        raise PatternlintError(f"{path}: has no table [tool.patternlint]", "add it, or name another file")
    table, text = read
    if not table:
        return Layer(text, {})
    from patternlint.options import read_table

    return Layer(text, read_table(table, text))


def laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Values by field with others laid over them, as Ruff combines configurations and the command line.

    ``select`` starts afresh: what was ignored and added below no longer counts, as with ``fixable``. Without it
    ``ignore`` and the like add to what is below. Everything else is replaced, options of rules one by one.
    """
    values = {**below, **dict.fromkeys((f for field in above for f in _BEGIN_ANEW.get(field, ())), ())}
    for field, value in above.items():
        if field in _ADDED_TO:
            value = (*values.get(field, ()), *value)
        elif field == "rules":
            value = {
                code: {**values[field].get(code, {}), **value.get(code, {})} for code in {**values[field], **value}
            }
        values[field] = value
    return values


def suggestion(word: str, known: Iterable[str]) -> str:
    """A remedy for a misspelt word: the closest known one, else where to look."""
    from difflib import get_close_matches

    names = list(known)
    close = get_close_matches(word, names, n=1) or get_close_matches(word.lower(), names, n=1)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known are {', '.join(sorted(names))}" if len(names) <= 30 else "see `patternlint rule --all`"


def parse_target_version(text: str) -> tuple[int, int] | None:
    """``py311`` or ``3.11`` as a pair; None for anything else."""
    found = re.fullmatch(r"(?:py3|3\.)(\d{1,2})", text)
    return (3, int(found[1])) if found else None


class UnknownSelector(PatternlintError):
    """A code, name or family that no rule has."""
