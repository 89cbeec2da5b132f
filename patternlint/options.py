"""The options of the configuration, in one table: what each is called, takes and does.

The parser, ``patternlint config``, the JSON schema and the README's table come from it. What an option is where nobody
sets it stands in :class:`patternlint.config.Settings`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from patternlint.config import CONFIDENCES, FIX_STYLES, Settings, UnknownSelector, parse_target_version, suggestion
from patternlint.errors import PatternlintError
from patternlint.selection import check_selectors, rule_called, rule_names
from patternlint.toml_text import Key, TomlText

Schema = dict[str, Any]


class Kind(NamedTuple):
    """What an option takes: in words, as a JSON schema, how it is read, and how a value is written in plain data."""

    words: str
    schema: Schema
    read: Callable[[Key, object, TomlText], Any]
    plain: Callable[[Any], Any] = lambda value: list(value) if isinstance(value, tuple) else value


class Option(NamedTuple):
    """One option; `doc` is one sentence."""

    name: str
    kind: Kind
    doc: str

    @property
    def field(self) -> str:
        """What it is called in :class:`Settings`."""
        return self.name.replace("-", "_")

    @property
    def default(self) -> Any:
        """Its value where nobody sets it."""
        return Settings._field_defaults[self.field]


def read_table(table: Mapping[str, Any], where: TomlText) -> dict[str, Any]:
    """The values of a configuration table, by field of :class:`Settings`.

    Raises:
        PatternlintError: an unknown key, a wrong type, a value that is none of those there are.
    """
    known = {option.name: option for option in OPTIONS}
    values: dict[str, Any] = {}
    for key, value in sorted(table.items(), key=lambda item: item[0] != "plugins"):  # they say which rules there are
        option = known.get(key)
        if option is None:
            raise where.error((key,), f"unknown key '{key}'", suggestion(key, known))
        values[option.field] = option.kind.read((key,), value, where)
    return values


# ---- how values are read


def _string(key: Key, value: object, where: TomlText) -> str:
    if isinstance(value, str):
        return value
    raise _wrong_type(key, value, "a string", where)


def _bool(key: Key, value: object, where: TomlText) -> bool:
    if isinstance(value, bool):
        return value
    raise _wrong_type(key, value, "true or false", where)


def _strings(key: Key, value: object, where: TomlText) -> tuple[str, ...]:
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return tuple(value)
    raise _wrong_type(key, value, "a list of strings", where)


def _plugins(key: Key, value: object, where: TomlText) -> tuple[str, ...]:
    import re

    from patternlint.house_rules import load

    names = _strings(key, value, where)
    for name in names:
        if not re.fullmatch(r"\w[\w.-]*", name):
            raise where.error(key, f"'{_shown(key)}' cannot hold \"{name}\"", "name installed packs, no files")
    try:
        load(names)
    except PatternlintError as error:
        raise where.error(key, error.message, error.remedy) from None
    return names


def _selectors(key: Key, value: object, where: TomlText) -> tuple[str, ...]:
    try:
        return check_selectors(_strings(key, value, where))
    except UnknownSelector as error:
        raise where.error(key, f"{error.message} in '{_shown(key)}'", error.remedy) from None


def _choice(key: Key, value: object, where: TomlText, choices: Iterable[str]) -> str:
    text = _string(key, value, where)
    if text not in choices:
        raise where.error(key, f"'{_shown(key)}' cannot be \"{text}\"", f"it is {_one_of(choices)}")
    return text


def _target_version(key: Key, value: object, where: TomlText) -> tuple[int, int]:
    version = parse_target_version(_string(key, value, where))
    if version is None:
        remedy = 'it is a Python version such as "py311" or "3.11"'
        raise where.error(key, f"'{_shown(key)}' cannot be \"{value}\"", remedy)
    return version


def _module(key: Key, value: object, where: TomlText) -> str:
    text = _string(key, value, where)
    if text and not all(part.isidentifier() for part in text.split(".")):
        raise where.error(key, f"'{_shown(key)}' cannot be \"{text}\"", 'it is a module such as "app._patterns"')
    return text


def _per_file_ignores(key: Key, value: object, where: TomlText) -> tuple[tuple[str, tuple[str, ...]], ...]:
    if not isinstance(value, dict):
        raise _wrong_type(key, value, "a table from path patterns to lists of rules", where)
    return tuple((pattern, _selectors((*key, pattern), codes, where)) for pattern, codes in value.items())


def _rule_options(key: Key, value: object, where: TomlText) -> dict[str, dict[str, Any]]:
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
            options.setdefault(entry.code, {})[option] = kind_of(known[option]).read(place, setting, where)
    return options


def kind_of(default: object) -> Kind:
    """What a rule's option takes: values like its default."""
    if isinstance(default, bool):
        return FLAG
    if isinstance(default, str):
        return TEXT
    if isinstance(default, int | float):
        return Kind("number", {"type": "number" if isinstance(default, float) else "integer"}, _number_like(default))
    collection: Callable[[Iterable[str]], object] = type(default)
    return PATTERNS._replace(words="list of strings", read=lambda *place: collection(_strings(*place)), plain=sorted)


