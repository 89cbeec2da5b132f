"""What the project does to a container: who makes, fills, empties and shrinks it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import NamedTuple

from patternlint.facts import Module, Scope, dotted, unquoted, walk
from patternlint.project import Ancestry, Project, Subclasses
from patternlint_rules.observer.instances import attributes_made, with_word
from patternlint_rules.observer.places import ELEMENT, Place, class_of, nodes_with_lambdas, place_of, walked

ADDS = frozenset({"append", "add", "insert", "appendleft", "extend", "update"})
REMOVES = frozenset({"remove", "discard", "pop", "popleft", "popitem", "difference_update"})
READS = frozenset({"copy", "count", "index", "keys", "values", "items", "get", "setdefault", "reverse"})
_KINDS = {
    "list": "list", "List": "list", "MutableSequence": "list", "deque": "list", "Deque": "list", "Sequence": "list",
    "set": "set", "Set": "set", "MutableSet": "set", "OrderedSet": "set", "WeakSet": "weak",
    "dict": "dict", "Dict": "dict", "defaultdict": "dict", "DefaultDict": "dict", "OrderedDict": "dict",
    "MutableMapping": "dict", "Mapping": "dict", "WeakValueDictionary": "weak", "WeakKeyDictionary": "weak",
    "ObserverList": "observers",
}  # fmt: skip
_DRAINS = frozenset({"popleft", "popitem", "drain"})
_TELLING = 40  # an attribute name that more files mention says nothing about whose it is
_WORDS_OF_CHANGE = ADDS | REMOVES | {"clear", "setdefault"}


Means = Callable[[Place | None], bool]
Change = tuple[ast.stmt | ast.expr, str, str]  # the node, the kind of use and its value


class Use(NamedTuple):
    """One place that concerns a container.

    `kind`: "create" (an empty or literal one, where the object is made), "replace" (any other assignment), "clear",
    "add", "remove" (in place), "release" (a bound ``remove`` handed out), "read" or "other". `function` is the
    qualified name of the function it stands in; `locks` are the context managers around it, as written.
    """

    kind: str
    path: str
    row: int
    module: str
    function: str
    locks: tuple[str, ...] = ()
    value: str = ""  # "create": the kind of container; "add" and "remove": the method
    is_test: bool = False
    is_own: bool = True  # in the class that keeps it, its bases and subclasses (or its module)
    given: bool = False  # "add", "remove": what enters or leaves is a parameter of the function

    @property
    def takes_out(self) -> bool:
        """Whether single entries leave in place."""
        return self.kind in ("remove", "release") and self.value not in _DRAINS

    @property
    def outer(self) -> str:
        """The name of the outermost function around it."""
        return self.function.partition(".<locals>")[0]


class UsesOf(NamedTuple):
    """The uses of the container that `owner` (a dotted class, or a module) keeps at `path`.

    An attribute is looked for in its class and the project's bases of that; where nothing there takes an entry out, and
    not just what is `near` was asked for, in subclasses too, and, if only one class of the project has an attribute of
    this public name, wherever else it is used.
    """

    owner: str
    path: str
    near: bool = False

    def answer(self, project: Project) -> tuple[Use, ...]:
        """In the order of classes and rows."""
        owner = project.find(self.owner)
        if owner is None or not owner.is_class:
            module = project.module(self.owner)
            return () if module is None else tuple(_uses(module, self.path, frozenset({""}), "module"))
        found = self._in_classes(project, (self.owner, *project.ask(Ancestry(self.owner)).project))
        if self.near or any(u.takes_out for u in found):
            return found
        last = Place("self", self.path).last
        if any(u.kind == "add" and u.given for u in found):
            found += self._in_classes(project, project.ask(Subclasses(self.owner)))
        is_telling = not last.startswith("_") and 0 < len(project.paths_with(last)) <= _TELLING
        if is_telling and project.ask(AttributeOwners(last)) <= project.ask(FamilyOf(self.owner)):
            for module in project.modules_with(last):
                elsewhere = _uses(module, self.path, frozenset(), "foreign")
                found += tuple(u._replace(is_own=False) for u in elsewhere)
        return found

    def _in_classes(self, project: Project, names: Iterable[str]) -> tuple[Use, ...]:
        found: list[Use] = []
        for name in with_word(project, names, Place("self", self.path).last):
            if (scope := project.find(name)) is not None:
                found += _uses(scope.module, self.path, frozenset({name}), "self")
        return tuple(found)


class FamilyOf(NamedTuple):
    """A class with its ancestors and descendants in the project."""

    dotted: str

    def answer(self, project: Project) -> frozenset[str]:
        """Their dotted names."""
        ancestors = project.ask(Ancestry(self.dotted)).project
        return frozenset((project.canonical(self.dotted), *ancestors, *project.ask(Subclasses(self.dotted))))


class AttributeOwners(NamedTuple):
    """The classes that make an attribute of this name: assign it on ``self`` or declare it in their body."""

    name: str

    def answer(self, project: Project) -> frozenset[str]:
        """Their dotted names."""
        return frozenset(
            owner
            for path in project.paths_with(self.name)
            for owner, attributes in project.ask(_AttributesMadeIn(path))
            if self.name in attributes
        )


class _AttributesMadeIn(NamedTuple):
    """The classes of a file, each with the attributes that it makes."""

    path: Path

    def answer(self, project: Project) -> tuple[tuple[str, frozenset[str]], ...]:
        with project.passing(self.path) as module:
            return tuple(
                (scope.dotted, frozenset(scope.bindings).union(*map(attributes_made, scope.methods.values())))
                for scope in (() if module is None else module.classes)
            )


def _uses(module: Module, path: str, classes: frozenset[str], where: str) -> Iterator[Use]:
    rows = module.rows_with([Place("self", path).last])
    for scope in module.scopes:
        if not scope.outermost.holds(rows):
            continue  # an inner function may use a local name for it that an outer one binds
        if scope.is_class:
            if where == "self" and scope.dotted in classes:
                yield from _declared(scope, path)
            continue
        around = class_of(scope)
        if where == "self" and (around is None or around.dotted not in classes):
            continue
        locks = _locks(scope)
        for node, kind, value in _changes(scope, partial(_means, path, where, scope)):
            yield Use(
                kind, module.relpath, node.lineno, module.name, scope.qualname, locks.get(node, ()), value,
                module.is_test, given=_is_given(node, scope),
            )  # fmt: skip


def _is_given(node: ast.AST, scope: Scope) -> bool:
    """Whether a change names a parameter of the functions around it, their own object left out."""
    names = {n.id for n in walk(node) if isinstance(n, ast.Name)}
    at: Scope | None = scope
    while at is not None and at.is_function:
        if not names.isdisjoint(at.parameters[1:] if at.enclosing_class is not None else at.parameters):
            return True
        at = at.parent
    return False


def _means(path: str, where: str, scope: Scope, place: Place | None) -> bool:
    """Whether a place is the container's path, seen from this scope."""
    if place is None:
        return False
    if where == "foreign":
        return place.path.endswith("." + path)
    if place == (where, path):
        return True
    around = class_of(scope)
    return where == "self" and around is not None and place == ("module", f"{around.name}.{path}")


