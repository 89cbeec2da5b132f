"""A value that is built at most once per process: what `once`, `once_per` and `Singleton` have in common.

The slow path takes one re-entrant lock, so that a factory that asks for its own value is told so instead of
hanging. The value is published only when it is complete; an exception leaves nothing behind and the next caller
tries again. Readers that need no lock read `value`, or a copy that `publish` keeps for them.
"""

from __future__ import annotations

import atexit
import os
from threading import RLock

from .fork import renew_in_child
from .typed import TYPE_CHECKING, Generic, T

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Literal, TypeAlias

    CloseHook: TypeAlias = str | Callable[[Any], object] | None
    ForkPolicy: TypeAlias = Literal["reset", "keep"]
    ReloadPolicy: TypeAlias = Literal["adopt", "close", "new"]


class _Unset:
    __slots__ = ()

    def __repr__(self) -> str:
        return "UNSET"


UNSET: Any = _Unset()
NOT_OURS = 0  # the owner of a value that was injected: whoever made it closes it

# A forked child must not run the destructors of what it inherited: a database driver's would say goodbye on the
# socket that the parent still uses. So inherited values stay referenced until the child ends.
_inherited: list[object] = []


def check_policies(fork: str, reload: str) -> None:
    """Raise ValueError for a misspelt `fork=` or `reload=`."""
    if fork not in ("reset", "keep"):
        raise ValueError(f"fork must be 'reset' or 'keep', not {fork!r}")
    if reload not in ("adopt", "close", "new"):
        raise ValueError(f"reload must be 'adopt', 'close' or 'new', not {reload!r}")


def call_close_hook(close: CloseHook, value: Any) -> Any:
    """Close `value` by a hook that is a method name or a callable; return what it returned."""
    if close is None or value is None:
        return None
    return getattr(value, close)() if isinstance(close, str) else close(value)


class Cell(Generic[T]):
    """One slot for one value; every change happens under its lock."""

    __slots__ = (
        "__weakref__",
        "_building",
        "_close",
        "_closes_at_exit",
        "_fork",
        "_forks",
        "_lock",
        "_owner",
        "_publish",
        "name",
        "value",
    )

    def __init__(
        self,
        name: str,
        close: CloseHook = None,
        fork: ForkPolicy = "reset",
        publish: Callable[[T], object] | None = None,
    ) -> None:
        self.name = name
        self.value: T = UNSET
        self._owner = NOT_OURS  # the id of the process whose factory made the value
        self._publish = publish
        self._building = False
        self._forks = 0
        self._closes_at_exit = False
        self._lock = RLock()
        self.configure(close, fork)
        renew_in_child(self)

    def configure(self, close: CloseHook, fork: ForkPolicy) -> None:
        """Replace the options, as a reloaded definition does."""
        self._close = close
        self._fork: ForkPolicy = fork

    def build(self, make: Callable[[], T]) -> T:
        """Return the value, calling `make` if there is none yet.

        Raises RuntimeError when `make` asks for the value that it is making; what `make` raises passes through.
        """
        with self._lock:
            if self.value is not UNSET:
                return self.value
            if self._building:  # the lock is ours, so this is the thread that is already inside `make`
                raise RuntimeError(
                    f"{self.name} re-entered while initialising: its factory, directly or not, asks for the value "
                    "that it is making"
                )
            self._building = True
            forks = self._forks
            try:
                value = make()
            finally:
                self._building = False
            if forks == self._forks:  # else `make` forked and this is the child: the parent may own parts of it
                self._store(value, os.getpid())
                if self._close is not None and not self._closes_at_exit:
                    self._closes_at_exit = True
                    atexit.register(self._close_at_exit)
            return value

    def reset(self) -> None:
        """Forget the value, then close it if this process built it; what the close hook raises passes through."""
        value, owner = self._swap(UNSET, NOT_OURS)
        if self._closes_at_exit:
            # The next build registers again, so that hooks run in the reverse order of the builds.
            self._closes_at_exit = False
            atexit.unregister(self._close_at_exit)
        self._close_owned(value, owner)

    def set(self, value: T) -> None:
        """Put `value` in place; it stays the caller's to close. A value that was built here is closed."""
        self._close_owned(*self._swap(value, NOT_OURS))

    def peek(self) -> T | None:
        """Return the value, or None; never builds."""
        value = self.value
        return None if value is UNSET else value

    @property
    def empty(self) -> bool:
        """Whether there is no value and nobody is making one."""
        return self.value is UNSET and not self._building

    def override(self, value: T) -> Override[T]:
        """Return a context manager that puts `value` in place for all threads, and back what was there."""
        return Override(self.exchange, self.discard, value)

    def exchange(self, state: tuple[T, int]) -> tuple[T, int]:
        """Put a value and its owner in place and return the ones before, closed by nobody."""
        return self._swap(*state)

    def discard(self, state: tuple[T, int]) -> None:
        """Close a value that `exchange` returned, if it was built here."""
        self._close_owned(*state)

    def after_fork_in_child(self) -> None:
        """Get a fresh lock and forget the value, without closing it: it is the parent's."""
        self._lock = RLock()
        self._building = False
        self._forks += 1
        self._closes_at_exit = False
        if self._fork == "reset" and self.value is not UNSET:
            _inherited.append(self.value)
            self._store(UNSET, NOT_OURS)

    def _swap(self, value: T, owner: int) -> tuple[T, int]:
        with self._lock:
            if self._building:
                raise RuntimeError(f"{self.name} is still initialising: its factory cannot set or reset it")
            before = (self.value, self._owner)
            self._store(value, owner)
            return before

    def _store(self, value: T, owner: int) -> None:
        changed = value is not self.value
        self.value = value
        self._owner = owner
        if changed and self._publish is not None:
            self._publish(value)

    def _close_owned(self, value: T, owner: int) -> None:
        # Outside the lock: a hook that joins threads which use the value must not wait for itself.
        if value is UNSET or owner != os.getpid():
            return
        outcome = call_close_hook(self._close, value)
        if hasattr(outcome, "__await__"):
            if hasattr(outcome, "close"):
                outcome.close()
            raise TypeError(
                f"the close hook of {self.name} is asynchronous: make the factory 'async def', or close in a callable"
            )

    def _close_at_exit(self) -> None:
        if self.value is not UNSET:  # read without the lock: a daemon thread may hold it for ever
            self._close_owned(*self._swap(UNSET, NOT_OURS))


class Override(Generic[T]):
    """Context manager: another value for a while, for all threads; the one before comes back at the end."""

    __slots__ = ("_before", "_discard", "_exchange", "_value")

    def __init__(
        self,
        exchange: Callable[[tuple[T, int]], tuple[T, int]],
        discard: Callable[[tuple[T, int]], object],
        value: T,
    ) -> None:
        self._exchange = exchange
        self._discard = discard
        self._value = value
        self._before: list[tuple[T, int]] = []  # a stack, so that one override may be entered again

    def __enter__(self) -> T:
        self._before.append(self._exchange((self._value, NOT_OURS)))
        return self._value

    def __exit__(self, *_exception: object) -> None:
        # What is displaced is the injected value, or one that was built after a reset in between.
        self._discard(self._exchange(self._before.pop()))
