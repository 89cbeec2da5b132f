"""The project's files as modules, read when somebody asks for them."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence, Set
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeVar

from patternlint.errors import PatternlintError
from patternlint.project.files import ModuleNames
from patternlint.project.holders import Holders
from patternlint.project.reads import Known
from patternlint.project.shelf import Shelf
from patternlint.source import Source
from patternlint.words import matches, words_of

if TYPE_CHECKING:
    import ast

    from patternlint.config import Settings
    from patternlint.facts import Module, Scope
    from patternlint.project.outline import ClassOutline, Outline
    from patternlint.project.reads import Read

A = TypeVar("A", covariant=True)
T = TypeVar("T")

# A question that hits more files than this is a scan: what it reads is not worth keeping.
_SCAN = 64
_ALIAS_DEPTH = 8


class Question(Protocol[A]):
    """Something to ask a project: a hashable value (a NamedTuple) that knows how to find its answer.

    An answer is a value: it holds no module, scope or node, so that it may be kept. It depends on nothing but what the
    project's methods say, so that what it has read is known.
    """

    def answer(self, project: Project, /) -> A:
        """Find it out."""
        ...

    def __hash__(self) -> int: ...


class ProjectCounts(NamedTuple):
    """How much the questions of a run have cost: how often each kind was answered, the files read and parsed for it."""

    questions: dict[str, int]
    read: int
    parsed: int


class Upset(NamedTuple):
    """What no longer holds since a text was replaced: what was read of it, and the answers that rested on that."""

    reads: Set[Read] = frozenset()
    answers: Set[Known] = frozenset()

    def and_(self, more: Upset) -> Upset:
        """Both together."""
        return Upset(self.reads | more.reads, self.answers | more.answers)

    def concerns(self, known: Known) -> bool:
        """Whether something that was found rests on it."""
        return not self.reads.isdisjoint(known.reads) or not self.answers.isdisjoint(known.rests_on)


class Memory(Protocol):
    """What was known of a project before; the paths are relative to its root.

    `words` has spaces around each word, `outline` is JSON; each is empty for a file that is not known as it is now.
    `answer` is an earlier answer that still holds; `begun` what there is to find one from. `sought` says in one text
    what is looked for in single files, `holds` whether what was found in one still holds, and `is_as_before` whether
    one thing that was read says what it did. `holders` are the files that have all of some words, None if not known.
    """

    def words(self, path: str, /) -> str: ...
    def outline(self, path: str, /) -> str: ...
    def learn_words(self, path: str, source: Source, words: Iterable[str], /) -> None: ...
    def learn_outline(self, path: str, source: Source, outline: Outline, /) -> None: ...
    def answer(self, question: Question[Any], /) -> Known | None: ...
    def begun(self, question: Question[Any], /) -> Known: ...
    def learn_answer(self, question: Question[Any], known: Known, /) -> None: ...
    def sought(self, find: Callable[..., object], given: tuple[object, ...], /) -> str: ...
    def holds(self, part: Known, /) -> bool: ...
    def is_as_before(self, read: Read, /) -> bool: ...
    def holders(self, words: str, /) -> list[str] | None: ...
    def learn_holders(self, words: str, paths: list[str], /) -> None: ...


class Project:
    """The files below a root, and what can be asked of them.

    Args:
        root: the project's folder.
        settings: its configuration.
        files: its Python files, in a fixed order; read when the first question needs them.
        memory: what earlier runs knew, and this one learns.
    """

    def __init__(self, root: Path, settings: Settings, files: Iterable[Path], memory: Memory | None = None) -> None:
        self._memory = memory
        self.root = root
        self.settings = settings
        self._listing = files
        self._names = ModuleNames(root, settings.src or None)
        self._relpaths: dict[Path, str] = {}
        self._overlays: dict[Path, Source] = {}
        self._shelf = Shelf()
        self._outlines: dict[Path, Outline | None] = {}
        self._holders = Holders(
            lambda: self._by_relpath.values(), self._words_of, self._recall_holders, self._learn_holders
        )
        self._onlookers: list[Callable[[Module], bool]] = []
        self._wanted: set[Path] = set()  # of the files parsed for a moment
        self._readers: list[Callable[[Source, frozenset[str]], None]] = []
        self._answers: dict[Hashable, Known] = {}
        self._asking: list[Known] = []
        self._same_reads: dict[Read, Read] = {}
        self._questions: Counter[str] = Counter()
        self._read_count = self._parsed_count = 0

    @property
    def counts(self) -> ProjectCounts:
        """What the questions so far have cost."""
        return ProjectCounts(dict(self._questions), self._read_count, self._parsed_count)

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """The project's Python files, in a fixed order."""
        return tuple(self._listing)

    # ---- modules

    def relpath(self, path: Path) -> str:
        """The path relative to the root, with forward slashes."""
        found = self._relpaths.get(path)
        if found is None:
            whole, around = os.fspath(path), os.fspath(self.root).rstrip(os.sep) + os.sep
            found = whole[len(around) :] if whole.startswith(around) else os.path.relpath(path, self.root)
            self._relpaths[path] = found = found if os.sep == "/" else found.replace(os.sep, "/")
        return found

    def module_name(self, path: Path) -> str:
        """The dotted name of the module at a path."""
        return self._names.name(path)

    def facts(self, source: Source, tree: ast.Module | None = None) -> Module:
        """The facts of a source that need not be what is on disk; good until :meth:`tidy` where they are kept already.

        With its syntax tree where somebody has that already.

        Raises:
            SyntaxError, RecursionError, MemoryError: as for :class:`Module`.
        """
        from patternlint.facts import Module

        kept = self._shelf.look_at(source.path)
        if kept is not None and (kept.source is source or kept.source.data == source.data):
            self._shelf.hand_out(source.path, 0)
            return kept
        return Module(source, self.module_name(source.path), self.relpath(source.path), tree)

    def overlay(self, source: Source, module: Module | None = None) -> Upset:
        """Let a source stand for what is on disk at its path: standard input, a file with its fixes applied, a buffer.

        Answers that do not rest on what this changes are kept.

        Args:
            source: the text.
            module: its facts, where somebody has gathered them.
        """
        path = source.path
        from patternlint.project.outline import PARTS

        parts = [part for part in PARTS if (part, self.relpath(path)) in self._same_reads]
        before = self._text(path) if self._holders.have_read or self._answers else None
        outline = self.outline(path) if parts else None
        self._overlays[path] = source
        if module is not None:
            self.keep(module)
        elif path in self._shelf:
            self._shelf.put_out(path)
        self._outlines.pop(path, None)
        if before is not None and before.text == source.text:
            return Upset()
        changed: set[Read] = {("text", self.relpath(path))}
        after = self.outline(path) if parts else None
        changed.update(
            (part, self.relpath(path))
            for part in parts
            if (None if outline is None else outline.part(part)) != (None if after is None else after.part(part))
        )
        if self._holders.have_read and path.suffix == ".py":
            words = frozenset() if before is None else words_of(before.text)
            changed.update(("words", key) for key in self._holders.change(path, words, words_of(source.text)))
        return Upset(changed, self._drop_answers(changed))

    def welcome(self, path: Path) -> Upset:
        """Let a file that is not on disk yet be one of the project's, behind all others."""
        name = self.module_name(path)
        changed: set[Read] = set()
        self.files = (*self.files, path)
        if path.suffix == ".py":
            if name.split(".")[0] not in self._roots:
                changed.add(("root", name.split(".")[0]))
                self._roots |= {name.split(".")[0]}
            if name not in self._by_name:
                changed.add(("module", name))
                self._by_name[name] = path
        return Upset(changed, self._drop_answers(changed))

    def _drop_answers(self, changed: Set[Read]) -> set[Known]:
        """Forget the answers that rest on what has changed."""
        dropped: set[Known] = set()
        if self._memory is not None:  # an answer of an earlier run does not say what it has read
            dropped.update(self._answers.values())
            self._answers.clear()
            self._holders.forget()
        for question, known in [*self._answers.items()]:  # each stands behind those that it rests on
            if not changed.isdisjoint(known.reads) or not dropped.isdisjoint(known.rests_on):
                dropped.add(known)
                del self._answers[question]
        return dropped

    def module_at(self, path: Path) -> Module | None:
        """The module at a path; None where it cannot be read or does not parse.

        It is good until the question that asked for it has its answer; outside questions until :meth:`tidy` is called.
        """
        self._note("text", path)
        depth = len(self._asking)
        if path in self._shelf:
            return self._shelf.hand_out(path, depth)
        module = self._read(path)
        self._shelf.put(path, module, depth)
        return module

    def tidy(self) -> None:
        """Let go of the modules that were read longest ago; called between two files, when no rule holds one."""
        self._shelf.release(0)

    def let_go(self) -> None:
        """Let go of all modules, when nobody will ask any more."""
        for path in self._shelf:
            self._shelf.put_out(path)
        self._shelf.release(0)

    def keep(self, module: Module) -> None:
        """Remember facts that somebody has gathered already."""
        if self._shelf.look_at(module.path) is not module:
            self._shelf.put(module.path, module, 0)

    def _read(self, path: Path) -> Module | None:
        source = self._text(path)
        return None if source is None else self._parse(source)

    def _parse(self, source: Source) -> Module | None:
        self._parsed_count += 1
        try:
            module = self.facts(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
        wanted = [look(module) for look in self._onlookers]
        if any(wanted):
            self._wanted.add(source.path)
        else:
            self._wanted.discard(source.path)
        return module

    def when_parsed(self, look: Callable[[Module], bool]) -> None:
        """Show each module that is parsed for a question to somebody, who says whether it is wanted soon."""
        self._onlookers.append(look)

    def _let_go(self, module: Module) -> None:
        """Release a module that nobody holds, unless somebody wants it soon."""
        if module.path not in self._wanted or module.path in self._shelf:
            module.release()
            return
        self._wanted.discard(module.path)
        inside = len(self._asking) + 1
        self._shelf.put(module.path, module, inside)
        self._shelf.release(inside)

    def when_taken_apart(self, look: Callable[[Source, frozenset[str]], None]) -> None:
        """Show each text that is taken apart for a question to somebody, with its words."""
        self._readers.append(look)

    def source_at(self, path: Path) -> Source | None:
        """The text of a file; None where it cannot be read."""
        self._note("text", path)
        return self._text(path)

    def _text(self, path: Path) -> Source | None:
        """The one place where files are read."""
        if path in self._overlays:
            return self._overlays[path]
        if (module := self._shelf.look_at(path)) is not None:
            return module.source
        self._read_count += 1
        try:
            return Source.read(path)
        except (OSError, PatternlintError):
            return None

    def module(self, name: str) -> Module | None:
        """The module of a dotted name, None where the project has none."""
        path = self.path_of(name)
        return None if path is None else self.module_at(path)

    def path_of(self, name: str) -> Path | None:
        """The file of a module's dotted name, None where the project has none."""
        if self._asking:
            self._asking[-1].note("module", name)
        return self._by_name.get(name)

    @cached_property
    def _by_name(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for path in self.files:
            if path.suffix == ".py":
                found.setdefault(self.module_name(path), path)
        return found

    def owns(self, dotted: str) -> bool:
        """Whether a dotted name belongs to the project: its root is one of the project's packages or modules."""
        root = dotted.partition(".")[0]
        if self._asking:
            self._asking[-1].note("root", root)
        return root in self._roots

    @cached_property
    def _roots(self) -> frozenset[str]:
        return frozenset(name.split(".")[0] for name in self._by_name)

    def paths_with(self, *words: str) -> list[Path]:
        """The files whose text contains all of the words (at least one is given), in a fixed order."""
        key = " ".join(sorted(words))
        if self._asking:
            self._asking[-1].note("words", key)
        return [*self._holders.of(key)]

    def set_with(self, word: str) -> frozenset[Path]:
        """The files whose text contains a word."""
        if self._asking:
            self._asking[-1].note("words", word)
        return self._holders.set_of(word)

    def has_word(self, path: Path, word: str) -> bool:
        """Whether a file's text contains a word."""
        return path in self.set_with(word)

    def modules_with(self, *words: str, pattern: str = "") -> Iterator[Module]:
        """Every module whose text contains all of the words, in a fixed order; with a pattern those alone in whose text
        it is found.

        A module is good until the next one is asked for: take values from it, no scopes and nodes.
        """
        yield from self.modules_at(self.paths_with(*words), pattern)

    def modules_at(self, paths: Sequence[Path], pattern: str = "") -> Iterator[Module]:
        """The modules at these paths that parse, one after the other, as for :meth:`modules_with`."""
        for path in paths:
            yield from self._module_in_turn(path, pattern, is_scan=len(paths) > _SCAN)

    def _module_in_turn(self, path: Path, pattern: str, *, is_scan: bool) -> Iterator[Module]:
        if pattern and ((source := self.source_at(path)) is None or not re.search(pattern, source.text)):
            return
        if not is_scan:
            if (module := self.module_at(path)) is not None:
                yield module
            return
        with self.passing(path) as module:
            if module is not None:
                yield module

    def collect(
        self,
        words: tuple[str, ...],
        find: Callable[..., Iterable[T]],
        *given: object,
        pattern: str = "",
        paths: Sequence[Path] | None = None,
    ) -> list[T]:
        """All that `find(project, module, *given)` yields for the modules with these words and this pattern, in order.

        In files where nothing has changed since an earlier run it need not be looked for again: so what it yields
        depends on its arguments and on what the project says, and is kept as part of the answer.

        Args:
            words: as for :meth:`paths_with`.
            find: a function of a module.
            given: values, as in questions.
            pattern: as for :meth:`modules_with`.
            paths: these modules, not those with the words.
        """
        memory = self._memory_of_answers if self._asking else None
        sought = "" if memory is None else memory.sought(find, (words, pattern, given))
        read = "words", " ".join(sorted(words))
        if paths is None and memory and self._earlier(sought) and memory.is_as_before(read):
            self._asking[-1].note(*read)
            paths = [self._by_relpath[name] for name in self._earlier(sought)]
        elif paths is None:
            paths = self.paths_with(*words)
        is_scan = len(paths) > _SCAN

        def found(path: Path) -> Iterator[T]:
            for module in self._module_in_turn(path, pattern, is_scan=is_scan):
                yield from find(self, module, *given)

        return self._in_parts(paths, sought, found)

    def collect_at(self, paths: Iterable[Path], find: Callable[..., Iterable[T]], *given: object) -> list[T]:
        """All that `find(project, path, *given)` yields for these paths, in order; as for :meth:`collect`."""
        memory = self._memory_of_answers if self._asking else None
        sought = "" if memory is None else memory.sought(find, given)
        return self._in_parts(paths, sought, lambda path: find(self, path, *given))

    def _earlier(self, sought: str) -> dict[str, Known]:
        """What was found of this in an earlier run, by relative path."""
        return (self._asking[-1].earlier or {}).get(sought, {})

    def _in_parts(self, paths: Iterable[Path], sought: str, find: Callable[[Path], Iterable[T]]) -> list[T]:
        memory = self._memory_of_answers
        if memory is None or not sought:
            return [value for path in paths for value in find(path)]
        asker, earlier = self._asking[-1], self._earlier(sought)
        found: list[T] = []
        for path in paths:
            name = self.relpath(path)
            part = earlier.get(name)
            if part is None or not memory.holds(part):
                part = Known()
                with self.recording(part):
                    part.value = tuple(find(path))
                part.settle(self._same_reads)
            asker.take(sought, name, part)
            found += part.value
        return found

    @contextmanager
    def passing(self, path: Path) -> Iterator[Module | None]:
        """A module for a moment: one that is not kept already is let go of at the end. None where there is none."""
        if path in self._shelf:
            yield self.module_at(path)
            return
        self._note("text", path)
        module = self._read(path)
        if module is not None and path not in self._outlines:
            self._outlines[path] = self._outlined(module)
        yield module
        if module is not None:
            self._let_go(module)

    def outline(self, path: Path, *patterns: str, part: str = "outline") -> Outline | None:
        """What is remembered of a module; None where it cannot be read or does not parse.

        Args:
            path: the module's file.
            patterns: one of which matches in the text of every module whose outline says what is looked for; for one
                without, None, which spares the parsing.
            part: ``aliases`` or ``classes``, if nothing else of it is looked at: only a change of these concerns who
                asks then.
        """
        self._note(part, path)
        if path not in self._outlines and (remembered := self._remembered_outline(path)) is not None:
            self._outlines[path] = remembered
        if path not in self._outlines:
            if patterns and ((source := self._text(path)) is None or not matches(patterns, source.text)):
                return None
            module = self._shelf.look_at(path) if path in self._shelf else self._read(path)
            self._outlines[path] = None if module is None else self._outlined(module)
            if module is not None and path not in self._shelf:
                self._let_go(module)
        return self._outlines[path]

    def _outlined(self, module: Module) -> Outline:
        from patternlint.project.outline import outline_of

        outline = outline_of(module)
        if self._memory is not None and module.path not in self._overlays:
            self._memory.learn_outline(module.relpath, module.source, outline)
        return outline

    def _remembered_outline(self, path: Path) -> Outline | None:
        text = self._memory.outline(self.relpath(path)) if self._memory and path not in self._overlays else ""
        if not text:
            return None
        from patternlint.project.outline import Outline

        try:
            return Outline.from_json(text)
        except (ValueError, TypeError, AttributeError):
            return None  # somebody else wrote that

    def outline_of(self, name: str, part: str = "outline") -> Outline | None:
        """What is remembered of the module of this dotted name; None where the project has none that parses."""
        path = self.path_of(name)
        return None if path is None else self.outline(path, part=part)

    def read_words(self) -> None:
        """Make the pass over the project's files now that the first question about words would make."""
        _ = self._holders.vocabulary

    def _words_of(self, path: Path) -> frozenset[str] | str | None:
        """The words of a file, as :class:`Holders` wants them."""
        memory = self._memory if path not in self._overlays else None
        if memory is not None and (remembered := memory.words(self.relpath(path))):
            return remembered
        source = self._text(path)
        if source is None:
            return None
        words = words_of(source.text)
        for look in self._readers:
            look(source, words)
        if memory is not None:
            memory.learn_words(self.relpath(path), source, words)
        return words

    def _recall_holders(self, words: str) -> list[Path] | None:
        memory = self._memory_of_answers
        known = None if memory is None else memory.holders(words)
        return None if known is None else [self._by_relpath[name] for name in known if name in self._by_relpath]

    def _learn_holders(self, words: str, paths: list[Path]) -> None:
        if (memory := self._memory_of_answers) is not None:
            memory.learn_holders(words, [self.relpath(path) for path in paths])

    @cached_property
    def _by_relpath(self) -> dict[str, Path]:
        return {self.relpath(path): path for path in self.files if path.suffix == ".py"}

    # ---- names

    def canonical(self, dotted: str) -> str:
        """Where a dotted name is defined: re-exports (``from .cart import Cart`` in a package) are followed."""
        for _ in range(_ALIAS_DEPTH):
            path, rest = self._split(dotted)
            outline = self.outline(path, part="aliases") if path is not None and rest else None
            target = outline.aliases.get(rest[0]) if outline is not None else None
            if target is None:
                return dotted
            dotted = ".".join([target, *rest[1:]])
        return dotted

    def class_outline(self, class_name: str) -> ClassOutline | None:
        """A project class by its canonical dotted name; None where the project has no such class."""
        path = self.home(class_name)
        outline = self.outline(path, part="classes") if path is not None else None
        return None if outline is None else outline.classes.get(class_name)

    def bases(self, class_name: str) -> tuple[str | None, ...] | None:
        """The bases of a project class by its canonical dotted name; None where the project has no such class."""
        outline = self.class_outline(class_name)
        return None if outline is None else outline.bases

    def home(self, dotted: str) -> Path | None:
        """The file of the module that a canonical dotted name lies in; None where the project has none."""
        return self._split(dotted)[0]

    def find(self, dotted: str) -> Scope | None:
        """The class or function that a dotted name means, re-exports and aliases followed; for a method only one that
        its class defines itself (:meth:`find_method` asks the bases too)."""
        path, rest = self._split(self.canonical(dotted))
        module = self.module_at(path) if path is not None and rest else None
        if module is None:
            return None
        scope = module.scope
        for name in rest:
            scopes = scope.children.get(name)
            if not scopes:
                return None
            scope = scopes[-1]
        return scope

    def find_method(self, class_name: str, method: str) -> Scope | None:
        """The method of a class by dotted class name, inherited from a project class or its own."""
        from patternlint.project.ancestry import Ancestry

        for name in (self.canonical(class_name), *self.ask(Ancestry(class_name)).project):
            outline = self.class_outline(name)
            if outline is not None and method in outline.methods and (found := self.find(name)) is not None:
                return found.methods.get(method)
        return None

    def _split(self, dotted: str) -> tuple[Path | None, list[str]]:
        """The file of the longest prefix that is a module of the project, and what comes behind it."""
        parts = dotted.split(".")
        for length in range(len(parts), 0, -1):
            if (path := self.path_of(".".join(parts[:length]))) is not None:
                return path, parts[length:]
        return None, parts

    # ---- questions

    def ask(self, question: Question[A]) -> A:
        """The answer to a question, found once and kept until something changes."""
        known = self._known(question)
        if self._asking:
            self._asking[-1].rest_on(known)
        answer: A = known.value
        return answer

    def version_of(self, question: Question[Any]) -> str:
        """What tells the answer to a question from others; who is asking does not rest on it."""
        with self.recording(Known()):
            return self._known(question).version

    def _known(self, question: Question[Any]) -> Known:
        key: Hashable = (type(question), question)  # named tuples of two kinds are equal if their fields are
        known = self._answers.get(key)
        if known is None:
            memory = self._memory_of_answers
            known = None if memory is None else memory.answer(question)
            if known is None:
                known = self._found(question, memory)
            self._answers[key] = known
        return known

    def _found(self, question: Question[Any], memory: Memory | None) -> Known:
        known = Known() if memory is None else memory.begun(question)
        with self.recording(known):
            known.value = question.answer(self)
        if memory is not None:
            memory.learn_answer(question, known)
        known.settle(self._same_reads)
        self._questions[type(question).__name__] += 1
        return known

    @property
    def _memory_of_answers(self) -> Memory | None:
        """Memory, as long as the project is what is on disk."""
        return None if self._overlays else self._memory

    def answered(self, question: Question[A]) -> A | None:
        """The answer to a question that has been asked already, else None."""
        return self.ask(question) if (type(question), question) in self._answers else None

    def reads_of(self, known: Known) -> frozenset[Read]:
        """What was read, for memory to keep: of answers that it keeps too, the keys; of others, what they have read."""
        if self._memory_of_answers is None:
            return known.everything()
        return frozenset((*known.reads, *(answer.as_read for answer in known.rests_on)))

    @contextmanager
    def recording(self, known: Known) -> Iterator[None]:
        """Note down in `known` what is read of the project."""
        self._asking.append(known)
        try:
            yield
        finally:
            self._asking.pop()
            self._shelf.release(len(self._asking) + 1)

    def _note(self, what: str, path: Path) -> None:
        if self._asking:
            self._asking[-1].note(what, self.relpath(path))
