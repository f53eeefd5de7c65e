"""Links that lead out of this folder, and entries of the contents for pages still to be written."""

from __future__ import annotations

import re

from sphinx.application import Sphinx

PAGES = {"../benchmarks/README.md": "benchmarks.md"}
"""What a link says that is right for whoever reads the sources, and the page here that includes it."""
PATTERN = re.compile(r"^[\w-]+\[\w\]$", re.M)


def _led_here(app: Sphinx, name: str, source: list[str]) -> None:
    for link, page in PAGES.items():
        source[0] = source[0].replace(f"]({link}", f"]({page}")


def _without_missing(app: Sphinx, name: str, source: list[str]) -> None:
    """A pattern such as `gradin[g]` in the contents, without a page, would be a warning."""

    def there(found: re.Match[str]) -> str:
        return found[0] if any(app.srcdir.glob(f"{found[0]}.md")) else ""

    if name == app.config.root_doc:
        source[0] = PATTERN.sub(there, source[0])


def setup(app: Sphinx) -> None:
    app.connect("source-read", _led_here)
    app.connect("source-read", _without_missing)
