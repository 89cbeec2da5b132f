"""How threads ask for the one object that a class, function, metaclass or decorator gives."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from patternlint.facts import Scope, dotted, own_nodes
from patternlint.project import Ancestry
from patternlint.prove.levels import applied, innermost, levels_of, takes_function
from patternlint.prove.site import NotProvable, call_of, decorators_of, is_class_level, outermost, path_to, required

if TYPE_CHECKING:
    from patternlint.project import Project

_ONCE = frozenset({"lru_cache", "cache", "once"})
_METACLASSES = frozenset({"builtins.type", "abc.ABCMeta", "enum.EnumMeta"})


class Race(NamedTuple):
    """Code that many threads ask for one object.

    Args:
        prepare: the lines that make ``target`` of ``module``.
        ask: the lines that give the object, in a tuple, or all that it consists of.
        code: the functions and classes whose lines count, with their modules.
        counted: the qualified name of a function that is meant to run once.
    """

    module: str
    prepare: tuple[str, ...]
    ask: tuple[str, ...]
    code: tuple[tuple[str, str], ...]
    counted: str = ""


def race_at(project: Project, scope: Scope, call: str, *, half_made: bool) -> Race:
    """What threads can ask at a place.

    Args:
        scope: the def or class that stands there.
        call: the expression that asks, in words of the module, if the user gives it.
        half_made: whether it is asked how complete the object is.

    Raises:
        NotProvable: they cannot.
    """
    module, top = scope.module, outermost(scope)
    code = _code(project, top)
    if call:
        return Race(module.name, (_MODULE,), (f"return (eval({call!r}, vars(target)),)",), code, _counted(scope))
    if top.is_class and _is_metaclass(project, top):
        return Race(module.name, _subject(f"(metaclass={path_to(top)})", ""), ("return (target(),)",), code)
    if top.is_class and not (takes_function(top) and scope in (top, top.methods["__call__"])):
        return Race(module.name, (_MODULE,), (f"return ({_asking_class(top, scope)},)",), code, _counted(scope))
    wrapper = innermost(top)
    levels = levels_of(wrapper)
    if scope.is_local and scope not in (wrapper, *levels):
        raise NotProvable(f"'{scope.qualname}' stands inside of a function, where nothing else can reach it")
    if levels:
        return Race(module.name, _subject("", applied(levels, "Subject")), ("return (target(),)",), code)
    if top.is_function:
        return Race(module.name, (_MODULE,), _asking_function(top, half_made), code, _counted(top))
    raise NotProvable("no function or class stands here")


_MODULE = "return module"


def _subject(header: str, applied: str) -> tuple[str, ...]:
    subject = (f"class Subject{header}:", '    """Something that is to exist once."""', "")
    return (*subject, f"return {applied or 'Subject'}")


def _code(project: Project, top: Scope) -> tuple[tuple[str, str], ...]:
    """The function or class, and the classes of the project that it inherits from."""
    ancestors = project.ask(Ancestry(top.dotted)).project if top.is_class else ()
    found = [top, *(a for a in map(project.find, ancestors) if a is not None)]
    return tuple((scope.module.name, scope.qualname) for scope in found)


def _asking_class(owner: Scope, scope: Scope) -> str:
    """The call of a class's constructor, of the accessor that fills its slot, or of a method that was asked for."""
    if scope.is_function and scope.name not in ("__new__", "__init__"):
        if not is_class_level(scope):
            raise NotProvable(f"'{scope.qualname}' is a method, and which object to call it on is not known")
        return call_of(scope)
    accessor = None if _stores(owner.methods.get("__new__")) else next(_accessors(owner), None)
    return call_of(accessor) if accessor is not None else f"{path_to(owner, 'target')}()"


def _accessors(owner: Scope) -> Iterator[Scope]:
    """The methods of a class that hand out an instance that the class keeps."""
    for method in owner.methods.values():
        if is_class_level(method) and not required(method) and _gives_something(method):
            mentioned = list(_attributes(method, owner))
            makes = any(isinstance(n, ast.Call) and _is_class(n.func, method, owner) for n in own_nodes(method.node))
            if _stores(method) or (mentioned and makes):
                yield method


def _gives_something(method: Scope) -> bool:
    """Whether a method returns more than constants: what only sets the slot back does not."""
    returned = [s.value for s in method.statements() if isinstance(s, ast.Return) and s.value is not None]
    return not all(isinstance(value, ast.Constant) for value in returned)


def _stores(method: Scope | None) -> bool:
    """Whether a method stores on its class."""
    owner = method.enclosing_class if method is not None else None
    if method is None or owner is None:
        return False
    sets = any(isinstance(n, ast.Call) and dotted(n.func) == "setattr" for n in own_nodes(method.node))
    return sets or any(isinstance(a.ctx, ast.Store) for a in _attributes(method, owner)) or any(
        isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store) for n in own_nodes(method.node)
    )  # fmt: skip


def _attributes(method: Scope, owner: Scope) -> Iterator[ast.Attribute]:
    """The attributes of its class that a method mentions, calls of methods left out."""
    for node in own_nodes(method.node):
        if isinstance(node, ast.Attribute) and _is_class(node.value, method, owner) and node.attr not in owner.methods:
            yield node


def _is_class(node: ast.expr, method: Scope, owner: Scope) -> bool:
    name = dotted(node)
    first = method.parameters[:1] if "staticmethod" not in decorators_of(method) else []
    return name is not None and (name in first or name.rpartition(".")[2] in (owner.name, "__class__"))


def _asking_function(function: Scope, half_made: bool) -> tuple[str, ...]:
    """The call of a function; what it stores where it does not return that, or where all of it has to be there."""
    statements = list(function.statements())
    returned = [s.value for s in statements if isinstance(s, ast.Return) and s.value is not None]
    call = call_of(function)
    stored = [name for s in statements if isinstance(s, ast.Global) for name in s.names]
    if stored and half_made:
        return (f"return ({call}, Stored(target, {', '.join(map(repr, stored))}))",)
    if stored and all(isinstance(value, ast.Constant) for value in returned):
        return (call, f"return ({', '.join(f'target.{name}' for name in stored)},)")
    if returned and all(isinstance(value, ast.Tuple) for value in returned):
        return (f"return {call}",)
    return (f"return ({call},)",)


def _counted(function: Scope) -> str:
    """A function's qualified name, where its decorator promises that it runs once."""
    return function.qualname if function.is_function and not _ONCE.isdisjoint(decorators_of(function)) else ""


def _is_metaclass(project: Project, owner: Scope) -> bool:
    return not _METACLASSES.isdisjoint(project.ask(Ancestry(owner.dotted)).all)
