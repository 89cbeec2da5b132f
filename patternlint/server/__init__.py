"""``patternlint server``: the engine as a language server, for editors.

One thread talks to the editor (`service.py`), another one, and no more, checks (`projects.py`). What passes between
them are values: a `Document` on the way there, a `Checked` on the way back.
"""
