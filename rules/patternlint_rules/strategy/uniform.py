"""How alike the branches of a chain are: one statement each, equal but for holes, and what stands in the holes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from patternlint.cstnames import dotted
from patternlint.rule import Rule, cst
from patternlint.walker import children, descendants
from patternlint_rules.strategy.chain import Chain, spelled
from patternlint_rules.strategy.constants import names_in
from patternlint_rules.strategy.keys import is_cap_words, is_literal


class Hole(NamedTuple):
    """A place where the branches' statements differ: what stands there in each, and in what."""

    values: tuple[cst.CSTNode, ...]
    parents: tuple[cst.CSTNode, ...]

    @property
    def calls_own_methods(self) -> bool:
        """Whether methods of ``self`` are called."""
        return self.is_callee and all((dotted(v) or "").startswith("self.") for v in self.values)

    @property
    def is_callee(self) -> bool:
        """Whether what is called differs."""
        pairs = zip(self.values, self.parents, strict=True)
        return all(isinstance(parent, cst.Call) and parent.func is value for value, parent in pairs)


class Uniform(NamedTuple):
    """The statements of the branches, which are equal but for the holes.

    `imports` says that branches hold imports besides.
    """

    statements: tuple[cst.BaseSmallStatement, ...]
    holes: tuple[Hole, ...]
    imports: bool

    @property
    def kind(self) -> str:
        """The LibCST class of the statements: "Return", "Assign", "AugAssign", "Raise", "Expr"."""
        return type(self.statements[0]).__name__

    @property
    def target(self) -> str:
        """What an assignment assigns to, "" for another statement."""
        statement = self.statements[0]
        if isinstance(statement, cst.Assign):
            return ", ".join(spelled(t.target) for t in statement.targets)
        return spelled(statement.target) if isinstance(statement, cst.AugAssign) else ""

    def is_whole(self, hole: Hole) -> bool:
        """Whether the hole is all that is returned or assigned."""
        return all(getattr(s, "value", None) is v for s, v in zip(self.statements, hole.values, strict=True))


_STATEMENTS = ("Return", "Assign", "AugAssign", "Raise", "Expr")


def uniform(chain: Chain, rule: Rule) -> Uniform | None:
    """What the branches have in common, None where they are more than one statement each or differ in form."""
    statements: list[cst.BaseSmallStatement] = []
    imports = False
    for branch in chain.branches:
        body = branch.body
        kept = [s for s in body if not isinstance(s, cst.Import | cst.ImportFrom)]
        imports = imports or len(kept) < len(body)
        if len(kept) != 1 or not isinstance(kept[0], cst.BaseSmallStatement):
            return None
        statements.append(kept[0])
    if type(statements[0]).__name__ not in _STATEMENTS or isinstance(getattr(statements[0], "value", None), cst.Yield):
        return None
    holes = list(_differences(tuple(statements), (statements[0],) * len(statements), rule))
    distinct: dict[tuple[str, ...], Hole] = {}
    for hole in holes:
        if any(not isinstance(v, cst.BaseExpression | cst.FormattedStringText) for v in hole.values):
            return None
        distinct.setdefault(tuple(spelled(v) for v in hole.values), hole)
    if isinstance(statements[0], cst.Assign | cst.AugAssign):
        targets = {spelled(t) for s in statements for t in _targets(s)}
        if len(targets) != len(_targets(statements[0])):
            return None
    return Uniform(tuple(statements), tuple(distinct.values()), imports)


def _targets(statement: cst.BaseSmallStatement) -> list[cst.CSTNode]:
    if isinstance(statement, cst.Assign):
        return [t.target for t in statement.targets]
    return [statement.target] if isinstance(statement, cst.AugAssign) else []


def _differences(nodes: Sequence[cst.CSTNode], parents: Sequence[cst.CSTNode], rule: Rule) -> Iterator[Hole]:
    """The smallest expressions in which nodes differ, that stand at the same place in each."""
    first = nodes[0]
    if len({spelled(n) for n in nodes}) == 1:
        return
    inside = [children(n) for n in nodes]
    atomic = isinstance(first, cst.Attribute | cst.Name | cst.SimpleString | cst.ConcatenatedString | cst.Lambda)
    if (
        atomic
        or any(type(n) is not type(first) for n in nodes)
        or any(len(i) != len(inside[0]) for i in inside)
        or not inside[0]
        or not _same_form(nodes)
    ):
        yield Hole(tuple(nodes), tuple(parents))
        return
    if isinstance(first, cst.Tuple | cst.List | cst.Dict | cst.Set) and all(is_constant(n, rule) for n in nodes):
        yield Hole(tuple(nodes), tuple(parents))
        return
    for parts in zip(*inside, strict=True):
        yield from _differences(parts, nodes, rule)


