"""PAT104: a lock that keeps nobody out."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from patternlint import facts
from patternlint.cstnames import dotted
from patternlint.facts import Module, Scope
from patternlint.rule import Applicability, Confidence, Evidence, Family, Rule, cst
from patternlint.walker import descendants
from patternlint_rules.singleton.double_checked import REASONS, filling, is_simple, within
from patternlint_rules.singleton.guard import Guard, guards_around, guards_in
from patternlint_rules.singleton.locking import (
    LOCK_TYPES,
    Held,
    is_called_locked,
    is_locked,
    locks_around,
    made_lock,
    takes_lock,
)
from patternlint_rules.singleton.slot import (
    Names,
    Slot,
    Store,
    first_value,
    makes_classes,
    may_store,
    own_nodes,
    stores_in,
)

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder

_OF_THREADS = ("threading.", "multiprocessing.", "_thread.")


class Broken(NamedTuple):
    """Why a lock keeps nobody out: what is said, how sure it is, the slot that is unprotected, and the repair."""

    message: str
    confidence: Confidence
    slot: Slot | None
    fix: FixBuilder | None = None
    why_not_fixed: str = "no-simple-form"
    evidence: tuple[Evidence, ...] = ()


class BrokenLock(Rule):
    """A lock that is made anew, made too late or not followed by a second look keeps nobody out.

    The code looks safe, so nobody looks again. But two threads that find the slot empty wait in turn for the lock, and
    each builds when it has it; or each holds a lock of its own; or the lock itself is made by the first who finds none,
    and two of them find none. Under load the "only" object is there several times, and the lock is the last thing that
    is suspected.

    Bad:

        def get_pool():
            global _pool
            if _pool is None:
                with _pool_lock:             # the second thread waits here, and then makes its own
                    _pool = make_pool()
            return _pool

    Write:

        _pool_lock = threading.Lock()        # at import, when there is one thread

        def get_pool():
            global _pool
            if _pool is None:
                with _pool_lock:
                    if _pool is None:        # again, under the lock
                        _pool = make_pool()
            return _pool

    Reported with high confidence: a slot that is tested outside the lock only; a lock that is made by the call that
    takes it; a lock of threads that is kept in a class or module and made when it is first needed. With medium
    confidence: a lock that is made in the constructor of the very singleton that it protects; locks by key that are
    made when first needed, without another lock. Low: values by key that are computed twice. Not reported: a second
    test under the lock, a lock around both test and store, locks of the event loop that a running loop makes,
    `acquire()` with `release()`, private helpers that are called under a lock.

    The fix adds the second test, or makes the lock where its slot is made; both are safe.

    **Measured**: in 84 packages both sites at high confidence (prefect) were read and are right.
    """

    code, name, family = "PAT104", "broken-lock", Family.SINGLETON
    applicability, since, preview = Applicability.SAFE, "0.2", True
    any_words = frozenset({"with", *LOCK_TYPES})
    patterns = (r"with\s", r"Lock\(", r"Semaphore\(", r"Condition\(")
    region = "class"
    low_in_tests = True
    reasons: ClassVar[Mapping[str, str]] = {
        **REASONS,
        "no-simple-form": "the lock is made or used in a way that the fix does not know",
        "slot-used-elsewhere": "other code stores something else where the lock is kept",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Functions that make a lock, or store something that may be shared, below a ``with``."""
        return [f.function for f in module.functions if _may_be_broken(f)]

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        """Report a function whose lock keeps nobody out."""
        names = Names(node, self.scope)
        broken = next(self._broken(names), None)
        if broken is None:
            return
        around = next((n for n in reversed(self.ancestors) if isinstance(n, cst.ClassDef)), None)
        of_class = broken.slot is not None and names.around is not None and broken.slot.owner == names.around.qualname
        self.report(
            around if of_class and around is not None else node,
            broken.message,
            confidence=broken.confidence,
            evidence=broken.evidence,
            fix=broken.fix,
            why_not_fixed="" if broken.fix is not None else broken.why_not_fixed,
            help="make the lock where the slot is made, take it, and test the slot again",
        )

    def _broken(self, names: Names) -> Iterator[Broken]:
        yield from self._made_by_the_call(names)
        guards = guards_in(names)
        for store in stores_in(names):
            around = guards_around(store, guards)
            if not around:
                continue
            if made_lock(store.value, names.scope).startswith(_OF_THREADS):
                if not is_locked(store, names):
                    yield self._made_late(names, store, around)
            elif not is_called_locked(names.scope):
                yield from self._tested_outside(names, store, around)
                yield from self._made_in_constructor(names, store)

    # ---- a lock for each call

    def _made_by_the_call(self, names: Names) -> Iterator[Broken]:
        for node in own_nodes(names.function):
            for item in node.items if isinstance(node, cst.With) else ():
                made = made_lock(item.item, names.scope) or self._local_lock(item.item, names)
                if made and not made.endswith("Condition"):
                    message = f"every call of '{names.scope.name}' makes a lock of its own, so nobody ever waits for it"
                    yield Broken(message, Confidence.HIGH, None)

    def _local_lock(self, item: cst.BaseExpression, names: Names) -> str:
        """The type of a lock that a function makes, keeps in a local and hands to nobody."""
        binding = names.scope.binds_once(item.value) if isinstance(item, cst.Name) else None
        if binding is None or not isinstance(binding.value, ast.Call) or binding.kind != "assign":
            return ""
        assert isinstance(item, cst.Name)
        uses = [n for n in descendants(names.function.body) if isinstance(n, cst.Name) and n.value == item.value]
        taken = [i.item for n in own_nodes(names.function) if isinstance(n, cst.With) for i in n.items]
        if len(uses) != 1 + sum(any(t is u for t in taken) for u in uses):
            return ""
        resolved = names.scope.module.resolve(binding.value.func, names.scope) or ""
        return resolved if resolved.startswith(_OF_THREADS) and resolved.rpartition(".")[2] in LOCK_TYPES else ""

    # ---- a lock that is made when it is first needed

    def _made_late(self, names: Names, store: Store, guards: list[Guard]) -> Broken:
        if store.key is not None or guards[0].keyed:
            message = f"two threads with the same new key each make a lock in '{store.slot}' and hold one each"
            return Broken(message, Confidence.MEDIUM, store.slot)
        message = f"two threads that find '{store.slot}' empty each make a lock, and each holds its own"
        return Broken(message, Confidence.HIGH, store.slot, self._make_early(names, store, guards[0]))

    def _make_early(self, names: Names, store: Store, guard: Guard) -> FixBuilder:
        fix = self.fix(f"make the lock where '{store.slot}' is made")
        first = first_value(store.slot, names.scope.module)
        alone = isinstance(guard.node, cst.If) and len(guard.node.body.body) == 1 and guard.node.orelse is None
        is_none = isinstance(first, ast.Constant) and first.value is None
        if first is None or not is_none or not is_simple(guard) or not alone or guard.node is not _around(guard, store):
            fix.refuse("no-simple-form")
            return fix
        if _stored_elsewhere(store.slot, names.scope):
            fix.refuse("slot-used-elsewhere")
        if not _is_known_at(first, store, names.scope.module):
            fix.refuse("no-simple-form")
        fix.rest_of_file().replace(first, self.text(store.value))
        fix.remove_block(guard.node)
        self._forget_global(fix, names, store)
        return fix

    def _forget_global(self, fix: FixBuilder, names: Names, store: Store) -> None:
        """Take the name out of ``global``: nothing in the function binds it any more."""
        for node in own_nodes(names.function):
            if isinstance(node, cst.Global) and any(i.name.value == store.slot.name for i in node.names):
                others = [i.name.value for i in node.names if i.name.value != store.slot.name]
                if others:
                    fix.replace(node, f"global {', '.join(others)}")
                else:
                    fix.remove(node)

    # ---- no second test

    def _tested_outside(self, names: Names, store: Store, guards: list[Guard]) -> Iterator[Broken]:
        locks = list(locks_around(store, names))
        if not locks or any(held.by is None or isinstance(held.by, cst.Try) for held in locks):
            return
        if any(within(held.by, g.node) for held in locks for g in guards if held.by is not None):
            return
        keyed = store.key is not None or guards[0].keyed
        makes = any(isinstance(n, cst.Call) for n in (store.value, *descendants(store.value)))
        if keyed or not makes:
            confidence = Confidence.LOW
        else:
            confidence = Confidence.HIGH if guards[-1].alone else Confidence.MEDIUM
        message = f"two threads that find '{store.slot}' empty wait for the lock in turn, and each builds one"
        yield Broken(message, confidence, store.slot, self._test_again(names, store, guards[-1], locks[-1]))

    def _test_again(self, names: Names, store: Store, guard: Guard, held: Held) -> FixBuilder:
        fix = self.fix(f"test '{store.slot}' again under the lock")
        block = filling(guard._replace(empty=tuple(held.by.body.body)), store, names) if held.by is not None else ()
        early = isinstance(guard.node, cst.If) and not within(guard.node, store.node)
        if not block or early or not is_simple(guard):
            fix.refuse("no-simple-guard")
            return fix
        assert isinstance(guard.node, cst.If)
        fix.nest(block[0], block[-1], f"if {self.text(guard.node.test)}:")
        return fix

    # ---- a lock that is made by what it protects

    def _made_in_constructor(self, names: Names, store: Store) -> Iterator[Broken]:
        around = names.around
        if around is None or makes_classes(around):
            return  # one lock for each class that it makes
        for held in locks_around(store, names):
            lock = Names(names.function, names.scope, through_self=True).slot(held.lock)
            if lock is None or lock.owner != around.qualname or lock.name in around.bindings:
                continue
            for maker in (m for n in ("__new__", "__init__") if (m := around.methods.get(n)) is not None):
                made = next((s for s in maker.statements() if _makes(s, lock.name)), None)
                if made is not None:
                    confidence = Confidence.HIGH if maker is names.scope else Confidence.MEDIUM
                    where = Evidence(maker.module.relpath, made.lineno, f"'{maker.qualname}' makes the lock")
                    message = f"'{lock}' is made with the object: a second '{store.slot}' is built under a second lock"
                    yield Broken(message, confidence, store.slot, evidence=(where,))
                    return


