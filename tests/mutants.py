"""Fixers that are broken on purpose, and what has to notice.

Each mutant replaces one function of a rule, of its family's vocabulary or of the engine by one that is wrong in one
respect. It counts as caught when verification puts the fix back, or when the fixture's behaviour test fails on what
the fixer wrote; that the result differs from the fixture's expected text proves nothing and does not count.

    python tests/mutants.py        writes docs/fix-mutants.md
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import libcst as cst
import pytest

import patternlint.fixer as fixer
import patternlint.fixes as fixes
import patternlint.placement as placement
import patternlint_rules.decorator.around as around_call
import patternlint_rules.decorator.cache_on_method as cache_on_method
import patternlint_rules.decorator.copies as copies
import patternlint_rules.decorator.decorator_state_without_lock as lock_in_decorator
import patternlint_rules.decorator.hand_copied_metadata as hand_copied
import patternlint_rules.decorator.missing_functools_wraps as wraps_rule
import patternlint_rules.decorator.wrapping as wrapping
import patternlint_rules.imports.already_bound as already_bound
import patternlint_rules.imports.hoisting as hoisting
import patternlint_rules.imports.redundant_inner_import as redundant
import patternlint_rules.singleton.broken_lock as broken_lock
import patternlint_rules.singleton.double_checked as double_checked
import patternlint_rules.singleton.lazy_fix as lazy_fix
import patternlint_rules.singleton.new_singleton_without_lock as lock_rule
import patternlint_rules.singleton.published_before_initialised as published_rule
import patternlint_rules.singleton.singleton_check_in_init as init_rule
import patternlint_rules.strategy.long_type_chain as type_chain
import patternlint_rules.strategy.mapping_chain as mapping_chain
import patternlint_rules.strategy.table as table
from fixtures import cases, engine_for
from patternlint.finding import Edit
from patternlint.fixer import FixKey, FixResult, fix
from patternlint.fixes import FixBuilder
from patternlint.other_file import OtherFile
from patternlint.places import Places
from patternlint.project.import_order import SurvivesHoisting
from patternlint.project.imports import Loads
from patternlint.project.rebinding import Rebinds
from patternlint.source import Source
from patternlint.splicing import Moves
from patternlint.verification import Unfit
from patternlint.walker import descendants
from patternlint_rules.imports.inner_import import InnerImport
from patternlint_rules.observer.notify_over_live_list import NotifyOverLiveList
from patternlint_rules.strategy.classes import Hierarchy

PAGE = Path(__file__).parent.parent / "docs" / "fix-mutants.md"
Plant = Callable[[pytest.MonkeyPatch], None]


class Mutant(NamedTuple):
    """One fault.

    `on` is the fixture that shows it, or a text where no fixture can; `tree` says which fixes are applied there.
    `caught` is what has to notice: "check", the behaviour test, or the beginning of verification's reason.
    """

    rule: str
    fault: str
    plant: Plant
    on: str | bytes
    tree: str
    caught: str


class Outcome(NamedTuple):
    """What became of a mutant: verification's reasons, and the last line that the behaviour test says.

    The test is asked where verification let all of it pass, or (with verification switched off) a part of it.
    """

    put_back: tuple[str, ...]
    complaint: str
    is_left: bool = False  # a part got past verification

    @property
    def is_caught(self) -> bool:
        """Whether nothing of it would reach anybody."""
        return bool(self.complaint) if self.is_left else bool(self.put_back)


# ---- planting


def instead(owner: Any, name: str, wrong: Callable[..., Any]) -> Plant:
    """Call `wrong` in a function's place; it gets the function first, then its arguments."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        right = getattr(owner, name)
        patch.setattr(owner, name, lambda *args, **kwargs: wrong(right, *args, **kwargs))

    return plant


def always(owner: Any, name: str, value: object) -> Plant:
    """A function that gives the same answer whatever it is asked."""
    return instead(owner, name, lambda _right, *_args, **_kwargs: value)


def attribute(owner: Any, name: str, value: object) -> Plant:
    """Another value."""
    return lambda patch: patch.setattr(owner, name, value)


