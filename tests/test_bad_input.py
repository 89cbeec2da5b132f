"""One bad file never stops a run: each is named with what is wrong, and the others are checked."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest
from crashes import Ended, forked, patternlint_in
from project_tree import FIXED, TIMED, as_from_a_terminal, patternlint, write_tree

from patternlint.cli import main
from patternlint.report.terminal import safe

NOT_PARSED: dict[str, tuple[str | bytes, int, str]] = {
    "broken syntax": ("def f(:\n", 1, "invalid syntax"),
    "Python 2": ("x = 1\nprint 'hello'\n", 2, "Missing parentheses"),
    "NUL bytes": (b"x = 1\ny = '\0'\n", 2, "NUL bytes"),
    "not UTF-8": (b"x = 1\ny = '\xe4'\n", 2, "0xe4 is not valid utf-8"),
    "not in the declared encoding": (b"# -*- coding: ascii -*-\ny = '\xe4'\n", 2, "0xe4 is not valid ascii"),
    "an encoding that is none": (b"# coding: klingon\n", 1, "unknown encoding 'klingon'"),
    "nested too deeply": ("x = " + "(" * 5000 + ")" * 5000 + "\n", 1, "nest"),
    "operators nested too deeply": ("x = " + "-" * 100_000 + "1\n", 1, "nested too deeply"),
}


@pytest.mark.parametrize("case", NOT_PARSED)
def test_what_cannot_be_parsed_is_a_finding(tmp_path: Path, case: str) -> None:
    content, row, message = NOT_PARSED[case]
    write_tree(tmp_path, {"patternlint.toml": "", "bad.py": content, "deco.py": TIMED})
    result = patternlint("--output-format", "json", cwd=tmp_path)
    assert result.returncode == 1
    assert result.stderr == ""
    bad, good = json.loads(result.stdout)
    assert (bad["code"], bad["name"], bad["location"]["row"]) == ("PAT000", "cannot-be-parsed", row)
    assert message in bad["message"]
    assert bad["help"]
    assert good["code"] == "PAT501"
    text = patternlint(cwd=tmp_path).stdout
    assert "PAT000 " in text
    assert f"bad.py:{row}:" in text


def test_python_2_is_called_that(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "bad.py": "print 'hello'\n"})
    assert "this is Python 2" in patternlint(cwd=tmp_path).stdout


def test_nested_code_with_words_of_rules_does_not_end_the_process(tmp_path: Path) -> None:
    deep = TIMED + "y = " + "(" * 150 + "1" + ")" * 150 + "\n" + "z = 1" + " + 1" * 5000 + "\n"
    attributes = (
        TIMED + "\n\ndef g(f):\n    def inner(*a):\n        return f(*a)" + ".x()" * 3000 + "\n    return inner\n"
    )
    write_tree(tmp_path, {"patternlint.toml": "", "deep.py": deep, "chain.py": attributes, "deco.py": TIMED})
    result = patternlint("--output-format", "json", cwd=tmp_path)
    assert result.returncode == 1
    assert {Path(f["filename"]).name for f in json.loads(result.stdout)} >= {"deco.py", "deep.py"}


def test_files_that_are_unusual_and_right(tmp_path: Path) -> None:
    write_tree(
        tmp_path,
        {
            "patternlint.toml": "",
            "empty.py": "",
            "bom.py": b"\xef\xbb\xbfx = 1\n",
            "latin.py": "# coding: latin-1\nx = 'ä'\n".encode("latin-1"),
            "mixed.py": b"x = 1\r\ny = 2\nz = 3\r",
            "form_feed.py": b"x = 1\n\x0cy = 2\n",
        },
    )
    result = patternlint(cwd=tmp_path)
    assert (result.returncode, result.stdout) == (0, "All checks passed!\n")


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + TIMED.encode(),
        TIMED.replace("\n", "\r\n").encode(),
        TIMED.replace("\n", "\r\n", 3).encode(),
        TIMED.encode() + b"x = 1   \n\x0c\ny = '\xc3\xa4'\t",
        b"# coding: latin-1\n" + TIMED.encode() + b"x = '\xe4'\n",
    ],
)
def test_fixes_keep_every_other_byte(tmp_path: Path, content: bytes) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "deco.py": content})
    result = patternlint("--fix", cwd=tmp_path)
    assert "1 fixed" in result.stdout
    fixed = (tmp_path / "deco.py").read_bytes()
    (added,) = [line for line in fixed.splitlines(keepends=True) if b"@functools.wraps" in line]
    assert fixed.replace(added, b"") == content


def test_a_file_of_ten_megabytes(tmp_path: Path) -> None:
    big = "".join(f"x{i} = {i!r}  # wraps def return functools\n" for i in range(230_000))
    write_tree(tmp_path, {"patternlint.toml": "", "big.py": big, "deco.py": TIMED})
    assert (tmp_path / "big.py").stat().st_size > 10_000_000
    result = patternlint("-q", "--output-format", "concise", cwd=tmp_path)
    assert result.stdout.count("\n") == 1


# ---- errors of the file system


def test_paths_that_do_not_exist(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "deco.py": TIMED})
    result = patternlint("nowhere.py", "deco.py", "nor_here", cwd=tmp_path)
    assert result.returncode == 2
    assert f"error: {tmp_path}/nowhere.py: no such file or folder" in result.stderr
    assert f"error: {tmp_path}/nor_here: no such file or folder" in result.stderr
    assert "PAT501" in result.stdout


def test_loops_of_links(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "pkg/deco.py": TIMED})
    (tmp_path / "pkg/again").symlink_to(tmp_path)
    (tmp_path / "pkg/round.py").symlink_to("round.py")
    result = patternlint(cwd=tmp_path)
    assert result.returncode == 2
    assert f"error: {tmp_path}/pkg/round.py: cannot be read: " in result.stderr
    assert result.stdout.count("PAT501") == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="the superuser may read everything")
def test_files_that_may_not_be_read(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "secret.py": "x = 1\n", "deco.py": TIMED})
    (tmp_path / "secret.py").chmod(0)
    result = patternlint(cwd=tmp_path)
    assert result.returncode == 2
    assert f"error: {tmp_path}/secret.py: cannot be read: Permission denied" in result.stderr
    assert "PAT501" in result.stdout


def test_a_folder_with_the_name_of_a_file(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "pkg.py/deco.py": TIMED})
    assert patternlint("pkg.py", cwd=tmp_path).returncode == 1


def test_a_read_only_file_is_reported_and_the_others_are_fixed(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "a.py": TIMED, "b.py": TIMED})
    (tmp_path / "a.py").chmod(0o444)
    result = patternlint("--fix", cwd=tmp_path)
    assert result.returncode == 2
    assert f"error: {tmp_path}/a.py: is read-only" in result.stderr
    assert (tmp_path / "a.py").read_text() == TIMED
    assert (tmp_path / "b.py").read_text() == FIXED
    assert "(1 fixed, 1 remaining)" in result.stdout


# ---- disks and owners that do not let us write


def contents(folder: Path) -> set[str]:
    return {path.read_text() for path in folder.rglob("*.py")}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", disk], capture_output=True, check=False
    ).returncode:
        pytest.skip("no disk of our own can be mounted here")
    yield disk
    subprocess.run(["umount", "-l", disk], check=False)


def test_a_cache_on_a_full_disk(small_disk: Path, tmp_path: Path) -> None:
    project = write_tree(tmp_path / "p", {"patternlint.toml": "", **{f"m{i}.py": TIMED for i in range(40)}})
    expected = patternlint_in(project, "--no-cache", "-q", "--output-format", "concise").output
    for free in (0, 1, 3, 10, 60):
        filler = small_disk / "filler"
        filler.write_bytes(b"")
        filler.write_bytes(b"x" * max(0, (os.statvfs(small_disk).f_bavail - free) * 4096))
        ended = patternlint_in(project, "--cache-dir", str(small_disk / "c"), "-q", "--output-format", "concise")
        lines = ended.output.splitlines()
        warnings = [line for line in lines if line.startswith("warning: ")]
        assert [line for line in lines if line not in warnings] == expected.splitlines()
        assert all("results cannot be kept: " in line and "--no-cache does without" in line for line in warnings)
        assert free == 10 or bool(warnings) == (free < 10)


def test_files_from_the_future(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "m.py": TIMED})
    os.utime(tmp_path / "m.py", (4e9, 4e9))
    first = patternlint_in(tmp_path, "-q").output
    assert "PAT501" in first
    assert patternlint_in(tmp_path, "-q").output == first
    (tmp_path / "m.py").write_text(FIXED)
    os.utime(tmp_path / "m.py", (4e9, 4e9))  # and the clock went backwards since
    assert patternlint_in(tmp_path, "-q").output == ""


@pytest.mark.parametrize("verify", [(), ("--verify", "true")], ids=["plain", "verify"])
def test_a_full_disk(small_disk: Path, verify: tuple[str, ...]) -> None:
    names = [f"m{i}.py" for i in range(4)]
    write_tree(small_disk, {"patternlint.toml": "", **dict.fromkeys(names, TIMED)})
    statuses = []
    for free in range(8):
        filler = small_disk / "filler"
        filler.write_bytes(b"")
        size = os.statvfs(small_disk).f_bavail * 4096 - free * 4096
        filler.write_bytes(b"x" * max(0, size))
        ended = patternlint_in(small_disk, "--fix", "--select", "PAT501", *verify)
        statuses.append(ended.status)
        if ended.status:
            assert ended.status == 2
            assert ": cannot be written: No space left on device" in ended.output
            assert "\nhelp: make room and run again" in ended.output
        assert contents(small_disk) <= ({TIMED, FIXED} if not verify else {TIMED} if ended.status else {FIXED})
        assert not list(small_disk.glob(".patternlint-*"))
        filler.unlink()
        patternlint_in(small_disk, "undo")
        assert contents(small_disk) == {TIMED}
    assert statuses[0] == 2
    assert statuses[-1] == 0


def test_a_limit_of_file_size_is_like_a_full_disk(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "deco.py": TIMED})
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (200, 200));"
        "from patternlint.cli import main; sys.exit(main(['--fix']))"
    )
    result = subprocess.run([sys.executable, "-c", limited], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "journal.jsonl: cannot be written: File too large" in result.stderr
    assert (tmp_path / "deco.py").read_text() == TIMED
    assert patternlint("--fix", cwd=tmp_path).returncode == 0


NOBODY = 65534


@pytest.fixture
def shared() -> Iterator[Path]:
    """A folder that everybody can enter, for runs as somebody who is not root."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can be somebody else")
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield write_tree(Path(folder), {"patternlint.toml": "", "a.py": TIMED, "pkg/b.py": TIMED})


