"""PAT505: a wrapper calls the function and gives nothing back."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from patternlint.facts import Module, walk
from patternlint.rule import Applicability, Confidence, Evidence, Family, Rule, cst
from patternlint_rules.decorator.around import calls_in
from patternlint_rules.decorator.evidence import Application, UsesOfDecorator
from patternlint_rules.decorator.levels import levels_of
from patternlint_rules.decorator.results import UsedResult, UsesOfResult
from patternlint_rules.decorator.shape import Wrapper, decorator_shape, own_nodes
from patternlint_rules.decorator.sites import Function, calls_function, decorator_sites

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder

_SHOWN = 3


class WrapperDropsResult(Rule):
    """A wrapper that calls the function without return gives None to everybody who asks for the result.

    The decorator was written for commands, handlers and callbacks, whose results nobody reads. Then somebody puts it on
    a function that returns something: its callers get `None`, and fail, or take it for "nothing found", wherever they
    look at it.

    Bad:

        def logged(func):
            @functools.wraps(func)
            def wrapper(*args, **kwargs):
                log.info("%s", func.__name__)
                func(*args, **kwargs)
            return wrapper

        @logged
        def find(name):
            return names.get(name)

        found = find("book")                 # None

    Write:

        def logged(func):
            @functools.wraps(func)
            def wrapper(*args, **kwargs):
                log.info("%s", func.__name__)
                return func(*args, **kwargs)
            return wrapper

    Reported is a wrapper that never returns a value and calls the function as a statement of its own: with high
    confidence where the project decorates a function that returns a value, and uses what a call of that returns; with
    low confidence where nobody is seen to use it.

    Not reported: wrappers of functions that return nothing, generators, wrappers that hand the function on (to a
    thread, a timer, an executor), and those that return something somewhere.

    The fix returns the call. It is safe where the call is the last thing that the wrapper does; where more follows, it
    keeps the result and returns it at the end, which is unsafe: a way out in between may have been meant to return
    nothing.

    **Measured**: no true site in 24 packages that were searched; none of 6 labelled look-alikes is reported.
    """

    code, name, family = "PAT505", "wrapper-drops-result", Family.DECORATOR
    applicability, since, preview = Applicability.SAFE, "0.1", True
    words = frozenset({"def", "return"})
    patterns = (r"\n[ \t\f]+(?:async|def)\b", r"\r[ \t\f]+(?:async|def)\b")
    reasons: ClassVar[Mapping[str, str]] = {
        "more-follows": "the wrapper goes on after the call, and may mean to return nothing there",
        "several-calls": "the wrapper calls the function in several places, or in a loop",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Functions of a decorator's shape with a wrapper that returns no value."""
        return [site.scope.function for site in module.derive(decorator_sites) if site.wrappers_are(_may_drop)]

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        """Report a wrapper that drops what somebody uses."""
        shape = decorator_shape(node)
        dropping = [] if shape is None else [w for w in shape.wrappers if _drops(w)]
        if not dropping:
            return
        levels = levels_of(node, self.ancestors, self.scope_of)
        uses = self.project.ask(UsesOfDecorator(levels.dotted, levels.calls))
        returning = [a for a in uses.applied if a.returns and a.dotted and not a.in_test]
        used = [(a, places) for a in returning if (places := self.project.ask(UsesOfResult(a.dotted)))]
        for wrapper in dropping if returning else ():
            self._say(wrapper, levels.name, returning, used)

    def _say(
        self,
        wrapper: Wrapper,
        decorator: str,
        returning: list[Application],
        used: list[tuple[Application, tuple[UsedResult, ...]]],
    ) -> None:
        function = used[0][0] if used else returning[0]
        evidence = [Evidence(a.path, a.row, f"'{a.name}' returns a value") for a in returning[:1] if not used]
        for application, places in used[:_SHOWN]:
            evidence.append(Evidence(application.path, application.row, f"'{application.name}' returns a value"))
            evidence.append(Evidence(places[0].path, places[0].row, f"what '{application.name}' returns is used"))
        certain = bool(used) and not self.module.is_test
        self.report(
            wrapper.node,
            f"callers of '{function.name}' get None: '{wrapper.name}' of '{decorator}' does not return what the "
            "function returns",
            confidence=Confidence.HIGH if certain else Confidence.LOW,
            evidence=evidence,
            fix=self._fix(wrapper),
            help="return the call",
        )

    def _fix(self, wrapper: Wrapper) -> FixBuilder:
        fix = self.fix("return what the function returns")
        calls = calls_in(wrapper)
        if all(call.is_last for call in calls):
            for call in calls:
                assert isinstance(call.statement, cst.Expr)
                fix.replace(call.statement, f"return {self.text(call.statement.value)}")
            return fix
        only, name = calls[0], fix.free_name("result")
        block, index = only.blocks[-1]
        if (
            len(calls) > 1
            or len(only.blocks) > 1
            or index == len(block) - 1
            or not isinstance(only.statement, cst.Expr)
        ):
            fix.refuse("several-calls")
            return fix
        fix.lower(Applicability.UNSAFE, "more-follows")
        fix.replace(only.statement, f"{name} = {self.text(only.statement.value)}")
        fix.insert_after(block[-1], f"return {name}")
        return fix


def _drops(wrapper: Wrapper) -> bool:
    """Whether a wrapper calls the function for its effect alone, and returns nothing."""
    node = wrapper.node
    if not isinstance(node, cst.FunctionDef) or wrapper.hands_on:
        return False
    own = own_nodes(node)
    if any(isinstance(n, cst.Yield) or (isinstance(n, cst.Return) and _has_value(n)) for n in own):
        return False
    calls = calls_in(wrapper)
    return 0 < len(calls) == len(wrapper.calls) and all(isinstance(c.statement, cst.Expr) for c in calls)


def _has_value(node: cst.Return) -> bool:
    return node.value is not None and not (isinstance(node.value, cst.Name) and node.value.value == "None")


def _may_drop(wrapper: Function, function: str) -> bool:
    calls = [n.value for n in walk(wrapper) if isinstance(n, ast.Expr)]
    called = [c.value if isinstance(c, ast.Await) else c for c in calls]
    return any(calls_function(c, function) for c in called)
