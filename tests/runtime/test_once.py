"""`once`: one value per process, whatever the threads, exceptions, forks and reloads."""

from __future__ import annotations

import copy
import functools
import gc
import importlib
import inspect
import itertools
import pickle
import subprocess
import sys
import threading
import time
import unittest.mock
import weakref
from pathlib import Path
from typing import Any

import pytest
from threads_forks_reloads import Forked, Race, WriteModule

from patternlint.runtime import once


class Pool:
    def __init__(self, name: str = "") -> None:
        self.name = name
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


@once
def module_pool() -> Pool:
    """The pool of this module."""
    return Pool()


class Holder:
    @staticmethod
    @once
    def pool() -> Pool:
        return Pool()


def test_sixteen_threads_get_one_value_from_one_call(race: Race) -> None:
    calls = []

    @once
    def get() -> Pool:
        calls.append(threading.get_ident())
        time.sleep(0.02)
        return Pool()

    pools = race(get)
    assert len(calls) == 1
    assert {id(pool) for pool in pools} == {id(get())}


def test_value_may_be_none_or_false(race: Race) -> None:
    calls = []

    @once
    def get() -> None:
        calls.append(1)

    assert get() is None
    assert get() is None
    assert calls == [1]


def test_exception_reaches_its_caller_and_the_next_caller_tries_again(race: Race) -> None:
    attempts = []

    @once
    def get() -> Pool:
        attempts.append(1)
        time.sleep(0.005)
        if len(attempts) < 4:
            raise ConnectionError("not yet")
        return Pool()

    results = race(get)
    errors = [result for result in results if isinstance(result, ConnectionError)]
    pools = [result for result in results if isinstance(result, Pool)]
    assert len(errors) == 3
    assert len(pools) == 13
    assert len(set(map(id, pools))) == 1
    assert len(attempts) == 4
    assert errors[0].__context__ is None, "a factory's error mentions the internals of once"


def test_reentry_in_the_same_thread_raises_and_leaves_it_usable() -> None:
    ask_again = True

    @once
    def get() -> object:
        return helper() if ask_again else Pool()

    def helper() -> object:
        return get()

    with pytest.raises(RuntimeError, match=r"test_once.*get re-entered while initialising"):
        get()
    ask_again = False
    assert isinstance(get(), Pool)


def test_cycle_of_two_raises_in_one_thread() -> None:
    @once
    def first() -> object:
        return second()

    @once
    def second() -> object:
        return first()

    with pytest.raises(RuntimeError, match="re-entered"):
        first()


def test_factory_cannot_set_or_reset_its_own_value() -> None:
    @once
    def get() -> Pool:
        get.set(Pool())
        return Pool()

    with pytest.raises(RuntimeError, match="still initialising"):
        get()
    assert get.peek() is None


def test_reset_waits_for_the_factory_and_then_closes(race: Race) -> None:
    entered = threading.Event()

    @once(close="close")
    def get() -> Pool:
        entered.set()
        time.sleep(0.03)
        return Pool()

    built: list[Pool] = []
    builder = threading.Thread(target=lambda: built.append(get()))
    builder.start()
    entered.wait(5)
    get.reset()
    builder.join(5)
    assert built[0].closed == 1
    assert get.peek() is None


@pytest.mark.parametrize("close", ["close", Pool.close])
def test_reset_closes_and_forgets(close: Any) -> None:
    @once(close=close)
    def get() -> Pool:
        return Pool()

    first = get()
    get.reset()
    get.reset()
    assert first.closed == 1
    second = get()
    assert second is not first
    get.cache_clear()
    assert second.closed == 1


def test_reset_forgets_even_if_the_close_hook_fails() -> None:
    def fail(_pool: Pool) -> None:
        raise OSError("broken pipe")

    @once(close=fail)
    def get() -> Pool:
        return Pool()

    get()
    with pytest.raises(OSError, match="broken pipe"):
        get.reset()
    assert get.peek() is None


