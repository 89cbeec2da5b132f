"""The command line: arguments to settings and commands, errors to text and exit status.

Exit status: 0 nothing found, 1 findings (or fixes, with ``--exit-non-zero-on-fix``), 2 errors, 130 interrupted.
"""

from __future__ import annotations

import os
import sys

from patternlint.errors import PatternlintError
from patternlint.version import VERSION

TYPE_CHECKING = False  # type checkers take the name for true; `typing` would cost a fifth of the start
if TYPE_CHECKING:
    import argparse

    from patternlint.batch import Job
    from patternlint.check import Request, Shard
    from patternlint.report.console import Console
    from patternlint.user_command import UserCommand
    from patternlint.workers import Pool

COMMANDS = ("check", "rule", "runtime", "undo", "clean", "merge")
_CLEAN, _FOUND, _FAILED, _INTERRUPTED = 0, 1, 2, 130


def entry() -> None:
    """The console script."""
    sys.exit(main(sys.argv[1:]))


def main(arguments: list[str]) -> int:
    """Run one command; the exit status."""
    if arguments in (["--version"], ["-V"]):
        print(f"patternlint {VERSION}")
        return _CLEAN
    _prepare_streams()
    try:
        status = _command(arguments)
        sys.stdout.flush()
    except PatternlintError as error:
        from patternlint.report.terminal import safe

        print(f"error: {safe(error.message)}", file=sys.stderr)
        if error.remedy:
            print(f"help: {safe(error.remedy)}", file=sys.stderr)
        return _FAILED
    except BrokenPipeError:
        # whoever read our output has seen enough; the interpreter would complain when it closes the stream
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FOUND
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return _INTERRUPTED
    return status


