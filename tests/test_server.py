"""The language server, as an editor has it: a client of the protocol and a server process that talk over pipes."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from editor import CAPABILITIES, COMMAND, PATIENCE, Editor, editing, spliced
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp
from project_tree import FIXED, TIMED, write_tree

from fixtures import FIXTURES
from patternlint.finding import Edit
from patternlint.server.actions import difference, text_edits
from patternlint.server.positions import Positions, changed
from patternlint.splicing import splice

LAMPS = FIXTURES / "PAT301-bound-method-in-observer-list" / "lamps" / "home"
ROW = 4  # of the finding in TIMED, from 0
BROKEN = "def pay(:\n"


def at(row: int, start: int, end_row: int, end: int) -> lsp.Range:
    return lsp.Range(lsp.Position(row, start), lsp.Position(end_row, end))


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A project with one finding."""
    return write_tree(tmp_path / "shop", {"patternlint.toml": "", "timed.py": TIMED})


def session(scenario: Callable[[Editor], Awaitable[None]], *folders: Path, **options: Any) -> None:
    """Play a scenario with an editor that has these folders open."""

    async def play() -> None:
        async with editing(*folders, **options) as editor:
            await scenario(editor)

    asyncio.run(play())


# ---- diagnostics


def test_findings_come_with_opening_and_go_with_the_defect(shop: Path) -> None:
    async def scenario(editor: Editor) -> None:
        uri = editor.open_file(shop / "timed.py")
        (found,) = await editor.diagnostics(uri)
        assert (found.code, found.source, found.range) == ("PAT501", "patternlint", at(ROW - 0, 8, ROW, 15))
        assert found.severity is lsp.DiagnosticSeverity.Warning
        assert "'wrapper'" in found.message
        editor.type(uri, FIXED)
        assert await editor.codes(uri) == []
        editor.type(uri, TIMED)
        assert await editor.codes(uri) == ["PAT501"]
        editor.save(uri)
        assert await editor.codes(uri, more_than=3) == ["PAT501"]
        editor.close_document(uri)
        await editor.until(lambda: editor.told[uri][-1].version is None)
        assert list(editor.told[uri][-1].diagnostics) == []
        assert editor.messages == []

    session(scenario, shop)


def test_edits_of_ranges_are_counted_in_utf_16_and_lines_end_where_python_ends_them(shop: Path) -> None:
    text = TIMED.replace("def timed", "NAMES = '🐍\t🐍', '\x0c\u2028'\n\n\ndef timed").replace("@timed", "# @timed")
    text = text.replace("\n", "\r\n")

    async def scenario(editor: Editor) -> None:
        uri = editor.open(f"{shop.as_uri()}/timed.py", text)
        before = await editor.diagnostics(uri)
        row = text.count("\n", 0, text.index("# @timed"))
        editor.type(uri, "' wrong ", at(3, 14, 3, 17))
        assert await editor.codes(uri) == ["PAT000"]
        editor.type(uri, "', ", at(3, 14, 3, 22))
        assert await editor.diagnostics(uri) == before
        editor.type(uri, "", at(row, 0, row, 2))
        (found,) = await editor.diagnostics(uri)
        assert found.range == at(ROW + 3, 8, ROW + 3, 15)
        (action,) = await editor.actions(uri, ROW + 3, ["source.fixAll"])
        editor.texts[uri] = text.replace("# @", "@")
        assert (await editor.apply(action))[uri] == editor.texts[uri].replace(
            "    def wrapper", "    @functools.wraps(function)\r\n    def wrapper"
        )

    session(scenario, shop)


def test_a_file_that_cannot_be_parsed_says_so_and_spoils_nothing_for_others(tmp_path: Path) -> None:
    home = write_tree(tmp_path / "house", {f"home/{p.name}": p.read_bytes() for p in LAMPS.glob("*.py")})
    write_tree(home, {"patternlint.toml": ""})

    async def scenario(editor: Editor) -> None:
        lamps, bus = editor.open_file(home / "home/lamps.py"), editor.open_file(home / "home/bus.py")
        before = await editor.codes(lamps)
        assert await editor.codes(bus) == ["PAT302"]
        editor.type(bus, BROKEN)
        (found,) = await editor.diagnostics(bus)
        assert (found.code, found.severity, found.range.start.line) == ("PAT000", lsp.DiagnosticSeverity.Error, 0)
        editor.type(lamps, editor.texts[lamps] + "\n")
        assert await editor.codes(lamps) == before
        editor.type(bus, "text = 'a\0b'\n")
        assert await editor.codes(bus) == ["PAT000"]

    session(scenario, home)


