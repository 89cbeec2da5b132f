"""PAT902: a function imports what its module has imported at the top."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from patternlint.facts import ImportBinding, Module, dotted, own_nodes
from patternlint.project.rebinding import Patched
from patternlint.rule import Applicability, Confidence, Evidence, Family, Rule, cst
from patternlint_rules.imports.already_bound import Twin, twin_of
from patternlint_rules.imports.inner_import import PATTERNS, InnerImport, inner_import, nodes_of_group

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder


class RedundantInnerImport(Rule):
    """A function imports again what the module's top binds already: readers look for a cycle that is not there.

    An import in a function says "this must not run at the top". Where the top has the same import, it says so wrongly:
    the next person keeps it, copies it, and spreads the top's change (a rename, a mock) over two places. It also makes
    the name local to the whole function, so that a use before the statement fails with UnboundLocalError.

    Bad:

        import json

        def dump(order):
            import json

            return json.dumps(order)

    Write:

    ```python
    import json

    def dump(order):
        return json.dumps(order)
    ```

    **What is not flagged**: another object of the same name; a top-level import under ``TYPE_CHECKING``, in ``try`` or
    ``if``; a submodule that the top does not load (``import a.b`` under ``import a``); a name that its home module
    binds anew with ``global``, whose present value the inner import reads; functions that reload modules, change
    ``sys.modules``, or are run from their source elsewhere. The same object by a re-export counts at medium confidence.

    **When the fix is safe**: the function binds the name in no other way, the top-level import stands above the
    function, and no test replaces the name in either module.

    **Measured**: all of 18 hand-labelled sites are found at high confidence, and none of 7 look-alikes. About 100
    further findings of high confidence in 16 packages were read: all are right.
    """

    code, name, family = "PAT902", "redundant-inner-import", Family.IMPORTS
    since = "0.1"
    words = frozenset({"import", "def"})
    patterns = PATTERNS
    low_in_tests = True
    peers = frozenset({"F811", "W0404", "reimported"})
    reasons: ClassVar[Mapping[str, str]] = {
        "bound-later": "the top-level import stands below the function",
        "comment-inside": "a comment stands inside the statement, of which other names are needed",
        "dynamic-scope": "the function uses eval, exec, locals or globals, which see its names",
        "imported-again": "the function imports the name, or another part of the package, in a statement that stays",
        "leaves-empty-block": "nothing would be left of the block around the statement",
        "name-taken": "the function binds the name in another way too",
        "patched-in-tests": "tests replace the name in one of the two modules",
        "pragma-on-line": "a comment to a tool stands on the line: alone on its line it would mean something else",
        "reason-given": "a comment says why the import stands here: it would explain nothing any more",
        "re-export": "the two imports name the object by different modules",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        top = {b.name for b in module.imports_in(module.scope) if not b.guard}
        return (b.node for b in module.imports if b.scope.is_function and b.name in top)

    def visit_Import(self, node: cst.Import) -> None:
        self._check(node)

    def visit_ImportFrom(self, node: cst.ImportFrom) -> None:
        self._check(node)

    def _check(self, node: cst.Import | cst.ImportFrom) -> None:
        statement = inner_import(self, node)
        if statement is None or statement.is_shipped or statement.touches_import_system:
            return
        twins = [twin_of(self.project, self.module, b) for b in statement.bindings]
        again = [(b, t) for b, t in zip(statement.bindings, twins, strict=True) if t is not None]
        if not again:
            return
        names = ", ".join(f"'{_imported(b)}'" for b, _ in again)
        verb = "is" if len(again) == 1 else "are"
        fix = self.fix(f"remove the import of {names}")
        group = nodes_of_group(self, statement, lambda b: twin_of(self.project, self.module, b) is not None)
        for one, its_node in group or ():
            self._take_out(fix, one, its_node)
        if group is None:
            fix.refuse("imported-again")
        self.report(
            node,
            f"{names} {verb} imported at the top already: here it is a local, unbound above this line, and hints at a"
            " cycle that is not there",
            confidence=Confidence.HIGH if all(t.same_path for _, t in again) else Confidence.MEDIUM,
            evidence=[
                Evidence(self.module.relpath, t.binding.row, f"'{_imported(b)}' is imported here") for b, t in again
            ],
            fix=fix,
            help="use the name that the top of the module binds",
        )

    def _take_out(self, fix: FixBuilder, statement: InnerImport, node: cst.Import | cst.ImportFrom) -> None:
        """Remove what the top binds already from one statement."""
        twins = [twin_of(self.project, self.module, b) for b in statement.bindings]
        kept = [a for a, twin in zip(statement.node.names, twins, strict=True) if twin is None]
        if kept:
            fix.replace(node, statement.with_names(kept))
        else:
            fix.remove(node)
        if kept and statement.holds_comment:
            fix.refuse("comment-inside")
        if statement.has_pragma:
            fix.refuse("pragma-on-line")
        if not kept and statement.reason_given:
            fix.refuse("reason-given")
        for doubt in self._doubts(statement, [t for t in twins if t is not None], empties=not kept):
            fix.lower(Applicability.UNSAFE, doubt)
        if any(True for _ in statement.clashes):
            fix.refuse("name-taken")

    def _doubts(self, statement: InnerImport, twins: list[Twin], *, empties: bool) -> Iterable[str]:
        if any(t.binding.row > statement.scope.outermost.row for t in twins):
            yield "bound-later"
        if not all(t.same_path for t in twins):
            yield "re-export"
        if empties and statement.around and len(statement.around[-1][1]) == 1:
            yield "leaves-empty-block"
        if any(dotted(n) in ("eval", "exec", "locals", "globals", "vars") for n in own_nodes(statement.scope.node)):
            yield "dynamic-scope"
        for binding in statement.bindings:
            home, _, name = binding.target.rpartition(".")
            here, there = Patched(self.module.name, binding.name), Patched(home, name)
            if self.project.ask(here) or (home == binding.loads and self.project.ask(there)):
                yield "patched-in-tests"


def _imported(binding: ImportBinding) -> str:
    """What a person would call the thing: ``a.b`` for ``import a.b``, else the name."""
    plain = isinstance(binding.node, ast.Import) and binding.target != binding.loads
    return binding.loads if plain else binding.name
