"""PAT106: a metaclass or decorator that makes singletons without a lock."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from patternlint import facts
from patternlint.cstnames import dotted
from patternlint.facts import Module, Scope
from patternlint.project import Ancestry, Project
from patternlint.rule import Applicability, Confidence, Evidence, Family, Rule, cst
from patternlint.walker import descendants
from patternlint_rules.singleton.concurrency import CallersOf, RunsAlone
from patternlint_rules.singleton.construction import ThreadsConstructing
from patternlint_rules.singleton.double_checked import REASONS, build_under_lock
from patternlint_rules.singleton.guard import Guard, guards_around, guards_in, names_asked
from patternlint_rules.singleton.lifetime import has_one_thread, is_for_threads, is_stateless, works_while_constructing
from patternlint_rules.singleton.locking import is_locked
from patternlint_rules.singleton.made_by import DecoratedBy, MadeBy
from patternlint_rules.singleton.slot import (
    METACLASSES,
    Names,
    Store,
    may_store,
    methods_of,
    slot_statement,
    stores_in,
    targets_of,
)

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder

_LOCK = "_instance_lock"


class Harm(NamedTuple):
    """A class that is built twice: its name, how sure that is, and the places that show it."""

    name: str
    confidence: Confidence
    evidence: tuple[Evidence, ...]


class MetaclassSingletonWithoutLock(Rule):
    """A metaclass or decorator that keeps one instance per class builds two when two threads ask at once.

    One fault, copied to every class that uses it: both threads miss the class in the table, both construct, and the
    second instance replaces the first one that others already hold. Which of the classes it hits depends on which one
    takes longest to build: the client that connects, the registry that scans.

    Bad:

        class OneOfAKind(type):
            _instances = {}

            def __call__(cls, *args, **kwargs):
                if cls not in cls._instances:
                    cls._instances[cls] = super().__call__(*args, **kwargs)
                return cls._instances[cls]

        class Client(metaclass=OneOfAKind):
            def __init__(self):
                self.session = connect()

        def handle(request):
            return Client().session.send(request)

    Write:

        from patternlint.runtime import Singleton

        class Client(metaclass=Singleton):
            ...

    or hold a lock where the instance is missing; a reentrant one, for a singleton may construct another one:

        class OneOfAKind(type):
            _instances = {}
            _instance_lock = threading.RLock()

            def __call__(cls, *args, **kwargs):
                if cls not in cls._instances:
                    with cls._instance_lock:
                        if cls not in cls._instances:
                            cls._instances[cls] = super().__call__(*args, **kwargs)
                return cls._instances[cls]

    Reported where a class of the project that holds state uses it and is constructed by functions, not only while
    modules are imported or a program starts. High: its construction does work, and threads are seen to get there.
    Medium: one of both. Low: neither; or an event loop or a GUI alone constructs it. Not reported: double-checked
    locking, a `__call__` that keeps no instance, decorators that nobody uses for a class, stateless classes.

    The fix adds the lock. It is safe unless a class that uses it imports while it is constructed.

    **Measured**: of 7 look-alikes none is found at high or medium confidence; no true site is known.
    """

    code, name, family = "PAT106", "metaclass-singleton-without-lock", Family.SINGLETON
    applicability, since, preview = Applicability.SAFE, "0.2", True
    words = frozenset({"def"})
    any_words = frozenset({"__call__", "not", "None"})
    region = "statement"
    low_in_tests = True
    reasons: ClassVar[Mapping[str, str]] = {
        **REASONS,
        "name-taken": "the metaclass or decorator already has a name that the fix needs",
        "imports-inside": "a class that uses it imports while it is constructed: under a lock that can wait for ever",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Classes whose ``__call__`` stores what it makes, and functions with one inside that does."""
        metaclasses = [c.class_node for c in module.classes if _may_keep(c)]
        return [*metaclasses, *(f.function for f in module.functions if f.parent is module.scope and _may_wrap(f))]

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        """Report a metaclass that keeps instances without a lock."""
        call = methods_of(node).get("__call__")
        if call is None or not _may_keep(self.scope):
            return
        if METACLASSES.isdisjoint(self.project.ask(Ancestry(self.scope.dotted)).external):
            return
        names = Names(call, self.scope_of(call), is_metaclass=True)
        for store, guards in _kept(names):
            if store.slot.owner == self.scope.qualname and _makes_instance(store, names):
                self._report(node, names, store, guards, self.project.ask(MadeBy(self.scope.dotted)))
                return

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        """Report a decorator that keeps instances without a lock."""
        scope = self.scope
        if scope.parent is not self.module.scope or not _may_wrap(scope):
            return
        for inner in (n for n in node.body.body if isinstance(n, cst.FunctionDef)):
            names = Names(inner, self.scope_of(inner))
            for store, guards in _kept(names):
                called = dotted(store.value.func) if isinstance(store.value, cst.Call) else None
                by_class = not isinstance(store.key, cst.Index) or dotted(store.key.value) == called
                if store.slot.owner == scope.qualname and called in scope.parameters and by_class:
                    self._report(node, names, store, guards, self.project.ask(DecoratedBy(scope.dotted)))
                    return

    def _report(
        self,
        node: cst.ClassDef | cst.FunctionDef,
        names: Names,
        store: Store,
        guards: list[Guard],
        users: tuple[str, ...],
    ) -> None:
        harms = [harm for user in users if (harm := _harm(self.project, user)) is not None]
        if not harms or is_locked(store, names):
            return
        harm = max(harms, key=lambda each: each.confidence)
        self.report(
            node,
            f"two threads that ask for {harm.name}() at once each build one: '{node.name.value}' holds no lock",
            confidence=harm.confidence,
            evidence=harm.evidence,
            fix=self._fix(node, names, store, guards[-1], users),
            help="build it under a reentrant lock, or use the Singleton metaclass of patternlint.runtime",
        )

    def _fix(
        self,
        node: cst.ClassDef | cst.FunctionDef,
        names: Names,
        store: Store,
        guard: Guard,
        users: tuple[str, ...],
    ) -> FixBuilder:
        fix = self.fix(f"build instances under a lock in {node.name.value}")
        if any(_imports(self.project.find(user)) for user in users):
            fix.lower(Applicability.UNSAFE, "imports-inside")
        if isinstance(node, cst.ClassDef):
            line = slot_statement(node, store.slot.name)
            name, lock = _LOCK, f"{names.scope.parameters[0]}.{_LOCK}"
            if _LOCK in self.scope.bindings:
                fix.refuse("name-taken")
        else:
            lines = (s for s in node.body.body if isinstance(s, cst.SimpleStatementLine))
            line = next((s for s in lines if _binds(s, store.slot.name)), None)
            name = lock = "lock"
            if any(isinstance(n, cst.Name) and n.value == name for n in descendants(node)):
                fix.refuse("name-taken")
        if line is None:
            fix.refuse("no-simple-guard")
            return fix
        build_under_lock(self, fix, names, guard, store, lock)
        fix.insert_after(line, f"{name} = {fix.name('threading', 'RLock')}()")
        return fix


