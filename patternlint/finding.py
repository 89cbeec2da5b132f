"""What the engine says about a source: values without behaviour, shared by rules, fixer and fronts."""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

# Why there is no fix, or none that is safe, for the reasons that belong to no single rule
REASONS = {
    "not-parsed": "the file cannot be parsed",
    "no-fix": "patternlint has no repair for this form: it takes a person's judgement",
    "rule-is-unsafe": "the repairs of this rule are right in almost every case, which is too few to make them unasked",
    "runtime-not-declared": "the fix imports patternlint.runtime, which the project does not declare as a dependency",
    "runtime-not-vendored": "the project has no module of the name that runtime-module gives: run `patternlint runtime"
    " --vendor` with its folder first",
    "stdlib-only": 'the repair needs patternlint.runtime, which fix-style = "stdlib" forbids',
    "shares-a-line": "the statement shares its line with another",
    "no-place": "there is no place in the module where all the names are bound that the new definition reads",
    "name-taken": "a name that the fix needs is already taken",
    "comment-inside": "a comment stands inside the code that the fix would replace",
    "pragma-in-block": "a comment to a tool, on a line of its own, would get into a block that the fix makes",
    "not-reproduced": "LibCST does not give the line back as it was written, so it cannot be edited safely",
    "fix-failed": "the fix did not pass verification and was put back",
    "held-back": "the command given with --verify fails with the fix",
    "not-fixable": "the configuration leaves the rule unfixed (fixable, unfixable)",
    "configured-unsafe": "the configuration wants the fixes of this rule asked for (extend-unsafe-fixes)",
    "outside-project": "the fix would have to change a file that is none of the project's",
    "other-file-unreadable": "the fix would have to change another file, which cannot be read or parsed",
}


class Confidence(IntEnum):
    """How sure a finding is; measured, not felt (95 % of high, 75 % of medium findings are right)."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class Applicability(IntEnum):
    """How far a fix may be trusted, as in Ruff and clippy."""

    DISPLAY = 1  # shown, never applied
    UNSAFE = 2  # right in almost every case: needs --unsafe-fixes
    SAFE = 3  # same behaviour for every caller, apart from the defect


class Edit(NamedTuple):
    """Replace the code points ``[start, end)`` of the source's text."""

    start: int
    end: int
    text: str


class Import(NamedTuple):
    """``import module [as alias]``, or ``from module import name [as alias]`` when `name` is given.

    `module` begins with dots where a from-import is to be relative. `comment` (from its ``#`` on) stands at the line's
    end: a moved import takes what it says to tools along.
    """

    module: str
    name: str = ""
    alias: str = ""
    comment: str = ""


class FileEdits(NamedTuple):
    """What a fix changes in another file of the project.

    `path` is relative to the root, with forward slashes. Offsets count in the text that the project has for that file
    at the moment of the finding.
    """

    path: str
    edits: tuple[Edit, ...]
    imports: tuple[Import, ...] = ()


class Fix(NamedTuple):
    """One repair: all of its edits and imports in all of its files, or none.

    `form` is ``canonical`` (the companion runtime) or ``in place`` (the standard library). `binds` are the names that
    it brings into the module or takes out: two fixes about the same one cannot be applied together. `elsewhere` is what
    it changes in other files of the project. `rewrites` are the comments that it means to change or take out.
    """

    message: str
    applicability: Applicability
    edits: tuple[Edit, ...]
    imports: tuple[Import, ...] = ()
    form: str = "in place"
    binds: frozenset[str] = frozenset()
    elsewhere: tuple[FileEdits, ...] = ()
    rewrites: tuple[str, ...] = ()


class Evidence(NamedTuple):
    """A place elsewhere that proves the finding; `path` is relative to the root, `row` 1-based."""

    path: str
    row: int
    message: str


class Finding(NamedTuple):
    """One defect at one place: rows and columns 1-based, columns in code points, ends exclusive."""

    code: str
    name: str
    message: str
    path: str
    row: int
    column: int
    end_row: int
    end_column: int
    confidence: Confidence = Confidence.HIGH
    help: str = ""
    evidence: tuple[Evidence, ...] = ()
    fix: Fix | None = None
    why_not_fixed: str = ""  # reason code: why there is no fix, or none that is safe
