"""When a class may become ``class Ledger(metaclass=Singleton)``: the conditions of the canonical fix."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from patternlint.facts import Scope, dotted, own_nodes
from patternlint.project import Ancestry, Project, ReferencesTo, Subclasses
from patternlint.rule import Rule
from patternlint_rules.singleton.slot import CLASS_LEVEL

# reasons for which there is no canonical fix at all, and reasons that make it unsafe
REFUSALS = {
    "unknown-metaclass": "a base class is not part of the project, so its metaclass is not known",
    "slot-used-elsewhere": "code outside the class uses the attribute that holds the instance (tests often reset it)",
    "public-slot": "the attribute that holds the instance has a public name, which others may read",
    "asks-for-itself": "the constructor asks for the instance that is being made",
}
DOUBTS = {
    "public-class": "the class is public and others may import the project: they may rely on how it is constructed",
    "constructor-arguments": "the constructor takes arguments: later calls with other ones would be refused",
    "has-subclasses": "subclasses would each get an instance of their own",
    "constructed-elsewhere": "the class is constructed outside its accessor, where the second call raises today",
    "copies-itself": "the class defines how it is copied or pickled",
}
_COPYING = frozenset({"__reduce__", "__reduce_ex__", "__copy__", "__deepcopy__", "__getstate__", "__getnewargs__"})


def refusals(rule: Rule, scope: Scope, slot: str, *, mangled: bool) -> Iterator[str]:
    """Why a class cannot become a `Singleton`: codes of REFUSALS."""
    ancestors = rule.project.ask(Ancestry(scope.dotted))
    metaclasses = any(k.arg == "metaclass" for k in scope.class_node.keywords)
    if ancestors.unknown or ancestors.external or metaclasses or _has_metaclass(rule.project, ancestors.project):
        yield "unknown-metaclass"
    if not slot.startswith("_"):
        yield "public-slot"
    if not mangled and rule.project.ask(UsedOutside(scope.dotted, slot)):
        yield "slot-used-elsewhere"
    initializer = scope.methods.get("__init__")
    if initializer is not None:
        others = [m for name, m in scope.methods.items() if name not in ("__init__", "__new__")]
        accessors = [m.name for m in others if m.is_decorated(*CLASS_LEVEL)]
        if not _calls_of(initializer).isdisjoint((scope.name, *accessors)):
            yield "asks-for-itself"


def doubts(rule: Rule, scope: Scope, *, arguments: bool, constructed_anywhere: bool) -> Iterator[str]:
    """Why a class should not become a `Singleton` unseen: codes of DOUBTS.

    Args:
        arguments: whether constructing it takes arguments.
        constructed_anywhere: whether ``Cls()`` gives the one instance today, whoever calls it.
    """
    if not scope.name.startswith("_") and not rule.settings.is_application:
        yield "public-class"
    if arguments:
        yield "constructor-arguments"
    if rule.project.ask(Subclasses(scope.dotted)):
        yield "has-subclasses"
    if not constructed_anywhere and rule.project.ask(ConstructedOutside(scope.dotted)):
        yield "constructed-elsewhere"
    if not _COPYING.isdisjoint(scope.methods):
        yield "copies-itself"


class UsedOutside(NamedTuple):
    """Whether code outside a class may use one of its attributes."""

    class_name: str
    attribute: str

    def answer(self, project: Project) -> bool:
        """By the attribute's name, in modules that know the class; what another class takes from itself is its own."""
        last = self.class_name.rpartition(".")[2]
        return any(
            node.attr == self.attribute
            and _is_outside(module.name, scope.qualname, self.class_name)
            and not _is_another_class(module.resolve(node.value, scope), node.value, scope, self.class_name)
            for module in project.modules_with(last, self.attribute, pattern=rf"\.\s*{self.attribute}\b")
            for scope in module.scopes
            for node in own_nodes(scope.node)
            if isinstance(node, ast.Attribute)
        )


def _is_another_class(resolved: str | None, base: ast.expr, scope: Scope, class_name: str) -> bool:
    if resolved is not None and resolved.rpartition(".")[2][:1].isupper():
        return resolved != class_name
    return scope.enclosing_class is not None and dotted(base) in ("cls", "self")


class ConstructedOutside(NamedTuple):
    """Whether code outside a class calls it."""

    class_name: str

    def answer(self, project: Project) -> bool:
        """By every reference to the class."""
        references = project.ask(ReferencesTo(self.class_name))
        return any(r.kind == "call" and _is_outside(r.module, r.scope, self.class_name) for r in references)


def _is_outside(module: str, scope: str, class_name: str) -> bool:
    qualname = class_name.removeprefix(module + ".")
    inside = class_name.startswith(module + ".") and (scope == qualname or scope.startswith(qualname + "."))
    return not inside


def _has_metaclass(project: Project, names: tuple[str, ...]) -> bool:
    scopes = [project.find(name) for name in names]
    return any(s is None or any(k.arg == "metaclass" for k in s.class_node.keywords) for s in scopes)


def _calls_of(scope: Scope) -> set[str]:
    calls = [dotted(n.func) or "" for n in own_nodes(scope.node) if isinstance(n, ast.Call)]
    return {name.rpartition(".")[2] for name in calls}
