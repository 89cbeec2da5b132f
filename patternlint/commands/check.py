"""``patternlint check``: arguments to a run."""

from __future__ import annotations

import os

from patternlint.commands import CLEAN, FAILED, output
from patternlint.commands.arguments import check_together, parser
from patternlint.errors import PatternlintError
from patternlint.report.formats import FORMATS
from patternlint.version import VERSION

TYPE_CHECKING = False  # type checkers take the name for true; `typing` would cost a fifth of the start
if TYPE_CHECKING:
    import argparse

    from patternlint.baseline import Baseline
    from patternlint.batch import Job
    from patternlint.check import Request, Run
    from patternlint.report.console import Console
    from patternlint.targets import Shard
    from patternlint.user_command import UserCommand
    from patternlint.workers import Pool


def run(arguments: list[str]) -> int:
    """Run the command; the exit status."""
    options = parser().parse_args(arguments)
    if options.version:
        print(f"patternlint {VERSION}")
        return CLEAN
    run, console = prepared(options)
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


def prepared(options: argparse.Namespace) -> tuple[Run, Console]:
    """The run that the arguments ask for, and what shows its results.

    Raises:
        PatternlintError: an argument is at fault.
    """
    check_together(options)
    request = _request(options)
    import gc

    from patternlint.check import Run

    gc.disable()  # trees hold few cycles, and those are broken by hand: a third less time, no more memory
    console = output.console(options)
    return Run(request, _job(options), console, jobs=_jobs(options), pool=_pool(options)), console


def _request(options: argparse.Namespace) -> Request:
    from patternlint.check import Request

    return Request(
        paths=tuple(options.paths),
        fix=options.fix or options.fix_only,
        fix_only=options.fix_only,
        add_noqa=options.add_noqa,
        baseline=_baseline(options),
        diff_base=options.diff_base or "",
        unsafe_fixes=options.unsafe_fixes,
        diff=options.diff,
        verify=_verify_command(options),
        with_changes=FORMATS[options.output_format].with_changes,
        with_suppressed=FORMATS[options.output_format].with_suppressed,
        stdin_filename=options.stdin_filename,
        exit_zero=options.exit_zero,
        exit_non_zero_on_fix=options.exit_non_zero_on_fix,
        verbose=options.verbose,
        costs=options.verbose and options.statistics,
        shard=_shard(options),
    )


def _baseline(options: argparse.Namespace) -> Baseline | None:
    if not options.baseline:
        return None
    from patternlint.baseline import Baseline

    return Baseline.read(options.baseline)


def _verify_command(options: argparse.Namespace) -> UserCommand | None:
    if options.verify is None:
        if options.verify_timeout is not None:
            raise PatternlintError("--verify-timeout goes with --verify", "add --verify and your command")
        return None
    if options.diff or "-" in options.paths:
        other = "--diff" if options.diff else "standard input"
        raise PatternlintError(f"--verify does not go with {other}: no file is changed", "leave one of them out")
    if not (options.fix or options.fix_only):
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
    from patternlint.targets import Shard

    number, slash, count = (options.shard or "1/1").partition("/")
    if not slash or not number.isdecimal() or not count.isdecimal() or not 1 <= int(number) <= int(count):
        raise PatternlintError(
            f"--shard cannot be '{options.shard}'", "give a part and how many there are, such as 1/4"
        )
    return Shard(int(number), int(count))
