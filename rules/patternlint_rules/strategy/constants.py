"""What constants have in common: one kind of keys, names that have their value for good."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from patternlint.cstnames import dotted
from patternlint.project import Rebinds
from patternlint.rule import Rule, cst
from patternlint_rules.strategy.keys import Constant, constant_of, is_literal


def are_one_kind(keys: Iterable[Constant | None], *, by_identity: bool) -> bool:
    """Whether a table finds what comparing with these keys finds: all str, all int, or members of one enum.

    Args:
        by_identity: the chain compares by ``is``: then they must be members of an enum that is nothing else besides.
    """
    kinds = {(k.kind, k.owner if k.kind == "member" else "") if k is not None else ("unknown", "") for k in keys}
    if len(kinds) != 1:
        return False
    kind = next(iter(kinds))[0]
    return kind == "member" if by_identity else kind in ("str", "int", "member")


def names_in(node: cst.CSTNode) -> Iterator[cst.BaseExpression]:
    """The dotted names in an expression that is made of constants, the longest each."""
    from patternlint.walker import children

    if isinstance(node, cst.Attribute | cst.Name):
        if not (isinstance(node, cst.Name) and is_literal(node)):
            yield node
        return
    for child in children(node):
        yield from names_in(child)


def unsettled(nodes: Iterable[cst.CSTNode], rule: Rule) -> bool:
    """Whether a name among constants may not have its value yet where a table would stand, or may not keep it."""
    return any(not _is_settled(name, rule) for node in nodes for name in names_in(node))


def _is_settled(name: cst.BaseExpression, rule: Rule) -> bool:
    known, path = constant_of(name, rule), dotted(name)
    if known is None or path is None or not known.is_settled:
        return False
    root, _, rest = path.partition(".")
    target = rule.module.resolve(root)
    if target is None:
        return False
    if rest and rule.project.module(rule.project.canonical(target)) is not None:
        return False  # an attribute of a module that may still be loading when this one is
    module, _, attribute = rule.project.canonical(target).rpartition(".")
    return not rule.project.owns(target) or not rule.project.ask(Rebinds(module, attribute))