def as_nobody(*arguments: str, cwd: Path) -> Ended:
    """Run patternlint as a user who may do nothing special; what it needs is imported before, for the interpreter may
    lie where nobody else can read."""

    def work() -> int:
        with tempfile.TemporaryDirectory() as folder, open(os.devnull, "w") as nowhere:
            write_tree(Path(folder), {"patternlint.toml": "", "a.py": TIMED})
            with redirect_stdout(nowhere), redirect_stderr(nowhere):
                main(["--fix", "--select", "PAT501", "--verify", sys.executable + " -c ''", folder])
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        return main(list(arguments))

    return forked(work, cwd)


def give(*paths: Path) -> None:
    for path in paths:
        os.chown(path, NOBODY, NOBODY)


def test_a_file_of_somebody_else_is_left_alone(shared: Path) -> None:
    give(shared, shared / "pkg", shared / "pkg/b.py")
    result = as_nobody("--fix", "--select", "PAT501", cwd=shared)
    assert result.status == 2
    assert f"error: {shared}/a.py: is read-only, so it was left alone\nhelp: " in result.output
    assert (shared / "a.py").read_text() == TIMED
    assert (shared / "pkg/b.py").read_text() == FIXED


def test_a_file_of_somebody_else_that_we_may_write_stays_theirs(shared: Path) -> None:
    give(shared, shared / "pkg")
    (shared / "a.py").chmod(0o666)
    (shared / "pkg/b.py").chmod(0o666)
    before = (shared / "a.py").stat()
    refused = as_nobody("--fix", "--select", "PAT501", "--verify", "true", cwd=shared)
    assert (refused.status, contents(shared)) == (2, {TIMED})
    assert f"error: {shared}/a.py: belongs to somebody else, so its time cannot be set" in refused.output
    assert as_nobody("--fix", "--select", "PAT501", cwd=shared).status == 0
    after = (shared / "a.py").stat()
    assert (after.st_uid, after.st_gid, after.st_mode) == (before.st_uid, before.st_gid, before.st_mode)
    assert contents(shared) == {FIXED}
    assert as_nobody("undo", cwd=shared).status == 0
    assert contents(shared) == {TIMED}


