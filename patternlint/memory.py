"""What earlier runs knew of one project, brought up to date with what has changed since.

The findings of a file are taken from memory if it has not changed and nothing has that they rest on: what was read of
other files to find them, and what the project answered, is remembered with them. A file's time stamps say whether it is
the one that was read; where they do not, its content does.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

from patternlint.cache import Cache, Entry, Facts, digest, may_have_changed_since, stamp

if TYPE_CHECKING:
    from patternlint.answers import Answer, Answers
    from patternlint.batch import Outcome
    from patternlint.finding import Finding
    from patternlint.project import Project, Question
    from patternlint.project.outline import Outline
    from patternlint.project.reads import Changes, Known, Read, Remembered
    from patternlint.source import Source

_UNKNOWN = "?"  # no digest is that


class Memory:
    """The memory of one project for the time of a run.

    Args:
        root: the project's folder.
        names: gives the whole paths of the project's files, when they are needed.
        project: likewise the project.
        cache: where it is kept between runs.
    """

    def __init__(
        self, root: str, names: Callable[[], Sequence[str]], project: Callable[[], Project], cache: Cache
    ) -> None:
        self._prefix = root.rstrip(os.sep) + os.sep
        self._names = names
        self._project = project
        self._cache = cache
        self._begun = time.time()
        self._known = cache.entries()
        self._facts: dict[str, Facts] = {}
        self._all_facts_read = False
        self._is_all_seen = False
        self._changed: dict[str, Remembered] = {}  # the files that are new or others than they were, as they are
        self._changes: Changes | None = None
        self._verdicts: dict[str, bool] = {}  # whether a change concerns what was read
        self._seen: dict[str, Entry] = {}  # files as they are now, of those that were looked at
        self._invalid: set[str] = set()  # files whose findings no longer hold, though they have not changed
        self._gone: set[str] = set()
        self._results: dict[str, tuple[Entry, str]] = {}  # what was found in this run, and the reads
        self._words_learnt: dict[str, tuple[str, str]] = {}  # by path: the digest of the text, and its words
        self._outlines_learnt: dict[str, tuple[str, str]] = {}  # likewise, the outline as JSON

    # ---- what can be taken from memory

    def recall(self, paths: Iterable[str]) -> dict[str, tuple[Finding, ...]]:
        """The findings of those of the project's files that need not be checked again, by whole path."""
        fresh = {path: entry for path in paths if (entry := self._unchanged(path)) and entry.findings is not None}
        if any(entry.asked for entry in fresh.values()):
            self._look_at_everything()
        return {
            path: entry.findings
            for path, entry in fresh.items()
            if entry.findings is not None and self._relative(path) not in self._invalid
        }

    def reads(self, path: str) -> frozenset[Read]:
        """What the findings of a file that were recalled rest on."""
        name = self._relative(path)
        known = self._known.get(name)
        if known is None or not known.asked:
            return frozenset()
        lines = self._reads.get(name, "").split("\n")
        return self.flat((what, which) for what, _, which in (line.partition(" ") for line in lines))

    def flat(self, reads: Iterable[Read]) -> frozenset[Read]:
        """What was read, with what the answers among it have read in their place."""
        return self._answers.flat(reads)

    def _relative(self, path: str) -> str:
        relative = path.removeprefix(self._prefix)
        return relative if os.sep == "/" else relative.replace(os.sep, "/")

    def _unchanged(self, path: str) -> Entry | None:
        """What is known of a file that is as it was; else None."""
        relative = self._relative(path)
        known = self._known.get(relative)
        return known if known is not None and self._look(path, relative).digest == known.digest else None

    def _look(self, path: str, relative: str) -> Entry:
        """The file as it is: read only where its time stamps do not say that it is the known one."""
        if relative not in self._seen:
            known = self._known.get(relative)
            try:
                now = stamp(os.stat(path))
                if known is not None and now and now == known.stamp:
                    self._seen[relative] = known
                else:
                    with open(path, "rb") as file:
                        self._seen[relative] = Entry(now, digest(file.read()))
            except OSError:
                self._seen[relative] = Entry("", _UNKNOWN)
        return self._seen[relative]

    def _look_at_everything(self) -> None:
        """Find out which findings rest on something that has changed."""
        if self._is_all_seen:
            return
        self._is_all_seen = True
        if not self._known:
            return
        names = {self._relative(path): path for path in self._names()}
        changed = [name for name, path in names.items() if self._unchanged(path) is None]
        self._gone = self._known.keys() - names.keys()
        if changed or self._gone:
            from patternlint.engine import room
            from patternlint.project.reads import Changes

            before = {name: self._before(name) for name in (*changed, *self._gone) if name in self._known}
            self._changed = {name: self._after(name, names[name]) for name in changed}
            self._changes = Changes(before, self._changed)
            asked = [name for name, entry in self._known.items() if entry.asked and entry.findings is not None]
            with room():  # answers may rest on answers in long chains
                self._invalid = {name for name in asked if not self._stands(name)}

    def _stands(self, name: str) -> bool:
        """Whether what the findings of a file rest on in others is as it was."""
        return name in self._reads and self._answers.stands(self._reads[name].split("\n"))

    def _concerns(self, read: str) -> bool:
        """Whether what was read (``what which``) says something else now."""
        if self._changes is None:
            return False
        if read not in self._verdicts:
            what, _, which = read.partition(" ")
            self._verdicts[read] = self._changes.concern([(what, which)])
        return self._verdicts[read]

    def _before(self, name: str) -> Remembered:
        from patternlint.project.reads import Remembered

        known, project = self._facts_of(name), self._project()
        words = frozenset(known.words.split()) if known.words else None
        module = project.module_name(project.root / name)
        return Remembered(self._known[name].digest, known.outline or _UNKNOWN, words, module)

    def _after(self, name: str, path: str) -> Remembered:
        from patternlint.project.reads import Remembered
        from patternlint.words import words_of

        project = self._project()
        place = project.root / name
        source = project.source_at(place)
        words = frozenset() if source is None else words_of(source.text)
        if source is not None:
            self.learn_words(name, source, words)
        outline = None
        if self._facts_of(name).outline:
            project.module_at(place)  # which keeps it: answers may have to read it again, and its check will
            outline = project.outline(place)
        text = outline.to_json() if outline is not None else ""
        return Remembered(self._look(path, name).digest, text, words, project.module_name(place))

    def _facts_of(self, name: str) -> Facts:
        """What was known of a file, whether it has changed since or not."""
        if name not in self._facts:
            self._facts[name] = Facts() if self._all_facts_read else self._cache.facts([name]).get(name, Facts())
        return self._facts[name]

    @cached_property
    def _reads(self) -> dict[str, str]:
        return self._cache.reads()

    @cached_property
    def _answer_rows(self) -> dict[str, Answer]:
        return self._cache.answers()

    @cached_property
    def _answers(self) -> Answers:
        from patternlint.answers import Answers

        return Answers(lambda: self._answer_rows, self._concerns, self._project)

    # ---- what the project need not find out again, and what it has found out

    def words(self, path: str) -> str:
        """The words of a file that has not changed, with spaces around each; empty where they are not known.

        Args:
            path: relative to the root.
        """
        if not self._all_facts_read:  # who asks for one will ask for all
            self._facts = self._cache.facts()
            self._all_facts_read = True
        return self._fact(path).words

    def outline(self, path: str) -> str:
        """The outline of a file that has not changed, as JSON; empty where it is not known."""
        return self._fact(path).outline

    def _fact(self, name: str) -> Facts:
        if name not in self._known or self._unchanged(self._prefix + name) is None:
            return Facts()
        return self._facts_of(name)

    def learn_words(self, path: str, source: Source, words: Iterable[str]) -> None:
        """The words of a text that was read from disk."""
        self._words_learnt[path] = digest(source.data), f" {' '.join(sorted(words))} "

    def learn_outline(self, path: str, source: Source, outline: Outline) -> None:
        """The outline of a module whose text was read from disk."""
        self._outlines_learnt[path] = digest(source.data), outline.to_json()

    def answer(self, question: Question[Any]) -> Known | None:
        """The answer of an earlier run, if it holds."""
        self._look_at_everything()
        return self._answers.recall(question)

    def begun(self, question: Question[Any]) -> Known:
        """What there is to find an answer from."""
        return self._answers.begun(question)

    def learn_answer(self, question: Question[Any], known: Known) -> None:
        """An answer, found in the project as it is on disk."""
        self._answers.learn(question, known)

    def sought(self, find: Callable[..., object], given: tuple[object, ...]) -> str:
        """What is looked for in single files, in short; empty where that cannot be told."""
        from patternlint.project.notation import NotPlain, short, written

        try:
            text = written(given, self._project().root)
        except NotPlain:
            return ""
        return short(f"{find.__module__} {find.__qualname__} {text}")

    def holds(self, part: Known) -> bool:
        """Whether what was found in a file in an earlier run still holds."""
        return self._answers.holds(part)

    def is_as_before(self, read: Read) -> bool:
        """Whether one thing that was read says what it did."""
        return not self._concerns(" ".join(read))

    def holders(self, words: str) -> list[str] | None:
        """The files that have all of some words; None where that is not known."""
        self._look_at_everything()
        known = self._answers.holders(words)
        if known is None or not self._concerns(f"words {words}"):
            return known
        wanted = words.split()
        found = [name for name in known if name not in self._changed and name not in self._gone]
        found += [n for n, file in self._changed.items() if n.endswith(".py") and (file.words or set()) >= {*wanted}]
        self._answers.learn_holders(words, found)
        return found

    def learn_holders(self, words: str, paths: list[str]) -> None:
        """The files that have all of some words, in the project as it is on disk."""
        self._answers.learn_holders(words, paths)

    def take_answers(self) -> dict[str, Answer]:
        """The answers found since this was called last, for :meth:`add_answers` of the memory that is kept."""
        return self._answers.take()

    def add_answers(self, found: dict[str, Answer]) -> None:
        """Answers that a worker has found."""
        self._answers.add(found)

    def take_outlines(self) -> dict[str, tuple[str, str]]:
        """The outlines learnt since this was called last, for :meth:`add_outlines` of the memory that is kept."""
        learnt, self._outlines_learnt = self._outlines_learnt, {}
        return learnt

    def add_outlines(self, learnt: dict[str, tuple[str, str]]) -> None:
        """Outlines that a worker has learnt."""
        self._outlines_learnt |= learnt

    def rest(self) -> None:
        """Let go of the cache's file until it is needed: open files are not for children of this process."""
        self._cache.close()

    def learn(self, outcome: Outcome) -> None:
        """What came of a file that was checked."""
        if outcome.error is None:
            entry = Entry(outcome.stamp, outcome.digest, bool(outcome.reads), outcome.findings)
            reads = "\n".join(sorted(f"{what} {which}" for what, which in outcome.reads))
            self._results[self._relative(outcome.name)] = entry, reads

    # ---- keeping it

    def save(self) -> str:
        """Store what was learnt; what kept it from being stored, else an empty text."""
        changed = any(entry.digest != self._digest_known(name) for name, entry in self._seen.items()) or any(
            entry.digest != self._digest_known(name) for name, (entry, _) in self._results.items()
        )
        if changed and any(entry.asked for entry in self._known.values()):
            self._look_at_everything()
        entries = {name: entry for name, entry in self._seen.items() if entry != self._known.get(name)}
        entries |= {name: self._known[name]._replace(asked=False, findings=None) for name in self._invalid}
        entries |= {name: entry for name, (entry, _) in self._results.items()}
        if any(entry.asked for entry in entries.values()):
            entries |= self._unsettled(entries)
        answers, outdated = self._answers.changes() if "_answers" in self.__dict__ else ({}, [])
        if entries or self._gone or answers or outdated:
            reads = ((name, reads) for name, (_, reads) in self._results.items() if reads)
            facts = self._new_facts(entries).items()
            self._cache.store(entries.items(), facts, self._gone, reads, answers.items(), outdated)
        problem = self._cache.problem
        self._cache.close()
        return problem

    def _digest_known(self, name: str) -> str:
        known = self._known.get(name)
        return "" if known is None else known.digest

    def _unsettled(self, entries: Mapping[str, Entry]) -> dict[str, Entry]:
        """The files of the project that nothing is known of yet, and those that changed in this very run: of these
        nobody can tell which text the findings of others rest on."""
        found: dict[str, Entry] = {}
        for path in self._names():
            name = self._relative(path)
            try:
                status = os.stat(path)
            except OSError:
                continue
            if may_have_changed_since(self._begun, status):
                found[name] = Entry("", _UNKNOWN)
            elif name not in entries and name not in self._known:
                text_digest, _ = self._words_learnt.get(name, ("", ""))
                found[name] = Entry(stamp(status), text_digest) if text_digest else self._look(path, name)
        return found

    def _new_facts(self, entries: Mapping[str, Entry]) -> dict[str, Facts]:
        names = entries.keys() | self._words_learnt.keys() | self._outlines_learnt.keys()
        known = {name: self._facts_of(name) for name in names}
        found: dict[str, Facts] = {}
        for name in names:
            entry = entries.get(name) or self._seen.get(name) or self._known.get(name)
            if entry is None:
                continue
            before = self._known.get(name)
            facts = known[name] if before is not None and before.digest == entry.digest else Facts()
            for field, learnt in (("words", self._words_learnt), ("outline", self._outlines_learnt)):
                text_digest, value = learnt.get(name, ("", ""))
                if text_digest == entry.digest:
                    facts = facts._replace(**{field: value})
            if facts != known[name]:
                found[name] = facts
        return found
