"""What a singleton holds, what making it does, and who may make it at once."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from patternlint.facts import Module, Scope, dotted, own_nodes
from patternlint.rule import cst
from patternlint.walker import descendants
from patternlint_rules.singleton.guard import Guard
from patternlint_rules.singleton.slot import Names, Slot, Store, first_value

_LOGGERS = frozenset({"log", "logger", "logging", "_log", "_logger", "_LOGGER", "LOG", "LOGGER", "warnings"})
_THREADS = ("threading.", "concurrent.futures.", "queue.", "_thread.")
_TO_THREADS = frozenset({"run_in_executor", "to_thread", "run_in_threadpool"})
_ONE_THREAD = frozenset(
    {"asyncio", "aiohttp", "aiodns", "anyio", "trio", "uvloop", "QtWidgets", "QtCore", "QObject", "QWidget", "wx",
     "tkinter", "gtk", "Gtk"}
)  # fmt: skip
_PER_CONTEXT = frozenset({"ContextVar", "local", "Local", "WeakKeyDictionary"})
_ONE_THREAD_MODULES = ("twisted.", "PyQt", "PySide", "qtpy", "wx", "tkinter", "gi.")


def is_stateless(scope: Scope) -> bool:
    """Whether instances hold nothing: no ``__init__``, and no method stores an attribute of anything but the class. A
    second sentinel does no harm that a lock would prevent."""
    if "__init__" in scope.methods:
        return False
    for method in scope.methods.values():
        for node in own_nodes(method.node):
            if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and not _is_class(node.value, scope):
                return False
    return not _initializers(scope)


def works_while_constructing(scope: Scope, has_bases: bool) -> bool:
    """Whether ``__new__`` or ``__init__`` (or what they call on the instance) calls more than builtins: then a second
    thread finds time to come in."""
    for method in _construction(scope):
        for node in own_nodes(method.node):
            if not isinstance(node, ast.Call):
                continue
            name = dotted(node.func) or ""
            head, _, last = name.partition(".")
            if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Call):  # super().__init__()
                if node.func.attr == "__init__" and has_bases:
                    return True
                continue
            if last == "__new__" or head in _LOGGERS or (head == "self" and "log" in last):
                continue
            resolved = scope.module.resolve(name, method) if name else None
            if resolved is None or not resolved.startswith("builtins."):
                return True
    return False


def _construction(scope: Scope) -> list[Scope]:
    first = [m for name in ("__new__", "__init__") if (m := scope.methods.get(name)) is not None]
    return first + _initializers(scope)


def _initializers(scope: Scope) -> list[Scope]:
    """The methods that ``__new__`` calls on the new instance."""
    new = scope.methods.get("__new__")
    if new is None:
        return []
    called = {n.func.attr for n in own_nodes(new.node) if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute)}
    return [scope.methods[n] for n in called if n in scope.methods and n != "__new__"]


def is_for_threads(scope: Scope) -> bool:
    """Whether a class, function or module deals with threads itself: it holds a lock, starts a thread or executor."""
    for inner in scope.walk():
        for node in own_nodes(inner.node):
            if isinstance(node, ast.Attribute) and node.attr in _TO_THREADS:
                return True
            if isinstance(node, ast.Name | ast.Attribute):
                resolved = scope.module.resolve(node, inner)
                if resolved is not None and resolved.startswith(_THREADS):
                    return True
    return False


def has_one_thread(scope: Scope) -> bool:
    """Whether a class or function belongs to an event loop or a GUI: one thread runs it, and nothing in between."""
    if not _ONE_THREAD.isdisjoint(_mentioned(scope)):
        return True
    decorators = scope.function.decorator_list if scope.is_function else []
    if any((dotted(d) or "").rpartition(".")[2] == "callback" for d in decorators):
        return True  # Home Assistant's: run by the event loop
    methods = [m for name, m in scope.methods.items() if not name.startswith("__")]
    if methods and all(m.is_async for m in methods if not m.name.startswith("_")):
        return any(m.is_async for m in methods)
    return any(b.loads.startswith(_ONE_THREAD_MODULES) for b in scope.module.imports)


def is_one_step(names: Names, guard: Guard, store: Store) -> bool:
    """Whether an event loop runs nothing else between a guard and a store: an ``async def`` without ``await``."""
    value = (store.value, *descendants(store.value, into_scopes=False))
    if not names.scope.is_async or any(isinstance(node, cst.Await) for node in value):
        return False
    for statement in guard.empty:
        for node in (statement, *descendants(statement, into_scopes=False)):
            if node is store.node:
                return True
            if isinstance(node, cst.Await) or (isinstance(node, cst.For | cst.With) and node.asynchronous is not None):
                return False
    return True


def _mentioned(scope: Scope) -> Iterator[str]:
    for inner in scope.walk():
        for node in own_nodes(inner.node):
            if isinstance(node, ast.Name):
                yield node.id
            elif isinstance(node, ast.Attribute):
                yield node.attr
        for base in getattr(inner.node, "bases", ()):
            yield (dotted(base) or "").rpartition(".")[2]


def is_per_context(slot: Slot, module: Module) -> bool:
    """Whether a slot holds something for each context, thread or request: there is one for each of them."""
    value = first_value(slot, module)
    made_by = dotted(value.func) if isinstance(value, ast.Call) else None
    return (made_by or "").rpartition(".")[2] in _PER_CONTEXT


def module_constructs(scope: Scope) -> bool:
    """Whether the module's own body makes an instance: the import then builds it before any thread can ask."""
    module = scope.module
    return any(
        isinstance(node, ast.Call) and module.resolve(node.func) == scope.dotted for node in own_nodes(module.tree)
    )


def _is_class(node: ast.expr, scope: Scope) -> bool:
    name = dotted(node)
    return name is not None and (name in ("cls", "self.__class__") or name.rpartition(".")[2] == scope.name)
