"""Which files hold a word."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable

_FEW = 40  # as many words are looked for in texts of words; for more, an index is made of them


class Vocabulary:
    """The words of many files, each file by its number.

    Most words stand in one file alone: those cost one number.
    """

    def __init__(self) -> None:
        self._holders: dict[str, int | array[int]] = {}
        self._texts: dict[int, str] = {}
        self._looked_for: dict[str, list[int]] = {}

    def remember(self, file: int, words: str) -> None:
        """A file and the words that it has, in one text with spaces around each.

        Such are searched as they are, as long as that is less work than to take them apart.
        """
        self._texts[file] = words

    def add(self, file: int, words: Iterable[str]) -> None:
        """A file and the words that it has."""
        holders = self._holders
        for word in words:
            known = holders.get(word)
            if known is None:
                holders[word] = file
            elif isinstance(known, int):
                if known != file:
                    holders[word] = array("I", sorted((known, file)))
            elif known[-1] < file:
                known.append(file)
            elif known[at := bisect_left(known, file)] != file:
                known.insert(at, file)

    def change(self, file: int, before: frozenset[str], after: frozenset[str]) -> None:
        """A file that had some words, and has others now."""
        if self._texts.pop(file, None) is not None:
            self._looked_for.clear()
            before = frozenset()
        for word in before - after:
            known = self._holders.get(word)
            if isinstance(known, int) and known == file:
                del self._holders[word]
            elif isinstance(known, array) and file in known:
                known.remove(file)
                if not known:
                    del self._holders[word]
        self.add(file, after - before)

    def files_with(self, words: Iterable[str]) -> list[int]:
        """The files that have all of the words (at least one is given), by number."""
        if self._texts and len(self._looked_for) > _FEW:
            self._take_apart()
        rarest, *others = sorted((self._with(word) for word in words), key=len)
        sets = [frozenset(files) for files in others]
        return [file for file in rarest if all(file in files for files in sets)]

    def holds(self, file: int, word: str) -> bool:
        """Whether a file has a word."""
        if file in self._texts:
            return f" {word} " in self._texts[file]
        known = self._holders.get(word)
        if known is None or isinstance(known, int):
            return known == file
        at = bisect_left(known, file)
        return at < len(known) and known[at] == file

    def _with(self, word: str) -> list[int] | array[int]:
        known = self._holders.get(word, ())
        indexed = [known] if isinstance(known, int) else known or []
        found = self._found(word) if self._texts else []
        return sorted({*indexed, *found}) if found else indexed

    def _found(self, word: str) -> list[int]:
        """The files among the texts that have a word."""
        if word not in self._looked_for:
            wanted = f" {word} "
            self._looked_for[word] = [file for file, text in self._texts.items() if wanted in text]
        return self._looked_for[word]

    def _take_apart(self) -> None:
        for file, text in self._texts.items():
            self.add(file, text.split())
        self._texts.clear()
        self._looked_for.clear()
