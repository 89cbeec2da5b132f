"""Scopes of a module and the names they bind."""

from __future__ import annotations

import ast
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from patternlint.facts.names import SCOPES, children, dotted, header_nodes, touches

if TYPE_CHECKING:
    from patternlint.facts.imports import ImportBinding
    from patternlint.facts.module import Module

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
BLOCKS = ("body", "orelse", "finalbody")


class Binding(NamedTuple):
    """One place that binds a name.

    `kind`: "import" "def" "class" "parameter" "assign" "augment" "for" "with" "except" "match" "walrus" "delete"
    "global" "nonlocal". `node` is the `ast` node that does it (an ImportBinding's statement for imports). `value` is
    the expression bound where the whole name gets it, else None; `imported` the import's facts.
    """

    kind: str
    node: ast.AST
    value: ast.expr | None = None
    imported: ImportBinding | None = None


class Scope:
    """A module, class or function, as a scope (Python reference, section 4.2)."""

    __slots__ = ("__dict__", "children", "kind", "module", "name", "node", "own", "parent")

    def __init__(self, node: ast.AST, kind: str, name: str, parent: Scope | None, module: Module) -> None:
        self.node = node
        self.kind = kind  # "module", "class" or "function"
        self.name = name
        self.parent = parent
        self.module = module
        self.children: dict[str, list[Scope]] = {}  # by name: a property has two defs of one name
        self.own: list[ast.stmt] = []

    def __repr__(self) -> str:
        return f"<{self.kind} {self.module.name}:{self.qualname}>"

    @property
    def is_function(self) -> bool:
        """Whether this is a def."""
        return self.kind == "function"

    @property
    def is_class(self) -> bool:
        """Whether this is a class."""
        return self.kind == "class"

    @property
    def is_async(self) -> bool:
        """Whether this is an ``async def``."""
        return isinstance(self.node, ast.AsyncFunctionDef)

    @property
    def function(self) -> FunctionNode:
        """The node of a function scope, typed."""
        assert isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef)
        return self.node

    def is_decorated(self, *names: str) -> bool:
        """Whether one of a def's decorators is one of these dotted names, as written and not called."""
        return any(dotted(decorator) in names for decorator in self.function.decorator_list)

    @property
    def class_node(self) -> ast.ClassDef:
        """The node of a class scope, typed."""
        assert isinstance(self.node, ast.ClassDef)
        return self.node

    @property
    def row(self) -> int:
        """The row (1-based) of the ``def`` or ``class`` keyword; 1 for the module."""
        return getattr(self.node, "lineno", 1)

    def holds(self, rows: Sequence[int]) -> bool:
        """Whether one of the rows (sorted) lies in this def or class; all do in a module."""
        at = bisect_left(rows, self.row)
        return at < len(rows) and rows[at] <= getattr(self.node, "end_lineno", rows[at])

    @cached_property
    def qualname(self) -> str:
        """As ``__qualname__`` (PEP 3155); "" for the module."""
        if self.parent is None:
            return ""
        outer = self.parent.qualname
        if self.parent.is_function:
            return f"{outer}.<locals>.{self.name}"
        return f"{outer}.{self.name}" if outer else self.name

    @property
    def dotted(self) -> str:
        """The absolute dotted name, ``<locals>`` left out."""
        qualname = self.qualname.replace("<locals>.", "")
        return f"{self.module.name}.{qualname}" if qualname else self.module.name

    @cached_property
    def enclosing_class(self) -> Scope | None:
        """The class in whose body this scope stands directly, None elsewhere."""
        return self.parent if self.parent is not None and self.parent.is_class else None

    @property
    def is_local(self) -> bool:
        """Whether a function encloses this scope."""
        scope = self.parent
        while scope is not None:
            if scope.is_function:
                return True
            scope = scope.parent
        return False

    @cached_property
    def outermost(self) -> Scope:
        """The function around this scope that lies in no other function; the scope itself if it is in none."""
        found, scope = self, self.parent
        while scope is not None:
            if scope.is_function:
                found = scope
            scope = scope.parent
        return found

    @cached_property
    def parameters(self) -> list[str]:
        """The names of a function's parameters in order, with ``*args`` and ``**kwargs``; [] elsewhere."""
        if not isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef):
            return []
        a = self.node.args
        every = [*a.posonlyargs, *a.args, a.vararg, *a.kwonlyargs, a.kwarg]
        return [p.arg for p in every if p is not None]

    def statements(self) -> Iterator[ast.stmt]:
        """The scope's own statements in source order, those in nested blocks included; a def or class inside is
        yielded but not entered."""
        return iter(self.own)

    def walk(self) -> Iterator[Scope]:
        """This scope and every scope inside it, in source order."""
        yield self
        for scopes in self.children.values():
            for scope in scopes:
                yield from scope.walk()

    @property
    def nested_functions(self) -> list[Scope]:
        """The defs that stand directly in this scope."""
        return [s for scopes in self.children.values() for s in scopes if s.is_function]

    @property
    def methods(self) -> dict[str, Scope]:
        """The functions of a class by name, the last definition where there are several."""
        return {name: scopes[-1] for name, scopes in self.children.items() if scopes[-1].is_function}

    @cached_property
    def bindings(self) -> dict[str, list[Binding]]:
        """Every binding of every name in this scope, in source order."""
        found: dict[str, list[Binding]] = {}
        for name in self.parameters:
            found.setdefault(name, []).append(Binding("parameter", self.node))
        for imported in self.module.imports_in(self):
            found.setdefault(imported.name, []).append(Binding("import", imported.node, imported=imported))
        walrus_rows = self.module.walrus_rows
        for statement in self.own:
            if type(statement) in _BINDERS:
                for name, binding in _bound_by(statement):
                    found.setdefault(name, []).append(binding)
            if walrus_rows and touches(statement, walrus_rows):
                for part in _expressions(statement):
                    if isinstance(part, ast.NamedExpr):
                        found.setdefault(part.target.id, []).append(Binding("walrus", part, part.value))
        return found

    def binds_once(self, name: str) -> Binding | None:
        """The binding of a name that has exactly one in this scope, else None."""
        bindings = self.bindings.get(name, ())
        return bindings[0] if len(bindings) == 1 else None


