"""Whether a function that is shaped like a decorator decorates: who applies it, and what its types and words say."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from patternlint.facts import Module, Scope, dotted, unquoted, walk
from patternlint.facts.rows import scopes_on, statements_on
from patternlint.project import Project, ReferencesTo

CALLED_LIKE_A_FUNCTION = frozenset(
    {"func", "function", "fn", "f", "fun", "method", "meth", "wrapped", "view_func", "coro", "coroutine", "callable_",
     "handler"}
)  # fmt: skip
_RULE_NAME = "missing-functools-wraps"  # in a comment that silences the rule it gives no reason
_SAYS_DECORATOR = re.compile(r"(?<![a-zA-Z])decorat(e|es|or|ors|ing)(?![a-z])", re.IGNORECASE)


class Application(NamedTuple):
    """One place where a decorator takes a function: ``@d`` on a def, or ``g = d(g)``.

    `name` is the function's (the new one's where `renames`), `row` that of its def or of the assignment; `installs`
    says that ``setattr(cls, name, d(method))`` puts it on a class. `above` are the dotted names (or source texts) of
    the decorators around this one, `below` those under it. Of a def, `dotted` is its absolute name, `parameters` are
    its plain positional parameters in order (None where it has other kinds or defaults), `is_async` says whether it is
    an ``async def``, `returns` whether it returns a value.
    """

    path: str
    row: int
    name: str
    in_test: bool
    renames: bool = False
    installs: bool = False
    parameters: tuple[str, ...] | None = None
    above: tuple[str, ...] = ()
    below: tuple[str, ...] = ()
    dotted: str = ""
    is_async: bool = False
    returns: bool = False


class Uses(NamedTuple):
    """Every use of a decorator in the project: applications, and how often code that is no test uses it in another way
    (called in place, handed to somebody)."""

    applied: tuple[Application, ...]
    otherwise: int
    imported: bool


class UsesOfDecorator(NamedTuple):
    """How the project uses a decorator.

    `dotted` names the decorator, or a factory that returns it: `calls` says after how many calls (0 for ``@d``, 1 for
    ``@d(…)``, both for a decorator whose arguments are optional).
    """

    dotted: str
    calls: tuple[int, ...]

    def answer(self, project: Project) -> Uses:
        """By every reference to the name, each put into its class."""
        by_module: dict[str, set[Place]] = {}
        imported = False
        for reference in project.ask(ReferencesTo(self.dotted)):
            if reference.kind == "import":
                imported = True
            elif reference.kind not in ("store", "delete", "annotation"):
                by_module.setdefault(reference.path, set()).add((reference.row, reference.column))
        applied: list[Application] = []
        otherwise = 0
        for path, places in by_module.items():
            module = project.module_at(project.root / path)
            if module is None:
                continue
            for scope in scopes_on(module, sorted({row for row, _ in places})):
                for application, place in _applications(project, scope, places, self.calls):
                    places.discard(place)
                    applied.append(application)
                places -= _delegated(scope, places, self.calls)
                for name, place in _configured(scope, places, self.calls):
                    places.discard(place)
                    applied += _installed(scope, name)
                    uses = project.ask(UsesOfDecorator(f"{module.name}.{name}", (0,)))
                    applied += uses.applied
                    otherwise += uses.otherwise
            otherwise += 0 if module.is_test else len(places)
        return Uses(tuple(applied), otherwise, imported)


class ReadsName(NamedTuple):
    """Whether a function or class of the project asks functions for their name: it may keep them under it."""

    dotted: str

    def answer(self, project: Project) -> bool:
        """By any ``x.__name__`` in it."""
        found = project.find(self.dotted)
        nodes = [] if found is None else walk(found.node)
        return any(isinstance(n, ast.Attribute) and n.attr in ("__name__", "__qualname__") for n in nodes)


Place = tuple[int, int]


def _applications(
    project: Project, scope: Scope, places: set[Place], calls: tuple[int, ...]
) -> Iterator[tuple[Application, Place]]:
    """``@d`` over the scope, and ``g = d(g)`` in it."""
    module = scope.module
    if scope.is_function:
        decorators = scope.function.decorator_list
        for index, decorator in enumerate(decorators):
            for place in _places(module, decorator, calls) & places:
                yield _of_def(scope, decorators[:index], decorators[index + 1 :]), place
    for statement in _near(scope, places):
        if (given := _set_by_name(scope, statement)) is not None:
            for place in _places(module, given.func, calls) & places:
                yield _installation(scope, statement), place
        if isinstance(statement, ast.Assign) and isinstance(call := statement.value, ast.Call):
            for place in _places(module, call.func, calls) & places:
                if name := _replaced(project, scope, statement, call):
                    renames = name != dotted(call.args[0])
                    yield Application(module.relpath, statement.lineno, name, module.is_test, renames), place


def _configured(scope: Scope, places: set[Place], calls: tuple[int, ...]) -> Iterator[tuple[str, Place]]:
    """``twice = retry(2)``: the name of a decorator that a factory made, for itself no use of it."""
    if 1 not in calls:
        return
    for statement in _near(scope, places):
        if isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call):
            for place in _places(scope.module, statement.value, (1,)) & places:
                name = dotted(statement.targets[0])
                if name is not None:
                    yield f"{scope.qualname.replace('<locals>.', '')}.{name}".lstrip("."), place


def _installed(scope: Scope, qualname: str) -> list[Application]:
    """The same by a local name: ``wrap = deprecated("3.0")``, then ``setattr(cls, name, wrap(method))``."""
    name = qualname.rpartition(".")[2]
    given = ((s, _set_by_name(scope, s)) for s in scope.statements() if scope.is_function)
    return [_installation(scope, s) for s, call in given if call is not None and dotted(call.func) == name]


def _set_by_name(scope: Scope, statement: ast.stmt) -> ast.Call | None:
    """``d(method)`` of ``setattr(cls, name, d(method))``; not where another package's class is patched."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or dotted(call.func) != "setattr" or len(call.args) != 3:
        return None
    owner, given = scope.module.resolve(call.args[0], scope), call.args[2]
    if owner is not None and owner.split(".")[0] != scope.module.name.split(".")[0]:
        return None
    return given if isinstance(given, ast.Call) and len(given.args) == 1 else None


