"""What a factory makes: a resource, state that others put into it, or a value that may as well be there twice.

A race is worth a word only where the second one does harm. Two pools mean that one is never closed; of two registries
each knows half of what was registered; two compiled patterns, tables, paths or settings are as good as one.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from patternlint.facts import Scope, dotted, own_nodes
from patternlint.project import Ancestry, Project
from patternlint.rule import Evidence
from patternlint_rules.singleton.constructors import is_known_package, is_of_a_loop, known_resource
from patternlint_rules.singleton.slot import CLASS_LEVEL

_DEPTH = 4
_TEARDOWN = frozenset("__del__ __exit__ aclose close disconnect shutdown stop terminate".split())
_RESOURCE_NAME = re.compile(r"(?:[A-Z]\w*)?(?:Channel|Client|Connection|Consumer|Executor|Pool|Producer|Session)\Z")
_CONTAINERS = frozenset("Counter OrderedDict WeakKeyDictionary WeakSet WeakValueDictionary defaultdict deque dict list "
                        "set".split())  # fmt: skip
_FILLS = frozenset("add append appendleft extend insert register setdefault subscribe update".split())


class Made(NamedTuple):
    """What a call makes.

    `kind` is "resource" or "state"; `what` is its name. `is_sure`: what it holds is seen, in its constructor or in its
    own package's documentation; else its name or its methods say so. `of_loop`: it belongs to the event loop it is made
    in. `evidence` are the places that show it.
    """

    kind: str
    what: str
    is_sure: bool
    of_loop: bool = False
    evidence: tuple[Evidence, ...] = ()

    @property
    def loss(self) -> str:
        """What goes wrong where there are two, as the end of a sentence."""
        if self.kind == "state":
            return f"what is put into one '{self.what}' is missing in the other"
        subject = f"what one '{self.what}' opened" if self.what.islower() else f"one '{self.what}'"
        return f"{subject} is used by its caller alone and never closed"


def made_by(project: Project, value: ast.expr, scope: Scope, depth: int = _DEPTH) -> Made | None:
    """What an expression makes anew; None for an idempotent value, for something that was there before, and unknown.

    Args:
        project: the project.
        value: the expression.
        scope: where it is evaluated.
        depth: how many functions, classes and locals may be followed.
    """
    if depth < 0:
        return None
    match value:
        case ast.Await() | ast.NamedExpr():
            return made_by(project, value.value, scope, depth)
        case ast.BoolOp():
            return _first(project, value.values, scope, depth)
        case ast.IfExp():
            return _first(project, [value.body, value.orelse], scope, depth)
        case ast.Name():
            bindings = scope.bindings.get(value.id, [])
            if not scope.is_function or any(b.kind in ("global", "nonlocal") for b in bindings):
                return None
            return _first(project, [b.value for b in bindings if b.value is not None], scope, depth - 1)
        case ast.Call():
            return _called(project, value, scope, depth)
    return None


def _first(project: Project, values: list[ast.expr], scope: Scope, depth: int) -> Made | None:
    return next((made for v in values if (made := made_by(project, v, scope, depth)) is not None), None)


def _called(project: Project, call: ast.Call, scope: Scope, depth: int) -> Made | None:
    written = dotted(call.func)
    owner = _class_around(scope)
    if owner is not None and written in ("cls", "self.__class__"):
        return project.ask(MadeByClass(owner.dotted, depth - 1))
    head, _, method = (written or "").partition(".")
    if owner is not None and head in ("cls", "self") and method in owner.methods:
        return project.ask(MadeByName(f"{owner.dotted}.{method}", depth - 1))
    resolved = scope.module.resolve(written, scope) if written else None
    if resolved in ("typing.cast", "typing_extensions.cast") and len(call.args) == 2:
        return made_by(project, call.args[1], scope, depth)
    if resolved is None:
        return None
    if name := known_resource(resolved):
        return Made("resource", name, True, is_of_a_loop(resolved))
    last = resolved.rpartition(".")[2]
    is_own = project.owns(resolved)
    if is_own and (made := project.ask(MadeByName(resolved, depth - 1))) is not None:
        return made
    if not is_own and not is_known_package(resolved) and _RESOURCE_NAME.match(last):
        return Made("resource", last, False, is_of_a_loop(resolved))
    if is_own or last[:1].isupper():  # it keeps what it is given
        return _first(project, [*call.args, *(k.value for k in call.keywords)], scope, depth - 1)
    return None


def is_never_none(project: Project, value: ast.expr, scope: Scope) -> bool:
    """Whether an expression certainly makes something: a call of a class, or of a function that always returns
    something."""
    call = value.value if isinstance(value, ast.Await) else value
    resolved = scope.module.resolve(call.func, scope) if isinstance(call, ast.Call) else None
    if resolved is None:
        return False
    if known_resource(resolved) or resolved.rpartition(".")[2][:1].isupper():
        return True
    function = project.find(resolved)
    if function is None or not function.is_function or not _is_called_as_written(function):
        return False
    returned = [n.value for n in own_nodes(function.node) if isinstance(n, ast.Return)]
    return isinstance(function.function.body[-1], ast.Return) and all(
        v is not None and is_never_none(project, v, function) for v in returned
    )


def _is_called_as_written(function: Scope) -> bool:
    """Whether no decorator makes something else of a function."""
    return all(dotted(d) in CLASS_LEVEL for d in function.function.decorator_list)


def _class_around(scope: Scope) -> Scope | None:
    at: Scope | None = scope
    while at is not None and not at.is_class:
        at = at.parent
    return at


class MadeByName(NamedTuple):
    """What a call of a class or function of the project makes, by its dotted name."""

    dotted: str
    depth: int

    def answer(self, project: Project) -> Made | None:
        """None as for :func:`made_by`, and for functions that are decorated: they may return something else."""
        name = project.canonical(self.dotted)
        if known := known_resource(name):  # a package that is checked itself
            return Made("resource", known, True, is_of_a_loop(name))
        if project.class_outline(name) is not None:
            return project.ask(MadeByClass(name, self.depth))
        scope = project.find(name) if self.depth >= 0 else None
        if scope is None or not scope.is_function or not _is_called_as_written(scope):
            return None
        returned = [n.value for n in own_nodes(scope.node) if isinstance(n, ast.Return) and n.value is not None]
        made = _first(project, returned, scope, self.depth)
        here = Evidence(scope.module.relpath, scope.row, f"'{scope.name}' makes it")
        return None if made is None else made._replace(evidence=(here, *made.evidence))


class MadeByClass(NamedTuple):
    """What an instance of a class of the project is, by the class's canonical dotted name."""

    dotted: str
    depth: int

    def answer(self, project: Project) -> Made | None:
        """A resource by what its constructor makes or its base is, state by what its methods put into it, a resource
        by the methods that end it; None where nothing of this is seen."""
        ancestors = project.ask(Ancestry(self.dotted))
        name = self.dotted.rpartition(".")[2]
        foreign = next((known for a in ancestors.external if (known := known_resource(a))), "")
        if foreign:
            return Made("resource", name, True, any(is_of_a_loop(a) for a in ancestors.external))
        teardown: Evidence | None = None
        state: Evidence | None = None
        for class_name in (self.dotted, *ancestors.project):
            scope = project.find(class_name)
            if scope is None or not scope.is_class:
                continue
            if (held := _holds(project, scope, self.depth)) is not None:
                return held._replace(what=name)
            state = state or _state(scope)
            ends = sorted(_TEARDOWN & scope.methods.keys())
            if ends and "__init__" in scope.methods and teardown is None:
                end = scope.methods[ends[0]]
                teardown = Evidence(scope.module.relpath, end.row, f"'{end.qualname}' ends what it holds")
        if teardown is not None:
            return Made("resource", name, False, evidence=(teardown,))
        if state is not None and "cache" not in name.lower():
            return Made("state", name, True, evidence=(state,))
        return None


