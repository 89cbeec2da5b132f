"""PAT109: a shared object whose later callers are not given what they ask for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar, NamedTuple

from patternlint.facts import Module, Scope, dotted, unquoted
from patternlint.project import Ancestry
from patternlint.rule import Applicability, Confidence, Evidence, Family, Rule, cst
from patternlint.walker import descendants
from patternlint_rules.singleton.lazy import (
    Filling,
    fillings,
    hands_out,
    is_asked_for,
    is_made,
    may_fill,
    may_hand_out,
    prepares,
)
from patternlint_rules.singleton.passed import PassedTo, differing
from patternlint_rules.singleton.slot import methods_of

# what is given to them does not decide what is made
_ASIDE = re.compile(r"log|verbose|debug|quiet|silent|progress|print|callback", re.IGNORECASE)
# what only says how much of it there is
_TUNES = re.compile(r"ttl|size|timeout|limit|capacity|parallel|workers|threads|(?:\A|_)(?:max|min|n|num)_")
_PLAIN_BASES = frozenset({"abc.ABC", "builtins.object", "typing.Generic", "typing.Protocol"})
_FIRST = re.compile(r"\bfirst\b", re.IGNORECASE)


class Ignored(NamedTuple):
    """A parameter that counts only while the slot is empty, in a function that hands out what is there afterwards."""

    function: Scope
    parameter: str
    called: str  # the dotted name that callers use
    position: int  # of the argument, -1 where it has to be named


class SingletonIgnoresArguments(Rule):
    """A shared object is made from the first caller's arguments; all later callers get it, whatever they ask for.

    The second store with another connection string silently reads and writes the first one's database; the second model
    name is answered by the first model. Nothing fails, and which call comes first depends on the order of requests.

    Bad:

        _connection = None

        def get_connection(url):
            global _connection
            if _connection is None:
                _connection = Connection(url)
            return _connection

    Write one value per argument:

        from patternlint.runtime import once_per

        @once_per(key=lambda url: url)
        def get_connection(url):
            return connect(url)

    or compare, and refuse what cannot be had:

        if _connection is None:
            _connection = connect(url)
        elif _connection.url != url:
            raise ValueError(f"already connected to {_connection.url}")

    Reported: a parameter of an accessor, of `__new__`, or of an `__init__` that skips all but the first construction,
    which is used only where the shared object is made. High: two calls in the project pass different constants. Medium:
    what is passed is computed, so it may differ. Low: the parameter is optional (start-up code may give it, all others
    leave it out), it is an object by its annotation (an application is the same wherever it comes from), it only says
    how much there is of something (`max_workers`), the documentation says that the first call decides, or the function
    is there to prepare (`init_pool(url)`). High, too: an `__init__` takes a parameter
    that `__new__` does not: whoever passes it gets a TypeError. Not reported: a parameter
    that is compared, keyed by or used later, accessors that rebuild, and what is only for logging.

    There is no fix: which arguments tell the values apart is for a person to say.

    **Measured**: of 4 hand-labelled sites one is found at high, 3 at medium or more and all at any confidence.
    In 84 packages no other is reported at high or medium.
    """

    code, name, family = "PAT109", "singleton-ignores-arguments", Family.SINGLETON
    since, applicability = "0.1", Applicability.DISPLAY
    words = frozenset({"def"})
    any_words = frozenset({"__new__", "classmethod", "global", "staticmethod"})
    region = "class"
    low_in_tests = True
    reasons: ClassVar[Mapping[str, str]] = {
        "one-per-argument": "which arguments tell the values apart is for a person to say, as the key of once_per",
        "signature": "whether the parameter is to count is for a person to say",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Functions with parameters that may fill a slot of a class or module, and return something."""
        return [
            f.function
            for f in module.functions
            if (f.name == "__new__" or len(f.parameters) > (f.enclosing_class is not None))
            and (f.enclosing_class is not None or any(isinstance(s, ast.Global) for s in f.statements()))
            and may_fill(f)
            and may_hand_out(f)
        ]

    def visit_FunctionDef(self, node: cst.FunctionDef) -> None:
        """Report a function that fills a global."""
        if self.scope.enclosing_class is None:
            for ignored in self._ignored(node, self.scope):
                self._report(node, ignored)
                return

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        """Report a class whose accessor, ``__new__`` or ``__init__`` it is."""
        methods = methods_of(node)
        if "__new__" in methods and self._lacks_parameter(node, methods):
            return
        for name, method in methods.items():
            for ignored in self._ignored(method, self.scope.methods[name]):
                self._report(node, ignored)
                return

    def _ignored(self, node: cst.FunctionDef, scope: Scope) -> Iterator[Ignored]:
        for filling in fillings(node, scope):
            is_plain = filling.store.key is None and all(g.alone for g in filling.guards)
            makes = is_made(self.expression(filling.store.value), scope)
            if is_plain and makes and _lasts(filling) and not is_asked_for(filling) and hands_out(filling):
                yield from _only_while_empty(filling)
                if scope.name == "__new__":
                    yield from _of_first_construction(filling)

    def _report(self, node: cst.FunctionDef | cst.ClassDef, ignored: Ignored) -> None:
        function, name = ignored.function, ignored.parameter
        passed = self.project.ask(PassedTo(ignored.called, name, ignored.position))
        from_elsewhere = [p for p in passed if not p.is_constant]
        shown = differing(passed)
        if shown:
            confidence = Confidence.HIGH
        else:
            shown = tuple(Evidence(p.path, p.row, f"passes {p.text}") for p in from_elsewhere[:1])
            differs = (
                bool(from_elsewhere) and not _has_default(function, name) and not _is_passed_around(function, name)
            )
            is_meant = prepares(function.name) or _TUNES.search(name) or _says_first(function)
            confidence = Confidence.MEDIUM if differs and not is_meant else Confidence.LOW
        asked = ignored.called.rpartition(".")[2]
        self.report(
            node,
            f"'{name}' counts for the first call of '{asked}' alone: all others get what that one has asked for",
            confidence=confidence,
            evidence=shown,
            why_not_fixed="one-per-argument",
            help="keep one per argument with once_per of patternlint.runtime, or refuse what cannot be had",
        )

    # ---- a parameter that __new__ does not take

    def _lacks_parameter(self, node: cst.ClassDef, methods: Mapping[str, cst.FunctionDef]) -> bool:
        new, initializer = self.scope.methods["__new__"], self.scope.methods.get("__init__")
        ancestors = self.project.ask(Ancestry(self.scope.dotted))
        foreign = [a for a in ancestors.external if a not in _PLAIN_BASES]
        if initializer is None or foreign or ancestors.unknown or self.scope.class_node.keywords:
            return False  # a metaclass may call them otherwise
        arguments = new.function.args
        if arguments.vararg or arguments.kwarg or not any(True for _ in fillings(methods["__new__"], new)):
            return False
        for parameter in initializer.parameters[1:]:
            if parameter not in new.parameters and not _is_collecting(initializer, parameter):
                self.report(
                    node,
                    f"{node.name.value}({parameter}=...) raises TypeError: __init__ takes '{parameter}', "
                    "__new__ does not",
                    evidence=[Evidence(self.module.relpath, new.row, "Python hands the arguments to both")],
                    why_not_fixed="signature",
                    help="let the Singleton metaclass of patternlint.runtime build it, without __new__",
                )
                return True
        return False


