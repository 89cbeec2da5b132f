"""Texts as the editor has them, saved or not."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from pygls.uris import to_fs_path

from patternlint.project.files import SUFFIXES
from patternlint.source import Source
from patternlint.workspace import absolute

_UTF8_MARK = b"\xef\xbb\xbf"
_LANGUAGE = "python"
_UNNAMED = "untitled"  # the scheme of documents that have no file yet


class Document:
    """One version of an open document.

    Args:
        uri: what the editor calls it.
        version: what the editor calls this text of it.
        text: the text.
        language: the editor's name for its language.
    """

    def __init__(self, uri: str, version: int, text: str, language: str = _LANGUAGE) -> None:
        self.uri = uri
        self.version = version
        self.text = text
        self.language = language

    def changed(self, version: int, text: str) -> Document:
        """The document after an edit."""
        return Document(self.uri, version, text, self.language)

    @property
    def is_checked(self) -> bool:
        """Whether it is Python, in a file or not saved yet; editors also open revisions, cells and output by URI."""
        scheme = urlsplit(self.uri).scheme
        return (scheme == "file" and self.path.suffix in SUFFIXES) or (
            scheme in ("file", _UNNAMED) and self.language == _LANGUAGE
        )

    @property
    def is_unnamed(self) -> bool:
        """Whether it has no file yet."""
        return urlsplit(self.uri).scheme != "file"

    @cached_property
    def path(self) -> Path:
        """Where it lies; of one without a file only a name that it could have."""
        found = to_fs_path(self.uri)
        if found is None:
            return Path(re.sub(r"\W+", "_", self.uri.rpartition("/")[2]) + ".py")
        return absolute(found)

    def source(self, path: Path) -> Source:
        """Its text for the engine, as that of a file.

        Raises:
            DecodeError: it holds NUL characters.
        """
        # the text is decoded: with the mark, a declared encoding in it is not applied again
        return Source(path, _UTF8_MARK + self.text.encode("utf-8", "replace"))
