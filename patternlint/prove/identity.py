"""A function is decorated, and asked who it is.

The defect is shown if it gives another answer than before. The signature is told, too, but does not decide: a wrapper
that takes other arguments than its function does well to have one of its own.
"""

from __future__ import annotations

import importlib
import inspect
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

IDENTITY = ("name", "qualname", "doc", "module")


class Site(NamedTuple):
    """What is tried."""

    module: str
    folders: Sequence[str]  # where imports look first
    before: Callable[[], dict[str, Any]]  # what the function says of itself undecorated
    decorated: Callable[[Any], Any]  # gives the function decorated; gets the module


def sample(first: int, second: int = 2, *, third: int = 3) -> tuple[int, int, int]:
    """Say what it was given."""
    return first, second, third


def told_by(function: Any) -> dict[str, Any]:
    """What a function says of itself."""
    if isinstance(function, property):
        function = function.fget
    if isinstance(function, classmethod | staticmethod):
        function = function.__func__
    answers = {name: getattr(function, f"__{name}__", None) for name in IDENTITY}
    if answers["doc"]:
        answers["doc"] = inspect.cleandoc(answers["doc"]).partition("\n")[0]
    try:
        answers["signature"] = f"({', '.join(parameters(function))})"
    except (TypeError, ValueError):
        answers["signature"] = None
    return answers


def parameters(function: Any) -> list[str]:
    """The parameters of a function, without defaults and annotations."""
    stars: dict[Any, str] = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [stars.get(p.kind, "") + p.name for p in inspect.signature(function).parameters.values()]


def main(site: Site) -> int:
    """The exit status: 1 the defect was shown, 0 it was not, 2 it cannot be run."""
    report = os.fdopen(os.dup(1), "w", encoding="utf-8", errors="backslashreplace")
    os.dup2(2, 1)  # what the module prints is not ours

    def say(text: str) -> None:
        print(text.replace("\n", " "), file=report, flush=True)

    doing = f"importing {site.module}"
    try:
        sys.path[:0] = [f for f in map(os.path.abspath, site.folders) if f not in sys.path]
        module = importlib.import_module(site.module)
        doing = "decorating"
        before, after = site.before(), told_by(site.decorated(module))
    except BaseException as error:
        say(f"cannot be run: {doing} raised {type(error).__name__}: {error}")
        return 2
    width = max(len(str(answer)) for answer in ("before", *before.values()))
    say(f"{'':10} {'before':{width}}  after")
    for what in (*IDENTITY, "signature"):
        say(f"{what:10} {before[what]!s:{width}}  {after[what]!s}")
    lost = [what for what in IDENTITY if before[what] != after[what]]
    if lost:
        say(f"shown: '{before['name']}' is '{after['name']}' once it is decorated, and has lost its {', '.join(lost)}")
    else:
        say(f"not shown: '{before['name']}' is '{after['name']}' once it is decorated, and has lost nothing")
    return int(bool(lost))
