"""`prove` runs the code and says what it saw: the defect before a fix and none after it, or why it could not tell."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from project_tree import TIMED, as_from_a_terminal, patternlint, run, write_tree

from patternlint.cli import main

# ---- code with a defect, by the shape of the code: what is written, where, and what is shown of it


class Case(NamedTuple):
    rule: str
    name: str  # of the class or function that is proven
    code: str
    shown: str  # how the verdict begins
    cured: str  # and the one of the fixed code
    fixed: str = ""  # where it is not patternlint that fixes it


NEW = """\
import threading


class Pool:
    _instance = None

    def __new__(cls):
        if cls._instance is None:
            cls._instance = super().__new__(cls)
            cls._instance.lock = threading.Lock()
        return cls._instance
"""

CHECK_IN_INIT = """\
class _Ledger:
    _the_one = None

    def __init__(self):
        if _Ledger._the_one is not None:
            raise RuntimeError("use get()")
        self.rows = []
        _Ledger._the_one = self

    @classmethod
    def get(cls):
        if cls._the_one is None:
            cls()
        return cls._the_one
"""

LOCK = "import threading\n\nLOCK = threading.RLock()\n"

ACCESSOR = """\
class Registry:
    _instance = None

    def __init__(self):
        self.entries = {}

    @classmethod
    def instance(cls):
        if cls._instance is None:
            cls._instance = cls()
        return cls._instance
"""
ACCESSOR_FIXED = LOCK + ACCESSOR.replace(
    """\
        if cls._instance is None:
            cls._instance = cls()
""",
    """\
        with LOCK:
            if cls._instance is None:
                cls._instance = cls()
""",
)

LAZY = """\
_pool = None


def get_pool():
    global _pool
    if _pool is None:
        _pool = make()
    return _pool


def make():
    return ["connection"]
"""
LAZY_FIXED = LOCK + LAZY.replace(
    """\
    if _pool is None:
        _pool = make()
""",
    """\
    with LOCK:
        if _pool is None:
            _pool = make()
""",
)

WITHOUT_RESULT = """\
TABLE = None


def ensure_table():
    global TABLE
    if TABLE is None:
        TABLE = {}
        TABLE["a"] = 1
        TABLE["b"] = 2
"""
WITHOUT_RESULT_FIXED = """\
TABLE = None


def ensure_table():
    global TABLE
    if TABLE is None:
        table = {}
        table["a"] = 1
        table["b"] = 2
        TABLE = table
"""

CACHED = """\
from functools import lru_cache

HANDLERS = []


@lru_cache(maxsize=1)
def register():
    HANDLERS.append(print)
"""
CACHED_FIXED = CACHED.replace("from functools import lru_cache", "from patternlint.runtime import once").replace(
    "@lru_cache(maxsize=1)", "@once"
)

METACLASS = """\
class Meta(type):
    _instances = {}

    def __call__(cls, *args, **kwargs):
        if cls not in cls._instances:
            cls._instances[cls] = super().__call__(*args, **kwargs)
        return cls._instances[cls]
"""
METACLASS_FIXED = LOCK + METACLASS.replace(
    """\
        if cls not in cls._instances:
            cls._instances[cls] = super().__call__(*args, **kwargs)
""",
    """\
        with LOCK:
            if cls not in cls._instances:
                cls._instances[cls] = super().__call__(*args, **kwargs)
""",
)

DECORATOR = """\
def singleton(cls):
    instances = {}

    def get(*args, **kwargs):
        if cls not in instances:
            instances[cls] = cls(*args, **kwargs)
        return instances[cls]

    return get
"""
DECORATOR_FIXED = LOCK + DECORATOR.replace(
    """\
        if cls not in instances:
            instances[cls] = cls(*args, **kwargs)
""",
    """\
        with LOCK:
            if cls not in instances:
                instances[cls] = cls(*args, **kwargs)
""",
)

DECORATOR_CLASS = """\
class Singleton:
    def __init__(self, cls):
        self.cls = cls
        self.made = None

    def __call__(self):
        if self.made is None:
            self.made = self.cls()
        return self.made
