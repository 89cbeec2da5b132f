"""Where a run's results go: findings to standard output as they come, errors and progress to standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from patternlint.errors import PatternlintError
from patternlint.report import text
from patternlint.report.reasons import RUNTIME_NOT_DECLARED
from patternlint.report.terminal import Progress, Style, safe, wants_colour
from patternlint.report.text import Shown
from patternlint.source import Source

if TYPE_CHECKING:
    from patternlint.engine import Costs

FORMATS = ("text", "concise", "json")


class Console:
    """Collects and shows what a run finds.

    Args:
        output_format: one of `FORMATS`.
        colour: "auto", "always" or "never".
        unsafe: whether unsafe fixes are on.
        quiet: show findings and errors, nothing else.
        statistics: show counts in place of findings.
        hide_findings: show no findings: a diff is the output.
        source_on_stdout: standard output gets a repaired source; findings go to standard error.
    """

    def __init__(
        self,
        *,
        output_format: str = "text",
        colour: str = "auto",
        unsafe: bool = False,
        quiet: bool = False,
        statistics: bool = False,
        hide_findings: bool = False,
        source_on_stdout: bool = False,
    ) -> None:
        self._format = output_format
        self._unsafe = unsafe
        self._quiet = quiet
        self._statistics = statistics
        self._hide = hide_findings
        self._out: TextIO = sys.stderr if source_on_stdout else sys.stdout
        self._style = Style(wants_colour(colour, self._out))
        self._error_style = Style(wants_colour(colour, sys.stderr))
        self._progress = Progress(0, sys.stderr, wanted=False)
        self.found: list[Shown] = []
        self.errors = 0
        self._said: set[str] = set()

    def start(self, total: int) -> None:
        """`total` files are going to be checked."""
        self._progress = Progress(total, sys.stderr, wanted=not self._quiet)

    def step(self, done: int, current: str) -> None:
        """`done` files are checked, `current` is next."""
        self._progress.step(done, current)

    def findings(self, shown: Sequence[Shown]) -> None:
        """What was found in one file."""
        self.found += shown
        if not shown or self._hide or self._statistics or self._format == "json":
            return
        self._progress.clear()
        render = text.full if self._format == "text" else text.concise
        for one in shown:
            print(render(one, self._style, unsafe=self._unsafe), file=self._out)

    def error(self, error: PatternlintError) -> None:
        """Something went wrong, and the run goes on."""
        self.errors += 1
        if str(error) in self._said:
            return  # a faulty configuration would be reported for every file that it concerns
        self._said.add(str(error))
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
            print(safe(message), file=sys.stderr)

    @contextmanager
    def working(self, what: str) -> Iterator[Callable[[str], None]]:
        """Something long begins; what is yielded takes how it ended. Both are one line."""
        ended: list[str] = []
        if not self._quiet:
            self._progress.clear()
            print(safe(what), end="", file=sys.stderr, flush=True)
        try:
            yield ended.append
        finally:
            if not self._quiet:
                print(safe("".join(ended) or "stopped"), file=sys.stderr, flush=True)

    def details(self, lines: str) -> None:
        """A traceback or the like."""
        self._progress.clear()
        for line in lines.splitlines():
            print(safe(line), file=sys.stderr)

    def costs(self, costs: Costs) -> None:
        """What it took to check the files: to standard error, since it is another one every time."""
        self._progress.clear()
        for line in text.costs(costs):
            print(line, file=sys.stderr)

    def _say(self, kind: str, message: str) -> None:
        self._progress.clear()
        print(f"{kind}: {safe(message)}", file=sys.stderr)

    def diff(self, before: Source, after: Source, name: str) -> None:
        """What a repair would change."""
        from patternlint.report.diff import unified

        self._progress.clear()
        terminal = self._style if sys.stdout.isatty() else None
        self.raw(b"".join(unified(before, after, name, terminal)))

    def raw(self, data: bytes) -> None:
        """Bytes for standard output as they are."""
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()

    def finish(self, *, fixed: int, would_fix: bool) -> None:
        """The end of the run.

        Args:
            fixed: how many findings were repaired.
            would_fix: nothing was written: a diff showed the repairs.
        """
        self._progress.clear()
        findings = [shown.finding for shown in self.found]
        if self._format == "json" and not self._hide:
            from patternlint.report.json import render

            print(render(self.found), file=self._out)
            return
        if self._statistics and not self._hide:
            for line in text.statistics(findings, unsafe=self._unsafe):
                print(line, file=self._out)
        if not self._quiet:
            out = sys.stderr if would_fix else self._out
            for line in self._summary(fixed, would_fix):
                print(line, file=out)

    def _summary(self, fixed: int, would_fix: bool) -> list[str]:
        findings = [shown.finding for shown in self.found]
        if would_fix:
            return [f"Would fix {_counted(fixed)}."]
        lines = []
        if fixed:
            lines.append(f"Found {_counted(len(findings) + fixed)} ({fixed} fixed, {len(findings)} remaining).")
        elif findings:
            lines.append(f"Found {_counted(len(findings))}.")
        elif not self.errors:
            lines.append(self._style.good("All checks passed!"))
        safe_ones = sum(text.fixable(finding, unsafe=False) for finding in findings)
        all_ones = sum(text.fixable(finding, unsafe=True) for finding in findings)
        if self._unsafe and all_ones:
            lines.append(f"[{self._style.hint('*')}] {all_ones} fixable with `--fix --unsafe-fixes`.")
        elif safe_ones or all_ones:
            more = f" ({all_ones - safe_ones} more with `--unsafe-fixes`)" if all_ones > safe_ones else ""
            lines.append(f"[{self._style.hint('*')}] {safe_ones} fixable with `--fix`{more}.")
        if any(finding.why_not_fixed == RUNTIME_NOT_DECLARED for finding in findings):
            lines.append(
                "Some fixes import patternlint.runtime: add `patternlint` to the project's dependencies, "
                "or copy it with `patternlint runtime --vendor DIR` and set `runtime-module`."
            )
        return lines


def _counted(number: int) -> str:
    return f"{number} finding{'' if number == 1 else 's'}"
