"""Which rules are on: codes, names, families and ``ALL``, the more specific selector first."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from patternlint.catalogue import FAMILIES, RULES
from patternlint.config import UnknownSelector, suggestion
from patternlint.finding import Applicability
from patternlint.project.globs import PathPatterns
from patternlint.rule_entry import RuleEntry

if TYPE_CHECKING:
    from patternlint.config import Settings
    from patternlint.finding import Finding

NOT_PARSED, UNUSED, INVALID = "PAT000", "PAT001", "PAT002"


def _of_the_tool(code: str, name: str, class_name: str, applicability: str, summary: str) -> RuleEntry:
    return RuleEntry(code, name, "tool", summary, "patternlint.tool_rules", class_name, "0.1", applicability)


# What is reported without a rule
TOOL_RULES = (
    _of_the_tool(NOT_PARSED, "cannot-be-parsed", "CannotBeParsed", "display",
                 "A file that the interpreter's parser refuses was not checked, and must not look clean."),
    _of_the_tool(UNUSED, "unused-suppression", "UnusedSuppression", "safe",
                 "A comment that silences nothing would silence the next defect in its place."),
    _of_the_tool(INVALID, "invalid-suppression", "InvalidSuppression", "display",
                 "A comment that cannot be read silences something else than its author meant."),
)  # fmt: skip
_CODE = re.compile(r"PAT\d{0,3}", re.IGNORECASE)


def rule_called(code_or_name: str) -> RuleEntry | None:
    """The rule of a code or a name."""
    wanted = code_or_name.upper() if _CODE.fullmatch(code_or_name) else code_or_name
    return next((entry for entry in (*TOOL_RULES, *RULES) if wanted in (entry.code, entry.name)), None)


def rule_names() -> list[str]:
    """Every code and every name."""
    return [word for entry in (*TOOL_RULES, *RULES) for word in (entry.code, entry.name)]


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
        prefixes = (*FAMILIES.values(), *(entry.code for entry in (*TOOL_RULES, *RULES)))
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
        chosen = (*settings.select, *settings.extend_select)
        self.codes = frozenset(
            entry.code
            for entry in (*TOOL_RULES[1:], *RULES)
            if entry.pack in ("", *settings.plugins)
            and (settings.preview or not entry.preview)
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

    def with_fix_as_allowed(self, finding: Finding) -> Finding:
        """A finding with its fix as far as the settings trust it: none, or one that counts as safe or unsafe here."""
        settings, code, fix = self._settings, finding.code, finding.fix
        if fix is None:
            return finding
        if _specificity(code, settings.fixable) <= _specificity(code, settings.unfixable):
            return finding._replace(fix=None, why_not_fixed="not-fixable")
        as_safe = _specificity(code, settings.extend_safe_fixes)
        as_unsafe = _specificity(code, settings.extend_unsafe_fixes)
        if as_safe > as_unsafe and fix.applicability is Applicability.UNSAFE:
            return finding._replace(fix=fix._replace(applicability=Applicability.SAFE), why_not_fixed="")
        if as_unsafe >= max(as_safe, 1) and fix.applicability is Applicability.SAFE:
            return finding._replace(
                fix=fix._replace(applicability=Applicability.UNSAFE), why_not_fixed="configured-unsafe"
            )
        return finding

    def without_effect(self) -> Iterator[str]:
        """The selectors that name nothing but preview rules while preview is off."""
        settings = self._settings
        for selector in (*settings.select, *settings.extend_select):
            named = [entry for entry in RULES if entry.code.startswith(selector)]
            if named and not settings.preview and all(entry.preview for entry in named):
                yield selector
