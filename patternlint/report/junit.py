"""The format ``junit``: each file is a suite, each finding a test that failed; what cannot be checked is an error."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from xml.sax.saxutils import escape, quoteattr

from patternlint.report.shown import Look, Shown, by_file, heading
from patternlint.report.terminal import safe

_NAME = "patternlint"
_INVALID = str.maketrans({"\ufffe": r"\ufffe", "\uffff": r"\uffff"})  # besides what `safe` takes out: XML 1.0, 2.2


def render(found: Sequence[Shown], look: Look) -> Iterator[str]:
    """The document; in ASCII, so that it is what its first line says, wherever it is written to."""
    for line in _lines(found, look):
        yield line.encode("ascii", "xmlcharrefreplace").decode("ascii")


def _lines(found: Sequence[Shown], look: Look) -> Iterator[str]:
    tests = len(found) + len(look.errors) or 1
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f"<testsuites{_attributes(name=_NAME, tests=tests, failures=len(found), errors=len(look.errors))}>"
    for group in by_file(found):
        yield from _file(group)
    if look.errors or not found:
        yield f"  <testsuite{_counts(_NAME, tests - len(found), errors=len(look.errors))}>"
        for message in look.errors:
            yield f"    <testcase{_attributes(name='not checked', classname=_NAME)}>"
            yield f"      <error{_attributes(message=message)}/>"
            yield "    </testcase>"
        if not look.errors:
            yield f"    <testcase{_attributes(name='nothing found', classname=_NAME)}/>"
        yield "  </testsuite>"
    yield "</testsuites>"


def _file(group: Sequence[Shown]) -> Iterator[str]:
    path = group[0].display(group[0].finding.path)
    yield f"  <testsuite{_counts(path, len(group), failures=len(group))}>"
    for shown in group:
        finding = shown.finding
        place = f"{finding.row}:{finding.column}"
        name = f"{finding.code} {finding.name} at {place}"
        lines = [f"{path}:{place}: {finding.code} {heading(finding)}"]
        lines += [f"{shown.display(e.path)}:{e.row}: {safe(e.message)}" for e in finding.evidence]
        lines += [f"help: {safe(finding.help)}"] if finding.help else []
        said = "\n".join(escape(line.translate(_INVALID)) for line in lines)
        yield f"    <testcase{_attributes(name=name, classname=path.removesuffix('.py'))}>"
        yield f"      <failure{_attributes(message=finding.message, type=finding.code)}>{said}</failure>"
        yield "    </testcase>"
    yield "  </testsuite>"


def _counts(name: str, tests: int, failures: int = 0, errors: int = 0) -> str:
    return _attributes(name=name, tests=tests, failures=failures, errors=errors, package=f"org.{_NAME}")


def _attributes(**values: object) -> str:
    return "".join(f" {key}={quoteattr(safe(str(value)).translate(_INVALID))}" for key, value in values.items())
