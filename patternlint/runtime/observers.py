"""Observers that do not outlive their objects: `ObserverList`.

A list of bound methods keeps every object that ever subscribed alive. A weak reference to a bound method is dead at
once, since `obj.method` is made anew each time. So an entry here is a pair: a weak reference to the object, and the
plain function.

    self.listeners = ObserverList()
    subject.listeners.append(self.on_change)     # gone when this object is
    subject.listeners.notify(event)

The pairs are two-item lists in a tuple that is rebuilt after a change; a removal overwrites the pair's reference
with one that is always dead, so that a round that is already running skips the entry at no cost. Dead entries are
swept when the list has doubled, not by a callback per reference, which could run inside the lock, on any thread.
"""

from __future__ import annotations

from operator import call as call_target
from threading import RLock
from types import MethodType
from weakref import ref

from .fork import renew_in_child
from .typed import TYPE_CHECKING, Generic, ObserverP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, Literal, NoReturn, TypeAlias

    # [what gives the target or None, the function that is called with the target first]; a callable that is no
    # bound method is its own target, called by operator.call.
    Pair: TypeAlias = list[Callable[..., Any]]
    ErrorHandler: TypeAlias = Literal["raise", "log"] | Callable[[Exception, Callable[..., Any]], object]


def _gone() -> None:
    """Stand for the target of an entry that was removed."""


