"""Who subscribes to a list of callbacks, and whether an ObserverList could take its place."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from patternlint.facts import Module, Scope, dotted, walk
from patternlint.project import Ancestry, Project, Subclasses
from patternlint.rule import Confidence
from patternlint_rules.observer.containers import FamilyOf, UsesOf
from patternlint_rules.observer.instances import bound_method, with_word
from patternlint_rules.observer.leaks import judge, registers
from patternlint_rules.observer.pairing import calls, last_name
from patternlint_rules.observer.places import Place, class_of, nodes_with_lambdas, walked

_ANSWERED = frozenset({"append", "add", "extend", "remove", "discard", "clear", "copy"})
_ASKED = frozenset({"len", "bool", "list", "tuple", "iter"})


class Subscriber(NamedTuple):
    """A call that puts something into the list: a bound method whose object it keeps too long (`method` of `cls`), or
    anything else (`method` is "")."""

    path: str
    row: int
    cls: str = ""
    method: str = ""
    confidence: Confidence = Confidence.LOW
    is_made_on_the_way: bool = False  # a lambda, a partial: nobody else keeps it


class SubscribersOf(NamedTuple):
    """The calls that put something into the container that `owner` keeps at `path`."""

    owner: str
    path: str

    def answer(self, project: Project) -> tuple[Subscriber, ...]:
        """By the names of the functions that add to it; test code left out."""
        adders = {
            u.outer.rpartition(".")[2]
            for u in project.ask(UsesOf(self.owner, self.path))
            if u.kind == "add" and u.given
        }
        found: list[Subscriber] = []
        for name in sorted(adders):
            found += project.collect((name,), _subscribers, name, self, pattern=calls(name))
        return tuple(found)


def _subscribers(project: Project, module: Module, adder: str, to: SubscribersOf) -> Iterator[Subscriber]:
    for scope in () if module.is_test else module.functions:
        for statement in scope.statements():
            call = statement.value if isinstance(statement, ast.Expr) else None
            call = call.value if isinstance(call, ast.Await) else call
            if isinstance(call, ast.Call) and last_name(call.func) == adder:
                yield from _subscriber(project, call, scope, to)


def _subscriber(project: Project, call: ast.Call, scope: Scope, to: SubscribersOf) -> Iterator[Subscriber]:
    leak = judge(project, call, scope) if registers(call) else None
    around, path = class_of(scope), scope.module.relpath
    if leak is not None and around is not None and (leak.sink.owner, leak.sink.path) == to:
        yield Subscriber(path, call.lineno, around.dotted, leak.method.name, leak.confidence)
        return
    made = any(isinstance(a, ast.Lambda | ast.Call) and not isinstance(a, ast.Constant) for a in call.args)
    if made or any(bound_method(project, a, scope) is not None for a in call.args):
        yield Subscriber(path, call.lineno, is_made_on_the_way=made)


class IsNotified(NamedTuple):
    """Whether a method of the class that keeps a container calls what the container holds, one after the other."""

    owner: str
    path: str

    def answer(self, project: Project) -> bool:
        """By the loops of the class, its bases and subclasses."""
        place = Place("self", self.path)
        names = (self.owner, *project.ask(Ancestry(self.owner)).project, *project.ask(Subclasses(self.owner)))
        for name in with_word(project, names, place.last):
            scope = project.find(name)
            for method in () if scope is None else scope.methods.values():
                if any(_round(node, method) == place for node in nodes_with_lambdas(method.node)):
                    return True
        return False


def rounds(module: Module) -> frozenset[str]:
    """The names of the containers whose entries a function of the module calls, one after the other."""
    rows = module.rows_with(["for"])
    places = (
        _round(node, scope)
        for scope in module.functions
        if scope.holds(rows)
        for node in nodes_with_lambdas(scope.node, rows)
    )
    return frozenset(place.last for place in places if place is not None)


def _round(node: ast.AST, scope: Scope) -> Place | None:
    """The container that a loop walks to call what it holds."""
    match node:
        case ast.For(target=target, iter=iterable, body=told):
            body: list[ast.AST] = [*told]
        case ast.ListComp(elt=elt, generators=[ast.comprehension(target=target, iter=iterable), *_]):
            body = [elt]
        case ast.GeneratorExp(elt=elt, generators=[ast.comprehension(target=target, iter=iterable), *_]):
            body = [elt]
        case _:
            return None
    names = {n.id for n in walk(target) if isinstance(n, ast.Name)}
    calls = (c.func for b in body for c in walk(b) if isinstance(c, ast.Call))
    if not any(isinstance(func, ast.Name) and func.id in names for func in calls):
        return None
    if isinstance(iterable, ast.Call) and last_name(iterable.func) in ("list", "tuple") and iterable.args:
        iterable = iterable.args[0]
    live = walked(iterable, scope)
    return None if live is None else live.container


class IsUsedAsAList(NamedTuple):
    """Whether all that is done with a container is what an ObserverList answers: add, remove, walk, count, ask."""

    owner: str
    attribute: str

    def answer(self, project: Project) -> bool:
        """By every mention of the attribute's name in the project."""
        family = project.ask(FamilyOf(self.owner))
        for module in project.modules_with(self.attribute):
            for scope in module.functions:
                around = class_of(scope)
                is_own = around is None or around.dotted in family
                allowed: set[ast.AST] = set()
                for node in nodes_with_lambdas(scope.node):
                    match node:
                        case ast.Call(
                            func=ast.Attribute(attr="append" | "add", value=ast.Attribute(attr=self.attribute)),
                            args=[a],
                        ):
                            if not isinstance(a, ast.Name):
                                return False  # a record with the callback in it
                            allowed.update(walk(node.func))
                        case ast.Attribute(attr=method, value=ast.Attribute() as inner) if method in _ANSWERED:
                            allowed.add(inner)
                        case ast.Call(func=ast.Name(id=name), args=[argument]) if name in _ASKED:
                            allowed.add(argument)
                        case (
                            ast.For(iter=iterable, target=ast.Name())
                            | ast.comprehension(iter=iterable, target=ast.Name())
                        ):
                            allowed.add(iterable)
                        case (
                            ast.If(test=test) | ast.While(test=test) | ast.IfExp(test=test) | ast.UnaryOp(operand=test)
                        ):
                            allowed.add(test)
                        case ast.Compare(ops=[ast.In() | ast.NotIn()], comparators=[right]):
                            allowed.add(right)
                        case ast.Attribute(attr=self.attribute) if (
                            isinstance(node.ctx, ast.Load) and node not in allowed
                        ):
                            if is_own or dotted(node.value) != "self":
                                return False
        return True
