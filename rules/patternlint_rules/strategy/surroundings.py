"""Where a chain stands: code whose chains are right as they are."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from patternlint.facts import Module
from patternlint.rule import Rule, cst
from patternlint.walker import descendants
from patternlint_rules.strategy.chain import Branch, Chain, spelled
from patternlint_rules.strategy.uniform import read_names

_GENERATED = re.compile(r"(?i)\b(auto-?|automatically )?generated\b|do not edit")
_GENERATED_FOLDERS = frozenset({"antlr", "kaitaistruct", "contrib"})
_GENERATED_ROWS = 20
_VISITORS = ("visit_", "depart_", "generic_visit")
_DUNDERS = re.compile(
    r"__(eq|ne|lt|le|gt|ge|r?(add|sub|mul|matmul|truediv|floordiv|mod|divmod|pow|and|or|xor|lshift|rshift)"
    r"|i(add|sub|mul|truediv|and|or|xor)|neg|pos|invert|[gs]et(item|attr)|delitem|getattribute|contains|hash|bool)__"
)


def is_generated(module: Module) -> bool:
    """Whether the file says that a program wrote it, or lies where such files do."""
    top = [module.source.line(row) for row in range(1, min(module.source.rows, _GENERATED_ROWS) + 1)]
    comments = "".join(line for line in top if line.lstrip().startswith(("#", '"""', "'''")))
    *folders, name = module.relpath.split("/")
    says_so = _GENERATED.search(comments) is not None or name.endswith("_pb2.py")
    return says_so or not _GENERATED_FOLDERS.isdisjoint(folders)


def is_exempt(chain: Chain, rule: Rule) -> bool:
    """Whether the chain stands in generated code, in a visitor or operator method, or explains its order."""
    name = rule.scope.name
    return (
        rule.module.derive(is_generated)
        or name.startswith(_VISITORS)
        or _DUNDERS.fullmatch(name) is not None
        or chain.explains_its_order
    )


def in_loop(rule: Rule) -> bool:
    """Whether the walk's place is in a loop of its function."""
    for node in reversed(rule.ancestors):
        if isinstance(node, cst.For | cst.While):
            return True
        if isinstance(node, cst.FunctionDef | cst.Lambda):
            return False
    return False


def covers_half(chain: Chain, rule: Rule) -> bool:
    """Whether the chain is at least half of its function's lines."""
    nodes = [b.node for b in chain.branches] if chain.is_run else [chain.first]
    lines = sum(rule.text(node).strip().count("\n") + 1 for node in nodes)
    function = rule.scope.function
    return 2 * lines >= (function.end_lineno or function.lineno) - function.body[0].lineno + 1


def normalises(chain: Chain) -> bool:
    """Whether the subject is handed back as it is, or a branch rebinds it: the chain brings a value into one shape."""
    return any(
        (isinstance(s, cst.Return) and s.value is not None and spelled(s.value) == chain.name)
        or (isinstance(s, cst.Assign) and any(spelled(t.target) == chain.name for t in s.targets))
        for s in (*(s for b in chain.branches if b.test is not None for s in b.body), *chain.otherwise)
    )


def accumulates(chain: Chain) -> bool:
    """Whether several branches go on computing the same two locals or more from their own values, as layout does."""
    branches = Counter(name for branch in chain.branches for name in _accumulated(branch))
    return sum(count > 1 for count in branches.values()) > 1


def _accumulated(branch: Branch) -> set[str]:
    names: set[str] = set()
    for node in (n for s in branch.body for n in (s, *descendants(s, into_scopes=False))):
        if isinstance(node, cst.AugAssign) and isinstance(node.target, cst.Name):
            names.add(node.target.value)
        elif isinstance(node, cst.Assign) and isinstance(target := node.targets[0].target, cst.Name):
            names |= {n.value for n in read_names(node.value)} & {target.value}
    return names


def holds(nodes: Sequence[cst.CSTNode], *kinds: str) -> bool:
    """Whether a node of one of these LibCST classes (by name) is among the nodes or inside, nested scopes left out."""
    return any(type(node).__name__ in kinds for root in nodes for node in (root, *descendants(root, into_scopes=False)))
