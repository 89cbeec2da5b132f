"""What stands at a place that is to be proven, as far as a script has to know: by the shape of the code, from facts."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patternlint.facts import Module, Scope, dotted, own_nodes
from patternlint.project import Ancestry, ReferencesTo

if TYPE_CHECKING:
    from patternlint.project import Project

RACES = frozenset({"PAT101", "PAT102", "PAT104", "PAT106", "PAT107", "PAT108", "PAT115"})
ONE_ONLY = frozenset({"PAT101"})  # whose classes say themselves that there is to be one, whoever constructs it
HALF_MADE = frozenset({"PAT105"})
IDENTITIES = frozenset({"PAT501", "PAT502", "PAT503"})
PROVABLE = RACES | HALF_MADE | IDENTITIES

_ONCE = frozenset({"lru_cache", "cache", "once"})
_CLASS_LEVEL = frozenset({"classmethod", "staticmethod"})
_METACLASSES = frozenset({"builtins.type", "abc.ABCMeta", "enum.EnumMeta"})
_KEEP_IDENTITY = frozenset({"builtins.property", "builtins.classmethod", "builtins.staticmethod"})


class NotProvable(Exception):
    """The code stands where no script can reach it, or needs what is not known; the message says so."""


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


class Identity(NamedTuple):
    """A decorator, or a function that it decorates.

    Args:
        before: the expression of what the function says of itself undecorated.
        decorated: the expression of the decorated function.
    """

    module: str
    before: str
    decorated: str


def scope_at(module: Module, row: int) -> Scope:
    """The innermost def or class around a row; the module's scope where there is none."""
    around = [s for s in module.scopes if s.parent is not None and s.row <= row <= _end(s)]
    return max(around, key=lambda scope: scope.row, default=module.scope)


def scope_called(module: Module, qualname: str) -> Scope | None:
    """The def or class of a qualified name, ``<locals>`` left out; the last one where there are several."""
    found = [s for s in module.scopes if s.qualname.replace("<locals>.", "") == qualname and s.parent is not None]
    return found[-1] if found else None


def import_folder(module: Module) -> Path:
    """The folder that imports of a module start from."""
    depth = module.name.count(".") + module.is_package
    return module.path.parents[depth]


# ---- races


def race_at(project: Project, scope: Scope, call: str, *, half_made: bool) -> Race:
    """What threads can ask at a place.

    Args:
        scope: the def or class that stands there.
        call: the expression that asks, in words of the module, if the user gives it.
        half_made: whether it is asked how complete the object is.

    Raises:
        NotProvable: they cannot.
    """
    module, top = scope.module, _outermost(scope)
    code = _code(project, top)
    if call:
        return Race(module.name, (_MODULE,), (f"return (eval({call!r}, vars(target)),)",), code, _counted(scope))
    if top.is_class and _is_metaclass(project, top):
        return Race(module.name, _subject(f"(metaclass={_path(top)})", ""), ("return (target(),)",), code)
    if top.is_class and not (_takes_function(top) and scope in (top, top.methods["__call__"])):
        return Race(module.name, (_MODULE,), (f"return ({_asking_class(top, scope)},)",), code, _counted(scope))
    wrapper = _innermost(top)
    levels = _levels(wrapper)
    if scope.is_local and scope not in (wrapper, *levels):
        raise NotProvable(f"'{scope.qualname}' stands inside of a function, where nothing else can reach it")
    if levels:
        return Race(module.name, _subject("", _applied(levels, "Subject")), ("return (target(),)",), code)
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
        if not _is_class_level(scope):
            raise NotProvable(f"'{scope.qualname}' is a method, and which object to call it on is not known")
        return _call(scope)
    accessor = None if _stores(owner.methods.get("__new__")) else next(_accessors(owner), None)
    return _call(accessor) if accessor is not None else f"{_path(owner, 'target')}()"


def _accessors(owner: Scope) -> Iterator[Scope]:
    """The methods of a class that hand out an instance that the class keeps."""
    for method in owner.methods.values():
        if _is_class_level(method) and not _required(method) and _gives_something(method):
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
    first = method.parameters[:1] if "staticmethod" not in _decorators(method) else []
    return name is not None and (name in first or name.rpartition(".")[2] in (owner.name, "__class__"))


