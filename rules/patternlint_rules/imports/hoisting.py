"""May an import move from a function to the top of its module, and what speaks against it."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

from patternlint.facts import ImportBinding, Module, dotted, own_nodes
from patternlint.project import Loads, Project, Rebinds
from patternlint.project.import_order import SurvivesHoisting
from patternlint.project.imports import ForeignRoots, Reach
from patternlint.project.rebinding import Patched
from patternlint.rule import Applicability, Confidence, Rule, cst
from patternlint_rules.imports.already_bound import twin_of
from patternlint_rules.imports.inner_import import InnerImport, nodes_of_group
from patternlint_rules.imports.request_path import RequestPath

if TYPE_CHECKING:
    from patternlint.fixes import FixBuilder
    from patternlint.project.outline import Outline

REASONS = {
    "conditional": "the import runs only under a condition: at the top it would run for everybody",
    "dynamic-scope": "the function uses eval, exec, locals or globals, which see its names",
    "guarded-import": "the top of the module imports the name under a condition already: the two have to become one",
    "import-cycle": "the package around the imported module loads this module: the order of imports would change",
    "imported-again": "the function imports the name, or another part of the package, in a statement that stays",
    "lazy-module": "the module computes the name when it is first asked for",
    "loads-django-models": "the import loads Django models, which fails while Django is still loading its apps",
    "name-taken": "the name means something else elsewhere in the module",
    "new-dependency": "the import loads a third-party package that this module does not need otherwise",
    "only-raised": "what is imported serves to raise an exception",
    "patched-in-tests": "tests replace the name in its home module, which an import at the top would not see",
    "platform-module": "not every platform, or not every version of Python, has the module",
    "pragma-on-line": "a comment to a tool stands on the line: it would not mean the same anywhere else",
    "runs-rarely": "the function runs once in the life of a process or an installation",
    "unknown-module": "the imported module is not among the project's files",
}

# modules that some platforms or some versions of Python do not have
_PLATFORM_MODULES = frozenset(
    {
        "aifc", "asynchat", "asyncore", "audioop", "cgi", "cgitb", "chunk", "crypt", "distutils", "imghdr", "imp",
        "mailcap", "nntplib", "pipes", "smtpd", "sndhdr", "sunau", "telnetlib", "uu", "xdrlib",
        "_winapi", "curses", "dbm", "fcntl", "grp", "idlelib", "msvcrt", "nis", "nt", "ossaudiodev", "posix", "pty",
        "pwd", "readline", "resource", "spwd", "sqlite3", "syslog", "termios", "tkinter", "tty", "turtle", "winreg",
        "winsound",
    }
)  # fmt: skip
# what a web framework has loaded by itself: the first request does not wait for these
_ALWAYS_LOADED = frozenset(
    {
        "asyncio", "base64", "collections", "contextlib", "copy", "datetime", "enum", "functools", "hashlib", "inspect",
        "io", "itertools", "json", "logging", "math", "operator", "os", "pathlib", "random", "re", "socket", "string",
        "sys", "tempfile", "textwrap", "threading", "time", "traceback", "types", "typing", "urllib", "uuid",
        "warnings",
    }
)  # fmt: skip
_RARE = re.compile(r"shut_?down|start_?up|auto_?start|onboard|setup|install|bootstrap|migrat", re.IGNORECASE)
_RARE_HELPER = re.compile(r"initiali[sz]e|(?<![a-z_])_?init|(?<![a-z])ensure", re.IGNORECASE)
_APP_PARTS = frozenset({"admin", "backends", "forms", "middleware", "management", "views"})
_DJANGO_MODELS = frozenset({"AbstractBaseUser", "AbstractUser", "Model", "PermissionsMixin"})


class Verdict(NamedTuple):
    """How sure it is that an import should move, how far the move may be trusted, and the first doubt about it."""

    confidence: Confidence = Confidence.HIGH
    applicability: Applicability = Applicability.SAFE
    doubt: str = ""
    is_loaded: bool = False  # the module is there before the first request anyway

    def but(self, doubt: str, confidence: Confidence = Confidence.HIGH) -> Verdict:
        """The same, with a doubt: it makes the finding at most this sure, and the fix unsafe, or only for show."""
        limit = Applicability.DISPLAY if confidence is Confidence.LOW else Applicability.UNSAFE
        return Verdict(
            min(self.confidence, confidence), min(self.applicability, limit), self.doubt or doubt, self.is_loaded
        )


def weigh(project: Project, path: RequestPath, statement: InnerImport) -> Verdict | None:
    """What to say about an import on a request path; None where it has a reason to stand there."""
    if (
        statement.is_optional
        or statement.runs_once
        or statement.is_bound_to_platform
        or statement.is_shipped
        or statement.touches_import_system
        or statement.reason_given
    ):
        return None
    module = statement.scope.module
    fresh = [b for b in statement.bindings if twin_of(project, module, b) is None]
    verdicts = [_weigh_one(project, module, statement, b) for b in fresh]
    if not fresh or None in verdicts or any(b.name == "*" for b in fresh):
        return None
    verdict = min((v for v in verdicts if v is not None), key=lambda v: (v.confidence, v.applicability))
    if verdict.applicability is Applicability.SAFE and any(
        isinstance(b.node, ast.ImportFrom) and project.ask(Patched(b.loads, b.target.rpartition(".")[2])) for b in fresh
    ):
        verdict = verdict.but("patched-in-tests")
    if any(_RARE.search(scope.qualname) for scope in (*path.calls, path.handler.scope)) or any(
        _RARE_HELPER.search(scope.name) for scope in path.calls[1:]
    ):
        verdict = verdict.but("runs-rarely", Confidence.LOW)
    if path.handler.is_task:
        verdict = verdict._replace(confidence=min(verdict.confidence, Confidence.MEDIUM))
    for doubt, confidence in _doubts_about_the_text(project, module, statement):
        verdict = verdict.but(doubt, confidence)
    return verdict


def hoist(rule: Rule, path: RequestPath, statement: InnerImport, verdict: Verdict) -> FixBuilder:
    """The fix that moves the statement to the module's top, as far as the verdict trusts it.

    What else the function imports under the same names goes with it.
    """
    module = statement.scope.module
    fix = rule.fix("move the import to the top of the module")
    for one, its_node in nodes_of_group(rule, statement) or ():
        _move(fix, rule.project, one, its_node)
        if one.has_pragma and (not one.pragma or one is not statement):
            fix.refuse("pragma-on-line")
        if one.is_optional or _bound(one) != _bound(statement):
            fix.refuse("imported-again")
        elif {b.loads for b in one.bindings} != {b.loads for b in statement.bindings}:
            other = weigh(rule.project, path, one)
            if other is None:
                fix.refuse("imported-again")
            else:
                fix.lower(other.applicability, other.doubt)
    if any(_is_guarded(module, b) for b in statement.bindings):
        fix.refuse("guarded-import")
    fix.lower(verdict.applicability, verdict.doubt)
    if any(True for _ in statement.clashes) or any(_is_taken(rule.project, module, b) for b in statement.bindings):
        fix.refuse("name-taken")
    return fix


def _move(fix: FixBuilder, project: Project, statement: InnerImport, node: cst.Import | cst.ImportFrom) -> None:
    for binding, alias in zip(statement.bindings, statement.node.names, strict=True):
        if twin_of(project, statement.scope.module, binding) is None:
            home, name = alias.name, ""
            if isinstance(statement.node, ast.ImportFrom):
                home, name = "." * statement.node.level + (statement.node.module or ""), alias.name
            fix.import_(home, name, alias.asname or "", comment=statement.pragma)
    fix.remove(node, with_comment=bool(statement.pragma))


def _bound(statement: InnerImport) -> set[tuple[str, str]]:
    return {(b.name, b.target) for b in statement.bindings}


def _is_guarded(module: Module, binding: ImportBinding) -> bool:
    """Whether the module's top imports the name under a condition, for type checkers say."""
    bindings = module.scope.bindings.get(binding.name, ())
    return any(b.imported is not None and b.imported.guard for b in bindings)


