"""What the runtime's tests share: a race of threads, a forked child, a module that can be reloaded."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading
import traceback
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

Race = Callable[..., list[Any]]
Forked = Callable[[Callable[[], object]], None]
WriteModule = Callable[[str], ModuleType]


@pytest.fixture
def race() -> Race:
    """Run a function in 16 threads that start at once; returns their results, exceptions in the place of theirs."""

    def run(function: Callable[[], Any], threads: int = 16) -> list[Any]:
        barrier = threading.Barrier(threads)
        results: list[Any] = [None] * threads

        def work(index: int) -> None:
            barrier.wait(10)
            try:
                results[index] = function()
            except BaseException as error:
                results[index] = error

        workers = [threading.Thread(target=work, args=(index,), daemon=True) for index in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join(60)
            assert not worker.is_alive(), "a thread hangs"
        return results

    return run


@pytest.fixture
def forked() -> Forked:
    """Run a check in a forked child; fails when it fails there, or hangs for five seconds."""

    def run(check: Callable[[], object]) -> None:
        reader, writer = os.pipe()
        with warnings.catch_warnings():
            # From 3.12 on, Python warns of forking with threads: that is what is tested here.
            warnings.simplefilter("ignore", DeprecationWarning)
            pid = os.fork()
        if pid == 0:
            code = 1
            try:
                os.close(reader)
                signal.alarm(5)
                check()
                code = 0
            except BaseException:
                os.write(writer, traceback.format_exc().encode())
            finally:
                os._exit(code)
        os.close(writer)
        with open(reader) as report:
            text = report.read()
        _, status = os.waitpid(pid, 0)
        assert not os.WIFSIGNALED(status), "the child hangs"
        assert os.waitstatus_to_exitcode(status) == 0, text

    return run


@pytest.fixture
def write_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[WriteModule]:
    """Write a module `reloadable` and import it, or reload it when it has been imported."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)  # two versions may have the same size and time

    def write(text: str) -> ModuleType:
        (tmp_path / "reloadable.py").write_text(text)
        importlib.invalidate_caches()
        known = sys.modules.get("reloadable")
        return importlib.import_module("reloadable") if known is None else importlib.reload(known)

    yield write
    sys.modules.pop("reloadable", None)
