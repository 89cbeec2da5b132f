"""``patternlint check``: arguments to a run."""

from __future__ import annotations

import os

from patternlint.commands import CLEAN, FAILED, output
from patternlint.errors import PatternlintError
from patternlint.report.formats import FORMATS
from patternlint.version import VERSION

TYPE_CHECKING = False  # type checkers take the name for true; `typing` would cost a fifth of the start
if TYPE_CHECKING:
    import argparse

    from patternlint.batch import Job
    from patternlint.check import Request, Shard
    from patternlint.user_command import UserCommand
    from patternlint.workers import Pool


def run(arguments: list[str]) -> int:
    """Run the command; the exit status."""
    options = _parser().parse_args(arguments)
    if options.version:
        print(f"patternlint {VERSION}")
        return CLEAN
    output.check_options(options)
    request = _request(options)
    import gc

    from patternlint.check import Run

    gc.disable()  # trees hold few cycles, and those are broken by hand: a third less time, no more memory
    console = output.console(options)
    run = Run(request, _job(options), console, jobs=_jobs(options), pool=_pool(options))
    if options.show_files:
        for target in run.targets():
            print(os.path.normpath(target.path))
        return FAILED if console.errors else CLEAN
    if options.show_settings:
        from patternlint.report.settings import shown

        for target in run.targets()[:1]:
            print(shown(target.place.settings))
        return FAILED if console.errors else CLEAN
    return run.check()


def _request(options: argparse.Namespace) -> Request:
    from patternlint.check import Request

    return Request(
        paths=tuple(options.paths),
        fix=options.fix,
        unsafe_fixes=options.unsafe_fixes,
        diff=options.diff,
        verify=_verify_command(options),
        with_changes=FORMATS[options.output_format].with_changes,
        stdin_filename=options.stdin_filename,
        exit_zero=options.exit_zero,
        exit_non_zero_on_fix=options.exit_non_zero_on_fix,
        verbose=options.verbose,
        costs=options.verbose and options.statistics,
        shard=_shard(options),
    )


def _verify_command(options: argparse.Namespace) -> UserCommand | None:
    if options.verify is None:
        if options.verify_timeout is not None:
            raise PatternlintError("--verify-timeout goes with --verify", "add --verify and your command")
        return None
    if options.diff or "-" in options.paths:
        other = "--diff" if options.diff else "standard input"
        raise PatternlintError(f"--verify does not go with {other}: no file is changed", "leave one of them out")
    if not options.fix:
        raise PatternlintError("--verify goes with --fix: it checks what the fixes did", "add --fix")
    from patternlint.user_command import UserCommand

    return UserCommand(options.verify, options.verify_timeout)


def _job(options: argparse.Namespace) -> Job:
    from pathlib import Path

    from patternlint.batch import Job
    from patternlint.overrides import Overrides
    from patternlint.workspace import Caching

    overrides = Overrides.of(options)
    isolated = options.isolated or overrides.configuration is not None
    caching = None
    if not options.no_cache:
        caching = Caching(Path(os.path.abspath(options.cache_dir)) if options.cache_dir else None)
    return Job(Path.cwd(), overrides, isolated, "noqa" if options.ignore_noqa else "", caching)


def _jobs(options: argparse.Namespace) -> int:
    if options.jobs is not None:
        if options.jobs < 1:
            raise PatternlintError(f"--jobs cannot be {options.jobs}", "give a number of processes, from 1")
        return int(options.jobs)
    from patternlint.checking import processors

    return processors()


def _pool(options: argparse.Namespace) -> Pool | None:
    if not options.executor:
        return None
    from patternlint.workers import pool_called

    return pool_called(options.executor)


def _shard(options: argparse.Namespace) -> Shard:
    from patternlint.check import Shard

    number, slash, count = (options.shard or "1/1").partition("/")
    if not slash or not number.isdecimal() or not count.isdecimal() or not 1 <= int(number) <= int(count):
        raise PatternlintError(
            f"--shard cannot be '{options.shard}'", "give a part and how many there are, such as 1/4"
        )
    return Shard(int(number), int(count))


def _formatter(prog: str) -> argparse.HelpFormatter:
    """argparse makes one for each option that is added, and would import `shutil` to ask how wide the terminal is."""
    import argparse

    from patternlint.report.terminal import columns

    return argparse.HelpFormatter(prog, width=columns() - 2)


