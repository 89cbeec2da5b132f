"""Whatever parses survives: random changes to real code, through findings, fixes and verification."""

from __future__ import annotations

import ast
import tempfile
import warnings
from collections import Counter
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from fixtures import cases, engine_for
from patternlint.fixer import fix
from patternlint.source import Source

TEXTS = [
    path.read_bytes().decode("utf-8")
    for case in cases()
    for name, path in case.sources.items()
    if name.endswith(".py") and path.stat().st_size < 6000
]
LINE_ENDS = st.sampled_from(["\n", "\r\n", "\r"])


@st.composite
def modules(draw: st.DrawFn, line_ends: st.SearchStrategy[str] = LINE_ENDS) -> str:
    """A fixture with lines taken out, doubled, commented, with other line ends, tabs or characters."""
    lines = draw(st.sampled_from(TEXTS)).split("\n")
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
            ast.parse(text)
    except (SyntaxError, ValueError):
        return False
    return True


@settings(max_examples=300)
@given(modules(), st.booleans(), st.booleans())
def test_any_module_survives_findings_and_fixes(text: str, bom: bool, unsafe: bool) -> None:
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
        result = fix(source, engine, unsafe=unsafe)
        if not parses(text):
            assert result.source.data == data
            return
        assert result.converged
        assert parses(result.source.text)
        assert not Counter(source.comments.values()) - Counter(result.source.comments.values())
        assert result.source.bom == source.bom
        if not result.applied:
            assert result.source.data == data
        again = fix(result.source, engine_for(root), unsafe=unsafe)
        assert again.source.data == result.source.data


def test_a_chain_of_two_thousand_branches_is_no_crash(tmp_path: Path) -> None:
    (tmp_path / "patternlint.toml").touch()
    branches = "".join(f"    {'el' if i else ''}if x == 'k{i}':\n        return {i}\n" for i in range(2000))
    source = Source(tmp_path / "subject.py", f"def f(x: str):\n{branches}".encode())
    (tmp_path / "subject.py").write_bytes(source.data)
    result = fix(source, engine_for(tmp_path), unsafe=True)
    assert result.converged
    assert parses(result.source.text)


@settings(max_examples=60)
@given(modules(st.just("\n")))  # LibCST gives lone carriage returns back differently, depending on what is around them
def test_the_short_cuts_change_no_finding(text: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        (root / "patternlint.toml").touch()
        source = Source(root / "subject.py", text.encode())
        (root / "subject.py").write_bytes(source.data)
        assert engine_for(root).check(source) == engine_for(root, whole_modules=True).check(source)