def test_asynchronous_close_hook_of_a_plain_function_is_refused() -> None:
    class Client:
        async def aclose(self) -> None: ...

    @once(close="aclose")
    def get() -> Client:
        return Client()

    get()
    with pytest.raises(TypeError, match="asynchronous"):
        get.reset()


def test_peek_never_builds() -> None:
    @once
    def get() -> Pool:
        return Pool()

    assert get.peek() is None
    pool = get()
    assert get.peek() is pool


def test_set_injects_a_value_that_is_not_closed() -> None:
    @once(close="close")
    def get() -> Pool:
        return Pool("real")

    real, fake = get(), Pool("fake")
    get.set(fake)
    assert get() is fake
    assert real.closed == 1
    get.reset()
    assert fake.closed == 0
    assert get().name == "real"


def test_override_puts_back_what_was_there() -> None:
    @once(close="close")
    def get() -> Pool:
        return Pool("real")

    fake, other = Pool("fake"), Pool("other")
    with get.override(fake) as given:
        assert given is fake
        assert get() is fake
    assert get.peek() is None, "an override of nothing leaves nothing"

    real = get()
    override = get.override(fake)
    assert get() is real, "an override acts when it is entered"
    with override:
        with get.override(other):
            assert get() is other
        assert get() is fake
    assert get() is real
    with pytest.raises(ZeroDivisionError), get.override(fake):
        raise ZeroDivisionError
    assert get() is real
    assert (real.closed, fake.closed) == (0, 0)


def test_value_built_inside_an_override_is_closed_at_its_end() -> None:
    @once(close="close")
    def get() -> Pool:
        return Pool()

    with get.override(Pool("fake")):
        get.reset()
        built = get()
    assert built.closed == 1
    assert get.peek() is None


def test_close_hooks_run_at_exit_in_reverse_order_of_the_builds() -> None:
    program = """
from patternlint.runtime import once

class Resource:
    def __init__(self, name): self.name = name
    def close(self): print("close", self.name)

def make(name):
    @once(close="close")
    def get(): return Resource(name)
    return get

first, second, third, unused, fake = map(make, ["first", "second", "third", "unused", "fake"])
first(); second(); third()
first.reset(); first()      # built last now
fake.set(Resource("injected"))
del second                  # the hook keeps the value
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=True)
    assert out.stderr == ""
    assert out.stdout.split("\n") == ["close first", "close first", "close third", "close second", ""]


def test_a_close_hook_that_fails_at_exit_keeps_no_other_from_running() -> None:
    program = """
from patternlint.runtime import once

class Resource:
    def __init__(self, name): self.name = name
    def close(self):
        if self.name == "bad": raise OSError("broken pipe")
        print("close", self.name)

for name in ("first", "bad", "last"):
    once(close="close")(lambda name=name: Resource(name))()
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=True)
    assert out.stdout == "close last\nclose first\n"
    assert "OSError: broken pipe" in out.stderr


