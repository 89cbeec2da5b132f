"""Findings as an editor shows them: diagnostics, and what is said where the mouse rests."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lsprotocol import types as lsp
from pygls.uris import from_fs_path

from patternlint.finding import Applicability, Confidence, Evidence, Finding
from patternlint.report.reasons import reason
from patternlint.rule_pages import explanation
from patternlint.selection import NOT_PARSED, rule_called
from patternlint.server.positions import Positions

SOURCE = "patternlint"
_SEVERITIES = {
    Confidence.HIGH: lsp.DiagnosticSeverity.Warning,
    Confidence.MEDIUM: lsp.DiagnosticSeverity.Information,
    Confidence.LOW: lsp.DiagnosticSeverity.Hint,
}


def diagnostic(finding: Finding, positions: Positions, root: Path) -> lsp.Diagnostic:
    """One finding.

    Args:
        finding: the finding.
        positions: those of its document.
        root: what paths of evidence are relative to.
    """
    severity = lsp.DiagnosticSeverity.Error if finding.code == NOT_PARSED else _SEVERITIES[finding.confidence]
    return lsp.Diagnostic(
        range=positions.of(finding),
        severity=severity,
        code=finding.code,
        source=SOURCE,
        message=f"{finding.message}\n{finding.help}" if finding.help else finding.message,
        related_information=[_related(evidence, root) for evidence in finding.evidence] or None,
    )


def _related(evidence: Evidence, root: Path) -> lsp.DiagnosticRelatedInformation:
    """A place in another file: the start of its line, for which its text need not be read."""
    start = lsp.Position(evidence.row - 1, 0)
    uri = from_fs_path(str(root / evidence.path)) or ""
    return lsp.DiagnosticRelatedInformation(lsp.Location(uri, lsp.Range(start, start)), evidence.message)


def hover(findings: Iterable[Finding], position: lsp.Position, positions: Positions) -> lsp.Hover | None:
    """What there is to say at a place: of each finding the rule's explanation, and why it is not fixed."""
    offset = positions.offset(position)
    here = [f for f in findings if _start(f, positions) <= offset <= positions.offset(positions.of(f).end)]
    if not here:
        return None
    pages = dict.fromkeys(map(_page, here))
    content = lsp.MarkupContent(lsp.MarkupKind.Markdown, "\n\n---\n\n".join(pages))
    return lsp.Hover(content, positions.of(here[0]))


def _start(finding: Finding, positions: Positions) -> int:
    return positions.offset(positions.of(finding).start)


def _page(finding: Finding) -> str:
    entry = rule_called(finding.code)
    lines = [f"**{finding.code}** `{finding.name}` ({finding.confidence.name.lower()} confidence)"]
    if entry is not None:
        lines.append(explanation(entry))
    if finding.fix is None or finding.fix.applicability < Applicability.SAFE:
        lines.append(f"No safe fix: {reason(finding)}.")
    return "\n\n".join(lines)
