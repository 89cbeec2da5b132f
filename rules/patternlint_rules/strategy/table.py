"""Writes a chain as a table: its entries, where the table stands, and the lookup in the chain's place."""

from __future__ import annotations

import ast
import builtins
import io
import re
import textwrap
import tokenize
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from patternlint.cstnames import dotted
from patternlint.facts import walk
from patternlint.pragmas import PRAGMA
from patternlint.rule import Rule, cst
from patternlint_rules.strategy.chain import Branch, Chain, simple_statements, spelled
from patternlint_rules.strategy.constants import names_in
from patternlint_rules.strategy.keys import constant_of, is_literal
from patternlint_rules.strategy.uniform import Uniform, is_constant

if TYPE_CHECKING:
    from patternlint.facts import Scope
    from patternlint.fixes import FixBuilder

_LONGEST_NAME = 45


class Comments(NamedTuple):
    """The comments of a branch: those on lines of their own, and the one at the end of its statement's line."""

    above: list[str]
    trailing: str


class Entry(NamedTuple):
    """One branch as an entry of a table."""

    keys: tuple[str, ...]
    value: str
    comments: Comments


class Spelling(NamedTuple):
    """How a kind of table is asked and read, as templates."""

    contains: str
    item: str
    get: str

    def get_code(self, default: str, names: dict[str, str]) -> str:
        """The lookup with a default."""
        return self.get.format(default=default, **names).replace(", None)", ")" if self is DICT else ", None)")


DICT = Spelling("{subject} in {table}", "{table}[{subject}]", "{table}.get({subject}, {default})")
TYPES = Spelling("{table}.handles({subject})", "{table}.lookup({subject})", "{table}.get({subject}, {default})")


def comments_of(chain: Chain, rule: Rule) -> list[Comments] | None:
    """The comments of each branch; None if there is one that cannot go with its entry, or one for a tool."""
    found = [_comments(branch, index > 0) for index, branch in enumerate(chain.branches)]
    moved = sum(len(c.above) + bool(c.trailing) for c in found)
    texts = [t for c in found for t in (*c.above, c.trailing)]
    if moved != _count_comments(chain, rule) or any(PRAGMA.match(t) for t in texts):
        return None
    return found


def _comments(branch: Branch, own_lines: bool) -> Comments:
    body = branch.node.body
    above = _own_lines(branch.node.leading_lines) if own_lines else []
    if isinstance(body, cst.IndentedBlock):
        if body.header.comment is not None:
            above.append(body.header.comment.value)
        for line in body.body:
            above += _own_lines(getattr(line, "leading_lines", ()))
        end = getattr(body.body[-1], "trailing_whitespace", None)
    else:
        end = body.trailing_whitespace if isinstance(body, cst.SimpleStatementSuite) else None
    comment = end.comment if end is not None else None
    return Comments(above, comment.value if comment is not None else "")


def _own_lines(lines: Iterable[cst.EmptyLine]) -> list[str]:
    return [line.comment.value for line in lines if line.comment is not None]


def _count_comments(chain: Chain, rule: Rule) -> int:
    """How many comments stand in the chain, its ``else`` and what is above it left out."""
    nodes = [b.node for b in chain.branches] if chain.is_run else [chain.first]
    count = 0
    for node in nodes:
        text = textwrap.dedent(rule.text(node))
        try:
            tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
        except (tokenize.TokenError, SyntaxError):
            return -1
        count += sum(t.type == tokenize.COMMENT for t in tokens)
    return count - len(_own_lines(chain.first.leading_lines)) - _else_comments(chain, rule)


def _else_comments(chain: Chain, rule: Rule) -> int:
    return rule.text(chain.orelse).count("#") if chain.orelse is not None else 0


def movable(text: str) -> bool:
    """Whether a piece of code keeps its meaning when its lines are indented anew: no string spans lines."""
    return "\n" not in text or not ('"""' in text or "'''" in text or "\\\n" in text)


