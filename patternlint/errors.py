"""The one exception for everything a user can put right: raised anywhere, turned into text in one place."""

from __future__ import annotations

OUR_FAULT = "this is our fault: please report it"


class PatternlintError(Exception):
    """Something that stops a file, a command or a run, and what to do about it.

    Args:
        message: what is wrong, naming the file and the place.
        remedy: what the user can do; empty where nothing more can be said.
    """

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message, remedy)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message}: {self.remedy}" if self.remedy else self.message
