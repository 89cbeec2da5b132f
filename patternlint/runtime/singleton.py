"""A class with one instance: the metaclass `Singleton`.

The class stays a class: `isinstance`, subclassing, type hints, `__slots__` and `Ledger()` call sites go on working.

    class Ledger(metaclass=Singleton):
        def __init__(self) -> None:
            self.rows = []

    Ledger() is Ledger()            # from any thread, built once, never seen half-built
    Ledger.reset_instance()         # tests
    Ledger.instance_or_none()       # the instance if there is one

A singleton in `__new__` gets all of this wrong in turn: `__init__` runs again on every call, two threads build two,
the instance is visible before `__init__` has filled it, a subclass gets its parent's, and a copy is a second one.
"""

from __future__ import annotations

from abc import ABCMeta

from .cell import UNSET, Cell, check_policies
from .reloading import earlier_definition, remember_definition
from .typed import TYPE_CHECKING, T

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .cell import CloseHook, ForkPolicy, ReloadPolicy


class _Options:
    """The class keywords of a singleton class."""

    __slots__ = ("close", "fork", "reload")

    def __init__(self, close: CloseHook, fork: ForkPolicy, reload: ReloadPolicy) -> None:
        check_policies(fork, reload)
        self.close = close
        self.fork: ForkPolicy = fork
        self.reload: ReloadPolicy = reload


_DEFAULT_OPTIONS = _Options(None, "reset", "adopt")


class _InstanceCell(Cell["Any"]):
    """The instance, and the arguments that it was made with."""

    __slots__ = ("arguments", "instance", "options")

    instance: Any  # the value; absent while there is none, which costs a hit no comparison

    def __init__(self, name: str, options: _Options) -> None:
        super().__init__(name, options.close, options.fork)
        self.options = options
        self.arguments: tuple[tuple[Any, ...], dict[str, Any]] = ((), {})

    def _store(self, value: Any, owner: int) -> None:
        super()._store(value, owner)
        if value is not UNSET:
            self.instance = value
        elif hasattr(self, "instance"):
            self.arguments = ((), {})
            del self.instance


