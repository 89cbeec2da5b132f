"""The import order told from the notes of one play is that of a whole replay, on random projects."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from patternlint.config import Settings
from patternlint.project import Project
from patternlint.project.import_order import SurvivesHoisting
from patternlint.project.imports import Loads, Reach
from patternlint.source import Source

NAMES = ("a", "a.x", "a.y", "b", "b.z", "c")
PACKAGES = {"a", "b"}
ONE = st.one_of(
    st.sampled_from(NAMES).map(lambda name: f"import {name}"),
    st.tuples(st.sampled_from(NAMES), st.sampled_from(("f", "g", "x", "z"))).map(
        lambda p: f"from {p[0]} import {p[1]}"
    ),
    st.sampled_from(("f = 1", "g = 2", "x = 3")),
)
BODIES = st.fixed_dictionaries({name: st.lists(ONE, max_size=4) for name in NAMES})


def project_of(bodies: dict[str, list[str]]) -> Project:
    root = Path("/nowhere")
    paths = {name: root / (name.replace(".", "/") + ("/__init__.py" if name in PACKAGES else ".py")) for name in NAMES}
    project = Project(root, Settings(root), list(paths.values()))
    for name, lines in bodies.items():
        project.overlay(Source(paths[name], "\n".join([*lines, ""]).encode()))
    return project


class Naive:
    """The import system over import lists, played from the start each time."""

    def __init__(self, project: Project, hoister: str = "", target: str = "", name: str = "") -> None:
        self.project, self.hoister, self.target, self.name = project, hoister, target, name
        self.step: dict[str, int] = {}
        self.done: set[str] = set()
        self.failures: set[tuple[str, str, str]] = set()

    def load(self, module: str) -> None:
        package = module.rpartition(".")[0]
        if package and package not in self.step:
            self.load(package)
        outline = None if module in self.step else self.project.outline_of(module)
        if outline is None:
            return
        self.step[module] = 1
        lines: list[tuple[int, int, str, str]] = [(x.step, 0, x.module, x.name) for x in outline.loads]
        if module == self.hoister:
            imported = {x.step for x in outline.loads}
            own = min((s for s in outline.bound.values() if s not in imported), default=99)
            lines.append((max((s for s in imported if s < own), default=0), 1, self.target, self.name))
        for step, _, target, name in sorted(lines, key=lambda line: line[:2]):
            self.step[module] = step
            if self.project.owns(target):
                self.load(target)
                self.take(module, target, name)
        self.done.add(module)

    def take(self, taker: str, module: str, name: str) -> None:
        outline = self.project.outline_of(module)
        if not name or outline is None:
            return
        first = outline.bound.get(name)
        if first is not None and (module in self.done or first < self.step.get(module, 0)):
            return
        if self.project.path_of(f"{module}.{name}") is not None:
            self.load(f"{module}.{name}")
        elif module not in self.done and not outline.dynamic:
            self.failures.add((taker, module, name))


def failures(project: Project, entry: str, *hoisted: str) -> set[tuple[str, str, str]]:
    naive = Naive(project, *hoisted)
    naive.load(entry)
    return naive.failures


@settings(max_examples=300, deadline=None)
@given(BODIES, st.sampled_from(NAMES), st.sampled_from(NAMES), st.sampled_from(("", "f", "g")))
def test_one_more_import_is_judged_as_by_a_whole_replay(
    bodies: dict[str, list[str]], importer: str, target: str, name: str
) -> None:
    project = project_of(bodies)
    entries = {importer, target, importer.partition(".")[0], target.partition(".")[0]}
    expected = all(
        failures(project, entry, importer, target, name) <= failures(project, entry) for entry in sorted(entries)
    )
    assert project.ask(SurvivesHoisting(importer, target, (name,) if name else ())) == expected


@settings(max_examples=100, deadline=None)
@given(BODIES, st.booleans())
def test_what_is_reached_does_not_depend_on_what_was_asked_before(bodies: dict[str, list[str]], strict: bool) -> None:
    project = project_of(bodies)
    for name in (*NAMES, *reversed(NAMES)):
        assert project.ask(Reach(name, strict)) == project_of(bodies).ask(Reach(name, strict))
    reached = project.ask(Reach("a", strict))
    assert all(project.ask(Loads("a", name, strict)) == (name in reached) for name in NAMES if name != "a")
