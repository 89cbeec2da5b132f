"""Whatever parses survives: generated modules and changed real code, through findings, fixes and verification."""

from __future__ import annotations

import ast
import difflib
import symtable
import tempfile
import warnings
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures import cases, engine_for
from generated import generated_modules
from patternlint.finding import Finding
from patternlint.fixer import FixResult, fix
from patternlint.source import Source, lines_of
from realcode import stdlib_files

LARGEST = 6000
TEXTS = [
    path.read_bytes().decode("utf-8")
    for case in cases()
    for name, path in case.sources.items()
    if name.endswith(".py") and path.stat().st_size < LARGEST
]
REAL = [
    p.read_bytes().decode("utf-8")
    for p in stdlib_files(60)
    if 500 < p.stat().st_size < LARGEST and p.read_bytes().isascii()
]
LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])


@st.composite
def changed_modules(draw: st.DrawFn, line_ends: st.SearchStrategy[str] = LINE_ENDS) -> str:
    """Existing code with lines taken out, doubled, commented, with other line ends, tabs or characters."""
    lines = draw(st.sampled_from(TEXTS if draw(st.integers(0, 3)) else REAL)).split("\n")
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        change = draw(st.sampled_from(["drop", "double", "comment", "comment above", "blank", "form feed", "astral"]))
        indent = lines[at][: len(lines[at]) - len(lines[at].lstrip())]
        match change:
            case "drop" if len(lines) > 1:
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "comment":
                lines[at] += "  # änderung 𝄞"
            case "comment above":
                lines.insert(at, f"{indent}# noqa is not meant here, type: nothing")
            case "blank":
                lines.insert(at, "   ")
            case "form feed":
                lines.insert(at, "\x0c")
            case "astral":
                lines.insert(at, f"{indent}'𝄞 é'; ()")
    if draw(st.booleans()):
        lines = [line.replace("    ", "\t") for line in lines]
    end = draw(line_ends)
    text = "".join(line + (draw(line_ends) if draw(st.integers(0, 20)) == 0 else end) for line in lines)
    return text if draw(st.booleans()) else text.rstrip("\r\n")


def parses(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "text", "exec", dont_inherit=True)
    except (SyntaxError, ValueError):
        return False
    return True


def public_names(text: str) -> set[str]:
    """What a module binds at its top, names that begin with an underscore left out."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        top = symtable.symtable(text, "text", "exec")
    bound = (s for s in top.get_symbols() if s.is_assigned() or s.is_imported() or s.is_namespace())
    return {s.get_name() for s in bound if not s.get_name().startswith("_")}


def rows_edited(source: Source, findings: list[Finding]) -> set[int]:
    edits = [edit for f in findings if f.fix is not None for edit in f.fix.edits]
    return {row for e in edits for row in range(source.position(e.start)[0], source.position(e.end)[0] + 1)}


def check_the_rest(source: Source, result: FixResult, first: list[Finding]) -> None:
    """What no edit is about is there byte for byte, where all fixes were made at once; imports may grow."""
    if any(applied.finding not in first for applied in result.applied):
        return
    old, new = lines_of(source.text), lines_of(result.source.text)
    edited = rows_edited(source, [applied.finding for applied in result.applied])
    for tag, start, end, *_ in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        for row in range(start + 1, end + 1) if tag in ("replace", "delete") else ():
            line = old[row - 1].strip()
            assert row in edited or not line or line.startswith("from ") or line.rstrip(",").isidentifier(), (row, line)


def check_survives(text: str, *, bom: bool, unsafe: bool) -> None:
    data = (b"\xef\xbb\xbf" if bom else b"") + text.encode()
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        (root / "patternlint.toml").touch()
        path = root / "subject.py"
        path.write_bytes(data)
        source = Source.read(path)
        engine = engine_for(root)
        findings = engine.check(source)
        for finding in findings:
            assert 1 <= finding.row <= max(finding.end_row, source.rows)
            assert 1 <= finding.column <= len(source.line(finding.row)) + 1
            start = source.line_start(finding.row) + finding.column - 1
            assert source.text[start : start + 1].strip() or finding.code == "PAT000", finding
        result = fix(source, engine, unsafe=unsafe)
        if not parses(text):
            assert result.source.data == data or not parses(result.source.text)
            return
        assert result.converged
        spoilt = [(f.finding.code, f.reason) for f in result.failed if f.is_bug]
        assert not spoilt, spoilt
        assert parses(result.source.text)
        assert not Counter(source.comments.values()) - Counter(result.source.comments.values())
        assert result.source.bom == source.bom
        assert public_names(text) <= public_names(result.source.text)
        check_the_rest(source, result, findings)
        if not result.applied:
            assert result.source.data == data
        again = fix(result.source, engine_for(root), unsafe=unsafe)
        assert again.source.data == result.source.data


@settings(max_examples=150)
@given(changed_modules(), st.booleans(), st.booleans())
def test_changed_real_code_survives(text: str, bom: bool, unsafe: bool) -> None:
    check_survives(text, bom=bom, unsafe=unsafe)


@settings(max_examples=200)
@given(generated_modules(), st.booleans(), st.booleans())
def test_generated_code_survives(text: str, bom: bool, unsafe: bool) -> None:
    check_survives(text, bom=bom, unsafe=unsafe)


@settings(max_examples=60)
@given(generated_modules())
def test_generated_code_compiles(text: str) -> None:
    ast.parse(text)


def test_a_chain_of_two_thousand_branches_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "patternlint.toml").touch()
    branches = "".join(f"    {'el' if i else ''}if x == 'k{i}':\n        return {i}\n" for i in range(2000))
    source = Source(tmp_path / "subject.py", f"def f(x: str):\n{branches}".encode())
    (tmp_path / "subject.py").write_bytes(source.data)
    result = fix(source, engine_for(tmp_path), unsafe=True)
    assert result.converged
    assert parses(result.source.text)


def check_short_cuts(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        (root / "patternlint.toml").touch()
        source = Source(root / "subject.py", text.encode())
        (root / "subject.py").write_bytes(source.data)
        assert engine_for(root).check(source) == engine_for(root, whole_modules=True).check(source)


@settings(max_examples=50)
@given(
    changed_modules(st.just("\n"))
)  # LibCST gives lone carriage returns back differently, depending on what is around
def test_the_short_cuts_change_no_finding(text: str) -> None:
    check_short_cuts(text)


@settings(max_examples=50)
@given(generated_modules())
def test_the_short_cuts_change_no_finding_of_generated_code(text: str) -> None:
    check_short_cuts(text)
