"""What a fix changes in another file of the project; see :meth:`patternlint.fixes.FixBuilder.in_file`."""

from __future__ import annotations

import ast
from collections.abc import Callable

from patternlint.facts import Module
from patternlint.finding import Edit, FileEdits, Import
from patternlint.placement import spell
from patternlint.places import CannotEdit, Places, joined, new_lines_at, own_line


class OtherFile:
    """Edits of a file that the rule does not visit, by the nodes that `ast` has for it.

    Args:
        module: the file's facts; its nodes are those that the methods take (none inside an f-string).
    """

    def __init__(self, module: Module) -> None:
        self.module = module
        self._at = Places(module.source, {}, frozenset())
        self._steps: list[Callable[[], Edit]] = []
        self._imports: list[Import] = []

    def replace(self, node: ast.expr | ast.stmt, code: str) -> None:
        """Put `code` in a node's place, dedented lines for a statement; comments inside it are lost."""
        start, end = self._span(node)

        def edit() -> Edit:
            _, indent = own_line(self._at, start) if "\n" in code else self._at.line_of(start)
            return Edit(start, end, self._at.lines(code, indent)[len(indent) :])

        self._steps.append(edit)

    def insert_before(self, statement: ast.stmt, code: str) -> None:
        """Put statements on lines of their own before a statement and its decorators."""
        start, _ = self._span(statement)

        def edit() -> Edit:
            line, indent = own_line(self._at, start)
            return Edit(line, line, self._at.lines(code, indent) + self.module.source.newline)

        self._steps.append(edit)

    def insert_after(self, statement: ast.stmt, code: str) -> None:
        """Put statements on lines of their own after a statement."""
        start, end = self._span(statement)

        def edit() -> Edit:
            _, indent = own_line(self._at, start)
            below = self._at.next_line(end)
            rest = self.module.source.text[end:below].strip()
            if rest and not rest.startswith("#"):
                raise CannotEdit("shares-a-line")
            return new_lines_at(self._at, below, self._at.lines(code, indent))

        self._steps.append(edit)

    def name(self, module: str, name: str = "") -> str:
        """The expression for ``module.name`` at the file's top level, in its own style; imports it if needed."""
        expression, needed = spell(self.module, self.module.scope, module, name)
        if needed is not None and needed not in self._imports:
            self._imports.append(needed)
        return expression

    def build(self) -> FileEdits:
        """The edits.

        Raises:
            CannotEdit: one cannot be made where it should.
        """
        return FileEdits(self.module.relpath, tuple(joined(step() for step in self._steps)), tuple(self._imports))

    def _span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Where a node begins, with the ``@`` of its first decorator, and where it ends."""
        first = next(iter(getattr(node, "decorator_list", ())), node)
        start = self._offset(first.lineno, first.col_offset)
        if first is not node:
            start = self.module.source.text.rindex("@", 0, start)
        return start, self._offset(node.end_lineno or node.lineno, node.end_col_offset or 0)

    def _offset(self, row: int, column: int) -> int:
        source = self.module.source
        return source.line_start(row) + source.char_column(row, column)