def test_a_child_that_ends_as_usual_closes_nothing_of_the_parent() -> None:
    program = """
import os, sys, warnings
from patternlint.runtime import once

warnings.simplefilter("ignore")

class Resource:
    def close(self): print("close in", "child" if os.getpid() != parent else "parent", flush=True)

@once(close="close")
def get(): return Resource()

@once(close="close", fork="keep")
def get_kept(): return Resource()

parent = os.getpid()
get(), get_kept()
pid = os.fork()
if pid:
    os.waitpid(pid, 0)
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=True)
    assert out.stdout == "close in parent\n" * 2


def test_value_goes_when_the_function_goes() -> None:
    def make() -> weakref.ref[Pool]:
        @once
        def get() -> Pool:
            return Pool()

        return weakref.ref(get())

    reference = make()
    gc.collect()
    assert reference() is None


def test_is_a_function_like_the_one_it_wraps() -> None:
    assert module_pool.__name__ == "module_pool"  # type: ignore[attr-defined]
    assert module_pool.__doc__ == "The pool of this module."
    assert inspect.isfunction(module_pool)
    assert not inspect.signature(module_pool).parameters


def test_pickles_and_copies_by_name() -> None:
    assert pickle.loads(pickle.dumps(module_pool)) is module_pool
    assert pickle.loads(pickle.dumps(Holder.pool)) is Holder.pool
    assert copy.deepcopy(module_pool) is module_pool
    assert Holder().pool() is Holder.pool()


def test_takes_a_class_a_partial_and_parameters_with_defaults() -> None:
    get_pool = once(Pool)
    assert isinstance(get_pool(), Pool)
    assert get_pool() is get_pool()
    named = once(functools.partial(Pool, "named"))
    assert named().name == "named"

    @once
    def with_default(name: str = "default") -> Pool:
        return Pool(name)

    assert with_default().name == "default"
    with pytest.raises(TypeError):
        with_default("other")  # type: ignore[call-arg]


def test_takes_lambdas_callable_objects_and_staticmethods() -> None:
    class Maker:
        def __call__(self) -> Pool:
            return Pool("made")

    class Holding:
        @once
        @staticmethod
        def pool() -> Pool:
            return Pool("held")

    get_made, get_lambda = once(Maker()), once(lambda: Pool("lambda"))
    assert get_made() is get_made()
    assert get_made().name == "made"
    assert get_lambda() is get_lambda()
    assert Holding.pool() is Holding().pool()
    assert isinstance(inspect.getattr_static(Holding, "pool"), staticmethod)

    class NeedsUrl:
        def __call__(self, url: str) -> Pool:
            return Pool(url)

    with pytest.raises(TypeError, match="takes url: use once_per"):
        once(NeedsUrl())  # type: ignore[call-overload]


def test_takes_mocks() -> None:
    factory = unittest.mock.Mock(return_value=1)
    get = once(factory)
    assert get() == get() == 1
    factory.assert_called_once_with()


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit, StopIteration])
def test_what_is_no_exception_passes_through_and_leaves_nothing_behind(error: type[BaseException]) -> None:
    fail = True

    @once(close="close")
    def get() -> Pool:
        if fail:
            raise error
        return Pool()

    with pytest.raises(error):
        get()
    assert get.peek() is None
    fail = False
    assert get() is get()


def test_none_is_a_value_and_is_not_closed() -> None:
    @once(close="close")
    def get() -> None:
        return None

    assert get() is None
    get.reset()


def test_a_factory_may_yield_to_others_that_reset_and_set_meanwhile(race: Race) -> None:
    @once(close="close")
    def get() -> Pool:
        return Pool()

    turns = itertools.count()

    def work() -> Pool:
        for _ in range(50):
            turn = next(turns) % 3
            if turn == 0:
                get.reset()
            elif turn == 1:
                get.set(Pool("injected"))
            assert isinstance(get(), Pool)
        return get()

    assert all(isinstance(result, Pool) for result in race(work))


def test_refuses_what_it_cannot_keep() -> None:
    with pytest.raises(TypeError, match="takes url, timeout: use once_per"):

        @once  # type: ignore[call-overload]
        def needs_arguments(url, *, timeout):  # type: ignore[no-untyped-def]
            return url

    with pytest.raises(TypeError, match="generator"):

        @once
        def generates() -> Any:
            yield 1

    def count(limit: int) -> Any:
        yield limit

    with pytest.raises(TypeError, match=r"cannot share the generator of .*test_once.*count"):
        once(functools.partial(count, 1))
    with pytest.raises(TypeError, match="takes a function"):
        once(classmethod(lambda cls: 1))  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="takes a function"):
        once(3)  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="fork must be"):
        once(fork="reste")  # type: ignore[call-overload]
    with pytest.raises(ValueError, match="reload must be"):
        once(reload="never")  # type: ignore[call-overload]


def test_refuses_a_coroutine_as_value() -> None:
    async def connect() -> Pool:
        return Pool()

    get = once(lambda: connect())
    with pytest.raises(TypeError, match="make it 'async def'"):
        get()  # type: ignore[unused-coroutine]


# Forks


def test_child_forgets_without_closing_or_destroying(forked: Forked) -> None:
    destroyed: list[str] = []

    class Watched(Pool):
        def __del__(self) -> None:
            destroyed.append(self.name)

    @once(close="close")
    def get() -> Watched:
        return Watched("built")

    pool = get()
    parents = id(pool)
    del pool

    def check() -> None:
        assert get.peek() is None
        gc.collect()
        assert destroyed == [], "the destructor of what the parent owns ran in the child"
        mine = get()
        assert id(mine) != parents
        get.reset()
        assert mine.closed == 1

    forked(check)
    assert id(get()) == parents
    assert get().closed == 0
    get.reset()


def test_child_keeps_plain_data_but_never_closes_it(forked: Forked) -> None:
    @once(fork="keep", close="close")
    def get() -> Pool:
        return Pool()

    pool = get()

    def check() -> None:
        assert get() is pool
        get.reset()
        assert pool.closed == 0

    forked(check)
    get.reset()
    assert pool.closed == 1


def test_fork_while_another_thread_is_inside_the_factory(forked: Forked) -> None:
    entered, leave = threading.Event(), threading.Event()

    @once
    def get() -> Pool:
        if threading.current_thread() is builder:
            entered.set()
            leave.wait(10)
        return Pool()

    builder = threading.Thread(target=get)
    builder.start()
    assert entered.wait(5)
    forked(lambda: get())  # hangs if the child inherits the lock
    leave.set()
    builder.join(5)
    assert get.peek() is not None


def test_fork_inside_the_factory_does_not_publish_in_the_child(forked: Forked) -> None:
    @once
    def get() -> Pool:
        pool = Pool("made by both")
        forked(lambda: check(pool))
        return pool

    def check(_shared: Pool) -> None:
        assert get.peek() is None

    assert get().name == "made by both"


def test_child_of_a_factory_that_forks_asks_anew() -> None:
    import os

    @once
    def get() -> int:
        return os.fork() if ask_fork else 42

    import warnings

    ask_fork = True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        pid = get()
    if pid == 0:
        ask_fork = False
        os._exit(0 if get.peek() is None and get() == 42 else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert get() == pid


# Reloads

POOL_MODULE = """
from patternlint.runtime import once

