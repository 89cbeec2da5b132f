"""The command line's settings, laid over a project's own as Ruff does it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from patternlint.config import CONFIDENCES, Settings, configured, laid_over, parse_target_version
from patternlint.errors import PatternlintError
from patternlint.finding import Confidence
from patternlint.selection import check_selectors

if TYPE_CHECKING:
    import argparse


class Overrides(NamedTuple):
    """What was given on the command line; None was not."""

    configuration: Path | None = None
    plugins: tuple[str, ...] | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] | None = None
    per_file_ignores: tuple[tuple[str, tuple[str, ...]], ...] | None = None
    min_confidence: Confidence | None = None
    preview: bool | None = None
    fixable: tuple[str, ...] | None = None
    unfixable: tuple[str, ...] | None = None
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] | None = None
    force_exclude: bool | None = None
    respect_gitignore: bool | None = None
    target_version: tuple[int, int] | None = None

    @classmethod
    def of(cls, options: argparse.Namespace) -> Overrides:
        """The overrides in parsed arguments.

        Raises:
            PatternlintError: a rule or a version that there is not.
        """
        return cls(
            configuration=Path(options.config).absolute() if options.config else None,
            plugins=_rule_files(options.rules),
            select=_rules(options.select),
            ignore=_rules(options.ignore),
            extend_select=_rules(options.extend_select),
            per_file_ignores=_per_file(options.per_file_ignores),
            min_confidence=CONFIDENCES.get(options.min_confidence),
            preview=options.preview,
            fixable=_rules(options.fixable),
            unfixable=_rules(options.unfixable),
            exclude=_listed(options.exclude),
            extend_exclude=_listed(options.extend_exclude),
            force_exclude=options.force_exclude,
            respect_gitignore=options.respect_gitignore,
            target_version=_version(options.target_version),
        )

    def apply(self, settings: Settings) -> Settings:
        """The settings with these laid over them, like one more layer of the configuration.

        Raises:
            PatternlintError: the configuration that is named is at fault.
        """
        given: dict[str, Any] = {field: value for field, value in self._asdict().items() if value is not None}
        if self.plugins is not None:
            from patternlint.house_rules import load

            load(self.plugins)  # this may be another process than the one that has read the arguments
        if (path := given.pop("configuration", None)) is not None:
            settings = configured(settings, path)
        return Settings(**laid_over(settings._asdict(), given)) if given else settings


def _listed(values: Iterable[str] | None) -> tuple[str, ...] | None:
    if values is None:
        return None
    return tuple(item.strip() for value in values for item in value.split(",") if item.strip())


def _rule_files(paths: Iterable[str] | None) -> tuple[str, ...] | None:
    """Files with rules by their whole paths, loaded: from now on their rules can be selected."""
    if paths is None:
        return None
    from patternlint.house_rules import load

    names = tuple(os.path.abspath(path) for path in paths)
    load(names)
    return names


def _rules(values: Iterable[str] | None) -> tuple[str, ...] | None:
    listed = _listed(values)
    return None if listed is None else check_selectors(listed)


def _per_file(values: Iterable[str] | None) -> tuple[tuple[str, tuple[str, ...]], ...] | None:
    listed = _listed(values)
    if listed is None:
        return None
    found: dict[str, tuple[str, ...]] = {}
    for item in listed:
        pattern, colon, rule = item.rpartition(":")
        if not colon:
            raise PatternlintError(
                f"--per-file-ignores cannot be '{item}'", "give a pattern and a rule: 'tests/*:PAT9'"
            )
        found[pattern] = (*found.get(pattern, ()), *check_selectors([rule]))
    return tuple(found.items())


def _version(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    version = parse_target_version(text)
    if version is None:
        raise PatternlintError(f"--target-version cannot be '{text}'", "it is a Python version such as py311 or 3.11")
    return version
