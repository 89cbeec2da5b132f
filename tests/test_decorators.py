"""What findings of the Decorator family say besides where they are: chains of references, copies, threads."""

from __future__ import annotations

from pathlib import Path

from fixtures import findings_in
from patternlint.finding import Finding

_GUARD = '''
def online(func):
    """Only {where}."""

    def wrapper(self, *args, **kwargs):
        if self.is_up:
            return func(self, *args, **kwargs)

    return wrapper


class Client:
    is_up = True

    @online
    def send(self):
        return 1
'''


def found(folder: Path, code: str, **files: str) -> list[Finding]:
    (folder / "patternlint.toml").touch()
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    return [f for f in findings_in(folder, [f"{name}.py" for name in files]) if f.code == code]


def test_copies_of_a_decorator_name_each_other(tmp_path: Path) -> None:
    one, two = found(tmp_path, "PAT501", one=_GUARD.format(where="here"), two=_GUARD.format(where="there"))
    assert [(e.path, e.row) for e in one.evidence] == [("one.py", 16), ("two.py", 2)]
    assert [(e.path, e.row) for e in two.evidence] == [("two.py", 16), ("one.py", 2)]


def test_decorators_of_one_name_that_do_other_things_are_no_copies(tmp_path: Path) -> None:
    other = _GUARD.replace("if self.is_up", "if not self.is_up")
    one, _ = found(tmp_path, "PAT501", one=_GUARD, two=other)
    assert [(e.path, e.row) for e in one.evidence] == [("one.py", 16)]


def test_a_cache_on_a_method_shows_what_it_keeps_alive(tmp_path: Path) -> None:
    text = (
        "import functools\n\n\nclass Page:\n    @functools.lru_cache(maxsize=None)\n    def rows(self, table):\n"
        "        return self.session.query(table, self.user)\n\n\n"
        "def show(names):\n    return [Page().rows(name) for name in names]\n"
    )
    (finding,) = found(tmp_path, "PAT507", page=text)
    assert "Page.rows → lru_cache → key (self, table) → self.session → self.user" in finding.message
    assert [(e.path, e.row) for e in finding.evidence] == [("page.py", 11)]


def test_state_of_a_decorator_is_reported_with_the_way_of_the_threads(tmp_path: Path) -> None:
    text = (
        "import threading\n\n\ndef counted(func):\n    calls = 0\n\n    def wrapper():\n        nonlocal calls\n"
        "        calls += 1\n        return func()\n\n    return wrapper\n\n\n@counted\ndef work():\n    return 1\n\n\n"
        "def start():\n    threading.Thread(target=work).start()\n"
    )
    (finding,) = found(tmp_path, "PAT506", jobs=text)
    assert [(e.path, e.row) for e in finding.evidence] == [("jobs.py", 21)]