def _declared(scope: Scope, path: str) -> Iterator[Use]:
    """A container made in the class body: `x = []`, `x: list[F] = field(default_factory=list)`."""
    for binding in scope.bindings.get(path.replace(ELEMENT, ""), ()):
        node = binding.node
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        kind = container_kind(binding.value, path.count(ELEMENT))
        if not kind and isinstance(node, ast.AnnAssign):
            kind = _annotated_kind(node.annotation, path.count(ELEMENT))
        if kind:
            yield Use("create", scope.module.relpath, node.lineno, scope.module.name, scope.qualname, (), kind)


def _changes(scope: Scope, means: Means) -> Iterator[Change]:
    """Every node of a scope that changes a container, with what it does."""
    called: set[ast.AST] = set()
    root = scope.node
    for node in nodes_with_lambdas(root):
        match node:
            case ast.Call(func=ast.Attribute(attr=method) as func):
                called.add(func)
                if method in _WORDS_OF_CHANGE and means(place_of(func.value, scope)):
                    if method in ADDS:
                        yield node, "add", method
                    elif method in REMOVES:
                        yield node, "remove", method if node.args else "drain"
                    elif method == "clear":
                        yield node, "clear", method
                elif method == "setdefault" and len(node.args) == 2 and means(_element(func.value, scope)):
                    yield node, "create", container_kind(node.args[1])
                yield from _passed(node, scope, means)
            case ast.Call():
                yield from _passed(node, scope, means)
            case ast.Attribute(attr=method) if method in REMOVES and node not in called:
                if means(place_of(node.value, scope)):
                    yield node, "release", method
            case ast.Delete():
                for target in node.targets:
                    if isinstance(target, ast.Subscript) and means(place_of(target.value, scope)):
                        yield node, "remove", "del"
            case ast.AugAssign(op=op) if means(place_of(node.target, scope)):
                yield node, "remove" if isinstance(op, ast.Sub) else "add", "augment"
            case ast.Assign():
                for target in node.targets:
                    yield from _assigned(node, target, node.value, scope, means)
            case ast.AnnAssign():
                yield from _assigned(node, node.target, node.value, scope, means, node.annotation)


