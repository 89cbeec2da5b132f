"""The project's files as modules, read when somebody asks for them."""

from __future__ import annotations

import os
from collections import OrderedDict
from collections.abc import Hashable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from patternlint.errors import PatternlintError
from patternlint.project.files import ModuleNames
from patternlint.source import Source
from patternlint.words import words_of

if TYPE_CHECKING:
    from patternlint.config import Settings
    from patternlint.facts import Module, Scope
    from patternlint.project.outline import Outline

A = TypeVar("A", covariant=True)

# Facts hold a syntax tree of fifty times the size of the text: keep those of this many characters of source.
_KEEP_CHARACTERS = 2_000_000
# A question that hits more files than this is a scan: what it reads is not worth keeping.
_SCAN = 64
_ALIAS_DEPTH = 8


class Question(Protocol[A]):
    """Something to ask a project: a hashable value (a NamedTuple) that knows how to find its answer.

    An answer is a value: it holds no module, scope or node, so that it may be kept.
    """

    def answer(self, project: Project, /) -> A:
        """Find it out."""
        ...

    def __hash__(self) -> int: ...


class Project:
    """The files below a root, and what can be asked of them.

    Args:
        root: the project's folder.
        settings: its configuration.
        files: its Python files, in a fixed order; read when the first question needs them.
    """

    def __init__(self, root: Path, settings: Settings, files: Iterable[Path]) -> None:
        self.root = root
        self.settings = settings
        self._listing = files
        self._names = ModuleNames(root, settings.src or None)
        self._overlays: dict[Path, Source] = {}
        self._kept: OrderedDict[Path, Module | None] = OrderedDict()
        self._kept_characters = 0
        self._dropped: list[Module] = []
        self._outlines: dict[Path, Outline | None] = {}
        self._paths_by_word: dict[str, list[Path]] | None = None
        self._answers: dict[Hashable, Any] = {}

    @cached_property
    def files(self) -> tuple[Path, ...]:
        """The project's Python files, in a fixed order."""
        return tuple(self._listing)

    # ---- modules

    def relpath(self, path: Path) -> str:
        """The path relative to the root, with forward slashes."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return os.path.relpath(path, self.root).replace(os.sep, "/")

    def module_name(self, path: Path) -> str:
        """The dotted name of the module at a path."""
        return self._names.name(path)

    def facts(self, source: Source) -> Module:
        """The facts of a source that need not be what is on disk; good until :meth:`tidy` where they are kept already.

        Raises:
            SyntaxError, RecursionError, MemoryError: as for :class:`Module`.
        """
        from patternlint.facts import Module

        kept = self._kept.get(source.path)
        if kept is not None and kept.source is source:
            return kept
        return Module(source, self.module_name(source.path), self.relpath(source.path))

    def overlay(self, source: Source) -> None:
        """Let a source stand for what is on disk at its path: standard input, or a file with its fixes applied."""
        self._overlays[source.path] = source
        if source.path in self._kept:
            self._drop(source.path)
        self._outlines.pop(source.path, None)
        self._answers.clear()
        if self._paths_by_word is not None:
            for word in words_of(source.text):
                paths = self._paths_by_word.setdefault(word, [])
                if source.path not in paths:
                    paths.append(source.path)

    def module_at(self, path: Path) -> Module | None:
        """The module at a path; None where it cannot be read or does not parse.

        It is good until :meth:`tidy` is called.
        """
        if path in self._kept:
            self._kept.move_to_end(path)
            return self._kept[path]
        module = self._read(path)
        self._put(path, module)
        while self._kept_characters > _KEEP_CHARACTERS and len(self._kept) > 1:
            self._drop(next(iter(self._kept)))
        return module

    def tidy(self) -> None:
        """Let go of the modules that were read longest ago; called between two files, when no rule holds one."""
        for module in self._dropped:
            module.release()
        self._dropped.clear()

    def keep(self, module: Module) -> None:
        """Remember facts that somebody has gathered already."""
        if self._kept.get(module.path) is module:
            return
        if module.path in self._kept:
            self._drop(module.path)
        self._put(module.path, module)

    def _put(self, path: Path, module: Module | None) -> None:
        self._kept[path] = module
        self._kept_characters += _size(module)

    def _drop(self, path: Path) -> None:
        module = self._kept.pop(path)
        self._kept_characters -= _size(module)
        if module is not None:
            self._dropped.append(module)

    def _read(self, path: Path) -> Module | None:
        source = self.source_at(path)
        if source is None:
            return None
        try:
            return self.facts(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None

    def source_at(self, path: Path) -> Source | None:
        """The text of a file; None where it cannot be read."""
        if path in self._overlays:
            return self._overlays[path]
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
        return dotted.split(".")[0] in self._roots

    @cached_property
    def _roots(self) -> frozenset[str]:
        return frozenset(name.split(".")[0] for name in self._by_name)

    def paths_with(self, *words: str) -> list[Path]:
        """The files whose text contains all of the words (at least one is given), in a fixed order."""
        rarest, *others = sorted((self._by_word.get(w, []) for w in words), key=len)
        sets = [set(paths) for paths in others]
        return [path for path in rarest if path.suffix == ".py" and all(path in paths for paths in sets)]

    def modules_with(self, *words: str) -> Iterator[Module]:
        """Every module whose text contains all of the words, in a fixed order.

        A module is good until the next one is asked for: take values from it, no scopes and nodes.
        """
        paths = self.paths_with(*words)
        for path in paths:
            if len(paths) <= _SCAN and (module := self.module_at(path)) is not None:
                yield module
            elif len(paths) > _SCAN:
                with self.passing(path) as module:
                    if module is not None:
                        yield module

    @contextmanager
    def passing(self, path: Path) -> Iterator[Module | None]:
        """A module for a moment: one that is not kept already is let go of at the end. None where there is none."""
        if path in self._kept:
            yield self._kept[path]
            return
        module = self._read(path)
        if module is not None and path not in self._outlines:
            self._outlines[path] = _outlined(module)
        yield module
        if module is not None:
            module.release()

    def outline(self, path: Path) -> Outline | None:
        """What is remembered of a module; None where it cannot be read or does not parse."""
        if path not in self._outlines:
            with self.passing(path) as module:
                self._outlines[path] = None if module is None else _outlined(module)
        return self._outlines[path]

    @property
    def _by_word(self) -> dict[str, list[Path]]:
        """Which files contain a word: one pass over the bytes of the project, made when the first question needs it."""
        if self._paths_by_word is None:
            found: dict[str, list[Path]] = {}
            for path in self.files:
                source = self.source_at(path)
                if source is not None:
                    for word in words_of(source.text):
                        found.setdefault(word, []).append(path)
            self._paths_by_word = found
        return self._paths_by_word

    # ---- names

    def canonical(self, dotted: str) -> str:
        """Where a dotted name is defined: re-exports (``from .cart import Cart`` in a package) are followed."""
        for _ in range(_ALIAS_DEPTH):
            path, rest = self._split(dotted)
            outline = self.outline(path) if path is not None and rest else None
            target = outline.aliases.get(rest[0]) if outline is not None else None
            if target is None:
                return dotted
            dotted = ".".join([target, *rest[1:]])
        return dotted

    def bases(self, class_name: str) -> tuple[str | None, ...] | None:
        """The bases of a project class by its canonical dotted name; None where the project has no such class."""
        path, _ = self._split(class_name)
        outline = self.outline(path) if path is not None else None
        return None if outline is None else outline.classes.get(class_name)

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

        for name in (class_name, *self.ask(Ancestry(class_name)).project):
            found = self.find(name)
            if found is not None and method in found.methods:
                return found.methods[method]
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
        """The answer to a question, found once and kept for the life of the project."""
        key: Hashable = (type(question), question)  # named tuples of two kinds are equal if their fields are
        if key not in self._answers:
            self._answers[key] = question.answer(self)
        answer: A = self._answers[key]
        return answer


def _outlined(module: Module) -> Outline:
    from patternlint.project.outline import outline_of

    return outline_of(module)


def _size(module: Module | None) -> int:
    return 1 if module is None else len(module.source.text)
