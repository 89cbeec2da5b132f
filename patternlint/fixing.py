"""The fixing side of a run: each file's fixes are taken as a whole, or the file is left as it was."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from patternlint.errors import OUR_FAULT, PatternlintError
from patternlint.fixer import Change, FixKey, FixResult, fix
from patternlint.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from patternlint.engine import Engine
    from patternlint.finding import Finding
    from patternlint.project import Project
    from patternlint.project.reads import Read, Remembered
    from patternlint.repairs import Repairs
    from patternlint.report.console import Console


Sifting: TypeAlias = "Callable[[Sequence[Finding], Source | None, Path], Sequence[Finding]]"


class Mended(NamedTuple):
    """A file with its fixes: its source now, what is found in it still, the fixes, and all files that they changed."""

    engine: Engine
    source: Source
    remaining: Sequence[Finding]
    fixes: tuple[FixKey, ...] = ()
    changes: tuple[Change, ...] = ()

    @classmethod
    def of(cls, engine: Engine, result: FixResult) -> Mended:
        """What the fixer made of it."""
        return cls(engine, result.source, result.remaining, tuple(a.key for a in result.applied), result.changes)

    def after(self, before: Mended) -> Mended:
        """The same with what was done to the file before."""
        return self._replace(fixes=before.fixes + self.fixes, changes=before.changes + self.changes)


def mend(
    source: Source, engine: Engine, repairs: Repairs, console: Console, *, unsafe: bool, new: Sifting | None = None
) -> Mended:
    """Fix one file, as far as that can be kept.

    Args:
        source: the file.
        engine: finds what is to be fixed.
        repairs: where fixed files go.
        console: is told what went wrong.
        unsafe: whether unsafe fixes are applied, too.
        new: the findings that may be fixed, of all that there are; None: all may.
    """
    result = fix(source, engine, unsafe=unsafe, only=_keys(source, engine, new))
    _tell_of_failures(source, result, console)
    try:
        if result.changes:
            repairs.take(engine.settings.root, result.changes)
    except BaseException as error:
        withdraw(result.changes, engine)
        if not isinstance(error, PatternlintError):
            raise
        console.error(error)
        return Mended(engine, source, engine.check(source))
    return Mended.of(engine, result)


def mend_alone(source: Source, engine: Engine, console: Console, *, unsafe: bool, new: Sifting | None = None) -> Mended:
    """Fix a source that goes to standard output; the arguments are those of :func:`mend`."""
    result = fix_alone(source, engine, unsafe=unsafe, only=_keys(source, engine, new))
    _tell_of_failures(source, result, console)
    return Mended.of(engine, result)


def fix_alone(source: Source, engine: Engine, *, unsafe: bool, only: Collection[FixKey] | None = None) -> FixResult:
    """Fix a source where there is no place for other files: fixes that change some are left out."""
    result = fix(source, engine, unsafe=unsafe, only=only)
    while any(change.before.path != source.path for change in result.changes):
        withdraw(result.changes, engine)
        only = {a.key for a in result.applied if a.finding.fix is not None and not a.finding.fix.elsewhere}
        result = fix(source, engine, unsafe=unsafe, only=only)
    return result


def _keys(source: Source, engine: Engine, new: Sifting | None) -> set[FixKey] | None:
    if new is None:
        return None
    return {FixKey(f.path, f.code, f.message, f.row) for f in new(engine.check(source), source, engine.settings.root)}


def resting_on(changes: Sequence[Change], reads: Mapping[str, Iterable[Read]], project: Project) -> list[str]:
    """Those files whose findings may be others now.

    Args:
        changes: what the fixes of other files changed.
        reads: what the findings of each file rest on.
        project: all of them are in it.
    """
    from patternlint.project.reads import Changes

    before = {project.relpath(c.before.path): _remembered(c.before, project) for c in changes}
    after = {project.relpath(c.after.path): _remembered(c.after, project) for c in changes}
    difference = Changes(before, after)
    return [name for name, read in reads.items() if difference.concern(read)]


def _remembered(source: Source, project: Project) -> Remembered:
    from patternlint.project.outline import outline_of
    from patternlint.project.reads import Remembered
    from patternlint.words import words_of

    outline = outline_of(project.facts(source)).to_json()
    return Remembered(source.text, outline, words_of(source.text), project.module_name(source.path))


def withdraw(changes: Sequence[Change], engine: Engine) -> None:
    """Let the project see the files as they were."""
    for change in changes:
        engine.project.overlay(change.before)


def _tell_of_failures(source: Source, result: FixResult, console: Console) -> None:
    for failure in result.failed:
        what = f"{source.path}:{failure.finding.row}: the fix of {failure.finding.code} was put back"
        remedy = OUR_FAULT if failure.is_bug else "repair it by hand"
        console.error(PatternlintError(f"{what}: {failure.reason}", remedy))
    if not result.converged:
        what = f"{source.path}: the fixes do not come to an end, so the file was left as it was"
        console.error(PatternlintError(what, OUR_FAULT))
