"""The rules' pages: every section is there, and the code that they show is what they say it is."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from project_tree import patternlint, write_tree

from patternlint.catalogue import RULES
from patternlint.rule_entry import RuleEntry
from patternlint.rule_pages import BAD, FIX, GOOD, MEASURED, REPORTED, STORY, examples, page, sections

# what the examples leave out
IMPORTS = "import functools, importlib, inspect, threading, weakref\nfrom patternlint.runtime import ObserverList, decorator\n"
PROJECT = {
    "pyproject.toml": "[tool.patternlint]\n",
    "home/__init__.py": "",
    "home/bus.py": """\
class Bus:
    def __init__(self):
        self._listeners = {}

    def listen(self, event, listener):
        self._listeners.setdefault(event, []).append(listener)
        return lambda: self._listeners[event].remove(listener)
""",
    "home/entity.py": """\
from home.bus import Bus


class Entity:
    bus: Bus

    def __init__(self):
        self._removers = []

    def on_remove(self, remover):
        self._removers.append(remover)

    def added(self):
        pass

    def removed(self):
        while self._removers:
            self._removers.pop()()
""",
    "shop/__init__.py": "",
    "shop/pools.py": "import sqlite3\n\nconnection = sqlite3.connect(':memory:')\n",
    "shop/stock.py": "def find(name):\n    return name\n",
    "store/__init__.py": "",
    "store/views.py": "class View: ...\nclass LabelView(View): ...\nclass FeatureView(View): ...\n"
    "class StreamFeatureView(FeatureView): ...\nclass Source: ...\n",
}


@pytest.mark.parametrize("entry", RULES, ids=lambda entry: entry.code)
def test_a_page_has_all_sections_and_loses_nothing(entry: RuleEntry) -> None:
    said = sections(entry)
    assert set(said) == {STORY, BAD, GOOD, REPORTED, FIX, MEASURED}
    assert examples(entry, BAD)
    assert examples(entry, GOOD)
    shown = page(entry)
    places = [
        shown.index(text) for text in (entry.summary, *(said[h] for h in (STORY, BAD, GOOD, REPORTED, FIX, MEASURED)))
    ]
    assert places == sorted(places)
    written = (entry.load().__doc__ or "").replace("Bad:", "").replace("Write:", "").split()
    assert [word for word in written if word not in shown] == []


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The codes that are found in each example, at any confidence; each bad and each good one is a project of its own."""
    folder = tmp_path_factory.mktemp("examples")
    for entry in RULES:
        for heading, name in ((BAD, "bad"), (GOOD, "good")):
            for number, code in enumerate(examples(entry, heading)):
                text = IMPORTS + code
                compile(text, f"{entry.code} {name}", "exec")
                write_tree(folder / f"{entry.code}-{name}-{number}", {**PROJECT, "example.py": text})
    options = ("--preview", "--min-confidence", "low", "--output-format", "json", "--exit-zero", "--no-cache")
    records = json.loads(patternlint(*options, ".", cwd=folder).stdout)
    codes: dict[str, set[str]] = {path.name: set() for path in folder.iterdir()}
    for record in records:
        path = Path(record["filename"])
        if path.name == "example.py":
            codes[path.parent.name].add(record["code"])
    return codes


@pytest.mark.parametrize("entry", RULES, ids=lambda entry: entry.code)
def test_the_bad_example_is_found_and_the_good_one_is_not(entry: RuleEntry, found: dict[str, set[str]]) -> None:
    bad = [codes for name, codes in found.items() if name.startswith(f"{entry.code}-bad-")]
    good = [codes for name, codes in found.items() if name.startswith(f"{entry.code}-good-")]
    assert bad
    assert good
    assert all(entry.code in codes for codes in bad)
    assert not any(entry.code in codes for codes in good)
