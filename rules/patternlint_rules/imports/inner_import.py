"""One import statement in a function: what it binds, what stands around it, and why it may have been put there."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, NamedTuple

from patternlint.facts import ImportBinding, Scope, dotted, own_nodes, walk
from patternlint.pragmas import PRAGMA
from patternlint.walker import descendants
from patternlint_rules.imports.once import is_memoised, runs_once

if TYPE_CHECKING:
    from patternlint.rule import Rule, cst

# an import that does not begin its line at the left margin: most modules have none
PATTERNS = (
    r"\n[ \t\f]+(?:import|from)\b", r";[ \t\f]*(?:import|from)\b", r":[ \t\f]*(?:import|from)\b",
    r"\r[ \t\f]*(?:import|from)\b",
)  # fmt: skip
_REASON = re.compile(
    r"circular|cycl|laz(?:y|ily)|defer|delay|avoid|optional|heavy|slow|start-?up|on demand|import.outside|PLC0415|C0415"
    r"|(?:local|inner|inline|late) import|import(?:ed)? (?:here|inside|late|locally)",
    re.IGNORECASE,
)
_OTHER_TOOLS = re.compile(r"pylint:\s*disable\S*.*(?:import-outside-toplevel|C0415)|ruff:\s*noqa.*PLC0415")
_SUPPRESSES = re.compile(r"suppress\(.*(?:Import|ModuleNotFound)Error")
_LINE = 88
_IMPORT_ERRORS = frozenset({"ImportError", "ModuleNotFoundError"})
_PLATFORM = re.compile(r"\b(?:sys\.platform|os\.name|platform\.\w+|sys\.version_info|sys\.implementation)\b")
# the source of such a function is shipped to where the module around it does not exist
_SHIPPED = re.compile(r"virtualenv|external_python|component|docker|kubernetes|udf|remote", re.IGNORECASE)
_FEATURE = re.compile(r"\b[A-Z][A-Z0-9_]{3,}\b|is_installed|find_spec|has_\w+|is_\w+_available|settings\b|config\b")


class InnerImport(NamedTuple):
    """An import statement that stands in a function.

    `around` are the compound statements between the function and it, the outermost first, each with the statements of
    the block that holds it.
    """

    node: ast.Import | ast.ImportFrom
    scope: Scope
    bindings: tuple[ImportBinding, ...]
    around: tuple[tuple[ast.stmt, list[ast.stmt]], ...]

    def with_names(self, names: list[ast.alias]) -> str:
        """The statement with only these of its names, each on a line of its own where one line does not hold them."""
        if isinstance(self.node, ast.Import):
            return ast.unparse(ast.Import(names))
        line = ast.unparse(ast.ImportFrom(self.node.module, names, self.node.level))
        if self.node.lineno == self.node.end_lineno or self.node.col_offset + len(line) <= _LINE:
            return line
        head = line.partition(" import ")[0]
        return "\n".join([f"{head} import (", *(f"    {ast.unparse(name)}," for name in names), ")"])

    @property
    def holds_comment(self) -> bool:
        """Whether a comment stands between the statement's lines."""
        source = self.scope.module.source
        return any(source.comment(row) for row in range(self.node.lineno, self.node.end_lineno or 0))

    @property
    def has_pragma(self) -> bool:
        """Whether a comment to a tool stands on the statement's lines: alone it would mean something else."""
        source = self.scope.module.source
        rows = range(self.node.lineno, (self.node.end_lineno or self.node.lineno) + 1)
        return any(PRAGMA.search(source.comment(row)) for row in rows)

    @property
    def pragma(self) -> str:
        """The comment at the end of its only line, if it speaks to a tool: it goes where the statement goes."""
        comment = self.scope.module.source.comment(self.node.lineno)
        return comment if self.node.lineno == self.node.end_lineno and PRAGMA.search(comment) else ""

    @property
    def is_conditional(self) -> bool:
        """Whether the function can run past it, or go on where it fails."""
        return any(
            not isinstance(s, ast.Try | ast.TryStar) or (block is not s.finalbody and _handles(s, block))
            for s, block in self.around
        )

    @property
    def is_optional(self) -> bool:
        """Whether the code has an answer to what it imports not being there."""
        for statement, block in self.around:
            if isinstance(statement, ast.Try | ast.TryStar) and block is statement.body and _handles_import(statement):
                return True
            if isinstance(statement, ast.With) and _SUPPRESSES.search(_text(statement)):
                return True
        return False

    @property
    def is_bound_to_platform(self) -> bool:
        """Whether a test of the platform or the Python version stands around it."""
        return any(isinstance(s, ast.If) and _PLATFORM.search(ast.unparse(s.test)) for s, _ in self.around)

    @property
    def is_feature(self) -> bool:
        """Whether a setting, a constant or an installed app decides about it."""
        return any(isinstance(s, ast.If) and _FEATURE.search(ast.unparse(s.test)) for s, _ in self.around)

    @property
    def runs_once(self) -> bool:
        """Whether what it imports is kept, so that the statement does not run again."""
        return is_memoised(self.scope) or self.node in runs_once(self.scope)

    @property
    def only_raised(self) -> bool:
        """Whether all that is imported serves to raise an exception."""
        names = {b.name for b in self.bindings}
        nodes = list(own_nodes(self.scope.node))
        raised = {n for r in nodes if isinstance(r, ast.Raise) for n in walk(r)}
        uses = [n for n in nodes if isinstance(n, ast.Name) and n.id in names]
        return bool(uses) and all(n in raised for n in uses)

    @property
    def is_shipped(self) -> bool:
        """Whether the function's source is run elsewhere, without its module."""
        scope: Scope | None = self.scope
        while scope is not None and scope.is_function:
            if any(_SHIPPED.search(ast.unparse(d)) for d in scope.function.decorator_list):
                return True
            scope = scope.parent
        return False

    @property
    def touches_import_system(self) -> bool:
        """Whether the function reloads modules or changes ``sys.modules`` or ``sys.path``."""
        return any(
            dotted(n) in ("importlib.reload", "reload", "sys.modules", "sys.path", "importlib.invalidate_caches")
            for n in own_nodes(self.scope.node)
            if isinstance(n, ast.Name | ast.Attribute)
        )

    @property
    def reason_given(self) -> bool:
        """Whether a comment says why the import stands here, or tells another tool to accept it."""
        source = self.scope.module.source
        rows = {*range(self.node.lineno, (self.node.end_lineno or self.node.lineno) + 1), *_rows_above(self)}
        if any(_REASON.search(source.comment(row)) for row in rows):
            return True
        before = range(self.scope.outermost.row, self.node.lineno)
        comments = source.comments if _OTHER_TOOLS.search(source.text) else {}
        lines = {row: source.line(row) for row, text in comments.items() if _OTHER_TOOLS.search(text)}
        return any(line[0] == "#" or (line.lstrip()[0] == "#" and row in before) for row, line in lines.items())

    @property
    def clashes(self) -> Iterator[str]:
        """Names it binds that the function, or one around it, binds in another way too."""
        for binding in self.bindings:
            scope: Scope | None = self.scope
            while scope is not None and scope.is_function:
                others = scope.bindings.get(binding.name, ())
                if any(b.imported is None or b.imported.target != binding.target for b in others):
                    yield binding.name
                    break
                scope = scope.parent


