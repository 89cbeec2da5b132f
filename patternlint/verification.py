"""What fixes may not spoil: the checks that a changed file passes before anybody writes it.

In this order: it compiles for the target version; every comment is still there, and every pragma about the statement
that it was about; pyflakes has nothing to say that it did not say before (undefined and unused names, redefinitions,
shadowed imports); the module and its public classes have the same public names, and ``__all__`` its value; our own
rules find nothing new in what the fixes wrote; and the bytes outside the edits are those of the file.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections import Counter
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from patternlint.pragmas import Comment, Line, comments_in
from patternlint.source import Source
from patternlint.splicing import Moves

if TYPE_CHECKING:
    from patternlint.facts import Module, Scope
    from patternlint.finding import Finding

_NEWEST = sys.version_info[:2]
_LISTS = "__all__"
_LINE_END = re.compile(r"\r\n|\r|\n")


class Unfit(Exception):
    """A change is not to be made; the argument says what it would spoil.

    `is_bug` is False where the file is such that nobody could have made it well.
    """

    def __init__(self, reason: str, *, is_bug: bool = True) -> None:
        super().__init__(reason)
        self.reason = reason
        self.is_bug = is_bug


class Reading(NamedTuple):
    """What is compared of a text: values, which outlive its syntax tree."""

    source: Source
    comments: list[Comment]
    complaints: Counter[tuple[str, str]]  # pyflakes' messages, positions aside
    names: dict[str, frozenset[str]]  # the public names of the module ("") and of its public classes
    exports: list[str]  # the statements that make `__all__`


class Rewriting(NamedTuple):
    """One text that became another by edits.

    `binds` are the names that the fixes mean to bring in or take out, `rewrites` the comments.
    """

    old: Reading
    new: Reading
    moves: Moves
    binds: frozenset[str]
    rewrites: tuple[str, ...] = ()


def read(module: Module) -> Reading:
    """What verification compares of a module.

    Raises:
        Unfit: it is nested too deeply to be looked at.
    """
    try:
        complaints = _complaints(module)
    except RecursionError:
        raise Unfit("the code is nested too deeply to be verified", is_bug=False) from None
    return Reading(module.source, comments_in(module.source), complaints, _public_names(module), _exports(module))


def check_text(rewriting: Rewriting) -> None:
    """The checks that need the two texts alone.

    Raises:
        Unfit: a check fails.
    """
    for check in _CHECKS:
        if reason := check(rewriting):
            raise Unfit(reason)


# ---- it compiles


def check_syntax(old: Source, new: Source, target: tuple[int, int]) -> None:
    """Compile the bytes of the new text, as an interpreter of the target version would read them.

    What the old text failed in the new one may fail in, too: a ``return`` outside of a function stands in exports of
    notebooks, and a project may use syntax that is newer than the version it declares.

    Raises:
        Unfit: the result does not compile.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for attempt in (_parse, _compile, lambda source: _parse_as(source, target)):
            error = _error(attempt, new)
            if error and (attempt is _parse or not _error(attempt, old)):
                raise Unfit(f"the result does not compile: {error}")


