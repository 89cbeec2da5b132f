"""The singleton slot: the class attribute that holds the one instance, how it is tested and where it is stored."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

from patternlint import facts
from patternlint.cstnames import dotted
from patternlint.facts import Scope
from patternlint.rule import cst
from patternlint.walker import descendants, walk


class Test(NamedTuple):
    """A condition on a slot: whether it is true when the slot is filled. `keyed` slots hold one instance per key."""

    slot: str
    when_filled: bool
    keyed: bool = False


class Store(NamedTuple):
    """An assignment to a slot, and the nodes around it from the function's body inwards."""

    slot: str
    node: cst.Assign | cst.AnnAssign
    value: cst.BaseExpression
    key: cst.BaseSlice | None
    around: tuple[cst.CSTNode, ...]


def methods_of(node: cst.ClassDef) -> dict[str, cst.FunctionDef]:
    """The methods that stand directly in a class body."""
    return {s.name.value: s for s in node.body.body if isinstance(s, cst.FunctionDef)}


def owners_in(function: cst.FunctionDef, class_name: str) -> frozenset[str]:
    """The names that mean the class in one of its methods: its own, ``cls`` if it is the first parameter, locals."""
    found = {class_name, "self.__class__"}
    first = [p.name.value for p in (*function.params.posonly_params, *function.params.params)[:1]]
    if function.name.value == "__new__" or any(dotted(d.decorator) == "classmethod" for d in function.decorators):
        found.update(first)
    for node in own_nodes(function):
        if isinstance(node, cst.Assign) and is_the_class(node.value, frozenset({class_name, "self.__class__"})):
            found.update(t.target.value for t in node.targets if isinstance(t.target, cst.Name))
    return frozenset(found)


def is_the_class(node: cst.CSTNode, owners: frozenset[str]) -> bool:
    """Whether an expression means the class: one of the `owners`, ``type(self)``, the class by a longer path."""
    if isinstance(node, cst.Call):
        return dotted(node.func) == "type" and len(node.args) == 1 and dotted(node.args[0].value) == "self"
    path = dotted(node)
    return path is not None and (path in owners or path.rpartition(".")[2] in owners)


def slot_read(node: cst.CSTNode, owners: frozenset[str]) -> str | None:
    """The slot that an expression reads: ``cls.X``, ``getattr(cls, "X", None)``."""
    if isinstance(node, cst.Attribute) and is_the_class(node.value, owners):
        return node.attr.value
    if isinstance(node, cst.Call) and dotted(node.func) in ("getattr", "hasattr") and len(node.args) > 1:
        name = node.args[1].value
        if is_the_class(node.args[0].value, owners) and isinstance(name, cst.SimpleString):
            return str(name.evaluated_value)
    return None


def tests_in(condition: cst.BaseExpression, owners: frozenset[str]) -> Iterator[Test]:
    """The slots that a condition asks about, its ``and`` and ``or`` parts included."""
    pending: list[tuple[cst.BaseExpression, bool]] = [(condition, True)]
    while pending:
        node, positive = pending.pop()
        if isinstance(node, cst.UnaryOperation) and isinstance(node.operator, cst.Not):
            pending.append((node.expression, not positive))
        elif isinstance(node, cst.BooleanOperation):
            pending += [(node.left, positive), (node.right, positive)]
        elif isinstance(node, cst.Comparison) and len(node.comparisons) == 1:
            if (found := _compared(node, owners)) is not None:
                yield found._replace(when_filled=found.when_filled is positive)
        elif (slot := slot_read(node, owners)) is not None:
            yield Test(slot, positive)


def _compared(node: cst.Comparison, owners: frozenset[str]) -> Test | None:
    operator, right = node.comparisons[0].operator, node.comparisons[0].comparator
    slot = slot_read(node.left, owners)
    if slot is not None and dotted(right) in ("None", "False", "True"):
        equal = isinstance(operator, cst.Is | cst.Equal)
        return Test(slot, equal is (dotted(right) == "True"))
    filled = isinstance(operator, cst.In)
    if not filled and not isinstance(operator, cst.NotIn):
        return None
    if (slot := slot_read(right, owners)) is None:
        return None
    if slot == "__dict__" and isinstance(node.left, cst.SimpleString):  # `"X" in cls.__dict__`
        return Test(str(node.left.evaluated_value), filled)
    return Test(slot, filled, keyed=True)


def may_store(function: Scope) -> Iterator[ast.Assign | ast.AnnAssign]:
    """The assignments of a method that may be to a slot: to an attribute of the class, as far as facts can tell."""
    own = [s for s in function.statements() if isinstance(s, ast.Assign | ast.AnnAssign)]
    means = {"__class__", *function.parameters[: function.name == "__new__"]}
    means |= {function.enclosing_class.name} if function.enclosing_class is not None else set()
    means |= {t.id for s in own if _last(s.value) in means for t in targets_of(s) if isinstance(t, ast.Name)}
    for statement in own:
        targets = [t.value if isinstance(t, ast.Subscript) else t for t in targets_of(statement)]
        if any(isinstance(t, ast.Attribute) and _last(t.value) in means for t in targets):
            yield statement


def targets_of(statement: ast.Assign | ast.AnnAssign) -> list[ast.expr]:
    """What an assignment assigns to."""
    return statement.targets if isinstance(statement, ast.Assign) else [statement.target]


def _last(node: ast.expr | None) -> str:
    """What may mean a class: the last of a chain of names; ``__class__`` for ``type(…)``."""
    if isinstance(node, ast.Call):
        return "__class__" if isinstance(node.func, ast.Name) and node.func.id == "type" else ""
    return (facts.dotted(node) or "").rpartition(".")[2]


def stores_in(function: cst.FunctionDef, class_name: str) -> list[Store]:
    """Every assignment to a slot in a function's own code."""
    visitor = _Stores(owners_in(function, class_name))
    walk(function.body, visitor, enter=visitor.enter)
    return visitor.found


class _Stores:
    def __init__(self, owners: frozenset[str]) -> None:
        self.found: list[Store] = []
        self._owners = owners
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

    def _note(self, node: cst.Assign | cst.AnnAssign, target: cst.CSTNode, value: cst.BaseExpression) -> None:
        key: cst.BaseSlice | None = None
        if isinstance(target, cst.Subscript) and len(target.slice) == 1:
            key, target = target.slice[0].slice, target.value
        if isinstance(target, cst.Attribute) and is_the_class(target.value, self._owners):
            self.found.append(Store(target.attr.value, node, value, key, self._path))


def own_nodes(function: cst.FunctionDef) -> list[cst.CSTNode]:
    """Every node that a function evaluates itself."""
    return list(descendants(function.body, into_scopes=False))


def tests_by(function: cst.FunctionDef, class_name: str) -> list[tuple[cst.If, Test]]:
    """The slot tests of a function's own ``if`` statements, each with its statement; ``self.X`` reads a slot, too."""
    owners = owners_in(function, class_name) | {"self"}
    return [(n, t) for n in own_nodes(function) if isinstance(n, cst.If) for t in tests_in(n.test, owners)]


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
