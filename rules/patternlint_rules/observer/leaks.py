"""Whether a registration keeps its object alive after its life has ended: strong sink, no counterpart, an observer that
goes first."""

from __future__ import annotations

import ast
from typing import NamedTuple

from patternlint.facts import Module, Scope, dotted, walk
from patternlint.project import Project
from patternlint.rule import Confidence, Evidence
from patternlint_rules.observer.instances import BoundMethod, bound_method, class_of_value
from patternlint_rules.observer.lifetimes import (
    ConstructionsOf,
    IsMadeBy,
    IsOneOfAKind,
    LifeCycle,
    LifeCycleOf,
    Makes,
    counterpart,
    is_made_here,
)
from patternlint_rules.observer.mirrors import Removers, mirrored
from patternlint_rules.observer.pairing import IsPaired, PracticeWith, Registration, last_name, words
from patternlint_rules.observer.places import Place, class_of, first_part, place_of
from patternlint_rules.observer.rounds import OBSERVER_WORDS
from patternlint_rules.observer.sinks import Sink, SinkOf, arguments_of, callee

CONSTRUCTORS = frozenset({"__init__", "__post_init__", "__new__"})
REGISTERS = frozenset(
    """add append register subscribe connect listen on observe attach track watch bind hook listener callback
    handler""".split()
)
_PUTS = frozenset({"append", "add", "insert", "appendleft"})
_OF_DEFERREDS = frozenset({"addCallback", "addCallbacks", "addErrback", "addBoth", "add_done_callback"})  # one-shot
AT_EXIT = "atexit.register"
_TELLING = 60  # a function's name that more files mention says nothing about what it returns
_MANY = 3  # so many classes that undo a registration show what it does
_WEAK_TOOLKITS = frozenset(
    """blinker celery.signals django.dispatch django.db.models.signals django.core.signals psygnal pubsub pydispatch
    matplotlib PyQt5 PyQt6 PySide2 PySide6 tkinter signal""".split()
)


class Leak(NamedTuple):
    """A registration that outlives its object. `because` says how its life ends; `wrapper` is the method of the
    object that the project hands such removers to; `is_direct`: the call itself is a container's ``append`` or
    ``add``."""

    method: BoundMethod
    argument: ast.expr
    sink: Sink
    confidence: Confidence
    because: str
    evidence: tuple[Evidence, ...]
    wrapper: str = ""
    wrapper_is_used_here: bool = False
    is_direct: bool = False


class _Observer(NamedTuple):
    confidence: Confidence
    because: str
    evidence: tuple[Evidence, ...]


class _Target(NamedTuple):
    """What a registration is handed to: the sink, how surely it is known, and whether the call is a container's own."""

    sink: Sink
    confidence: Confidence
    is_direct: bool = False
    others: frozenset[str] = frozenset()  # classes that undo such registrations


def registers(call: ast.Call) -> bool:
    """Whether a call says that it registers: ``add_listener(…)``, ``hook.subscribe.focus_change(…)``."""
    if last_name(call.func) in _OF_DEFERREDS:
        return False
    path = dotted(call.func) or last_name(call.func)
    parts = path.split(".")[1:] if "." in path else [path]
    return any(not REGISTERS.isdisjoint(words(part)) for part in parts)


def judge(project: Project, call: ast.Call, scope: Scope) -> Leak | None:
    """The leak that a call whose result is thrown away is; None for everything else. What costs least is asked
    first."""
    around, name = class_of(scope), last_name(call.func)
    if around is None or not registers(call) or (handed := _handed_over(project, call, scope)) is None:
        return None
    method, argument = handed
    receiver = call.func.value if isinstance(call.func, ast.Attribute) else None
    if receiver is not None and _makes(project, receiver, scope, around):
        return None
    target = _target(project, call, scope, argument)
    if target is None:
        return None
    life = _life(project, around, scope)
    if not target.sink.kind and not life.is_told:
        return None  # a guess about the subject needs more than a guess about the observer
    keys = tuple(ast.unparse(a) for a in call.args if a is not argument and not isinstance(a, ast.Starred))
    subject = "" if receiver is None else ast.unparse(receiver)
    if project.ask(IsPaired(Registration(around.dotted, method.name, name, subject, keys))):
        return None
    if receiver is not None and _is_made_by(project, receiver, scope, around, or_with=False):
        return None
    observer = _observer(project, around, scope, target, name, receiver, life)
    if observer is None:
        return None
    is_told = target.sink.kind == "handle" or (not target.sink.kind and len(project.paths_with(name)) <= _TELLING)
    practice = project.ask(PracticeWith(name)) if is_told else None
    if practice is not None and not target.sink.kind and practice.is_to_keep:
        target = _Target(Sink("handle"), Confidence.MEDIUM)
    wrappers = () if practice is None else practice.wrappers
    wrapper = next((w for w in wrappers if project.find_method(around.dotted, w) is not None), "")
    evidence = observer.evidence
    if target.sink.where:
        does = "keeps the callback" if target.sink.kind == "strong" else "returns what removes the callback"
        evidence = (Evidence(target.sink.where, target.sink.row, does), *evidence)
    return Leak(
        method, argument, target.sink, min(target.confidence, observer.confidence), observer.because, evidence, wrapper,
        practice is not None and around.dotted in practice.classes, target.is_direct,
    )  # fmt: skip


