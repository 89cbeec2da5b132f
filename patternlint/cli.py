"""The command line: which command is called, and errors to text and exit status."""

from __future__ import annotations

import atexit
import os
import sys
from contextlib import suppress

from patternlint.commands import CLEAN, FAILED, FOUND, INTERRUPTED
from patternlint.errors import PatternlintError
from patternlint.version import VERSION

COMMANDS = (
    "check", "config", "baseline", "rule", "runtime", "undo", "clean", "merge", "prove", "server", "test", "new-rule",
    "completion",
)  # fmt: skip


def entry() -> None:
    """The console script: what an exit owes to others is done, then the process ends where it stands.

    The interpreter would take apart every module and tree first, which is a tenth of a run (mypy ends so, too).
    """
    status = main(sys.argv[1:])
    threading = sys.modules.get("threading")
    if threading is not None and threading.active_count() > 1:
        sys.exit(status)  # which waits for those that want to be waited for
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):  # closed, or nobody reads it any more: `main` has seen to that
            stream.flush()
    os._exit(status)


def main(arguments: list[str]) -> int:
    """Run one command; the exit status."""
    if arguments in (["--version"], ["-V"]):
        print(f"patternlint {VERSION}")
        return CLEAN
    _prepare_streams()
    if arguments in (["--help"], ["-h"]):
        from patternlint.commands.overview import TEXT

        print(TEXT, end="")
        return CLEAN
    try:
        status = _command(arguments)
        sys.stdout.flush()
    except PatternlintError as error:
        from patternlint.report.terminal import safe

        print(f"error: {safe(error.message)}", file=sys.stderr)
        if error.remedy:
            print(f"help: {safe(error.remedy)}", file=sys.stderr)
        return FAILED
    except BrokenPipeError:
        # whoever read our output has seen enough; the interpreter would complain when it closes the stream
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FOUND
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
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
    from importlib import import_module

    named = bool(arguments) and arguments[0] in COMMANDS
    command = import_module(f"patternlint.commands.{arguments[0].replace('-', '_') if named else 'check'}")
    return int(command.run(arguments[1:] if named else arguments))
