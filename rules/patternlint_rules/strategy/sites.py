"""Where a chain could be, as `ast` sees it: a first guess that errs towards too many."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from patternlint.facts import Module, Scope, dotted

EQUALITY, CLASS = "equality", "class"  # what a chain asks for
FEWEST = 3  # branches or classes, whatever the options say
_LEAVES = (ast.Return, ast.Raise, ast.Continue, ast.Break)
_MAPS = (ast.Return, ast.Assign, ast.AugAssign, ast.Raise, ast.Expr)  # what a branch of a mapping is
_COMPOUND = (
    ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match
)  # fmt: skip

Branches = list[ast.If]


def may_compare(module: Module) -> list[ast.If]:
    """The ``if``s of functions where one subject may be compared with constants, with one statement in each branch."""
    return [branches[0] for _, branches in module.derive(_all_chains) if _may_map(branches)]


def may_ask_classes(module: Module) -> list[ast.If]:
    """The ``if``s of functions where one subject may be asked for its class three times or more, and three of the
    classes are not built in."""
    found: list[ast.If] = []
    for scope, branches in module.derive(_all_chains):
        if _asks_classes(branches):
            classes = {c for b in branches for c in _classes(b.test, scope) if not c.startswith("builtins.")}
            if len(classes) >= FEWEST:
                found.append(branches[0])
    return found


def class_chains(scope: Scope) -> Iterator[Branches]:
    """The chains of one function where one subject may be asked for its class three times or more."""
    return filter(_asks_classes, _chains(scope))


def _asks_classes(branches: Branches) -> bool:
    asked = Counter(subject for branch in branches for subject in _asked(branch.test))
    return max(asked.values(), default=0) >= FEWEST


def _all_chains(module: Module) -> list[tuple[Scope, Branches]]:
    return [(scope, branches) for scope in module.functions for branches in _chains(scope)]


def _chains(scope: Scope) -> Iterator[Branches]:
    """Three branches or more: an ``if`` with its ``elif``s, else with the ``if``s that follow it."""
    for block in _blocks(scope):
        for index, statement in enumerate(block):
            if isinstance(statement, ast.If):
                branches = list(_elifs(statement))
                if len(branches) == 1:
                    behind = next((i for i, s in enumerate(block[index:]) if not isinstance(s, ast.If)), None)
                    branches = block[index:][:behind]  # type: ignore[assignment]
                if len(branches) >= FEWEST:
                    yield branches


def _blocks(scope: Scope) -> Iterator[list[ast.stmt]]:
    """The blocks of a function with an ``if`` in it."""
    if not any(isinstance(s, ast.If) for s in scope.statements()):
        return
    yield scope.function.body
    for statement in scope.statements():
        if isinstance(statement, _COMPOUND):
            for name in ("body", "orelse", "finalbody"):
                if block := getattr(statement, name, None):
                    yield block
            for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
                yield part.body


def _elifs(node: ast.If) -> Iterator[ast.If]:
    """An ``if`` and its ``elif``s; an ``if`` within an ``else:`` is indented further."""
    inner: ast.stmt | None = node
    while isinstance(inner, ast.If) and inner.col_offset == node.col_offset:
        yield inner
        inner = inner.orelse[0] if len(inner.orelse) == 1 else None


def _may_map(branches: Branches) -> bool:
    """Whether all branches, or the first of a run that each leave, are alike and ask one subject."""
    if len(list(_elifs(branches[0]))) == 1:
        branches = branches[:FEWEST]
        if not all(isinstance(b.body[-1], _LEAVES) for b in branches):
            return False
    kinds = {tuple(type(s) for s in b.body if not isinstance(s, ast.Import | ast.ImportFrom)) for b in branches}
    if len(kinds) > 1 or len(only := kinds.pop()) != 1 or not issubclass(only[0], _MAPS):
        return False
    return bool(set.intersection(*(_compared(b.test) for b in branches)))


def _compared(test: ast.expr) -> set[str]:
    """What a condition may compare with constants, asking nothing else."""
    match test:
        case ast.BoolOp(op=ast.Or()):
            return set.intersection(*map(_compared, test.values))
        case ast.Compare(ops=[ast.Eq() | ast.Is() | ast.In()], left=left, comparators=[right]):
            return {ast.dump(s) for s in (left, right) if isinstance(s, ast.Name | ast.Attribute | ast.Subscript)}
    return set()


def _asked(test: ast.expr) -> set[str]:
    """What a condition may ask for its class."""
    return {ast.dump(call.args[0]) for call, _ in _class_tests(test)}


def _classes(test: ast.expr, scope: Scope) -> Iterator[str]:
    """The classes, as far as they are known, that a condition may ask for."""
    stack = [classes for _, classes in _class_tests(test)]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.Tuple):
            stack += node.elts
        elif isinstance(node, ast.BinOp):
            stack += (node.left, node.right)
        elif (resolved := scope.module.resolve(node, scope)) is not None:
            yield resolved


def _class_tests(test: ast.expr) -> Iterator[tuple[ast.Call, ast.expr]]:
    """Calls of ``isinstance`` and ``type`` in a condition, each with the classes that it is about."""
    stack = [test]
    while stack:
        match stack.pop():
            case ast.BoolOp(values=values):
                stack += values
            case ast.Compare(ops=[ast.Eq() | ast.Is() | ast.In()], left=ast.Call(args=[_, *_]) as call) as comparison:
                if dotted(call.func) == "type":
                    yield call, comparison.comparators[0]
            case ast.Call(args=[_, *others]) as call if dotted(call.func) == "isinstance":
                yield call, others[0] if others else call
