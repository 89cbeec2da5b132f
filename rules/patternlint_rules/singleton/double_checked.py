"""The repairs in place: build under a lock that is tested again, and publish last."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from patternlint.cstnames import dotted
from patternlint.rule import Applicability, Rule, cst
from patternlint.walker import descendants
from patternlint_rules.singleton.asking import asks_again
from patternlint_rules.singleton.guard import Guard
from patternlint_rules.singleton.slot import Names, Slot, Store

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder

REASONS: Mapping[str, str] = {
    "no-simple-guard": "the slot is not tested by one plain `if` that fills it",
    "asks-for-itself": "what is called while the object is built may ask for it again",
    "imports-inside": "the code imports: under a lock that can wait for ever for a thread that imports and asks",
    "several-exits": "the code may leave between storing the object and completing it",
    "pauses-inside": "the code awaits or yields in between",
}


def build_under_lock(rule: Rule, fix: FixBuilder, names: Names, guard: Guard, store: Store, lock: str) -> None:
    """Fill a slot under a lock, test it again there, and publish last.

    Args:
        lock: the expression that means the lock in this function.
    """
    block = filling(guard, store, names)
    if not block or not is_simple(guard):
        fix.refuse("no-simple-guard")
        return
    inside = [n for s in block for n in (s, *descendants(s, into_scopes=False))]
    if any(isinstance(n, cst.Import | cst.ImportFrom) for n in inside):
        fix.refuse("imports-inside")
    if any(isinstance(n, cst.Await | cst.Yield) for n in inside):
        fix.refuse("pauses-inside")
    assert isinstance(guard.node, cst.If)
    test = rule.text(guard.node.test)
    if not any(s is block[0] for s in guard.node.body.body):  # it leaves early
        test = _negated(rule, guard.node.test)
    fix.nest(block[0], block[-1], f"with {lock}:\n    if {test}:")
    publish_last(rule, fix, names, block, store, depth=2)


def publish_last(
    rule: Rule, fix: FixBuilder, names: Names, block: Sequence[cst.CSTNode], store: Store, *, depth: int = 0
) -> None:
    """Build a local, and store it in the slot when it is complete; nothing changes where the store is last already.

    Args:
        block: the statements that fill the slot, the store among them.
        depth: how many levels deeper they will stand.
    """
    lines = [s.body if isinstance(s, cst.SimpleStatementLine) else () for s in block]
    at = next((i for i, line in enumerate(lines) if any(s is store.node for s in line)), None)
    if at is None or store.key is not None:
        if block and block[-1] is not _around(block, store):
            fix.refuse("no-simple-guard")
        return
    after = block[at + 1 :]
    if not after:
        return
    if isinstance(store.node, cst.Assign) and len(store.node.targets) > 1:
        fix.refuse("no-simple-guard")
        return
    mind_delay(rule, fix, names, after, store.slot)
    local = local_name(fix, names, store.slot)
    for node in (store.target, *(n for s in after for n in reads_of(s, store.slot, names))):
        fix.replace(node, local)
    fix.insert_after(after[-1], f"{'    ' * depth}{rule.text(store.target)} = {local}")


def mind_delay(rule: Rule, fix: FixBuilder, names: Names, block: Sequence[cst.CSTNode], slot: Slot) -> None:
    """What speaks against it that a slot is empty as long as these statements run."""
    inside = [n for s in block for n in (s, *descendants(s, into_scopes=False))]
    if any(isinstance(n, cst.Return) for n in inside):
        fix.refuse("several-exits")
    if any(isinstance(n, cst.Await | cst.Yield) for n in inside):
        fix.refuse("pauses-inside")
    asks = asks_again(rule, names, block, slot)
    if asks:
        fix.refuse("asks-for-itself")
    elif asks is None:
        fix.lower(Applicability.UNSAFE, "asks-for-itself")


def is_simple(guard: Guard) -> bool:
    """Whether a guard is a plain ``if`` that asks about the slot alone, and may as well be asked twice."""
    if not isinstance(guard.node, cst.If) or not guard.alone:
        return False
    calls = [n for n in (guard.node.test, *descendants(guard.node.test)) if isinstance(n, cst.Call | cst.NamedExpr)]
    return all(isinstance(c, cst.Call) and dotted(c.func) in ("hasattr", "getattr", "isinstance", "len") for c in calls)


def within(outer: cst.CSTNode, node: cst.CSTNode) -> bool:
    """Whether a node stands in another."""
    return any(n is node for n in descendants(outer))


def filling(guard: Guard, store: Store, names: Names) -> tuple[cst.CSTNode, ...]:
    """The statements by which a slot is filled behind a guard, without a return that only hands it out."""
    block = guard.empty
    if block and (returned := _returned(block[-1])) is not None and names.value_of(returned) == store.slot:
        block = block[:-1]
    return block if _around(block, store) is not None else ()


def _around(block: Sequence[cst.CSTNode], store: Store) -> cst.CSTNode | None:
    """The statement of a block that is or holds a store."""
    return next((s for s in block if within(s, store.node)), None)


def _returned(statement: cst.CSTNode) -> cst.BaseExpression | None:
    small = statement.body[-1] if isinstance(statement, cst.SimpleStatementLine) else None
    return small.value if isinstance(small, cst.Return) and len(statement.body) == 1 else None  # type: ignore[attr-defined]


def reads_of(statement: cst.CSTNode, slot: Slot, names: Names) -> list[cst.BaseExpression]:
    """Where a statement itself names the slot; what functions inside do is done later."""
    return [
        n
        for n in descendants(statement, into_scopes=False)
        if isinstance(n, cst.Name | cst.Attribute) and names.slot(n) == slot
    ]


def local_name(fix: FixBuilder, names: Names, slot: Slot) -> str:
    """A name for a local that will be what a slot holds."""
    wish = slot.name.strip("_").lower()
    used = {n.value for n in descendants(names.function) if isinstance(n, cst.Name)}
    for name in (wish, f"new_{wish}"):
        if name.isidentifier() and name not in used and not hasattr(builtins, name):
            return name
    return fix.free_name(f"new_{wish}")


_OPPOSITES = {"Is": "is not", "IsNot": "is", "In": "not in", "NotIn": "in", "Equal": "!=", "NotEqual": "=="}


def _negated(rule: Rule, test: cst.BaseExpression) -> str:
    """The text of the opposite of a condition."""
    if isinstance(test, cst.UnaryOperation) and isinstance(test.operator, cst.Not):
        return rule.text(test.expression)
    if isinstance(test, cst.Comparison) and len(test.comparisons) == 1:
        opposite = _OPPOSITES.get(type(test.comparisons[0].operator).__name__)
        if opposite is not None:
            return f"{rule.text(test.left)} {opposite} {rule.text(test.comparisons[0].comparator)}"
    text = rule.text(test)
    return f"not {text}" if isinstance(test, cst.Name | cst.Attribute | cst.Call) else f"not ({text})"
