"""Chains: several branches that ask the same subject for its kind, as ``if``/``elif`` or as ``if``s that each leave.

What stands here serves every rule about chains; what a key means is in `keys`, how alike the branches are in `uniform`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from patternlint.cstnames import dotted
from patternlint.rule import cst
from patternlint_rules.strategy.sites import CLASS, EQUALITY

if TYPE_CHECKING:
    from collections.abc import Callable


_ORDER = re.compile(r"(?i)\b(order|orders|ordering|before|precedence|precedes|must come|comes? first|most specific)\b")


class Test(NamedTuple):
    """What one branch asks: whether `subject` is one of `keys`.

    `kind` is "==" (``in (…)`` and ``or`` too), "is", "isinstance" or "type" (``type(x) is C``). `extra` says that the
    branch has further conditions.
    """

    subject: cst.BaseExpression
    kind: str
    keys: tuple[cst.BaseExpression, ...]
    extra: bool = False

    @property
    def asks(self) -> str:
        """EQUALITY or CLASS."""
        return CLASS if self.kind in ("isinstance", "type") else EQUALITY


class Branch(NamedTuple):
    """One branch of a chain; `test` is None when it asks something else."""

    node: cst.If
    test: Test | None

    @property
    def body(self) -> list[cst.BaseSmallStatement | cst.BaseCompoundStatement]:
        """The statements of the branch, simple ones one by one."""
        return statements_of(self.node.body)

    @property
    def lines(self) -> Sequence[cst.BaseStatement | cst.BaseSmallStatement]:
        """The lines of the branch."""
        return self.node.body.body


class Chain(NamedTuple):
    """Branches that ask one subject.

    `orelse` is the chain's ``else``; `after` are the statements of the block behind it. `is_run` says that it is
    made of separate ``if``s which each leave the block.
    """

    subject: cst.BaseExpression
    asks: str
    branches: tuple[Branch, ...]
    orelse: cst.Else | None
    after: tuple[cst.BaseStatement, ...]
    is_run: bool

    @property
    def first(self) -> cst.If:
        """The ``if`` that stands for the chain."""
        return self.branches[0].node

    @property
    def name(self) -> str:
        """The subject as it is written."""
        return spelled(self.subject)

    @property
    def tests(self) -> list[Test]:
        """The tests about the subject."""
        return [b.test for b in self.branches if b.test is not None]

    @property
    def keys(self) -> list[cst.BaseExpression]:
        """Every key, in order."""
        return [key for test in self.tests for key in test.keys]

    @property
    def is_pure(self) -> bool:
        """Whether every branch asks for keys of the subject and nothing else."""
        return all(b.test is not None and not b.test.extra for b in self.branches)

    @property
    def else_body(self) -> list[cst.BaseSmallStatement | cst.BaseCompoundStatement]:
        """The statements of the ``else``; [] where there is none."""
        return [] if self.orelse is None else statements_of(self.orelse.body)

    @property
    def otherwise(self) -> list[cst.BaseSmallStatement | cst.BaseCompoundStatement]:
        """What an unknown kind gets: the ``else``, or the line that follows where every branch leaves."""
        if self.orelse is None and self.after and all(leaves(b.body) for b in self.branches):
            return simple_statements(self.after[0])
        return self.else_body

    @property
    def is_proved_complete(self) -> bool:
        """Whether an unknown kind meets an ``assert_never``."""
        return any("assert_never" in spelled(statement) for statement in self.otherwise[:1])

    @property
    def explains_its_order(self) -> bool:
        """Whether a comment above the chain or one of its branches says why the order is what it is."""
        lines = [line for b in self.branches for line in b.node.leading_lines]
        comments = [line.comment.value for line in lines if line.comment is not None]
        return any(_ORDER.search(comment) for comment in comments)


def chains_of(block: cst.IndentedBlock, may_be_key: Callable[[cst.BaseExpression], bool]) -> Iterator[Chain]:
    """The chains that stand directly in a block, in source order.

    Args:
        block: the block; chains in blocks inside are theirs.
        may_be_key: whether an expression can be what a subject is compared with.
    """
    body = list(block.body)
    index = 0
    while index < len(body):
        statement = body[index]
        if not isinstance(statement, cst.If):
            index += 1
            continue
        run = _run_at(body, index, may_be_key)
        if len(run) > 1:
            last = run[-1].node
            orelse = last.orelse if isinstance(last.orelse, cst.Else) else None
            test = run[0].test
            assert test is not None
            yield Chain(test.subject, test.asks, tuple(run), orelse, tuple(body[index + len(run) :]), is_run=True)
            index += len(run)
            continue
        chain = _elif_chain(statement, tuple(body[index + 1 :]), may_be_key)
        if chain is not None:
            yield chain
        index += 1


def _run_at(
    body: Sequence[cst.BaseStatement], start: int, may_be_key: Callable[[cst.BaseExpression], bool]
) -> list[Branch]:
    """The longest run of ``if``s from `start` that ask one subject and each leave the block."""
    run: list[Branch] = []
    for statement in body[start:]:
        if not isinstance(statement, cst.If) or isinstance(statement.orelse, cst.If):
            break
        test = test_of(statement.test, may_be_key)
        if test is None or test.extra or not leaves(statements_of(statement.body)):
            break
        first = run[0].test if run else test
        assert first is not None
        if test.asks != first.asks or spelled(test.subject) != spelled(first.subject):
            break
        run.append(Branch(statement, test))
        if statement.orelse is not None:
            break
    return run


def _elif_chain(
    start: cst.If, after: tuple[cst.BaseStatement, ...], may_be_key: Callable[[cst.BaseExpression], bool]
) -> Chain | None:
    branches: list[Branch] = []
    node: cst.If | cst.Else | None = start
    while isinstance(node, cst.If):
        branches.append(Branch(node, test_of(node.test, may_be_key)))
        node = node.orelse
    asked = Counter((t.asks, spelled(t.subject)) for b in branches if (t := b.test) is not None)
    if len(branches) < 2 or not asked:
        return None
    (asks, subject), _ = asked.most_common(1)[0]
    about = [
        b if b.test is not None and (b.test.asks, spelled(b.test.subject)) == (asks, subject) else Branch(b.node, None)
        for b in branches
    ]
    expression = next(b.test.subject for b in about if b.test is not None)
    return Chain(expression, asks, tuple(about), node, after, is_run=False)


def test_of(condition: cst.BaseExpression, may_be_key: Callable[[cst.BaseExpression], bool]) -> Test | None:
    """What a condition asks a subject, or None if it asks nothing of the kind."""
    if isinstance(condition, cst.BooleanOperation):
        left = test_of(condition.left, may_be_key)
        if isinstance(condition.operator, cst.And):
            found = left or test_of(condition.right, may_be_key)
            return None if found is None else found._replace(extra=True)
        right = test_of(condition.right, may_be_key)
        if left is None or right is None or left.extra or right.extra or left.kind != right.kind:
            return None
        same = spelled(left.subject) == spelled(right.subject)
        return left._replace(keys=(*left.keys, *right.keys)) if same else None
    if isinstance(condition, cst.Call):
        return _isinstance(condition)
    if isinstance(condition, cst.Comparison) and len(condition.comparisons) == 1:
        return _comparison(condition, may_be_key)
    return None


def _isinstance(call: cst.Call) -> Test | None:
    if dotted(call.func) != "isinstance" or len(call.args) != 2 or not is_subject(call.args[0].value):
        return None
    keys = tuple(_classes(call.args[1].value))
    return Test(call.args[0].value, "isinstance", keys) if all(dotted(k) for k in keys) and keys else None


def _classes(expression: cst.BaseExpression) -> Iterator[cst.BaseExpression]:
    if isinstance(expression, cst.Tuple):
        for element in expression.elements:
            yield from _classes(element.value)
    elif isinstance(expression, cst.BinaryOperation) and isinstance(expression.operator, cst.BitOr):
        yield from _classes(expression.left)
        yield from _classes(expression.right)
    else:
        yield expression


def _comparison(node: cst.Comparison, may_be_key: Callable[[cst.BaseExpression], bool]) -> Test | None:
    left, operator, right = node.left, node.comparisons[0].operator, node.comparisons[0].comparator
    if isinstance(operator, cst.In) and isinstance(right, cst.Tuple | cst.List | cst.Set):
        keys = tuple(e.value for e in right.elements)
        fits = is_subject(left) and keys and all(may_be_key(k) for k in keys)
        return Test(left, "==", keys) if fits else None
    if not isinstance(operator, cst.Equal | cst.Is):
        return None
    if isinstance(left, cst.Call) and dotted(left.func) == "type" and len(left.args) == 1 and dotted(right):
        return Test(left.args[0].value, "type", (right,)) if is_subject(left.args[0].value) else None
    if may_be_key(left) and not may_be_key(right):
        left, right = right, left
    if not is_subject(left) or not may_be_key(right):
        return None
    return Test(left, "==" if isinstance(operator, cst.Equal) else "is", (right,))


def is_subject(node: cst.BaseExpression) -> bool:
    """Whether an expression gives the same thing each time: a name, attributes, subscripts by a constant."""
    while True:
        if isinstance(node, cst.Attribute):
            node = node.value
        elif isinstance(node, cst.Subscript):
            index = node.slice[0].slice
            if len(node.slice) != 1 or not isinstance(index, cst.Index):
                return False
            if not isinstance(index.value, cst.SimpleString | cst.Integer) and dotted(index.value) is None:
                return False
            node = node.value
        else:
            return isinstance(node, cst.Name)


def spelled(node: cst.CSTNode) -> str:
    """A node as text, without the parentheses, comments and white space around it: for comparing."""
    return cst.Module(body=()).code_for_node(node).strip()


def statements_of(suite: cst.BaseSuite) -> list[cst.BaseSmallStatement | cst.BaseCompoundStatement]:
    """The statements of a block, simple ones one by one."""
    found: list[cst.BaseSmallStatement | cst.BaseCompoundStatement] = []
    for line in suite.body:
        if isinstance(line, cst.BaseStatement):
            found += simple_statements(line)
        else:
            found.append(line)  # a one-line suite
    return found


def simple_statements(line: cst.BaseStatement) -> list[cst.BaseSmallStatement | cst.BaseCompoundStatement]:
    """The statements of one line."""
    if isinstance(line, cst.SimpleStatementLine):
        return list(line.body)
    assert isinstance(line, cst.BaseCompoundStatement)
    return [line]


def leaves(body: Sequence[cst.CSTNode]) -> bool:
    """Whether the last statement of a block surely leaves it."""
    return bool(body) and isinstance(body[-1], cst.Return | cst.Raise | cst.Continue | cst.Break)
