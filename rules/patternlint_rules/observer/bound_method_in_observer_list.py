"""PAT301."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import ClassVar

from patternlint.facts import Module
from patternlint.rule import Applicability, Family, Rule, cst
from patternlint_rules.observer.leaks import CONSTRUCTORS
from patternlint_rules.observer.registrations import REASONS, leak_of, registrations, report


class BoundMethodInObserverList(Rule):
    """A bound method in a longer-lived subject's list keeps its object alive, and called, after its life has ended.

    Production story: an entity subscribes to the state bus when it is added, and throws away the function that the call
    returns. A reload of the integration removes the entity and adds a new one. The bus still holds the old one's
    method: it is never freed and goes on handling every event, so each reload adds one more. After a week of reloads
    the process is killed for its memory, and long before that every lamp is switched three times.

    Bad:

        from home.entity import Entity       # whose objects are added and removed

        class Lamp(Entity):
            def added(self):
                self.bus.listen("night", self.dim)

            def dim(self, event):
                self.level = 1

    The canonical code keeps the remover and calls it when the object's life ends:

        class Lamp(Entity):
            def added(self):
                self.on_remove(self.bus.listen("night", self.dim))

    or unsubscribes the same method in the hook that ends the life, or leaves the list to
    `patternlint.runtime.ObserverList`, which holds bound methods weakly.

    Flagged: a statement that does nothing but hand `self.method` to a subject, where three things hold.
    *It is kept*: the project's function puts its parameter into a container, or returns what removes it; or the
    statement is itself the `append` of somebody else's list of callbacks; or three classes of the project undo such
    calls. *Nothing undoes it*: no call in the class, its bases and subclasses removes that method, that key or the
    object, or closes the subject at the end. *The object goes first*: a base declares the hook in which the
    statement stands, and one that ends that life; or a set-up function makes one each time and a tear-down function
    leaves it behind; or a class with the same base does undo it.
    Medium: the class has a start and a stop of its own, or many are made in a loop; the subject is known by practice
    only. Low: the subject is known by its name alone.

    Not flagged: weak and one-shot subjects, slots (`set_callback`), hooks under a name; subjects that the object makes,
    or that make the object; objects of which there is one per process.

    The fix hands the remover to the method of the object that the project uses for that; it is safe where the same
    class does so already for the same kind of subscription. Otherwise it hands over `weak_method(self.method)`, a
    callable that does nothing once its object is gone: unsafe, since the entry itself stays in the list.

    Measured: on 52 labelled sites, 14 of 17 true ones at high confidence, 17 at any, none of 35 look-alikes above low.
    Of 43 high findings in two large applications two were debatable, of about 15 at medium four. The labels were read
    while the rule was written.
    """

    code, name, family = "PAT301", "bound-method-in-observer-list", Family.OBSERVER
    applicability, since = Applicability.SAFE, "0.1"
    words = frozenset({"class", "def", "self"})
    region = "lines"
    reasons: ClassVar[Mapping[str, str]] = REASONS

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Statements in methods that only call something and hand it an attribute of the object."""
        return module.derive(registrations)

    def visit_Expr(self, node: cst.Expr) -> None:
        leak = leak_of(self, node)
        if leak is not None and (leak.is_direct or self.scope.outermost.name not in CONSTRUCTORS):
            report(self, node, leak)
