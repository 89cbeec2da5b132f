"""What patternlint says of comments that speak to it: those that silence nothing (PAT001), those that it cannot read
(PAT002)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from patternlint.directives import DISABLE, ENABLE, IGNORE, Directive
from patternlint.finding import Applicability, Edit, Finding, Fix
from patternlint.selection import INVALID, UNUSED
from patternlint.suppression import EVERYTHING, Suppressions

if TYPE_CHECKING:
    from patternlint.source import Source


def unused(comments: Suppressions, source: Source, path: str, judged: Callable[[str], bool]) -> Iterator[Finding]:
    """PAT001 for each comment with a rule that it does not silence.

    Args:
        comments: those of the source, after all findings were held against them.
        source: the file.
        path: relative to the root.
        judged: whether the rules whose codes begin so have all run.
    """
    for directive in [*comments.own, *comments.noqas]:
        if not directive.first:
            continue
        names = directive.names or ((EVERYTHING,) if directive.action == IGNORE else ())
        idle = [name for name in names if judged(name.code) and (directive, name) not in comments.used]
        if idle:
            whole = [directive, *_enabling(directive, comments.own)]
            edits = tuple(edit for part in whole for edit in _without(part, {name.code for name in idle}, source))
            rewrites = tuple(source.comments[part.row] for part in whole)
            fix = Fix("take it out of the comment", Applicability.SAFE, edits, rewrites=rewrites)
            what = ", ".join(name.text for name in idle) or "every rule"
            message = f"'{directive.action}' for {what} silences nothing, and would silence what comes next"
            yield _finding(UNUSED, "unused-suppression", directive, message, source, path)._replace(fix=fix)


def invalid(directives: Iterable[Directive], source: Source, path: str) -> Iterator[Finding]:
    """PAT002 for each comment that is at fault."""
    for directive in directives:
        if directive.fault:
            found = _finding(INVALID, "invalid-suppression", directive, directive.fault, source, path)
            yield found._replace(help=directive.remedy, why_not_fixed="no-fix")


def _finding(code: str, name: str, directive: Directive, message: str, source: Source, path: str) -> Finding:
    return Finding(code, name, message, path, *source.position(directive.start), *source.position(directive.end))


def _enabling(directive: Directive, own: Iterable[Directive]) -> Iterator[Directive]:
    """The ``enable`` that ends a ``disable``."""
    codes = {name.code for name in directive.names}
    for other in own:
        ends_it = directive.action == DISABLE and other.action == ENABLE and other.row == directive.last
        if ends_it and {name.code for name in other.names} == codes:
            yield other


def _without(directive: Directive, idle: set[str], source: Source) -> Iterator[Edit]:
    """A comment without some of its names; what else it says stays."""
    kept = [name.text for name in directive.names if name.code not in idle]
    if kept:
        yield Edit(*directive.listed, ", ".join(kept))
    else:
        yield _removal(directive, source)


def _removal(directive: Directive, source: Source) -> Edit:
    line_start = source.line_start(directive.row)
    line = source.line(directive.row)
    line_end = line_start + len(line.rstrip("\r\n"))
    rest = source.text[directive.end : line_end].strip()
    if rest:
        return Edit(directive.start, line_end, rest if rest.startswith("#") else f"# {rest}")
    before = source.text[line_start : directive.start].rstrip()
    if before:
        return Edit(line_start + len(before), line_end, "")
    return Edit(line_start, line_start + len(line), "")
