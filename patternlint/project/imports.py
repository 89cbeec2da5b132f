"""The import graph, asked one question at a time: who loads whom when a module is imported, and what that breaks.

An edge is an import that runs while its module is imported: in the module's body, its classes' bodies, and the blocks
of ``if``, ``try`` and the like, but not under ``TYPE_CHECKING`` or ``if __name__ == "__main__"``. The list of a file's
imports is computed once; walks start at the module asked about and read only what they reach.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from patternlint.facts import Binding, Module, Scope, own_nodes

if TYPE_CHECKING:
    from patternlint.project import Project
    from patternlint.source import Source


class Load(NamedTuple):
    """One import that importing a module runs: ``from module import name``, or ``import module`` without a name."""

    module: str
    name: str
    row: int
    optional: bool  # stands in a `try`, so that its failure may be handled


class ImportTime(NamedTuple):
    """What importing one module does, as far as other modules can tell.

    `bound` is the first row on which each module-level name is bound, a package's own submodules left out. `dynamic`
    says that it may have further names: a star import, a module ``__getattr__`` (`lazy_names`), a use of
    ``globals()``. `bases` are the absolute dotted names of its classes' bases. `conditional_effects` says that the body
    calls something for its effect only if a call says so (``if database.is_open(): create_table()``).
    """

    module: str
    loads: tuple[Load, ...]
    bound: dict[str, int]
    dynamic: bool
    lazy_names: bool
    bases: frozenset[str]
    conditional_effects: bool


# By name and content, for the life of the process: a fix changes few files, and an editor asks again and again.
_KNOWN: dict[tuple[str, int], ImportTime | None] = {}


class ImportTimeOf(NamedTuple):
    """Question: what does importing this module do? None where the project has no such module."""

    module: str

    def answer(self, project: Project) -> ImportTime | None:
        path = project.path_of(self.module)
        source = None if path is None else project.source_at(path)
        if path is None or source is None:
            return None
        key = self.module, hash(source.text)
        if key not in _KNOWN:
            with project.passing(path) as module:
                _KNOWN[key] = None if module is None else _import_time(module)
        return _KNOWN[key]


class Reach(NamedTuple):
    """Question: which modules of the project does importing `source` load? By name, each with who asked for it first.

    `strict` counts what the packages around each module load as well: they are imported before it. Otherwise a package
    counts for the modules in it only where they take a name from it.
    """

    source: str
    strict: bool = True

    def answer(self, project: Project) -> dict[str, str]:
        parents = {self.source: ""}
        queue = deque([self.source])
        while queue:
            name = queue.popleft()
            for target in _loaded_by(project, name, self.strict):
                if target not in parents:
                    parents[target] = name
                    queue.append(target)
        return parents


class ImportPath(NamedTuple):
    """Question: by which chain of modules does importing `source` load `target`? Empty if it does not."""

    source: str
    target: str
    strict: bool = True

    def answer(self, project: Project) -> tuple[str, ...]:
        parents = project.ask(Reach(self.source, self.strict))
        if self.target not in parents or self.target == self.source:
            return ()
        chain = [self.target]
        while chain[-1] != self.source:
            chain.append(parents[chain[-1]])
        return tuple(reversed(chain))


class ForeignRoots(NamedTuple):
    """Question: which top-level packages outside the project does importing `source` need (not: merely try)?"""

    source: str

    def answer(self, project: Project) -> frozenset[str]:
        records = (project.ask(ImportTimeOf(name)) for name in project.ask(Reach(self.source)))
        loads = (load for record in records if record is not None for load in record.loads if not load.optional)
        roots = {load.module.partition(".")[0] for load in loads if not project.owns(load.module)}
        return frozenset(roots - sys.stdlib_module_names)


class SurvivesHoisting(NamedTuple):
    """Question: do the project's modules still import when `importer` runs one more import among its first?

    The import system is replayed over the modules' import lists, from each module that may be imported first: the
    importer, the target, the packages around them. A name taken from a module that has not bound it yet fails.
    """

    importer: str
    target: str
    names: tuple[str, ...]  # () for `import target`

    def answer(self, project: Project) -> bool:
        extra = tuple(Load(self.target, name, 0, False) for name in self.names or ("",))
        packages = {name.partition(".")[0] for name in (self.importer, self.target)}
        return all(
            _Replay(project, self.importer, extra).failures(entry) <= _Replay(project).failures(entry)
            for entry in (self.importer, self.target, *sorted(packages))
        )


class Rebinds(NamedTuple):
    """Question: does anything bind the module's name anew once the module is imported?

    A function of the module with ``global name`` that stores to the bare name, or ``module.name = …`` anywhere in the
    project's own code. Who took the name with ``from module import name`` before keeps the old object.
    """

    module: str
    name: str

    def answer(self, project: Project) -> bool:
        home = project.module(self.module)
        if home is not None and any(_rebinds_global(scope, self.name) for scope in home.functions):
            return True
        store = re.compile(rf"\.{re.escape(self.name)}\b\s*(?::[^=\n]*)?(?:[-+*/|&]=|=(?!=)|,)")
        for source in _sources(project, self.name, self.module.rpartition(".")[2]):
            if store.search(source.text):
                with project.passing(source.path) as other:
                    if other is not None and self._stored_by(other):
                        return True
        return False

    def _stored_by(self, other: Module) -> bool:
        if other.is_test:
            return False
        rows = other.rows_with([self.name])
        return any(
            isinstance(node, ast.Attribute)
            and node.attr == self.name
            and isinstance(node.ctx, ast.Store)
            and other.resolve(node.value, scope) == self.module
            for scope in other.scopes
            if scope.holds(rows)
            for node in own_nodes(scope.node, rows)
        )


class Patched(NamedTuple):
    """Question: do tests put another object in the place of ``module.name``, or of the module in ``sys.modules``?

    Judged by the text: ``patch("module.name")``, ``patch.object(module, "name")``, ``setattr(module, "name", …)``.
    """

    module: str
    name: str

    def answer(self, project: Project) -> bool:
        name, module = re.escape(self.name), re.escape(self.module)
        tail = re.escape(self.module.rpartition(".")[2])
        attribute = re.compile(
            rf"""["']{module}\.{name}["'.]|(?:patch\.object|setattr)\(\s*(?:[\w.]*\.)?{tail},\s*["']{name}["']"""
        )
        replaced = re.compile(
            rf"""sys\.modules\b[^\n]*["']{module}["']|["']sys\.modules["'],\s*\{{[^}}]*["']{module}["']"""
        )
        last = self.module.rpartition(".")[2]
        return any(
            pattern.search(source.text)
            for pattern, words in (
                (attribute, ("patch", self.name)),
                (attribute, ("setattr", self.name)),
                (replaced, ("sys", "modules")),
            )
            for source in _sources(project, last, *words)
        )


