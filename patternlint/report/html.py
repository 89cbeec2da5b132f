"""The format ``html``: a report in one file that needs nothing else, for a browser, a phone or a printer.

Whatever comes from sources and names goes through :func:`text_of`, and the page's own policy lets no style or script
take effect but the two that are in it. Without JavaScript everything is there; only the filter is not.
"""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterator, Sequence
from hashlib import sha256
from itertools import groupby
from pathlib import Path
from string import Template

from patternlint.catalogue import RULES
from patternlint.finding import Confidence
from patternlint.report.html_finding import REPAIRS, Entry, article, text_of
from patternlint.report.prose import as_html
from patternlint.report.shown import Look, Shown, by_file, counted, fingerprints_of
from patternlint.rule_pages import explanation
from patternlint.selection import TOOL_RULES
from patternlint.version import VERSION

_HERE = Path(__file__).parent
_OPEN = 20  # findings; of more, each is closed at first
_RULES = {entry.code: entry for entry in (*TOOL_RULES, *RULES)}
_CONFIDENCES = [confidence.name.lower() for confidence in sorted(Confidence, reverse=True)]


def render(found: Sequence[Shown], look: Look) -> Iterator[str]:
    """The page; in ASCII, so that it is what its first lines say, wherever it is written to."""
    style, script = _asset("page.css"), _asset("page.js")
    entries = [
        Entry(shown, _RULES[shown.finding.code].family, fingerprint)
        for shown, fingerprint in zip(found, fingerprints_of(found), strict=True)
    ]
    page = Template(_asset("page.html")).substitute(
        policy=f"default-src 'none'; style-src {_hash(style)}; script-src {_hash(script)}; "
        "base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'",
        style=style,
        script=script,
        project=text_of(Path.cwd().name),
        version=VERSION,
        overview="\n".join(_overview(entries, look)),
        filter="\n".join(_filter(entries)),
        findings="\n".join(_findings(entries)),
    )
    yield page.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _asset(name: str) -> str:
    return (_HERE / name).read_text(encoding="ascii")