def _may_be_broken(function: Scope) -> bool:
    """Whether a function makes a lock where it takes it or keeps it, or stores below a lock without a test there."""
    taken = [s for s in function.statements() if isinstance(s, ast.With | ast.AsyncWith) and takes_lock(s, function)]
    for item in (i.context_expr for w in taken for i in w.items):
        bindings = function.bindings.get(item.id, ()) if isinstance(item, ast.Name) else ()
        if any(isinstance(v, ast.Call) and _is_lock_type(v.func) for v in (item, *(b.value for b in bindings))):
            return True
    stores = list(may_store(function)) if taken or "Lock" in function.module.source.text else []
    if any(isinstance(s.value, ast.Call) and _is_lock_type(s.value.func) for s in stores):
        return True
    for statement in taken if stores else ():
        inside = set(facts.own_nodes(statement))
        has_test = any(isinstance(n, ast.If | ast.Try) for n in inside)
        if not inside.isdisjoint(stores) and (not has_test or _is_of_object(statement, function)):
            return True
    return False


def _is_of_object(statement: ast.With | ast.AsyncWith, function: Scope) -> bool:
    """Whether a ``with`` takes an attribute that the class's body does not make."""
    around = function.enclosing_class
    expressions = [i.context_expr for i in statement.items]
    return around is not None and any(
        isinstance(e, ast.Attribute) and e.attr not in around.bindings for e in expressions
    )


