"""Whether code that makes a shared object may ask for that object again."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from patternlint.cstnames import dotted as cst_dotted
from patternlint.facts import Module, Scope, dotted, own_nodes
from patternlint.project import Project
from patternlint.rule import Rule, cst
from patternlint.walker import descendants
from patternlint_rules.singleton.slot import Names, Slot

_MANY = 60
# what a name means that containers, strings and the like have, too, is not looked for
_EVERYDAY = frozenset(
    name for kind in (list, dict, set, str, bytes, tuple) for name in dir(kind) if not name.startswith("_")
) | {"read", "write", "debug", "info", "warning", "error", "exception", "log", "register", "start"}


def asks_again(rule: Rule, names: Names, nodes: Iterable[cst.CSTNode], slot: Slot) -> bool | None:
    """Whether what these nodes call reads the slot or asks its accessor, by the project's functions; None: not known.

    What is called outside of the project does not.
    """
    called = {name for node in nodes for name in _called(rule, names, node)}
    asked = frozenset({slot.name, names.scope.name} | ({slot.owner.rpartition(".")[2]} if slot.owner else set()))
    if called & asked:
        return True
    return rule.project.ask(Mentions(tuple(sorted(called - _EVERYDAY)), asked - {"__init__"}))


def _called(rule: Rule, names: Names, root: cst.CSTNode) -> Iterator[str]:
    """The last names of what is called inside a node and may be of the project."""
    for node in (root, *descendants(root, into_scopes=False)):
        if not isinstance(node, cst.Call):
            continue
        path = cst_dotted(node.func)
        resolved = names.scope.module.resolve(path, names.scope) if path else None
        if resolved is not None and not rule.project.owns(resolved):
            continue
        if path is not None:
            yield path.rpartition(".")[2]
        elif isinstance(node.func, cst.Attribute):
            yield node.func.attr.value


class Mentions(NamedTuple):
    """Whether functions with these names, or what they call, mention one of the names asked; None if there is too much
    to look at. Functions are told by their last name alone."""

    functions: tuple[str, ...]
    asked: frozenset[str]

    def answer(self, project: Project) -> bool | None:
        """Breadth first over what is called."""
        seen, queue, visited = set(self.functions), list(self.functions), 0
        while queue:
            name = queue.pop(0)
            for mentioned, called in project.ask(_Body(name)):
                visited += 1
                if self.asked & mentioned:
                    return True
                if visited > _MANY:
                    return None
                queue += sorted(called - seen - _EVERYDAY)
                seen |= called
        return False


class _Body(NamedTuple):
    """What the project's functions of one name (constructors for classes) mention, and what they call."""

    name: str

    def answer(self, project: Project) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
        pattern = rf"\b(?:def|class)\s+{self.name}\b"
        return tuple(project.collect((self.name,), _bodies, self.name, pattern=pattern))


def _bodies(project: Project, module: Module, name: str) -> Iterator[tuple[frozenset[str], frozenset[str]]]:
    for scope in module.scopes[1:]:
        if scope.name != name:
            continue
        functions = [scope] if scope.is_function else [m for n in _MAKING if (m := scope.methods.get(n)) is not None]
        bases = [] if scope.is_function else [(dotted(b) or "").rpartition(".")[2] for b in scope.class_node.bases]
        for function in functions:
            yield _mentioned(function), _calls(module, function, project).union(bases) - {""}


_MAKING = ("__new__", "__init__", "__post_init__")


def _mentioned(function: Scope) -> frozenset[str]:
    nodes = list(own_nodes(function.node))
    names = {n.id for n in nodes if isinstance(n, ast.Name)} | {n.attr for n in nodes if isinstance(n, ast.Attribute)}
    return frozenset(names)


def _calls(module: Module, function: Scope, project: Project) -> frozenset[str]:
    found = set()
    for node in own_nodes(function.node):
        if isinstance(node, ast.Call):
            path = dotted(node.func)
            resolved = module.resolve(path, function) if path else None
            if resolved is None or project.owns(resolved):
                found.add(str(path or getattr(node.func, "attr", "")).rpartition(".")[2])
    return frozenset(name for name in found if name and not name.startswith("__"))
