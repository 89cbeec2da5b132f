"""Why a function can run in two threads at once: what calls it, from a request handler or a thread down to it.

A function that no thread is seen to reach is no less wrong in a library, but nobody can say so from its source. The
questions here are asked about functions that are otherwise worth a finding, the cheap ones first, and stop at a few
dozen functions.
"""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from patternlint.facts import Module, Scope, dotted, own_nodes
from patternlint.project import Project, ReferencesTo
from patternlint.rule import Confidence, Evidence
from patternlint_rules.imports.request_path import path_to
from patternlint_rules.singleton.resource import Made

if TYPE_CHECKING:
    from patternlint.config import Settings

_CALLERS = 24  # functions looked at on the way up, and steps of a way
_STEPS = 4
_THREAD_MAKERS = frozenset({"Process", "Thread", "Timer"})
_HANDS_OVER = frozenset(
    {
        "add_job", "apply_async", "call_in_executor", "deferToThread", "map", "map_async", "run_in_executor",
        "run_in_threadpool", "start_new_thread", "start_soon", "submit", "sync_to_async", "to_thread",
    }
)  # fmt: skip
_OF_AN_EXECUTOR = frozenset({"map", "map_async", "submit", "apply_async"})
_EXECUTOR = re.compile(r"executor|pool", re.IGNORECASE)
_START_UP = re.compile(r".*(?:lifespan|main|startup)\Z")
_STARTS = re.compile(
    r"_?(?:async_)?(?:bootstrap|configure|create|init|initialize|make|run|serve|set_?up|start)"
    r"(?:_?(?:app|application|main|server|service|up))?\Z|_?init_"
)
_PROGRAM = re.compile(r"(?:App|Application|Command|Daemon|Launcher|Main|Server|Service)\Z")
_OF_THREADS = frozenset(
    f"threading.{name}"
    for name in "BoundedSemaphore Condition Lock RLock Semaphore current_thread get_ident local".split()
)
_LOOPS = frozenset({"aiohttp", "anyio", "asyncio", "tornado", "trio", "twisted", "uvloop"})
# servers that call every handler in one thread
_ONE_THREAD_SERVERS = ("twisted.", "tornado.")


class Reached(NamedTuple):
    """How threads get to a function: the places on the way, the outermost first."""

    how: str
    way: tuple[Evidence, ...]


class ThreadsReaching(NamedTuple):
    """How threads that run beside each other get to the function of this dotted name."""

    function: str

    def answer(self, project: Project) -> Reached | None:
        """The first way that is found, going from caller to caller; None where no thread is seen."""
        seen = {self.function}
        queue: list[tuple[str, tuple[Evidence, ...]]] = [(self.function, ())]
        while queue:
            name, way = queue.pop(0)
            scope = project.find(name)
            if scope is None or not scope.is_function or scope.is_async:
                continue  # one thread runs the loop, and a plain function that it calls is not interrupted
            if (server := _serves(project, scope)) is not None:
                return Reached(server.how, (*server.way, *way))
            for caller in project.ask(CallersOf(name)):
                here = Evidence(caller.path, caller.row, f"calls '{name.rpartition('.')[2]}'")
                if caller.hands_over:
                    there = here._replace(message=f"runs '{name.rpartition('.')[2]}' in another thread")
                    return Reached("a thread", (there, *way))
                if caller.function and caller.function not in seen and len(seen) < _CALLERS and len(way) < _STEPS:
                    seen.add(caller.function)
                    queue.append((caller.function, (here, *way)))
        return None


class Caller(NamedTuple):
    """A place that uses a function: in which function ("" for a module's own body), whether that is a coroutine, and
    whether it gives the function to a thread rather than calling it."""

    path: str
    row: int
    function: str
    in_coroutine: bool
    hands_over: bool


class CallersOf(NamedTuple):
    """Where code that is no test calls a function, or hands it to a thread or an executor, by its dotted name."""

    function: str

    def answer(self, project: Project) -> tuple[Caller, ...]:
        """In the order of files and rows."""
        found: list[Caller] = []
        for use in project.ask(ReferencesTo(self.function)):
            module = project.module(use.module) if use.kind in ("call", "other") else None
            if module is None or module.is_test:
                continue
            handed_over = use.kind == "other" and _is_handed_over(module, use.row, self.function.rpartition(".")[2])
            if use.kind == "call" or handed_over:
                function = f"{use.module}.{use.scope}".replace("<locals>.", "") if use.scope else ""
                in_coroutine = any(s.is_async for s in module.functions if s.qualname == use.scope)
                found.append(Caller(use.path, use.row, function, in_coroutine, handed_over))
        return tuple(found)


