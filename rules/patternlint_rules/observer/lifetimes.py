"""Who lives longer: whether an object is one of many that come and go, or as old as what it registers with."""

from __future__ import annotations

import ast
from typing import NamedTuple

from patternlint.facts import Scope, dotted, walk
from patternlint.project import Ancestry, Project, ReferencesTo, Subclasses
from patternlint_rules.observer.instances import attributes_set, with_word
from patternlint_rules.observer.pairing import last_name, words
from patternlint_rules.observer.places import class_of, first_part, place_of

# what begins a stretch of a life, and what ends it
_COUNTERPARTS = {
    "setup": "unload teardown cleanup unsetup",
    "set": "unload teardown cleanup",  # set_up
    "load": "unload",
    "added": "removed remove",
    "configure": "finalize unconfigure",
    "mount": "unmount",
    "mounted": "unmounted",
    "open": "close closed",
    "opened": "closed",
    "connect": "disconnect close",
    "connected": "disconnected",
    "start": "stop shutdown",
    "started": "stopped",
    "startup": "shutdown",
    "activate": "deactivate",
    "enable": "disable",
    "attach": "detach",
    "attached": "detached",
    "enter": "exit leave",
    "init": "deinit cleanup dispose destroy",
    "initialize": "finalize cleanup dispose destroy",
}
_OF_MANY = frozenset("added mount mounted configure attach attached open opened connected load loaded enter".split())
_STARTUP = frozenset("main setup startup run serve create init initialize bootstrap configure load start app".split())
_MAKES = frozenset("create make build new construct factory open connect".split())
_FINDS = frozenset("get instance current find lookup fetch shared singleton default".split())


def counterpart(name: str, others: object) -> str | None:
    """The one of the other names that ends what `name` begins: ``async_will_remove_from_hass`` for
    ``async_added_to_hass``."""
    said = words(name)
    for other in sorted(others):  # type: ignore[call-overload]
        if other == name:
            continue
        theirs = words(other)
        for begin, ends in _COUNTERPARTS.items():
            if begin == "set" and "up" not in said:
                continue
            ending = set(ends.split())
            if begin not in said or begin in theirs or theirs.isdisjoint(ending):
                continue
            if _same_subject(said - {begin}, theirs - ending):
                return str(other)
    return None


_FILLERS = frozenset(
    {"", "on", "to", "from", "will", "did", "has", "async", "up", "down", "before", "after", "do", "handle"}
)


