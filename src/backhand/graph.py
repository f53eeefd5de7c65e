"""The one data structure: a graph of named quantities, each defined by an index-notation equation.

A graph describes one data point. Shapes follow the page: a scalar is `()`, a (column) vector `(n,)`,
a matrix `(rows, columns)`. Rows count from 1; columns too, except those of a matrix with its bias
folded in, which count from 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backhand.errors import MeaningError, Place
from backhand.expr import Expr, Index, Padded, Ref, names, postorder
from backhand.syntax import Formula
from backhand.values import Value, fitted, floats

if TYPE_CHECKING:
    from backhand.page.widget import NetworkWidget
    from backhand.training.fit import Fit
    from backhand.working import Working

Layout: TypeAlias = Literal["numerator", "denominator"]

POINT = "i"
"""The letter that numbers data points: x^(i)."""
AXES = ("j", "k", "l", "m", "p", "q", "r", "s")
"""The letters of a definition's own axes, in order: a[j], W[j,k]."""


class Role(Enum):
    """What a quantity is for."""

    DATA = "data"
    TARGET = "target"
    PARAMETER = "parameter"
    INTERMEDIATE = "intermediate"
    OBJECTIVE = "objective"
    GRADIENT = "gradient"

    @property
    def given(self) -> bool:
        """Whether its value comes from outside and not from an equation."""
        return self in (Role.DATA, Role.TARGET, Role.PARAMETER)


def axes(*shape: int | str, folded: bool = False) -> tuple[Index, ...]:
    """The axes of a quantity of this shape, a size perhaps a letter; `folded`: the last counts from 0.

    >>> axes(2, 3, folded=True)
    (Index(name='j', lower=1, upper=2), Index(name='k', lower=0, upper=2))
    """
    first = [1] * len(shape)
    if folded:
        first[-1] = 0
    return tuple(
        Index(AXES[at], low, low + size - 1 if isinstance(size, int) else size)
        for at, (low, size) in enumerate(zip(first, shape, strict=True))
    )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Quantity:
    """A named array: its axes, its role, and the equation or the value that gives it.

    `definition` is an expression in the `axes`: `a[j] = Σ_k W_1[j,k] (1,x)[k]`. `place`: where the
    author wrote it. Compare with `same_as`; values make `==` meaningless.
    """

    name: str
    axes: tuple[Index, ...]
    role: Role
    definition: Expr | None = None
    value: Value | None = None
    place: Place | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Its sizes, axis by axis."""
        return tuple(axis.size for axis in self.axes)

    @property
    def extents(self) -> tuple[int | str, ...]:
        """Its sizes axis by axis, each a number or a letter."""
        return tuple(axis.extent for axis in self.axes)

    @property
    def single(self) -> bool:
        """Whether it is one number."""
        return all(extent == 1 for extent in self.extents)

    @property
    def rank(self) -> int:
        """0 for a scalar, 1 for a vector, 2 for a matrix."""
        return len(self.axes)

    @property
    def folded(self) -> bool:
        """Whether its first column is a bias."""
        return bool(self.axes) and self.axes[-1].lower == 0

    @property
    def size(self) -> int:
        """Its number of entries."""
        return prod(self.shape)

    def entry(self, value: Value, slots: Iterable[int]) -> Any:
        """The number in an array of this quantity's shape at these entry numbers."""
        return value[tuple(s - axis.lower for s, axis in zip(slots, self.axes, strict=True))]

    def same_as(self, other: Quantity) -> bool:
        """Equal in name, axes, role, equation and value."""
        if (self.value is None) != (other.value is None):
            return False
        return (self.name, self.axes, self.role, self.definition) == (
            other.name,
            other.axes,
            other.role,
            other.definition,
        ) and (self.value is None or np.array_equal(floats(self.value), floats(other.value)))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Signature:
    """What is known of a function without a formula: f: R^N × R → R^M, a shape for each argument."""

    domain: tuple[tuple[int | str, ...], ...]
    codomain: tuple[int | str, ...]


