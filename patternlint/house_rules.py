"""Rules that are not built in: packs that are installed and that the configuration names, and files named by hand.

A pack is a package of rules that an installed distribution registers under the entry-point group ``patternlint.rules``.
It counts only where a configuration names it. A file with rules is code that runs, so none is ever named by a
configuration, which may be a stranger's: only the command line names files.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import ModuleType
from zlib import crc32

from patternlint.catalogue import RULES
from patternlint.errors import PatternlintError
from patternlint.rule_entry import RuleEntry

GROUP = "patternlint.rules"
_CODES = re.compile(r"PAT[1-9][89]\d")
_loaded: dict[str, tuple[str, ...]] = {}  # by the name of a pack, or the whole path of a file: where its code lies


def load(names: Iterable[str]) -> None:
    """Make the rules of packs and files known, each once in a process.

    Args:
        names: names of packs, and whole paths of files.

    Raises:
        PatternlintError: there is none of that name, it cannot be imported, or its rules contradict others.
    """
    for name in names:
        if name not in _loaded:
            modules = list(_modules_of_file(Path(name)) if os.path.isabs(name) else _modules_of_pack(name))
            RULES.extend(_entries(modules, name))
            _loaded[name] = tuple(sorted({str(module.__file__) for module in modules if module.__file__}))


def code_of(names: Iterable[str]) -> list[str]:
    """The files that hold the code of packs and files that are loaded: what is found depends on them."""
    return [path for name in names for path in _loaded.get(name, ())]


def packs_of(folder: Path) -> tuple[str, ...]:
    """The names under which a distribution registers packs, by the ``pyproject.toml`` in its folder.

    Raises:
        PatternlintError: it registers none.
    """
    return tuple(_registered(folder))


def package_of(folder: Path) -> Path | None:
    """The folder of a distribution's pack; None where it has none."""
    try:
        module = next(iter(_registered(folder).values()))
    except PatternlintError:
        return None
    parts = module.split(".")
    return next((p for p in (folder.joinpath(*parts), folder.joinpath("src", *parts)) if p.is_dir()), None)


def _registered(folder: Path) -> dict[str, str]:
    """The packs of a distribution by name, each with its package."""
    from patternlint.project.root import PYPROJECT
    from patternlint.toml_text import read_toml

    path = folder / PYPROJECT
    table = read_toml(path).get("project", {}).get("entry-points", {}).get(GROUP, {}) if path.is_file() else {}
    if not table:
        what = f"{folder}: registers no pack of rules"
        raise PatternlintError(what, f'add [project.entry-points."{GROUP}"] to its {PYPROJECT}, or name a file')
    return {str(name): str(module) for name, module in table.items()}


def _modules_of_pack(name: str) -> Iterator[ModuleType]:
    from importlib.metadata import entry_points

    found = {point.name: point for point in entry_points(group=GROUP)}
    if name not in found:
        known = f"installed are {', '.join(sorted(found))}" if found else "no pack is installed beside patternlint"
        raise PatternlintError(f"no pack of rules is called '{name}'", known)
    yield from modules_in(_imported(found[name].module, name))


def modules_in(package: ModuleType) -> Iterator[ModuleType]:
    """A package with all modules in it, imported.

    Raises:
        PatternlintError: one cannot be imported.
    """
    import pkgutil

    yield package
    for info in pkgutil.walk_packages(getattr(package, "__path__", ()), package.__name__ + "."):
        yield _imported(info.name, package.__name__)


def _imported(module: str, pack: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except Exception as error:  # whatever somebody else's code raises
        what = f"the rules of '{pack}' cannot be imported: {module}: {type(error).__name__}: {error}"
        raise PatternlintError(what, "correct the module, or take the pack out of 'plugins'") from error


def _modules_of_file(path: Path) -> Iterator[ModuleType]:
    name = f"patternlint_house_rules_{crc32(os.fsencode(path)):08x}"
    spec = importlib.util.spec_from_file_location(name, path)
    if path.suffix != ".py" or not path.is_file() or spec is None or spec.loader is None:
        raise PatternlintError(f"{path}: no file with rules", "name a Python file")
    module = sys.modules[name] = importlib.util.module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
    except Exception as error:
        del sys.modules[name]
        raise PatternlintError(f"{path}: cannot be run: {type(error).__name__}: {error}", "correct it") from error
    yield module


def _entries(modules: Iterable[ModuleType], name: str) -> list[RuleEntry]:
    from patternlint.catalogue_generator import entry_of, rules_of

    found: dict[str, RuleEntry] = {}
    for module in modules:
        for rule in rules_of(module):
            try:
                entry = entry_of(rule)._replace(pack=name)
            except AttributeError as error:
                raise PatternlintError(f"{name}: {rule.__name__} declares no {error.name}", "declare it") from None
            _expect(entry, [*RULES, *found.values()])
            found[entry.code] = entry
    if not found:
        raise PatternlintError(f"{name}: holds no rule", "define a subclass of patternlint.rule.Rule in it")
    return list(found.values())


def _expect(entry: RuleEntry, known: Iterable[RuleEntry]) -> None:
    """Make sure that a rule can be told from all others."""
    from patternlint.catalogue import FAMILIES

    family = FAMILIES[entry.family]
    if not _CODES.fullmatch(entry.code) or not entry.code.startswith(family):
        what = f"{entry.pack}: a house rule of the family {entry.family} cannot have the code {entry.code}"
        raise PatternlintError(what, f"codes from {family}80 to {family}99 are for house rules")
    for other in known:
        if other.code == entry.code or other.name == entry.name:
            what = f"{entry.pack}: {entry.code} ({entry.name}) is taken by {other.code} ({other.name})"
            raise PatternlintError(f"{what}, of {other.pack or 'patternlint'}", "choose another code and name")