def _handed_over(project: Project, call: ast.Call, scope: Scope) -> tuple[BoundMethod, ast.expr] | None:
    """The own method among the arguments."""
    for argument in (*call.args, *(k.value for k in call.keywords)):
        if isinstance(argument, ast.Attribute) and place_of(argument.value, scope) == ("self", ""):
            method = bound_method(project, argument, scope)
            if method is not None:
                return method, argument
    return None


def _target(project: Project, call: ast.Call, scope: Scope, argument: ast.expr) -> _Target | None:
    name = last_name(call.func)
    said = words(name)
    function = callee(project, call, scope)
    if function is not None and not function.is_class:
        sink = _sink(project, function, call, argument)
        return _Target(sink, Confidence.HIGH) if sink.keeps else _by_key(sink)
    if isinstance(call.func, ast.Attribute):
        if name in _PUTS and (place := place_of(call.func.value, scope)) is not None:
            return _direct(place)
        if scope.module.resolve(call.func, scope) == AT_EXIT:
            return _Target(Sink("strong", path=AT_EXIT), Confidence.LOW)
        if _is_weak_toolkit(scope.module, call.func, scope):
            return None
        owner = class_of_value(project, call.func.value, scope)
        if owner is None:
            found = _likely(project.ask(MethodsInReach(scope.module.name, name)), call.func.value, scope.module)
            sinks = {f: _sink(project, g, call, argument) for f in found if (g := project.find(f)) is not None}
            if sinks:
                kinds = {s.keeps for s in sinks.values()}
                if kinds == {True}:
                    first = next(iter(sinks))
                    return _Target(sinks[first], Confidence.HIGH if len(sinks) == 1 else Confidence.MEDIUM)
                if kinds == {False} and all(s.kind for s in sinks.values()):
                    return None
    if "set" in said or "once" in said or (name == "connect" and not _holds_strongly(call)):
        return None  # a slot; one-shot; a signal of a toolkit, which holds bound methods weakly
    for part, mirror in mirrored(dotted(call.func) or ""):
        if len(others := project.ask(Removers(mirror))) >= _MANY:
            resolved = scope.module.resolve(call.func, scope)
            surely = part != name and resolved is not None and project.owns(resolved)
            return _Target(Sink("strong"), Confidence.HIGH if surely else Confidence.MEDIUM, others=others)
    return _Target(Sink(""), Confidence.LOW)


def _holds_strongly(call: ast.Call) -> bool:
    """Whether ``weak=False`` says so."""
    return any(k.arg == "weak" and isinstance(k.value, ast.Constant) and k.value.value is False for k in call.keywords)


def _by_key(sink: Sink) -> _Target | None:
    return _Target(sink, Confidence.LOW) if sink.kind == "keyed" else None


def _sink(project: Project, function: Scope, call: ast.Call, argument: ast.expr) -> Sink:
    parameter = next((n for n, value in arguments_of(function, call) if value is argument), None)
    return Sink("") if parameter is None else project.ask(SinkOf(function.dotted, parameter))


def _direct(place: Place) -> _Target | None:
    """A method put into somebody else's container."""
    if (place.root == "self" and "." not in place.path) or (place.root == "other" and place.path.isidentifier()):
        return None  # an own list, or a local one
    known = not OBSERVER_WORDS.isdisjoint(words(place.last))
    return _Target(Sink("strong", path=place.last), Confidence.HIGH if known else Confidence.LOW, is_direct=True)


def _is_weak_toolkit(module: Module, func: ast.expr, scope: Scope) -> bool:
    resolved = module.resolve(func, scope) or ""
    return any(resolved == t or resolved.startswith(t + ".") for t in _WEAK_TOOLKITS) or ".signals." in resolved


def _likely(methods: tuple[str, ...], receiver: ast.expr, module: Module) -> list[str]:
    """Of methods with one name those whose class is called like the receiver, else those of this very module, else
    all."""
    called = words(receiver.attr if isinstance(receiver, ast.Attribute) else getattr(receiver, "id", "")) - {"", "self"}
    alike = [m for m in methods if called and called <= words(m.split(".")[-2])]
    return (
        alike
        or [m for m in methods if m.startswith(module.name + ".") and m.count(".") == module.name.count(".") + 2]
        or [*methods]
    )


class MethodsInReach(NamedTuple):
    """The methods of this name that the project classes of a module, and of those that it imports from, define."""

    module: str
    method: str

    def answer(self, project: Project) -> tuple[str, ...]:
        """Their dotted names."""
        module = project.module(self.module)
        if module is None:
            return ()
        names = {self.module}
        for binding in module.imports:
            for target in (binding.loads, project.canonical(binding.target).rpartition(".")[0]):
                if project.path_of(target) is not None:
                    names.add(target)
        found: list[str] = []
        for name in sorted(names):
            reached = project.outline_of(name, "classes")
            for cls, outline in () if reached is None else reached.classes.items():
                if self.method in outline.methods:
                    found.append(f"{cls}.{self.method}")
        return tuple(found)


