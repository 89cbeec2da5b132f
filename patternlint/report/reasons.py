"""Why a finding was not repaired, in words: the reason codes of the engine and of each rule."""

from __future__ import annotations

from patternlint.catalogue import RULES
from patternlint.finding import REASONS, Finding

RUNTIME_NOT_DECLARED = "runtime-not-declared"


def reason(finding: Finding) -> str:
    """The sentence for ``finding.why_not_fixed``."""
    code = finding.why_not_fixed
    for entry in RULES:
        if entry.code == finding.code and code in dict(entry.reasons):
            return dict(entry.reasons)[code]
    return REASONS.get(code, code.replace("-", " "))
