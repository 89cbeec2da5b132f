"""PAT101: a singleton that its own constructor watches over."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from patternlint.cstnames import dotted
from patternlint.facts import Module, Scope
from patternlint.rule import Applicability, Confidence, Family, Rule, cst
from patternlint.walker import descendants
from patternlint_rules.singleton.canonical import DOUBTS, REFUSALS, doubts, refusals
from patternlint_rules.singleton.guard import Test, tests_by
from patternlint_rules.singleton.slot import (
    CLASS_LEVEL,
    Names,
    Slot,
    Store,
    is_docstring,
    may_store,
    methods_of,
    own_nodes,
    slot_statement,
    stores_in,
)

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder


class Accessor(NamedTuple):
    """A class-level method that tests the slot: its statement, and whether the class is constructed under it."""

    method: cst.FunctionDef
    test: cst.If
    constructs: bool


class SingletonCheckInInit(Rule):
    """A constructor that registers itself as the only instance is seen half-built, and refuses the second caller.

    `__init__` runs after the object exists. Where it stores `self` on the class, another thread gets an object whose
    attributes are not there yet; where it raises because somebody was first, the second caller (a test, a reload, a
    worker that starts twice) fails at a distance; where it stores `self` without a look, the accessor's callers hold
    two different "only" instances. Two threads that both find the slot empty both pass.

    Bad:

        class Ledger:
            _the_one = None

            def __init__(self):
                if Ledger._the_one is not None:
                    raise RuntimeError("use Ledger.get()")
                Ledger._the_one = self
                self.rows = []

    Write:

        from patternlint.runtime import Singleton

        class Ledger(metaclass=Singleton):
            def __init__(self):
                self.rows = []

    Reported with high confidence: `__init__` stores `self` on its class and the constructor refuses or skips work when
    the slot is filled, or an accessor constructs the class when it is empty; a constructor that refuses or skips by a
    class flag which only it sets. With medium confidence: the first instance makes itself the default one (of the class
    or of a module global). Not reported: the latest instance noted without a test, registers of instances, guards
    on anything but the class's own slot, and flags on the instance.

    The fix is safe for a private class, or in an application, that takes no arguments, has no bases, subclasses or
    own copying, whose slot nobody else uses and which only its accessor constructs.

    **Measured**: all of 3 hand-labelled sites are found at high confidence, and none of 11 look-alikes at any. In 84
    packages 7 sites store `self` so; all were read and are right.
    """

    code, name, family = "PAT101", "singleton-check-in-init", Family.SINGLETON
    applicability, since = Applicability.SAFE, "0.1"
    words = frozenset({"class", "__init__"})
    region = "class"
    reasons: ClassVar[Mapping[str, str]] = {
        **REFUSALS,
        **DOUBTS,
        "no-canonical-form": "the slot is tested or stored in a way that the fix does not know",
        "comment-inside": "a comment stands inside the code that the fix would remove",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Classes whose ``__init__`` stores ``self`` or True in the class, or something in a global."""
        return [
            c.class_node
            for c in module.classes
            for init in c.children.get("__init__", ())
            if init.is_function and _may_publish(init)
        ]

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        """Report a class that keeps its only instance by its constructor."""
        methods = methods_of(node)
        initializer = methods.get("__init__")
        if initializer is None:
            return
        published = [s for s in stores_in(self._names(initializer)) if dotted(s.value) == "self" and s.key is None]
        on_class = [s for s in published if s.slot.owner]
        for store in on_class[:1]:
            if slot_statement(node, store.slot.name) is not None or not node.bases:  # else it is the protocol of a base
                self._judge_slot(node, methods, store)
        if not on_class:
            self._judge_flag(node, methods)
            self._judge_global(node, initializer, {s.slot for s in published})

    def _names(self, method: cst.FunctionDef, *, through_self: bool = False) -> Names:
        return Names(method, self.scope_of(method), through_self=through_self)

    def _tests(self, method: cst.FunctionDef, slot: Slot) -> list[tuple[cst.If, Test]]:
        return [(i, t) for i, t in tests_by(self._names(method, through_self=True)) if t.slot == slot]

    # ---- the instance on the class

    def _judge_slot(self, node: cst.ClassDef, methods: dict[str, cst.FunctionDef], store: Store) -> None:
        name, slot = node.name.value, store.slot
        guards = [found for m in ("__new__", "__init__") if m in methods for found in self._tests(methods[m], slot)]
        accessors = list(self._accessors(methods, slot))
        refuses = any(_leaves(i.body if t.when_filled else i.orelse) for i, t in guards)
        skips = any(not t.when_filled and _stores_on_self(i.body) for i, t in guards)
        if refuses:
            message = f"a second {name}() fails far from the first, and threads see '{slot}' before __init__ is done"
            confidence = Confidence.HIGH
        elif skips or any(a.constructs for a in accessors):
            message = f"a second {name}() replaces the instance in '{slot}' that others already hold"
            confidence = Confidence.HIGH
        elif guards:
            message = f"whichever {name}() comes first becomes the shared one, and is seen before __init__ is done"
            confidence = Confidence.MEDIUM
        elif accessors:
            message = f"every new {name}() silently becomes the one that '{accessors[0].method.name.value}' returns"
            confidence = Confidence.LOW
        else:
            return
        self.report(node, message, confidence=confidence, fix=self._fix(node, methods, store, accessors),
                    help="let the Singleton metaclass of patternlint.runtime build the instance, once")  # fmt: skip

    def _accessors(self, methods: dict[str, cst.FunctionDef], slot: Slot) -> Iterator[Accessor]:
        for method in methods.values():
            if any(dotted(d.decorator) in CLASS_LEVEL for d in method.decorators):
                names = self._names(method)
                for statement, test in tests_by(names):
                    if test.slot == slot and not test.when_filled:
                        calls = [n for n in _nodes(statement.body) if isinstance(n, cst.Call)]
                        yield Accessor(method, statement, any(names.class_of(c.func) == slot.owner for c in calls))
                        break

    # ---- a flag on the class

    def _judge_flag(self, node: cst.ClassDef, methods: dict[str, cst.FunctionDef]) -> None:
        name, initializer = node.name.value, methods["__init__"]
        if "__new__" in methods or node.keywords:
            return
        stores = stores_in(self._names(initializer))
        flags = {s.slot for s in stores if s.slot.owner and dotted(s.value) == "True" and s.key is None}
        elsewhere = {s.slot for m in methods.values() if m is not initializer for s in stores_in(self._names(m))}
        for statement, test in tests_by(self._names(initializer, through_self=True)):
            if test.slot in flags - elsewhere and (
                _leaves(statement.body if test.when_filled else statement.orelse)
                or (not test.when_filled and _stores_on_self(statement.body))
            ):
                self.report(
                    node,
                    f"the second {name}() comes out of __init__ unfinished: '{test.slot}' is set for the whole class",
                    why_not_fixed="no-canonical-form",
                    help="let the Singleton metaclass of patternlint.runtime build the instance, once",
                )
                return

    # ---- the instance in a module global

    def _judge_global(self, node: cst.ClassDef, initializer: cst.FunctionDef, published: set[Slot]) -> None:
        for _, test in tests_by(self._names(initializer)) if published else ():
            if test.slot in published:
                self.report(
                    node,
                    f"whichever {node.name.value}() comes first becomes everybody's '{test.slot}', still incomplete",
                    confidence=Confidence.MEDIUM,
                    why_not_fixed="no-canonical-form",
                    help="build the shared instance where it is needed: a function with patternlint.runtime.once",
                )
                return

    # ---- the repair

    def _fix(
        self, node: cst.ClassDef, methods: dict[str, cst.FunctionDef], store: Store, accessors: list[Accessor]
    ) -> FixBuilder:
        name, slot = node.name.value, store.slot.name
        fix = self.fix(f"let {name} be built once by the Singleton metaclass", form="canonical")
        fix.append_base(node, f"metaclass={fix.runtime('Singleton')}")
        scope = self.scope_of(node)
        for reason in refusals(self, scope, slot, mangled=slot.startswith("__")):
            fix.refuse(reason)
        for reason in doubts(self, scope, arguments=len(scope.methods["__init__"].parameters) > 1,
                             constructed_anywhere=False):  # fmt: skip
            fix.lower(Applicability.UNSAFE, reason)
        edited = self._rewrite_constructor(fix, node, store, methods)
        for accessor in accessors:
            edited |= self._rewrite_accessor(fix, accessor, store.slot)
        first = slot_statement(node, slot)
        if first is None or len(first.body) != 1:
            fix.refuse("no-canonical-form")
        else:
            fix.remove(first)
        untouched = [
            n
            for method in methods.values()
            for n in own_nodes(method)
            if isinstance(n, cst.Attribute) and n.attr.value == slot and id(n) not in edited
        ]
        if untouched:
            fix.refuse("no-canonical-form")
        return fix

    def _rewrite_constructor(
        self, fix: FixBuilder, node: cst.ClassDef, store: Store, methods: dict[str, cst.FunctionDef]
    ) -> set[int]:
        """Take the guard and the store out of ``__init__``; the nodes that are gone."""
        initializer = methods["__init__"]
        guards = [i for i, _ in self._tests(initializer, store.slot)]
        top = list(initializer.body.body)
        line = next((s for s in top if isinstance(s, cst.SimpleStatementLine) and s.body[0] is store.node), None)
        gone: set[int] = set()
        if "__new__" in methods or len(guards) != 1 or not any(guards[0] is s for s in top):
            fix.refuse("no-canonical-form")
            return gone
        guard = guards[0]
        inside = {id(n) for n in _nodes(guard)}
        if not _only_refuses(guard, store) or (line is None and id(store.node) not in inside):
            fix.refuse("no-canonical-form")
            return gone
        if "#" in self.text(guard).partition("\n")[2]:
            fix.refuse("comment-inside")
        left = [s for s in top if s is not guard and s is not line]
        if all(is_docstring(s) for s in left):
            fix.replace(guard, "pass")
        else:
            fix.remove_block(guard)
        if line is not None:
            fix.remove(line)
            inside |= {id(n) for n in _nodes(line)}
        return inside

    def _rewrite_accessor(self, fix: FixBuilder, accessor: Accessor, slot: Slot) -> set[int]:
        """``if cls.X is None: cls()`` and ``return cls.X`` become ``return cls()``; the nodes that are gone."""
        names = self._names(accessor.method)
        body = [s for s in accessor.method.body.body if not is_docstring(s)]
        returned = body[-1].body[0] if len(body) == 2 and isinstance(body[-1], cst.SimpleStatementLine) else None
        inside = accessor.test.body.body
        if (
            not isinstance(returned, cst.Return)
            or returned.value is None
            or body[0] is not accessor.test
            or not accessor.constructs
            or accessor.test.orelse is not None
            or len(inside) != 1
            or not any(names.slot(n) == slot for n in _nodes(returned.value))
        ):
            fix.refuse("no-canonical-form")
            return set()
        call = next(n for n in _nodes(accessor.test.body) if isinstance(n, cst.Call) and names.class_of(n.func))
        if "#" in self.text(accessor.test).partition("\n")[2]:
            fix.refuse("comment-inside")
        fix.remove_block(accessor.test)
        fix.replace(next(n for n in _nodes(returned.value) if names.slot(n) == slot), self.text(call))
        return {id(n) for part in (accessor.test, returned) for n in _nodes(part)}


