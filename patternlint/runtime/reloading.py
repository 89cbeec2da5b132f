"""Recognise a definition that is executed again: `importlib.reload`, or a second import of the same module.

A reloaded module runs its `@once` functions and Singleton classes anew. Without this register each of them would
build a second pool beside the live one. The module's `__spec__` tells a reload from a second definition of the
same name in one pass: the import system makes a new spec for every execution. A module without a spec (`__main__`,
a notebook) is never reloaded, so running a cell again defines something new.
"""

from __future__ import annotations

import sys
from weakref import ref

from .typed import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_definitions: dict[tuple[str, str], tuple[ref[Any], object]] = {}


def earlier_definition(module: str, qualname: str) -> Any:
    """Return the live object that an earlier execution of `module` defined as `qualname`, or None."""
    entry = _definitions.get((module, qualname))
    if entry is None:
        return None
    earlier, spec = entry
    return None if spec is _spec_of(module) else earlier()


def remember_definition(module: str, qualname: str, definition: object) -> None:
    """Note, weakly, what `module` defines as `qualname`; local definitions are fresh each time and not noted."""
    spec = _spec_of(module)
    if spec is not None and "<locals>" not in qualname:
        _definitions[module, qualname] = (ref(definition), spec)


def _spec_of(module: str) -> object:
    return getattr(sys.modules.get(module), "__spec__", None)