def written(node: cst.CSTNode, rule: Rule) -> str:
    """A value as it can stand anywhere: a tuple, or a text of several lines, that has no parentheses gets some."""
    text = rule.text(node)
    if isinstance(node, cst.ConcatenatedString) and not node.lpar and "\n" in text:
        return "\n".join(["(", *(f"    {line.strip()}" for line in text.split("\n")), ")"])
    return f"({text})" if isinstance(node, cst.Tuple) and not node.lpar else text


def entries_of(chain: Chain, values: Iterable[str], comments: list[Comments], rule: Rule) -> list[Entry]:
    """The branches as entries."""
    keys = [tuple(rule.text(key) for key in test.keys) for test in chain.tests]
    return [Entry(k, v, c) for k, v, c in zip(keys, values, comments, strict=True)]


def display(entries: Iterable[Entry], *, grouped: bool) -> str:
    """A dict display; `grouped` makes one tuple of an entry's keys."""
    lines = ["{"]
    for entry in entries:
        lines += [f"    {comment}" for comment in entry.comments.above]
        keys = [f"({', '.join(entry.keys)})"] if grouped and len(entry.keys) > 1 else list(entry.keys)
        for index, key in enumerate(keys):
            trailing = f"  {entry.comments.trailing}" if entry.comments.trailing and not index else ""
            lines += textwrap.indent(f"{key}: {entry.value},{trailing}", "    ").split("\n")
    return "\n".join([*lines, "}"])


def roots(nodes: Iterable[cst.CSTNode]) -> set[str]:
    """The names that constants begin with: what has to be bound where the table stands."""
    return {path.split(".")[0] for node in nodes for name in names_in(node) if (path := dotted(name)) is not None}


def are_imported_in_function(names: set[str], rule: Rule) -> bool:
    """Whether the function, or one around it, imports a name itself: a table of the module would leave that unused."""
    scope: Scope | None = rule.scope
    while scope is not None and scope.is_function:
        if any(b.kind == "import" for name in names for b in scope.bindings.get(name, ())):
            return True
        scope = scope.parent
    return False


def table_name(chain: Chain, mapping: Uniform, rule: Rule, fix: FixBuilder, *, local: bool) -> str:
    """A name for the table: what it gives, by what it is asked for."""
    key = _word(chain.name)
    target = re.sub(r"\[[^\"']+\]$", "", mapping.target)  # a key that is computed says nothing about the value
    what = _word(target if target and "," not in target else rule.scope.name)
    what = re.sub(r"^(GET|TO|AS|HANDLE|ASYNC|DETERMINE|INFER|FIND|RESOLVE)_", "", what)
    around = rule.scope.enclosing_class
    if what.startswith("FROM_") and around is not None:
        what = _word(around.name)  # another way to make one
    key = key.removeprefix(f"{what}_")
    name = what if re.search(r"_(TO|BY|VIA|FROM|FOR)_", what) or what == key else f"{what}_BY_{key}"
    if len(name) > _LONGEST_NAME:
        name = what
    return fix.free_name(name.lower() if local else f"_{name}")


def _word(text: str) -> str:
    last = re.findall(r"[A-Za-z_]\w*", text)[-1].strip("_")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", last).upper() or "VALUE"


class Place(NamedTuple):
    """What a chain's lookup replaces: everything up to `last`; `default` is the value for a key of no branch.

    `default` is None where what happens then stays as it is written.
    """

    last: cst.CSTNode
    default: str | None


def place_of(chain: Chain, mapping: Uniform, rule: Rule) -> Place:
    """What the lookup replaces: the whole chain if an unknown key gets a constant, else its branches."""
    last = chain.branches[-1].lines[-1]
    if not mapping.is_whole(mapping.holes[0]):
        return Place(last, None)
    if chain.orelse is not None:
        default = _same_statement(chain.else_body, mapping, rule)
        commented = "#" in rule.text(chain.orelse)
        return Place(last, None) if default is None or commented else Place(chain.orelse, default)
    if mapping.kind == "Return" and chain.after:
        line = chain.after[0]
        default = _same_statement(simple_statements(line), mapping, rule)
        if default is not None and "#" not in rule.text(line):
            return Place(line, default)
    if mapping.kind == "Assign" and isinstance(chain.subject, cst.Name) and mapping.target == chain.name:
        return Place(last, chain.name)
    return Place(last, None)


