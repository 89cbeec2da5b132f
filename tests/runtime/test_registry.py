"""`Registry`: factories by name, and errors that say what is known."""

from __future__ import annotations

import enum
import pickle
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from threads_forks_reloads import Forked, Race, WriteModule

from patternlint.runtime import DuplicateKeyError, FrozenRegistryError, Registry, UnknownKeyError


class Exporter:
    def __init__(self, path: str = "") -> None:
        self.path = path


class Csv(Exporter):
    format = "csv"


class Json(Exporter):
    format = "json"


class Kind(enum.Enum):
    ONE = 1


RELOADED: Registry[object] = Registry("version")


@pytest.fixture
def exporters() -> Registry[Exporter]:
    registry: Registry[Exporter] = Registry("exporter")
    registry.register("csv", Csv)
    registry.register("json")(Json)
    return registry


def test_register_and_create(exporters: Registry[Exporter]) -> None:
    assert type(exporters.create("csv", "a.csv")) is Csv
    assert exporters.create("json", path="a.json").path == "a.json"
    assert exporters["csv"] is Csv
    assert exporters.get("csv") is Csv
    assert exporters.get("xml") is None
    assert exporters.get("xml", Json) is Json
    assert "csv" in exporters
    assert "xml" not in exporters
    assert list(exporters) == ["csv", "json"]
    assert len(exporters) == 2
    assert repr(exporters) == "<Registry of exporter: 'csv', 'json'>"
    assert bool(Registry())


def test_decorators_stack_and_leave_the_class_alone(exporters: Registry[Exporter]) -> None:
    @exporters.register("tab")
    @exporters.register("tsv")
    class Tsv(Exporter):
        pass

    assert exporters["tsv"] is exporters["tab"] is Tsv
    assert list(exporters) == ["csv", "json", "tsv", "tab"]


def test_keys_need_not_be_strings() -> None:
    registry: Registry[int] = Registry("kind")
    registry.register(Kind.ONE, lambda: 1)
    registry.register(404, lambda: 2)
    assert registry.create(Kind.ONE) == 1
    assert registry.create(404) == 2
    with pytest.raises(UnknownKeyError, match=r"unknown kind: 405; did you mean 404\?"):
        registry.create(405)
    with pytest.raises(TypeError, match="unhashable"):
        registry.register([], lambda: 3)  # type: ignore[call-overload]


def test_unknown_key_says_what_is_known(exporters: Registry[Exporter]) -> None:
    with pytest.raises(UnknownKeyError) as caught:
        exporters.create("jsno")
    error = caught.value
    assert str(error) == "unknown exporter: 'jsno'; did you mean 'json'? (known: 'csv', 'json')"
    assert (error.kind, error.key, error.known, error.suggestion) == ("exporter", "jsno", ("csv", "json"), "json")
    assert isinstance(error, ValueError)
    assert isinstance(error, KeyError)
    assert error.__cause__ is None
    assert error.__suppress_context__
    again = pickle.loads(pickle.dumps(error))
    assert (str(again), again.known) == (str(error), error.known)
    with pytest.raises(UnknownKeyError, match=r"^unknown key: 'a' \(known: none\)$"):
        Registry()["a"]
    with pytest.raises(UnknownKeyError, match=r"'zzz' \(known"):
        exporters["zzz"]


def test_errors_of_the_factory_pass_through(exporters: Registry[Exporter]) -> None:
    def fail() -> Exporter:
        raise KeyError("mine")

    exporters.register("fail", fail)
    with pytest.raises(KeyError, match="mine") as caught:
        exporters.create("fail")
    assert not isinstance(caught.value, UnknownKeyError)


def test_duplicates_are_refused(exporters: Registry[Exporter]) -> None:
    exporters.register("csv", Csv)
    with pytest.raises(DuplicateKeyError, match=r"exporter 'csv' is registered already, as .*Csv.*refused: .*Json"):
        exporters.register("csv", Json)
    with pytest.raises(DuplicateKeyError):
        exporters.register("csv", "somewhere:Csv")
    assert exporters["csv"] is Csv
    exporters.register("lambda", lambda: Csv())
    with pytest.raises(DuplicateKeyError):
        exporters.register("lambda", lambda: Json())


