"""What the two rules on registrations have in common: the statement, the message and the repair."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from patternlint.facts import Module, Scope
from patternlint.rule import Applicability, Confidence, Rule, cst
from patternlint_rules.observer.leaks import AT_EXIT, Leak, judge, registers
from patternlint_rules.observer.places import class_of

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder

REASONS = {
    "removal-unknown": "nothing in the project shows how this class gets rid of what the call returns",
    "wrapper-from-others": "other classes hand what the call returns to this method, this one does not yet",
    "dies-with-object": "the subject would go on calling a callback that does nothing once the object is gone",
    "subject-unknown": "what becomes of the callback is not known: one that is called once must be there then",
    "runs-at-exit": "the callback is for the end of the process: one that goes with its object would not run then",
}


def registrations(module: Module) -> list[ast.stmt]:
    """Statements that only call something and hand it an attribute of the method's object. For `Module.derive`."""
    return [
        statement
        for scope in module.functions
        if class_of(scope) is not None
        for statement in scope.statements()
        if isinstance(statement, ast.Expr) and _hands_over(statement.value, scope)
    ]


def _hands_over(value: ast.expr, scope: Scope) -> bool:
    call = value.value if isinstance(value, ast.Await) else value
    if not isinstance(call, ast.Call) or not registers(call):
        return False
    me = scope.outermost.parameters[:1]
    arguments = (*call.args, *(k.value for k in call.keywords))
    return any(isinstance(a, ast.Attribute) and isinstance(a.value, ast.Name) and [a.value.id] == me for a in arguments)


def leak_of(rule: Rule, node: cst.Expr) -> Leak | None:
    """The leak that a statement is; None for everything else."""
    if not rule.scope.is_function or class_of(rule.scope) is None:
        return None
    value = rule.expression(node.value)
    call = value.value if isinstance(value, ast.Await) else value
    if not isinstance(call, ast.Call) or not _hands_over(call, rule.scope):
        return None
    return judge(rule.project, call, rule.scope)


def message(leak: Leak, subject: str) -> str:
    """What goes wrong in production."""
    what = f"'{leak.method.name}'"
    if leak.sink.kind == "handle":
        how = (
            f"the remover that '{subject}' returns is thrown away, so {what} keeps its object alive and is still called"
        )
    elif leak.sink.kind == "strong":
        how = f"'{subject}' keeps {what} for good and nothing in the class takes it out, so its object stays alive"
    else:
        how = f"nothing in the class undoes '{subject}' with {what}, so its object may stay alive"
    return f"{how}: {leak.because}"


def repair(rule: Rule, node: cst.Expr, leak: Leak) -> FixBuilder:
    """Hand the remover to the class's own disposal call, or make the callback one that does not keep its object."""
    value = node.value.expression if isinstance(node.value, cst.Await) else node.value
    assert isinstance(value, cst.Call)
    if leak.wrapper and leak.sink.kind == "handle":
        fix = rule.fix(f"hand the remover to self.{leak.wrapper}")
        fix.wrap(node.value, f"self.{leak.wrapper}(", ")")
        if not leak.wrapper_is_used_here:
            fix.lower(Applicability.UNSAFE, "wrapper-from-others")
        return fix
    fix = rule.fix("hand over a callback that does not keep its object alive", form="canonical")
    if not leak.sink.kind and leak.confidence is Confidence.LOW:
        fix.lower(Applicability.DISPLAY, "subject-unknown")
    fix.lower(Applicability.UNSAFE, "dies-with-object" if leak.sink.kind == "strong" else "removal-unknown")
    if leak.sink.path == AT_EXIT:
        fix.refuse("runs-at-exit")
    name = fix.runtime("weak_method")
    for argument in value.args:
        if isinstance(argument.value, cst.Attribute) and argument.value.attr.value == leak.method.name:
            fix.wrap(argument.value, f"{name}(", ")")
            break
    return fix


def report(rule: Rule, node: cst.Expr, leak: Leak) -> None:
    """Say it."""
    value = node.value.expression if isinstance(node.value, cst.Await) else node.value
    assert isinstance(value, cst.Call)
    subject = rule.text(value.func).strip()
    rule.report(
        node,
        message(leak, subject if "\n" not in subject else leak.method.name),
        confidence=leak.confidence,
        evidence=leak.evidence,
        fix=repair(rule, node, leak),
        help="keep what removes it and call that when the object's life ends",
    )
