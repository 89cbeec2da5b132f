"""``--diff-base``: only what a change brought about, as git sees it.

A finding is reported if one of its lines has changed since the revision, or stands beside lines that were taken out;
and if a line has that it names as evidence, or one beside it (a decorator above a name): a change in one file may cause
a finding in another. Compared is the working tree with the last commit that the revision and HEAD have in common, so
that what others did since then does not count.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from pathlib import Path

from patternlint.errors import PatternlintError
from patternlint.finding import Finding
from patternlint.source import Source, lines_of

_HUNK = re.compile(rb"@@ -\d+(?:,(?P<old>\d+))? \+(?P<row>\d+)(?:,(?P<new>\d+))? @@")
# No program that a repository's configuration names is run, and nothing is written.
_GIT = ("git", "--no-optional-locks", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")
_DIFF = ("diff", "--no-ext-diff", "--no-textconv", "--no-color", "--find-renames", "--relative", "--unified=0",
         "--inter-hunk-context=0", "--src-prefix=a/", "--dst-prefix=b/")  # fmt: skip


class ChangedLines:
    """The lines of projects that have changed since a revision.

    Args:
        revision: what git understands: ``main``, ``HEAD~2``, ``origin/main``, a hash.
        roots: the projects.

    Raises:
        PatternlintError: git is missing, a folder is in no repository, or the revision is not known there.
    """

    def __init__(self, revision: str, roots: Iterable[Path]) -> None:
        self._rows: dict[Path, set[int]] = {}
        self._old: set[Path] = set()  # the files that were there
        self._read: dict[Path, list[str]] = {}  # the lines that git has compared, of files that may change under way
        for root in roots:
            base = _base(revision, root)
            self._rows |= {root / name: rows for name, rows in _changed(root, base)}
            self._old |= {root / name for name in _listed(root, base)}

    def new(self, findings: Sequence[Finding], source: Source | None, root: Path) -> list[Finding]:
        """Those of the findings of one file that the change brought about."""
        here = root / findings[0].path
        rows = self._rows_of(here)
        if rows is not None and source is not None:
            rows = self._as_they_are_now(rows, source)

        def has_changed(path: Path, first: int, last: int) -> bool:
            changed = rows if path == here else self._rows_of(path)
            return changed is None or not changed.isdisjoint(range(first, last + 1))

        return [
            finding
            for finding in findings
            if has_changed(here, finding.row, finding.end_row)
            or any(has_changed(root / place.path, place.row - 1, place.row + 1) for place in finding.evidence)
        ]

    def _rows_of(self, path: Path) -> set[int] | None:
        """The rows of a file that have changed; None: all."""
        return self._rows.get(path, set() if path in self._old else None)

    def _as_they_are_now(self, rows: set[int], source: Source) -> set[int]:
        """The rows in a source that fixes, or an editor, have taken further than git has seen."""
        if source.path not in self._read:
            try:
                self._read[source.path] = lines_of(Source.read(source.path).text)
            except (OSError, PatternlintError):
                self._read[source.path] = lines_of(source.text)
        before, now = self._read[source.path], lines_of(source.text)
        if before == now:
            return rows
        found: set[int] = set()
        for kind, first, _, start, end in SequenceMatcher(None, before, now, autojunk=False).get_opcodes():
            for row in range(start + 1, end + 1):
                if kind != "equal" or row - start + first in rows:
                    found.add(row)
        return found


# ---- git


def _git(root: Path, *arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run([*_GIT, *arguments], cwd=root, capture_output=True, check=False)
    except FileNotFoundError:
        raise PatternlintError("--diff-base needs git, which is not installed", "install it, or leave it out") from None


def _base(revision: str, root: Path) -> str:
    """The commit that the working tree of a project is compared with."""
    inside = _git(root, "rev-parse", "--is-shallow-repository")
    if inside.returncode:
        said = (_said(inside.stderr).splitlines() or [""])[0].removeprefix("fatal: ")
        raise PatternlintError(f"{root}: --diff-base needs a git repository: {said}", "run it where there is one")
    is_shallow = inside.stdout.strip() == b"true"
    fetch = "fetch the history: `git fetch --unshallow`, or `fetch-depth: 0` where a CI job checks out"
    known = _git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    if known.returncode:
        where = "this shallow clone" if is_shallow else "the repository"
        remedy = fetch if is_shallow else "name a branch, a tag or a commit; `git fetch` brings those of others"
        raise PatternlintError(f"--diff-base: there is no revision '{revision}' in {where}", remedy)
    commit = _said(known.stdout).strip()
    common = _git(root, "merge-base", commit, "HEAD")
    if common.returncode:
        if is_shallow:
            what = f"--diff-base: how '{revision}' and HEAD belong together is not in this shallow clone"
            raise PatternlintError(what, fetch)
        raise PatternlintError(f"--diff-base: '{revision}' and HEAD have no commit in common", "name another revision")
    return _said(common.stdout).split()[0]


def _listed(root: Path, base: str) -> list[str]:
    """The project's files at a commit, by their paths below the root."""
    return [os.fsdecode(name) for name in _git(root, "ls-tree", "-r", "-z", "--name-only", base).stdout.split(b"\0")]


def _changed(root: Path, base: str) -> Iterator[tuple[str, set[int]]]:
    """The files that differ from a commit, by their paths below the root, and the rows that do."""
    rows = set[int]()
    lines = iter(_git(root, *_DIFF, base, "--").stdout.split(b"\n"))
    for line in lines:
        if line.startswith(b"rename to "):
            rows = set()
            yield _path(line.removeprefix(b"rename to ")), rows
        elif line.startswith(b"+++ "):
            rows = set()
            yield _path(line.removeprefix(b"+++ ")).removeprefix("b/"), rows
        elif (hunk := _HUNK.match(line)) is not None:
            old, new = (1 if hunk[side] is None else int(hunk[side]) for side in ("old", "new"))
            row = int(hunk["row"])
            rows.update(range(row, row + new) if new else (row, row + 1))  # those beside what was taken out
            left = old + new
            while left and (content := next(lines, None)) is not None:  # which may look like anything
                left -= not content.startswith(b"\\")  # a remark of git's


_ESCAPE = re.compile(rb"\\([abfnrtv\"\\]|[0-7]{3})")
_ESCAPED = dict(zip(b"abfnrtv", b"\a\b\f\n\r\t\v", strict=True))


def _path(quoted: bytes) -> str:
    """A path as git writes it: in quotation marks, with escapes, where it has to be; a tab ends one with blanks."""
    name = quoted.removesuffix(b"\t")
    if name.startswith(b'"'):
        name = _ESCAPE.sub(_unescaped, name[1:-1])
    return os.fsdecode(name)


def _unescaped(match: re.Match[bytes]) -> bytes:
    code = match[1]
    return bytes([int(code, 8) if len(code) == 3 else _ESCAPED.get(code[0], code[0])])


def _said(output: bytes) -> str:
    return output.decode("utf-8", "replace")
