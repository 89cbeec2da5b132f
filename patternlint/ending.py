"""Requests to end that come while something has to be left in order."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def ending_in_order() -> Iterator[None]:
    """A polite request to end comes as an exception, so that all is left in order."""

    def end(number: int, _: Any) -> None:
        raise SystemExit(128 + number)

    with _handled(end):
        yield


@contextmanager
def undisturbed() -> Iterator[None]:
    """Requests to end are too late."""
    with _handled(signal.SIG_IGN, signal.SIGINT):
        yield


@contextmanager
def _handled(handler: Any, *more: signal.Signals) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else []), *more]
    before = {number: signal.getsignal(number) for number in numbers}
    ours = [number for number, old in before.items() if old not in (None, signal.SIG_IGN)]  # `nohup` is to be heeded
    try:
        for number in ours:
            signal.signal(number, handler)
        yield
    finally:
        for number in ours:
            signal.signal(number, before[number])
