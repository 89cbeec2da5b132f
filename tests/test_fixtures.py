"""Every rule on its fixtures: what is found, what the fix writes, and that the fixed code behaves."""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from fixtures import Case, Expected, cases, engine_for, findings_in
from patternlint.finding import Finding
from patternlint.fixer import fix
from patternlint.source import Source

CASES = cases()


def named(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[c.id for c in cases])


def place(finding: Finding) -> Expected:
    return Expected(finding.path, finding.row, finding.code, finding.confidence)


def python_files(case: Case) -> list[str]:
    return [name for name in case.sources if name.endswith(".py")]


@named(CASES)
def test_findings(case: Case, tmp_path: Path) -> None:
    root = case.build(tmp_path)
    found = findings_in(root, python_files(case))
    assert {place(f) for f in found} == case.expected(), "\n".join(f"{place(f)}: {f.message}" for f in found)
    for finding in found:
        assert finding.message
        assert finding.fix is not None or finding.why_not_fixed, f"{place(finding)} has neither a fix nor a reason"


@named(CASES)
def test_short_cuts_change_nothing(case: Case, tmp_path: Path) -> None:
    root = case.build(tmp_path)
    assert findings_in(root, python_files(case)) == findings_in(root, python_files(case), whole_modules=True)


def fixed_tree(case: Case, folder: Path, *, unsafe: bool) -> Path:
    root = case.build(folder)
    engine = engine_for(root)
    for name in python_files(case):
        path = engine.project.root / name
        result = fix(Source.read(path), engine, unsafe=unsafe)
        assert result.converged, f"{name}: fixes make work for each other"
        assert not result.failed, f"{name}: {result.failed}"
        path.write_bytes(result.source.data)
    return root


@named(CASES)
@pytest.mark.parametrize("kind", ["fixed", "unsafe"])
def test_fixes(case: Case, kind: str, tmp_path: Path) -> None:
    root = fixed_tree(case, tmp_path, unsafe=kind == "unsafe")
    for name in python_files(case):
        golden = case.derived(name, kind) or case.derived(name, "fixed") or case.sources[name]
        wanted, got = golden.read_bytes(), (root / name).read_bytes()
        diff = difflib.unified_diff(
            wanted.decode("utf-8", "replace").splitlines(), got.decode("utf-8", "replace").splitlines(),
            golden.name, "what the fix writes", lineterm="",
        )  # fmt: skip
        assert got == wanted, "\n".join(diff)
    again = engine_for(root)
    for name in python_files(case):
        before = Source.read(again.project.root / name)
        assert fix(before, again, unsafe=kind == "unsafe").source.data == before.data, "a second run changes something"


@named([c for c in CASES if c.is_fixed])
def test_every_fix_is_run(case: Case) -> None:
    assert case.check is not None or case.says_why_unchecked, (
        f"{case.id} is fixed, and nothing shows that the fixed code behaves: add "
        f"{case.path.with_suffix('.check.py').name if case.path.is_file() else 'check.py'}, or say '# no behaviour "
        "test: <why>' in the fixture"
    )


@named([c for c in CASES if c.check is not None])
@pytest.mark.parametrize("tree", ["original", "fixed", "unsafe"])
def test_behaviour(case: Case, tree: str, tmp_path: Path) -> None:
    root = case.build(tmp_path) if tree == "original" else fixed_tree(case, tmp_path, unsafe=tree == "unsafe")
    complaint = case.run_check(root, tree)
    assert not complaint, f"the behaviour test on the {tree} code:\n{complaint}"
