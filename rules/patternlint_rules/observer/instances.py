"""Of which class a value is: by constructor, annotation, attribute or return type, where one of them says so."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from patternlint.facts import Module, Scope, dotted, unquoted, walk
from patternlint.project import Ancestry, Project
from patternlint_rules.observer.places import class_of, place_of

_DEPTH = 5
_NOT_METHODS = frozenset(
    {"property", "cached_property", "staticmethod", "reify", "cached", "setter", "hybrid_property"}
)


class BoundMethod(NamedTuple):
    """``obj.name`` where the class of `obj` (dotted) has a method of this name. `owner` is the class that defines
    it."""

    receiver: str
    owner: str
    name: str
    is_own: bool  # `obj` is the object whose method the code stands in


def bound_method(project: Project, node: ast.expr, scope: Scope) -> BoundMethod | None:
    """The bound method that an expression makes anew, None for anything else: a property, a static method, an attribute
    of that name, a call's result, an object of unknown class."""
    if not isinstance(node, ast.Attribute):
        return None
    name = class_of_value(project, node.value, scope)
    if name is None:
        return None
    owner = project.ask(MethodOwner(name, node.attr))
    return None if owner is None else BoundMethod(name, owner, node.attr, place_of(node.value, scope) == ("self", ""))


class MethodOwner(NamedTuple):
    """The class that defines a method: `cls` (dotted) or the nearest base of the project."""

    cls: str
    method: str

    def answer(self, project: Project) -> str | None:
        """Its dotted name; None where there is no such method, or where it is a property, static or replaced."""
        names = (self.cls, *project.ask(Ancestry(self.cls)).project)
        for name in with_word(project, names, self.method):
            scope = project.find(name)
            if scope is None or not scope.is_class:
                continue
            if f".{self.method} =" in scope.module.source.text and self.method in attributes_set(scope):
                return None
            if (function := scope.methods.get(self.method)) is not None:
                return name if _is_method(function) else None
            if self.method in scope.bindings:
                return None
        return None


def with_word(project: Project, names: Iterable[str], word: str) -> Iterator[str]:
    """Those of some classes (dotted) in whose file the word stands."""
    homes = ((name, project.home(project.canonical(name))) for name in names)
    return (name for name, home in homes if home is not None and project.has_word(home, word))


def _is_method(function: Scope) -> bool:
    names = {(dotted(d.func if isinstance(d, ast.Call) else d) or "") for d in function.function.decorator_list}
    return _NOT_METHODS.isdisjoint(n.rpartition(".")[2] for n in names) and not any(
        n.endswith("property") for n in names
    )


def attributes_set(scope: Scope) -> dict[str, list[ast.expr | None]]:
    """The attributes that a class's methods assign on their object, each with the values."""
    found: dict[str, list[ast.expr | None]] = {}
    for method in scope.methods.values():
        me = method.parameters[:1]
        for statement in _all_statements(method):
            if isinstance(statement, ast.Assign | ast.AnnAssign):
                for target in targets_of(statement):
                    if (
                        isinstance(target, ast.Attribute)
                        and isinstance(target.value, ast.Name)
                        and [target.value.id] == me
                    ):
                        found.setdefault(target.attr, []).append(statement.value)
    return found


def _all_statements(scope: Scope) -> Iterator[ast.stmt]:
    """Every statement in a def, those of the defs inside included."""
    return (statement for inner in scope.walk() for statement in inner.statements())


def targets_of(statement: ast.stmt) -> list[ast.expr]:
    """What a statement assigns to."""
    match statement:
        case ast.Assign():
            return statement.targets
        case ast.AnnAssign() | ast.AugAssign() | ast.For() | ast.AsyncFor():
            return [statement.target]
        case ast.With() | ast.AsyncWith():
            return [item.optional_vars for item in statement.items if item.optional_vars is not None]
    return []


def attributes_made(method: Scope) -> set[str]:
    """The attributes that a method assigns on its object, in whatever way."""
    me = method.parameters[:1]
    targets = (target for statement in _all_statements(method) for target in targets_of(statement))
    return {
        node.attr
        for target in targets
        for node in walk(target)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and [node.value.id] == me
    }


def class_of_value(project: Project, node: ast.expr | None, scope: Scope, depth: int = _DEPTH) -> str | None:
    """The dotted name of the project class that an expression's value is an instance of, None where nothing says so."""
    if not depth:
        return None
    if place_of(node, scope) == ("self", ""):
        around = class_of(scope)
        return None if around is None else around.dotted
    match node:
        case ast.Name():
            return _of_name(project, node.id, scope, depth - 1)
        case ast.Attribute():
            owner = class_of_value(project, node.value, scope, depth - 1)
            return None if owner is None else project.ask(AttributeClass(owner, node.attr))
        case ast.Call():
            return _of_call(project, node, scope, depth - 1)
        case ast.Await() | ast.NamedExpr():
            return class_of_value(project, node.value, scope, depth - 1)
    return None


