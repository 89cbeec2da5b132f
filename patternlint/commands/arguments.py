"""The arguments of ``patternlint check``, in groups; and which of them contradict each other."""

from __future__ import annotations

from patternlint.commands import output
from patternlint.errors import PatternlintError
from patternlint.report.formats import check_format

TYPE_CHECKING = False  # type checkers take the name for true; `typing` would cost a fifth of the start
if TYPE_CHECKING:
    import argparse

_CONTRADICTIONS = (
    ("isolated", "config"), ("no_cache", "cache_dir"), ("exit_zero", "exit_non_zero_on_fix"),
    ("show_files", "show_settings"), ("show_files", "fix"), ("show_settings", "fix"), ("diff", "fix_only"),
    ("add_noqa", "fix"), ("add_noqa", "diff"), ("add_noqa", "ignore_noqa"), ("add_noqa", "output_file"),
    ("add_noqa", "statistics"), ("fix_only", "output_file"), ("fix_only", "statistics"),
    ("fix_only", "show_fixes"), ("quiet", "silent"), ("quiet", "verbose"), ("silent", "verbose"),
    ("show_fixes", "diff"), ("output_file", "diff"), ("output_file", "show_files"), ("output_file", "show_settings"),
)  # fmt: skip


def parser() -> argparse.ArgumentParser:
    """The parser of the arguments."""
    import argparse

    parser = argparse.ArgumentParser(
        prog="patternlint check",
        usage="patternlint [check] [OPTIONS] [PATH ...]",
        description="Find design-pattern defects in Python code, and repair them.",
        formatter_class=_formatter,
        allow_abbrev=False,
    )
    parser.add_argument("paths", nargs="*", default=["."], metavar="PATH", help="files or folders; - is standard input")
    _add_fixes(parser.add_argument_group("fixes"))
    _add_rules(parser.add_argument_group("rules (codes, names, families or ALL, separated by commas)"))
    known = parser.add_argument_group("what is new")
    known.add_argument("--baseline", metavar="FILE", help="leave out what `patternlint baseline` has written there")
    known.add_argument("--diff-base", metavar="REV", help="report what has changed since a revision of git")
    _add_files(parser.add_argument_group("files and configuration"))
    _add_work(parser.add_argument_group("work"))
    output.add_options(parser)
    return parser


def _formatter(prog: str) -> argparse.HelpFormatter:
    """argparse makes one for each option that is added, and would import `shutil` to ask how wide the terminal is."""
    import argparse

    from patternlint.report.terminal import columns

    return argparse.HelpFormatter(prog, max_help_position=30, width=columns() - 2)


def _add_fixes(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--fix", action="store_true", help="apply the safe fixes")
    add("--unsafe-fixes", action="store_true", help="with --fix or --diff: the unsafe ones, too")
    add("--fix-only", action="store_true", help="like --fix, and report nothing that is left")
    add("--diff", action="store_true", help="show what --fix would change, and change nothing")
    add("--fixable", action="append", metavar="RULES", help="fix what these find, and nothing else")
    add("--unfixable", action="append", metavar="RULES", help="do not fix what these find")
    add("--verify", metavar="CMD", help='with --fix: keep what this passes with, such as "pytest -q"; no shell')
    add("--verify-timeout", type=seconds, metavar="SECONDS", help="a run of CMD that takes longer has failed")
    add("--add-noqa", action="store_true", help="write a # noqa comment at each finding")
    add("--exit-non-zero-on-fix", action="store_true", help="exit with 1 if anything was fixed")


def _add_rules(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--select", action="append", metavar="RULES", help="run these in place of the configured ones")
    add("--ignore", action="append", metavar="RULES", help="do not run these")
    add("--extend-select", action="append", metavar="RULES", help="run these, too")
    add("--min-confidence", choices=("low", "medium", "high"), help="how sure a finding has to be")
    add("--per-file-ignores", action="append", metavar="PATTERN:RULE", help="not this rule in files that match")
    add("--rules", action="append", metavar="PATH", help="run the house rules in this Python file, too")
    add("--preview", action="store_true", default=None, help="run preview rules, too")
    add("--ignore-noqa", action="store_true", help="take no notice of # noqa comments")


def _add_files(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("--exclude", action="append", metavar="PATTERNS", help="leave these out in place of the configured ones")
    add("--extend-exclude", action="append", metavar="PATTERNS", help="leave these out, too")
    add("--force-exclude", action="store_true", default=None, help="leave out excluded files even if named")
    add("--no-respect-gitignore", action="store_false", default=None, dest="respect_gitignore",
        help="check what git ignores, too")  # fmt: skip
    add("--config", metavar="FILE", help="read this configuration file and no other")
    add("--isolated", action="store_true", help="read no configuration file")
    add("--target-version", metavar="VERSION", help="the oldest Python the code runs under, such as py311")
    add("--stdin-filename", default="", metavar="FILE", help="what standard input is called")


def _add_work(group: argparse._ArgumentGroup) -> None:
    add = group.add_argument
    add("-j", "--jobs", type=int, metavar="N", help="how many processes work (all processors)")
    add("--no-cache", action="store_true", help="neither use nor keep results of other runs")
    add("--cache-dir", default="", metavar="DIR", help="keep them here (.patternlint_cache in the project)")
    add("--shard", default="", metavar="I/N", help="check one of N parts; `patternlint merge` joins them")
    add("--executor", default="", metavar="MODULE:FUNCTION", help="makes the concurrent.futures.Executor that works")


def check_together(options: argparse.Namespace) -> None:
    """Look at what the options say together.

    Raises:
        PatternlintError: two contradict each other, or one has a value that is none.
    """
    for one, other in _CONTRADICTIONS:
        if getattr(options, one) and getattr(options, other):
            first, second = (f"--{name.replace('_', '-')}" for name in (one, other))
            raise PatternlintError(f"{first} does not go with {second}", "leave one of them out")
    if options.add_noqa and "-" in options.paths:
        raise PatternlintError("--add-noqa does not go with standard input", "name files or folders")
    check_format(options.output_format, statistics=options.statistics)


def seconds(text: str) -> float:
    """What an argument gives as a number of seconds."""
    import argparse
    import math

    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds
