"""PAT102: a singleton in `__new__` that two threads build twice."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from patternlint.facts import Module, Scope, walk
from patternlint.project import Ancestry
from patternlint.rule import Applicability, Confidence, Family, Rule, cst
from patternlint.walker import descendants
from patternlint_rules.singleton.canonical import DOUBTS, REFUSALS, doubts, refusals
from patternlint_rules.singleton.class_lock import CLASS_DOUBTS, lock_in_class
from patternlint_rules.singleton.concurrency import RunsAlone
from patternlint_rules.singleton.construction import how_made
from patternlint_rules.singleton.double_checked import REASONS
from patternlint_rules.singleton.guard import Guard, guards_around, guards_in
from patternlint_rules.singleton.lifetime import (
    has_one_thread,
    is_for_threads,
    is_per_context,
    is_stateless,
    module_constructs,
    works_while_constructing,
)
from patternlint_rules.singleton.locking import is_locked
from patternlint_rules.singleton.slot import (
    Names,
    Store,
    is_docstring,
    is_handed_out,
    may_store,
    methods_of,
    slot_statement,
    stores_in,
)

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder


class NewSingletonWithoutLock(Rule):
    """A singleton in __new__ without a lock is built twice when two threads ask at once.

    Both find the slot empty, both construct; each works with its own "only" instance (two pools, two registries, a
    handler registered twice), and one of them is forgotten by the class. It shows under load, at start-up, and never in
    a test. Python then also runs `__init__` on the instance that another thread is already using.

    Bad:

        class Pool:
            _instance = None

            def __new__(cls):
                if cls._instance is None:
                    cls._instance = super().__new__(cls)
                    cls._instance.connections = connect_all()
                return cls._instance

    Write:

        from patternlint.runtime import Singleton

        class Pool(metaclass=Singleton):
            def __init__(self):
                self.connections = connect_all()

    or keep `__new__`, test again under a lock, and publish last (which does not cover an `__init__`: Python runs it
    again on every call, outside of the lock).

    Reported with high confidence where construction does work and threads are seen to get there, or the class itself
    deals with threads; with medium confidence where it does work; low where one thread owns it (an event loop, a GUI,
    start-up code), where the module's own body constructs it, or where construction is too short to be interrupted.
    Not reported: stateless sentinels, caches of values by their arguments, slots per context or event loop, and
    construction under a lock.

    The fix in place is safe unless a base is unknown or turns class attributes into fields.

    **Measured**: of 2 hand-labelled sites one is found at high and both at medium confidence; of 9 look-alikes none at
    high or medium. Of about 25 singletons in `__new__` in 84 packages 2 are reported at high and 5 at medium
    confidence.
    """

    code, name, family = "PAT102", "new-singleton-without-lock", Family.SINGLETON
    applicability, since = Applicability.SAFE, "0.1"
    words = frozenset({"class", "__new__"})
    region = "class"
    low_in_tests = True
    reasons: ClassVar[Mapping[str, str]] = {
        **REFUSALS,
        **DOUBTS,
        **REASONS,
        **CLASS_DOUBTS,
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Classes whose ``__new__`` stores something in the class."""
        return [
            c.class_node
            for c in module.classes
            for new in c.children.get("__new__", ())
            if new.is_function and any(True for _ in may_store(new))
        ]

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        """Report a class whose ``__new__`` fills its slot without a lock."""
        new = methods_of(node).get("__new__")
        if new is None:
            return
        scope = self.scope
        names = Names(new, self.scope_of(new))
        guards = guards_in(names)
        for store in (s for s in stores_in(names) if s.slot.owner == scope.qualname):
            around = guards_around(store, guards)
            if not around or not is_handed_out(store, names):
                continue
            if not is_locked(store, names) and not self._is_harmless(store, scope):
                self._report(node, names, store, around)
                return

    def _is_harmless(self, store: Store, scope: Scope) -> bool:
        makes_classes = "bases" in scope.methods["__new__"].parameters
        is_metaclass = makes_classes or "builtins.type" in self.project.ask(Ancestry(scope.dotted)).external
        if is_per_context(store.slot, scope.module) or is_metaclass or is_stateless(scope):
            return True
        return store.key is not None and self._is_cache(store, scope)

    def _is_cache(self, store: Store, scope: Scope) -> bool:
        """Whether instances are values kept by all that they are made of, or belong to a loop or request."""
        assert store.key is not None
        key = {n.value for n in (store.key, *descendants(store.key)) if isinstance(n, cst.Name)}
        if any("loop" in k or "request" in k or "thread" in k for k in key):
            return True
        parameters = set(scope.methods["__new__"].parameters[1:])
        initializer = scope.methods.get("__init__")
        writes_again = initializer is None or all(
            isinstance(s, ast.Assign | ast.AnnAssign | ast.Expr) and not any(isinstance(n, ast.Call) for n in walk(s))
            for s in initializer.function.body
        )
        return writes_again and (parameters <= key or not key & parameters)

    def _report(self, node: cst.ClassDef, names: Names, store: Store, guards: list[Guard]) -> None:
        name, scope = node.name.value, self.scope
        has_bases = bool(self.project.ask(Ancestry(scope.dotted)).all)
        works = works_while_constructing(scope, has_bases)
        alone = module_constructs(scope) or (has_one_thread(scope) and not is_for_threads(scope))
        reached = None
        if alone or not works or self.project.ask(RunsAlone(scope.dotted)):
            confidence = Confidence.LOW
        else:
            reached = how_made(self.project, names.scope, scope)
            plain = len(guards) == 1 and guards[0].alone
            confidence = Confidence.HIGH if plain and reached is not None else Confidence.MEDIUM
        self.report(
            node,
            f"two threads that ask for {name}() at once each build one: __new__ fills '{store.slot}' without a lock",
            confidence=confidence,
            evidence=reached.way if reached is not None else (),
            fix=self._fix(node, names, store, guards[0]),
            help="build it under a lock, or let the Singleton metaclass of patternlint.runtime do it",
        )

    # ---- the repair

    def _fix(self, node: cst.ClassDef, names: Names, store: Store, guard: Guard) -> FixBuilder:
        settings, new = self.settings, names.function
        may_import = settings.fix_style != "stdlib" and (settings.runtime_module or settings.runtime_declared)
        line = slot_statement(node, store.slot.name)
        if may_import and self._becomes_singleton(node, new, guard, store):
            fix = self.fix(f"let {node.name.value} be built once by the Singleton metaclass", form="canonical")
            fix.append_base(node, f"metaclass={fix.runtime('Singleton')}")
            fix.remove_block(new)
            if line is not None:
                fix.remove(line)
            return fix
        fix = self.fix(f"build {node.name.value} under a lock")
        lock_in_class(self, fix, node, names, guard, store, new.params.params[0].name.value)
        return fix

    def _becomes_singleton(self, node: cst.ClassDef, new: cst.FunctionDef, guard: Guard, store: Store) -> bool:
        scope = self.scope
        arguments = any(len(m.parameters) > 1 for n in ("__init__", "__new__") if (m := scope.methods.get(n)))
        is_one = any(s is guard.node for s in new.body.body) and len(guard.empty) == 1 and guard.alone
        plain = is_one and len([s for s in new.body.body if not is_docstring(s)]) == 2
        inside = "#" not in self.text(new) and sum(
            isinstance(n, cst.Attribute) and n.attr.value == store.slot.name for n in descendants(node)
        ) == sum(isinstance(n, cst.Attribute) and n.attr.value == store.slot.name for n in descendants(new))
        left = [s for s in node.body.body if s is not new and s is not slot_statement(node, store.slot.name)]
        return (
            plain
            and inside
            and store.key is None
            and bool([s for s in left if not is_docstring(s)])
            and not any(refusals(self, scope, store.slot.name, mangled=store.slot.name.startswith("__")))
            and not any(doubts(self, scope, arguments=arguments, constructed_anywhere=True))
        )
