"""The completion script for zsh: specifications for `_arguments`, which shows what each option does."""

from __future__ import annotations

from patternlint.completion.described import Command, Option, Takes

_SCRIPT = """\
#compdef patternlint
# zsh completion for patternlint, written by `patternlint completion zsh`

_patternlint_commands() {{
    local -a commands=(
{commands}
    )
    _describe -t commands command commands
}}

_patternlint() {{
    local command=check
    if (( CURRENT > 2 )); then
        case $words[2] in
            {names})
                command=$words[2]
                shift words
                (( CURRENT-- )) ;;
        esac
    elif [[ $words[2] != -* ]]; then
        _alternative 'commands:command:_patternlint_commands' 'files:file:_files'
        return
    fi
    case $command in
{cases}
    esac
}}

# read by `source` it says whom it is for; in $fpath it is called
if [[ $funcstack[1] == _patternlint ]]; then
    _patternlint "$@"
else
    compdef _patternlint patternlint
fi
"""


def script(commands: list[Command]) -> str:
    """The script."""
    return _SCRIPT.format(
        commands="\n".join(f"        {_quoted(_plain(c.name) + ':' + c.about)}" for c in commands),
        names="|".join(command.name for command in commands),
        cases="\n".join(map(_case, commands)),
    )


def _case(command: Command) -> str:
    specifications = [_specification(option) for option in command.options]
    if command.takes is not None:
        specifications.append(_quoted(f"*:argument:{_action(command.takes)}"))
    lines = " \\\n".join(f"                {specification}" for specification in specifications)
    return f"        {command.name})\n            _arguments -s \\\n{lines} ;;"


def _specification(option: Option) -> str:
    """One option in the words of `_arguments`; its spellings exclude each other."""
    about = f"[{_plain(option.about)}]"
    value = "" if option.takes is None else f":value:{_action(option.takes)}"
    others = "*" if option.repeated else f"({' '.join(option.spellings)})"
    ends = ["=" if value and spelling.startswith("--") else "+" if value else "" for spelling in option.spellings]
    spelt = [spelling + end for spelling, end in zip(option.spellings, ends, strict=True)]
    if len(spelt) == 1:
        return _quoted(f"{'*' if option.repeated else ''}{spelt[0]}{about}{value}")
    return f"{_quoted(others)}{{{','.join(spelt)}}}{_quoted(about + value)}"


def _action(takes: Takes) -> str:
    words = " ".join(takes.words)
    if takes.many:
        return f"_sequence compadd - {words}"
    if words:
        return f"({words})"
    return "_files" if takes.files else " "


def _plain(text: str) -> str:
    """A text without a meaning for `_arguments`."""
    return "".join(f"\\{character}" if character in "\\[]:" else character for character in text)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"
