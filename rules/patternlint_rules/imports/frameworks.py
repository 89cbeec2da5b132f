"""The names by which web frameworks, task queues and RPC libraries say that a function serves a request."""

from __future__ import annotations

ROUTE_DECORATORS = frozenset({"route", "api_route", "websocket", "websocket_route"})
# these are also words of other trades: they count with a path ("/orders") as their first argument
VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "options", "expose"})
HOOKS = frozenset(
    {
        "after_app_request", "after_request", "app_context_processor", "app_errorhandler", "before_app_request",
        "before_request", "context_processor", "errorhandler", "exception_handler", "middleware", "teardown_request",
    }
)  # fmt: skip
VIEW_DECORATORS = frozenset(
    {
        "action", "api_view", "csrf_exempt", "csrf_protect", "login_required", "permission_required", "require_GET",
        "require_POST", "require_http_methods", "require_safe", "view_config",
    }
)  # fmt: skip
VIEW_DECORATOR_ROOTS = frozenset({"django", "flask_login", "flask_security", "pyramid", "rest_framework"})
WEBSOCKET_COMMAND = "websocket_command"
TASK_DECORATORS = frozenset({"actor", "db_periodic_task", "db_task", "periodic_task", "shared_task", "task"})
TASK_ROOTS = frozenset({"celery", "dramatiq", "huey"})
ROUTE_CALLS = frozenset(
    {
        "Route", "WebSocketRoute", "add_api_route", "add_api_websocket_route", "add_delete", "add_get", "add_head",
        "add_patch", "add_post", "add_put", "add_route", "add_url_rule", "add_websocket_route", "path", "re_path",
    }
)  # fmt: skip
DEPENDS = frozenset({"fastapi.Depends", "fastapi.Security", "fastapi.params.Depends", "fastapi.params.Security"})

# what a request is, by the module that an annotation comes from
SERVER_ROOTS = frozenset(
    {
        "aiohttp", "blacksheep", "bottle", "django", "falcon", "fastapi", "flask", "flask_appbuilder", "flask_restful",
        "flask_restx", "ninja", "nicegui", "pyramid", "quart", "rest_framework", "sanic", "starlette", "tornado",
        "twisted", "webob", "werkzeug",
    }
)  # fmt: skip
REQUEST_TYPES = frozenset(
    {
        "ASGIRequest", "BaseRequest", "HTTPConnection", "HTTPServerRequest", "HttpRequest", "Request", "WSGIRequest",
        "WebSocket",
    }
)  # fmt: skip
VIEW_MODULES = frozenset({"context_processors", "middleware", "middlewares", "urls", "views", "viewsets"})
# modules of these names serve requests if they import a server framework; else they may as well send them
API_MODULES = frozenset({"api", "controllers", "endpoints", "handlers", "routers", "routes"})

SERVING_METHODS = frozenset(
    {
        "create", "delete", "destroy", "dispatch", "form_invalid", "form_valid", "get", "get_context_data",
        "get_object", "get_queryset", "head", "list", "on_message", "open", "options", "partial_update", "patch",
        "post", "prepare", "put", "retrieve", "update",
    }
)  # fmt: skip
MIDDLEWARE_METHODS = frozenset(
    {"process_exception", "process_request", "process_response", "process_template_response", "process_view"}
)
PROTOCOLS = (("scope", "receive", "send"), ("environ", "start_response"))
STANDARD_SERVERS = frozenset({"http.server.BaseHTTPRequestHandler", "http.server.SimpleHTTPRequestHandler"})
GRAPHQL_ROOTS = frozenset({"graphene", "graphene_django"})
