"""The output formats by name: what the console has to know of one before its module is imported.

The module of the format ``json-lines`` is ``patternlint.report.json_lines``. Its function
``render(found: Sequence[Shown], look: Look) -> Iterator[str]`` gives the text in pieces, each without its line end.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from patternlint.errors import PatternlintError

if TYPE_CHECKING:
    from patternlint.report.shown import Look, Shown

    Render = Callable[[Sequence[Shown], Look], Iterator[str]]


class Format(NamedTuple):
    """What a format is like.

    `by_file`: what is found in a file is written at once; else all of it at the end, even if there is nothing.
    `for_people`: a summary follows. `with_changes`: it tells what fixes change.
    `with_suppressed`: it has the findings that somebody takes responsibility for, and says so.
    """

    by_file: bool = False
    for_people: bool = False
    with_changes: bool = False
    with_suppressed: bool = False


DEFAULT = "text"
FORMATS = {
    DEFAULT: Format(by_file=True, for_people=True),
    "concise": Format(by_file=True, for_people=True),
    "grouped": Format(by_file=True, for_people=True),
    "json": Format(with_changes=True),
    "json-lines": Format(by_file=True, with_changes=True),
    "sarif": Format(with_changes=True, with_suppressed=True),
    "github": Format(by_file=True),
    "gitlab": Format(),
    "junit": Format(),
    "azure": Format(by_file=True),
    "markdown": Format(),
    "html": Format(with_changes=True),
}


def check_format(name: str, *, statistics: bool = False) -> str:
    """The name of a format.

    Args:
        name: as somebody wrote it.
        statistics: whether counts are wanted in place of findings.

    Raises:
        PatternlintError: there is none of that name, or it has no form for counts.
    """
    if name not in FORMATS:
        from patternlint.config import suggestion

        raise PatternlintError(f"unknown output format '{name}'", suggestion(name, FORMATS))
    if statistics and not has_statistics(name):
        able = ", ".join(filter(has_statistics, FORMATS))
        raise PatternlintError(f"--statistics does not go with --output-format {name}", f"it goes with {able}")
    return name


def has_statistics(name: str) -> bool:
    """Whether counts can be shown in a format."""
    return FORMATS[name].for_people or name == "json"


def renderer(name: str) -> Render:
    """The function that writes a format."""
    from importlib import import_module

    render: Render = import_module(f"patternlint.report.{name.replace('-', '_')}").render
    return render
