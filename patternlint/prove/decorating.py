"""What is decorated to see who a function is afterwards: one of the project's, or a sample."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from patternlint.facts import Scope
from patternlint.project import ReferencesTo
from patternlint.prove.levels import applied, innermost, levels_of
from patternlint.prove.site import NotProvable, outermost, path_to, required

if TYPE_CHECKING:
    from patternlint.project import Project

_KEEP_IDENTITY = frozenset({"builtins.property", "builtins.classmethod", "builtins.staticmethod"})


class Identity(NamedTuple):
    """A decorator, or a function that it decorates.

    Args:
        before: the expression of what the function says of itself undecorated.
        decorated: the expression of the decorated function.
    """

    module: str
    before: str
    decorated: str


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
    wrapper = innermost(scope)
    is_lambda = wrapper is scope and row != scope.row and scope.is_function
    levels = [*levels_of(wrapper), *([wrapper] if is_lambda or wrapper is outermost(wrapper) else [])]
    if not levels:
        raise NotProvable("no decorator stands here")
    used = list(_decorated(project, levels))
    here = next((function for function in used if function.module is module), None)
    if here is None:
        try:
            return Identity(module.name, _SAMPLE, applied(levels, "sample"))
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
    if calls == 1 and named.is_function and not required(named):
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
        return path_to(function)
    return f"inspect.getattr_static({path_to(owner)}, {function.name!r})"