def _makes(statement: ast.stmt, attribute: str) -> bool:
    """``self.X = Lock()``, ``cls.X = Lock()``."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
        return False
    stored = any(isinstance(t, ast.Attribute) and t.attr == attribute for t in statement.targets)
    return stored and _is_lock_type(statement.value.func)


def _is_lock_type(node: ast.expr) -> bool:
    return (facts.dotted(node) or "").rpartition(".")[2] in LOCK_TYPES


def _around(guard: Guard, store: Store) -> cst.CSTNode | None:
    return next((n for n in store.around if n is guard.node), None)


def _is_known_at(place: ast.expr, store: Store, module: Module) -> bool:
    """Whether what makes a lock is imported above a place, and takes nothing from the function."""
    assert isinstance(store.value, cst.Call)
    binding = module.scope.binds_once((dotted(store.value.func) or "").partition(".")[0])
    imported = binding.imported if binding is not None else None
    return not store.value.args and imported is not None and not imported.guard and imported.row < place.lineno


def _stored_elsewhere(slot: Slot, function: Scope) -> bool:
    """Whether another function of the module stores to the slot's name."""
    for scope in function.module.functions:
        if scope is not function and any(
            isinstance(t, ast.Name | ast.Attribute) and (t.id if isinstance(t, ast.Name) else t.attr) == slot.name
            for s in may_store(scope)
            for t in (s.targets if isinstance(s, ast.Assign) else [s.target])
        ):
            return True
    return False