def together(*plants: Plant) -> Plant:
    """Several changes that are one fault."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        for each in plants:
            each(patch)

    return plant


def code(method: str, old: str, new: str) -> Plant:
    """A step of the fix writes something else: `old` in the code that the rule hands to it becomes `new`."""

    def wrong(right: Any, self: FixBuilder, *given: Any) -> None:
        right(self, *(each.replace(old, new) if isinstance(each, str) else each for each in given))

    return instead(FixBuilder, method, wrong)


def around(before: str, wrong_before: str, wrong_after: str) -> Plant:
    """What is written around an expression by `wrap` is something else."""

    def wrong(right: Any, self: FixBuilder, node: cst.BaseExpression, first: str, last: str) -> None:
        right(self, node, *((wrong_before, wrong_after) if first == before else (first, last)))

    return instead(FixBuilder, "wrap", wrong)


def nothing(*_: object, **__: object) -> None:
    """The step is forgotten."""


# ---- faults that need more than a line


def _second_test_forgotten(right: Any, self: FixBuilder, first: object, last: object, headers: str) -> None:
    right(self, first, last, re.sub(r"\bif .*:", "if True:", headers))


def _open_lock(right: Any, self: FixBuilder, text: str, uses: Collection[str], *, name: str) -> None:
    nothing_locked = "type('Open', (), {'__enter__': lambda self: self, '__exit__': lambda *_: None})"
    right(self, text.replace("threading.RLock", nothing_locked), uses, name=name)


def _swapped(right: Any, *arguments: Any) -> list[table.Entry]:
    first, second, *others = right(*arguments)
    return [first._replace(keys=second.keys), second._replace(keys=first.keys), *others]


def _last_lost(right: Any, *arguments: Any) -> list[table.Entry]:
    return [*right(*arguments)[:-1]]


def _default_forgotten(right: Any, chain: Any, *arguments: Any) -> table.Place:
    return table.Place(chain.orelse or right(chain, *arguments).last, "None")


def _no_comments(_right: Any, chain: Any, _rule: object) -> list[table.Comments]:
    return [table.Comments([], "") for _ in chain.branches]


def _looked_up_blindly(
    _right: Any, chain: Any, mapping: Any, place: table.Place, name: str, how: table.Spelling, rule: Any
) -> str | None:
    names = {"subject": rule.text(chain.subject), "table": name}
    return table._with(mapping, how.item.format(**names), rule)


def _else_dropped(right: Any, fix: Any, chain: Any, code: str, place: table.Place, *rest: Any, local: bool) -> None:
    right(fix, chain, code, place._replace(last=chain.orelse or place.last), *rest, local=local)


def _subject_again(right: Any, *arguments: Any) -> str | None:
    written = right(*arguments)
    return written and f"{arguments[-1].text(arguments[0].subject)}\n{written}"


def _no_import(_right: Any, _self: FixBuilder, module: str, name: str = "") -> str:
    return f"{module}.{name}" if name else module


def _outermost(right: Any, self: FixBuilder, _definition: object, text: str) -> None:
    first = next(n for n in descendants(self._visit.region.tree) if isinstance(n, cst.FunctionDef))
    right(self, first, text)


def _in_front_of_docstring(_right: Any, self: FixBuilder, definition: cst.FunctionDef, text: str) -> None:
    self.insert_before(definition.body.body[0], text)


def _twin_by_name(right: Any, project: Any, module: Any, inner: Any) -> Any:
    twin = right(project, module, inner)
    tops = [b for b in module.imports_in(module.scope) if b.name == inner.name]
    return twin or (already_bound.Twin(tops[0], True) if tops else None)


def _another_import_too(right: Any, self: FixBuilder, *arguments: str, **comment: str) -> None:
    right(self, *arguments, **comment)
    right(self, "wave")


def _without_what_is_there(right: Any, module: Any, statement: Any, names: list[str]) -> list[Edit]:
    (edit,) = right(module, statement, names)
    return [edit._replace(text=f"{edit.text.partition(' import ')[0]} import {', '.join(names)}")]


def _whole_line(_right: Any, self: FixBuilder, statement: cst.CSTNode) -> None:
    line, _ = self._simple(statement)
    self.remove_block(line)


def _bound_name(_right: Any, self: FixBuilder, _wish: str) -> str:
    return next(s.name for s in self._module.functions if s.parent is self._module.scope)


def _one_off(right: Any, self: Places, node: cst.CSTNode) -> tuple[int, int]:
    start, end = right(self, node)
    return start + 1, end + 1


def _everything(_right: Any, _self: object, findings: list[Any]) -> list[Any]:
    return list(findings)


def _line_feeds(right: Any, self: Places, text: str, indent: str) -> str:
    return str(right(self, text, indent)).replace("\r\n", "\n")


def _no_byte_order_mark(_right: Any, self: Source, text: str) -> bytes:
    return text.encode(self.encoding)


def _in_utf8(_right: Any, self: Source, text: str) -> bytes:
    return self.bom + text.encode()


def _on_the_last_line(_right: Any, _at: Places, offset: int, lines: str) -> Edit:
    return Edit(offset, offset, lines)


def _first_row(_right: Any, *_: object) -> int:
    return 1


def _with_match(right: Any, self: FixBuilder, statement: cst.CSTNode, text: str) -> None:
    right(self, statement, f"match 0:\n    case 0:\n        pass\n{text}")


def _loses_async(right: Any, self: FixBuilder, definition: cst.FunctionDef, text: str) -> None:
    right(self, definition, f"(lambda wrapper: {text}(lambda *args, **kwargs: wrapper(*args, **kwargs)))")


def _first_name_only(_right: Any, _self: InnerImport, _names: object) -> str:
    return "pass"


def _no_doubts(_right: Any, self: hoisting.Verdict, *_: object) -> hoisting.Verdict:
    return self


# ---- texts

_DECORATOR = """\
def logged(func):
    def wrapper(*args, **kwargs):
        return func(*args, **kwargs)

    return wrapper


