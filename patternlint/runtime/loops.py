"""A value that is built at most once per running event loop: what async `once` and `once_per` stand on.

Async resources belong to the loop that made them, so each loop has its own. Tasks hold their loop, so a weak
dictionary keyed by loop would never drop an entry; instead closed loops are swept out whenever a loop builds.
This module imports asyncio and is itself imported only when an `async def` is decorated.
"""

from __future__ import annotations

import asyncio
from threading import RLock

from .cell import NOT_OURS, UNSET, Override, call_close_hook
from .fork import renew_in_child
from .typed import TYPE_CHECKING, Generic, T

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any

    from .cell import CloseHook, ForkPolicy


class LoopCell(Generic[T]):
    """One slot per loop, plus one injected value that stands for all of them."""

    __slots__ = ("__weakref__", "_close", "_fork", "_injected", "_lock", "_name", "_tasks")

    def __init__(self, name: str, close: CloseHook, fork: ForkPolicy) -> None:
        self._name = name
        self._injected: T = UNSET
        self._tasks: dict[asyncio.AbstractEventLoop, asyncio.Task[T]] = {}
        self._lock = RLock()  # guards the dictionary only; never held while anything is awaited
        self.configure(close, fork)
        renew_in_child(self)

    def configure(self, close: CloseHook, fork: ForkPolicy) -> None:
        """Replace the options, as a reloaded definition does."""
        self._close = close
        self._fork: ForkPolicy = fork

    async def get(self, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Return the running loop's value, starting `make` in a task of its own if there is none."""
        if self._injected is not UNSET:
            return self._injected
        task = self.start(make)
        if task.done():
            return task.result()
        if asyncio.current_task() is task:
            raise RuntimeError(
                f"{self._name} re-entered while initialising: its factory awaits the value that it is making"
            )
        return await asyncio.shield(task)

    def start(self, make: Callable[[], Coroutine[Any, Any, T]]) -> asyncio.Task[T]:
        """Return the running loop's task, a new one if there is none or it was cancelled."""
        loop = asyncio.get_running_loop()
        task = self._tasks.get(loop)
        if task is not None and not task.cancelled():
            return task
        with self._lock:
            for closed in [known for known in self._tasks if known.is_closed()]:
                del self._tasks[closed]
            # Not loop.create_task: an eager task factory would run `make` before the task is known here.
            task = asyncio.Task(self._run(make, loop), loop=loop)
            self._tasks[loop] = task
        return task

    async def _run(self, make: Callable[[], Coroutine[Any, Any, T]], loop: asyncio.AbstractEventLoop) -> T:
        try:
            return await make()
        except BaseException:
            with self._lock:
                if self._tasks.get(loop) is asyncio.current_task():
                    del self._tasks[loop]
            raise

    @property
    def started(self) -> bool:
        """Whether the running loop has or awaits a value."""
        task = self._tasks.get(asyncio.get_running_loop())
        return self._injected is not UNSET or (task is not None and not task.cancelled())

    @property
    def empty(self) -> bool:
        """Whether no loop has or awaits a value."""
        return not self._tasks and self._injected is UNSET

    def reset(self) -> None:
        """Forget the values of all loops, closing none."""
        with self._lock:
            self._tasks.clear()
            self._injected = UNSET

    async def aclose(self) -> None:
        """Forget the running loop's value and close it; one that is being made is awaited first."""
        with self._lock:
            task = self._tasks.pop(asyncio.get_running_loop(), None)
        if task is None or task.cancelled():
            return
        try:
            value = await asyncio.shield(task)
        except Exception:  # it failed: those who asked for it were told, and there is nothing to close
            return
        outcome = call_close_hook(self._close, value)
        if hasattr(outcome, "__await__"):
            await outcome

    def set(self, value: T) -> None:
        """Put `value` in place for all loops."""
        self.exchange((value, NOT_OURS))

    def peek(self) -> T | None:
        """Return the injected value, or the running loop's if it is ready, else None."""
        if self._injected is not UNSET:
            return self._injected
        try:
            task = self._tasks.get(asyncio.get_running_loop())
        except RuntimeError:  # no loop runs in this thread
            return None
        if task is None or not task.done() or task.cancelled() or task.exception() is not None:
            return None
        return task.result()

    def override(self, value: T) -> Override[T]:
        """Return a context manager that puts `value` in place for all loops, and back what was there."""
        return Override(self.exchange, lambda _displaced: None, value)

    def exchange(self, state: tuple[T, int]) -> tuple[T, int]:
        """Put an injected value in place and return the one before; the values of the loops stay."""
        with self._lock:
            before, self._injected = self._injected, state[0]
            return before, NOT_OURS

    def after_fork_in_child(self) -> None:
        """Get a fresh lock and forget the values: the loops that they belong to run in the parent."""
        self._lock = RLock()
        if self._fork == "reset":
            _inherited.append((self._tasks, self._injected))
            self._tasks = {}
            self._injected = UNSET


_inherited: list[object] = []  # kept from being destroyed in a forked child, as in `cell`
