"""Runs as users start them: from memory, in several processes, in parts, on a cluster; always with the same output."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from project_tree import as_from_a_terminal

from fixtures import FIXTURES

ALL = ("--select", "ALL", "--preview", "--min-confidence", "low")


def patternlint(*arguments: str, cwd: Path, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "patternlint", *arguments], cwd=cwd, capture_output=True, text=True, timeout=timeout
    )


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Every fixture, often enough that workers are worth their while."""
    root = tmp_path_factory.mktemp("runs") / "project"
    for number in range(2):
        for folder in FIXTURES.glob("PAT*"):
            shutil.copytree(folder, root / f"part_{number}" / re.sub(r"\W", "_", folder.name))
    for configuration in [*root.rglob("*.toml"), *root.rglob("setup.*")]:
        configuration.unlink()
    (root / "patternlint.toml").write_text("")
    large = "".join(f"def function_{n}(a, b):\n    return a + b * {n}\n\n\n" for n in range(15_000))
    (root / "large.py").write_text(large)
    (root / "broken.py").write_text("def f(:\n")
    return root


@pytest.fixture(scope="module")
def expected(project: Path) -> str:
    """The output of a plain cold run in one process."""
    run = patternlint("--no-cache", "--jobs", "1", "--output-format", "json", *ALL, cwd=project)
    assert run.returncode == 1
    assert len(json.loads(run.stdout)) > 200
    return run.stdout


def test_two_processes_say_what_one_does(project: Path, expected: str) -> None:
    run = patternlint("--no-cache", "--jobs", "2", "--output-format", "json", *ALL, cwd=project)
    assert (run.returncode, run.stdout) == (1, expected)


def test_a_second_run_says_what_the_first_did(project: Path, expected: str, tmp_path: Path) -> None:
    for jobs in ("2", "1", "1"):
        cache = str(tmp_path / "cache")
        run = patternlint("--cache-dir", cache, "--jobs", jobs, "--output-format", "json", *ALL, cwd=project)
        assert (run.returncode, run.stdout, run.stderr) == (1, expected, "")
    assert not (project / ".patternlint_cache").exists()


def test_the_parts_of_a_run_make_the_whole(project: Path, expected: str, tmp_path: Path) -> None:
    parts = []
    for number in (1, 2, 3):
        run = patternlint("--shard", f"{number}/3", "--no-cache", "--output-format", "json", *ALL, cwd=project)
        parts.append(tmp_path / f"{number}.json")
        parts[-1].write_text(run.stdout)
        assert 0 < len(json.loads(run.stdout)) < len(json.loads(expected))
    run = patternlint("merge", *map(str, reversed(parts)), cwd=project)
    assert (run.returncode, run.stdout) == (1, expected)


@pytest.mark.parametrize("shard", ["0/3", "4/3", "1", "a/b", "1/0", "-1/2"])
def test_a_part_that_there_is_not(project: Path, shard: str) -> None:
    run = patternlint(f"--shard={shard}", cwd=project)
    assert run.returncode == 2
    assert run.stderr.startswith(f"error: --shard cannot be '{shard}'\nhelp: ")


def test_what_cannot_be_merged_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text('[{"code": 1}]')
    run = patternlint("merge", "a.json", cwd=tmp_path)
    assert run.returncode == 2
    assert "error: a.json: holds no findings in JSON\n" in run.stderr
    run = patternlint("merge", "b.json", cwd=tmp_path)
    assert "error: b.json: cannot be read" in run.stderr


CLUSTER = """
from dask.distributed import Client, LocalCluster

def executor():
    cluster = LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None)
    return Client(cluster).get_executor()
"""


def test_a_cluster_says_what_one_process_does(project: Path, expected: str, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="dask.distributed has no wheels for this interpreter")
    (tmp_path / "our_cluster.py").write_text(CLUSTER)
    run = patternlint(
        "--executor", "our_cluster:executor", "--no-cache", "--output-format", "json", *ALL, str(project), cwd=tmp_path
    )
    assert (run.returncode, run.stdout) == (1, expected), run.stderr


