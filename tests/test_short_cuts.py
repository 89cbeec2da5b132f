"""What the engine does to look at less never changes what it finds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from project_tree import TIMED, write_tree

from patternlint.agenda import Agenda
from patternlint.config import load
from patternlint.engine import Engine
from patternlint.finding import Confidence
from patternlint.project import Project, shelf
from patternlint.project.root import Roots
from patternlint.source import Source
from patternlint.words import has_word, words_of

TEXTS = ("for x in y:\n", "before\n", "_for", "for_", "a.for", "for", "éfor for2", "x;for(", "forfor for", "")


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("word", ["for", "in", "x"])
def test_one_word_is_found_as_among_all_words(text: str, word: str) -> None:
    assert has_word(text, word) == (word in words_of(text))


PLAIN = "import functools\n\n\ndef double(x):\n    if x:\n        return lambda: x\n    return 2 * x\n"
ASKS = TIMED.replace("pay", "charge").replace("import functools", "import shop.plain, shop.timed")


def _engine(folder: Path, agenda: Agenda | None) -> Engine:
    settings = load(Roots().of(folder))._replace(select=("ALL",), preview=True, min_confidence=Confidence.LOW)
    project = Project(settings.root, settings, settings.discovery.files())
    return Engine(settings, project, agenda=agenda)


def test_what_a_question_parsed_is_not_parsed_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["asks", "plain", "timed", "broken"]
    texts = {"asks": ASKS, "plain": PLAIN, "timed": TIMED, "broken": "def f(:\n"}
    write_tree(tmp_path, {"pyproject.toml": "", **{f"shop/{name}.py": text for name, text in texts.items()}})
    paths = [tmp_path / "shop" / f"{name}.py" for name in names]
    by_itself = {path: _engine(tmp_path, None).check(Source.read(path)) for path in paths}
    monkeypatch.setattr(shelf, "ROOM", 0)

    agenda = Agenda(map(os.fspath, paths))
    engine = _engine(tmp_path, agenda)
    for path in paths[1:]:
        engine.project.outline(path)  # as a question about the first file would
    parsed: list[Path] = []
    facts = engine._facts
    monkeypatch.setattr(engine, "_facts", lambda source, tree: parsed.append(source.path) or facts(source, tree))

    found = {Path(name): engine.check(Source.read(Path(name))) for name in agenda.in_turn(map(os.fspath, paths))}
    assert found == by_itself
    assert {path.stem for path in parsed} == {"asks", "timed"}
    assert [path.stem for path in found] == ["timed", "asks", "plain", "broken"]  # its facts are at hand
    assert not any(os.fspath(path) in agenda for path in paths)


def test_a_text_that_has_changed_since_is_looked_at(tmp_path: Path) -> None:
    write_tree(tmp_path, {"pyproject.toml": "", "shop/plain.py": PLAIN})
    path = tmp_path / "shop" / "plain.py"
    engine = _engine(tmp_path, Agenda([os.fspath(path)]))
    engine.project.outline(path)
    path.write_text(TIMED, encoding="utf-8")
    assert [finding.code for finding in engine.check(Source.read(path))] == ["PAT501"]


def test_files_nobody_expects_are_not_looked_at(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(tmp_path, {"pyproject.toml": "", "shop/plain.py": PLAIN})
    engine = _engine(tmp_path, Agenda())
    monkeypatch.setattr(engine, "_candidates", lambda *_: pytest.fail("looked at"))
    engine.project.outline(tmp_path / "shop" / "plain.py")


def test_each_file_on_the_agenda_comes_once() -> None:
    agenda = Agenda()
    order: list[str] = []
    for name in agenda.in_turn("abcd"):
        order.append(name)
        if name == "a":
            agenda.bring_forward("c")
            agenda.bring_forward("c")
            agenda.bring_forward("x")  # nobody has asked for that
    assert order == ["a", "c", "b", "d"]
