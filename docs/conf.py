"""The documentation site: ``sphinx-build -W -b html docs build/site``.

Pages of rules and families are written when the site is built, from the rules (:mod:`patternlint.rule_pages`).
With ``-W`` a link that leads nowhere, in the text or from page to page, ends the build.
"""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from sphinx.application import Sphinx
from sphinx.util import logging

sys.path.insert(0, str(Path(__file__).parent))

import rule_site

from patternlint.version import VERSION

project = "patternlint"
author = "The authors of patternlint"
release = version = VERSION
extensions = ["myst_parser"]
myst_heading_anchors = 3
smartquotes = False  # options begin with two hyphens
html_theme = "furo"
html_title = f"patternlint {VERSION}"
html_show_sourcelink = False
html_show_copyright = False
highlight_language = "none"

_ON_THE_SITE = {"CONTRIBUTING.md": "contributing.md", "CHANGELOG.md": "changelog.md"}
_log = logging.getLogger(__name__)


def lead_out(app: Sphinx, docname: str, source: list[str]) -> None:
    """Links of a page to the repository's other files lead to their page on the site, or to the repository."""
    folder, documents = Path(app.srcdir, docname).parent, Path(app.srcdir)

    def target(link: re.Match[str]) -> str:
        path = Path(os.path.normpath(folder / link["path"]))
        if path.is_relative_to(documents):
            return link[0]
        if not path.exists():
            _log.warning("link to %s, which does not exist", link["path"], location=docname)
        name = path.relative_to(documents.parent).as_posix()
        return f"]({_ON_THE_SITE.get(name, f'{rule_site.REPOSITORY}tree/main/{name}')})"

    source[0] = re.sub(r"\]\((?P<path>\.\./[^)#]+)\)", target, source[0])


def setup(app: Sphinx) -> None:
    """What is done before pages are read."""
    app.connect("builder-inited", lambda app: rule_site.write(Path(app.srcdir) / "rules"))
    app.connect("source-read", lead_out)
