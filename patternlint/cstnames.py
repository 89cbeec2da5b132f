"""Dotted names of LibCST expressions."""

from __future__ import annotations

from patternlint.rule import cst


def dotted(node: cst.CSTNode | None) -> str | None:
    """``"a.b.c"`` for a chain of attributes that starts with a name, None for anything else."""
    parts: list[str] = []
    while isinstance(node, cst.Attribute):
        parts.append(node.attr.value)
        node = node.value
    if not isinstance(node, cst.Name):
        return None
    parts.append(node.value)
    return ".".join(reversed(parts))
