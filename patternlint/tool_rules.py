"""What patternlint reports of its own accord, without a rule: the documentation of PAT0xx."""

from __future__ import annotations


class CannotBeParsed:
    """A file that the interpreter's parser refuses was not checked, and must not look clean.

    It holds a syntax error, is written for another version of Python than the one that runs patternlint, or is no text
    in the encoding that it declares. It is reported whatever `select` says; `ignore` and `exclude` leave it out.
    """
