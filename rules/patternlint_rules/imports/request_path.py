"""Which functions of a module run while a client waits: the handlers, and what they call in the same file.

Facts of one module say who may be a handler; where that hangs on a class's bases, the project confirms it.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import deque
from collections.abc import Iterator
from typing import NamedTuple

from patternlint.facts import Module, Scope, dotted, own_nodes, unquoted
from patternlint.project import Ancestry, Project
from patternlint_rules.imports import frameworks as known
from patternlint_rules.imports.once import is_memoised, runs_once

_FOREIGN_VIEW = re.compile(r"(?:View|ViewSet|RequestHandler|WebSocketHandler|HTTPEndpoint|WebSocketEndpoint)\Z")
_TASK_QUEUE = re.compile(r"celery|huey|dramatiq", re.IGNORECASE)
# functions that run what they are given while the request waits
_RUNNERS = frozenset(
    {"async_add_executor_job", "run_in_executor", "run_in_threadpool", "run_sync", "sync_to_async", "to_thread"}
)


class Handler(NamedTuple):
    """A function that a framework calls for each request, message or task.

    `how` says who calls it. `owner` is the class whose ancestors have to confirm it, "" where nothing is left open.
    """

    scope: Scope
    how: str
    owner: str = ""
    is_task: bool = False


class RequestPath(NamedTuple):
    """How a function is reached: the handler, then one call after the other down to the function itself."""

    handler: Handler
    calls: tuple[Scope, ...]

    @property
    def depth(self) -> int:
        """0 in the handler (and in functions nested there), 1 in what it calls, and so on."""
        return len(self.calls) - 1


def request_paths(module: Module) -> dict[Scope, list[RequestPath]]:
    """The possible ways to each function of a module, the shortest first. Use with :meth:`Module.derive`."""
    reached: dict[Scope, list[RequestPath]] = {}
    queue = deque(RequestPath(h, (h.scope,)) for h in _handlers(module))
    while queue:
        path = queue.popleft()
        scope = path.calls[-1]
        ways = reached.setdefault(scope, [])
        if any((w.handler.owner, w.handler.is_task) == (path.handler.owner, path.handler.is_task) for w in ways):
            continue
        ways.append(path)
        for used in _nested_in_use(scope):
            queue.append(RequestPath(path.handler, (*path.calls[:-1], used)))
        for callee in _called_by(scope):
            if callee not in path.calls and not is_memoised(callee):
                queue.append(RequestPath(path.handler, (*path.calls, callee)))
    return reached


def path_to(project: Project, scope: Scope) -> RequestPath | None:
    """The shortest confirmed way from a handler to a function: one that serves requests before one of a task."""
    ways = scope.module.derive(request_paths).get(scope, [])
    confirmed = [way for way in ways if _is_confirmed(project, way.handler)]
    return min(confirmed, key=lambda way: (way.depth > 0, way.handler.is_task, way.depth), default=None)


# ---- handlers


def _handlers(module: Module) -> Iterator[Handler]:
    registered = _registered(module)
    for scope in module.functions:
        handler = (
            _by_decorator(scope)
            or _by_method(scope)
            or _by_protocol(scope)
            or (Handler(scope, registered[scope]) if scope in registered else None)
            or _by_request(scope)
        )
        if handler is not None:
            yield handler


def _by_decorator(scope: Scope) -> Handler | None:
    for decorator in scope.function.decorator_list:
        call = decorator if isinstance(decorator, ast.Call) else None
        written = dotted(call.func if call else decorator)
        if written is None:
            continue
        receiver, _, last = written.rpartition(".")
        meant = scope.module.resolve(written, scope.parent) or written
        root = meant.partition(".")[0]
        if last == "fixture":
            return None
        if call and ((receiver and last in known.ROUTE_DECORATORS) or (last in known.VERBS and _names_a_path(call))):
            return Handler(scope, "a route")
        if (receiver and last in known.HOOKS) or meant == "aiohttp.web.middleware":
            return Handler(scope, "a hook of every request")
        if last in known.VIEW_DECORATORS and (root in known.VIEW_DECORATOR_ROOTS or _takes(scope, "request", "req")):
            return Handler(scope, "a view")
        if last == known.WEBSOCKET_COMMAND:
            return Handler(scope, "a websocket command")
        if last == "tool" and "mcp" in re.split(r"[._]", meant.lower()):
            return Handler(scope, "an MCP tool")
        if root == "strawberry" and last in ("field", "mutation", "subscription"):
            return Handler(scope, "a GraphQL resolver")
        is_queue = root in known.TASK_ROOTS or _TASK_QUEUE.search(meant) or receiver == "app"
        if last in known.TASK_DECORATORS and is_queue:
            return Handler(scope, "a task", is_task=True)
    return None


def _names_a_path(call: ast.Call) -> bool:
    """Whether the first argument, or ``path=``, is the path of a URL."""
    path = call.args[0] if call.args else next((k.value for k in call.keywords if k.arg in ("path", "rule")), None)
    if isinstance(path, ast.Constant):
        return isinstance(path.value, str) and (not path.value or path.value.startswith("/"))
    return isinstance(path, ast.JoinedStr)


def _by_method(scope: Scope) -> Handler | None:
    """A method that its class makes a handler: which classes those are, the project has to say."""
    owner, name = scope.enclosing_class, scope.name
    if owner is None or (not owner.class_node.bases and not name.startswith("on_")):
        return None
    if name.startswith("on_") and name[3:] in known.VERBS and _takes(scope, "req", "request"):
        return Handler(scope, "a Falcon responder")
    if name in known.SERVING_METHODS or re.fullmatch(r"(?:do|render)_[A-Z]+", name):
        return Handler(scope, f"a method of the view '{owner.name}'", owner.dotted)
    if len(scope.parameters) == 3 and scope.parameters[2].endswith("context") and not name.startswith("_"):
        return Handler(scope, f"a method of the gRPC service '{owner.name}'", owner.dotted)
    if (name.startswith("resolve_") or name == "mutate") and "info" in scope.parameters:
        return Handler(scope, "a GraphQL resolver", owner.dotted)
    return None


def _by_protocol(scope: Scope) -> Handler | None:
    parameters = tuple(scope.parameters[1:] if scope.enclosing_class else scope.parameters)
    if parameters in known.PROTOCOLS and (scope.name == "__call__" or not scope.enclosing_class):
        return Handler(scope, "a WSGI application" if len(parameters) == 2 else "an ASGI application")
    if scope.name in known.MIDDLEWARE_METHODS and parameters[:1] == ("request",) and "spider" not in parameters:
        annotation = scope.function.args.args[1].annotation
        if _is_request(scope, annotation) or (annotation is None and _is_about_requests(scope.module)):
            return Handler(scope, "a hook of every request")
    if parameters == ("event", "context") and scope.name.endswith("handler") and scope.parent is scope.module.scope:
        return Handler(scope, "a Lambda handler")
    return None


def _by_request(scope: Scope) -> Handler | None:
    """A function that is given the request: by its annotation, or by the name in a module about requests."""
    function = scope.function
    decorators = (dotted(d.func if isinstance(d, ast.Call) else d) or "" for d in function.decorator_list)
    if any(name.endswith("fixture") for name in decorators):
        return None
    arguments = [*function.args.posonlyargs, *function.args.args]
    if any(_is_request(scope, a.annotation) for a in [*arguments, *function.args.kwonlyargs] if a.annotation):
        return Handler(scope, "code that is given the request")
    first = next(iter(arguments[1:2] if scope.enclosing_class else arguments[:1]), None)
    if first is None or first.arg != "request" or first.annotation or not _is_about_requests(scope.module):
        return None
    return Handler(scope, "code that is given the request")


def _is_request(scope: Scope, annotation: ast.expr | None) -> bool:
    """Whether an annotation means a server framework's request: ``Request``, ``"Request | None"``, ``Annotated[…]``."""
    annotation = unquoted(annotation)
    match annotation:
        case ast.BinOp(op=ast.BitOr()):
            return _is_request(scope, annotation.left) or _is_request(scope, annotation.right)
        case ast.Subscript() if (dotted(annotation.value) or "").endswith(("Optional", "Annotated")):
            first = annotation.slice.elts[0] if isinstance(annotation.slice, ast.Tuple) else annotation.slice
            return _is_request(scope, first)
    written = dotted(annotation) or ""
    meant = scope.module.resolve(written, scope.parent) if written.rpartition(".")[2] in known.REQUEST_TYPES else None
    return meant is not None and meant.partition(".")[0] in known.SERVER_ROOTS


