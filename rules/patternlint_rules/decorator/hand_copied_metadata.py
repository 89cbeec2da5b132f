"""PAT502: a decorator copies name and docstring by hand, and the rest of the function's identity is lost."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from patternlint.facts import Module
from patternlint.rule import Applicability, Confidence, Evidence, Family, Rule, cst
from patternlint_rules.decorator.confidence import confidence_that_it_decorates
from patternlint_rules.decorator.copies import COPIED_BY_WRAPS, Copies, copies_of
from patternlint_rules.decorator.evidence import Uses, UsesOfDecorator
from patternlint_rules.decorator.identity import is_wrapped_by_decorator, names_of
from patternlint_rules.decorator.levels import levels_of
from patternlint_rules.decorator.shape import Shape, Wrapper, decorator_shape
from patternlint_rules.decorator.sites import decorator_sites
from patternlint_rules.decorator.wrapping import REASONS, mind_registration, put_wraps

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder

_SHOWN = 3
_LEFT_OUT = ("__name__", "__qualname__", "__doc__", "__module__", "__wrapped__")


class HandCopiedMetadata(Rule):
    """Copying __name__ and __doc__ by hand loses the rest: signature, qualified name, module, annotations.

    The author knew that a wrapper hides its function, and copied what came to mind. What reads signatures (pytest's
    fixtures, FastAPI, click, Celery, `help()`, every editor) still sees `(*args, **kwargs)`, because `__wrapped__` is
    missing; tracebacks and profiles of methods say `decorator.<locals>.wrapper` for want of `__qualname__`; pickling
    looks in the wrong module; attributes that other decorators set on the function are gone.

    Bad:

        def logged(func):
            def wrapper(*args, **kwargs):
                log.info("%s", func.__name__)
                return func(*args, **kwargs)
            wrapper.__name__ = func.__name__
            wrapper.__doc__ = func.__doc__
            return wrapper

    Write:

        def logged(func):
            @functools.wraps(func)
            def wrapper(*args, **kwargs):
                log.info("%s", func.__name__)
                return func(*args, **kwargs)
            return wrapper

    Reported is a wrapper that a decorator returns, and that gets the function's own `__name__` or `__doc__` by
    assignment: with high confidence where it gets the name, or somebody in the project decorates with it; with medium
    confidence where it gets the docstring alone and only words say that it decorates; with low confidence where
    `functools.wraps` stands on the wrapper, too, so that the assignments do nothing.

    Not reported: views and functions that are built from a class, a name with a suffix or another name of the author's
    choice, property-like descriptors, and what is copied to something that is no inner function of the decorator.

    The fix takes the assignments out and puts `functools.wraps` on the wrapper; what else is set on it stays. It is
    safe where the wrapper takes what the function takes and the assignments stand in the decorator's own body.
    Otherwise it is unsafe, and deletes `__wrapped__`, so that the wrapper keeps a signature of its own.

    **Measured**: all of 5 labelled sites are found, 3 at high and 2 at low confidence; of 4 look-alikes none. The 3
    findings of high confidence beyond the labels, in 67 packages, are right.
    """

    code, name, family = "PAT502", "hand-copied-metadata", Family.DECORATOR
    applicability, since = Applicability.SAFE, "0.1"
    words = frozenset({"def", "return"})
    any_words = frozenset({"__name__", "__doc__"})
    patterns = (r"\.__(?:name|doc)__\s*=[^=]",)
    reasons: ClassVar[Mapping[str, str]] = {
        **REASONS,
        "copied-in-a-block": "a copy stands in an if or try, or shares its line",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Functions of a decorator's shape that set a name or docstring."""
        rows = module.rows_with(["__name__", "__doc__"])
        return [site.scope.function for site in module.derive(decorator_sites) if site.scope.holds(rows)]

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        """Report every wrapper that gets its identity by hand."""
        shape = decorator_shape(node)
        for wrapper in () if shape is None else shape.wrappers:
            assert shape is not None
            copies = copies_of(shape, wrapper)
            if copies.attributes & {"__name__", "__doc__"} and "__name__" not in copies.others:
                self._judge(node, shape, wrapper, copies)

    def _judge(self, node: cst.FunctionDef, shape: Shape, wrapper: Wrapper, copies: Copies) -> None:
        levels = levels_of(node, self.ancestors, self.scope_of)
        uses = self.project.ask(UsesOfDecorator(levels.dotted, levels.calls))
        decorates = confidence_that_it_decorates(shape, wrapper, levels, uses)
        again = is_wrapped_by_decorator(shape, wrapper, self.resolve)
        if again or self.module.is_test:
            confidence = Confidence.LOW
        elif "__name__" in copies.attributes or decorates is Confidence.HIGH:
            confidence = Confidence.HIGH
        else:
            confidence = Confidence.MEDIUM if decorates is not None else Confidence.LOW
        copied = " and ".join(sorted(copies.attributes & {"__name__", "__doc__"}, reverse=True))
        lost = [a for a in _LEFT_OUT if a not in copies.attributes | copies.others]
        said = (
            f"functools.wraps has given '{wrapper.name}' the identity of '{shape.function}' already: copying {copied} "
            "again changes nothing"
            if again
            else f"'{levels.name}' copies {copied} by hand and loses the rest: what reads signatures, pickles or "
            f"prints a traceback misses {', '.join(lost)}"
        )
        applied = [a for a in uses.applied if not a.in_test][:_SHOWN]
        self.report(
            wrapper.node,
            said,
            confidence=confidence,
            evidence=[Evidence(a.path, a.row, f"'{a.name}' is decorated") for a in applied],
            fix=self._fix(shape, wrapper, copies, uses, again=again),
            help="put functools.wraps on the wrapper",
        )

    def _fix(self, shape: Shape, wrapper: Wrapper, copies: Copies, uses: Uses, *, again: bool) -> FixBuilder:
        fix = self.fix(f"give '{wrapper.name}' the whole identity of '{shape.function}'")
        for statement in copies.statements:
            fix.remove(statement)
        if copies.is_nested or not copies.attributes <= COPIED_BY_WRAPS:
            fix.refuse("copied-in-a-block")
        names = names_of(shape, wrapper)
        same = [w for w in shape.wrappers if not names.isdisjoint(names_of(shape, w))]  # one copy serves all of a name
        if any(isinstance(w.node, cst.Lambda) for w in same):
            fix.refuse("wrapper-is-a-lambda")
        if not again:
            for each in same:
                put_wraps(fix, shape, each, uses)
            if "__name__" not in copies.attributes:
                mind_registration(fix, uses, self.project)
        return fix
