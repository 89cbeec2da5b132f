"""Positions are right: the text at a finding's place is what its message talks about, and moves as the text moves.

Rows and columns count from 1, columns in code points (a tab, an astral character, a form feed: one each), ends are
exclusive; a byte order mark has no column, and a line ends at ``\\n``, ``\\r\\n`` or ``\\r`` only.
"""

from __future__ import annotations

import ast
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from fixtures import Case, cases, engine_for
from patternlint.catalogue import RULES
from patternlint.finding import Finding
from patternlint.flake8 import Plugin
from patternlint.source import Source

CASES = cases()
each_case = pytest.mark.parametrize("case", CASES, ids=lambda c: c.id)


def span(source: Source, finding: Finding) -> str:
    """The text at a finding's place."""
    start = source.line_start(finding.row) + finding.column - 1
    return source.text[start : source.line_start(finding.end_row) + finding.end_column - 1]


def quoted(message: str) -> list[str]:
    """What a message quotes, up to its reason."""
    return re.findall(r"'((?:[^']|(?<=\[)'|'(?=\]))+)'", message)


def definitions(whole: str, name: str) -> list[str]:
    """The code of the classes and functions of this name, without their decorators."""
    kinds = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    found = (n for n in ast.walk(ast.parse(whole)) if isinstance(n, kinds) and n.name == name)
    return [ast.get_source_segment(whole, n) or "" for n in found]


def _speaks_of(code: str, names: list[str]) -> bool:
    return all(re.search(rf"\b{re.escape(name)}(?!\w)", code) for name in names)


# ---- what the message talks about, rule by rule


def _class_that_is_built(text: str, message: str, _whole: str) -> bool:
    return text.isidentifier() and f" {text}()" in message


def _owner_of_the_slot(text: str, message: str, whole: str) -> bool:
    """The class whose attribute it is, else the function that fills the global."""
    names = quoted(message)
    return any(
        _speaks_of(code, names) and (code.startswith("class ") or not re.search(rf"\.{names[0]}\b", code))
        for code in definitions(whole, text)
    )


def _maker_of_one_class(text: str, message: str, whole: str) -> bool:
    return quoted(message) == [text] and definitions(whole, text) != []


def _function_that_is_called(text: str, message: str, whole: str) -> bool:
    return quoted(message)[0] == text and any(re.match("(async )?def ", code) for code in definitions(whole, text))


def _filler_of_a_global(text: str, message: str, whole: str) -> bool:
    function, slot = quoted(message)[:2]
    return function == text and any(re.search(rf"global .*\b{slot}\b", code) for code in definitions(whole, text))


def _holder_of_an_ignored_argument(text: str, message: str, whole: str) -> bool:
    argument, *asked = quoted(message)
    if "raises TypeError" in message:
        return message.startswith(f"{text}({argument}=")
    return any(_speaks_of(code, [argument, *asked]) for code in definitions(whole, text))


def _class_with_the_slot(text: str, message: str, whole: str) -> bool:
    shared, slot = quoted(message)[0], quoted(message)[-1]
    is_base = shared == text or any(f"({text})" in code for code in definitions(whole, shared))
    return is_base and any(code.startswith("class ") and _speaks_of(code, [slot]) for code in definitions(whole, text))


def _reload(text: str, message: str, whole: str) -> bool:
    module = quoted(message)[0].rpartition(".")[2]
    return any("reload(" in code and _speaks_of(code, [module]) for code in definitions(whole, text))


def _class_that_is_asked(text: str, message: str, whole: str) -> bool:
    names = quoted(message)[:2]
    return any(code.startswith("class ") and _speaks_of(code, names) for code in definitions(whole, text))


def _registration(text: str, message: str, _whole: str) -> bool:
    names = quoted(message.partition(": ")[0])
    return len(names) == 2 and all(name in text for name in names) and text.endswith(")")


def _container_that_is_made(text: str, message: str, _whole: str) -> bool:
    return text.startswith(f"self.{quoted(message)[0]}") and "=" in text


def _weak_reference(text: str, message: str, _whole: str) -> bool:
    what = quoted(message)
    return (what[0] if what else "lambda") in text


def _loop(text: str, message: str, whole: str) -> bool:
    container, walked = quoted(message)[0], text.partition(" in ")[2]
    return text.startswith("for ") and (
        container in walked or re.search(rf"\b{walked} = .*{container}", whole) is not None
    )


def _type_chain(text: str, message: str, _whole: str) -> bool:
    return text.startswith("if ") and ("isinstance(" in text or "type(" in text) and "isinstance" in message


def _chain(text: str, message: str, _whole: str) -> bool:
    return text.startswith("if ") and quoted(message)[0] in text.replace("\n", " ")


def _wrapper(text: str, message: str, _whole: str) -> bool:
    shown = quoted(message)[0]
    return (
        shown == text
        or (text == "__call__" and shown.startswith("a "))
        or (text.startswith("lambda") and "lambda" in shown)
    )