def test_reloaded_module_replaces_its_own_entries(write_module: WriteModule) -> None:
    text = """
from test_registry import RELOADED

@RELOADED.register("made")
class Made:
    version = {}
"""
    write_module(text.format(1))
    module = write_module(text.format(2))
    assert RELOADED["made"] is module.Made
    assert list(RELOADED) == ["made"]


def test_key_from_a_class_attribute() -> None:
    registry = Registry("exporter", base=Exporter, key="format")
    registry.register(Csv)

    @registry.register
    class Xml(Exporter):
        format = "xml"

    assert list(registry) == ["csv", "xml"]
    with pytest.raises(TypeError, match="has no attribute 'format'"):
        registry.register(Exporter)
    with pytest.raises(TypeError, match="needs a key"):
        Registry("exporter").register(Csv)


def test_subclasses_that_register_themselves() -> None:
    registry: Registry[object] = Registry("plugin", key="name")

    class Plugin:
        def __init_subclass__(cls) -> None:
            registry.register(cls)

    class One(Plugin):
        name = "one"

    assert registry["one"] is One


def test_unfit_factories_are_refused(exporters: Registry[Exporter]) -> None:
    registry = Registry("exporter", base=Exporter)
    with pytest.raises(TypeError, match="must be a Exporter, which <class 'int'> is not"):
        registry.register("int", int)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="must be a class, a function or 'module:Name', not 3"):
        registry.register("three", 3)  # type: ignore[call-overload]
    for target in ("json", ":loads", "json:"):
        with pytest.raises(TypeError, match=r"is 'package\.module:Name'"):
            exporters.register("lazy", target)


def test_lazy_entries_are_imported_when_they_are_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lazy_exporters.py").write_text("class Outer:\n    class Parquet: pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    registry: Registry[object] = Registry("exporter")
    registry.register("parquet", "lazy_exporters:Outer.Parquet")
    registry.register("parquet", "lazy_exporters:Outer.Parquet")
    registry.register("broken", "lazy_exporters:Missing")
    registry.register("nowhere", "no_such_module:Thing")
    assert "parquet" in registry
    assert list(registry) == ["parquet", "broken", "nowhere"]
    assert "lazy_exporters" not in sys.modules
    first = registry.create("parquet")
    assert type(first).__qualname__ == "Outer.Parquet"
    assert registry["parquet"] is type(first)
    registry.register("parquet", type(first))
    with pytest.raises(AttributeError, match="Missing") as caught:
        registry.create("broken")
    assert caught.value.__notes__ == ["while loading the exporter 'broken' from 'lazy_exporters:Missing'"]
    with pytest.raises(ModuleNotFoundError, match="no_such_module"):
        registry.create("nowhere")
    del sys.modules["lazy_exporters"]


