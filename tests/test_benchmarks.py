"""The measurements can be run: their small forms, without network."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parent.parent / "benchmarks"


def test_the_corpus_run_repairs_the_showcase_and_breaks_nothing() -> None:
    command = [sys.executable, str(BENCHMARKS / "fix_safety.py"), "corpus", "--smoke"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if line.startswith("| **all**")]
    assert [row[1] for row in rows] == ["safe", "unsafe"]
    for _, _, _, findings, fixed, changed, *wrong in rows:
        assert int(findings) >= int(fixed) > 0
        assert int(changed) > 0
        assert set(wrong) == {"0"}


def test_a_diff_can_be_applied() -> None:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        from fix_safety import patched, patches
    finally:
        sys.path.remove(str(BENCHMARKS))
    diff = (
        b"--- a.py\n+++ a.py\n@@ -1,3 +1,3 @@\n one\r\n-two\n+2\n three\x0c\n@@ -5 +5,2 @@\n-five\n"
        b"\\ No newline at end of file\n+5\n+6\n\\ No newline at end of file\n"
    )
    before = b"one\r\ntwo\nthree\x0c\nfour\nfive"
    assert patched(before, patches(diff)["a.py"]) == b"one\r\n2\nthree\x0c\nfour\n5\n6"
