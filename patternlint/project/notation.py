"""Questions and answers as text: plain data and nothing else, so that reading it runs no code.

Of classes only the name is written, and only named tuples and enumerations are: those of our own modules, and of those
that somebody else has loaded already. What cannot be written so is not kept.
"""

from __future__ import annotations

import json
import os
import sys
import time
from enum import Enum
from functools import cache
from hashlib import blake2b
from importlib import import_module
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from patternlint.project.project import Question

_OURS = ("patternlint.project.", "patternlint_rules.")  # importing these does nothing else
_LONG = 300  # characters: of what is longer, its digest will do
_unlike = count()


class NotPlain(Exception):
    """A value that cannot be written, or a text that is none of ours."""


def written(value: object, root: Path) -> str:
    """A value as text, the same for the same value.

    Args:
        value: strings, numbers, booleans, paths below the root, and tuples, sets, dicts, named tuples of such.
        root: of the project.

    Raises:
        NotPlain: it is, or holds, something else.
    """
    return json.dumps(_plain(value, root), separators=(",", ":"))


def read(text: str, root: Path) -> Any:
    """The value that was written so.

    Raises:
        NotPlain: it is no such text.
    """
    try:
        return _value(json.loads(text), root)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError) as error:
        raise NotPlain(text) from error


def key_of(question: Question[Any], root: Path) -> str:
    """What a question is known by; in one line, and empty for one that cannot be written."""
    try:
        text = written(question, root)
    except NotPlain:
        return ""
    return text if len(text) <= _LONG else f"#{short(text)}"


def question_at(key: str, root: Path) -> Question[Any]:
    """The question that is known by a key.

    Raises:
        NotPlain: the key does not tell.
    """
    question = read(key, root)
    if not hasattr(question, "answer"):
        raise NotPlain(key)
    return question  # type: ignore[no-any-return]


def short(text: str) -> str:
    """A text in short: another one for every other text."""
    return blake2b(text.encode(), digest_size=9).hexdigest()


def unlike_any() -> str:
    """What stands for a value that cannot be written: another one each time."""
    return short(f"{os.getpid()} {time.time_ns()} {next(_unlike)}")


def _plain(value: object, root: Path) -> object:
    kind: Any = type(value)
    if value is None or kind is str or kind is int or kind is bool:
        return value
    if isinstance(value, Enum):
        return ["e", _name_of(kind), value.name]
    if isinstance(value, tuple):
        parts = [_plain(part, root) for part in value]
        return ["t", *parts] if kind is tuple else ["n", _name_of(kind), *parts]
    if kind is frozenset:
        return ["f", *sorted((_plain(part, root) for part in value), key=json.dumps)]  # type: ignore[attr-defined]
    if isinstance(value, dict) and kind is dict:
        return ["d", *([_plain(key, root), _plain(part, root)] for key, part in value.items())]
    if isinstance(value, Path):
        whole, around = os.fspath(value), os.fspath(root).rstrip(os.sep) + os.sep
        if whole.startswith(around):
            return ["p", whole[len(around) :].replace(os.sep, "/")]
    raise NotPlain(kind.__name__)


def _value(plain: Any, root: Path) -> Any:
    if not isinstance(plain, list):
        if isinstance(plain, float | dict):
            raise NotPlain(str(plain))
        return plain
    kind, *parts = plain
    match kind:
        case "t":
            return tuple([_value(part, root) for part in parts])
        case "n":
            cls = _class(parts[0])
            if not hasattr(cls, "_fields") or len(cls._fields) != len(parts) - 1:
                raise NotPlain(parts[0])
            return tuple.__new__(cls, [_value(part, root) for part in parts[1:]])
        case "f":
            return frozenset([_value(part, root) for part in parts])
        case "d":
            return {_value(key, root): _value(part, root) for key, part in parts}
        case "p":
            path = Path(parts[0])
            if path.is_absolute() or ".." in path.parts:
                raise NotPlain(parts[0])
            return root / path
        case "e":
            return _class(parts[0]).__members__[parts[1]]
    raise NotPlain(str(kind))


@cache
def _name_of(cls: type) -> str:
    name = f"{cls.__module__}:{cls.__qualname__}"
    if _class(name) is not cls:
        raise NotPlain(name)
    return name


@cache
def _class(name: str) -> Any:
    """A named tuple or an enumeration by its module and name."""
    module_name, _, path = name.partition(":")
    if module_name not in sys.modules and module_name.startswith(_OURS):
        try:
            import_module(module_name)
        except ImportError as error:
            raise NotPlain(name) from error
    found: Any = sys.modules.get(module_name)
    for part in path.split("."):
        found = getattr(found, part, None)
    if not isinstance(found, type) or not (issubclass(found, Enum) or found.__bases__ == (tuple,)):
        raise NotPlain(name)
    return found
