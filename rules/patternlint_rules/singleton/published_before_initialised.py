"""PAT105: a shared object that others can see before it is complete."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from patternlint import facts
from patternlint.cstnames import dotted
from patternlint.facts import Module, Scope
from patternlint.rule import Applicability, Confidence, Evidence, Family, Rule, cst
from patternlint_rules.singleton.concurrency import RunsAlone
from patternlint_rules.singleton.construction import how_made
from patternlint_rules.singleton.containers import (
    Filled,
    fill_locally,
    filled_behind_own_test,
    may_fill_behind_own_test,
)
from patternlint_rules.singleton.double_checked import REASONS, filling, publish_last, within
from patternlint_rules.singleton.guard import Guard, guards_around, guards_in, names_asked, names_in
from patternlint_rules.singleton.lifetime import has_one_thread, is_for_threads, is_per_context, module_constructs
from patternlint_rules.singleton.locking import Placed, is_called_locked, is_read_unlocked, locks_around
from patternlint_rules.singleton.publishing import Completion, awaits, completes_by_name, completion_of
from patternlint_rules.singleton.slot import Names, Slot, Store, may_store, stores_in

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder


class Early(NamedTuple):
    """A slot that is filled too early: the place, the guards, what is said of it, and whether it takes time."""

    slot: Slot
    at: Placed
    guards: tuple[Guard, ...]
    message: str
    takes_time: bool
    completion: Completion | None = None


class PublishedBeforeInitialised(Rule):
    """A shared object that is stored before it is complete is used by the next thread as it is.

    The first thread puts an empty table, an unconfigured session or a bare instance where everybody looks, and goes on
    to finish it. The second finds the slot filled, takes what is there, and works with half of the entries, or fails on
    an attribute that comes a millisecond later. There is no error in the log where the cause is, and the next call is
    fine. Double-checked locking does not help: the first test is outside of the lock.

    Bad:

        def get_locales():
            global _locales
            if _locales is None:
                _locales = {}                # from here on others take it as it is
                for name in read_names():
                    _locales[name] = parse(name)
            return _locales

    Write:

        def get_locales():
            global _locales
            if _locales is None:
                locales = {}                      # a local
                for name in read_names():
                    locales[name] = parse(name)
                _locales = locales                # published last
            return _locales

    Reported: a slot (a class attribute, a global) that is stored behind its own test and then changed; a flag that says
    "done" and is set before what it stands for; several slots behind the test of the one that is stored first; a
    container that is filled behind the test whether it is empty. High: it takes time until it is complete (a call, a
    loop, an import), and threads are seen to get there; the way is printed. Medium: one of both. Low: neither; or an
    event loop, a GUI or start-up code alone gets there. In an `async def` only what awaits in between counts. Not
    reported: objects that are complete when they are stored, a lock that is held wherever the slot is asked for, flags
    that are set last.

    The fix works on a local and stores it last. It is safe where nothing that is called in between asks for the slot.

    **Measured**: of 11 hand-labelled sites 2 are found at high, 8 at high or medium and all at any confidence; the
    look-alike is not. Beyond the labels, in 84 packages and a standard library, 3 findings of high and 12 of medium
    confidence were read: all of the former and 11 of the latter are right.
    """

    code, name, family = "PAT105", "published-before-initialised", Family.SINGLETON
    applicability, since, preview = Applicability.SAFE, "0.2", True
    words = frozenset({"def"})
    any_words = frozenset({"if", "except"})
    region = "class"
    low_in_tests = True
    reasons: ClassVar[Mapping[str, str]] = {
        **REASONS,
        "run-once-flag": "a flag that is set last is not set where the work fails: it is then tried again",
        "no-local-form": "the container is shared by its name: others may hold it",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Functions that store something in a slot and go on with it, or fill a container that begins empty."""
        return [f.function for f in module.functions if _may_publish(f) or may_fill_behind_own_test(f)]

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        """Report a class whose methods fill one of its slots too early."""
        methods = [n for n in node.body.body if isinstance(n, cst.FunctionDef)]
        owner = self.scope.qualname
        self._report(node, [(e, n) for m in methods for e, n in self._early(m) if e.slot.owner == owner])

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        """Report a function that fills a slot too early which is not its class's."""
        found = list(self._early(node))
        self._report(node, [(e, n) for e, n in found if n.around is None or e.slot.owner != n.around.qualname])

    def _report(self, node: cst.ClassDef | cst.FunctionDef, found: list[tuple[Early, Names]]) -> None:
        graded = [(early, names, g) for early, names in found if (g := self._grade(early, names)) is not None]
        if not graded:
            return
        early, names, (confidence, evidence) = max(graded, key=lambda each: each[2][0])
        self.report(
            node,
            early.message,
            confidence=confidence,
            evidence=evidence,
            fix=self._fix(early, names),
            help="finish it as a local, and store it last",
        )

    # ---- what is filled too early

    def _early(self, function: cst.FunctionDef) -> Iterator[tuple[Early, Names]]:
        scope = self.scope_of(function)
        if not _may_publish(scope) and not may_fill_behind_own_test(scope):
            return
        names = Names(function, scope, through_self=_constructs_singleton(scope))
        guards, stores = guards_in(names), stores_in(names)
        for store in stores:
            if dotted(store.value) == "self" or is_per_context(store.slot, scope.module):
                continue  # a constructor that publishes itself is PAT101's
            if not _is_lasting(store.slot, scope.module):
                continue
            around = guards_around(store, guards)
            completion = completion_of(store, around, names, stores) if around else None
            if completion is not None:
                message = _said(completion, function.name.value)
                yield Early(store.slot, store, tuple(around), message, completion.takes_time, completion), names
        for filled in filled_behind_own_test(names, guards):
            message = (
                f"who finds '{filled.slot}' begun takes it for complete: '{function.name.value}' fills it step by step"
            )
            yield Early(filled.slot, filled, (filled.guard,), message, filled.takes_time), names

    # ---- how sure it is that somebody comes in between

    def _grade(self, early: Early, names: Names) -> tuple[Confidence, tuple[Evidence, ...]] | None:
        """How sure, and the way by which threads get there; None where nobody can come in between."""
        scope = names.scope
        of_class = names.around if early.slot.owner else None
        if is_called_locked(scope):
            return None
        bound = Confidence.HIGH if all(g.alone for g in early.guards) else Confidence.MEDIUM
        locks = list(locks_around(early.at, names))
        if locks and not _is_tested_outside(early, [held.by for held in locks]):
            if not is_read_unlocked(early.slot, names):
                return None
            bound = Confidence.MEDIUM
        if scope.is_async:
            pauses = early.completion is not None and awaits(early.completion, early.guards[0])
            return (min(Confidence.MEDIUM, bound), ()) if pauses else None
        belongs_to = of_class if of_class is not None else scope
        name = of_class.dotted if of_class is not None and scope.name in _CONSTRUCTORS else scope.dotted
        if (
            (has_one_thread(belongs_to) and not is_for_threads(belongs_to))
            or (of_class is not None and module_constructs(of_class))
            or self.project.ask(RunsAlone(name))
        ):
            return Confidence.LOW, ()
        reached = how_made(self.project, scope, of_class)
        level = Confidence.LOW + early.takes_time + (reached is not None) + self.settings.free_threaded
        return Confidence(min(level, bound)), reached.way if reached is not None else ()

    # ---- the repair

    def _fix(self, early: Early, names: Names) -> FixBuilder:
        fix = self.fix(f"finish '{early.slot}' before it is stored")
        if isinstance(early.at, Filled):
            fill_locally(self, fix, names, early.at)
            return fix
        assert isinstance(early.at, Store)
        assert early.completion is not None
        if early.completion.kind == "flag":
            fix.lower(Applicability.UNSAFE, "run-once-flag")
        block = filling(early.guards[-1], early.at, names)
        last = max((i for i, s in enumerate(block) for n in early.completion.by if n is s or within(s, n)), default=-1)
        lines = [n for s in block if isinstance(s, cst.SimpleStatementLine) for n in s.body]
        if last < 0 or not any(early.at.node is n for n in lines):
            fix.refuse("no-simple-guard")
        else:
            publish_last(self, fix, names, block[: last + 1], early.at)
        return fix


