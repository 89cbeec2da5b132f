"""How threads get to construct a class."""

from __future__ import annotations

from typing import NamedTuple

from patternlint.facts import Scope
from patternlint.project import Project
from patternlint.rule import Evidence
from patternlint_rules.singleton.concurrency import CallersOf, Reached, ThreadsReaching, how_reached
from patternlint_rules.singleton.lifetime import is_for_threads

_CALLERS = 12


class ThreadsConstructing(NamedTuple):
    """How threads that run beside each other get to construct the class of this dotted name."""

    class_name: str

    def answer(self, project: Project) -> Reached | None:
        """By the first functions that call it, and how threads reach those."""
        last = self.class_name.rpartition(".")[2]
        for caller in project.ask(CallersOf(self.class_name))[:_CALLERS]:
            here = Evidence(caller.path, caller.row, f"constructs '{last}'")
            if caller.hands_over:
                return Reached("a thread", (here,))
            reached = project.ask(ThreadsReaching(caller.function)) if caller.function else None
            if reached is not None:
                return Reached(reached.how, (*reached.way, here))
        return None


def how_made(project: Project, scope: Scope, of_class: Scope | None) -> Reached | None:
    """How threads get to a function that makes a shared object: by calls of it, or of the class whose constructor it
    is; else because the class or the module deals with threads."""
    if of_class is None or scope.name not in ("__new__", "__init__", "__call__"):
        return how_reached(project, scope)
    reached = project.ask(ThreadsConstructing(of_class.dotted))
    if reached is None and is_for_threads(of_class):
        return Reached("threads", ())
    return reached
