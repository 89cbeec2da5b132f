"""What a project was asked in earlier runs, and what it answered: given again as long as that holds.

An answer holds if nothing has changed of what it has read and the answers that it rests on say what they said then.
Where something has, it is found again, but only as far as the change goes: an answer that comes out as before changes
nothing for those that rest on it, and of one that was put together file by file the other files' parts are kept.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from patternlint.project.notation import NotPlain, key_of, question_at, read, short, unlike_any, written
from patternlint.project.reads import Known

if TYPE_CHECKING:
    from patternlint.project.project import Project, Question
    from patternlint.project.reads import Parts, Read

_LARGE = 100_000  # characters: a longer value is found again when it is needed; whether it holds is known all the same


class Answer(NamedTuple):
    """One answer as text, by the key of its question.

    `version` tells its value from others. `value` is empty where it cannot be kept. `reads` is what was read for it,
    in lines; `rests` are the answers that it rests on, a version and a key in each line. `parts` is what was found in
    each file, as JSON.
    """

    version: str
    value: str
    reads: str
    rests: str
    parts: str = ""


class Answers:
    """The answers of one project.

    Args:
        known: those of earlier runs by the keys of their questions, when they are needed.
        concerns: whether something that was read (``what which``) says something else now.
        project: who answers.
    """

    def __init__(
        self, known: Callable[[], Mapping[str, Answer]], concerns: Callable[[str], bool], project: Callable[[], Project]
    ) -> None:
        self._rows = known
        self._concerns = concerns
        self._project = project
        self._hold: dict[str, bool] = {}
        self._versions: dict[str, str] = {}
        self._new: dict[str, Answer] = {}
        self._untold: dict[str, Answer] = {}  # of these, those that :meth:`take` has not given

    # ---- what is known

    def recall(self, question: Question[Any]) -> Known | None:
        """An answer of an earlier run, if it holds."""
        root = self._project().root
        key = key_of(question, root)
        known = self._rows().get(key)
        if known is None or not known.value or not self._holds(key, known):
            return None
        try:
            return Known(read(known.value, root), key, known.version)
        except NotPlain:
            return None

    def begun(self, question: Question[Any]) -> Known:
        """What there is to find an answer from."""
        key = key_of(question, self._project().root)
        known = self._rows().get(key)
        return Known(key=key, earlier=self._parts(known.parts) if known is not None and known.parts else None)

    def holds(self, part: Known) -> bool:
        """Whether what was found in a file still holds."""
        return not any(self._concerns(f"{what} {which}") for what, which in part.reads) and all(
            self.version(other.key) == other.version for other in part.rests_on
        )

    def version(self, key: str) -> str:
        """The version of the answer that a question of this key has now; empty where that cannot be told."""
        if (new := self._new.get(key)) is not None:
            return new.version
        if key not in self._versions:
            self._versions[key] = ""  # as long as it is not known: a question may have come to rest on itself
            self._versions[key] = self._version(key)
        return self._versions[key]

    def _version(self, key: str) -> str:
        known = self._rows().get(key)
        if known is None:
            return ""
        if self._holds(key, known):
            return known.version
        project = self._project()
        try:
            return project.version_of(question_at(key, project.root))
        except Exception:  # what is asked about is not there any more: such questions nobody asks in earnest
            return ""

    def _holds(self, key: str, known: Answer) -> bool:
        """Whether an earlier answer holds, without finding it again."""
        if key not in self._hold:
            self._hold[key] = False
            self._hold[key] = self.stands(known.reads.split("\n")) and self._rests_on_the_same(known)
        return self._hold[key]

    def _rests_on_the_same(self, known: Answer) -> bool:
        for line in known.rests.split("\n") if known.rests else ():
            version, _, key = line.partition(" ")
            if self.version(key) != version:
                return False
        return True

    def stands(self, reads: Iterable[str]) -> bool:
        """Whether what was read, answers among it, says what it did."""
        for line in reads:
            if line.startswith("answer "):
                _, version, key = line.split(" ", 2)
                if self.version(key) != version:
                    return False
            elif line and self._concerns(line):
                return False
        return True

    def holders(self, words: str) -> list[str] | None:
        """The files that had all of some words, or have if that was learnt since; None where that is not known."""
        key = _holders_key(words)
        known = self._new.get(key) or self._rows().get(key)
        return None if known is None else known.value.split("\n") if known.value else []

    def flat(self, reads: Iterable[Read]) -> frozenset[Read]:
        """What was read, with what the answers among it have read in their place."""
        found: set[Read] = set()
        seen: set[str] = set()
        stack = list(reads)
        while stack:
            what, which = stack.pop()
            if what != "answer":
                found.add((what, which))
                continue
            key = which.partition(" ")[2]
            if key in seen:
                continue
            seen.add(key)
            if (known := self._new.get(key) or self._rows().get(key)) is None:
                found.add((what, which))  # nobody knows: whatever changes may concern it
                continue
            stack += _reads(known.reads.split("\n"))
            stack += [("answer", line) for line in known.rests.split("\n") if line]
        return frozenset(found)

    # ---- what is new

    def learn(self, question: Question[Any], known: Known) -> None:
        """An answer was found."""
        root = self._project().root
        try:
            value = written(known.value, root)
            known.version = short(value)
        except NotPlain:
            value, known.version = "", self._rows()[known.key].version if self._hold.get(known.key) else unlike_any()
        if known.key:
            self.add({known.key: self._row(known, value if len(value) <= _LARGE else "")})

    def learn_holders(self, words: str, paths: list[str]) -> None:
        """The files that have all of some words."""
        self.add({_holders_key(words): Answer("", "\n".join(paths), f"words {words}", "")})

    def take(self) -> dict[str, Answer]:
        """The answers found since this was called last, for :meth:`add` of the memory that is kept."""
        new, self._untold = self._untold, {}
        return new

    def add(self, new: Mapping[str, Answer]) -> None:
        """Answers that were found, here or by a worker."""
        self._new.update(new)
        self._untold.update(new)

    def changes(self) -> tuple[dict[str, Answer], list[str]]:
        """What is to be stored, and the keys of what is to be dropped: it rests on what has changed."""
        new = {key: row for key, row in self._new.items() if row != self._rows().get(key)}
        lines = ((key, row.reads.split("\n")) for key, row in self._rows().items() if key not in self._new)
        return new, [key for key, reads in lines if any(line and self._concerns(line) for line in reads)]

    # ---- as text

    def _row(self, known: Known, value: str) -> Answer:
        parts = {sought: self._parts_as_json(by_path) for sought, by_path in (known.parts or {}).items()}
        reads, rests = sorted(map(" ".join, known.reads)), [f"{k.version} {k.key}" for k in known.rests_on]
        text = json.dumps(parts, separators=(",", ":")) if parts else ""
        return Answer(known.version, value, "\n".join(reads), "\n".join(dict.fromkeys(rests)), text)

    def _parts_as_json(self, by_path: Mapping[str, Known]) -> dict[str, Any]:
        """Each file's values, what was read beside the file's text, and the answers; 0 where there is none of these."""
        root = self._project().root
        found: dict[str, Any] = {}
        for path, part in by_path.items():
            others = [r for r in part.reads if r != ("text", path)]
            if not (part.value or others or part.rests_on):
                found[path] = 0
                continue
            try:
                value = written(part.value, root)
            except NotPlain:
                found[path] = 1
                continue
            found[path] = [value, others, [(k.version, k.key) for k in part.rests_on]]
        return found

    def _parts(self, text: str) -> Parts | None:
        root = self._project().root
        found: Parts = {}
        try:
            for sought, by_path in json.loads(text).items():
                parts = found[sought] = {}
                for path, written_part in by_path.items():
                    parts[path] = _part(path, written_part, root)
        except (ValueError, TypeError, AttributeError, NotPlain):
            return None  # somebody else wrote that
        return found


def _holders_key(words: str) -> str:
    return f"words {words}"  # no question's key: that would be JSON


def _part(path: str, written_part: Any, root: Any) -> Known:
    own: Read = ("text", path)
    if written_part == 0:
        part = Known(())
        part.reads = (own,)
    elif written_part == 1:
        part = Known()
        part.reads = (("unknown", ""),)  # whatever changes concerns that
    else:
        value, others, rests = written_part
        part = Known(read(value, root))
        part.reads = (own, *((what, which) for what, which in others))
        part.rests_on = tuple(Known(key=key, version=version) for version, key in rests)
    return part


def _reads(lines: Iterable[str]) -> list[Read]:
    return [(what, which) for what, _, which in (line.partition(" ") for line in lines if line)]
