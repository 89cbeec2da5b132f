"""Very many files, very large ones, files that change under our hands: the cost stays in proportion, the result right.

Proportions are taken between two sizes of the same thing, as processor time of whole processes, with bounds that only
growth of another order can break: a machine that is busy cannot.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from project_tree import TIMED, patternlint, write_tree

from patternlint.batch import Job
from patternlint.check import Request, Run
from patternlint.report.console import Console

EVERYTHING = ["--select", "ALL", "--preview", "--min-confidence", "low"]
CONCISE = ["-q", "--output-format", "concise"]


def cost(*arguments: str, cwd: Path) -> tuple[subprocess.CompletedProcess[str], float]:
    """A run of everything on a folder, and its processor seconds."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    result = patternlint(*EVERYTHING, *arguments, cwd=cwd)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return result, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> float:
    """The processor seconds that a run over next to nothing takes."""
    folder = write_tree(tmp_path_factory.mktemp("start"), {"patternlint.toml": "", "deco.py": TIMED})
    return min(cost(*CONCISE, cwd=folder)[1] for _ in range(3))


def grows_by(tmp_path: Path, sizes: tuple[int, int], content: Callable[[int], dict[str, str]], start: float) -> float:
    """How many times as much the larger of two sizes costs; each tree finds the one defect beside it."""
    seconds = []
    for size in sizes:
        folder = write_tree(tmp_path / str(size), {"patternlint.toml": "", "zz.py": TIMED, **content(size)})
        result, taken = cost(*CONCISE, cwd=folder)
        assert (result.returncode, result.stderr) == (1, "")
        assert result.stdout.splitlines()[-1].startswith("zz.py:5:9: PAT501 ")
        seconds.append(max(taken - start, start / 4))
    return seconds[1] / seconds[0]


# ---- very many


def test_very_many_empty_files(tmp_path: Path, start: float) -> None:
    def empty(number: int) -> dict[str, str]:
        return {f"d/m{i:06}.py": "" for i in range(number)}

    assert grows_by(tmp_path, (4_000, 20_000), empty, start) < 5 * 2.5


def test_an_empty_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", **{f"d/m{i:03}.py": "" for i in range(200)}})
    opened: list[str] = []
    original = Path.read_bytes

    def counting(path: Path) -> bytes:
        opened.append(path.name)
        return original(path)

    monkeypatch.setattr(Path, "read_bytes", counting)
    assert Run(Request((str(tmp_path),)), Job(Path.cwd()), Console(quiet=True)).check() == 0
    assert max(opened.count(name) for name in set(opened)) == 1


def test_thousands_of_files_that_do_not_parse(tmp_path: Path, start: float) -> None:
    def broken(number: int) -> dict[str, str]:
        return {f"d/m{i:06}.py": f"x = {i}\ndef f(:\n" for i in range(number)}

    assert grows_by(tmp_path, (1_000, 4_000), broken, start) < 4 * 2.5
    found = json.loads(patternlint("--output-format", "json", cwd=tmp_path / "4000").stdout)
    assert [f["location"]["row"] for f in found[:-1]] == [2] * 4_000
    assert {f["code"] for f in found[:-1]} == {"PAT000"}


# ---- very large