def _kept(names: Names) -> Iterator[tuple[Store, list[Guard]]]:
    """What is stored behind its own guard."""
    guards = guards_in(names)
    for store in stores_in(names):
        if around := guards_around(store, guards):
            yield store, around


def _makes_instance(store: Store, names: Names) -> bool:
    """Whether what is stored is what ``super().__call__(…)`` makes, directly or by a local."""
    values = [store.value]
    if isinstance(store.value, cst.Name):
        name = store.value.value
        bound = [n for n in descendants(names.function.body) if isinstance(n, cst.Assign)]
        values += [n.value for n in bound for t in n.targets if dotted(t.target) == name]
    return any(
        isinstance(n, cst.Call) and isinstance(n.func, cst.Attribute) and n.func.attr.value in ("__call__", "__new__")
        for value in values
        for n in (value, *descendants(value))
    )


def _harm(project: Project, user: str) -> Harm | None:
    """What happens to one class; None where it is complete before there are threads, or holds nothing."""
    scope = project.find(user)
    if scope is None or not scope.is_class or is_stateless(scope) or scope.module.is_test:
        return None
    callers = [c for c in project.ask(CallersOf(user)) if c.function]
    if not callers or project.ask(RunsAlone(user)):
        return None
    name = user.rpartition(".")[2]
    if has_one_thread(scope) and not is_for_threads(scope):
        return Harm(name, Confidence.LOW, ())
    reached = project.ask(ThreadsConstructing(user))
    way = reached.way if reached is not None else (Evidence(callers[0].path, callers[0].row, f"constructs '{name}'"),)
    works = works_while_constructing(scope, bool(project.ask(Ancestry(user)).all))
    return Harm(name, Confidence(Confidence.LOW + works + (reached is not None or is_for_threads(scope))), way)


def _imports(scope: Scope | None) -> bool:
    initializer = scope.methods.get("__init__") if scope is not None else None
    return initializer is not None and bool(initializer.module.imports_in(initializer))


def _binds(line: cst.SimpleStatementLine, name: str) -> bool:
    return any(dotted(t.target) == name for s in line.body if isinstance(s, cst.Assign) for t in s.targets)


def _may_keep(scope: Scope) -> bool:
    """Whether ``__call__`` of a class stores something that it asks about."""
    call = scope.methods.get("__call__")
    return call is not None and bool(scope.class_node.bases) and _stores_what_it_asks(call)


def _may_wrap(scope: Scope) -> bool:
    """Whether a function inside stores something outside of itself that it asks about."""
    return any(
        (facts.dotted(target.slice) in scope.parameters if isinstance(target, ast.Subscript) else True)
        for inner in scope.nested_functions
        if scope.parameters and _stores_what_it_asks(inner)
        for statement in may_store(inner)
        for target in targets_of(statement)
    ) and any(_calls_parameter(inner, scope.parameters) for inner in scope.nested_functions)


def _calls_parameter(inner: Scope, parameters: list[str]) -> bool:
    return any(isinstance(n, ast.Call) and facts.dotted(n.func) in parameters for n in facts.own_nodes(inner.node))


def _stores_what_it_asks(function: Scope) -> bool:
    stored = {n for s in may_store(function) for t in targets_of(s) for n in _last_names(t)}
    return bool(stored) and bool(stored & names_asked(function))


def _last_names(target: ast.expr) -> Iterator[str]:
    at = target.value if isinstance(target, ast.Subscript) else target
    if isinstance(at, ast.Attribute):
        yield at.attr
    elif isinstance(at, ast.Name):
        yield at.id