class Singleton(type):
    """Metaclass of classes that have one instance per process; every subclass has its own.

    Options are class keywords, `class Pool(metaclass=Singleton, close="shutdown")`, inherited by subclasses; they are
    those of `once`: `close` (called by `reset_instance` and at exit), `fork` ("reset" or "keep"), `reload` ("adopt",
    "close" or "new"; an adopted instance becomes an instance of the reloaded class where its layout allows). A module
    whose file is imported under a second name shares the instance, which stays one of the class that made it.

    Calling the class is thread-safe and, once the instance exists, takes no lock. Until then one lock per class is
    held through `__new__` and `__init__`; what they raise passes through and leaves nothing behind. Raises
    RuntimeError when `__init__` constructs its own class in the same thread, and TypeError for arguments that differ
    from those of the call that built the instance, because they would be ignored; a call without arguments is
    always the plain question for the instance. Where `__init__` needs arguments, the first call gives them, and one
    without them before that raises the TypeError of `__init__` and builds nothing.

    `copy.copy`, `copy.deepcopy` and `pickle` give the instance back, unless the class says otherwise itself. A process
    that unpickles it and has none yet builds its own, from the same arguments.
    """

    __cell: _InstanceCell

    def __new__(
        mcls,
        name: str,
        bases: tuple[type, ...],
        namespace: dict[str, Any],
        *,
        close: CloseHook = UNSET,
        fork: ForkPolicy = UNSET,
        reload: ReloadPolicy = UNSET,
        **keywords: Any,
    ) -> Any:
        """Make the class, with a cell of its own, so that it never answers with its parent's instance."""
        inherited = next((base.__cell.options for base in bases if isinstance(base, Singleton)), _DEFAULT_OPTIONS)
        options = _Options(
            inherited.close if close is UNSET else close,
            inherited.fork if fork is UNSET else fork,
            inherited.reload if reload is UNSET else reload,
        )
        module, qualname = namespace.get("__module__", "?"), namespace.get("__qualname__", name)

        earlier = earlier_definition(module, qualname)
        cell: _InstanceCell | None = namespace.get("_Singleton__cell")
        copied = cell is not None  # by dataclass(slots=True)
        if cell is None and options.reload != "new" and isinstance(earlier, Singleton):
            cell = earlier.__cell
            cell.configure(options.close, options.fork)
            cell.options = options
            if options.reload == "close" and earlier.__module__ == module:
                cell.reset()
        if cell is None:
            cell = _InstanceCell(f"{module}.{qualname}", options)
        # In the namespace before the class exists: __init_subclass__ may already construct it.
        namespace["_Singleton__cell"] = cell
        for method, give_back in _IDENTITY_METHODS.items():
            if method not in namespace and not any(_says_itself(base, method) for base in bases):
                namespace[method] = give_back
        cls = super().__new__(mcls, name, bases, namespace, **keywords)
        remember_definition(module, qualname, cls, instead=copied)
        if earlier is not None and type(cell.value) is earlier and earlier.__module__ == module:
            try:  # noqa: SIM105 (contextlib would take a tenth of the start-up time)
                cell.value.__class__ = cls
            except TypeError:  # another layout: the instance stays what it was
                pass
        return cls

    if not TYPE_CHECKING:  # so that checkers take the signature of __init__, and its class as the result

        def __call__(cls, *args, **kwargs):
            """Return the instance, building it if there is none."""
            if not (args or kwargs):
                try:
                    return cls.__cell.instance
                except AttributeError:
                    pass  # and build outside the handler, as `once` does
            return cls.__build_or_compare(args, kwargs)

    def __build_or_compare(cls, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        cell = cls.__cell
        built_here = False

        def make() -> Any:
            nonlocal built_here
            instance = super(Singleton, cls).__call__(*args, **kwargs)
            cell.arguments = (args, kwargs)
            built_here = True
            return instance

        instance = cell.build(make)
        if not built_here and (args or kwargs) and not _same_call(cls, cell.arguments, (args, kwargs)):
            raise TypeError(
                f"{cls.__qualname__} was built as {_shown(cls, *cell.arguments)}, so {_shown(cls, args, kwargs)} "
                f"cannot be honoured: ask for the instance by {cls.__qualname__}(), or call "
                f"{cls.__qualname__}.reset_instance() first"
            )
        return instance

    def reset_instance(cls) -> None:
        """Forget the instance and close it with the close hook; the next call builds a new one."""
        cls.__cell.reset()

    def instance_or_none(cls: type[T]) -> T | None:
        """Return the instance if there is one, else None; never builds."""
        instance: T | None = cls._Singleton__cell.peek()  # type: ignore[attr-defined]
        return instance


class SingletonABC(Singleton, ABCMeta):
    """`Singleton` for classes that have an abstract base: `class Store(AbstractStore, metaclass=SingletonABC)`."""


def _instance_of(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """Unpickle: the instance of this process, built as the pickled one was if there is none yet."""
    instance = cls.instance_or_none()
    return cls(*args, **kwargs) if instance is None else instance


def _copy(self: Any) -> Any:
    return self


def _deepcopy(self: Any, _memo: object) -> Any:
    return self


def _reduce(self: Any) -> Any:
    cls = type(self)
    return _instance_of, (cls, *cls._Singleton__cell.arguments)


_IDENTITY_METHODS: dict[str, Callable[..., Any]] = {
    "__copy__": _copy,
    "__deepcopy__": _deepcopy,
    "__reduce__": _reduce,
}


def _says_itself(base: type, method: str) -> bool:
    """Whether a singleton base already has `method`; what other bases do (`dict`, `UserDict`) would make a second."""
    return any(isinstance(cls, Singleton) and method in vars(cls) for cls in base.__mro__)


def _same_call(cls: Any, first: tuple[Any, Any], later: tuple[Any, Any]) -> bool:
    try:
        if first == later:
            return True
        import inspect  # slow to import, and only needed to see that Config("a") and Config(path="a") are one call

        signature = inspect.signature(cls.__new__ if cls.__init__ is object.__init__ else cls.__init__)
        bound = [signature.bind(None, *args, **kwargs) for args, kwargs in (first, later)]
        for one in bound:
            one.apply_defaults()
        return bool(bound[0].arguments == bound[1].arguments)
    except Exception:  # arguments that cannot be compared, or that __init__ does not take
        return False


def _shown(cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> str:
    shown = [repr(value) for value in args] + [f"{name}={value!r}" for name, value in kwargs.items()]
    text = ", ".join(shown)
    return f"{cls.__qualname__}({text if len(text) <= 200 else text[:199] + '…'})"
