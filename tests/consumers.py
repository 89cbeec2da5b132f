"""Each output format as its consumer reads it: checked against its schema, or parsed by its rules."""

from __future__ import annotations

import io
import json
import os
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

import jsonschema
import xmlschema
from markdown_it import MarkdownIt

SCHEMAS = Path(__file__).parent / "schemas"


class Place(NamedTuple):
    """What a consumer knows of a finding; the file's name as it was written, without the folder of the run."""

    file: str
    row: int
    code: str


def read_report(output_format: str, text: str, folder: Path) -> list[Place]:
    """The findings of a report, sorted.

    Raises:
        Exception: the consumer would refuse it.
    """
    places = _READERS[output_format](text)
    return sorted(place._replace(file=place.file.removeprefix(f"{folder}{os.sep}")) for place in places)


def _json(text: str) -> list[Place]:
    return [_of_record(record) for record in json.loads(text)]


def _json_lines(text: str) -> list[Place]:
    return [_of_record(json.loads(line)) for line in text.splitlines()]


def _of_record(record: dict[str, Any]) -> Place:
    return Place(record["filename"], record["location"]["row"], record["code"])


@cache
def _sarif_schema() -> jsonschema.Draft4Validator:
    return jsonschema.Draft4Validator(json.loads((SCHEMAS / "sarif-2.1.0.json").read_text()))


