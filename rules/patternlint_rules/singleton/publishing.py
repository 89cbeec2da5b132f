"""Published before it is complete: a slot is filled first, and what it holds is finished afterwards."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from patternlint.cstnames import dotted
from patternlint.rule import cst
from patternlint.walker import descendants
from patternlint_rules.singleton.guard import Guard, guards_around
from patternlint_rules.singleton.slot import Names, Slot, Store

FILLS = frozenset(
    {"add", "append", "appendleft", "extend", "insert", "setdefault", "update"}
)  # of containers; and what a half-built object is completed by
_COMPLETES = re.compile(
    r"_*(?:(?:re)?(?:load|build|connect|configure|create|declare|enable|fill|include|init|initiali[sz]e|install|mount"
    r"|open|populate|prepare|read|register|set|set_?up|start|subscribe|add|bind|discover|attach)(?:_\w+|$))"
)


# what is done before a thread is interrupted
_QUICK = ("builtins.", "collections.", "threading.", "typing.", "weakref.")


class Completion(NamedTuple):
    """What finishes a slot after others can see it.

    `kind`: "filled" (what it holds is changed), "flag" (it only says that the work behind it is done), "several" (other
    slots behind the same guard). `by` are the nodes that do it; `takes_time` says that something is called, looped
    over, imported or awaited meanwhile, so that another thread finds time to look.
    """

    kind: str
    slot: Slot
    by: tuple[cst.CSTNode, ...]
    takes_time: bool
    other: Slot | None = None


def completion_of(store: Store, guards: Sequence[Guard], names: Names, stores: Sequence[Store]) -> Completion | None:
    """How a slot is finished after it was stored behind its guard; None where it is complete by then.

    Args:
        guards: those around the store, the outer ones first.
        stores: all of the function.
    """
    behind = list(_behind(store, guards[0]))
    if dotted(store.value) == "True":
        return _flagged(store, behind, names, stores)
    if store.key is not None or _is_constant(store.value):
        return None
    by = tuple(n for n in behind if _completes(n, store, names))
    if by:
        return Completion("filled", store.slot, by, _takes_time(behind, by, names))
    others = [s for s in stores if any(n is s.node for n in behind) and _belongs_with(s, store, guards)]
    others = [s for s in others if not guards_around(s, [g for g in guards if g.slot == s.slot])]
    if others:
        nodes = tuple(s.node for s in others)
        return Completion("several", store.slot, nodes, _takes_time(behind, nodes, names), others[-1].slot)
    return None


def awaits(completion: Completion, guard: Guard) -> bool:
    """Whether an event loop may run something else before the last of the completing nodes."""
    nodes = [n for s in guard.empty for n in (s, *descendants(s, into_scopes=False))]
    last = next((i for i, n in enumerate(nodes) if n is completion.by[-1]), len(nodes))
    return any(isinstance(n, cst.Await) for n in (*nodes[: last + 1], *descendants(completion.by[-1])))


def _behind(store: Store, guard: Guard) -> Iterator[cst.CSTNode]:
    """What runs behind a store when the slot was empty, in order."""
    inside, seen = {id(n) for n in descendants(store.node)}, False
    for statement in guard.empty:
        for node in (statement, *descendants(statement, into_scopes=False)):
            if seen and id(node) not in inside:
                yield node
            seen = seen or node is store.node


def _is_constant(value: cst.BaseExpression) -> bool:
    return dotted(value) in ("None", "False") or isinstance(value, cst.SimpleString | cst.Integer | cst.Float)


# ---- an object that is changed


def _completes(node: cst.CSTNode, store: Store, names: Names) -> bool:
    """Whether a node changes what the slot holds: stores in it, fills it, calls a method that sets it up."""
    if isinstance(node, cst.Assign | cst.AnnAssign | cst.AugAssign):
        targets = [t.target for t in node.targets] if isinstance(node, cst.Assign) else [node.target]
        is_added_to = isinstance(node, cst.AugAssign) and _is_object(node.target, store, names)
        return is_added_to or any(_is_inside(t, store, names) for t in targets)
    if not isinstance(node, cst.Call) or not isinstance(node.func, cst.Attribute):
        return False
    method, receiver = node.func.attr.value, node.func.value
    if _is_object(receiver, store, names):
        return completes_by_name(method)
    return method in FILLS and _is_inside(receiver, store, names)


def completes_by_name(method: str) -> bool:
    """Whether a method of this name may finish what it is called on."""
    return method in FILLS or bool(_COMPLETES.match(method))


def _is_inside(node: cst.BaseExpression, store: Store, names: Names) -> bool:
    """``S.x``, ``S[k]``, ``S.x.y``: a place inside what the slot holds."""
    while isinstance(node, cst.Attribute | cst.Subscript):
        if _is_object(node.value, store, names):
            return True
        node = node.value
    return False


def _is_object(node: cst.BaseExpression, store: Store, names: Names) -> bool:
    """Whether an expression is what the slot holds: the slot, or a local that has it."""
    if isinstance(store.value, cst.Name) and isinstance(node, cst.Name) and node.value == store.value.value:
        return True
    return names.value_of(node) == store.slot


# ---- a flag


def _flagged(store: Store, behind: Sequence[cst.CSTNode], names: Names, stores: Sequence[Store]) -> Completion | None:
    """A flag that says that the work is done before it is: other slots are stored, modules imported behind it."""
    by = [s.node for s in stores if s.slot != store.slot and s.key is None and any(n is s.node for n in behind)]
    by = [n for n in by if n.value is not None and not _is_constant(n.value)]
    if not by:
        return None
    return Completion("flag", store.slot, tuple(by), _takes_time(behind, by, names))


# ---- several slots


def _belongs_with(other: Store, store: Store, guards: Sequence[Guard]) -> bool:
    """Whether the same guard decides about another slot, which is not asked about."""
    asked = {g.slot for g in guards}
    return other.key is None and other.slot not in asked and not _is_constant(other.value) and guards[-1].alone


def _takes_time(behind: Sequence[cst.CSTNode], by: Sequence[cst.CSTNode], names: Names) -> bool:
    """Whether something is done until the last of the completing nodes that another thread can come in at."""
    last = next(i for i in reversed(range(len(behind))) if any(behind[i] is n for n in by))
    return takes_time([*behind[: last + 1], *descendants(behind[last], into_scopes=False)], names)


def takes_time(nodes: Iterable[cst.CSTNode], names: Names) -> bool:
    """Whether some code does more than a thread does without being interrupted."""
    for node in nodes:
        if isinstance(node, cst.While | cst.Import | cst.ImportFrom | cst.Await | cst.With):
            return True
        if isinstance(node, cst.Call):
            path = dotted(node.func)
            resolved = names.scope.module.resolve(path, names.scope) if path else None
            is_fill = isinstance(node.func, cst.Attribute) and node.func.attr.value in FILLS
            if not is_fill and (resolved is None or resolved == "builtins.open" or not resolved.startswith(_QUICK)):
                return True
    return False
