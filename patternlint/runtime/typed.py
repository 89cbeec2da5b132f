"""What the annotations need, without importing `typing` at run time.

`typing` alone costs as much start-up time as the whole runtime may take, so type checkers see the real names
and the interpreter sees stand-ins: a subscriptable base for generic classes and an `overload` that does nothing.
Type checkers treat any variable of the name TYPE_CHECKING as true.
"""

from __future__ import annotations

TYPE_CHECKING = False

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Generic, Protocol, overload

    from typing_extensions import ParamSpec, TypeVar  # both checkers bundle its stub; nothing to install

    T = TypeVar("T")
    R = TypeVar("R")
    V = TypeVar("V")
    F = TypeVar("F", bound=Callable[..., Any])
    D = TypeVar("D", bound=Callable[..., Any] | classmethod[Any, ..., Any] | staticmethod[..., Any])
    S = TypeVar("S")
    S_contra = TypeVar("S_contra", contravariant=True)
    R_co = TypeVar("R_co", covariant=True)
    P = ParamSpec("P")
    # An observer list without type arguments takes any callable, so `x = ObserverList()` needs no annotation.
    ObserverP = ParamSpec("ObserverP", default=...)
else:
    from types import GenericAlias

    class Generic:
        """Stand-in for `typing.Generic`: `Registry[Exporter]` works and means nothing at run time."""

        __slots__ = ()
        __class_getitem__ = classmethod(GenericAlias)

    Protocol = Generic
    T = R = S = V = F = D = R_co = S_contra = P = ObserverP = None

    def overload(function):
        """Stand-in for `typing.overload`."""
        return function


__all__ = [
    "TYPE_CHECKING",
    "D",
    "F",
    "Generic",
    "ObserverP",
    "P",
    "Protocol",
    "R",
    "R_co",
    "S",
    "S_contra",
    "T",
    "V",
    "overload",
]
