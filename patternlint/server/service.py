"""The side of the server that talks to the editor: what it asks is answered by the thread that checks.

An edit is checked when the editor has been quiet for a moment, and at the latest some moments after the first one that
has not been. Texts that are out of date by then are never looked at.
"""

from __future__ import annotations

import asyncio
import threading
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from lsprotocol import types as lsp
from pygls.capabilities import get_capability
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol, lsp_method
from pygls.uris import from_fs_path, to_fs_path

from patternlint.errors import OUR_FAULT, PatternlintError
from patternlint.fixer import Change
from patternlint.server.actions import KINDS, Choice, actions, difference, text_edits
from patternlint.server.client_settings import SECTION, ClientSettings, read
from patternlint.server.documents import Document
from patternlint.server.positions import Positions, changed
from patternlint.server.presentation import diagnostic, hover
from patternlint.server.projects import Checked, Projects
from patternlint.version import VERSION
from patternlint.workspace import absolute

T = TypeVar("T")

_QUIET = 0.02  # seconds without an edit after which a document is checked
_LONGEST = 0.3  # seconds after which it is checked even so
_SETTINGS = 3.0  # seconds that the editor has to say what its settings are
_STACK = 64 << 20  # bytes for the thread that checks: deep code is parsed deep
_WATCHED = ("**/*.py", "**/*.pyi", "**/pyproject.toml", "**/patternlint.toml", "**/.gitignore")


class Protocol(LanguageServerProtocol):
    """The protocol as its library has it, but for two things: texts are kept by the service, since lines do not end at
    form feeds; and a request that cannot be understood has an answer."""

    @lsp_method(lsp.TEXT_DOCUMENT_DID_CHANGE)
    def lsp_text_document__did_change(self, params: lsp.DidChangeTextDocumentParams) -> Any:
        """Hand an edit over."""
        yield self.fm.features[lsp.TEXT_DOCUMENT_DID_CHANGE], (params,), None

    def structure_message(self, data: dict[str, Any]) -> Any:
        """A message from what was read."""
        if self.get_message_type(data.get("method", "")) is None and "method" in data:
            data.setdefault("params", None)  # the library wants them of what it does not know, too
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "method" in data and isinstance(data.get("id"), str | int):
                self._send_response(data["id"], error=error.to_response_error())
            raise


