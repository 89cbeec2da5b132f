"""What is remembered of a module when its syntax tree is gone: enough to follow names and classes across files."""

from __future__ import annotations

import ast
from typing import NamedTuple

from patternlint.facts import Module, Scope


class Outline(NamedTuple):
    """A module without its code.

    `aliases` are the module-level names that mean something defined elsewhere, each with its absolute dotted name
    (``from .cart import Cart`` in a package). `classes` maps the dotted name of each class to its bases, resolved
    within the module: None for one that is no known name.
    """

    aliases: dict[str, str]
    classes: dict[str, tuple[str | None, ...]]


def outline_of(module: Module) -> Outline:
    """The outline of a module."""
    aliases: dict[str, str] = {}
    for name, bindings in module.scope.bindings.items():
        if any(b.kind in ("import", "assign") for b in bindings):
            target = module.resolve(name)
            if target is not None and target != f"{module.name}.{name}" and target != name:
                aliases[name] = target
    return Outline(aliases, {s.dotted: tuple(bases_of(s)) for s in module.classes})


def bases_of(scope: Scope) -> list[str | None]:
    """The bases that a class names, resolved in the scope around it; None for one that is no known name."""
    assert scope.parent is not None
    found: list[str | None] = []
    for base in scope.class_node.bases:
        named = base.value if isinstance(base, ast.Subscript) else base
        found.append(scope.module.resolve(named, scope.parent))
    return found