def _installation(scope: Scope, statement: ast.stmt) -> Application:
    module = scope.module
    return Application(module.relpath, statement.lineno, "what setattr installs", module.is_test, installs=True)


def _delegated(scope: Scope, places: set[Place], calls: tuple[int, ...]) -> set[Place]:
    """``return d(func)``: another decorator hands its function on, for itself no use of this one."""
    found: set[Place] = set()
    for statement in _near(scope, places):
        if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Call):
            found |= _places(scope.module, statement.value.func, calls) & places
    return found


def _near(scope: Scope, places: set[Place]) -> list[ast.stmt]:
    """A scope's own statements where the places are."""
    return statements_on(scope.own, sorted({row for row, _ in places}))


def _places(module: Module, node: ast.expr, calls: tuple[int, ...]) -> set[Place]:
    """Where the name stands that is left of an expression without so many calls."""
    found = (_place(module, _peeled(node, number)) for number in calls)
    return {place for place in found if place is not None}


def _peeled(node: ast.expr, calls: int) -> ast.expr | None:
    """The callee below so many calls."""
    for _ in range(calls):
        if not isinstance(node, ast.Call):
            return None
        node = node.func
    return node


def _place(module: Module, node: ast.expr | None) -> Place | None:
    """The row and column of a name's last part, as references give it."""
    if not isinstance(node, ast.Name | ast.Attribute):
        return None
    row = node.end_lineno or node.lineno
    last = node.attr if isinstance(node, ast.Attribute) else node.id
    return row, module.source.char_column(row, node.end_col_offset or 0) - len(last) + 1


def _of_def(scope: Scope, above: list[ast.expr], below: list[ast.expr]) -> Application:
    function, module = scope.function, scope.module
    arguments = function.args
    plain = not (arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.defaults)
    names = tuple(a.arg for a in (*arguments.posonlyargs, *arguments.args)) if plain else None
    return Application(
        module.relpath, scope.row, scope.name, module.is_test,
        parameters=names,
        above=tuple(_named(decorator, scope) for decorator in above),
        below=tuple(_named(decorator, scope) for decorator in below),
        dotted=scope.dotted,
        is_async=scope.is_async,
        returns=any(isinstance(s, ast.Return) and not _is_none(s.value) for s in scope.statements()),
    )  # fmt: skip


def _named(decorator: ast.expr, scope: Scope) -> str:
    called = decorator.func if isinstance(decorator, ast.Call) else decorator
    return scope.module.resolve(called, scope.parent) or ast.unparse(called)


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _replaced(project: Project, scope: Scope, statement: ast.Assign, call: ast.Call) -> str:
    """The name of the function that ``g = d(g)`` or ``public = d(_private)`` replaces, "" where it is something else:
    a local adapter around a callback, or another package's class being patched."""
    if len(call.args) != 1 or call.keywords:
        return ""  # ``@`` passes the function alone: with more arguments it is built from several things
    target, argument = dotted(statement.targets[0]), dotted(call.args[0])
    if target is None or argument is None:
        return ""
    if target == argument and target.split(".")[0] in ("self", "cls"):
        return target
    meant = scope.module.resolve(argument, scope)
    if meant is None or not _is_function(project, meant):
        return ""
    if scope.is_function and (target != argument or "." not in target):
        return ""  # a local adapter, or a module's function patched for a while
    return target


def _is_function(project: Project, name: str) -> bool:
    found = project.find(name)
    return found is not None and found.is_function