def test_what_is_not_saved_yet_counts_for_other_documents(tmp_path: Path) -> None:
    home = write_tree(tmp_path / "house", {f"home/{p.name}": p.read_bytes() for p in LAMPS.glob("*.py")})
    write_tree(home, {"patternlint.toml": ""})

    async def scenario(editor: Editor) -> None:
        lamps, bus = editor.open_file(home / "home/lamps.py"), editor.open_file(home / "home/bus.py")
        before = await editor.codes(lamps)
        count = len(editor.told[lamps])
        editor.type(bus, "def subscribe(callback):\n    callback()\n")
        assert await editor.codes(lamps, more_than=count) == ["PAT301"] != before
        editor.close_document(bus)
        assert await editor.codes(lamps, more_than=count + 1) == before

    session(scenario, home)


def test_files_that_change_on_disk_are_noticed(tmp_path: Path) -> None:
    files = {f"home/{p.name}": p.read_bytes() for p in LAMPS.glob("*.py")}
    home = write_tree(tmp_path / "house", {**files, "patternlint.toml": "", "base.ini": ""})

    async def scenario(editor: Editor) -> None:
        lamps = editor.open_file(home / "home/lamps.py")
        before = await editor.codes(lamps)
        await editor.until(lambda: "workspace/didChangeWatchedFiles" in editor.registered)
        for count, change in enumerate(
            [
                lambda: (home / "home/bus.py").unlink(),
                lambda: (home / "home/bus.py").write_bytes(files["home/bus.py"]),
                lambda: (home / "patternlint.toml").write_text('ignore = ["PAT301"]'),
                lambda: (home / "patternlint.toml").write_text('extend = "base.ini"'),
                lambda: (home / "base.ini").write_text('ignore = ["PAT301"]'),
                lambda: (home / "patternlint.toml").write_text(""),
                lambda: (home / "home/patternlint.toml").write_text('ignore = ["PAT301"]'),
            ]
        ):
            change()
            editor.workspace_did_change_watched_files(lsp.DidChangeWatchedFilesParams([]))
            found = await editor.codes(lamps, more_than=len(editor.told[lamps]))
            assert found == ([["PAT301"], before, [], before, [], before, []][count]), count

    session(scenario, home)


def test_a_document_whose_file_is_deleted_is_still_checked(shop: Path) -> None:
    async def scenario(editor: Editor) -> None:
        uri = editor.open_file(shop / "timed.py")
        assert await editor.codes(uri) == ["PAT501"]
        (shop / "timed.py").unlink()
        editor.type(uri, f"\n{TIMED}")
        assert [found.range.start.line for found in await editor.diagnostics(uri)] == [ROW + 1]
        new = editor.open(f"{shop.as_uri()}/other/new.py", TIMED)
        assert await editor.codes(new) == ["PAT501"]

    session(scenario, shop)


def test_documents_without_a_project_or_a_file(shop: Path, tmp_path: Path) -> None:
    alone = write_tree(tmp_path / "alone", {"timed.py": TIMED})
    write_tree(shop, {"venv/pyvenv.cfg": "", "venv/lib/timed.py": TIMED, "notes.txt": TIMED})

    async def scenario(editor: Editor) -> None:
        for uri in ("untitled:Untitled-1", (alone / "timed.py").as_uri(), f"{alone.as_uri()}/not%20saved.py"):
            assert await editor.codes(editor.open(uri, TIMED)) == ["PAT501"]
        (action,) = await editor.actions("untitled:Untitled-1", ROW, ["source.fixAll.patternlint"])
        assert await editor.apply(action) == {"untitled:Untitled-1": FIXED}
        for uri in ("git:/timed.py?ref=HEAD", (shop / "venv/lib/timed.py").as_uri(), "nonsense"):
            assert await editor.codes(editor.open(uri, TIMED)) == []
        assert await editor.codes(editor.open("file:///nul%00.py", TIMED)) == ["PAT501"]
        assert await editor.codes(editor.open((shop / "notes.txt").as_uri(), TIMED, "plaintext")) == []

    session(scenario, shop)


