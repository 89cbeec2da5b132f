"""The project around a file: asked, not indexed.

A rule asks a question; the answer comes from one pass over the words of the project's files and the facts of those
few that hit. It depends on the sources and the configuration alone, so a run over one file answers as one over all.
"""

from patternlint.project.ancestry import Ancestors, Ancestry, Subclasses
from patternlint.project.imports import ImportPath, Rebinds
from patternlint.project.project import Project, Question
from patternlint.project.references import AttributeUses, Reference, ReferencesTo

__all__ = [
    "Ancestors",
    "Ancestry",
    "AttributeUses",
    "ImportPath",
    "Project",
    "Question",
    "Rebinds",
    "Reference",
    "ReferencesTo",
    "Subclasses",
]
