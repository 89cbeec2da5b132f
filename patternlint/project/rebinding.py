"""Names of a module that somebody binds anew, for good or in tests."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patternlint.facts import own_nodes
from patternlint.facts.rows import scopes_on
from patternlint.project.naming import may_import

if TYPE_CHECKING:
    from patternlint.project import Project

# `x.name = …`, `x.name: int = …`, `x.name += …`, `x.name, y = …`; what a method does to its own object is no concern
# (begins with what can be searched for fast)
_STORE = re.compile(r"\.(?<!\bself\.)(?<!\bcls\.)(\w+)\b(?=\s*(?::[^=\n]*)?(?:[-+*/|&]=|=(?!=)|,))")
_QUOTED = re.compile(r"""["']([\w.]+)(?=(["']?))""")
_REPLACED = re.compile(r"""(?:patch\.object|setattr)\(\s*([\w.]+),\s*["'](\w+)["']""")
_IN_SYS_MODULES = re.compile(r"""\bsys\.modules\b[^\n]*|["']sys\.modules["'],\s*\{[^}]*""")


class Rebinds(NamedTuple):
    """Question: does anything bind the module's name anew once the module is imported?

    A function of the module with ``global name`` that stores to the bare name, or ``module.name = …`` anywhere in the
    project's own code. Who took the name with ``from module import name`` before keeps the old object.
    """

    module: str
    name: str

    def answer(self, project: Project) -> bool:
        home = project.outline_of(self.module)
        if home is not None and self.name in home.rebound:
            return True
        return any(
            self.name in project.ask(_NamesStored(path)) and f"{self.module}.{self.name}" in project.ask(_Stored(path))
            for path in project.paths_with(self.name)
            if may_import(project, path, self.module)
        )


class _NamesStored(NamedTuple):
    """The attributes that a file may assign on something else than a method's object, by its text."""

    path: Path

    def answer(self, project: Project) -> frozenset[str]:
        source = project.source_at(self.path)
        return frozenset() if source is None else frozenset(_STORE.findall(source.text))


class _Stored(NamedTuple):
    """The names in modules that a file assigns by attribute, test code left out: dotted names."""

    path: Path

    def answer(self, project: Project) -> frozenset[str]:
        with project.passing(self.path) as module:
            if module is None or module.is_test:
                return frozenset()
            rows = sorted({module.source.position(m.start())[0] for m in _STORE.finditer(module.source.text)})
            stored = (
                (module.resolve(node.value, scope), node.attr)
                for scope in scopes_on(module, rows)
                for node in own_nodes(scope.node, rows)
                if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)
            )
            return frozenset(f"{owner}.{name}" for owner, name in stored if owner is not None)


class Patched(NamedTuple):
    """Question: do tests put another object in the place of ``module.name``, or of the module in ``sys.modules``?

    Judged by the text: ``patch("module.name")``, ``patch.object(module, "name")``, ``setattr(module, "name", …)``.
    """

    module: str
    name: str

    def answer(self, project: Project) -> bool:
        last = self.module.rpartition(".")[2]
        return any(
            self._is_patched_by(project.ask(_Patches(path)))
            for words in ((last, "patch", self.name), (last, "setattr", self.name))
            for path in project.paths_with(*words)
        ) or any(
            self.module in project.ask(_Patches(path)).modules for path in project.paths_with(last, "sys", "modules")
        )

    def _is_patched_by(self, patches: Patches) -> bool:
        last = self.module.rpartition(".")[2]
        return f"{self.module}.{self.name}" in patches.names or (last, self.name) in patches.attributes


class Patches(NamedTuple):
    """What a file may patch.

    The dotted names that it has in quotes, and whatever they lie in; (module, name) pairs that it hands to
    ``patch.object`` or ``setattr``, the module by its last name; modules that it replaces.
    """

    names: frozenset[str]
    attributes: frozenset[tuple[str, str]]
    modules: frozenset[str]


class _Patches(NamedTuple):
    path: Path

    def answer(self, project: Project) -> Patches:
        source = project.source_at(self.path)
        text = "" if source is None else source.text
        names: set[str] = set()
        for dotted, quote in _QUOTED.findall(text) if "patch" in text or "setattr" in text else ():
            if "." in dotted and project.owns(dotted):
                parts = dotted.split(".")
                names.update(".".join(parts[:length]) for length in range(2, len(parts) + bool(quote)))
        return Patches(
            frozenset(names),
            frozenset((owner.rpartition(".")[2], name) for owner, name in _REPLACED.findall(text)),
            frozenset(
                name
                for replaced in (_IN_SYS_MODULES.findall(text) if "sys.modules" in text else ())
                for name, quote in _QUOTED.findall(replaced)
                if quote
            ),
        )