def _makes(project: Project, receiver: ast.expr, scope: Scope, around: Scope) -> bool:
    """Whether the subject is the object itself, or something that its class or the function makes."""
    if isinstance(receiver, ast.Call) and dotted(receiver.func) == "super":
        return True
    place = place_of(receiver, scope)
    if place is None or place.root == "module":
        return False
    first = first_part(place)
    return (
        is_made_here(scope, first) if place.root == "other" else not first or project.ask(Makes(around.dotted, first))
    )


def _is_made_by(project: Project, receiver: ast.expr, scope: Scope, around: Scope, *, or_with: bool) -> bool:
    """Whether the subject made the object, and keeps it; or, if that counts, whether both are made in one go."""
    place = place_of(receiver, scope)
    if place is None or place.root == "module":
        return False
    if place.root == "self":
        return project.ask(IsMadeBy(around.dotted, first_part(place), or_with=or_with))
    return scope.name in CONSTRUCTORS and project.ask(
        IsMadeBy(around.dotted, parameter=first_part(place), or_with=or_with)
    )


class _Life(NamedTuple):
    """What the names of methods say of an object's life: the hooks of a base around the method that registers, and the
    method of the class itself that ends what that one begins."""

    cycle: LifeCycle | None
    ends: str | None

    @property
    def is_told(self) -> bool:
        """Whether they say anything."""
        return self.cycle is not None or self.ends is not None


def _life(project: Project, around: Scope, scope: Scope) -> _Life:
    outer = scope.outermost
    in_constructor = outer.name in CONSTRUCTORS
    hooks = [""] if in_constructor else [outer.name, *_callers_of(outer)]
    cycle = next((c for hook in hooks if (c := project.ask(LifeCycleOf(around.dotted, hook))) is not None), None)
    return _Life(cycle, None if in_constructor else counterpart(outer.name, around.methods))


def _observer(
    project: Project, around: Scope, scope: Scope, target: _Target, name: str, receiver: ast.expr | None, life: _Life
) -> _Observer | None:
    """Why objects of this class come and go, and how surely; None where nothing says so."""
    cycle, ends = life
    if cycle is not None and cycle.is_of_many:
        return _Observer(Confidence.HIGH, f"'{cycle.ends}' ends the life that '{cycle.begins}' begins", ())
    if receiver is not None and _is_made_by(project, receiver, scope, around, or_with=True):
        return None
    made = project.ask(ConstructionsOf(around.dotted))
    for one in made:
        if one.teardown and not one.maker:
            at = Evidence(one.path, one.row, f"makes one each time; '{one.teardown}' leaves it behind")
            return _Observer(Confidence.HIGH, f"each '{one.function}' makes one more", (at,))
    if project.ask(IsOneOfAKind(around.dotted)):
        return None
    others = project.ask(PracticeWith(name)).classes if target.sink.kind == "handle" else target.others
    if (sibling := _sibling(project, around, others)) is not None:
        return _Observer(Confidence.HIGH, f"'{sibling.rpartition('.')[2]}', with the same base, does remove it", ())
    if cycle is not None:
        return _Observer(Confidence.MEDIUM, f"'{cycle.ends}' ends the life that '{cycle.begins}' begins", ())
    if ends is not None:
        level = Confidence.MEDIUM if made else Confidence.LOW
        return _Observer(level, f"'{ends}' ends what '{scope.outermost.name}' begins and leaves it registered", ())
    for one in made:
        if one.in_loop or one.is_handed_on:
            level = Confidence.LOW if one.is_at_startup else Confidence.MEDIUM
            return _Observer(level, "many are made", (Evidence(one.path, one.row, "makes one per item"),))
    for one in made:
        if one.maker and target.sink.path == AT_EXIT:
            maker = one.maker.rpartition(".")[2]
            return _Observer(Confidence.LOW, f"each '{maker}' makes one", (Evidence(one.path, one.row, "makes it"),))
        if one.teardown:
            at = Evidence(one.path, one.row, f"makes one each time; '{one.teardown}' leaves it behind")
            return _Observer(Confidence.LOW, f"each '{one.function}' makes one more", (at,))
    return None


def _callers_of(method: Scope) -> list[str]:
    """The methods of the same class that call this one."""
    around = method.enclosing_class
    calls = f"self.{method.name}"
    return [
        other.name
        for other in (around.methods.values() if around is not None else ())
        if other is not method and any(isinstance(n, ast.Call) and dotted(n.func) == calls for n in walk(other.node))
    ]


def _direct_bases(project: Project, name: str) -> set[str]:
    bases = {project.canonical(b) for b in project.bases(name) or () if b is not None}
    return {b for b in bases if project.bases(b) is not None}


def _sibling(project: Project, around: Scope, others: frozenset[str]) -> str | None:
    """A class with a base in common among those that undo such registrations."""
    bases = _direct_bases(project, around.dotted)
    for other in sorted(others - {around.dotted}) if bases else ():
        if bases & _direct_bases(project, other):
            return other
    return None
