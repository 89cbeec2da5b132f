"""Who uses a name: every place of the project that means a given function, class, method or attribute."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from patternlint.facts import Module, Scope, dotted, own_nodes, walk
from patternlint.facts.names import header_nodes
from patternlint.facts.rows import scopes_on
from patternlint.project.ancestry import Subclasses
from patternlint.project.naming import FilesNaming
from patternlint.project.project import Project


class Reference(NamedTuple):
    """One use of a name.

    `path` is relative to the root, `row` and `column` (1-based, code points) are those of the name's last part or of
    the import statement. `scope` is the qualified name of the scope that uses it ("" for the module itself). `kind`
    says how: "decorator" (``@d``), "decorator-factory" (``@d(…)``), "call", "base", "import", "store", "delete",
    "annotation", "raise", "except", "isinstance" or "other".
    """

    path: str
    module: str
    row: int
    column: int
    kind: str
    scope: str


class ReferencesTo(NamedTuple):
    """Every use of the thing with this absolute dotted name, its definition left out.

    A method (``shop.cart.Cart.add``) is also meant by ``self.add``, ``cls.add`` and ``super().add`` in its class and
    the project's subclasses of it.
    """

    dotted: str

    def answer(self, project: Project) -> tuple[Reference, ...]:
        """All of them, in the order of files and rows."""
        target = project.canonical(self.dotted)
        owner, _, last = target.rpartition(".")
        definition = project.find(target)
        classes: frozenset[str] = frozenset()
        if definition is not None and definition.enclosing_class is not None:
            classes = frozenset({owner, *project.ask(Subclasses(owner))})
        naming = {path for name in classes or {target} for path in project.ask(FilesNaming(name))}
        paths = [path for path in project.paths_with(last) if path in naming]
        return tuple(project.collect((last,), _in_module, target, last, classes, paths=paths))


class AttributeUses(NamedTuple):
    """Every ``x.name`` of the project, whatever ``x`` is: by the attribute's name alone."""

    name: str

    def answer(self, project: Project) -> tuple[Reference, ...]:
        """All of them, in the order of files and rows."""
        return tuple(project.collect((self.name,), _attributes, self.name))


class IsHandedOn(NamedTuple):
    """Whether another module of the project gets a name from a module that has it from elsewhere itself."""

    module: str
    name: str

    def answer(self, project: Project) -> bool:
        """By import statements."""
        last = self.module.rpartition(".")[2]
        return any(project.collect((self.name, last), _imports_from, f"{self.module}.{self.name}", pattern="import"))


def _imports_from(project: Project, module: Module, target: str) -> Iterator[bool]:
    if any(binding.target == target for binding in module.imports):
        yield True


def _attributes(project: Project, module: Module, name: str) -> Iterator[Reference]:
    for scope, node, kind in _mentions(module, {name}):
        if isinstance(node, ast.Attribute):
            yield _reference(module, scope, node, kind)


def _in_module(
    project: Project, module: Module, target: str, last: str, classes: frozenset[str]
) -> Iterator[Reference]:
    aliases = {last}
    for binding in module.imports:
        if binding.target.rpartition(".")[2] == last and project.canonical(binding.target) == target:
            aliases.add(binding.name)
            yield Reference(
                module.relpath, module.name, binding.row, binding.node.col_offset + 1, "import", binding.scope.qualname
            )
    for scope, node, kind in _mentions(module, aliases):
        if _means(project, module, scope, node, target, classes):
            yield _reference(module, scope, node, kind)


def _mentions(module: Module, names: Collection[str]) -> Iterator[tuple[Scope, ast.Name | ast.Attribute, str]]:
    """Where one of the names is read or written, alone or as an attribute; only the rows that hold it are looked at."""
    rows = module.rows_with(names)
    for scope in scopes_on(module, rows):
        for node, kind in uses(scope, rows):
            if (node.attr if isinstance(node, ast.Attribute) else node.id) in names:
                yield scope, node, kind


def _means(
    project: Project,
    module: Module,
    scope: Scope,
    node: ast.Name | ast.Attribute,
    target: str,
    classes: frozenset[str],
) -> bool:
    resolved = module.resolve(node, scope)
    if resolved is not None:
        if project.canonical(resolved) == target:
            return True
        owner, _, name = resolved.rpartition(".")
        return name == target.rpartition(".")[2] and project.canonical(owner) in classes
    if not classes or not isinstance(node, ast.Attribute):
        return False
    base = node.value
    is_super = isinstance(base, ast.Call) and dotted(base.func) == "super"
    if is_super or (isinstance(base, ast.Name) and base.id in ("self", "cls")):
        around: Scope | None = scope
        while around is not None and not around.is_class:
            around = around.parent
        return around is not None and around.dotted in classes
    return False


def uses(scope: Scope, rows: Sequence[int] | None = None) -> Iterator[tuple[ast.Name | ast.Attribute, str]]:
    """The names and attributes that a scope's own code mentions, each with the kind of its use (see Reference).

    Args:
        scope: the scope.
        rows: sorted; look at these rows (1-based) only.
    """
    kinds: dict[ast.AST, str] = {}
    for node in own_nodes(scope.node, rows):
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                for decorator in node.decorator_list:
                    if isinstance(decorator, ast.Call):
                        kinds[decorator.func] = "decorator-factory"
                    else:
                        kinds[decorator] = "decorator"
                if isinstance(node, ast.ClassDef):
                    kinds.update(dict.fromkeys((_bare(b) for b in node.bases), "base"))
                else:
                    for annotation in header_nodes(node):
                        if annotation not in node.decorator_list and not _is_default(node, annotation):
                            kinds.update(dict.fromkeys(walk(annotation), "annotation"))
            case ast.Call():
                kinds.setdefault(node.func, "call")
                if dotted(node.func) in ("isinstance", "issubclass") and len(node.args) == 2:
                    kinds.update(dict.fromkeys(walk(node.args[1]), "isinstance"))
            case ast.AnnAssign():
                kinds.update(dict.fromkeys(walk(node.annotation), "annotation"))
            case ast.Raise() if node.exc is not None:
                kinds[node.exc.func if isinstance(node.exc, ast.Call) else node.exc] = "raise"
            case ast.ExceptHandler() if node.type is not None:
                kinds.update(dict.fromkeys(walk(node.type), "except"))
            case ast.Name() | ast.Attribute():
                if isinstance(node.ctx, ast.Store):
                    yield node, "store"
                elif isinstance(node.ctx, ast.Del):
                    yield node, "delete"
                else:
                    yield node, kinds.get(node, "other")


def _bare(base: ast.expr) -> ast.expr:
    """The class of a base: ``Generic`` for ``Generic[T]``."""
    return base.value if isinstance(base, ast.Subscript) else base


def _is_default(node: ast.FunctionDef | ast.AsyncFunctionDef, part: ast.AST) -> bool:
    return part in node.args.defaults or part in node.args.kw_defaults


def _reference(module: Module, scope: Scope, node: ast.Name | ast.Attribute, kind: str) -> Reference:
    row = node.end_lineno or node.lineno
    last = node.attr if isinstance(node, ast.Attribute) else node.id
    column = module.source.char_column(row, node.end_col_offset or 0) - len(last) + 1
    return Reference(module.relpath, module.name, row, column, kind, scope.qualname)
