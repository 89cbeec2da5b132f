"""The completion script for bash, from 3.2 on: where nothing of ours fits, bash completes files."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from patternlint.completion.described import Command, Takes

_SCRIPT = """\
# bash completion for patternlint, written by `patternlint completion bash`

_patternlint() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}} command=check words= many= head=
    # bash takes --option=value apart
    if [[ $current == "=" ]]; then
        current=
    elif [[ $previous == "=" ]]; then
        previous=${{COMP_WORDS[COMP_CWORD-2]}}
    fi
    if (( COMP_CWORD > 1 )); then
        case ${{COMP_WORDS[1]}} in
            {names}) command=${{COMP_WORDS[1]}} ;;
        esac
    fi
    case "$command $previous" in
{values}
        *)
            if [[ $current == -* ]]; then
                case $command in
{options}
                esac
            elif (( COMP_CWORD == 1 )); then
                words="{commands}"
            else
                case $command in
{arguments}
                esac
            fi ;;
    esac
    if [[ $many && $current == *,* ]]; then
        head=${{current%,*}},
        current=${{current##*,}}
    fi
    COMPREPLY=($(compgen -P "$head" -W "$words" -- "$current"))
}}

complete -o bashdefault -o default -F _patternlint patternlint
"""


def script(commands: list[Command]) -> str:
    """The script."""
    names = [command.name for command in commands]
    options = ((c.name, " ".join(s for option in c.options for s in option.spellings)) for c in commands)
    return _SCRIPT.format(
        names="|".join(names),
        commands=" ".join(names),
        values="\n".join(_values(commands)),
        options="\n".join(f'                    {name}) words="{spellings}" ;;' for name, spellings in options),
        arguments="\n".join(
            f"                    {command.name}) {_words(command.takes)} ;;"
            for command in commands
            if command.takes is not None and command.takes.words
        ),
    )


def _values(commands: Iterable[Command]) -> Iterator[str]:
    """A case for the options of all commands that take the same."""
    after: dict[Takes, list[str]] = {}
    for command in commands:
        for option in command.options:
            if option.takes is not None:
                after.setdefault(option.takes, []).extend(f'"{command.name} {s}"' for s in option.spellings)
    for takes, places in after.items():
        yield f"        {'|'.join(places)})\n            {_words(takes)} ;;"


def _words(takes: Takes) -> str:
    return f'words="{" ".join(takes.words)}"' + (" many=1" if takes.many else "")
