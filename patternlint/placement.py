"""Where a person would put an import or a module-level definition, and how the file spells an imported name."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Collection, Iterable
from typing import TYPE_CHECKING, Any

from patternlint.facts import Module, Scope
from patternlint.finding import Edit, Import

if TYPE_CHECKING:
    from patternlint.regions import Region

FUTURE, STANDARD, THIRD_PARTY, FIRST_PARTY = range(4)
_LINE, _LONG_LINE = 88, 120  # as formatters and long-winded projects have it


def spell(module: Module, scope: Scope, target: str, name: str = "") -> tuple[str, Import | None]:
    """How code in a scope writes ``target.name`` (or the module `target`), and the import that it still needs."""
    wanted = f"{target}.{name}" if name else target
    siblings = False
    for binding in module.imports:
        if binding.scope is not module.scope or binding.guard:
            continue
        if binding.target == wanted and module.resolve(binding.name, scope) == wanted:
            return binding.name, None
        if name and binding.target == target and module.resolve(binding.name, scope) == target:
            return f"{binding.name}.{name}", None
        siblings = siblings or (isinstance(binding.node, ast.ImportFrom) and binding.loads == target)
    first_party = target.split(".")[0] not in sys.stdlib_module_names
    if name and (siblings or first_party):
        local = name if not _is_bound(module, name) else f"_{name}"
        return local, Import(target, name, "" if local == name else local)
    root = target.split(".")[0]
    local = target if not _is_bound(module, root) else f"_{target.replace('.', '_')}"
    return (f"{local}.{name}" if name else local), Import(target, "", "" if local == target else local)


def _is_bound(module: Module, name: str) -> bool:
    return name in module.derive(_bound_names)


def _bound_names(module: Module) -> frozenset[str]:
    return frozenset(name for scope in module.scopes for name in scope.bindings)


def row_above(module: Module, scope: Scope, region: Region, uses: Collection[str]) -> int | None:
    """The row (1-based) of the line before which a module-level definition that reads `uses` may stand.

    It is the first row of the top-level statement that holds the scope (the region, for code of the module itself),
    decorators and the comment lines directly above included. None if one of the names is bound below that, in a block,
    or nowhere in the module.
    """
    first = scope.row if scope is not module.scope else module.source.position(region.start)[0]
    statement = next((s for s in module.tree.body if _begin(s) <= first <= (s.end_lineno or s.lineno)), None)
    if statement is None:
        return None
    row = _begin(statement)
    for name in uses:
        bindings = module.scope.bindings.get(name, ())
        if not bindings:
            return None
        for binding in bindings:
            if (binding.imported is not None and binding.imported.guard) or binding.node not in module.tree.body:
                return None
            if (getattr(binding.node, "end_lineno", None) or row) >= row:
                return None
    while row > 1 and module.source.line(row - 1).lstrip().startswith("#"):
        row -= 1
    return row


def _begin(statement: ast.stmt) -> int:
    decorators = getattr(statement, "decorator_list", None)
    return min(statement.lineno, decorators[0].lineno) if decorators else statement.lineno


def import_edits(module: Module, imports: Iterable[Import]) -> list[Edit]:
    """The edits that add imports to a module: each once, in the group and at the place of its like.

    The order is that of isort's default: standard library, third party, first party; within a group ``import x``
    before ``from x import y``, by name. A name is added to a from-import of its module where that
    is one line, or has a line for each.
    """
    missing = [i for i in dict.fromkeys(imports) if not _present(module, i)]
    header = _header(module)
    merged: dict[ast.ImportFrom, list[str]] = {}
    inserted: dict[int, dict[str, list[str]]] = {}  # row -> `import x`, or `from x` with its names
    for wanted in missing:
        extended = _extendable(module, header, wanted)
        if extended is not None:
            merged.setdefault(extended, []).append(_alias(wanted))
            continue
        statements = inserted.setdefault(_row_for(module, header, wanted), {})
        if wanted.name and not wanted.comment:
            statements.setdefault(f"from {wanted.module}", []).append(_alias(wanted))
        else:
            statements[_statement(wanted)] = []
    edits = [edit for statement, names in merged.items() for edit in _extend(module, statement, names)]
    for row, statements in inserted.items():
        lines = [_from(module, head, sorted(n, key=_by_kind)) if n else head for head, n in statements.items()]
        edits.append(_insert(module, header, row, lines))
    return edits


def _from(module: Module, head: str, names: list[str], longest: int | None = _LINE) -> str:
    """A from-import of several names, in parentheses where one line does not hold them."""
    line = f"{head} import {', '.join(names)}"
    if longest is None or len(line) <= longest:
        return line
    newline = module.source.newline
    return f"{head} import ({newline}{''.join(f'    {name},{newline}' for name in names)})"


def _by_kind(name: str) -> tuple[int, str]:
    """How isort orders names: constants, classes, the rest; each without regard to case."""
    bare = name.partition(" as ")[0]
    return 0 if bare.isupper() and len(bare) > 1 else 1 if bare[:1].isupper() else 2, name.lower()


def _present(module: Module, wanted: Import) -> bool:
    loads = _absolute(module, wanted)
    target = f"{loads}.{wanted.name}" if wanted.name else loads
    name = wanted.alias or wanted.name or wanted.module
    return any(
        b.scope is module.scope and not b.guard and b.name == name.split(".")[0] and b.target in (target, name)
        and (b.loads == loads or b.target == target)
        for b in module.imports
    )  # fmt: skip


def _absolute(module: Module, wanted: Import) -> str:
    """The module of an import, which may be written relatively (``.stock``)."""
    bare = wanted.module.lstrip(".")
    level = len(wanted.module) - len(bare)
    return module.absolute(ast.ImportFrom(bare or None, [], level)) if level else bare


def _header(module: Module) -> list[ast.stmt]:
    """The module's first statements up to the last of its leading imports: docstring, imports, blocks of imports."""
    header: list[ast.stmt] = []
    last = 0
    for index, statement in enumerate(module.tree.body):
        if isinstance(statement, ast.Import | ast.ImportFrom):
            last = index + 1
        elif not (index == 0 and _is_docstring(statement)) and not isinstance(statement, ast.If | ast.Try):
            break
        header.append(statement)
    if not last and header and _is_docstring(header[0]):
        last = 1
    return header[:last]