def test_an_executor_that_is_none(project: Path, tmp_path: Path) -> None:
    (tmp_path / "ours.py").write_text("def make():\n    return 1\n")
    for name, why in [
        ("nowhere:make", "No module named 'nowhere'"),
        ("ours:other", "has no attribute 'other'"),
        ("ours:make", "it returned int"),
    ]:
        run = patternlint("--executor", name, str(project), cwd=tmp_path)
        assert run.returncode == 2
        assert f"error: --executor {name}: " in run.stderr
        assert why in run.stderr


def test_clean_removes_the_cache_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "patternlint.toml").touch()
    (tmp_path / "a.py").write_text("import os\n")
    assert patternlint(cwd=tmp_path).returncode == 0
    folder = tmp_path / ".patternlint_cache"
    (folder / "undo").mkdir()
    assert list(folder.glob("*.sqlite"))
    run = patternlint("clean", cwd=tmp_path)
    assert (run.returncode, run.stdout) == (0, f"{folder}: 1 file removed\n")
    assert not list(folder.glob("*.sqlite"))
    assert (folder / "undo").is_dir()
    assert patternlint("clean", cwd=tmp_path).stdout == f"{folder}: 0 files removed\n"


def test_the_cache_of_another_rule_selection_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "patternlint.toml").touch()
    shutil.copyfile(FIXTURES / "PAT501-missing-functools-wraps" / "plain.py", tmp_path / "a.py")
    assert "PAT501" in patternlint(cwd=tmp_path).stdout
    assert "PAT501" not in patternlint("--ignore", "PAT501", cwd=tmp_path).stdout
    assert "PAT501" in patternlint(cwd=tmp_path).stdout
    (tmp_path / "patternlint.toml").write_text('ignore = ["PAT501"]\n')
    assert "PAT501" not in patternlint(cwd=tmp_path).stdout


def test_a_changed_text_is_checked_again_even_if_size_and_time_are_the_same(tmp_path: Path) -> None:
    (tmp_path / "patternlint.toml").touch()
    path = tmp_path / "a.py"
    text = (FIXTURES / "PAT501-missing-functools-wraps" / "plain.py").read_text()
    path.write_text(text.replace("wrapped", "WRAPPED"))
    os.utime(path, (1_000_000_000, 1_000_000_000))
    before = patternlint(cwd=tmp_path).stdout
    path.write_text(text)
    os.utime(path, (1_000_000_000, 1_000_000_000))
    after = patternlint("--no-cache", cwd=tmp_path).stdout
    assert before != after
    assert patternlint(cwd=tmp_path).stdout == after


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
def test_an_interrupt_ends_all_processes(project: Path) -> None:
    command = [sys.executable, "-m", "patternlint", "--no-cache", "--jobs", "2", *ALL]
    process = subprocess.Popen(
        command,
        cwd=project,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        preexec_fn=as_from_a_terminal,
    )
    time.sleep(1.5)
    os.killpg(process.pid, signal.SIGINT)  # as a terminal does
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.endswith("interrupted\n")
    assert "Traceback" not in errors
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


@pytest.mark.parametrize("jobs", ["1", "2"])
def test_verbose_statistics_tell_what_each_rule_cost(project: Path, jobs: str) -> None:
    run = patternlint("--statistics", "--verbose", "--no-cache", "--jobs", jobs, *ALL, cwd=project)
    lines, heading, *rules = run.stderr.splitlines()
    read, parsed, walked = (
        int(number.replace(",", "")) for number in re.findall(r"[\d,]+(?= lines| parsed| walked)", lines)
    )
    assert read > parsed > walked > 0
    assert read > 60_000
    assert heading.split() == ["seconds", "regions", "lines", "rule"]
    costs = {name: float(seconds) for seconds, *_, name in map(str.split, rules)}
    assert costs["missing-functools-wraps"] > 0
    assert list(costs.values()) == sorted(costs.values(), reverse=True)
