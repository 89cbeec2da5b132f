"""PAT113: a reload of a module that holds something there is to be one of."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar, NamedTuple

from patternlint.facts import Module
from patternlint.project import Project, ReferencesTo
from patternlint.rule import Applicability, Confidence, Evidence, Family, Rule, cst
from patternlint_rules.singleton.lazy import may_fill
from patternlint_rules.singleton.resource import made_by

_RELOAD = frozenset({"importlib.reload", "imp.reload"})


class ReloadOfSingletonModule(Rule):
    """A reload of a module makes its pools, registries and classes anew, while others go on with the old ones.

    `importlib.reload` runs the module's body again in the same namespace. Who imported a name from it keeps the old
    object: there are two pools, the first of which nobody closes, two registries, and two classes of one name, so that
    `isinstance(old, new_module.Order)` is False and `except new_module.OrderError` lets the error pass.

    Bad:

        from shop import pools               # whose body opens the connection that all others use

        def reconnect():
            importlib.reload(pools)

    Write a function that puts back what is to be read again, and let the module be:

        def reload_settings():
            settings.clear()
            settings.update(read_settings())

    Reported with medium confidence: a reload of a module of the project, named by an import, that makes a resource or
    something others put things into at its top, or fills a global on first use; with low confidence: one with classes
    that other modules test for by `isinstance` or catch. Not reported: modules that are found at run time (plug-ins,
    development tools), and modules of others.

    There is no fix: what the reload is for, a person has to say.

    **Measured**: of 24 reloads in 84 packages, none of a module that is named by an import holds anything of the kind;
    the rule is a preview.
    """

    code, name, family = "PAT113", "reload-of-singleton-module", Family.SINGLETON
    since, preview, applicability = "0.1", True, Applicability.DISPLAY
    words = frozenset({"reload"})
    low_in_tests = True
    reasons: ClassVar[Mapping[str, str]] = {"what-it-is-for": "what is to be read again, a person has to say"}

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Statements that mention a reload, in modules that import one."""
        if not any(b.target in _RELOAD or b.target in ("importlib", "imp") for b in module.imports):
            return []
        rows = module.rows_with(["reload"])
        return [s for s in module.tree.body if s.lineno <= rows[-1] and rows[0] <= (s.end_lineno or s.lineno)]

    def visit_Call(self, node: cst.Call) -> None:
        """Report a reload of a module of the project that keeps something."""
        if len(node.args) != 1 or self.resolve(node.func) not in _RELOAD:
            return
        target = self.resolve(node.args[0].value)
        kept = self.project.ask(KeptBy(target)) if target is not None and self.project.path_of(target) else None
        if target is None or kept is None:
            return
        around = [n for n in self.ancestors if isinstance(n, cst.FunctionDef)]
        self.report(
            around[-1] if around else node,
            f"the reload of '{target}' makes {kept.what} anew, and others go on with the old one",
            confidence=Confidence.LOW if kept.is_class else Confidence.MEDIUM,
            evidence=[kept.place],
            why_not_fixed="what-it-is-for",
            help="write a function that reads again what has changed, and let the module be",
        )


class Kept(NamedTuple):
    """What a module holds that there is to be one of."""

    what: str
    is_class: bool
    place: Evidence


class KeptBy(NamedTuple):
    """What a module of the project holds that others hold on to, by its dotted name."""

    module: str

    def answer(self, project: Project) -> Kept | None:
        """The first of it; None where a reload does no harm."""
        module = project.module(self.module)
        return None if module is None else next(_kept(project, module), None)


def _kept(project: Project, module: Module) -> Iterator[Kept]:
    for name, bindings in module.scope.bindings.items():
        for binding in bindings:
            made = made_by(project, binding.value, module.scope) if binding.value is not None else None
            if made is not None:
                row = getattr(binding.node, "lineno", 1)
                yield Kept(f"'{name}'", False, Evidence(module.relpath, row, f"makes a '{made.what}'"))
    for scope in module.functions:
        if any(isinstance(s, ast.Global) for s in scope.statements()) and may_fill(scope):
            place = Evidence(module.relpath, scope.row, f"'{scope.name}' fills a global once")
            yield Kept(f"what '{scope.name}' keeps", False, place)
    for scope in module.classes:
        tests = (r for r in project.ask(ReferencesTo(scope.dotted)) if r.kind in ("isinstance", "except"))
        for use in tests:
            if use.module != module.name:
                yield Kept(f"'{scope.name}'", True, Evidence(use.path, use.row, f"tests for '{scope.name}'"))
