"""PAT903: an import statement in a function that a request handler calls."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from itertools import pairwise

from patternlint.facts import Module
from patternlint.rule import Evidence, Family, Rule, cst
from patternlint_rules.imports.hoisting import REASONS, hoist, weigh
from patternlint_rules.imports.inner_import import PATTERNS, inner_import
from patternlint_rules.imports.request_path import path_to, request_paths


class ImportInRequestHelper(Rule):
    """A helper that handlers call imports a module: the first request that gets there waits for it, or fails with it.

    The same defect as import-in-request-handler, one or more calls further down: ``handler -> helper -> import``. It is
    harder to see, because the helper looks like any other function; the calls that lead to it are printed.

    Bad:

        @router.get("/orders.csv")
        def export():
            return as_csv(load_orders())

        def as_csv(rows):
            import csv

            writer = csv.writer(...)

    Write:

    ```python
    import csv

    @router.get("/orders.csv")
    def export():
        return as_csv(load_orders())

    def as_csv(rows):
        writer = csv.writer(...)
    ```

    **What counts as reached**: calls of ``f()`` and ``self.m()`` in the same file, from a handler down, and functions
    that a handler gives to a thread pool. Memoised functions end the way, and so do calls that run only until their
    result is there (``if client is None: client = connect()``).

    **What is not flagged**: as for import-in-request-handler (PAT901).

    **When the fix is safe**: as for import-in-request-handler.

    **Measured**: of 8 hand-labelled sites that a reviewer would send back 6 are found at high confidence and all at
    any; of 9 look-alikes none at high or medium.
    """

    code, name, family = "PAT903", "import-in-request-helper", Family.IMPORTS
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
        return (b.node for b in inner if any(way.depth for way in reached.get(b.scope, ())))

    def visit_Import(self, node: cst.Import) -> None:
        self._check(node)

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        self._check(node)

    def _check(self, node: cst.Import | cst.ImportFrom) -> None:
        statement = inner_import(self, node)
        path = path_to(self.project, statement.scope) if statement else None
        if statement is None or path is None or not path.depth:
            return
        verdict = weigh(self.project, path, statement)
        if verdict is None:
            return
        chain = [path.handler.scope, *path.calls[1:]]
        way = " -> ".join(f"'{scope.qualname}'" for scope in chain)
        module = statement.bindings[0].loads
        if verdict.is_loaded:
            message = f"{way}: requests import '{module}' in every call, and a fault in it fails them, not the start"
        else:
            message = f"{way}: the first request that gets here waits for the import of '{module}', or fails with it"
        first = Evidence(self.module.relpath, chain[0].row, f"'{chain[0].qualname}' is {path.handler.how}")
        calls = [
            Evidence(self.module.relpath, callee.row, f"'{callee.qualname}' is called by '{caller.qualname}'")
            for caller, callee in pairwise(chain)
        ]
        self.report(
            node,
            message,
            confidence=verdict.confidence,
            evidence=[first, *calls],
            fix=hoist(self, path, statement, verdict),
            help="import it at the top of the module",
        )