def test_a_read_only_folder(shared: Path) -> None:
    give(shared, shared / "a.py", shared / "pkg/b.py")
    result = as_nobody("--fix", "--select", "PAT501", cwd=shared)
    assert result.status == 2
    assert (
        f"error: {shared}/pkg/b.py: cannot be written: Permission denied\nhelp: check the file, its folder"
        in result.output
    )
    assert (shared / "pkg/b.py").read_text() == TIMED
    assert (shared / "a.py").read_text() == FIXED


def test_a_project_without_room_for_a_journal(shared: Path) -> None:
    give(shared / "a.py", shared / "pkg", shared / "pkg/b.py")
    result = as_nobody("--fix", "--select", "PAT501", "--verify", "true", cwd=shared)
    assert result.status == 2
    assert f"error: {shared}: no journal can be kept: " in result.output
    assert "\nhelp: --verify needs one" in result.output
    assert contents(shared) == {TIMED}
    result = as_nobody("--fix", "--select", "PAT501", "pkg", cwd=shared)
    assert result.status == 0
    assert result.output.count("warning: `patternlint undo` will not be possible: no journal can be kept: ") == 1
    assert (shared / "pkg/b.py").read_text() == FIXED
    assert "warning: " + str(shared) + ": results cannot be kept: Permission denied" in result.output
    again = as_nobody("--fix", "--select", "PAT501", "--no-cache", "pkg", cwd=shared)
    assert again.output == "All checks passed!\n"


