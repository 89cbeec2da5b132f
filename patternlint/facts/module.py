"""One module's facts, gathered in one walk over its statements; expressions are looked at when somebody asks."""

from __future__ import annotations

import ast
import builtins
import re
import warnings
from collections.abc import Callable, Iterable
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from patternlint.facts.imports import ImportBinding, absolute_module, bindings_of
from patternlint.facts.names import dotted
from patternlint.facts.scopes import Binding, Scope
from patternlint.source import Source

_BUILTINS = frozenset(dir(builtins))
_ALIAS_DEPTH = 5
_TESTS = frozenset({"tests", "test", "testing", "conftest"})
_VENDORED = frozenset({"_vendor", "_vendored", "vendor", "vendored", "third_party", "thirdparty", "_vendored_packages"})

_DEFINITIONS: dict[type[ast.stmt], str] = {
    ast.FunctionDef: "function", ast.AsyncFunctionDef: "function", ast.ClassDef: "class"
}  # fmt: skip
_IMPORTS = (ast.Import, ast.ImportFrom)
_COMPOUND = frozenset(
    {ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match}
)

V = TypeVar("V")


class Module:
    """What `ast` says about one module.

    Args:
        source: the file.
        name: its dotted name, ``shop.cart`` (``shop`` for ``shop/__init__.py``).
        relpath: its path relative to the project's root, with forward slashes.
        tree: its syntax tree, if somebody has parsed it already; it is only read.

    Raises:
        SyntaxError: the text does not parse.
        RecursionError, MemoryError: it is nested too deeply for the interpreter's parser.
    """

    def __init__(self, source: Source, name: str, relpath: str, tree: ast.Module | None = None) -> None:
        self.source = source
        self.name = name
        self.relpath = relpath
        self.path: Path = source.path
        self.is_package = source.path.stem == "__init__"
        self.tree = _parsed(source) if tree is None else tree
        self.scope = Scope(self.tree, "module", "", None, self)
        self.scopes: list[Scope] = [self.scope]
        self.imports: list[ImportBinding] = []
        self._imports_in: dict[Scope, list[ImportBinding]] = {}
        self._derived: dict[Callable[[Module], Any], Any] = {}
        self._rows: dict[frozenset[str], list[int]] = {}  # what `rows_with` has found
        self._walk()

    def __repr__(self) -> str:
        return f"<module {self.name}>"

    def release(self) -> None:
        """Let go of the syntax tree at once: scopes and module refer to each other, so it would wait for a collection.

        Neither the module nor its scopes can be used afterwards.
        """
        for scope in self.scopes:
            scope.__dict__.clear()
            scope.children, scope.own = {}, []
            del scope.node, scope.module, scope.parent
        self.__dict__.clear()

    def _walk(self) -> None:
        stack: list[tuple[ast.stmt, Scope, str]] = [(s, self.scope, "") for s in reversed(self.tree.body)]
        while stack:
            node, scope, guard = stack.pop()
            scope.own.append(node)
            kind = type(node)
            if kind in _DEFINITIONS:
                inner = Scope(node, _DEFINITIONS[kind], node.name, scope, self)  # type: ignore[attr-defined]
                scope.children.setdefault(inner.name, []).append(inner)
                self.scopes.append(inner)
                stack += [(s, inner, "") for s in reversed(node.body)]  # type: ignore[attr-defined]
            elif isinstance(node, _IMPORTS):
                found = bindings_of(node, scope, guard, self.name, self.is_package)
                self.imports += found
                self._imports_in.setdefault(scope, []).extend(found)
            elif kind in _COMPOUND:
                for block, its_guard in reversed(_blocks(node, guard)):
                    stack += [(s, scope, its_guard) for s in reversed(block)]

    def derive(self, facts: Callable[[Module], V]) -> V:
        """What a function makes of this module: computed once, kept as long as the module (a family's vocabulary)."""
        if facts not in self._derived:
            self._derived[facts] = facts(self)
        derived: V = self._derived[facts]
        return derived

    def rows_with(self, words: Iterable[str]) -> list[int]:
        """The rows (1-based, sorted) on which one of the words stands, in code or not."""
        wanted = frozenset(words)
        if wanted not in self._rows:
            self._rows[wanted] = sorted(self._found_rows(wanted))
        return self._rows[wanted]

    def _found_rows(self, words: Iterable[str]) -> set[int]:
        text, position = self.source.text, self.source.position
        found: set[int] = set()
        for word in words:
            for match in re.finditer(rf"{re.escape(word)}(?!\w)", text):  # begins with what can be searched for fast
                before = text[match.start() - 1 : match.start()]
                if not before.isalnum() and before != "_":
                    found.add(position(match.start())[0])
        return found

    @cached_property
    def walrus_rows(self) -> list[int]:
        """The rows (1-based, sorted) with a ``:=``."""
        text, position = self.source.text, self.source.position
        return sorted({position(m.start())[0] for m in re.finditer(":=", text)})

    @property
    def functions(self) -> list[Scope]:
        """Every def, in source order."""
        return [s for s in self.scopes if s.is_function]

    @property
    def classes(self) -> list[Scope]:
        """Every class, in source order."""
        return [s for s in self.scopes if s.is_class]

    @cached_property
    def is_test(self) -> bool:
        """Whether the path says test code: ``tests/``, ``testing/``, ``test_*.py``, ``*_test.py``, ``conftest.py``."""
        *folders, name = self.relpath.removesuffix(".py").split("/")
        return not _TESTS.isdisjoint((*folders, name)) or name.startswith("test_") or name.endswith("_test")

    @cached_property
    def is_vendored(self) -> bool:
        """Whether the path says that the code is a copy of somebody else's."""
        return not _VENDORED.isdisjoint(self.relpath.split("/"))

    @cached_property
    def exports(self) -> frozenset[str] | None:
        """The strings of ``__all__``, None where the module has none or builds it in another way than by literals."""
        names: set[str] = set()
        bindings = self.scope.bindings.get("__all__")
        if not bindings:
            return None
        for binding in bindings:
            value = binding.value or getattr(binding.node, "value", None)
            if not isinstance(value, ast.List | ast.Tuple | ast.Set):
                return None
            names |= {e.value for e in value.elts if isinstance(e, ast.Constant) and isinstance(e.value, str)}
        return frozenset(names)

    def imports_in(self, scope: Scope) -> list[ImportBinding]:
        """The imports that stand in this scope, in source order."""
        return self._imports_in.get(scope, [])

    def absolute(self, node: ast.ImportFrom) -> str:
        """The dotted name of the module that a from-import of this module names."""
        return absolute_module(node, self.name, self.is_package)

    def resolve(self, name: str | ast.AST | None, scope: Scope | None = None) -> str | None:
        """What a dotted name means: its absolute dotted name.

        Args:
            name: ``"a.b"``, or an expression.
            scope: where it is read; the module's own scope by default.

        Returns:
            ``functools.wraps`` for an imported name, ``shop.cart.Cart.add`` for one of this module,
            ``builtins.len`` for a builtin; aliases (``x = a.b`` bound once) are followed. None for a parameter, a
            local or anything that is not known.
        """
        path = name if isinstance(name, str) else dotted(name)
        return None if path is None else self._resolve(path, scope or self.scope, _ALIAS_DEPTH)

    def _resolve(self, path: str, scope: Scope, depth: int) -> str | None:
        head, _, rest = path.partition(".")
        at: Scope | None = scope
        while at is not None:
            bindings = at.bindings.get(head) if at is scope or not at.is_class else None
            if bindings and any(b.kind == "global" for b in bindings):
                at = None if at is self.scope else self.scope
                continue
            if bindings and not any(b.kind == "nonlocal" for b in bindings):
                target = self._target(bindings, at, head, depth)
                return f"{target}.{rest}" if target and rest else target
            at = at.parent
        return f"builtins.{path}" if head in _BUILTINS else None

    def _target(self, bindings: list[Binding], scope: Scope, name: str, depth: int) -> str | None:
        kinds = {b.kind for b in bindings}
        if kinds == {"import"}:
            # of a try/except ImportError pair the first is the one meant; one for type checkers alone comes last
            ranked = sorted(bindings, key=lambda b: b.imported is not None and b.imported.guard == "type-checking")
            return ranked[0].imported.target if ranked[0].imported else None
        if kinds <= {"def", "class"}:
            outer = scope.dotted
            return f"{outer}.{name}" if outer else name
        first = bindings[0]
        if "import" in kinds and first.imported is not None and kinds <= {"import", "assign"}:
            # try: from a import b / except ImportError: b = None
            others = [b.value for b in bindings if b.kind == "assign"]
            if all(isinstance(v, ast.Constant) and v.value is None for v in others):
                return first.imported.target
            return None
        if len(bindings) == 1 and first.kind == "assign" and depth:
            if (path := dotted(first.value)) is not None and path != name:
                return self._resolve(path, scope, depth - 1)
            if scope is self.scope or scope.is_class:
                return f"{scope.dotted}.{name}" if scope.dotted else name
        if scope is self.scope and kinds <= {"assign", "augment", "def", "class"}:
            return f"{self.name}.{name}"
        return None


