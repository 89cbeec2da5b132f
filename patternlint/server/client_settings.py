"""What a user has set in the editor: laid over the project's own configuration, like the command line's options.

It may come from a settings file in the linted tree, so nothing here can name code that would be run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from patternlint.config import CONFIDENCES, suggestion
from patternlint.errors import PatternlintError
from patternlint.overrides import Overrides
from patternlint.selection import check_selectors

SECTION = "patternlint"


class ClientSettings(NamedTuple):
    """The settings for the documents of one folder.

    `enable` says whether they are checked at all, `unsafe_fixes` whether fixes are offered that need a look.
    """

    enable: bool = True
    unsafe_fixes: bool = True
    overrides: Overrides = Overrides()


def read(values: object, folder: Path) -> tuple[ClientSettings, list[str]]:
    """The settings in what an editor sends, and what is wrong with it: that is left out.

    Args:
        values: the object under "patternlint"; null stands for what is not set.
        folder: what paths are relative to.
    """
    given = values if isinstance(values, Mapping) else {}
    problems: list[str] = []
    settings: dict[str, Any] = {}
    overrides: dict[str, Any] = {}
    for name, value in given.items():
        if value is None:
            continue
        try:
            if name in _OVERRIDES:
                field, reading = _OVERRIDES[name]
                overrides[field] = reading(value)
            elif name in _OWN:
                settings[_OWN[name]] = _flag(value)
            else:
                problems.append(f"{SECTION}.{name}: unknown setting: {suggestion(str(name), [*_OVERRIDES, *_OWN])}")
        except PatternlintError as error:
            problems.append(f"{SECTION}.{name}: {error}")
    if (configuration := overrides.get("configuration")) is not None:
        overrides["configuration"] = folder / configuration
    return ClientSettings(**settings, overrides=Overrides(**overrides)), problems


def _flag(value: object) -> bool:
    if isinstance(value, bool):
        return value
    raise PatternlintError(f"cannot be {value!r}", "it is true or false")


def _rules(value: object) -> tuple[str, ...]:
    return check_selectors(_texts(value))


def _texts(value: object) -> Iterator[str]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise PatternlintError(f"cannot be {value!r}", "it is a list of codes, names and families")
    yield from value


def _path(value: object) -> Path:
    if isinstance(value, str) and value and "\0" not in value:
        return Path(value).expanduser()
    raise PatternlintError(f"cannot be {value!r}", "it is the path of a configuration file")


def _confidence(value: object) -> Any:
    if isinstance(value, str) and value in CONFIDENCES:
        return CONFIDENCES[value]
    raise PatternlintError(f"cannot be {value!r}", f"it is one of {', '.join(CONFIDENCES)}")


_OWN = {"enable": "enable", "unsafeFixes": "unsafe_fixes"}
_OVERRIDES: dict[str, tuple[str, Callable[[object], Any]]] = {
    "select": ("select", _rules),
    "ignore": ("ignore", _rules),
    "extendSelect": ("extend_select", _rules),
    "minConfidence": ("min_confidence", _confidence),
    "preview": ("preview", _flag),
    "configuration": ("configuration", _path),
}
