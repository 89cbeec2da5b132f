"""Methods that `functools` memoises for the whole class: what the cache holds, and for how long that matters."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import NamedTuple

from patternlint.facts import Scope, dotted, own_nodes
from patternlint.project import Ancestry, Project
from patternlint.rule import Confidence
from patternlint_rules.observer.lifetimes import ConstructionsOf, IsOneOfAKind

CACHES = frozenset({"functools.cache", "functools.lru_cache"})
PROPERTIES = frozenset({"builtins.property"})
_BINDS_CLASS = frozenset({"staticmethod", "classmethod", "classproperty"})
_CLASS_PARAMETERS = frozenset({"cls", "mcs", "mcls", "klass", "metacls"})
# objects that are equal by value share an entry, and keep nothing alive that is not as good as another
_VALUES = re.compile(
    r"(typing\.NamedTuple|collections\.namedtuple|builtins\.(tuple|str|bytes|int|float|frozenset|type)|(enum\.\w*(Enum|Flag))"
    r"|pydantic\.(main\.)?BaseModel)\Z"
)
_VALUE_METHODS = frozenset({"__eq__", "__hash__"})
_VALUE_CLASSES = frozenset({"dataclass", "attrs", "define", "frozen", "dataclass_transform"})
# classes of which a framework makes an object for each request, connection or call
_PER_REQUEST = re.compile(
    r"(tornado\.(web|websocket)\.\w*Handler|django\.views\.generic\..*|rest_framework\.(views|viewsets|generics)\.\w+"
    r"|flask\.views\.\w+|aiohttp\.web(_urldispatcher)?\.View|starlette\.endpoints\.\w+"
    r"|http\.server\.\w*Handler|socketserver\.\w*Handler)\Z"
)
_BY_CACHE = re.compile(r"\b(l?ru|caches?|cached)\b", re.IGNORECASE)
_OF_INSTANCES = re.compile(r"\bself\b|\binstances?\b|\bglobal(ly)?\b|\bsingleton\b|\bimmortal\b", re.IGNORECASE)
_DEFAULT_SIZE = "128"


class Cache(NamedTuple):
    """What memoises a method.

    `size` is the source text of the bound: "" for none, "128" for the default. `keys` are the parameters behind the
    instance.
    """

    decorator: ast.expr
    size: str
    keys: tuple[str, ...]

    @property
    def name(self) -> str:
        """As the reader knows it."""
        called = self.decorator.func if isinstance(self.decorator, ast.Call) else self.decorator
        return (dotted(called) or "").rpartition(".")[2]


def cache_of(method: Scope) -> Cache | None:
    """What memoises a function that stands in a class, None for one that nothing memoises."""
    if method.enclosing_class is None:
        return None
    for decorator in method.function.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if method.module.resolve(called, method.parent) in CACHES:
            return Cache(decorator, _size(decorator), tuple(method.parameters[1:]))
    return None


def _size(decorator: ast.expr) -> str:
    if not isinstance(decorator, ast.Call):
        return "" if (dotted(decorator) or "").rpartition(".")[2] == "cache" else _DEFAULT_SIZE
    given = [*decorator.args[:1], *(k.value for k in decorator.keywords if k.arg == "maxsize")]
    text = ast.unparse(given[0]) if given else _DEFAULT_SIZE
    return "" if text == "None" else text


def takes_instance(method: Scope) -> bool:
    """Whether it gets an object of its class: no class method, static method or method of a metaclass."""
    last = {(dotted(d) or "").rpartition(".")[2] for d in method.function.decorator_list}
    first = method.parameters[:1]
    return (
        last.isdisjoint(_BINDS_CLASS)
        and bool(first)
        and _CLASS_PARAMETERS.isdisjoint(first)
        and method.name not in ("__new__", "__init_subclass__", "__class_getitem__")
    )


def is_value(cls: Scope, project: Project) -> bool:
    """Whether objects of a class are equal by what they hold: a named tuple, a data class, an enumeration, a class
    with a comparison of its own."""
    for decorator in cls.class_node.decorator_list:
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        if not _VALUE_CLASSES.isdisjoint((dotted(called) or "").split(".")):
            return True
    if any(isinstance(b, ast.Call) and "namedtuple" in (dotted(b.func) or "").lower() for b in cls.class_node.bases):
        return True
    ancestors = project.ask(Ancestry(cls.dotted))
    if any(_VALUES.match(name) for name in ancestors.all):
        return True
    outlines = (project.class_outline(name) for name in (cls.dotted, *ancestors.project))
    return any(outline is not None and not _VALUE_METHODS.isdisjoint(outline.methods) for outline in outlines)


def per_request_base(cls: Scope, project: Project) -> str:
    """The framework's class because of which there is an object for each request, "" where there is none."""
    return next((name for name in project.ask(Ancestry(cls.dotted)).all if _PER_REQUEST.match(name)), "")


