"""From one source to its findings: words, facts, candidates, regions, visitors, suppression.

Each stage only narrows what the next has to look at: a file without a rule's words is not parsed, a file without
candidates is not given to LibCST, and LibCST gets the regions of candidates alone. What a rule finds never depends on
these short cuts; with `whole_modules` there are none, and the findings are the same.
"""

from __future__ import annotations

import gc
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from patternlint.catalogue import RULES
from patternlint.finding import Applicability, Confidence, Finding, Fix
from patternlint.selection import INVALID, NOT_PARSED, UNUSED, Selection
from patternlint.source import Source
from patternlint.words import has_word, matches, speaks_to_us

if TYPE_CHECKING:
    import ast
    from pathlib import Path

    import libcst as cst

    from patternlint.agenda import Agenda
    from patternlint.config import Settings
    from patternlint.facts import Module
    from patternlint.project import Project
    from patternlint.project.reads import Read
    from patternlint.regions import Extent
    from patternlint.rule import Rule, Visit
    from patternlint.rule_entry import RuleEntry
    from patternlint.suppression import Suppressions

# calls between Python functions take no room on the C stack since 3.11
_DEEP = 20_000
_ONLY_PARSE = 0x0400  # ast.PyCF_ONLY_AST: a run over files that no rule concerns does without `ast`
_RUNNING = f"{sys.version_info.major}.{sys.version_info.minor}"
_NO_REASON = "the comment here gives no reason, which require-reason asks for: add ' -- ' and why"
_PYTHON_2 = ("Missing parentheses in call to", "multiple exception types must be parenthesized", "leading zeros in")


class Counts(NamedTuple):
    """How much of what was read went how far, in lines."""

    read: int = 0
    facts: int = 0
    regions: int = 0

    def and_(self, more: Counts) -> Counts:
        """Both together."""
        return Counts(self.read + more.read, self.facts + more.facts, self.regions + more.regions)


class RuleCounts(NamedTuple):
    """What one rule has cost: seconds for its candidates and visits, project's answers included; what it walked."""

    seconds: float = 0.0
    regions: int = 0
    lines: int = 0

    def plus(self, since: float, regions: int = 0, lines: int = 0) -> RuleCounts:
        """With the time from `since` (of ``perf_counter``) until now added."""
        return self.and_(RuleCounts(perf_counter() - since, regions, lines))

    def and_(self, more: RuleCounts) -> RuleCounts:
        """Both together."""
        return RuleCounts(self.seconds + more.seconds, self.regions + more.regions, self.lines + more.lines)


class Costs(NamedTuple):
    """What checking has cost: the lines that went how far, and each rule's part by its code."""

    lines: Counts = Counts()
    rules: Mapping[str, RuleCounts] = {}

    def and_(self, more: Costs) -> Costs:
        """Both together."""
        rules = {
            code: self.rules.get(code, RuleCounts()).and_(more.rules.get(code, RuleCounts()))
            for code in (*self.rules, *more.rules)
        }
        return Costs(self.lines.and_(more.lines), rules)