class Pool:
    version = {version}
    closed = 0
    def close(self): self.closed += 1

@once({options})
def get_pool():
    return Pool()
"""


def test_reload_adopts_the_live_value(write_module: WriteModule) -> None:
    module = write_module(POOL_MODULE.format(version=1, options="close='close'"))
    held_elsewhere = module.get_pool
    pool = module.get_pool()
    module = write_module(POOL_MODULE.format(version=2, options="close='close'"))
    assert module.get_pool() is pool
    assert held_elsewhere() is pool
    module.get_pool.reset()
    assert pool.closed == 1
    assert module.get_pool().version == 2
    assert held_elsewhere() is module.get_pool()
    assert pickle.loads(pickle.dumps(module.get_pool)) is module.get_pool


def test_reload_before_the_first_call_still_gives_one_value(write_module: WriteModule) -> None:
    held_elsewhere = write_module(POOL_MODULE.format(version=1, options="")).get_pool
    module = write_module(POOL_MODULE.format(version=2, options=""))
    assert held_elsewhere() is module.get_pool()
    assert held_elsewhere().version == 2


def test_reload_may_close_or_start_anew(write_module: WriteModule) -> None:
    module = write_module(POOL_MODULE.format(version=1, options="close='close', reload='close'"))
    held_elsewhere, first = module.get_pool, module.get_pool()
    module = write_module(POOL_MODULE.format(version=2, options="close='close', reload='close'"))
    assert first.closed == 1
    second = module.get_pool()
    assert second.version == 2
    assert held_elsewhere() is second

    module = write_module(POOL_MODULE.format(version=3, options="close='close', reload='new'"))
    assert module.get_pool().version == 3
    assert held_elsewhere() is second
    assert second.closed == 0


def test_second_import_adopts_too(write_module: WriteModule) -> None:
    pool = (first := write_module(POOL_MODULE.format(version=1, options=""))).get_pool()
    del sys.modules["reloadable"]
    second = write_module(POOL_MODULE.format(version=2, options=""))
    assert second is not first
    assert second.get_pool() is pool


def test_second_definition_in_one_pass_is_no_reload(write_module: WriteModule) -> None:
    module = write_module(
        """
