"""Not run: type checkers read it. Every line says what they infer from the public API of the runtime."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Coroutine, Generator, Iterator
from contextlib import AbstractContextManager
from typing import Any, ParamSpec, TypeVar, assert_type

from patternlint.runtime import (
    AsyncOnce,
    AsyncOncePer,
    ObserverList,
    Once,
    OncePer,
    Registry,
    Signal,
    Singleton,
    SingletonABC,
    Subscription,
    TypeDispatch,
    UnknownKeyError,
    decorator,
    method_cache,
    once,
    once_per,
    weak_method,
)


class Pool:
    def __init__(self, url: str = "") -> None: ...
    def close(self) -> None: ...


# once
@once
def get_pool() -> Pool:
    return Pool()


@once(close="close", fork="keep", reload="new")
def get_closing_pool() -> Pool:
    return Pool()


@once
async def get_async_pool() -> Pool:
    return Pool()


@once(close=Pool.close)
async def get_closing_async_pool() -> Pool:
    return Pool()


class Holder:
    @staticmethod
    @once
    def pool() -> Pool:
        return Pool()


assert_type(get_pool, Once[Pool])
assert_type(get_pool(), Pool)
assert_type(get_pool.peek(), Pool | None)
assert_type(get_pool.override(Pool()), AbstractContextManager[Pool])
with get_pool.override(Pool()) as fake:
    assert_type(fake, Pool)
assert_type(get_closing_pool(), Pool)
assert_type(get_async_pool, AsyncOnce[Pool])
assert_type(get_closing_async_pool.peek(), Pool | None)
assert_type(Holder.pool(), Pool)
as_callable: Callable[[], Pool] = get_pool
get_pool(1)  # type: ignore[call-arg]
get_pool.set("no pool")  # type: ignore[arg-type]


async def use_async() -> None:
    assert_type(await get_async_pool(), Pool)
    assert_type(await get_closing_async_pool(), Pool)
    await get_closing_async_pool.aclose()


# once_per
@once_per
def pool_for(url: str, size: int = 5) -> Pool:
    return Pool(url)


@once_per(close="close", key=lambda url: url.lower())
def keyed_pool_for(url: str) -> Pool:
    return Pool(url)


@once_per
async def async_pool_for(url: str) -> Pool:
    return Pool(url)


assert_type(pool_for("u"), Pool)
assert_type(pool_for(url="u", size=1), Pool)
assert_type(keyed_pool_for("u"), Pool)
assert_type(keyed_pool_for.peek("u"), Pool | None)
pool_for.set(Pool(), "u", size=2)
pool_for.reset_one("u")
pool_for(1)  # type: ignore[arg-type]
a_pool_for: OncePer[[str], Pool] = keyed_pool_for
an_async_pool_for: AsyncOncePer[[str], Pool] = async_pool_for


async def use_async_pool_for() -> None:
    assert_type(await async_pool_for("u"), Pool)


# Singleton
class Ledger(metaclass=Singleton):
    def __init__(self, path: str = "ledger") -> None:
        self.path = path


class Pooled(Ledger, close="close", fork="keep"):
    def close(self) -> None: ...


class Store(ABC):
    @abstractmethod
    def read(self) -> bytes: ...


class FileStore(Store, metaclass=SingletonABC):
    def read(self) -> bytes:
        return b""


assert_type(Ledger(), Ledger)
assert_type(Ledger("a").path, str)
assert_type(Ledger.instance_or_none(), Ledger | None)
assert_type(Pooled(), Pooled)
assert_type(Pooled.instance_or_none(), Pooled | None)
assert_type(FileStore().read(), bytes)
Ledger.reset_instance()
Ledger(1)  # type: ignore[arg-type]


# decorator
P = ParamSpec("P")
R = TypeVar("R")


@decorator
def logged(call: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    return call(*args, **kwargs)


@decorator
async def traced(call: Callable[P, Coroutine[Any, Any, R]], *args: P.args, **kwargs: P.kwargs) -> R:
    return await call(*args, **kwargs)


@decorator
def timed(call: Callable[..., Any], *args: Any, unit: str = "s", **kwargs: Any) -> Generator[Any, Any, Any]:
    return (yield call(*args, **kwargs))


@logged
def area(width: int, *, height: float = 1.0) -> float:
    return width * height


@timed(unit="ms")
@traced
async def download(url: str) -> bytes:
    return b""


@timed
def numbers(limit: int) -> Iterator[int]:
    yield limit


@timed()
async def numbers_async(limit: int) -> AsyncIterator[int]:
    yield limit


class Shop:
    @logged
    def find(self, name: str) -> int:
        return 1

    @classmethod
    @timed
    def make(cls) -> Shop:
        return cls()

    @timed
    @staticmethod
    def parse(text: str) -> int:
        return 1

    @property
    @logged
    def size(self) -> int:
        return 1


assert_type(area(1, height=2.0), float)
assert_type(list(numbers(1)), list[int])
assert_type(numbers_async(1), AsyncIterator[int])
assert_type(Shop.make(), Shop)
assert_type(Shop().find("x"), int)
assert_type(Shop.parse("1"), int)
assert_type(Shop().size, int)
area("1")  # type: ignore[arg-type]
Shop().find(1)  # type: ignore[arg-type]
decorator(1)  # type: ignore[arg-type]


async def use_download() -> None:
    assert_type(await download("u"), bytes)


# method_cache
class Order:
    @method_cache
    def total(self) -> float:
        return 1.0

    @method_cache(maxsize=10)
    def page(self, number: int, *, size: int = 10) -> list[str]:
        return []

    @method_cache
    async def history(self, since: str = "") -> bytes:
        return b""

    @property
    @method_cache
    def label(self) -> str:
        return ""


assert_type(Order().total(), float)
assert_type(Order.total(Order()), float)
assert_type(Order().page(1, size=2), list[str])
assert_type(Order.total.cache_info().hits, int)
assert_type(Order().label, str)
Order.page.cache_clear(Order())
Order().page.cache_clear()
Order().page("1")  # type: ignore[arg-type]
Order().total(1)  # type: ignore[call-arg]


async def use_history() -> None:
    assert_type(await Order().history("today"), bytes)


# observers
class Subject:
    def __init__(self) -> None:
        self.observers = ObserverList()
        self.typed: ObserverList[[int, str]] = ObserverList()
        self.changed: Signal[[int]] = Signal("changed")


class Observer:
    def on_any(self) -> None: ...
    def on_typed(self, number: int, text: str) -> None: ...
    def on_changed(self, number: int) -> bool:
        return True

    async def on_async(self, number: int) -> int:
        return number


subject, observer = Subject(), Observer()
subject.observers.append(observer.on_any)
subject.observers.notify()
subject.observers.notify(1, a=2)
subject.typed.append(observer.on_typed, strong=True)
subject.typed.append(observer.on_any)  # type: ignore[arg-type]
subject.typed.notify(1, "a")
subject.typed.notify("a")  # type: ignore[call-arg, arg-type]
for callback in subject.typed:
    callback(1, "a")
assert_type(subject.typed.copy(), ObserverList[[int, str]])
assert_type(subject.changed.connect(observer.on_changed, sender=subject), Subscription)
subject.changed.connect(observer.on_async)
subject.changed.connect(observer.on_typed)  # type: ignore[arg-type]
subject.changed.notify(1)
with subject.changed.connect(observer.on_changed) as subscription:
    assert_type(subscription, Subscription)


def takes_weak_methods(
    sync: Callable[[int], bool | None], other: Callable[[int], Coroutine[Any, Any, int | None]]
) -> None:
    sync(1)


takes_weak_methods(weak_method(observer.on_changed), weak_method(observer.on_async))
assert_type(weak_method(observer.on_changed)(1), bool | None)


# TypeDispatch
class Shape: ...


class Circle(Shape): ...


class Square(Shape): ...


class Widget: ...


class Round(Widget): ...


def circle_area(shape: Circle) -> float:
    return 1.0


def corners_of(shape: Shape) -> int:
    return 0


def square_area(shape: Square) -> float:
    return 1.0


def square_area_in(shape: Square, unit: str = "") -> float:
    return 1.0


# mypy cannot join functions whose parameters differ, so such a table is annotated; pyright needs no help.
AREA: TypeDispatch[Callable[..., float]] = TypeDispatch({Circle: circle_area, Square: square_area})
CORNERS = TypeDispatch({Circle: corners_of, Square: corners_of}, default=corners_of)
LABEL = TypeDispatch({Circle: "round", (Square, bytes): "cornered", int | str: "text", None: "nothing"}, default="?")
AREA_IN: TypeDispatch[Callable[..., float]] = TypeDispatch({Circle: circle_area, Square: square_area_in})
SIDES = TypeDispatch({Circle: 0, Square: 4})
WIDGET = TypeDispatch({Circle: Round, Square: Round})
EMPTY: TypeDispatch[Callable[[Shape], str]] = TypeDispatch()

assert_type(AREA(Circle()), float)
assert_type(AREA.lookup(Circle())(Circle()), float)
assert_type(CORNERS(Square()), int)
assert_type(CORNERS.lookup(Square())(Square()), int)
assert_type(AREA_IN(Square(), unit="m"), float)
assert_type(LABEL.lookup(1), str)
assert_type(SIDES.lookup(Circle()), int)
assert_type(SIDES.get("a", None), int | None)
assert_type(SIDES.for_class(Square), int)
assert_type(WIDGET.lookup(Circle()), type[Round])
assert_type(WIDGET.lookup(Circle())(), Round)
assert_type(EMPTY(Shape()), str)


@AREA.register(Shape)
def other_area(shape: Shape) -> float:
    return 0.0


assert_type(other_area(Shape()), float)
SIDES.register(Shape, 1)
SIDES.register(Shape, "one")  # type: ignore[call-overload]
LABEL(1)  # type: ignore[misc]


def render_circle(self: Renderer, shape: Circle) -> str:
    return "o"


class Renderer:
    render = TypeDispatch({Circle: render_circle})
    labels = TypeDispatch({Circle: "o"})

    def use(self) -> None:
        assert_type(self.render(Circle()), str)
        assert_type(self.labels.lookup(Circle()), str)


# Registry
class Exporter:
    def __init__(self, path: str) -> None: ...


exporters: Registry[Exporter] = Registry("exporter")
inferred = Registry("exporter", base=Exporter, key="format")


@exporters.register("csv")
class CsvExporter(Exporter):
    format = "csv"


@inferred.register
class JsonExporter(Exporter):
    format = "json"


@exporters.register("made")
def make_exporter(path: str) -> Exporter:
    return CsvExporter(path)


exporters.register("parquet", "shop.export:ParquetExporter")
exporters.register("again", CsvExporter)
assert_type(exporters.create("csv", "path"), Exporter)
assert_type(inferred.create("csv", "path"), Exporter)
assert_type(inferred["json"]("path"), Exporter)
assert_type(CsvExporter("path"), CsvExporter)
assert_type(make_exporter("path"), Exporter)
assert_type(JsonExporter("path"), JsonExporter)
try:
    exporters["xml"]
except UnknownKeyError as error:
    assert_type(error.kind, str)
