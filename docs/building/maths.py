"""Formulas of the site as MathML, by Backhand's own reader and writer: no script, no network."""

from __future__ import annotations

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.writers.html5 import HTML5Translator

from backhand.errors import BackhandError
from backhand.reading.maths import statements
from backhand.writing.mathml import formula_mathml

LOGGER = logging.getLogger(__name__)


def inline(translator: HTML5Translator, node: nodes.math) -> None:
    """A formula in a sentence."""
    translator.body.append(", ".join(_written(node, "inline")))
    raise nodes.SkipNode


def display(translator: HTML5Translator, node: nodes.math_block) -> None:
    """A display, one formula a line."""
    lines = "\n".join(_written(node, "block"))
    translator.body.append(f'<div class="display">\n{lines}\n</div>\n')
    raise nodes.SkipNode


def _written(node: nodes.Element, shown: str) -> list[str]:
    """The formulas of a node; one that Backhand doesn't read is a warning with its place."""
    try:
        return [formula_mathml(s.formula, shown) for s in statements(node.astext())]
    except BackhandError as error:
        LOGGER.warning("Backhand doesn't read this formula: %s", error, location=node)
        return []


def setup(app: Sphinx) -> None:
    app.add_html_math_renderer("backhand", (inline, None), (display, None))
