"""Speed beside the peers: ruff, flake8, pylint and Fixit on the same files, in one run.

    python benchmarks/speed.py [NAME==VERSION ...] [--trees DIR ...] [--docs docs] [--work DIR] [--smoke]

Everything that it needs is installed into scratch environments: the peers, pinned, into one; patternlint with flake8
and pylint, from this checkout, into another. The subjects take turns in every round. Times are processor seconds (user
and system) of a process with its children; one process and one worker where nothing else is said. Slow peers check a
share of a large tree: every n-th of its folders, which all tools then check.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chart import Bar, bars
from environments import environment, versions
from measuring import Figure, Subject, machine, markdown, measure
from sample_trees import Tree, python_files, unpacked

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("homeassistant==2024.3.3", "django==5.2.19")
RUFF, FLAKE8, PYLINT, FIXIT = "ruff==0.17.6", "flake8==7.5.0", "pylint==4.1.4", "fixit==2.2.1"
CLEAN = "def double(number: int) -> int:\n    return number * 2\n"
LARGE = 800_000  # lines, from which on the targets for a million lines hold
ONE_WORKER = {"RAYON_NUM_THREADS": "1"}
# below this no linter gets that is written in Python and says which files do not parse
FLOOR = """
import gc, os, sys, warnings
gc.disable(); warnings.simplefilter("ignore")
for folder, _, names in os.walk("."):
    for name in names:
        if name.endswith(".py"):
            with open(os.path.join(folder, name), "rb") as file:
                data = file.read()
            try:
                compile(data, name, "exec", 0x400, dont_inherit=True)  # ast.PyCF_ONLY_AST
            except (SyntaxError, ValueError):
                pass