def _serves(project: Project, scope: Scope) -> Reached | None:
    """The request handler of the same file from which plain calls lead to a function."""
    path = path_to(project, scope)
    if path is None or path.handler.is_task:
        return None
    chain = [path.handler.scope, *path.calls[1:]]
    in_one_thread = any(b.target.startswith(_ONE_THREAD_SERVERS) for b in scope.module.imports)
    if in_one_thread or any(s.is_async for s in chain):
        return None
    first = Evidence(scope.module.relpath, chain[0].row, f"'{chain[0].qualname}' is {path.handler.how}")
    steps = (Evidence(scope.module.relpath, s.row, f"'{s.qualname}' is called from there") for s in chain[1:])
    return Reached("a request", (first, *steps))


def _is_handed_over(module: Module, row: int, name: str) -> bool:
    """Whether a row gives a function to a thread, or to something that runs it in one."""
    for scope in module.scopes:
        if not scope.holds([row]):
            continue
        for node in own_nodes(scope.node, [row]):
            if isinstance(node, ast.Call) and _runs_in_a_thread(node):
                given = [*node.args, *(k.value for k in node.keywords)]
                if any((dotted(a) or "").rpartition(".")[2] == name for a in given):
                    return True
    return False


def _runs_in_a_thread(call: ast.Call) -> bool:
    receiver, _, last = (dotted(call.func) or "").rpartition(".")
    if last in _THREAD_MAKERS:
        return any(k.arg in ("target", "function") for k in call.keywords) or last == "Timer"
    return last in _HANDS_OVER and (last not in _OF_AN_EXECUTOR or bool(_EXECUTOR.search(receiver)))


def how_reached(project: Project, scope: Scope) -> Reached | None:
    """How threads get to a function, as far as the project shows: by their way to it, else because its module minds
    threads."""
    reached = project.ask(ThreadsReaching(scope.dotted))
    if reached is None and (row := scope.module.derive(_minds_threads)):
        return Reached("threads", (Evidence(scope.module.relpath, row, "the module minds threads"),))
    return reached


def is_about_loops(module: Module) -> bool:
    """Whether a module imports an event loop's library: if no thread is seen there, there is one."""
    return any(b.loads.partition(".")[0] in _LOOPS for b in module.imports)


def _minds_threads(module: Module) -> int:
    """The row in which a module makes a lock, or asks in which thread it is; 0 where it does neither."""
    if not any(b.target.partition(".")[0] in ("threading", "_thread") for b in module.imports):
        return 0
    calls = ((n, s) for s in module.scopes for n in own_nodes(s.node) if isinstance(n, ast.Call))
    return min((n.lineno for n, s in calls if module.resolve(n.func, s) in _OF_THREADS), default=0)


class RunsAlone(NamedTuple):
    """Whether a function runs while no other thread can: it is called before there are any (by a module's own body, by
    start-up code), or by coroutines alone, which share a thread."""

    function: str

    def answer(self, project: Project) -> bool:
        """By every call of it outside tests."""
        callers = project.ask(CallersOf(self.function))
        if any(c.hands_over for c in callers):
            return False
        early = (not c.function or _starts_up(project, c.function) for c in callers)
        return any(early) or (bool(callers) and all(c.in_coroutine for c in callers))


def _starts_up(project: Project, function: str) -> bool:
    """Whether a function is one of those that begin a program; a method of such a name may begin anything else."""
    owner, _, last = function.rpartition(".")
    is_method = project.class_outline(owner) is not None
    if not _START_UP.match(last) and (not _STARTS.match(last) or (is_method and not _PROGRAM.search(owner))):
        return False
    return not any(caller.hands_over for caller in project.ask(CallersOf(function)))


def grade(made: Made | None, reached: Reached | None, settings: Settings, *, one_thread: bool = False) -> Confidence:
    """How sure a race on a factory is to do harm.

    Args:
        made: what the factory makes; None where it is called for another effect that must not happen twice.
        reached: how threads get there.
        settings: with ``free-threaded`` nothing is too short to be interrupted.
        one_thread: an event loop, a GUI or start-up code alone calls it.
    """
    if one_thread or (made is not None and made.of_loop):
        return Confidence.LOW
    is_sure = made is None or (made.is_sure and made.kind == "resource")
    level = Confidence.LOW + is_sure + (reached is not None) + settings.free_threaded
    return Confidence(min(level, Confidence.HIGH))
