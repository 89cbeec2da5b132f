"""What a function does beside returning a value, that must not happen twice: it registers something, or starts it."""

from __future__ import annotations

import ast
from typing import NamedTuple

from patternlint.facts import Scope, dotted, own_nodes
from patternlint_rules.singleton.constructors import known_resource

_METRICS = frozenset({"Counter", "Enum", "Gauge", "Histogram", "Info", "Summary"})
_HANDLERS = frozenset({"addHandler", "add_handler"})
_REGISTERS = frozenset({"add_listener", "add_observer", "connect", "register", "subscribe"})
_AT_EXIT = frozenset({"atexit.register", "os.register_at_fork", "signal.signal"})
# what may as well happen twice: somebody is told
_TELLS = frozenset(
    {"critical", "debug", "error", "exception", "info", "log", "print", "secho", "warn", "warning", "warn_once"}
)


class Effect(NamedTuple):
    """Something that happens once per call: `what` ends the sentence "both …", `row` says where.

    `is_sure`: twice is wrong whatever the project is.
    """

    what: str
    row: int
    is_sure: bool


def effect_of(scope: Scope) -> Effect | None:
    """The gravest effect of a function's own code, None where there is none."""
    effects = [e for node in own_nodes(scope.node) if isinstance(node, ast.Call) and (e := _effect(node, scope))]
    return max(effects, key=lambda effect: effect.is_sure, default=None)


def _effect(call: ast.Call, scope: Scope) -> Effect | None:
    written = dotted(call.func) or ""
    resolved = scope.module.resolve(written, scope) or ""
    receiver, _, last = written.rpartition(".")
    if resolved.startswith("prometheus_client.") and resolved.rpartition(".")[2] in _METRICS:
        if any(k.arg == "registry" for k in call.keywords):
            return None
        return Effect("register the same metric, which raises ValueError in the second", call.lineno, True)
    if last == "start_http_server" and resolved.startswith("prometheus_client."):
        return Effect("open the same port, which fails in the second", call.lineno, True)
    if resolved in _AT_EXIT:
        return Effect(f"call '{written}'", call.lineno, False)
    if receiver and last in _HANDLERS and not _is_made_here(receiver, scope):
        return Effect("add a handler, and every message is handled twice", call.lineno, True)
    if isinstance(call.func, ast.Attribute) and call.func.attr == "start" and _starts_a_thread(call.func.value, scope):
        return Effect("start a thread", call.lineno, True)
    keyed = not call.args or isinstance(call.args[0], ast.Constant)  # the same key again replaces what was there
    if receiver and last in _REGISTERS and not keyed and not _is_made_here(receiver, scope):
        return Effect(f"call '{written}'", call.lineno, False)
    return None


def acts_for_its_effect(scope: Scope) -> bool:
    """Whether a function returns nothing and does more than to tell somebody: its callers want it done, once."""
    tells = True
    for node in own_nodes(scope.node):
        if isinstance(node, ast.Return | ast.Yield | ast.YieldFrom):
            value = node.value
            if not isinstance(node, ast.Return) or not (value is None or _is_none(value)):
                return False
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            name = (dotted(node.value.func) or "").rpartition(".")[2]
            tells = tells and name in _TELLS
    return not tells


def _is_none(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and value.value is None


def _is_made_here(receiver: str, scope: Scope) -> bool:
    """Whether a name holds something that the function has just made: what is done to it, nobody else sees."""
    head = receiver.partition(".")[0]
    values = [b.value for b in scope.bindings.get(head, ()) if b.kind == "assign"]
    made = [(dotted(v.func) or "").rpartition(".")[2] for v in values if isinstance(v, ast.Call)]
    return bool(made) and all(not name.startswith(("get", "current")) for name in made)


def _starts_a_thread(value: ast.expr, scope: Scope) -> bool:
    if isinstance(value, ast.Name):
        binding = scope.binds_once(value.id)
        value = binding.value if binding is not None and binding.value is not None else value
    if not isinstance(value, ast.Call):
        return False
    resolved = scope.module.resolve(value.func, scope) or ""
    return bool(known_resource(resolved)) and resolved.startswith(("threading.", "multiprocessing."))