def owns_up(method: Scope) -> bool:
    """Whether the author says that the cache holds instances: beside the method, or in the class's docstring."""
    cls, source = method.parent, method.module.source
    assert cls is not None
    first = min((d.lineno for d in method.function.decorator_list), default=method.row)
    comments = [text for row, text in source.comments.items() if first - 3 <= row <= method.function.body[0].lineno]
    texts = [" ".join(comments), *(ast.get_docstring(n.node) or "" for n in (cls, method))]  # type: ignore[arg-type]
    return any(_BY_CACHE.search(text) and _OF_INSTANCES.search(text) for text in texts) or (
        bool(_OF_INSTANCES.search(texts[0]))
    )


class IsCleared(NamedTuple):
    """Whether somebody empties the cache of a method of this name: ``x.name.cache_clear()``."""

    name: str

    def answer(self, project: Project) -> bool:
        """By the text."""
        cleared = re.compile(rf"\b{self.name}\s*\.\s*(?:fget\s*\.\s*)?cache_(?:clear|info|parameters)\b")
        sources = (project.source_at(path) for path in project.paths_with(self.name) if self._may(project, path))
        return any(source is not None and cleared.search(source.text) for source in sources)

    @staticmethod
    def _may(project: Project, path: object) -> bool:
        return any(path in project.set_with(word) for word in ("cache_clear", "cache_info", "cache_parameters"))


def places_that_make(cls: Scope, project: Project) -> list[tuple[str, int]]:
    """The places in functions that make objects of a class, where there are several, or one makes many of them."""
    made = [c for c in project.ask(ConstructionsOf(cls.dotted)) if c.function]
    several = len({(c.module, c.function) for c in made}) > 1 or any(c.in_loop for c in made)
    return [(c.path, c.row) for c in made] if several else []


def confidence_that_it_leaks(method: Scope, cache: Cache, project: Project) -> Confidence | None:
    """How sure it is that objects come and go while the cache holds them; None where they do not."""
    cls = method.parent
    assert cls is not None
    if is_value(cls, project):
        return None
    if owns_up(method) or project.ask(IsCleared(method.name)):
        return Confidence.LOW
    if per_request_base(cls, project):
        return Confidence.HIGH
    if cache.size and (cache.keys or cache.size == "1"):
        return Confidence.LOW  # so many results, of whatever objects; often there is one
    if len(project.ask(ConstructionsOf(cls.dotted))) == 1 and project.ask(IsOneOfAKind(cls.dotted)):
        return None
    return Confidence.HIGH if _is_property(method) or places_that_make(cls, project) else Confidence.MEDIUM


def _is_property(method: Scope) -> bool:
    return any(method.module.resolve(d, method.parent) in PROPERTIES for d in method.function.decorator_list)


def held_by(method: Scope) -> Iterator[str]:
    """The attributes of the object that a method reads, those that are methods left out."""
    instance, cls = method.parameters[0], method.parent
    assert cls is not None
    found = (
        node.attr
        for node in own_nodes(method.node)
        if isinstance(node, ast.Attribute) and dotted(node.value) == instance and isinstance(node.ctx, ast.Load)
    )
    return (f"{instance}.{name}" for name in dict.fromkeys(found) if name not in cls.children)
