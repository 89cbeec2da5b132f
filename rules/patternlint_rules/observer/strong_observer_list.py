"""PAT302."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from patternlint.facts import Module
from patternlint.rule import Applicability, Confidence, Evidence, Family, Rule, cst
from patternlint_rules.observer.containers import UsesOf, container_kind, kept
from patternlint_rules.observer.sinks import IsEmptiedByItsRound
from patternlint_rules.observer.subscribers import IsNotified, IsUsedAsAList, Subscriber, SubscribersOf, rounds

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder


class StrongObserverList(Rule):
    """A list of callbacks that nothing ever leaves keeps every object that subscribed alive, and goes on calling it.

    Production story: a charging station's handler collects the update callbacks of its entities in a list and offers no
    way back. Each reload of the integration adds the new entities; the old ones are never freed, and are still told to
    refresh, from then on at twice, three times the rate.

    Bad:

        class Station:
            def __init__(self):
                self._listeners = []

            def add_listener(self, listener):
                self._listeners.append(listener)

            def update(self):
                for listener in self._listeners:
                    listener()

    The canonical code holds the observers weakly, or hands out what removes them:

        self._listeners = ObserverList()                     # patternlint.runtime.observers

        def add_listener(self, listener):
            self._listeners.append(listener)
            return partial(self._listeners.discard, listener)

    Flagged: an attribute that a constructor makes as an empty list, set or dict of lists, to which a method adds
    what it is given, whose entries a method of the module calls one after the other, which nothing ever leaves (no
    removal, no clearing, no new list, no remover handed out), and into which the project registers a method of an
    object that comes and goes (PAT301, PAT310). Without such a registration it is low: the list is then as old as its
    observers, as far as is known.

    Not flagged: lists that their round empties (one-shot), weak containers, hooks under a name.

    The fix makes the list an `ObserverList`. It is unsafe: an observer that only this list kept alive would be gone at
    once. There is none where the list is compared, sliced or stored, or where a lambda or partial is registered.

    Measured: on 17 labelled sites, 3 of 3 true ones at high confidence, none of 14 look-alikes above low (5 at low).
    The labels were read while the rule was written.
    """

    code, name, family = "PAT302", "strong-observer-list", Family.OBSERVER
    applicability, since = Applicability.UNSAFE, "0.1"
    words = frozenset({"class", "self", "for", "__init__"})
    region = "lines"
    reasons: ClassVar[Mapping[str, str]] = {
        "only-owner": "an observer that only this list kept alive would be gone at once, without a sound",
        "other-uses": "the list is used in a way that an ObserverList does not answer: compared, sliced, stored",
        "not-a-plain-list": "the container is no empty list or set that the constructor makes",
        "made-on-the-way": "a lambda or partial is registered, which an ObserverList would keep as the list does",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """The containers that constructors make, and whose entries the module calls."""
        for scope in module.functions:
            if scope.name == "__init__":
                for statement in scope.statements():
                    if isinstance(statement, ast.Assign | ast.AnnAssign) and container_kind(statement.value):
                        target = statement.targets[0] if isinstance(statement, ast.Assign) else statement.target
                        if isinstance(target, ast.Attribute) and target.attr in module.derive(rounds):
                            yield statement

    def visit_Assign(self, node: cst.Assign) -> None:
        if len(node.targets) == 1:
            self._made(node, node.targets[0].target, node.value)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        if node.value is not None:
            self._made(node, node.target, node.value)

    def _made(self, node: cst.Assign | cst.AnnAssign, target: cst.BaseExpression, value: cst.BaseExpression) -> None:
        if self.scope.name != "__init__" or not isinstance(target, cst.Attribute):
            return
        kind = container_kind(self.expression(value))
        place = kept(self.expression(target), self.scope)
        if (
            place is None
            or kind not in ("list", "set", "dict")
            or place.container.last not in self.module.derive(rounds)
        ):
            return
        path = place.container.path + ("[]" if kind == "dict" else "")
        if not self._is_filled(place.owner, path) or not self.project.ask(IsNotified(place.owner, path)):
            return  # before the rest of the project is asked
        if not self._only_grows(place.owner, path) or self.project.ask(IsEmptiedByItsRound(place.owner, path)):
            return
        subscribers = self.project.ask(SubscribersOf(place.owner, path))
        gone = sorted((s for s in subscribers if s.method), key=lambda s: -s.confidence)
        name = place.container.last
        who = (
            f", such as '{gone[0].method}' of '{gone[0].cls.rpartition('.')[2]}', which comes and goes" if gone else ""
        )
        self.report(
            node,
            f"nothing ever leaves '{name}', so it keeps whoever subscribed alive and goes on calling it{who}",
            confidence=gone[0].confidence if gone else Confidence.LOW,
            evidence=[Evidence(s.path, s.row, f"registers '{s.method}'") for s in gone[:3]],
            fix=self._fix(node, value, kind, place.owner, name, subscribers),
            help="offer a way to unsubscribe, or hold the observers weakly",
        )

    def _is_filled(self, owner: str, path: str) -> bool:
        """Whether a method adds what it is given."""
        return any(u.kind == "add" and u.given for u in self.project.ask(UsesOf(owner, path, near=True)))

    def _only_grows(self, owner: str, path: str) -> bool:
        """Whether nothing is ever taken out."""
        uses = self.project.ask(UsesOf(owner, path))
        outer = self.project.ask(UsesOf(owner, path.removesuffix("[]"))) if path.endswith("[]") else ()
        return not any(u.takes_out or u.kind in ("clear", "replace") for u in (*uses, *outer) if not u.is_test)

    def _fix(
        self, node: cst.Assign | cst.AnnAssign, value: cst.BaseExpression, kind: str, owner: str, name: str,
        subscribers: tuple[Subscriber, ...],
    ) -> FixBuilder:  # fmt: skip
        fix = self.fix("hold the observers weakly", form="canonical")
        observer_list = fix.runtime("ObserverList")
        fix.lower(Applicability.UNSAFE, "only-owner")
        fix.replace(value, f"{observer_list}()")
        if isinstance(node, cst.AnnAssign):
            fix.replace(node.annotation.annotation, observer_list)
        if kind == "dict" or self.text(value).strip() not in ("[]", "list()", "set()"):
            fix.refuse("not-a-plain-list")
        elif any(s.is_made_on_the_way for s in subscribers):
            fix.refuse("made-on-the-way")
        elif not self.project.ask(IsUsedAsAList(owner, name)):
            fix.refuse("other-uses")
        return fix