def test_a_journal_of_somebody_else_is_not_believed(shared: Path) -> None:
    os.chmod(shared, 0o1777)
    folder = shared / ".patternlint_cache/undo"
    folder.mkdir(parents=True)
    give(folder.parent, folder)
    result = patternlint("--fix", cwd=shared)
    assert result.returncode == 0
    assert f"no journal can be kept: {folder}: belongs to somebody else" in result.stderr


# ---- the run itself


def test_a_closed_pipe_ends_the_run_quietly(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", **{f"m{i}.py": TIMED * 40 for i in range(40)}})
    command = f"{sys.executable} -m patternlint | head -1"
    result = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert result.stdout.count("\n") == 1
    assert result.stderr == ""


def test_output_that_was_closed_before(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", "deco.py": TIMED})
    for closed in (">&-", "2>&-", ">&- 2>&-"):
        command = f"{sys.executable} -m patternlint . nowhere.py {closed}"
        result = subprocess.run(command, shell=True, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert result.returncode == 2
        assert "Traceback" not in result.stderr


def test_ctrl_c_leaves_whole_files(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": "", **{f"m{i:03}.py": TIMED for i in range(40)}})
    process = subprocess.Popen(
        [sys.executable, "-m", "patternlint", "--fix"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=as_from_a_terminal,
    )
    while (tmp_path / "m010.py").read_text() == TIMED and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors == b"interrupted\n"
    assert {path.read_text() for path in tmp_path.glob("*.py")} == {TIMED, FIXED}
    assert [name for name in os.listdir(tmp_path) if not name.endswith((".py", ".toml"))] == [".patternlint_cache"]


def test_nothing_of_a_source_or_a_name_steers_the_terminal(tmp_path: Path) -> None:
    title = "\x1b]0;owned\x07"
    text = TIMED.replace("**kwargs):", f"**kwargs):  # {title}\u202e\x9b31m", 1)
    write_tree(tmp_path, {"patternlint.toml": "", f"deco{title}.py": text, f"bad{title}.py": f"x = '{title}\n"})
    for arguments in ([], ["--output-format", "concise"], ["--output-format", "json"], [f"nowhere{title}.py"], ["-v"]):
        result = patternlint(*arguments, cwd=tmp_path)
        for output in (result.stdout, result.stderr):
            assert not {"\x1b", "\x07", "\u202e", "\x9b"} & set(output)
    assert r"deco\x1b]0;owned\x07.py" in patternlint(cwd=tmp_path).stdout


def test_safe_text() -> None:
    assert safe("a\x1b[1m\x7f\x85\u2028\u202eä\udc80") == r"a\x1b[1m\x7f\x85\u2028\u202eä\udc80"


def test_names_that_are_no_utf_8(tmp_path: Path) -> None:
    write_tree(tmp_path, {"patternlint.toml": ""})
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/deco\xff.py"))).write_text(TIMED)
    assert r"deco\udcff.py" in patternlint(cwd=tmp_path).stdout
    assert patternlint("--fix", cwd=tmp_path).returncode == 0


def test_the_code_under_inspection_is_never_run(tmp_path: Path) -> None:
    trap = "open('sprung', 'w').close()\n"
    names = ["sitecustomize.py", "patternlint_rules.py", "patternlint.py", "libcst.py", "tomllib.py", "conftest.py"]
    write_tree(tmp_path, {"patternlint.toml": "preview = true", "deco.py": trap + TIMED, **dict.fromkeys(names, trap)})
    script = Path(sys.executable).with_name("patternlint")
    result = subprocess.run([script, "."], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "PAT501" in result.stdout
    assert not (tmp_path / "sprung").exists()