class Server(LanguageServer):
    """The library's server, which says in the log what goes wrong: an editor that errs should not have to click."""

    def __init__(self) -> None:
        super().__init__(SECTION, VERSION, protocol_cls=Protocol)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Note something that could not be handled."""
        text = f"{source.__name__}: {type(error).__name__}: {error}"
        self.window_log_message(lsp.LogMessageParams(lsp.MessageType.Error, text))


class Due(NamedTuple):
    """When a document is to be checked, and when the first edit came that was not."""

    moment: float
    first: float


class Service:
    """What the server does.

    Args:
        server: talks to the editor.
    """

    def __init__(self, server: Server) -> None:
        self._server = server
        self._documents: dict[str, Document] = {}
        self._due: dict[str, Due] = {}
        self._looks = False  # whether to see if files have changed on disk
        self._wake = asyncio.Event()
        self._configured = asyncio.Event()
        self._said: set[str] = set()
        self.said_goodbye = False
        self._initial: object = None
        self._projects = Projects({}, ClientSettings())
        before = threading.stack_size(_STACK)
        self._worker = ThreadPoolExecutor(1, "patternlint")
        self._worker.submit(int).result()  # the thread is made now
        threading.stack_size(before)
        self._register()

    def close(self) -> None:
        """Give up what is waiting to be checked."""
        self._worker.shutdown(cancel_futures=True)

    def _register(self) -> None:
        code_actions = lsp.CodeActionOptions(code_action_kinds=list(KINDS), resolve_provider=True)
        features: Mapping[str, tuple[Callable[..., Any], Any]] = {
            lsp.INITIALIZE: (self._initialize, None),
            lsp.INITIALIZED: (self._initialized, None),
            lsp.SHUTDOWN: (self._goodbye, None),
            lsp.TEXT_DOCUMENT_DID_OPEN: (self._opened, None),
            lsp.TEXT_DOCUMENT_DID_CHANGE: (self._edited, None),
            lsp.TEXT_DOCUMENT_DID_SAVE: (self._saved, None),
            lsp.TEXT_DOCUMENT_DID_CLOSE: (self._closed, None),
            lsp.WORKSPACE_DID_CHANGE_CONFIGURATION: (self._set, None),
            lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES: (self._look, None),
            lsp.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: (self._folders_changed, None),
            lsp.TEXT_DOCUMENT_CODE_ACTION: (self._code_actions, code_actions),
            lsp.CODE_ACTION_RESOLVE: (self._resolve, None),
            lsp.TEXT_DOCUMENT_HOVER: (self._hover, None),
        }
        for name, (handle, options) in features.items():
            self._server.feature(name, options)(partial(handle))

    # ---- the session

    def _initialize(self, params: lsp.InitializeParams) -> None:
        self._initial = params.initialization_options

    async def _initialized(self, params: lsp.InitializedParams) -> None:
        self._tending = asyncio.create_task(self._tend())
        if self._can("workspace.did_change_watched_files.dynamic_registration"):
            watchers = [lsp.FileSystemWatcher(pattern) for pattern in _WATCHED]
            options = lsp.DidChangeWatchedFilesRegistrationOptions(watchers)
            name = lsp.WORKSPACE_DID_CHANGE_WATCHED_FILES
            self._server.client_register_capability(
                lsp.RegistrationParams([lsp.Registration("patternlint-files", name, options)])
            )
        await self._configure(self._initial)
        self._configured.set()

    def _goodbye(self, params: object) -> None:
        self.said_goodbye = True

    async def _set(self, params: lsp.DidChangeConfigurationParams) -> None:
        await self._configure(params.settings)

    async def _folders_changed(self, params: lsp.DidChangeWorkspaceFoldersParams) -> None:
        await self._configure(self._initial)

    async def _configure(self, pushed: object) -> None:
        """Ask for the settings of each folder, or take those that came unasked, and start afresh with them."""
        folders = self._folders()
        values: list[Any] = [pushed.get(SECTION, pushed) if isinstance(pushed, dict) else pushed] * (len(folders) + 1)
        if self._can("workspace.configuration"):
            items = [lsp.ConfigurationItem(from_fs_path(str(folder)), SECTION) for folder in folders]
            asked = lsp.ConfigurationParams([*items, lsp.ConfigurationItem(None, SECTION)])
            try:
                async with asyncio.timeout(_SETTINGS):
                    told = await self._server.workspace_configuration_async(asked)
                values = [value or before for value, before in zip(told, values, strict=True)]
            except (TimeoutError, JsonRpcException, ValueError, TypeError) as error:
                self._log(f"the editor does not tell its settings: {type(error).__name__} {error}")
        settings: list[ClientSettings] = []
        for value, folder in zip(values, [*folders, Path.cwd()], strict=True):
            one, problems = read(value, folder)
            settings.append(one)
            self._complain(problems)
        self._projects = Projects(dict(zip(folders, settings[:-1], strict=True)), settings[-1])
        for uri in self._documents:
            self._expect(uri)

    def _folders(self) -> list[Path]:
        workspace = self._server.workspace
        uris = [*workspace.folders] or [workspace.root_uri]
        return list(dict.fromkeys(absolute(path) for uri in uris if uri and (path := to_fs_path(uri))))

    def _can(self, capability: str) -> bool:
        return bool(get_capability(self._server.client_capabilities, capability, False))

    # ---- documents

    def _opened(self, params: lsp.DidOpenTextDocumentParams) -> None:
        item = params.text_document
        self._documents[item.uri] = Document(item.uri, item.version, item.text, item.language_id)
        self._expect(item.uri)
        self._look()

    def _edited(self, params: lsp.DidChangeTextDocumentParams) -> None:
        document = self._documents.get(params.text_document.uri)
        if document is None:
            self._log(f"an edit of {params.text_document.uri}, which is not open")
            return
        text = document.text
        for change in params.content_changes:
            text = changed(text, change, self._encoding)
        self._documents[document.uri] = document.changed(params.text_document.version, text)
        self._expect(document.uri, _QUIET)

    def _saved(self, params: lsp.DidSaveTextDocumentParams) -> None:
        if params.text_document.uri in self._documents:
            self._expect(params.text_document.uri)
        self._look()

    async def _closed(self, params: lsp.DidCloseTextDocumentParams) -> None:
        uri = params.text_document.uri
        self._due.pop(uri, None)
        if self._documents.pop(uri, None) is not None:
            await self._work(lambda projects: projects.close(uri))
            self._publish(lsp.PublishDiagnosticsParams(uri, []))
            self._look()

    def _look(self, params: object = None) -> None:
        """See whether files have changed on disk, when there is time."""
        self._looks = True
        self._wake.set()

    def _expect(self, uri: str, delay: float = 0.0) -> None:
        """Check a document soon."""
        now = asyncio.get_running_loop().time()
        first = self._due[uri].first if uri in self._due else now
        self._due[uri] = Due(min(now + delay, first + _LONGEST), first)
        self._wake.set()

    async def _tend(self) -> None:
        """Check what is due, one document after the other, for as long as the server lives."""
        await self._configured.wait()
        loop = asyncio.get_running_loop()
        while True:
            self._wake.clear()
            if self._due:
                uri, due = min(self._due.items(), key=lambda item: item[1])
                if due.moment <= loop.time():
                    del self._due[uri]
                    try:
                        await self._show(uri)
                    except BrokenPipeError:
                        return  # nobody listens any more
                    except Exception:  # the last barrier: the next document is shown
                        self._log(traceback.format_exc())
                    continue
            elif self._looks:
                self._looks = False
                await self._work(lambda projects: projects.catch_up())
                continue
            timeout = min(due.moment for due in self._due.values()) - loop.time() if self._due else None
            try:
                async with asyncio.timeout(timeout):
                    await self._wake.wait()
            except TimeoutError:
                pass

    async def _show(self, uri: str) -> None:
        """Check a document and show what was found in it."""
        document = self._documents.get(uri)
        if document is None:
            return
        checked = await self._work(lambda projects: projects.check(document))
        if uri in self._documents:
            found = [] if checked is None else self._diagnostics(checked)
            self._publish(lsp.PublishDiagnosticsParams(uri, found, document.version))

    def _diagnostics(self, checked: Checked) -> list[lsp.Diagnostic]:
        if checked.engine is None:
            return []
        text = checked.document.text if checked.source is None else checked.source.text
        positions = Positions(text, self._encoding)
        return [diagnostic(finding, positions, checked.engine.settings.root) for finding in checked.findings]

    def _publish(self, params: lsp.PublishDiagnosticsParams) -> None:
        self._server.text_document_publish_diagnostics(params)

    # ---- questions

    async def _code_actions(self, params: lsp.CodeActionParams) -> list[lsp.CodeAction] | None:
        checked = await self._checked(params.text_document.uri)
        if checked is None or not self._can("text_document.code_action.code_action_literal_support"):
            return None
        only = params.context.only
        kinds = None if only is None else [getattr(kind, "value", kind) for kind in only]
        found = list(actions(checked, params.range, kinds, self._encoding))
        if not self._resolves():
            for action in found:
                await self._complete(action)
        return found

    async def _resolve(self, action: lsp.CodeAction) -> lsp.CodeAction:
        await self._complete(action)
        return action

    async def _complete(self, action: lsp.CodeAction) -> None:
        """Find out what an action changes."""
        if action.edit is not None:
            return
        choice = Choice.from_data(action.data)
        document = None if choice is None else self._documents.get(choice.uri)
        if choice is None or document is None:
            raise JsonRpcInvalidParams("this action is none of an open document")
        changes = await self._work(lambda projects: projects.fixed(document, choice.key))
        if changes is None:
            raise JsonRpcException("the fix was not applied", lsp.LSPErrorCodes.RequestFailed)
        action.edit = self._edit(changes)

    def _edit(self, changes: tuple[Change, ...]) -> lsp.WorkspaceEdit:
        by_path = {document.path: document for document in self._documents.values()}
        edits: dict[str, list[lsp.TextEdit]] = {}
        versions: dict[str, int | None] = {}
        for change in changes:
            path = change.before.path
            document = by_path.get(path) or by_path.get(Path(path.name))  # one that has no file is known by its name
            uri = from_fs_path(str(path)) or "" if document is None else document.uri
            text = change.before.text
            edits[uri] = text_edits(text, difference(text, change.after.text), self._encoding)
            versions[uri] = None if document is None else document.version
        if not self._can("workspace.workspace_edit.document_changes"):
            return lsp.WorkspaceEdit(changes=edits)
        return lsp.WorkspaceEdit(
            document_changes=[
                lsp.TextDocumentEdit(lsp.OptionalVersionedTextDocumentIdentifier(uri, versions[uri]), of_one)
                for uri, of_one in edits.items()
            ]
        )

    def _resolves(self) -> bool:
        support = get_capability(self._server.client_capabilities, "text_document.code_action.resolve_support", None)
        has_data = self._can("text_document.code_action.data_support")
        return has_data and support is not None and "edit" in support.properties

    async def _hover(self, params: lsp.HoverParams) -> lsp.Hover | None:
        checked = await self._checked(params.text_document.uri)
        if checked is None or checked.source is None:
            return None
        return hover(checked.findings, params.position, Positions(checked.source.text, self._encoding))

    async def _checked(self, uri: str) -> Checked | None:
        document = self._documents.get(uri)
        return None if document is None else await self._work(lambda projects: projects.checked(document))

    # ---- the thread that checks

    async def _work(self, job: Callable[[Projects], T]) -> T | None:
        """Do something in the thread that checks; None where that failed, which is said."""
        projects = self._projects

        def work() -> tuple[T, list[Document]]:
            return job(projects), projects.take_outdated()

        try:
            result, outdated = await asyncio.get_running_loop().run_in_executor(self._worker, work)
        except PatternlintError as error:
            self._complain([str(error)])
        except Exception as error:  # the last barrier: the server goes on with the next document
            self._log(traceback.format_exc())
            self._complain([f"patternlint failed: {type(error).__name__}: {error}: {OUR_FAULT}"])
        else:
            for document in outdated:
                if document.uri in self._documents and document.uri not in self._due:
                    self._expect(document.uri, _QUIET)
            return result
        return None

    @property
    def _encoding(self) -> str:
        encoding = self._server.workspace.position_encoding or lsp.PositionEncodingKind.Utf16
        return str(getattr(encoding, "value", encoding))

    def _complain(self, problems: list[str]) -> None:
        """Tell the user, of each problem once."""
        for problem in problems:
            if problem not in self._said:
                self._said.add(problem)
                self._server.window_show_message(lsp.ShowMessageParams(lsp.MessageType.Warning, problem))

    def _log(self, text: str) -> None:
        self._server.window_log_message(lsp.LogMessageParams(lsp.MessageType.Log, text))
