"""The store of earlier results: what goes in comes out, and whatever happens to its file is a cold start."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from fixtures import cases, engine_for
from patternlint import cache
from patternlint.answers import Answer
from patternlint.cache import Cache, Entry, Facts
from patternlint.source import Source

FACTS = Facts("def return", "{}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def entry(*findings: object) -> Entry:
    return Entry("1:2:3:4", "0f", True, findings)  # type: ignore[arg-type]


def test_every_finding_comes_back_as_it_was(tmp_path: Path, folder: Path) -> None:
    entries = {}
    for number, case in enumerate(cases()):
        root = case.build(tmp_path / str(number))
        engine = engine_for(root)
        for name in case.sources:
            if name.endswith(".py"):
                found = engine.check(Source.read(root / name))
                entries[f"{number}/{name}"] = entry(*found)
    assert sum(len(e.findings) for e in entries.values()) > 100
    Cache(folder, "key").store(entries.items())
    assert Cache(folder, "key").entries() == entries


def test_facts_come_back_for_those_asked_for(folder: Path) -> None:
    Cache(folder, "key").store([], [("a.py", FACTS), ("b.py", FACTS._replace(words="x"))])
    again = Cache(folder, "key")
    assert again.facts(["b.py", "c.py"]) == {"b.py": FACTS._replace(words="x")}
    assert set(again.facts()) == {"a.py", "b.py"}


def test_what_is_gone_is_forgotten(folder: Path) -> None:
    store = Cache(folder, "key")
    store.store([("a.py", entry()), ("b.py", entry())], [("a.py", FACTS)])
    store.store([], [], ["a.py"])
    assert set(Cache(folder, "key").entries()) == {"b.py"}
    assert not Cache(folder, "key").facts()


def test_another_configuration_has_another_store(folder: Path) -> None:
    Cache(folder, "key").store([("a.py", entry())])
    assert not Cache(folder, "other").entries()
    assert Cache(folder, "key").entries()


def the_file(folder: Path) -> Path:
    (path,) = folder.glob("*.sqlite")
    return path


def of_another_key(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET value = 'other'")


def with_changed_rows(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE files SET findings = '[]'")
        connection.execute("UPDATE facts SET outline = 'other'")
        connection.execute("UPDATE reads SET reads = 'other'")
        connection.execute("UPDATE answers SET value = 'other'")


def with_other_content(path: Path) -> None:
    """The sums are right: somebody made this."""
    with sqlite3.connect(path) as connection:
        row = ["a.py", "1:2:3:4", "0f", 1, '[["one", 2], 3]']
        connection.execute("UPDATE files SET findings = ?, sum = ?", (row[-1], cache._sum(row)))
        for table in ("facts", "reads", "answers"):
            connection.execute(f"DELETE FROM {table}")


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"no database at all" * 100),
        lambda path: path.write_bytes(path.read_bytes()[:5000]),
        lambda path: path.write_bytes(path.read_bytes()[:100] + os.urandom(8000)),
        of_another_key,
        with_changed_rows,
        with_other_content,
    ],
    ids=["empty", "text", "truncated", "noise", "another key", "changed rows", "other content"],
)
def test_a_damaged_store_is_a_cold_one(folder: Path, damage: Callable[[Path], object]) -> None:
    answer = Answer("1", "2", "words a", "")
    Cache(folder, "key").store([("a.py", entry())], [("a.py", FACTS)], (), [("a.py", "words a")], [("Q", answer)])
    intact = Cache(folder, "key")
    assert (intact.reads(), intact.answers()) == ({"a.py": "words a"}, {"Q": answer})
    intact.close()
    damage(the_file(folder))
    damaged = Cache(folder, "key")
    assert not damaged.entries()
    assert not damaged.facts()
    assert not damaged.reads()
    assert not damaged.answers()
    damaged.store([("b.py", entry())])
    assert Cache(folder, "key").entries() == {"b.py": entry()}
    assert not damaged.problem


@pytest.mark.parametrize("at", range(0, 24_000, 997))
def test_a_flipped_byte_gives_no_wrong_answer(folder: Path, at: int) -> None:
    known = {f"{name}.py": entry() for name in range(100)}
    Cache(folder, "key").store(known.items())
    path = the_file(folder)
    data = bytearray(path.read_bytes())
    data[at % len(data)] ^= 0x55
    path.write_bytes(data)
    assert Cache(folder, "key").entries().items() <= known.items()


def test_a_folder_that_cannot_be_made_is_a_problem_and_no_crash(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    store = Cache(tmp_path / "file" / "cache", "key")
    assert not store.entries()
    store.store([("a.py", entry())])
    assert store.problem


WRITER = """
import sys
from pathlib import Path
from patternlint.cache import Cache, Entry
for number in range(40):
    store = Cache(Path(sys.argv[1]), "key")
    store.entries()
    store.store([(f"{sys.argv[2]}{number}.py", Entry("1", "2", False, ()))])
    store.close()
    assert not store.problem, store.problem
"""


def test_several_processes_write_at_once(folder: Path) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", WRITER, str(folder), name]) for name in "abcd"]
    assert [p.wait(60) for p in processes] == [0] * 4
    entries = Cache(folder, "key").entries()
    assert 40 <= len(entries) <= 160  # who read before another one wrote stores nothing
    assert set(entries.values()) == {Entry("1", "2", False, ())}


def test_what_rests_on_an_older_state_is_not_stored(folder: Path) -> None:
    Cache(folder, "key").store([("a.py", entry())])
    slow, fast = Cache(folder, "key"), Cache(folder, "key")
    assert slow.entries() == fast.entries()
    fast.store([("b.py", entry())])
    slow.store([("a.py", entry()._replace(digest="of an older text"))])
    assert Cache(folder, "key").entries() == {"a.py": entry(), "b.py": entry()}
    fast.store([("c.py", entry())])
    assert "c.py" in Cache(folder, "key").entries()


def test_a_process_killed_while_it_writes_leaves_a_store_that_can_be_read(folder: Path) -> None:
    for pause in (0.15, 0.2, 0.3):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(folder), "a"])
        time.sleep(pause)
        process.kill()
        process.wait()
        store = Cache(folder, "key")
        store.store([("x.py", entry())])
        assert store.entries()["x.py"] == entry()
        shutil.rmtree(folder, ignore_errors=True)


def test_a_file_that_was_just_written_may_change_unnoticed(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.touch()
    assert cache.stamp(path.stat()) == ""
    os.utime(path, (1, 1))  # the change of its status is recent
    assert cache.stamp(path.stat()) == ""


def test_stores_that_nobody_uses_are_removed(folder: Path) -> None:
    Cache(folder, "old").store([("a.py", entry())])
    (old,) = folder.glob("*.sqlite")
    Cache(folder, "key").store([("a.py", entry())])
    long_ago = time.time() - 31 * 24 * 3600
    for path in folder.glob("*.sqlite"):
        os.utime(path, (long_ago, long_ago))
    assert Cache(folder, "key").entries()  # opened: in use
    Cache(folder, "new").store([("a.py", entry())])
    assert not old.exists()
    assert len(list(folder.glob("*.sqlite"))) == 2
