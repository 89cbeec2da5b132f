"""The README's first command, as a user runs it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from fixtures import FIXTURES

COMMAND = [sys.executable, "-m", "patternlint"]


def patternlint(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *arguments], cwd=folder, capture_output=True, text=True, check=False)


def test_the_shop_has_one_defect_of_each_kind_and_safe_fixes_leave_what_needs_a_look(tmp_path: Path) -> None:
    shutil.copytree(FIXTURES / "showcase", tmp_path / "showcase")
    found = patternlint(tmp_path, "showcase", "--output-format", "json")
    assert found.returncode == 1, found.stderr
    codes = sorted(f["code"] for f in json.loads(found.stdout))
    assert codes == ["PAT101", "PAT301", "PAT305", "PAT401", "PAT403", "PAT501", "PAT901", "PAT901"]

    diff = patternlint(tmp_path, "--diff", "--exit-zero", "showcase")
    assert diff.returncode == 0
    for line in (
        "+    @functools.wraps(view)",
        "+class _Ledger(metaclass=Singleton):",
        "+from shop.prices import price_of",
        "+    return _PRICE_OF_BY_KIND.get(kind, 0)",
        '+    return _LABEL_OF_BY_PAYMENT.get(payment, "unknown")',
    ):
        assert line in diff.stdout.splitlines()

    fixed = patternlint(tmp_path, "--fix", "showcase", "--output-format", "json")
    assert sorted(f["code"] for f in json.loads(fixed.stdout)) == ["PAT301", "PAT305"]
    again = patternlint(tmp_path, "--diff", "showcase")
    assert (again.returncode, again.stdout) == (0, "")
