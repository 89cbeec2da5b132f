"""The options of ``patternlint check`` that say what is shown, how, and where."""

from __future__ import annotations

from patternlint.report.formats import DEFAULT, FORMATS

TYPE_CHECKING = False  # type checkers take the name for true; `typing` would cost a fifth of the start
if TYPE_CHECKING:
    import argparse

    from patternlint.report.console import Console


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    output = parser.add_argument_group("output")
    output.add_argument("--output-format", default=DEFAULT, metavar="FORMAT", help=", ".join(FORMATS))
    output.add_argument(
        "-o", "--output-file", metavar="FILE", help="write the findings here in place of standard output"
    )
    output.add_argument("--statistics", action="store_true", help="show how often each rule found something")
    output.add_argument("--show-fixes", action="store_true", help="list what was fixed")
    output.add_argument("--exit-zero", action="store_true", help="exit with 0 even if something was found")
    output.add_argument("--show-files", action="store_true", help="list the files that would be checked")
    output.add_argument("--show-settings", action="store_true", help="show the settings of the first of the files")
    output.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="(auto)")
    output.add_argument("-q", "--quiet", action="store_true", help="show findings and errors, nothing else")
    output.add_argument("-s", "--silent", action="store_true", help="show nothing: the exit status tells")
    output.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        help="show more of what goes wrong; with --statistics what each rule cost",
    )
    output.add_argument("-V", "--version", action="store_true", help="show the version")


def console(options: argparse.Namespace) -> Console:
    """What shows the results.

    Raises:
        PatternlintError: the output file could not be written.
    """
    from patternlint.check import STDIN
    from patternlint.report.console import Console

    file = None
    if options.output_file:
        from patternlint.report.output_file import OutputFile

        file = OutputFile(options.output_file)
    return Console(
        output_format=options.output_format,
        colour=options.color,
        unsafe=options.unsafe_fixes,
        quiet=options.quiet,
        silent=options.silent,
        statistics=options.statistics,
        show_fixes=options.show_fixes,
        hide_findings=options.diff or options.fix_only or options.add_noqa,
        closing="Would fix" if options.diff else "Fixed" if options.fix_only else "",
        source_on_stdout=STDIN in options.paths and (options.fix or options.fix_only) and not options.diff,
        output_file=file,
    )