def keeps_callable_type(scope: Scope, parameter: str, factory: Scope | None) -> str:
    """What annotations say of a decorator: "generic" if the function's own type comes back (``F`` → ``F``,
    ``Callable[P, R]`` → ``Callable[P, S]``), "explicit" if the same written-out parameters do, else ""."""
    taken, returned = _taken(scope, parameter, None), unquoted(scope.function.returns)
    if (taken is None or returned is None) and factory is not None:
        outer = _callable_parts(unquoted(factory.function.returns))
        if outer is not None and isinstance(outer[0], ast.List) and len(outer[0].elts) == 1:
            taken, returned = outer[0].elts[0], outer[1]
    if taken is None or returned is None:
        return ""
    if isinstance(taken, ast.Name) and ast.unparse(taken) == ast.unparse(returned):
        return "generic" if _is_type_variable(scope, taken.id) else "explicit"
    before, after = _callable_parts(taken), _callable_parts(returned)
    if before is None or after is None:
        return ""
    variable = _parameter_variable(before[0])
    if variable is not None and variable == _parameter_variable(after[0]):
        return "generic"
    same = isinstance(before[0], ast.List) and ast.unparse(before[0]) == ast.unparse(after[0])
    return "explicit" if same else ""


def takes_coroutine_function(scope: Scope, parameter: str, factory: Scope | None) -> bool:
    """Whether annotations say that what a decorator takes returns an awaitable."""
    parts = _callable_parts(_taken(scope, parameter, factory))
    result = parts[1].value if parts is not None and isinstance(parts[1], ast.Subscript) else parts and parts[1]
    return (dotted(result or None) or "").rpartition(".")[2] in ("Awaitable", "Coroutine")


def _taken(scope: Scope, parameter: str, factory: Scope | None) -> ast.expr | None:
    """The annotation of the function that a decorator takes: its own, or one in what its factory returns."""
    arguments = scope.function.args
    given = next((a.annotation for a in (*arguments.posonlyargs, *arguments.args) if a.arg == parameter), None)
    outer = _callable_parts(unquoted(factory.function.returns)) if given is None and factory is not None else None
    if outer is not None and isinstance(outer[0], ast.List) and len(outer[0].elts) == 1:
        return outer[0].elts[0]
    return unquoted(given)


def _callable_parts(annotation: ast.expr | None) -> tuple[ast.expr, ast.expr] | None:
    """The parameters and the result of ``Callable[…, …]``."""
    if not isinstance(annotation, ast.Subscript) or not isinstance(annotation.slice, ast.Tuple):
        return None
    if (dotted(annotation.value) or "").rpartition(".")[2] != "Callable" or len(annotation.slice.elts) != 2:
        return None
    parameters, result = annotation.slice.elts
    return parameters, result


def _parameter_variable(parameters: ast.expr) -> str | None:
    """``P`` of ``Callable[P, …]`` and ``Callable[Concatenate[X, P], …]``."""
    if isinstance(parameters, ast.Subscript) and (dotted(parameters.value) or "").endswith("Concatenate"):
        inner = parameters.slice
        return dotted(inner.elts[-1]) if isinstance(inner, ast.Tuple) else None
    return dotted(parameters)


def _is_type_variable(scope: Scope, name: str) -> bool:
    if any(getattr(p, "name", "") == name for p in getattr(scope.node, "type_params", ())):
        return True
    binding = scope.module.scope.binds_once(name)
    if binding is None:
        return False
    if binding.imported is not None:  # `F` of a module of types
        return len(name.strip("_")) <= 2 or name.endswith("T")
    made_by = binding.value.func if isinstance(binding.value, ast.Call) else None
    return (dotted(made_by) or "").endswith("TypeVar")


def says_decorator(scopes: Iterable[Scope]) -> bool:
    """Whether a name or docstring calls it a decorator; the module's own name may do so."""
    for scope in scopes:
        if _SAYS_DECORATOR.search(scope.module.name.rpartition(".")[2]):
            return True
        text = f"{scope.name.replace('_', ' ')} {ast.get_docstring(scope.function, clean=False) or ''}"
        if _SAYS_DECORATOR.search(text):
            return True
    return False


def mentions_wraps(scope: Scope) -> bool:
    """Whether a comment in the function speaks of ``wraps``: then it is missing on purpose."""
    source, last = scope.module.source, scope.function.end_lineno or scope.row
    if "wraps" not in source.text[source.line_start(scope.row) : source.line_start(last + 1)]:
        return False
    spoken = ((row, text.replace(_RULE_NAME, "")) for row, text in source.comments.items())
    return any(scope.row <= row <= last and "wraps" in text for row, text in spoken)


def is_public(scope: Scope, imported: bool) -> bool:
    """Whether a module offers it to others: exported, documented or imported elsewhere, and not marked private."""
    module, outer = scope.module, scope
    parts = [p for p in scope.qualname.split(".") if p != "__call__"]
    if module.is_test or "<locals>" in parts or any(p.startswith("_") for p in parts):
        return False
    if module.exports is not None:
        return parts[0] in module.exports
    return imported or ast.get_docstring(outer.function, clean=False) is not None
