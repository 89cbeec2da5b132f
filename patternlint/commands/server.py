"""``patternlint server`` speaks the Language Server Protocol with an editor."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from typing import BinaryIO

from patternlint.commands import CLEAN, FOUND
from patternlint.errors import PatternlintError

_INSTALL = "pip install 'patternlint[server]'"


def parser() -> argparse.ArgumentParser:
    """The parser of the arguments."""
    parser = argparse.ArgumentParser(
        prog="patternlint server",
        description="Serve an editor over the Language Server Protocol, on standard input and output.",
        allow_abbrev=False,
    )
    parser.add_argument("--stdio", action="store_true", help="what it does anyway; some editors say so")
    return parser


def run(arguments: list[str]) -> int:
    """Run the command; the exit status: 0 where the editor said goodbye, 1 where it just went."""
    parser().parse_args(arguments)
    try:
        from patternlint.server.service import Server, Service
    except ModuleNotFoundError as error:
        what = f"the server needs a package that is not installed: {error.name}"
        raise PatternlintError(what, f"install it with {_INSTALL}") from None

    editor = _streams_of_protocol()
    gc.set_threshold(200_000, 20, 100)  # trees are large, kept, and hold no cycles
    server = Server()
    service = Service(server)
    try:
        server.start_io(*editor)
    finally:
        service.close()
    return CLEAN if service.said_goodbye else FOUND


def _streams_of_protocol() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output for the protocol alone: whoever else prints something writes to standard error."""
    streams = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return streams