class ObserverList(Generic[ObserverP]):
    """A list of callbacks for `append`, `add`, `remove`, `discard`, `clear`, `copy`, `len`, `in` and iteration.

    Bound methods are held weakly: the entry goes with its object. An object that only this list kept alive is
    therefore gone at once; append it with `strong=True`, or keep it elsewhere. Functions, lambdas, partials and
    other callables are held strongly, unless `weak=True`. A method whose object cannot be weakly referenced
    (`__slots__` without `__weakref__`) is held strongly too, with a RuntimeWarning.

    A round (`notify`, `anotify`, iteration) calls those who were there when it began, in order, except those that
    are removed or die before their turn; who is added during a round is called from the next one on. All methods
    may be called from any thread, and from the callbacks.

    on_error says what becomes of an observer's exception; the others are called in any case:
        "raise" (default)  all of them are raised together at the end, as an ExceptionGroup
        "log"              each is logged, with its traceback, by the logger named after this module
        a function         it is called with the exception and the callback
    What is no `Exception` (KeyboardInterrupt, CancelledError) ends the round at once.

    Two lists are never equal; a list can be copied, not pickled. Finding an entry takes time proportional to the
    length: this is made for up to some thousands of observers.
    """

    __slots__ = ("__weakref__", "_lock", "_on_error", "_pairs", "_round", "_sweep_above")

    def __init__(
        self, callbacks: Iterable[Callable[ObserverP, object]] = (), /, *, on_error: ErrorHandler = "raise"
    ) -> None:
        if on_error not in ("raise", "log") and not callable(on_error):
            raise ValueError(f"on_error must be 'raise', 'log' or a function, not {on_error!r}")
        self._on_error: ErrorHandler = on_error
        self._pairs: list[Pair] = []
        self._round: tuple[Pair, ...] | None = ()
        self._sweep_above = 32
        self._lock = RLock()  # re-entrant: a destructor that runs inside may unsubscribe
        renew_in_child(self)
        for callback in callbacks:
            self.append(callback)

    def append(self, callback: Callable[ObserverP, object], /, *, weak: bool = False, strong: bool = False) -> None:
        """Add `callback` at the end, also when it is there already.

        weak: hold a function or other callable weakly too; raises TypeError where that is impossible.
        strong: hold the object of a bound method strongly.
        """
        self.append_pair(callback, weak, strong)

    def add(self, callback: Callable[ObserverP, object], /, *, weak: bool = False, strong: bool = False) -> None:
        """Add `callback` at the end unless it is there already, as a set would."""
        with self._lock:
            if self._find(callback) is None:
                self.append(callback, weak=weak, strong=strong)

    def extend(self, callbacks: Iterable[Callable[ObserverP, object]], /) -> None:
        """Append every one of `callbacks`."""
        for callback in callbacks:
            self.append(callback)

    def remove(self, callback: Callable[ObserverP, object], /) -> None:
        """Remove the first entry equal to `callback`; raises ValueError if there is none."""
        if not self._remove(callback):
            raise ValueError(f"{callback!r} is not in the observer list")

    def discard(self, callback: Callable[ObserverP, object], /) -> None:
        """Remove the first entry equal to `callback`, if there is one."""
        self._remove(callback)

    def clear(self) -> None:
        """Remove all entries; a round that is running calls none of them any more."""
        with self._lock:
            removed, self._pairs, self._round = self._pairs, [], ()
            for pair in removed:
                pair[0] = _gone

    def copy(self) -> ObserverList[ObserverP]:
        """Return a list with the same entries, held as they are here."""
        duplicate: ObserverList[ObserverP] = type(self)(on_error=self._on_error)
        duplicate._pairs = [list(pair) for pair in self._take_round()]
        duplicate._round = None
        return duplicate

    def notify(self, /, *args: ObserverP.args, **kwargs: ObserverP.kwargs) -> None:
        """Call every observer with these arguments; see the class for order, removal and errors."""
        errors: list[Exception] | None = None
        current = self._round
        if current is None:
            current = self._take_round()
        # Two loops: unpacking `*args, **kwargs` for each observer would cost three times a plain call.
        if len(args) == 1 and not kwargs:
            (argument,) = args
            for alive, function in current:
                target = alive()
                if target is not None:
                    try:
                        function(target, argument)
                    except Exception as error:
                        errors = self._note(errors, error, target, function)
        else:
            for alive, function in current:
                target = alive()
                if target is not None:
                    try:
                        function(target, *args, **kwargs)
                    except Exception as error:
                        errors = self._note(errors, error, target, function)
        if errors:
            _raise_together(errors)

    async def anotify(self, /, *args: ObserverP.args, **kwargs: ObserverP.kwargs) -> None:
        """Call every observer in order and await what is awaitable, one after the other."""
        errors: list[Exception] | None = None
        for alive, function in self._take_round():
            target = alive()
            if target is not None:
                try:
                    outcome = function(target, *args, **kwargs)
                    if hasattr(outcome, "__await__"):
                        await outcome
                except Exception as error:
                    errors = self._note(errors, error, target, function)
        if errors:
            _raise_together(errors)

    def __iter__(self) -> Iterator[Callable[ObserverP, object]]:
        """Iterate over the callbacks that live, by the rules of a round."""
        current = self._round
        for alive, function in self._take_round() if current is None else current:
            target = alive()
            if target is not None:
                yield target if function is call_target else MethodType(function, target)

    def __len__(self) -> int:
        """Return the number of entries that live."""
        return sum(pair[0]() is not None for pair in self._take_round())

    def __bool__(self) -> bool:
        """Return whether any entry lives."""
        return any(pair[0]() is not None for pair in self._take_round())

    def __contains__(self, callback: object) -> bool:
        """Return whether an entry is equal to `callback`."""
        with self._lock:
            return self._find(callback) is not None

    def __iadd__(self, callbacks: Iterable[Callable[ObserverP, object]]) -> ObserverList[ObserverP]:
        """Append every one of `callbacks`."""
        self.extend(callbacks)
        return self

    def __copy__(self) -> ObserverList[ObserverP]:
        return self.copy()

    def __deepcopy__(self, memo: object) -> ObserverList[ObserverP]:
        # The subject is copied; those who watch it are other people's objects.
        return self.copy()

    def __reduce__(self) -> NoReturn:
        raise TypeError("an ObserverList cannot be pickled: its observers are objects of this process")

    def __repr__(self) -> str:
        return f"ObserverList({list(self)!r})"

    def append_pair(self, callback: Callable[ObserverP, object], weak: bool, strong: bool) -> Pair:
        """Do what `append` does and return the new entry, for those who will remove this very one."""
        # The common case is not left to _make_pair: another call would cost as much as all the rest.
        if isinstance(callback, MethodType) and not (weak or strong):
            try:
                pair: Pair = [ref(callback.__self__), callback.__func__]
            except TypeError:
                pair = _make_pair(callback, weak, strong)
        else:
            pair = _make_pair(callback, weak, strong)
        with self._lock:
            pairs = self._pairs
            pairs.append(pair)
            self._round = None
            if len(pairs) > self._sweep_above:
                self._sweep()
        return pair

    def remove_pair(self, pair: Pair) -> None:
        """Remove this very entry; harmless when it is gone."""
        with self._lock:
            pair[0] = _gone
            self._round = None

    def joined_with(self, other: ObserverList[ObserverP]) -> ObserverList[ObserverP]:
        """Return a list for one round over the entries of both, which it shares with them."""
        joined: ObserverList[ObserverP] = ObserverList.__new__(ObserverList)
        joined._on_error = self._on_error
        joined._round = self._take_round() + other._take_round()
        return joined

    def after_fork_in_child(self) -> None:
        """Get a fresh lock: another thread of the parent may have held it."""
        self._lock = RLock()

    def _remove(self, callback: object) -> bool:
        with self._lock:
            pair = self._find(callback)
            if pair is None:
                return False
            self.remove_pair(pair)
            return True

    def _find(self, callback: object) -> Pair | None:
        """Return the first living pair equal to `callback`, as bound methods compare: same object, equal function."""
        pairs = tuple(self._pairs)  # a destructor or an `__eq__` may change the list meanwhile
        if isinstance(callback, MethodType):
            bound_to, function = callback.__self__, callback.__func__
            for pair in pairs:
                if pair[0]() is bound_to and pair[1] == function:
                    return pair
            return None
        for pair in pairs:
            if pair[1] is call_target:
                target = pair[0]()
                if target is not None and (target is callback or target == callback):
                    return pair
        return None

    def _take_round(self) -> tuple[Pair, ...]:
        current = self._round
        if current is None:
            with self._lock:
                self._sweep()
                current = self._round = tuple(self._pairs)
        return current

    def _sweep(self) -> None:
        # Testing an entry can drop the last reference to its object and run a destructor that appends or removes
        # here. Removal leaves the pair where it is and appending goes behind what is looked at: nothing is lost.
        pairs = self._pairs
        looked_at = len(pairs)
        living = [pair for pair in pairs[:looked_at] if pair[0]() is not None]
        self._sweep_above = 2 * len(living) + 32
        pairs[:looked_at] = living

    def _note(
        self, errors: list[Exception] | None, error: Exception, target: Any, function: Callable[..., Any]
    ) -> list[Exception] | None:
        if self._on_error == "raise":
            errors = errors or []
            errors.append(error)
            return errors
        callback = target if function is call_target else MethodType(function, target)
        if self._on_error == "log":
            import logging

            logging.getLogger(__name__).error("observer %r failed", callback, exc_info=error)
        else:
            self._on_error(error, callback)
        return None


def _raise_together(errors: list[Exception]) -> NoReturn:
    try:
        raise ExceptionGroup(f"{len(errors)} observer{'s' if len(errors) > 1 else ''} failed", errors)
    finally:
        del errors  # the frame is in the traceback: no cycle through it


def _make_pair(callback: Callable[..., Any], weak: bool, strong: bool) -> Pair:
    """Return the pair that holds `callback`; raises TypeError if it is not callable or cannot be held as asked."""
    if weak and strong:
        raise TypeError("an observer is held weakly or strongly, not both")
    if isinstance(callback, MethodType):
        target, function = callback.__self__, callback.__func__
        if strong:
            return [lambda: target, function]
        try:
            return [ref(target), function]
        except TypeError:
            if weak:
                raise
            import warnings

            warnings.warn(
                f"{callback!r} is held strongly: {type(target).__qualname__} objects cannot be weakly referenced; "
                "add '__weakref__' to __slots__, or pass strong=True",
                RuntimeWarning,
                stacklevel=4,  # the caller of append or connect
            )
            return [lambda: target, function]
    if not callable(callback):
        raise TypeError(f"an observer must be callable, not {callback!r}")
    return [ref(callback) if weak else lambda: callback, call_target]
