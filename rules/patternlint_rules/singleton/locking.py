"""Whether code holds a lock where it stores."""

from __future__ import annotations

import ast
import re

from patternlint.cstnames import dotted as cst_dotted
from patternlint.facts import Scope, dotted
from patternlint.rule import cst
from patternlint_rules.singleton.slot import Store, own_nodes

_LOCK_TYPES = frozenset({"Lock", "RLock", "Condition", "Semaphore", "BoundedSemaphore"})
_LOCK_NAME = re.compile(r"lock|mutex|(?<![a-z])guard|synchron", re.IGNORECASE)
_ACQUIRE = re.compile(r"acquire.?lock", re.IGNORECASE)


def is_locked(store: Store, function: cst.FunctionDef, scope: Scope) -> bool:
    """Whether a lock dominates a store: a ``with`` around it, ``acquire()`` with ``release()`` in the function, a lock
    function, or a decorator that synchronizes the whole function."""
    for node in store.around:
        if isinstance(node, cst.With) and any(_is_lock(item.item, scope) for item in node.items):
            return True
    called = [cst_dotted(n.func) or "" for n in own_nodes(function) if isinstance(n, cst.Call)]
    by_method = {name.rpartition(".")[2] for name in called}
    if {"acquire", "release"} <= by_method or any(_ACQUIRE.search(name) for name in called):
        return True
    return any(_LOCK_NAME.search(cst_dotted(_called(d.decorator)) or "") for d in function.decorators)


def _is_lock(expression: cst.BaseExpression, scope: Scope) -> bool:
    name = (cst_dotted(_called(expression)) or "").rpartition(".")[2]
    if name in _LOCK_TYPES or _LOCK_NAME.search(name):
        return True
    at: Scope | None = scope
    while at is not None:
        binding = at.binds_once(name)
        if binding is not None and isinstance(binding.value, ast.Call):
            return (dotted(binding.value.func) or "").rpartition(".")[2] in _LOCK_TYPES
        at = at.parent
    return False


def _called(expression: cst.BaseExpression) -> cst.BaseExpression:
    return expression.func if isinstance(expression, cst.Call) else expression