def _lasts(filling: Filling) -> bool:
    """Whether the slot belongs to a module or class, rather than to a call of the function around."""
    owner = filling.store.slot.owner
    return not owner or any(c.qualname == owner for c in filling.names.scope.module.classes)


def _only_while_empty(filling: Filling) -> Iterator[Ignored]:
    """The parameters that are named where the slot is filled, and nowhere else in the function."""
    scope, function = filling.names.scope, filling.names.function
    inside = [n for s in filling.guards[0].empty for n in (s, *descendants(s))]
    within = {id(n) for n in inside}
    used = {n.value for n in inside if isinstance(n, cst.Name)}
    elsewhere = {n.value for n in descendants(function.body) if isinstance(n, cst.Name) and id(n) not in within}
    for parameter in _own_parameters(scope):
        if parameter in used - elsewhere and not _ASIDE.search(parameter):
            yield _as_ignored(scope, parameter)


def _of_first_construction(filling: Filling) -> Iterator[Ignored]:
    """The parameters of an ``__init__`` that leaves at once where the instance has been there before."""
    owner = filling.names.around
    initializer = owner.methods.get("__init__") if owner is not None else None
    if initializer is None or owner is None:
        return
    for statement in initializer.function.body[:3]:
        leaves_early = isinstance(statement, ast.If) and isinstance(statement.body[-1], ast.Return)
        if (
            leaves_early
            and isinstance(statement, ast.If)
            and "self" in {n.id for n in ast.walk(statement.test) if isinstance(n, ast.Name)}
        ):
            for parameter in _own_parameters(initializer):
                if not _ASIDE.search(parameter):
                    yield _as_ignored(initializer, parameter)


def _as_ignored(scope: Scope, parameter: str) -> Ignored:
    constructs = scope.name in ("__new__", "__init__") and scope.enclosing_class is not None
    called = scope.enclosing_class.dotted if constructs and scope.enclosing_class else scope.dotted
    return Ignored(scope, parameter, called, _own_parameters(scope).index(parameter))


def _own_parameters(scope: Scope) -> list[str]:
    """Those that callers give."""
    arguments = scope.function.args
    names = [a.arg for a in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    is_static = scope.is_decorated("staticmethod")
    return names[1:] if scope.enclosing_class is not None and (scope.name == "__new__" or not is_static) else names


def _has_default(scope: Scope, parameter: str) -> bool:
    arguments = scope.function.args
    positional = [*arguments.posonlyargs, *arguments.args]
    optional = {a.arg for a in positional[len(positional) - len(arguments.defaults) :]}
    optional |= {a.arg for a, d in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True) if d is not None}
    return parameter in optional


def _is_passed_around(scope: Scope, parameter: str) -> bool:
    """Whether a parameter is an object of a class, like an application: the same one wherever it comes from."""
    arguments = scope.function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    annotation = unquoted(next((a.annotation for a in every if a.arg == parameter), None))
    last = (dotted(annotation) or "").rpartition(".")[2]
    return last[:1].isupper() and last not in ("Any", "Path")


def _says_first(scope: Scope) -> bool:
    """Whether the documentation says whose arguments count."""
    documented = [scope.function, *([scope.enclosing_class.class_node] if scope.enclosing_class is not None else [])]
    return any(_FIRST.search(ast.get_docstring(node) or "") for node in documented)


def _is_collecting(scope: Scope, parameter: str) -> bool:
    arguments = scope.function.args
    return parameter in {a.arg for a in (arguments.vararg, arguments.kwarg) if a is not None}
