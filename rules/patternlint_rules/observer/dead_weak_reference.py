"""PAT303."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from patternlint.facts import Module, Scope, dotted, walk
from patternlint.project import Ancestry
from patternlint.rule import Applicability, Confidence, Evidence, Family, Rule, cst
from patternlint_rules.observer.containers import UsesOf, kept
from patternlint_rules.observer.handed_in import HandedIn, MethodsHandedTo
from patternlint_rules.observer.instances import BoundMethod, bound_method
from patternlint_rules.observer.places import nodes_with_lambdas
from patternlint_rules.observer.rounds import OBSERVER_WORDS

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder

_MAKERS = {"weakref.ref": "WeakMethod", "weakref.ReferenceType": "WeakMethod", "weakref.proxy": "weak_method"}
_WEAK_CONTAINERS = ("WeakSet", "WeakValueDictionary", "WeakKeyDictionary")
_KNOWS_METHODS = frozenset({"WeakMethod", "ismethod", "MethodType", "__self__", "im_self", "__func__", "weak_method"})


class DeadWeakReference(Rule):
    """A weak reference to a bound method is dead at once: the callback is never called, and nobody is told.

    Production story: to avoid a leak, a subject is changed from `self._listeners.append(listener)` to
    `weakref.ref(listener)`, and its users go on passing `self.on_event`. Every `obj.method` is a new object that
    nothing else keeps, so the reference dies before the statement ends. There is no error: the events just never
    arrive.

    Bad:

        class Panel:
            def __init__(self, bus):
                self._bus = bus

            def connect(self):
                self._bus.listen(weakref.ref(self.draw))

            def draw(self, event):
                print(event)

    The canonical code keeps a `weakref.WeakMethod(self.on_event)`, which lives as long as the object, or leaves the
    list to `patternlint.runtime.observers.ObserverList`:

        self._bus.listen(weakref.WeakMethod(self.draw))

    Flagged: `weakref.ref` and `weakref.proxy` of a method of a known class or of a lambda, and such a value put into a
    `WeakSet`, a `WeakValueDictionary` or as the key of a `WeakKeyDictionary`. Medium: `weakref.ref(callback)` of a
    parameter for which callers in the project pass bound methods, in a function that never asks whether it got a
    method.

    Not flagged: data attributes, properties, static methods, and methods that the object keeps (`self.cb =
    self.on_event`).

    The fix writes `WeakMethod`. It is safe where the reference is only ever called.

    Measured: none of 4 labelled look-alikes is reported; 2 findings at medium in 29 packages, both right. A direct
    reference is dead by the language's own rules.
    """

    code, name, family = "PAT303", "dead-weak-reference", Family.OBSERVER
    applicability, since = Applicability.SAFE, "0.1"
    words = frozenset({"weakref"})
    reasons: ClassVar[Mapping[str, str]] = {
        "reference-escapes": "the reference is not only called in the function or class that makes it",
        "import-unused": "nothing else uses the import by which the reference is made: replace that too",
        "slots": "the class has __slots__, and WeakMethod refuses objects that cannot be weakly referenced",
        "no-object": "a lambda has no object that could keep it alive",
        "weak-container": "the container itself has to change: weakref.WeakMethod entries, or an ObserverList",
        "parameter-may-be-function": "the parameter may be a plain function too, which WeakMethod refuses",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Functions that call weakref's makers, or put a method into a container, in a module that imports weakref."""
        if any(b.target.partition(".")[0] == "weakref" for b in module.imports):
            for scope in module.functions:
                if any(_may_hold_weakly(n, scope) for n in nodes_with_lambdas(scope.node)):
                    yield scope.function

    def visit_Call(self, node: cst.Call) -> None:
        maker = self.resolve(node.func)
        if maker in _MAKERS and node.args and self.scope.is_function:
            self._reference(node, maker, node.args[0].value)
        elif isinstance(node.func, cst.Attribute) and node.func.attr.value in ("add", "append") and len(node.args) == 1:
            self._put(node, node.func.value, node.args[0].value, "WeakSet")

    def visit_Assign(self, node: cst.Assign) -> None:
        target = node.targets[0].target
        if isinstance(target, cst.Subscript) and isinstance(index := target.slice[0].slice, cst.Index):
            self._put(node, target.value, node.value, "WeakValueDictionary")
            self._put(node, target.value, index.value, "WeakKeyDictionary")

    def _reference(self, node: cst.Call, maker: str, target: cst.BaseExpression) -> None:
        name = maker.rpartition(".")[2]
        if isinstance(target, cst.Lambda):
            self.report(node, f"{name}() of a lambda that nothing else keeps is dead at once, so it is never called",
                        why_not_fixed="no-object")  # fmt: skip
        elif (method := self._method(target)) is not None:
            fix = self.fix("keep a reference that lives as long as the object", form="in place")
            if maker == "weakref.proxy":
                fix.lower(Applicability.UNSAFE, "reference-escapes")
                fix.replace(node.func, fix.runtime("weak_method"))
            else:
                fix.replace(node.func, fix.name("weakref", "WeakMethod"))
                self._doubts(fix, node, method)
            if isinstance(node.func, cst.Name) and self._uses_of(node.func.value) == 1:
                fix.refuse("import-unused")
            self.report(node, f"{name}() of the bound method '{method.name}' is dead at once, so it is never called",
                        fix=fix, help="use weakref.WeakMethod")  # fmt: skip
        elif isinstance(target, cst.Name) and target.value in self.scope.parameters and maker != "weakref.proxy":
            self._parameter(node, target.value)

    def _uses_of(self, name: str) -> int:
        return sum(isinstance(n, ast.Name) and n.id == name for n in walk(self.module.tree))

    def _parameter(self, node: cst.Call, parameter: str) -> None:
        text = self.module.source.text
        if any(word in text for word in _KNOWS_METHODS) or len(self.scope.bindings[parameter]) != 1:
            return
        handed = self.project.ask(MethodsHandedTo(self.scope.dotted, parameter)) or self._handed_to_sibling(node)
        named = not OBSERVER_WORDS.isdisjoint(parameter.lower().split("_"))
        if handed or named:
            self.report(
                node,
                f"a bound method handed in as '{parameter}' is dead at once behind a weak reference and never called",
                confidence=Confidence.MEDIUM if handed else Confidence.LOW,
                evidence=[Evidence(h.path, h.row, f"passes '{h.method}'") for h in handed[:3]],
                why_not_fixed="parameter-may-be-function",
                help="use weakref.WeakMethod for methods",
            )

    def _handed_to_sibling(self, node: cst.Call) -> tuple[HandedIn, ...]:
        """What callers pass to another method of the class that keeps its parameter in the same attribute."""
        parent, around = self.ancestors[-1], self.scope.enclosing_class
        if around is None or not isinstance(parent, cst.Assign):
            return ()
        target = self.text(parent.targets[0].target).strip()
        for method in around.methods.values():
            for s in method.statements():
                match s:
                    case ast.Assign(targets=[t], value=ast.Call(args=[ast.Name(id=name), *_])) if dotted(t) == target:
                        maker = self.module.resolve(s.value.func, method)  # type: ignore[attr-defined]
                        known = maker in _MAKERS and name in method.parameters
                        if known and (handed := self.project.ask(MethodsHandedTo(method.dotted, name))):
                            return handed
        return ()

    def _put(self, node: cst.CSTNode, container: cst.BaseExpression, value: cst.BaseExpression, kind: str) -> None:
        """A value put into a weak container."""
        method = None if isinstance(value, cst.Lambda) else self._method(value)
        if method is None and not isinstance(value, cst.Lambda):
            return
        found = kept(self.expression(container), self.scope)
        made = self.project.ask(UsesOf(found.owner, found.container.path)) if found is not None else ()
        weak = any(u.kind == "create" and u.value == "weak" for u in made)
        if found is not None and weak and (found.container.last, kind) in self.module.derive(_weak_containers):
            what = "a lambda" if method is None else f"the bound method '{method.name}'"
            self.report(node, f"{kind} drops {what} at once, so it is never called", why_not_fixed="weak-container",
                        help="keep weakref.WeakMethod entries, or use an ObserverList")  # fmt: skip

    def _method(self, node: cst.BaseExpression) -> BoundMethod | None:
        if not isinstance(node, cst.Attribute):
            return None
        return bound_method(self.project, self.expression(node), self.scope)

    def _doubts(self, fix: FixBuilder, node: cst.Call, method: BoundMethod) -> None:
        classes = (method.receiver, *self.project.ask(Ancestry(method.receiver)).project)
        if any((c := self.project.find(name)) is not None and "__slots__" in c.bindings for name in classes):
            fix.lower(Applicability.UNSAFE, "slots")
        if not self._only_called(node):
            fix.lower(Applicability.UNSAFE, "reference-escapes")

    def _only_called(self, node: cst.Call) -> bool:
        """Whether the reference goes into a local name or an own private attribute that is only ever called."""
        parent = self.ancestors[-1]
        if isinstance(parent, cst.Assign) and len(parent.targets) == 1:
            target = self.expression(parent.targets[0].target)
            if isinstance(target, ast.Name):
                return _is_only_called(self.scope.node, lambda n: isinstance(n, ast.Name) and n.id == target.id)
            if isinstance(target, ast.Attribute) and target.attr.startswith("_"):
                return _is_only_called(
                    self.module.tree, lambda n: isinstance(n, ast.Attribute) and n.attr == target.attr
                )
        return False


