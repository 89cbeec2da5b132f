"""Keys: the constants that a chain compares its subject with, what they are, and whose set of them it is."""

from __future__ import annotations

import ast
import sys
from collections.abc import Hashable, Iterable, Sequence
from typing import NamedTuple

from patternlint.cstnames import dotted
from patternlint.facts import Scope
from patternlint.project import Ancestry, Project
from patternlint.rule import Rule, cst

_ENUMS = frozenset({"Enum", "IntEnum", "StrEnum", "Flag", "IntFlag", "Choices", "TextChoices", "IntegerChoices"})
_MIXINS = {
    "StrEnum": "str", "TextChoices": "str", "str": "str", "IntEnum": "int", "IntFlag": "int", "IntegerChoices": "int",
    "int": "int",
}  # fmt: skip
_OWN_EQUALITY = frozenset({"__eq__", "__hash__", "_missing_"})


class Constant(NamedTuple):
    """What is known of a constant expression.

    `kind` is "str", "int", "bytes", "other" (another literal), "member" (of the enum `owner`) or "unknown". Members of
    enums that are a str or an int, too, count as these: they are equal to their value. Two constants of one
    `identity` are equal. `is_settled` says that it has its value once the import that binds it is done, and keeps it.
    """

    kind: str
    identity: Hashable
    owner: str = ""
    is_settled: bool = False
    is_mixed: bool = False


class Enumeration(NamedTuple):
    """Whether a class is an enum; `mixin` is the type that its members are besides, "" for none, "?" for another."""

    is_enum: bool
    mixin: str = ""


class EnumerationAt(NamedTuple):
    """What kind of enum a class of the project is, by its dotted name."""

    dotted: str

    def answer(self, project: Project) -> Enumeration:
        """Read off its ancestors."""
        scope = project.find(self.dotted)
        if scope is None or not scope.is_class:
            return Enumeration(False)
        ancestors = project.ask(Ancestry(self.dotted))
        external = [name.rpartition(".")[2] for name in ancestors.external]
        if _ENUMS.isdisjoint(external):
            return Enumeration(False)
        classes = [scope, *(c for n in ancestors.project if (c := project.find(n)) is not None)]
        mixins = {_MIXINS[name] for name in external if name in _MIXINS}
        others = {name for name in external if name not in _MIXINS and name not in _ENUMS and name != "Generic"}
        if others or len(mixins) > 1 or any(not _OWN_EQUALITY.isdisjoint(c.methods) for c in classes):
            return Enumeration(True, "?")
        return Enumeration(True, next(iter(mixins), ""))


class ConstantAt(NamedTuple):
    """What the constant with this dotted name is: of a module or a class, or an enum's member or its ``value``."""

    dotted: str

    def answer(self, project: Project) -> Constant:
        """Looked up where it is bound; unknown where it is bound by more than one literal."""
        name = project.canonical(self.dotted)
        owner, _, last = name.rpartition(".")
        if last == "value" and project.ask(EnumerationAt(owner.rpartition(".")[0])).is_enum:
            member = project.find(owner.rpartition(".")[0])
            return _literal(member, owner.rpartition(".")[2]) or Constant("unknown", name)
        scope = project.find(owner)
        if scope is None:
            module = project.module(owner)
            return (_literal(module.scope, last) if module is not None else None) or Constant(
                "unknown", name, is_settled=name.split(".")[0] in sys.stdlib_module_names
            )
        if not scope.is_class:
            return Constant("unknown", name)
        return _class_constant(project, scope, owner, last) or Constant("unknown", name)


def _class_constant(project: Project, scope: Scope, owner: str, name: str) -> Constant | None:
    value = _literal(scope, name)
    enumeration = project.ask(EnumerationAt(owner))
    if not enumeration.is_enum:
        return value
    binding = scope.binds_once(name)
    if binding is None or binding.kind != "assign":
        return None
    identity = value.identity if value is not None else f"{owner}.{name}"
    if enumeration.mixin in ("str", "int") and value is not None:
        return Constant(enumeration.mixin, identity, owner, is_settled=True, is_mixed=True)
    kind = "unknown" if enumeration.mixin == "?" else "member"
    return Constant(kind, (owner, identity), owner, is_settled=True, is_mixed=enumeration.mixin != "")


def _literal(scope: Scope | None, name: str) -> Constant | None:
    binding = scope.binds_once(name) if scope is not None else None
    if binding is None or binding.value is None:
        return None
    return _of_value(binding.value)


def _of_value(expression: ast.expr) -> Constant | None:
    try:
        value = ast.literal_eval(expression)
        hash(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return None
    kind = type(value).__name__ if type(value) in (str, int, bytes) else "other"
    return Constant(kind, (kind, value) if kind == "str" or kind == "bytes" else value, is_settled=True)


def may_be_key(node: cst.BaseExpression) -> bool:
    """Whether an expression looks like a key: a literal, an ALL_CAPS name, or a member of something in CapWords."""
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.operator, cst.Minus) and isinstance(node.expression, cst.Integer)
    if isinstance(node, cst.SimpleString | cst.Integer | cst.ConcatenatedString):
        return is_literal(node)
    parts = (dotted(node) or "").split(".")
    if parts[-1] in ("value", "name") and len(parts) > 2:
        parts.pop()
    return _all_caps(parts[-1]) or (len(parts) > 1 and is_cap_words(parts[-2]) and not parts[-1].startswith("_"))