def _sources(project: Project, *words: str) -> Iterator[Source]:
    """The texts of the project's files that contain all of the words."""
    return (source for path in project.paths_with(*words) if (source := project.source_at(path)) is not None)


def ancestors(module: str) -> Iterator[str]:
    """The packages around a module, the outermost first: ``a``, ``a.b`` for ``a.b.c``."""
    parts = module.split(".")
    return (".".join(parts[:depth]) for depth in range(1, len(parts)))


def _import_time(module: Module) -> ImportTime:
    loads: list[Load] = []
    for binding in module.imports:
        if binding.at_import_time:
            taken = binding.target.rpartition(".")[2] if isinstance(binding.node, ast.ImportFrom) else ""
            loads.append(Load(binding.loads, taken, binding.row, binding.guard in ("try", "except")))
    bound = {
        name: min(rows)
        for name, bindings in module.scope.bindings.items()
        if (rows := [getattr(b.node, "lineno", 1) for b in bindings if not _is_own_submodule(module, b)])
    }
    lazy = "__getattr__" in module.scope.children
    return ImportTime(
        module.name,
        tuple(loads),
        bound,
        lazy or "*" in bound or "globals()" in module.source.text,
        lazy,
        frozenset(b for c in module.classes for base in c.class_node.bases if (b := module.resolve(base, c.parent))),
        any(_acts_on_state(statement) for statement in module.tree.body),
    )


