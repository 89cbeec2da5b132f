"""`Singleton`: a class with one instance that stays a class."""

from __future__ import annotations

import abc
import copy
import dataclasses
import pickle
import subprocess
import sys
import threading
import time
from collections import UserDict
from typing import Any, Generic, TypeVar

import pytest
from threads_forks_reloads import Forked, Race, WriteModule

from patternlint.runtime import Singleton, SingletonABC


class Ledger(metaclass=Singleton):
    def __init__(self, path: str = "ledger", *, read_only: bool = False) -> None:
        self.path = path
        self.read_only = read_only


@pytest.fixture(autouse=True)
def fresh_ledger() -> None:
    Ledger.reset_instance()


def test_sixteen_threads_get_one_complete_instance(race: Race) -> None:
    calls = []

    class Slow(metaclass=Singleton):
        def __new__(cls) -> Slow:
            calls.append("new")
            time.sleep(0.01)
            return super().__new__(cls)

        def __init__(self) -> None:
            calls.append("init")
            time.sleep(0.01)
            self.ready = True

    instances = race(lambda: Slow() if Slow().ready else None)
    assert calls == ["new", "init"]
    assert len(set(map(id, instances))) == 1
    assert isinstance(instances[0], Slow)


def test_nobody_sees_a_half_built_instance() -> None:
    entered, leave = threading.Event(), threading.Event()

    class Slow(metaclass=Singleton):
        def __init__(self) -> None:
            entered.set()
            leave.wait(5)

    builder = threading.Thread(target=Slow)
    builder.start()
    assert entered.wait(5)
    assert Slow.instance_or_none() is None
    leave.set()
    builder.join(5)
    assert Slow.instance_or_none() is Slow()


def test_exception_leaves_nothing_behind() -> None:
    attempts = []

    class Flaky(metaclass=Singleton):
        def __init__(self, name: str = "") -> None:
            attempts.append(name)
            if len(attempts) == 1:
                raise ConnectionError

    with pytest.raises(ConnectionError):
        Flaky("first")
    assert Flaky.instance_or_none() is None
    Flaky("second")
    Flaky("second")
    assert attempts == ["first", "second"]


def test_constructing_itself_in_init_raises() -> None:
    class Selfish(metaclass=Singleton):
        def __init__(self) -> None:
            helper()

    def helper() -> None:
        Selfish()

    with pytest.raises(RuntimeError, match=r"Selfish re-entered while initialising"):
        Selfish()
    assert Selfish.instance_or_none() is None


def test_init_may_construct_other_singletons(race: Race) -> None:
    class Inner(metaclass=Singleton):
        pass

    class Outer(metaclass=Singleton):
        def __init__(self) -> None:
            self.inner = Inner()

    assert {id(outer.inner) for outer in race(Outer)} == {id(Inner())}


def test_later_arguments_are_refused_unless_equal() -> None:
    ledger = Ledger("a", read_only=True)
    assert Ledger() is ledger
    assert Ledger("a", read_only=True) is ledger
    assert Ledger(path="a", read_only=True) is ledger, "the same call, spelt otherwise"
    with pytest.raises(TypeError, match=r"built as Ledger\('a', read_only=True\), so Ledger\('b'\) cannot"):
        Ledger("b")
    with pytest.raises(TypeError, match="cannot be honoured"):
        Ledger("a")
    with pytest.raises(TypeError):
        Ledger(no_such=1)  # type: ignore[call-arg]
    assert Ledger().path == "a"
    Ledger.reset_instance()
    assert Ledger("b").path == "b"


def test_defaults_count_as_the_arguments_that_they_stand_for() -> None:
    ledger = Ledger()
    assert Ledger("ledger") is ledger
    with pytest.raises(TypeError, match=r"built as Ledger\(\)"):
        Ledger("other")


def test_arguments_that_cannot_be_compared_are_refused() -> None:
    class Odd:
        def __eq__(self, other: object) -> bool:
            raise ValueError("the truth value is ambiguous")

        __hash__ = None  # type: ignore[assignment]

    odd = Odd()

    class Holder(metaclass=Singleton):
        def __init__(self, value: object) -> None: ...

    holder = Holder(odd)
    assert Holder(odd) is holder
    with pytest.raises(TypeError, match="cannot be honoured"):
        Holder(Odd())


def test_race_with_different_arguments_tells_the_losers(race: Race) -> None:
    numbers = iter(range(16))

    class Numbered(metaclass=Singleton):
        def __init__(self, number: int) -> None:
            time.sleep(0.01)
            self.number = number

    results = race(lambda: Numbered(next(numbers)))
    assert sum(isinstance(result, Numbered) for result in results) == 1
    assert sum(isinstance(result, TypeError) for result in results) == 15


