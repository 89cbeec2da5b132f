"""What a function does with a callback that it is given: keeps it for good, for once, weakly, in one slot, or not at
all."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from patternlint.facts import Scope, dotted, walk
from patternlint.facts.names import children
from patternlint.project import Project
from patternlint_rules.observer.containers import UsesOf
from patternlint_rules.observer.instances import class_of_annotation, class_of_value
from patternlint_rules.observer.pairing import words
from patternlint_rules.observer.places import Place, class_of, nodes_with_lambdas, place_of, walked

KEEPS = frozenset({"strong", "handle"})
REMOVER_METHODS = frozenset(
    "unsubscribe close cancel dispose remove disconnect unregister stop detach release deregister unlisten".split()
)
_FORWARDS = 3
_ONCE = frozenset(
    "once later delay delayed timeout defer deferred schedule soon point next timer at oneshot when".split()
)
_FIRE_ONCE = frozenset("deferred future promise task".split())
_UNDOES = frozenset("unsub unsubscribe remove cancel disconnect unregister undo release off".split())
_PUTS = frozenset({"append", "add", "insert", "appendleft"})


class Sink(NamedTuple):
    """What becomes of a callback.

    `kind`: "strong" (kept in a container), "handle" (kept, and the caller gets what removes it), "keyed" (kept under a
    key that the caller gives, which the next one replaces), "weak", "slot", "once" or "" (not known to be kept). The
    container, where it is known, is `path` of `owner` (a dotted class or a module).
    """

    kind: str
    where: str = ""  # the path of the file
    row: int = 0
    owner: str = ""
    path: str = ""

    @property
    def keeps(self) -> bool:
        """Whether the callback stays until somebody removes it."""
        return self.kind in KEEPS


class SinkOf(NamedTuple):
    """What the function (dotted) does with a parameter."""

    function: str
    parameter: str
    depth: int = _FORWARDS

    def answer(self, project: Project) -> Sink:
        """By its statements, and by those of what it hands the parameter on to."""
        function = project.find(self.function)
        if function is None or not function.is_function or self.parameter not in function.parameters:
            return Sink("")
        subject = words(function.enclosing_class.name) if function.enclosing_class is not None else frozenset()
        if not _ONCE.isdisjoint(words(function.name)) or not _FIRE_ONCE.isdisjoint(subject):
            return Sink("once")
        if _takes_itself_out(function, self.parameter):
            return Sink("once")
        found = _kept(project, function, self.parameter, self.depth)
        if found.kind in ("strong", "keyed", "") and _returns_remover(project, function, self.parameter):
            kept_or_given = found.kind or _hands_on(function, self.parameter)
            return (
                found._replace(kind="handle", where=function.module.relpath, row=function.row)
                if kept_or_given
                else found
            )
        return found


def _kept(project: Project, function: Scope, parameter: str, depth: int) -> Sink:
    names = _carriers(function, parameter)
    slot = Sink("")
    forwarded: list[Sink] = []
    for scope in function.walk():
        for node in nodes_with_lambdas(scope.node):
            if isinstance(node, ast.Call):
                if _carries(node, names) and "weak" in (dotted(node.func) or "").lower():
                    return Sink("weak")
                if scope is not function:
                    continue
                put = _put(node, scope, names)
                if put is not None:
                    return _judged(project, function, node, put, "strong")
                forwarded += _forwarded(project, node, scope, names, depth)
            elif isinstance(node, ast.Assign) and _carries(node.value, names) and scope is function:
                for target in node.targets:
                    if isinstance(target, ast.Subscript):
                        place = place_of(target.value, scope)
                        if place is not None and _outlives(place):
                            own_key = _carries(target.slice, names) or not _from_caller(target.slice, function)
                            return _judged(project, function, node, place, "strong" if own_key else "keyed")
                    elif isinstance(target, ast.Attribute) and place_of(target, scope) is not None:
                        slot = Sink("slot", function.module.relpath, node.lineno)
    kept = [s for s in forwarded if s.kind in ("strong", "handle", "keyed", "weak")]
    if kept:
        # what the inner one returns reaches the caller only by a return statement
        inner = kept[0]
        return inner._replace(kind="strong") if inner.kind == "handle" and not _returns_call(function, names) else inner
    return slot if slot.kind else next((s for s in forwarded if s.kind), Sink(""))


def _judged(project: Project, function: Scope, node: ast.AST, place: Place, kind: str) -> Sink:
    """A container that keeps what it gets, unless it is weak or emptied by those who call its entries."""
    around = class_of(function)
    owner = function.module.name if place.root == "module" else around.dotted if around is not None else ""
    row = getattr(node, "lineno", function.row)
    sink = Sink(kind, function.module.relpath, row, owner if place.root in ("self", "module") else "", place.path)
    if not sink.owner:
        return sink
    uses = project.ask(UsesOf(sink.owner, sink.path, near=True))
    outer = project.ask(UsesOf(sink.owner, sink.path.removesuffix("[]"), near=True)) if sink.path.endswith("[]") else ()
    if any(u.value in ("weak", "observers") for u in (*uses, *outer) if u.kind in ("create", "clear")):
        return Sink("weak")
    if project.ask(IsEmptiedByItsRound(sink.owner, sink.path)):
        return sink._replace(kind="once")
    return sink


class IsEmptiedByItsRound(NamedTuple):
    """Whether a function that walks a container also empties or replaces it, or drains it by popping."""

    owner: str
    path: str

    def answer(self, project: Project) -> bool:
        """By the functions of the class (or module) that keeps it."""
        paths = {self.path, self.path.removesuffix("[]")}
        for path in paths:
            for use in project.ask(UsesOf(self.owner, path, near=True)):
                if use.kind in ("clear", "replace") or use.value in ("drain", "popleft", "popitem", "pop"):
                    module = project.module(use.module)
                    for scope in () if module is None else module.functions:
                        if scope.qualname == use.function and use.kind != "create" and _walks(scope, paths, use):
                            return True
        return False


def _walks(scope: Scope, paths: set[str], use: object) -> bool:
    for node in nodes_with_lambdas(scope.node):
        iterable = node.iter if isinstance(node, ast.For | ast.comprehension) else None
        if isinstance(node, ast.While):
            place = place_of(node.test, scope)
            if place is not None and place.path in paths:
                return True
        if isinstance(iterable, ast.Call) and iterable.args and dotted(iterable.func) in ("list", "tuple"):
            iterable = iterable.args[0]
        loop = walked(iterable, scope) if iterable is not None else None
        if loop is not None and loop.container.path in paths:
            return True
        if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Attribute) and iterable.func.attr == "pop":
            place = place_of(iterable.func.value, scope)
            if place is not None and place.path in paths:
                return True
    return False


def _takes_itself_out(function: Scope, parameter: str) -> bool:
    """Whether the function registers a wrapper that calls the callback and then undoes the registration."""
    names = _carriers(function, parameter)
    for inner in function.nested_functions:
        if inner.name in names:
            for node in walk(inner.node):
                called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
                if not _UNDOES.isdisjoint(called.lower().split("_")) and not node.args:  # type: ignore[attr-defined]
                    return True
    return False


def _carriers(function: Scope, parameter: str) -> frozenset[str]:
    """The names that hold the callback: the parameter, and what is made of it in the function."""
    names = {parameter}
    for statement in function.statements():
        if isinstance(statement, ast.Assign | ast.AnnAssign) and statement.value is not None:
            targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
            if _carries(statement.value, frozenset(names)) and not isinstance(statement.value, ast.Compare):
                names |= {t.id for t in targets if isinstance(t, ast.Name)}
        elif isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            known = frozenset(names)
            if any(isinstance(n, ast.Call) and _mentions(n.func, known) for n in walk(statement)):
                names.add(statement.name)
    return frozenset(names)


def _mentions(node: ast.AST, names: frozenset[str]) -> bool:
    return isinstance(node, ast.Name) and node.id in names


def _carries(node: ast.AST | None, names: frozenset[str]) -> bool:
    """Whether a value holds the callback: it is named in it, and not just called, compared or asked."""
    stack = [] if node is None else [node]
    while stack:
        at = stack.pop()
        if isinstance(at, ast.Name) and at.id in names:
            return True
        if isinstance(at, ast.Compare | ast.Lambda):
            if isinstance(at, ast.Lambda) and any(_mentions(n, names) for n in walk(at.body)):
                return True
            continue
        if isinstance(at, ast.Call):
            if isinstance(at.func, ast.Name) and at.func.id in (
                "id",
                "hash",
                "repr",
                "str",
                "len",
                "callable",
                "isinstance",
            ):
                continue
            stack += [*at.args, *(k.value for k in at.keywords)]
        elif isinstance(at, ast.Attribute):
            continue
        else:
            stack += children(at)
    return False


def _put(node: ast.Call, scope: Scope, names: frozenset[str]) -> Place | None:
    """The container that a call puts the callback into."""
    if not isinstance(node.func, ast.Attribute) or node.func.attr not in _PUTS:
        return None
    if not any(_carries(a, names) for a in node.args):
        return None
    place = place_of(node.func.value, scope)
    return place if place is not None and _outlives(place) else None


def _outlives(place: Place) -> bool:
    return (place.root in ("self", "module") and bool(place.path)) or "." in place.path or "[]" in place.path


def _from_caller(key: ast.AST, function: Scope) -> bool:
    return any(isinstance(n, ast.Name) and n.id in function.parameters[1:] for n in walk(key))


def _forwarded(project: Project, node: ast.Call, scope: Scope, names: frozenset[str], depth: int) -> Iterator[Sink]:
    if not depth or not any(_carries(a, names) for a in (*node.args, *(k.value for k in node.keywords))):
        return
    target = callee(project, node, scope)
    if target is None or target.is_class:
        return
    for parameter in parameters_given(target, node, names):
        yield project.ask(SinkOf(target.dotted, parameter, depth - 1))


def callee(project: Project, node: ast.Call, scope: Scope) -> Scope | None:
    """The project function that a call calls, where names and types say which."""
    resolved = scope.module.resolve(node.func, scope)
    if resolved is not None and ((found := project.find(resolved)) is not None or not project.owns(resolved)):
        return found
    if not isinstance(node.func, ast.Attribute):
        return None
    if isinstance(node.func.value, ast.Call) and dotted(node.func.value.func) == "super":
        around = class_of(scope)
        return None if around is None else project.find_method(around.dotted, node.func.attr)
    owner = class_of_value(project, node.func.value, scope)
    return None if owner is None else project.find_method(owner, node.func.attr)


def parameters_given(function: Scope, node: ast.Call, names: frozenset[str]) -> Iterator[str]:
    """The parameters of a function that a call gives something carrying one of the names."""
    yield from (n for n, value in arguments_of(function, node) if _carries(value, names))


def arguments_of(function: Scope, node: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    """What a call gives for which parameter."""
    arguments = function.function.args
    positional = [a.arg for a in (*arguments.posonlyargs, *arguments.args)]
    if function.enclosing_class is not None and not function.is_decorated("staticmethod"):
        positional = positional[1:]
    for index, argument in enumerate(node.args):
        if isinstance(argument, ast.Starred):
            return
        if index < len(positional):
            yield positional[index], argument
        elif arguments.vararg is not None:
            yield arguments.vararg.arg, argument
    for keyword in node.keywords:
        if keyword.arg is not None and keyword.arg in function.parameters:
            yield keyword.arg, keyword.value


def _returns_remover(project: Project, function: Scope, parameter: str) -> bool:
    """Whether the caller gets something to remove the callback with: a function made here, or a subscription object."""
    returns = function.function.returns
    if returns is not None and _is_plain_callable(function, returns):
        return True
    if returns is not None and (name := class_of_annotation(project, returns, function.module, function)) is not None:
        found = project.find(name)
        return found is not None and _is_remover(found, function)
    nested = {s.name for s in function.nested_functions}
    for statement in function.statements():
        if isinstance(statement, ast.Return) and statement.value is not None:
            value = statement.value
            if isinstance(value, ast.Name) and value.id in nested and value.id != parameter:
                return not any(
                    _mentions(n.func, frozenset({parameter}))
                    for s in function.children[value.id]
                    for n in walk(s.node)
                    if isinstance(n, ast.Call)
                )
            if isinstance(value, ast.Lambda):
                return True
            if isinstance(value, ast.Call):
                if (dotted(value.func) or "").rpartition(".")[2] == "partial":
                    return True
                made = class_of_value(project, value, function)
                found = project.find(made) if made is not None else None
                if found is not None and _is_remover(found, function):
                    return True
    return False


def _is_remover(returned: Scope, function: Scope) -> bool:
    """Whether an object of this class is a subscription: not the subject itself, handed back so that calls can be
    chained."""
    around = class_of(function)
    if around is not None and around.dotted == returned.dotted:
        return False
    return not REMOVER_METHODS.isdisjoint(returned.methods)


def _is_plain_callable(function: Scope, returns: ast.expr) -> bool:
    """``Callable[[], …]``, also by an alias of the project's."""
    text = ast.unparse(returns).replace(" ", "").strip("'\"")
    if text.rpartition(".")[2].startswith("Callable[[],"):
        return True
    return text.rpartition(".")[2] in (
        "CALLBACK_TYPE",
        "Unsubscribe",
        "UnsubscribeCallback",
        "Disposable",
        "Subscription",
    )


def _returns_call(function: Scope, names: frozenset[str]) -> bool:
    return any(
        isinstance(s, ast.Return)
        and s.value is not None
        and any(isinstance(n, ast.Call) and any(_carries(a, names) for a in n.args) for n in walk(s.value))
        for s in function.statements()
    )


def _hands_on(function: Scope, parameter: str) -> bool:
    """Whether the callback reaches some call, or a function that the function makes."""
    names = _carriers(function, parameter)
    return any(
        isinstance(n, ast.Call) and any(_carries(a, names) for a in (*n.args, *(k.value for k in n.keywords)))
        for scope in function.walk()
        for n in nodes_with_lambdas(scope.node)
    )