def _is_own_submodule(module: Module, binding: Binding) -> bool:
    """``from . import cart`` in a package: the name is there as soon as the submodule is, whoever loads it."""
    return binding.imported is not None and binding.imported.target == f"{module.name}.{binding.imported.name}"


def _acts_on_state(statement: ast.stmt) -> bool:
    """``if ready(): act()`` at the top of a module: what it does depends on when it is imported."""
    return (
        isinstance(statement, ast.If)
        and isinstance(statement.test, ast.Call)
        and any(isinstance(s, ast.Expr) and isinstance(s.value, ast.Call) for s in statement.body)
    )


def _loaded_by(project: Project, name: str, strict: bool) -> Iterator[str]:
    """The project's modules that importing one of them loads directly, in order."""
    record = project.ask(ImportTimeOf(name))
    if record is None:
        return
    around = frozenset() if strict else frozenset(ancestors(name))
    if strict:
        yield from ancestors(name)
    for load in record.loads:
        if not project.owns(load.module):
            continue
        if strict:
            yield from ancestors(load.module)
        submodule = bool(load.name) and _is_submodule(project, load)
        if strict or not (load.module in around and (submodule or not load.name)):
            yield load.module
        if submodule:
            yield f"{load.module}.{load.name}"


def _is_submodule(project: Project, load: Load) -> bool:
    """Whether a from-import takes a module that lies in the package, not a name that the package binds itself."""
    package = project.ask(ImportTimeOf(load.module))
    if package is not None and load.name in package.bound:
        return False
    return project.path_of(f"{load.module}.{load.name}") is not None


def _rebinds_global(scope: Scope, name: str) -> bool:
    kinds = {b.kind for b in scope.bindings.get(name, ())}
    return "global" in kinds and len(kinds) > 1


class _Replay:
    """The import system over import lists: modules in progress have bound what stands above their current row."""

    def __init__(self, project: Project, hoister: str = "", extra: tuple[Load, ...] = ()) -> None:
        self._project = project
        self._hoister = hoister
        self._extra = extra
        self._row: dict[str, int] = {}  # of the modules begun: the row that runs
        self._done: set[str] = set()
        self._failures: set[tuple[str, str, str]] = set()

    def failures(self, entry: str) -> set[tuple[str, str, str]]:
        """The from-imports that fail when `entry` is imported first: who, from where, which name."""
        self._load(entry)
        return self._failures

    def _load(self, name: str) -> None:
        if (parent := name.rpartition(".")[0]) and parent not in self._row:
            self._load(parent)
        record = None if name in self._row else self._project.ask(ImportTimeOf(name))
        if record is None:
            return
        self._row[name] = 1
        hoisted_to = _last_header_row(record) if name == self._hoister else -1
        extra = self._extra if hoisted_to >= 0 else ()
        for load in sorted((*record.loads, *extra), key=lambda x: x.row or hoisted_to):
            self._row[name] = load.row or hoisted_to
            if self._project.owns(load.module):
                self._load(load.module)
                self._take(name, load)
        self._done.add(name)

    def _take(self, taker: str, load: Load) -> None:
        record = self._project.ask(ImportTimeOf(load.module))
        if not load.name or load.name == "*" or record is None:
            return
        first = record.bound.get(load.name)
        if first is not None and (load.module in self._done or first < self._row.get(load.module, 0)):
            return
        submodule = f"{load.module}.{load.name}"
        if self._project.path_of(submodule) is not None:
            self._load(submodule)
        elif load.module not in self._done and not record.dynamic and not load.optional:
            self._failures.add((taker, load.module, load.name))


def _last_header_row(record: ImportTime) -> int:
    """The row of the last import that stands before the module's first own name."""
    imported = {load.row for load in record.loads}
    own = min((row for row in record.bound.values() if row not in imported), default=1 << 30)
    return max((row for row in imported if row < own), default=0)