def _same_statement(body: Sequence[cst.CSTNode], mapping: Uniform, rule: Rule) -> str | None:
    """The constant that a lone statement of the branches' form returns or assigns."""
    if len(body) != 1 or type(body[0]).__name__ != mapping.kind or mapping.kind == "AugAssign":
        return None
    statement = body[0]
    if isinstance(statement, cst.Return) and statement.value is None:
        return "None"
    value = getattr(statement, "value", None)
    if isinstance(statement, cst.Assign) and ", ".join(spelled(t.target) for t in statement.targets) != mapping.target:
        return None
    return written(value, rule) if value is not None and _is_stable(value, rule) else None


def _is_stable(value: cst.BaseExpression, rule: Rule) -> bool:
    return is_literal(value) or (dotted(value) is not None and is_constant(value, rule))


def lookup_code(chain: Chain, mapping: Uniform, place: Place, table: str, how: Spelling, rule: Rule) -> str | None:
    """The statements that take the chain's place; None where they cannot be written."""
    names = {"subject": rule.text(chain.subject), "table": table}
    if place.default is not None:
        return _with(mapping, how.get_code(place.default, names), rule)
    inner = _with(mapping, how.item.format(**names), rule)
    if inner is None or not movable(inner):
        return None
    return f"if {how.contains.format(**names)}:\n" + textwrap.indent(inner, "    ")


def _with(mapping: Uniform, expression: str, rule: Rule) -> str | None:
    """The branches' statement with an expression in the hole's place."""
    statement, hole = mapping.statements[0], mapping.holes[0]
    if mapping.is_whole(hole):
        match statement:
            case cst.Return():
                return f"return {expression}"
            case cst.Assign():
                return "".join(f"{rule.text(t.target)} = " for t in statement.targets) + expression
            case cst.AugAssign():
                return f"{rule.text(statement.target)} {spelled(statement.operator)} {expression}"
    try:
        filled = statement.deep_replace(hole.values[0], cst.parse_expression(expression))
    except cst.CSTValidationError:  # a keyword and a parenthesis without a blank between
        return None
    assert isinstance(filled, cst.BaseSmallStatement)
    return spelled(filled.with_changes(semicolon=cst.MaybeSentinel.DEFAULT))


def _is_literal(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.BaseExpression) and is_literal(node)


_PLAIN = frozenset({"str", "int", "float", "bool", "bytes", "tuple", "object", "Any", "Optional", "Union"})


def annotation(chain: Chain, mapping: Uniform, rule: Rule) -> tuple[str, set[str]]:
    """The type that a table of literals needs where a function promises more than ``str``, and the names in it."""
    returns = rule.scope.function.returns
    if returns is None or mapping.kind != "Return" or not all(map(_is_literal, mapping.holes[0].values)):
        return "", set()
    names = {node.id for node in walk(returns) if isinstance(node, ast.Name)}
    kinds = {k.kind for key in chain.keys if (k := constant_of(key, rule)) is not None}
    unbound = any(name not in rule.module.scope.bindings and name not in dir(builtins) for name in names)
    if names <= _PLAIN or unbound or kinds not in ({"str"}, {"int"}):
        return "", set()
    return f": dict[{kinds.pop()}, {ast.unparse(returns)}]", names & rule.module.scope.bindings.keys()


def write(fix: FixBuilder, chain: Chain, code: str, place: Place, table: str, uses: set[str], *, local: bool) -> None:
    """Put the table and the lookup into the fix; a local table stands directly before its lookup."""
    name = table.partition(" = ")[0].partition(":")[0]
    if local:
        code = f"{table}\n{code}"
    elif not fix.module_code(table, uses, name=name):
        return
    fix.replace_through(chain.first, place.last, code)
