"""PAT310."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import ClassVar

from patternlint.facts import Module
from patternlint.rule import Applicability, Family, Rule, cst
from patternlint_rules.observer.leaks import CONSTRUCTORS
from patternlint_rules.observer.registrations import REASONS, leak_of, registrations, report


class RegisteredInInit(Rule):
    """A constructor that registers the new object with a longer-lived subject leaves it there when its life has ended.

    Production story: a sensor's constructor connects to the process-wide bus. Setting the platform up then fails, or
    the sensor is removed later: there is no hook that undoes what the constructor did, so the bus keeps a sensor
    that was perhaps never added, and calls it on every message.

    Bad:

        from home.bus import Bus
        from home.entity import Entity       # whose objects are added and removed

        class Thermometer(Entity):
            def __init__(self, bus: Bus):
                bus.listen("measured", self.show)

            def show(self, value):
                self.value = value

    The canonical code registers in the hook that begins the object's life and hands over what ends it (see PAT301):

        class Thermometer(Entity):
            def added(self):
                self.on_remove(self.bus.listen("measured", self.show))

    Flagged: as PAT301, for calls in `__init__`, `__post_init__` and `__new__`. Since a constructor has no
    counterpart, the class needs a base with a life cycle, a set-up function that makes one each time while the
    tear-down function leaves it behind, or (medium) a loop that makes many. Low: `atexit.register(self.close)` in
    objects that other objects make.

    Not flagged: as PAT301.

    The fix is that of PAT301, and safe under the same conditions.

    Measured: on 27 labelled sites, 5 of 9 true ones at high confidence, 8 at any, none of 18 look-alikes above low. The
    labels were read while the rule was written.
    """

    code, name, family = "PAT310", "registered-in-init-of-short-lived", Family.OBSERVER
    applicability, since = Applicability.SAFE, "0.1"
    words = frozenset({"class", "def", "self"})
    any_words = CONSTRUCTORS
    region = "lines"
    reasons: ClassVar[Mapping[str, str]] = REASONS

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Statements in constructors that only call something and hand it an attribute of the object."""
        return module.derive(registrations)

    def visit_Expr(self, node: cst.Expr) -> None:
        leak = leak_of(self, node)
        if leak is not None and not leak.is_direct and self.scope.outermost.name in CONSTRUCTORS:
            report(self, node, leak)
