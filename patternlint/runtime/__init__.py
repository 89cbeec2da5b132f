"""Design patterns that are right in production: what patternlint's fixes rewrite code into.

No dependencies, thread-safe, typed. The folder can be copied into a project as it is: it imports nothing outside
itself but the standard library.
"""

from .decorator import Decorator, decorator
from .dispatch import BoundDispatch, TypeDispatch, UnknownTypeError
from .keyed import AsyncOncePer, OncePer, once_per
from .method_cache import BoundCachedMethod, CachedMethod, method_cache
from .observers import ObserverList
from .once import AsyncOnce, Once, once
from .registry import DuplicateKeyError, FrozenRegistryError, Registry, UnknownKeyError
from .signals import Signal, Subscription
from .singleton import Singleton, SingletonABC
from .weak_methods import weak_method

__all__ = [
    "AsyncOnce",
    "AsyncOncePer",
    "BoundCachedMethod",
    "BoundDispatch",
    "CachedMethod",
    "Decorator",
    "DuplicateKeyError",
    "FrozenRegistryError",
    "ObserverList",
    "Once",
    "OncePer",
    "Registry",
    "Signal",
    "Singleton",
    "SingletonABC",
    "Subscription",
    "TypeDispatch",
    "UnknownKeyError",
    "UnknownTypeError",
    "decorator",
    "method_cache",
    "once",
    "once_per",
    "weak_method",
]
