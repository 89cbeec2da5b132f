"""The fix that gives a wrapper its function's identity, and the doubts about it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from patternlint.project import Project
from patternlint.rule import Applicability, cst
from patternlint_rules.decorator.evidence import ReadsName, Uses
from patternlint_rules.decorator.shape import Shape, Wrapper
from patternlint_rules.decorator.signature import takes_what_function_takes

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder

REASONS = {
    "wrapper-signature-differs": "the wrapper does not take what the function takes, so it keeps its own signature",
    "wrapper-is-decorated": "a decorator on the wrapper may depend on the wrapper's own name or signature",
    "registered-by-name": "a decorator above registers the function under its name, which the fix changes",
    "wrapper-is-a-lambda": "a lambda can only be wrapped in place",
}
# decorators that register what they get under its name: a framework's table changes when the name does
_REGISTERS_BY_NAME = frozenset(
    {"route", "get", "post", "put", "patch", "delete", "head", "options", "websocket", "task", "shared_task",
     "periodic_task", "fixture", "command", "group", "endpoint", "api_view", "errorhandler", "tool", "register"}
)  # fmt: skip
_OWN_SIGNATURE = '("__module__", "__name__", "__qualname__", "__doc__")'


def put_wraps(fix: FixBuilder, shape: Shape, wrapper: Wrapper, uses: Uses) -> None:
    """Put `functools.wraps` on a wrapper; one that takes other arguments than the function keeps its signature."""
    wraps = fix.name("functools", "wraps")
    node = wrapper.node
    if isinstance(node, cst.Lambda):
        fix.lower(Applicability.UNSAFE, "wrapper-is-a-lambda")
        fix.wrap(node, f"{wraps}({shape.function})(", ")")
        return
    same = takes_what_function_takes(wrapper, shape.function, uses.applied)
    if node.decorators:
        fix.lower(Applicability.UNSAFE, "wrapper-is-decorated")
        if not same:
            fix.refuse("wrapper-is-decorated")
    if same:
        fix.decorate(node, f"{wraps}({shape.function})")
    else:
        fix.lower(Applicability.UNSAFE, "wrapper-signature-differs")
        fix.decorate(node, f"{wraps}({shape.function}, assigned={_OWN_SIGNATURE})")
        fix.insert_after(node, f"\ndel {wrapper.name}.__wrapped__  # its signature is its own")


def mind_registration(fix: FixBuilder, uses: Uses, project: Project) -> None:
    """Lower a fix that changes a name by which somebody has registered the function."""
    above = {name for a in uses.applied for name in a.above}
    if any(n.rpartition(".")[2] in _REGISTERS_BY_NAME or project.ask(ReadsName(n)) for n in above):
        fix.lower(Applicability.UNSAFE, "registered-by-name")