def test_each_folder_has_its_own_configuration(shop: Path, tmp_path: Path) -> None:
    quiet = write_tree(tmp_path / "quiet", {"patternlint.toml": 'ignore = ["PAT501"]', "timed.py": TIMED})
    tuned = write_tree(tmp_path / "tuned", {"timed.py": TIMED})
    settings = {tuned.as_uri(): {"select": ["observer"]}}

    async def scenario(editor: Editor) -> None:
        found = {folder: editor.open_file(folder / "timed.py") for folder in (shop, quiet, tuned)}
        assert [await editor.codes(uri) for uri in found.values()] == [["PAT501"], [], []]
        editor.settings = {}
        count = len(editor.told[found[tuned]])
        editor.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(None))
        assert await editor.codes(found[tuned], more_than=count) == ["PAT501"]

    session(scenario, shop, quiet, tuned, settings=settings)


@pytest.mark.parametrize("pulled", [True, False])
def test_settings_are_asked_for_or_come_unasked(shop: Path, pulled: bool) -> None:
    settings = {
        "select": ["missing-functools-wrap"],
        "minConfidence": "total",
        "ignore": "PAT501",
        "preview": 1,
        "configuration": "",
        "unsafeFixs": True,
        "enable": None,
    }
    capabilities = CAPABILITIES if pulled else lsp.ClientCapabilities()

    async def scenario(editor: Editor) -> None:
        uri = editor.open_file(shop / "timed.py")
        assert await editor.codes(uri) == ["PAT501"]
        said = "\n".join(editor.messages)
        for name in ("select", "minConfidence", "ignore", "preview", "configuration", "unsafeFixs"):
            assert f"patternlint.{name}: " in said
        assert "did you mean 'missing-functools-wraps'?" in said
        assert "did you mean 'unsafeFixes'?" in said
        assert len(set(editor.messages)) == len(editor.messages)
        editor.settings = {"": {"enable": False}}
        pushed = {"patternlint": {"enable": False}}
        editor.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(pushed))
        assert await editor.codes(uri, more_than=len(editor.told[uri])) == []

    session(
        scenario, shop, settings={"": settings} if pulled else {}, capabilities=capabilities,
        options=None if pulled else settings,
    )  # fmt: skip


def test_a_configuration_at_fault_is_said_once_and_read_again_when_it_is_right(shop: Path) -> None:
    (shop / "patternlint.toml").write_text("selekt = []")

    async def scenario(editor: Editor) -> None:
        uri = editor.open_file(shop / "timed.py")
        assert await editor.codes(uri) == []
        editor.type(uri, f"{TIMED}\n")
        assert await editor.codes(uri) == []
        (said,) = editor.messages
        assert "patternlint.toml:1: unknown key 'selekt'" in said
        (shop / "patternlint.toml").write_text("")
        editor.type(uri, TIMED)
        assert await editor.codes(uri) == ["PAT501"]

    session(scenario, shop)


# ---- actions


