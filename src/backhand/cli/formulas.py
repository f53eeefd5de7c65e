"""The commands on a formula that is typed: chain, check, convex, and the table of functions."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from backhand.cli.application import app
from backhand.cli.options import Chosen, Format, Layouted, Output
from backhand.cli.output import chosen_format, errors_of, put, write
from backhand.errors import BackhandError

if TYPE_CHECKING:
    from pathlib import Path

    from backhand.working import Verdict


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
    """Work out a derivative by the chain rule, in both layouts. Show every factor's shape."""
    with errors_of():
        from backhand import formulas
        from backhand.working import Solution

        chosen = chosen_format(format, output)
        working = formulas.chain(formula, layout.value if layout else None)
        put(Solution.of_one(working, formula), chosen, output)


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
    """Prove a claim, or show a point where it is false."""
    with errors_of():
        from backhand import formulas

        chosen = chosen_format(format, output)
        _put_verdict(formulas.check(claim), claim, chosen, output)


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
    """Decide whether a function is convex, concave, affine or neither. Show why."""
    with errors_of():
        from backhand import formulas

        chosen = chosen_format(format, output)
        _put_verdict(formulas.convex(function), function, chosen, output)


@app.command(
    epilog="""Examples:

\b
  backhand functions
  backhand functions sigmoid tanh relu
  backhand functions -o table.html
"""
)
def functions(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Only these functions.")
    ] = None,
    format: Chosen = None,
    output: Output = None,
) -> None:
    """Show the table of functions, with plots. Value, derivative, range, shape, kinks."""
    with errors_of():
        from backhand.calculus.table import rows
        from backhand.writing import function_table

        chosen = chosen_format(format, output)
        found = rows(tuple(names or ()))
        if chosen is Format.TERMINAL and not output and sys.stdout.isatty():
            from rich.console import Console

            function_table.terminal(found, Console())
            return
        writers = {
            Format.TERMINAL: function_table.text,
            Format.HTML: function_table.html,
            Format.LATEX: function_table.latex,
            Format.JSON: function_table.json,
        }
        if chosen not in writers:
            raise BackhandError(
                f"the table isn't written as {chosen.value}",
                f"choose {', '.join(each.value for each in writers)}",
            )
        write(writers[chosen](found), output)


def _put_verdict(verdict: Verdict, title: str, format: Format, output: Path | None) -> None:
    """A verdict: in JSON the decision itself, else its working as a page."""
    if format is Format.JSON:
        from backhand.writing.json import verdict as as_json

        write(as_json(verdict), output)
    else:
        from backhand.working import Solution

        put(Solution.of_one(verdict.working, title), format, output)
