"""A rule's documentation, from the rule itself: the page that every front shows."""

from __future__ import annotations

import inspect
from typing import Any

from patternlint.finding import REASONS
from patternlint.rule_entry import RuleEntry

OF_THE_PARSER = "not-parsed"  # PAT000's reason
_APPLICABILITY = {
    "safe": "at best safe: applied by `--fix`",
    "unsafe": "at best unsafe: applied by `--fix --unsafe-fixes`",
    "display": "shown only",
}


def explanation(entry: RuleEntry) -> str:
    """What the rule says of itself, as Markdown."""
    return inspect.cleandoc(entry.load().__doc__ or entry.summary)


def reasons(entry: RuleEntry) -> dict[str, str]:
    """Every reason code that a finding of the rule may have, with its sentence: the rule's own, then those of all."""
    own = dict(entry.reasons)
    return own | {code: sentence for code, sentence in REASONS.items() if code not in own and code != OF_THE_PARSER}


def page(entry: RuleEntry) -> str:
    """The rule's page."""
    lines = [
        f"# {entry.name} ({entry.code})",
        "",
        f"Family: {entry.family}. Since {entry.since}. Fix: {_APPLICABILITY[entry.applicability]}.",
    ]
    if entry.preview:
        lines.append("This rule is in preview: it runs with `--preview` only.")
    lines += ["", explanation(entry)]
    if entry.options:
        lines += ["", "## Options", "", f"In `[tool.patternlint.rules.{entry.code}]`:", ""]
        lines += [f"- `{name}` (default {default!r})" for name, default in entry.options]
    lines += ["", "## Why a finding may not be fixed", ""]
    lines += [f"- `{code}`: {sentence}" for code, sentence in reasons(entry).items()]
    if entry.peers:
        lines += ["", f"Comments for {', '.join(sorted(entry.peers))} on the line acknowledge a finding, too."]
    return "\n".join(lines)


def record(entry: RuleEntry) -> dict[str, Any]:
    """The rule as plain values."""
    return {
        "code": entry.code,
        "name": entry.name,
        "family": entry.family,
        "summary": entry.summary,
        "explanation": explanation(entry),
        "fix_availability": entry.applicability,
        "preview": entry.preview,
        "since": entry.since,
        "options": dict(entry.options),
        "reasons": reasons(entry),
        "peers": sorted(entry.peers),
    }
