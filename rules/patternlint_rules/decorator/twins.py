"""One decorator, copied into several modules."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from typing import NamedTuple

from patternlint.facts import Module, Scope, own_nodes
from patternlint.facts.rows import scopes_on
from patternlint.project import Project

_WORDS = 4


class Twin(NamedTuple):
    """Another function of the same name and code."""

    path: str
    row: int


def twins_of(project: Project, scope: Scope) -> tuple[Twin, ...]:
    """The project's other functions that are copies of a function, tests left out."""
    if not scope.is_function or scope.is_local:
        return ()
    copies = project.ask(CopiesOf(scope.name, _digest(scope), _telling_words(scope)))
    return tuple(t for t in copies if (t.path, t.row) != (scope.module.relpath, scope.row))


class CopiesOf(NamedTuple):
    """The functions of this name and code, comments and docstrings included in neither, tests left out.

    Asked by the code and not by one of them, so that all copies share the answer.

    `words` are some of the code: many files have a function of the same name, ``__call__`` say, few have all words.
    """

    name: str
    digest: str
    words: tuple[str, ...]

    def answer(self, project: Project) -> tuple[Twin, ...]:
        """In the order of files and rows."""
        words = (self.name, *self.words)
        return tuple(project.collect(words, _copies, self.name, self.digest, pattern=rf"def\s+{self.name}\b"))


def _copies(_project: Project, module: Module, name: str, digest: str) -> Iterator[Twin]:
    named = (s for s in scopes_on(module, module.rows_with([name])) if s.is_function and s.name == name)
    for scope in () if module.is_test else named:
        if not scope.is_local and _digest(scope) == digest:
            yield Twin(module.relpath, scope.row)


def _telling_words(scope: Scope) -> tuple[str, ...]:
    """The longest names that a function mentions: the longer, the fewer files have it."""
    nodes = [node for node in own_nodes(scope.function) if isinstance(node, ast.Name | ast.Attribute)]
    names = {node.id if isinstance(node, ast.Name) else node.attr for node in nodes}
    return tuple(sorted(filter(str.isascii, names), key=lambda name: (-len(name), name))[:_WORDS])


def _digest(scope: Scope) -> str:
    function = scope.function
    documented = ast.get_docstring(function, clean=False) is not None
    code = "\n".join(ast.dump(statement) for statement in function.body[documented:])
    return hashlib.blake2b(code.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
