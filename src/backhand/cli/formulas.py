"""The commands on a formula that is typed: chain, check, convex, and the table of functions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from backhand.cli.application import app
from backhand.cli.options import Chosen, Format, Layouted, Output
from backhand.cli.output import chosen_format, errors_of, put, write

if TYPE_CHECKING:
    from pathlib import Path

    from backhand.working import Solution, Verdict, Working


@app.command(
    epilog="""Examples:

\b
  backhand chain 'd/dt f(g(t), h(t))'
  backhand chain 'g: R^M -> R^N; f: R^N -> R; ∂/∂v f(g(v)) where v in R^M'
  backhand chain '∂/∂X log(det(X)) where X in R^{n×n}' --layout denominator
  backhand chain 'd^2/dx^2 (x^3 sin x)'
"""
)
def chain(
    formula: Annotated[
        str, typer.Argument(metavar="DERIVATIVE", help="Such as 'd/dt f(g(t), h(t))'.")
    ],
    format: Chosen = None,
    output: Output = None,
    layout: Layouted = None,
) -> None:
    """Work out a derivative by the chain rule, in both layouts, with the shape of every factor."""
    with errors_of():
        from backhand.calculus.both_layouts import both_layouts
        from backhand.reading.claims import derivative

        chosen = chosen_format(format, output)
        asked = derivative(formula)
        working = both_layouts(asked.graph, asked.of, asked.by, layout.value if layout else None)
        put(_alone(working, formula, asked.graph.notes), chosen, output)


@app.command(
    epilog="""Examples:

\b
  backhand check 'd/dz sigmoid(z) = sigmoid(z)(1 - e^(-z))'
  backhand check 'd(u v)/dx = u dv/dx + v du/dx'
  backhand check 'sqrt(x^2) = x for x > 0' --format json
"""
)
def check(
    claim: Annotated[str, typer.Argument(metavar="CLAIM", help="An equation: 'left = right'.")],
    format: Chosen = None,
    output: Output = None,
) -> None:
    """Prove a claim, or show that it is false by a point where its sides differ."""
    with errors_of():
        from backhand.calculus.identity import identity
        from backhand.reading.claims import claim as read_claim

        chosen = chosen_format(format, output)
        read = read_claim(claim)
        _put_verdict(identity(read), claim, read.graph.notes, chosen, output)


@app.command(
    epilog="""Examples:

\b
  backhand convex 'f(x, y) = x^2 + x y + y^2'
  backhand convex 'x log x for x > 0'
  backhand convex 'log(e^x + e^y)' --format json
"""
)
def convex(
    function: Annotated[
        str, typer.Argument(metavar="FUNCTION", help="Such as 'f(x, y) = x^2 + y^2'.")
    ],
    format: Chosen = None,
    output: Output = None,
) -> None:
    """Decide whether a function is convex, concave, affine or neither, and show why."""
    with errors_of():
        from backhand.calculus.convexity import convexity
        from backhand.reading.claims import function as read_function

        chosen = chosen_format(format, output)
        read = read_function(function)
        verdict = convexity(read.graph, read.of, read.by, read.domain)
        _put_verdict(verdict, function, read.graph.notes, chosen, output)


def _put_verdict(
    verdict: Verdict, title: str, notes: tuple[str, ...], format: Format, output: Path | None
) -> None:
    if format is Format.JSON:
        from backhand.writing.json import verdict as as_json

        write(as_json(verdict), output)
    else:
        put(_alone(verdict.working, title, notes), format, output)


def _alone(working: Working, title: str, notes: tuple[str, ...]) -> Solution:
    """A working as a page of its own, with how the text was read."""
    from dataclasses import replace

    from backhand.working import Solution

    told = (*working.notes, *((note,) for note in notes))
    return Solution.of_one(replace(working, notes=told), title)