_CONSTRUCTORS = ("__new__", "__init__")


def _said(completion: Completion, function: str) -> str:
    slot = completion.slot
    if completion.kind == "flag":
        return (
            f"'{slot}' says that the work of '{function}' is done before it is: who comes meanwhile goes on without it"
        )
    if completion.kind == "several":
        return f"who finds '{slot}' filled takes '{completion.other}' as it was: '{function}' stores it afterwards"
    return f"who asks for '{slot}' while '{function}' is at work gets it unfinished: it is stored before it is complete"


def _is_lasting(slot: Slot, module: Module) -> bool:
    """Whether a slot belongs to a class or module: a variable of a function is one call's own."""
    return not any(s.is_function and s.qualname == slot.owner for s in module.functions)


def _is_tested_outside(early: Early, held: list[cst.With | cst.Try | None]) -> bool:
    """Whether a slot is asked about before any lock is taken."""
    return all(by is not None for by in held) and any(
        not any(by is not None and within(by, guard.node) for by in held) for guard in early.guards
    )


def _constructs_singleton(scope: Scope) -> bool:
    """Whether this is the ``__init__`` of a class whose ``__new__`` keeps an instance: its ``self`` is shared."""
    new = scope.enclosing_class.methods.get("__new__") if scope.enclosing_class is not None else None
    return scope.name == "__init__" and new is not None and any(True for _ in may_store(new))


