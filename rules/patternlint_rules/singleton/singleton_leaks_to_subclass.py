"""PAT110: a subclass that is given its parent's instance."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from patternlint.cstnames import dotted as cst_dotted
from patternlint.facts import Module, Scope, dotted
from patternlint.project import Project, ReferencesTo, Subclasses
from patternlint.rule import Applicability, Confidence, Evidence, Family, Rule, cst
from patternlint.walker import descendants
from patternlint_rules.singleton.lazy import Filling, fillings, may_fill
from patternlint_rules.singleton.resource import MadeByClass
from patternlint_rules.singleton.slot import methods_of

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder


class SingletonLeaksToSubclass(Rule):
    """A singleton's slot is inherited: a subclass that is asked for after its parent gets the parent's instance.

    `cls._instance` and `hasattr(cls, "_instance")` look into the base classes, too. Once the parent has an instance,
    the subclass finds that one, is never constructed, and its overridden methods are never called; asked in the other
    order all goes well, so that it depends on which module is imported first.

    Bad:

        class Registry:
            _instance = None

            def __init__(self):
                self.handlers = {}

            def register(self, name, handler):
                self.handlers[name] = handler

            @classmethod
            def get(cls):
                if cls._instance is None:
                    cls._instance = cls()
                return cls._instance

        class AuditRegistry(Registry):
            ...

        Registry.get().register("order", place_order)
        AuditRegistry.get()                  # a Registry, with all of its handlers

    Write:

        from patternlint.runtime import Singleton       # each subclass has its own

        class Plugin(metaclass=Singleton):
            ...

    or look into the class itself:

        if cls.__dict__.get("_instance") is None:
            cls._instance = cls()

    Reported: a `__new__` or class method that tests and fills `cls.X`, in a class that is inherited from. High: the
    project asks both a class and its subclass for an instance. Medium: it asks a class that has a subclass. Low: a
    subclass has subclasses, or calling a public base makes the instance, so that others may derive from what is asked;
    and where instances are plain values.
    Not reported: accessors of bases that are never asked themselves, and slots that each subclass sets anew.

    The fix is unsafe: somebody may rely on sharing the parent's instance (traitlets documents just that).

    **Measured**: the one hand-labelled site is found, at low confidence; the one look-alike is not.
    """

    code, name, family = "PAT110", "singleton-leaks-to-subclass", Family.SINGLETON
    applicability, since = Applicability.UNSAFE, "0.1"
    words = frozenset({"class", "cls"})
    any_words = frozenset({"__new__", "classmethod"})
    region = "class"
    low_in_tests = True
    reasons: ClassVar[Mapping[str, str]] = {
        "other-test": "the slot is tested in a way that the fix does not know",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Classes of which a method that is given the class may fill an attribute."""
        return [
            f.enclosing_class.class_node
            for f in module.functions
            if f.enclosing_class is not None and f.parameters[:1] == ["cls"] and may_fill(f, _makes_one)
        ]

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        """Report a class whose slot its subclasses inherit."""
        for name, method in methods_of(node).items():
            scope = self.scope.methods[name]
            for filling in fillings(method, scope) if scope.parameters[:1] == ["cls"] else ():
                if _is_of_cls(filling) and self._report(node, filling):
                    return

    def _report(self, node: cst.ClassDef, filling: Filling) -> bool:
        scope, slot = filling.names.scope, filling.store.slot.name
        accessor = "" if scope.name == "__new__" else scope.name
        leak = self.project.ask(Leaks(self.scope.dotted, slot, accessor))
        if leak is None:
            return False
        parent, child = (name.rpartition(".")[2] for name in (leak.parent, leak.child))
        call = f"{child}.{accessor}()" if accessor else f"{child}()"
        who = f"{call} gives" if child else f"a class that is derived from '{parent}' gets"
        self.report(
            node,
            f"{who} the instance of '{parent}' once there is one: '{slot}' is looked up in the base classes, too",
            confidence=leak.confidence if self.project.ask(MadeByClass(self.scope.dotted, 2)) else Confidence.LOW,
            evidence=leak.places,
            fix=self._own(filling),
            help="look into the class itself, or let the Singleton metaclass of patternlint.runtime keep one for each",
        )
        return True

    def _own(self, filling: Filling) -> FixBuilder:
        """``cls.__dict__.get("X")`` where the slot is tested, and ``"X" not in cls.__dict__`` for ``not hasattr``."""
        slot = filling.store.slot
        fix = self.fix(f"look for '{slot}' in the class itself")
        test = filling.guard.node.test if isinstance(filling.guard.node, cst.If) else None
        nodes = [test, *descendants(test)] if test is not None else []
        read = [n for n in nodes if isinstance(n, cst.Attribute) and filling.names.slot(n) == slot]
        asked = [n for n in nodes if isinstance(n, cst.Call) and filling.names.slot(n) == slot]
        for attribute in read:
            fix.replace(attribute, f'cls.__dict__.get("{slot}")')
        for call in asked:
            if isinstance(call.func, cst.Name) and call.func.value == "hasattr" and test is not None:
                self._replace_hasattr(fix, test, call, str(slot))
            else:
                fix.refuse("other-test")
        if not read and not asked:
            fix.refuse("other-test")
        return fix

    def _replace_hasattr(self, fix: FixBuilder, test: cst.BaseExpression, asked: cst.Call, slot: str) -> None:
        for node in (test, *descendants(test)):
            if isinstance(node, cst.UnaryOperation) and node.expression is asked:
                fix.replace(node, f'"{slot}" not in cls.__dict__')
                return
        fix.replace(asked, f'"{slot}" in cls.__dict__')


