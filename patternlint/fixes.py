"""What a rule says about its fix: which nodes change and how, never where in the text they stand.

A builder collects steps; when the walk over the region is done, the engine looks up all places at once and the steps
become edits. A doubt only ever lowers the applicability, and leaves its reason.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, NamedTuple

import libcst as cst

from patternlint.finding import Applicability, Edit, Fix, Import
from patternlint.other_file import OtherFile
from patternlint.places import (
    CannotEdit,
    Places,
    code_lines,
    joined,
    nested,
    new_lines_at,
    own_line,
    without_imported,
    without_lines,
)
from patternlint.project import IsHandedOn
from patternlint.walker import descendants

if TYPE_CHECKING:
    from patternlint.rule import Visit

RUNTIME = "patternlint.runtime"


class Step(NamedTuple):
    """One change: the nodes whose places it needs, and how it becomes edits."""

    nodes: tuple[cst.CSTNode, ...]
    edits: Callable[[Places], list[Edit]]


class FixBuilder:
    """A fix in the making; see :meth:`patternlint.rule.Rule.fix`."""

    def __init__(self, message: str, applicability: Applicability, form: str, visit: Visit) -> None:
        self.message = message
        self.applicability = applicability
        self.form = form
        self.why_not = ""  # the first reason that lowered it
        self.refused = False
        self._visit = visit
        self._module = visit.module
        self._scope = visit.scope_stack[-1]
        self._steps: list[Step] = []
        self._imports: list[Import] = []
        self._others: dict[str, OtherFile] = {}
        self._rest: OtherFile | None = None
        self._taken: set[str] = set()

    # ---- doubts

    def lower(self, applicability: Applicability, reason: str) -> None:
        """Make the fix at most this applicable; `reason` is the code of the doubt."""
        if applicability <= self.applicability:
            self.applicability = applicability
            self.why_not = self.why_not or reason

    def refuse(self, reason: str) -> None:
        """Give the fix up; the finding is reported with this reason code."""
        if not self.refused:
            self.refused = True
            self.why_not = reason

    # ---- what changes

    def replace(self, node: cst.CSTNode, code: str) -> None:
        """Put `code` in a node's place; comments inside the node are lost unless `code` has them, so look first.

        Args:
            node: an expression (parentheses around it stay) or a statement.
            code: for a statement, dedented lines joined by newlines.
        """
        if _is_statement(node):
            self._add((node,), lambda at: [_statement_edit(at, node, code)])
        else:
            self._add((node,), lambda at: [Edit(*at.exact(node), at.source.newline.join(code_lines(code)))])

    def replace_through(self, first: cst.CSTNode, last: cst.CSTNode, code: str) -> None:
        """Put statements in the place of all from one to another, the comment at the last one's end included.

        Comments in between are lost unless `code` has them, so look first.

        Args:
            first: a statement that begins its line.
            last: the same one, a later one, or one inside such.
            code: dedented lines joined by newlines.
        """

        def edits(at: Places) -> list[Edit]:
            start, end = at.exact(first)[0], at.exact(last)[1]
            _, indent = own_line(at, start)
            rest = at.source.text[end : at.next_line(end)]
            return [Edit(start, end + len(rest.rstrip("\r\n")), at.lines(code, indent)[len(indent) :])]

        self._add((first, last), edits)

    def wrap(self, node: cst.BaseExpression, before: str, after: str) -> None:
        """Write something before and after an expression, outside its parentheses, leaving it as it is."""
        ends = (*node.lpar[:1], *node.rpar[-1:])

        def edits(at: Places) -> list[Edit]:
            spans = [at.exact(node), *(at.exact(p) for p in ends)]
            start, end = min(s for s, _ in spans), max(e for _, e in spans)
            return [Edit(start, start, before), Edit(end, end, after)]

        self._add((node, *ends), edits)

    def insert_before(self, statement: cst.CSTNode, code: str) -> None:
        """Put statements on lines of their own before a statement (before its decorators, behind its comments)."""
        first = _first_node(statement)

        def edits(at: Places) -> list[Edit]:
            start, indent = own_line(at, at.exact(first)[0])
            return [Edit(start, start, at.lines(code, indent) + at.source.newline)]

        self._add((first,), edits)

    def insert_after(self, statement: cst.CSTNode, code: str) -> None:
        """Put statements on lines of their own after a statement."""

        def edits(at: Places) -> list[Edit]:
            start, end = at.exact(statement)
            _, indent = own_line(at, start)
            return [new_lines_at(at, at.next_line(end), at.lines(code, indent))]

        self._add((statement,), edits)

    def nest(self, first: cst.CSTNode, last: cst.CSTNode, headers: str) -> None:
        """Put statements of one block, from one to another and with their comments, below new headers.

        Args:
            first: a statement that begins its line.
            last: the same one, or a later one of its block.
            headers: dedented lines joined by newlines, each one level deeper than the one before.
        """
        tree = self._visit.region.tree
        inside = [n for s in _from_to(tree, first, last) for n in descendants(s)]
        texts = [n for n in inside if isinstance(n, cst.SimpleString | cst.FormattedString)]
        texts = [n for n in texts if "\n" in tree.code_for_node(n) or "\r" in tree.code_for_node(n)]
        start, above = _first_node(first), len(getattr(first, "leading_lines", ()))

        def edits(at: Places) -> list[Edit]:
            begin, indent = own_line(at, at.exact(start)[0])
            return nested(at, (begin, at.exact(last)[1]), above, indent, [at.exact(t) for t in texts], headers)

        self._add((start, last, *texts), edits)

    def remove(self, statement: cst.CSTNode, *, with_comment: bool = False) -> None:
        """Take a simple statement out; a comment at its line's end stays, an empty block gets ``pass``.

        Args:
            statement: what goes.
            with_comment: the comment goes too, since the fix puts it elsewhere.
        """
        line, small = self._simple(statement)
        only_one = len(line.body) == 1
        leaves_empty = only_one and (isinstance(line, cst.SimpleStatementSuite) or self._is_alone_in_its_block(line))

        def edits(at: Places) -> list[Edit]:
            start, end = at.exact(small)
            rest = at.source.text[end : at.next_line(end)]
            if leaves_empty:
                return [Edit(start, end + len(rest.rstrip("\r\n")) * with_comment, "pass")]
            if not only_one:
                if with_comment:
                    raise CannotEdit("shares-a-line")
                return [_without_one_of(at, line, small)]
            line_start, _ = own_line(at, start)
            if "#" in rest and not with_comment:
                return [Edit(start, end + len(rest) - len(rest.lstrip(" \t")), "")]
            return [without_lines(at, line_start, end)]

        self._add(tuple(line.body), edits)

    def remove_assignment(self, name: str) -> None:
        """Take the one assignment of a name at the module's top out, which stands on lines of its own."""
        binding = self._module.scope.binds_once(name)
        statement = None if binding is None else binding.node
        alone = isinstance(statement, ast.AnnAssign) or len(getattr(statement, "targets", ())) == 1
        if (
            not isinstance(statement, ast.Assign | ast.AnnAssign)
            or statement not in self._module.tree.body
            or not alone
        ):
            self.refuse("no-place")
            return

        def edits(at: Places) -> list[Edit]:
            end_row = statement.end_lineno or statement.lineno
            end = at.source.line_start(end_row) + at.source.char_column(end_row, statement.end_col_offset or 0)
            if at.source.text[end : at.next_line(end)].strip():
                raise CannotEdit("shares-a-line")
            start, _ = own_line(at, at.source.line_start(statement.lineno))
            return [without_lines(at, start, end)]

        self._add((), edits)

    def remove_block(self, statement: cst.CSTNode) -> None:
        """Take a compound statement out with its decorators and whole lines; its block must hold others."""
        first = _first_node(statement)

        def edits(at: Places) -> list[Edit]:
            start, _ = own_line(at, at.exact(first)[0])
            return [without_lines(at, start, at.exact(statement)[1])]

        self._add((first, statement), edits)

    def decorate(self, definition: cst.FunctionDef | cst.ClassDef, code: str) -> None:
        """Put a decorator (without the ``@``) directly above ``def`` or ``class``, below those that are there."""

        def edits(at: Places) -> list[Edit]:
            start, indent = own_line(at, at.exact(definition)[0])
            return [Edit(start, start, f"{indent}@{code}{at.source.newline}")]

        self._add((definition,), edits)

    def undecorate(self, decorator: cst.Decorator) -> None:
        """Take a decorator out with its line."""

        def edits(at: Places) -> list[Edit]:
            start, end = at.exact(decorator)
            line_start, _ = own_line(at, start)
            if "#" in at.source.text[end : at.next_line(end)]:
                raise CannotEdit("comment-inside")
            return [without_lines(at, line_start, end)]

        self._add((decorator,), edits)

    def insert_first(self, definition: cst.FunctionDef | cst.ClassDef, code: str) -> None:
        """Put statements first in a body, behind the docstring."""
        body = definition.body.body
        if not isinstance(definition.body, cst.IndentedBlock):
            self.refuse("shares-a-line")
            return
        head = body[0]
        if definition.get_docstring() is None:
            self.insert_before(head, code)
        else:
            self.insert_after(head, code)

    def append_base(self, definition: cst.ClassDef, code: str) -> None:
        """Add an argument to a class's header, behind those that are there."""
        arguments = [*definition.bases, *definition.keywords]
        if arguments:
            last = arguments[-1]
            self._add((last,), lambda at: [Edit(at.exact(last)[1], at.exact(last)[1], f", {code}")])
        elif isinstance(paren := definition.lpar, cst.LeftParen):
            self._add((paren,), lambda at: [Edit(at.exact(paren)[1], at.exact(paren)[1], code)])
        else:
            name = definition.name
            self._add((name,), lambda at: [Edit(at.exact(name)[1], at.exact(name)[1], f"({code})")])

    def module_code(self, code: str, uses: Collection[str], *, name: str = "") -> bool:
        """Put a module-level statement behind the last definition of the names it uses, before this region.

        Args:
            code: the statement.
            uses: the module-level names that it reads.
            name: the name that it binds.

        Returns:
            False if a name is not bound at the module's top level above the region: the fix is then refused.
        """
        from patternlint.placement import row_above

        row = row_above(self._module, self._scope, self._visit.region, uses)
        if row is None:
            self.refuse("no-place")
            return False
        if name:
            self._taken.add(name)

        def edits(at: Places) -> list[Edit]:
            start = at.source.line_start(row)
            gap = at.source.newline * 2
            return [Edit(start, start, at.lines(code, "") + at.source.newline + gap)]

        self._add((), edits)
        return True

    def rest_of_file(self) -> OtherFile:
        """The rest of this file, outside the region: to be changed by the nodes that `ast` has for it."""
        self._rest = self._rest or OtherFile(self._module)
        return self._rest

    # ---- names and imports

    def name(self, module: str, name: str = "") -> str:
        """The expression for ``module.name`` (or the module) in the file's own import style; imports it if needed."""
        from patternlint.placement import spell

        expression, needed = spell(self._module, self._scope, module, name)
        if needed is not None and needed not in self._imports:
            self._imports.append(needed)
        return expression

    def runtime(self, name: str) -> str:
        """The expression for a name of the companion runtime, with the leave to import it (see DESIGN: fixes)."""
        self.form = "canonical"
        settings = self._visit.settings
        if settings.fix_style == "stdlib":
            self.refuse("stdlib-only")
        elif not settings.runtime_module and not settings.runtime_declared:
            self.lower(Applicability.UNSAFE, "runtime-not-declared")
        elif settings.runtime_module and self._visit.project.path_of(settings.runtime_module) is None:
            self.refuse("runtime-not-vendored")
        return self.name(settings.runtime_module or RUNTIME, name)

    def import_(self, module: str, name: str = "", alias: str = "", *, comment: str = "") -> None:
        """Ask for one import at the module's top, spelled exactly so, with a comment at its line's end."""
        wanted = Import(module, name, alias, comment)
        if wanted not in self._imports:
            self._imports.append(wanted)

    def drop_import(self, name: str, *, instead: str = "") -> None:
        """Take the module-level import of a name out, which the fix leaves without a use; not where others import it
        from here.

        Args:
            name: as the module binds it.
            instead: what to import in its place, from the same module.
        """
        binding = self._module.scope.binds_once(name)
        statement = None if binding is None or binding.imported is None else binding.node
        if (
            not isinstance(statement, ast.Import | ast.ImportFrom)
            or statement not in self._module.tree.body
            or self._visit.project.ask(IsHandedOn(self._module.name, name))
        ):
            self.refuse("import-unused")
            return
        self._taken.update({name, instead} - {""})
        self._add((), lambda at: [without_imported(at, statement, name, instead)])

    def free_name(self, wish: str) -> str:
        """A name like `wish` that nothing in the module binds or reads."""
        from patternlint.words import words_of

        words = words_of(self._module.source.text) | self._taken
        name, number = wish, 2
        while name in words:
            name, number = f"{wish}_{number}", number + 1
        self._taken.add(name)
        return name

    # ---- other files

    def in_file(self, file: str) -> OtherFile | None:
        """Another file of the project, to be changed together with this one: all of them, or none.

        Args:
            file: its path relative to the root (``shop/cart.py``), or the dotted name of its module.

        Returns:
            None if the project has no such file or it does not parse: the fix is then refused.
        """
        project = self._visit.project
        path = project.root / file if file.endswith(".py") else project.path_of(file)
        if path is None or path not in project.files:
            self.refuse("outside-project")
            return None
        module = project.module_at(path)
        if module is None:
            self.refuse("other-file-unreadable")
            return None
        return self._others.setdefault(module.relpath, OtherFile(module))

    # ---- for the engine

    @property
    def nodes(self) -> list[cst.CSTNode]:
        """The nodes whose places the steps need."""
        return [n for step in self._steps for n in step.nodes]

    def build(self, places: Places) -> tuple[Fix | None, str]:
        """The fix, or None, and the reason code for what it is not."""
        if self.refused:
            return None, self.why_not
        try:
            steps = dict.fromkeys(e for step in self._steps for e in step.edits(places))
            rest = self._rest.build() if self._rest is not None else None
            elsewhere = tuple(other.build() for other in self._others.values())
        except CannotEdit as error:
            return None, str(error)
        edits = tuple(joined([*steps, *(rest.edits if rest is not None else ())]))
        imports = tuple(dict.fromkeys([*self._imports, *(rest.imports if rest is not None else ())]))
        fix = Fix(self.message, self.applicability, edits, imports, self.form, frozenset(self._taken), elsewhere)
        return fix, self.why_not

    # ---- inside

    def _add(self, nodes: tuple[cst.CSTNode, ...], edits: Callable[[Places], list[Edit]]) -> None:
        self._steps.append(Step(nodes, edits))

    def _simple(self, statement: cst.CSTNode) -> tuple[_Line, cst.CSTNode]:
        """The line or one-line suite of a simple statement, and the statement."""
        if isinstance(statement, cst.SimpleStatementLine):
            return statement, statement.body[0]
        for node in descendants(self._visit.region.tree):
            if isinstance(node, _Line) and any(s is statement for s in node.body):
                return node, statement
        raise LookupError("remove() takes a simple statement of the region")

    def _is_alone_in_its_block(self, line: cst.CSTNode) -> bool:
        tree = self._visit.region.tree
        for node in (tree, *descendants(tree)):
            if isinstance(node, cst.Module | cst.IndentedBlock) and any(s is line for s in node.body):
                return len(node.body) == 1 and node is not tree
        return False


