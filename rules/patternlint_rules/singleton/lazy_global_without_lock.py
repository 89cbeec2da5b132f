"""PAT107: a module global that is filled on first use, without a lock."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import ClassVar

from patternlint.facts import Module
from patternlint.rule import Applicability, Family, Rule, cst
from patternlint_rules.singleton.double_checked import REASONS
from patternlint_rules.singleton.lazy import Filling, fillings, may_fill
from patternlint_rules.singleton.lazy_fix import DOUBTS, build_global_once
from patternlint_rules.singleton.race import race_on


class LazyGlobalWithoutLock(Rule):
    """A global that is filled on first use without a lock is filled once per thread that comes before it is there.

    Both threads find None, both build. A pool, a client or an executor is then there twice: one is used by its caller
    alone, its sockets and threads are never closed. Of two registries each knows a part of what was registered. It
    happens at start-up under load, where the first requests come together, and never in a test.

    Bad:

        from redis import ConnectionPool

        _pool = None

        def get_pool():
            global _pool
            if _pool is None:
                _pool = ConnectionPool.from_url(settings.redis_url)
            return _pool

    Write:

        from patternlint.runtime import once

        @once
        def get_pool():
            return ConnectionPool.from_url(settings.redis_url)

    or keep the global, build under a lock, test again there and publish last:

        _pool = None
        _pool_lock = threading.Lock()

        def get_pool():
            global _pool
            if _pool is None:
                with _pool_lock:
                    if _pool is None:
                        _pool = ConnectionPool.from_url(settings.redis_url)
            return _pool

    Reported where what is made is a resource (a pool, a client, an executor, a process, an object whose constructor
    makes one) or an object that others put something into. High: it is certainly a resource, and threads are seen to
    get there: a request handler that runs in a thread, a thread or an executor (the way is printed), or the module
    deals with threads. Medium: one of both is not certain. Low: neither is; or an event loop, a GUI or start-up code
    alone calls it. In an `async def` the race is between tasks, and reported where it awaits between test and
    assignment. With `free-threaded = true` one level more. Not reported: compiled patterns, strings, tables, settings,
    imported names, loggers and other values of which two are as good as one; what is reset; what a lock is held for.

    The fix in place is safe where one plain `if` fills the one global and nothing is imported meanwhile: a lock that is
    held during an import can deadlock.

    **Measured**: of 4 hand-labelled sites 2 are found at medium or more and all at any confidence; of 21 look-alikes
    none at high or medium and 3 at low. In 84 packages with 437 globals that functions fill, 3 are reported at high and
    2 at medium confidence. All were read; in one of high confidence start-up code mostly fills the global first.
    """

    code, name, family = "PAT107", "lazy-global-without-lock", Family.SINGLETON
    applicability, since = Applicability.SAFE, "0.1"
    words = frozenset({"def", "global"})
    low_in_tests = True
    reasons: ClassVar[Mapping[str, str]] = {**REASONS, **DOUBTS}

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Functions that declare a global and may fill it."""
        if "global " not in module.source.text:
            return []
        return [
            f.function
            for f in module.functions
            if any(isinstance(s, ast.Global) for s in f.statements()) and may_fill(f)
        ]

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        """Report a function that fills a global without a lock, once."""
        for filling in fillings(node, self.scope):
            if not filling.store.slot.owner and self._reports(node, filling):
                return

    def _reports(self, node: cst.FunctionDef, filling: Filling) -> bool:
        race = race_on(self, filling)
        if race is None:
            return False
        slot, name = filling.store.slot.name, node.name.value
        whose = "tasks" if self.scope.is_async else "threads"
        self.report(
            node,
            f"{whose} that call '{name}' before '{slot}' is there each make their own: {race.made.loss}",
            confidence=race.confidence,
            evidence=race.evidence,
            fix=build_global_once(self, filling, race.made),
            help="make it under a lock that tests again, or with once of patternlint.runtime",
        )
        return True
