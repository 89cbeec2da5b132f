"""``patternlint new-rule`` writes a house rule that works, with its fixture, to begin with."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

from patternlint.catalogue import FAMILIES
from patternlint.commands import CLEAN
from patternlint.errors import PatternlintError
from patternlint.house_rules import package_of

_RULE = '''from __future__ import annotations

import ast
from collections.abc import Iterable

from patternlint.facts import Module
from patternlint.rule import Family, Rule, cst


class {class_name}(Rule):
    """A breakpoint stops the process that serves everybody.

    The rest of this text is the rule's page: how it looks in production, what to write in its place, what is not
    flagged, and when the fix is safe.
    """

    code, name, family = "{code}", "{name}", Family.{family}
    since = "1"
    words = frozenset({{"breakpoint"}})  # all must occur, else the file is not even parsed

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Where it could be: this decides nothing."""
        return module.tree.body

    def visit_Call(self, node: cst.Call) -> None:
        """What it is: this decides."""
        if self.resolve(node.func) in ("breakpoint", "builtins.breakpoint"):
            self.report(node, "the process stops here and waits for a debugger", help="take it out")
'''
_FIXTURE = """def pay(amount):
    breakpoint()  # expect: {code}
    return amount


class Gate:
    def breakpoint(self):
        return self

    def open(self):
        self.breakpoint()
"""


def parser() -> argparse.ArgumentParser:
    """The parser of the arguments."""
    parser = argparse.ArgumentParser(
        prog="patternlint new-rule",
        description="Write a house rule to begin with, and its fixture: in a pack, or as a single file.",
        allow_abbrev=False,
    )
    parser.add_argument("name", metavar="NAME", help="its name, such as sleep-in-handler")
    parser.add_argument("--family", choices=tuple(FAMILIES), default="observer", help="what it is about (observer)")
    parser.add_argument("--code", default="", help="its code (the first free one that is for house rules)")
    parser.add_argument("--into", default=".", metavar="DIR", help="the pack, or the folder for the file (.)")
    return parser


def run(arguments: list[str]) -> int:
    """Run the command; the exit status."""
    options = parser().parse_args(arguments)

    if not re.fullmatch(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", options.name):
        raise PatternlintError(f"a rule cannot be called '{options.name}'", "name it in kebab-case: sleep-in-handler")
    folder = Path(options.into)
    family = FAMILIES[options.family]
    code = options.code or _free_code(folder, family)
    if not re.fullmatch(rf"{family}[89]\d", code):
        raise PatternlintError(f"a house rule cannot have the code '{code}'", f"choose from {family}80 to {family}99")
    rule = (package_of(folder) or folder) / f"{options.name.replace('-', '_')}.py"
    fixture = folder / "fixtures" / f"{code}-{options.name}" / "plain.py"
    class_name = "".join(part.capitalize() for part in options.name.split("-"))
    values = {"code": code, "name": options.name, "class_name": class_name, "family": options.family.upper()}
    for path in (rule, fixture):
        if path.exists():
            raise PatternlintError(f"{path}: is there already", "choose another name or code")
    for path, text in ((rule, _RULE), (fixture, _FIXTURE)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.format(**values), encoding="utf-8")
        print(path)
    tested = folder if package_of(folder) else rule
    print(f"\nTry it: patternlint test {tested}")
    return CLEAN


def _free_code(folder: Path, family: str) -> str:
    """The first code for house rules that no file in the folder speaks of."""
    taken = {
        code for path in folder.rglob("*.py") for code in re.findall(r"PAT\d{3}", path.read_text("utf-8", "replace"))
    }
    for number in range(80, 100):
        if (code := f"{family}{number}") not in taken:
            return code
    raise PatternlintError(f"all codes from {family}80 to {family}99 are taken", "choose another family")
