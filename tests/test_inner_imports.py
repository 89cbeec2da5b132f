"""What stays of an import statement when some of its names go."""

from __future__ import annotations

import ast

import pytest

from patternlint_rules.imports.inner_import import of_statement
from realcode import module_from

NAMES = [f"a_rather_long_name_{letter}" for letter in "abcdef"]


@pytest.mark.parametrize(
    ("written", "kept", "result"),
    [
        ("import a, b as c, d", 2, "import a, b as c"),
        ("from . import a, b as c", 2, "from . import a, b as c"),
        ("from ..a import (\n        b,\n        c,\n    )", 1, "from ..a import b"),
        (f"from a import ({', '.join(NAMES[:3])},\n    {', '.join(NAMES[3:])})", 2, f"from a import {', '.join(NAMES[:2])}"),
        (f"from a import ({', '.join(NAMES[:3])},\n    {', '.join(NAMES[3:])})", 4,
         "\n".join(["from a import (", *(f"    {name}," for name in NAMES[:4]), ")"])),
        (f"from a import {', '.join(NAMES)}", 5, f"from a import {', '.join(NAMES[:5])}"),
    ],
)  # fmt: skip
def test_the_rest_keeps_its_form(written: str, kept: int, result: str) -> None:
    module = module_from(f"def f():\n    {written}\n")
    scope = module.functions[0]
    node = scope.function.body[0]
    assert isinstance(node, ast.Import | ast.ImportFrom)
    assert of_statement(scope, node).with_names(node.names[:kept]) == result
