"""The levels of a decorator: the def that takes the function, and the factories around it that return that def."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from patternlint.facts import Scope
from patternlint.rule import cst
from patternlint_rules.decorator.shape import Returned, function_parameter, own_nodes, returned_by


class Levels(NamedTuple):
    """How users get at a decorator.

    `dotted` is the name they use, `calls` how often they may call it before it takes the function (0 for ``@d``, 1 for
    ``@d(…)``). `scopes` are the decorator and its factories, the innermost first.
    """

    dotted: str
    calls: tuple[int, ...]
    scopes: tuple[Scope, ...]

    @property
    def factory(self) -> Scope | None:
        """The function that returns the decorator."""
        return self.scopes[1] if len(self.scopes) > 1 else None

    @property
    def outer(self) -> Scope:
        """The function that users name."""
        return self.scopes[-1]

    @property
    def name(self) -> str:
        """What a user writes behind the ``@``."""
        return self.dotted.rpartition(".")[2]


def levels_of(
    node: cst.FunctionDef, ancestors: Sequence[cst.CSTNode], scope_of: Callable[[cst.CSTNode], Scope]
) -> Levels:
    """The levels of a decorator's def."""
    scopes = [scope_of(node)]
    both = _returned_by(node).itself  # `def d(func=None, *, times=2)` serves `@d` and `@d(times=3)`
    current = node
    for outer in reversed(ancestors):
        if isinstance(outer, cst.ClassDef):
            break
        if not isinstance(outer, cst.FunctionDef):
            continue
        returned = _returned_by(outer)
        if not any(inner is current for inner in returned.inner):
            break
        both = returned.itself
        scopes.append(scope_of(outer))
        current = outer
    depth = len(scopes) - 1
    last = scopes[-1]
    if last.name == "__call__" and last.enclosing_class is not None:
        return Levels(last.enclosing_class.dotted, (depth + 1,), tuple(scopes))
    calls = ((depth, depth + 1) if not depth else (depth - 1, depth)) if both else (depth,)
    return Levels(last.dotted, calls, tuple(scopes))


def _returned_by(node: cst.FunctionDef) -> Returned:
    return returned_by(node, function_parameter(node) or "", own_nodes(node))
