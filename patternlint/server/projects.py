"""The projects that an editor's documents belong to, as they are with what has not been saved yet.

A project shows the open documents in place of their files. Each is checked again only when it changes, or something
that its findings rest on. While a document cannot be parsed, the others go on seeing its last text that could.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from patternlint.batch import not_decoded
from patternlint.config import layers
from patternlint.errors import OUR_FAULT, PatternlintError
from patternlint.finding import Finding
from patternlint.fixer import Change, FixKey, fix
from patternlint.fixing import fix_alone, withdraw
from patternlint.project.project import Project, Upset
from patternlint.project.reads import Known
from patternlint.project.root import PYPROJECT, Root, Roots, is_too_much
from patternlint.selection import Selection
from patternlint.server.client_settings import ClientSettings
from patternlint.server.documents import Document
from patternlint.source import DecodeError, Source
from patternlint.workspace import Workplace, Workspace

if TYPE_CHECKING:
    from patternlint.engine import Engine

_NOWHERE = Path(os.path.abspath(os.sep))  # no project is there: what lies in no folder of the editor stands alone


class Checked(NamedTuple):
    """What came of one version of a document.

    `source` is None where it is left out, or no text; `engine` is None where it is left out.
    """

    document: Document
    settings: ClientSettings
    source: Source | None = None
    findings: tuple[Finding, ...] = ()
    engine: Engine | None = None


class Projects:
    """The projects of the open documents. It serves one thread.

    Args:
        folders: those that the editor has open, with the settings for each.
        elsewhere: the settings for documents outside them.
    """

    def __init__(self, folders: Mapping[Path, ClientSettings], elsewhere: ClientSettings) -> None:
        self._folders = folders
        self._elsewhere = elsewhere
        self._workspaces: dict[Path, Workspace] = {}
        self._views: dict[Workplace, _View] = {}
        self._open: dict[str, Document] = {}
        self._checked: dict[str, Checked] = {}
        self._outdated: set[str] = set()

    def check(self, document: Document) -> Checked:
        """What is found in a document, which is open from now on.

        Raises:
            PatternlintError: the configuration is at fault.
        """
        self._open[document.uri] = document
        self._outdated.discard(document.uri)
        checked = self._checked[document.uri] = self._check(document)
        return checked

    def checked(self, document: Document) -> Checked:
        """The same, taken from before where nothing has changed."""
        known = self._checked.get(document.uri)
        if known is not None and known.document is document and document.uri not in self._outdated:
            return known
        return self.check(document)

    def take_outdated(self) -> list[Document]:
        """The open documents whose findings may be others now, each told once."""
        uris, self._outdated = self._outdated, set()
        return [self._open[uri] for uri in sorted(uris) if uri in self._open]

    def close(self, uri: str) -> None:
        """A document is closed: what is on disk counts again."""
        document = self._open.pop(uri, None)
        self._checked.pop(uri, None)
        if document is not None and not document.is_unnamed:
            for view in self._views.values():
                self._tell(view.let_go(document.path), document.path, view)

    def catch_up(self) -> bool:
        """Whether files or configurations have changed on disk: then all that was known of the projects is dropped."""
        open_paths = {document.path for document in self._open.values()}
        if not any(view.is_outdated(open_paths) for view in self._views.values()):
            return False
        self._workspaces.clear()
        self._views.clear()
        self._checked.clear()
        self._outdated.update(self._open)
        return True

    def fixed(self, document: Document, key: FixKey | None = None) -> tuple[Change, ...]:
        """What the fix of a finding changes; without one what all safe fixes change in the document alone.

        Raises:
            PatternlintError: the fix cannot be applied.
        """
        checked = self.checked(document)
        source, engine = checked.source, checked.engine
        if source is None or engine is None:
            return ()
        if key is None:
            result = fix_alone(source, engine, unsafe=False)
        else:
            result = fix(source, engine, unsafe=True, only={key})
        withdraw(result.changes, engine)
        if key is not None and not result.changes:
            why = result.failed[0].reason if result.failed else "the finding is not there any more"
            raise PatternlintError(f"the fix of {key.code} was not applied: {why}", OUR_FAULT if result.failed else "")
        for change in result.changes:
            self._expect(change.before)
        return result.changes

    def _expect(self, source: Source) -> None:
        """Make sure that a text is the one that the editor has."""
        for document in self._open.values():
            if document.path == source.path and document.source(source.path).text != source.text:
                what = f"the fix changes {source.path.name}, which cannot be parsed as it is now"
                raise PatternlintError(what, "correct its syntax first")

    # ---- inside

    def _check(self, document: Document) -> Checked:
        folder = self._folder(document)
        settings = self._folders.get(folder, self._elsewhere)
        if not settings.enable or not document.is_checked:
            return Checked(document, settings)
        workspace = self._workspace(folder)
        if not document.is_unnamed and workspace.excludes(document.path):
            return Checked(document, settings)
        place = workspace.of((folder if folder in self._folders else Path.cwd()) / document.path)
        path, view = place.settings.root / document.path, None
        if document.is_unnamed or is_too_much(place.settings.root):
            engine = _engine_of_one(place, path)
        else:
            view = self._view(place, folder, path)
            engine = view.engine
        try:
            source = document.source(path)
        except DecodeError as error:
            finding = not_decoded(path, error, engine.settings)
            found = (finding,) if Selection(engine.settings).admits(finding) else ()
            return Checked(document, settings, None, found, engine)
        if view is None:
            return Checked(document, settings, source, tuple(engine.check(source)), engine)
        self._tell(view.show(source), path, view)
        return Checked(document, settings, source, view.check(source), engine)

    def _folder(self, document: Document) -> Path:
        """The innermost of the editor's folders around a document; the first one for a document without a file."""
        if document.is_unnamed:
            return next(iter(self._folders), _NOWHERE)
        around = [folder for folder in self._folders if document.path.is_relative_to(folder)]
        return max(around, key=lambda folder: len(folder.parts), default=_NOWHERE)

    def _workspace(self, folder: Path) -> Workspace:
        if folder not in self._workspaces:
            overrides = self._folders.get(folder, self._elsewhere).overrides
            isolated = overrides.configuration is not None
            self._workspaces[folder] = Workspace(folder, adjust=overrides.apply, isolated=isolated)
        return self._workspaces[folder]

    def _view(self, place: Workplace, folder: Path, path: Path) -> _View:
        if place not in self._views:
            view = self._views[place] = _View(place, folder)
            for document in self._open.values():
                if self._is_in(document, place, folder):
                    view.show(document.source(document.path))
        self._views[place].note_root(path)
        return self._views[place]

    def _is_in(self, document: Document, place: Workplace, folder: Path) -> bool:
        if document.is_unnamed or not document.is_checked or "\0" in document.text:
            return False
        workspace = self._workspace(folder)
        is_here = self._folder(document) == folder and workspace.of(document.path) is place
        return is_here and not workspace.excludes(document.path)

    def _tell(self, upset: Upset, path: Path, view: _View) -> None:
        """Note which other open documents have to be checked again."""
        paths = set(view.resting_on(upset)) - {path}
        self._outdated.update(uri for uri, document in self._open.items() if document.path in paths)


