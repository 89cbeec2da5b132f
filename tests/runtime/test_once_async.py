"""`once` on `async def`: one value per running loop, shielded from the cancellation of those who wait."""

from __future__ import annotations

import asyncio
import functools
import gc
import inspect
import pickle
import threading
import weakref
from typing import Any

import pytest
from threads_forks_reloads import Forked, WriteModule

from patternlint.runtime import once, once_per


class Client:
    def __init__(self, url: str = "") -> None:
        self.url = url
        self.closed = 0

    async def aclose(self) -> None:
        await asyncio.sleep(0)
        self.closed += 1


@once
async def module_client() -> Client:
    return Client()


def test_fifty_tasks_start_the_factory_once() -> None:
    calls = []

    @once
    async def get() -> Client:
        calls.append(1)
        await asyncio.sleep(0.01)
        return Client()

    async def main() -> None:
        clients = await asyncio.gather(*(get() for _ in range(50)))
        assert len(set(map(id, clients))) == 1
        assert await get() is clients[0]
        assert get.peek() is clients[0]

    asyncio.run(main())
    assert calls == [1]
    assert inspect.iscoroutinefunction(get)
    assert pickle.loads(pickle.dumps(module_client)) is module_client


def test_cancelled_waiter_does_not_cancel_the_factory() -> None:
    @once
    async def get() -> Client:
        await asyncio.sleep(0.01)
        return Client()

    async def main() -> None:
        first, second = asyncio.create_task(get()), asyncio.create_task(get())
        await asyncio.sleep(0)
        first.cancel()
        client = await second
        assert first.cancelled()
        assert await get() is client

    asyncio.run(main())


def test_failure_reaches_those_who_wait_and_is_not_cached() -> None:
    calls = []

    @once
    async def get() -> Client:
        calls.append(1)
        await asyncio.sleep(0)
        if len(calls) == 1:
            raise ConnectionError("down")
        return Client()

    async def main() -> None:
        results = await asyncio.gather(get(), get(), return_exceptions=True)
        assert [type(result) for result in results] == [ConnectionError, ConnectionError]
        assert get.peek() is None
        assert isinstance(await get(), Client)

    asyncio.run(main())
    assert len(calls) == 2


def test_factory_cancelled_from_within_is_tried_again() -> None:
    calls = []

    @once
    async def get() -> Client:
        calls.append(1)
        if len(calls) == 1:
            raise asyncio.CancelledError
        return Client()

    async def main() -> None:
        with pytest.raises(asyncio.CancelledError):
            await get()
        assert isinstance(await get(), Client)

    asyncio.run(main())


def test_factory_that_awaits_itself_is_told() -> None:
    @once
    async def get() -> object:
        return await get()

    with pytest.raises(RuntimeError, match="re-entered while initialising"):
        asyncio.run(get())


def test_every_loop_has_its_own_value_and_closed_loops_are_let_go() -> None:
    @once
    async def get() -> Client:
        return Client()

    clients = [asyncio.run(get()) for _ in range(3)]
    assert len(set(map(id, clients))) == 3
    references = [weakref.ref(client) for client in clients]
    del clients
    gc.collect()
    assert sum(reference() is not None for reference in references) == 1, "only the last loop's is still known"