@dataclass(frozen=True, eq=False)
class Graph:
    """Quantities in an order in which each comes after those that its equation uses.

    `objective` names the scalar to be minimised. `notes` say how something was read that could have
    been read otherwise. `points` holds data of several points, by name, first axis the point; the
    quantities themselves carry the first of them. `functions` are those that the page defined, as
    parameters and body, `signatures` those of which it gave domain and codomain only, and `declared`
    the roles that it gave in words. Raises `MeaningError` where
    an equation names an unknown quantity, an index out of range, or one not on its left-hand side.
    """

    quantities: tuple[Quantity, ...]
    objective: str | None = None
    notes: tuple[str, ...] = ()
    points: Mapping[str, Value] = field(default_factory=dict[str, Value])
    functions: Mapping[str, tuple[tuple[str, ...], Formula]] = field(
        default_factory=dict[str, tuple[tuple[str, ...], Formula]]
    )
    declared: Mapping[str, Role] = field(default_factory=dict[str, Role])
    signatures: Mapping[str, Signature] = field(default_factory=dict[str, Signature])
    _by_name: Mapping[str, Quantity] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        known: dict[str, Quantity] = {}
        for quantity in self.quantities:
            _check(quantity, known)
            known[quantity.name] = quantity
        object.__setattr__(self, "_by_name", known)

    def __getitem__(self, name: str) -> Quantity:
        """The quantity of this name; `MeaningError` lists the known ones."""
        if name in self._by_name:
            return self._by_name[name]
        known = [q.name for q in self.quantities if q.role is not Role.GRADIENT]
        raise MeaningError(
            f"there is no quantity {name!r}", f"the names are {', '.join(known[:20])}"
        )

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Quantity]:
        return iter(self.quantities)

    def __eq__(self, other: object) -> bool:
        """Whether both hold the same quantities and equations, in whatever order that works."""
        if not isinstance(other, Graph) or self.objective != other.objective:
            return NotImplemented if not isinstance(other, Graph) else False
        return set(self._by_name) == set(other._by_name) and all(
            q.same_as(other[q.name]) for q in self
        )

    __hash__ = None  # type: ignore[assignment]

    @cached_property
    def single_variable(self) -> bool:
        """Whether everything is a number and one only is free: then a derivative is written dy/dx."""
        free = [q for q in self if q.definition is None]
        return len(free) == 1 and all(q.rank == 0 for q in self if q.role is not Role.GRADIENT)

    def with_role(self, *roles: Role) -> tuple[Quantity, ...]:
        """The quantities of these roles, in order."""
        return tuple(q for q in self if q.role in roles)

    @property
    def parameters(self) -> tuple[Quantity, ...]:
        """What training changes."""
        return self.with_role(Role.PARAMETER)

    @property
    def point_count(self) -> int:
        """How many data points there are values for."""
        return max((len(v) for v in self.points.values()), default=1)

    def with_values(self, /, **values: ArrayLike) -> Graph:
        """The same graph with other given values; `MeaningError` where a shape doesn't fit."""
        for name in values:
            if self[name].definition is not None:
                raise MeaningError(f"{name} is defined by an equation", "give values to data only")
        return replace(
            self,
            quantities=tuple(
                replace(q, value=fitted(q.name, q.shape, values[q.name])) if q.name in values else q
                for q in self
            ),
        )

    def at_point(self, point: int) -> Graph:
        """The same graph on data point number `point`, counted from 1."""
        if not 1 <= point <= self.point_count:
            raise MeaningError(
                f"there is no data point {point}", f"the points are 1 to {self.point_count}"
            )
        here = {name: rows[point - 1] for name, rows in self.points.items()}
        return self.with_values(**here) if here else self

    def forward(self, at: Mapping[str, ArrayLike] | None = None, *, point: int = 1) -> Working:
        """The forward pass: every quantity in turn, with formula, substitution and value.

        `at`: given values to use instead of the graph's own. The working's value is that of the
        objective, its `values` hold every quantity.

        >>> import backhand
        >>> backhand.model("x = 3; y = x^2").forward().value
        9.0
        """
        from backhand.calculus.forward import forward

        return forward(self.at_point(point).with_values(**dict(at or {})))

    def derivative(
        self,
        of: str,
        by: str,
        *,
        at: Mapping[str, ArrayLike] | None = None,
        layout: Layout = "numerator",
        point: int = 1,
    ) -> Working:
        """The derivative of a quantity, or of one entry, by another, by the chain rule.

        >>> import backhand
        >>> graph = backhand.model("x = 3; u = x^2; y = sin(u)")
        >>> working = graph.derivative("y", "x")
        >>> round(working.value, 3)
        -5.467
        >>> print(working.text().splitlines()[3].strip())
        dy/dx = dy/du · du/dx
        """
        from backhand.calculus.answer import derivative
        from backhand.reading.meaning import spelled

        graph = self.at_point(point).with_values(**dict(at or {}))
        return derivative(graph, spelled(of, graph), spelled(by, graph), layout)

    def gradient(
        self,
        *by: str,
        of: str | None = None,
        at: Mapping[str, ArrayLike] | None = None,
        point: int = 1,
    ) -> Working:
        """Backpropagation: the gradient of the objective by every parameter, or by those named.

        Each gradient has its parameter's own shape; the working's `values` hold it as `∂J/∂W_1`.

        >>> import backhand
        >>> backhand.model("x = 3; w = 2; J = (w x - 5)^2").gradient().value
        6.0
        """
        from backhand.calculus.gradient import gradient

        return gradient(self.at_point(point).with_values(**dict(at or {})), of, by)

    def hessian(self, *by: str, of: str | None = None, point: int = 1) -> Working:
        """The second derivatives of the objective by a quantity, or mixed by two.

        >>> import backhand
        >>> graph = backhand.model("x = 3; w = 2; J = (w x - 5)^2")
        >>> graph.hessian("w").value
        18.0
        """
        from backhand.calculus.second import hessian

        return hessian(self.at_point(point), of, by)

    def hessian_vector(
        self, direction: Mapping[str, ArrayLike], *, of: str | None = None, point: int = 1
    ) -> Working:
        """The objective's Hessian times a vector, given by name, without forming the Hessian."""
        from backhand.calculus.second import hessian_vector

        return hessian_vector(self.at_point(point), direction, of)

    def explain(self, by: str, *, of: str | None = None, point: int = 1) -> Working:
        """Why the objective's derivative by an entry is what it is: paths, factors, dead units."""
        from backhand.calculus.explain import explain
        from backhand.reading.meaning import spelled

        return explain(self.at_point(point), spelled(by, self), of)

    def step(self, eta: float, *, point: int | None = 1) -> Working:
        """One update of every parameter by gradient descent; the working's `values` hold them.

        `point`: the data point used; None takes the mean over all of them.
        """
        from backhand.calculus.descent import step

        return step(self, eta, point)

    def fit(self, X: object, y: object = None, **options: Any) -> Fit:
        """Train on data points: `batch_size=1, epochs=1, ...`; `training.fit.fit` has the options."""
        from backhand.training.fit import fit

        return fit(self, X, y, **options)

    def predict(self, X: object) -> NDArray[np.float64]:
        """The network's output for each row of X."""
        from backhand.training.evaluation import predict

        return predict(self, X)

    def draw(self, derivative: str | None = None) -> str:
        """The network as SVG; asked for the derivative by an entry, with the paths that carry it."""
        from backhand.calculus.picture import picture
        from backhand.writing.drawing import draw

        return draw(picture(self, derivative))

    def widget(self) -> NetworkWidget:
        """The network in a notebook, to be touched; `.values` follows every edit, and moves it."""
        from backhand.page.widget import NetworkWidget

        return NetworkWidget(self)

    def __str__(self) -> str:
        from backhand.calculus.answer import shown

        return shown(self).text()

    def __repr__(self) -> str:
        return f"<Graph of {', '.join(list(self._by_name)[:12])}>"

    def _repr_svg_(self) -> str:
        return self.draw()

    def _repr_latex_(self) -> str:
        from backhand.calculus.answer import shown

        return shown(self).latex()


def _check(quantity: Quantity, known: Mapping[str, Quantity]) -> None:
    """Raise `MeaningError` unless the equation makes sense after the quantities in `known`."""
    if quantity.name in known:
        raise MeaningError(
            f"{quantity.name} is defined twice", "give one of the two another name", quantity.place
        )
    if quantity.definition is None:
        return
    stray = quantity.definition.free - set(quantity.axes)
    if stray:
        letter = min(index.name for index in stray)
        raise MeaningError(
            f"the index {letter} is on the right of {quantity.name} only",
            f"sum over it, or write {quantity.name}[{letter}] on the left",
            quantity.place,
        )
    for name in names(quantity.definition) - set(known):
        raise MeaningError(f"{quantity.name} uses the unknown {name}", "define it first")
    for node in postorder(quantity.definition):
        if isinstance(node, Ref):
            inside = known[node.name].axes
            fits = len(inside) == len(node.slots) and all(
                axis.covers(slot) for axis, slot in zip(inside, node.slots, strict=True)
            )
        elif isinstance(node, Padded):
            fits = known[node.name].rank == node.rank
        else:
            continue
        if not fits:
            raise MeaningError(f"{node!r} in {quantity.name} is outside {node.name}")