def _prepare_streams() -> None:
    """Output that always can be written: what a terminal's encoding lacks as escapes, to nowhere if it was closed."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115
        else:
            stream.reconfigure(errors="backslashreplace")


def _command(arguments: list[str]) -> int:
    command = arguments[0] if arguments and arguments[0] in COMMANDS else ""
    rest = arguments[1:] if command else arguments
    if command == "rule":
        return _rule(rest)
    if command == "runtime":
        return _runtime(rest)
    if command == "undo":
        return _undo(rest)
    if command == "clean":
        return _clean(rest)
    if command == "merge":
        return _merge(rest)
    return _check(rest)


def _check(arguments: list[str]) -> int:
    options = _check_parser().parse_args(arguments)
    if options.version:
        print(f"patternlint {VERSION}")
        return _CLEAN
    request = _request(options)
    import gc

    from patternlint.check import Run

    gc.disable()  # trees hold few cycles, and those are broken by hand: a third less time, no more memory
    console = _console(options)
    run = Run(request, _job(options), console, jobs=_jobs(options), pool=_pool(options))
    if options.show_files:
        for target in run.targets():
            print(os.path.normpath(target.path))
        return _FAILED if console.errors else _CLEAN
    if options.show_settings:
        from patternlint.report.settings import shown

        for target in run.targets()[:1]:
            print(shown(target.place.settings))
        return _FAILED if console.errors else _CLEAN
    return run.check()


def _request(options: argparse.Namespace) -> Request:
    from patternlint.check import Request

    return Request(
        paths=tuple(options.paths),
        fix=options.fix,
        unsafe_fixes=options.unsafe_fixes,
        diff=options.diff,
        verify=_verify_command(options),
        json=options.output_format == "json",
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


def _console(options: argparse.Namespace) -> Console:
    from patternlint.check import STDIN
    from patternlint.report.console import Console

    return Console(
        output_format=options.output_format,
        colour=options.color,
        unsafe=options.unsafe_fixes,
        quiet=options.quiet,
        statistics=options.statistics,
        hide_findings=options.diff,
        source_on_stdout=STDIN in options.paths and options.fix and not options.diff,
    )


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


def _check_parser() -> argparse.ArgumentParser:
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
    )
    parser.add_argument("paths", nargs="*", default=["."], metavar="PATH", help="files or folders; - is standard input")
    fixing = parser.add_argument_group("fixes")
    fixing.add_argument("--fix", action="store_true", help="apply the safe fixes")
    fixing.add_argument("--unsafe-fixes", action="store_true", help="with --fix or --diff: the unsafe ones, too")
    fixing.add_argument("--diff", action="store_true", help="show what --fix would change, and change nothing")
    fixing.add_argument(
        "--verify",
        metavar="CMD",
        help='with --fix: keep only fixes that this command passes with, such as "pytest -q"; no shell reads it',
    )
    fixing.add_argument(
        "--verify-timeout", type=_seconds, metavar="SECONDS", help="a run of CMD that takes longer has failed"
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
    output = parser.add_argument_group("output")
    output.add_argument("--output-format", choices=("text", "concise", "json"), default="text", help="(text)")
    output.add_argument("--statistics", action="store_true", help="show how often each rule found something")
    output.add_argument("--exit-zero", action="store_true", help="exit with 0 even if something was found")
    output.add_argument("--show-files", action="store_true", help="list the files that would be checked")
    output.add_argument("--show-settings", action="store_true", help="show the settings of the first of the files")
    output.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="(auto)")
    output.add_argument("-q", "--quiet", action="store_true", help="show findings and errors, nothing else")
    output.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="show more of what goes wrong; with --statistics what each rule cost",
    )
    output.add_argument("-V", "--version", action="store_true", help="show the version")
    return parser


def _seconds(text: str) -> float:
    import argparse
    import math

    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


def _rule(arguments: list[str]) -> int:
    import argparse

    parser = argparse.ArgumentParser(prog="patternlint rule", description="Explain a rule.", allow_abbrev=False)
    parser.add_argument("rule", nargs="?", metavar="CODE", help="a code or a name")
    parser.add_argument("--all", action="store_true", help="explain every rule")
    parser.add_argument("--output-format", choices=("text", "json"), default="text", help="(text)")
    options = parser.parse_args(arguments)
    if bool(options.rule) == options.all:
        parser.error("name one rule, or --all")
    from patternlint.catalogue import RULES
    from patternlint.config import suggestion
    from patternlint.rule_pages import page, record
    from patternlint.selection import rule_called, rule_names

    found = rule_called(options.rule) if options.rule else None
    if options.rule and found is None:
        raise PatternlintError(f"unknown rule '{options.rule}'", suggestion(options.rule, rule_names()))
    entries = RULES if found is None else (found,)
    if options.output_format == "text":
        print("\n\n".join(page(entry) for entry in entries))
    else:
        import json

        records = [record(entry) for entry in entries]
        print(json.dumps(records if options.all else records[0], indent=2))
    return _CLEAN


def _runtime(arguments: list[str]) -> int:
    import argparse

    parser = argparse.ArgumentParser(
        prog="patternlint runtime",
        description="Copy the companion runtime into a project that does not want to depend on patternlint.",
        allow_abbrev=False,
    )
    parser.add_argument("--vendor", required=True, metavar="DIR", help="the package to make, such as src/app/_patterns")
    options = parser.parse_args(arguments)
    from patternlint.vendoring import vendor

    module = vendor(options.vendor)
    print(
        f"The runtime is in {options.vendor}. Tell the fixes of it:\n\n"
        f'    [tool.patternlint]\n    runtime-module = "{module}"'
    )
    return _CLEAN


def _undo(arguments: list[str]) -> int:
    import argparse

    parser = argparse.ArgumentParser(
        prog="patternlint undo",
        description="Put the files back as they were before the last run that fixed some.",
        allow_abbrev=False,
    )
    parser.add_argument("path", nargs="?", default=".", metavar="PATH", help="a file or folder of the project (.)")
    options = parser.parse_args(arguments)
    from patternlint.journal import KEPT
    from patternlint.report.console import Console
    from patternlint.undo import undo

    console = Console()
    taken = undo(options.path)
    for left in taken.left:
        console.error(PatternlintError(f"{left.path}: {left.why}", f"put it back by hand: {KEPT}"))
    if taken.restored or not taken.left:
        count = len(taken.restored)
        print(f"{count} file{'' if count == 1 else 's'} put back." if count else "The files were put back already.")
    return _FAILED if console.errors else _CLEAN


def _clean(arguments: list[str]) -> int:
    import argparse
    from pathlib import Path

    parser = argparse.ArgumentParser(
        prog="patternlint clean", description="Drop the results that are kept of earlier runs.", allow_abbrev=False
    )
    parser.add_argument("paths", nargs="*", default=["."], metavar="PATH", help="a file or folder of the project")
    parser.add_argument("--cache-dir", default="", metavar="DIR", help="where they are kept, if not in the project")
    options = parser.parse_args(arguments)
    from patternlint.cache import clean
    from patternlint.project.root import Roots
    from patternlint.workspace import Caching, absolute

    directory = Path(options.cache_dir) if options.cache_dir else None
    roots = Roots()
    for folder in dict.fromkeys(Caching(directory).folder(roots.of(absolute(path)).folder) for path in options.paths):
        count = clean(folder)
        print(f"{folder}: {count} file{'' if count == 1 else 's'} removed")
    return _CLEAN


def _merge(arguments: list[str]) -> int:
    import argparse

    parser = argparse.ArgumentParser(
        prog="patternlint merge",
        description="Join the results of runs with --shard and --output-format json to those of one run.",
        allow_abbrev=False,
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="what the runs printed")
    options = parser.parse_args(arguments)
    from patternlint.report.merging import merged

    text, found = merged(options.files)
    print(text)
    return _FOUND if found else _CLEAN
