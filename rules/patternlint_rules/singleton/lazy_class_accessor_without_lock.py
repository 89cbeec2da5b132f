"""PAT115: an accessor of a class that makes the shared instance on first use, without a lock."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from patternlint.cstnames import dotted
from patternlint.facts import Module
from patternlint.rule import Applicability, Evidence, Family, Rule, cst
from patternlint_rules.singleton.class_lock import CLASS_DOUBTS, lock_in_class
from patternlint_rules.singleton.double_checked import REASONS
from patternlint_rules.singleton.lazy import Filling, fillings, may_fill
from patternlint_rules.singleton.lazy_fix import DOUBTS, doubts
from patternlint_rules.singleton.race import Race, race_on
from patternlint_rules.singleton.slot import CLASS_LEVEL, methods_of

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder


class LazyClassAccessorWithoutLock(Rule):
    """An accessor that makes the shared instance on first use without a lock makes one per thread that comes early.

    `Pool.get_instance()` finds the attribute empty in both threads, and both construct. One instance is then used by
    its caller alone: its connections are never closed, its thread goes on beside the other's, what was registered with
    it is missing in the one that everybody else gets. It happens where the first requests come together.

    Bad:

        from redis import ConnectionPool

        class Pool:
            _instance = None

            def __init__(self):
                self.connections = ConnectionPool.from_url(settings.redis_url)

            @classmethod
            def get_instance(cls):
                if cls._instance is None:
                    cls._instance = cls()
                return cls._instance

    Write:

        from patternlint.runtime import Singleton

        class Pool(metaclass=Singleton):
            def __init__(self):
                self.connections = connect_all()

    or keep the accessor, build under a lock of the class, test again there and publish last:

        class Pool:
            _instance = None
            _instance_lock = threading.RLock()

            @classmethod
            def get_instance(cls):
                if cls._instance is None:
                    with cls._instance_lock:
                        if cls._instance is None:
                            cls._instance = cls()
                return cls._instance

    Reported as lazy-global-without-lock is, for class and static methods that fill an attribute of a class: high where
    a resource is made and threads are seen to get there, medium where one of both is not certain, low where neither is
    or where an event loop, a GUI or start-up code alone calls it. Not reported: loggers, numbers, tables and other
    values of which two are as good as one, stateless classes, and what is made under a lock.

    The fix in place is safe unless a base is unknown or turns class attributes into fields, or the accessor has
    parameters.

    **Measured**: of 7 hand-labelled look-alikes none is found at high or medium and 2 at low confidence; there is no
    labelled site. In 84 packages with 266 attributes of classes that accessors fill, 3 are reported at medium and none
    at high confidence.
    """

    code, name, family = "PAT115", "lazy-class-accessor-without-lock", Family.SINGLETON
    applicability, since = Applicability.SAFE, "0.1"
    words = frozenset({"class", "def"})
    any_words = frozenset(CLASS_LEVEL)
    region = "class"
    low_in_tests = True
    reasons: ClassVar[Mapping[str, str]] = {**REASONS, **CLASS_DOUBTS, **DOUBTS}

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Classes with a class or static method that may fill an attribute of the class."""
        return [
            f.enclosing_class.class_node
            for f in module.functions
            if f.enclosing_class is not None and f.is_decorated(*CLASS_LEVEL) and may_fill(f)
        ]

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        """Report the surest race on an attribute that the class's accessors fill."""
        found: list[tuple[Race, Filling]] = []
        for method in methods_of(node).values():
            if any(dotted(d.decorator) in CLASS_LEVEL for d in method.decorators):
                for filling in fillings(method, self.scope.methods[method.name.value]):
                    race = race_on(self, filling) if filling.store.slot.owner else None
                    if race is not None:
                        found.append((race, filling))
        if found:
            race, filling = max(found, key=lambda pair: pair[0].confidence)
            self._report(node, race, filling)

    def _report(self, node: cst.ClassDef, race: Race, filling: Filling) -> None:
        scope, slot = filling.names.scope, filling.store.slot.name
        here = Evidence(self.module.relpath, scope.row, f"'{scope.qualname}' makes it")
        whose = "tasks" if scope.is_async else "threads"
        self.report(
            node,
            f"{whose} that call '{scope.name}' before '{slot}' is there each make their own: {race.made.loss}",
            confidence=race.confidence,
            evidence=[here, *race.evidence],
            fix=self._lock(node, filling),
            help="make it under a lock that tests again, or let the Singleton metaclass of patternlint.runtime do it",
        )

    def _lock(self, node: cst.ClassDef, filling: Filling) -> FixBuilder:
        store = filling.store
        fix = self.fix(f"build '{store.slot.name}' under a lock")
        owner = store.target.value if isinstance(store.target, cst.Attribute) else None
        if owner is None or store.slot.owner != self.scope.qualname:
            fix.refuse("no-simple-guard")
            return fix
        lock_in_class(self, fix, node, filling.names, filling.guard, store, self.text(owner))
        for doubt in doubts(self, filling):
            fix.lower(Applicability.UNSAFE, doubt)
        return fix