def test_each_fix_is_offered_verified_and_told_from_unsafe_ones(tmp_path: Path) -> None:
    home = write_tree(tmp_path / "house", {f"home/{p.name}": p.read_bytes() for p in LAMPS.glob("*.py")})
    write_tree(home, {"patternlint.toml": "", "timed.py": TIMED})

    async def scenario(editor: Editor) -> None:
        uri = editor.open_file(home / "timed.py")
        fix, ignore, everything = await editor.actions(uri, ROW)
        assert fix.title.endswith("(PAT501)")
        assert (fix.kind, fix.is_preferred, fix.edit) == (lsp.CodeActionKind.QuickFix, True, None)
        assert await editor.apply(fix) == {uri: FIXED}
        assert everything.kind == "source.fixAll.patternlint"
        assert await editor.apply(everything) == {uri: FIXED}
        assert await editor.actions(uri, ROW + 2, ["quickfix"]) == []
        assert await editor.actions(uri, ROW, ["refactor", "source.organizeImports"]) == []
        editor.type(uri, (await editor.apply(ignore))[uri])
        assert await editor.codes(uri) == []

        lamps = editor.open_file(home / "home/lamps.py")
        row = (await editor.diagnostics(lamps))[1].range.start.line
        fix, ignore = await editor.actions(lamps, row, ["quickfix"])
        assert "(PAT301, unsafe: " in fix.title
        assert not fix.is_preferred
        after = (await editor.apply(fix))[lamps]
        assert [line for line in after.splitlines() if line not in editor.texts[lamps].splitlines()] == [
            "from patternlint.runtime import weak_method",
            '        self._hub.raw_callbacks["lamp"].append(weak_method(self.dim))  # expect: PAT301',
        ]
        editor.settings = {"": {"unsafeFixes": False}}
        editor.workspace_did_change_configuration(lsp.DidChangeConfigurationParams(None))
        await editor.diagnostics(lamps, more_than=len(editor.told[lamps]))
        assert [action.title for action in await editor.actions(lamps, row, ["quickfix"])] == [ignore.title]

    session(scenario, home)


def test_an_editor_that_cannot_wait_gets_the_edits_at_once(shop: Path) -> None:
    literals = CAPABILITIES.text_document.code_action.code_action_literal_support  # type: ignore[union-attr]
    actions = lsp.CodeActionClientCapabilities(code_action_literal_support=literals)
    capabilities = lsp.ClientCapabilities(text_document=lsp.TextDocumentClientCapabilities(code_action=actions))

    async def scenario(editor: Editor) -> None:
        uri = editor.open_file(shop / "timed.py")
        found = await editor.actions(uri, ROW)
        assert all(action.edit is not None and action.edit.changes is not None for action in found)
        assert [await editor.apply(action) == {uri: FIXED} for action in found] == [True, False, True]

    session(scenario, shop, capabilities=capabilities)


def test_an_action_that_is_out_of_date_changes_nothing(shop: Path) -> None:
    async def scenario(editor: Editor) -> None:
        uri = editor.open_file(shop / "timed.py")
        fix, *_ = await editor.actions(uri, ROW)
        editor.type(uri, FIXED)
        with pytest.raises(Exception, match="the fix was not applied"):
            await editor.code_action_resolve_async(fix)
        for data in (None, {"uri": uri}, ["file:///nowhere.py", None], [uri, ["a", "b", "c", "d"]]):
            with pytest.raises(Exception, match="none of an open document"):
                await editor.code_action_resolve_async(lsp.CodeAction("x", data=data))
        assert await editor.codes(uri) == []

    session(scenario, shop)


@pytest.mark.parametrize(
    ("line", "acknowledged"),
    [
        ("    def wrapper(*args, **kwargs):", "    def wrapper(*args, **kwargs):  # noqa: PAT501"),
        ("    def wrapper(*args, **kwargs):  # why", "    def wrapper(*args, **kwargs):  # why  # noqa: PAT501"),
        (
            "    def wrapper(*args, **kwargs):  # noqa: E1, E2",
            "    def wrapper(*args, **kwargs):  # noqa: E1, E2, PAT501",
        ),
        (
            "    def wrapper(*args, k=''' ''', **kwargs):",
            "    def wrapper(*args, k=''' ''', **kwargs):  # noqa: PAT501",
        ),
        (
            "    def wrapper(*args, k='''\n''', **kwargs):",
            "    def wrapper(*args, k='''\n''', **kwargs):  # noqa: PAT501",
        ),
    ],
)
def test_ignore_writes_the_comment_that_counts(shop: Path, line: str, acknowledged: str) -> None:
    text = TIMED.replace("    def wrapper(*args, **kwargs):", line)

    async def scenario(editor: Editor) -> None:
        uri = editor.open(f"{shop.as_uri()}/timed.py", text)
        ignore = next(a for a in await editor.actions(uri, ROW) if a.title == "Ignore PAT501 on this line")
        after = (await editor.apply(ignore))[uri]
        assert after == text.replace(line, acknowledged)
        editor.type(uri, after)
        assert await editor.codes(uri) == []

    session(scenario, shop)