@logged
def load(path):
    return path
"""
_SHADOWED = _DECORATOR + "\n\nfunctools = [load]\n"
_BOM = b"\xef\xbb\xbf" + _DECORATOR.encode()
_LATIN = b"# -*- coding: latin-1 -*-\nNAME = '\xe4\xf6'\n\n\n" + _DECORATOR.encode()
_NO_END = b"""\
import threading


class Store:
    def __new__(cls):
        if cls._instance is None:
            cls._instance = super().__new__(cls)
        return cls._instance

    def __init__(self):
        self.lock = threading.Lock()

    _instance = None"""
_OLD_PYTHON = b"""\
import threading


class Pool:
    def __new__(cls):
        if not hasattr(cls, "_pool"):
            cls._pool = super().__new__(cls)
        return cls._pool

    def __init__(self):
        self.lock = threading.Lock()
"""
_CRLF = _OLD_PYTHON.replace(b"\n", b"\r\n")
_TABS = _OLD_PYTHON.replace(b"    ", b"\t")
_PRAGMA_IN_CHAIN = b"""\
def unit(kind: str) -> str:
    if kind == "temperature":
        return "C"
    if kind == "humidity":  # noqa: PLR2004
        return "%"
    if kind == "pressure":
        return "hPa"
    if kind == "light":
        return "lx"
    return "?"
"""
_PRAGMA_ON_IMPORT = b"""\
import json


def dump(order):
    import json  # type: ignore[import-untyped]
    return json.dumps(order)
"""
_FIX_WITHIN_FIX = b"""\
import threading

_pool = None
_lock = threading.Lock()


def get_pool():
    global _pool
    if _pool is None:
        with _lock:
            import threading
            _pool = threading.Event()
    return _pool
"""
_RE_EXPORT = b"""\
from html import unescape

from flask import Flask

app = Flask(__name__)


@app.route("/text")
def text():
    from html import escape

    return escape("<tea>")
