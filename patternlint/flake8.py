"""The flake8 plugin: what patternlint's configuration selects, as ``PAT…``.

flake8 then applies its own ``select``, ``ignore``, ``per-file-ignores`` and ``# noqa``, as to any plugin.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import ClassVar

from patternlint.errors import PatternlintError
from patternlint.report.terminal import safe
from patternlint.selection import NOT_PARSED
from patternlint.source import Source
from patternlint.version import VERSION
from patternlint.workspace import STDIN_NAME, absolute, of_host

_FLAKE8S_STDIN = "stdin"
_UTF8_MARK = b"\xef\xbb\xbf"


class Plugin:
    """Checks one file for flake8.

    Args:
        tree: flake8's own: a file that does not parse is not shown to plugins.
        filename: the name that flake8 shows.
        lines: the text, which may come from standard input.
    """

    name: ClassVar[str] = "patternlint"
    version: ClassVar[str] = VERSION

    def __init__(self, tree: ast.Module, filename: str, lines: Sequence[str]) -> None:
        self._tree = tree
        self._filename = filename
        self._lines = lines

    def run(self) -> Iterator[tuple[int, int, str, type[Plugin]]]:
        """The findings as flake8 wants them: row, 0-based column, text."""
        path = STDIN_NAME if self._filename == _FLAKE8S_STDIN else self._filename
        # flake8 has decoded the text: with the mark, a declared encoding in it is not applied again
        data = _UTF8_MARK + "".join(self._lines).encode("utf-8", "replace")
        try:
            found = of_host("noqa").findings_in(Source(absolute(path), data), self._tree)
        except PatternlintError as error:
            from flake8.exceptions import ExecutionError

            raise ExecutionError(str(error)) from None
        except Exception as error:  # flake8 would end the whole run
            what = f"patternlint failed on this file ({type(error).__name__}: {error}): please report it"
            yield 1, 0, f"{NOT_PARSED} {safe(what)}", type(self)
            return
        for finding in found:
            yield finding.row, finding.column - 1, f"{finding.code} {safe(finding.message)}", type(self)
