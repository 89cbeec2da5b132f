"""The configuration: `[tool.patternlint]` or ``patternlint.toml``, checked key by key, as one frozen value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

from patternlint.errors import PatternlintError
from patternlint.finding import Confidence
from patternlint.project.files import DEFAULT_EXCLUDE, Discovery
from patternlint.project.metadata import DEFAULT_PYTHON, read_metadata
from patternlint.project.root import OWN_FILE, PYPROJECT, Root

CONFIDENCES = {"low": Confidence.LOW, "medium": Confidence.MEDIUM, "high": Confidence.HIGH}
FIX_STYLES = ("canonical", "stdlib")

Key: TypeAlias = tuple[str, ...]
_OWN_TABLE: Key = ("tool", "patternlint")


class Settings(NamedTuple):
    """Everything that decides, beside the sources, what is found and how it is repaired."""

    root: Path
    select: tuple[str, ...] | None = None  # None: the default, every stable rule
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
    runtime_module: str = ""
    fix_style: str = "canonical"
    honor_foreign_noqa: bool = True
    free_threaded: bool = False  # whether the code runs on builds without the global lock: every race is a real one
    rules: Mapping[str, Mapping[str, Any]] = {}  # code -> option -> value
    runtime_declared: bool = False
    is_application: bool = False
    configuration: Path | None = None

    @property
    def discovery(self) -> Discovery:
        """Which files are the project's."""
        return Discovery(self.root, (*self.exclude, *self.extend_exclude), self.respect_gitignore)


def load(root: Root, *, isolated: bool = False) -> Settings:
    """The settings of a project; with `isolated`, whatever the configuration says is left aside.

    Raises:
        PatternlintError: the configuration cannot be read, or says what nobody understands.
    """
    metadata = read_metadata(root.folder, _read_toml(root.folder / PYPROJECT, broken_is_empty=True))
    settings = Settings(
        root.folder,
        target_version=metadata.python,
        runtime_declared=metadata.runtime_declared,
        is_application=metadata.is_application,
    )
    if isolated or root.configuration is None:
        return settings
    path = root.configuration
    table = _read_toml(path)
    if path.name == PYPROJECT:
        table = table.get("tool", {}).get("patternlint", {})
        return apply(settings, table, TomlText(path, _OWN_TABLE))._replace(configuration=path)
    return apply(settings, table, TomlText(path, ()))._replace(configuration=path)


class TomlText:
    """Where a key stands in a TOML file, for messages (the parser keeps no positions).

    Args:
        path: the file; None for a table that comes from the command line.
        prefix: the path of our table.
    """

    def __init__(self, path: Path | None, prefix: Key) -> None:
        self.path = path
        self.prefix = prefix

    def error(self, key: Key, message: str, remedy: str) -> PatternlintError:
        """An error about a key, given by its path below our table."""
        if self.path is None:
            return PatternlintError(f"--config: {message}", remedy)
        return PatternlintError(f"{self.path}:{self._row([*self.prefix, *key])}: {message}", remedy)

    def _row(self, wanted: list[str]) -> int:
        """The first line of the longest part of a key's path that can be found."""
        table: list[str] = []
        best, best_length = 1, 0
        assert self.path is not None
        for row, line in enumerate(self.path.read_text("utf-8").splitlines(), start=1):
            header = re.match(r"\s*\[+([^\]]+)\]", line)
            key = re.match(r"\s*([\w.\"'*/ -]+?)\s*=", line)
            if header:
                table = _key_parts(header[1])
                here = table
            elif key:
                here = [*table, *_key_parts(key[1])]
            else:
                continue
            if len(here) > best_length and wanted[: len(here)] == here:
                best, best_length = row, len(here)
        return best


def _key_parts(text: str) -> list[str]:
    return [a or b or c for a, b, c in re.findall(r"\"([^\"]*)\"|'([^']*)'|([\w-]+)", text)]


def apply(settings: Settings, table: Mapping[str, Any], where: TomlText) -> Settings:
    """The settings with a configuration table laid over them.

    Raises:
        PatternlintError: an unknown key, a wrong type, a value that is none of those there are.
    """
    changes: dict[str, Any] = {}
    for key, value in table.items():
        read = _READERS.get(key)
        if read is None:
            raise where.error((key,), f"unknown key '{key}'", suggestion(key, _READERS))
        changes[key.replace("-", "_")] = read((key,), value, where)
    return settings._replace(**changes)


def suggestion(word: str, known: object) -> str:
    """A remedy for a misspelt word: the closest known one, else where to look."""
    from difflib import get_close_matches

    names = [str(name) for name in known]  # type: ignore[attr-defined]
    close = get_close_matches(word, names, n=1) or get_close_matches(word.lower(), names, n=1)
    if close:
        return f"did you mean '{close[0]}'?"
    return f"known are {', '.join(sorted(names))}" if len(names) <= 30 else "see `patternlint rule --all`"


def _shown(key: Key) -> str:
    return ".".join(key)


def _strings(key: Key, value: object, where: TomlText) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise _wrong_type(key, value, "a list of strings", where)


def _selectors(key: Key, value: object, where: TomlText) -> tuple[str, ...]:
    from patternlint.selection import check_selectors

    try:
        return check_selectors(_strings(key, value, where))
    except UnknownSelector as error:
        raise where.error(key, f"{error.message} in '{_shown(key)}'", error.remedy) from None


def _string(key: Key, value: object, where: TomlText) -> str:
    if isinstance(value, str):
        return value
    raise _wrong_type(key, value, "a string", where)