"""

_FIXTURES = {c.path.parent.name.partition("-")[0] + "/" + c.id.partition("/")[2]: c for c in cases()}

MUTANTS = [
    # ---- Singleton
    Mutant("PAT101", "the guard stays although its slot is gone", instead(FixBuilder, "remove_block", nothing),
           "PAT101/application", "fixed", "check"),
    Mutant("PAT101", "the metaclass is not added", instead(FixBuilder, "append_base", nothing),
           "PAT101/application", "fixed", "verification"),
    Mutant("PAT101", "the doubts are forgotten", always(init_rule, "doubts", ()), "PAT101/application", "fixed", "check"),
    Mutant("PAT101", "another metaclass is added", code("append_base", "Singleton", "(Singleton, type)[1]"),
           "PAT101/application", "fixed", "check"),
    Mutant("PAT101", "the accessor goes on reading the slot", code("replace", "cls()", "cls._the_one"),
           "PAT101/application", "fixed", "check"),
    Mutant("PAT102", "the lock is forgotten", code("nest", "with cls._instance_lock:", "if True:"),
           "PAT102/in_place", "fixed", "check"),
    Mutant("PAT102", "every call makes a lock of its own", code("nest", "cls._instance_lock", "threading.RLock()"),
           "PAT102/in_place", "fixed", "check"),
    Mutant("PAT102", "the slot is not tested again under the lock", instead(FixBuilder, "nest", _second_test_forgotten),
           "PAT102/in_place", "fixed", "check"),
    Mutant("PAT102", "the instance is published before it is complete",
           together(instead(double_checked, "publish_last", nothing), always(published_rule, "completion_of", None)),
           "PAT102/in_place", "fixed", "check"),
    Mutant("PAT102", "a plain lock, although the instance may ask for itself",
           together(always(double_checked, "asks_again", False),
                    instead(FixBuilder, "name", lambda right, self, module, name="": right(self, module, "Lock"))),
           "PAT102/not_rewritten", "unsafe", "check"),
    Mutant("PAT102", "a class that builds more than its instance gets the metaclass",
           always(lock_rule.NewSingletonWithoutLock, "_becomes_singleton", True),
           "PAT102/application", "fixed", "verification"),
    Mutant("PAT107", "the lock locks nothing", instead(FixBuilder, "module_code", _open_lock),
           "PAT107/in_place", "fixed", "check"),
    Mutant("PAT107", "a global that others use is taken away", always(lazy_fix, "_is_known_here_alone", True),
           "PAT107/application", "fixed", "check"),
    Mutant("PAT107", "None is kept for ever", always(lazy_fix, "is_never_none", True),
           "PAT107/application", "fixed", "check"),
    Mutant("PAT107", "a forked child forgets what was registered", code("decorate", '(fork="keep")', ""),
           "PAT107/application", "fixed", "check"),
    Mutant("PAT108", "it is not kept at all", code("replace", "once", "(once, lambda function: function)[1]"),
           "PAT108/application", "fixed", "check"),
    Mutant("PAT108", "a forked child forgets what was registered", code("replace", '(fork="keep")', ""),
           "PAT108/application", "fixed", "check"),
    Mutant("PAT108", "the import of the cache stays", instead(FixBuilder, "drop_import", nothing),
           "PAT108/application", "fixed", "verification"),
    Mutant("PAT103", "another method is called", code("insert_after", "_init_once", "__repr__"),
           "PAT103/starts_over", "unsafe", "check"),
    Mutant("PAT103", "the instance is never initialised", code("insert_after", "instance._init_once()\n", ""),
           "PAT103/starts_over", "unsafe", "check"),
    Mutant("PAT104", "the slot is not tested again under the lock", instead(FixBuilder, "nest", _second_test_forgotten),
           "PAT104/second_test", "fixed", "check"),
    Mutant("PAT104", "the lock is not made where its slot is", instead(OtherFile, "replace", nothing),
           "PAT104/late_lock", "fixed", "check"),
    Mutant("PAT104", "who stores something else there is no obstacle",
           always(broken_lock, "_stored_elsewhere", False), "PAT104/late_lock", "fixed", "check"),
    Mutant("PAT105", "the local is never stored", instead(FixBuilder, "insert_after", nothing),
           "PAT105/reached", "fixed", "check"),
    Mutant("PAT105", "it is stored before it is complete, and not seen to be",
           together(code("insert_after", "_locales = locales", "pass"), code("replace", "locales", "_locales"),
                    always(published_rule, "completion_of", None)),
           "PAT105/reached", "fixed", "check"),
    Mutant("PAT105", "the container becomes another object", code("insert_after", "_names[:] =", "_names = [] or"),
           "PAT105/reached", "fixed", "verification"),
    Mutant("PAT105", "what asks for itself is no obstacle", always(double_checked, "asks_again", False),
           "PAT105/doubtful", "fixed", "check"),
    Mutant("PAT105", "ways out in between are no obstacle", instead(double_checked, "mind_delay", nothing),
           "PAT105/doubtful", "fixed", "check"),
    Mutant("PAT115", "the slot is not tested again under the lock", instead(FixBuilder, "nest", _second_test_forgotten),
           "PAT115/in_place", "fixed", "check"),
    Mutant("PAT115", "every call makes a lock of its own", code("nest", "cls._instance_lock", "threading.RLock()"),
           "PAT115/in_place", "fixed", "check"),
    Mutant("PAT110", "the subclass goes on looking into its bases", code("replace", "cls.__dict__.get(", "getattr(cls, "),
           "PAT110/leaks", "unsafe", "check"),
    Mutant("PAT110", "the class is never found to have one", code("replace", '"_instance" not in', '"instance" not in'),
           "PAT110/leaks", "unsafe", "check"),
    Mutant("PAT106", "every call makes a lock of its own", code("nest", "cls._instance_lock", "threading.RLock()"),
           "PAT106/service", "fixed", "check"),
    Mutant("PAT106", "a plain lock, although a singleton may construct another one",
           instead(FixBuilder, "name", lambda right, self, module, name="": right(self, module, "Lock")),
           "PAT106/service", "fixed", "check"),
    # ---- Observer
    Mutant("PAT301", "the callback is handed over strongly", around("weak_method(", "(weak_method and ", ")"),
           "PAT301/lamps", "unsafe", "check"),
    Mutant("PAT301", "the callback is handed over strongly, and weak_method is not used", around("weak_method(", "(", ")"),
           "PAT301/queues", "unsafe", "verification"),
    Mutant("PAT301", "unsubscribed too early: the remover is called at once",
           around("self.on_remove(", "self.on_remove(", "())"), "PAT301/lamps", "fixed", "check"),
    Mutant("PAT301", "never unsubscribed: the remover is thrown away after all",
           around("self.on_remove(", "(self.on_remove and ", ")"), "PAT301/lamps", "fixed", "check"),
    Mutant("PAT302", "the list is a strong one after all", code("replace", "ObserverList()", "[*ObserverList()]"),
           "PAT302/charger", "unsafe", "verification"),
    Mutant("PAT303", "a strong reference instead of a weak one",
           code("replace", "weakref.WeakMethod", "(lambda method: lambda: method)"), "PAT303/direct", "fixed", "check"),
    Mutant("PAT303", "the reference is dead at once as before", code("replace", "weakref.WeakMethod", "weakref.ref"),
           "PAT303/direct", "fixed", "verification"),
    Mutant("PAT305", "the live set is walked after all", around("tuple(", "map(lambda each: each, ", ")"),
           "PAT305/sets_and_dicts", "fixed", "check"),
    Mutant("PAT305", "the live list is walked after all", around("tuple(", "map(lambda each: each, ", ")"),
           "PAT305/lists", "unsafe", "check"),
    Mutant("PAT305", "the live list is walked after all, and seen to be", around("tuple(", "iter(", ")"),
           "PAT305/lists", "unsafe", "verification"),
    Mutant("PAT305", "one observer less is told", around("tuple(", "tuple(", ")[:-1]"),
           "PAT305/sets_and_dicts", "fixed", "check"),
    Mutant("PAT305", "'tuple' is used although it means something else there",
           always(NotifyOverLiveList, "resolve", "builtins.tuple"), "PAT305/doubtful", "fixed", "check"),
    Mutant("PAT310", "the callback is never called: a function is handed over that makes it weak",
           around("weak_method(", "(lambda *_: weak_method(", "))"), "PAT310/sensors", "unsafe", "check"),
    Mutant("PAT310", "the callback is handed over strongly", around("weak_method(", "(weak_method and ", ")"),
           "PAT310/sensors", "unsafe", "check"),
    # ---- Strategy
    Mutant("PAT401", "the else is dropped", instead(type_chain, "write", _else_dropped),
           "PAT401/declared", "fixed", "check"),
    Mutant("PAT401", "two keys are swapped", instead(type_chain, "entries_of", _swapped),
           "PAT401/declared", "fixed", "check"),
    Mutant("PAT401", "a branch is lost", instead(type_chain, "entries_of", _last_lost),
           "PAT401/declared", "fixed", "check"),
    Mutant("PAT401", "subclasses are left out",
           attribute(type_chain, "TYPES", table.TYPES._replace(contains="type({subject}) in set({table})")),
           "PAT401/declared", "fixed", "check"),
    Mutant("PAT401", "the branches are evaluated when the table is made",
           instead(type_chain.LongTypeChain, "_values",
                   lambda _right, self, _chain, mapping: ([self.text(v) for v in mapping.holes[0].values], table.TYPES)),
           "PAT401/declared", "fixed", "verification"),
    Mutant("PAT401", "a base that is tested before its class is no obstacle",
           attribute(Hierarchy, "misordered", ()), "PAT401/declared", "fixed", "check"),
    Mutant("PAT401", "the comments of the branches are lost", instead(type_chain, "comments_of", _no_comments),
           "PAT401/declared", "fixed", "verification"),
    Mutant("PAT403", "the default is dropped", instead(mapping_chain, "place_of", _default_forgotten),
           "PAT403/statements", "fixed", "check"),
    Mutant("PAT403", "the else is dropped", instead(mapping_chain, "write", _else_dropped),
           "PAT403/statements", "fixed", "check"),
    Mutant("PAT403", "the else is dropped, with its comment", instead(mapping_chain, "write", _else_dropped),
           "PAT403/returns", "fixed", "verification"),
    Mutant("PAT403", "the subject is evaluated again", instead(mapping_chain, "lookup_code", _subject_again),
           "PAT403/side_effects", "unsafe", "check"),
    Mutant("PAT403", "two keys are swapped", instead(mapping_chain, "entries_of", _swapped),
           "PAT403/statements", "fixed", "check"),
    Mutant("PAT403", "the last branch is lost", instead(mapping_chain, "entries_of", _last_lost),
           "PAT403/statements", "fixed", "check"),
    Mutant("PAT403", "an unknown key raises KeyError",
           together(instead(mapping_chain, "lookup_code", _looked_up_blindly), instead(mapping_chain, "write", _else_dropped)),
           "PAT403/statements", "fixed", "check"),
    Mutant("PAT403", "a value is read when the module is loaded, although it may change",
           always(mapping_chain, "unsettled", False), "PAT403/imported", "fixed", "check"),
    Mutant("PAT403", "what cannot be hashed is no obstacle", always(mapping_chain, "is_surely_hashable", True),
           "PAT403/in_doubt", "fixed", "check"),
    Mutant("PAT403", "callers share a mutable value", always(mapping_chain, "is_immutable", True),
           "PAT403/in_doubt", "unsafe", "check"),
    Mutant("PAT403", "'is' counts as '=='", always(mapping_chain, "are_one_kind", True),
           "PAT403/imported", "fixed", "check"),
    Mutant("PAT403", "the comments of the branches are lost", instead(mapping_chain, "comments_of", _no_comments),
           "PAT403/returns", "fixed", "verification"),
    Mutant("PAT403", "a pragma goes to another statement",
           attribute(table, "PRAGMA", re.compile("(?!)")), _PRAGMA_IN_CHAIN, "fixed", "verification"),
    Mutant("PAT403", "the table takes the name of a function", instead(FixBuilder, "free_name", _bound_name),
           "PAT403/statements", "fixed", "verification"),
    # ---- Decorator
    Mutant("PAT501", "functools.wraps loses its argument",
           instead(FixBuilder, "decorate", lambda right, self, node, text: right(self, node, text.partition("(")[0] + "()")),
           "PAT501/plain", "fixed", "check"),
    Mutant("PAT501", "the identity of another function is taken", code("decorate", "(func", "(len"),
           "PAT501/plain", "fixed", "check"),
    Mutant("PAT501", "the decorator itself is decorated", instead(FixBuilder, "decorate", _outermost),
           "PAT501/plain", "fixed", "verification"),
    Mutant("PAT501", "a coroutine function becomes a plain one", instead(FixBuilder, "decorate", _loses_async),
           "PAT501/asynchronous", "fixed", "check"),
    Mutant("PAT501", "__wrapped__ stays, and the signature lies", instead(FixBuilder, "insert_after", nothing),
           "PAT501/signature_differs", "unsafe", "check"),
    Mutant("PAT501", "every wrapper is taken to have the function's signature",
           always(wrapping, "takes_what_function_takes", True), "PAT501/signature_differs", "fixed", "check"),
    Mutant("PAT501", "update_wrapper stands before the docstring",
           instead(FixBuilder, "insert_first", _in_front_of_docstring), "PAT501/class_based", "fixed", "check"),
    Mutant("PAT501", "the names that decorators above register are no obstacle",
           instead(wraps_rule, "mind_registration", nothing),
           "PAT501/registered", "fixed", "check"),
    Mutant("PAT502", "the copies go, and functools.wraps is forgotten", instead(hand_copied, "put_wraps", nothing),
           "PAT502/plain", "fixed", "check"),
    Mutant("PAT502", "every wrapper is taken to have the function's signature",
           always(wrapping, "takes_what_function_takes", True), "PAT502/in_doubt", "fixed", "check"),
    Mutant("PAT502", "a docstring of the author's own goes with the copies", always(copies, "_is_functions", True),
           "PAT502/in_doubt", "fixed", "check"),
    Mutant("PAT503", "another function is wrapped", around("", "", "(len)"), "PAT503/wrong", "fixed", "check"),
    Mutant("PAT503", "the arguments of update_wrapper are swapped and swapped back",
           code("replace", "remembering", "func"), "PAT503/wrong", "fixed", "check"),
    Mutant("PAT504", "the call is not awaited", code("insert_before", "await ", ""), "PAT504/early", "unsafe", "check"),
    Mutant("PAT504", "plain functions get the form for coroutine functions",
           code("insert_before", "inspect.iscoroutinefunction", "callable"), "PAT504/early", "unsafe", "verification"),
    Mutant("PAT504", "the form for coroutine functions has no name",
           code("insert_before", "functools.wraps(", "functools.partial(lambda _, f: f, "), "PAT504/early", "unsafe", "check"),
    Mutant("PAT505", "the result is kept and not returned", instead(FixBuilder, "insert_after", nothing),
           "PAT505/dropped", "unsafe", "verification"),
    Mutant("PAT505", "what follows the call is never reached", attribute(around_call.Call, "is_last", True),
           "PAT505/dropped", "fixed", "check"),
    Mutant("PAT506", "every call makes a lock of its own", code("nest", "with lock:", "with threading.Lock():"),
           "PAT506/counts", "unsafe", "verification"),
    Mutant("PAT506", "each of the functions that share a variable has a lock of its own",
           instead(lock_in_decorator.DecoratorStateWithoutLock, "_owner", lambda _right, _self, node, wrapper, _change: (node, wrapper.node)),
           "PAT506/counts", "unsafe", "check"),
    Mutant("PAT507", "a property becomes a method", code("replace", "functools.cached_property", "functools.cache"),
           "PAT507/properties", "fixed", "check"),
    Mutant("PAT507", "slots and setters are no obstacle", instead(FixBuilder, "refuse", nothing),
           "PAT507/doubtful_properties", "fixed", "check"),
    Mutant("PAT507", "what the class reads of itself is no obstacle", always(cache_on_method, "_looks_into_dict", False),
           "PAT507/doubtful_properties", "fixed", "check"),
    Mutant("PAT507", "the import of the cache stays", instead(FixBuilder, "drop_import", nothing),
           "PAT507/imported_name", "fixed", "verification"),
    Mutant("PAT507", "the cache is the class's after all", code("replace", "method_cache", "functools.cache"),
           "PAT507/methods", "unsafe", "verification"),
    # ---- Imports
    Mutant("PAT901", "hoisted in spite of a cycle",
           together(always(Loads, "answer", False), always(SurvivesHoisting, "answer", True)),
           "PAT901/shop_routes", "fixed", "check"),
    Mutant("PAT901", "hoisted although the name is bound later", always(Rebinds, "answer", False),
           "PAT901/shop_routes", "fixed", "check"),
    Mutant("PAT901", "hoisted although the package may not be installed",
           together(attribute(InnerImport, "is_optional", False), attribute(InnerImport, "is_conditional", False),
                    instead(hoisting.Verdict, "but", _no_doubts)),
           "PAT901/shop_routes", "fixed", "check"),
    Mutant("PAT901", "hoisted although models cannot be loaded yet", instead(hoisting.Verdict, "but", _no_doubts),
           "PAT901/django_app", "fixed", "check"),
    Mutant("PAT901", "hoisted although the name means something else elsewhere",
           together(instead(hoisting.Verdict, "but", _no_doubts), always(hoisting, "_is_taken", False)),
           "PAT901/other_meanings", "fixed", "check"),
    Mutant("PAT901", "the statement is removed, the import at the top forgotten",
           instead(FixBuilder, "import_", nothing), "PAT901/frameworks", "fixed", "verification"),
    Mutant("PAT901", "a name is imported that nobody uses", instead(FixBuilder, "import_", _another_import_too),
           "PAT901/frameworks", "fixed", "verification"),
    Mutant("PAT901", "the imports stand before the docstring", instead(placement, "_row_for", _first_row),
           "PAT901/frameworks", "fixed", "check"),
    Mutant("PAT901", "the imports stand before 'from __future__'", instead(placement, "_row_for", _first_row),
           "PAT901/shop_routes", "fixed", "verification"),
    Mutant("PAT901", "the names that the line imports already are lost",
           instead(placement, "_extend", _without_what_is_there), "PAT901/frameworks", "fixed", "verification"),
    Mutant("PAT902", "the same name is taken for the same object", instead(redundant, "twin_of", _twin_by_name),
           "PAT902/other_objects", "fixed", "check"),
    Mutant("PAT902", "a name that is bound anew later is taken for the same",
           always(already_bound, "_is_late_bound", False), "PAT902/two_modules", "fixed", "check"),
    Mutant("PAT902", "what tests replace is no obstacle",
           always(redundant.Patched, "answer", False), "PAT902/two_modules", "fixed", "check"),
    Mutant("PAT902", "a name is removed with the redundant one", instead(InnerImport, "with_names", _first_name_only),
           "PAT902/again", "fixed", "verification"),
    Mutant("PAT902", "the comment at the line's end is lost", instead(FixBuilder, "remove", _whole_line),
           "PAT902/again", "fixed", "verification"),
    Mutant("PAT902", "a pragma is left alone on its line", attribute(InnerImport, "has_pragma", False),
           _PRAGMA_ON_IMPORT, "fixed", "verification"),
    Mutant("PAT903", "the statement is removed, the import at the top forgotten",
           instead(FixBuilder, "import_", nothing), "PAT903/helpers", "fixed", "verification"),
    Mutant("PAT903", "hoisted although the module may not be there", instead(hoisting.Verdict, "but", _no_doubts),
           "PAT903/views", "fixed", "check"),
    # ---- the engine
    Mutant("engine", "a needed import is forgotten", instead(FixBuilder, "name", _no_import),
           "PAT501/evidence", "unsafe", "verification"),
    Mutant("engine", "an import takes the name of something else", always(placement, "_is_bound", False),
           _SHADOWED.encode(), "fixed", "verification"),
    Mutant("engine", "edits are off by one", instead(Places, "exact", _one_off), "PAT305/lists", "unsafe", "verification"),
    Mutant("engine", "overlapping fixes are applied at once", together(instead(fixer._Repair, "_disjoint", _everything), attribute(Moves, "overlap", False)),
           _FIX_WITHIN_FIX, "unsafe", "verification"),
    Mutant("engine", "new lines end in \\n in a file of \\r\\n", instead(Places, "lines", _line_feeds),
           _CRLF, "fixed", "verification"),
    Mutant("engine", "the byte order mark is lost", instead(Source, "encode", _no_byte_order_mark),
           _BOM, "fixed", "verification"),
    Mutant("engine", "the file is written in another encoding", instead(Source, "encode", _in_utf8),
           _LATIN, "fixed", "verification"),
    Mutant("engine", "a tab counts as four spaces",
           instead(Places, "lines", lambda right, self, text, indent: right(self, text, indent.expandtabs(4))),
           _TABS, "fixed", "verification"),
    Mutant("engine", "new lines run into a last line that has no end", instead(fixes, "new_lines_at", _on_the_last_line),
           _NO_END, "fixed", "verification"),
    Mutant("engine", "syntax newer than the target version is written", instead(FixBuilder, "insert_before", _with_match),
           _OLD_PYTHON, "fixed", "verification"),
    Mutant("engine", "a public name that the module hands on is lost",
           instead(placement, "_extend", _without_what_is_there), _RE_EXPORT, "fixed", "verification"),
    Mutant("engine", "a fix does nothing, and is found again", around("tuple(", "(", ")"),
           "PAT305/lists", "unsafe", "verification"),
]  # fmt: skip


# ---- running them


class Run(NamedTuple):
    """A project after its fixes: the files' bytes, the results by file."""

    data: dict[str, bytes]
    results: dict[str, FixResult]

    @property
    def put_back(self) -> tuple[str, ...]:
        """What verification said, a run without end included."""
        said = [failure.reason for result in self.results.values() for failure in result.failed]
        endless = [_ENDLESS for result in self.results.values() if not result.converged]
        return tuple(dict.fromkeys([*said, *endless]))


