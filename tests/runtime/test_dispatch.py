"""`TypeDispatch`: what an isinstance chain does, as a table."""

from __future__ import annotations

import abc
import collections.abc
import gc
import sys
import sysconfig
import threading
import weakref
from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable
from unittest import mock

import pytest
from threads_forks_reloads import Forked, Race, WriteModule

from patternlint.runtime import TypeDispatch, UnknownTypeError


class Shape: ...


class Circle(Shape): ...


class Square(Shape): ...


class Rounded(Square, Circle): ...


class Foreign: ...


NAMES = TypeDispatch({Shape: "shape", Circle: "circle", (Square, bytes): "square", int | float: "number", None: "none"})


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Shape(), "shape"),
        (Circle(), "circle"),
        (Square(), "square"),
        (b"", "square"),
        (1, "number"),
        (1.5, "number"),
        (True, "number"),
        (None, "none"),
        (Rounded(), "square"),
        (type("Other", (Shape,), {})(), "shape"),
    ],
)
def test_every_key_and_its_subclasses(value: object, name: str) -> None:
    for _ in range(2):
        assert NAMES.lookup(value) == name
        assert NAMES.get(value, "?") == name
        assert NAMES.for_class(type(value)) == name
        assert NAMES.handles(value)


def test_foreign_class_without_default() -> None:
    for _ in range(2):
        with pytest.raises(
            UnknownTypeError, match=r"no entry for test_dispatch\.Foreign; known classes: Shape, Circle"
        ):
            NAMES.lookup(Foreign())
    assert issubclass(UnknownTypeError, TypeError)
    assert issubclass(UnknownTypeError, LookupError)
    with pytest.raises(UnknownTypeError):
        NAMES.for_class(str)
    assert NAMES.get(Foreign(), "fallback") == "fallback"
    assert not NAMES.handles(Foreign())


def test_default() -> None:
    table = TypeDispatch({Circle: "circle"}, default="?")
    for _ in range(2):
        assert table.lookup(Foreign()) == "?"
        assert table.get(Foreign(), "fallback") == "?"
        assert table.for_class(Foreign) == "?"
    assert not table.handles(Foreign())
    nothing = TypeDispatch({Circle: "circle"}, default=None)
    assert nothing.lookup(Foreign()) is None


def test_object_is_the_last_resort_however_the_table_is_ordered() -> None:
    table = TypeDispatch({object: "object", Shape: "shape"}, default="never")
    assert table.lookup(Circle()) == "shape"
    assert table.lookup(Foreign()) == "object"


def test_calling_passes_all_arguments() -> None:
    def circle(shape: Circle, *args: object, **kwargs: object) -> tuple[Any, ...]:
        return ("circle", shape, args, kwargs)

    table: TypeDispatch[Callable[..., Any]] = TypeDispatch({Circle: circle}, default=lambda shape: "default")
    shape = Circle()
    assert table(shape) == ("circle", shape, (), {})
    assert table(shape, 1, obj=2) == ("circle", shape, (1,), {"obj": 2})
    assert table(None) == "default"


def test_errors_of_the_function_pass_through() -> None:
    def fail(_shape: Shape) -> None:
        raise KeyError("mine")

    table = TypeDispatch({Shape: fail})
    with pytest.raises(KeyError, match="mine"):
        table(Circle())


def test_register_by_decorator_and_by_call_takes_effect_at_once() -> None:
    table: TypeDispatch[Callable[[Any], str]] = TypeDispatch()
    assert table.get(Circle(), None) is None

    @table.register(Shape)
    def shape_name(shape: Shape) -> str:
        return "shape"

    assert table(Circle()) == "shape"

    @table.register(Circle)
    @table.register((Square, int))
    def other_name(shape: object) -> str:
        return "other"

    assert table(Circle()) == table(Square()) == table(1) == "other"
    assert table.register(str, lambda text: text)("text") == "text"
    assert table("x") == "x"
    assert list(table) == [Shape, Square, int, Circle, str]
    assert len(table) == 5
    assert repr(TypeDispatch({Circle: 1, int: 2})) == "<TypeDispatch: Circle, int>"


def test_second_entry_for_a_class_is_refused() -> None:
    table = TypeDispatch({Circle: 1})
    with pytest.raises(ValueError, match="has an entry for Circle already: 1"):
        table.register((Square, Circle), 2)
    assert list(table) == [Circle], "all or nothing"
    table.register(Circle, 1)
    functions: TypeDispatch[Callable[..., Any]] = TypeDispatch({Circle: lambda shape: 1})
    with pytest.raises(ValueError, match="already"):
        functions.register(Circle, lambda shape: 2)


def test_reloaded_module_registers_again(write_module: WriteModule) -> None:
    text = """
from test_dispatch import RELOADED, Circle

@RELOADED.register(Circle)
def name(shape): return "version {}"
"""
    write_module(text.format(1))
    assert RELOADED(Circle()) == "version 1"
    write_module(text.format(2))
    assert RELOADED(Circle()) == "version 2"


RELOADED: TypeDispatch[Callable[[Any], str]] = TypeDispatch()


def test_keys_that_are_no_classes_are_refused() -> None:
    for key in ("Circle", 1, (Circle, "Square"), list[int]):
        with pytest.raises(TypeError, match="a TypeDispatch key is a class"):
            TypeDispatch({key: 1})


def test_values_may_be_anything() -> None:
    assert TypeDispatch({Circle: Square}).lookup(Circle()) is Square
    assert TypeDispatch({Circle: [1]}).lookup(Circle()) == [1]
    assert TypeDispatch({Circle: None}, default=1).lookup(Circle()) is None


