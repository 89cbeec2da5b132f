"""The subject of a chain: whether it surely can be hashed, so that a table takes what the chain takes."""

from __future__ import annotations

import ast

from patternlint.facts import Binding, dotted, unquoted
from patternlint.rule import Rule, cst
from patternlint_rules.strategy.keys import EnumerationAt

_HASHABLE = frozenset({"builtins.str", "builtins.int", "builtins.bytes", "builtins.bool", "builtins.None"})
_TYPING = ("typing.", "typing_extensions.")
_STR_METHODS = frozenset(
    [
        "lower", "upper", "strip", "lstrip", "rstrip", "casefold", "title", "capitalize", "swapcase", "removeprefix",
        "removesuffix", "join", "format", "decode", "hexdigest",
    ]
)  # fmt: skip


def is_surely_hashable(subject: cst.BaseExpression, rule: Rule) -> bool:
    """Whether every binding of a local subject is of a type that can be hashed: by annotation, or made by ``str``."""
    if not isinstance(subject, cst.Name):
        return False  # an attribute may be a property, an item anything
    bindings = rule.scope.bindings.get(subject.value, [])
    annotated = any(isinstance(b.node, ast.AnnAssign) and _names_hashable(b.node.annotation, rule) for b in bindings)
    return bool(bindings) and all(_is_hashable(subject.value, b, rule, annotated) for b in bindings)


def _is_hashable(name: str, binding: Binding, rule: Rule, annotated: bool) -> bool:
    if binding.kind == "parameter":
        if _is_enum_member(name, rule):
            return True
        arguments = rule.scope.function.args
        for argument in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs):
            if argument.arg == name:
                return argument.annotation is not None and _names_hashable(argument.annotation, rule)
        return False
    return annotated or (binding.kind in ("assign", "walrus") and _makes_str(binding.value))


def _is_enum_member(name: str, rule: Rule) -> bool:
    """Whether a parameter is the ``self`` of an enum's method."""
    owner = rule.scope.enclosing_class
    if owner is None or rule.scope.parameters[0] != name or rule.scope.function.decorator_list:
        return False
    enumeration = rule.project.ask(EnumerationAt(owner.dotted))
    return enumeration.is_enum and enumeration.mixin != "?"


def _makes_str(value: ast.expr | None) -> bool:
    match value:
        case ast.Constant() | ast.JoinedStr():
            return True
        case ast.Call(func=ast.Name(id="str" | "repr")):
            return True
        case ast.Call(func=ast.Attribute(attr=method)):
            return method in _STR_METHODS
        case ast.IfExp():
            return _makes_str(value.body) and _makes_str(value.orelse)
    return False


def _names_hashable(annotation: ast.expr, rule: Rule) -> bool:
    annotation = unquoted(annotation) or annotation
    match annotation:
        case ast.Constant(value=None):
            return True
        case ast.BinOp(op=ast.BitOr()):
            return _names_hashable(annotation.left, rule) and _names_hashable(annotation.right, rule)
        case ast.Subscript():
            name = rule.module.resolve(annotation.value, rule.scope) or ""
            if name.startswith(_TYPING) and name.rpartition(".")[2] == "Literal":
                return True
            if name.startswith(_TYPING) and name.rpartition(".")[2] in ("Optional", "Union"):
                inner = annotation.slice
                parts = inner.elts if isinstance(inner, ast.Tuple) else [inner]
                return all(_names_hashable(p, rule) for p in parts)
            return False
    resolved = rule.module.resolve(dotted(annotation), rule.scope)
    if resolved is None or resolved in _HASHABLE:
        return resolved is not None
    enumeration = rule.project.ask(EnumerationAt(resolved))
    return enumeration.is_enum and enumeration.mixin != "?"