class Engine:
    """Checks sources of one project with the rules that its settings select.

    Args:
        settings: the configuration.
        project: the project that the sources belong to.
        ignoring: the comments that do not count, as for :class:`Suppressions`.
        whole_modules: parse and walk every file whole, for tests of the short cuts.
        agenda: the files that are going to be checked. One of them that a question has parsed is looked at on that
            occasion: most have no candidates, and are not parsed again; those that have some come next.
    """

    def __init__(
        self,
        settings: Settings,
        project: Project,
        *,
        ignoring: str = "",
        whole_modules: bool = False,
        agenda: Agenda | None = None,
    ) -> None:
        self.settings = settings
        self.project = project
        self.selection = Selection(settings)
        self.rules = tuple(entry for entry in RULES if entry.code in self.selection.codes)
        self.counts = Counts()
        self.rule_counts = {entry.code: RuleCounts() for entry in self.rules}
        self._ignoring = ignoring
        self._whole = whole_modules
        self._words = frozenset(w for r in self.rules for w in (*r.words, *r.any_words))
        self._agenda = agenda
        # of the files on the agenda, with the hash of the text: which hold none, and the rules' words that each has
        self._without_candidates: dict[Path, int] = {}
        self._words_seen: dict[Path, tuple[int, frozenset[str]]] = {}
        self._same_words: dict[frozenset[str], frozenset[str]] = {}
        if agenda is not None:
            project.when_parsed(self._look_in_passing)
            project.when_taken_apart(self._note_words)

    def check(self, source: Source, tree: ast.Module | None = None) -> list[Finding]:
        """The findings of one source, by place and code; a source that should be parsed and cannot be has one, PAT000.

        What is suppressed, below the minimum confidence or acknowledged by another tool's comment is left out.

        Args:
            source: the file.
            tree: its syntax tree, where a host has parsed it: that is a third of the work.
        """
        self.counts = self.counts._replace(read=self.counts.read + source.rows)
        self._is_blind = False  # whether a part could not be looked at
        if self._without_candidates.pop(source.path, None) == hash(source.text):
            self.counts = self.counts._replace(facts=self.counts.facts + source.rows)
            return self._let_through(source, [])
        concerned = list(self.rules) if self._whole else self._concerned(source)
        with room():
            try:
                if not concerned:
                    if tree is None:
                        _check_syntax(source)
                    return self._let_through(source, [])
                module = self._facts(source, tree)
            except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
                findings = [not_parsed(self.project.relpath(source.path), source, error)]
            else:
                findings = self._findings(module, concerned)
        return self._let_through(source, findings)

    def _concerned(self, source: Source) -> list[RuleEntry]:
        """The rules whose words and patterns a text has."""
        text = source.text
        seen, words = self._words_seen.get(source.path, (0, frozenset()))
        if seen != hash(text):
            words = frozenset(word for word in self._words if has_word(text, word))
        concerned = [r for r in self.rules if r.words <= words and (not r.any_words or r.any_words & words)]
        found = {p for p in {r.patterns for r in concerned} if not p or matches(p, text)}
        return [r for r in concerned if r.patterns in found]

    def _look_in_passing(self, module: Module) -> bool:
        """See whether a module that was parsed for a question has candidates: then it is wanted soon."""
        name = os.fspath(module.path)
        if self._agenda is None or name not in self._agenda or module.path in self._without_candidates:
            return False
        with suppress(Exception):  # which belongs to the check of that file
            if not any(nodes for _, nodes in self._candidates(module, self._concerned(module.source))):
                self._without_candidates[module.path] = hash(module.source.text)
                return False
        self._agenda.bring_forward(name)
        return True

    def _note_words(self, source: Source, words: frozenset[str]) -> None:
        """Keep which of the rules' words a text has that was taken apart for a question."""
        if self._agenda is not None and os.fspath(source.path) in self._agenda:
            ours = words & self._words
            self._words_seen[source.path] = hash(source.text), self._same_words.setdefault(ours, ours)

    def take_costs(self) -> Costs:
        """What checking has cost since this was called last."""
        costs = Costs(self.counts, self.rule_counts)
        self.counts, self.rule_counts = Counts(), {entry.code: RuleCounts() for entry in self.rules}
        return costs

    def check_recording(self, source: Source) -> tuple[list[Finding], frozenset[Read]]:
        """The findings of one source, and what they rest on in other files of the project."""
        from patternlint.project.reads import Known

        known = Known()
        with self.project.recording(known):
            findings = self.check(source)
        return findings, self.project.reads_of(known)

    def suppressed(self, source: Source) -> list[Finding]:
        """What would be found in a source if no comment took responsibility for it."""
        from patternlint.suppression import ALL_COMMENTS, may_suppress

        if not may_suppress(source.text):
            return []
        known = {_order(finding) for finding in self.check(source)}
        without_comments = Engine(self.settings, self.project, ignoring=ALL_COMMENTS).check(source)
        return [f for f in without_comments if _order(f) not in known and f.code not in (UNUSED, INVALID)]

    def _let_through(self, source: Source, findings: list[Finding]) -> list[Finding]:
        if not findings and not speaks_to_us(source.text):
            return []
        from patternlint.suppression import Suppressions

        comments = Suppressions(
            source,
            ignoring=self._ignoring,
            honor_foreign=self.settings.honor_foreign_noqa,
            require_reason=self.settings.require_reason,
        )
        if comments.skip_file:
            return []
        peers = {rule.code: rule.peers for rule in self.rules}
        open_ones = [f for f in findings if not comments.covers(f, peers.get(f.code, ()))]  # all: it notes who is used
        of_comments = [f for f in self._about_comments(source, comments, findings) if not comments.covers(f)]
        kept = {f: None for f in (*open_ones, *of_comments) if self.selection.admits(f)}
        asked = [f._replace(help=_NO_REASON) if f in comments.without_reason else f for f in kept]
        return sorted(map(self.selection.with_fix_as_allowed, asked), key=_order)

    def _about_comments(self, source: Source, comments: Suppressions, findings: list[Finding]) -> list[Finding]:
        """What there is to say of the comments that speak to us, once everything has been found."""
        if not self.selection.codes & {UNUSED, INVALID} or any(f.code == NOT_PARSED for f in findings):
            return []
        from patternlint.own_findings import invalid, unused

        path = self.project.relpath(source.path)
        rows = [f.row for f in findings if self.selection.admits(f)]
        found = [*invalid(comments.faulty(rows), source, path)]
        return found if self._is_blind else [*found, *unused(comments, source, path, self._have_run)]

    def _have_run(self, code: str) -> bool:
        """Whether the rules whose codes begin so, of which there are some, are all on."""
        named = [entry.code for entry in RULES if entry.code.startswith(code)]
        return bool(named) and self.selection.codes.issuperset(named)

    def _facts(self, source: Source, tree: ast.Module | None) -> Module:
        self.project.tidy()
        module = self.project.facts(source, tree)
        self.project.keep(module)
        self.counts = self.counts._replace(facts=self.counts.facts + source.rows)
        return module

    def _findings(self, module: Module, entries: list[RuleEntry]) -> list[Finding]:
        from patternlint.regions import extents

        by_extent: dict[Extent, list[type[Rule]]] = {}
        larger: dict[Extent, list[Extent]] = {}
        for rule, nodes in self._candidates(module, entries):
            for node in nodes:
                first, *others = extents(module, node, "module" if self._whole else rule.region)
                larger[first] = others
                rules = by_extent.setdefault(first, [])
                if rule not in rules:
                    rules.append(rule)
        return [
            finding
            for extent, rules in by_extent.items()
            for finding in self._check_region(module, extent, larger[extent], rules)
        ]

    def _candidates(self, module: Module, entries: list[RuleEntry]) -> Iterator[tuple[type[Rule], list[ast.stmt]]]:
        for entry in entries:
            rule: type[Rule] = entry.load()
            since = perf_counter()
            nodes = module.tree.body[:1] if self._whole else list(rule.candidates(module))
            self.rule_counts[rule.code] = self.rule_counts[rule.code].plus(since)
            yield rule, nodes

    def _check_region(
        self, module: Module, extent: Extent, larger: list[Extent], rules: list[type[Rule]]
    ) -> Iterator[Finding]:
        from patternlint.regions import cut, scopes_of_nodes
        from patternlint.rule import Visit
        from patternlint.walker import walk

        region = next((r for e in (extent, *larger) if (r := cut(module, e)) is not None), None)
        if region is None:
            self._is_blind = True
            return  # too deep for LibCST, or in a form that it does not know: nothing can be said
        lines = extent.last - extent.first + 1
        self.counts = self.counts._replace(regions=self.counts.regions + lines)
        scopes = scopes_of_nodes(region)
        for rule in rules:
            options = {**rule.options, **self.settings.rules.get(rule.code, {})}
            since = perf_counter()
            visit = Visit(module, self.project, self.settings, region, scopes, options)
            findings: list[Finding] = []
            try:
                walk(region.tree, rule(visit), enter=visit.enter, leave=visit.leave)
                if visit.drafts:
                    findings = list(_finished(rule, visit))
                    visit.drafts.clear()  # a fix and its visit refer to each other
            except RecursionError:
                # too deep for the rule or, since CPython 3.12 counts calls through C apart, for LibCST
                self._is_blind = True
            self.rule_counts[rule.code] = self.rule_counts[rule.code].plus(since, 1, lines)
            yield from findings


