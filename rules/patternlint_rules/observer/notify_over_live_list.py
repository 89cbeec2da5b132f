"""PAT305."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from patternlint.facts import Module
from patternlint.rule import Applicability, Confidence, Evidence, Family, Rule, cst
from patternlint_rules.observer.callers import FirstCall
from patternlint_rules.observer.containers import Kept, Use, UsesOf, kept, kind_of
from patternlint_rules.observer.locks import guarded_by_same_lock
from patternlint_rules.observer.rounds import calls_of, calls_within, told_by

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder


class NotifyOverLiveList(Rule):
    """A listener that unsubscribes while it is being notified makes the loop skip the next one, or raise RuntimeError.

    Production story: a sensor's last listener unsubscribes itself in its callback. The loop that notifies walks the
    very list from which `remove` takes it, so the listener behind it moves one place forward and is never told: one
    device in a hundred misses its update, now and then. With a set or a dict the same code raises `RuntimeError: Set
    changed size during iteration`, and nobody behind it is told. The same happens when another thread removes.

    Bad:

        class Sensor:
            def __init__(self):
                self._listeners = []

            def unsubscribe(self, listener):
                self._listeners.remove(listener)

            def changed(self, event):
                for listener in self._listeners:
                    listener(event)

    The canonical code walks a snapshot:

        for listener in tuple(self._listeners):
            listener(event)

    or leaves the list to `patternlint.runtime.observers.ObserverList`, which also skips what was removed in the round.

    Flagged: a `for` over the container itself (also through a local name, `.values()`, `.get(key, ())` or `d[key]`)
    whose body calls what it holds, where something else of the project takes single entries out of that container in
    place and is itself called. Medium: the loop calls a method of each entry; or the removal stands in another class.
    Low: nobody in the project calls the removal.

    Not flagged: copies and fresh lists; a container that the same function empties or replaces (one-shot); removals
    that rebind the attribute; loop and removals under the same lock that is not re-entrant; calls that only make a
    coroutine or are handed to a scheduler; calls after which the loop ends.

    The fix writes `tuple(...)` around what is walked. It is safe for sets and dicts, which raise today. It is unsafe
    for lists: with a copy, a callback that an earlier one removed in the same round is still called.

    Measured: on 31 labelled sites in published packages, 13 of 13 true ones at high confidence and none of 18
    look-alikes; of about 50 high findings in whole packages one or two were debatable. The labels were read while the
    rule was written.
    """

    code, name, family = "PAT305", "notify-over-live-list", Family.OBSERVER
    applicability, since = Applicability.SAFE, "0.1"
    words = frozenset({"for", "in"})
    reasons: ClassVar[Mapping[str, str]] = {
        "removed-in-round-still-called": "with a copy of a list, a callback that was removed earlier in the same round "
        "is still called; with the live list it is not",
        "container-unknown": "it is not known whether the container is a list, a set or a dict",
        "tuple-is-taken": "the name 'tuple' does not mean the builtin here",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Loops over what an object or the module keeps, whose body tells something to what it walks."""
        for scope in module.functions:
            for node in scope.statements():
                calls = calls_of(node) if isinstance(node, ast.For) else ()
                loop = kept(node.iter, scope) if isinstance(node, ast.For) and calls else None
                if loop is not None and any(told_by(loop.container.last, call) is not None for call in calls):
                    yield node

    def visit_For(self, node: cst.For) -> None:
        if node.asynchronous is not None or not self.scope.is_function:
            return
        calls = list(calls_within(node))
        loop = kept(self.expression(node.iter), self.scope) if calls else None
        if loop is None or not (told := [t for c in calls if (t := told_by(loop.container.last, c)) is not None]):
            return
        uses = self.project.ask(UsesOf(loop.owner, loop.container.path))
        removers = self._removers(uses)
        if not removers or guarded_by_same_lock(self.module, self._held(), removers):
            return
        reached = next(
            ((u, call) for u in removers if (call := self.project.ask(FirstCall(u.module, u.outer))) is not None), None
        )
        remover, call = reached or (removers[0], None)
        evidence = [Evidence(remover.path, remover.row, "takes an entry out of it in place")]
        if call is not None:
            evidence.append(Evidence(call.path, call.row, "uses that"))
        kind = kind_of(self.project, loop.owner, loop.container, uses)
        if kind == "observers":
            return  # its rounds are snapshots
        self.report(
            node,
            f"a callback that removes itself from '{loop.container.last}' while this loop runs " + _OUTCOMES[kind],
            confidence=self._confidence(max(told), uses, removers, reached is not None),
            evidence=evidence,
            fix=self._snapshot(node, loop, kind),
            help="walk a copy: tuple(…)",
        )

    def _confidence(self, told: Confidence, uses: tuple[Use, ...], removers: list[Use], reached: bool) -> Confidence:
        """How likely it is that an entry leaves within the round."""
        handed_in = any(u.kind == "add" and u.given for u in uses)
        handed_out = any(u.given or u.kind == "release" or not u.is_own for u in removers)
        if not (reached and handed_in and handed_out):
            return Confidence.LOW
        return told if any(u.is_own for u in removers) else min(told, Confidence.MEDIUM)

    def _removers(self, uses: tuple[Use, ...]) -> list[Use]:
        """Where entries leave the container in place, other than in this function."""
        here = (self.module.name, self.scope.qualname)
        if any(u.kind in ("clear", "replace") and (u.module, u.function) == here for u in uses):
            return []  # one-shot, or made anew for this round
        return [u for u in uses if u.takes_out and not u.is_test and (u.module, u.function) != here]

    def _held(self) -> frozenset[str]:
        """What the ``with`` statements around the loop hold, as written."""
        withs = [a for a in self.ancestors if isinstance(a, cst.With)]
        return frozenset(self.text(item.item).strip() for w in withs for item in w.items)

    def _snapshot(self, node: cst.For, loop: Kept, kind: str) -> FixBuilder:
        fix = self.fix("walk a copy of the container")
        fix.wrap(node.iter, "tuple(", ")")
        if self.resolve("tuple") != "builtins.tuple":
            fix.refuse("tuple-is-taken")
        if kind == "list" and loop.view == "itself":
            fix.lower(Applicability.UNSAFE, "removed-in-round-still-called")
        elif not kind:
            fix.lower(Applicability.UNSAFE, "container-unknown")
        return fix


_SKIPS, _RAISES = "makes it skip the next one", "makes it raise RuntimeError, and the rest are never told"
_OUTCOMES = {"list": _SKIPS, "set": _RAISES, "dict": _RAISES, "": f"{_SKIPS}, or raise RuntimeError"}
