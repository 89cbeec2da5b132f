"""PAT108: a cached function that is taken for one that runs once."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from patternlint.cstnames import dotted as dotted_cst
from patternlint.facts import Module, Scope, dotted
from patternlint.project import AttributeUses, ReferencesTo
from patternlint.rule import Applicability, Confidence, Evidence, Family, Rule, cst
from patternlint_rules.singleton.concurrency import Reached, RunsAlone, grade, how_reached
from patternlint_rules.singleton.effects import Effect, acts_for_its_effect, effect_of
from patternlint_rules.singleton.lifetime import has_one_thread
from patternlint_rules.singleton.resource import Made, made_by
from patternlint_rules.singleton.slot import own_nodes

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder

_CACHES = frozenset({"functools.cache", "functools.lru_cache"})
_OF_A_CACHE = frozenset({"__wrapped__", "cache_info", "cache_parameters"})


class CachedFactoryNotOnce(Rule):
    """A cached function is taken for one that runs once: threads that ask before the first is done each run it.

    `functools.cache` and `lru_cache` keep results; they do not keep a second caller from running the function while the
    first one does (their documentation says so). At start-up under load each thread gets another pool, registry or
    credential, all but the last are forgotten by the cache and never closed, and what was registered with them is lost;
    a metric that is registered twice raises. On `async def` they keep the coroutine, which can be awaited only once:
    the second caller gets `RuntimeError: cannot reuse already awaited coroutine`.

    Bad:

        from redis import ConnectionPool

        @functools.lru_cache(maxsize=None)
        def get_pool():
            return ConnectionPool.from_url(settings.redis_url)

    Write:

        from patternlint.runtime import once

        @once
        def get_pool():
            return ConnectionPool.from_url(settings.redis_url)

    Reported: `cache` and `lru_cache` on `async def` (high); on a function without arguments that makes a resource
    (a pool, a client, an executor, an object whose constructor makes one), an object that others put something into, or
    registers something (a metric, a log handler, a thread). The confidence says what the project shows: high where
    threads are seen to get there (a request handler that runs in a thread, a thread or an executor, the way is printed)
    and what is made is certain; medium where one of both is missing; low where start-up code or the module's own body
    calls it first, or an event loop or a GUI owns it. With `free-threaded = true` one level more. Not reported:
    settings, tables, flags, compiled patterns, TLS contexts, stateless objects, what is only looked up, and what has
    arguments.

    The fix is safe for a plain function at a module's top whose cache nobody asks for more than `cache_clear` (which
    `once` has, too) and that imports nothing: a lock that is held during an import can deadlock.

    **Measured**: of 6 hand-labelled sites 4 are found at medium confidence and all at any; of 10 look-alikes none. In
    84 packages with 410 cached functions that take nothing, none is reported at high and 6 at medium confidence.
    """

    code, name, family = "PAT108", "cached-factory-not-once", Family.SINGLETON
    applicability, since = Applicability.SAFE, "0.1"
    words = frozenset({"def", "functools"})
    any_words = frozenset({"cache", "lru_cache"})
    low_in_tests = True
    reasons: ClassVar[Mapping[str, str]] = {
        "takes-arguments": "a value is kept for each argument: `once_per` of patternlint.runtime does that, with a key",
        "is-a-method": "the cache belongs to a class, whose subclasses share it",
        "nested-function": "the function is made anew by each call of the one around it",
        "imports-inside": "the function imports something, and a lock that is held during an import can deadlock",
        "other-decorators": "a decorator above the cache is given what the cache makes of the function",
        "uses-the-cache": "the project asks the cache for more than `cache_clear`",
        "calls-itself": "the function calls itself",
        "import-unused": "nothing else uses the import of the cache: take it out, too",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Functions with a cache that take nothing, and coroutine functions with one."""
        return [
            f.function
            for f in module.functions
            if any(_last(d) in ("cache", "lru_cache") for d in f.function.decorator_list)
            and (f.is_async or len(f.parameters) <= (f.enclosing_class is not None))
        ]

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        """Report a cached function whose second run does harm."""
        scope = self.scope
        caches = [d for d in node.decorators if self._is_cache(d)]
        if not caches or not (scope.is_async or len(scope.parameters) <= (scope.enclosing_class is not None)):
            return
        if scope.is_async:
            if (
                scope.enclosing_class is None and caches[-1] is node.decorators[-1]
            ):  # methods are PAT507's; else something in between may make a task of it
                self._report_coroutine(node, caches[-1])
            return
        made = self._made(scope)
        effect = effect_of(scope)
        if made is not None or effect is not None or acts_for_its_effect(scope):
            self._report_race(node, caches[-1], made, effect)

    def _is_cache(self, decorator: cst.Decorator) -> bool:
        called = decorator.decorator
        name = called.func if isinstance(called, cst.Call) else called
        parent = self.scope.parent
        return parent is not None and self.module.resolve(dotted_cst(name) or "", parent) in _CACHES

    def _made(self, scope: Scope) -> Made | None:
        returned = [s.value for s in scope.statements() if isinstance(s, ast.Return) and s.value is not None]
        return next((made for v in returned if (made := made_by(self.project, v, scope)) is not None), None)

    # ---- what is said

    def _report_coroutine(self, node: cst.FunctionDef, cache: cst.Decorator) -> None:
        name = node.name.value
        is_generator = any(isinstance(n, cst.Yield) for n in own_nodes(node))
        thing, ends = ("generator", "finds it used up") if is_generator else ("coroutine", "gets RuntimeError")
        fix = self._once(node, cache, "")
        if is_generator:
            fix.refuse("no-fix")
        self.report(
            node,
            f"the cache of '{name}' keeps the {thing}: the first caller uses it, the second {ends}",
            fix=fix,
            help="keep what the coroutine returns, not the coroutine: once of patternlint.runtime does",
        )

    def _report_race(
        self, node: cst.FunctionDef, cache: cst.Decorator, made: Made | None, effect: Effect | None
    ) -> None:
        name, scope = node.name.value, self.scope
        reached = how_reached(self.project, scope)
        one_thread = has_one_thread(scope) or self.project.ask(RunsAlone(scope.dotted))
        confidence = grade(made, reached, self.settings, one_thread=one_thread)
        if made is None and (effect is None or not effect.is_sure):
            confidence = min(confidence, Confidence.MEDIUM) if effect and reached else Confidence.LOW
        if made is None:
            happens = effect.what if effect is not None else "do what is to be done once"
            message = f"threads that call '{name}' before the first is done all run it: two {happens}"
        else:
            message = f"threads that call '{name}' before the first is done each get their own: {made.loss}"
        self.report(
            node,
            message,
            confidence=confidence,
            evidence=_evidence(scope, made, effect, reached),
            fix=self._once(node, cache, "" if made is not None and made.kind == "resource" else '(fork="keep")'),
            help="use once of patternlint.runtime, which runs it once, whoever asks",
        )

    # ---- the repair

    def _once(self, node: cst.FunctionDef, cache: cst.Decorator, options: str) -> FixBuilder:
        """``@once`` in the cache's place; `options` keep in a forked child what is no resource of the parent."""
        scope = self.scope
        fix = self.fix("let it run once", form="canonical")
        fix.replace(cache.decorator, f"{fix.runtime('once')}{options}")
        self._mind_import(fix, cache)
        if len(scope.parameters) > (scope.enclosing_class is not None):
            fix.refuse("takes-arguments")
        elif scope.enclosing_class is not None:
            fix.refuse("is-a-method")
        if scope.is_local:
            fix.refuse("nested-function")
        if any(f.name == scope.name for f in scope.module.functions if f is not scope and f.parent is scope.parent):
            fix.refuse("no-fix")
        if node.decorators[0] is not cache:
            fix.lower(Applicability.UNSAFE, "other-decorators")
        if self.module.imports_in(scope):
            fix.lower(Applicability.UNSAFE, "imports-inside")
        if any(r.scope == scope.qualname for r in self.project.ask(ReferencesTo(scope.dotted)) if r.kind == "call"):
            fix.refuse("calls-itself")
        if self._cache_is_used(scope):
            fix.lower(Applicability.UNSAFE, "uses-the-cache")
        return fix

    def _mind_import(self, fix: FixBuilder, cache: cst.Decorator) -> None:
        """Take the import of the cache out with its last use."""
        called = cache.decorator
        name = (dotted_cst(called.func if isinstance(called, cst.Call) else called) or "").partition(".")[0]
        imported = self.module.scope.binds_once(name)
        if imported is not None and len(self.module.rows_with([name])) == 2:
            fix.drop_import(name)

    def _cache_is_used(self, scope: Scope) -> bool:
        """Whether a file that names the function asks some cache for what `once` has not."""
        files = {r.path for r in self.project.ask(ReferencesTo(scope.dotted))} | {self.module.relpath}
        return any(use.path in files for name in sorted(_OF_A_CACHE) for use in self.project.ask(AttributeUses(name)))


def _evidence(scope: Scope, made: Made | None, effect: Effect | None, reached: Reached | None) -> Iterable[Evidence]:
    yield from reached.way if reached is not None else ()
    if made is not None:
        yield from made.evidence
    elif effect is not None:
        yield Evidence(scope.module.relpath, effect.row, "this must not happen twice")


def _last(decorator: ast.expr) -> str:
    return (dotted(decorator.func if isinstance(decorator, ast.Call) else decorator) or "").rpartition(".")[2]