_ENDLESS = "the fixes make work for each other without end: nothing is changed"


def sources_of(on: str | bytes) -> dict[str, bytes]:
    """The files of what a mutant is let loose on."""
    if isinstance(on, bytes):
        return {"subject.py": on, "patternlint.toml": b'target-version = "3.9"\n'}
    files = {name: path.read_bytes() for name, path in _FIXTURES[on].sources.items()}
    return files if "pyproject.toml" in files else {**files, "patternlint.toml": b""}


def fix_all(on: str | bytes, root: Path, *, unsafe: bool, only: dict[str, list[FixKey]] | None = None) -> Run:
    """Fix every file of it in a folder, as `--fix` does."""
    for name, data in sources_of(on).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    engine, results = engine_for(root), {}
    for name in (name for name in sources_of(on) if name.endswith(".py")):
        path = engine.project.root / name
        result = fix(Source.read(path), engine, unsafe=unsafe, only=None if only is None else only[name])
        path.write_bytes(result.source.data)
        results[name] = result
    return Run({name: (root / name).read_bytes() for name in results}, results)


@cache
def right_result(on: str | bytes, tree: str) -> dict[str, bytes]:
    """What the fixers make of it when nothing is broken."""
    with tempfile.TemporaryDirectory() as folder:
        return fix_all(on, Path(folder).resolve(), unsafe=tree == "unsafe").data