def target_names(target: ast.AST) -> Iterator[str]:
    """The plain names in an assignment target."""
    stack = [target]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Tuple | ast.List):
            stack.extend(reversed(node.elts))
        elif isinstance(node, ast.Starred):
            stack.append(node.value)


# the statements that can bind a name by themselves: most cannot
_BINDERS = frozenset(
    {
        ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.For,
        ast.AsyncFor, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match, ast.Delete, ast.Global, ast.Nonlocal,
        getattr(ast, "TypeAlias", ast.Global),
    }
)  # fmt: skip


def _bound_by(node: ast.stmt) -> Iterator[tuple[str, Binding]]:
    """What one statement binds by itself: not its blocks' statements, and no import (they are facts already)."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield node.name, Binding("def", node)
        case ast.ClassDef():
            yield node.name, Binding("class", node)
        case ast.Assign():
            for target in node.targets:
                whole = isinstance(target, ast.Name)
                for name in target_names(target):
                    yield name, Binding("assign", node, node.value if whole else None)
        case ast.AnnAssign():
            if isinstance(node.target, ast.Name):
                yield node.target.id, Binding("assign", node, node.value)
        case ast.AugAssign():
            if isinstance(node.target, ast.Name):
                yield node.target.id, Binding("augment", node)
        case ast.For() | ast.AsyncFor():
            for name in target_names(node.target):
                yield name, Binding("for", node)
        case ast.With() | ast.AsyncWith():
            for item in node.items:
                if item.optional_vars is not None:
                    for name in target_names(item.optional_vars):
                        yield name, Binding("with", node)
        case ast.Try() | ast.TryStar():
            for handler in node.handlers:
                if handler.name:
                    yield handler.name, Binding("except", handler)
        case ast.Match():
            for case in node.cases:
                for part in ast.walk(case.pattern):
                    captured = getattr(part, "name", None) or getattr(part, "rest", None)
                    if isinstance(part, ast.MatchAs | ast.MatchStar | ast.MatchMapping) and captured:
                        yield captured, Binding("match", node)
        case ast.Delete():
            for target in node.targets:
                for name in target_names(target):
                    yield name, Binding("delete", node)
        case ast.Global():
            for name in node.names:
                yield name, Binding("global", node)
        case ast.Nonlocal():
            for name in node.names:
                yield name, Binding("nonlocal", node)
        case _ if (alias := getattr(ast, "TypeAlias", None)) and isinstance(node, alias):
            yield node.name.id, Binding("assign", node, node.value)


def _expressions(statement: ast.stmt) -> Iterator[ast.AST]:
    """The expression nodes that a statement evaluates in its own scope, its blocks left out."""
    if isinstance(statement, SCOPES):
        stack = header_nodes(statement)
    else:
        stack = [c for c in children(statement) if not isinstance(c, (ast.stmt, ast.excepthandler))]
    while stack:
        node = stack.pop()
        yield node
        if isinstance(node, ast.Lambda):
            stack += header_nodes(node)
        else:
            stack += [c for c in children(node) if not isinstance(c, ast.stmt)]
