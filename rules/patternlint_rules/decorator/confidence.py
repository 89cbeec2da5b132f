"""How sure it is that a function of a decorator's shape decorates."""

from __future__ import annotations

from patternlint.rule import Confidence, cst
from patternlint_rules.decorator.evidence import (
    CALLED_LIKE_A_FUNCTION,
    Uses,
    is_public,
    keeps_callable_type,
    says_decorator,
)
from patternlint_rules.decorator.levels import Levels
from patternlint_rules.decorator.shape import Shape, Wrapper, forwards_anything, parameter_names


def confidence_that_it_decorates(shape: Shape, wrapper: Wrapper, levels: Levels, uses: Uses) -> Confidence | None:
    """By who applies it, then by what its types, its name and its docstring say; None where nothing says so."""
    scope = levels.outer
    says = forwards_anything(wrapper) and says_decorator(levels.scopes)
    if scope.module.is_test:
        if scope.is_local or not (uses.applied or says):
            return None  # made for one case
        elsewhere = any(a.path != scope.module.relpath for a in uses.applied)
        return Confidence.MEDIUM if elsewhere else Confidence.LOW
    if uses.applied:
        adapts = all(a.renames for a in uses.applied) and not forwards_anything(wrapper)
        if adapts or uses.otherwise > len(uses.applied):
            return Confidence.LOW  # it makes functions of another kind, or from other things, too
        if all(a.installs for a in uses.applied):
            return Confidence.MEDIUM if wrapper.calls else None
        return Confidence.MEDIUM if all(a.in_test or a.installs for a in uses.applied) else Confidence.HIGH
    if _is_partial_application(wrapper, levels):
        return None
    kept = keeps_callable_type(levels.scopes[0], shape.function, levels.factory)
    if kept == "generic":
        return Confidence.MEDIUM if uses.otherwise else Confidence.HIGH
    if uses.otherwise or not wrapper.calls:
        return None
    alone = len(levels.scopes[0].parameters) == 1
    named = shape.function in CALLED_LIKE_A_FUNCTION and is_public(scope, uses.imported)
    if (kept and alone) or says or (named and forwards_anything(wrapper)):
        return Confidence.MEDIUM
    return None


def _is_partial_application(wrapper: Wrapper, levels: Levels) -> bool:
    """Whether the wrapper gives the function other parameters of the decorator: it then binds them."""
    bound = {p for s in levels.scopes for p in s.parameters} - parameter_names(wrapper.node.params)
    given = {a.value.value for c in wrapper.calls for a in c.args if isinstance(a.value, cst.Name) and not a.star}
    return bool(given & bound)
