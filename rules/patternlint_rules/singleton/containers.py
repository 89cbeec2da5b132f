"""A container that is filled behind the test whether it is empty: who comes second finds a part of it."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from patternlint.facts import Module, Scope, dotted, own_nodes
from patternlint.rule import Rule, cst
from patternlint.walker import descendants, walk
from patternlint_rules.singleton.double_checked import local_name, mind_delay, reads_of, within
from patternlint_rules.singleton.guard import Guard, names_asked
from patternlint_rules.singleton.publishing import FILLS, takes_time
from patternlint_rules.singleton.slot import Names, Slot, first_value

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder

_AT_ONCE = {
    "[]": "{slot}[:] = {local}", "list()": "{slot}[:] = {local}", "{}": "{slot}.update({local})",
    "dict()": "{slot}.update({local})", "set()": "{slot}.update({local})",
}  # fmt: skip
_KINDS = frozenset({"OrderedDict", "defaultdict", "deque", "dict", "list", "set"})


class Filled(NamedTuple):
    """A container that is filled step by step: the first step, the nodes around it, and the guard."""

    slot: Slot
    node: cst.CSTNode
    around: tuple[cst.CSTNode, ...]
    guard: Guard
    more: tuple[cst.CSTNode, ...]
    takes_time: bool


def filled_behind_own_test(names: Names, guards: Sequence[Guard]) -> Iterator[Filled]:
    """The containers that a function fills in several steps when it finds them empty."""
    for guard in guards:
        if guard.keyed or not guard.alone or not is_empty_container(first_value(guard.slot, names.scope.module)):
            continue
        steps = _Steps(guard.slot, names)
        for statement in guard.empty:
            walk(statement, steps, enter=steps.enter)
        if steps.found and not steps.is_stored and (len(steps.found) > 1 or steps.in_loop):
            node, around = steps.found[0]
            holding = [s for s in guard.empty if any(n is s or within(s, n) for n, _ in steps.found)]
            inside = [n for s in holding for n in (s, *descendants(s, into_scopes=False))]
            more = tuple(n for n, _ in steps.found[1:])
            yield Filled(guard.slot, node, around, guard, more, takes_time(inside, names))


class _Steps:
    """The places of a block that fill a slot's container."""

    def __init__(self, slot: Slot, names: Names) -> None:
        self.found: list[tuple[cst.CSTNode, tuple[cst.CSTNode, ...]]] = []
        self.is_stored = self.in_loop = False
        self._slot, self._names = slot, names
        self._path: tuple[cst.CSTNode, ...] = ()

    def enter(self, _node: cst.CSTNode, path: list[cst.CSTNode]) -> None:
        self._path = tuple(path)

    def visit_FunctionDef(self, _node: cst.FunctionDef) -> bool:
        return False

    def visit_Lambda(self, _node: cst.Lambda) -> bool:
        return False

    def visit_Assign(self, node: cst.Assign) -> None:
        for target in (t.target for t in node.targets):
            self.is_stored |= self._names.slot(target) == self._slot
            if isinstance(target, cst.Subscript) and self._names.slot(target.value) == self._slot:
                self._note(node)

    def visit_Call(self, node: cst.Call) -> None:
        receiver = node.func.value if isinstance(node.func, cst.Attribute) and node.func.attr.value in FILLS else None
        if receiver is not None and self._names.slot(receiver) == self._slot:
            self._note(node)

    def _note(self, node: cst.CSTNode) -> None:
        self.found.append((node, self._path))
        self.in_loop |= any(isinstance(n, cst.For | cst.While) for n in self._path)


def fill_locally(rule: Rule, fix: FixBuilder, names: Names, filled: Filled) -> None:
    """Fill a local, and put all of it into the container at once; the container stays the same object."""
    first = first_value(filled.slot, names.scope.module)
    into = _AT_ONCE.get(ast.unparse(first)) if first is not None else None
    steps = [filled.node, *filled.more]
    holding = [s for s in filled.guard.empty if any(n is s or within(s, n) for n in steps)]
    if into is None or not holding:
        fix.refuse("no-local-form")
        return
    at = [i for i, s in enumerate(filled.guard.empty) if s is holding[0] or s is holding[-1]]
    block = filled.guard.empty[at[0] : at[-1] + 1]
    mind_delay(rule, fix, names, block, filled.slot)
    reads = [n for s in block for n in reads_of(s, filled.slot, names)]
    local, slot = local_name(fix, names, filled.slot), rule.text(reads[0])
    for node in reads:
        fix.replace(node, local)
    fix.insert_before(block[0], f"{local} = {ast.unparse(first) if first is not None else ''}")
    fix.insert_after(block[-1], into.format(slot=slot, local=local))


def is_empty_container(value: ast.expr | None) -> bool:
    """Whether an expression makes an empty container."""
    match value:
        case ast.List(elts=[]) | ast.Dict(keys=[]):
            return True
        case ast.Call(args=[], keywords=[]):
            return (dotted(value.func) or "").rpartition(".")[2] in _KINDS
        case ast.Call(keywords=[]):
            return (dotted(value.func) or "").rpartition(".")[2] == "defaultdict"
    return False


def may_fill_behind_own_test(function: Scope) -> bool:
    """Whether a function may fill a container that its module or class makes empty in several steps, behind a
    condition; for candidates."""
    names = function.module.derive(_empty_containers)
    rows = function.module.rows_with(names) if names else []
    if not function.holds(rows):
        return False
    asked = names_asked(function) & names
    filled = [n for n in own_nodes(function.node, rows) if _filled_name(n) in asked] if asked else []
    loops = [s for s in function.statements() if isinstance(s, ast.For | ast.AsyncFor | ast.While)]
    in_loop = any(s.lineno <= getattr(n, "lineno", 0) <= (s.end_lineno or 0) for s in loops for n in filled)
    return len(filled) > 1 or in_loop


def _filled_name(node: ast.AST) -> str:
    """The last name of the container that a node puts something into, "" where it does not."""
    filled: ast.expr | None = None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in FILLS:
        filled = node.func.value
    elif isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
        filled = node.value
    return (dotted(filled) or "").rpartition(".")[2]


def _empty_containers(module: Module) -> frozenset[str]:
    """The names that a module or its classes bind once, to an empty container."""
    return frozenset(
        name
        for scope in module.scopes
        if not scope.is_function
        for name in scope.bindings
        if (binding := scope.binds_once(name)) is not None and is_empty_container(binding.value)
    )