def _asking_function(function: Scope, half_made: bool) -> tuple[str, ...]:
    """The call of a function; what it stores where it does not return that, or where all of it has to be there."""
    statements = list(function.statements())
    returned = [s.value for s in statements if isinstance(s, ast.Return) and s.value is not None]
    call = _call(function)
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
    return function.qualname if function.is_function and not _ONCE.isdisjoint(_decorators(function)) else ""


def _is_metaclass(project: Project, owner: Scope) -> bool:
    return not _METACLASSES.isdisjoint(project.ask(Ancestry(owner.dotted)).all)


def _takes_function(owner: Scope) -> bool:
    """Whether a class is made with one thing, and its instances are called in that one's place."""
    made = owner.methods.get("__init__")
    return "__call__" in owner.methods and made is not None and len(_required(made)) == 1


# ---- decorators


def identity_at(project: Project, scope: Scope, row: int, call: str) -> Identity:
    """What is decorated at a place: a function of the same module, else a sample, else a function of another module.

    Args:
        scope: the wrapper, or the innermost def or class around it.
        row: where the wrapper stands.
        call: the decorator, in words of the module, if the user gives it.

    Raises:
        NotProvable: nothing can be.
    """
    module = scope.module
    if call:
        return Identity(module.name, _SAMPLE, f"eval({call!r}, vars(module))(sample)")
    wrapper = _innermost(scope)
    is_lambda = wrapper is scope and row != scope.row and scope.is_function
    levels = [*_levels(wrapper), *([wrapper] if is_lambda or wrapper is _outermost(wrapper) else [])]
    if not levels:
        raise NotProvable("no decorator stands here")
    used = list(_decorated(project, levels))
    here = next((function for function in used if function.module is module), None)
    if here is None:
        try:
            return Identity(module.name, _SAMPLE, _applied(levels, "sample"))
        except NotProvable:
            if not used:
                raise
    function = here or used[0]
    return Identity(function.module.name, repr(_told_by_source(function)), _looked_up(function))


def _named(levels: list[Scope]) -> Scope:
    """The level that a decorator's name means: of a class that makes decorators its method, else the outermost."""
    first, *inner = levels
    return inner[0] if first.is_class and inner and not inner[0].name.startswith("__") else first


_SAMPLE = "told_by(sample)"


def _decorated(project: Project, levels: list[Scope]) -> Iterator[Scope]:
    """The functions at the top of modules and classes that nothing else decorates; those of tests come last."""
    named = _named(levels)
    calls = len(levels) - 1 - levels.index(named)
    kinds = {"decorator-factory"} if calls else {"decorator"}
    if calls == 1 and named.is_function and not _required(named):
        kinds.add("decorator")  # its arguments may be left out, and their parentheses perhaps, too
    found: dict[Scope, None] = {}
    for reference in project.ask(ReferencesTo(named.dotted)) if calls < 2 else ():
        module = project.module_at(project.root / reference.path) if reference.kind in kinds else None
        for function in module.functions if module is not None else ():
            rows = [d.lineno for d in function.function.decorator_list]
            if reference.row in rows and not function.is_local and _is_alone(function, rows.index(reference.row)):
                found[function] = None
    yield from sorted(found, key=lambda function: function.module.is_test)


def _is_alone(function: Scope, index: int) -> bool:
    others = [d for i, d in enumerate(function.function.decorator_list) if i != index]
    return all(function.module.resolve(d, function.parent) in _KEEP_IDENTITY for d in others)


def _told_by_source(function: Scope) -> dict[str, str | None]:
    """What a function says of itself, as `identity.told_by` puts it."""
    doc = ast.get_docstring(function.function)
    arguments = function.function.args
    stars = {a.arg: star for a, star in ((arguments.vararg, "*"), (arguments.kwarg, "**")) if a is not None}
    return {
        "name": function.name,
        "qualname": function.qualname,
        "doc": doc.partition("\n")[0] if doc else None,
        "module": function.module.name,
        "signature": f"({', '.join(stars.get(name, '') + name for name in function.parameters)})",
    }


def _looked_up(function: Scope) -> str:
    owner = function.enclosing_class
    if owner is None:
        return _path(function)
    return f"inspect.getattr_static({_path(owner)}, {function.name!r})"


# ---- how to get there


