"""How long an editor waits: from an edit to the diagnostics of that text, with a real server process.

    python benchmarks/server.py [NAME==VERSION] [--tree DIR] [--files N] [--edits N] [--smoke]

The project's longest files are open. Each edit types a statement into a function's body, or takes one out; the next one
comes when the editor has seen what was found. First as patternlint is without configuration, then with all rules at
every confidence.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from lsprotocol import types as lsp
from measuring import machine
from pygls.lsp.client import LanguageClient
from sample_trees import EVERYTHING, Tree, python_files, unpacked

PACKAGE = "django==5.2.19"
SHOWCASE = Path(__file__).resolve().parent.parent / "fixtures" / "showcase"
WARM_UP = 5  # edits of each file that are not counted
_STATEMENT = re.compile(r"(?m)^(?P<indent>        +)(?:return|raise)\b")


class Wait(NamedTuple):
    """How long the editor waited for one edit, in seconds, and how many findings it then saw."""

    seconds: float
    findings: int


class Editor(LanguageClient):
    """Types into documents and waits for what is found."""

    def __init__(self, seed: int) -> None:
        super().__init__("benchmark", "1")
        self._random = random.Random(seed)
        self._texts: dict[str, str] = {}
        self._typed: dict[str, str] = {}
        self._versions: dict[str, int] = {}
        self._told: asyncio.Queue[lsp.PublishDiagnosticsParams] = asyncio.Queue()
        self._said: list[str] = []
        self.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda params: self._told.put_nowait(params))
        self.feature(lsp.WINDOW_SHOW_MESSAGE)(lambda params: self._said.append(params.message))
        self.feature(lsp.WINDOW_LOG_MESSAGE)(lambda params: self._said.append(params.message))

    async def start(self, folder: Path) -> None:
        """Start a server for a folder."""
        await self.start_io(sys.executable, "-m", "patternlint", "server", cwd=folder)
        uri = folder.as_uri()
        folders = [lsp.WorkspaceFolder(uri, folder.name)]
        params = lsp.InitializeParams(lsp.ClientCapabilities(), root_uri=uri, workspace_folders=folders)
        await self.initialize_async(params)
        self.initialized(lsp.InitializedParams())

    async def open(self, path: Path) -> str:
        """Open a file; its URI."""
        uri, text = path.as_uri(), path.read_text("utf-8")
        self._texts[uri], self._versions[uri] = text, 1
        self.text_document_did_open(
            lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(uri, lsp.LanguageKind.Python, 1, text))
        )
        await self._answer(uri)
        return uri

    async def type(self, uri: str) -> Wait:
        """Type a statement somewhere in a document, or take out the one typed last."""
        text, typed = self._texts[uri], self._typed.pop(uri, "")
        if typed:
            start = text.index(typed)
            self._texts[uri], new, length = text.replace(typed, ""), "", len(typed)
        else:
            place = self._random.choice(list(_STATEMENT.finditer(text)))
            start, length = place.start(), 0
            new = self._typed[uri] = f"{place['indent']}typed_{self._versions[uri]} = {len(text)}\n"
            self._texts[uri] = f"{text[:start]}{new}{text[start:]}"
        row = text.count("\n", 0, start)
        span = lsp.Range(lsp.Position(row, 0), lsp.Position(row + (1 if length else 0), 0))
        self._versions[uri] += 1
        since = time.perf_counter()
        self.text_document_did_change(
            lsp.DidChangeTextDocumentParams(
                lsp.VersionedTextDocumentIdentifier(self._versions[uri], uri),
                [lsp.TextDocumentContentChangePartial(span, new)],
            )
        )
        findings = await self._answer(uri)
        return Wait(time.perf_counter() - since, findings)

    async def _answer(self, uri: str) -> int:
        while True:
            told = await self._told.get()
            if (told.uri, told.version) == (uri, self._versions[uri]):
                return len(told.diagnostics)

    @property
    def worked(self) -> float:
        """The server's processor time so far, in seconds; where the system tells it."""
        stat = Path(f"/proc/{self._server.pid}/stat") if self._server is not None else Path()
        if not stat.is_file():
            return float("nan")
        user, system = stat.read_text().rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    async def leave(self) -> None:
        """End the server.

        Raises:
            SystemExit: it has complained.
        """
        await self.shutdown_async(None)
        self.exit(None)
        await self.stop()
        if self._said:
            raise SystemExit(f"the server said: {self._said[0]}")


class Measured(NamedTuple):
    """What came of the edits of one file: the waits, and the server's processor seconds for each."""

    waits: list[Wait]
    worked: float


async def measured(tree: Tree, files: int, edits: int) -> dict[Path, Measured]:
    """What came of the edits of each file."""
    editor = Editor(seed=1)
    await editor.start(tree.folder)
    longest = sorted(tree.files, key=lambda file: (tree.folder / file).read_bytes().count(b"\n"), reverse=True)
    found: dict[Path, Measured] = {}
    editable = [file for file in longest if _STATEMENT.search((tree.folder / file).read_text("utf-8", "replace"))]
    uris = {file: await editor.open(tree.folder / file) for file in editable[:files]}
    for file, uri in uris.items():
        for _ in range(WARM_UP):
            await editor.type(uri)
        before = editor.worked
        waits = [await editor.type(uri) for _ in range(edits)]
        found[file] = Measured(waits, (editor.worked - before) / edits)
    await editor.leave()
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("requirement", nargs="?", default=PACKAGE, metavar="NAME==VERSION", help="(%(default)s)")
    parser.add_argument("--tree", type=Path, metavar="DIR", help="an unpacked package in its place")
    parser.add_argument("--files", type=int, default=5, help="how many of the longest are edited (%(default)s)")
    parser.add_argument("--edits", type=int, default=50, help="of each (%(default)s)")
    parser.add_argument("--smoke", action="store_true", help="only see that it runs: no network, what is installed")
    options = parser.parse_args(arguments)
    if options.smoke:
        options.tree, options.files, options.edits = SHOWCASE, 1, 2
    about = machine()
    with tempfile.TemporaryDirectory(prefix="server-") as temporary:
        work = Path(temporary).resolve()
        source = (options.tree or unpacked(options.requirement, work / "package")).resolve()
        tree = Tree.copied(options.tree.name if options.tree else options.requirement, source,
                           python_files(source), work / "tree")  # fmt: skip
        print(f"{tree.name}: {len(tree.files)} files, {tree.lines:,} lines. {about}.\n")
        for rules, configuration in (("default", ""), ("all rules", EVERYTHING)):
            (tree.folder / "patternlint.toml").write_text(configuration)
            print(f"| {rules} | lines | findings | edits | median, ms | max, ms | processor, ms |")
            print("| --- | ---: | ---: | ---: | ---: | ---: | ---: |")
            for file, (waits, worked) in asyncio.run(measured(tree, options.files, options.edits)).items():
                lines = (tree.folder / file).read_bytes().count(b"\n")
                middle = statistics.median(wait.seconds for wait in waits) * 1000
                longest = max(wait.seconds for wait in waits) * 1000
                shown = f"{waits[-1].findings} | {len(waits)} | {middle:.0f} | {longest:.0f} | {worked * 1000:.0f}"
                print(f"| {file} | {lines:,} | {shown} |")
            print()


if __name__ == "__main__":
    main()