"""
DECORATOR_CLASS_FIXED = LOCK + DECORATOR_CLASS.replace(
    """\
        if self.made is None:
            self.made = self.cls()
""",
    """\
        with LOCK:
            if self.made is None:
                self.made = self.cls()
""",
)

FILLED_IN_A_LOOP = """\
_locales = None


def locales():
    global _locales
    if not _locales:
        _locales = {}
        for name in ("de", "en"):
            _locales[name] = name.upper()
    return _locales
"""
FILLED_IN_A_LOOP_FIXED = FILLED_IN_A_LOOP.replace("        _locales", "        found", 1).replace(
    """\
            _locales[name] = name.upper()
""",
    """\
            found[name] = name.upper()
        _locales = found
""",
)

FLAG_FIRST = """\
_loaded = False
AVAILABLE = False
decode = None


def ensure_loaded():
    global _loaded, AVAILABLE, decode
    if _loaded:
        return AVAILABLE
    _loaded = True
    import json

    decode = json.loads
    AVAILABLE = True
    return AVAILABLE
"""
FLAG_FIRST_FIXED = FLAG_FIRST.replace("    _loaded = True\n", "").replace("= True\n", "= True\n    _loaded = True\n")

BROKEN_LOCK = LOCK + LAZY.replace(
    """\
        _pool = make()
""",
    """\
        with LOCK:
            _pool = make()
""",
)

EARLY_FLAG = """\
import threading


class Client:
    _instance = None
    _lock = threading.Lock()

    def __new__(cls):
        with cls._lock:
            if cls._instance is None:
                cls._instance = super().__new__(cls)
                cls._instance._initialized = False
        return cls._instance

    def __init__(self):
        if self._initialized:
            return
        self._initialized = True
        self.session = object()
        self.headers = {}
        self.headers["agent"] = "client"