def _sarif(text: str) -> list[Place]:
    log = json.loads(text.encode("utf-8").decode("utf-8"))
    _sarif_schema().validate(log)
    (run,) = log["runs"]
    rules = [rule["id"] for rule in run["tool"]["driver"]["rules"]]
    places = []
    for result in run["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        if result.get("suppressions"):
            continue  # it is not shown
        (location,) = result["locations"]
        artifact = location["physicalLocation"]["artifactLocation"]
        path = unquote_to_bytes(urlsplit(artifact["uri"]).path)
        assert ("uriBaseId" in artifact) == (not path.startswith(b"/"))
        places.append(Place(os.fsdecode(path), location["physicalLocation"]["region"]["startLine"], result["ruleId"]))
    return places


def _unescaped(text: str, escapes: dict[str, str]) -> str:
    for escape, character in escapes.items():
        text = text.replace(escape, character)
    return text


def _github(text: str) -> list[Place]:
    """As the runner parses commands (actions/runner, ActionCommand)."""
    data = {"%0D": "\r", "%0A": "\n", "%25": "%"}
    places = []
    for line in text.splitlines():
        command = re.fullmatch(r"::(error|warning|notice) ([^:]*)::(.*)", line)
        assert command is not None, line
        pairs = dict(pair.split("=", 1) for pair in command[2].split(","))
        properties = {key: _unescaped(value, {"%3A": ":", "%2C": ",", **data}) for key, value in pairs.items()}
        assert _unescaped(command[3], data)
        code = re.fullmatch(r"patternlint \((\w+)\)", properties["title"])
        assert code is not None
        places.append(Place(properties["file"], int(properties["line"]), code[1]))
    return places


def _azure(text: str) -> list[Place]:
    """As the agent parses logging commands (microsoft/azure-pipelines-agent, Command)."""
    places = []
    for line in text.splitlines():
        command = re.fullmatch(r"##vso\[task\.logissue ([^\]]*)\](.+)", line)
        assert command is not None, line
        pairs = dict(pair.split("=", 1) for pair in command[1].split(";") if pair)
        escapes = {"%3B": ";", "%0D": "\r", "%0A": "\n", "%5D": "]", "%AZP25": "%"}
        properties = {key: _unescaped(value, escapes) for key, value in pairs.items()}
        assert properties["type"] in ("error", "warning")
        places.append(Place(properties["sourcepath"], int(properties["linenumber"]), properties["code"]))
    return places


def _gitlab(text: str) -> list[Place]:
    issues = json.loads(text)
    jsonschema.validate(issues, json.loads((SCHEMAS / "gitlab-code-quality.json").read_text()))
    fingerprints = [issue["fingerprint"] for issue in issues]
    assert len(set(fingerprints)) == len(fingerprints)
    return [
        Place(issue["location"]["path"], issue["location"]["positions"]["begin"]["line"], issue["check_name"])
        for issue in issues
    ]


@cache
def _junit_schema() -> xmlschema.XMLSchema:
    return xmlschema.XMLSchema(str(SCHEMAS / "junit-10.xsd"))


def _junit(text: str) -> list[Place]:
    _junit_schema().validate(io.StringIO(text))
    document = ElementTree.fromstring(text.encode("ascii"))
    cases = list(document.iter("testcase"))
    assert cases
    for count, element in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        assert int(document.attrib[count]) == len(list(document.iter(element)))
        for suite in document:
            assert int(suite.attrib[count]) == len(list(suite.iter(element)))
    places = []
    for failure in document.iter("failure"):
        said = re.match(rf"(.*?):(\d+):\d+: {failure.attrib['type']} ", failure.text or "")
        assert said is not None
        places.append(Place(said[1], int(said[2]), failure.attrib["type"]))
    return places


def _markdown(text: str) -> list[Place]:
    places, file = [], ""
    tokens = MarkdownIt("commonmark", {"html": True}).enable("table").parse(text)
    for token in tokens:
        children = token.children or []
        assert not {"html_block", "html_inline", "link_open", "image"} & {t.type for t in (token, *children)}
        if token.type == "inline" and token.level == 1 and children[0].type == "code_inline":
            file = children[0].content
        elif token.type == "inline" and len(children) > 1 and children[1].type == "strong_open":
            place = re.fullmatch(r"(\d+):\d+ (PAT\d+)", children[2].content)
            assert place is not None
            places.append(Place(file, int(place[1]), place[2]))
    rows = [t.content for t, opening in zip(tokens[1:], tokens, strict=False) if opening.type == "td_open"]
    assert sum(int(count) for count in rows[1::3]) == len(places)
    return places


class Page(HTMLParser):
    """A page's elements: every one is closed where it should be."""

    _VOID = frozenset({"meta", "input", "rect", "br", "col"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names)
        self.elements.append((tag, dict(attrs)))
        if tag not in self._VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data if self._open and self._open[-1] not in ("script", "style") else ""

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of each element of a name."""
        return [attributes for name, attributes in self.elements if name == tag]


def _html(text: str) -> list[Place]:
    assert text.isascii()
    page = Page(text)
    assert len(page.all("script")) == len(page.all("style")) == 1
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(ids)) == len(ids)
    for tag, attributes in page.elements:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        assert all(str(attributes.get(name, "#")).startswith("#") for name in ("href", "src", "action")), tag
    places = re.findall(r'<article .*?data-rule="(\w+)".*?<span class="place">(.*?)</span>', text, re.DOTALL)
    return [
        Place(Page(f"<p>{place}</p>").text.rsplit(":", 2)[0], int(place.rsplit(":", 2)[1]), code)
        for code, place in places
    ]


def _people(pattern: str) -> Callable[[str], list[Place]]:
    def read(text: str) -> list[Place]:
        places, file = [], ""
        for line in text.splitlines():
            if (found := re.match(pattern, line)) is not None:
                groups = found.groupdict()
                file = groups.get("file") or file
                if groups.get("code"):
                    places.append(Place(file, int(groups["row"]), groups["code"]))
        return places

    return read


def _text(text: str) -> list[Place]:
    found = re.findall(r"^(PAT\d+) .*\n +--> (.*):(\d+):\d+$", text, re.MULTILINE)
    return [Place(file, int(row), code) for code, file, row in found]


_READERS: dict[str, Callable[[str], list[Place]]] = {
    "text": _text,
    "concise": _people(r"(?P<file>\S.*?):(?P<row>\d+):\d+: (?P<code>PAT\d+) "),
    "grouped": _people(r"(?P<file>\S.*):$|  (?P<row>\d+):\d+ +(?P<code>PAT\d+) "),
    "json": _json,
    "json-lines": _json_lines,
    "sarif": _sarif,
    "github": _github,
    "gitlab": _gitlab,
    "junit": _junit,
    "azure": _azure,
    "markdown": _markdown,
    "html": _html,
}