def test_a_file_of_200_000_lines(tmp_path: Path, start: float) -> None:
    def functions(lines: int) -> dict[str, str]:
        return {"big.py": "".join(f"def f{i}(a):\n    return a + {i}\n" for i in range(lines // 2))}

    assert grows_by(tmp_path, (50_000, 200_000), functions, start) < 4 * 2.5


def test_a_defect_at_the_end_of_200_000_lines(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "big.py": "x = 1\n" * 200_000 + TIMED})
    (finding,) = json.loads(patternlint("--output-format", "json", cwd=tmp_path).stdout)
    assert (finding["code"], finding["location"]["row"]) == ("PAT501", 200_005)
    assert patternlint("--fix", "-q", cwd=tmp_path).returncode == 0
    lines = (tmp_path / "big.py").read_text().splitlines()
    assert (len(lines), lines[200_004]) == (200_014, "    @functools.wraps(function)")


def test_a_line_of_5_mb(tmp_path: Path, start: float) -> None:
    def numbers(size: int) -> dict[str, str]:
        return {"big.py": f"def f(a):\n    return [{'1, ' * (size // 3)}]\n"}

    assert grows_by(tmp_path, (1_250_000, 5_000_000), numbers, start) < 4 * 2.5


def test_a_finding_in_a_line_of_5_mb_shows_a_piece_of_it(tmp_path: Path) -> None:
    long = TIMED.replace("def wrapper(*args, **kwargs):", f"def wrapper(*args, **kwargs):  # {'é' * 2_500_000}")
    write_tree(tmp_path, {"patternlint.toml": "", "wide.py": long, "broken.py": f"x = '{'a' * 5_000_000}\n"})
    result = patternlint(cwd=tmp_path)
    assert result.returncode == 1
    assert "wide.py:5:9" in result.stdout
    assert "broken.py:1:5" in result.stdout
    assert len(result.stdout) < 10_000


# ---- changes during the run


class Disturbed(Console):
    """A console whose progress is the moment at which somebody else works on the files."""

    def __init__(self, disturb: Callable[[int], None], **options: Any) -> None:
        super().__init__(output_format="concise", **options)
        self._disturb = disturb

    def step(self, done: int, current: str) -> None:
        self._disturb(done)
        super().step(done, current)


@pytest.fixture
def four(tmp_path: Path) -> Iterator[Path]:
    """Four files with a defect each, below the working folder."""
    write_tree(tmp_path, {"patternlint.toml": "", **{f"m{i}.py": TIMED for i in range(4)}})
    here = os.getcwd()
    os.chdir(tmp_path)
    yield tmp_path
    os.chdir(here)


def disturbed(action: Callable[[], object]) -> int:
    """A run during which something happens after the first file; its exit status."""

    def disturb(done: int) -> None:
        if done == 1:
            action()

    return Run(Request(), Job(Path.cwd()), Disturbed(disturb)).check()


def test_a_file_that_goes_away_is_named(four: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert disturbed((four / "m2.py").unlink) == 2
    out, err = capsys.readouterr()
    assert err.splitlines()[0] == f"error: {four}/m2.py: cannot be read: No such file or directory"
    assert [line[:5] for line in out.splitlines() if "PAT501" in line] == ["m0.py", "m1.py", "m3.py"]


def test_a_file_that_becomes_a_folder_is_named(four: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def replace() -> None:
        (four / "m2.py").unlink()
        (four / "m2.py").mkdir()

    assert disturbed(replace) == 2
    assert f"error: {four}/m2.py: cannot be read: Is a directory" in capsys.readouterr().err


def test_a_file_that_changes_is_reported_as_it_is_then(four: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert disturbed(lambda: (four / "m2.py").write_text("\n" + TIMED)) == 1
    out = capsys.readouterr().out
    assert [line[:9] for line in out.splitlines() if "PAT501" in line] == [
        "m0.py:5:9", "m1.py:5:9", "m2.py:6:9", "m3.py:5:9",
    ]  # fmt: skip


def test_a_file_that_is_cut_short_is_reported_as_broken(four: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert disturbed(lambda: (four / "m2.py").write_text(TIMED[:60])) == 1
    assert "m2.py:5:16: PAT000 " in capsys.readouterr().out


def test_a_whole_tree_that_goes_away_ends_the_run_with_a_name_for_each(four: Path) -> None:
    program = (
        "import shutil, sys\nfrom patternlint.check import Request, Run\nfrom patternlint.report.console import Console\n"
        "from pathlib import Path\nfrom patternlint.batch import Job\n"
        "class Away(Console):\n    def step(self, done, current):\n        shutil.rmtree(sys.argv[1], ignore_errors=True)\n"
        "sys.exit(Run(Request((sys.argv[1],)), Job(Path.cwd()), Away()).check())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(four)], cwd="/", capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count(": cannot be read: No such file or directory") == 4
    assert "Traceback" not in done.stderr