class Renderer:
    prefix = "<"

    @staticmethod
    def _other(self: Renderer, node: object) -> str:
        return self.prefix + "?"

    render: TypeDispatch[Callable[..., str]] = TypeDispatch(default=_other)
    labels = TypeDispatch({Circle: "o", Square: "#"})

    @render.register(Circle)
    def _circle(self, node: Circle, close: str = ">") -> str:
        return self.prefix + "o" + close


class Fancy(Renderer):
    prefix = "«"


def test_as_a_method() -> None:
    assert Renderer().render(Circle()) == "<o>"
    assert Fancy().render(Circle(), close="»") == "«o»"
    assert Fancy().render(Foreign()) == "«?"
    assert Renderer().render.lookup(Circle())(Circle()) == "<o>"
    assert isinstance(Renderer.render, TypeDispatch)
    assert Renderer().labels.lookup(Square()) == "#"
    with pytest.raises(UnknownTypeError, match=r"no entry in Renderer\.labels for"):
        Renderer().labels.lookup(Foreign())


def test_mocks_and_proxies_count_as_what_they_claim_to_be() -> None:
    stands_for = mock.Mock(spec=Circle)
    assert isinstance(stands_for, Circle)
    assert NAMES.lookup(stands_for) == "circle"
    assert NAMES.handles(stands_for)
    assert TypeDispatch({Circle: 1}, default=2).lookup(stands_for) == 1
    with pytest.raises(UnknownTypeError):
        NAMES.lookup(mock.Mock(spec=Foreign))
    assert TypeDispatch({mock.Mock: "mock", Circle: "circle"}).lookup(stands_for) == "mock"
    for table in (TypeDispatch({Circle: 1}, default=2), TypeDispatch({Circle: 1, object: 2})):
        for _ in range(2):
            assert table.lookup(mock.Mock(spec=Foreign)) == 2
            assert table.lookup(mock.Mock(spec=Circle)) == 1


def test_answers_are_remembered_until_something_is_registered() -> None:
    searched = []

    class Watched(TypeDispatch[str]):
        def _search(self, cls: type) -> Any:
            searched.append(cls)
            return super()._search(cls)

    for table in (Watched({Shape: "shape"}, default="?"), Watched({Shape: "shape"})):
        searched.clear()
        for _ in range(3):
            table.lookup(Circle())
            table.get(Foreign(), "")
        assert searched == [Circle, Foreign]
        table.register(Foreign, "foreign")
        assert table.lookup(Foreign()) == "foreign"


class Sized(abc.ABC):
    @abc.abstractmethod
    def size(self) -> int: ...


@runtime_checkable
class Closes(Protocol):
    def close(self) -> None: ...


class File:
    def close(self) -> None: ...


def test_virtual_subclasses_by_option() -> None:
    table = {collections.abc.Iterable: "iterable", collections.abc.Sequence: "sequence", Closes: "closes", str: "str"}
    plain, virtual = TypeDispatch(table, default="?"), TypeDispatch(table, default="?", virtual=True)
    assert plain.lookup([]) == "?"
    assert virtual.lookup([]) == "sequence", "the most specific"
    assert virtual.lookup({1}) == "iterable"
    assert virtual.lookup("text") == "str", "an entry in the method resolution order wins"
    assert virtual.lookup(File()) == "closes"
    assert virtual.lookup(1) == "?"
    with_object = TypeDispatch({object: "object", collections.abc.Sized: "sized"}, virtual=True)
    assert with_object.lookup([]) == "sized"
    assert with_object.lookup(1) == "object"
    tie = TypeDispatch({collections.abc.Container: "first", collections.abc.Sized: "second"}, virtual=True)
    assert tie.lookup(()) == "first"
    real = TypeDispatch({Sized: "sized"})
    assert real.lookup(type("Real", (Sized,), {"size": lambda self: 1})()) == "sized", "real ones need no option"


@pytest.mark.skipif(
    sys.version_info[:2] == (3, 13) and bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    reason="CPython 3.13 without the GIL never frees a class once a thread has been started",
)
def test_cache_does_not_keep_classes_made_on_the_fly_for_ever() -> None:
    table = TypeDispatch({Shape: "shape"})
    first = type("Made", (Shape,), {})
    reference = weakref.ref(first)
    assert table.lookup(first()) == "shape"
    del first
    for _ in range(1025):
        assert table.lookup(type("Made", (Shape,), {})()) == "shape"
    gc.collect()
    assert reference() is None
    assert len(table._cache) <= 1024


def test_threads_that_look_up_while_others_register(race: Race) -> None:
    table: TypeDispatch[str] = TypeDispatch({Shape: "shape"}, default="?")
    classes = [type(f"Made{number}", (Circle,), {}) for number in range(160)]
    mine = iter(classes)

    def work() -> bool:
        for _ in range(10):
            cls = next(mine)
            assert table.lookup(cls()) == "shape"
            table.register(cls, cls.__name__)
            assert table.lookup(cls()) == cls.__name__
        return True

    assert race(work) == [True] * 16
    assert all(table.lookup(cls()) == cls.__name__ for cls in classes)


def test_child_gets_a_fresh_lock(forked: Forked) -> None:
    table = TypeDispatch({Shape: "shape"})
    inside, leave = threading.Event(), threading.Event()

    def hold() -> None:
        with table._lock:
            inside.set()
            leave.wait(5)

    holder = threading.Thread(target=hold)
    holder.start()
    assert inside.wait(5)
    forked(lambda: table.lookup(Circle()))
    leave.set()
    holder.join(5)
