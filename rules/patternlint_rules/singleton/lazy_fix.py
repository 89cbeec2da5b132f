"""The repairs of a global that is filled lazily: `once` in its place, or a lock beside it."""

from __future__ import annotations

import ast
import builtins
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from patternlint.cstnames import dotted
from patternlint.rule import Applicability, Rule, cst
from patternlint.walker import descendants
from patternlint_rules.singleton.concurrency import CallersOf
from patternlint_rules.singleton.double_checked import build_under_lock
from patternlint_rules.singleton.lazy import Filling
from patternlint_rules.singleton.locking import is_also_called_locked
from patternlint_rules.singleton.resource import Made, is_never_none
from patternlint_rules.singleton.slot import is_docstring

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder

DOUBTS: Mapping[str, str] = {
    "takes-arguments": "the function has parameters: the first call's decide for all, which may be the real defect",
    "several-slots": "the code fills several globals, which belong together",
    "other-lock": "the function is also called while a lock is held: two locks taken in two orders wait for ever",
    "loader-names": "the function reads names that the module does not bind: whoever loads it puts them there",
    "calls-itself": "the function calls itself",
}


def build_global_once(rule: Rule, filling: Filling, made: Made) -> FixBuilder:
    """The canonical form where the project may import the runtime and nobody else uses the global; else a lock."""
    settings = rule.settings
    may_import = settings.fix_style != "stdlib" and (settings.runtime_module or settings.runtime_declared)
    if (may_import or filling.names.scope.is_async) and (value := _only_value(rule, filling)) is not None:
        return _with_once(rule, filling, value, made)
    return _with_lock(rule, filling)


def _with_lock(rule: Rule, filling: Filling) -> FixBuilder:
    """A lock of the module; a reentrant one, so that a factory that asks for itself fails as it did."""
    slot = filling.store.slot.name
    fix = rule.fix(f"build '{slot}' under a lock")
    lock = fix.free_name(f"_{slot.strip('_').lower()}_lock")
    fix.module_code(f"{lock} = {fix.name('threading', 'RLock')}()", (), name=lock)
    build_under_lock(rule, fix, filling.names, filling.guard, filling.store, lock)
    if filling.names.scope.is_async:
        fix.refuse("pauses-inside")
    _mind(rule, fix, filling)
    return fix


def _with_once(rule: Rule, filling: Filling, value: cst.BaseExpression, made: Made) -> FixBuilder:
    """``@once``, the value returned, and no global; in a forked child only resources are made anew."""
    function, slot = filling.names.function, filling.store.slot.name
    fix = rule.fix(f"let it run once, without '{slot}'", form="canonical")
    options = "" if made.kind == "resource" else '(fork="keep")'
    fix.decorate(function, f"{fix.runtime('once')}{options}")
    declared, *rest = [s for s in function.body.body if not is_docstring(s)]
    fix.remove(declared)
    fix.replace_through(rest[0], rest[-1], f"return {rule.text(value)}")
    fix.remove_assignment(slot)
    _mind(rule, fix, filling)
    return fix


def _only_value(rule: Rule, filling: Filling) -> cst.BaseExpression | None:
    """What a function returns that does nothing but to fill a private global which nobody else knows, and return it."""
    names, store = filling.names, filling.store
    function, scope, guard = names.function, names.scope, filling.guard
    body = [s for s in function.body.body if not is_docstring(s)]
    is_plain = not (scope.parameters or function.decorators or scope.module.imports_in(scope))
    if (
        is_plain
        and scope.parent is scope.module.scope
        and store.slot.name.startswith("_")
        and _declares_one(body[0])
        and guard.alone
        and any(s is guard.node for s in body)
        and _is_filled_and_returned(body, filling)
        and "#" not in "".join(rule.text(s) for s in body)
        and "\n" not in rule.text(store.value)
        and is_never_none(rule.project, rule.expression(store.value), scope)  # None would be tried again
        and _is_known_here_alone(rule, filling)
    ):
        return store.value
    return None


def _declares_one(statement: cst.CSTNode) -> bool:
    """``global S``"""
    small = statement.body if isinstance(statement, cst.SimpleStatementLine) else ()
    return len(small) == 1 and isinstance(small[0], cst.Global) and len(small[0].names) == 1


def _is_filled_and_returned(body: Sequence[cst.CSTNode], filling: Filling) -> bool:
    """``if S is None: S = value`` and ``return S``; or ``if S is not None: return S``, ``S = value``, ``return S``."""
    inside, last = filling.guard.empty, body[-1]
    small = last.body[0] if isinstance(last, cst.SimpleStatementLine) else None
    if not isinstance(small, cst.Return) or filling.names.slot(small.value) != filling.store.slot:
        return False
    first = inside[0].body[0] if isinstance(inside[0], cst.SimpleStatementLine) else None
    if first is not filling.store.node:
        return False
    if len(body) == 3:
        return len(inside) == 1
    guard = filling.guard.node
    returned = guard.body.body[0].body[0] if len(guard.body.body) == 1 else None  # type: ignore[union-attr]
    return (
        len(body) == 4
        and len(inside) == 2
        and isinstance(returned, cst.Return)
        and filling.names.slot(returned.value) == filling.store.slot
    )


def _is_known_here_alone(rule: Rule, filling: Filling) -> bool:
    """Whether no other code, no test and no string names the global, so that it may go."""
    scope, name = filling.names.scope, filling.store.slot.name
    module = scope.module
    binding = module.scope.binds_once(name)
    if binding is None or binding.value is None or not isinstance(binding.node, ast.Assign | ast.AnnAssign):
        return False
    if isinstance(binding.node, ast.Assign) and len(binding.node.targets) > 1:
        return False  # ``_pool = _client = None``
    row = binding.node.lineno
    if row > 1 and module.source.line(row - 1).lstrip().startswith("#"):
        return False  # a comment about it would be left alone
    elsewhere = [r for r in module.rows_with([name]) if r != row and not scope.holds([r])]
    return not elsewhere and rule.project.paths_with(name) == [module.path]


def _mind(rule: Rule, fix: FixBuilder, filling: Filling) -> None:
    names = filling.names
    calls = {dotted(n.func) for n in descendants(names.function.body) if isinstance(n, cst.Call)}
    if names.scope.name in calls:
        fix.refuse("calls-itself")
    for doubt in doubts(rule, filling):
        fix.lower(Applicability.UNSAFE, doubt)


def doubts(rule: Rule, filling: Filling) -> Iterator[str]:
    """Why a lock around a filling may change more than the race: codes of DOUBTS."""
    scope, store = filling.names.scope, filling.store
    if [p for p in scope.parameters if p != "cls"]:
        yield "takes-arguments"
    inside = [n for s in filling.guard.empty for n in (s, *descendants(s, into_scopes=False))]
    targets = [t.target for n in inside if isinstance(n, cst.Assign) for t in n.targets]
    if any((slot := filling.names.slot(t)) is not None and slot != store.slot for t in targets):
        yield "several-slots"
    callers = rule.project.ask(CallersOf(scope.dotted))
    modules = {rule.project.module_at(rule.project.root / caller.path) for caller in callers}
    if any(m is not None and is_also_called_locked(m, scope.name) for m in modules):
        yield "other-lock"
    read = {n.value for n in inside if isinstance(n, cst.Name)}
    own = scope.module.scope.bindings
    if any(n.startswith("__") and n.endswith("__") and n not in own and n not in _OF_MODULES for n in read):
        yield "loader-names"


_OF_MODULES = frozenset({*dir(builtins), "__file__", "__path__", "__class__"})
