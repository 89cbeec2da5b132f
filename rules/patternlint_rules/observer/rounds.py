"""A loop that tells something to each of those who asked for it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from patternlint.facts import walk
from patternlint.rule import Confidence, cst
from patternlint.walker import children
from patternlint_rules.observer.pairing import words

# what is handed to one of these runs after the loop, if at all
_LATER = frozenset(
    """task tasks future coro coros coroutine coroutines schedule spawn threadsafe gather shield defer later soon job
    jobs nursery submit executor""".split()
)
OBSERVER_WORDS = frozenset(
    """observer observers listener listeners callback callbacks cb cbs subscriber subscribers subscription subscriptions
    handler handlers watcher watchers hook hooks receiver receivers delegate delegates slot slots""".split()
)
_TELLS = frozenset(
    """on notify notified handle update updated changed change emit receive received process fire event message inform
    dispatch observe callback call trigger signal send sent added removed opened closed started stopped""".split()
)
_AWAITABLE = frozenset({"isawaitable", "iscoroutine", "Awaitable", "Coroutine"})


class EntryCall(NamedTuple):
    """A call of a loop's variable (`method` is ""), or of a method of it. `is_bare`: its result is not looked at, but
    perhaps awaited."""

    name: str
    method: str
    is_bare: bool


def calls_of(loop: ast.For) -> list[EntryCall]:
    """The calls of what a loop walks, as `ast` sees them: also those that do not run within it."""
    names = {n.id for n in walk(loop.target) if isinstance(n, ast.Name)}
    inside = [n for s in loop.body for n in walk(s)]
    calls = [(n, *_named(n.func)) for n in inside if isinstance(n, ast.Call)]
    if not any(name in names for _, name, _ in calls):
        return []
    knows_awaitables = any(isinstance(n, ast.Name) and n.id in _AWAITABLE for n in inside)
    bare = {_awaited(n.value) for n in inside if isinstance(n, ast.Expr)}
    return [EntryCall(name, method, knows_awaitables or n in bare) for n, name, method in calls if name in names]


def _named(func: ast.expr) -> tuple[str, str]:
    """The name that is called, or whose method is called, and the method."""
    name, method = (func.value, func.attr) if isinstance(func, ast.Attribute) else (func, "")
    return (name.id if isinstance(name, ast.Name) else "", method)


def _awaited(value: ast.expr | None) -> ast.expr | None:
    while isinstance(value, ast.Await | ast.Yield):
        value = value.value
    return value


def calls_within(loop: cst.For) -> Iterator[EntryCall]:
    """The calls of what a loop walks that run within the loop, and after which it goes on."""
    names = _names(loop.target)
    bare: set[int] = set()
    knows_awaitables = False
    found: list[tuple[cst.Call, str, str]] = []
    stack: list[cst.CSTNode] = [loop.body]
    while stack:
        node = stack.pop()
        if isinstance(node, cst.FunctionDef | cst.ClassDef | cst.Lambda | cst.Return | cst.Raise):
            continue
        if isinstance(node, cst.Expr):
            value: cst.CSTNode | None = node.value
            while isinstance(value, cst.Await | cst.Yield):
                value = value.expression if isinstance(value, cst.Await) else value.value
            bare.add(id(value))
        elif isinstance(node, cst.Name):
            knows_awaitables = knows_awaitables or node.value in _AWAITABLE
        elif isinstance(node, cst.Call):
            func, method = (
                (node.func.value, node.func.attr.value) if isinstance(node.func, cst.Attribute) else (node.func, "")
            )
            if isinstance(func, cst.Name) and func.value in names:
                found.append((node, func.value, method))
            last = method or (func.value if isinstance(func, cst.Name) else "")
            if not _LATER.isdisjoint(words(last)):
                continue
        stack.extend(reversed(_going_on(node)))
    for call, name, method in found:
        yield EntryCall(name, method, id(call) in bare or knows_awaitables)


def told_by(container: str, call: EntryCall) -> Confidence | None:
    """How surely a call tells an observer something, by its form and, for methods, by the words in use; None if nothing
    says so."""
    if not call.method:
        return Confidence.HIGH if call.is_bare else Confidence.MEDIUM
    are_observers = not OBSERVER_WORDS.isdisjoint(words(call.name) | words(container))
    tells = not _TELLS.isdisjoint(words(call.method))
    if not call.is_bare or not (are_observers or tells):
        return None
    return Confidence.HIGH if are_observers and tells else Confidence.LOW


def _names(target: cst.CSTNode) -> frozenset[str]:
    if isinstance(target, cst.Name):
        return frozenset({target.value})
    return frozenset().union(*map(_names, children(target)))


def _going_on(node: cst.CSTNode) -> list[cst.CSTNode]:
    """The children of a node, without the statement before one that ends the loop."""
    found = children(node)
    if isinstance(node, cst.IndentedBlock) and isinstance(last := node.body[-1], cst.SimpleStatementLine):
        ends = isinstance(last.body[-1], cst.Break | cst.Return | cst.Raise)
        return found[:-2] if ends and len(found) > 1 else found
    return found