_Line = cst.SimpleStatementLine | cst.SimpleStatementSuite


def _is_statement(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.BaseStatement | cst.BaseSmallStatement)


def _from_to(tree: cst.Module, first: cst.CSTNode, last: cst.CSTNode) -> Sequence[cst.CSTNode]:
    """The statements of a block from one to another."""
    for node in (tree, *descendants(tree)):
        body = node.body if isinstance(node, cst.Module | cst.IndentedBlock) else ()
        at = [i for i, s in enumerate(body) if s is first or s is last]
        if at:
            return body[at[0] : at[-1] + 1]
    raise LookupError("nest() takes statements of one block of the region")


def _first_node(statement: cst.CSTNode) -> cst.CSTNode:
    decorators: Sequence[cst.Decorator] = getattr(statement, "decorators", ())
    return decorators[0] if decorators else statement


def _statement_edit(at: Places, node: cst.CSTNode, code: str) -> Edit:
    start, end = at.exact(node)
    if isinstance(node, cst.BaseSmallStatement):
        if "\n" in code:
            own_line(at, start)
        _, indent = at.line_of(start)
    else:
        _, indent = own_line(at, start)
    return Edit(start, end, at.lines(code, indent)[len(indent) :])


def _without_one_of(at: Places, line: _Line, small: cst.CSTNode) -> Edit:
    """Take one of the statements of ``a; b`` out, with the semicolon that parts it from its neighbour."""
    index = next(i for i, s in enumerate(line.body) if s is small)
    start, end = at.exact(small)
    if index + 1 < len(line.body):
        return Edit(start, at.exact(line.body[index + 1])[0], "")
    return Edit(at.exact(line.body[index - 1])[1], end, "")