def _copied_to(text: str, message: str, whole: str) -> bool:
    decorator = quoted(message)[0]  # or the wrapper itself
    return decorator == text or any(_speaks_of(code, [text]) for code in definitions(whole, decorator))


def _carrier_of_wraps(text: str, message: str, whole: str) -> bool:
    if "never runs" in message:
        return quoted(message) == [text]
    if text.startswith("update_wrapper("):
        return quoted(message)[0] in text
    return any(
        re.search(rf"wraps\(.*\n\s*(async )?def {text}\b", code) for code in definitions(whole, quoted(message)[0])
    )


def _second_quoted(text: str, message: str, _whole: str) -> bool:
    return quoted(message)[1] == text


def _wrapper_that_changes(text: str, message: str, whole: str) -> bool:
    wrapper, decorator, state = quoted(message)
    return wrapper == text and any(_speaks_of(code, [text, state]) for code in definitions(whole, decorator))


def _cache(text: str, message: str, whole: str) -> bool:
    name = text.partition("(")[0].rpartition(".")[2]
    method = re.search(rf"@{re.escape(text)}.*\n(\s*@.*\n)*\s*(async )?def {quoted(message)[0]}\b", whole)
    return method is not None and re.search(rf"\b{name} (keeps|→)", message) is not None


def _import(text: str, message: str, _whole: str) -> bool:
    return text.startswith(("import ", "from ")) and any(
        name.rpartition(".")[2] in text for name in quoted(message)[1:]
    )


def _imports(text: str, message: str, _whole: str) -> bool:
    names = quoted(message.partition(" imported at the top")[0])
    return text.startswith(("import ", "from ")) and bool(names) and all(name in text for name in names)


IS_ABOUT: dict[str, Callable[[str, str, str], bool]] = {
    "PAT101": _class_that_is_built,
    "PAT102": _class_that_is_built,
    "PAT103": _class_that_is_built,
    "PAT104": _owner_of_the_slot,
    "PAT105": _owner_of_the_slot,
    "PAT106": _maker_of_one_class,
    "PAT107": _filler_of_a_global,
    "PAT108": _function_that_is_called,
    "PAT109": _holder_of_an_ignored_argument,
    "PAT110": _class_with_the_slot,
    "PAT113": _reload,
    "PAT115": _class_that_is_asked,
    "PAT301": _registration,
    "PAT302": _container_that_is_made,
    "PAT303": _weak_reference,
    "PAT305": _loop,
    "PAT310": _registration,
    "PAT401": _type_chain,
    "PAT403": _chain,
    "PAT501": _wrapper,
    "PAT502": _copied_to,
    "PAT503": _carrier_of_wraps,
    "PAT504": _second_quoted,
    "PAT505": _second_quoted,
    "PAT506": _wrapper_that_changes,
    "PAT507": _cache,
    "PAT901": _import,
    "PAT902": _imports,
    "PAT903": _import,
}


def test_every_rule_says_what_it_points_at() -> None:
    assert {entry.code for entry in RULES} == IS_ABOUT.keys()


@each_case
def test_the_place_is_what_the_message_talks_about(case: Case, tmp_path: Path) -> None:
    engine = engine_for(case.build(tmp_path))
    for name in (n for n in case.sources if n.endswith(".py")):
        source = Source.read(engine.project.root / name)
        for finding in engine.check(source):
            text = span(source, finding)
            assert text == text.strip() != "", finding
            assert finding.end_column - 1 <= len(source.line(finding.end_row).rstrip("\r\n")), finding
            assert IS_ABOUT[finding.code](text, finding.message, source.text), (text, finding.message)


# ---- metamorphic: how places move when the text does

Place = tuple[int, int]


class Moved(NamedTuple):
    """A text after a change, and where a place of the old one is in it."""

    data: bytes
    place: Callable[[int, int], Place]


def as_it_is(row: int, column: int) -> Place:
    return row, column


def crlf(text: str, _rows: set[int]) -> Moved:
    return Moved(text.replace("\n", "\r\n").encode(), as_it_is)


def byte_order_mark(text: str, _rows: set[int]) -> Moved:
    return Moved(b"\xef\xbb\xbf" + text.encode(), as_it_is)


def no_last_line_end(text: str, _rows: set[int]) -> Moved:
    return Moved(text.rstrip("\n").encode(), as_it_is)


def utf_16_pairs_above(text: str, _rows: set[int]) -> Moved:
    """A comment of astral and combining characters and of what str.splitlines takes for line ends is two lines high."""
    return Moved(f"# 𝄞 é e\u0301 \u2028 \u0085 😀\n#\n{text}".encode(), lambda row, column: (row + 2, column))


