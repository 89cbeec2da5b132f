"""A rule's documentation, from the rule itself: the page that every front shows."""

from __future__ import annotations

import inspect
from typing import Any

from patternlint.rule_entry import RuleEntry

_APPLICABILITY = {
    "safe": "at best safe: applied by `--fix`",
    "unsafe": "at best unsafe: applied by `--fix --unsafe-fixes`",
    "display": "shown only",
}


def explanation(entry: RuleEntry) -> str:
    """What the rule says of itself, as Markdown."""
    return inspect.cleandoc(entry.load().__doc__ or entry.summary)


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
    if entry.reasons:
        lines += ["", "## Why a finding may not be fixed", ""]
        lines += [f"- `{code}`: {sentence}" for code, sentence in entry.reasons]
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
        "reasons": dict(entry.reasons),
        "peers": sorted(entry.peers),
    }