def _may_publish(function: Scope) -> bool:
    """Whether a function stores something in a slot that it asks about, and goes on with it, or with others."""
    if _constructs_singleton(function):
        return True
    stores = [(s, *_last_names(s)) for s in may_store(function) if not _is_none(s.value)]
    asked = names_asked(function) if stores else frozenset()
    for store, stored, value in stores:
        if stored & asked:
            behind = range(store.lineno + 1, _end_of_guard(function, store, stored) + 1)
            if any(names - stored and other.lineno in behind for other, names, _ in stores):
                return True
            if any(_may_complete(n, stored | value) for n in facts.own_nodes(function.node) if _row(n) in behind):
                return True
    return False


def _end_of_guard(function: Scope, store: ast.stmt, stored: frozenset[str]) -> int:
    """The last row of the outermost ``if`` around a store that asks about it; of the function where that left early."""
    around = (
        s for s in function.statements() if isinstance(s, ast.If) and s.lineno <= store.lineno <= (s.end_lineno or 0)
    )
    return next((s.end_lineno or 0 for s in around if names_in(s.test) & stored), function.function.end_lineno or 0)


def _may_complete(node: ast.AST, names: frozenset[str]) -> bool:
    """Whether a node stores inside something of one of these names, or calls a method of it that may set it up."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        at = node.func.value if completes_by_name(node.func.attr) else None
    else:
        is_store = isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store)
        at = node.value if isinstance(node, ast.Attribute | ast.Subscript) and is_store else None
    while isinstance(at, ast.Attribute | ast.Subscript):
        if _last(at) in names:
            return True
        at = at.value
    return at is not None and _last(at) in names


def _row(node: ast.AST) -> int:
    return getattr(node, "lineno", 0)


def _last_names(statement: ast.Assign | ast.AnnAssign) -> tuple[frozenset[str], frozenset[str]]:
    """The last names of what an assignment stores to (no items), and of what it stores."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return frozenset(map(_last, targets)) - {""}, frozenset({_last(statement.value)}) - {""}


def _last(node: ast.expr | None) -> str:
    return (facts.dotted(node) or "").rpartition(".")[2]


def _is_none(value: ast.expr | None) -> bool:
    return isinstance(value, ast.Constant) and value.value is None