class Leak(NamedTuple):
    """A class and its subclass ("" for one that others may write) that can meet in one slot, and who asks."""

    parent: str
    child: str
    confidence: Confidence
    places: tuple[Evidence, ...]


class Leaks(NamedTuple):
    """Whether a class whose accessor fills a slot, or a subclass of it, is asked and inherited from.

    `accessor` is the class method that hands the instance out, "" where calling the class does.
    """

    base: str
    slot: str
    accessor: str

    def answer(self, project: Project) -> Leak | None:
        """The surest one; None where no class with an instance of its own is inherited from."""
        below = project.ask(Subclasses(self.base))
        family = {self.base, *below}
        pairs = [(p, c) for c in below for b in project.bases(c) or () if b and (p := project.canonical(b)) in family]
        found = [leak for parent, child in pairs if (leak := self._meet(project, parent, child)) is not None]
        if not found and not self.accessor and not self.base.rpartition(".")[2].startswith("_"):
            found = [Leak(child, "", Confidence.LOW, (place,)) for child, place in project.ask(Derived(self.base))[:1]]
        return max(found, key=lambda leak: leak.confidence, default=None)

    def _meet(self, project: Project, parent: str, child: str) -> Leak | None:
        """A class and its direct subclass, one of which may find the other's instance."""
        scope = project.find(child)
        if scope is None or scope.module.is_test or self.slot in scope.bindings:
            return None  # it has a slot of its own
        asked = self._asked(project, parent)
        if asked and (also := self._asked(project, child)):
            return Leak(parent, child, Confidence.HIGH, (*asked, *also))
        inherits = Evidence(scope.module.relpath, scope.row, f"inherits from '{parent.rpartition('.')[2]}'")
        if asked:
            return Leak(parent, child, Confidence.MEDIUM, (*asked, inherits))
        return None if parent == self.base else Leak(parent, child, Confidence.LOW, (inherits,))

    def _asked(self, project: Project, name: str) -> tuple[Evidence, ...]:
        """The first place outside tests that asks a class for its instance."""
        uses = _asking(project, name, self.accessor)
        last = name.rpartition(".")[2]
        return tuple(Evidence(path, row, f"asks '{last}' for its instance") for path, row in uses)[:1]


class Derived(NamedTuple):
    """The public classes outside tests that name a class as their base, by the last part of its name: where a star
    import hands it on, too."""

    base: str

    def answer(self, project: Project) -> tuple[tuple[str, Evidence], ...]:
        """Each with its place, in the order of files."""
        last = self.base.rpartition(".")[2]
        return tuple(project.collect((last, "class"), _derived, last, pattern=rf"class\s+\w+\s*\([^)]*\b{last}\b"))


def _derived(_project: Project, module: Module, last: str) -> Iterator[tuple[str, Evidence]]:
    for scope in module.classes if not module.is_test else ():
        named = [(dotted(base) or "").rpartition(".")[2] for base in scope.class_node.bases]
        if last in named and not scope.name.startswith("_"):
            yield scope.name, Evidence(module.relpath, scope.row, f"inherits from '{last}'")


def _asking(project: Project, name: str, accessor: str) -> Iterator[tuple[str, int]]:
    for use in project.ask(ReferencesTo(name)):
        module = project.module(use.module) if use.kind in ("call", "other") else None
        if module is None or module.is_test:
            continue
        behind = module.source.line(use.row)[use.column - 1 :]
        if f".{accessor}(" in behind if accessor else use.kind == "call":
            yield use.path, use.row


def _makes_one(value: ast.expr, _scope: Scope) -> bool:
    """``cls(…)``, ``super().__new__(cls)``"""
    function = value.func if isinstance(value, ast.Call) else None
    return dotted(function) == "cls" or getattr(function, "attr", "") in ("__new__", "__call__")


def _is_of_cls(filling: Filling) -> bool:
    """Whether the slot is filled by ``cls.X = cls(…)`` or ``cls.X = super().__new__(cls)``: with one instance of the
    class that is asked."""
    target, value = filling.store.target, filling.store.value
    if filling.store.key is not None or filling.guard.keyed or not isinstance(value, cst.Call):
        return False
    by_cls = isinstance(target, cst.Attribute) and cst_dotted(target.value) == "cls"
    makes = cst_dotted(value.func) == "cls" or (
        isinstance(value.func, cst.Attribute) and value.func.attr.value in ("__new__", "__call__")
    )
    return by_cls and makes