def inner_import(rule: Rule, node: cst.Import | cst.ImportFrom) -> InnerImport | None:
    """The facts of the statement under the walk; None where it stands in no function."""
    if not rule.scope.is_function:
        return None
    return of_statement(rule.scope, next(s for s, n in _imports_under_walk(rule) if n is node))


def nodes_of_group(
    rule: Rule, statement: InnerImport, goes: Callable[[ImportBinding], bool] = lambda binding: True
) -> list[tuple[InnerImport, cst.Import | cst.ImportFrom]] | None:
    """The statement under the walk, and those of its function that import what goes with it, or with each other.

    Where one of them goes, all go: a name that one of them still binds would be a local everywhere in the function.
    None where one stays.
    """
    found = [(of_statement(rule.scope, s), n) for s, n in _imports_under_walk(rule)]
    going = {id(s.node): {b.name for b in s.bindings if goes(b)} for s, _ in found}
    names = going[id(statement.node)]
    while more := {name for some in going.values() if not names.isdisjoint(some) for name in some} - names:
        names = names | more
    if any(b.name in names - going[id(s.node)] for s, _ in found for b in s.bindings):
        return None
    return [(s, n) for s, n in found if not names.isdisjoint(going[id(s.node)])]


def _imports_under_walk(rule: Rule) -> list[tuple[ast.Import | ast.ImportFrom, cst.Import | cst.ImportFrom]]:
    """The import statements of the function under the walk, in both trees."""
    definition = next(n for n in reversed(rule.ancestors) if type(n).__name__ == "FunctionDef")
    nodes = [n for n in descendants(definition, into_scopes=False) if type(n).__name__ in ("Import", "ImportFrom")]
    statements = [s for s in rule.scope.statements() if isinstance(s, ast.Import | ast.ImportFrom)]
    return list(zip(statements, nodes, strict=True))  # type: ignore[arg-type]


