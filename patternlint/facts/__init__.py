"""What `ast` says about one module: scopes, bindings, imports, and what a dotted name means in it."""

from patternlint.facts.imports import ImportBinding, absolute_module
from patternlint.facts.module import Module
from patternlint.facts.names import dotted, own_nodes, unquoted, walk
from patternlint.facts.scopes import Binding, Scope

__all__ = ["Binding", "ImportBinding", "Module", "Scope", "absolute_module", "dotted", "own_nodes", "unquoted", "walk"]
