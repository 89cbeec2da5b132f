"""The command line's settings, laid over a project's own as Ruff does it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from patternlint.config import CONFIDENCES, Settings, parse_target_version, read_configuration
from patternlint.errors import PatternlintError
from patternlint.finding import Confidence
from patternlint.selection import check_selectors

if TYPE_CHECKING:
    import argparse


class Overrides(NamedTuple):
    """What was given on the command line; None was not."""

    configuration: Path | None = None
    select: tuple[str, ...] | None = None
    ignore: tuple[str, ...] | None = None
    extend_select: tuple[str, ...] | None = None
    min_confidence: Confidence | None = None
    preview: bool | None = None
    exclude: tuple[str, ...] | None = None
    extend_exclude: tuple[str, ...] | None = None
    force_exclude: bool | None = None
    target_version: tuple[int, int] | None = None

    @classmethod
    def of(cls, options: argparse.Namespace) -> Overrides:
        """The overrides in parsed arguments.

        Raises:
            PatternlintError: a rule or a version that there is not.
        """
        return cls(
            configuration=Path(options.config) if options.config else None,
            select=_rules(options.select),
            ignore=_rules(options.ignore),
            extend_select=_rules(options.extend_select),
            min_confidence=CONFIDENCES.get(options.min_confidence),
            preview=options.preview,
            exclude=_listed(options.exclude),
            extend_exclude=_listed(options.extend_exclude),
            force_exclude=options.force_exclude,
            target_version=_version(options.target_version),
        )

    def apply(self, settings: Settings) -> Settings:
        """The settings with these laid over them.

        ``--select`` starts afresh: what the configuration selects, extends and ignores no longer counts. Without it
        ``--ignore`` and ``--extend-select`` add to the configuration's, like ``--extend-exclude``.
        """
        if self.configuration is not None:
            settings = read_configuration(settings, self.configuration)
        if self.select is not None:
            settings = settings._replace(select=self.select, ignore=(), extend_select=())
        changes: dict[str, Any] = {
            "ignore": (*settings.ignore, *(self.ignore or ())),
            "extend_select": (*settings.extend_select, *(self.extend_select or ())),
            "extend_exclude": (*settings.extend_exclude, *(self.extend_exclude or ())),
        }
        for field in ("min_confidence", "preview", "exclude", "force_exclude", "target_version"):
            if (value := getattr(self, field)) is not None:
                changes[field] = value
        return settings._replace(**changes)


def _listed(values: list[str] | None) -> tuple[str, ...] | None:
    if values is None:
        return None
    return tuple(item.strip() for value in values for item in value.split(",") if item.strip())


def _rules(values: list[str] | None) -> tuple[str, ...] | None:
    listed = _listed(values)
    return None if listed is None else check_selectors(listed)


def _version(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    version = parse_target_version(text)
    if version is None:
        raise PatternlintError(f"--target-version cannot be '{text}'", "it is a Python version such as py311 or 3.11")
    return version
