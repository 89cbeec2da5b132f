"""PAT504: a plain wrapper around a coroutine function is done before the coroutine has begun."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from patternlint.facts import Module, Scope, walk
from patternlint.rule import Applicability, Confidence, Evidence, Family, Rule, cst
from patternlint.words import words_of
from patternlint_rules.decorator.around import HANDLES_COROUTINES, Call, calls_in, what_ends_too_early
from patternlint_rules.decorator.evidence import Application, Uses, UsesOfDecorator, takes_coroutine_function
from patternlint_rules.decorator.identity import is_wrapped_by_decorator
from patternlint_rules.decorator.levels import Levels, levels_of
from patternlint_rules.decorator.shape import Shape, Wrapper, decorator_shape, is_plain
from patternlint_rules.decorator.sites import Function, calls_function, decorator_sites
from patternlint_rules.singleton.locking import is_lock

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder

_SHOWN = 3


class SyncWrapperOfCoroutine(Rule):
    """A plain wrapper around an async function times, guards or locks the making of the coroutine, not its run.

    Calling an `async def` runs nothing: it makes a coroutine, which runs when somebody awaits it. A wrapper that is no
    coroutine function returns before that. Its timer says that every request takes microseconds, its `except` never
    sees an error, its lock is free again before the work begins, its transaction is committed while it is empty. All of
    it works for the plain functions that the decorator was written for, and nothing fails for the others.

    Bad:

        def timed(func):
            @functools.wraps(func)
            def wrapper(*args, **kwargs):
                with timer(func.__name__):
                    return func(*args, **kwargs)
            return wrapper

        @timed
        async def fetch(url):
            return await client.get(url)

    Write both forms:

        def timed(func):
            if inspect.iscoroutinefunction(func):

                @functools.wraps(func)
                async def wrapper(*args, **kwargs):
                    with timer(func.__name__):
                        return await func(*args, **kwargs)

                return wrapper

            @functools.wraps(func)
            def wrapper(*args, **kwargs):
                with timer(func.__name__):
                    return func(*args, **kwargs)

            return wrapper

    or say what happens around the call once, and let `patternlint.runtime.decorator` do it for every kind of function:

        @decorator
        def timed(call, *args, **kwargs):
            with timer(call.__name__):
                return (yield call(*args, **kwargs))

    Reported is a wrapper whose call of the function stands in a `with` block, in a `try` with handlers or `finally`, or
    before statements that go on after it: with high confidence where the project decorates an `async def` with it, with
    medium confidence where annotations say that it takes what returns an awaitable.

    Not reported: a wrapper that checks something and then only returns the call; a decorator that asks for coroutine
    functions or awaitables, or has another wrapper for them; a wrapper that runs the coroutine or hands it on; what
    decorates an `async def` with another decorator in between, which may have made something else of it.

    The fix puts an asynchronous form of the wrapper above the plain one. It is unsafe: callers see another order of
    events, the one that was meant. There is none where the wrapper holds a lock, which must not be held while a
    coroutine waits, or where more is done with the wrapper than to return it.

    **Measured**: the labelled site is found at high confidence; of 6 look-alikes none is reported. Beyond the labels
    one more is found in the packages that were read, a context that is reset before two async methods run: right.
    """

    code, name, family = "PAT504", "sync-wrapper-of-coroutine", Family.DECORATOR
    applicability, since = Applicability.UNSAFE, "0.1"
    words = frozenset({"def", "return"})
    patterns = (r"\n[ \t\f]+def\b", r"\r[ \t\f]+def\b")
    reasons: ClassVar[Mapping[str, str]] = {
        "order-of-events": "what happened before the coroutine ran now happens around its run",
        "holds-a-lock": "the wrapper holds a lock during the call, which must not be held while a coroutine waits",
        "no-simple-form": "more is done with the wrapper than to return it",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Functions of a decorator's shape with a plain wrapper that has a block, or takes the call's result."""
        sites = (site for site in module.derive(decorator_sites) if site.wrappers_are(_may_end_early))
        return [site.scope.function for site in sites if not _handles_coroutines(site.scope)]

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        """Report a wrapper that ends before what it calls has begun."""
        shape = decorator_shape(node)
        if shape is None or not all(is_plain(w) for w in shape.wrappers):
            return
        for wrapper in shape.wrappers:
            if not self._is_bare_or_wrapped(shape, wrapper):
                continue
            calls = [call for call in calls_in(wrapper) if call.statement is not None and what_ends_too_early(call)]
            if calls:
                self._judge(node, shape, wrapper, calls[0])

    def _judge(self, node: cst.FunctionDef, shape: Shape, wrapper: Wrapper, call: Call) -> None:
        levels = levels_of(node, self.ancestors, self.scope_of)
        if _handles_coroutines(levels.outer):
            return
        uses = self.project.ask(UsesOfDecorator(levels.dotted, levels.calls))
        applied = [a for a in uses.applied if a.is_async and not a.below]
        confidence = self._confidence(shape, levels, applied)
        if confidence is None:
            return
        name = f"'{applied[0].name}'" if applied else f"'{shape.function}'"
        others = f" and {len(applied) - 1} more" if len(applied) > 1 else ""
        self.report(
            wrapper.node,
            f"{what_ends_too_early(call)} before any of {name}{others} has run: '{wrapper.name}' is no coroutine "
            "function, and a call of an async one only makes the coroutine",
            confidence=confidence,
            evidence=[Evidence(a.path, a.row, f"'async def {a.name}' is decorated") for a in applied[:_SHOWN]],
            fix=self._fix(shape, wrapper, call, uses),
            help="add an async form of the wrapper that awaits the call",
        )

    def _confidence(self, shape: Shape, levels: Levels, applied: list[Application]) -> Confidence | None:
        if any(not a.in_test for a in applied):
            return Confidence.LOW if self.module.is_test else Confidence.HIGH
        if applied:
            return Confidence.LOW
        annotated = takes_coroutine_function(levels.scopes[0], shape.function, levels.factory)
        return Confidence.MEDIUM if annotated and not self.module.is_test else None

    def _is_bare_or_wrapped(self, shape: Shape, wrapper: Wrapper) -> bool:
        number = len(wrapper.node.decorators) if isinstance(wrapper.node, cst.FunctionDef) else 0
        return not number or (number == 1 and is_wrapped_by_decorator(shape, wrapper, self.resolve))

    def _fix(self, shape: Shape, wrapper: Wrapper, call: Call, uses: Uses) -> FixBuilder:
        fix = self.fix("add a form for coroutine functions")
        fix.lower(Applicability.UNSAFE, "order-of-events")
        node, body, calls = wrapper.node, shape.node.body.body, calls_in(wrapper)
        after = body[-1] if len(body) > 1 and body[-2] is node else None
        small = after.body[0] if isinstance(after, cst.SimpleStatementLine) and len(after.body) == 1 else None
        if not isinstance(node, cst.FunctionDef) or not isinstance(small, cst.Return) or small.value is None:
            fix.refuse("no-simple-form")
            return fix
        if len(calls) < len(wrapper.reaches):
            fix.refuse("no-simple-form")
        scope, withs = self.scope_of(node), [n for n in call.path if isinstance(n, cst.With)]
        if any(is_lock(i.item, scope) for n in withs for i in n.items):
            fix.refuse("holds-a-lock")
        asked = fix.name("inspect", "iscoroutinefunction")
        lines = ["", *_asynchronous(node, calls).splitlines(), "", f"return {self.text(small.value)}"]
        block = "\n".join(f"    {line}" if line else "" for line in lines)
        fix.insert_before(node, f"if {asked}({shape.function}):\n{block}\n")
        return fix