def _holds(project: Project, scope: Scope, depth: int) -> Made | None:
    """A resource that construction keeps in the instance, or starts."""
    for method in _construction(scope):
        for node in own_nodes(method.node):
            value: ast.expr | None = None
            if isinstance(node, ast.Assign | ast.AnnAssign) and any(_is_own(t) for t in _targets(node)):
                value = node.value
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "start":
                value = node.func.value  # Thread(target=self.run).start()
            made = made_by(project, value, method, depth - 1) if value is not None else None
            if made is not None and made.kind == "resource" and made.is_sure:
                row = getattr(node, "lineno", method.row)
                shown = Evidence(method.module.relpath, row, f"'{method.qualname}' makes a '{made.what}'")
                return made._replace(evidence=(shown,))
    return None


def _construction(scope: Scope) -> list[Scope]:
    """``__init__`` and the methods that it calls on the instance."""
    initializer = scope.methods.get("__init__")
    if initializer is None:
        return []
    called = {
        n.func.attr for n in own_nodes(initializer.node)
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and dotted(n.func.value) == "self"
    }  # fmt: skip
    return [initializer, *(scope.methods[name] for name in sorted(called & scope.methods.keys()) if name != "__init__")]


def _state(scope: Scope) -> Evidence | None:
    """A method by which others put something into a container of the instance that begins empty.

    One that returns what it keeps is a cache: what is lost is found again.
    """
    containers = set(_containers(scope))
    for name, method in scope.methods.items():
        if name.startswith("_") or len(method.parameters) < 2 or not containers:
            continue
        for node in own_nodes(method.node):
            attribute, kept = _filled(node)
            if attribute in containers and not _hands_out(method, attribute, kept):
                return Evidence(scope.module.relpath, method.row, f"'{method.qualname}' puts something into it")
    return None


