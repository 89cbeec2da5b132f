"""What stands on given rows of a module, found by bisection: questions about a few rows cost no look at all of it.

Rows are 1-based; those of a def or class begin with its decorators.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from patternlint.facts.module import Module
    from patternlint.facts.scopes import Scope


def first_row(node: ast.AST) -> int:
    """The row on which a statement begins, its decorators included."""
    decorators = getattr(node, "decorator_list", None)
    row: int = node.lineno  # type: ignore[attr-defined]
    return min(row, decorators[0].lineno) if decorators else row


def last_row(node: ast.AST) -> int:
    """The row on which a node ends."""
    row: int = node.end_lineno  # type: ignore[attr-defined]
    return row


def scopes_on(module: Module, rows: Iterable[int]) -> list[Scope]:
    """The scopes that stand on one of the rows or around one, in source order; the module's own comes first."""
    begins = module.derive(_begins)
    found: dict[int, Scope] = {0: module.scope}
    for row in rows:
        at = bisect_right(begins, row)
        scope = module.scopes[at]
        while scope.parent is not None and last_row(scope.node) < row:
            scope = scope.parent
        while scope.parent is not None and (index := bisect_left(begins, first_row(scope.node)) + 1) not in found:
            found[index] = scope
            scope = scope.parent
    return [found[index] for index in sorted(found)]


def scopes_beginning(module: Module, first: int, last: int) -> list[Scope]:
    """The defs and classes that begin on one of the rows from `first` to `last`, in source order."""
    begins = module.derive(_begins)
    return module.scopes[bisect_left(begins, first) + 1 : bisect_right(begins, last) + 1]


def statements_on(statements: Sequence[ast.stmt], rows: Iterable[int]) -> list[ast.stmt]:
    """Those of some statements in source order that stand on one of the rows or around one; of a list that has a
    block's statements, too, the innermost."""
    found: dict[int, ast.stmt] = {}
    for row in rows:
        at = bisect_right(statements, row, key=first_row) - 1
        while at >= 0 and at not in found and last_row(statements[at]) >= row:
            found[at] = statements[at]
            at -= 1
    return [found[at] for at in sorted(found)]


def _begins(module: Module) -> list[int]:
    """The rows on which the defs and classes of a module begin: none begins on the row of another."""
    return [first_row(scope.node) for scope in module.scopes[1:]]