from patternlint.runtime import once

@once
def get(): return "first"

first = get
first()

@once
def get(): return "second"
"""
    )
    assert (module.first(), module.get()) == ("first", "second")


def test_lambdas_and_second_uses_of_one_factory_are_never_taken_for_each_other(write_module: WriteModule) -> None:
    text = """
from patternlint.runtime import once

def make(): return object()

first, second = once(make), once(make)
third, fourth = once(lambda: "third"), once(lambda: "fourth")
"""
    write_module(text).second()
    module = write_module(text)
    assert module.first() is not module.second()
    assert (module.third(), module.fourth()) == ("third", "fourth")
    module = write_module(text)
    assert (module.third(), module.fourth()) == ("third", "fourth")


NAMED = """
from patternlint.runtime import Singleton, once, once_per

class Pool:
    closed = 0
    def close(self): self.closed += 1

@once(close="close", reload="{reload}")
def get_pool(): return Pool()

@once_per(close="close", reload="{reload}")
def get_client(url): return Pool()

class Ledger(metaclass=Singleton, close="close", reload="{reload}"):
    closed = 0
    def close(self): self.closed += 1
"""


@pytest.fixture
def two_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Write a module and import it under two names."""

    def write(reload: str) -> tuple[Any, Any, list[Any]]:
        (tmp_path / "app").mkdir()
        (tmp_path / "app" / "pools.py").write_text(NAMED.format(reload=reload))
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.syspath_prepend(tmp_path / "app")
        for name in ("pools", "app.pools", "app"):
            monkeypatch.delitem(sys.modules, name, raising=False)
        first = importlib.import_module("app.pools")
        values = [first.get_pool(), first.get_client("u"), first.Ledger()]
        return first, importlib.import_module("pools"), values

    return write


@pytest.mark.parametrize("reload", ["adopt", "close"])
def test_a_second_name_of_a_file_shares_its_values(two_names: Any, reload: str) -> None:
    first, second, values = two_names(reload)
    assert first is not second
    assert [second.get_pool(), second.get_client("u"), second.Ledger()] == values
    assert [first.get_pool(), first.get_client("u"), first.Ledger()] == values
    assert [value.closed for value in values] == [0, 0, 0], "a second name is no reload"
    assert type(second.Ledger()) is first.Ledger
    for module in (first, second):
        assert pickle.loads(pickle.dumps(module.get_pool)) is module.get_pool
        assert pickle.loads(pickle.dumps(module.Ledger())) is first.Ledger()


def test_a_second_name_may_have_values_of_its_own(two_names: Any) -> None:
    first, second, values = two_names("new")
    for value, other in zip(values, [second.get_pool(), second.get_client("u"), second.Ledger()], strict=True):
        assert value is not other
    assert [first.get_pool(), first.get_client("u"), first.Ledger()] == values


def test_a_script_and_the_module_of_its_file_share_a_value(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text("""
from patternlint.runtime import once

@once
def get(): return object()

if __name__ == "__main__":
    mine = get()
    import script
    print(script.get() is mine, script.get is get)
""")
    out = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=20, check=False)
    assert out.stdout == "True True\n", out.stderr
