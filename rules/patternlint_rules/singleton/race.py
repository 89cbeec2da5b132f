"""The race on a slot that is filled lazily: whether it does harm, who can run into it, and how sure that is."""

from __future__ import annotations

from typing import NamedTuple

from patternlint.rule import Confidence, Evidence, Rule
from patternlint_rules.singleton.concurrency import Reached, RunsAlone, grade, how_reached, is_about_loops
from patternlint_rules.singleton.lazy import Filling, hands_out, is_asked_for, prepares
from patternlint_rules.singleton.lifetime import has_one_thread, is_one_step
from patternlint_rules.singleton.locking import is_locked
from patternlint_rules.singleton.resource import Made, made_by


class Race(NamedTuple):
    """What is made twice, how sure it is that this happens and does harm, and the places that show it."""

    made: Made
    confidence: Confidence
    evidence: tuple[Evidence, ...]


def race_on(rule: Rule, filling: Filling) -> Race | None:
    """The race on a slot; None where a lock is held, one step does it, or a second value does no harm."""
    names, store = filling.names, filling.store
    if store.key is not None or is_locked(store, names) or is_one_step(names, filling.guards[0], store):
        return None
    scope = names.scope
    if is_asked_for(filling) or _is_there_from_the_start(rule, filling):
        return None
    made = made_by(rule.project, rule.expression(store.value), scope)
    if made is None:
        return None
    if scope.is_async:  # it awaits in between: any two tasks will do
        tasks = Reached("tasks", ())
        return Race(made, grade(made._replace(of_loop=False), tasks, rule.settings), made.evidence)
    reached = how_reached(rule.project, scope)
    is_preparation = prepares(scope.name) and not hands_out(filling)
    one_thread = is_preparation or has_one_thread(scope) or rule.project.ask(RunsAlone(scope.dotted))
    one_thread = one_thread or (reached is None and is_about_loops(scope.module))
    way = reached.way if reached is not None else ()
    return Race(made, grade(made, reached, rule.settings, one_thread=one_thread), (*way, *made.evidence))


def _is_there_from_the_start(rule: Rule, filling: Filling) -> bool:
    """Whether the module's or class's own body makes the first one: what is lazy is only its replacement."""
    module, slot = filling.names.scope.module, filling.store.slot
    owner = next((s for s in module.scopes if s.qualname == slot.owner), module.scope)
    bindings = owner.bindings.get(slot.name, ())
    return any(made_by(rule.project, b.value, owner) is not None for b in bindings if b.value is not None)