def _nodes(root: cst.CSTNode) -> list[cst.CSTNode]:
    return [root, *descendants(root)]


def _leaves(block: cst.CSTNode | None) -> bool:
    """Whether a branch raises or returns."""
    return block is not None and any(isinstance(n, cst.Raise | cst.Return) for n in _nodes(block))


def _stores_on_self(block: cst.CSTNode) -> bool:
    """Whether a branch gives the instance attributes."""
    targets = [n.target for n in _nodes(block) if isinstance(n, cst.AssignTarget | cst.AnnAssign)]
    return any(isinstance(t, cst.Attribute) and dotted(t.value) == "self" for t in targets)


def _only_refuses(guard: cst.If, store: Store) -> bool:
    """Whether a guard does nothing but raise when the slot is filled (and store the instance when it is not)."""
    (only, *more) = guard.body.body
    raises = not more and isinstance(getattr(only, "body", [None])[0], cst.Raise)
    if guard.orelse is None:
        return raises
    other = guard.orelse.body.body if isinstance(guard.orelse, cst.Else) else ()
    return raises and len(other) == 1 and any(n is store.node for n in getattr(other[0], "body", ()))


def _may_publish(initializer: Scope) -> bool:
    statements = list(initializer.statements())
    if any(isinstance(s, ast.Global) for s in statements):
        return True
    # most constructors store neither: that is seen faster than where something is stored
    telling = any(isinstance(s, ast.Assign | ast.AnnAssign) and _is_telling(s.value) for s in statements)
    return telling and any(_is_telling(s.value) for s in may_store(initializer))


def _is_telling(value: ast.expr | None) -> bool:
    match value:
        case ast.Name(id="self") | ast.Constant(value=True):
            return True
    return False
