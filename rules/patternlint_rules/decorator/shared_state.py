"""What all calls of a wrapper share, and change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from patternlint.cstnames import dotted
from patternlint.facts import Scope
from patternlint.rule import cst
from patternlint.walker import descendants
from patternlint_rules.decorator.around import own_paths
from patternlint_rules.decorator.identity import names_of
from patternlint_rules.decorator.shape import Shape, Wrapper, own_nodes, parameter_names
from patternlint_rules.singleton.locking import is_lock


class Change(NamedTuple):
    """A statement of a wrapper that changes what its calls share, depending on what was there before.

    `state` is the variable, attribute or container, `is_count` says that one statement reads and stores it
    (``calls += 1``); otherwise it is asked about first and stored later. `path` is what is around it, outermost first.
    """

    state: str
    is_count: bool
    path: tuple[cst.CSTNode, ...]


def unlocked_changes(shape: Shape, wrapper: Wrapper, scope: Scope) -> Iterator[Change]:
    """The changes that a wrapper makes without a lock, in source order.

    Args:
        shape: the decorator.
        wrapper: a plain function.
        scope: the wrapper's.
    """
    if not isinstance(wrapper.node, cst.FunctionDef) or any(_acquires(n) for n in own_nodes(wrapper.node)):
        return
    asked: set[str] = set()
    for node, path in own_paths(wrapper.node):
        if isinstance(node, cst.If | cst.IfExp | cst.While):
            asked |= {name for n in (node.test, *descendants(node.test)) if (name := dotted(n)) is not None}
        is_count = isinstance(node, cst.AugAssign)
        state = _shared(node, shape, wrapper, scope)
        if not isinstance(node, cst.AugAssign | cst.Assign) or not state or not (is_count or state in asked):
            continue
        withs = (n for n in path if isinstance(n, cst.With))
        if not any(is_lock(item.item, scope) for n in withs for item in n.items):
            yield Change(state, is_count, path)


def _shared(node: cst.CSTNode, shape: Shape, wrapper: Wrapper, scope: Scope) -> str:
    """What a statement stores, if it belongs to the decorator or to the wrapper itself; else ""."""
    if isinstance(node, cst.AugAssign):
        target: cst.CSTNode = node.target
    elif isinstance(node, cst.Assign) and len(node.targets) == 1:
        target = node.targets[0].target
    else:
        return ""
    if isinstance(target, cst.Name):
        is_outer = any(b.kind == "nonlocal" for b in scope.bindings.get(target.value, ()))
        return target.value if is_outer else ""
    if isinstance(target, cst.Attribute):
        return dotted(target) or "" if dotted(target.value) in names_of(shape, wrapper) else ""
    if isinstance(target, cst.Subscript) and isinstance(node, cst.AugAssign):
        name = dotted(target.value)
        own = name in scope.bindings or name in parameter_names(wrapper.node.params)
        return name if name is not None and not own and _is_of_a_function_around(name, scope) else ""
    return ""


def _is_of_a_function_around(name: str, scope: Scope) -> bool:
    around = scope.parent
    while around is not None and around.is_function:
        if name in around.bindings:
            return all(b.kind == "assign" for b in around.bindings[name])
        around = around.parent
    return False


def _acquires(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Call) and (dotted(node.func) or "").rpartition(".")[2] == "acquire"
