"""An event that others connect to: `Signal`.

    class Order:
        shipped: Signal[[Order]] = Signal()

    subscription = Order.shipped.connect(self.on_shipped)       # weak: ends with this object at the latest
    Order.shipped.connect(self.on_mine, sender=order)           # only what this order sends
    Order.shipped.notify(order)                                 # the sender is the first argument
    subscription()                                              # or `with signal.connect(...):`, or .cancel()

What holds for an ObserverList holds here: weak bound methods, a fixed round, removal during it, isolated errors.
"""

from __future__ import annotations

from threading import RLock
from weakref import ref

from .fork import renew_in_child
from .observers import ObserverList
from .typed import TYPE_CHECKING, Generic, ObserverP

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .observers import ErrorHandler, Pair

_ANY_SENDER: Any = object()


class Subscription:
    """One connection. Calling it, `cancel()` or leaving its `with` block ends it; doing so again is harmless.

    Dropping it does not end the connection. It keeps neither the signal nor a weakly held observer alive, so it may
    be the callback of a `weakref.finalize` of either. Thread-safe.
    """

    __slots__ = ("__weakref__", "_observers", "_pair")

    def __init__(self, observers: ref[ObserverList[...]], pair: Pair) -> None:
        self._observers = observers
        self._pair = pair

    def cancel(self) -> None:
        """End the connection; a round that is running skips it if its turn has not come."""
        observers = self._observers()
        if observers is not None:
            observers.remove_pair(self._pair)

    __call__ = cancel

    @property
    def active(self) -> bool:
        """Whether the observer is still connected and alive."""
        return self._observers() is not None and self._pair[0]() is not None

    def __enter__(self) -> Subscription:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.cancel()

    def __repr__(self) -> str:
        return f"<Subscription {'active' if self.active else 'ended'}>"


class Signal(Generic[ObserverP]):
    """An event with typed arguments: `Signal[[Order, float]]`. All methods may be called from any thread.

    name: shown in the repr. on_error: what becomes of an observer's exception, as for ObserverList.
    """

    __slots__ = ("__weakref__", "_by_sender", "_lock", "_name", "_observers", "_on_error", "_reference")

    def __init__(self, name: str = "", *, on_error: ErrorHandler = "raise") -> None:
        self._name = name
        self._on_error: ErrorHandler = on_error
        self._observers: ObserverList[ObserverP] = ObserverList(on_error=on_error)
        self._reference: ref[ObserverList[...]] = ref(self._observers)
        # By identity for objects, by value for what cannot be weakly referenced (str, int, ...).
        self._by_sender: dict[object, tuple[Callable[[], Any], ObserverList[ObserverP]]] = {}
        self._lock = RLock()
        renew_in_child(self)

    def connect(
        self,
        callback: Callable[ObserverP, object],
        /,
        *,
        sender: object = _ANY_SENDER,
        weak: bool = False,
        strong: bool = False,
    ) -> Subscription:
        """Have `callback` called by every `notify`, or by those whose first argument is `sender`.

        Senders are told apart by identity (strings, numbers and the like by value) and held weakly. Connecting
        twice calls twice. weak, strong: as for `ObserverList.append`.
        """
        if sender is _ANY_SENDER:
            return Subscription(self._reference, self._observers.append_pair(callback, weak, strong))
        with self._lock:  # around both, so that no other thread sweeps the list away while it is empty
            observers = self._observers_of(sender)
            return Subscription(ref(observers), observers.append_pair(callback, weak, strong))

    def disconnect(self, callback: Callable[ObserverP, object], /, *, sender: object = _ANY_SENDER) -> None:
        """End the first connection of `callback` (with this `sender`), if there is one."""
        observers = self._observers if sender is _ANY_SENDER else self._find(sender)
        if observers is not None:
            observers.discard(callback)

    def notify(self, /, *args: ObserverP.args, **kwargs: ObserverP.kwargs) -> None:
        """Call the observers of all senders, then those of the sender `args[0]`, each in order of connection.

        Raises the observers' exceptions together, as an ExceptionGroup, unless `on_error` says otherwise.
        """
        if not self._by_sender:
            self._observers.notify(*args, **kwargs)
            return
        self._everyone(args).notify(*args, **kwargs)

    async def anotify(self, /, *args: ObserverP.args, **kwargs: ObserverP.kwargs) -> None:
        """Do what `notify` does, and await each observer that is asynchronous before the next is called."""
        await self._everyone(args).anotify(*args, **kwargs)

    def clear(self) -> None:
        """End all connections."""
        with self._lock:
            filtered = list(self._by_sender.values())
            self._by_sender.clear()
        self._observers.clear()
        for _, observers in filtered:
            observers.clear()

    def __len__(self) -> int:
        """Return the number of living connections."""
        return len(self._observers) + sum(len(observers) for _, observers in list(self._by_sender.values()))

    def __bool__(self) -> bool:
        """Return True: a signal without observers is still a signal."""
        return True

    def __repr__(self) -> str:
        return f"<Signal {self._name or hex(id(self))}: {len(self)} connected>"

    def after_fork_in_child(self) -> None:
        """Get a fresh lock: another thread of the parent may have held it."""
        self._lock = RLock()

    def _everyone(self, args: tuple[Any, ...]) -> ObserverList[ObserverP]:
        """Return the observers of a round; entries are shared, so a removal during the round counts."""
        filtered = self._find(args[0]) if args and self._by_sender else None
        return self._observers if filtered is None else self._observers.joined_with(filtered)

    def _find(self, sender: object) -> ObserverList[ObserverP] | None:
        entry = self._by_sender.get(id(sender))
        if entry is not None and entry[0]() is sender:  # the id of a dead sender may have been given away
            return entry[1]
        try:
            entry = self._by_sender.get((type(sender), sender))
        except TypeError:  # not hashable, so not kept by value
            return None
        return None if entry is None else entry[1]

    def _observers_of(self, sender: object) -> ObserverList[ObserverP]:
        for key, (alive, observers) in list(self._by_sender.items()):
            if alive() is None or not observers:
                del self._by_sender[key]
        found = self._find(sender)
        if found is None:
            found = ObserverList(on_error=self._on_error)
            try:
                self._by_sender[id(sender)] = (ref(sender), found)
            except TypeError:
                self._by_sender[type(sender), sender] = (lambda: sender, found)
        return found
