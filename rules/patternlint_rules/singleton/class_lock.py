"""The repair in place of a slot that belongs to a class: a lock of the class, beside the slot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from patternlint.project import Ancestry
from patternlint.rule import Applicability, Rule, cst
from patternlint_rules.singleton.double_checked import build_under_lock
from patternlint_rules.singleton.guard import Guard
from patternlint_rules.singleton.slot import Names, Store, slot_statement

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder

_LOCK = "_instance_lock"
CLASS_DOUBTS: Mapping[str, str] = {
    "unknown-base": "a base class is not known: it may turn the lock into a field",
    "attributes-are-fields": "the class turns its attributes into fields, the lock would become one",
    "name-taken": "the class already has a name that the fix needs",
}


def lock_in_class(
    rule: Rule, fix: FixBuilder, node: cst.ClassDef, names: Names, guard: Guard, store: Store, owner: str
) -> None:
    """Fill a slot of a class under a reentrant lock of the class: its constructor may ask for another instance.

    Args:
        node: the class.
        owner: the expression that means the class in the function that fills the slot.
    """
    scope = names.around
    assert scope is not None
    if _LOCK in scope.bindings:
        fix.refuse("name-taken")
    ancestors = rule.project.ask(Ancestry(scope.dotted))
    if ancestors.unknown or ancestors.external:
        fix.lower(Applicability.UNSAFE, "unknown-base")
    if scope.class_node.decorator_list:
        fix.lower(Applicability.UNSAFE, "attributes-are-fields")
    build_under_lock(rule, fix, names, guard, store, f"{owner}.{_LOCK}")
    lock = f"{_LOCK} = {fix.name('threading', 'RLock')}()"
    if (line := slot_statement(node, store.slot.name)) is not None:
        fix.insert_after(line, lock)
    else:
        fix.insert_before(names.function, lock + "\n")