def docstring_above(text: str, rows: set[int]) -> Moved:
    if ast.get_docstring(ast.parse(text)) is not None or "from __future__" in text:
        return utf_16_pairs_above(text, rows)
    return Moved(f'"""𝄞 \u2029 é\x0c\n\n😀 """\n{text}'.encode(), lambda row, column: (row + 3, column))


def form_feeds(text: str, _rows: set[int]) -> Moved:
    """Pages: a line that is a form feed before each top-level definition; it ends no line."""
    first = ast.parse(text).body
    starts = sorted(min([n.lineno, *(d.lineno for d in getattr(n, "decorator_list", []))]) for n in first)
    lines = text.split("\n")
    for start in reversed(starts):
        lines.insert(start - 1, "\x0c")
    return Moved("\n".join(lines).encode(), lambda row, column: (row + sum(s <= row for s in starts), column))


def form_feed_in_line(text: str, _rows: set[int]) -> Moved:
    """A form feed is the first character of each top-level definition's line."""
    rows = {n.lineno for n in ast.parse(text).body if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    lines = ["\x0c" + line if row in rows else line for row, line in enumerate(text.split("\n"), 1)]
    return Moved("\n".join(lines).encode(), lambda row, column: (row, column + (row in rows)))


def tabs(text: str, _rows: set[int]) -> Moved:
    """Each level of indentation is one tab; a tab is one column."""
    lines = text.split("\n")
    levels = [(len(line) - len(line.lstrip(" "))) // 4 for line in lines]
    indented = ["\t" * level + line[4 * level :] for line, level in zip(lines, levels, strict=True)]
    return Moved("\n".join(indented).encode(), lambda row, column: (row, column - 3 * levels[row - 1]))


_BEFORE = "'𝄞é\\N{BELL}'; "


def astral_on_the_line(text: str, rows: set[int]) -> Moved:
    """A statement with an astral character stands before each simple statement that is reported."""
    simple = {n.lineno for n in ast.walk(ast.parse(text)) if isinstance(n, ast.stmt) and not hasattr(n, "body")}
    lines, shifted = text.split("\n"), set()
    for row in rows & simple:
        bare = lines[row - 1].lstrip()
        lines[row - 1] = lines[row - 1][: -len(bare)] + _BEFORE + bare
        shifted.add(row)
    return Moved("\n".join(lines).encode(), lambda row, column: (row, column + len(_BEFORE) * (row in shifted)))


CHANGES = [
    crlf, byte_order_mark, no_last_line_end, utf_16_pairs_above, docstring_above, form_feeds,
    form_feed_in_line, tabs, astral_on_the_line,
]  # fmt: skip


def found(root: Path, names: list[str]) -> dict[str, list[Finding]]:
    engine = engine_for(root)
    return {name: engine.check(Source.read(engine.project.root / name)) for name in names}


def summary(finding: Finding, move: dict[str, Callable[[int, int], Place]]) -> tuple[object, ...]:
    place = move[finding.path]
    return (
        finding.code, finding.confidence, finding.message, place(finding.row, finding.column),
        place(finding.end_row, finding.end_column),
        tuple((e.path, move[e.path](e.row, 1)[0], e.message) for e in finding.evidence),
    )  # fmt: skip


@each_case
def test_places_move_with_the_text(case: Case, tmp_path: Path) -> None:
    root = case.build(tmp_path / "before")
    names = [n for n in case.sources if n.endswith(".py")]
    before = found(root, names)
    shutil.copytree(root, tmp_path / "after")
    for change in CHANGES:
        move, same = {}, dict.fromkeys(names, as_it_is)
        for name in names:
            moved = change((root / name).read_bytes().decode(), {f.row for f in before[name]})
            (tmp_path / "after" / name).write_bytes(moved.data)
            move[name] = moved.place
        after = found(tmp_path / "after", names)
        for name in names:
            wanted = sorted(summary(f, move) for f in before[name])
            assert sorted(summary(f, same) for f in after[name]) == wanted, change.__name__


# ---- the fronts


@pytest.mark.parametrize("change", CHANGES, ids=lambda c: c.__name__)
def test_flake8_counts_columns_from_zero(change: Callable[[str, set[int]], Moved], tmp_path: Path) -> None:
    text = "import json\n\n\ndef dump(order):\n    import json\n    return json.dumps(order)\n"
    data = change(text, {5}).data
    (tmp_path / "patternlint.toml").touch()
    path = tmp_path / "subject.py"
    path.write_bytes(data)
    (finding,) = engine_for(tmp_path).check(Source.read(path))
    lines = data.decode("utf-8-sig").splitlines(keepends=True) if "\x0c" not in data.decode() else []
    lines = lines or re.split(r"(?<=\n)", data.decode("utf-8-sig"))
    said = list(Plugin(ast.parse(data), str(path), lines).run())
    assert [(row, column) for row, column, *_ in said] == [(finding.row, finding.column - 1)]
