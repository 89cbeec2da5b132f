"""A finding with what it takes to show it, in whatever format."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patternlint.finding import Applicability, Confidence, Edit, Finding
from patternlint.report.terminal import Style, safe
from patternlint.source import Source

if TYPE_CHECKING:
    from patternlint.project import Project


class FileChange(NamedTuple):
    """What a fix changes in one file, the imports that it needs among the edits."""

    source: Source
    edits: tuple[Edit, ...]

    @property
    def after(self) -> str:
        """The text with the fix."""
        from patternlint.splicing import splice

        return splice(self.source.text, self.edits)


class Shown(NamedTuple):
    """A finding with what it takes to show it.

    `source` is None where the file could not be read as text. `changes` are what its fix changes, the finding's own
    file first: for formats that tell, see :class:`patternlint.report.formats.Format`. `suppressed` says who takes
    responsibility for it: ``inSource`` a comment, ``external`` something else (SARIF's words); "" nobody.
    `fingerprint` is there where it is known already.
    """

    finding: Finding
    source: Source | None
    root: Path
    changes: tuple[FileChange, ...] = ()
    suppressed: str = ""
    fingerprint: str = ""

    def absolute(self, path: str) -> str:
        """The whole path of one that is relative to the project's root."""
        return os.path.normpath(self.root / path)

    def below(self, path: str, folder: str | None = None) -> str:
        """That path from a folder (the working one), where it lies below."""
        around = (folder or os.getcwd()).rstrip(os.sep) + os.sep
        return self.absolute(path).removeprefix(around)

    def display(self, path: str) -> str:
        """That path as the user would write it, for terminals."""
        return safe(self.below(path))


class Look(NamedTuple):
    """How findings are shown.

    `unsafe`: whether unsafe fixes are on. `errors` are what kept files from being checked.
    """

    style: Style = Style(False)
    unsafe: bool = False
    errors: Sequence[str] = ()


def changes_of(finding: Finding, source: Source, project: Project) -> tuple[FileChange, ...]:
    """What the fix of a finding changes in each file.

    Args:
        finding: the finding.
        source: the file that it is in.
        project: the project of the file.
    """
    fix = finding.fix
    if fix is None:
        return ()
    from patternlint.placement import import_edits
    from patternlint.splicing import in_order

    parts = [(source, fix.edits, fix.imports)]
    for file in fix.elsewhere:
        if (other := project.source_at(project.root / file.path)) is not None:
            parts.append((other, file.edits, file.imports))
    return tuple(
        FileChange(of, tuple(in_order((*(import_edits(project.facts(of), imports) if imports else ()), *edits))))
        for of, edits, imports in parts
    )


def fixable(finding: Finding, *, unsafe: bool) -> bool:
    """Whether ``--fix`` (with ``--unsafe-fixes`` if `unsafe`) would repair it."""
    needed = Applicability.UNSAFE if unsafe else Applicability.SAFE
    return finding.fix is not None and finding.fix.applicability >= needed


def mark(finding: Finding, *, unsafe: bool) -> str:
    """``[*]`` for what ``--fix`` repairs, nothing for the rest."""
    return "[*] " if fixable(finding, unsafe=unsafe) else ""


def heading(finding: Finding) -> str:
    """The message, after the confidence where that is not high; nothing in it can steer a terminal."""
    sure = "" if finding.confidence == Confidence.HIGH else f"({finding.confidence.name.lower()}) "
    return f"{sure}{safe(finding.message)}"


def severity(finding: Finding) -> str:
    """``error``, ``warning`` or ``info``: how sure the finding is, for formats that have no word for that."""
    return {Confidence.HIGH: "error", Confidence.MEDIUM: "warning", Confidence.LOW: "info"}[finding.confidence]


def by_file(found: Iterable[Shown]) -> list[list[Shown]]:
    """The findings of each file, which come together."""
    return [list(group) for _, group in groupby(found, key=lambda shown: shown.absolute(shown.finding.path))]


def fingerprints_of(found: Iterable[Shown]) -> list[str]:
    """The fingerprint of each finding, in order."""
    from patternlint.fingerprint import fingerprints

    return [
        shown.fingerprint or fingerprint
        for group in by_file(found)
        for shown, fingerprint in zip(group, fingerprints([s.finding for s in group], group[0].source), strict=True)
    ]


def counted(number: int, thing: str = "finding") -> str:
    """A number with its noun."""
    return f"{number} {thing}{'' if number == 1 else 's'}"