def _element(node: ast.expr, scope: Scope) -> Place | None:
    place = place_of(node, scope)
    return None if place is None else place.element


def _assigned(
    node: ast.stmt,
    target: ast.expr,
    value: ast.expr | None,
    scope: Scope,
    means: Means,
    annotation: ast.expr | None = None,
) -> Iterator[Change]:
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for t, v in zip(target.elts, value.elts, strict=True):
            yield from _assigned(node, t, v, scope, means)
        return
    if not isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
        return
    if (
        isinstance(target, ast.Name)
        and scope.is_function
        and not any(b.kind == "global" for b in scope.bindings.get(target.id, ()))
    ):
        return
    if isinstance(target, ast.Subscript):
        if means(place_of(target.value, scope)) and not isinstance(target.slice, ast.Slice):
            yield node, "add", "item"
        elif isinstance(target.slice, ast.Slice) and means(place_of(target.value, scope)):
            yield node, "remove", "slice"
    place = Place("module", target.id) if isinstance(target, ast.Name) else place_of(target, scope)
    if means(place):
        kind = container_kind(value) or ("" if annotation is None else _annotated_kind(annotation, 0))
        if scope.name == "__init__" or not scope.is_function:
            yield node, "create", kind
        elif isinstance(value, ast.Constant) or (kind and _is_empty(value)):
            yield node, "clear", kind
        else:
            yield node, "replace", kind
    elif value is not None and place is not None and means(place.element):
        # `self._by_key = defaultdict(list)` makes what `self._by_key[k]` is
        kind = container_kind(value, 1) or ("" if annotation is None else _annotated_kind(annotation, 1))
        if kind:
            yield node, "create", kind


def _passed(node: ast.Call, scope: Scope, means: Means) -> Iterator[Change]:
    """`self._drop(listeners, listener)`, `partial(self._drop, listeners, listener)`: what the method does to it."""
    arguments = list(node.args)
    func: ast.expr = node.func
    if (dotted(func) or "").rpartition(".")[2] == "partial" and arguments:
        func, *arguments = arguments
    around = class_of(scope)
    if around is None or not isinstance(func, ast.Attribute) or place_of(func.value, scope) != ("self", ""):
        return
    method = around.methods.get(func.attr)
    if method is None:
        return
    for parameter, argument in zip(method.parameters[1:], arguments, strict=False):
        if means(place_of(argument, scope)):
            for inner in nodes_with_lambdas(method.node):
                if (
                    isinstance(inner, ast.Attribute)
                    and inner.attr in REMOVES
                    and place_of(inner.value, method) == ("other", parameter)
                ):
                    yield node, "release", func.attr


class Kept(NamedTuple):
    """A container that outlives the loop that walks it live: of a class (`owner`, dotted) or of a module."""

    owner: str
    container: Place
    view: str