def _parsed(source: Source) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of invalid escapes: they are for the code's own runs
        return ast.parse(source.text)


def _blocks(node: ast.stmt, guard: str) -> list[tuple[list[ast.stmt], str]]:
    """The blocks of a compound statement, each with the guard of what stands in it."""
    match node:
        case ast.If():
            kind = _condition(node.test)
            other = guard if kind in ("type-checking", "main") else "if"
            if guard in ("type-checking", "main"):
                kind = other = guard
            return [(node.body, kind), (node.orelse, other)]
        case ast.Try() | ast.TryStar():
            handlers = [(h.body, "except") for h in node.handlers]
            inner = "try" if node.handlers else guard
            return [(node.body, inner), *handlers, (node.orelse, inner), (node.finalbody, guard)]
        case ast.With() | ast.AsyncWith():
            return [(node.body, "with")]
        case ast.For() | ast.AsyncFor() | ast.While():
            return [(node.body, "loop"), (node.orelse, "loop")]
        case ast.Match():
            return [(case.body, "match") for case in node.cases]
    return []


def _condition(test: ast.expr) -> str:
    if (dotted(test) or "").rpartition(".")[2] == "TYPE_CHECKING":
        return "type-checking"
    if isinstance(test, ast.Compare) and dotted(test.left) == "__name__":
        return "main"
    return "if"
