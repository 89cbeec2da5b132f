"""The guard: how code asks whether a slot is filled, and what runs only when it is not."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from patternlint.cstnames import dotted
from patternlint.facts import Scope, walk
from patternlint.rule import cst
from patternlint.walker import descendants
from patternlint_rules.singleton.slot import Names, Slot, Store, own_nodes, returned_slot

_MISSING = frozenset({"AttributeError", "KeyError", "NameError", "LookupError", "Exception"})


class Test(NamedTuple):
    """A condition on a slot: whether it is true when the slot is filled. `keyed` slots hold one object per key."""

    slot: Slot
    when_filled: bool
    keyed: bool = False


class Guard(NamedTuple):
    """A statement that asks about a slot.

    `empty` are the statements that run only when the slot is empty: the branch, or what follows an early return.
    `alone` says that nothing else decides.
    """

    slot: Slot
    keyed: bool
    node: cst.If | cst.Try
    empty: tuple[cst.CSTNode, ...]
    alone: bool

    def holds(self, node: cst.CSTNode) -> bool:
        """Whether a node runs only when the slot is empty."""
        return any(n is node for statement in self.empty for n in (statement, *descendants(statement)))


def tests_in(condition: cst.BaseExpression, names: Names) -> Iterator[Test]:
    """The slots that a condition asks about, its ``and`` and ``or`` parts included."""
    pending: list[tuple[cst.BaseExpression, bool]] = [(condition, True)]
    while pending:
        node, positive = pending.pop()
        if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not):
            pending.append((node.expression, not positive))
        elif isinstance(node, cst.BooleanOperation):
            pending += [(node.left, positive), (node.right, positive)]
        elif isinstance(node, cst.Call) and dotted(node.func) in ("isinstance", "len", "bool") and node.args:
            pending.append((node.args[0].value, positive))
        elif isinstance(node, cst.Comparison) and len(node.comparisons) == 1:
            if (found := _compared(node, names)) is not None:
                yield found._replace(when_filled=found.when_filled is positive)
        elif (found := _read(node, names)) is not None:
            yield found._replace(when_filled=positive)


def _read(node: cst.BaseExpression, names: Names) -> Test | None:
    if (slot := names.value_of(node)) is not None:
        return Test(slot, True)
    item = names.item_of(node)
    return None if item is None else Test(item, True, keyed=True)


def _compared(node: cst.Comparison, names: Names) -> Test | None:
    operator, right = node.comparisons[0].operator, node.comparisons[0].comparator
    read, other = _read(node.left, names), dotted(right) or ""
    equal = isinstance(operator, cst.Is | cst.Equal)
    if read is not None and (other in ("None", "False", "True") or _is_sentinel(other)):
        return read._replace(when_filled=equal is (other == "True"))
    filled = isinstance(operator, cst.In)
    if not filled and not isinstance(operator, cst.NotIn):
        return None
    if dotted(right.func if isinstance(right, cst.Call) else None) in ("globals", "vars") or other.endswith("__dict__"):
        return _named_in(node.left, right, names, filled=filled)
    slot = names.slot(right)
    return None if slot is None else Test(slot, filled, keyed=True)


def _is_sentinel(name: str) -> bool:
    """``UNSET``: a name in capitals."""
    last = name.rpartition(".")[2]
    return last.isupper() and len(last) > 1


def _named_in(name: cst.BaseExpression, place: cst.BaseExpression, names: Names, *, filled: bool) -> Test | None:
    """``"X" in cls.__dict__``, ``"X" in globals()``."""
    if not isinstance(name, cst.SimpleString):
        return None
    owner: str | None = ""
    if isinstance(place, cst.Attribute):
        owner = names.class_of(place.value)
    elif isinstance(place, cst.Call) and place.args:
        owner = names.class_of(place.args[0].value)
    return None if owner is None else Test(Slot(str(name.evaluated_value), owner), filled)


def names_asked(function: Scope) -> frozenset[str]:
    """The last names of what a function may ask about, by facts alone: in its conditions (strings included), in what it
    tries, and what locals of these were made of. For candidates."""
    asked: set[str] = set()
    made: dict[str, set[str]] = {}
    for statement in function.statements():
        if isinstance(statement, ast.If):
            asked |= names_in(statement.test)
        elif isinstance(statement, ast.Try):
            tried = (s.value for s in statement.body if isinstance(s, ast.Return | ast.Expr) and s.value is not None)
            asked |= {name for value in tried for name in names_in(value)}
        elif isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Name):
            made.setdefault(statement.targets[0].id, set()).update(names_in(statement.value))
    methods = function.enclosing_class.methods if function.enclosing_class is not None else {}
    getters = (returned_slot(methods[name]) for name in asked & methods.keys())
    asked |= {slot.name for slot in getters if slot is not None}
    return frozenset(asked.union(*(names for local, names in made.items() if local in asked)))


def names_in(node: ast.expr) -> set[str]:
    """The last names that an expression mentions, strings included."""
    found: set[str] = set()
    for part in walk(node):
        if isinstance(part, ast.Name):
            found.add(part.id)
        elif isinstance(part, ast.Attribute):
            found.add(part.attr)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            found.add(part.value)
    return found


def tests_by(names: Names) -> list[tuple[cst.If, Test]]:
    """The slot tests of a function's own ``if`` statements, each with its statement."""
    return [(n, t) for n in own_nodes(names.function) if isinstance(n, cst.If) for t in tests_in(n.test, names)]