def test_required_arguments_come_with_the_first_call() -> None:
    class Config(metaclass=Singleton):
        def __init__(self, path: str, *, strict: bool) -> None:
            self.path = path
            self.strict = strict

    with pytest.raises(TypeError, match="missing 1 required positional argument: 'path'"):
        Config()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="missing 1 required keyword-only argument: 'strict'"):
        Config("a")  # type: ignore[call-arg]
    assert Config.instance_or_none() is None
    config = Config("a", strict=True)
    assert Config() is config  # type: ignore[call-arg]
    assert Config(path="a", strict=True) is config
    with pytest.raises(TypeError, match="cannot be honoured"):
        Config("a", strict=False)
    data = pickle.dumps(_Required("a"))
    _Required.reset_instance()
    assert pickle.loads(data).path == "a"


class _Required(metaclass=Singleton):
    def __init__(self, path: str) -> None:
        self.path = path


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit])
def test_interruption_leaves_nothing_behind(error: type[BaseException]) -> None:
    class Interrupted(metaclass=Singleton):
        fail = True

        def __init__(self) -> None:
            if self.fail:
                raise error

    with pytest.raises(error):
        Interrupted()
    assert Interrupted.instance_or_none() is None
    Interrupted.fail = False
    assert Interrupted() is Interrupted()


def test_a_close_hook_that_fails_has_forgotten_the_instance() -> None:
    class Fragile(metaclass=Singleton, close="close"):
        def close(self) -> None:
            raise OSError("broken pipe")

    first = Fragile()
    with pytest.raises(OSError, match="broken pipe"):
        Fragile.reset_instance()
    assert Fragile() is not first
    with pytest.raises(OSError, match="broken pipe"):
        Fragile.reset_instance()


def test_every_subclass_has_its_own_instance() -> None:
    class Base(metaclass=Singleton):
        def __init__(self) -> None:
            self.names = ["base"]

    class Child(Base):
        def __init__(self) -> None:
            super().__init__()
            self.names.append("child")

    class Grandchild(Child):
        pass

    base, child, grandchild = Base(), Child(), Grandchild()
    assert len({id(base), id(child), id(grandchild)}) == 3
    assert child.names == ["base", "child"]
    assert Base() is base
    assert isinstance(grandchild, Base)
    Base.reset_instance()
    assert Child() is child
    assert Base() is not base


def test_class_that_is_constructed_while_it_is_made() -> None:
    class Plugin(metaclass=Singleton):
        plugins: list[Plugin] = []  # noqa: RUF012

        def __init_subclass__(cls) -> None:
            cls.plugins.append(cls())

    Plugin()

    class Child(Plugin):
        pass

    assert Plugin.plugins == [Child()]
    assert type(Child()) is Child


def test_slots() -> None:
    class Slotted(metaclass=Singleton):
        __slots__ = ("value",)

        def __init__(self) -> None:
            self.value = 1

    assert Slotted() is Slotted()
    assert not hasattr(Slotted(), "__dict__")
    assert copy.deepcopy(Slotted()) is Slotted()


def test_dataclasses_even_with_slots() -> None:
    @dataclasses.dataclass(slots=True)
    class Settings(metaclass=Singleton):
        debug: bool = False

    assert Settings(debug=True) is Settings()
    assert Settings().debug
    assert [field.name for field in dataclasses.fields(Settings)] == ["debug"]


def test_abstract_bases() -> None:
    class Store(abc.ABC):
        @abc.abstractmethod
        def read(self) -> str: ...

    class FileStore(Store, metaclass=SingletonABC):
        def read(self) -> str:
            return "file"

    class Unfinished(Store, metaclass=SingletonABC):
        pass

    assert FileStore() is FileStore()
    assert isinstance(FileStore(), Store)
    with pytest.raises(TypeError, match="abstract"):
        Unfinished()  # type: ignore[abstract]
    assert Unfinished.instance_or_none() is None
    SingletonABC.register(FileStore, int)
    assert issubclass(int, FileStore)


def test_generic_classes() -> None:
    item = TypeVar("item")

    class Repository(Generic[item], metaclass=Singleton):
        pass

    assert Repository[int]() is Repository()


def test_keywords_reach_init_subclass() -> None:
    class Base:
        def __init_subclass__(cls, *, label: str) -> None:
            cls.label = label  # type: ignore[attr-defined]

    class Labelled(Base, metaclass=Singleton, fork="keep", label="x"):
        pass

    assert Labelled.label == "x"  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match="reload must be"):

        class Wrong(metaclass=Singleton, reload="never"):
            pass


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle_gives_the_instance_back(protocol: int) -> None:
    ledger = Ledger("a")
    assert pickle.loads(pickle.dumps(ledger, protocol)) is ledger


def test_copies_are_the_instance() -> None:
    ledger = Ledger("a")
    assert copy.copy(ledger) is ledger
    assert copy.deepcopy({"ledger": ledger})["ledger"] is ledger


def test_another_process_builds_its_own_from_the_same_arguments() -> None:
    data = pickle.dumps(Ledger("a", read_only=True))
    Ledger.reset_instance()
    restored = pickle.loads(data)
    assert restored is Ledger()
    assert (restored.path, restored.read_only) == ("a", True)
    Ledger.reset_instance()
    mine = Ledger("mine")
    assert pickle.loads(data) is mine


