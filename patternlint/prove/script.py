"""The script that tries a site: the text of `race` or `identity`, which need no patternlint, and a few lines more."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from importlib import resources
from typing import NamedTuple

from patternlint.prove.asking import Race
from patternlint.prove.decorating import Identity


class Heading(NamedTuple):
    """What a reader of the script is told first."""

    command: str
    findings: Sequence[str]
    folder: str  # of the project: where to run it


def race_script(heading: Heading, race: Race, folders: Sequence[str], *, again: bool, half_made: bool) -> str:
    """The script for a race; `folders` are where imports look first, relative to the project's, the rest as there."""
    return _script(
        "race",
        heading,
        _function("prepare", "module", "Make what the threads are given.", race.prepare),
        _function("ask", "target", "Ask for the one object.", race.ask),
        f"""\
SITE = Site(
    module={race.module!r},
    folders={list(folders)!r},
    prepare=prepare,
    ask=ask,
    code=frozenset({sorted(race.code)!r}),
    counted={race.counted!r},
    again={again!r},
    half_made={half_made!r},
)
""",
    )


def identity_script(heading: Heading, identity: Identity, folders: Sequence[str]) -> str:
    """The script for a decorator; `folders` are where imports look first, relative to the project's."""
    return _script(
        "identity",
        heading,
        f"""\
SITE = Site(
    module={identity.module!r},
    folders={list(folders)!r},
    before=lambda: {identity.before},
    decorated=lambda module: {identity.decorated},
)
""",
    )


def _function(name: str, parameter: str, doc: str, lines: Sequence[str]) -> str:
    body = "".join(f"    {line}\n" if line else "\n" for line in lines)
    return f'def {name}({parameter}):\n    """{doc}"""\n{body}'


def _script(template: str, heading: Heading, *parts: str) -> str:
    text = resources.files("patternlint.prove").joinpath(f"{template}.py").read_text("utf-8")
    doc = ast.get_docstring(ast.parse(text), clean=False) or ""
    _, body = text.split(f'"""{doc}"""', 1)
    return "\n".join(
        (
            f'r"""{doc.rstrip()}\n',
            f"Written by: {_quoted(heading.command)}",
            *(f"It is to show: {_quoted(finding)}" for finding in heading.findings),
            f'Run it in {_quoted(heading.folder)}; it needs the project, and nothing of patternlint.\n"""{body}',
            *(f"\n{part}" for part in parts),
            '\nif __name__ == "__main__":\n    os._exit(main(SITE))\n',
        )
    )


def _quoted(text: str) -> str:
    """Text that cannot end the docstring, whatever a file is called."""
    return text.replace('"""', "'''").replace("\n", " ")
