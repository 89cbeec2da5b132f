"""The completion script for fish: a line for each option of each command."""

from __future__ import annotations

from collections.abc import Iterator

from patternlint.completion.described import Command, Option, Takes, rules

_SCRIPT = """\
# fish completion for patternlint, written by `patternlint completion fish`

function __patternlint_command
    set -l words (commandline -opc)
    if set -q words[2]; and contains -- $words[2] {names}
        echo $words[2]
    else
        echo check
    end
end

function __patternlint_rules
    printf '%s\\n' {rules}
end

{lines}
"""


def script(commands: list[Command]) -> str:
    """The script."""
    return _SCRIPT.format(
        names=" ".join(command.name for command in commands),
        rules=" ".join(rules()),
        lines="\n".join(line for command in commands for line in _lines(command)),
    )


def _lines(command: Command) -> Iterator[str]:
    first = "test (count (commandline -opc)) -eq 1"
    yield f"complete -c patternlint -n '{first}' -a {command.name} -d {_quoted(command.about)}"
    here = f"complete -c patternlint -n 'test (__patternlint_command) = {command.name}'"
    for option in command.options:
        yield f"{here} {_spelt(option)}{_value(option.takes)} -d {_quoted(option.about)}"
    if command.takes is not None and command.takes.words:
        yield f"{here} -f -a {_quoted(' '.join(command.takes.words))}"


def _spelt(option: Option) -> str:
    return " ".join(f"-l {s[2:]}" if s.startswith("--") else f"-s {s[1:]}" for s in option.spellings)


def _value(takes: Takes | None) -> str:
    if takes is None:
        return ""
    if takes.many:
        return " -x -a '(__fish_complete_list , __patternlint_rules)'"
    if takes.words:
        return f" -x -a {_quoted(' '.join(takes.words))}"
    return " -r" if takes.files else " -x"


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
