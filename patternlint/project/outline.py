"""What is remembered of a module when its syntax tree is gone: enough to follow names, classes, imports across files.

An outline depends on the text and the name of its module and on nothing else, and it holds no rows: what changes in the
body of a function leaves it as it is. So do the answers that rest on outlines alone.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from patternlint.facts import Binding, ImportBinding, Module, Scope

_TRIED = frozenset({"try", "except"})


class Load(NamedTuple):
    """One import that importing a module runs: ``from module import name``, or ``import module`` without a name.

    `step` says when: the imports and the first bindings of names at a module's top level are counted from 1, those of
    one row together.
    """

    module: str
    name: str
    step: int
    optional: bool  # stands in a `try`, so that its failure may be handled


PARTS = ("outline", "aliases", "classes")  # what an answer can rest on: the whole, or no more than that


class ClassOutline(NamedTuple):
    """A class without its code: its bases, resolved within the module (None for one that is no known name), and the
    names of the methods that it defines."""

    bases: tuple[str | None, ...]
    methods: frozenset[str]


class Outline(NamedTuple):
    """A module without its code.

    `aliases` are the module-level names that mean something defined elsewhere, each with its absolute dotted name
    (``from .cart import Cart`` in a package). `classes` has each class by its dotted name. `loads` are the imports that
    importing the module runs; `bound` says at which step each module-level name is bound first, a package's own
    submodules left out; `dynamic` that it may have further names: a star import, a module ``__getattr__``
    (`lazy_names`), a use of ``globals()``. `conditional_effects` says that the body calls something for its effect only
    if a call says so (``if database.is_open(): create_table()``). `rebound` are the module's names that its functions
    bind anew by ``global``.
    """

    aliases: dict[str, str]
    classes: dict[str, ClassOutline]
    loads: tuple[Load, ...]
    bound: dict[str, int]
    dynamic: bool
    lazy_names: bool
    conditional_effects: bool
    rebound: frozenset[str]

    def part(self, name: str) -> object:
        """One of the :data:`PARTS`, to be compared."""
        return self if name == "outline" else getattr(self, name)

    def to_json(self) -> str:
        """As text, the same for the same outline."""
        classes = {name: (c.bases, sorted(c.methods)) for name, c in self.classes.items()}
        plain = (self.aliases, classes, self.loads, self.bound, *self[4:7], sorted(self.rebound))
        return json.dumps(plain, separators=(",", ":"), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Outline:
        """The outline that was written so.

        Raises:
            ValueError, TypeError, AttributeError: the text is none.
        """
        aliases, classes, loads, bound, dynamic, lazy_names, conditional_effects, rebound = json.loads(text)
        return cls(
            aliases,
            {name: ClassOutline(tuple(bases), frozenset(methods)) for name, (bases, methods) in classes.items()},
            tuple(Load(*load) for load in loads),
            bound,
            dynamic,
            lazy_names,
            conditional_effects,
            frozenset(rebound),
        )


def is_same_part(part: str, before: str, after: str) -> bool:
    """Whether a part of two outlines is the same, both given as JSON; never of texts that are none."""
    try:
        return Outline.from_json(before).part(part) == Outline.from_json(after).part(part)
    except (ValueError, TypeError, AttributeError):
        return False


def outline_of(module: Module) -> Outline:
    """The outline of a module."""
    aliases: dict[str, str] = {}
    bound: dict[str, int] = {}
    for name, bindings in module.scope.bindings.items():
        if any(b.kind in ("import", "assign") for b in bindings):
            target = module.resolve(name)
            if target is not None and target != f"{module.name}.{name}" and target != name:
                aliases[name] = target
        if rows := [getattr(b.node, "lineno", 1) for b in bindings if not _is_own_submodule(module, b)]:
            bound[name] = min(rows)
    loads = [Load(b.loads, _taken(b), b.row, b.guard in _TRIED) for b in module.imports if b.at_import_time]
    steps = _steps([*bound.values(), *(load.step for load in loads)])
    lazy = "__getattr__" in module.scope.children
    return Outline(
        aliases,
        {s.dotted: ClassOutline(tuple(bases_of(s)), frozenset(s.methods)) for s in module.classes},
        tuple(sorted((load._replace(step=steps[load.step]) for load in loads), key=lambda load: load.step)),
        {name: steps[row] for name, row in bound.items()},
        lazy or "*" in bound or "globals()" in module.source.text,
        lazy,
        any(_acts_on_state(statement) for statement in module.tree.body),
        frozenset(_rebound(module)),
    )


def _rebound(module: Module) -> Iterator[str]:
    """The names that a function declares ``global`` and binds."""
    rows = module.rows_with(["global"]) if "global " in module.source.text else []
    for scope in module.functions if rows else ():
        if scope.holds(rows):
            for name, bindings in scope.bindings.items():
                kinds = {b.kind for b in bindings}
                if "global" in kinds and len(kinds) > 1:
                    yield name


def _taken(imported: ImportBinding) -> str:
    return imported.target.rpartition(".")[2] if isinstance(imported.node, ast.ImportFrom) else ""


def _steps(rows: Iterable[int]) -> dict[int, int]:
    return {row: step for step, row in enumerate(sorted(set(rows)), 1)}


def bases_of(scope: Scope) -> list[str | None]:
    """The bases that a class names, resolved in the scope around it; None for one that is no known name."""
    assert scope.parent is not None
    found: list[str | None] = []
    for base in scope.class_node.bases:
        named = base.value if isinstance(base, ast.Subscript) else base
        found.append(scope.module.resolve(named, scope.parent))
    return found


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
