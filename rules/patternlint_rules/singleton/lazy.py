"""Lazy filling: a function that fills a slot when it finds it empty."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from patternlint.facts import Scope
from patternlint.rule import cst
from patternlint.walker import descendants
from patternlint_rules.singleton.guard import Guard, guards_around, guards_in
from patternlint_rules.singleton.slot import Names, Store, may_store, stores_in


class Filling(NamedTuple):
    """A store that runs only when the slot is empty, and the guards that see to it, the outer ones first."""

    names: Names
    store: Store
    guards: tuple[Guard, ...]

    @property
    def guard(self) -> Guard:
        """The innermost guard."""
        return self.guards[-1]


def fillings(function: cst.FunctionDef, scope: Scope) -> Iterator[Filling]:
    """Every lazy filling in a function's own code, of whatever slot."""
    names = Names(function, scope)
    guards = guards_in(names)
    for store in stores_in(names):
        if around := guards_around(store, guards):
            yield Filling(names, store, tuple(around))


def is_asked_for(filling: Filling) -> bool:
    """Whether a parameter says that the slot is to be filled, and without it the call fails: start-up code fills it,
    all others are handed what is there (``settings(init=True)``)."""
    parameters = set(filling.names.scope.parameters)
    for node in filling.store.around:
        if isinstance(node, cst.If) and isinstance(node.orelse, cst.Else):
            named = {n.value for n in (node.test, *descendants(node.test)) if isinstance(n, cst.Name)}
            if named & parameters and any(isinstance(n, cst.Raise) for n in descendants(node.orelse)):
                return True
    return False


def may_fill(scope: Scope) -> bool:
    """Whether a function stores what a call or another function's value may be in a slot, behind a condition; for
    candidates."""
    stores = [s for s in may_store(scope) if s.value is not None and not isinstance(s.value, ast.Constant)]
    return bool(stores) and any(isinstance(s, ast.If | ast.Try) for s in scope.statements())
