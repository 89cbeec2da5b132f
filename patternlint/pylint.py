"""The pylint plugin (``load-plugins=patternlint.pylint``): one checker for each family, messages named like the rules.

Messages hang on astroid nodes, so that ``# pylint: disable=…`` works for lines and blocks; the engine itself does not
use astroid, and finds what every other front finds.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from astroid import nodes
from pylint.checkers import BaseChecker
from pylint.constants import WarningScope
from pylint.interfaces import HIGH, INFERENCE, INFERENCE_FAILURE

from patternlint.catalogue import FAMILIES, RULES
from patternlint.errors import PatternlintError
from patternlint.finding import Confidence, Finding
from patternlint.report.terminal import safe
from patternlint.rule_pages import explanation
from patternlint.source import DecodeError, Source
from patternlint.workspace import absolute, of_host

if TYPE_CHECKING:
    from pylint.lint import PyLinter
    from pylint.typing import MessageDefinitionTuple

    from patternlint.rule_entry import RuleEntry

_CONFIDENCES = {Confidence.HIGH: HIGH, Confidence.MEDIUM: INFERENCE, Confidence.LOW: INFERENCE_FAILURE}

_USAGE_ERROR = 32  # pylint's exit status for a configuration at fault


def register(linter: PyLinter) -> None:
    """What pylint calls when it loads the plugin."""
    for family in FAMILIES:
        entries = [entry for entry in RULES if entry.family == family]
        if entries:
            linter.register_checker(FamilyChecker(linter, family, entries))


class FamilyChecker(BaseChecker):
    """The rules of one family.

    Args:
        linter: pylint.
        family: the family's name.
        entries: its rules.
    """

    def __init__(self, linter: PyLinter, family: str, entries: list[RuleEntry]) -> None:
        self.name = f"patternlint-{family}"
        self.msgs = {message_id(entry.code): _message(entry) for entry in entries}
        self._codes = frozenset(entry.code for entry in entries)
        super().__init__(linter)

    def visit_module(self, module: nodes.Module) -> None:
        """Report what the engine finds in the module."""
        for finding in _found(module):
            if finding.code not in self._codes:
                continue
            self.add_message(
                message_id(finding.code),
                node=_node_at(module, finding),
                line=finding.row,
                col_offset=finding.column - 1,
                end_lineno=finding.end_row,
                end_col_offset=finding.end_column - 1,
                args=(safe(finding.message),),
                confidence=_CONFIDENCES[finding.confidence],
            )


def message_id(code: str) -> str:
    """pylint's id of a rule: ``W9501`` for PAT501."""
    return f"W9{code[3:]}"


def _message(entry: RuleEntry) -> MessageDefinitionTuple:
    return "%s", entry.name, explanation(entry), {"scope": WarningScope.NODE}


def _node_at(module: nodes.Module, finding: Finding) -> nodes.NodeNG:
    """The innermost node that begins on the finding's line, at its column if there is one."""
    best: nodes.NodeNG = module
    for node in _descendants(module):
        if node.lineno == finding.row:
            best = node
            if node.col_offset == finding.column - 1:
                break
    return best


def _descendants(node: nodes.NodeNG) -> list[nodes.NodeNG]:
    found: list[nodes.NodeNG] = []
    left = [node]
    while left:
        found.append(current := left.pop())
        left.extend(current.get_children())
    return found


def _found(module: nodes.Module) -> list[Finding]:
    """The findings of a module, found once for the checkers of all families."""
    if module not in _last:
        _last.clear()
        _last[module] = _check(module)
    return _last[module]


_last: dict[nodes.Module, list[Finding]] = {}


def _check(module: nodes.Module) -> list[Finding]:
    with module.stream() as stream:
        data = stream.read()
    try:
        return of_host("pylint").findings_in(Source(absolute(module.file), data))
    except DecodeError:
        return []  # pylint has said so
    except PatternlintError as error:
        print(f"patternlint: {safe(str(error))}", file=sys.stderr)
        sys.exit(_USAGE_ERROR)