def _number_like(default: int | float) -> Callable[[Key, object, TomlText], int | float]:
    def read(key: Key, value: object, where: TomlText) -> int | float:
        if isinstance(value, type(default)) and not isinstance(value, bool):
            return value
        raise _wrong_type(key, value, "a number", where)

    return read


def _shown(key: Key) -> str:
    return ".".join(key)


def _one_of(choices: Iterable[str]) -> str:
    listed = ", ".join(f'"{choice}"' for choice in choices)
    return f"one of {listed}"


def _wrong_type(key: Key, value: object, expected: str, where: TomlText) -> PatternlintError:
    names = {str: "a string", bool: "true or false", int: "a number", list: "a list", dict: "a table"}
    given = names.get(type(value), type(value).__name__)
    return where.error(key, f"'{_shown(key)}' must be {expected}, not {given}", "")


# ---- the kinds, and the table


def _one(choices: tuple[str, ...]) -> Kind:
    return Kind(_one_of(choices), {"enum": list(choices)}, lambda k, v, w: _choice(k, v, w, choices))


_SELECTORS: Schema = {"type": "array", "items": {"$ref": "#/definitions/rule"}}

FLAG = Kind("true or false", {"type": "boolean"}, _bool)
TEXT = Kind("string", {"type": "string"}, _string)
PATTERNS = Kind("list of path patterns", {"type": "array", "items": {"type": "string"}}, _strings)
RULES = Kind("list of rules", _SELECTORS, _selectors)
_CONFIDENCE = _one(tuple(CONFIDENCES))

OPTIONS = (
    Option("extend", TEXT._replace(words="file"),
           "Another configuration, relative to this one: what it says counts as if it stood here, before the rest."),
    Option("select", RULES, "The rules that run: codes, names, families or `ALL`; preview rules need `preview`, too."),
    Option("ignore", RULES, "Rules that do not run, where `select` does not name them more closely."),
    Option("extend-select", RULES, "Rules that run, too."),
    Option("min-confidence",
           _CONFIDENCE._replace(read=lambda *place: CONFIDENCES[_CONFIDENCE.read(*place)],
                                plain=lambda confidence: confidence.name.lower()),
           "How sure a finding has to be to be shown."),
    Option("preview", FLAG, "Run preview rules, too."),
    Option("per-file-ignores",
           Kind("table of lists of rules", {"type": "object", "additionalProperties": _SELECTORS}, _per_file_ignores,
                lambda pairs: {pattern: list(rules) for pattern, rules in pairs}),
           "Rules that do not run in the files that a path pattern matches."),
    Option("fixable", RULES, "The rules whose findings may be fixed."),
    Option("unfixable", RULES, "Rules whose findings are not fixed, where `fixable` does not name them more closely."),
    Option("extend-safe-fixes", RULES, "Rules whose unsafe fixes count as safe ones here."),
    Option("extend-unsafe-fixes", RULES, "Rules whose safe fixes need `--unsafe-fixes` here."),
    Option("fix-style", _one(FIX_STYLES), 'Which form fixes have: `"stdlib"` never imports the runtime.'),
    Option("runtime-module", Kind("module", {"type": "string"}, _module),
           "Where fixes import the runtime from, after `patternlint runtime --vendor`."),
    Option("target-version",
           Kind("Python version", {"type": "string", "pattern": r"^(py3|3\.)\d{1,2}$"}, _target_version,
                lambda version: f"{version[0]}.{version[1]}"),
           "The oldest Python that the code runs under; without it what `requires-python` says."),
    Option("free-threaded", FLAG, "The code runs without the global lock: findings about races are a level surer."),
    Option("exclude", PATTERNS, "Files and folders that are none of the project's."),
    Option("extend-exclude", PATTERNS, "Files and folders to leave out, too."),
    Option("force-exclude", FLAG, "Leave out excluded files even if they are named on the command line."),
    Option("respect-gitignore", FLAG, "Leave out what git ignores."),
    Option("src", PATTERNS._replace(words="list of folders"),
           "Where packages start; empty stands for the project's folder and its `src`."),
    Option("honor-foreign-noqa", FLAG, "Other tools' comments about the same defect count."),
    Option("require-reason", FLAG, "Comments count only with a reason: `# patternlint: ignore[…] -- why`."),
    Option("plugins", Kind("list of packs", {"type": "array", "items": {"type": "string"}}, _plugins),
           "Packs of further rules: installed packages that register under `patternlint.rules`."),
    Option("rules", Kind("table of tables", {"$ref": "#/definitions/rule-options"}, _rule_options),
           "Options of single rules, such as `[tool.patternlint.rules.PAT401]`."),
)  # fmt: skip
