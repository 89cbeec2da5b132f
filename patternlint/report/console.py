"""Where a run's results go: findings to standard output or a file, errors and progress to standard error."""

from __future__ import annotations

import io
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from patternlint.errors import PatternlintError
from patternlint.report.formats import DEFAULT, FORMATS, renderer
from patternlint.report.shown import Look, Shown, counted
from patternlint.report.terminal import Progress, Style, safe, wants_colour
from patternlint.source import Source

if TYPE_CHECKING:
    from patternlint.engine import Costs
    from patternlint.report.output_file import OutputFile


class Console:
    """Collects and shows what a run finds.

    Args:
        output_format: one of `FORMATS`.
        colour: "auto", "always" or "never".
        unsafe: whether unsafe fixes are on.
        quiet: show findings and errors, nothing else.
        silent: show nothing; an output file is written all the same.
        statistics: show counts in place of findings.
        show_fixes: list what was repaired.
        hide_findings: show no findings: something else is the output, or nothing.
        closing: what was done with them then, in words; "" where somebody else says so.
        source_on_stdout: standard output gets a repaired source; findings go to standard error.
        output_file: gets the findings in place of standard output.
    """

    def __init__(
        self,
        *,
        output_format: str = DEFAULT,
        colour: str = "auto",
        unsafe: bool = False,
        quiet: bool = False,
        silent: bool = False,
        statistics: bool = False,
        show_fixes: bool = False,
        hide_findings: bool = False,
        closing: str = "Would fix",
        source_on_stdout: bool = False,
        output_file: OutputFile | None = None,
    ) -> None:
        self._name = output_format
        self._format = FORMATS[output_format]
        self._quiet = quiet or silent
        self._statistics = statistics
        self._show_fixes = show_fixes
        self._hide = hide_findings
        self._closing = closing
        self._file = output_file
        self._err: TextIO = io.StringIO() if silent else sys.stderr
        self._out: TextIO = self._err if silent or source_on_stdout else sys.stdout
        if output_file is not None:
            self._out = io.StringIO()
        self._look = Look(Style(wants_colour(colour, self._out)), unsafe)
        self._error_style = Style(wants_colour(colour, self._err))
        self._progress = Progress(0, self._err, wanted=False)
        self.found: list[Shown] = []
        self._reported: list[Shown] = []  # what was found, and what is suppressed where the format has that
        self._fixed: dict[str, Counter[str]] = {}
        self._errors: list[str] = []

    @property
    def errors(self) -> int:
        """How many things went wrong."""
        return len(self._errors)

    def start(self, total: int) -> None:
        """`total` files are going to be checked."""
        self._progress = Progress(total, self._err, wanted=not self._quiet)

    def step(self, done: int, current: str) -> None:
        """`done` files are checked, `current` is next."""
        self._progress.step(done, current)

    def findings(self, shown: Sequence[Shown]) -> None:
        """What was found in one file, and what is suppressed there, by place."""
        self._reported += shown
        self.found += (one for one in shown if not one.suppressed)
        if shown and self._format.by_file and not self._hide and not self._statistics:
            self._print(renderer(self._name)(shown, self._look))

    def repaired(self, path: str, codes: Iterable[str]) -> None:
        """The rules of the findings that were repaired in one file."""
        if counts := Counter(codes):
            self._fixed[path] = counts

    def error(self, error: PatternlintError) -> None:
        """Something went wrong, and the run goes on."""
        said = error.message in self._errors  # a faulty configuration is, for every file that it concerns
        self._errors.append(error.message)
        if not said:
            self._say(self._error_style.code("error"), error.message)
            if error.remedy:
                self._say(self._error_style.hint("help"), error.remedy)

    def warning(self, message: str) -> None:
        """Something that the user will want to know."""
        self._say(self._error_style.hint("warning"), message)

    def note(self, message: str) -> None:
        """Something that is good to know, and not worth a warning."""
        if not self._quiet:
            self._progress.clear()
            print(safe(message), file=self._err)

    @contextmanager
    def working(self, what: str) -> Iterator[Callable[[str], None]]:
        """Something long begins; what is yielded takes how it ended. Both are one line."""
        ended: list[str] = []
        if not self._quiet:
            self._progress.clear()
            print(safe(what), end="", file=self._err, flush=True)
        try:
            yield ended.append
        finally:
            if not self._quiet:
                print(safe("".join(ended) or "stopped"), file=self._err, flush=True)

    def details(self, lines: str) -> None:
        """A traceback or the like."""
        self._progress.clear()
        for line in lines.splitlines():
            print(safe(line), file=self._err)

    def costs(self, costs: Costs) -> None:
        """What it took to check the files: to standard error, since it is another one every time."""
        from patternlint.report.statistics import of_costs

        self._progress.clear()
        for line in of_costs(costs):
            print(line, file=self._err)

    def _say(self, kind: str, message: str) -> None:
        self._progress.clear()
        print(f"{kind}: {safe(message)}", file=self._err)

    def diff(self, before: Source, after: Source, name: str) -> None:
        """What a repair would change."""
        from patternlint.report.diff import unified

        self._progress.clear()
        terminal = self._look.style if sys.stdout.isatty() else None
        self.raw(b"".join(unified(before, after, name, terminal)))

    def raw(self, data: bytes) -> None:
        """Bytes for standard output as they are."""
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def finish(self) -> None:
        """The end of the run.

        Raises:
            PatternlintError: the output file cannot be written.
        """
        self._progress.clear()
        fixed = sum(map(Counter.total, self._fixed.values()))
        if self._hide:
            if self._closing:
                self.note(f"{self._closing} {counted(fixed)}.")
            return
        look = self._look._replace(errors=tuple(dict.fromkeys(self._errors)))
        if self._statistics:
            from patternlint.report.statistics import as_json, table

            self._print((table if self._format.for_people else as_json)(self.found, look))
        elif not self._format.by_file:
            self._print(renderer(self._name)(self._reported, look))
        if self._format.for_people and not self._quiet:
            from patternlint.report.summary import fixes, summary

            if self._show_fixes and fixed:
                self._print(fixes(self._fixed, look))
            self._print(summary(self.found, fixed, look))
        self._close()

    def whole(self, report: str) -> None:
        """A report that is finished already, in place of findings.

        Raises:
            PatternlintError: the output file cannot be written.
        """
        self._print([report])
        self._close()

    def _close(self) -> None:
        if self._file is not None and isinstance(self._out, io.StringIO):
            self._file.write(self._out.getvalue())

    def _print(self, pieces: Iterable[str]) -> None:
        self._progress.clear()
        for piece in pieces:
            print(piece, file=self._out)