def kept(node: ast.expr, scope: Scope) -> Kept | None:
    """The container of a class or module that a loop over this expression walks live; None for anything else."""
    loop = walked(node, scope)
    if loop is None or not loop.container.path:
        return None
    if loop.container.root == "module":
        return Kept(scope.module.name, *loop)
    around = class_of(scope)
    return Kept(around.dotted, *loop) if loop.container.root == "self" and around is not None else None


def kind_of(project: Project, owner: str, place: Place, uses: tuple[Use, ...]) -> str:
    """ "list", "set", "dict", "observers" (an ObserverList), or "" where it is not known or not always the same."""
    kinds = {u.value for u in uses if u.kind in ("create", "clear", "replace") and u.value}
    if not kinds and "." in place.path and not place.path.endswith(ELEMENT):
        # the attribute of some other object: its class may tell, if only one has such an attribute
        owners = project.ask(AttributeOwners(place.last))
        if len(owners) == 1:
            theirs = project.ask(UsesOf(next(iter(owners)), place.last, near=True))
            kinds = {u.value for u in theirs if u.kind in ("create", "clear", "replace") and u.value}
    kind = kinds.pop() if len(kinds) == 1 else ""
    return "set" if kind == "weak" else kind


def container_kind(value: ast.expr | None, depth: int = 0) -> str:
    """ "list", "set", "dict", "weak", "observers" or "" (something else) for the expression that makes a container;
    with `depth` 1 what its entries are made as (``defaultdict(list)``)."""
    if depth:
        if isinstance(value, ast.Call) and (dotted(value.func) or "").endswith("defaultdict") and value.args:
            return _KINDS.get((dotted(value.args[0]) or "").rpartition(".")[2], "") if depth == 1 else ""
        if isinstance(value, ast.Dict) and value.values:
            return container_kind(value.values[0], depth - 1)
        return ""
    match value:
        case ast.List() | ast.ListComp():
            return "list"
        case ast.Set() | ast.SetComp():
            return "set"
        case ast.Dict() | ast.DictComp():
            return "dict"
        case ast.Call():
            name = (dotted(value.func) or "").rpartition(".")[2]
            if name in ("field", "Field", "attrib", "ib"):
                factory = next((k.value for k in value.keywords if k.arg in ("default_factory", "factory")), None)
                return _KINDS.get((dotted(factory) or "").rpartition(".")[2], "")
            return _KINDS.get(name, "")
        case ast.BinOp(op=ast.Mult()):
            return container_kind(value.left)
    return ""


def _annotated_kind(annotation: ast.expr, depth: int) -> str:
    """The kind of container that an annotation names, `depth` levels in."""
    annotation = unquoted(annotation) or annotation
    if isinstance(annotation, ast.BinOp):
        return _annotated_kind(annotation.left, depth) or _annotated_kind(annotation.right, depth)
    if not isinstance(annotation, ast.Subscript):
        return "" if depth else _KINDS.get((dotted(annotation) or "").rpartition(".")[2], "")
    name = (dotted(annotation.value) or "").rpartition(".")[2]
    inner = annotation.slice.elts[-1] if isinstance(annotation.slice, ast.Tuple) else annotation.slice
    if name in ("Optional", "Final", "ClassVar"):
        return _annotated_kind(inner, depth)
    if depth:
        return _annotated_kind(inner, depth - 1) if _KINDS.get(name) else ""
    return _KINDS.get(name, "")


def _is_empty(value: ast.expr | None) -> bool:
    match value:
        case ast.List(elts=elts) | ast.Set(elts=elts):
            return not elts
        case ast.Dict(keys=keys):
            return not keys
        case ast.Call():
            return not value.args or (dotted(value.func) or "").endswith("defaultdict")
    return False


def _locks(scope: Scope) -> dict[ast.AST, tuple[str, ...]]:
    """For every node inside a ``with`` of the scope: what the withs around it hold, as written."""
    found: dict[ast.AST, tuple[str, ...]] = {}
    if not scope.is_function:
        return found
    for statement in scope.statements():
        if isinstance(statement, ast.With | ast.AsyncWith):
            held = tuple(ast.unparse(i.context_expr) for i in statement.items)
            for child in statement.body:
                for node in walk(child):
                    found[node] = (*found.get(node, ()), *held)
    return found
