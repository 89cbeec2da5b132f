"""Whether code holds a lock where it stores."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple, Protocol

from patternlint.cstnames import dotted as cst_dotted
from patternlint.facts import Module, Scope, dotted, own_nodes
from patternlint.rule import cst
from patternlint.walker import descendants
from patternlint_rules.singleton.slot import Names, Slot, class_around

LOCK_TYPES = frozenset({"Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore"})
_LOCK_NAME = re.compile(r"(?<![bc])lock|mutex|(?<![a-z])guard|synchron", re.IGNORECASE)
_ACQUIRE = re.compile(r"acquire.?lock", re.IGNORECASE)


class Held(NamedTuple):
    """A lock that is held: by which expression, and from which statement on (None: by the whole function)."""

    lock: cst.BaseExpression
    by: cst.With | cst.Try | None


class Placed(Protocol):
    """A node of a function, and the nodes around it from the function's body inwards."""

    @property
    def node(self) -> cst.CSTNode: ...
    @property
    def around(self) -> tuple[cst.CSTNode, ...]: ...


def locks_around(store: Placed, names: Names) -> Iterator[Held]:
    """The locks that dominate a store, the outer ones first: a decorator that synchronizes the function, a ``with``,
    ``acquire()`` before or in a ``try`` that releases in ``finally``, a lock function called before."""
    for decorator in names.function.decorators:
        if _LOCK_NAME.search(cst_dotted(_called(decorator.decorator)) or ""):
            yield Held(decorator.decorator, None)
    for at, node in enumerate(store.around):
        if isinstance(node, cst.With):
            yield from (Held(i.item, node) for i in node.items if is_lock(i.item, names.scope))
        elif isinstance(node, cst.Try) and node.finalbody is not None:
            released = {r for r, method in _methods_called(node.finalbody) if method == "release"}
            for receiver, method in _methods_called(names.function.body):
                if method == "acquire" and receiver in released:
                    yield Held(cst.parse_expression(receiver), node)
        elif isinstance(node, cst.IndentedBlock):
            inner = [*store.around, store.node][at + 1]
            for call in _calls_before(node, inner):
                yield Held(call, None)


def is_locked(store: Placed, names: Names) -> bool:
    """Whether a lock dominates a store, in the function or in everybody who calls it."""
    return any(True for _ in locks_around(store, names)) or is_called_locked(names.scope)


def is_read_unlocked(slot: Slot, names: Names) -> bool:
    """Whether another function of the module asks about a slot where no lock is held; told by the slot's name."""
    for scope in names.scope.module.functions:
        if scope is names.scope or is_called_locked(scope):
            continue
        locked = {
            n
            for w in scope.statements()
            if isinstance(w, ast.With | ast.AsyncWith) and takes_lock(w, scope)
            for n in own_nodes(w)
        }
        around = class_around(scope)
        inside = around is not None and around.qualname == slot.owner
        wanted = {f"{slot.owner.rpartition('.')[2]}.{slot.name}"} if slot.owner else {slot.name}
        wanted |= {f"cls.{slot.name}", f"self.{slot.name}"} if inside else set()
        for node in own_nodes(scope.node):
            asks = ast.walk(node.test) if isinstance(node, ast.If | ast.IfExp) and node not in locked else ()
            if any(dotted(part) in wanted for part in asks):
                return True
    return False


def is_lock(expression: cst.BaseExpression, scope: Scope) -> bool:
    """Whether an expression is a lock: by its name, by what it is made of, by what its name was bound to."""
    return _means_lock(cst_dotted(_called(expression)) or "", scope)


def takes_lock(statement: ast.stmt, scope: Scope) -> bool:
    """The same of a ``with`` statement's items, for candidates."""
    items = statement.items if isinstance(statement, ast.With | ast.AsyncWith) else []
    called = [i.context_expr.func if isinstance(i.context_expr, ast.Call) else i.context_expr for i in items]
    return any(_means_lock(dotted(c) or "", scope) for c in called)


def _means_lock(path: str, scope: Scope) -> bool:
    name = path.rpartition(".")[2]
    if name in LOCK_TYPES or _LOCK_NAME.search(name):
        return True
    at: Scope | None = scope
    while at is not None and name:
        binding = at.binds_once(name)
        if binding is not None and isinstance(binding.value, ast.Call):
            return (dotted(binding.value.func) or "").rpartition(".")[2] in LOCK_TYPES
        at = at.parent
    return False


def made_lock(expression: cst.BaseExpression | None, scope: Scope) -> str:
    """The dotted name of the lock type that an expression makes one of (``threading.RLock``), else ""."""
    name = cst_dotted(expression.func) if isinstance(expression, cst.Call) else None
    resolved = scope.module.resolve(name, scope) if name else None
    return resolved if resolved is not None and resolved.rpartition(".")[2] in LOCK_TYPES else ""


def is_called_locked(scope: Scope) -> bool:
    """Whether a private function is only called where a lock is held, as far as its module shows."""
    if not scope.name.startswith("_") or scope.name.startswith("__"):
        return False
    locked, total = scope.module.derive(_calls_under_locks).get(scope.name, (0, 0))
    return total > 0 and locked == total


def is_also_called_locked(module: Module, name: str) -> bool:
    """Whether a module calls a function of this last name where it holds a lock."""
    return module.derive(_calls_under_locks).get(name, (0, 0))[0] > 0


def _calls_under_locks(module: Module) -> dict[str, tuple[int, int]]:
    """By the last name that is called: how often under a ``with`` on a lock, and how often at all."""
    found: dict[str, tuple[int, int]] = {}
    for scope in module.scopes:
        under: set[ast.AST] = set()
        for node in own_nodes(scope.node):
            if isinstance(node, ast.With | ast.AsyncWith) and takes_lock(node, scope):
                under.update(n for statement in node.body for n in (statement, *own_nodes(statement)))
        for node in own_nodes(scope.node):
            if isinstance(node, ast.Call) and (name := (dotted(node.func) or "").rpartition(".")[2]):
                locked, total = found.get(name, (0, 0))
                found[name] = locked + (node in under), total + 1
    return found


def _methods_called(root: cst.CSTNode) -> Iterator[tuple[str, str]]:
    """Each ``receiver.method()`` inside a node, by names."""
    for node in descendants(root, into_scopes=False):
        if isinstance(node, cst.Call) and (path := cst_dotted(node.func)) is not None:
            receiver, _, method = path.rpartition(".")
            if receiver:
                yield receiver, method


def _calls_before(block: cst.IndentedBlock, inner: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """The lock functions (``logging._acquireLock()``) that a block calls before the statement around a store."""
    for statement in block.body:
        if statement is inner:
            return
        for node in descendants(statement, into_scopes=False):
            if isinstance(node, cst.Call) and _ACQUIRE.search(cst_dotted(node.func) or ""):
                yield node.func


def _called(expression: cst.BaseExpression) -> cst.BaseExpression:
    return expression.func if isinstance(expression, cst.Call) else expression
