"""Whether the module binds a name at its top already: decided by what the name means there, never by its spelling."""

from __future__ import annotations

from typing import NamedTuple

from patternlint.facts import ImportBinding, Module
from patternlint.project import Project, Rebinds


class Twin(NamedTuple):
    """The top-level import that makes an inner one redundant; `same_path` unless it goes by a re-export."""

    binding: ImportBinding
    same_path: bool


def twin_of(project: Project, module: Module, inner: ImportBinding) -> Twin | None:
    """The unconditional import at the module's top that binds the same name to the same object for good."""
    bindings = [b for b in module.scope.bindings.get(inner.name, ()) if not _for_type_checkers(b.imported)]
    tops = [b.imported for b in bindings if b.imported is not None and not b.imported.guard]
    if not tops or len(tops) < len(bindings) or _is_global_elsewhere(module, inner.name):
        return None
    if inner.loads and not _is_loaded(module, inner):
        return None
    if all(top.target == inner.target for top in tops):
        first = next((top for top in tops if top.loads == inner.loads), tops[0])
        return None if _is_late_bound(project, inner) else Twin(first, True)
    canonical = project.canonical(inner.target)
    if all(project.owns(t.target) and project.canonical(t.target) == canonical for t in tops):
        return None if _is_late_bound(project, inner) else Twin(tops[0], False)
    return None


def _for_type_checkers(imported: ImportBinding | None) -> bool:
    return imported is not None and imported.guard == "type-checking"


def _is_global_elsewhere(module: Module, name: str) -> bool:
    return "global " in module.source.text and any(
        b.kind == "global" for scope in module.functions for b in scope.bindings.get(name, ())
    )


def _is_loaded(module: Module, inner: ImportBinding) -> bool:
    """``import a.b`` binds `a` like ``import a``, but loads a submodule that the top may not have loaded."""
    if inner.target != inner.loads.partition(".")[0] or "." not in inner.loads:
        return True
    return any(
        f"{top.loads}.".startswith(f"{inner.loads}.") or top.target == inner.loads
        for top in module.imports_in(module.scope)
        if not top.guard
    )


def _is_late_bound(project: Project, inner: ImportBinding) -> bool:
    """An inner from-import reads the name's present value: no twin of one that was read when the program started."""
    owner, _, name = inner.target.rpartition(".")
    return owner == inner.loads and project.owns(owner) and project.ask(Rebinds(owner, name))
