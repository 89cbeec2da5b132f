"""A project that is told of each change answers as one that is read anew: random edits, as an editor's buffers make them.

PATTERNLINT_EDITS=1000 pytest tests/test_overlay.py -n auto
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from fixtures import FIXTURES, engine_for
from patternlint.finding import Finding
from patternlint.project.reads import Known
from patternlint.source import Source
from random_edits import EDITS_OF_A_PROJECT, PACKAGES, Edits, project_of, projects


class EditsOfTexts(Edits):
    """Those that leave the files where they are."""

    def edit(self) -> str:
        kind, path = self._random.choice(self._kinds[:6]), self._file()
        kind(path)
        return path.relative_to(self._root).as_posix()


class Desk:
    """The files of a project, each checked again only if something changes that its findings rest on."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.engine = engine_for(root)
        self.found: dict[str, list[Finding]] = {}
        self.rests_on: dict[str, Known] = {}

    def check(self, name: str, data: bytes) -> None:
        known = Known()
        with self.engine.project.recording(known):
            self.found[name] = self.engine.check(Source(self.root / name, data))
        self.rests_on[name] = known

    def change(self, name: str, data: bytes, texts: Path) -> None:
        upset = self.engine.project.overlay(Source(self.root / name, data))
        for other, known in self.rests_on.items():
            if other == name or upset.concerns(known):
                self.check(other, (texts / other).read_bytes())


@pytest.mark.parametrize("seed", range(projects(50)))
def test_what_is_answered_stands_until_something_changes_that_it_rests_on(seed: int, tmp_path: Path) -> None:
    chance = random.Random(1000 + seed)
    desk = Desk(project_of(chance.sample(sorted(FIXTURES.glob("PAT*")), PACKAGES), tmp_path / "project"))
    edited = Path(shutil.copytree(desk.root, tmp_path / "edited"))
    edits = EditsOfTexts(edited, chance)
    for path in engine_for(desk.root).project.files:
        desk.check(path.relative_to(desk.root).as_posix(), path.read_bytes())
    for _ in range(EDITS_OF_A_PROJECT):
        name = edits.edit()
        desk.change(name, (edited / name).read_bytes(), edited)
        anew = engine_for(edited)
        for other, found in desk.found.items():
            assert found == anew.check(Source.read(anew.project.root / other)), f"{other} after a change of {name}"
