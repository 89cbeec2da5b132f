"""Whether anybody calls a function."""

from __future__ import annotations

import re
from typing import NamedTuple

from patternlint.project import Project, ReferencesTo

_OF_CONTAINERS = frozenset(
    "add append clear copy discard get insert items keys pop popitem remove update values".split()
)


class Call(NamedTuple):
    """Where a name is used."""

    path: str
    row: int


class FirstCall(NamedTuple):
    """The first use of a function outside tests, by the last part of its name; by what it means where that name is also
    a method of the built-in containers. A special method (``__isub__``) counts as used where it is defined.

    `module` and `function` (a qualified name) say which.
    """

    module: str
    function: str

    def answer(self, project: Project) -> Call | None:
        """None where nobody uses it."""
        name = self.function.rpartition(".")[2]
        special = name.startswith("__") and name.endswith("__")
        if name in _OF_CONTAINERS:
            uses = project.ask(ReferencesTo(f"{self.module}.{self.function}"))
            return next((Call(u.path, u.row) for u in uses if u.kind != "import"), None)
        used = re.compile(rf"\.\s*{name}\b|\b{name}\s*\(|[(,=]\s*{name}\b")
        for module in project.modules_with(name, pattern=used.pattern):
            if module.is_test and not special:
                continue
            for match in used.finditer(module.source.text):
                row, _ = module.source.position(match.start())
                line = module.source.line(row)
                if special or not re.match(rf"\s*(async\s+)?(def|class)\s+{name}\b|\s*#", line):
                    return Call(module.relpath, row)
        return None