def _is_taken(project: Project, module: Module, binding: ImportBinding) -> bool:
    """Whether the module's top binds the name to something else, or a submodule of the package has it."""
    bindings = module.scope.bindings.get(binding.name, ())
    submodule = f"{module.name}.{binding.name}"
    if module.is_package and binding.target != submodule and project.path_of(submodule) is not None:
        return True
    return any(b.imported is None or b.imported.target != binding.target for b in bindings)


def _weigh_one(project: Project, module: Module, statement: InnerImport, binding: ImportBinding) -> Verdict | None:
    root = binding.loads.partition(".")[0]
    if project.owns(root):
        return _weigh_own(project, module, statement, binding)
    if root in sys.stdlib_module_names:
        verdict = Verdict(is_loaded=root in _ALWAYS_LOADED or _loads_at_top(module, binding.loads))
        return verdict.but("platform-module", Confidence.LOW) if root in _PLATFORM_MODULES else verdict
    return _weigh_foreign(project, module, statement, binding)


def _weigh_foreign(project: Project, module: Module, statement: InnerImport, binding: ImportBinding) -> Verdict | None:
    """A third-party package costs nobody anything more once it is loaded; until then it may be an extra."""
    if statement.is_feature:
        return None
    root = binding.loads.partition(".")[0]
    verdict = Verdict(is_loaded=_loads_at_top(module, binding.loads))
    if not any(b.loads.partition(".")[0] == root for b in _tops(module)):
        if statement.is_conditional:
            return None
        needed = root in project.ask(ForeignRoots(module.name))
        verdict = verdict.but("new-dependency", Confidence.MEDIUM if needed else Confidence.LOW)
    elif statement.is_conditional:
        verdict = verdict.but("conditional", Confidence.HIGH if verdict.is_loaded else Confidence.MEDIUM)
    if not verdict.is_loaded and _is_django_app(module, binding.loads):
        verdict = verdict.but("loads-django-models", Confidence.LOW)
    if statement.only_raised:
        verdict = verdict.but("only-raised", Confidence.LOW)
    return verdict


