"""Modules made of pieces that rules are about, oddly named and oddly written; every one of them compiles."""

from __future__ import annotations

import re
import textwrap

from hypothesis import strategies as st

NAMES = st.sampled_from(
    ["load", "naïve", "µ", "x", "_y", "wrapper", "functools", "self_", "cls_", "tuple_", "ünit", "json_"]
)
COMMENTS = st.sampled_from(
    [
        "  # why",
        "  # noqa: E501",
        "  # type: ignore",
        "  #𝄞 é",
        "  # pylint: disable=C0103",
        "  # fmt: skip",
        "\t# tab",
        "",
    ]
)
VALUES = st.sampled_from(["'a'", '"ä"', "1", "-2", "None", "'𝄞'", "('t', 1)", "len", "[1]", "b'x'", "1.5", "f'{x}'"])
MODULES = st.sampled_from(["json", "re", "os.path as p", "xml.dom", "decimal", "json as j"])
LINE_ENDS = st.sampled_from(["\n", "\r\n"])


@st.composite
def decorator(draw: st.DrawFn) -> str:
    outer, inner, function = draw(NAMES), draw(NAMES), draw(st.sampled_from(["func", "f", "fn", "é"]))
    takes = draw(st.sampled_from(["*args, **kwargs", "self, *args, **kwargs", "a", "*args, b=1, **kwargs"]))
    passes = draw(st.sampled_from(["*args, **kwargs", "*args"])) if "*args" in takes else "a"
    passes += ", **kwargs" if passes == "*args" and "**kwargs" in takes else ""
    is_async = draw(st.sampled_from(["", "", "async "]))
    call = f"{'await ' if is_async else ''}{function}({passes})"
    use = draw(st.sampled_from([f"@{outer}\ndef used_{outer}(a=1):\n    return a", f"used = {outer}(len)", ""]))
    body = draw(st.sampled_from([f"return {call}", f"print(1); return {call}", f"'''doc'''\n        return {call}"]))
    return (
        f"def {outer}({function}):{draw(COMMENTS)}\n    {is_async}def {inner}({takes}):{draw(COMMENTS)}\n        {body}\n"
        f"    return {inner}{draw(COMMENTS)}\n\n{use}"
    )


@st.composite
def singleton(draw: st.DrawFn) -> str:
    name, slot = draw(NAMES).title(), draw(st.sampled_from(["_instance", "__one", "instance", "_instance_lock"]))
    test = draw(st.sampled_from([f"cls.{slot} is None", f"not cls.{slot}", f"cls.{slot} == None"]))
    first = draw(st.sampled_from([f"    {slot} = None{draw(COMMENTS)}\n", f"    {slot}: object = None; x = 1\n", ""]))
    more = draw(
        st.sampled_from(
            ["", f"            cls.{slot}.a = len('x')\n", f"            # why\n            cls.{slot}.n = print()\n"]
        )
    )
    return (
        f"class {name}:\n{first}    def __new__(cls, *args):\n        if {test}:{draw(COMMENTS)}\n"
        f"            cls.{slot} = super().__new__(cls)\n{more}        return cls.{slot}\n"
        f"    def __init__(self):\n        self.lock = Lock()"
    )


@st.composite
def chain(draw: st.DrawFn) -> str:
    subject = draw(st.sampled_from(["kind", "self.kind", "kind.lower()", "kinds[0]"]))
    form = draw(
        st.sampled_from(["return {}", "found = {}", "found += {}", "print({}, end='')", "raise ValueError({})"])
    )
    keys = draw(
        st.lists(
            st.sampled_from(["'a'", "'b'", "'ä'", "'d'", "'𝄞'", "('e', 'f')", "1"]), min_size=3, max_size=6, unique=True
        )
    )
    word = draw(st.sampled_from(["elif", "if"]))
    lines = []
    for index, key in enumerate(keys):
        operator = "in" if key.startswith("(") else "=="
        test = f"({subject} {operator} {key})" if draw(st.integers(0, 8)) == 0 else f"{subject} {operator} {key}"
        statement = form.format(draw(VALUES))
        if draw(st.integers(0, 6)) == 0:
            lines.append(f"{word if index else 'if'} {test}: {statement}{draw(COMMENTS)}")
            continue
        lines.append(f"{word if index else 'if'} {test}:{draw(COMMENTS)}")
        if draw(st.integers(0, 5)) == 0:
            lines.append("    # on its own line")
        lines.append(f"    {statement}{draw(COMMENTS)}")
    if word == "elif" and draw(st.booleans()):
        lines += [f"else:{draw(COMMENTS)}", f"    {form.format(draw(VALUES))}"]
    head = f"def {draw(NAMES)}(self, kind: str, kinds=(), x=0):\n    found = 0\n"
    return (
        head
        + textwrap.indent("\n".join(lines), "    ")
        + f"\n    return {draw(st.sampled_from(['found', '1', 'None']))}"
    )


