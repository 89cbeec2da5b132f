"""The pages of rules and families, written for the site: ``docs/rules/``, which is not kept."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from importlib import import_module
from pathlib import Path

import patternlint.runtime
from patternlint.catalogue import FAMILIES, RULES
from patternlint.rule_entry import RuleEntry
from patternlint.rule_pages import explanation, page
from patternlint.selection import TOOL_RULES

REPOSITORY = "https://github.com/patternlint/patternlint/"
_WITH_LEAVE = (
    "Fixes import it only with leave: as a dependency, or as [a copy of your own](../runtime.md#a-copy-of-your-own)."
)
_FIX = {"safe": "safe", "unsafe": "unsafe", "display": "none"}


def write(folder: Path) -> None:
    """Write the pages, and take away those of rules that are no more; what has not changed is left alone."""
    folder.mkdir(exist_ok=True)
    wanted = dict(_pages())
    for path in folder.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        path = folder / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_text(text, "utf-8")


def _pages() -> Iterator[tuple[str, str]]:
    families = [family for family in FAMILIES if _of(family)]
    yield "index.md", _overview(families)
    for family in families:
        yield f"{family}.md", _family(family)
    for entry in (*TOOL_RULES, *RULES):
        yield f"{entry.code}.md", _linked(page(entry)) + "\n"


def _of(family: str) -> list[RuleEntry]:
    return [entry for entry in RULES if entry.family == family]


def _overview(families: list[str]) -> str:
    parts = ["# The rules", _INTRODUCTION]
    for family in families:
        parts += [f"## [{family.capitalize()}]({family}.md)", _table(_of(family))]
    parts += ["## patternlint's own", _table(TOOL_RULES), _contents([*families, *(entry.code for entry in TOOL_RULES)])]
    return "\n\n".join(parts) + "\n"


_INTRODUCTION = """\
Each page begins with what happens in production, and shows bad code and the code to write instead. It says what is not
reported, when the fix is safe and every reason why it may not be, how to keep the code as it is, and what was measured
on real code. `patternlint rule CODE` prints the same page in the terminal.

*Preview* rules run with `--preview` (or `preview = true`) only. The last column is the best that a fix of the rule can
be: [what safe means](../fix-safety.md)."""


def _family(family: str) -> str:
    entries = _of(family)
    about = inspect.getdoc(import_module(entries[0].module.rpartition(".")[0])) or ""
    return "\n\n".join(
        [
            f"# {family.capitalize()}",
            about.partition(": ")[2].capitalize(),
            "## Rules",
            _table(entries),
            "## In the runtime",
            _runtime(entries),
            _contents(entry.code for entry in entries),
            "",
        ]
    )


def _runtime(entries: list[RuleEntry]) -> str:
    """What the rules of a family say to write, of what the runtime has."""
    said = "\n".join(explanation(entry) for entry in entries)
    rows = [
        f"| [`{name}`](../runtime.md#{_anchor(name)}) | {_first_line(name)} |"
        for name in patternlint.runtime.__all__
        if re.search(rf"(patternlint\.runtime[\w.]*(?: import |\.)|`)(\w+, )*{name}\b", said)
        and getattr(patternlint.runtime, name).__doc__
    ]
    if not rows:
        return "Nothing: what the rules of this family want is in the language and its standard library."
    table = "\n".join(["| | |", "|---|---|", *rows])
    return f"{table}\n\n{_WITH_LEAVE}"


def _anchor(name: str) -> str:
    """Where the runtime's page tells of a name."""
    text = (Path(__file__).parent / "runtime.md").read_text("utf-8")
    row = re.search(rf"^\|.*\[[^]]*`{name}`[^]]*\]\(#([\w-]+)\)", text, re.MULTILINE)
    return row[1] if row else name.lower()


def _first_line(name: str) -> str:
    return (inspect.getdoc(getattr(patternlint.runtime, name)) or "").partition("\n")[0]


def _table(entries: Iterable[RuleEntry]) -> str:
    rows = [
        f"| [{entry.code}]({entry.code}.md) | `{entry.name}`{' *(preview)*' if entry.preview else ''} "
        f"| {_prose(entry.summary)} | {_FIX[entry.applicability]} |"
        for entry in entries
    ]
    return "\n".join(["| code | name | what goes wrong | fix |", "|---|---|---|---|", *rows])


def _contents(names: Iterable[str]) -> str:
    return "\n".join(["```{toctree}", ":hidden:", "", *names, "```"])


def _prose(sentence: str) -> str:
    """A sentence in which the names with underscores stay what they are."""
    return re.sub(r"(?<!`)\b(_\w+)", r"`\1`", sentence)


def _linked(text: str) -> str:
    """A page on which the codes of other rules lead to their pages."""
    known = {entry.code for entry in (*TOOL_RULES, *RULES)}

    def link(found: re.Match[str]) -> str:
        return f"[{found[0]}]({found[0]}.md)" if found[0] in known else found[0]

    # every other part is code or a heading
    parts = re.split(r"(```.*?```|`[^`]*`|^#[^\n]*)", text, flags=re.DOTALL | re.MULTILINE)
    return "".join(part if number % 2 else re.sub(r"\bPAT\d{3}\b", link, part) for number, part in enumerate(parts))