def _levels(wrapper: Scope) -> list[Scope]:
    """The defs and classes around a wrapper, from the outermost one to the one that is given the function."""
    levels = []
    outer = _outermost(wrapper)
    while wrapper is not outer and wrapper.parent is not None:
        wrapper = wrapper.parent
        levels.append(wrapper)
    return levels[::-1]


def _innermost(scope: Scope) -> Scope:
    """The wrapper in a decorator: what is called in the function's place."""
    if scope.is_class and "__call__" in scope.methods:
        scope = scope.methods["__call__"]
    while (returned := _returned(scope)) is not None:
        scope = returned
    return scope


def _returned(function: Scope) -> Scope | None:
    """The inner def or class that a def returns by its name."""
    names = [s.value.id for s in function.statements() if isinstance(s, ast.Return) and isinstance(s.value, ast.Name)]
    inner = [scopes[-1] for name, scopes in function.children.items() if name in names]
    return inner[0] if function.is_function and inner else None


def _applied(levels: list[Scope], subject: str) -> str:
    """The expression that decorates: ``module.retry()(sample)``.

    Raises:
        NotProvable: one of the levels takes arguments that are not known.
    """
    *before, last = levels
    if last.is_class:  # the wrapper is its `__call__`
        if not _takes_function(last):
            raise NotProvable(f"'{last.qualname}' is no decorator by its constructor and '__call__'")
        return f"{_path(last)}({subject})"
    expression = ""
    for level in before:
        if level.is_function:
            _refuse(level)
            expression = f"{expression or _path(level)}()"
    owner = last.enclosing_class
    if len(_required(last)) > 1:
        raise NotProvable(f"'{last.qualname}' takes more than a function")
    if owner is None:
        return f"{expression or _path(last)}({subject})"
    if last.parameters[:1] in (["self"], ["cls"]) and not _is_class_level(last):
        if (initializer := owner.methods.get("__init__")) is not None:
            _refuse(initializer)
        made = f"{_path(owner)}()"
        return f"{made}({subject})" if last.name == "__call__" else f"{made}.{last.name}({subject})"
    return f"{_path(last)}({subject})"


def _refuse(level: Scope) -> None:
    if required := _required(level):
        raise NotProvable(f"what '{level.qualname}' is called with is not known ({', '.join(required)})")


def _required(function: Scope) -> list[str]:
    """The parameters without a default that a caller has to give: not what a method is called on."""
    a = function.function.args
    positional = [p.arg for p in (*a.posonlyargs, *a.args)]
    positional = positional[: len(positional) - len(a.defaults)]
    bound = function.enclosing_class is not None and "staticmethod" not in _decorators(function)
    if bound and positional[:1] not in (["self"], ["cls"]) and not _is_class_level(function):
        bound = function.name in ("__new__", "__init__", "__call__")  # a decorator that serves its own class body
    missing = [p.arg for p, default in zip(a.kwonlyargs, a.kw_defaults, strict=True) if default is None]
    return positional[bound:] + missing


def _call(function: Scope) -> str:
    if function.is_async:
        raise NotProvable(
            f"'{function.qualname}' is a coroutine function: tasks of one thread ask it, no other threads"
        )
    return f"{_path(function, 'target')}()"


def _path(scope: Scope, root: str = "module") -> str:
    if scope.is_local:
        raise NotProvable(f"'{scope.qualname}' stands inside of a function, where nothing else can reach it")
    return f"{root}.{scope.qualname}"


def _outermost(scope: Scope) -> Scope:
    """The def or class at the module's top that a scope stands in; of a class in a class, that one."""
    found = scope
    while found.parent is not None and found.parent.parent is not None:
        if found.parent.is_class and found.is_class and not found.is_local:
            break
        found = found.parent
    return found


def _is_class_level(method: Scope) -> bool:
    return not _CLASS_LEVEL.isdisjoint(_decorators(method))


def _decorators(function: Scope) -> set[str]:
    """The last names of a function's decorators."""
    called = [d.func if isinstance(d, ast.Call) else d for d in getattr(function.node, "decorator_list", ())]
    return {(dotted(node) or "").rpartition(".")[2] for node in called}


def _end(scope: Scope) -> int:
    return getattr(scope.node, "end_lineno", scope.row)
