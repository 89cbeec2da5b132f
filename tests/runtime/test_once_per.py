"""`once_per`: one value per argument."""

from __future__ import annotations

import functools
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from threads_forks_reloads import Forked, Race, WriteModule

from patternlint.runtime import once_per


class Client:
    def __init__(self, *args: object) -> None:
        self.args = args
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


@once_per
def module_client(url: str) -> Client:
    return Client(url)


def test_threads_get_one_value_per_key(race: Race) -> None:
    calls = []
    numbers = iter(range(16))

    @once_per
    def get(url: int) -> Client:
        calls.append(url)
        time.sleep(0.01)
        return Client(url)

    clients = race(lambda: get(next(numbers) % 4))
    assert sorted(calls) == [0, 1, 2, 3]
    assert len(set(map(id, clients))) == 4


def test_different_keys_are_built_at_the_same_time() -> None:
    both_inside = threading.Barrier(2)

    @once_per
    def get(url: str) -> Client:
        both_inside.wait(5)
        return Client(url)

    threads = [threading.Thread(target=get, args=(url,)) for url in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert get.peek("a") is not None
    assert get.peek("b") is not None


def test_arguments_are_normalised() -> None:
    @once_per
    def get(url: str, timeout: float = 5.0, *rest: int, retry: bool = True, **options: object) -> Client:
        return Client(url, timeout, rest, retry, options)

    client = get("u")
    assert get(url="u") is client
    assert get("u", 5.0) is client
    assert get(timeout=5, url="u", retry=True) is client
    assert get("u", 6.0) is not client
    assert get("u", retry=False) is not client
    assert get("u", 5.0, 1) is not client
    assert get("u", a=1, b=2) is get("u", b=2, a=1)
    assert get("u", a=1, b=2).args == ("u", 5.0, (), True, {"a": 1, "b": 2})

    @once_per
    def two(first: str, second: str = "b") -> Client:
        return Client(first, second)

    assert two("a") is two("a", "b") is two(second="b", first="a")
    with pytest.raises(TypeError, match="first"):
        two()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="third"):
        two("a", third=1)  # type: ignore[call-arg]


def test_key_says_what_counts() -> None:
    @once_per(key=lambda url, options: url.lower())
    def get(url: str, options: dict[str, int]) -> Client:
        return Client(url, options)

    assert get("U", {}) is get("u", {"a": 1})
    assert get("u", {}).args == ("U", {})


def test_unhashable_argument_is_explained() -> None:
    @once_per
    def get(urls: list[str]) -> Client:
        return Client(urls)

    with pytest.raises(TypeError, match=r"one value per argument.*unhashable.*key="):
        get([])


def test_unhashable_keys_are_explained_everywhere_and_leave_nothing_behind() -> None:
    @once_per(key=lambda url: [url])  # type: ignore[arg-type, return-value]
    def get(url: str) -> Client:
        return Client(url)

    uses: list[Callable[[], object]] = [
        lambda: get("u"),
        lambda: get.peek("u"),
        lambda: get.set(Client(), "u"),
        lambda: get.reset_one("u"),
        lambda: get.override(Client(), "u"),
    ]
    for use in uses:
        with pytest.raises(
            TypeError, match=r"test_once_per.*get keeps one value per argument: unhashable type: 'list'"
        ):
            use()
    assert not get._slots._cells  # type: ignore[attr-defined]
    get.reset()


def test_takes_lambdas_partials_callable_objects_classes_and_staticmethods() -> None:
    class Maker:
        def __call__(self, url: str) -> Client:
            return Client(url)

    class Holding:
        @once_per
        @staticmethod
        def client(url: str) -> Client:
            return Client(url)

    def three(a: int, b: int, c: int) -> Client:
        return Client(a, b, c)

    makers: list[Any] = [Maker(), Client, lambda url: Client(url), functools.partial(Client)]
    for maker in makers:
        get = once_per(maker)
        assert get("u") is get("u") is not get("v")
        assert get("u").args == ("u",)
    assert once_per(functools.partial(three, 1, c=3))(2).args == (1, 2, 3)
    assert Holding.client("u") is Holding().client("u")
    with pytest.raises(TypeError, match="generator"):
        once_per(lambda url: (yield url))
    with pytest.raises(TypeError, match="takes a function"):
        once_per(3)  # type: ignore[call-overload]


def test_none_is_a_value_and_interruptions_pass_through() -> None:
    calls = []

    @once_per
    def get(url: str) -> None:
        calls.append(url)
        if len(calls) == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        get("u")
    assert get("u") is get("u") is None
    assert calls == ["u", "u"]


