"""What the documentation site needs beyond Sphinx: each module joins in by its own `setup`."""

from __future__ import annotations

from sphinx.application import Sphinx

from building import api, commands, limits, links, maths


def setup(app: Sphinx) -> dict[str, bool]:
    for module in (api, commands, limits, links, maths):
        module.setup(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
