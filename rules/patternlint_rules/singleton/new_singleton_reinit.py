"""PAT103: a singleton in `__new__` whose `__init__` starts over on every call."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar

from patternlint import facts
from patternlint.cstnames import dotted
from patternlint.facts import Module, Scope
from patternlint.project import Subclasses
from patternlint.rule import Applicability, Confidence, Evidence, Family, Rule, cst
from patternlint.walker import descendants
from patternlint_rules.singleton.concurrency import Caller, CallersOf
from patternlint_rules.singleton.double_checked import local_name, within
from patternlint_rules.singleton.guard import guards_around, guards_in, names_asked
from patternlint_rules.singleton.slot import (
    Names,
    Store,
    is_docstring,
    is_handed_out,
    may_store,
    methods_of,
    stores_in,
    targets_of,
)

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder

_ONCE = "_init_once"


class NewSingletonReinit(Rule):
    """A singleton in __new__ runs its __init__ again on every call, and loses what it had.

    `__new__` hands the one instance out, and Python then calls `__init__` on it: whenever somebody asks for the object,
    its registry is emptied, its connection is replaced, its counters begin anew. The one who asks second destroys what
    the first one has put in; nothing fails at that place.

    Bad:

        class Registry:
            _instance = None

            def __new__(cls):
                if cls._instance is None:
                    cls._instance = super().__new__(cls)
                return cls._instance

            def __init__(self):              # on every Registry()
                self.handlers = {}

            def register(self, name, handler):
                self.handlers[name] = handler

    Write:

        from patternlint.runtime import Singleton

        class Registry(metaclass=Singleton):
            def __init__(self):          # once
                self.handlers = {}

    Reported: a class whose `__new__` keeps one instance, and whose `__init__` gives it fresh state without a look.
    High: methods put something into what `__init__` makes anew, and the class is constructed in several places, which
    are shown. Medium: one of both. Low: neither, or only the module's own body constructs it. Not reported: an
    `__init__` that returns when the work is done, stores only what it is given, or does nothing; instances by key;
    metaclasses and accessors, which do not run `__init__` again.

    The fix moves the body of `__init__` to a method that `__new__` calls when it makes the instance. It is unsafe:
    callers may rely on a fresh start.

    **Measured**: no site in 84 packages: each `__new__` singleton there guards its `__init__`; 5 look-alikes are quiet.
    """

    code, name, family = "PAT103", "new-singleton-reinit", Family.SINGLETON
    applicability, since, preview = Applicability.UNSAFE, "0.2", True
    words = frozenset({"class", "__new__", "__init__"})
    region = "class"
    low_in_tests = True
    reasons: ClassVar[Mapping[str, str]] = {
        "fresh-start": "callers may rely on it that the object starts anew",
        "constructor-arguments": "the constructor takes arguments, and each call may give others",
        "calls-base": "the constructor calls that of a base, which may do something on each call",
        "has-subclasses": "subclasses have constructors of their own",
        "name-taken": "the class already has a name that the fix needs",
        "no-simple-guard": "the instance is not made by one statement behind a plain test",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Classes whose ``__new__`` keeps what it makes, and whose ``__init__`` stores something."""
        return [c.class_node for c in module.classes if _may_keep_and_reset(c)]

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        """Report a class whose one instance is initialised again and again."""
        methods = methods_of(node)
        new, initializer = methods.get("__new__"), methods.get("__init__")
        if new is None or initializer is None or not _may_keep_and_reset(self.scope):
            return
        names = Names(new, self.scope_of(new))
        store = _kept(names, self.scope)
        anew = sorted(_made_anew(initializer, self.scope_of(initializer)))
        if store is None or not anew:
            return
        callers = self.project.ask(CallersOf(self.scope.dotted))
        self.report(
            node,
            f"every {node.name.value}() makes '{anew[0]}' of the one instance anew, and loses what others put into it",
            confidence=_confidence(self.scope, anew, callers),
            evidence=[Evidence(c.path, c.row, f"calls {node.name.value}()") for c in callers[:3]],
            fix=self._fix(new, initializer, names, store),
            help="let the Singleton metaclass of patternlint.runtime build it, or initialise it in __new__",
        )

    def _fix(self, new: cst.FunctionDef, initializer: cst.FunctionDef, names: Names, store: Store) -> FixBuilder:
        """``__init__`` becomes a method that ``__new__`` calls on the new instance."""
        fix = self.fix(f"initialise {self.scope.name} once, where __new__ makes it")
        fix.lower(Applicability.UNSAFE, "fresh-start")
        if _ONCE in self.scope.bindings:
            fix.refuse("name-taken")
        if len(initializer.params.params) > 1 or initializer.params.kwonly_params or initializer.decorators:
            fix.refuse("constructor-arguments")
        if any(isinstance(n, cst.Name) and n.value == "super" for n in descendants(initializer)):
            fix.refuse("calls-base")
        if self.project.ask(Subclasses(self.scope.dotted)):
            fix.refuse("has-subclasses")
        lines = [n for n in descendants(new) if isinstance(n, cst.SimpleStatementLine) and within(n, store.node)]
        if len(lines) != 1 or len(lines[0].body) != 1 or not isinstance(store.target, cst.Attribute):
            fix.refuse("no-simple-guard")
            return fix
        local = local_name(fix, names, store.slot)
        fix.replace(initializer.name, _ONCE)
        fix.replace(store.target, local)
        fix.insert_after(lines[0], f"{local}.{_ONCE}()\n{self.text(store.target)} = {local}")
        return fix


