"""Completion, asked of the shells themselves: what would they offer, or write, where the cursor is?"""

from __future__ import annotations

import os
import pty
import re
import select
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from project_tree import patternlint

from patternlint.catalogue import RULES
from patternlint.cli import COMMANDS
from patternlint.report.formats import FORMATS

# a line with the cursor at its end -> what is offered, in part; what is not
OFFERS = [
    ("patternlint b", {"baseline"}, {"check"}),
    ("patternlint --sel", {"--select"}, {"--fix"}),
    ("patternlint check --exte", {"--extend-select", "--extend-exclude"}, {"--exit-zero"}),
    ("patternlint --output-format s", {"sarif"}, {"json"}),
    ("patternlint --output-format json", {"json", "json-lines"}, {"text"}),
    ("patternlint --min-confidence ", {"low", "medium", "high"}, {"ALL"}),
    ("patternlint --select PAT50", {"PAT501", "PAT507"}, {"PAT901"}),
    ("patternlint --ignore missing", {"missing-functools-wraps"}, {"PAT501"}),
    ("patternlint --select PAT101,dec", {"PAT101,decorator"}, {"PAT101,PAT501", "decorator"}),
    ("patternlint --fix --select obs", {"observer"}, {"ALL"}),
    ("patternlint rule PAT10", {"PAT101"}, {"PAT501"}),
    ("patternlint rule --output-format ", {"text", "json"}, {"sarif"}),
    ("patternlint rule --", {"--all", "--rules"}, {"--fix"}),
    ("patternlint baseline --pr", {"--prune", "--preview"}, {"--select"}),
    ("patternlint config min", {"min-confidence"}, {"select"}),
    ("patternlint completion ", {"bash", "zsh", "fish"}, {"check"}),
    ("patternlint new-rule --family st", {"strategy", "state"}, {"observer"}),
    ("patternlint na", {"name with spaces.py"}, {"check"}),
    ("patternlint --config na", {"name with spaces.py"}, {"--fix"}),
    ("patternlint test na", {"name with spaces.py"}, {"check"}),
]
# a line, with a tab at its end -> the arguments that the command gets
WRITTEN = [
    ("patternlint --output-format sa\t", ["--output-format", "sarif"]),
    ("patternlint --output-format=sa\t", ["--output-format=sarif"]),
    ("patternlint -o na\t", ["-o", "name with spaces.py"]),
    ("patternlint --select PAT101,deco\t", ["--select", "PAT101,decorator"]),
    ("patternlint --select=PAT101,deco\t", ["--select=PAT101,decorator"]),
    ("patternlint undo na\t", ["undo", "name with spaces.py"]),
    ("patternlint basel\t --pru\t", ["baseline", "--prune"]),
    ("patternlint rule missing-f\t", ["rule", "missing-functools-wraps"]),
]


def installed(shell: str) -> str:
    path = shutil.which(shell)
    if path is None:
        pytest.skip(f"{shell} is not installed")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a file, and the scripts beside it."""
    folder = tmp_path_factory.mktemp("completion")
    for shell in ("bash", "zsh", "fish"):
        printed = patternlint("completion", shell, cwd=folder)
        assert (printed.returncode, printed.stderr) == (0, "")
        (folder / f".script.{shell}").write_text(printed.stdout, "utf-8")
    (folder / "name with spaces.py").touch()
    return folder


def offered_by_bash(line: str, folder: Path) -> set[str]:
    """What bash's own machinery offers: the words that it splits the line into, the function, then files."""
    words = line.split(" ")
    program = f"""
        source .script.bash
        COMP_WORDS=({" ".join(map(shlex.quote, words))}) COMP_CWORD={len(words) - 1}
        _patternlint
        if (( ${{#COMPREPLY[@]}} )); then printf '%s\\n' "${{COMPREPLY[@]}}"; else compgen -f -- {shlex.quote(words[-1])}; fi
    """
    return lines_of([installed("bash"), "--norc", "-c", program], folder)