def test_bases_with_copies_of_their_own_do_not_make_a_second() -> None:
    class Mapping(UserDict[str, int], metaclass=SingletonABC):
        pass

    class Plain(dict[str, int], metaclass=Singleton):
        pass

    assert copy.copy(Mapping()) is Mapping()
    assert copy.deepcopy(Plain()) is Plain()


def test_a_class_may_say_itself_how_it_is_copied() -> None:
    class Own(metaclass=Singleton):
        def __copy__(self) -> str:
            return "mine"

    class Child(Own):
        pass

    assert copy.copy(Own()) == "mine"  # type: ignore[comparison-overlap]
    assert copy.copy(Child()) == "mine"  # type: ignore[comparison-overlap]
    assert copy.deepcopy(Own()) is Own()


def test_close_hook_runs_at_reset_and_at_exit() -> None:
    class Pool(metaclass=Singleton, close="shutdown"):
        closed = 0

        def shutdown(self) -> None:
            self.closed += 1

    class Child(Pool):
        pass

    pool, child = Pool(), Child()
    Pool.reset_instance()
    Child.reset_instance()
    assert (pool.closed, child.closed) == (1, 1), "a subclass inherits the options"
    program = """
from patternlint.runtime import Singleton
class Pool(metaclass=Singleton, close="close"):
    def close(self): print("closed")
Pool()
"""
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=20, check=True)
    assert (out.stdout, out.stderr) == ("closed\n", "")


def test_child_process_builds_its_own(forked: Forked) -> None:
    class Kept(metaclass=Singleton, fork="keep"):
        pass

    ledger, kept = Ledger(), Kept()

    def check() -> None:
        assert Ledger.instance_or_none() is None
        assert Ledger("another path").path == "another path"
        assert Ledger() is not ledger
        assert Kept() is kept

    forked(check)
    assert Ledger() is ledger


def test_fork_while_another_thread_is_inside_init(forked: Forked) -> None:
    entered, leave = threading.Event(), threading.Event()

    class Slow(metaclass=Singleton):
        def __init__(self) -> None:
            if threading.current_thread() is builder:
                entered.set()
                leave.wait(5)

    builder = threading.Thread(target=Slow)
    builder.start()
    assert entered.wait(5)
    forked(lambda: Slow())
    leave.set()
    builder.join(5)
    assert Slow.instance_or_none() is not None


MODULE = """
from patternlint.runtime import Singleton

class Pool(metaclass=Singleton, reload="{reload}", close="close"):
    {slots}
    version = {version}
    def close(self): closed.append({version})

closed = []
"""


def test_reload_adopts_the_instance_into_the_new_class(write_module: WriteModule) -> None:
    old = write_module(MODULE.format(reload="adopt", version=1, slots="")).Pool
    pool = old()
    module = write_module(MODULE.format(reload="adopt", version=2, slots=""))
    assert module.Pool is not old
    assert module.Pool() is pool
    assert old() is pool, "no second pool for those who hold the old class"
    assert isinstance(pool, module.Pool)
    assert pool.version == 2
    assert pickle.loads(pickle.dumps(pool)) is pool
    module.Pool.reset_instance()
    assert module.closed == [2]


def test_reload_with_another_layout_keeps_the_instance_as_it_is(write_module: WriteModule) -> None:
    pool = write_module(MODULE.format(reload="adopt", version=1, slots="")).Pool()
    module = write_module(MODULE.format(reload="adopt", version=2, slots="__slots__ = ('x',)"))
    assert module.Pool() is pool
    assert pool.version == 1


def test_reload_adopts_the_instance_of_a_dataclass_with_slots(write_module: WriteModule) -> None:
    text = """
import dataclasses
from patternlint.runtime import Singleton

@dataclasses.dataclass(slots=True)
class Settings(metaclass=Singleton):
    debug: bool = False
"""
    settings = write_module(text).Settings(debug=True)
    module = write_module(text)
    assert module.Settings() is settings
    assert write_module(text).Settings() is settings


def test_reload_may_close_or_start_anew(write_module: WriteModule) -> None:
    module = write_module(MODULE.format(reload="close", version=1, slots=""))
    closed, first = module.closed, module.Pool()
    module = write_module(MODULE.format(reload="close", version=2, slots=""))
    assert [*closed, *module.closed] == [1]
    second = module.Pool()
    assert second is not first
    module = write_module(MODULE.format(reload="new", version=3, slots=""))
    assert module.Pool() is not second


def test_hit_path_takes_no_lock() -> None:
    ledger = Ledger()
    inside, leave = threading.Event(), threading.Event()
    cell: Any = vars(Ledger)["_Singleton__cell"]

    def hold() -> None:
        with cell._lock:
            inside.set()
            leave.wait(5)

    holder = threading.Thread(target=hold)
    holder.start()
    assert inside.wait(5)
    assert Ledger() is ledger
    leave.set()
    holder.join(5)
