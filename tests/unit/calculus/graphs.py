"""Small graphs built by hand, without the reader."""

from __future__ import annotations

from backhand.compositions import COMPOSITIONS
from backhand.expr import Expr, Index, apply, padded, ref, total
from backhand.graph import Graph, Quantity, Role, axes
from backhand.values import as_value

COLUMN = Index("c", 0, 2)
ROW = Index("j", 1, 2)


def given(name: str, role: Role, value: object, *, folded: bool = False) -> Quantity:
    """A quantity with a value."""
    array = as_value(value)  # type: ignore[arg-type]
    return Quantity(name=name, axes=axes(*array.shape, folded=folded), role=role, value=array)


def made(name: str, definition: Expr, *shape: int, role: Role = Role.INTERMEDIATE) -> Quantity:
    """A quantity with an equation in j, k."""
    return Quantity(name=name, axes=axes(*shape), role=role, definition=definition)


def two_neurons(**points: object) -> Graph:
    """The 2-2-1 network of the worked example."""
    return Graph(
        (
            given("x", Role.DATA, [2, 5]),
            given("y", Role.TARGET, 1),
            given("W_1", Role.PARAMETER, [[2, 3, -1], [-1, -3, 1]], folded=True),
            given("W_2", Role.PARAMETER, [[1, -2, 2]], folded=True),
            made("a", total(COLUMN, ref("W_1", ROW, COLUMN) * padded("x", (COLUMN,), 1)), 2),
            made("z", apply("relu", ref("a", ROW)), 2),
            made("b", total(COLUMN, ref("W_2", 1, COLUMN) * padded("z", (COLUMN,), 1))),
            made("yhat", apply("sigmoid", ref("b"))),
            made("J", (ref("y") - ref("yhat")) ** 2, role=Role.OBJECTIVE),
        ),
        "J",
        points={name: as_value(rows) for name, rows in points.items()},  # type: ignore[arg-type]
    )


def softmax_graph(scores: list[float], target: list[float]) -> Graph:
    """s, p = softmax(s), J = cross-entropy of y and p."""
    index, other = Index("j", 1, len(scores)), Index("n", 1, len(scores))

    def over(expr: Expr) -> Expr:
        from backhand.expr import substitute

        return total(other, substitute(expr, {index: other}))

    p = COMPOSITIONS["softmax"].expand(over, ref("s", index))
    loss = COMPOSITIONS["cross_entropy"].expand(over, ref("y", index), ref("p", index))
    return Graph(
        (
            given("s", Role.PARAMETER, scores),
            given("y", Role.TARGET, target),
            made("p", p, len(scores)),
            made("J", loss, role=Role.OBJECTIVE),
        ),
        "J",
    )