"""
EARLY_FLAG_FIXED = EARLY_FLAG.replace("        self._initialized = True\n", "") + "        self._initialized = True\n"

RACES = [
    Case("PAT102", "Pool", NEW, "16 threads, 16 Pool objects", "16 threads, 1 Pool object"),
    Case(
        "PAT101",
        "_Ledger",
        CHECK_IN_INIT,
        "16 threads, 1 _Ledger object, 15 times RuntimeError: use get()",
        "16 threads, 1 _Ledger object",
    ),
    Case("PAT115", "Registry", ACCESSOR, "16 threads, 16 Registry objects", "16 threads, 1 Registry object", ACCESSOR_FIXED),
    Case("PAT107", "get_pool", LAZY, "16 threads, 16 list objects", "16 threads, 1 list object", LAZY_FIXED),
    Case("PAT104", "get_pool", BROKEN_LOCK, "16 threads, 16 list objects", "16 threads, 1 list object", LAZY_FIXED),
    Case("PAT108", "register", CACHED, "16 threads, 16 runs of register", "16 threads, 1 run of register", CACHED_FIXED),
    Case("PAT106", "Meta", METACLASS, "16 threads, 16 Subject objects", "16 threads, 1 Subject object", METACLASS_FIXED),
    Case("PAT106", "singleton", DECORATOR, "16 threads, 16 Subject objects", "16 threads, 1 Subject object", DECORATOR_FIXED),
    Case("PAT106", "Singleton", DECORATOR_CLASS, "16 threads, 16 Subject objects", "16 threads, 1 Subject object", DECORATOR_CLASS_FIXED),
    Case("PAT105", "ensure_table", WITHOUT_RESULT, "16 threads, 15 saw it half-made, without all of TABLE", "16 threads, none saw it half-made", WITHOUT_RESULT_FIXED),
    Case("PAT105", "locales", FILLED_IN_A_LOOP, "16 threads, 15 saw it half-made, without all its elements, all of _locales", "16 threads, none saw it half-made", FILLED_IN_A_LOOP_FIXED),
    Case("PAT105", "ensure_loaded", FLAG_FIRST, "16 threads, 15 saw it half-made, without decode", "16 threads, none saw it half-made", FLAG_FIRST_FIXED),
    Case("PAT105", "Client", EARLY_FLAG, "16 threads, 15 saw it half-made, without session, headers", "16 threads, none saw it half-made", EARLY_FLAG_FIXED),
]  # fmt: skip


class Ended(NamedTuple):
    returncode: int
    stdout: str
    stderr: str


Prove = Callable[..., Ended]


@pytest.fixture
def prove(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Prove:
    """Runs `patternlint prove` in a folder; in this process, which saves a start."""

    def run_in(folder: Path, *arguments: str) -> Ended:
        monkeypatch.chdir(folder)
        status = main(["prove", *arguments])
        return Ended(status, *capsys.readouterr())

    return run_in


def verdict(ended: Ended) -> str:
    """The last line of what it says."""
    return ended.stdout.splitlines()[-1]


@pytest.mark.parametrize("case", RACES, ids=lambda case: f"{case.rule}-{case.name}")
def test_a_race_is_shown_and_after_the_fix_it_is_not(case: Case, tmp_path: Path, prove: Prove) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": case.code})
    before = prove(tmp_path, f"shop.py:{case.name}", "--rule", case.rule)
    assert (before.returncode, verdict(before)) == (1, f"shown: {case.shown}")

    if case.fixed:
        write_tree(tmp_path, {"shop.py": case.fixed})
    else:
        fix(tmp_path, case.rule)
    after = prove(tmp_path, f"shop.py:{case.name}", "--rule", case.rule)
    assert after.returncode == 0, after.stdout + after.stderr
    assert verdict(after).startswith(f"not shown: {case.cured}, ")


def fix(folder: Path, rule: str) -> None:
    before = (folder / "shop.py").read_text()
    patternlint("--fix", "--unsafe-fixes", "--select", rule, "--min-confidence", "low", ".", cwd=folder)
    assert (folder / "shop.py").read_text() != before


IDENTITIES = [
    Case(
        "PAT501",
        "timed",
        TIMED,
        "'pay' is 'wrapper' once it is decorated, and has lost its name, qualname",
        "'pay' is 'pay'",
    ),
    Case(
        "PAT501",
        "negated",
        "def negated(predicate):\n    return lambda *args, **kwargs: not predicate(*args, **kwargs)\n\n\n@negated\ndef odd(number):\n    return number % 2\n",
        "'odd' is '<lambda>' once it is decorated, and has lost its name, qualname",
        "'odd' is 'odd'",
    ),
    Case(
        "PAT501",
        "retry",
        "def retry(times=2):\n    '''A decorator.'''\n    def decorate(func):\n        def again(*args, **kwargs):\n            return func(*args, **kwargs)\n        return again\n    return decorate\n",
        "'sample' is 'again' once it is decorated, and has lost its name, qualname, doc, module",
        "'sample' is 'sample'",
    ),
    Case(
        "PAT501",
        "Counted",
        "class Counted:\n    def __init__(self, func):\n        self.func = func\n\n    def __call__(self, *args, **kwargs):\n        return self.func(*args, **kwargs)\n\n\n@Counted\ndef add(a, b):\n    '''Add.'''\n",
        "'add' is 'None' once it is decorated, and has lost its name, qualname, doc",
        "'add' is 'add'",
    ),
    Case(
        "PAT501",
        "Page._locked",
        "class Page:\n    def _locked(func):\n        def inner(self, *args, **kwargs):\n            return func(self, *args, **kwargs)\n        return inner\n\n    @property\n    @_locked\n    def title(self):\n        '''The title.'''\n",
        "'title' is 'inner' once it is decorated, and has lost its name, qualname, doc",
        "'title' is 'title'",
    ),
]


@pytest.mark.parametrize("case", IDENTITIES, ids=lambda case: case.name)
def test_an_identity_is_lost_and_after_the_fix_it_is_not(case: Case, tmp_path: Path, prove: Prove) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": case.code})
    before = prove(tmp_path, f"shop.py:{case.name}")
    assert (before.returncode, verdict(before)) == (1, f"shown: {case.shown}")
    fix(tmp_path, case.rule)
    after = prove(tmp_path, f"shop.py:{case.name}", "--rule", case.rule)
    assert (after.returncode, verdict(after)) == (
        0,
        f"not shown: {case.cured} once it is decorated, and has lost nothing",
    )


def test_it_tells_who_the_function_was_and_who_it_is(tmp_path: Path, prove: Prove) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": TIMED})
    told = prove(tmp_path, "shop.py:5").stdout.splitlines()
    assert told[0].startswith("shop.py:5: PAT501 ")
    assert told[1].startswith(f"This executes your code: {sys.executable} ")
    assert [line.split() for line in told[2:-1]] == [
        ["before", "after"],
        ["name", "pay", "wrapper"],
        ["qualname", "pay", "timed.<locals>.wrapper"],
        ["doc", "None", "None"],
        ["module", "shop", "shop"],
        ["signature", "(amount)", "(*args,", "**kwargs)"],
    ]


def test_a_decorator_that_another_module_uses_is_shown_there(tmp_path: Path, prove: Prove) -> None:
    decorator = "def logged(level, name):\n    def decorate(func):\n        def inner(*a, **k):\n            return func(*a, **k)\n        return inner\n    return decorate\n"
    user = "from shop.log import logged\n\n\n@logged(1, 'x')\ndef pay():\n    '''Pay.'''\n"
    write_tree(
        tmp_path, {"patternlint.toml": "", "shop/__init__.py": "", "shop/log.py": decorator, "shop/till.py": user}
    )
    ended = prove(tmp_path, "shop/log.py:3")
    assert (ended.returncode, verdict(ended)) == (
        1,
        "shown: 'pay' is 'inner' once it is decorated, and has lost its name, qualname, doc, module",
    )


# ---- where it is, and how it is asked


def test_the_line_where_the_threads_meet_is_shown(tmp_path: Path, prove: Prove) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": NEW})
    ended = prove(tmp_path, "shop.py:4")
    assert ended.stdout.splitlines()[-3:] == [
        "16 threads, all meet before line 8 (if cls._instance is None:): 1 Pool object",
        "16 threads, all meet before line 9 (cls._instance = super().__new__(cls)): 16 Pool objects",
        "shown: 16 threads, 16 Pool objects",
    ]


def test_what_the_import_has_built_is_not_built_again(tmp_path: Path, prove: Prove) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": CACHED + "\n\nregister()\n"})
    ended = prove(tmp_path, "shop.py:register", "--rule", "PAT108")
    assert (ended.returncode, verdict(ended)) == (
        0,
        "not shown: 16 threads, 0 runs of register, of whose code no line runs any more after the import",
    )


def test_an_accessor_is_what_gives_the_object_not_what_forgets_it(tmp_path: Path, prove: Prove) -> None:
    forget = "    @classmethod\n    def forget(cls):\n        cls._instance = None\n\n    @classmethod\n"
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": ACCESSOR.replace("    @classmethod\n", forget)})
    ended = prove(tmp_path, "shop.py:Registry", "--rule", "PAT115")
    assert (ended.returncode, verdict(ended)) == (1, "shown: 16 threads, 16 Registry objects")


def test_several_objects_at_once_are_told_apart_one_by_one(tmp_path: Path, prove: Prove) -> None:
    code = LAZY.replace("return _pool", "return _pool, 1")
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": code})
    ended = prove(tmp_path, "shop.py:get_pool", "--rule", "PAT107")
    assert (ended.returncode, verdict(ended)) == (1, "shown: 16 threads, 16 list objects")


def test_a_package_under_src_imports_as_it_does_when_installed(tmp_path: Path, prove: Prove) -> None:
    code = "from .locks import make\n" + NEW.replace("threading.Lock()", "make()")
    files = {
        "src/shop/__init__.py": "",
        "src/shop/locks.py": "from threading import Lock as make\n",
        "src/shop/pool.py": code,
    }
    write_tree(tmp_path, {"pyproject.toml": "", **files})
    ended = prove(tmp_path / "src", "shop/pool.py:Pool", "--rule", "PAT102")
    assert (ended.returncode, verdict(ended)) == (1, "shown: 16 threads, 16 Pool objects")


def test_what_the_constructor_needs_is_given_with_call(tmp_path: Path, prove: Prove) -> None:
    code = NEW.replace("__new__(cls):", "__new__(cls, size):")
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": code})
    unknown = prove(tmp_path, "shop.py:Pool", "--rule", "PAT102")
    assert unknown.returncode == 2
    assert verdict(unknown) == (
        "cannot be run: the call fails in a single thread, too: "
        "TypeError: Pool.__new__() missing 1 required positional argument: 'size'"
    )
    assert "--call EXPRESSION" in unknown.stderr
    given = prove(tmp_path, "shop.py:Pool", "--rule", "PAT102", "--call", "Pool(3)")
    assert (given.returncode, verdict(given)) == (1, "shown: 16 threads, 16 Pool objects")


def test_a_decorator_is_given_with_call(tmp_path: Path, prove: Prove) -> None:
    code = "def named(name):\n    '''A decorator.'''\n    def decorate(func):\n        def inner(*args, **kwargs):\n            return func(*args, **kwargs)\n        return inner\n    return decorate\n"
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": code})
    unknown = prove(tmp_path, "shop.py:4")
    assert (unknown.returncode, verdict(unknown)) == (
        2,
        "cannot be run: what 'named' is called with is not known (name)",
    )
    given = prove(tmp_path, "shop.py:4", "--call", "named('x')")
    assert given.returncode == 1
    assert verdict(given).startswith("shown: 'sample' is 'inner' once it is decorated")


@pytest.mark.parametrize(
    ("code", "name", "reason"),
    [
        ("def outer():\n    class Pool:\n        pass\n", "outer.Pool", "'outer.<locals>.Pool' stands inside of a function, where nothing else can reach it"),
        ("async def fetch():\n    pass\n", "fetch", "'fetch' is a coroutine function: tasks of one thread ask it, no other threads"),
        ("def total(seen=[]):\n    seen.append(1)\n    return len(seen) * 1000\n", "total", "each call gives another object: one thread that asks twice: 2 int objects"),
        ("def is_there():\n    return True\n", "is_there", "what the call gives is of type bool, and not an object that there can be one of"),
        ("class Pool:\n    def get(self):\n        pass\n", "Pool.get", "'Pool.get' is a method, and which object to call it on is not known"),
    ],
)  # fmt: skip
def test_what_nobody_can_ask_says_why(code: str, name: str, reason: str, tmp_path: Path, prove: Prove) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": code})
    ended = prove(tmp_path, f"shop.py:{name}", "--rule", "PAT107")
    assert (ended.returncode, verdict(ended)) == (2, f"cannot be run: {reason}")


def test_what_another_rule_says_of_the_line_cannot_be_shown(tmp_path: Path, prove: Prove) -> None:
    code = (
        TIMED
        + "\n\nclass News:\n    def __init__(self):\n        self.listeners = []\n\n    def notify(self):\n        for listener in self.listeners:\n            listener()\n\n    def add(self, listener):\n        self.listeners.append(listener)\n\n    def remove(self, listener):\n        self.listeners.remove(listener)\n"
    )
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": code})
    row = code[: code.index("for listener")].count("\n") + 1
    ended = prove(tmp_path, f"shop.py:{row}")
    assert (ended.returncode, verdict(ended)) == (
        2,
        f"cannot be run: shop.py:{row}: what PAT305 says cannot be shown by running it; lines with one that can: 5 (PAT501)",
    )


def test_where_there_is_no_finding_it_says_which_lines_have_one(tmp_path: Path, prove: Prove) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": NEW, "plain.py": "x = 1\n"})
    ended = prove(tmp_path, "shop.py:8")
    assert (ended.returncode, verdict(ended)) == (
        2,
        "cannot be run: shop.py:8: there is no finding; lines with one that can: 4 (PAT102, PAT105)",
    )
    assert verdict(prove(tmp_path, "plain.py:1")).endswith("there is no finding; no line has one that can")


@pytest.mark.parametrize(
    ("place", "error"),
    [
        ("shop.py", "'shop.py' is no place"),
        ("absent.py:3", "absent.py: there is no such file"),
        ("shop.py:Absent", "shop.py: there is no 'Absent'"),
        ("broken.py:1", "broken.py: cannot be parsed: "),
    ],
)
def test_a_place_that_there_is_not_is_an_error(place: str, error: str, tmp_path: Path, prove: Prove) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": NEW, "broken.py": "def\n"})
    ended = prove(tmp_path, place)
    assert ended.returncode == 2
    assert ended.stderr.startswith(f"error: {error}")


def test_a_rule_that_cannot_be_shown_is_an_error(tmp_path: Path, prove: Prove) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": NEW})
    ended = prove(tmp_path, "shop.py:4", "--rule", "PAT901")
    assert ended.returncode == 2
    assert ended.stderr.startswith("error: 'PAT901' is no rule that can be shown by running code")


# ---- what the module does when it is imported


@pytest.mark.parametrize(
    ("top", "reason"),
    [
        ("import absent_package", "importing shop raised ModuleNotFoundError: No module named 'absent_package'"),
        ("raise ValueError('no settings')", "importing shop raised ValueError: no settings"),
        ("import sys; sys.exit('usage: shop FILE')", "importing shop raised SystemExit: usage: shop FILE"),
        ("import os; os._exit(1)", "it ended with status 1"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGKILL)", "it was killed by SIGKILL"),
        ("import argparse; argparse.ArgumentParser().parse_args([])\nimport sys; sys.argv[1]", "importing shop raised IndexError: list index out of range"),
    ],
)  # fmt: skip
def test_a_module_that_cannot_be_imported_says_why(top: str, reason: str, tmp_path: Path, prove: Prove) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": f"{top}\n{NEW}"})
    ended = prove(tmp_path, "shop.py:Pool")
    assert (ended.returncode, verdict(ended)) == (2, f"cannot be run: {reason}")


def test_what_the_module_prints_is_not_taken_for_a_verdict(tmp_path: Path, prove: Prove) -> None:
    noise = "print('shown: everything')\nimport os, atexit\nos.system('echo shown: all')\natexit.register(print, 'shown: late')\n"
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": noise + NEW})
    ended = prove(tmp_path, "shop.py:Pool")
    assert (ended.returncode, verdict(ended)) == (1, "shown: 16 threads, 16 Pool objects")
    assert "everything" not in ended.stdout


def test_the_error_output_of_what_cannot_be_run_is_shown(tmp_path: Path, prove: Prove) -> None:
    top = "import os, sys\nprint('no \\x1b[31mlicence', file=sys.stderr)\nos._exit(3)\n"
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": top + NEW})
    ended = prove(tmp_path, "shop.py:Pool")
    assert (ended.returncode, verdict(ended)) == (2, "cannot be run: it ended with status 3")
    assert "    no \\x1b[31mlicence\n" in ended.stderr


def test_a_process_that_dies_while_it_is_asked_says_so(tmp_path: Path, prove: Prove) -> None:
    write_tree(
        tmp_path, {"patternlint.toml": "", "shop.py": NEW.replace("threading.Lock()", "__import__('os')._exit(4)")}
    )
    ended = prove(tmp_path, "shop.py:Pool", "--rule", "PAT102")
    assert ended.returncode == 2
    assert verdict(ended).startswith("cannot be run: BrokenProcessPool: ")


# ---- the limit


def test_threads_that_wait_for_ever_are_ended_at_the_limit(tmp_path: Path, prove: Prove) -> None:
    code = LOCK.replace("RLock", "Lock") + NEW.replace("threading.Lock()", "LOCK.acquire() and LOCK.acquire()")
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": code})
    ended = prove(tmp_path, "shop.py:Pool", "--rule", "PAT102", "--timeout", "1.5")
    assert (ended.returncode, verdict(ended)) == (2, "cannot be run: it did not come to an end within 1.5 s")


HANGING = "import os, subprocess, sys, time\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\nopen('pids', 'w').write(f'{os.getpid()} {child.pid}')\ntime.sleep(60)\n"


def is_running(pid: str) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False


def have_ended(folder: Path) -> bool:
    """Whether the processes go whose numbers the module has left; a signal takes a moment to arrive."""
    end = time.monotonic() + 10
    while any(is_running(pid) for pid in (folder / "pids").read_text().split()):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def test_at_the_limit_everything_ends_that_the_module_has_started(tmp_path: Path, prove: Prove) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": HANGING + NEW})
    ended = prove(tmp_path, "shop.py:Pool", "--timeout", "1")
    assert (ended.returncode, verdict(ended)) == (2, "cannot be run: it did not come to an end within 1 s")
    assert have_ended(tmp_path)


@pytest.mark.parametrize(
    ("number", "status", "said"), [(signal.SIGINT, 130, "interrupted\n"), (signal.SIGTERM, 143, "")]
)
def test_who_is_told_to_end_ends_everything_too(number: int, status: int, said: str, tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": HANGING + NEW})
    process = subprocess.Popen(
        [sys.executable, "-m", "patternlint", "prove", "shop.py:Pool"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=as_from_a_terminal,
    )
    end = time.monotonic() + 30
    while not (tmp_path / "pids").exists() or not (tmp_path / "pids").read_text():
        assert time.monotonic() < end
        time.sleep(0.05)
    process.send_signal(number)
    _, errors = process.communicate(timeout=30)
    assert (process.returncode, errors) == (status, said)
    assert have_ended(tmp_path)


# ---- the script


def test_the_script_that_is_kept_says_the_same_without_patternlint(tmp_path: Path, prove: Prove) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": NEW})
    ended = prove(tmp_path, "shop.py:Pool", "--keep", "shown.py")
    script = (tmp_path / "shown.py").read_text()
    assert not re.search(r"(import|from) patternlint", script)
    alone = run("shown", cwd=tmp_path)
    assert alone.returncode == 1
    assert alone.stdout.splitlines() == ended.stdout.splitlines()[-len(alone.stdout.splitlines()) :]


def test_no_file_is_overwritten_by_the_script(tmp_path: Path, prove: Prove) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": NEW, "mine.py": "x = 1\n"})
    ended = prove(tmp_path, "shop.py:Pool", "--keep", "mine.py")
    assert ended.returncode == 2
    assert ended.stderr == "error: mine.py exists, and nothing is overwritten\nhelp: give another file to --keep\n"
    assert (tmp_path / "mine.py").read_text() == "x = 1\n"
    assert not (tmp_path / "__pycache__").exists()  # and nothing has been run


def test_the_interpreter_is_the_one_that_is_named(tmp_path: Path, prove: Prove) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": "import only_there\n" + NEW, "lib/only_there.py": ""})
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH="$PYTHONPATH:lib" exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    assert prove(tmp_path, "shop.py:Pool").returncode == 2
    ended = prove(tmp_path, "shop.py:Pool", "--python", os.fspath(python))
    assert (ended.returncode, verdict(ended)) == (1, "shown: 16 threads, 16 Pool objects")
    absent = prove(tmp_path, "shop.py:Pool", "--python", "absent")
    assert (absent.returncode, verdict(absent)) == (2, "cannot be run: absent: No such file or directory")


def test_check_runs_no_code(tmp_path: Path, prove: Prove) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "shop.py": "open('ran', 'w')\n" + NEW})
    assert patternlint("--select", "PAT102", "--min-confidence", "low", ".", cwd=tmp_path).returncode == 1
    assert not (tmp_path / "ran").exists()
    prove(tmp_path, "shop.py:Pool")
    assert (tmp_path / "ran").exists()
