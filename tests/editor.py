"""An editor for tests: a real language client (that of pygls) that talks to a server process over its streams."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from lsprotocol import types as lsp
from pygls.lsp.client import LanguageClient

COMMAND = (sys.executable, "-m", "patternlint", "server", "--stdio")
PATIENCE = 60.0  # seconds

CAPABILITIES = lsp.ClientCapabilities(
    workspace=lsp.WorkspaceClientCapabilities(
        configuration=True,
        workspace_folders=True,
        workspace_edit=lsp.WorkspaceEditClientCapabilities(document_changes=True),
        did_change_watched_files=lsp.DidChangeWatchedFilesClientCapabilities(dynamic_registration=True),
    ),
    text_document=lsp.TextDocumentClientCapabilities(
        publish_diagnostics=lsp.PublishDiagnosticsClientCapabilities(version_support=True),
        code_action=lsp.CodeActionClientCapabilities(
            data_support=True,
            resolve_support=lsp.ClientCodeActionResolveOptions(["edit"]),
            code_action_literal_support=lsp.ClientCodeActionLiteralOptions(
                lsp.ClientCodeActionKindOptions([lsp.CodeActionKind.QuickFix, lsp.CodeActionKind.SourceFixAll])
            ),
        ),
    ),
)


class Editor(LanguageClient):
    """What an editor does, and what it was told."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        super().__init__("editor-of-tests", "1")
        self.settings = settings  # by URI of a folder, or for all under ""
        self.told: dict[str, list[lsp.PublishDiagnosticsParams]] = {}
        self.messages: list[str] = []
        self.log: list[str] = []
        self.registered: list[str] = []
        self.texts: dict[str, str] = {}
        self._news = asyncio.Event()
        self._versions: dict[str, int] = {}

        @self.feature(lsp.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
        def published(params: lsp.PublishDiagnosticsParams) -> None:
            self.told.setdefault(params.uri, []).append(params)
            self._news.set()

        @self.feature(lsp.WINDOW_SHOW_MESSAGE)
        def shown(params: lsp.ShowMessageParams) -> None:
            self.messages.append(params.message)
            self._news.set()

        @self.feature(lsp.WINDOW_LOG_MESSAGE)
        def logged(params: lsp.LogMessageParams) -> None:
            self.log.append(params.message)
            self._news.set()

        @self.feature(lsp.CLIENT_REGISTER_CAPABILITY)
        def register(params: lsp.RegistrationParams) -> None:
            self.registered += [registration.method for registration in params.registrations]

        @self.feature(lsp.WORKSPACE_CONFIGURATION)
        def configuration(params: lsp.ConfigurationParams) -> list[Any]:
            return [self.settings.get(item.scope_uri or "", self.settings.get("")) for item in params.items]

    # ---- what a person does

    def open(self, uri: str, text: str, language: str = "python") -> str:
        """Open a document."""
        self._versions[uri], self.texts[uri] = 1, text
        self.text_document_did_open(
            lsp.DidOpenTextDocumentParams(lsp.TextDocumentItem(uri, language, self._versions[uri], text))
        )
        return uri

    def open_file(self, path: Path) -> str:
        """Open a file."""
        return self.open(path.as_uri(), path.read_bytes().decode())

    def type(self, uri: str, text: str, span: lsp.Range | None = None) -> int:
        """Replace a range of a document, or all of it; the new version."""
        self._versions[uri] += 1
        change = lsp.TextDocumentContentChangeWholeDocument(text)
        if span is None:
            self.texts[uri] = text
        self.text_document_did_change(
            lsp.DidChangeTextDocumentParams(
                lsp.VersionedTextDocumentIdentifier(self._versions[uri], uri),
                [change if span is None else lsp.TextDocumentContentChangePartial(span, text)],
            )
        )
        return self._versions[uri]

    def save(self, uri: str) -> None:
        """Say that a document was saved."""
        self.text_document_did_save(lsp.DidSaveTextDocumentParams(lsp.TextDocumentIdentifier(uri)))

    def close_document(self, uri: str) -> None:
        """Close a document."""
        self.text_document_did_close(lsp.DidCloseTextDocumentParams(lsp.TextDocumentIdentifier(uri)))

    # ---- what is seen

    async def diagnostics(self, uri: str, version: int | None = None, *, more_than: int = 0) -> list[lsp.Diagnostic]:
        """What was found in a version of a document (the latest one), once that is told.

        Args:
            uri: the document.
            version: of its text.
            more_than: how often it was told of the document before what is waited for.
        """
        wanted = self._versions[uri] if version is None else version

        def come() -> bool:
            told = self.told.get(uri, [])
            return len(told) > more_than and told[-1].version == wanted

        await self.until(come)
        return list(self.told[uri][-1].diagnostics)

    async def codes(self, uri: str, **options: Any) -> list[Any]:
        """The codes of what was found, in order."""
        return [found.code for found in await self.diagnostics(uri, **options)]

    async def until(self, happened: Any) -> None:
        """Wait for something that comes with a message."""
        async with asyncio.timeout(PATIENCE):
            while not happened():
                self._news.clear()
                await self._news.wait()

    async def actions(self, uri: str, row: int, only: Sequence[str] | None = None) -> list[lsp.CodeAction]:
        """The actions that are offered for a row, from 0."""
        here = lsp.Position(row, 0)
        found = await self.text_document_code_action_async(
            lsp.CodeActionParams(
                lsp.TextDocumentIdentifier(uri), lsp.Range(here, here), lsp.CodeActionContext([], only=only)
            )
        )
        return [action for action in found or () if isinstance(action, lsp.CodeAction)]

    async def apply(self, action: lsp.CodeAction) -> dict[str, str]:
        """The texts that an action makes, of the open documents and the files that it changes."""
        if action.edit is None:
            action = await self.code_action_resolve_async(action)
        assert action.edit is not None
        changes = dict(action.edit.changes or {})
        for change in action.edit.document_changes or ():
            assert isinstance(change, lsp.TextDocumentEdit)
            changes[change.text_document.uri] = [e for e in change.edits if isinstance(e, lsp.TextEdit)]
            assert change.text_document.version == self._versions.get(change.text_document.uri)
        return {uri: spliced(self.texts[uri], edits) for uri, edits in changes.items()}


def spliced(text: str, edits: Sequence[lsp.TextEdit]) -> str:
    """A text with edits whose columns count UTF-16 units, as the protocol has it by default."""
    units = text.encode("utf-16-le", "surrogatepass")
    starts = [0]
    for at in range(0, len(units), 2):
        pair = units[at : at + 2]
        if pair == b"\n\0" or (pair == b"\r\0" and units[at + 2 : at + 4] != b"\n\0"):
            starts.append(at + 2)

    def offset(position: lsp.Position) -> int:
        return starts[position.line] + 2 * position.character if position.line < len(starts) else len(units)

    for edit in sorted(edits, key=lambda e: (e.range.start.line, e.range.start.character), reverse=True):
        start, end = offset(edit.range.start), offset(edit.range.end)
        units = units[:start] + edit.new_text.encode("utf-16-le", "surrogatepass") + units[end:]
    return units.decode("utf-16-le", "surrogatepass")


@asynccontextmanager
async def editing(
    *folders: Path,
    settings: Mapping[str, Any] | None = None,
    capabilities: lsp.ClientCapabilities = CAPABILITIES,
    options: Any = None,
    cwd: Path | None = None,
    python: str = sys.executable,
) -> AsyncIterator[Editor]:
    """An editor with these folders open, and a server process of its own that ends well in the end."""
    editor = Editor(settings or {})
    await editor.start_io(python, *COMMAND[1:], cwd=cwd or (folders[0] if folders else None))
    try:
        await editor.initialize_async(
            lsp.InitializeParams(
                capabilities,
                process_id=None,
                root_uri=folders[0].as_uri() if folders else None,
                workspace_folders=[lsp.WorkspaceFolder(folder.as_uri(), folder.name) for folder in folders],
                initialization_options=options,
            )
        )
        editor.initialized(lsp.InitializedParams())
        yield editor
        await editor.shutdown_async(None)
        editor.exit(None)
        server = editor._server
        assert server is not None
        async with asyncio.timeout(PATIENCE):
            assert await server.wait() == 0
    finally:
        server = editor._server
        if server is not None and server.returncode is None:
            server.kill()
        await editor.stop()
