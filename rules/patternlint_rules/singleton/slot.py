"""The singleton slot: a place that outlives the call and holds the one object, and where it is stored.

A slot is an attribute of a class, a global of a module or a variable of the function around: what a name is depends on
what is done with it (tested and stored), never on how it is called.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from patternlint import facts
from patternlint.cstnames import dotted
from patternlint.facts import Module, Scope
from patternlint.rule import cst
from patternlint.walker import descendants, walk

CLASS_LEVEL = ("classmethod", "staticmethod")  # what makes a method one that needs no object
METACLASSES = frozenset({"builtins.type", "abc.ABCMeta", "enum.EnumMeta", "enum.EnumType"})
_LASTING = frozenset({"assign", "augment", "global"})


class Slot(NamedTuple):
    """One place: `owner` is the qualified name of the class or function whose name it is, "" for a module global."""

    name: str
    owner: str = ""

    def __str__(self) -> str:
        return self.name


class Store(NamedTuple):
    """An assignment to a slot (with a `key`, to one of its items), and the nodes around it from the function's body
    inwards."""

    slot: Slot
    node: cst.Assign | cst.AnnAssign
    target: cst.BaseExpression
    value: cst.BaseExpression
    key: cst.BaseSlice | None
    around: tuple[cst.CSTNode, ...]


class Names:
    """What means a slot within one function.

    Args:
        function: the def.
        scope: its facts.
        through_self: whether attributes of ``self`` count as those of the class: where they are only read, or the class
            has one instance anyway.
        is_metaclass: whether the class makes classes: what methods get first is one of these.
    """

    def __init__(
        self, function: cst.FunctionDef, scope: Scope, *, through_self: bool = False, is_metaclass: bool = False
    ) -> None:
        self.function = function
        self.scope = scope
        self.around = class_around(scope)
        self._classes = {c.name: c.qualname for c in scope.module.classes if c.parent is scope.module.scope}
        if self.around is not None:
            self._classes |= dict.fromkeys((self.around.name, "self.__class__"), self.around.qualname)
            is_method = bool(scope.parameters) and scope.enclosing_class is not None
            if is_method and (through_self or is_metaclass or _gets_class(scope)):
                self._classes[scope.parameters[0]] = self.around.qualname
        self._copies: dict[str, Slot] = {}
        for node in own_nodes(function):
            target, value = _bound(node)
            if target and (owner := self.class_of(value)) is not None:
                self._classes[target] = owner
            elif target and (slot := self.slot(value)) is not None:
                self._copies[target] = slot

    def class_of(self, node: cst.CSTNode | None) -> str | None:
        """The qualified name of the class that an expression means: ``cls``, ``type(self)``, ``Pool``."""
        if isinstance(node, cst.Call):
            is_type = dotted(node.func) == "type" and len(node.args) == 1 and dotted(node.args[0].value) == "self"
            return self.around.qualname if is_type and self.around is not None else None
        path = dotted(node)
        if path is None:
            return None
        if path not in self._classes and self.around is not None and path.endswith("." + self.around.name):
            return self.around.qualname
        return self._classes.get(path)

    def slot(self, node: cst.CSTNode | None) -> Slot | None:
        """The slot that an expression reads or stores: ``cls.X``, ``getattr(cls, "X", None)``, a global ``X``, a method
        that only returns one."""
        if isinstance(node, cst.NamedExpr):
            node = node.value
        if isinstance(node, cst.Name):
            owner = _owner(node.value, self.scope)
            return None if owner is None else Slot(node.value, owner)
        if isinstance(node, cst.Attribute):
            owner = self.class_of(node.value)
            return None if owner is None else Slot(node.attr.value, owner)
        return self._called(node) if isinstance(node, cst.Call) else None

    def value_of(self, node: cst.CSTNode | None) -> Slot | None:
        """The slot whose value an expression is: one that reads it, or a local that it was assigned to before."""
        found = self.slot(node)
        return self._copies.get(node.value) if found is None and isinstance(node, cst.Name) else found

    def item_of(self, node: cst.CSTNode | None) -> Slot | None:
        """The slot of which an expression reads an item: ``cls.X[key]``, ``cls.X.get(key)``."""
        if isinstance(node, cst.Subscript):
            return self.slot(node.value)
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute) and node.func.attr.value == "get":
            return self.slot(node.func.value)
        return None

    def _called(self, node: cst.Call) -> Slot | None:
        arguments = [a.value for a in node.args]
        if dotted(node.func) in ("getattr", "hasattr") and len(arguments) > 1:
            owner = self.class_of(arguments[0])
            return None if owner is None else _named(arguments[1], owner)
        function = node.func
        if not isinstance(function, cst.Attribute):
            return None
        if function.attr.value == "get" and arguments and isinstance(function.value, cst.Attribute):
            owner = self.class_of(function.value.value) if function.value.attr.value == "__dict__" else None
            return None if owner is None else _named(arguments[0], owner)  # cls.__dict__.get("X")
        is_own = dotted(function.value) == "self" or self.class_of(function.value) is not None
        getter = self.around.methods.get(function.attr.value) if is_own and self.around is not None else None
        return returned_slot(getter) if getter is not None and not arguments else None


def class_around(scope: Scope) -> Scope | None:
    """The innermost class around a function."""
    at = scope.parent
    while at is not None and not at.is_class:
        at = at.parent
    return at


def _gets_class(scope: Scope) -> bool:
    """Whether a method's first parameter is the class: by its decorator or name, or because the class makes classes."""
    if scope.name == "__new__" or scope.parameters[0] == "cls":
        return True
    around = scope.enclosing_class
    assert around is not None
    return scope.is_decorated("classmethod") or makes_classes(around)


