"""What is known of a rule without importing it: the row of the catalogue that every front starts from."""

from __future__ import annotations

from typing import Any, NamedTuple


class RuleEntry(NamedTuple):
    """One rule's declaration as plain values. The documentation stays with the rule; only its first line is here."""

    code: str
    name: str
    family: str
    summary: str
    module: str
    class_name: str
    since: str
    applicability: str  # "safe" | "unsafe" | "display": the upper bound of its fixes
    preview: bool = False
    words: frozenset[str] = frozenset()
    any_words: frozenset[str] = frozenset()
    patterns: tuple[str, ...] = ()
    peers: frozenset[str] = frozenset()
    options: tuple[tuple[str, Any], ...] = ()
    reasons: tuple[tuple[str, str], ...] = ()  # (code, sentence) of why_not_fixed
    pack: str = ""  # whose rule it is, where it is not built in: see :mod:`patternlint.house_rules`

    def load(self) -> Any:
        """The rule's class, imported now."""
        from importlib import import_module

        return getattr(import_module(self.module), self.class_name)