def _is_only_called(root: ast.AST, is_it) -> bool:  # type: ignore[no-untyped-def]
    called = {n.func for n in walk(root) if isinstance(n, ast.Call) and is_it(n.func)}
    loads = [n for n in walk(root) if is_it(n) and isinstance(n.ctx, ast.Load)]  # type: ignore[attr-defined]
    return all(n in called for n in loads)


def _may_hold_weakly(node: ast.AST, scope: Scope) -> bool:
    """Whether a node makes a reference, or puts an attribute or a lambda into a weak container."""
    match node:
        case ast.Assign(targets=[ast.Subscript(value=container, slice=key), *_], value=value):
            put = [key, value]
        case ast.Call(func=ast.Attribute(attr="add" | "append", value=container), args=args, keywords=keywords):
            put = [*args, *(k.value for k in keywords)]
        case ast.Call():
            return scope.module.resolve(node.func, scope) in _MAKERS
        case _:
            return False
    weak = {name for name, _ in scope.module.derive(_weak_containers)}
    if not weak or not any(isinstance(p, ast.Attribute | ast.Lambda) for p in put):
        return False
    found = kept(container, scope)
    return found is not None and found.container.last in weak


def _weak_containers(module: Module) -> frozenset[tuple[str, str]]:
    """The names to which the module assigns weak containers, each with the container's kind."""
    found: set[tuple[str, str]] = set()
    for statement in walk(module.tree) if any(k in module.source.text for k in _WEAK_CONTAINERS) else ():
        if isinstance(statement, ast.Assign | ast.AnnAssign) and isinstance(statement.value, ast.Call):
            package, _, kind = (module.resolve(statement.value.func) or "").rpartition(".")
            if kind in _WEAK_CONTAINERS and package.endswith("weakref"):
                targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
                names = [t.attr if isinstance(t, ast.Attribute) else getattr(t, "id", "") for t in targets]
                found.update((name, kind) for name in names)
    return frozenset(found)
