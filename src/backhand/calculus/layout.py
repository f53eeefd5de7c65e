"""The two layouts of derivatives by vectors and matrices, and the shapes that follow from them.

Numerator layout: the derivative of y in R^m by x in R^n is m×n, a scalar by an m×n matrix n×m, and
chains read left to right. Denominator layout: the transposes, chains reversed. What has more than
two axes together has no matrix to stand in and is written by its entries.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import get_args

from backhand.calculus.chain import local_derivative
from backhand.calculus.paths import routes
from backhand.errors import AskError
from backhand.graph import AXES, Graph, Layout, Quantity, Role
from backhand.matrices import turned
from backhand.notation import equals, named, partial_name
from backhand.syntax import Equal, Formula, Partial, Plus, Times
from backhand.values import Value
from backhand.working import Prose, Step

LAYOUTS: tuple[Layout, ...] = get_args(Layout)
MAX_ROUTES = 4
"""A chain of arrays along more ways isn't written out."""
Extent = int | str


def known_layout(layout: str) -> Layout:
    """The layout of this name. Raises `AskError` where there is none.

    >>> known_layout("numerator")
    'numerator'
    """
    for each in LAYOUTS:
        if layout == each:
            return each
    raise AskError(f"there is no layout {layout!r}", f"the layouts are {' and '.join(LAYOUTS)}")


def arranged(value: Value, quantity: Quantity, graph: Graph, layout: Layout) -> Value:
    """The array of a derivative as its layout shows it; a row is a matrix with one row."""
    if not turned(quantity.name, graph, layout):
        return value
    return value.reshape(1, -1) if value.ndim == 1 else value.T


def has_matrix(graph: Graph, of: str, by: str) -> bool:
    """Whether the derivative of the one by the other is a matrix, a vector or a number."""
    return graph[of].rank + graph[by].rank <= 2


def shape(graph: Graph, of: str, by: str, layout: Layout) -> tuple[Extent, Extent]:
    """The rows and columns of a derivative in its layout, each a number or a letter."""
    of_extents, by_extents = graph[of].extents, graph[by].extents
    if len(by_extents) == 2:
        rows, cols = by_extents
    elif len(of_extents) == 2:
        rows, cols = of_extents
        return (rows, cols) if layout == "numerator" else (cols, rows)
    else:
        cols, rows = (*of_extents, 1)[0], (*by_extents, 1)[0]
    return (cols, rows) if layout == "numerator" else (rows, cols)


def layout_note(graph: Graph, of: str, by: str, layout: Layout) -> Prose:
    """The layout and the shape that follows from it."""
    sign = named(graph, partial_name(of, by))
    if graph[of].single and graph[by].single:
        return (sign, " is a number, the same in both layouts.")
    if not has_matrix(graph, of, by):
        extents = (*graph[of].extents, *graph[by].extents)
        return (sign, f" has {len(extents)} axes, {'×'.join(map(str, extents))}: no matrix.")
    rows, cols = shape(graph, of, by, layout)
    return (f"{layout.capitalize()} layout: ", sign, f" is {rows}×{cols}.")


def chain_steps(graph: Graph, of: str, by: str, layout: Layout) -> Iterator[Step]:
    """The chain at the level of whole arrays, its factors in the order of the layout, with shapes.

    None for a derivative of one equation, and where a factor on the way is no matrix.
    """
    found = routes(graph, of, by, MAX_ROUTES)
    hops = [pair for route in found for pair in pairwise(route)]
    long = any(len(route) > 2 for route in found)
    if not long or len(found) > MAX_ROUTES or not all(has_matrix(graph, *hop) for hop in hops):
        return
    plain = all(graph[name].single for hop in hops for name in hop)
    which = "output to input" if layout == "numerator" else "input to output"
    sizes = [_sizes(graph, route, layout) for route in found]
    yield Step(
        title=("The chain",) if plain else (f"The chain, from {which}",),
        rule="chain rule" if plain else f"chain rule, {layout} layout",
        formula=chain(graph, found, layout),
        note=("all factors are numbers, so the layouts are the same",)
        if plain
        else ("shapes: " + "; ".join(sizes),),
    )


def chain(graph: Graph, found: list[list[str]], layout: Layout) -> Equal:
    """The chain rule along every route, each a product of Jacobians in the layout's order."""
    of, by = found[0][0], found[0][-1]
    terms: list[Formula] = []
    for route in found:
        pairs = list(pairwise(route))
        if layout == "denominator" and any(graph[name].rank for name in route):
            pairs.reverse()
        signs = tuple(named(graph, partial_name(a, b)) for a, b in pairs)
        dotted = all(graph[name].single for name in route)
        terms.append(signs[0] if len(signs) == 1 else Times(signs, "·" if dotted else "@"))
    left = named(graph, partial_name(of, by))
    if [of, by] in found and len(found) > 1:
        # The whole derivative is told from the one that holds the other arguments fixed.
        left = Partial(named(graph, of), named(graph, by), straight=True)
    return equals(left, terms[0] if len(terms) == 1 else Plus(tuple(terms)))


def _sizes(graph: Graph, route: list[str], layout: Layout) -> str:
    """`1×M = 1×N by N×M`: why the factors stand in this order."""
    pairs = list(pairwise(route))
    if layout == "denominator":
        pairs.reverse()
    factors = [shape(graph, a, b, layout) for a, b in pairs]
    whole = shape(graph, route[0], route[-1], layout)
    return " by ".join(f"{m}×{n}" for m, n in factors) + f" is {whole[0]}×{whole[1]}"


def local_array(graph: Graph, of: str, by: str) -> Quantity:
    """∂of/∂by through the one equation of `of`, as a quantity with the axes of both."""
    source, wanted = graph[of], graph[by]
    both = (*source.axes, *wanted.axes)
    own = tuple(axis.named(letter) for axis, letter in zip(both, AXES, strict=False))
    outer, inner = own[: source.rank], own[source.rank :]
    return Quantity(
        name=partial_name(of, by),
        axes=own,
        role=Role.GRADIENT,
        definition=local_derivative(graph, of, outer, by, inner),
        place=source.place,
    )