"""
# who measures must be small: what a process has at the fork counts as its child's
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""


class Tools:
    """How the programs are called.

    Args:
        peers: the interpreter beside which the peers are installed.
        ours: the interpreter beside which patternlint is, with flake8 and pylint.
    """

    def __init__(self, peers: Path, ours: Path) -> None:
        self.peers, self.ours = peers, ours
        self._help = subprocess.run(
            [ours.with_name("patternlint"), "check", "--help"], capture_output=True, text=True, check=True
        ).stdout

    def knows(self, option: str) -> bool:
        """Whether this patternlint has an option."""
        return option in self._help

    def has(self, name: str) -> bool:
        """Whether a peer is installed."""
        return self.peers.with_name(name).exists()

    def patternlint(self, *arguments: str, jobs: int = 1, cache: Path | None = None) -> list[str]:
        """The command for a run of ours, without a cache if none is given."""
        options = ["--jobs", str(jobs)] if self.knows("--jobs") else []
        if self.knows("--no-cache"):
            options += ["--no-cache"] if cache is None else ["--cache-dir", str(cache)]
        return [str(self.ours.with_name("patternlint")), "check", *options, "--exit-zero", "-q", *arguments]

    def ruff(self, *arguments: str) -> list[str]:
        """The command for a run of ruff with all its rules."""
        return [str(self.peers.with_name("ruff")), "check", "--select", "ALL", "--isolated", "--exit-zero", *arguments]

    def peer(self, name: str, *arguments: str, plugged: bool = False) -> list[str]:
        """The command for another peer, beside patternlint if `plugged`."""
        return [str((self.ours if plugged else self.peers).with_name(name)), *arguments]


@dataclass
class Study:
    """What is measured on one tree."""

    tree: Tree
    share: Tree
    subjects: dict[str, Subject] = field(default_factory=dict)
    reach: dict[str, float] = field(default_factory=dict)

    def add(self, subject: Subject) -> None:
        """One more subject."""
        self.subjects[subject.name] = subject

    def cpu(self, name: str) -> Figure | None:
        """The processor seconds of a subject that took part."""
        return self.subjects[name].cpu if name in self.subjects else None

    def ratio(self, one: str, other: str) -> float | None:
        """How many times the processor time of `other` the subject `one` takes."""
        first, second = self.cpu(one), self.cpu(other)
        return first.median / second.median if first and second else None


def prepare(study: Study, tools: Tools, work: Path, rounds: int, slow: int) -> None:
    """Find the subjects for one tree."""
    tree, share = study.tree, study.share

    def add(name: str, command: Sequence[str], on: Tree = tree, **how: object) -> None:
        study.add(Subject(name, command, on.folder, ONE_WORKER, **{"rounds": rounds, **how}))  # type: ignore[arg-type]

    add("patternlint", tools.patternlint("."))
    add("reading and parsing alone", [str(tools.ours), "-c", FLOOR])
    if share is not tree:
        add("patternlint, share", tools.patternlint("."), share)
    if tools.knows("--jobs"):
        add("patternlint, two workers", tools.patternlint(".", jobs=2))
    if tools.knows("--cache-dir"):
        add("patternlint, warm", tools.patternlint(".", cache=work / "warm"), primed=True)
        if share is not tree:
            cache = work / "warm-share"
            add("patternlint, share, warm", tools.patternlint(".", cache=cache), share, primed=True)
        edited = tree.again(work / "edited")
        command = tools.patternlint(".", cache=work / "warm-edited")
        add("patternlint, one file changed", command, edited, primed=True, before=editing(edited, rounds))
    if tools.has("ruff"):
        add("ruff", tools.ruff("--no-cache", "."))
        add("ruff, counting only", tools.ruff("--no-cache", "--statistics", "."))
        add("ruff, warm", tools.ruff("--cache-dir", str(work / "ruff"), "."), primed=True)
        if tools.knows("--cache-dir"):
            quiet = tools.ruff("--cache-dir", str(work / "ruff-clean"), *ignoring(tools.ruff("--no-cache"), tree), ".")
            ours = tools.patternlint(*ignoring(tools.patternlint(), tree), ".", cache=work / "warm-clean")
            add("ruff, warm, nothing found", quiet, primed=True)
            add("patternlint, warm, nothing found", ours, primed=True)
    python = {"rounds": slow, "accepts": 32}
    if tools.has("flake8"):
        add("flake8, pyflakes", tools.peer("flake8", "--isolated", "-j1", "--select", "F", "."), share)
        for plugged in (False, True):
            name = "flake8 with patternlint" if plugged else "flake8"
            add(name, tools.peer("flake8", "--isolated", "-j1", ".", plugged=plugged), share, rounds=slow)
    if tools.has("pylint"):
        bare = ["--rcfile", str(work / "pylintrc"), "-j1", "--recursive=y"]
        (work / "pylintrc").write_text("")
        add("pylint", tools.peer("pylint", *bare, "."), share, **python)
        load = "--load-plugins=patternlint.pylint"
        add("pylint with patternlint", tools.peer("pylint", *bare, load, ".", plugged=True), share, **python)
    if tools.has("fixit"):
        add("fixit", tools.peer("fixit", "lint", "."), share, **python)


def editing(tree: Tree, rounds: int) -> Callable[[int], None]:
    """What changes one file of a tree before each round, another one each time."""

    def edit(number: int) -> None:
        file = tree.folder / tree.files[len(tree.files) * (number + 1) // (rounds + 1)]
        with file.open("a", encoding="utf-8", newline="") as stream:
            stream.write(f"\n\ndef edited_{number}(value):\n    return value\n")

    return edit


def ignoring(command: Sequence[str], tree: Tree) -> list[str]:
    """The option that switches off each rule that finds something in a tree."""
    run = subprocess.run([*command, "--output-format", "json", "."], cwd=tree.folder, capture_output=True, check=True)
    codes = sorted({finding["code"] or "" for finding in json.loads(run.stdout)} - {"", "invalid-syntax"})
    return ["--ignore", ",".join(codes)] if codes else []


def start_up(tools: Tools, work: Path, rounds: int) -> Study:
    """The start: one clean file beside an interpreter that does nothing."""
    folder = work / "start"
    folder.mkdir(parents=True)
    (folder / "clean.py").write_text(CLEAN)
    tree = Tree.copied("one clean file", folder, [Path("clean.py")], folder / "tree")
    study = Study(tree, tree)
    study.add(Subject("python -c pass", [str(tools.ours), "-c", "pass"], tree.folder, rounds=rounds * 4))
    study.add(Subject("patternlint", tools.patternlint("clean.py"), tree.folder, rounds=rounds * 4))
    program = (
        "import sys\nfrom patternlint.cli import main\n"
        "main(['check', '-q', 'clean.py'])\nprint(len(sys.modules), 'libcst' in sys.modules)"
    )
    run = subprocess.run([tools.ours, "-c", program], cwd=tree.folder, capture_output=True, text=True, check=True)
    modules, libcst = run.stdout.split()[-2:]
    study.reach = {"modules": float(modules), "libcst": float(libcst == "True")}
    return study


def reach(tools: Tools, tree: Tree) -> dict[str, float]:
    """The shares of the lines that get far, and how much memory that takes."""
    command = [tools.ours, Path(__file__).with_name("shares.py"), tree.folder]
    shares: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return {**shares, "memory": peak_memory(tools.patternlint("."), tree)}


def peak_memory(command: Sequence[str], tree: Tree) -> float:
    """The most memory that a command has at once on a tree, in MiB."""
    measured = [sys.executable, "-c", PEAK, *command]
    return float(subprocess.run(measured, cwd=tree.folder, capture_output=True, check=True).stdout)


# ---- the report


def verdict(value: float | None, most: float | None = None, least: float | None = None, unit: str = "") -> str:
    """A value beside its target, such as ``1.2 (at most 1.3)``; in bold where it misses."""
    if value is None:
        return ""
    shown = f"{value:,.0f}{unit}" if value >= 100 else f"{value:.3g}{unit}"
    if most is None and least is None:
        return shown
    kept = (most is None or value <= most) and (least is None or value >= least)
    limit = f"at most {most:,g}{unit}" if most is not None else f"at least {least:,g}{unit}"
    return f"{shown} ({limit})" if kept else f"**{shown}** ({limit})"


PEERS: dict[str, tuple[float | None, float | None]] = {  # how many times as fast: cold and warm
    "ruff": (0.4, None),
    "ruff, counting only": (None, None),
    "ruff, warm": (None, 10),
    "flake8, pyflakes": (12, 500),
    "flake8": (None, None),
    "pylint": (80, 1000),
    "fixit": (80, 1000),
}


def peers_table(study: Study, *, share: bool) -> str:
    """What each tool takes, and how many times as fast ours is on the same files.

    Args:
        study: what was measured.
        share: on the share of the files; else on the whole tree, where who checked the share alone is estimated.
    """
    tree = study.share if share else study.tree
    ours = study.subjects["patternlint, share" if share and study.share is not study.tree else "patternlint"]
    warm = study.subjects.get(f"{ours.name}, warm")
    rows = []
    for name in (ours.name, f"{ours.name}, warm", *PEERS):
        subject = study.subjects.get(name)
        if subject is None or (share and subject.folder != tree.folder):
            continue
        part = 1.0 if subject.folder == tree.folder else tree.lines / study.share.lines
        row = [name.replace(", share", ""), f"{subject.cpu:.3f}", f"{subject.wall:.2f}"]
        if part > 1:
            row = [row[0], f"~{subject.cpu.median * part:,.0f}", f"~{subject.wall.median * part:,.0f}"]
        row.append(f"{tree.lines / subject.cpu.median / part:,.0f}")
        if name in PEERS:
            least, least_warm = PEERS[name]
            row.append(verdict(subject.cpu.median * part / ours.cpu.median, least=least))
            row.append(verdict(subject.cpu.median * part / warm.cpu.median if warm else None, least=least_warm))
        else:
            row += ["", ""]
        rows.append(row)
    head = ["", "processor s", "elapsed s", "lines/s", "patternlint: times as fast", "with nothing changed"]
    return markdown(head, rows)


def own_rows(study: Study) -> Iterator[list[str]]:
    """patternlint beside itself."""
    subjects, large = study.subjects, study.tree.lines >= LARGE

    def row(what: str, figure: Figure | None, value: str) -> Iterator[list[str]]:
        if figure is not None:
            yield [what, f"{figure:.3f}", value]

    ours = subjects["patternlint"]
    floor = study.ratio("patternlint", "reading and parsing alone")
    yield from row(
        "reading and parsing alone, s; ours beside it", study.cpu("reading and parsing alone"), verdict(floor)
    )
    if warm := study.cpu("patternlint, warm"):
        most = 0.15 * study.tree.lines / 1e6 if large else None
        yield from row("nothing changed, s", warm, verdict(warm.median, most=most))
    if changed := study.cpu("patternlint, one file changed"):
        yield from row("one file changed, s", changed, verdict(changed.median, most=0.3 if large else None))
    if two := subjects.get("patternlint, two workers"):
        gain = ours.wall.median / two.wall.median
        yield from row("two workers beside one, elapsed s", two.wall, verdict(gain, least=1.6))
    clean = study.ratio("ruff, warm, nothing found", "patternlint, warm, nothing found")
    yield from row(
        "warm without findings, beside ruff's, s",
        study.cpu("patternlint, warm, nothing found"),
        verdict(clean, least=0.8),
    )
    for front, most in (("flake8", 15), ("pylint", 3)):
        ratio = study.ratio(f"{front} with patternlint", front)
        added = (ratio - 1) * 100 if ratio else None
        yield from row(
            f"inside {front}, s in all", study.cpu(f"{front} with patternlint"), verdict(added, most=most, unit=" %")
        )
    if large and (part := study.cpu("patternlint, share")):
        growth = (ours.cpu.median / study.tree.lines) / (part.median / study.share.lines)
        yield from row(f"per line beside {study.share.lines:,} lines, s", part, verdict(growth, most=1.3))
    if memory := study.reach.get("memory"):
        yield ["most memory at once", "", verdict(memory, most=400 if large else None, unit=" MiB")]
    for name, most in (("ast", 60.0), ("LibCST", 2.5)):
        if name in study.reach:
            yield [f"lines that reach {name}", "", verdict(study.reach[name] * 100, most=most, unit=" %")]


def report(studies: Sequence[Study], start: Study, about: str) -> str:
    """The whole page."""
    parts = ["# Speed", about]
    for study in studies:
        tree, share = study.tree, study.share
        parts += [f"## {tree.name}: {tree.lines:,} lines in {len(tree.files):,} files", peers_table(study, share=False)]
        if share is not tree:
            parts += [
                f"On a share of {share.lines:,} lines in {len(share.files):,} files (every "
                f"{tree.lines // share.lines}th folder or so):",
                peers_table(study, share=True),
            ]
        parts.append(markdown(["patternlint itself", "median (lowest to highest)", "value (target)"], own_rows(study)))
    ratio = verdict(study_ratio(start), most=4.5)
    rows = [
        [s.name, f"{s.cpu.median * 1000:.1f} ms", ratio if s.name == "patternlint" else ""] for s in start_of(start)
    ]
    rows.append(["modules imported", f"{start.reach['modules']:.0f}", ""])
    rows.append(["LibCST imported", "**yes**" if start.reach["libcst"] else "no", ""])
    parts += ["## Start: one clean file", markdown(["", "median", "ratio (target)"], rows)]
    return "\n\n".join(parts) + "\n"


def start_of(study: Study) -> list[Subject]:
    """The subjects of the start."""
    return list(study.subjects.values())


def study_ratio(study: Study) -> float | None:
    """The start of ours beside that of the interpreter."""
    return study.ratio("patternlint", "python -c pass")


def picture(study: Study) -> str:
    """The chart for the README: seconds for the whole tree, from the share by lines for who checked a share alone."""
    found: list[Bar] = []
    for name, label in (
        ("patternlint, warm", "patternlint, nothing changed"),
        ("patternlint", "patternlint, all rules"),
        ("ruff", "Ruff, all rules"),
        ("flake8, pyflakes", "flake8, pyflakes only"),
        ("pylint", "pylint"),
        ("fixit", "Fixit"),
    ):
        if subject := study.subjects.get(name):
            part = 1.0 if subject.folder == study.tree.folder else study.tree.lines / study.share.lines
            found.append(Bar(label, subject.cpu.median * part, ours=name.startswith("patternlint"), estimated=part > 1))
    name = study.tree.name.partition("==")[0]
    return bars(f"Linting {name}: {study.tree.lines:,} lines, processor seconds in one process", found)


def described(tools: Tools, rounds: int, slow: int) -> str:
    """What was measured, and on what."""
    theirs, ours = versions(tools.peers), versions(tools.ours)
    names = ("ruff", "flake8", "pyflakes", "pylint", "astroid", "fixit", "libcst")
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=ROOT, capture_output=True, text=True).stdout
    tested = f"patternlint {ours['patternlint']} ({commit.strip() or 'no commit'}) with LibCST {ours['libcst']}"
    listed = ", ".join(f"{name} {theirs[name]}" for name in names if name in theirs)
    return (
        f"Measured with `python benchmarks/speed.py`: {tested}; {listed}. {machine()}.\n\n"
        f"Median (lowest to highest) of {rounds} rounds in which all take turns, {slow} for pylint, Fixit and flake8 "
        "with its defaults; processor time of the process and its children. patternlint runs all rules at every "
        "confidence; ruff `--select ALL --isolated` on one thread; flake8 `-j1`, pylint `-j1` and Fixit with their "
        "defaults. A value in bold misses its target; with ~ it is estimated by lines."
    )


def studied(options: argparse.Namespace, work: Path) -> Iterator[Study]:
    """The trees, copied."""
    folders = [(tree.resolve().name, tree.resolve()) for tree in options.trees]
    if options.smoke:
        folders = [("showcase", ROOT / "fixtures" / "showcase")]
    elif not folders:
        requirements = options.requirements or PACKAGES
        folders = [(name, unpacked(name, work / "packages")) for name in requirements]
    for name, folder in folders:
        tree = Tree.copied(name, folder, python_files(folder), work / name / "tree")
        yield Study(tree, tree.share(options.share_lines, work / name / "share"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("requirements", nargs="*", metavar="NAME==VERSION", help=f"packages ({' '.join(PACKAGES)})")
    parser.add_argument("--trees", nargs="+", type=Path, default=[], metavar="DIR", help="unpacked packages in place")
    parser.add_argument("--rounds", type=int, default=5, help="(%(default)s)")
    parser.add_argument("--slow-rounds", type=int, default=2, help="rounds for the slow peers (%(default)s)")
    parser.add_argument("--share-lines", type=int, default=100_000, help="what slow peers get of it (%(default)s)")
    parser.add_argument("--work", type=Path, help="where the environments are made and kept (a temporary folder)")
    parser.add_argument("--docs", type=Path, metavar="DIR", help="write speed.md and speed.svg there")
    parser.add_argument("--smoke", action="store_true", help="only see that it runs: no network, what is installed")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="speed-", dir=options.work) as temporary:
        work = Path(temporary)
        if options.smoke:
            options.rounds = options.slow_rounds = 1
            options.share_lines = 100
            tools = Tools(Path(sys.executable), Path(sys.executable))
        else:
            kept = (options.work or work).resolve()
            beside = [f"{ROOT}", FLAKE8, PYLINT]
            tools = Tools(
                environment(kept / "peers", [RUFF, FLAKE8, PYLINT, FIXIT]),
                environment(kept / "ours", beside, anew=True),
            )
        about = described(tools, options.rounds, options.slow_rounds)
        start = start_up(tools, work, options.rounds)
        measure(list(start.subjects.values()))
        studies = []
        for study in studied(options, work):
            prepare(study, tools, work / study.tree.name, options.rounds, options.slow_rounds)
            study.reach = reach(tools, study.tree)
            measure(list(study.subjects.values()))
            studies.append(study)
        page, drawing = report(studies, start, about), picture(studies[0])
    print(page)
    if options.docs:
        options.docs.mkdir(parents=True, exist_ok=True)
        (options.docs / "speed.md").write_text(page.replace("# Speed\n", "# Speed\n\n![](speed.svg)\n", 1))
        (options.docs / "speed.svg").write_text(drawing)


if __name__ == "__main__":
    main()