def _parser() -> argparse.ArgumentParser:
    import argparse

    parser = argparse.ArgumentParser(
        prog="patternlint",
        usage=(
            "patternlint [check] [OPTIONS] [PATH ...]\n"
            "       patternlint rule CODE\n"
            "       patternlint runtime --vendor DIR\n"
            "       patternlint undo [PATH]\n"
            "       patternlint clean [PATH ...]\n"
            "       patternlint merge FILE ..."
        ),
        description="Find design-pattern defects in Python code, and repair them.",
        allow_abbrev=False,
        formatter_class=_formatter,
    )
    parser.add_argument("paths", nargs="*", default=["."], metavar="PATH", help="files or folders; - is standard input")
    fixing = parser.add_argument_group("fixes")
    fixing.add_argument("--fix", action="store_true", help="apply the safe fixes")
    fixing.add_argument("--unsafe-fixes", action="store_true", help="with --fix or --diff: the unsafe ones, too")
    fixing.add_argument("--diff", action="store_true", help="show what --fix would change, and change nothing")
    fixing.add_argument("--fixable", action="append", metavar="RULES", help="fix what these find, and nothing else")
    fixing.add_argument("--unfixable", action="append", metavar="RULES", help="do not fix what these find")
    fixing.add_argument(
        "--verify",
        metavar="CMD",
        help='with --fix: keep only fixes that this command passes with, such as "pytest -q"; no shell reads it',
    )
    fixing.add_argument(
        "--verify-timeout", type=seconds, metavar="SECONDS", help="a run of CMD that takes longer has failed"
    )
    fixing.add_argument("--exit-non-zero-on-fix", action="store_true", help="exit with 1 if anything was fixed")
    rules = parser.add_argument_group("rules", "codes, names, families or ALL, separated by commas")
    rules.add_argument(
        "--select", action="append", metavar="RULES", help="run these rules in place of the configured ones"
    )
    rules.add_argument("--ignore", action="append", metavar="RULES", help="do not run these")
    rules.add_argument("--extend-select", action="append", metavar="RULES", help="run these, too")
    rules.add_argument(
        "--min-confidence", choices=("low", "medium", "high"), help="how sure a finding has to be (high)"
    )
    rules.add_argument(
        "--per-file-ignores", action="append", metavar="PATTERN:RULE", help="do not run a rule in the files that match"
    )
    rules.add_argument("--preview", action="store_true", default=None, help="run preview rules, too")
    rules.add_argument("--ignore-noqa", action="store_true", help="take no notice of # noqa comments")
    files = parser.add_argument_group("files and configuration")
    files.add_argument(
        "--exclude", action="append", metavar="PATTERNS", help="leave these out in place of the configured ones"
    )
    files.add_argument("--extend-exclude", action="append", metavar="PATTERNS", help="leave these out, too")
    files.add_argument(
        "--force-exclude", action="store_true", default=None, help="leave out excluded files even if they are named"
    )
    files.add_argument(
        "--no-respect-gitignore",
        action="store_false",
        default=None,
        dest="respect_gitignore",
        help="check what git ignores, too",
    )
    files.add_argument("--config", metavar="FILE", help="read this configuration file and no other")
    files.add_argument("--isolated", action="store_true", help="read no configuration file")
    files.add_argument(
        "--target-version", metavar="VERSION", help="the oldest Python that the code runs under, such as py311"
    )
    files.add_argument("--stdin-filename", default="", metavar="FILE", help="what standard input is called")
    work = parser.add_argument_group("work")
    work.add_argument("-j", "--jobs", type=int, metavar="N", help="how many processes work (all processors)")
    work.add_argument("--no-cache", action="store_true", help="neither use nor keep results of other runs")
    work.add_argument(
        "--cache-dir", default="", metavar="DIR", help="keep them here (.patternlint_cache in the project)"
    )
    work.add_argument(
        "--shard", default="", metavar="I/N", help="check the I-th of N parts; `patternlint merge` joins them"
    )
    work.add_argument(
        "--executor",
        default="",
        metavar="MODULE:FACTORY",
        help="a function that makes a concurrent.futures.Executor, which does the work in place of processes",
    )
    output.add_options(parser)
    return parser


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
