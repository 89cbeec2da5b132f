"""The rule API: what a rule declares, and what it has at hand while the engine walks it over a region.

Rules, the built-in ones included, use this module, :mod:`patternlint.facts`, :mod:`patternlint.project` and
:mod:`patternlint.walker`, and nothing else of patternlint.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterable, Mapping
from enum import Enum
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

from patternlint.finding import Applicability, Confidence, Evidence

if TYPE_CHECKING:
    import libcst as cst

    from patternlint.config import Settings
    from patternlint.facts import Module, Scope
    from patternlint.fixes import FixBuilder
    from patternlint.project import Project
    from patternlint.regions import Region
else:

    class _LazyModule(ModuleType):
        """LibCST, imported when the first attribute is read: most files never get that far."""

        def __getattr__(self, name):
            value = getattr(importlib.import_module(self.__name__), name)
            setattr(self, name, value)
            return value

    cst = _LazyModule("libcst")

__all__ = ["Applicability", "Confidence", "Draft", "Evidence", "Family", "Rule", "Visit", "cst"]


class Family(Enum):
    """The hundred of a rule's code, and what the rule is about."""

    SINGLETON = 1
    FACTORY = 2
    OBSERVER = 3
    STRATEGY = 4
    DECORATOR = 5
    ADAPTER = 6
    COMPOSITE = 7
    STATE = 8
    IMPORTS = 9


class Draft(NamedTuple):
    """A finding whose place is still a node."""

    node: cst.CSTNode
    message: str
    confidence: Confidence
    help: str
    evidence: tuple[Evidence, ...]
    fix: FixBuilder | None
    why_not_fixed: str


class Visit:
    """One region under one rule: the ground that a rule stands on.

    Args:
        module: the facts of the file.
        project: everything else of the project, asked.
        settings: the configuration.
        region: the piece that is walked.
        scopes: the scope of every def and class node of the region, by ``id(node)``.
        options: the rule's options, configured values over the declared defaults.
    """

    def __init__(
        self,
        module: Module,
        project: Project,
        settings: Settings,
        region: Region,
        scopes: Mapping[int, Scope],
        options: Mapping[str, Any],
    ) -> None:
        self.module = module
        self.project = project
        self.settings = settings
        self.region = region
        self.scopes = scopes
        self.options = options
        self.path: list[cst.CSTNode] = []
        self.scope_stack: list[Scope] = [region.scope]
        self.drafts: list[Draft] = []

    def enter(self, node: cst.CSTNode, path: list[cst.CSTNode]) -> None:
        """Note where the walk is."""
        self.path = path
        if (scope := self.scopes.get(id(node))) is not None:
            self.scope_stack.append(scope)

    def leave(self, node: cst.CSTNode) -> None:
        """Note that the walk is done with a node."""
        if id(node) in self.scopes:
            self.scope_stack.pop()


class Rule:
    """One rule: a declaration, a cheap guess where it could apply, and LibCST visitors that decide.

    The class docstring is the rule's documentation page; its first line says what goes wrong. The visitor protocol is
    that of ``cst.CSTVisitor`` (``visit_X`` may return False to skip the children). One instance lives for one region.
    What a rule finds may depend on the region, the facts and the project's answers alone, never on the candidate that
    led there: a walk over the whole module must find the same.
    """

    code: ClassVar[str]
    name: ClassVar[str]
    family: ClassVar[Family]
    applicability: ClassVar[Applicability] = Applicability.SAFE  # of its fix: an upper bound
    since: ClassVar[str]
    preview: ClassVar[bool] = False
    words: ClassVar[frozenset[str]] = frozenset()  # all must occur in the file
    any_words: ClassVar[frozenset[str]] = frozenset()  # at least one must occur, if there are any
    patterns: ClassVar[tuple[str, ...]] = ()  # regular expressions, one of which must match: where words say too little
    region: ClassVar[str] = "def"  # what LibCST parses: "lines", "def", "class", "statement" or "module"
    low_in_tests: ClassVar[bool] = False  # findings in test and vendored code are low at most
    peers: ClassVar[frozenset[str]] = frozenset()  # other tools' codes whose suppression acknowledges the site
    reasons: ClassVar[Mapping[str, str]] = {}  # reason code -> why there is no (safe) fix
    options: Mapping[str, Any] = {}  # name -> default; the configured values during a visit

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self.module = visit.module
        self.project = visit.project
        self.settings = visit.settings
        self.options = visit.options

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Where the rule could apply: statements, judged by facts alone. May err towards too many, never too few."""
        raise NotImplementedError

    @property
    def scope(self) -> Scope:
        """The scope of the innermost def or class at the walk's place (of the node itself, for a def or class)."""
        return self._visit.scope_stack[-1]

    def scope_of(self, definition: cst.CSTNode) -> Scope:
        """The scope of a def or class of the region."""
        return self._visit.scopes[id(definition)]

    @property
    def ancestors(self) -> tuple[cst.CSTNode, ...]:
        """The nodes around the current one, from the region's root inwards."""
        return tuple(self._visit.path)

    def resolve(self, name: cst.BaseExpression | str | None) -> str | None:
        """The absolute dotted name of an expression in the current scope; see :meth:`Module.resolve`."""
        from patternlint.cstnames import dotted

        path = name if isinstance(name, str) or name is None else dotted(name)
        return None if path is None else self.module.resolve(path, self.scope)

    def text(self, node: cst.CSTNode) -> str:
        """The source text of a node."""
        return self._visit.region.tree.code_for_node(node)

    def expression(self, node: cst.BaseExpression) -> ast.expr:
        """An expression as `ast` has it, to be asked like the facts; its positions mean nothing."""
        return ast.parse(f"({self.text(node)}\n)", mode="eval").body

    def fix(self, message: str, *, form: str = "in place") -> FixBuilder:
        """A fix to fill, as applicable as the rule allows.

        Args:
            message: what applying it does, in the imperative.
            form: "canonical" (the companion runtime) or "in place" (the standard library).
        """
        from patternlint.fixes import FixBuilder

        return FixBuilder(message, self.applicability, form, self._visit)

    def report(
        self,
        node: cst.CSTNode,
        message: str,
        *,
        confidence: Confidence = Confidence.HIGH,
        evidence: Iterable[Evidence] = (),
        fix: FixBuilder | None = None,
        why_not_fixed: str = "",
        help: str = "",
    ) -> None:
        """Say that something is wrong.

        Args:
            node: the place: a def or class stands for its name, a compound statement for its header.
            message: one sentence: what goes wrong in production.
            confidence: how sure.
            evidence: places elsewhere that prove it.
            fix: the repair.
            why_not_fixed: where there is none, the reason's code (one of `reasons`); "no-fix" where none is given.
            help: what to do, in one sentence.
        """
        self._visit.drafts.append(Draft(node, message, confidence, help, tuple(evidence), fix, why_not_fixed))