class AttributeClass(NamedTuple):
    """The class of what the class `cls` (dotted) keeps in an attribute."""

    cls: str
    attribute: str

    def answer(self, project: Project) -> str | None:
        """Its dotted name, where all that says something says the same."""
        names = (self.cls, *project.ask(Ancestry(self.cls)).project)
        for name in with_word(project, names, self.attribute):
            scope = project.find(name)
            if scope is None or not scope.is_class:
                continue
            found = set(self._said_by(project, scope))
            if found:
                return found.pop() if len(found) == 1 else None
        return None

    def _said_by(self, project: Project, scope: Scope) -> list[str]:
        said: list[str | None] = []
        for binding in scope.bindings.get(self.attribute, ()):
            if isinstance(binding.node, ast.AnnAssign):
                said.append(class_of_annotation(project, binding.node.annotation, scope.module, scope))
            elif isinstance(binding.node, ast.FunctionDef) and binding.node.returns is not None:
                said.append(class_of_annotation(project, binding.node.returns, scope.module, scope))
        for method in scope.methods.values():
            for statement in _all_statements(method):
                if isinstance(statement, ast.Assign | ast.AnnAssign) and any(
                    dotted(t) == f"{method.parameters[:1] and method.parameters[0]}.{self.attribute}"
                    for t in targets_of(statement)
                ):
                    if isinstance(statement, ast.AnnAssign):
                        said.append(class_of_annotation(project, statement.annotation, scope.module, method))
                    elif not (isinstance(statement.value, ast.Constant) and statement.value.value is None):
                        said.append(class_of_value(project, statement.value, method, _DEPTH - 2))
        return [s for s in said if s is not None]


def _of_name(project: Project, name: str, scope: Scope, depth: int) -> str | None:
    at: Scope | None = scope
    while at is not None:
        bindings = at.bindings.get(name, ()) if at is scope or not at.is_class else ()
        if not bindings:
            at = at.parent
            continue
        if len(bindings) != 1:
            return None
        binding = bindings[0]
        if binding.kind == "parameter":
            annotation = _annotation(at, name)
            return None if annotation is None else class_of_annotation(project, annotation, at.module, at)
        if isinstance(binding.node, ast.AnnAssign):
            return class_of_annotation(project, binding.node.annotation, at.module, at)
        if binding.kind == "import":
            return project.ask(ModuleValueClass(project.canonical(at.module.resolve(name, at) or name)))
        return class_of_value(project, binding.value, at, depth) if binding.kind in ("assign", "walrus") else None
    return None


class ModuleValueClass(NamedTuple):
    """The class of a module-level value (``bus = EventBus()``), by its dotted name."""

    dotted: str

    def answer(self, project: Project) -> str | None:
        """The class's dotted name."""
        module_name, _, name = self.dotted.rpartition(".")
        module = project.module(module_name) if module_name else None
        binding = None if module is None else module.scope.binds_once(name)
        if module is None or binding is None or binding.kind == "import":
            return None
        if isinstance(binding.node, ast.AnnAssign):
            return class_of_annotation(project, binding.node.annotation, module, module.scope)
        return class_of_value(project, binding.value, module.scope, _DEPTH - 2)


def _of_call(project: Project, node: ast.Call, scope: Scope, depth: int) -> str | None:
    """A constructor gives its class, anything else what its return annotation says."""
    resolved = scope.module.resolve(node.func, scope)
    found = project.find(resolved) if resolved is not None and project.owns(resolved) else None
    if found is None and isinstance(node.func, ast.Attribute):
        owner = class_of_value(project, node.func.value, scope, depth)
        found = None if owner is None else project.find_method(owner, node.func.attr)
    if found is None:
        return None
    if found.is_class:
        return found.dotted
    if found.is_function and found.function.returns is not None:
        return class_of_annotation(project, found.function.returns, found.module, found)
    return None


def _annotation(function: Scope, name: str) -> ast.expr | None:
    arguments = function.function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return next((a.annotation for a in every if a.arg == name), None)


def class_of_annotation(project: Project, node: ast.expr, module: Module, scope: Scope) -> str | None:
    """The project class that an annotation names; ``X | None``, ``Optional[X]`` and strings are looked through."""
    node = unquoted(node) or node
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = [s for s in (node.left, node.right) if not (isinstance(s, ast.Constant) and s.value is None)]
        return class_of_annotation(project, sides[0], module, scope) if len(sides) == 1 else None
    if isinstance(node, ast.Subscript):
        name = (dotted(node.value) or "").rpartition(".")[2]
        inner = node.slice if name in ("Optional", "Final", "ClassVar", "Annotated", "Type", "type") else node.value
        if isinstance(inner, ast.Tuple):
            inner = inner.elts[0]
        return class_of_annotation(project, inner, module, scope)
    resolved = module.resolve(node, scope)
    if resolved in ("typing.Self", "typing_extensions.Self"):
        around = scope.enclosing_class if scope.is_function else scope
        return None if around is None else around.dotted
    canonical = project.canonical(resolved) if resolved is not None else ""
    return canonical if project.bases(canonical) is not None else None
