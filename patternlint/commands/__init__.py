"""The commands: one module each, with ``run(arguments) -> exit status``; imported when it is called for.

Exit status: 0 nothing found, 1 findings (or fixes, with ``--exit-non-zero-on-fix``), 2 errors, 130 interrupted.
"""

CLEAN, FOUND, FAILED, INTERRUPTED = 0, 1, 2, 130
