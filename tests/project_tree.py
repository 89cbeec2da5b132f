"""Projects in a temporary folder, and patternlint run on them as its users run it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

# Skips listeners that come after one that unsubscribes: PAT305, which a safe fix repairs without imports.
BUS = """\
class Bus:
    def __init__(self):
        self.listeners = []

    def subscribe(self, listener):
        self.listeners.append(listener)

    def unsubscribe(self, listener):
        self.listeners.remove(listener)

    def fire(self, event):
        for listener in self.listeners:
            listener(event)
"""
BUS_ROW = 12
BUS_LOOP = "        for listener in self.listeners:\n"
FIXED_LOOP = "        for listener in tuple(self.listeners):\n"
LISTENER = """\
from bus import Bus

bus = Bus()


class Once:
    def __init__(self):
        bus.subscribe(self.on_event)

    def on_event(self, event):
        bus.unsubscribe(self.on_event)
"""


def write_tree(folder: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files, given by their paths below `folder`; the folder."""
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return folder


def run(
    *command: str, cwd: Path, input: str | bytes | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a Python module with arguments in a folder, as a process of its own."""
    given = {key: value for key, value in os.environ.items() if key not in ("NO_COLOR", "FORCE_COLOR")}
    result = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=cwd,
        input=input.encode() if isinstance(input, str) else input,
        capture_output=True,
        env={**given, **(environment or {})},
        timeout=120,
        check=False,
    )
    return subprocess.CompletedProcess(
        result.args,
        result.returncode,
        result.stdout.decode("utf-8", "replace"),
        result.stderr.decode("utf-8", "replace"),
    )


def patternlint(
    *arguments: str, cwd: Path, input: str | bytes | None = None, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run patternlint's command line."""
    return run("patternlint", *arguments, cwd=cwd, input=input, environment=environment)
