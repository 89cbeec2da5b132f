"""The last lines of a run, for people: what was found, what was fixed, what can be done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from patternlint.catalogue import RULES
from patternlint.report.reasons import RUNTIME_NOT_DECLARED
from patternlint.report.shown import Look, Shown, counted, fixable
from patternlint.report.terminal import safe
from patternlint.selection import TOOL_RULES


def summary(found: Sequence[Shown], fixed: int, look: Look) -> Iterator[str]:
    """What came of the run.

    Args:
        found: what is left.
        fixed: how many findings were repaired.
        look: how it is shown.
    """
    if fixed:
        yield f"Found {counted(len(found) + fixed)} ({fixed} fixed, {len(found)} remaining)."
    elif found:
        yield f"Found {counted(len(found))}."
    elif not look.errors:
        yield look.style.good("All checks passed!")
    safe_ones = sum(fixable(shown.finding, unsafe=False) for shown in found)
    all_ones = sum(fixable(shown.finding, unsafe=True) for shown in found)
    if look.unsafe and all_ones:
        yield f"[{look.style.hint('*')}] {all_ones} fixable with `--fix --unsafe-fixes`."
    elif safe_ones or all_ones:
        more = f" ({all_ones - safe_ones} more with `--unsafe-fixes`)" if all_ones > safe_ones else ""
        yield f"[{look.style.hint('*')}] {safe_ones} fixable with `--fix`{more}."
    if any(shown.finding.why_not_fixed == RUNTIME_NOT_DECLARED for shown in found):
        yield (
            "Some fixes import patternlint.runtime: add `patternlint` to the project's dependencies, "
            "or copy it with `patternlint runtime --vendor DIR` and set `runtime-module`."
        )


def fixes(fixed: Mapping[str, Counter[str]], look: Look) -> Iterator[str]:
    """What was repaired (``--show-fixes``): for each file how many findings of which rule."""
    names = {entry.code: entry.name for entry in (*TOOL_RULES, *RULES)}
    yield f"Fixed {counted(sum(map(Counter.total, fixed.values())))}:"
    for path, counts in fixed.items():
        yield f"- {look.style.strong(safe(path))}:"
        width = len(str(max(counts.values())))
        for code, count in sorted(counts.items()):
            yield f"    {count:>{width}} x {look.style.code(code)} ({names.get(code, '')})"
    yield ""
