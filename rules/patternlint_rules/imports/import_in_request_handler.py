"""PAT901: an import statement in a request handler."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from patternlint.facts import Module
from patternlint.rule import Evidence, Family, Rule, cst
from patternlint_rules.imports.hoisting import REASONS, hoist, weigh
from patternlint_rules.imports.inner_import import PATTERNS, inner_import
from patternlint_rules.imports.request_path import path_to, request_paths


class ImportInRequestHandler(Rule):
    """The first request waits while a handler imports a module, and a broken import fails requests, not the start.

    An import at the top of a module runs when the program starts: before it takes requests, before a server forks its
    workers, and where a mistake stops the deployment. The same statement in a handler runs when a client is waiting.
    In an ``async`` handler everybody is: the event loop stands still for as long as the module takes to load.

    Bad:

        @router.post("/{name}")
        def order(payload):
            from shop.stock import find

            item = find(payload.name)

    Write:

    ```python
    from shop.stock import find

    @router.post("/{name}")
    def order(payload):
        item = find(payload.name)
    ```

    **What counts as a handler**: functions under a route, view, hook or task decorator; functions handed to a router
    or named in ``Depends``; methods of views, request handlers and gRPC services (their bases are followed through
    the project); ASGI and WSGI applications, middleware, Lambda handlers, GraphQL resolvers; functions that are given
    a server framework's request. Celery, huey and dramatiq tasks count at medium confidence.

    **What is not flagged**: an import that the module graph says cannot move (a real cycle, or one that a replay of
    the import system shows to fail), a name that its home module binds anew with ``global`` (an import at the top
    would keep the old object), an optional package in ``try`` / ``except ImportError``, a branch that a setting, an
    installed app or the platform decides about, code that runs once because it keeps what it made, and an import
    with a comment that gives a reason or a ``noqa`` of another tool.

    **When the fix is safe**: the module is one of the standard library, or of a package that this module imports at
    its top anyway, or one of the project from which no chain of imports leads back; the statement is unconditional
    (the standard library aside); its names mean nothing else in the module; no test replaces them where they live.

    **Measured**: of 38 hand-labelled sites that a reviewer would send back 31 are found at high confidence and all at
    any; of 39 look-alikes none at high or medium. Of 30 findings of high confidence (this rule and
    import-in-request-helper) taken at random, 28 were right by one reader's judgement; one of the other two is no
    longer reported. Some of the packages also carry labels, which were read while the rule was written.
    """

    code, name, family = "PAT901", "import-in-request-handler", Family.IMPORTS
    since = "0.1"
    words = frozenset({"import", "def"})
    patterns = PATTERNS
    low_in_tests = True
    peers = frozenset({"PLC0415", "C0415", "import-outside-toplevel"})
    reasons = REASONS

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        inner = [b for b in module.imports if b.scope.is_function]
        reached = module.derive(request_paths) if inner else {}
        return (b.node for b in inner if any(way.depth == 0 for way in reached.get(b.scope, ())))

    def visit_Import(self, node: cst.Import) -> None:
        self._check(node)

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        self._check(node)

    def _check(self, node: cst.Import | cst.ImportFrom) -> None:
        statement = inner_import(self, node)
        path = path_to(self.project, statement.scope) if statement else None
        if statement is None or path is None or path.depth:
            return
        verdict = weigh(self.project, path, statement)
        if verdict is None:
            return
        handler = path.handler.scope
        module = statement.bindings[0].loads
        if verdict.is_loaded:
            message = (
                f"'{handler.qualname}' imports '{module}' in every call: a fault in it fails requests, not the start"
            )
        elif handler.is_async:
            message = f"the event loop stands still while the first request to '{handler.qualname}' imports '{module}'"
        else:
            message = f"the first request to '{handler.qualname}' waits for the import of '{module}', or fails with it"
        self.report(
            node,
            message,
            confidence=verdict.confidence,
            evidence=[Evidence(self.module.relpath, handler.row, f"'{handler.qualname}' is {path.handler.how}")],
            fix=hoist(self, path, statement, verdict),
            help="import it at the top of the module",
        )
