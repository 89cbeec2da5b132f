"""Where a chain could be, as `ast` sees it: a first guess that errs towards too many."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator

from patternlint.facts import Module, Scope, dotted

EQUALITY, CLASS = "equality", "class"  # what a chain asks for
_FEWEST = 3


def may_compare(module: Module) -> list[ast.If]:
    """The ``if``s of functions where one subject may be compared with constants three times or more."""
    return [node for scope in module.functions for node in long_ifs(scope, EQUALITY)]


def may_ask_classes(module: Module) -> list[ast.If]:
    """The ``if``s of functions where one subject may be asked for its class three times or more."""
    return [node for scope in module.functions for node in long_ifs(scope, CLASS)]


def long_ifs(scope: Scope, asks: str) -> Iterator[ast.If]:
    """The ``if``s of one function that may begin a chain, there or with the ``if``s behind."""
    for block in _blocks(scope):
        for index, statement in enumerate(block):
            if isinstance(statement, ast.If):
                tests = _tests(block, index)
                asked = Counter(s for test in tests for s in _subjects(test, asks)) if len(tests) >= _FEWEST else {}
                if max(asked.values(), default=0) >= _FEWEST:
                    yield statement


def _blocks(scope: Scope) -> Iterator[list[ast.stmt]]:
    yield getattr(scope.node, "body", [])
    for statement in scope.statements():
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            continue
        for name in ("body", "orelse", "finalbody"):
            if block := getattr(statement, name, None):
                yield block
        for part in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            yield part.body


def _tests(block: list[ast.stmt], index: int) -> list[ast.expr]:
    """The conditions of the ``if`` at an index: of its ``elif``s, else of the ``if``s that follow it."""
    node: ast.stmt | None = block[index]
    tests: list[ast.expr] = []
    if isinstance(node, ast.If) and _elif_of(node) is None:
        for follower in block[index:]:
            if not isinstance(follower, ast.If):
                break
            tests.append(follower.test)
        return tests
    while isinstance(node, ast.If):
        tests.append(node.test)
        node = _elif_of(node)
    return tests


def _elif_of(node: ast.If) -> ast.stmt | None:
    alone = node.orelse[0] if len(node.orelse) == 1 else None
    return alone if isinstance(alone, ast.If) else None


def _subjects(test: ast.expr, asks: str) -> set[str]:
    """What a condition may ask for a constant, or for a class."""
    found: set[str] = set()
    stack = [test]
    while stack:
        node = stack.pop()
        if isinstance(node, ast.BoolOp):
            stack += node.values
        elif isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq | ast.Is | ast.In):
            sides = (node.left, node.comparators[0])
            if isinstance(node.left, ast.Call):
                stack.append(node.left)
            if asks == EQUALITY and not any(isinstance(s, ast.Constant) and s.value is None for s in sides):
                found |= {ast.dump(s) for s in sides if isinstance(s, ast.Name | ast.Attribute | ast.Subscript)}
        elif isinstance(node, ast.Call) and asks == CLASS and node.args and dotted(node.func) in ("isinstance", "type"):
            found.add(ast.dump(node.args[0]))
    return found
