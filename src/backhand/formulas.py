"""What one asks of a formula that is typed, without a worksheet: is it true, is it convex, its derivative."""

from __future__ import annotations

from dataclasses import replace

from backhand.graph import Layout
from backhand.working import Verdict, Working


def check(claim: str) -> Verdict:
    """Whether an equation holds wherever both sides have a value: proved, false, or not decided.

    Names that nothing defines are free numbers. Definitions may stand before the claim, parted by
    semicolons, and a condition after it. Raises `BackhandError` where the text isn't a claim.

    >>> print(check("d/dz sigmoid(z) = sigmoid(z)(1 - e^(-z))").working.text().splitlines()[0])
    False: at z = 1 the left side is 0.1966, the right side 0.4621
    >>> check("d/dx(x sin x) = sin x + x cos x").verdict
    'proved'
    """
    from backhand.calculus.identity import identity
    from backhand.reading.claims import claim as read

    found = read(claim)
    return _noted(identity(found), found.graph.notes)


def convex(function: str) -> Verdict:
    """Whether a function is convex, concave, affine (both), neither, or not decided.

    >>> convex("f(x) = log(1 + e^x)").verdict, convex("x^3 for x > 0").verdict
    ('convex', 'convex')
    """
    from backhand.calculus.convexity import drawn
    from backhand.reading.claims import function as read

    found = read(function)
    return _noted(drawn(found.graph, found.of, found.by, found.domain), found.graph.notes)


def chain(derivative: str, layout: Layout | None = None) -> Working:
    """A derivative by the chain rule, in both layouts or in one, with the shape of every factor.

    >>> print(chain("d/dt f(g(t))").text().splitlines()[0])
    df/dt = df/dg · dg/dt
    """
    from backhand.calculus.both_layouts import both_layouts
    from backhand.reading.claims import derivative as read

    asked = read(derivative)
    working = both_layouts(asked.graph, asked.of, asked.by, layout)
    return replace(working, notes=(*working.notes, *((note,) for note in asked.graph.notes)))


def _noted(verdict: Verdict, notes: tuple[str, ...]) -> Verdict:
    """The verdict with how the text was read."""
    working = verdict.working
    told = (*working.notes, *((note,) for note in notes))
    return replace(verdict, working=replace(working, notes=told))