def test_loops_in_two_threads_do_not_share() -> None:
    both = threading.Barrier(2)
    clients = []

    @once
    async def get() -> Client:
        both.wait(5)
        return Client()

    threads = [threading.Thread(target=lambda: clients.append(asyncio.run(get()))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(set(map(id, clients))) == 2


def test_aclose_awaits_the_hook_and_forgets() -> None:
    @once(close="aclose")
    async def get() -> Client:
        await asyncio.sleep(0)
        return Client()

    async def main() -> None:
        await get.aclose()
        client = await get()
        await get.aclose()
        await get.aclose()
        assert client.closed == 1
        assert await get() is not client

        waiting = asyncio.create_task(get())
        get.reset()
        await asyncio.sleep(0)  # starts the task that makes another one
        await get.aclose()  # waits for it
        assert (await waiting).closed == 1

    asyncio.run(main())


def test_set_override_and_peek_need_no_loop() -> None:
    @once
    async def get() -> Client:
        return Client("real")

    fake, other = Client("fake"), Client("other")
    assert get.peek() is None
    get.set(fake)
    with get.override(other):
        assert asyncio.run(get()) is other
    assert asyncio.run(get()) is fake
    assert get.peek() is fake
    get.reset()
    assert asyncio.run(get()).url == "real"


def test_eager_task_factory() -> None:
    eager = getattr(asyncio, "eager_task_factory", None)  # new in 3.12; None is the default factory
    calls = []

    @once
    async def get() -> Client:
        calls.append(1)
        await asyncio.sleep(0)
        return Client()

    async def main() -> None:
        asyncio.get_running_loop().set_task_factory(eager)
        await asyncio.gather(get(), get())

    asyncio.run(main())
    assert calls == [1]


def test_child_forgets(forked: Forked) -> None:
    @once
    async def get() -> Client:
        return Client()

    get.set(parents := Client())

    def check() -> None:
        assert get.peek() is None
        assert asyncio.run(get()) is not parents

    forked(check)


def test_reload_adopts(write_module: WriteModule) -> None:
    text = """
from patternlint.runtime import once

@once
async def get(): return object()
"""
    module = write_module(text)

    async def main() -> None:
        first, held_elsewhere = await module.get(), module.get
        reloaded = write_module(text)
        assert await reloaded.get() is first
        assert await held_elsewhere() is first

    asyncio.run(main())


def test_once_per_on_async_functions() -> None:
    calls = []

    @once_per(close="aclose")
    async def get(url: str) -> Client:
        calls.append(url)
        await asyncio.sleep(0)
        if url == "bad":
            raise ConnectionError
        return Client(url)

    async def main() -> None:
        first, again, other = await asyncio.gather(get("a"), get(url="a"), get("b"))
        assert first is again is get.peek("a")
        assert other.url == "b"
        for _ in range(2):
            with pytest.raises(ConnectionError):
                await get("bad")
        with get.override(Client("fake"), "a"):
            assert (await get("a")).url == "fake"
        assert await get("a") is first
        get.reset_one("b")
        assert await get("b") is not other
        await get.aclose()
        assert first.closed == 1
        assert await get("a") is not first

    asyncio.run(main())
    assert calls == ["a", "b", "bad", "bad", "b", "a"]


def test_takes_async_partials_callable_objects_and_staticmethods() -> None:
    class Connector:
        async def __call__(self) -> Client:
            return Client("called")

    async def connect(url: str) -> Client:
        return Client(url)

    class Holding:
        @once
        @staticmethod
        async def client() -> Client:
            return Client("held")

    factories: list[Any] = [once(Connector()), once(functools.partial(connect, "u")), Holding.client, Holding().client]

    async def main() -> None:
        for get in factories:
            assert inspect.iscoroutinefunction(get)
            assert await get() is await get()

    asyncio.run(main())


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_interruption_of_an_async_factory_is_not_remembered(error: type[BaseException]) -> None:
    fail = True

    @once
    async def get() -> Client:
        if fail:
            raise error
        return Client()

    with pytest.raises(error):
        asyncio.run(get())
    fail = False
    assert isinstance(asyncio.run(get()), Client)


def test_async_generators_are_refused() -> None:
    async def connect() -> Any:
        yield Client()

    with pytest.raises(TypeError, match="cannot share the generator"):
        once(connect)
    with pytest.raises(TypeError, match="cannot share the generator"):
        once_per(connect)


def test_a_close_hook_that_fails_has_forgotten_its_value_and_closed_the_others() -> None:
    class Fragile(Client):
        async def aclose(self) -> None:
            await super().aclose()
            if self.url == "bad":
                raise OSError("broken pipe")

    @once(close="aclose")
    async def get() -> Fragile:
        return Fragile("bad")

    @once_per(close="aclose")
    async def get_per(url: str) -> Fragile:
        return Fragile(url)

    async def main() -> None:
        first = await get()
        with pytest.raises(OSError, match="broken pipe"):
            await get.aclose()
        assert await get() is not first
        clients = [await get_per(url) for url in ("first", "bad", "last")]
        with pytest.raises(ExceptionGroup, match="could not be closed"):
            await get_per.aclose()
        assert [client.closed for client in clients] == [1, 1, 1]

    asyncio.run(main())


def test_fork_inside_a_running_loop(forked: Forked) -> None:
    @once
    async def get() -> Client:
        return Client()

    async def main() -> None:
        client = await get()
        forked(lambda: check(client))
        assert await get() is client

    def check(parents: Client) -> None:
        asyncio.events._set_running_loop(None)  # as asyncio itself does in a child since 3.12
        assert asyncio.run(get()) is not parents

    asyncio.run(main())
