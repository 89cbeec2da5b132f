"""Recognise a definition that is executed again: `importlib.reload`, a second import, or one under a second name.

A module that is executed again runs its `@once` functions and Singleton classes anew. Without this register each of
them would build a second pool beside the live one. Definitions are known by the file of their module and by their
qualified name, so `src.app.pools`, `app.pools` and a script's `__main__` are one if their file is one. The module's
`__spec__` tells a new execution from a second definition of the same name in one pass: the import system makes a new
one for every execution. What has no file (a notebook's cell, the interactive prompt) defines something new each time.
"""

from __future__ import annotations

import sys
from weakref import ref

from .typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class _Definitions:
    """What the last execution of a file, and the one before it, defined under one name."""

    __slots__ = ("before", "execution", "now")

    def __init__(self, execution: object) -> None:
        self.execution = execution
        self.before: list[ref[Any]] = []
        self.now: list[ref[Any]] = []


_definitions: dict[tuple[str, str], _Definitions] = {}


def earlier_definition(module: str, qualname: str) -> Any:
    """Return the live object that an earlier execution of the file of `module` defined as `qualname`, or None.

    None also where that execution defined several of this name, as `once(Pool)` twice: which is meant is not known.
    """
    file, execution = _file_and_execution(module)
    known = None if file is None else _definitions.get((file, qualname))
    if known is None:
        return None
    if known.execution is not execution:
        known.execution, known.before, known.now = execution, known.now, []
    return known.before[0]() if len(known.before) == 1 and not known.now else None


def remember_definition(module: str, qualname: str, definition: object, *, instead: bool = False) -> None:
    """Note, weakly, what `module` defines as `qualname`, after `earlier_definition` was asked.

    Local definitions are fresh each time and not noted; lambdas share a name and are not, either.
    instead: it takes the place of the one that was noted last.
    """
    file, execution = _file_and_execution(module)
    if file is not None and "<" not in qualname:
        known = _definitions.setdefault((file, qualname), _Definitions(execution))
        known.now[len(known.now) - instead :] = [ref(definition)]


def _file_and_execution(module: str) -> tuple[str | None, object]:
    loaded = sys.modules.get(module)
    spec = getattr(loaded, "__spec__", None)
    if spec is not None:
        return (spec.origin if spec.has_location else module), spec
    return (getattr(loaded, "__file__", None) if module == "__main__" else None), loaded