def _error(attempt: Callable[[Source], object], source: Source) -> str:
    try:
        attempt(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return str(error) or type(error).__name__
    return ""


def _parse(source: Source) -> object:
    return ast.parse(source.text)


def _compile(source: Source) -> object:
    return compile(source.data, str(source.path), "exec", dont_inherit=True)


def _parse_as(source: Source, target: tuple[int, int]) -> object:
    return ast.parse(source.text, feature_version=target) if target < _NEWEST else None


# ---- comments and pragmas


def _lost_comment(change: Rewriting) -> str:
    lost = Counter(c.text for c in change.old.comments) - Counter(c.text for c in change.new.comments)
    lost -= Counter(change.rewrites)
    return f"a comment would be lost: {next(iter(lost))}" if lost else ""


def _strayed_pragma(change: Rewriting) -> str:
    moves = change.moves
    new = {c.start: c for c in change.new.comments}
    rewritten: Counter[tuple[str, str]] = Counter()
    for comment in change.old.comments:
        if not comment.is_pragma or comment.text in change.rewrites:
            continue
        place = moves.new(comment.start)
        if place is None:
            rewritten[comment.text, comment.kind] += 1
        elif (now := new.get(place)) is None or now.text != comment.text or not _means_the_same(comment, now, moves):
            return f"a comment would stand at another statement: {comment.text}"
    written = Counter((c.text, c.kind) for c in change.new.comments if moves.wrote(c.start))
    strayed = rewritten - written
    return f"a comment would stand at another kind of statement: {next(iter(strayed))[0]}" if strayed else ""


def _means_the_same(old: Comment, new: Comment, moves: Moves) -> bool:
    before, after = old.anchors, new.anchors
    return (
        old.kind == new.kind
        and len(before) == len(after)
        and all(_is_same(a, b, moves) for a, b in zip(before, after, strict=True))
    )


def _is_same(old: Line | None, new: Line | None, moves: Moves) -> bool:
    """Whether a line is what became of another: begun at the same place, or written by the edit that took it out."""
    if old is None or new is None:
        return old is new
    replaced = moves.wrote(new.start) and moves.new(old.start) is None
    return old.kind == new.kind and (replaced or moves.old(new.start) == old.start)


# ---- pyflakes


def _complaints(module: Module) -> Counter[tuple[str, str]]:
    from pyflakes.checker import Checker

    checker = Checker(module.tree, str(module.path), withDoctest=True)
    return Counter((type(m).__name__, _subject(m.message_args)) for m in checker.messages)


def _subject(arguments: object) -> str:
    """What a message is about; line numbers follow it among the arguments."""
    if isinstance(arguments, tuple):
        return str(arguments[0]) if arguments else ""
    return str(arguments)


_SAID = {
    "UndefinedName": "a name would not be defined: {}",
    "UndefinedLocal": "a name would be read before it is bound: {}",
    "UndefinedExport": "__all__ would have a name that is not defined: {}",
    "ImportStarUsage": "a name would not be defined, unless by a star import: {}",
    "UnusedImport": "an import would not be used: {}",
    "UnusedVariable": "a variable would not be used: {}",
    "UnusedAnnotation": "a variable would not be used: {}",
    "RedefinedWhileUnused": "a definition would be replaced before it is used: {}",
    "ImportShadowedByLoopVar": "a loop would take the name of an import: {}",
}


def _new_complaint(change: Rewriting) -> str:
    more = change.new.complaints - change.old.complaints
    if not more:
        return ""
    kind, subject = min(more, key=lambda key: (list(_SAID).index(key[0]) if key[0] in _SAID else len(_SAID), key))
    return _SAID.get(kind, f"pyflakes would say {kind}: {{}}").format(subject)


# ---- public names


def _public_names(module: Module) -> dict[str, frozenset[str]]:
    names = {"": _names_of(module.scope)}
    for scope in module.classes:
        if not scope.is_local and not any(part.startswith("_") for part in scope.qualname.split(".")):
            names[scope.qualname] = names.get(scope.qualname, frozenset()) | _names_of(scope)
    return names


def _names_of(scope: Scope) -> frozenset[str]:
    """The public names that a module or class binds; a star import counts as one."""
    found: set[str] = set()
    for name, bindings in scope.bindings.items():
        if name == "*":
            found |= {f"* of {b.imported.loads}" for b in bindings if b.imported is not None}
        elif not name.startswith("_") and any(b.kind != "delete" for b in bindings):
            found.add(name)
    return frozenset(found)


def _changed_names(change: Rewriting) -> str:
    for owner, names in change.old.names.items():
        now = change.new.names.get(owner, frozenset())
        where = f"the class {owner}" if owner else "the module"
        if lost := names - now - change.binds:
            return f"{where} would lose a public name: {min(lost)}"
        if added := now - names - change.binds:
            return f"{where} would get a public name: {min(added)}"
    return ""


def _exports(module: Module) -> list[str]:
    return [
        ast.unparse(statement)
        for statement in module.scope.statements()
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        and not hasattr(statement, "body")
        and any(isinstance(node, ast.Name) and node.id == _LISTS for node in ast.walk(statement))
    ]


def _changed_exports(change: Rewriting) -> str:
    return "" if change.old.exports == change.new.exports else f"{_LISTS} would have another value"


# ---- our own rules


def check_findings(
    change: Rewriting, before: Sequence[Finding], after: Sequence[Finding], fixed: Sequence[Finding]
) -> None:
    """Whether the lines that the fixes wrote are free of findings, but for those that stood there before.

    What is said of a line that was there before is no new finding: of an import that is now redundant, say, instead of
    late.

    Args:
        change: the two texts.
        before: the findings of the old text.
        after: those of the new text, without what the next pass repairs: of two equal imports the second is redundant
            for a moment.
        fixed: those of the old text that the change repairs.

    Raises:
        Unfit: there is a new one.
    """
    old, new = change.old.source, change.new.source
    places = Counter((f.code, change.moves.new(_start(old, f))) for f in before if f not in fixed)
    lines = {old.line(row) for row in range(1, old.rows + 1)}
    for finding in after:
        rewritten = finding.code, None  # one that stood in text that an edit wrote anew
        place = finding.code, _start(new, finding)
        known = next((key for key in (place, rewritten) if places[key]), None)
        if known is not None:
            places[known] -= 1
        elif new.line(finding.row) not in lines:
            raise Unfit(f"the result has a new finding: {finding.code}")


def _start(source: Source, finding: Finding) -> int:
    return source.line_start(finding.row) + finding.column - 1


# ---- bytes


def check_round_trip(source: Source) -> None:
    """Whether a file's text gives its bytes back; where it does not, nothing can be written into it.

    Raises:
        Unfit: it does not.
    """
    try:
        faithful = source.encode(source.text) == source.data
    except UnicodeError:
        faithful = False
    if not faithful:
        raise Unfit(f"text in the encoding {source.encoding} cannot be written back as it was read", is_bug=False)


def check_bytes(change: Rewriting) -> None:
    """Whether bytes outside the edits are as they were, judged by their places in the files, not by how they got there.

    Raises:
        Unfit: they are not.
    """
    old, new = change.old.source, change.new.source
    position = there = len(old.bom)
    done = 0
    same = new.data.startswith(old.bom)
    for edit in change.moves.edits:
        kept = len(old.text[done : edit.start].encode(old.encoding))
        same = same and old.data[position : position + kept] == new.data[there : there + kept]
        position += kept + len(old.text[edit.start : edit.end].encode(old.encoding))
        there += kept + len(edit.text.encode(old.encoding))
        done = edit.end
    if not same or old.data[position:] != new.data[there:]:
        raise Unfit("bytes that no fix is about would change")


def _changed_line_ends(change: Rewriting) -> str:
    """Whether a line ends in a way in which no line of the file did."""
    known, now = (set(_LINE_END.findall(text.source.text)) for text in (change.old, change.new))
    return "a line would end in another way than the file's lines do" if known and now - known else ""


_CHECKS = (_lost_comment, _strayed_pragma, _new_complaint, _changed_names, _changed_exports, _changed_line_ends)