@st.composite
def observer(draw: st.DrawFn) -> str:
    made = draw(st.sampled_from(["[]", "set()", "{}", "list()"]))
    add, take = ("append", "remove") if made in ("[]", "list()") else ("add", "discard")
    walk = draw(st.sampled_from(["self._all", "(self._all)", "self._all.values()", "enumerate(self._all)"]))
    call = draw(st.sampled_from(["each(1)", "each.told(1)", "print(each); each()"]))
    return textwrap.dedent(f"""\
        class Subject:{draw(COMMENTS)}
            def __init__(self):
                self._all = {made}
            def listen(self, callback):
                self._all.{add}(callback){draw(COMMENTS)}
                return lambda: self._all.{take}(callback)
            def fire(self):
                for each in {walk}:{draw(COMMENTS)}
                    {call}
        class Entity:
            def __init__(self, bus: Subject):
                self.bus = bus
                bus.listen(self.told)()
            def told(self, x=1):
                print(x)""")


@st.composite
def inner_import(draw: st.DrawFn) -> str:
    what, more = (
        draw(MODULES),
        draw(
            st.sampled_from(["", "; x = 1", "\n    import json; import re", "\n    from json import dumps as d, loads"])
        ),
    )
    around = draw(st.sampled_from(["", "if kind:\n        ", "try:\n        "]))
    end = "\n    except ValueError:\n        pass" if around.startswith("try") else ""
    indent = "    " if around else ""
    handler = draw(st.sampled_from(["", "@app.route('/x')\n"]))
    body = f"import {what}{more.replace(chr(10) + '    ', chr(10) + '    ' + indent)}{draw(COMMENTS)}"
    used = [*re.findall(r"(?:as|import|,) (\w+)(?!\w| as|\.\w+ as)", body.partition("#")[0]), "kind"]
    return f"{handler}def {draw(NAMES)}(kind=0):\n    {around}{body}{end}\n    return {', '.join(used)}"


PIECES = st.one_of(decorator(), singleton(), chain(), observer(), inner_import())
HEADS = st.sampled_from([
    "", "import json\n", '"""Doc 𝄞."""\n', "from __future__ import annotations\nimport re, json\n", "#!/usr/bin/env python\n# é\n",
    "from threading import Lock\nimport functools\n", "import json  # noqa: F401\n", "try:\n    import json\nexcept ImportError:\n    json = None\n",
    "from flask import Flask\napp = Flask(__name__)\n", "from json import (\n    loads,  # why\n)\n", "__all__ = ['x']\nx = 1\n", "import json; import re\n",
])  # fmt: skip
FRAMES = st.sampled_from(
    ["{}", "if True:\n{}", "class Outer:\n{}", "def around():\n{}\n    return 1", "try:\n{}\nfinally:\n    pass"]
)


@st.composite
def generated_modules(draw: st.DrawFn) -> str:
    """One to four pieces, each perhaps within something, with line ends, tabs and blanks of any kind."""
    parts = []
    for piece in draw(st.lists(PIECES, min_size=1, max_size=4)):
        frame = draw(FRAMES)
        parts.append(frame.format(textwrap.indent(piece, "    ") if frame != "{}" else piece))
    text = draw(HEADS) + draw(st.sampled_from(["\n\n\n", "\n", "\n\x0c\n"])).join(["", *parts]) + "\n"
    if draw(st.integers(0, 3)) == 0:
        text = re.sub(r"^(?: {4})+", lambda m: "\t" * (len(m[0]) // 4), text, flags=re.MULTILINE)
    if draw(st.integers(0, 3)) == 0:
        text = text.replace("):", ") :").replace(" = ", "=")
    if draw(st.integers(0, 4)) == 0:
        text = text.rstrip("\n")
    return text.replace("\n", draw(LINE_ENDS))