def _kept(names: Names, scope: Scope) -> Store | None:
    """Where ``__new__`` stores the one instance of its class behind a test."""
    guards = guards_in(names)
    for store in stores_in(names):
        if store.slot.owner == scope.qualname and store.key is None:
            around = guards_around(store, guards)
            if around and not around[0].keyed and is_handed_out(store, names):
                return store
    return None


def _made_anew(initializer: cst.FunctionDef, scope: Scope) -> Iterator[str]:
    """The attributes that ``__init__`` gives a fresh value on every call: what stands in no condition, behind no
    return."""
    for statement in initializer.body.body:
        if is_docstring(statement):
            continue
        if isinstance(statement, cst.If | cst.Try | cst.With) and _returns(statement):
            return
        for small in statement.body if isinstance(statement, cst.SimpleStatementLine) else ():
            targets = [t.target for t in small.targets] if isinstance(small, cst.Assign) else []
            targets += [small.target] if isinstance(small, cst.AnnAssign) else []
            value = small.value if isinstance(small, cst.Assign | cst.AnnAssign) else None
            if value is not None and _is_fresh(value, scope):
                own = (t for t in targets if isinstance(t, cst.Attribute) and dotted(t.value) == scope.parameters[0])
                yield from (t.attr.value for t in own)


def _returns(statement: cst.CSTNode) -> bool:
    return any(isinstance(n, cst.Return) for n in descendants(statement, into_scopes=False))


def _is_fresh(value: cst.BaseExpression, scope: Scope) -> bool:
    """Whether an expression makes something that is not there yet and does not depend on what the caller gives."""
    if isinstance(value, cst.List | cst.Dict | cst.Set):
        return True
    given = {n.value for n in descendants(value) if isinstance(n, cst.Name)} & {*scope.parameters[1:]}
    reads_itself = any(isinstance(n, cst.Name) and n.value == scope.parameters[0] for n in descendants(value))
    return isinstance(value, cst.Call) and not given and not reads_itself


def _confidence(scope: Scope, anew: list[str], callers: tuple[Caller, ...]) -> Confidence:
    """By what is lost, and by whether anybody asks a second time."""
    if callers and all(not c.function for c in callers) and len(callers) == 1:
        return Confidence.LOW
    is_filled = any(_puts_into(m, anew) for name, m in scope.methods.items() if name not in ("__new__", "__init__"))
    return Confidence(Confidence.LOW + is_filled + (len(callers) > 1))


def _puts_into(method: Scope, attributes: list[str]) -> bool:
    """Whether a method changes one of these attributes, or what is in it."""
    for node in facts.own_nodes(method.node):
        at: ast.AST | None = None
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            at = node if isinstance(node, ast.Attribute) else node.value
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            at = node.func.value if node.func.attr in ("add", "append", "extend", "setdefault", "update") else None
        if isinstance(at, ast.Attribute) and at.attr in attributes and facts.dotted(at.value) == "self":
            return True
    return False


def _may_keep_and_reset(scope: Scope) -> bool:
    """Whether ``__new__`` stores something that it asks about, and ``__init__`` does not ask before it stores."""
    new, initializer = scope.methods.get("__new__"), scope.methods.get("__init__")
    if new is None or initializer is None:
        return False
    stored = {(facts.dotted(t) or "").rpartition(".")[2] for s in may_store(new) for t in targets_of(s)}
    return bool(stored & names_asked(new)) and any(isinstance(s, ast.Assign | ast.AnnAssign) for s in initializer.own)