def try_out(mutant: Mutant) -> Outcome:
    """Plant a mutant, fix, and see who complains.

    Raises:
        AssertionError: the fault changes nothing.
    """
    objections: list[str] = []
    with _planted(mutant, instead(Unfit, "__init__", _noting(objections))) as (run, _):
        if run.put_back and not _is_something_left(mutant, run):
            return Outcome(run.put_back, "")
        if objections and run.data == right_result(mutant.on, mutant.tree):
            return Outcome((f"{objections[0]} (and then done right)",), "")
    with _planted(mutant, *_UNVERIFIED) as (unverified, root):
        assert unverified.data != right_result(mutant.on, mutant.tree), "the fault changes nothing"
        assert any(result.applied for result in unverified.results.values()), "the fault stops the fixes"
        if isinstance(mutant.on, bytes):
            return Outcome(run.put_back, "", is_left=True)
        lines = _FIXTURES[mutant.on].run_check(root, mutant.tree).strip().split("\n")
        return Outcome(run.put_back, lines[-1], is_left=True)


def _noting(objections: list[str]) -> Callable[..., None]:
    """Verification's objections, those included that lead to another try."""

    def noted(right: Any, self: Unfit, reason: str, *, is_bug: bool = True) -> None:
        objections.append(reason)
        right(self, reason, is_bug=is_bug)

    return noted