def of_statement(scope: Scope, node: ast.Import | ast.ImportFrom) -> InnerImport:
    """The facts of an import statement of a function."""
    bindings = tuple(b for b in scope.module.imports_in(scope) if b.node is node)
    return InnerImport(node, scope, bindings, tuple(_around(scope.function.body, node)))


def _around(block: list[ast.stmt], node: ast.stmt) -> Iterator[tuple[ast.stmt, list[ast.stmt]]]:
    for statement in block:
        if not (statement.lineno <= node.lineno <= (statement.end_lineno or 0)) or statement is node:
            continue
        parts = [getattr(statement, name, []) for name in ("body", "orelse", "finalbody")]
        parts += [part.body for name in ("handlers", "cases") for part in getattr(statement, name, [])]
        for inner in parts:
            if inner and inner[0].lineno <= node.lineno <= (inner[-1].end_lineno or 0):
                yield statement, inner
                yield from _around(inner, node)
                return


def _handles(statement: ast.Try | ast.TryStar, block: list[ast.stmt]) -> bool:
    """Whether a failing import in this block of a ``try`` would be handled there, or the block is a handler."""
    if block is not statement.body:
        return True
    return any(
        not h.type or {"Exception", "BaseException", *_IMPORT_ERRORS} & set(re.findall(r"\w+", ast.unparse(h.type)))
        for h in statement.handlers
    )


def _handles_import(statement: ast.Try | ast.TryStar) -> bool:
    return any(h.type and _IMPORT_ERRORS & set(re.findall(r"\w+", ast.unparse(h.type))) for h in statement.handlers)


def _text(statement: ast.With) -> str:
    return ", ".join(ast.unparse(item) for item in statement.items)


def _rows_above(statement: InnerImport) -> Iterator[int]:
    """The rows of comments above the run of import statements that holds this one."""
    source = statement.scope.module.source
    row = statement.node.lineno - 1
    imports = (s for s in statement.scope.statements() if isinstance(s, ast.Import | ast.ImportFrom))
    starts = {s.end_lineno: s.lineno for s in imports}
    while row > 0:
        if row in starts:
            yield from range(starts[row], row + 1)
            row = starts[row] - 1
        elif source.line(row).lstrip().startswith("#"):
            yield row
            row -= 1
        elif not source.line(row).strip() and row - 1 in starts:
            row -= 1
        else:
            return