def test_lazy_entry_must_fit_the_base() -> None:
    registry = Registry("exporter", base=Exporter)
    registry.register("decimal", "decimal:Decimal")
    with pytest.raises(TypeError, match="must be a Exporter"):
        registry.create("decimal")


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Install a distribution that does nothing but declare entry points of the group "shop.numbers"."""
    monkeypatch.syspath_prepend(tmp_path)

    def install(distribution: str, **points: str) -> None:
        folder = tmp_path / f"{distribution}-1.0.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n")
        lines = [f"{name} = {value}" for name, value in points.items()]
        (folder / "entry_points.txt").write_text("\n".join(["[shop.numbers]", *lines, "[other]", "x = json:loads"]))

    return install


def test_entry_points_join_at_the_first_unknown_key(install: Callable[..., None]) -> None:
    install("shop", decimal="decimal:Decimal", fraction="fractions:Fraction [extra]")
    registry: Registry[object] = Registry("number", entry_points="shop.numbers")
    registry.register("int", int)
    assert registry.create("int", "3") == 3
    assert repr(registry) == "<Registry of number: 'int'>"
    assert str(registry.create("decimal", "1.5")) == "1.5"
    assert list(registry) == ["int", "decimal", "fraction"]
    assert "fraction" in registry
    assert str(registry.create("fraction", 1, 2)) == "1/2"
    with pytest.raises(UnknownKeyError, match="did you mean 'fraction'"):
        registry.create("fractoin")
    install("late", late="fractions:Fraction")
    assert "late" not in registry, "read once"


def test_broken_entry_point_breaks_only_itself(install: Callable[..., None]) -> None:
    install("shop", module="decimal", missing="no_such_module:Thing", good="decimal:Decimal")
    registry: Registry[object] = Registry("number", entry_points="shop.numbers")
    assert len(registry) == 3
    registry.create("good")
    with pytest.raises(TypeError, match="must be a class, a function"):
        registry.create("module")
    with pytest.raises(ModuleNotFoundError) as caught:
        registry.create("missing")
    assert caught.value.__notes__ == ["while loading the number 'missing' from 'no_such_module:Thing'"]


def test_entry_points_of_one_name(install: Callable[..., None]) -> None:
    install("shop", decimal="decimal:Decimal")
    install("again", decimal="decimal:Decimal")  # one distribution may be seen twice on sys.path
    assert len(Registry("number", entry_points="shop.numbers")) == 1
    registry: Registry[object] = Registry("number", entry_points="shop.numbers")
    registry.register("decimal", float)
    with pytest.raises(DuplicateKeyError, match=r"'decimal'.*entry point 'decimal:Decimal' of group 'shop\.numbers'"):
        list(registry)


def test_freeze(exporters: Registry[Exporter]) -> None:
    exporters.freeze()
    with pytest.raises(FrozenRegistryError, match="too late for the exporter 'xml'"):
        exporters.register("xml", Csv)
    with pytest.raises(FrozenRegistryError):
        exporters.unregister("csv")
    assert exporters["csv"] is Csv

    registry: Registry[Exporter] = Registry("exporter", freeze_on_use=True)
    registry.register("csv", Csv)
    assert "csv" in registry
    registry.register("json", Json)
    registry.create("csv")
    with pytest.raises(FrozenRegistryError):
        registry.register("xml", Csv)


def test_frozen_registry_still_loads_lazy_entries() -> None:
    registry: Registry[object] = Registry("number", freeze_on_use=True)
    registry.register("fraction", "fractions:Fraction")
    assert registry.create("fraction", 1, 2) == registry.create("fraction", "1/2")


def test_unregister(exporters: Registry[Exporter]) -> None:
    exporters.unregister("csv")
    assert list(exporters) == ["json"]
    with pytest.raises(UnknownKeyError):
        exporters.unregister("csv")
    exporters.register("csv", Json)


def test_sixteen_threads_register_and_create(race: Race) -> None:
    registry: Registry[object] = Registry("number")
    registry.register("lazy", "fractions:Fraction")
    numbers = iter(range(16))

    def work() -> object:
        number = next(numbers)
        for step in range(20):
            registry.register((number, step), lambda: number)
            assert registry.create((number, step)) == number
            assert len(list(registry)) >= step
        return registry["lazy"]

    assert len(set(race(work))) == 1
    assert len(registry) == 16 * 20 + 1


def test_one_of_sixteen_threads_wins_a_key(race: Race) -> None:
    registry: Registry[object] = Registry("number")
    results = race(lambda: registry.register("key", lambda: 1))
    assert sum(isinstance(result, DuplicateKeyError) for result in results) == 15


def test_child_gets_a_fresh_lock(forked: Forked) -> None:
    registry: Registry[object] = Registry("number")
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with registry._lock:
            inside.set()
            leave.wait(5)

    holder = threading.Thread(target=hold)
    holder.start()
    assert inside.wait(5)
    forked(lambda: registry.register("int", int))
    leave.set()
    holder.join(5)