def _same_form(nodes: Sequence[cst.CSTNode]) -> bool:
    """Whether nodes of one class differ at most in their children: same keywords, stars and conversions."""
    first = nodes[0]
    if isinstance(first, cst.Arg):
        keywords = {spelled(n.keyword) if n.keyword is not None else "" for n in nodes if isinstance(n, cst.Arg)}
        return len(keywords) == 1 and len({n.star for n in nodes if isinstance(n, cst.Arg)}) == 1
    return True


def is_constant_display(node: cst.CSTNode) -> bool:
    """Whether an expression is made of literals and dotted names alone, displays of them included."""
    if isinstance(node, cst.Tuple | cst.List | cst.Set):
        return all(isinstance(e, cst.Element) and is_constant_display(e.value) for e in node.elements)
    if isinstance(node, cst.Dict):
        return all(
            isinstance(e, cst.DictElement) and is_constant_display(e.key) and is_constant_display(e.value)
            for e in node.elements
        )
    if isinstance(node, cst.BinaryOperation):
        return is_constant_display(node.left) and is_constant_display(node.right)
    return isinstance(node, cst.BaseExpression) and (is_literal(node) or dotted(node) is not None)


def is_constant(node: cst.CSTNode, rule: Rule) -> bool:
    """Whether a value is the same at every call: literals, and names that the module imports, defines or spells in
    capitals."""
    if isinstance(node, cst.FormattedStringText):
        return True
    if not is_constant_display(node):
        return False
    return all(_is_module_name(name, rule) for name in names_in(node))


def _is_module_name(node: cst.BaseExpression, rule: Rule) -> bool:
    path = dotted(node)
    if path is None or rule.resolve(node) is None:
        return False
    root = path.split(".")[0]
    bindings = rule.module.scope.bindings.get(root)
    if bindings is None:
        return root not in rule.scope.bindings or bool(rule.scope.bindings[root][0].imported)
    return root.isupper() or all(b.kind in ("import", "class", "def") for b in bindings)


def is_of_subject(node: cst.CSTNode, chain: Chain, rule: Rule) -> bool:
    """Whether an expression depends on the chain's subject, a name, and on nothing else that the function binds."""
    if not isinstance(chain.subject, cst.Name):
        return False
    return all(name.value == chain.name or rule.resolve(name) is not None for name in read_names(node))


def read_names(node: cst.CSTNode) -> Iterator[cst.Name]:
    """The names that an expression reads: no attributes, no keywords."""
    if isinstance(node, cst.Name):
        yield node
    elif isinstance(node, cst.Attribute | cst.Arg):
        yield from read_names(node.value)
    else:
        for child in children(node):
            yield from read_names(child)


def gives_classes(mapping: Uniform, rule: Rule) -> bool:
    """Whether the branches make objects of different classes, or give the project's classes away: a factory."""
    return any(
        _is_class(value, rule, called=hole.is_callee)
        for hole in mapping.holes
        if hole.is_callee or mapping.is_whole(hole)
        for value in hole.values
    )


def _is_class(node: cst.CSTNode, rule: Rule, *, called: bool) -> bool:
    path = dotted(node)
    if path is None:
        return False
    parts = path.split(".")
    if called and (is_cap_words(parts[-1]) or (len(parts) > 1 and is_cap_words(parts[-2]))):
        return True
    resolved = rule.resolve(path)
    scope = rule.project.find(resolved) if resolved is not None else None
    return scope is not None and scope.is_class


def is_in_text(hole: Hole, mapping: Uniform) -> bool:
    """Whether a hole is within an f-string."""
    return any(
        part is hole.values[0]
        for text in descendants(mapping.statements[0])
        if isinstance(text, cst.FormattedString)
        for part in descendants(text)
    )


def is_immutable(node: cst.CSTNode) -> bool:
    """Whether a constant can be given to many without one seeing what another does to it."""
    return not any(isinstance(n, cst.List | cst.Dict | cst.Set) for n in (node, *descendants(node)))
