"""``patternlint prove``: a finding is shown by running the code that it is about.

`site` says from the facts what stands at a place, `script` writes the script that tries it (from `race` or `identity`,
which need nothing of patternlint), `run` runs it as a process with a time limit and reads the verdict.
"""