def offered_by_fish(line: str, folder: Path) -> set[str]:
    program = f"source .script.fish; complete -C {shlex.quote(line)}"
    offered = lines_of([installed("fish"), "--no-config", "-c", program], folder)
    return {words.partition("\t")[0].replace("\\ ", " ") for words in offered}


def lines_of(command: list[str], folder: Path) -> set[str]:
    environment = {**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    ran = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=60)
    assert ran.stderr == ""
    return {line for line in ran.stdout.splitlines() if line}


@pytest.mark.parametrize(("line", "there", "absent"), OFFERS)
@pytest.mark.parametrize("offered", [offered_by_bash, offered_by_fish])
def test_what_is_offered(
    offered: Callable[[str, Path], set[str]], line: str, there: set[str], absent: set[str], folder: Path
) -> None:
    found = offered(line, folder)
    assert there <= found
    assert not absent & found


_GOT = """patternlint() { printf GOT; printf '%s|' "$@"; echo GONE; }"""


def typed(shell: list[str], preparation: str, lines: list[str], folder: Path) -> list[list[str]]:
    """What a command gets when lines are typed into an interactive shell on a terminal."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        environment = {**os.environ, "HOME": str(folder), "TERM": "dumb", "LC_ALL": "C.UTF-8", "INPUTRC": "/dev/null"}
        os.execve(shell[0], shell, environment)
    try:
        screen = ""
        (folder / ".preparation").write_text(f"{_GOT}\n{preparation}\nPS1='READY>'\n")
        os.write(terminal, b". ./.preparation\n")
        until(terminal, "READY>")
        for line in lines:
            os.write(terminal, f"{line}\n".encode())
            screen += until(terminal, "GONE\nREADY>")
    finally:
        os.write(terminal, b"exit\n")
        os.close(terminal)
        os.waitpid(pid, 0)
    received = re.findall(r"GOT(.*?)GONE", screen.replace("\r", ""), re.DOTALL)
    return [[word for word in words.split("|") if word] for words in received]


def until(terminal: int, prompt: str) -> str:
    """What is printed up to the next prompt."""
    screen = ""
    while not screen.replace("\r", "").endswith(prompt):
        assert select.select([terminal], [], [], 30)[0], f"no prompt after {screen!r}"
        screen += os.read(terminal, 65536).decode("utf-8", "replace")
    return screen


@pytest.mark.skipif(sys.platform == "win32", reason="no terminal of this kind there")
def test_what_bash_writes_at_a_tab(folder: Path) -> None:
    preparation = "bind 'set bell-style none'; bind 'set enable-bracketed-paste off'; source .script.bash"
    shell = [installed("bash"), "--norc", "--noprofile", "-i"]
    assert typed(shell, preparation, [line for line, _ in WRITTEN], folder) == [words for _, words in WRITTEN]


@pytest.mark.skipif(sys.platform == "win32", reason="no terminal of this kind there")
@pytest.mark.parametrize("loaded", ["compinit -u -D; source .script.zsh", "fpath=(./functions $fpath); compinit -u -D"])
def test_what_zsh_writes_at_a_tab(loaded: str, folder: Path) -> None:
    (folder / "functions").mkdir(exist_ok=True)
    shutil.copy(folder / ".script.zsh", folder / "functions/_patternlint")
    preparation = f"unset zle_bracketed_paste; unsetopt beep prompt_sp; autoload -Uz compinit; {loaded}"
    shell = [installed("zsh"), "-f", "-i"]
    assert typed(shell, preparation, [line for line, _ in WRITTEN], folder) == [words for _, words in WRITTEN]


def test_all_commands_formats_and_rules_are_known_to_all_shells(folder: Path) -> None:
    for shell in ("bash", "zsh", "fish"):
        script = (folder / f".script.{shell}").read_text("utf-8")
        words = set(re.findall(r"[\w-]+", script))
        assert words >= {*COMMANDS, *FORMATS, *(entry.code for entry in RULES), *(entry.name for entry in RULES)}


def test_another_shell_is_an_error(tmp_path: Path) -> None:
    result = patternlint("completion", "tcsh", cwd=tmp_path)
    assert result.returncode == 2
    assert "bash" in result.stderr