@contextmanager
def _planted(mutant: Mutant, *more: Plant) -> Iterator[tuple[Run, Path]]:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        with pytest.MonkeyPatch.context() as patch:
            together(mutant.plant, *more)(patch)
            run = fix_all(mutant.on, root, unsafe=mutant.tree == "unsafe")
        yield run, root


def _is_something_left(mutant: Mutant, run: Run) -> bool:
    """Whether what verification let through is anything but what the unbroken fixers write for the same fixes."""
    only = {name: [applied.key for applied in result.applied] for name, result in run.results.items()}
    with tempfile.TemporaryDirectory() as folder:
        again = fix_all(mutant.on, Path(folder).resolve(), unsafe=mutant.tree == "unsafe", only=only)
    return run.data != again.data


_UNVERIFIED = [always(fixer, name, None) for name in ("check_text", "check_findings", "check_bytes")]


def page() -> str:
    """The table, as Markdown."""
    rows = []
    for mutant in MUTANTS:
        on = f"`{mutant.on}`" if isinstance(mutant.on, str) else "a text in `tests/mutants.py`"
        rows.append(f"| {mutant.rule} | {mutant.fault} | {on} | {_cell(try_out(mutant))} |")
    return _INTRODUCTION.format(count=len(MUTANTS)) + "\n".join(rows) + "\n"


def _cell(outcome: Outcome) -> str:
    said = [f"verification: {reason.partition(': ')[0]}" for reason in outcome.put_back[:1]]
    if outcome.is_left:
        said.append("behaviour test" if outcome.complaint else "**nothing**")
    return "; ".join(said).replace("|", "\\|")


_INTRODUCTION = """\
# Broken fixers, and what catches them

What verification and the fixtures' behaviour tests are worth shows when a fixer is wrong. `tests/mutants.py` breaks
the fixers on purpose, in {count} ways, by replacing one function of a rule or of the engine; `tests/test_fix_mutations.py`
lets each of them loose on a fixture and asks who notices: *verification*, which puts the fix back before anything is
written, or the *behaviour test*, which runs the fixed code. That a result differs from the expected text does not count.
Written by `python tests/mutants.py`.

| rule | what is broken | on | caught by |
|---|---|---|---|
"""

if __name__ == "__main__":
    PAGE.write_text(page(), "utf-8")