class _View:
    """One project with the open documents in place of their files.

    Args:
        place: the project.
        folder: the editor's folder that it was met in.
    """

    def __init__(self, place: Workplace, folder: Path) -> None:
        self._place = place
        self._folder = folder
        self._roots: dict[Path, Root] = {}  # of the folders of documents
        configuration = place.settings.configuration
        self._configured_by = [] if configuration is None else [layer.text.path for layer in layers(configuration)]
        self._stamps = self._look()
        self._rests_on: dict[Path, Known] = {}

    @cached_property
    def engine(self) -> Engine:
        """The project's engine, whatever file is looked at: one that is not saved yet is as good as the others."""
        return self._place.engine

    def note_root(self, path: Path) -> None:
        """Remember which root a document's folder has."""
        if path.parent not in self._roots:
            self._roots[path.parent] = Roots(self._folder).of(path)

    def show(self, source: Source) -> Upset:
        """Let a document's text stand for its file; what rested on the text before."""
        from patternlint.engine import room

        project = self.engine.project
        try:
            with room():
                module = project.facts(source)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return Upset()
        if (name := os.fspath(source.path)) not in self._stamps:
            self._stamps[name] = ""
            return project.welcome(source.path).and_(project.overlay(source, module))
        now = project.source_at(source.path)
        if now is None or now.text != source.text:
            return project.overlay(source, module)
        project.keep(module)
        return Upset()

    def check(self, source: Source) -> tuple[Finding, ...]:
        """What is found in a document, what that rests on being noted."""
        known = Known()
        with self.engine.project.recording(known):
            findings = self.engine.check(source)
        self._rests_on[source.path] = known
        return tuple(findings)

    def let_go(self, path: Path) -> Upset:
        """A document is closed; what rested on its text."""
        if self._rests_on.pop(path, None) is None:
            return Upset()
        try:
            source = Source.read(path)
            self._stamps[os.fspath(path)] = _stamp(os.fspath(path))
        except (OSError, PatternlintError):
            self._stamps[os.fspath(path)] = "gone"  # catching up finds that out
            return Upset()
        return self.show(source)

    def resting_on(self, upset: Upset) -> Iterator[Path]:
        """The documents whose findings may be others now."""
        return (path for path, known in self._rests_on.items() if upset.concerns(known))

    def is_outdated(self, open_paths: Iterable[Path]) -> bool:
        """Whether the project's files or its configuration are others now; of open documents the editor tells."""
        now = self._look()
        for path in map(os.fspath, open_paths):
            if path in self._stamps and (path in now or not self._stamps[path]):
                self._stamps[path] = now.setdefault(path, "")
        roots = Roots(self._folder)
        return now != self._stamps or any(roots.of_folder(os.fspath(f)) != root for f, root in self._roots.items())

    def _look(self) -> dict[str, str]:
        settings = self._place.settings
        others = map(os.fspath, (settings.root / PYPROJECT, *self._configured_by))
        return {name: _stamp(name) for name in (*settings.discovery.names_in(settings.root), *others)}


def _stamp(name: str) -> str:
    try:
        status = os.stat(name)
    except OSError:
        return ""
    return f"{status.st_mtime_ns}:{status.st_size}:{status.st_ino}"


def _engine_of_one(place: Workplace, path: Path) -> Engine:
    """An engine for a document that stands alone, with the settings that hold where it is."""
    from patternlint.engine import Engine

    return Engine(place.settings, Project(place.settings.root, place.settings, (path,)))