def guards_in(names: Names) -> list[Guard]:
    """Every guard of a function's own code, the outer ones first."""
    body = names.function.body
    blocks = [n for n in (body, *descendants(body, into_scopes=False)) if isinstance(n, cst.IndentedBlock)]
    return [
        guard
        for block in blocks
        for at, statement in enumerate(block.body)
        for guard in _guards_of(statement, block.body[at + 1 :], names)
    ]


def guards_around(store: Store, guards: Sequence[Guard]) -> list[Guard]:
    """The guards on a store's own slot that it runs behind, the outer ones first."""
    return [g for g in guards if g.slot == store.slot and g.holds(store.node)]


def _guards_of(statement: cst.CSTNode, following: Sequence[cst.CSTNode], names: Names) -> Iterator[Guard]:
    if isinstance(statement, cst.Try):
        yield from _tried(statement, following, names)
    at: cst.CSTNode | None = statement
    while isinstance(at, cst.If):
        alone = _is_about_one(at.test, names)
        for slot, when_filled, keyed in tests_in(at.test, names):
            if not when_filled:
                yield Guard(slot, keyed, at, tuple(at.body.body), alone)
            elif isinstance(at.orelse, cst.Else):
                yield Guard(slot, keyed, at, tuple(at.orelse.body.body), alone)
            elif at.orelse is None and leaves(at.body.body):
                yield Guard(slot, keyed, at, tuple(following), alone)
        at = at.orelse


def _is_about_one(condition: cst.BaseExpression, names: Names) -> bool:
    """Whether all parts of a condition ask about the same slot: ``hasattr(self, "x") and self.x``."""
    parts = [condition]
    while any(isinstance(p, cst.BooleanOperation) for p in parts):
        parts = [q for p in parts for q in ([p.left, p.right] if isinstance(p, cst.BooleanOperation) else [p])]
    return len(parts) == 1 or len({frozenset(t.slot for t in tests_in(p, names)) for p in parts}) == 1


def _tried(statement: cst.Try, following: Sequence[cst.CSTNode], names: Names) -> Iterator[Guard]:
    """``try: return cls.X`` / ``except AttributeError: …``."""
    handler = next((h for h in statement.handlers if (dotted(h.type) or "Exception") in _MISSING), None)
    if handler is None:
        return
    empty = [*handler.body.body, *(() if leaves(handler.body.body) else following)]
    for line in statement.body.body:
        for small in line.body if isinstance(line, cst.SimpleStatementLine) else ():
            read = _read(small.value, names) if isinstance(small, cst.Return | cst.Expr) and small.value else None
            if read is not None:
                yield Guard(read.slot, read.keyed, statement, tuple(empty), alone=True)


def leaves(block: Sequence[cst.CSTNode]) -> bool:
    """Whether the statements end by going somewhere else: ``return``, ``raise``, ``continue``, ``break``."""
    last = block[-1] if block else None
    small = last.body[-1] if isinstance(last, cst.SimpleStatementLine) else last
    return isinstance(small, cst.Return | cst.Raise | cst.Continue | cst.Break)