def _handles_coroutines(scope: Scope) -> bool:
    """Whether a function has the words of code that takes coroutines into account."""
    source, last = scope.module.source, scope.function.end_lineno or scope.row
    text = source.text[source.line_start(scope.row) : source.line_start(last + 1)]
    return not words_of(text).isdisjoint(HANDLES_COROUTINES)


def _asynchronous(node: cst.FunctionDef, calls: list[Call]) -> str:
    """The wrapper as a coroutine function that awaits its calls of the function."""
    changed = node.with_changes(asynchronous=cst.Asynchronous(), leading_lines=(), returns=None)
    for call in calls:
        awaited = cst.Await(call.node)
        if call.statement is None:
            awaited = awaited.with_changes(lpar=[cst.LeftParen()], rpar=[cst.RightParen()])
        replaced = changed.deep_replace(call.node, awaited)
        assert isinstance(replaced, cst.FunctionDef)
        changed = replaced
    return cst.Module([changed]).code


def _may_end_early(wrapper: Function, function: str) -> bool:
    if not isinstance(wrapper, ast.FunctionDef):
        return False
    blocks = [s for n in walk(wrapper) if isinstance(n, ast.With | ast.Try) for s in n.body]
    results = [n.value for n in walk(wrapper) if isinstance(n, ast.Assign)]
    return any(calls_function(r, function) for r in results) or any(
        calls_function(n, function) for block in blocks for n in walk(block)
    )
