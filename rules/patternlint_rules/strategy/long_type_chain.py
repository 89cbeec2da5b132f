"""PAT401: a chain over the classes of a set that grows with the project."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from patternlint.cstnames import dotted
from patternlint.facts import Module
from patternlint.rule import Applicability, Confidence, Family, Rule, cst
from patternlint_rules.strategy.chain import Chain, chains_of, spelled
from patternlint_rules.strategy.classes import Hierarchy, HierarchyOf, IsExceptionClass, IsHook, is_of_project
from patternlint_rules.strategy.constants import unsettled
from patternlint_rules.strategy.keys import may_be_key
from patternlint_rules.strategy.sites import CLASS, FEWEST, may_ask_classes
from patternlint_rules.strategy.surroundings import accumulates, covers_half, holds, in_loop, is_exempt, normalises
from patternlint_rules.strategy.table import (
    TYPES,
    Comments,
    Place,
    Spelling,
    are_imported_in_function,
    comments_of,
    display,
    entries_of,
    lookup_code,
    movable,
    place_of,
    roots,
    table_name,
    write,
    written,
)
from patternlint_rules.strategy.uniform import (
    Hole,
    Uniform,
    is_constant,
    is_immutable,
    is_in_text,
    is_of_subject,
    uniform,
)

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder

_UNSAFE = Applicability.UNSAFE
_IN_LOOP, _IMPURE = 3, 6
_CONVERSIONS = frozenset({"default", "_default", "json_default", "json_serial", "object_hook", "process_bind_param"})


class LongTypeChain(Rule):
    """A chain of isinstance tests over the project's own classes forgets the class that somebody adds next.

    The set of classes belongs to the project and grows with it. Whoever adds a class has to know every such chain; the
    one that is forgotten handles the new class like another one, or drops it. Chains of this kind come in copies (four
    of one mapping in one feature store), and they drift apart.

    Bad:

        from store.views import FeatureView, LabelView, Source, StreamFeatureView

        def table_of(view):
            if isinstance(view, LabelView):
                return "labels"
            elif isinstance(view, StreamFeatureView):
                return "streams"
            elif isinstance(view, FeatureView):
                return "features"
            elif isinstance(view, Source):
                return "sources"
            raise TypeError(view)

    Write a method, where the classes are yours to extend; else a table that says it in one place and that other modules
    can register with:

        from patternlint.runtime import TypeDispatch

        TABLE_OF = TypeDispatch({LabelView: "labels", StreamFeatureView: "streams", FeatureView: "features"})

        table = TABLE_OF.lookup(view)        # the most derived class wins; UnknownTypeError for any other

    Reported with high confidence: four branches or more over four classes of the project that are one statement each
    and differ in a constant, in what is called, or in an expression of the object. Medium: other chains of four
    branches (three in a loop), and chains with other conditions in between over six classes.

    Not reported: conversion of built-in types, exceptions, visitors and operators, generators, chains closed by
    `assert_never`, chains that give the object back or rebind it (they bring an argument into one shape),
    branches that go on computing two locals (layout), methods
    whose name is a chain in six classes or that override a chain (a framework's hook), chains that are less than half
    of their function and in no loop, and chains under a comment that explains their order.

    The fix writes the `TypeDispatch`. It is safe for constants and expressions of the object, if each class is tested
    before its bases, all bases are known, no key is abstract and no class inherits from two of them. Functions and
    methods in the table are unsafe: a name that is patched later is not seen. There is none where the branches differ.

    Measured on 67 packages, which also served to sharpen the rule: of 15 findings with high confidence all were right;
    of some 40 with medium that were read, about 6 were doubtful.
    """

    code, name, family = "PAT401", "long-type-chain", Family.STRATEGY
    applicability, since = Applicability.SAFE, "0.1"
    words = frozenset({"def", "if"})
    any_words = frozenset({"isinstance", "type"})
    low_in_tests = True
    options: Mapping[str, Any] = {"min-branches": 4}
    reasons: ClassVar[Mapping[str, str]] = {
        "other-conditions": "branches have conditions besides the class",
        "branches-differ": "the branches do different things: move each into a method of its class",
        "exact-class": "type(x) is C leaves subclasses out, TypeDispatch takes them in",
        "imports-in-function": "the classes are imported in the function, so the table cannot stand in the module",
        "base-before-derived": "a class is tested after a base of it, which the table would put right",
        "spans-lines": "a value holds a string of several lines",
        "hierarchy-unknown": "the bases of a class are not all known",
        "abstract-class": "an abstract class may have virtual subclasses, which the table does not look at",
        "inherits-from-two": "a class inherits from classes of two branches: the first one wins in the chain, the "
        "nearest in the table",
        "function-is-bound-early": "the table holds the functions themselves, so that a patched name is not seen",
        "value-may-change": "a name may not have its value yet where the table stands, or not keep it",
        "values-are-mutable": "the values are mutable, and the table would share them",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Where one subject is tested several times."""
        return may_ask_classes(module)

    def visit_IndentedBlock(self, node: cst.IndentedBlock) -> None:
        """Judge the chains of a block."""
        if self.scope.is_function:
            for chain in chains_of(node, may_be_key):
                if chain.asks == CLASS and len(chain.tests) >= _IN_LOOP:
                    self._judge(chain)

    def _judge(self, chain: Chain) -> None:
        keys = [self.resolve(key) for key in chain.keys]
        own = {key for key in keys if key is not None and is_of_project(key, self.module, self.project)}
        if len(own) < max(self.options["min-branches"], FEWEST) or self._is_right_as_it_is(chain, keys):
            return
        mapping = uniform(chain, self) if chain.is_pure else None
        confidence = self._confidence(chain, mapping, own)
        if confidence is not None:
            self._say(chain, own, confidence, self._fix(chain, mapping))

    def _confidence(self, chain: Chain, mapping: Uniform | None, own: set[str]) -> Confidence | None:
        loop = in_loop(self)
        if not loop and not covers_half(chain, self):
            return None
        if not chain.is_pure:
            return Confidence.MEDIUM if len(own) >= _IMPURE else None
        enough = len(chain.branches) >= self.options["min-branches"]
        if enough and mapping is not None and len(mapping.holes) == 1 and self._is_mapping(mapping.holes[0], chain):
            return Confidence.HIGH
        return Confidence.MEDIUM if enough or loop else None

    def _is_mapping(self, hole: Hole, chain: Chain) -> bool:
        return hole.is_callee or all(is_constant(v, self) or is_of_subject(v, chain, self) for v in hole.values)

    def _is_right_as_it_is(self, chain: Chain, keys: Sequence[str | None]) -> bool:
        builtin = sum(key is not None and key.startswith("builtins.") for key in keys)
        if (builtin > 1 and 4 * builtin > len(keys)) or is_exempt(chain, self) or chain.is_proved_complete:
            return True
        if 2 * sum(key is not None and self.project.ask(IsExceptionClass(key)) for key in keys) > len(keys):
            return True  # the order is the policy
        if normalises(chain) or accumulates(chain) or any(holds(branch.lines, "Yield") for branch in chain.branches):
            return True
        return self.scope.name in _CONVERSIONS or self._is_hook(chain)

    def _is_hook(self, chain: Chain) -> bool:
        owner, subject = self.scope.enclosing_class, chain.name.split(".")[0]
        if owner is None or subject not in self.scope.parameters:
            return False
        return self.project.ask(IsHook(owner.dotted, self.scope.name, subject))

    def _say(self, chain: Chain, own: set[str], confidence: Confidence, fix: FixBuilder | str) -> None:
        item = " for each item of a loop" if in_loop(self) else ""
        raises = isinstance(next(iter(chain.otherwise), None), cst.Raise)
        then = "is an error at run time" if raises else "silently gets what is meant for others"
        self.report(
            chain.first,
            f"{len(own)} classes of the project are told apart{item} by isinstance: one that is added later {then} "
            "until somebody edits this chain",
            confidence=confidence,
            fix=None if isinstance(fix, str) else fix,
            why_not_fixed=fix if isinstance(fix, str) else "",
            help="give the classes a method, or register what belongs to each in a TypeDispatch",
        )

    # ---- the fix

    def _fix(self, chain: Chain, mapping: Uniform | None) -> FixBuilder | str:
        if not chain.is_pure:
            return "other-conditions"
        if mapping is None or len(mapping.holes) != 1 or not self._is_mapping(mapping.holes[0], chain):
            return "branches-differ"
        if any(test.kind == "type" for test in chain.tests):
            return "exact-class"
        names = {name for key in chain.keys if (name := dotted(key)) is not None}
        moved = roots([*chain.keys, *mapping.holes[0].values])
        if mapping.imports or any(self.resolve(n) != self.module.resolve(n) for n in names):
            return "imports-in-function"
        if are_imported_in_function(moved, self):
            return "imports-in-function"
        comments = comments_of(chain, self)
        if comments is None or is_in_text(mapping.holes[0], mapping):
            return "comment-inside" if comments is None else "branches-differ"
        hierarchy = self.project.ask(HierarchyOf(self._resolved(chain)))
        if hierarchy.misordered:
            return "base-before-derived"
        return self._table(chain, mapping, comments, hierarchy)

    def _table(self, chain: Chain, mapping: Uniform, comments: list[Comments], hierarchy: Hierarchy) -> FixBuilder:
        hole = mapping.holes[0]
        fix = self.fix("look the class up in a TypeDispatch", form="canonical")
        name = table_name(chain, mapping, self, fix, local=False)
        values, how = self._values(chain, mapping)
        table = display(entries_of(chain, values, comments, self), grouped=True)
        place = place_of(chain, mapping, self)
        if how is not TYPES:
            place = Place(chain.branches[-1].lines[-1], None)
        code = lookup_code(chain, mapping, place, name, how, self)
        if code is None or not all(movable(value) for value in values):
            fix.refuse("spans-lines")
            return fix
        used = (
            roots([*chain.keys, *([] if hole.calls_own_methods else hole.values)]) & self.module.scope.bindings.keys()
        )
        write(fix, chain, code, place, f"{name} = {fix.runtime('TypeDispatch')}({table})", used, local=False)
        self._doubt(fix, mapping, hierarchy)
        return fix

    def _values(self, chain: Chain, mapping: Uniform) -> tuple[list[str], Spelling]:
        """What the table holds for each branch, and how it is used."""
        hole, subject = mapping.holes[0], self.text(chain.subject)
        if hole.calls_own_methods:
            by_name = TYPES._replace(item="getattr(self, {table}.lookup({subject}))")
            return [f'"{(dotted(v) or "").removeprefix("self.")}"' for v in hole.values], by_name
        texts = [written(v, self) for v in hole.values]
        if hole.is_callee and all(isinstance(c, cst.Call) and _begins_with(c, chain) for c in hole.parents):
            return texts, TYPES._replace(item="{table}")
        if all(is_constant(v, self) for v in hole.values):
            return texts, TYPES
        return [f"lambda {subject}: {text}" for text in texts], TYPES._replace(item="{table}({subject})")

    def _doubt(self, fix: FixBuilder, mapping: Uniform, hierarchy: Hierarchy) -> None:
        hole = mapping.holes[0]
        if not hierarchy.is_known:
            fix.lower(_UNSAFE, "hierarchy-unknown")
        if hierarchy.abstract:
            fix.lower(_UNSAFE, "abstract-class")
        if hierarchy.joined:
            fix.lower(_UNSAFE, "inherits-from-two")
        if hole.is_callee:
            fix.lower(_UNSAFE, "function-is-bound-early")
        elif all(is_constant(v, self) for v in hole.values) and unsettled(hole.values, self):
            fix.lower(_UNSAFE, "value-may-change")
        if any(not is_immutable(v) for v in hole.values) and all(is_constant(v, self) for v in hole.values):
            fix.lower(_UNSAFE, "values-are-mutable")

    def _resolved(self, chain: Chain) -> tuple[tuple[str, ...], ...]:
        return tuple(tuple(self.resolve(key) or "" for key in test.keys) for test in chain.tests)


def _begins_with(call: cst.Call, chain: Chain) -> bool:
    """Whether the chain's subject is the first argument of a call."""
    first = call.args[0] if call.args else None
    return first is not None and not first.star and first.keyword is None and spelled(first.value) == chain.name
