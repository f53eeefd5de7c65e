"""The table of sizes on the page of limits: each bound as it stands in the code."""

from __future__ import annotations

from importlib import import_module

from sphinx.application import Sphinx

PAGE = "limits"
BOUNDS = (
    ("a worksheet, in bytes", "reading.document.MAX_BYTES"),
    ("a LaTeX source, in characters", "reading.latex_source.MAX_SOURCE"),
    ("the text of a model, in characters", "reading.tokens.MAX_LENGTH"),
    ("definitions in one block", "reading.maths.MAX_STATEMENTS"),
    ("brackets in one another", "reading.tokens.MAX_DEPTH"),
    ("digits of a number", "reading.tokens.MAX_DIGITS"),
    ("numbers that a page gives", "reading.given.MAX_ENTRIES"),
    ("a question in words, in characters", "reading.phrases.MAX_QUESTION"),
    ("layers of `network(...)`", "reading.shorthand.MAX_LAYERS"),
    ("units of one of its layers", "reading.shorthand.MAX_WIDTH"),
    ("an ONNX file, in bytes", "reading.onnx.MAX_BYTES"),
    ("indices of an entry", "reading.indices.MAX_SLOTS"),
    ("the order of a derivative that is read", "reading.derivatives.MAX_ORDER"),
    ("given numbers that are worked exactly, else in float64", "values.MAX_EXACT_ENTRIES"),
    ("paths shown one by one, else as sums over an index", "calculus.paths.MAX_PATHS"),
    ("connections that `explain` follows", "calculus.entries.MAX_EDGES"),
    ("units of a layer in a drawing, else its middle is left out", "calculus.picture.MAX_UNITS"),
    ("an answer, in characters", "checking.answers.MAX_LENGTH"),
    ("parts of a formula that is compared by canonical form", "checking.equality.MAX_NODES"),
    ("entries of the arrays in a chain that is marked", "checking.chains.MAX_ENTRIES"),
    ("variants of one run", "checking.variants.MAX_VARIANTS"),
    ("units of a hidden layer in a variant", "checking.widths.MAX_WIDTH"),
    ("classes", "training.labels.MAX_CLASSES"),
    ("a table kept in memory, in bytes; a larger one stays on the disk", "training.intake.MAX_IN_MEMORY"),
    ("parameters of a network in `compare`", "comparing.models.MAX_PARAMETERS"),
    ("numbers in the data of `compare`", "comparing.task.MAX_ENTRIES"),
    ("runs of a sweep", "sweeping.choices.MAX_RUNS"),
)  # fmt: skip
"""What is bounded, and the constant of the package that bounds it."""


def table() -> str:
    """The bounds as a Markdown table."""
    rows = [f"| {what} | {_value(path):,} |" for what, path in BOUNDS]
    return "\n".join(("| | at most |", "|---|--:|", *rows)) + "\n"


def _value(path: str) -> int:
    module, _, name = path.rpartition(".")
    return getattr(import_module(f"backhand.{module}"), name)


def _written(app: Sphinx, name: str, source: list[str]) -> None:
    if name == PAGE:
        source[0] += "\n" + table()


def setup(app: Sphinx) -> None:
    app.connect("source-read", _written)
