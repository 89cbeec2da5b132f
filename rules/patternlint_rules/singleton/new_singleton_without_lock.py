"""PAT102: a singleton in `__new__` that two threads build twice."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from patternlint.cstnames import dotted
from patternlint.facts import Module, Scope, walk
from patternlint.project import Ancestry
from patternlint.rule import Applicability, Confidence, Family, Rule, cst
from patternlint.walker import descendants
from patternlint_rules.singleton.canonical import DOUBTS, REFUSALS, doubts, refusals
from patternlint_rules.singleton.guard import Test, tests_by
from patternlint_rules.singleton.lifetime import (
    has_one_thread,
    is_for_threads,
    is_stateless,
    module_constructs,
    works_while_constructing,
)
from patternlint_rules.singleton.locking import is_locked
from patternlint_rules.singleton.slot import (
    Names,
    Store,
    is_docstring,
    may_store,
    methods_of,
    own_nodes,
    slot_statement,
    stores_in,
)

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder

_LOCK = "_instance_lock"
_LOCALS = ("instance", "new_instance")
_PER_CONTEXT = ("ContextVar", "local", "Local", "WeakKeyDictionary")


class NewSingletonWithoutLock(Rule):
    """A singleton in __new__ without a lock is built twice when two threads ask at once.

    Both find the slot empty, both construct; each works with its own "only" instance (two pools, two registries, a
    handler registered twice), and one of them is forgotten by the class. It shows under load, at start-up, and never in
    a test. Python then also runs `__init__` on the instance that another thread is already using.

    Write:

        from patternlint.runtime import Singleton

        class Pool(metaclass=Singleton):
            def __init__(self):
                self.connections = connect_all()

    or keep `__new__`, test again under a lock, and publish last (which does not cover an `__init__`: Python runs it
    again on every call, outside of the lock).

    Reported with high confidence where the class itself deals with threads; with medium confidence where its
    construction does work; low where one thread owns it (an event loop, a GUI), where the module's own body constructs
    it, or where construction is too short to be interrupted. Not reported: stateless sentinels, caches of values by
    their arguments, slots per context or event loop, and construction under a lock.

    The fix in place is safe unless a base is unknown or turns class attributes into fields.

    **Measured**: of 2 hand-labelled sites one is found at high and both at medium confidence; of 9 look-alikes none at
    high or medium. Of about 25 singletons in `__new__` in 84 packages 2 are reported at high and 5 at medium
    confidence.
    """

    code, name, family = "PAT102", "new-singleton-without-lock", Family.SINGLETON
    applicability, since = Applicability.SAFE, "0.1"
    words = frozenset({"class", "__new__"})
    region = "class"
    low_in_tests = True
    reasons: ClassVar[Mapping[str, str]] = {
        **REFUSALS,
        **DOUBTS,
        "unknown-base": "a base class is not known: it may turn the lock into a field",
        "attributes-are-fields": "the class turns its attributes into fields, the lock would become one",
        "comment-inside": "a comment stands inside the code that the fix would rewrite",
        "no-simple-guard": "the slot is not tested by one plain `if` that builds the instance",
        "asks-for-itself": "what is called while the instance is built may ask for it again",
        "name-taken": "the class already has a name that the fix needs",
    }

    @classmethod
    def candidates(cls, module: Module) -> Iterable[ast.stmt]:
        """Classes whose ``__new__`` stores something in the class."""
        return [
            c.class_node
            for c in module.classes
            for new in c.children.get("__new__", ())
            if new.is_function and any(True for _ in may_store(new))
        ]

    def visit_ClassDef(self, node: cst.ClassDef) -> None:
        """Report a class whose ``__new__`` fills its slot without a lock."""
        new = methods_of(node).get("__new__")
        if new is None:
            return
        scope = self.scope
        names = Names(new, self.scope_of(new))
        for store in (s for s in stores_in(names) if s.slot.owner == scope.qualname):
            tests = [(i, t) for i, t in tests_by(names) if t.slot == store.slot]
            guarded = tests or _is_read_in_try(new, store)
            if not guarded or is_locked(store, names) or self._is_harmless(store, scope):
                continue
            self._report(node, new, store, tests)
            return

    def _is_harmless(self, store: Store, scope: Scope) -> bool:
        binding = scope.bindings.get(store.slot.name, [None])[0]
        value = binding.value if binding is not None else None
        made_by = getattr(value, "func", None)
        per_context = made_by is not None and ast.unparse(made_by).rpartition(".")[2] in _PER_CONTEXT
        makes_classes = "bases" in scope.methods["__new__"].parameters
        is_metaclass = makes_classes or "builtins.type" in self.project.ask(Ancestry(scope.dotted)).external
        if per_context or is_metaclass or is_stateless(scope):
            return True
        return store.key is not None and self._is_cache(store, scope)

    def _is_cache(self, store: Store, scope: Scope) -> bool:
        """Whether instances are values kept by all that they are made of, or belong to a loop or request."""
        assert store.key is not None
        key = {n.value for n in (store.key, *descendants(store.key)) if isinstance(n, cst.Name)}
        if any("loop" in k or "request" in k or "thread" in k for k in key):
            return True
        parameters = set(scope.methods["__new__"].parameters[1:])
        initializer = scope.methods.get("__init__")
        writes_again = initializer is None or all(
            isinstance(s, ast.Assign | ast.AnnAssign | ast.Expr) and not any(isinstance(n, ast.Call) for n in walk(s))
            for s in initializer.function.body
        )
        return writes_again and (parameters <= key or not key & parameters)

    def _report(self, node: cst.ClassDef, new: cst.FunctionDef, store: Store, tests: list[tuple[cst.If, Test]]) -> None:
        name, scope = node.name.value, self.scope
        has_bases = bool(self.project.ask(Ancestry(scope.dotted)).all)
        works = works_while_constructing(scope, has_bases)
        if module_constructs(scope) or (has_one_thread(scope) and not is_for_threads(scope)) or not works:
            confidence = Confidence.LOW
        else:
            plain = _simple_guard(new, store, tests) is not None or not tests
            confidence = Confidence.HIGH if plain and is_for_threads(scope) else Confidence.MEDIUM
        self.report(
            node,
            f"two threads that ask for {name}() at once each build one: __new__ fills '{store.slot}' without a lock",
            confidence=confidence,
            fix=self._fix(node, new, store, tests),
            help="build it under a lock, or let the Singleton metaclass of patternlint.runtime do it",
        )

    # ---- the repair

    def _fix(
        self, node: cst.ClassDef, new: cst.FunctionDef, store: Store, tests: list[tuple[cst.If, Test]]
    ) -> FixBuilder:
        settings = self.settings
        may_import = settings.fix_style != "stdlib" and (settings.runtime_module or settings.runtime_declared)
        guard = _simple_guard(new, store, tests)
        if may_import and guard is not None and self._becomes_singleton(node, new, guard, store):
            fix = self.fix(f"let {node.name.value} be built once by the Singleton metaclass", form="canonical")
            fix.append_base(node, f"metaclass={fix.runtime('Singleton')}")
            fix.remove_block(new)
            if (line := slot_statement(node, store.slot.name)) is not None:
                fix.remove(line)
            return fix
        return self._lock(node, new, guard, store)

    def _becomes_singleton(self, node: cst.ClassDef, new: cst.FunctionDef, guard: cst.If, store: Store) -> bool:
        scope = self.scope
        arguments = any(len(m.parameters) > 1 for n in ("__init__", "__new__") if (m := scope.methods.get(n)))
        plain = len(guard.body.body) == 1 and len([s for s in new.body.body if not is_docstring(s)]) == 2
        inside = "#" not in self.text(new) and sum(
            isinstance(n, cst.Attribute) and n.attr.value == store.slot.name for n in descendants(node)
        ) == sum(isinstance(n, cst.Attribute) and n.attr.value == store.slot.name for n in descendants(new))
        left = [s for s in node.body.body if s is not new and s is not slot_statement(node, store.slot.name)]
        return (
            plain
            and inside
            and store.key is None
            and bool([s for s in left if not is_docstring(s)])
            and not any(refusals(self, scope, store.slot.name, mangled=store.slot.name.startswith("__")))
            and not any(doubts(self, scope, arguments=arguments, constructed_anywhere=True))
        )

    def _lock(self, node: cst.ClassDef, new: cst.FunctionDef, guard: cst.If | None, store: Store) -> FixBuilder:
        """Test again under a lock of the class, and publish last."""
        fix = self.fix(f"build {node.name.value} under a lock")
        scope = self.scope
        if guard is None:
            fix.refuse("no-simple-guard")
            return fix
        if _LOCK in scope.bindings:
            fix.refuse("name-taken")
        ancestors = self.project.ask(Ancestry(scope.dotted))
        if ancestors.unknown or ancestors.external:
            fix.lower(Applicability.UNSAFE, "unknown-base")
        if scope.class_node.decorator_list:
            fix.lower(Applicability.UNSAFE, "attributes-are-fields")
        body = self._published_last(fix, new, guard, store)
        owner = new.params.params[0].name.value
        test = self.text(guard.test)
        header = [f"if {test}:", f"    with {owner}.{_LOCK}:", f"        if {test}:"]
        lines = [*header, *(f"            {line}" if line else "" for line in body)]
        fix.replace(guard, "\n".join(lines))
        lock = f"{_LOCK} = {fix.name('threading', 'RLock')}()"
        if (line := slot_statement(node, store.slot.name)) is not None:
            fix.insert_after(line, lock)
        else:
            fix.insert_before(new, lock + "\n")
        return fix

    def _published_last(self, fix: FixBuilder, new: cst.FunctionDef, guard: cst.If, store: Store) -> list[str]:
        """The guard's statements on a local instance that is stored at the end."""
        statements = [s for s in guard.body.body if isinstance(s, cst.SimpleStatementLine)]
        texts = [self.text(s).strip("\r\n") for s in statements]
        if any(not _is_one_line(t) for t in texts) or len(statements) != len(guard.body.body):
            fix.refuse("no-simple-guard")
        whole = self.text(guard)
        if "#" in whole.partition("\n")[0] or whole.count("#") != sum(t.count("#") for t in texts):
            fix.refuse("comment-inside")
        if statements and (comment := statements[-1].trailing_whitespace.comment) is not None:
            texts[-1] = texts[-1][: texts[-1].rindex(comment.value)].rstrip()  # it stays where it is, behind the guard
        index = next((i for i, s in enumerate(statements) if any(n is store.node for n in s.body)), None)
        if index is None or len(statements[index].body) != 1:
            fix.refuse("no-simple-guard")
            return []
        if len(statements) - 1 == index:
            return _lines(texts)
        slot = self.text(store.target)
        used = {n.value for n in descendants(new) if isinstance(n, cst.Name)}
        local = next(name for name in (*_LOCALS, fix.free_name("instance")) if name not in used)
        self._mind_questions(fix, statements[index + 1 :])
        the_slot = re.compile(rf"(?<![\w.]){re.escape(slot)}\b")
        later = [the_slot.sub(local, t) for t in texts[index + 1 :]]
        if any(re.search(rf"[.\"']{re.escape(store.slot.name)}\b", t) for t in later):
            fix.refuse("no-simple-guard")
        built = the_slot.sub(local, texts[index], count=1)
        return _lines([*texts[:index], built, *later, f"{slot} = {local}"])

    def _mind_questions(self, fix: FixBuilder, statements: list[cst.SimpleStatementLine]) -> None:
        """What runs between building and storing must not ask for the instance: it would be built for ever."""
        scope = self.scope
        for call in (n for s in statements for n in descendants(s) if isinstance(n, cst.Call)):
            name = dotted(call.func) or ""
            method = scope.methods.get(name.rpartition(".")[2])
            if method is not None:
                if any(isinstance(n, ast.Name) and n.id in (scope.name, "cls") for n in walk(method.node)):
                    fix.refuse("asks-for-itself")
            elif (resolved := self.module.resolve(name, scope)) is None or self.project.owns(resolved):
                fix.lower(Applicability.UNSAFE, "asks-for-itself")


def _is_one_line(text: str) -> bool:
    """Whether a statement is one line, comment lines before it left out."""
    *before, _last = text.split("\n")
    return all(not line.strip() or line.lstrip().startswith("#") for line in before)


def _lines(texts: list[str]) -> list[str]:
    return [line for text in texts for line in text.split("\n")]


def _simple_guard(new: cst.FunctionDef, store: Store, tests: list[tuple[cst.If, Test]]) -> cst.If | None:
    """The one ``if`` of ``__new__``'s own body that builds the instance when the slot is empty."""
    for statement, test in tests:
        top = any(statement is s for s in new.body.body)
        holds = any(n is store.node for n in descendants(statement.body))
        alone = not isinstance(statement.test, cst.BooleanOperation) and statement.orelse is None
        if top and holds and alone and not test.when_filled and len(tests) == 1:
            return statement
    return None


def _is_read_in_try(new: cst.FunctionDef, store: Store) -> bool:
    """``try: return cls.X`` / ``except AttributeError:`` before the store."""
    return any(
        isinstance(n, cst.Try) and any(isinstance(a, cst.Attribute) and a.attr.value == store.slot.name
                                       for a in descendants(n.body))
        for n in own_nodes(new)
    )  # fmt: skip