def _same_subject(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two names speak of the same thing, the verbs left out."""
    return one - _FILLERS == other - _FILLERS


class LifeCycle(NamedTuple):
    """A framework's hooks: the class that declares both, and the names."""

    base: str
    begins: str
    ends: str

    @property
    def is_of_many(self) -> bool:
        """Whether it is one of parts that are added and removed, not that of a service that is started and stopped."""
        return not _OF_MANY.isdisjoint(words(self.begins))


class LifeCycleOf(NamedTuple):
    """The life cycle that a class inherits: a base (of the project) declares a hook that begins and one that ends.

    `hook` narrows it to the pair of that method; "" takes any.
    """

    cls: str
    hook: str = ""

    def answer(self, project: Project) -> LifeCycle | None:
        """By the names of the bases' methods."""
        for name in project.ask(Ancestry(self.cls)).project:
            outline = project.class_outline(name)
            if outline is None:
                continue
            for method in [self.hook] if self.hook else sorted(outline.methods):
                if method in outline.methods and (ends := counterpart(method, outline.methods)) is not None:
                    return LifeCycle(name, method, ends)
        return None


class Construction(NamedTuple):
    """One place that makes an instance.

    `function` is the qualified name around it ("" at module level); `in_loop`: it is made once per item; `teardown`:
    what ends what that function begins; `gives_self`: the parameters that get the maker itself; `keeps`: the maker
    keeps it in an attribute; `is_handed_on`: it goes to a function that the maker was given
    (``add_entities([Lamp()])``); `gives_fresh`: the parameters that get something that the maker makes in the same
    function, or a part of that.
    """

    path: str
    row: int
    module: str
    function: str
    in_loop: bool
    teardown: str
    maker: str
    gives_self: tuple[str, ...]
    keeps: bool
    is_handed_on: bool = False
    gives_fresh: tuple[str, ...] = ()

    @property
    def is_at_startup(self) -> bool:
        """Whether the function around it sets the program up, and nothing ends what it begins."""
        return not self.teardown and not _STARTUP.isdisjoint(words(self.function.rpartition(".")[2]))


class ConstructionsOf(NamedTuple):
    """Where the project makes instances of a class or of its subclasses, tests left out."""

    cls: str

    def answer(self, project: Project) -> tuple[Construction, ...]:
        """In the order of classes, files and rows."""
        found: list[Construction] = []
        for name in (self.cls, *project.ask(Subclasses(self.cls))):
            rows: dict[str, set[tuple[int, str]]] = {}
            for r in project.ask(ReferencesTo(name)):
                if r.kind == "call":
                    rows.setdefault(r.module, set()).add((r.row, r.scope))
            for module_name, places in rows.items():
                module = project.module(module_name)
                if module is None or module.is_test:
                    continue
                last = name.rpartition(".")[2]
                scopes = {s.qualname: s for s in module.scopes}
                for row, qualname in sorted(places):
                    if (scope := scopes.get(qualname)) is not None:
                        found.append(_construction(project, scope, row, last))
        return tuple(found)


def _construction(project: Project, scope: Scope, row: int, name: str) -> Construction:
    call, in_loop, keeps, handed_on = None, False, False, False
    around = class_of(scope)
    for statement in scope.statements() if scope.is_function else ():
        if not statement.lineno <= row <= (statement.end_lineno or 0):
            continue
        in_loop = in_loop or isinstance(statement, ast.For | ast.AsyncFor | ast.While)
        for node in ast.walk(statement):
            if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
                in_loop |= any(isinstance(n, ast.Call) and last_name(n.func) == name for n in walk(node))
            if (
                isinstance(node, ast.Call)
                and last_name(node.func) == name
                and node.lineno <= row <= (node.end_lineno or 0)
            ):
                call = node
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in scope.parameters:
                handed_on = handed_on or last_name(node.func) != name
        if isinstance(statement, ast.Assign):
            keeps = any((p := place_of(t, scope)) is not None and p.root == "self" for t in statement.targets)
    outer = scope.outermost
    siblings = outer.parent.children if outer.parent is not None and scope.is_function else {}
    teardown = counterpart(outer.name, siblings) or "" if scope.is_function else ""
    given: list[str] = []
    fresh: list[str] = []
    if call is not None and scope.is_function:
        initializer = project.find_method(scope.module.resolve(call.func, scope) or "", "__init__")
        if initializer is not None:
            from patternlint_rules.observer.sinks import arguments_of

            places = [
                (n, p) for n, value in arguments_of(initializer, call) if (p := place_of(value, scope)) is not None
            ]
            given = [n for n, p in places if p == ("self", "")]
            fresh = [n for n, p in places if p.root == "other" and is_made_here(scope, first_part(p))]
            fresh += [n for n, v in arguments_of(initializer, call) if isinstance(v, ast.Call) and _is_making(v)]
    return Construction(
        scope.module.relpath, row, scope.module.name, scope.qualname if scope.is_function else "", in_loop, teardown,
        around.dotted if around is not None else "", tuple(given), keeps,
        handed_on, tuple(fresh),
    )  # fmt: skip


def creates(scope: Scope, attribute: str) -> bool:
    """Whether a class makes what it keeps in an attribute: a constructor, or a function that says so."""
    declared = [b.value for b in scope.bindings.get(attribute, ())]  # a signal, a descriptor
    for value in (*declared, *attributes_set(scope).get(attribute, ())):
        node = value.value if isinstance(value, ast.Await) else value
        if isinstance(node, ast.Call) and _is_making(node):
            return True
    return False


def _is_making(call: ast.Call) -> bool:
    name = last_name(call.func)
    said = words(name)
    if not _FINDS.isdisjoint(said):
        return False
    return name.lstrip("_")[:1].isupper() or not _MAKES.isdisjoint(said)


def is_made_here(scope: Scope, name: str) -> bool:
    """Whether a local name holds something that the function itself makes."""
    binding = scope.binds_once(name) if scope.is_function else None
    value = None if binding is None else binding.value
    node = value.value if isinstance(value, ast.Await) else value
    return isinstance(node, ast.Call) and _is_making(node)


class Makes(NamedTuple):
    """Whether a class or a base makes what it keeps in an attribute."""

    cls: str
    attribute: str

    def answer(self, project: Project) -> bool:
        """By the values that the classes assign."""
        names = (self.cls, *project.ask(Ancestry(self.cls)).project)
        return any(
            (scope := project.find(name)) is not None and creates(scope, self.attribute)
            for name in with_word(project, names, self.attribute)
        )


class IsMadeBy(NamedTuple):
    """Whether what comes in for a parameter of ``__init__`` (given by name, or by the attribute that keeps it) is
    always the maker itself, which keeps the new object."""

    cls: str
    attribute: str = ""
    parameter: str = ""
    or_with: bool = False  # what the maker makes in the same function counts too

    def answer(self, project: Project) -> bool:
        """By every construction."""
        parameter = self.parameter or self._kept_parameter(project)
        made = project.ask(ConstructionsOf(self.cls)) if parameter else ()
        return bool(made) and all(
            (parameter in c.gives_self and c.keeps) or (self.or_with and parameter in c.gives_fresh) for c in made
        )

    def _kept_parameter(self, project: Project) -> str:
        names = (self.cls, *project.ask(Ancestry(self.cls)).project)
        for name in with_word(project, names, self.attribute):
            scope = project.find(name)
            initializer = scope.methods.get("__init__") if scope is not None else None
            if scope is not None and initializer is not None:
                for value in attributes_set(scope).get(self.attribute, ()):
                    if isinstance(value, ast.Name) and value.id in initializer.parameters:
                        return value.id
        return ""


def _class_attributes_set(scope: Scope) -> set[str]:
    """The attributes that a class assigns on itself: ``cls._instance = …``, ``Controller._instance = …``."""
    return {
        target.attr
        for method in scope.methods.values()
        for node in walk(method.node)
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Attribute) and dotted(target.value) in ("cls", scope.name)
    }


class IsOneOfAKind(NamedTuple):
    """Whether there is one instance of a class per process: made once, at import, at start-up, by its own class, or
    by the constructor of such another one."""

    cls: str
    depth: int = 4

    def answer(self, project: Project) -> bool:
        """By its constructions; those of a maker that the project does not make count as one."""
        scope = project.find(self.cls)
        if scope is None or any("instance" in words(name) for name in (*scope.bindings, *_class_attributes_set(scope))):
            return True
        made = project.ask(ConstructionsOf(self.cls))
        if len(made) != 1:
            return False
        (only,) = made
        if only.in_loop or only.teardown or only.is_handed_on:
            return False
        if not only.function or only.maker == self.cls:
            return True
        last = only.function.rpartition(".")[2]
        if only.maker and (last.startswith("__") or last.endswith("post_init")):
            by = project.ask(ConstructionsOf(only.maker)) if self.depth else ()
            return not by or project.ask(IsOneOfAKind(only.maker, self.depth - 1))
        return not _STARTUP.isdisjoint(words(last))
