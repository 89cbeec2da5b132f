"""``patternlint --help``: the commands, and the options of every day, on one screen."""

from __future__ import annotations

TEXT = """\
usage: patternlint [check] [OPTIONS] [PATH ...]
       patternlint COMMAND ...

Find design-pattern defects in Python code, and repair them.

commands (each has --help):
  check [PATH ...]          find defects, repair them: the command where none is named
  rule CODE                 explain a rule
  config [OPTION]           show the configuration, and which line says so
  baseline --baseline FILE  write down what is found today
  undo [PATH]               put files back as they were before the last run of fixes
  prove PATH:ROW            show a race or a lost identity by running the code
  runtime --vendor DIR      copy the runtime that fixes may import into a project
  server                    serve an editor (Language Server Protocol)
  test PATH                 run the fixtures of house rules
  new-rule NAME             write a house rule to begin with
  merge FILE ...            join the results of --shard
  clean [PATH ...]          drop the results that are kept
  completion SHELL          print completions for bash, zsh or fish

fixes:
  --diff                    show what --fix would change
  --fix [--unsafe-fixes]    repair what can be repaired
  --fix --verify CMD        keep the repairs that your own check passes with
  --add-noqa                write a comment at each finding instead

what is reported:
  --select, --ignore RULES  codes, names, families or ALL, separated by commas
  --min-confidence LEVEL    low, medium or high (high)
  --baseline FILE           what is not written there
  --diff-base REV           what has changed since a revision of git

output:
  --output-format FORMAT    text, json, sarif, github, html and others
  --statistics              how often each rule found something
  -q, --quiet  -v, --verbose  -V, --version

`patternlint check --help` shows every option.
exit status: 0 nothing found, 1 findings, 2 errors
"""
