"""PAT403: a mapping written as control flow."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from patternlint.cstnames import dotted
from patternlint.facts import Module
from patternlint.rule import Applicability, Confidence, Family, Rule, cst
from patternlint.walker import descendants
from patternlint_rules.strategy.chain import Chain, chains_of
from patternlint_rules.strategy.constants import are_one_kind, unsettled
from patternlint_rules.strategy.keys import constant_of, is_foreign_set, may_be_key
from patternlint_rules.strategy.sites import EQUALITY, FEWEST, may_compare
from patternlint_rules.strategy.subject import is_surely_hashable
from patternlint_rules.strategy.surroundings import is_exempt
from patternlint_rules.strategy.table import (
    DICT,
    Comments,
    annotation,
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
    gives_classes,
    is_constant,
    is_immutable,
    is_in_text,
    uniform,
)

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder

_UNSAFE = Applicability.UNSAFE
_HOLES = 2
_TRANSLATE = frozenset({"_", "gettext", "gettext_lazy", "ugettext", "gettext_noop", "lazy_gettext", "pgettext", "_l"})


class MappingChain(Rule):
    """A mapping is written as an if/elif chain, so that every new key is new control flow.

    A chain whose branches differ in one constant is a table in disguise: nothing can list its keys, test it for
    completeness or extend it from elsewhere, its inverse is written by hand next to it and drifts, and the branch that
    somebody forgets falls through without a word.

    Bad:

        def stop_reason(finish_reason: str) -> str:
            if finish_reason == "stop":
                return "end_turn"
            elif finish_reason == "length":
                return "max_tokens"
            elif finish_reason == "tool_calls":
                return "tool_use"
            elif finish_reason == "content_filter":
                return "refusal"
            return "end_turn"

    Write the table:

        STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use"}

        def stop_reason(finish_reason: str) -> str:
            return STOP_REASONS.get(finish_reason, "end_turn")

    Reported with high confidence: four branches or more that compare one subject with literals, enum members or named
    constants, and are one statement each that differs in one constant. Medium: they differ in the function or method
    that is called, in a parameter, or in two constants; and mappings that `assert_never` proves complete.

    Not reported: sets that somebody else owns (HTTP methods, operators, sides, platforms, keys of a keyboard, `errno`),
    values that are computed or read from an object (they must stay lazy), factories of classes, equal keys, f-strings
    of one shape, generated code, and chains under a comment that explains their order.

    The fix writes a dict. It is safe when the subject is sure to be hashable (annotated as `str`, `int`, an enum or
    `Literal`, or made by a method of `str`), the keys are all `str`, all `int` or members of one enum, and the values
    are immutable and have their value for good. What happens to an unknown key stays as it is written. Tables of
    functions and of the function's own names are unsafe.

    Measured on 68 packages, which also served to sharpen the rule: of 100 findings with high confidence 4 were
    doubtful, of 25 with medium 4.
    """

    code, name, family = "PAT403", "mapping-chain", Family.STRATEGY
    applicability, since = Applicability.SAFE, "0.1"
    words = frozenset({"def", "if"})
    low_in_tests = True
    peers = frozenset({"SIM116"})
    options: Mapping[str, Any] = {"min-branches": 4}
    reasons: ClassVar[Mapping[str, str]] = {
        "proved-complete": "the type checker proves that no key is missing, which it cannot for a dict",
        "two-values": "the branches differ in two places",
        "imports-in-branches": "a branch imports what it needs",
        "imports-in-function": "the function imports names that the module imports too: those imports have to go first",
        "within-text": "the branches differ within a formatted text",
        "literal-subscript": "the branches subscript by a literal, which type checkers may need",
        "computed-object": "the branches call methods of an object that is computed anew",
        "translated-text": "the texts are collected for translation where they stand",
        "spans-lines": "a value holds a string of several lines",
        "subject-may-be-unhashable": "what cannot be hashed takes the chain's else, but raises TypeError from a dict",
        "function-is-bound-early": "the table holds the functions themselves, so that a patched name is not seen",
        "values-are-mutable": "the values are mutable, so that the table is made anew at each call",
        "keys-of-several-kinds": "the keys are not known to be all str, all int or members of one enum",
        "value-may-change": "a name may not have its value yet where the table stands, or not keep it",
        "names-are-local": "the table holds names of the function and is made anew at each call",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Where one subject is compared several times."""
        return may_compare(module)

    def visit_IndentedBlock(self, node: cst.IndentedBlock) -> None:
        """Judge the chains of a block."""
        if self.scope.is_function:
            for chain in chains_of(node, may_be_key):
                fewest = max(self.options["min-branches"], FEWEST)
                if chain.asks == EQUALITY and chain.is_pure and len(chain.branches) >= fewest:
                    self._judge(chain)

    def _judge(self, chain: Chain) -> None:
        mapping = None if is_exempt(chain, self) else uniform(chain, self)
        if mapping is None or not self._has_distinct_keys(chain) or is_foreign_set(chain.name, chain.keys, self):
            return
        confidence = self._confidence(mapping)
        if confidence is None:
            return
        if chain.is_proved_complete:
            self._say(chain, mapping, Confidence.MEDIUM, "proved-complete")
        elif (why := self._unfixable(mapping)) or (comments := comments_of(chain, self)) is None:
            self._say(chain, mapping, confidence, why or "comment-inside")
        else:
            fix = self._table(chain, mapping, comments, local=self._is_local(chain, mapping))
            if fix.refused and fix.why_not == "no-place":
                fix = self._table(chain, mapping, comments, local=True)
            self._say(chain, mapping, confidence, fix)

    def _has_distinct_keys(self, chain: Chain) -> bool:
        known = [constant_of(key, self) for key in chain.keys]
        return len({k.identity if k is not None else object() for k in known}) == len(known)

    def _confidence(self, mapping: Uniform) -> Confidence | None:
        if not 1 <= len(mapping.holes) <= _HOLES or gives_classes(mapping, self):
            return None
        in_text = any(is_in_text(hole, mapping) for hole in mapping.holes)
        if in_text and mapping.kind not in ("Raise", "Expr"):
            return None
        first = mapping.holes[0]
        constant = all(is_constant(value, self) for hole in mapping.holes for value in hole.values)
        if len(mapping.holes) == _HOLES or mapping.imports or (in_text and mapping.kind == "Expr"):
            return Confidence.MEDIUM if constant else None
        if constant and not first.is_callee:
            return Confidence.HIGH
        return Confidence.MEDIUM if self._names_functions(first) or self._names_parameters(first) else None

    def _names_functions(self, hole: Hole) -> bool:
        """Whether the branches call different functions of modules, or different methods of one object."""
        if not hole.is_callee:
            return False
        objects = {self.text(v.value) if isinstance(v, cst.Attribute) else "" for v in hole.values}
        return len(objects) == 1 or all(is_constant(v, self) for v in hole.values)

    def _names_parameters(self, hole: Hole) -> bool:
        names = [v.value if isinstance(v, cst.Name) else "" for v in hole.values]
        return all(name in self.scope.parameters for name in names)

    # ---- the fix

    def _unfixable(self, mapping: Uniform) -> str:
        hole = mapping.holes[0]
        if len(mapping.holes) > 1:
            return "two-values"
        if mapping.imports:
            return "imports-in-branches"
        if is_in_text(hole, mapping):
            return "within-text"
        if isinstance(hole.parents[0], cst.Index):
            return "literal-subscript"
        if hole.is_callee and dotted(hole.values[0]) is None:
            return "computed-object"
        if any(isinstance(c, cst.Call) and dotted(c.func) in _TRANSLATE for c in _calls(mapping)):
            return "translated-text"
        return "" if all(movable(self.text(v)) for v in hole.values) else "spans-lines"

    def _table(self, chain: Chain, mapping: Uniform, comments: list[Comments], *, local: bool) -> FixBuilder:
        hole = mapping.holes[0]
        fix = self.fix("look the value up in a table")
        name = table_name(chain, mapping, self, fix, local=local)
        table = display(entries_of(chain, [written(v, self) for v in hole.values], comments, self), grouped=False)
        place = place_of(chain, mapping, self)
        code = lookup_code(chain, mapping, place, name, DICT, self)
        if code is None:
            fix.refuse("spans-lines")
            return fix
        of_type, names = annotation(chain, mapping, self)
        moved = roots([*chain.keys, *hole.values])
        if not local and are_imported_in_function(moved, self):
            fix.refuse("imports-in-function")
        names |= moved & self.module.scope.bindings.keys()
        write(fix, chain, code, place, f"{name}{of_type} = {table}", names, local=local)
        self._doubt(fix, chain, hole, local=local)
        return fix

    def _doubt(self, fix: FixBuilder, chain: Chain, hole: Hole, *, local: bool) -> None:
        keys = [constant_of(key, self) for key in chain.keys]
        if not is_surely_hashable(chain.subject, self):
            fix.lower(_UNSAFE, "subject-may-be-unhashable")
        if hole.is_callee:
            fix.lower(_UNSAFE, "function-is-bound-early")
        if any(not is_immutable(v) for v in hole.values):
            fix.lower(_UNSAFE, "values-are-mutable")
        if not are_one_kind(keys, by_identity=any(t.kind == "is" for t in chain.tests)):
            fix.lower(_UNSAFE, "keys-of-several-kinds")
        if unsettled([*chain.keys, *hole.values], self):
            fix.lower(_UNSAFE, "value-may-change")
        if local:
            fix.lower(_UNSAFE, "names-are-local")

    def _is_local(self, chain: Chain, mapping: Uniform) -> bool:
        """Whether the table must be made anew at each call: its names are the function's own, or its values change."""
        hole = mapping.holes[0]
        names = roots([*chain.keys, *hole.values])
        return any(not is_immutable(v) for v in hole.values) or any(
            self.resolve(name) is None or self.resolve(name) != self.module.resolve(name) for name in names
        )

    def _say(self, chain: Chain, mapping: Uniform, confidence: Confidence, fix: FixBuilder | str) -> None:
        self.report(
            chain.first,
            f"{len(chain.keys)} values of '{chain.name}' are mapped by control flow: whoever adds one has to find this "
            "chain, and one that is left out goes unnoticed",
            confidence=confidence,
            fix=None if isinstance(fix, str) else fix,
            why_not_fixed=fix if isinstance(fix, str) else "",
            help="write the mapping as a dict",
        )


def _calls(mapping: Uniform) -> Iterable[cst.CSTNode]:
    return descendants(mapping.statements[0])