def makes_classes(scope: Scope) -> bool:
    """Whether a class names a metaclass among its bases: each of its instances is a class."""
    return scope in scope.module.derive(_metaclasses)


def _metaclasses(module: Module) -> frozenset[Scope]:
    resolve = module.resolve
    return frozenset(c for c in module.classes if any(resolve(b, c.parent) in METACLASSES for b in c.class_node.bases))


def _owner(name: str, scope: Scope) -> str | None:
    """Who holds a variable that outlives the call: "" for the module, the function around; None for all else."""
    at: Scope | None = scope
    while at is not None:
        kinds = {b.kind for b in at.bindings.get(name, ())} if not at.is_class else set()
        if "global" in kinds:
            return ""
        if kinds and at is not scope and kinds <= _LASTING:
            return at.qualname
        if kinds and "nonlocal" not in kinds:
            return None
        at = at.parent
    return None


def _named(node: cst.BaseExpression, owner: str) -> Slot | None:
    return Slot(str(node.evaluated_value), owner) if isinstance(node, cst.SimpleString) else None


def returned_slot(getter: Scope) -> Slot | None:
    """The slot that a method does nothing but return."""
    body = [s for s in getter.function.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    value = body[0].value if len(body) == 1 and isinstance(body[0], ast.Return) else None
    around = getter.enclosing_class
    if around is None or not isinstance(value, ast.Attribute) or not isinstance(value.value, ast.Name):
        return None
    return Slot(value.attr, around.qualname) if value.value.id in ("cls", "self", around.name) else None


def _bound(node: cst.CSTNode) -> tuple[str, cst.BaseExpression | None]:
    """The one local name that a node binds, and its value."""
    if isinstance(node, cst.Assign) and len(node.targets) == 1 and isinstance(node.targets[0].target, cst.Name):
        return node.targets[0].target.value, node.value
    if isinstance(node, cst.NamedExpr) and isinstance(node.target, cst.Name):
        return node.target.value, node.value
    return "", None


# ---- stores


def stores_in(names: Names) -> list[Store]:
    """Every assignment to a slot in a function's own code."""
    visitor = _Stores(names)
    walk(names.function.body, visitor, enter=visitor.enter)
    return visitor.found


def is_handed_out(store: Store, names: Names) -> bool:
    """Whether a function returns what it stores in a slot."""
    returned = [n.value for n in own_nodes(names.function) if isinstance(n, cst.Return) and n.value is not None]
    if isinstance(store.value, cst.Name) and any(dotted(r) == store.value.value for r in returned):
        return True
    return any(names.value_of(r) == store.slot or names.item_of(r) == store.slot for r in returned)


class _Stores:
    def __init__(self, names: Names) -> None:
        self.found: list[Store] = []
        self._names = names
        self._path: tuple[cst.CSTNode, ...] = ()

    def enter(self, _node: cst.CSTNode, path: list[cst.CSTNode]) -> None:
        self._path = tuple(path)

    def visit_FunctionDef(self, _node: cst.FunctionDef) -> bool:
        return False

    def visit_ClassDef(self, _node: cst.ClassDef) -> bool:
        return False

    def visit_Assign(self, node: cst.Assign) -> None:
        for target in node.targets:
            self._note(node, target.target, node.value)

    def visit_AnnAssign(self, node: cst.AnnAssign) -> None:
        if node.value is not None:
            self._note(node, node.target, node.value)

    def _note(self, node: cst.Assign | cst.AnnAssign, target: cst.BaseExpression, value: cst.BaseExpression) -> None:
        key: cst.BaseSlice | None = None
        if isinstance(target, cst.Subscript) and len(target.slice) == 1:
            key, target = target.slice[0].slice, target.value
        if isinstance(target, cst.Name | cst.Attribute) and (slot := self._names.slot(target)) is not None:
            self.found.append(Store(slot, node, target, value, key, self._path))


def may_store(function: Scope) -> Iterator[ast.Assign | ast.AnnAssign]:
    """The assignments of a function that may be to a slot, as far as facts can tell: to an attribute of a class, or to
    a name that is declared global or nonlocal. For candidates."""
    own = [s for s in function.statements() if isinstance(s, ast.Assign | ast.AnnAssign)]
    if not own:
        return
    outer = {n for s in function.statements() if isinstance(s, ast.Global | ast.Nonlocal) for n in s.names}
    means = {"__class__", "cls"}
    if function.enclosing_class is not None and function.parameters and _gets_class(function):
        means.add(function.parameters[0])
    means |= function.module.derive(_class_names)
    means |= {t.id for s in own if _last(s.value) in means for t in targets_of(s) if isinstance(t, ast.Name)}
    for statement in own:
        for target in targets_of(statement):
            at = target.value if isinstance(target, ast.Subscript) else target
            is_item = at is not target and isinstance(at, ast.Name) and at.id not in function.bindings
            is_name = is_item or (isinstance(at, ast.Name) and at.id in outer)
            if is_name or (isinstance(at, ast.Attribute) and _last(at.value) in means):
                yield statement
                break


def _class_names(module: Module) -> frozenset[str]:
    return frozenset(c.name for c in module.classes)


def targets_of(statement: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    """What an assignment assigns to."""
    return statement.targets if isinstance(statement, ast.Assign) else [statement.target]


def _last(node: ast.expr | None) -> str:
    """What may mean a class: the last of a chain of names; ``__class__`` for ``type(…)``."""
    if isinstance(node, ast.Call):
        return "__class__" if isinstance(node.func, ast.Name) and node.func.id == "type" else ""
    return (facts.dotted(node) or "").rpartition(".")[2]


# ---- the code around


def first_value(slot: Slot, module: Module) -> ast.expr | None:
    """What the body of its class or module gives a slot, where it does so once."""
    owner = next((s for s in module.scopes if s.qualname == slot.owner and not s.is_function), None)
    binding = owner.binds_once(slot.name) if owner is not None else None
    return binding.value if binding is not None else None


def own_nodes(function: cst.FunctionDef) -> list[cst.CSTNode]:
    """Every node that a function evaluates itself."""
    return list(descendants(function.body, into_scopes=False))


def methods_of(node: cst.ClassDef) -> dict[str, cst.FunctionDef]:
    """The methods that stand directly in a class body."""
    return {s.name.value: s for s in node.body.body if isinstance(s, cst.FunctionDef)}


def slot_statement(node: cst.ClassDef, slot: str) -> cst.SimpleStatementLine | None:
    """The line of the class body that gives a slot its first value."""
    for line in node.body.body:
        if isinstance(line, cst.SimpleStatementLine):
            for small in line.body:
                targets = [t.target for t in small.targets] if isinstance(small, cst.Assign) else []
                targets += [small.target] if isinstance(small, cst.AnnAssign) else []
                if any(isinstance(t, cst.Name) and t.value == slot for t in targets):
                    return line
    return None


def is_docstring(statement: cst.CSTNode) -> bool:
    """Whether a statement is nothing but a string."""
    return isinstance(statement, cst.SimpleStatementLine) and all(
        isinstance(s, cst.Expr) and isinstance(s.value, cst.SimpleString | cst.ConcatenatedString)
        for s in statement.body
    )
