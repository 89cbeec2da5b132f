"""Every finding has a safe fix, or a reason with a sentence; the reasons of a rule stand on its page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fixtures import Case, cases, engine_for, everything, findings_in
from patternlint.catalogue import RULES
from patternlint.config import Settings
from patternlint.engine import Engine
from patternlint.finding import REASONS, Applicability, Finding
from patternlint.project import Project
from patternlint.report.reasons import reason
from patternlint.rule_pages import page, record
from patternlint.source import Source
from realcode import STDLIB, stdlib_files

ENTRIES = {entry.code: entry for entry in RULES}
CASES = cases()


def check_reason(finding: Finding) -> str:
    """What a finding is counted as: "safe", or why it is not."""
    place = f"{finding.path}:{finding.row} {finding.code}"
    is_safe = finding.fix is not None and finding.fix.applicability is Applicability.SAFE
    assert is_safe != bool(finding.why_not_fixed), f"{place}: a safe fix or a reason, one of the two"
    if is_safe:
        return "safe"
    declared = dict(ENTRIES[finding.code].reasons) | REASONS
    assert finding.why_not_fixed in declared, f"{place}: {finding.why_not_fixed} is declared nowhere"
    assert reason(finding) == declared[finding.why_not_fixed] or finding.why_not_fixed in REASONS
    assert " " in reason(finding), f"{place}: {finding.why_not_fixed} has no sentence"
    assert f"`{finding.why_not_fixed}`: {reason(finding)}" in page(ENTRIES[finding.code])
    assert record(ENTRIES[finding.code])["reasons"][finding.why_not_fixed] == reason(finding)
    return finding.why_not_fixed


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.id)
def test_every_finding_of_the_fixtures_has_one(case: Case, tmp_path: Path) -> None:
    root = case.build(tmp_path)
    for finding in findings_in(root, [n for n in case.sources if n.endswith(".py")]):
        check_reason(finding)


def findings_of_real_files() -> Iterator[Finding]:
    """Those of the standard library's files, each by itself."""
    settings = everything(Settings(root=STDLIB))
    for path in stdlib_files(6):
        project = Project(STDLIB, settings, (path,))
        yield from Engine(settings, project).check(Source.read(path))


def test_every_finding_of_real_files_has_one() -> None:
    counted = [check_reason(finding) for finding in findings_of_real_files()]
    assert len(counted) >= 5  # each standard library has a few
    assert {"safe", *counted} > {"safe"}, "some are safe, some have a reason: the two add up"


def test_reasons_read_on_after_a_colon() -> None:
    for entry in RULES:
        for code, sentence in entry.reasons:
            assert (
                sentence[:1].islower()
                or sentence[:1] in "'\"_"
                or sentence.split()[0] in ("LibCST", "WeakMethod", "TypeDispatch")
            ), f"{entry.code} {code}: the sentence goes on after a colon"
            assert not sentence.endswith("."), f"{entry.code} {code}"


def test_a_file_that_cannot_be_parsed_has_a_reason_too(tmp_path: Path) -> None:
    (tmp_path / "patternlint.toml").touch()
    (tmp_path / "subject.py").write_bytes(b"def f(:\n")
    (finding,) = engine_for(tmp_path).check(Source.read(tmp_path / "subject.py"))
    assert (finding.code, finding.fix, reason(finding)) == ("PAT000", None, REASONS["not-parsed"])
