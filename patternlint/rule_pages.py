"""A rule's documentation, from the rule itself: what the terminal, editors, reports and the site show.

A docstring is a story with a few fixed openings. `Bad:`, `Write …`, `Reported …`, `The fix …`, `Measured …` at the
start of a paragraph begin a section of the page; a paragraph that begins otherwise goes on with the section before it.
"""

from __future__ import annotations

import inspect
import re
import textwrap
from typing import Any

from patternlint.finding import REASONS
from patternlint.rule_entry import RuleEntry

OF_THE_PARSER = "not-parsed"  # PAT000's reason
_APPLICABILITY = {
    "safe": "at best safe: applied by `--fix`",
    "unsafe": "at best unsafe: applied by `--fix --unsafe-fixes`",
    "display": "none that is applied",
}
STORY, BAD, GOOD, REPORTED, FIX, MEASURED = (
    "What goes wrong", "Bad", "Write instead", "What is reported", "The fix", "Measured"
)  # fmt: skip
_OPENINGS = {
    BAD: r"Bad:\s*\Z",
    GOOD: r"Write\b|The canonical code\b",
    REPORTED: r"(Reported|Flagged|Not reported|Not flagged)\b|\*\*What (is|counts)\b",
    FIX: r"The fix\b|There is no fix\b|\*\*When the fix\b",
    MEASURED: r"\**Measured\b",
}
_BARE = ("Bad:", "Write:")  # the heading says as much
_CODE = "    "


def explanation(entry: RuleEntry) -> str:
    """What the rule says of itself, as Markdown."""
    return inspect.cleandoc(entry.load().__doc__ or entry.summary)


def sections(entry: RuleEntry) -> dict[str, str]:
    """What the rule says of itself below its first line, by the headings of its page; code is fenced."""
    found: dict[str, list[str]] = {}
    heading = STORY
    for paragraph in _paragraphs(explanation(entry).removeprefix(entry.summary).strip("\n")):
        heading = next((title for title, opening in _OPENINGS.items() if re.match(opening, paragraph)), heading)
        found.setdefault(heading, []).append("" if paragraph in _BARE else paragraph)
    return {heading: "\n\n".join(filter(None, paragraphs)) for heading, paragraphs in found.items()}


def examples(entry: RuleEntry, heading: str) -> list[str]:
    """The Python code that a section shows."""
    return re.findall(r"```python\n(.*?\n)```", sections(entry).get(heading, ""), re.DOTALL)


def _paragraphs(text: str) -> list[str]:
    """The paragraphs of a text: code is one, whatever blank lines it has, and fenced where it was indented."""
    found: list[str] = []
    for part in text.split("\n\n"):
        last = found[-1] if found else ""
        goes_on = last.startswith(_CODE) and part.lstrip("\n").startswith(_CODE)
        if goes_on or last.count("```") % 2:
            found[-1] = f"{last}\n\n{part}"
        else:
            found.append(part.strip("\n"))
    return [f"```python\n{textwrap.dedent(part)}\n```" if part.startswith(_CODE) else part for part in found]


def reasons(entry: RuleEntry) -> dict[str, str]:
    """Every reason code that a finding of the rule may have, with its sentence: the rule's own, then those of all."""
    own = dict(entry.reasons)
    return own | {code: sentence for code, sentence in REASONS.items() if code not in own and code != OF_THE_PARSER}


def page(entry: RuleEntry) -> str:
    """The rule's page: the production story first, then what to write instead, and what a user may want to know."""
    said = sections(entry)
    parts = [f"# {entry.name} ({entry.code})", entry.summary, said.get(STORY, ""), _about(entry)]
    for heading, text in (
        (BAD, said.get(BAD, "")),
        (GOOD, said.get(GOOD, "")),
        (REPORTED, said.get(REPORTED, "")),
        (FIX, said.get(FIX, "")),
        ("Why a finding may not be fixed", _reasons(entry)),
        ("Options", _options(entry)),
        ("To keep it as it is", _comments(entry)),
        (MEASURED, said.get(MEASURED, "")),
    ):
        parts += [f"## {heading}", text] if text else []
    return "\n\n".join(filter(None, parts))


def _about(entry: RuleEntry) -> str:
    preview = "\nThis rule is in preview: it runs with `--preview` only." if entry.preview else ""
    return f"Family: {entry.family}. Since {entry.since}. Fix: {_APPLICABILITY[entry.applicability]}.{preview}"


def _reasons(entry: RuleEntry) -> str:
    """The rule's own reasons, which say something of the code; then those that any rule may have."""
    lines = [f"- `{code}`: {sentence}" for code, sentence in reasons(entry).items()]
    own = len(entry.reasons)
    return "\n".join([*lines[:own], *(["", "As with every rule:", ""] if own else []), *lines[own:]])


def _options(entry: RuleEntry) -> str:
    from patternlint.options import kind_of
    from patternlint.provenance import toml

    settings = [f"{name} = {toml(kind_of(default).plain(default))}" for name, default in entry.options]
    if not settings:
        return ""
    return "\n".join(
        ["With their defaults:", "", "```toml", f"[tool.patternlint.rules.{entry.code}]", *settings, "```"]
    )


def _comments(entry: RuleEntry) -> str:
    """How a finding is acknowledged."""
    if entry.family == "tool" and entry.applicability == "display":  # PAT000 and PAT002: no comment can be read there
        return f'`extend-exclude` leaves files out, `ignore = ["{entry.code}"]` all such findings.'
    peers = f" Comments for {', '.join(sorted(entry.peers))} on the line count, too." if entry.peers else ""
    return (
        f"`# noqa: {entry.code}` at the end of the line, or with the reason:"
        f" `# patternlint: ignore[{entry.name}] -- why`. `# patternlint: file-ignore[{entry.name}]` holds for a file,"
        f" `per-file-ignores` and `ignore` in the configuration for many.{peers}"
    )


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