def _tops(module: Module) -> list[ImportBinding]:
    """The imports that run whenever the module is imported."""
    return [b for b in module.imports_in(module.scope) if not b.guard]


def _loads_at_top(module: Module, name: str) -> bool:
    """Whether the module's top loads a module unconditionally."""
    return any(f"{b.loads}.".startswith(f"{name}.") or b.target == name for b in _tops(module))


def _weigh_own(project: Project, module: Module, statement: InnerImport, binding: ImportBinding) -> Verdict | None:
    """A module of the project: the import graph says whether it can be imported earlier."""
    name = binding.target.rpartition(".")[2] if binding.target != binding.loads else ""
    if binding.target == binding.loads.partition(".")[0]:
        name = ""  # `import a.b` binds `a`
    is_module = bool(name) and project.path_of(binding.target) is not None
    target = binding.target if is_module else binding.loads
    outline = project.outline_of(target)
    if statement.is_feature or (name and not is_module and project.ask(Rebinds(binding.loads, name))):
        return None
    if outline is None:
        return Verdict().but("unknown-module", Confidence.LOW)
    if outline.conditional_effects and not _loads_at_top(module, target):
        return None
    if project.ask(Loads(target, module.name, strict=False)):
        return None
    if not project.ask(SurvivesHoisting(module.name, binding.loads, (name,) if name else ())):
        return None
    loaded = project.ask(Reach(module.name))
    verdict = Verdict(is_loaded=target in loaded)
    if project.ask(Loads(target, module.name)):
        verdict = verdict.but("import-cycle", Confidence.MEDIUM)
    if statement.is_conditional:
        verdict = verdict.but("conditional", Confidence.MEDIUM if verdict.is_loaded else Confidence.LOW)
    if not verdict.is_loaded:
        if project.ask(ForeignRoots(target)) - project.ask(ForeignRoots(module.name)):
            verdict = verdict.but("new-dependency", Confidence.LOW)
        if _loads_new_models(project, target, module.name):
            verdict = verdict.but("loads-django-models", Confidence.LOW)
    if outline.lazy_names and name and not is_module and name not in outline.bound:
        verdict = verdict.but("lazy-module", Confidence.LOW)
    if statement.only_raised:
        verdict = verdict.but("only-raised", Confidence.LOW)
    return verdict


def _loads_new_models(project: Project, target: str, importer: str) -> bool:
    """Whether importing `target` defines Django models that importing `importer` does not define yet.

    Before Django has loaded its apps this raises AppRegistryNotReady, and RuntimeError where the app is not installed.
    """
    if not project.owns("django") and "django" not in project.ask(ForeignRoots(target)):
        return False
    new = project.ask(Reach(target)) - project.ask(Reach(importer))
    return any("models" in name.split(".") or _has_model(project.outline_of(name)) for name in new)


def _has_model(outline: Outline | None) -> bool:
    bases = () if outline is None else (b for cls in outline.classes.values() for b in cls.bases if b is not None)
    return any(
        base.startswith(("django.db.", "django.contrib.auth.")) and base.rpartition(".")[2] in _DJANGO_MODELS
        for base in bases
    )


def _is_django_app(module: Module, loads: str) -> bool:
    """Whether a foreign module is that part of a Django app that defines models, or imports them."""
    if not any(b.loads.startswith("django") for b in _tops(module)):
        return False
    parts = loads.split(".")
    return "models" in parts or (loads.startswith("django.contrib.") and not _APP_PARTS.isdisjoint(parts))


def _doubts_about_the_text(
    project: Project, module: Module, statement: InnerImport
) -> Iterator[tuple[str, Confidence]]:
    """Names that mean something else somewhere in the module, and what stands on the statement's line."""
    for binding in statement.bindings:
        if _is_taken(project, module, binding):
            yield "name-taken", Confidence.LOW
    for name, target in ((b.name, b.target) for b in statement.bindings):
        if hasattr(builtins, name):
            yield "name-taken", Confidence.HIGH
        for scope in module.functions:
            if any(b.imported is None or b.imported.target != target for b in scope.bindings.get(name, ())):
                yield "name-taken", Confidence.HIGH
    if statement.has_pragma:
        yield "pragma-on-line", Confidence.HIGH
    if list(statement.clashes):
        yield "name-taken", Confidence.MEDIUM
    if any(dotted(n) in ("eval", "exec", "locals", "globals", "vars") for n in own_nodes(statement.scope.node)):
        yield "dynamic-scope", Confidence.HIGH