def _all_caps(name: str) -> bool:
    return name.isupper() and len(name) > 1


def is_cap_words(name: str) -> bool:
    """Whether a name is spelled as classes are: CapWords."""
    bare = name.lstrip("_")
    return bare[:1].isupper() and not bare.isupper()


def is_literal(node: cst.BaseExpression) -> bool:
    """Whether an expression is a literal of an immutable type; tuples of literals too."""
    if isinstance(node, cst.UnaryOperation):
        return isinstance(node.operator, cst.Minus | cst.Plus) and is_literal(node.expression)
    if isinstance(node, cst.ConcatenatedString):
        return is_literal(node.left) and is_literal(node.right)
    if isinstance(node, cst.Tuple):
        return all(isinstance(e, cst.Element) and is_literal(e.value) for e in node.elements)
    if isinstance(node, cst.Name):
        return node.value in ("None", "True", "False")
    return isinstance(node, cst.SimpleString | cst.Integer | cst.Float | cst.Imaginary | cst.Ellipsis)


def constant_of(node: cst.BaseExpression, rule: Rule) -> Constant | None:
    """What an expression is as a constant; None where it is none: it depends on the call."""
    if is_literal(node):
        return _of_value(rule.expression(node))
    resolved = rule.resolve(node)
    if resolved is None:
        return None
    return rule.project.ask(ConstantAt(resolved))


# ---- whose set is it?


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


_METHODS = _set("get post put patch delete head options trace connect")
_SIDES = _set(
    """left right top bottom center centre middle up down upper lower north south east west n s e w ne nw se sw
    horizontal vertical row column rows columns start end above below inside outside front back forward backward
    forwards backwards before after x y z w xy yz xz topleft topright bottomleft bottomright"""
)
_ROLES = _set("user assistant system tool function developer human ai chat")
_OPERATORS = _set(
    """== != < > <= >= = <> eq ne neq lt gt le ge lte gte in not_in notin and or not xor add sub mul div + - * / % **
    // & | ^ ~ like ilike is contains startswith endswith between equals not_equals isnull"""
)
_PLATFORMS = _set(
    """linux darwin windows win32 cygwin freebsd openbsd netbsd dragonfly sunos solaris aix macos mac osx posix nt java
    android ios debian ubuntu redhat suse arch gentoo x86 x86_64 amd64 arm arm64 aarch64 i386 i686"""
)
_BOOLEANS = _set("true false yes no on off 0 1 t f y n enabled disabled")
_KEYBOARD = _set(
    """up down left right arrowup arrowdown arrowleft arrowright space enter return escape esc tab backspace delete
    insert home end pageup pagedown page_up page_down shift ctrl control alt meta super capslock"""
)
_FOREIGN_WORDS = (_METHODS, _SIDES, _OPERATORS, _PLATFORMS, _BOOLEANS, _KEYBOARD)
_ALWAYS_FOREIGN = _set(
    """platform os_family kernel osarch http_method request_method opcode keycode keysym status_code errno"""
)
_FOREIGN_OWNERS = _set("errno signal socket stat http token tokenize ast docutils lxml operator opcode dis curses")
_FEW_ROLES = 5


def is_foreign_set(subject: str, keys: Sequence[cst.BaseExpression], rule: Rule) -> bool:
    """Whether somebody else owns the set that the keys belong to, so that it will not grow with the project."""
    last = subject.rpartition(".")[2].strip("_\"'[]").lower()
    if subject == "sys.platform" or last in _ALWAYS_FOREIGN:
        return True
    constants = [constant_of(key, rule) for key in keys]
    owners = [(rule.resolve(key) or "").split(".")[0] for key in keys if not is_literal(key)]
    if owners and all(owner in _FOREIGN_OWNERS for owner in owners):
        return True
    words = [_word(key, constant) for key, constant in zip(keys, constants, strict=True)]
    if all(word is not None and len(word) <= 2 and not word.isalnum() for word in words):
        return True  # characters of a grammar
    if len(keys) < _FEW_ROLES and _mostly(words, _ROLES):
        return True
    return any(_mostly(words, foreign) for foreign in _FOREIGN_WORDS)


def _word(key: cst.BaseExpression, constant: Constant | None) -> str | None:
    """A key as a word: the text of a literal, the name of a constant."""
    if constant is not None and isinstance(constant.identity, tuple) and constant.kind == "str":
        return str(constant.identity[1]).strip().lower()
    if (path := dotted(key)) is not None:
        parts = path.split(".")
        return (parts[-2] if parts[-1] in ("value", "name") and len(parts) > 1 else parts[-1]).lower()
    return None


def _mostly(words: Sequence[str | None], foreign: Iterable[str]) -> bool:
    known = frozenset(foreign)
    return 4 * sum(word in known for word in words) >= 3 * len(words)