def _is_docstring(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _group(module: Module, target: str, level: int = 0) -> int:
    root = target.split(".")[0]
    if level:
        return FIRST_PARTY + 1
    if root == "__future__":
        return FUTURE
    if root in sys.stdlib_module_names:
        return STANDARD
    return FIRST_PARTY if root == module.name.split(".")[0] else THIRD_PARTY


def _keys(module: Module, statement: ast.stmt) -> tuple[int, int, str] | None:
    if isinstance(statement, ast.Import):
        target = statement.names[0].name
        return _group(module, target), 0, target.lower()
    if isinstance(statement, ast.ImportFrom):
        target = statement.module or ""
        return _group(module, target, statement.level), 1, target.lower()
    return None


def _row_for(module: Module, header: list[ast.stmt], wanted: Import) -> int:
    """The row before which the new statement goes."""
    key = _keys(module, ast.parse(_statement(wanted)).body[0])
    assert key is not None
    known = [(other, s) for s in header if (other := _keys(module, s)) is not None]
    mine = [(other, s) for other, s in known if other[0] == key[0]]
    lower = [s for other, s in known if other[0] < key[0]]
    if mine:
        order = _order_among([other for other, _ in mine])
        before = [s for other, s in mine if order(other) <= order(key)]
        if not before:
            return mine[0][1].lineno
        return (before[-1].end_lineno or before[-1].lineno) + 1
    if lower:
        return (lower[-1].end_lineno or lower[-1].lineno) + 1
    if header and _is_docstring(header[0]):
        return (header[0].end_lineno or header[0].lineno) + 1
    return header[0].lineno if header else _first_code_row(module)


def _order_among(keys: list[tuple[int, int, str]]) -> Callable[[tuple[int, int, str]], tuple[int | str, ...]]:
    """The order of a group's statements: ``import x`` first, or all by name where the file has it so."""
    kinds = {kind for _, kind, _ in keys}
    by_name = [target for _, _, target in keys]
    if len(kinds) > 1 and keys != sorted(keys) and by_name == sorted(by_name):
        return lambda key: (key[0], key[2], key[1])
    return lambda key: key


def _first_code_row(module: Module) -> int:
    """Where the imports of a module that has none begin: behind the comments at its top."""
    row = 1
    while module.source.line(row).lstrip().startswith("#"):
        row += 1
    return row


def _alias(wanted: Import) -> str:
    return f"{wanted.name} as {wanted.alias}" if wanted.alias else wanted.name


def _statement(wanted: Import) -> str:
    end = f"  {wanted.comment}" if wanted.comment else ""
    if wanted.name:
        return f"from {wanted.module} import {_alias(wanted)}{end}"
    return f"import {wanted.module}{f' as {wanted.alias}' if wanted.alias else ''}{end}"


def _extendable(module: Module, header: list[ast.stmt], wanted: Import) -> ast.ImportFrom | None:
    """A from-import of the same module that can take another name: on one line, or with a line for each name.

    One with an alias takes others only if it has taken some: else each alias has a statement of its own.
    """
    if not wanted.name or wanted.comment:
        return None
    for s in header:
        if not isinstance(s, ast.ImportFrom) or module.absolute(s) != _absolute(module, wanted):
            continue
        text = "".join(module.source.line(row) for row in range(s.lineno, (s.end_lineno or s.lineno) + 1))
        has_alias = any(a.asname for a in s.names)
        mixes = has_alias and len(s.names) > 1
        if s.names[0].name == "*" or (has_alias or bool(wanted.alias)) != mixes or set("#;\\") & set(text):
            continue
        if "(" not in text if s.lineno == s.end_lineno else _has_line_for_each(module, s):
            return s
    return None


def _has_line_for_each(module: Module, s: ast.ImportFrom) -> bool:
    inner = [module.source.line(row).strip() for row in range(s.lineno + 1, s.end_lineno or s.lineno)]
    return inner == [f"{ast.unparse(alias)}," for alias in s.names]


def _extend(module: Module, s: ast.ImportFrom, names: list[str]) -> list[Edit]:
    """Each name at its place among those that are there; behind them where they are in no order."""
    source, present = module.source, [ast.unparse(alias) for alias in s.names]
    orders: tuple[Callable[[str], Any], ...] = (_by_kind, str.lower)
    order = next((o for o in orders if present == sorted(present, key=o)), None)
    if s.lineno == s.end_lineno:
        every = [*present, *names] if order is None else sorted([*present, *names], key=order)
        line, start = source.line(s.lineno).rstrip(), source.line_start(s.lineno)
        head = line.partition(" import ")[0]
        longest = next((limit for limit in (_LINE, _LONG_LINE) if len(line) <= limit), None)
        return [Edit(start, start + len(line), _from(module, head, every, longest))]
    indent = source.line(s.lineno + 1).partition(present[0])[0]
    inserted: dict[int, str] = {}
    for name in names if order is None else sorted(names, key=order):
        later = [a.lineno for a in s.names if order is not None and order(ast.unparse(a)) > order(name)]
        row = later[0] if later else s.end_lineno or s.lineno
        inserted[row] = f"{inserted.get(row, '')}{indent}{name},{source.newline}"
    return [Edit(source.line_start(row), source.line_start(row), text) for row, text in inserted.items()]


def _insert(module: Module, header: list[ast.stmt], row: int, statements: list[str]) -> Edit:
    source, newline = module.source, module.source.newline
    statements = sorted(statements, key=lambda s: (s.startswith("from"), s.lower()))
    groups = {_keys(module, ast.parse(s).body[0]) for s in statements}
    mine = {key[0] for key in groups if key is not None}
    above = [s for s in header if (s.end_lineno or s.lineno) < row]
    below = next((s for s in header if s.lineno >= row), None)
    offset = source.line_start(row)
    text = newline.join(statements) + newline
    neighbours = [(_keys(module, s) or (-1,))[0] for s in (above[-1:] + ([below] if below else []))]
    if mine.isdisjoint(neighbours):  # a group of its own: parted by blank lines
        if above:
            before = source.text[offset - 1 : offset]
            text = (before if before == "\r" else newline) + text  # after a `\r` alone, `\n` would end no further line
        if source.line(row).strip():
            text += newline if below is not None else newline * 2
    if offset and source.text[offset - 1] not in "\r\n":
        text = newline + text
    return Edit(offset, offset, text)
