"""The project around a file: asked, not indexed.

A rule asks a question; the answer comes from one pass over the words of the project's files and the facts of those
few that hit. It depends on the sources and the configuration alone, so a run over one file answers as one over all.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from patternlint.project.ancestry import Ancestors, Ancestry, Subclasses
    from patternlint.project.imports import Loads
    from patternlint.project.project import Project, Question
    from patternlint.project.rebinding import Rebinds
    from patternlint.project.references import AttributeUses, IsHandedOn, Reference, ReferencesTo

__all__ = [
    "Ancestors",
    "Ancestry",
    "AttributeUses",
    "IsHandedOn",
    "Loads",
    "Project",
    "Question",
    "Rebinds",
    "Reference",
    "ReferencesTo",
    "Subclasses",
]

_MODULES = {
    "Ancestors": "ancestry",
    "Ancestry": "ancestry",
    "AttributeUses": "references",
    "IsHandedOn": "references",
    "Loads": "imports",
    "Project": "project",
    "Question": "project",
    "Rebinds": "rebinding",
    "Reference": "references",
    "ReferencesTo": "references",
    "Subclasses": "ancestry",
}


def __getattr__(name: str) -> object:
    """Import a question when somebody asks one: most runs over clean files ask none."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