def test_the_mouse_gets_the_rules_explanation(shop: Path) -> None:
    async def scenario(editor: Editor) -> None:
        uri = editor.open_file(shop / "timed.py")
        for column, is_there in ((7, False), (8, True), (15, True), (16, False)):
            place = lsp.HoverParams(lsp.TextDocumentIdentifier(uri), lsp.Position(ROW, column))
            hover = await editor.text_document_hover_async(place)
            assert (hover is not None) is is_there
            if hover is not None:
                assert isinstance(hover.contents, lsp.MarkupContent)
                assert hover.contents.value.startswith("**PAT501** `missing-functools-wraps` (high confidence)")
                assert "takes the place of the function" in hover.contents.value
        nowhere = lsp.HoverParams(lsp.TextDocumentIdentifier("file:///nowhere.py"), lsp.Position(0, 0))
        assert await editor.text_document_hover_async(nowhere) is None

    session(scenario, shop)


# ---- positions


TEXTS = st.text(st.sampled_from("ab \t\n\r\x0c\u2028é€🐍😀"), max_size=30)


@pytest.mark.parametrize(("encoding", "codec"), [("utf-8", "utf-8"), ("utf-16", "utf-16-le"), ("utf-32", "utf-32-le")])
@given(text=TEXTS, data=st.data())
def test_every_offset_has_a_place_and_every_place_its_offset(
    encoding: str, codec: str, text: str, data: st.DataObject
) -> None:
    positions = Positions(text, encoding)
    offset = data.draw(st.integers(0, len(text)))
    place = positions.at(offset)
    before = text[:offset]
    if not (before.endswith("\r") and text[offset:].startswith("\n")):
        assert positions.offset(place) == offset
        lines = before.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        assert (place.line, place.character) == (len(lines) - 1, len(lines[-1].encode(codec)) // len("a".encode(codec)))
    far = positions.offset(lsp.Position(place.line, 10**9))
    assert "\n" not in text[offset:far]
    assert positions.offset(lsp.Position(10**9, 0)) == len(text)


@given(before=TEXTS, after=TEXTS)
def test_an_editor_gets_from_one_text_to_the_other(before: str, after: str) -> None:
    edits = list(difference(before, after))
    assert splice(before, edits) == after
    assert spliced(before, text_edits(before, edits, "utf-16")) == after


@given(text=TEXTS, new=TEXTS, data=st.data())
def test_a_change_of_a_range_is_made_as_the_editor_made_it(text: str, new: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    if "\r\n" in (text[start - 1 : start + 1], text[end - 1 : end + 1]):
        return  # no editor has a place between the two
    (edit,) = text_edits(text, [Edit(start, end, new)], "utf-16")
    change = lsp.TextDocumentContentChangePartial(edit.range, new)
    assert changed(text, change, "utf-16") == spliced(text, [edit])


# ---- editors that err


def framed(message: Any) -> bytes:
    body = message if isinstance(message, bytes) else json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


def talk(raw: bytes, cwd: Path) -> tuple[int, list[dict[str, Any]]]:
    """Say something to a server and close the line: its exit status, and all that it said."""
    done = subprocess.run(COMMAND, input=raw, capture_output=True, timeout=PATIENCE, cwd=cwd, check=False)
    rest, messages = done.stdout, []
    while rest:
        head, _, rest = rest.partition(b"\r\n\r\n")
        length = int(head.split(b"\r\n")[0].removeprefix(b"Content-Length: "))
        messages.append(json.loads(rest[:length]))
        rest = rest[length:]
    return done.returncode, messages


INITIALIZE = {
    "jsonrpc": "2.0", "id": 1, "method": "initialize",
    "params": {"processId": None, "rootUri": None, "capabilities": {}},
}  # fmt: skip


@pytest.mark.parametrize(
    "nonsense",
    [
        b"\x00\xff\r\n\r\nGET / HTTP/1.1\r\n\r\n",
        framed(b"{"),
        framed(b"\xff\xfe"),
        framed(b"[]"),
        framed(b"[" * 100_000),
        framed({"jsonrpc": "1.0", "id": 7, "method": "initialize"}),
        framed({"jsonrpc": "2.0", "method": "textDocument/didOpen", "params": {"textDocument": 1}}),
        framed({"jsonrpc": "2.0", "method": "textDocument/didChange", "params": {}}),
        framed({"jsonrpc": "2.0", "method": "no/such", "params": {"a": [None]}}),
        framed({"jsonrpc": "2.0", "id": 9, "result": None}),
        b"Content-Length: -1\r\n\r\nContent-Length: x\r\n\r\n",
    ],
    ids=range(11),
)
def test_nonsense_is_passed_over(tmp_path: Path, nonsense: bytes) -> None:
    goodbye = framed({"jsonrpc": "2.0", "id": 2, "method": "shutdown"}) + framed({"jsonrpc": "2.0", "method": "exit"})
    status, said = talk(nonsense + framed(INITIALIZE) + nonsense + goodbye, tmp_path)
    assert status == 0
    assert {"codeActionProvider", "hoverProvider"} <= next(m for m in said if m.get("id") == 1)["result"][
        "capabilities"
    ].keys()
    assert next(m for m in said if m.get("id") == 2)["result"] is None


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        ({"id": 5, "method": "no/such"}, -32601),
        ({"id": 5, "method": "textDocument/hover", "params": {"position": "here"}}, -32602),
        ({"id": 5, "method": "workspace/executeCommand", "params": {"command": "rm"}}, -32602),
    ],
)
def test_a_request_that_cannot_be_answered_is_refused(tmp_path: Path, request_: dict[str, Any], code: int) -> None:
    _, said = talk(framed(INITIALIZE) + framed({"jsonrpc": "2.0", **request_}), tmp_path)
    assert next(m for m in said if m.get("id") == 5)["error"]["code"] == code


