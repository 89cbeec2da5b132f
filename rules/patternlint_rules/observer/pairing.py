"""Whether a registration has its counterpart: who takes the callback out again, or keeps what would."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from patternlint.facts import Module, Scope, dotted, walk
from patternlint.facts.names import children, touches
from patternlint.project import Ancestry, Project, Subclasses
from patternlint_rules.observer.places import class_of

_REMOVES = frozenset(
    """remove removes del delete off disconnect unsubscribe unregister deregister discard unobserve detach unlisten drop
    clear cancel release unbind unwatch unhook untrack""".split()
)
_CLOSES = frozenset("close shutdown stop disconnect dispose destroy clear reset terminate".split())
_MANY, _MOSTLY = 3, 0.75
_ENDS = (
    _CLOSES
    | _REMOVES
    | frozenset("removed unload teardown tear finalize exit unmount end closed cleanup del deinit".split())
)


def words(name: str) -> frozenset[str]:
    """The words of a snake_case or camelCase name, lowered."""
    spaced = "".join(f"_{c.lower()}" if c.isupper() else c for c in name)
    return frozenset(spaced.split("_"))


def last_name(func: ast.expr) -> str:
    """The name that a call calls."""
    return func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""


def calls(name: str) -> str:
    """What stands in the text of every file that calls a function of this name, or something of it: a pattern."""
    return rf"{name}(?<!\w{name})(?:\s|\\|\.\s*\w+)*\("


class Registration(NamedTuple):
    """A call that hands over a bound method: as text, so that it may be asked about."""

    cls: str  # the dotted class whose method is handed over
    method: str
    callee: str  # the last name of what is called
    receiver: str  # the source of what it is called on, "" for a function
    keys: tuple[str, ...]  # the sources of the other arguments


class IsPaired(NamedTuple):
    """Whether the class, a base or a subclass undoes a registration."""

    registration: Registration

    def answer(self, project: Project) -> bool:
        """By calls whose name says so and that name the method, the key or the object."""
        name = self.registration.cls
        own = (name, *project.ask(Ancestry(name)).project)
        for index, relative in enumerate((*own, *project.ask(Subclasses(name)))):
            scope = project.find(relative)
            if scope is not None and any(self._undone_in(s, is_own=index == 0) for s in scope.methods.values()):
                return True
        return False

    def _undone_in(self, method: Scope, *, is_own: bool) -> bool:
        for node in walk(method.node):
            if isinstance(node, ast.Call):
                if self._is_undone_by(node, method, is_own):
                    return True
            elif isinstance(node, ast.Assign) and is_own and isinstance(node.value, ast.List | ast.Dict | ast.Set):
                targets = {ast.unparse(t) for t in node.targets}
                if self.registration.receiver in targets:
                    return True  # the container itself is emptied
        return False

    def _is_undone_by(self, call: ast.Call, method: Scope, is_own: bool) -> bool:
        said = self.registration
        me = method.parameters[0] if method.parameters else ""
        name = words(last_name(call.func))
        chain = frozenset().union(*map(words, (dotted(call.func) or "").split(".")[1:])) | name
        receiver = ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else ""
        closes = is_own and not _CLOSES.isdisjoint(name) and not call.args
        if closes and receiver and receiver == said.receiver and not _ENDS.isdisjoint(words(method.name)):
            return True
        takes_out = not _REMOVES.isdisjoint(chain)
        for argument in (*call.args, *(k.value for k in call.keywords)):
            for node in walk(argument):
                if isinstance(node, ast.Attribute) and dotted(node) == f"{me}.{said.method}":
                    remover = any(
                        isinstance(n, ast.Attribute | ast.Name) and not _REMOVES.isdisjoint(words(last_name(n)))
                        for n in walk(call)
                        if n is not node and isinstance(n, ast.expr)
                    )
                    if takes_out or remover:
                        return True
                if takes_out and is_own and isinstance(node, ast.Name) and node.id == me and node is argument:
                    return True
            if takes_out and isinstance(argument, ast.Tuple) and any(dotted(e) == me for e in argument.elts):
                return True
        if takes_out and receiver and receiver == said.receiver:
            return any(ast.unparse(a) in said.keys for a in call.args) or not call.args
        return False


class Practice(NamedTuple):
    """How the project treats what a function returns: how many calls keep it, how many do not, the classes whose
    methods keep it, and the own methods it is handed to (``self.async_on_remove(…)``), the most frequent first."""

    kept: int
    dropped: int
    classes: frozenset[str]
    wrappers: tuple[str, ...]

    @property
    def is_to_keep(self) -> bool:
        """Whether most of those who call it, and more than a few, keep what it returns."""
        return len(self.classes) >= _MANY and self.kept >= _MOSTLY * (self.kept + self.dropped)


class PracticeWith(NamedTuple):
    """The practice with the function of this last name."""

    callee: str

    def answer(self, project: Project) -> Practice:
        """Over all calls of the name outside tests."""
        kept = dropped = 0
        classes: set[str] = set()
        wrappers: dict[str, int] = {}
        for cls, keeps, wrapper in project.collect((self.callee,), _calls_of, self.callee, pattern=calls(self.callee)):
            if not keeps:
                dropped += 1
                continue
            kept += 1
            if cls:
                classes.add(cls)
                if wrapper:
                    wrappers[wrapper] = wrappers.get(wrapper, 0) + 1
        return Practice(kept, dropped, frozenset(classes), tuple(sorted(wrappers, key=lambda w: (-wrappers[w], w))))


def _calls_of(project: Project, module: Module, name: str) -> Iterator[tuple[str, bool, str]]:
    """Each call of a name outside tests: the class in whose methods it is made ("" for none), whether its result is
    kept, and the own method that gets it."""
    rows = module.rows_with([name])
    for scope in () if module.is_test else module.functions:
        around = class_of(scope)
        for statement in scope.statements() if scope.holds(rows) else ():
            if not touches(statement, rows):
                continue
            bare = statement.value if isinstance(statement, ast.Expr) else None
            if isinstance(bare, ast.Await):
                bare = bare.value
            for part in children(statement):
                if isinstance(part, ast.stmt | ast.excepthandler):
                    continue
                for node in walk(part):
                    if isinstance(node, ast.Call) and last_name(node.func) == name:
                        wrapper = ""
                        if isinstance(bare, ast.Call) and bare is not node and node in bare.args:
                            path = dotted(bare.func) or ""
                            wrapper = (
                                path.removeprefix("self.") if path.count(".") == 1 and path.startswith("self.") else ""
                            )
                        yield around.dotted if around is not None else "", node is not bare, wrapper