def _bool(key: Key, value: object, where: TomlText) -> bool:
    if isinstance(value, bool):
        return value
    raise _wrong_type(key, value, "true or false", where)


def _confidence(key: Key, value: object, where: TomlText) -> Confidence:
    return CONFIDENCES[_choice(key, value, where, tuple(CONFIDENCES))]


def _fix_style(key: Key, value: object, where: TomlText) -> str:
    return _choice(key, value, where, FIX_STYLES)


def _choice(key: Key, value: object, where: TomlText, choices: tuple[str, ...]) -> str:
    text = _string(key, value, where)
    if text not in choices:
        listed = ", ".join(f'"{choice}"' for choice in choices)
        raise where.error(key, f"'{_shown(key)}' cannot be \"{text}\"", f"it is one of {listed}")
    return text


def _target_version(key: Key, value: object, where: TomlText) -> tuple[int, int]:
    version = parse_target_version(_string(key, value, where))
    if version is None:
        raise where.error(
            key, f"'{_shown(key)}' cannot be \"{value}\"", 'it is a Python version such as "py311" or "3.11"'
        )
    return version


def parse_target_version(text: str) -> tuple[int, int] | None:
    """``py311`` or ``3.11`` as a pair; None for anything else."""
    found = re.fullmatch(r"(?:py3|3\.)(\d{1,2})", text)
    return (3, int(found[1])) if found else None


def _runtime_module(key: Key, value: object, where: TomlText) -> str:
    text = _string(key, value, where)
    if not all(part.isidentifier() for part in text.split(".")):
        raise where.error(key, f"'{_shown(key)}' cannot be \"{text}\"", 'it is a module such as "app._patterns"')
    return text


def _per_file_ignores(key: Key, value: object, where: TomlText) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise _wrong_type(key, value, "a table from path patterns to lists of rules", where)
    return tuple((pattern, _selectors((*key, pattern), codes, where)) for pattern, codes in value.items())


def _rule_options(key: Key, value: object, where: TomlText) -> dict[str, dict[str, Any]]:
    from patternlint.selection import rule_called, rule_names

    if not isinstance(value, dict):
        raise _wrong_type(key, value, "a table of rules", where)
    options: dict[str, dict[str, Any]] = {}
    for rule, table in value.items():
        entry = rule_called(rule)
        if entry is None:
            raise where.error((*key, rule), f"unknown rule '{rule}'", suggestion(rule, rule_names()))
        if not isinstance(table, dict):
            raise _wrong_type((*key, rule), table, "a table of options", where)
        known = dict(entry.options)
        for option, setting in table.items():
            place = (*key, rule, option)
            if option not in known:
                remedy = suggestion(option, known) if known else f"{entry.code} has no options"
                raise where.error(place, f"unknown option '{option}' of {entry.code}", remedy)
            options.setdefault(entry.code, {})[option] = _like(known[option], place, setting, where)
    return options


def _like(default: object, key: Key, value: object, where: TomlText) -> object:
    """The value of a rule's option, which has the type of its default."""
    if isinstance(default, bool) or not isinstance(default, int | float | str):
        if isinstance(default, bool):
            return _bool(key, value, where)
        return type(default)(_strings(key, value, where))  # type: ignore[call-arg]
    if isinstance(value, type(default)) and not isinstance(value, bool):
        return value
    kind = "a string" if isinstance(default, str) else "a number"
    raise _wrong_type(key, value, kind, where)


def _wrong_type(key: Key, value: object, expected: str, where: TomlText) -> PatternlintError:
    names = {str: "a string", bool: "true or false", int: "a number", list: "a list", dict: "a table"}
    given = names.get(type(value), type(value).__name__)
    return where.error(key, f"'{_shown(key)}' must be {expected}, not {given}", "")


class UnknownSelector(PatternlintError):
    """A code, name or family that no rule has."""


_READERS = {
    "select": _selectors,
    "ignore": _selectors,
    "extend-select": _selectors,
    "min-confidence": _confidence,
    "preview": _bool,
    "exclude": _strings,
    "extend-exclude": _strings,
    "respect-gitignore": _bool,
    "force-exclude": _bool,
    "target-version": _target_version,
    "src": _strings,
    "per-file-ignores": _per_file_ignores,
    "runtime-module": _runtime_module,
    "fix-style": _fix_style,
    "honor-foreign-noqa": _bool,
    "free-threaded": _bool,
    "rules": _rule_options,
}


def _read_toml(path: Path, *, broken_is_empty: bool = False) -> dict[str, Any]:
    """A TOML file; with `broken_is_empty` one that is missing or damaged is nobody's business here."""
    try:
        data = path.read_bytes()
    except OSError as error:
        if broken_is_empty:
            return {}
        raise PatternlintError(f"{path}: cannot be read: {error.strerror}") from None
    if not data.strip():
        return {}
    import tomllib

    try:
        return tomllib.loads(data.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        if broken_is_empty:
            return {}
        raise PatternlintError(f"{path}: not valid TOML: {error}", "correct it") from None


def read_configuration(settings: Settings, path: Path) -> Settings:
    """The settings with those of a file named on the command line laid over them."""
    table = _read_toml(path)
    prefix: Key = ()
    if path.name != OWN_FILE and "patternlint" in table.get("tool", {}):
        table, prefix = table["tool"]["patternlint"], _OWN_TABLE
    return apply(settings, table, TomlText(path, prefix))._replace(configuration=path)
