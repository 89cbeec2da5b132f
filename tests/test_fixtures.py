"""Every rule on its fixtures: what is found, what the fix writes, and that the fixed code behaves."""

from __future__ import annotations

from pathlib import Path

import pytest

from fixtures import Case, cases
from patternlint.fixture import TREES, misbehaving, misfixed, misjudged

CASES = cases()


def named(cases: list[Case]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("case", cases, ids=[c.id for c in cases])


@named(CASES)
def test_findings(case: Case, tmp_path: Path) -> None:
    faults = list(misjudged(case, tmp_path))
    assert not faults, "\n".join(faults)


@named(CASES)
@pytest.mark.parametrize("kind", ["fixed", "unsafe"])
def test_fixes(case: Case, kind: str, tmp_path: Path) -> None:
    faults = list(misfixed(case, tmp_path, kind))
    assert not faults, "\n".join(faults)


@named([c for c in CASES if c.is_fixed])
def test_every_fix_is_run(case: Case) -> None:
    assert case.check is not None or case.says_why_unchecked, (
        f"{case.id} is fixed, and nothing shows that the fixed code behaves: add "
        f"{case.path.with_suffix('.check.py').name if case.path.is_file() else 'check.py'}, or say '# no behaviour "
        "test: <why>' in the fixture"
    )


@named([c for c in CASES if c.check is not None])
@pytest.mark.parametrize("tree", TREES)
def test_behaviour(case: Case, tree: str, tmp_path: Path) -> None:
    complaint = misbehaving(case, tmp_path, tree)
    assert not complaint, f"the behaviour test on the {tree} code:\n{complaint}"
