"""Which locks are held, and whether they keep a callback out."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from patternlint.facts import Module, dotted, walk
from patternlint_rules.observer.containers import Use

_EXCLUSIVE = frozenset({"Lock", "Semaphore", "BoundedSemaphore", "allocate_lock"})


def guarded_by_same_lock(module: Module, held: frozenset[str], removers: Iterable[Use]) -> bool:
    """Whether the loop holds a lock that every remover takes too, and that the same thread cannot take twice."""
    return any(
        all(lock in u.locks for u in removers) and _is_exclusive(module, lock.rpartition(".")[2]) for lock in held
    )


def _is_exclusive(module: Module, name: str) -> bool:
    """Whether the lock of this name that the module makes is a plain one; unknown counts as plain."""
    made = {
        (dotted(node.value.func) or "").rpartition(".")[2]
        for node in walk(module.tree)
        if isinstance(node, ast.Assign | ast.AnnAssign) and isinstance(node.value, ast.Call)
        for target in (node.targets if isinstance(node, ast.Assign) else [node.target])
        if (dotted(target) or "").rpartition(".")[2] == name
    }
    return not made or made <= _EXCLUSIVE