def _is_about_requests(module: Module) -> bool:
    """Whether the module's name or imports say that `request` is what a server was asked."""
    parts = module.name.split(".")
    if not known.VIEW_MODULES.isdisjoint(parts):
        return True
    targets = [b.target for b in module.imports_in(module.scope)]
    if not known.API_MODULES.isdisjoint(parts) and any(t.partition(".")[0] in known.SERVER_ROOTS for t in targets):
        return True
    return any(
        t.startswith(("django.http.", "django.shortcuts.", "rest_framework."))
        or (t.rpartition(".")[2] in known.REQUEST_TYPES and t.partition(".")[0] in known.SERVER_ROOTS)
        for t in targets
    )


def _takes(scope: Scope, *names: str) -> bool:
    """Whether the first parameter, ``self`` aside, has one of these names."""
    return bool(set(scope.parameters[:2]) & set(names))


def _registered(module: Module) -> dict[Scope, str]:
    """The functions that code of the module hands to a router (``add_get("/", f)``) or names as a dependency."""
    found: dict[Scope, str] = {}
    names_dependencies = any(name.rpartition(".")[2] in module.source.text for name in known.DEPENDS)
    rows = None if names_dependencies else module.rows_with(known.ROUTE_CALLS)  # `Depends` may have another name here
    for scope in module.scopes:
        for node in own_nodes(scope.node, rows) if rows is None or scope.holds(rows) else ():
            if not isinstance(node, ast.Call):
                continue
            written = dotted(node.func) or ""
            if module.resolve(written, scope) in known.DEPENDS:
                how = "a dependency of routes"
            elif written.rpartition(".")[2] in known.ROUTE_CALLS and _names_a_path(node):
                how = "a route"
            else:
                continue
            for argument in [*node.args, *(k.value for k in node.keywords)]:
                if isinstance(argument, ast.Name | ast.Attribute) and (function := _function_called(scope, argument)):
                    found.setdefault(function, how)
    return found


