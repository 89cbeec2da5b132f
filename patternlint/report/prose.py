"""What a rule says of itself, in the part of Markdown that its docstring is written in, as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from textwrap import dedent

_FENCE = re.compile(r"^```\w*\n(.*?)^```$", re.DOTALL | re.MULTILINE)
_INLINE = re.compile(r"``(?P<long>.+?)``|`(?P<short>[^`]+)`|\*\*(?P<strong>.+?)\*\*", re.DOTALL)


def as_html(text: str) -> str:
    """Paragraphs, code and bold words as elements; everything else is text."""
    parts = _FENCE.split(text)  # every second one is code
    return "".join(_code(part) if number % 2 else "".join(_blocks(part)) for number, part in enumerate(parts))


def _blocks(text: str) -> Iterator[str]:
    """Paragraphs, and stretches of indented lines, which are code; empty lines may stand in one."""
    code: list[str] = []
    for block in filter(str.strip, re.split(r"\n\s*\n", text)):
        block = block.strip("\n")
        if block.startswith("    "):
            code.append(block)
            continue
        if code:
            yield _code(dedent("\n\n".join(code)))
            code = []
        yield f"<p>{_inline(block)}</p>"
    if code:
        yield _code(dedent("\n\n".join(code)))


def _code(text: str) -> str:
    return f'<pre tabindex="0"><code>{escape(text.rstrip())}</code></pre>'


def _inline(text: str) -> str:
    parts, position = [], 0
    for match in _INLINE.finditer(text):
        parts.append(escape(text[position : match.start()]))
        if match["strong"]:
            parts.append(f"<strong>{_inline(match['strong'])}</strong>")
        else:
            parts.append(f"<code>{escape(match['long'] or match['short'])}</code>")
        position = match.end()
    return "".join([*parts, escape(text[position:])])
