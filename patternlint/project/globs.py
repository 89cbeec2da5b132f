"""Path patterns: those of ``exclude`` and ``per-file-ignores``, and those of ``.gitignore``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple


def translate(pattern: str, *, star: str) -> str:
    """A regular expression for a glob; `star` is what ``*`` stands for (``[^/]*`` where it stops at slashes)."""
    out: list[str] = []
    position = 0
    while position < len(pattern):
        rest = pattern[position:]
        if rest.startswith("**/"):
            out.append("(?:.*/)?")
            position += 3
        elif rest.startswith("**"):
            out.append(".*")
            position += 2
        elif rest[0] == "*":
            out.append(star)
            position += 1
        elif rest[0] == "?":
            out.append("[^/]")
            position += 1
        elif rest[0] == "[" and (end := pattern.find("]", position + 2)) > 0:
            inside = pattern[position + 1 : end].replace("\\", "\\\\")
            out.append("[" + ("^" + inside[1:] if inside[0] in "!^" else inside) + "]")
            position = end + 1
        elif rest[0] == "\\" and len(rest) > 1:
            out.append(re.escape(rest[1]))
            position += 2
        else:
            out.append(re.escape(rest[0]))
            position += 1
    return "".join(out)


class PathPatterns:
    """Patterns that a path matches by its own name (``build``, ``*_pb2.py``) or from the root (``docs/conf.py``).

    A pattern with a slash is anchored at the root, any other matches at every depth; what lies in a folder that matches
    matches too.
    """

    def __init__(self, patterns: Iterable[str]) -> None:
        names: list[str] = []
        paths: list[str] = []
        for pattern in patterns:
            cleaned = pattern.replace("\\", "/").removeprefix("./").rstrip("/")
            expression = translate(cleaned.lstrip("/"), star=".*")
            (paths if "/" in pattern.rstrip("/") else names).append(expression)
        self._name = _any_of(names, "")
        self._path = _any_of(paths, "(?:/.*)?")

    def match(self, name: str, path: str) -> bool:
        """Whether a file or folder matches by itself: `path` is relative to the root, posix."""
        return bool(
            (self._name is not None and self._name.match(name)) or (self._path is not None and self._path.match(path))
        )

    def match_within(self, path: str) -> bool:
        """Whether the file at `path` matches, or a folder that it lies in."""
        parts = path.split("/")
        return any(self.match(part, "/".join(parts[: i + 1])) for i, part in enumerate(parts))


def _any_of(expressions: list[str], tail: str) -> re.Pattern[str] | None:
    return re.compile(f"(?:{'|'.join(expressions)}){tail}\\Z", re.DOTALL) if expressions else None


class _GitRule(NamedTuple):
    pattern: re.Pattern[str]  # matched against the path below the folder of the .gitignore
    folders_only: bool
    ignores: bool


class GitIgnore:
    """The rules of one ``.gitignore``, as git reads them: the last that matches decides.

    Args:
        folder: the folder of the file, relative to where the paths start, posix; empty for that place itself.
        text: its content.
    """

    def __init__(self, folder: str, text: str) -> None:
        self._prefix = folder + "/" if folder else ""
        self._rules = [rule for line in text.splitlines() if (rule := _git_rule(line)) is not None]

    def decision(self, path: str, is_folder: bool) -> bool | None:
        """True: ignored; False: taken back by ``!``; None: nothing is said of it."""
        below = path.removeprefix(self._prefix)
        for rule in reversed(self._rules):
            if (is_folder or not rule.folders_only) and rule.pattern.match(below):
                return rule.ignores
        return None


def _git_rule(line: str) -> _GitRule | None:
    line = re.sub(r"(?<!\\)[ \t]+$", "", line)
    if not line or line.startswith("#"):
        return None
    ignores = not line.startswith("!")
    line = line[0 if ignores else 1 :]
    folders_only = line.endswith("/")
    line = line.rstrip("/")
    anchored = "/" in line
    expression = translate(line.lstrip("/"), star="[^/]*")
    try:
        pattern = re.compile(("" if anchored else "(?:.*/)?") + expression + r"\Z", re.DOTALL)
    except re.error:
        return None  # git takes such a pattern for one that matches nothing
    return _GitRule(pattern, folders_only, ignores)
