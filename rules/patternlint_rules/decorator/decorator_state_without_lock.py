"""PAT506: a decorator counts or remembers in a variable that all threads share, without a lock."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from patternlint.facts import Module, walk
from patternlint.rule import Applicability, Confidence, Family, Rule, cst
from patternlint.words import words_of
from patternlint_rules.decorator.evidence import Uses, UsesOfDecorator
from patternlint_rules.decorator.levels import levels_of
from patternlint_rules.decorator.shape import Wrapper, decorator_shape, is_plain
from patternlint_rules.decorator.shared_state import Change, unlocked_changes
from patternlint_rules.decorator.sites import Function, decorator_sites
from patternlint_rules.singleton.concurrency import Reached, ThreadsReaching, how_reached

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder

_LOOKED_AT = 5  # decorated functions that are asked how threads get to them


class DecoratorStateWithoutLock(Rule):
    """A decorator that counts or remembers in a variable of its own loses updates when two threads call at once.

    The variable of a closure, or an attribute of the wrapper, is one for all callers. `calls += 1` reads, adds and
    stores: of two requests that do so at once one is not counted, so a limit of a hundred lets more through, a metric
    is too low, a circuit breaker opens late. `if now - last < wait: return` followed by `last = now` lets both pass.

    Bad:

        def counted(func):
            calls = 0

            @functools.wraps(func)
            def wrapper(*args, **kwargs):
                nonlocal calls
                calls += 1
                return func(*args, **kwargs)
            return wrapper

        @app.get("/price")
        @counted
        def price():
            return load_price()

    Write:

        def counted(func):
            calls, lock = 0, threading.Lock()

            @functools.wraps(func)
            def wrapper(*args, **kwargs):
                nonlocal calls
                with lock:
                    calls += 1
                return func(*args, **kwargs)
            return wrapper

    Reported, with medium confidence at most: a variable of the decorator (`nonlocal`), an attribute of the wrapper or
    an entry of a container of the decorator that a plain wrapper changes depending on what it was, without a lock,
    where threads are seen to call a decorated function: a request handler, a thread's target, what an executor runs.
    With low confidence where the decorator's module only minds threads elsewhere.

    Not reported: coroutine functions (nothing comes in between), changes under a lock, what the wrapper only stores,
    and memos (`if key not in cache: cache[key] = ...`): two threads then compute the same thing twice.

    The fix puts the one statement that counts under a lock of the decorator. It is unsafe: the count may be read
    elsewhere, without the lock. There is none where a question and a later store belong together.

    **Measured**: no site in 16 packages that were searched, and no label.
    """

    code, name, family = "PAT506", "decorator-state-without-lock", Family.DECORATOR
    applicability, since, preview = Applicability.UNSAFE, "0.1", True
    low_in_tests = True
    words = frozenset({"def", "return"})
    patterns = (r"\n[ \t\f]+def\b", r"\r[ \t\f]+def\b")
    reasons: ClassVar[Mapping[str, str]] = {
        "read-elsewhere": "what reads the state elsewhere may need the lock, too",
        "asked-and-stored": "the question and the store belong together under one lock, with what is in between",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Functions of a decorator's shape with a plain wrapper that changes something of others."""
        return [site.scope.function for site in module.derive(decorator_sites) if site.wrappers_are(_may_change)]

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        """Report a wrapper whose calls get in each other's way."""
        shape = decorator_shape(node)
        for wrapper in () if shape is None else shape.wrappers:
            if shape is None or not is_plain(wrapper):
                continue
            change = next(iter(unlocked_changes(shape, wrapper, self.scope_of(wrapper.node))), None)
            if change is not None:
                levels = levels_of(node, self.ancestors, self.scope_of)
                uses = self.project.ask(UsesOfDecorator(levels.dotted, levels.calls))
                reached = self._threads(uses)
                if reached is not None:
                    self._say(node, wrapper, levels.name, change, reached, Confidence.MEDIUM)
                elif (
                    any(not a.is_async for a in uses.applied)
                    and (reached := how_reached(self.project, levels.outer)) is not None
                ):
                    self._say(node, wrapper, levels.name, change, reached, Confidence.LOW)

    def _threads(self, uses: Uses) -> Reached | None:
        asked = [a.dotted for a in uses.applied if a.dotted and not a.in_test and not a.is_async][:_LOOKED_AT]
        return next((r for name in asked if (r := self.project.ask(ThreadsReaching(name))) is not None), None)

    def _say(
        self,
        node: cst.FunctionDef,
        wrapper: Wrapper,
        decorator: str,
        change: Change,
        reached: Reached,
        confidence: Confidence,
    ) -> None:
        who = f"'{wrapper.name}' of '{decorator}'"
        what = (
            f"one is not counted: {who} changes '{change.state}'"
            if change.is_count
            else f"both pass: {who} asks about '{change.state}' and stores it later,"
        )
        self.report(
            wrapper.node,
            f"of two calls at once {what} without a lock",
            confidence=confidence,
            evidence=reached.way,
            fix=self._fix(node, wrapper, change),
            help="change it under a lock of the decorator",
        )

    def _fix(self, node: cst.FunctionDef, wrapper: Wrapper, change: Change) -> FixBuilder:
        fix = self.fix("count under a lock")
        fix.lower(Applicability.UNSAFE, "read-elsewhere")
        line = change.path[-1]
        if not change.is_count or not isinstance(line, cst.SimpleStatementLine) or len(line.body) > 1:
            fix.refuse("asked-and-stored")
            return fix
        owner, inner = self._owner(node, wrapper, change)
        lock = "lock" if "lock" not in words_of(self.text(owner)) else fix.free_name("lock")
        fix.insert_before(inner, f"{lock} = {fix.name('threading', 'Lock')}()\n")
        fix.nest(line, line, f"with {lock}:")
        return fix

    def _owner(
        self, node: cst.FunctionDef, wrapper: Wrapper, change: Change
    ) -> tuple[cst.FunctionDef, cst.FunctionDef | cst.Lambda]:
        """The function whose variable is changed (the decorator, for an attribute of the wrapper), and the one in it
        around the change: the lock is for all who share the variable."""
        inner = wrapper.node
        around = [node, *(a for a in reversed(self.ancestors) if isinstance(a, cst.FunctionDef))]
        for function in around:
            if "." in change.state or change.state in self.scope_of(function).bindings:
                return function, inner
            inner = function
        return around[0], wrapper.node


def _may_change(wrapper: Function, function: str) -> bool:
    if not isinstance(wrapper, ast.FunctionDef):
        return False
    return any(isinstance(n, ast.Nonlocal | ast.AugAssign) or _sets_attribute(n) for n in walk(wrapper))


def _sets_attribute(node: ast.AST) -> bool:
    return isinstance(node, ast.Assign) and any(isinstance(t, ast.Attribute) for t in node.targets)
