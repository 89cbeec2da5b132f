"""What an editor offers to do about findings: each fix, all safe ones, and a comment that takes responsibility.

What an action changes is found out when it is chosen (where the editor can wait for that): a fix is verified first, as
on the command line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from lsprotocol import types as lsp

from patternlint.acknowledgement import noqa_edit
from patternlint.finding import Applicability, Edit, Finding
from patternlint.fixer import FixKey
from patternlint.report.reasons import reason
from patternlint.selection import NOT_PARSED
from patternlint.server.positions import Positions
from patternlint.server.presentation import diagnostic
from patternlint.server.projects import Checked
from patternlint.source import lines_of

FIX_ALL = f"{lsp.CodeActionKind.SourceFixAll.value}.patternlint"
KINDS = (lsp.CodeActionKind.QuickFix.value, FIX_ALL)


class Choice(NamedTuple):
    """What an action stands for, between the editor's question and its choice: a fix, or all of a document."""

    uri: str
    key: FixKey | None = None

    def to_data(self) -> list[Any]:
        """As plain values, which the editor gives back."""
        return [self.uri, None if self.key is None else list(self.key)]

    @classmethod
    def from_data(cls, data: Any) -> Choice | None:
        """What was given back; None where it is not ours."""
        match data:
            case [str(uri), None]:
                return cls(uri)
            case [str(uri), [str(path), str(code), str(message), int(line)]]:
                return cls(uri, FixKey(path, code, message, line))
        return None


def actions(checked: Checked, span: lsp.Range, only: Sequence[str] | None, encoding: str) -> Iterator[lsp.CodeAction]:
    """The actions for a range of a document, without what those change that have a choice as their data.

    Args:
        checked: the document with its findings.
        span: the range.
        only: the kinds that are asked for, None for all.
        encoding: of the positions.
    """
    source = checked.source
    if source is None or checked.engine is None:
        return
    positions = Positions(source.text, encoding)
    if _is_wanted(lsp.CodeActionKind.QuickFix.value, only):
        for finding in checked.findings:
            if finding.row - 1 <= span.end.line and span.start.line <= finding.end_row - 1:
                of = diagnostic(finding, positions, checked.engine.settings.root)
                yield from _fixes(checked, finding, of)
                if finding.code != NOT_PARSED:
                    edits = text_edits(source.text, [noqa_edit(source, finding)], encoding)
                    yield lsp.CodeAction(
                        f"Ignore {finding.code} on this line",
                        lsp.CodeActionKind.QuickFix,
                        [of],
                        edit=lsp.WorkspaceEdit(changes={checked.document.uri: edits}),
                    )
    if _is_wanted(FIX_ALL, only) and any(_applicability(f) is Applicability.SAFE for f in checked.findings):
        data = Choice(checked.document.uri).to_data()
        yield lsp.CodeAction("Apply all safe fixes of patternlint", FIX_ALL, data=data)


def _fixes(checked: Checked, finding: Finding, of: lsp.Diagnostic) -> Iterator[lsp.CodeAction]:
    applicability = _applicability(finding)
    is_safe = applicability is Applicability.SAFE
    if finding.fix is None or not (
        is_safe or (applicability is Applicability.UNSAFE and checked.settings.unsafe_fixes)
    ):
        return
    what = finding.fix.message[:1].upper() + finding.fix.message[1:]
    title = f"{what} ({finding.code})" if is_safe else f"{what} ({finding.code}, unsafe: {reason(finding)})"
    key = FixKey(finding.path, finding.code, finding.message, finding.row)
    data = Choice(checked.document.uri, key).to_data()
    yield lsp.CodeAction(title, lsp.CodeActionKind.QuickFix, [of], is_preferred=is_safe, data=data)


def _applicability(finding: Finding) -> Applicability | None:
    return None if finding.fix is None else finding.fix.applicability


def _is_wanted(kind: str, only: Sequence[str] | None) -> bool:
    return only is None or any(kind == wanted or kind.startswith(f"{wanted}.") for wanted in only)


def text_edits(text: str, edits: Iterable[Edit], encoding: str) -> list[lsp.TextEdit]:
    """Edits of a text as the editor applies them."""
    positions = Positions(text, encoding)
    return [lsp.TextEdit(positions.range(edit.start, edit.end), edit.text) for edit in edits]


def difference(before: str, after: str) -> Iterator[Edit]:
    """The edits of whole lines that make one text of another: what does not change keeps cursors and folds."""
    old, new = lines_of(before), lines_of(after)
    same = 0
    while same < min(len(old), len(new)) and old[same] == new[same]:
        same += 1
    same_behind = 0
    while same_behind < min(len(old), len(new)) - same and old[-1 - same_behind] == new[-1 - same_behind]:
        same_behind += 1
    offsets = [0]
    for line in old:
        offsets.append(offsets[-1] + len(line))
    inner_old, inner_new = old[same : len(old) - same_behind], new[same : len(new) - same_behind]
    for tag, i, j, k, m in difflib.SequenceMatcher(None, inner_old, inner_new, autojunk=False).get_opcodes():
        if tag != "equal":
            yield Edit(offsets[same + i], offsets[same + j], "".join(inner_new[k:m]))
