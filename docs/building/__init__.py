"""What the documentation site needs beyond Sphinx: each module joins in by its own `setup`."""

from __future__ import annotations

from sphinx.application import Sphinx

from building import api, commands, examples, limits, links, maths


def _written_anew(app: Sphinx, *changes: object) -> list[str]:
    """The pages made from the code, which may have changed where their sources haven't."""
    return [api.PAGE, commands.PAGE, examples.PAGE, limits.PAGE]


def setup(app: Sphinx) -> dict[str, bool]:
    for module in (api, commands, examples, limits, links, maths):
        module.setup(app)
    app.connect("env-get-outdated", _written_anew)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
