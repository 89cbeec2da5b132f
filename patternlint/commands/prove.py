"""``patternlint prove`` shows a defect by running the user's code: the one command that does so."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from patternlint.commands import FAILED
from patternlint.commands.arguments import seconds
from patternlint.ending import ending_in_order
from patternlint.errors import PatternlintError
from patternlint.prove.asking import race_at
from patternlint.prove.decorating import identity_at
from patternlint.prove.place import Place, place_of
from patternlint.prove.run import interpreter, proof
from patternlint.prove.script import Heading, identity_script, race_script
from patternlint.prove.site import HALF_MADE, IDENTITIES, ONE_ONLY, PROVABLE, NotProvable, import_folder
from patternlint.report.terminal import safe
from patternlint.selection import rule_called


def run(arguments: list[str]) -> int:
    """Run the command; the exit status: 1 the defect was shown, 0 it was not, 2 it could not be run."""
    options = parser().parse_args(arguments)
    wanted = _rule(options.rule)
    place = place_of(options.place)
    code = wanted or next((finding.code for finding in place.here), "")
    if not code:
        return _cannot(place.why_not, "after a fix, name the rule: --rule PAT102 runs the code without a finding, too")
    python, other = interpreter(options.python, place.project.root)
    try:
        text, folders = _script(place, code, options, python)
    except NotProvable as error:
        return _cannot(str(error), "--call EXPRESSION says how to get there, in words of the module")

    root = place.project.root
    for finding in place.here:
        if finding.code == code:
            print(safe(f"{finding.path}:{finding.row}: {finding.code} {finding.message}"))
    if others := sorted({finding.code for finding in place.here} - {code}):
        print(f"Not tried: {' and '.join(others)} (--rule {others[0]} tries it).")
    what = f"{python} imports and runs the code of this project, in {root}, for {options.timeout:g} s at most"
    print(safe(f"This executes your code: {what}."), flush=True)
    with tempfile.TemporaryDirectory(prefix="patternlint-") as folder:
        script = Path(folder) / "prove.py"
        script.write_text(text, "utf-8")
        if options.keep:
            _keep(Path(options.keep), text)
        with ending_in_order():
            result = proof(script, root, folders, python, options.timeout)
    for line in result.told:
        print(safe(line))
    if result.status == FAILED:
        print("\n".join(safe(f"    {line}") for line in result.errors), file=sys.stderr)
        if "ModuleNotFoundError" in result.verdict and not options.python:
            print(f"help: --python {safe(other or 'PATH')} runs it with the project's own interpreter", file=sys.stderr)
        elif "in a single thread" in result.verdict and not options.call:
            print("help: --call EXPRESSION says how to ask, in words of the module", file=sys.stderr)
    print(safe(result.verdict))
    return result.status


def _script(place: Place, code: str, options: argparse.Namespace, python: str) -> tuple[str, Sequence[str]]:
    """The text of the script, and where its imports look first, relative to the root."""
    root = place.project.root
    findings = [f"{f.path}:{f.row}: {f.code} {f.message}" for f in place.here if f.code == code]
    heading = Heading(f"patternlint prove {options.place} --rule {code}", findings, os.fspath(root))
    starts = [import_folder(place.module), *(root / folder for folder in place.project.settings.src or ("src", "."))]
    if code in IDENTITIES:
        identity = identity_at(place.project, place.scope, place.row, options.call)
        if (home := place.project.module(identity.module)) is not None:
            starts.insert(0, import_folder(home))
        folders = _folders(starts, root)
        return identity_script(heading, identity, folders), folders
    half_made = code in HALF_MADE
    race = race_at(place.project, place.scope, options.call, half_made=half_made)
    folders = _folders(starts, root)
    return race_script(heading, race, folders, again=code in ONE_ONLY, half_made=half_made), folders


def _folders(starts: Sequence[Path], root: Path) -> list[str]:
    return list(dict.fromkeys(os.path.relpath(start, root) for start in starts if start.is_dir()))


def _rule(given: str) -> str:
    rule = rule_called(given) if given else None
    code = rule.code if rule is not None else given
    if code and code not in PROVABLE:
        remedy = f"these can be: {', '.join(sorted(PROVABLE))}"
        raise PatternlintError(f"'{given}' is no rule that can be shown by running code", remedy)
    return code


def _keep(path: Path, text: str) -> None:
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise PatternlintError(f"{path} exists, and nothing is overwritten", "give another file to --keep") from None
    except OSError as error:
        raise PatternlintError(f"{path} cannot be written: {error.strerror}", "give another file to --keep") from None


def _cannot(reason: str, remedy: str) -> int:
    print(f"help: {safe(remedy)}", file=sys.stderr)
    print(f"cannot be run: {safe(reason)}")
    return FAILED


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="patternlint prove",
        description="Show a race, or a lost identity, by running the code that it is about. This executes your code.",
        epilog="Exit status: 1 shown, 0 not shown, 2 it could not be run. The last line is the verdict.",
        allow_abbrev=False,
    )
    parser.add_argument("place", metavar="FILE:LINE", help="where patternlint has a finding; FILE:NAME will do, too")
    parser.add_argument("--rule", default="", metavar="CODE", help="what is to be shown, even if it is not found there")
    parser.add_argument(
        "--call",
        default="",
        metavar="EXPRESSION",
        help="how to ask for the object, or the decorator, in words of the module: \"Pool('main')\"",
    )
    parser.add_argument("--timeout", type=seconds, default=30.0, metavar="SECONDS", help="how long it may take (30)")
    parser.add_argument("--python", default="", metavar="PATH", help="the project's interpreter (the running one)")
    parser.add_argument("--keep", default="", metavar="PATH", help="leave the script there, for a bug report")
    return parser
