"""What a decorator copies by hand from the function to its wrapper."""

from __future__ import annotations

from typing import NamedTuple

from patternlint.cstnames import dotted
from patternlint.rule import cst
from patternlint_rules.decorator.identity import IDENTITY, names_of
from patternlint_rules.decorator.shape import Shape, Wrapper

# what `functools.wraps` copies or sets, too: taking these out leaves nothing undone
COPIED_BY_WRAPS = frozenset({"__name__", "__qualname__", "__doc__", "__module__", "__wrapped__", "__dict__"})


class Copies(NamedTuple):
    """The identity that a wrapper gets by hand.

    `attributes` are those that get the function's own, by `statements` that stand in the decorator's body; `others` are
    those that get another value, `is_nested` says that a copy stands in a block (``try``, ``if``).
    """

    attributes: frozenset[str]
    statements: tuple[cst.SimpleStatementLine, ...]
    others: frozenset[str]
    is_nested: bool


def copies_of(shape: Shape, wrapper: Wrapper) -> Copies:
    """What the decorator copies to one of its wrappers: ``w.__name__ = f.__name__``,
    ``w.__doc__ = getattr(f, "__doc__", None)``, ``w.__wrapped__ = f``, ``w.__dict__.update(f.__dict__)``."""
    names = names_of(shape, wrapper)
    done = [(node, *found) for node in shape.own if (found := _set(node, names, shape.function)) is not None]
    copying = [node for node, _, is_copy in done if is_copy]
    lines = [s for s in shape.node.body.body if isinstance(s, cst.SimpleStatementLine) and len(s.body) == 1]
    statements = tuple(s for s in lines if any(s.body[0] is node for node in copying))
    return Copies(
        frozenset(attribute for _, attribute, is_copy in done if is_copy),
        statements,
        frozenset(attribute for _, attribute, is_copy in done if not is_copy),
        len(statements) < len(copying),
    )


def _set(node: cst.CSTNode, names: set[str], function: str) -> tuple[str, bool] | None:
    """The attribute of the identity that a statement sets on the wrapper, and whether to the function's own."""
    if isinstance(node, cst.Assign):
        for target in node.targets:
            name, _, attribute = (dotted(target.target) or "").rpartition(".")
            if name in names and attribute in IDENTITY:
                alone = len(node.targets) == 1
                return attribute, alone and _is_functions(node.value, function, attribute)
    if isinstance(node, cst.Expr) and isinstance(call := node.value, cst.Call):
        name, _, rest = (dotted(call.func) or "").partition(".")
        if name in names and rest == "__dict__.update" and len(call.args) == 1:
            return "__dict__", _is_functions(call.args[0].value, function, "__dict__")
    return None


def _is_functions(value: cst.BaseExpression, function: str, attribute: str) -> bool:
    if attribute == "__wrapped__":
        return dotted(value) == function
    if dotted(value) == f"{function}.{attribute}":
        return True
    if isinstance(value, cst.Call) and dotted(value.func) == "getattr" and len(value.args) >= 2:
        asked = value.args[1].value
        return (
            dotted(value.args[0].value) == function
            and isinstance(asked, cst.SimpleString)
            and asked.evaluated_value == attribute
        )
    return False