def test_close_hooks_that_fail_keep_no_other_value_open() -> None:
    class Fragile(Client):
        def close(self) -> None:
            super().close()
            if self.args == ("bad",):
                raise OSError("broken pipe")

    @once_per(close="close")
    def get(url: str) -> Fragile:
        return Fragile(url)

    clients = [get(url) for url in ("first", "bad", "last")]
    with pytest.raises(ExceptionGroup, match=r"1 values of .* could not be closed") as caught:
        get.reset()
    assert [type(error) for error in caught.value.exceptions] == [OSError]
    assert [client.closed for client in clients] == [1, 1, 1]
    assert get.peek("bad") is None
    get("bad")
    with pytest.raises(OSError, match="broken pipe"):
        get.reset_one("bad")
    assert get.peek("bad") is None


def test_close_hooks_run_at_exit_in_reverse_order_of_the_builds() -> None:
    program = """
from patternlint.runtime import once_per

class Resource:
    def __init__(self, name): self.name = name
    def close(self): print(self.name)

@once_per(close="close")
def get(name): return Resource(name)

get("a"), get("b"), get("c")
get.reset_one("b")
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=True)
    assert (out.stdout, out.stderr) == ("b\nc\na\n", "")


def test_methods_are_kept_per_object() -> None:
    class Shop:
        @once_per
        def client(self, url: str) -> Client:
            return Client(url)

    first, second = Shop(), Shop()
    assert first.client("u") is first.client("u")  # type: ignore[call-arg, arg-type]
    assert first.client("u") is not second.client("u")  # type: ignore[call-arg, arg-type]


def test_exception_is_not_remembered_and_leaves_no_cell(race: Race) -> None:
    attempts = []

    @once_per
    def get(url: str) -> Client:
        attempts.append(1)
        time.sleep(0.002)
        if len(attempts) < 4:
            raise ConnectionError
        return Client(url)

    results = race(lambda: get("u"))
    assert sum(isinstance(result, ConnectionError) for result in results) == 3
    assert len({id(result) for result in results if isinstance(result, Client)}) == 1

    @once_per
    def fails(url: int) -> Client:
        raise ConnectionError

    for number in range(100):
        with pytest.raises(ConnectionError):
            fails(number)
    assert not fails._slots._cells  # type: ignore[attr-defined]


def test_reentry_with_the_same_key_raises_with_another_it_works() -> None:
    @once_per
    def get(depth: int) -> object:
        return get(depth - 1) if depth else "deep"

    assert get(3) == "deep"

    @once_per
    def same(key: str) -> object:
        return same(key)

    with pytest.raises(RuntimeError, match="re-entered"):
        same("k")


def test_reset_one_and_all() -> None:
    @once_per(close="close")
    def get(url: str) -> Client:
        return Client(url)

    a, b = get("a"), get("b")
    get.reset_one("a")
    get.reset_one("never built")
    assert (a.closed, b.closed) == (1, 0)
    assert get("b") is b
    get.cache_clear()
    assert (a.closed, b.closed) == (1, 1)
    assert get.peek("b") is None


def test_set_and_override_by_key() -> None:
    @once_per(close="close")
    def get(url: str) -> Client:
        return Client(url)

    fake = Client("fake")
    get.set(fake, "a")
    assert get("a") is fake
    real = get("b")
    with get.override(fake, "b") as given:
        assert given is get("b") is fake
    assert get("b") is real
    with get.override(fake, "c"):
        assert get("c") is fake
        get.reset_one("c")
        built = get("c")
    assert get.peek("c") is None
    assert (built.closed, real.closed, fake.closed) == (1, 0, 0)


def test_child_forgets_even_while_a_thread_is_inside(forked: Forked) -> None:
    entered, leave = threading.Event(), threading.Event()

    @once_per
    def get(url: str) -> Client:
        if url == "slow" and threading.current_thread() is builder:
            entered.set()
            leave.wait(5)
        return Client(url)

    parents = get("ready")
    builder = threading.Thread(target=get, args=("slow",))
    builder.start()
    assert entered.wait(5)

    def check() -> None:
        assert get("slow").args == ("slow",)
        assert get("ready") is not parents

    forked(check)
    leave.set()
    builder.join(5)
    assert get("ready") is parents


def test_reload_adopts_and_pickles_by_name(write_module: WriteModule) -> None:
    text = """
from patternlint.runtime import once_per

class Client:
    closed = 0
    def close(self): self.closed += 1

@once_per(close="close", reload="{reload}")
def get(url): return Client()
"""
    module = write_module(text.format(reload="adopt"))
    client, held_elsewhere = module.get("u"), module.get
    module = write_module(text.format(reload="adopt"))
    assert module.get("u") is client
    assert held_elsewhere("v") is module.get("v")
    module = write_module(text.format(reload="close"))
    assert client.closed == 1
    module = write_module(text.format(reload="new"))
    assert module.get is not held_elsewhere
    assert pickle.loads(pickle.dumps(module_client)) is module_client
