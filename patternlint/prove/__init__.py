"""``patternlint prove``: a finding is shown by running the code that it is about.

`place` finds what stands there and what patternlint says of it; `asking` (races) and `decorating` (identities) say
from the facts, by the shape of the code, how to try it; `script` writes the script, from `race` or `identity`, which
need nothing of patternlint; `run` runs it as a process with a time limit and reads the verdict.
"""
