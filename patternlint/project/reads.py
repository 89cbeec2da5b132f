"""What an answer has read of the project, and whether it still holds when files change.

An answer rests on what it has read itself and on other answers. What it has read is kept in short (`Read`), so that a
cache can tell without asking again which findings a change of some files may concern.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

Read = tuple[str, str]
"""One thing that was looked at: what of it, and which.

======== ======================= ============================================================
what     which                   it changes with
======== ======================= ============================================================
text     a file, relative path   the file's content
outline  a file, relative path   what is remembered of the module (:class:`Outline`)
aliases  a file, relative path   that part of it
classes  a file, relative path   that part of it
words    words, space-separated  which files contain all of them
module   a module's dotted name  the file of that name
root     a name without dots     whether a package or module of that name is at the project's top
answer   its version and key     another answer (where answers are kept between runs)
======== ======================= ============================================================
"""

Parts = dict[str, dict[str, "Known"]]
"""What was found file by file: by what was looked for, then by the file's relative path."""


class Known:
    """An answer, with what it was found from.

    Where it is kept between runs, `key` is that of its question and `version` tells its value from others. `parts` are
    what it was put together from, for as long as it is looked for; `earlier` those of an earlier run.
    """

    __slots__ = ("earlier", "key", "parts", "reads", "rests_on", "value", "version")

    def __init__(self, value: Any = None, key: str = "", version: str = "", earlier: Parts | None = None) -> None:
        self.value = value
        self.reads: set[Read] | tuple[Read, ...] = set()
        self.rests_on: dict[Known, None] | tuple[Known, ...] = {}  # in the order in which they were asked for
        self.key = key
        self.version = version
        self.parts: Parts | None = None
        self.earlier = earlier

    def note(self, what: str, which: str) -> None:
        """Something was looked at."""
        assert isinstance(self.reads, set)
        self.reads.add((what, which))

    def rest_on(self, other: Known) -> None:
        """Another answer was used."""
        assert isinstance(self.rests_on, dict)
        self.rests_on[other] = None

    def take(self, sought: str, path: str, part: Known) -> None:
        """A part of it was found."""
        assert isinstance(self.reads, set)
        assert isinstance(self.rests_on, dict)
        self.reads.update(part.reads)
        self.rests_on.update(dict.fromkeys(part.rests_on))
        if self.parts is None:
            self.parts = {}
        self.parts.setdefault(sought, {})[path] = part

    def settle(self, same: dict[Read, Read]) -> None:
        """The answer is found: from now on its notes take little room, each read being one value in all answers."""
        self.reads = tuple(same.setdefault(read, read) for read in self.reads)
        self.rests_on = tuple(self.rests_on)
        self.parts = self.earlier = None

    @property
    def as_read(self) -> Read:
        """The answer, as something that another one rests on."""
        return "answer", f"{self.version} {self.key}"

    def everything(self) -> frozenset[Read]:
        """What was read for it, by the answers that it rests on too."""
        found: set[Read] = set()
        seen: set[Known] = {self}
        stack = [self]
        while stack:
            known = stack.pop()
            found.update(known.reads)
            for other in known.rests_on:
                if other not in seen:
                    seen.add(other)
                    stack.append(other)
        return frozenset(found)


class Remembered(NamedTuple):
    """A file as far as answers can depend on it.

    `text` and `outline` tell one state from another; `words` is None where they are not known. `module` is the dotted
    name that the project knows the file by, "" for none (a stub, a second file of one name).
    """

    text: str
    outline: str
    words: frozenset[str] | None
    module: str


class Changes:
    """What has changed between two states of a project's files, by path relative to the root.

    Args:
        before: the files that have changed or are gone, as they were.
        after: the files that have changed or are new, as they are.
    """

    def __init__(self, before: Mapping[str, Remembered], after: Mapping[str, Remembered]) -> None:
        paths = before.keys() | after.keys()
        self._texts = {p for p in paths if _of(before, p).text != _of(after, p).text}
        outlines = {p: (_of(before, p).outline, _of(after, p).outline) for p in paths}
        self._outlines = {p: (b, a) for p, (b, a) in outlines.items() if b != a}
        self._same_parts: dict[tuple[str, str], bool] = {}
        words = [(_of(before, p).words, _of(after, p).words) for p in paths]
        self._words = [(b, a) for b, a in words if b is None or a is None or b != a]
        self._any_words = any(b is None or a is None for b, a in self._words)
        self._moved = frozenset().union(*(b ^ a for b, a in self._words if b is not None and a is not None))
        homes = {(f.module, p) for p, f in before.items()} ^ {(f.module, p) for p, f in after.items()}
        self._modules = {module for module, _ in homes if module}
        self._roots = {module.partition(".")[0] for module in self._modules}

    def concern(self, reads: Iterable[Read]) -> bool:
        """Whether what was read may say something else now."""
        return any(self._concerns(what, which) for what, which in reads)

    def _is_same(self, part: str, path: str) -> bool:
        from patternlint.project.outline import is_same_part

        if (part, path) not in self._same_parts:
            self._same_parts[part, path] = is_same_part(part, *self._outlines[path])
        return self._same_parts[part, path]

    def _concerns(self, what: str, which: str) -> bool:
        match what:
            case "text":
                return which in self._texts
            case "outline":
                return which in self._outlines
            case "aliases" | "classes":
                return which in self._outlines and not self._is_same(what, which)
            case "words":
                words = which.split()
                return self._any_words or (
                    not self._moved.isdisjoint(words)
                    and any(
                        b.issuperset(words) != a.issuperset(words)
                        for b, a in self._words
                        if b is not None and a is not None
                    )
                )
            case "module":
                return which in self._modules
            case "root":
                return which in self._roots
        return True


_NOWHERE = Remembered("", "", frozenset(), "")


def _of(files: Mapping[str, Remembered], path: str) -> Remembered:
    return files.get(path, _NOWHERE)
