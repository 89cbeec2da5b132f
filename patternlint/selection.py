"""Which rules are on: codes, names, families and ``ALL``, the more specific selector first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from patternlint.catalogue import FAMILIES, RULES
from patternlint.config import UnknownSelector, suggestion
from patternlint.project.globs import PathPatterns

if TYPE_CHECKING:
    from patternlint.config import Settings
    from patternlint.finding import Finding
    from patternlint.rule_entry import RuleEntry

NOT_PARSED = "PAT000"  # the tool's own: a file that was not checked must never look clean
_CODE = re.compile(r"PAT\d{0,3}", re.IGNORECASE)


def rule_called(code_or_name: str) -> RuleEntry | None:
    """The rule of a code or a name."""
    wanted = code_or_name.upper() if _CODE.fullmatch(code_or_name) else code_or_name
    return next((entry for entry in RULES if wanted in (entry.code, entry.name)), None)


def rule_names() -> list[str]:
    """Every code and every name."""
    return [word for entry in RULES for word in (entry.code, entry.name)]


def check_selectors(selectors: Iterable[str]) -> tuple[str, ...]:
    """The selectors as codes, prefixes of codes or ``ALL``.

    Raises:
        UnknownSelector: one that stands for nothing.
    """
    return tuple(_normal(selector.strip()) for selector in selectors if selector.strip())


def _normal(selector: str) -> str:
    if selector.upper() == "ALL":
        return "ALL"
    if selector.lower() in FAMILIES:
        return FAMILIES[selector.lower()]
    if _CODE.fullmatch(selector):
        code = selector.upper()
        prefixes = (NOT_PARSED, *FAMILIES.values(), *(entry.code for entry in RULES))
        if any(known.startswith(code) for known in prefixes):
            return code
    elif (entry := rule_called(selector)) is not None:
        return entry.code
    known = [*rule_names(), *FAMILIES, "ALL"]
    raise UnknownSelector(f"unknown rule '{selector}'", suggestion(selector, known))


def _specificity(code: str, selectors: Iterable[str]) -> int:
    """How closely the best of the selectors names `code`: 0 not at all, 1 ``ALL``, more the longer the prefix."""
    return max((1 if s == "ALL" else len(s) for s in selectors if s == "ALL" or code.startswith(s)), default=0)


class Selection:
    """What the settings let through, from rules to findings."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        chosen = (*(("ALL",) if settings.select is None else settings.select), *settings.extend_select)
        self.codes = frozenset(
            entry.code
            for entry in RULES
            if (settings.preview or not entry.preview)
            and _specificity(entry.code, chosen) > _specificity(entry.code, settings.ignore)
        )
        self._per_file = [(PathPatterns([pattern]), codes) for pattern, codes in settings.per_file_ignores]

    def admits(self, finding: Finding) -> bool:
        """Whether a finding is sure enough, and of a rule that is on for its file."""
        if finding.code == NOT_PARSED:
            return NOT_PARSED not in self._settings.ignore and not self._ignored_in(finding)
        return (
            finding.code in self.codes
            and finding.confidence >= self._settings.min_confidence
            and not self._ignored_in(finding)
        )

    def _ignored_in(self, finding: Finding) -> bool:
        return any(
            _specificity(finding.code, codes) and patterns.match_within(finding.path)
            for patterns, codes in self._per_file
        )

    def without_effect(self) -> Iterator[str]:
        """The selectors that name nothing but preview rules while preview is off."""
        settings = self._settings
        for selector in (*(settings.select or ()), *settings.extend_select):
            named = [entry for entry in RULES if entry.code.startswith(selector)]
            if named and not settings.preview and all(entry.preview for entry in named):
                yield selector
