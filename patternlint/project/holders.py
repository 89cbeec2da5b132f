"""Which of a project's files hold which words, found out once and kept in step with what changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from patternlint.project.vocabulary import Vocabulary

if TYPE_CHECKING:
    from pathlib import Path


class Holders:
    """The files that hold some words.

    Args:
        files: all that can, in a fixed order; asked for once.
        words_of: the words of one, as a set; as one text with spaces around each where they were remembered; None where
            the file cannot be read.
        recall: the files that have all of some words, in any order, where that is remembered; None where it is not.
        learn: is told of what was found.
    """

    def __init__(
        self,
        files: Callable[[], Iterable[Path]],
        words_of: Callable[[Path], frozenset[str] | str | None],
        recall: Callable[[str], Iterable[Path] | None],
        learn: Callable[[str, list[Path]], None],
    ) -> None:
        self._listing = files
        self._words_of = words_of
        self._recall = recall
        self._learn = learn
        self._found: dict[str, list[Path]] = {}  # by words, sorted and joined by blanks
        self._sets: dict[str, frozenset[Path]] = {}

    @property
    def have_read(self) -> bool:
        """Whether the files have been read for their words."""
        return "vocabulary" in self.__dict__

    @cached_property
    def vocabulary(self) -> Vocabulary:
        """One pass over the bytes of the project, made when the first question needs it."""
        vocabulary = Vocabulary()
        for number, path in enumerate(self._files):
            words = self._words_of(path)
            if isinstance(words, str):
                vocabulary.remember(number, words)
            elif words is not None:
                vocabulary.add(number, words)
        return vocabulary

    def of(self, words: str) -> list[Path]:
        """The files that have all of some words, in order.

        Args:
            words: sorted and joined by blanks.
        """
        if words not in self._found:
            known = self._recall(words)
            if known is not None:
                self._found[words] = sorted(known, key=self._numbers.__getitem__)
            else:
                self._found[words] = [self._files[number] for number in self.vocabulary.files_with(words.split())]
                self._learn(words, self._found[words])
        return self._found[words]

    def set_of(self, word: str) -> frozenset[Path]:
        """The files that have a word."""
        if word not in self._sets:
            self._sets[word] = frozenset(self.of(word))
        return self._sets[word]

    def change(self, path: Path, before: frozenset[str], after: frozenset[str]) -> Iterator[str]:
        """Take note that a file had some words and has others now; the words whose holders that changes."""
        if path not in self._numbers:
            self._numbers[path] = len(self._files)
            self._files.append(path)
        self.vocabulary.change(self._numbers[path], before, after)
        for key in [*self._found]:
            words = key.split()
            if before.issuperset(words) != after.issuperset(words):
                del self._found[key]
                self._sets.pop(key, None)
                yield key

    def forget(self) -> None:
        """What was found may be wrong; the words are not."""
        self._found.clear()
        self._sets.clear()

    @cached_property
    def _files(self) -> list[Path]:
        return list(self._listing())

    @cached_property
    def _numbers(self) -> dict[Path, int]:
        return {path: number for number, path in enumerate(self._files)}