def _check_syntax(source: Source) -> None:
    """Look at a file that no rule concerns.

    Raises:
        SyntaxError, RecursionError, MemoryError: it could not be parsed either.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        compile(source.text, "<unknown>", "exec", _ONLY_PARSE, dont_inherit=True)


def _finished(rule: type[Rule], visit: Visit) -> Iterator[Finding]:
    """The drafts of one visit as findings: all places from one code generation."""
    from patternlint.places import Places
    from patternlint.spans import spans_of

    region, source = visit.region, visit.module.source
    marks = [_mark(d.node) for d in visit.drafts]
    nodes = [n for mark in marks for n in mark]
    nodes += [n for d in visit.drafts if d.fix is not None for n in d.fix.nodes]
    spans = spans_of(region.tree, nodes, region.text)
    places = Places(
        source,
        {key: (start + region.shift, end + region.shift) for key, (start, end) in spans.places.items()},
        spans.inexact,
    )
    for draft, (first, last) in zip(visit.drafts, marks, strict=True):
        row, column = source.position(places.span(first)[0])
        end_row, end_column = source.position(places.span(last)[1])
        fix, why = draft.fix.build(places) if draft.fix is not None else (None, draft.why_not_fixed)
        confidence = draft.confidence
        if rule.low_in_tests and (visit.module.is_test or visit.module.is_vendored):
            confidence = Confidence.LOW
        yield Finding(
            code=rule.code,
            name=rule.name,
            message=draft.message,
            path=visit.module.relpath,
            row=row,
            column=column,
            end_row=end_row,
            end_column=end_column,
            confidence=confidence,
            help=draft.help,
            evidence=draft.evidence,
            fix=fix,
            why_not_fixed=_why_not_fixed(fix, why),
        )


def _why_not_fixed(fix: Fix | None, reason: str) -> str:
    """The reason code of a finding: every one without a safe fix has one, whatever the rule forgot to say."""
    if fix is None:
        return reason or "no-fix"
    return "" if fix.applicability is Applicability.SAFE else reason or "rule-is-unsafe"


def _mark(node: cst.CSTNode) -> tuple[cst.CSTNode, cst.CSTNode]:
    """The nodes between whose start and end a finding is shown: of a compound statement only the header."""
    import libcst as cst

    if isinstance(node, cst.FunctionDef | cst.ClassDef):
        return node.name, node.name
    if isinstance(node, cst.If | cst.While):
        return node, node.test
    if isinstance(node, cst.For):
        return node, node.iter
    if isinstance(node, cst.With):
        return node, node.items[-1]
    if isinstance(node, cst.Match):
        return node, node.subject
    return node, node


def not_parsed(path: str, source: Source, error: BaseException) -> Finding:
    """PAT000: the interpreter's parser refuses the file.

    Args:
        path: relative to the root.
        source: the file.
        error: what the parser raised.
    """
    row, column, message = 1, 1, str(error) or type(error).__name__
    help = "correct the syntax, or leave the file out with 'exclude'"
    if isinstance(error, SyntaxError):
        row, message = max(error.lineno or 1, 1), error.msg
        column = max(error.offset or 1, 1)
        if message.startswith(_PYTHON_2):
            help = "this is Python 2: leave the file out with 'exclude', or convert it"
        else:
            help = f"correct the syntax; if Python {_RUNNING} is too old for it, run patternlint under a newer one"
    elif isinstance(error, RecursionError | MemoryError):
        message = "the code is nested too deeply for the interpreter's parser"
        help = "break the expression up, or leave the file out with 'exclude'"
    return Finding(
        NOT_PARSED, "cannot-be-parsed", message, path, row, column, row, column + 1, help=help,
        why_not_fixed="not-parsed",
    )  # fmt: skip


def _order(finding: Finding) -> tuple[Any, ...]:
    return finding.row, finding.column, finding.code, finding.message


@contextmanager
def room() -> Iterator[None]:
    """Room for trees: no garbage collection while they are built, since they hold no cycles worth looking for; and
    deep calls, since LibCST writes the 300th `elif` a thousand calls deep."""
    was_on, limit = gc.isenabled(), sys.getrecursionlimit()
    gc.disable()
    sys.setrecursionlimit(max(limit, _DEEP))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)
        if was_on:
            gc.enable()