@pytest.mark.parametrize(
    "said",
    [b"", b"Content-Le", framed(INITIALIZE), framed(INITIALIZE)[:-3], framed({"jsonrpc": "2.0", "method": "exit"}),
     b"Content-Length: 99999999999999999999\r\n\r\n{}"],
    ids=["nothing", "half a header", "hello", "half a body", "exit alone", "too much"],
)  # fmt: skip
def test_an_editor_that_just_goes_takes_the_server_along(tmp_path: Path, said: bytes) -> None:
    assert talk(said, tmp_path)[0] not in (0, None)


def test_edits_of_documents_that_are_not_open_are_noted(shop: Path) -> None:
    async def scenario(editor: Editor) -> None:
        uri = (shop / "timed.py").as_uri()
        editor._versions[uri] = 1
        editor.type(uri, FIXED)
        editor.close_document(uri)
        editor.save(uri)
        await editor.until(lambda: any("which is not open" in line for line in editor.log))
        assert await editor.codes(editor.open_file(shop / "timed.py")) == ["PAT501"]

    session(scenario, shop)


def test_a_storm_of_edits_ends_with_the_last_text(shop: Path) -> None:
    async def scenario(editor: Editor) -> None:
        uri = editor.open_file(shop / "timed.py")
        for number in range(400):
            editor.type(uri, f"# {number}\n", at(0, 0, 0 if number == 0 else 1, 0))
            await asyncio.sleep(1 / 200)
        last = editor._versions[uri]
        (found,) = await editor.diagnostics(uri)
        assert found.range.start.line == ROW + 1
        told = [params.version or 0 for params in editor.told[uri]]
        assert told == sorted(told)
        assert 1 < len(told) < last / 2, "it shows something now and then, and not each text"
        assert editor.messages == []

    session(scenario, shop)


def test_nobody_else_writes_where_the_protocol_is(tmp_path: Path) -> None:
    program = (
        "import os, sys\n"
        "from patternlint.commands.server import _streams_of_protocol\n"
        "reader, writer = _streams_of_protocol()\n"
        "print('a rule'); os.system('echo a child; cat'); os.write(1, b'a library')\n"
        "writer.write(reader.read()); writer.flush()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], input=b"the editor", capture_output=True, check=True)
    assert done.stdout == b"the editor"
    assert all(word in done.stderr for word in (b"a rule", b"a child", b"a library"))


def test_without_the_extra_it_says_what_to_install(tmp_path: Path) -> None:
    program = "import sys; sys.modules['pygls'] = None; from patternlint.cli import main; sys.exit(main(['server']))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'patternlint[server]'" in done.stderr
