"""What a wrapper does around its call of the function."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from patternlint.cstnames import dotted
from patternlint.rule import cst
from patternlint.walker import children, descendants
from patternlint_rules.decorator.shape import Wrapper

# functions and types by which code takes coroutines into account
HANDLES_COROUTINES = frozenset(
    {"iscoroutinefunction", "iscoroutine", "isawaitable", "is_coroutine", "is_async", "is_coroutine_function",
     "isasyncgenfunction", "ensure_future", "create_task", "run_until_complete", "run_coroutine_threadsafe", "run_sync",
     "async_to_sync", "gather", "ensureDeferred", "maybeDeferred", "inlineCallbacks", "is_async_callable",
     "markcoroutinefunction", "maybe_await", "maybe_async", "CoroutineType", "add_done_callback"}
)  # fmt: skip


class Call(NamedTuple):
    """One call of the function: what it stands in, the wrapper's statements from the outermost inwards."""

    node: cst.Call
    path: tuple[cst.CSTNode, ...]

    @property
    def statement(self) -> cst.BaseSmallStatement | None:
        """The simple statement that makes the call, if it does nothing else: ``return f()``, ``x = f()``, ``f()``, each
        with or without ``await``."""
        last = self.path[-1]
        outer = self.path[-2] if isinstance(last, cst.Await) and len(self.path) > 1 else last
        if isinstance(outer, cst.Return | cst.Expr | cst.Assign | cst.AnnAssign):
            return outer if outer.value is self.node or outer.value is last else None
        return None

    @property
    def blocks(self) -> list[tuple[Sequence[cst.CSTNode], int]]:
        """The blocks that the call stands in, the innermost first, each with the index of the statement in it."""
        found: list[tuple[Sequence[cst.CSTNode], int]] = []
        for outer, inner in zip(self.path, (*self.path[1:], self.node), strict=True):
            body = outer.body if isinstance(outer, cst.IndentedBlock) else ()
            found += [(body, index) for index, statement in enumerate(body) if statement is inner]
        return found[::-1]

    @property
    def is_last(self) -> bool:
        """Whether the wrapper does nothing more once the call has succeeded, ``finally`` and ``with`` aside."""
        if any(isinstance(n, cst.For | cst.While) for n in self.path):
            return False
        if any(isinstance(n, cst.Try) and n.orelse is not None and not _is_in(self.path, n.orelse) for n in self.path):
            return False
        return all(index == len(body) - 1 for body, index in self.blocks)


def calls_in(wrapper: Wrapper) -> list[Call]:
    """The calls of the function that the wrapper's own code makes, its helpers left out."""
    return [Call(call, path) for node, path in own_paths(wrapper.node) for call in wrapper.calls if call is node]


def own_paths(root: cst.FunctionDef | cst.Lambda) -> Iterator[tuple[cst.CSTNode, tuple[cst.CSTNode, ...]]]:
    """Every node of a function's own code with what it stands in."""
    stack: list[tuple[cst.CSTNode, tuple[cst.CSTNode, ...]]] = [(root.body, ())]
    while stack:
        node, path = stack.pop()
        yield node, path
        if not isinstance(node, cst.FunctionDef | cst.ClassDef | cst.Lambda):
            stack += [(child, (*path, node)) for child in reversed(children(node))]


def _is_in(path: tuple[cst.CSTNode, ...], node: cst.CSTNode) -> bool:
    return any(n is node for n in path)


def what_ends_too_early(call: Call) -> str:
    """What is over, for a call that only makes a coroutine, before any of it has run: in words, "" for nothing."""
    for outer, inner in zip(call.path, (*call.path[1:], call.node), strict=True):
        if isinstance(outer, cst.With) and outer.asynchronous is None and inner is outer.body:
            return "the with block is left"
        if isinstance(outer, cst.Try) and inner is outer.body:
            if outer.finalbody is not None and _does_something(outer.finalbody.body.body):
                return "the finally clause runs"
            if any(not _is_about_the_call(handler) for handler in outer.handlers):
                return "the try block is left"
    if not isinstance(call.statement, cst.Assign):
        return ""
    body, index = call.blocks[0]
    rest = [s for s in body[index + 1 :] if not _gives_back(s, call.statement)]
    acts = _does_something(rest) and not _passes_on(rest, call.statement)
    return "what stands below the call runs" if acts else ""


def _does_something(statements: Sequence[cst.CSTNode]) -> bool:
    """Whether statements do more than to count: a count of calls is the same, whenever they run."""
    return any(isinstance(node, cst.Call | cst.If | cst.Assign) for s in statements for node in descendants(s))


def _is_about_the_call(handler: cst.ExceptHandler) -> bool:
    """``except TypeError``: the arguments do not fit, which the call itself says."""
    return (dotted(handler.type) or "") == "TypeError"


def _gives_back(statement: cst.CSTNode, assigned: cst.Assign) -> bool:
    """Whether a statement only returns what the call gave."""
    name = dotted(assigned.targets[0].target)
    only = statement.body[0] if isinstance(statement, cst.SimpleStatementLine) and len(statement.body) == 1 else None
    return isinstance(only, cst.Return) and dotted(only.value) == name


def _passes_on(statements: Sequence[cst.CSTNode], assigned: cst.Assign) -> bool:
    """Whether the result goes to a function or an attribute, which may know what to do with it."""
    name = dotted(assigned.targets[0].target)
    return any(
        (isinstance(node, cst.Call) and any(dotted(a.value) == name for a in node.args))
        or (isinstance(node, cst.Attribute | cst.Await) and dotted(_inside(node)) == name)
        for statement in statements
        for node in descendants(statement)
    )


def _inside(node: cst.Attribute | cst.Await) -> cst.BaseExpression:
    return node.value if isinstance(node, cst.Attribute) else node.expression
