"""The import statements of a module, wherever they stand."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from patternlint.facts.scopes import Scope


class ImportBinding(NamedTuple):
    """One name that one import statement binds.

    `loads` is the module that the statement loads (``a.b`` for ``import a.b``), `target` what `name` then means
    (``a`` for ``import a.b``; ``a.b.c`` for ``from a.b import c``). `name` is ``*`` for a star import.
    `guard` is the innermost block around it within its scope: "" (none), "type-checking", "main"
    (``if __name__ == "__main__"``), "try", "except", "if", "loop", "with" or "match".
    """

    node: ast.Import | ast.ImportFrom
    scope: Scope
    name: str
    target: str
    loads: str
    guard: str

    @property
    def row(self) -> int:
        """The row (1-based) of the statement."""
        return self.node.lineno

    @property
    def at_import_time(self) -> bool:
        """Whether importing the module runs the statement: in no function, for no type checker, not as a script."""
        scope: Scope | None = self.scope
        while scope is not None:
            if scope.is_function:
                return False
            scope = scope.parent
        return self.guard not in ("type-checking", "main")


def absolute_module(node: ast.ImportFrom, module_name: str, is_package: bool) -> str:
    """The dotted name of the module that a from-import names, relative ones resolved (PEP 328)."""
    if not node.level:
        return node.module or ""
    parts = module_name.split(".")
    drop = node.level - 1 if is_package else node.level
    parents = parts[: len(parts) - drop] if drop else parts
    return ".".join([*parents, *([node.module] if node.module else [])])


def bindings_of(
    node: ast.Import | ast.ImportFrom, scope: Scope, guard: str, module_name: str, is_package: bool
) -> list[ImportBinding]:
    """What one import statement binds."""
    if isinstance(node, ast.Import):
        return [
            ImportBinding(node, scope, a.asname or a.name.split(".")[0], a.name if a.asname else a.name.split(".")[0],
                          a.name, guard)
            for a in node.names
        ]  # fmt: skip
    base = absolute_module(node, module_name, is_package)
    return [
        ImportBinding(node, scope, a.asname or a.name, f"{base}.{a.name}" if base else a.name, base, guard)
        for a in node.names
    ]
