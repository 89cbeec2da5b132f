"""Whether fixes break anything, asked of real code.

    python benchmarks/fix_safety.py corpus [NAME==VERSION ...] [--trees DIR [--package NAME ...]] [--smoke]
    python benchmarks/fix_safety.py projects [--project NAME ...]

``corpus`` repairs copies of whole packages with all rules at every confidence, twice, once with the safe fixes and once
with the unsafe ones, too, and counts what must not happen. ``projects`` runs the tests of real projects before and
after the repair and compares test by test. What is downloaded stands in fix_safety.toml; ``--trees`` takes a folder of
unpacked packages instead, ``--smoke`` the showcase of this repository. The tool under test is the one that is
installed for the interpreter that runs this. Exit status 1 if anything went wrong.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tokenize
import tomllib
import warnings
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from measuring import markdown
from sample_trees import unpacked

HERE = Path(__file__).resolve().parent
TOOL = [sys.executable, "-P", "-m", "patternlint"]
EVERYTHING = ["--select", "ALL", "--preview", "--min-confidence", "low"]
SAFE, UNSAFE = "safe", "unsafe"
_PUT_BACK = re.compile(r"the fix of (\w+) was put back: (.*)")
_HUNK = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+\d+(?:,(\d+))? @@")


@dataclass
class Outcome:
    """What one repair, with its second run, did to one tree."""

    name: str
    tier: str
    lines: int = 0
    findings: Counter[str] = field(default_factory=Counter)  # "PAT501 safe": findings with such a fix; "none": without
    reasons: Counter[str] = field(default_factory=Counter)  # "PAT501 reason": findings that have no safe fix
    unexplained: int = 0  # findings with neither a safe fix nor a reason
    fixed: Counter[str] = field(default_factory=Counter)  # "PAT501 safe"
    changed: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    put_back: list[str] = field(default_factory=list)
    not_compiling: list[str] = field(default_factory=list)
    comments_lost: list[str] = field(default_factory=list)
    outside_diff: list[str] = field(default_factory=list)
    second_run: list[str] = field(default_factory=list)

    @property
    def wrong(self) -> list[str]:
        """Everything that must not happen."""
        kinds = ("errors", "put_back", "not_compiling", "comments_lost", "outside_diff", "second_run")
        return [f"{kind}: {item}" for kind in kinds for item in getattr(self, kind)]


def patternlint(tree: Path, *arguments: str) -> tuple[bytes, list[str]]:
    """What a run of the tool prints, and its errors."""
    command = [*TOOL, "check", *EVERYTHING, *arguments]
    done = subprocess.run(command, cwd=tree, capture_output=True, check=False)
    said = done.stderr.decode("utf-8", "replace")
    errors = [line for line in said.splitlines() if line.startswith("error:")]
    if done.returncode not in (0, 1) and not errors:
        errors = [f"exit status {done.returncode}: {said[-500:]}"]
    return done.stdout, errors


def found(tree: Path, *arguments: str) -> tuple[list[dict[str, Any]], list[str]]:
    """The findings of a run, as JSON has them, and its errors."""
    printed, errors = patternlint(tree, "--output-format", "json", "--exit-zero", *arguments)
    return (json.loads(printed) if printed.strip() else []), errors


def sources(tree: Path) -> dict[str, bytes]:
    """The Python files of a tree."""
    files = (p for p in sorted(tree.rglob("*.py*")) if p.suffix in (".py", ".pyi") and p.is_file())
    return {p.relative_to(tree).as_posix(): p.read_bytes() for p in files}


def compiles(source: bytes) -> bool:
    """Whether this interpreter takes it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(source, "source.py", "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def comments(source: bytes) -> Counter[str]:
    """Every comment, as often as it occurs."""
    try:
        tokens = list(tokenize.tokenize(io.BytesIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return Counter()
    return Counter(t.string for t in tokens if t.type == tokenize.COMMENT)


def lines(data: bytes) -> list[bytes]:
    """Lines with their ends, which are those of Python."""
    return re.findall(rb"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+", data)


def patches(diff: bytes) -> dict[str, list[tuple[int, int, bytes]]]:
    """For each file of a diff: the first line of each hunk, how many lines it replaces, and by what."""
    found: dict[str, list[tuple[int, int, bytes]]] = {}
    todo, name = lines(diff), ""
    while todo:
        line = todo.pop(0)
        if line.startswith(b"+++ "):
            name = line[4:].strip().decode("utf-8", "surrogateescape")
        if not (hunk := _HUNK.match(line)):
            continue
        first, old, new = int(hunk[1]), int(hunk[2] or 1), int(hunk[3] or 1)
        text, left, right = b"", old, new
        while left or right:
            line = todo.pop(0)
            bare = bool(todo) and todo[0].startswith(b"\\ No newline")
            left -= line[:1] in b" -"
            right -= line[:1] in b" +"
            if line[:1] in b" +":
                text += line[1:].rstrip(b"\n") if bare else line[1:]
            if bare:
                todo.pop(0)
        found.setdefault(name, []).append((first, old, text))
    return found


def patched(before: bytes, hunks: Iterable[tuple[int, int, bytes]]) -> bytes:
    """A file with a diff applied to it."""
    old, done, result = lines(before), 0, b""
    for first, count, text in hunks:
        start = first - 1 if count else first
        result += b"".join(old[done:start]) + text
        done = start + count
    return result + b"".join(old[done:])


def fix_tier(finding: dict[str, Any]) -> str:
    """The tier of a finding's fix, or "none"."""
    fix = finding["fix"]
    return fix["applicability"] if fix and fix["applicability"] in (SAFE, UNSAFE) else "none"


def repaired(
    name: str, pristine: Path, tree: Path, before: Sequence[dict[str, Any]], tier: str, *, thorough: bool
) -> tuple[Outcome, bytes]:
    """What became of a copy of a tree that was repaired twice, and the diff.

    Both runs are given the files that have something to repair.

    Args:
        name: what to call it.
        pristine: the tree, which is left alone.
        tree: where the copy goes; it is gone afterwards.
        before: the findings in it.
        tier: `SAFE`, or `UNSAFE` for both kinds of fixes.
        thorough: the second run is given everything.
    """
    outcome = Outcome(name, tier)
    tiers = (SAFE,) if tier == SAFE else (SAFE, UNSAFE)
    flags = ["--unsafe-fixes"] if tier == UNSAFE else []
    for finding in before:
        outcome.findings[f"{finding['code']} {fix_tier(finding)}"] += 1
        if finding["why_not_fixed"]:
            outcome.reasons[f"{finding['code']} {finding['why_not_fixed']}"] += 1
        elif fix_tier(finding) != SAFE:
            outcome.unexplained += 1
    fixable = Counter(f"{f['code']} {fix_tier(f)}" for f in before if fix_tier(f) in tiers)
    shutil.copytree(pristine, tree, symlinks=True)
    old = sources(tree)
    outcome.lines = sum(data.count(b"\n") for data in old.values())
    affected = sorted({os.path.relpath(f["filename"], pristine) for f in before if fix_tier(f) in tiers})
    diff = b""
    if affected:
        diff, _ = patternlint(tree, "--diff", "--exit-zero", *flags, *affected)
        remaining, errors = found(tree, "--fix", *flags, *affected)
        new = sources(tree)
        _, again = found(tree, "--fix", *flags, *([] if thorough else affected))
        outcome.fixed = fixable - Counter(f"{f['code']} {fix_tier(f)}" for f in remaining)
        for error in dict.fromkeys(errors + again):
            put_back = _PUT_BACK.search(error)
            error = error.removeprefix("error: ").replace(f"{tree}{os.sep}", "")
            (outcome.put_back if put_back else outcome.errors).append(error)
        compare(outcome, old, new, patches(diff))
        outcome.second_run = [path for path, data in sources(tree).items() if data != new.get(path)]
    shutil.rmtree(tree)
    return outcome, diff


def compare(
    outcome: Outcome, old: dict[str, bytes], new: dict[str, bytes], diff: dict[str, list[tuple[int, int, bytes]]]
) -> None:
    """Note what became of the files of a tree."""
    for path in old:
        before, after = old[path], new.get(path, b"")
        if before == after:
            continue
        outcome.changed.append(path)
        if compiles(before) and not compiles(after):
            outcome.not_compiling.append(path)
        outcome.comments_lost += [f"{path}: {c}" for c in (comments(before) - comments(after)).elements()]
    for path in dict.fromkeys([*outcome.changed, *diff]):
        if patched(old[path], diff.get(path, ())) != new[path]:
            outcome.outside_diff.append(path)


def trees(options: argparse.Namespace, work: Path) -> Iterator[tuple[str, Path]]:
    """The packages to repair, each unpacked when its turn comes."""
    if options.smoke:
        yield "showcase", HERE.parent / "fixtures" / "showcase"
    elif options.trees:
        for name in options.package or sorted(p.name for p in options.trees.iterdir() if p.is_dir()):
            yield name, options.trees.resolve() / name
    else:
        for requirement in options.requirements or table()["corpus"]["packages"]:
            tree = unpacked(requirement, work / "packages")
            yield requirement, tree
            shutil.rmtree(tree)


def table() -> dict[str, Any]:
    """The list of packages and projects."""
    return tomllib.loads((HERE / "fix_safety.toml").read_text(encoding="utf-8"))


def corpus(options: argparse.Namespace, work: Path) -> bool:
    """Repair every package; whether all went well."""
    outcomes = recorded(options.json) if options.json and options.json.exists() else []
    done = {outcome.name for outcome in outcomes}
    for name, pristine in trees(options, work):
        if name in done:
            continue
        before, errors = found(pristine)
        for tier in (SAFE, UNSAFE):
            outcome, diff = repaired(
                name, pristine, work / "copy" / name.partition("==")[0], before, tier, thorough=options.thorough
            )
            outcome.errors = list(dict.fromkeys([*errors, *outcome.errors]))
            outcomes.append(outcome)
            print(
                f"{name} ({tier}): {sum(outcome.fixed.values())} fixed", *outcome.wrong, sep="\n    ", file=sys.stderr
            )
            if options.diffs:
                options.diffs.mkdir(parents=True, exist_ok=True)
                (options.diffs / f"{name}.{tier}.diff").write_bytes(diff)
        if options.json:
            options.json.write_text(json.dumps([vars(o) for o in outcomes], indent=1), encoding="utf-8")
    print(corpus_report(outcomes))
    return not any(o.wrong or o.unexplained for o in outcomes)


def recorded(file: Path) -> list[Outcome]:
    """What an earlier run counted."""
    counted = ("findings", "reasons", "fixed")
    rows = json.loads(file.read_text(encoding="utf-8"))
    return [Outcome(**{key: Counter(value) if key in counted else value for key, value in row.items()}) for row in rows]


def corpus_report(outcomes: Sequence[Outcome]) -> str:
    """What happened, by package, by rule and by reason."""

    def row(name: str, tier: str, some: Sequence[Outcome]) -> list[object]:
        sizes = [
            sum(len(getattr(o, kind)) for o in some)
            for kind in (
                "changed",
                "errors",
                "put_back",
                "not_compiling",
                "comments_lost",
                "outside_diff",
                "second_run",
            )
        ]
        return [
            name,
            tier,
            sum(o.lines for o in some),
            sum(o.findings.total() for o in some),
            sum(o.fixed.total() for o in some),
            *sizes,
        ]

    head = ["package", "tier", "lines", "findings", "fixed", "files changed", "errors", "put back", "not compiling",
            "comments lost", "outside the diff", "changed by a second run"]  # fmt: skip
    rows = [row(o.name, o.tier, [o]) for o in outcomes]
    rows += [row("**all**", tier, [o for o in outcomes if o.tier == tier]) for tier in (SAFE, UNSAFE)]
    every = [o for o in outcomes if o.tier == UNSAFE]
    findings = sum((o.findings for o in every), Counter[str]())
    fixed = sum((o.fixed for o in every), Counter[str]())
    rules = sorted({key.split()[0] for key in findings})
    by_rule = [
        [code, sum(n for key, n in findings.items() if key.startswith(code)),
         *(c[f"{code} {tier}"] for tier in (SAFE, UNSAFE) for c in (findings, fixed)), findings[f"{code} none"]]
        for code in rules
    ]  # fmt: skip
    reasons = sum((o.reasons for o in every), Counter[str]())
    return "\n\n".join(
        [
            markdown(head, rows),
            markdown(["rule", "findings", "safe fix", "applied", "unsafe fix", "applied", "no fix"], by_rule),
            markdown(
                ["rule: why there is no safe fix", "findings"],
                sorted((k.replace(" ", ": "), n) for k, n in reasons.items()),
            ),
            f"{sum(n for k, n in findings.items() if not k.endswith(' safe')):,} findings without a safe fix, "
            f"{reasons.total():,} reasons, {sum(o.unexplained for o in every)} unexplained.",
        ]
    )


class Project:
    """A real project with its tests, in an environment of its own.

    Args:
        name: its name on the index.
        spec: its entry in fix_safety.toml.
        work: where everything goes.
    """

    def __init__(self, name: str, spec: dict[str, Any], work: Path) -> None:
        self.spec, self.home = spec, work / name
        self.tree, self.environment = self.home / "under_test", self.home / "environment"
        requirement = f"{name}=={spec['version']}"
        self.pristine = next(unpacked(requirement, work / "sdists", sdist=True).iterdir())
        subprocess.run([sys.executable, "-m", "venv", str(self.environment)], check=True)
        self._pip("install", requirement, "pytest==8.4.2", "pytest-timeout==2.4.0", *spec.get("install", []))
        self._pip("install", "--no-deps", str(HERE.parent))  # fixes may import the runtime
        if not spec.get("keep_installed"):
            self._pip("uninstall", "-y", name)  # the copy under test is imported

    def _pip(self, *arguments: str) -> None:
        subprocess.run([self._python, "-m", "pip", "-q", "--disable-pip-version-check", *arguments], check=True)

    @property
    def _python(self) -> str:
        return str(self.environment / "bin" / "python")

    def passed(self, *flags: str) -> set[str]:
        """The tests that pass, after a repair with these flags if there are any."""
        shutil.rmtree(self.tree, ignore_errors=True)
        shutil.copytree(self.pristine, self.tree, symlinks=True)
        if flags:
            _, errors = patternlint(self.tree, "--exit-zero", *flags, *self.spec["sources"])
            if errors:
                raise SystemExit("\n".join(errors))
        report = self.home / "report.xml"
        report.unlink(missing_ok=True)
        path = os.pathsep.join(str(self.tree / p) for p in self.spec["pythonpath"])
        options = ["-q", "-p", "no:cacheprovider", "--timeout=60", f"--junitxml={report}"]
        subprocess.run(
            [self._python, "-m", "pytest", *options, *self.spec["tests"]], cwd=self.tree, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**os.environ, "PYTHONPATH": path}, check=False,
        )  # fmt: skip
        passed: set[str] = set()
        failed: set[str] = set()
        for case in ElementTree.parse(report).iter("testcase"):
            name = f"{case.get('classname')}::{case.get('name')}"
            (failed if {"failure", "error", "skipped"} & {c.tag for c in case} else passed).add(name)
        return passed - failed

    def changed(self) -> int:
        """How many files the last repair changed."""
        old, new = sources(self.pristine), sources(self.tree)
        return sum(new.get(path) != data for path, data in old.items())


def projects(options: argparse.Namespace, work: Path) -> bool:
    """Run every project's tests before and after; whether all went well."""
    rows: list[list[object]] = []
    for name, spec in table()["projects"].items():
        if options.project and name not in options.project:
            continue
        project = Project(name, spec, work)
        steady = project.passed() & project.passed()  # a test that does not pass twice proves nothing
        for tier, flags in ((SAFE, ["--fix"]), (UNSAFE, ["--fix", "--unsafe-fixes"])):
            broken = steady - project.passed(*flags)
            if broken:
                broken -= project.passed(*flags)
            print(f"{name} ({tier}): {len(steady)} tests", *sorted(broken), sep="\n    ", file=sys.stderr)
            rows.append([f"{name} {spec['version']}", tier, project.changed(), len(steady), len(broken)])
    print(markdown(["project", "tier", "files changed", "tests", "regressions"], rows))
    return not any(row[-1] for row in rows)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the two; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--work", type=Path, help="a folder for downloads and copies (a temporary one)")
    commands = parser.add_subparsers(dest="command", required=True)
    whole = commands.add_parser("corpus", help="repair whole packages twice")
    whole.add_argument("requirements", nargs="*", metavar="NAME==VERSION", help="packages from the index")
    whole.add_argument("--trees", type=Path, metavar="DIR", help="unpacked packages, one folder each")
    whole.add_argument(
        "--package", action="append", metavar="NAME", help="only this folder of --trees, in this order; repeatable"
    )
    whole.add_argument("--smoke", action="store_true", help="only the showcase of this repository; no network")
    whole.add_argument("--thorough", action="store_true", help="let the second run look at the unchanged files, too")
    whole.add_argument("--json", type=Path, metavar="FILE", help="keep what was counted, and go on from there")
    whole.add_argument("--diffs", type=Path, metavar="DIR", help="keep what was changed, for reading")
    tested = commands.add_parser("projects", help="run real projects' tests before and after")
    tested.add_argument("--project", action="append", metavar="NAME", help="only this one; repeatable")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as temporary:
        work = (options.work or Path(temporary)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        return int(not (corpus if options.command == "corpus" else projects)(options, work))


if __name__ == "__main__":
    sys.exit(main())
