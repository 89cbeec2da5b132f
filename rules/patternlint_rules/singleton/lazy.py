"""Lazy filling: a function that fills a slot when it finds it empty."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from patternlint.facts import Scope, dotted, walk
from patternlint.rule import cst
from patternlint.walker import descendants
from patternlint_rules.singleton.guard import Guard, guards_around, guards_in
from patternlint_rules.singleton.slot import Names, Store, class_around, may_store, stores_in, targets_of

_PREPARES = re.compile(
    r"_?(?:async_)?(?:configure|ensure|init|initialize|install|load|prepare|register|set|set_?up|start(?:up)?)(?:_|\Z)"
)


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


def prepares(name: str) -> bool:
    """Whether a function's name says that it is there to make something ready: ``init_pool``, ``start_server``."""
    return _PREPARES.match(name) is not None


def hands_out(filling: Filling) -> bool:
    """Whether a function returns what the slot holds, or something made of it."""
    returned = [n.value for n in descendants(filling.names.function.body) if isinstance(n, cst.Return) and n.value]
    return any(
        filling.names.value_of(n) == filling.store.slot
        for value in returned
        for n in (value, *descendants(value))
        if isinstance(n, cst.Name | cst.Attribute)
    )


def is_made(value: ast.expr, scope: Scope) -> bool:
    """Whether an expression may make something anew: a call, or a local that stands for one."""
    match value:
        case ast.Await() | ast.NamedExpr():
            return is_made(value.value, scope)
        case ast.BoolOp():
            return any(is_made(v, scope) for v in value.values)
        case ast.IfExp():
            return is_made(value.body, scope) or is_made(value.orelse, scope)
        case ast.Call():
            written = dotted(value.func) or ""
            return not (written.count(".") > 1 and written.startswith(("cls.", "self.")))  # nobody knows what
    return isinstance(value, ast.Name) and value.id not in scope.parameters


Makes = Callable[[ast.expr, Scope], bool]


def may_fill(scope: Scope, makes: Makes = is_made) -> bool:
    """Whether a function stores something that it may have made in what may be a slot for one object, and asks about a
    name like it; for candidates.

    Args:
        scope: the function.
        makes: what counts as making; by default every call, and a name for one.
    """
    stored = _stored(scope, makes)
    return bool(stored) and not stored.isdisjoint(_asked(scope))


def may_hand_out(scope: Scope) -> bool:
    """Whether a function returns something with the name of what it fills; for candidates."""
    returned = [s.value for s in scope.statements() if isinstance(s, ast.Return) and s.value is not None]
    return bool(returned) and not _stored(scope, is_made).isdisjoint(_with_meanings(set(_names_in(returned)), scope))


def _stored(scope: Scope, makes: Makes) -> set[str]:
    """The last names of what may be slots and get something that is made."""
    return {
        target.attr if isinstance(target, ast.Attribute) else target.id
        for statement in may_store(scope)
        if statement.value is not None and makes(statement.value, scope)
        for target in targets_of(statement)
        if isinstance(target, ast.Attribute | ast.Name)
    }


def _asked(scope: Scope) -> set[str]:
    """The names in a function's conditions and tries."""
    statements = list(scope.statements())
    tests: list[ast.AST] = [s.test for s in statements if isinstance(s, ast.If)]
    tests += [inner for s in statements if isinstance(s, ast.Try) for inner in s.body]
    return _with_meanings(set(_names_in(tests)), scope)


def _with_meanings(names: set[str], scope: Scope) -> set[str]:
    """Names, and those that the locals and methods of these names stand for."""
    found = set(names)
    for statement in scope.statements():
        targets = targets_of(statement) if isinstance(statement, ast.Assign | ast.AnnAssign) else []
        if any(isinstance(t, ast.Name) and t.id in names for t in targets):
            found.update(_names_in([statement]))
    around = class_around(scope)
    if around is not None:
        for name in names & around.methods.keys():
            found.update(_names_in(around.methods[name].statements()))
    return found


def _names_in(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in (n for root in nodes for n in walk(root)):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