def _is_confirmed(project: Project, handler: Handler) -> bool:
    if not handler.owner:
        return True
    name = handler.scope.name
    ancestors = project.ask(Ancestry(handler.owner))
    if handler.how == "a GraphQL resolver":
        return any(a.partition(".")[0] in known.GRAPHQL_ROOTS for a in ancestors.external)
    if "gRPC" in handler.how:
        return any(a.endswith("Servicer") for a in ancestors.all)
    if name.startswith("do_"):
        return not known.STANDARD_SERVERS.isdisjoint(ancestors.external)
    if name.startswith("render_"):
        return any(a.startswith("twisted.web.") for a in ancestors.external)
    return any(_serves(a, handler.scope) for a in ancestors.external) or any(
        a.rpartition(".")[2] == "HomeAssistantView" for a in ancestors.all
    )


def _serves(base: str, method: Scope) -> bool:
    """Whether a class from outside the project answers requests."""
    root, last = base.partition(".")[0], base.rpartition(".")[2]
    if root in known.SERVER_ROOTS:
        return bool(_FOREIGN_VIEW.search(last)) or last in ("Resource", "BaseHTTPMiddleware")
    return (
        root not in sys.stdlib_module_names
        and bool(_FOREIGN_VIEW.search(last))
        and ("views" in base.split(".") or _takes(method, "request"))
    )


# ---- calls


def _called_by(scope: Scope) -> Iterator[Scope]:
    """The functions of the same file that a function calls each time it runs."""
    once = runs_once(scope)
    for node in own_nodes(scope.node):
        if not isinstance(node, ast.Call) or node in once:
            continue
        if (function := _function_called(scope, node.func)) is not None:
            yield function
        elif (dotted(node.func) or "").rpartition(".")[2] in _RUNNERS:
            for argument in node.args:
                if (function := _function_called(scope, argument)) is not None:
                    yield function


def _function_called(scope: Scope, name: ast.expr) -> Scope | None:
    """The function of this file that ``f`` or ``self.f`` means in a scope."""
    at: Scope | None = scope
    if isinstance(name, ast.Name):
        while at is not None:
            if name.id in at.bindings and (at is scope or not at.is_class):
                found = at.children.get(name.id, [])
                return found[-1] if found and found[-1].is_function else None
            at = at.parent
    elif isinstance(name, ast.Attribute) and isinstance(name.value, ast.Name) and name.value.id in ("self", "cls"):
        while at is not None and not at.is_class:
            at = at.parent
        return None if at is None else _method(at, name.attr)
    return None


def _method(owner: Scope, name: str) -> Scope | None:
    """A method of a class or of its bases in the same file."""
    seen = [owner]
    for cls in seen:
        if name in cls.methods:
            return cls.methods[name]
        for base in cls.class_node.bases:
            meant = cls.module.resolve(base, cls.parent)
            seen += [c for c in cls.module.classes if c.dotted == meant and c not in seen]
    return None


def _nested_in_use(scope: Scope) -> Iterator[Scope]:
    """The functions nested in one that its own code calls or hands on."""
    nested = scope.nested_functions
    if nested:
        mentioned = {node.id for node in own_nodes(scope.node) if isinstance(node, ast.Name)}
        yield from (f for f in nested if f.name in mentioned or f.function.decorator_list)
