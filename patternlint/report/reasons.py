"""Why a finding was not repaired, in words: the reason codes of the engine and of each rule."""

from __future__ import annotations

from patternlint.catalogue import RULES
from patternlint.finding import Finding

RUNTIME_NOT_DECLARED = "runtime-not-declared"

_ENGINE = {
    RUNTIME_NOT_DECLARED: "the fix imports patternlint.runtime, which the project does not declare as a dependency",
    "no-place": "there is no place in the module where all the names are bound that the new definition reads",
    "not-parsed": "the file cannot be parsed",
    "shares-a-line": "the statement shares its line with another",
    "stdlib-only": 'the repair needs patternlint.runtime, which fix-style = "stdlib" forbids',
}


def reason(finding: Finding) -> str:
    """The sentence for ``finding.why_not_fixed``."""
    code = finding.why_not_fixed
    for entry in RULES:
        if entry.code == finding.code and code in dict(entry.reasons):
            return dict(entry.reasons)[code]
    return _ENGINE.get(code, code.replace("-", " "))