def _hash(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"


def _patterns(entries: Sequence[Entry]) -> list[str]:
    """The patterns that something was found of, in the order of the rules' codes."""
    by_code = sorted(entries, key=lambda entry: entry.code)
    return list(dict.fromkeys(entry.pattern for entry in by_code))


# ---- the overview


def _overview(entries: Sequence[Entry], look: Look) -> Iterator[str]:
    repairs = Counter(entry.repair for entry in entries)
    tiles = [
        (len(entries), "finding" if len(entries) == 1 else "findings"),
        (files := len(by_file(entry.shown for entry in entries)), "file" if files == 1 else "files"),
        (repairs["safe"], "with a safe fix"),
        (repairs["unsafe"], "with an unsafe fix"),
    ]
    yield '<ul class="tiles">'
    for number, what in tiles:
        yield f"<li><strong>{number}</strong> {what}</li>"
    yield "</ul>"
    if look.errors:
        yield f'<section class="errors"><h2>{counted(len(look.errors), "thing")} could not be checked</h2><ul>'
        yield from (f"<li>{text_of(message)}</li>" for message in look.errors)
        yield "</ul></section>"
    if entries:
        yield '<div class="charts">'
        yield from _chart(entries)
        yield from _matrix(entries)
        yield "</div>"
    elif not look.errors:
        yield '<p class="clean">Nothing was found.</p>'


def _chart(entries: Sequence[Entry]) -> Iterator[str]:
    """A bar for each rule, divided by confidence."""
    counts = Counter((entry.code, entry.confidence) for entry in entries)
    totals = Counter(entry.code for entry in entries)
    longest = max(totals.values())
    present = [confidence for confidence in _CONFIDENCES if any(confidence == c for _, c in counts)]
    keys = "".join(f'<span class="key {confidence}">{confidence} confidence</span>' for confidence in present)
    yield f'<div><table class="chart"><caption>Findings by rule <span class="keys">{keys}</span></caption>'
    yield '<colgroup><col class="name"><col><col class="number"></colgroup>'
    for pattern in _patterns(entries):
        names = {entry.code: entry.name for entry in entries if entry.pattern == pattern}
        yield f'<tbody><tr><th class="pattern" scope="rowgroup" colspan="3">{text_of(pattern.capitalize())}</th></tr>'
        for code, name in sorted(names.items()):
            x, bars = 0.0, ""
            for confidence in present:
                width = 100 * counts[code, confidence] / longest
                bars += f'<rect class="{confidence}" x="{x:.2f}" width="{width:.2f}" height="10"/>' if width else ""
                x += width
            yield (
                f'<tr><th scope="row"><a href="#{code}">{code}</a> {text_of(name)}</th>'
                f'<td><svg viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">{bars}</svg></td>'
                f"<td>{totals[code]}</td></tr>"
            )
        yield "</tbody>"
    yield "</table></div>"


def _matrix(entries: Sequence[Entry]) -> Iterator[str]:
    """How many findings of which pattern are in which package."""
    patterns = _patterns(entries)
    counts = Counter((entry.package, entry.pattern) for entry in entries)
    totals = Counter(entry.package for entry in entries)
    heads = "".join(f'<th scope="col">{text_of(pattern)}</th>' for pattern in patterns)
    yield '<div class="scroll" tabindex="0" role="region" aria-labelledby="by-package">'
    yield '<table class="matrix"><caption id="by-package">Findings by package</caption>'
    yield f'<thead><tr><th scope="col">package</th>{heads}<th scope="col">all</th></tr></thead><tbody>'
    for package, total in sorted(totals.items(), key=lambda item: (-item[1], item[0])):
        cells = "".join(f"<td>{counts[package, pattern] or ''}</td>" for pattern in patterns)
        link = f'<a href="#findings" data-package="{text_of(package)}">{text_of(package)}</a>'
        yield f'<tr><th scope="row">{link}</th>{cells}<td>{total}</td></tr>'
    yield "</tbody></table></div>"


# ---- the filter: shown by the script


def _filter(entries: Sequence[Entry]) -> Iterator[str]:
    if not entries:
        return
    rules = {entry.code: f"{entry.code} {entry.name}" for entry in sorted(entries, key=lambda entry: entry.code)}
    packages = sorted({entry.package for entry in entries})
    yield '<form id="filter" role="search" aria-label="Filter findings" hidden>'
    yield '<label class="wide">Search <input type="search" name="text" placeholder="message, file, code"></label>'
    yield from _select("Pattern", "pattern", {pattern: pattern for pattern in _patterns(entries)})
    yield from _select("Rule", "rule", rules)
    yield from _select("Package", "package", {package: package for package in packages})
    yield from _select("Confidence", "confidence", {c: c for c in _CONFIDENCES})
    yield from _select("Repair", "repair", REPAIRS)
    yield '<label>Group by <select name="group"><option>pattern</option><option>package</option></select></label>'
    yield '<span class="buttons"><button type="button" data-open="1">Open all</button>'
    yield '<button type="button" data-open="">Close all</button><button type="reset">Clear</button></span>'
    yield '<p role="status"></p></form>'


def _select(label: str, name: str, options: dict[str, str]) -> Iterator[str]:
    yield f'<label>{label} <select name="{name}"><option value="">all</option>'
    yield from (f'<option value="{text_of(value)}">{text_of(said)}</option>' for value, said in options.items())
    yield "</select></label>"


# ---- the findings


def _findings(entries: Sequence[Entry]) -> Iterator[str]:
    is_open = len(entries) <= _OPEN
    order = {pattern: number for number, pattern in enumerate(_patterns(entries))}
    ordered = sorted(entries, key=lambda entry: (order[entry.pattern], entry.code))
    for pattern, of_pattern in groupby(ordered, key=lambda entry: entry.pattern):
        group = list(of_pattern)
        yield f'<section class="group"><h2>{text_of(pattern.capitalize())} <span class="count">{len(group)}</span></h2>'
        for code, of_rule in groupby(group, key=lambda entry: entry.code):
            yield f'<section class="group rule" id="{code}">'
            rule = list(of_rule)
            yield f'<h3><span class="code">{code}</span> {text_of(rule[0].name)} '
            yield f'<span class="count">{len(rule)}</span></h3>'
            known = _RULES[code]
            yield f'<details class="about"><summary>{text_of(known.summary)}</summary>'
            yield f"{as_html(explanation(known).removeprefix(known.summary))}</details>"
            for entry in rule:
                yield from article(entry, is_open=is_open)
            yield "</section>"
        yield "</section>"