def _containers(scope: Scope) -> Iterator[str]:
    """The attributes of an instance that begin as empty containers, or as an object that can be filled."""
    for method in _construction(scope):
        for node in own_nodes(method.node):
            if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
                yield from (t.attr for t in _targets(node) if _is_own(t) and _begins_empty(node.value))
    for statement in scope.statements():  # fields of dataclasses
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.value, ast.Call):
            makes = [dotted(k.value) for k in statement.value.keywords if k.arg == "default_factory"]
            if isinstance(statement.target, ast.Name) and _CONTAINERS.intersection(m or "" for m in makes):
                yield statement.target.id


def _begins_empty(value: ast.expr) -> bool:
    match value:
        case ast.Dict(keys=[]) | ast.List(elts=[]):
            return True
        case ast.Call():
            last = (dotted(value.func) or "").rpartition(".")[2]
            return last in _CONTAINERS or last[:1].isupper()
    return False


def _filled(node: ast.AST) -> tuple[str, ast.expr | None]:
    """The instance's attribute that a node puts something into, and what."""
    match node:
        case ast.Assign(targets=[ast.Subscript(value=ast.Attribute() as container)]) if _is_own(container):
            return container.attr, node.value
        case ast.Call(func=ast.Attribute(value=ast.Attribute() as container, attr=how), args=[*_, kept]):
            return (container.attr, kept) if how in _FILLS and _is_own(container) else ("", None)
    return "", None


def _hands_out(method: Scope, attribute: str, kept: ast.expr | None) -> bool:
    """Whether a method returns what it keeps, or what it has kept before."""
    made_here = dotted(kept) if dotted(kept) not in method.parameters else None
    for node in own_nodes(method.node):
        if isinstance(node, ast.Return) and node.value is not None:
            named = {dotted(n) for n in ast.walk(node.value)}
            if f"self.{attribute}" in named or (made_here is not None and made_here in named):
                return True
    return False


def _targets(node: ast.Assign | ast.AnnAssign) -> list[ast.Attribute]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return [t for t in targets if isinstance(t, ast.Attribute)]


def _is_own(target: ast.expr) -> bool:
    return isinstance(target, ast.Attribute) and dotted(target.value) == "self"
