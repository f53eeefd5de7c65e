"""A scalar quantity written out in single entries, to be worked out at many points or at one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import product
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.calculus.chain import at
from backhand.calculus.curvature import Setting
from backhand.calculus.forward import ancestors
from backhand.calculus.intervals import between, enclosure, exact, high, interval, low, written_out
from backhand.errors import LimitError
from backhand.expr import (
    Add,
    Apply,
    Compare,
    Constant,
    Expr,
    Mul,
    Number,
    Power,
    Ref,
    number,
    postorder,
    rebuilt,
    ref,
)
from backhand.functions import REALS, TABLE
from backhand.graph import Graph

Array: TypeAlias = NDArray[np.float64]
Point: TypeAlias = tuple[Fraction, ...]
MAX_ENTRIES = 20_000
"""A graph with more entries on the way isn't searched."""
BITS = 160
"""The precision of what is certain."""
_CONSTANTS = {"pi": math.pi, "e": math.e}


@dataclass(frozen=True, eq=False)
class Written:
    """A scalar quantity as one expression in single entries: `moving` vary, `held` have no value."""

    expr: Expr
    moving: tuple[Ref, ...]
    held: tuple[Ref, ...]
    setting: Setting

    @cached_property
    def nodes(self) -> tuple[Expr, ...]:
        """Every node, arguments first."""
        return tuple(postorder(self.expr))

    @property
    def entries(self) -> tuple[Ref, ...]:
        """All entries that a point gives a number to."""
        return self.moving + self.held

    def values(self, points: Array) -> Array:
        """The quantity at each row of numbers for `entries`, NaN where it is undefined."""
        done: dict[Expr, Any] = {e: points[:, n] for n, e in enumerate(self.entries)}
        with np.errstate(all="ignore"):
            for node in self.nodes:
                if node not in done:
                    done[node] = _value(node, [done[arg] for arg in node.args])
            found = np.broadcast_to(np.asarray(done[self.expr], dtype=float), len(points))
        return np.where(np.isfinite(found), found, np.nan)

    @cached_property
    def bounds(self) -> tuple[Any, ...]:
        """The interval of each entry."""
        found = (self.setting.bound(entry) for entry in self.entries)
        return tuple(between(REALS) if bound is None else bound for bound in found)

    def allows(self, point: Point) -> bool:
        """Whether every entry is inside its domain, off its ends."""
        for bound, x in zip(self.bounds, point, strict=True):
            least, most = exact(low(bound)), exact(high(bound))
            if (least is not None and x <= least) or (most is not None and x >= most):
                return False
        return True

    def certain(self, point: Point) -> Any | None:
        """The quantity at one point, as a narrow interval; None where it is undefined."""
        box: dict[Expr, Any] = {
            entry: interval(x, bits=BITS) for entry, x in zip(self.entries, point, strict=True)
        }
        return enclosure(self.expr, box, BITS)


def in_entries(of: str, setting: Setting) -> Written:
    """A scalar quantity in single entries; `LimitError` where that is too long."""
    graph = setting.graph
    needed = {of, *ancestors(graph, of)}
    own: dict[Expr, Expr] = {}
    moving: list[Ref] = []
    held: list[Ref] = []
    for quantity in graph:
        if quantity.name not in needed:
            continue
        if len(own) + quantity.size > MAX_ENTRIES:
            raise LimitError(
                f"{of} has over {MAX_ENTRIES} entries on its way", "use a smaller model"
            )
        for slots in product(*(range(a.lower, a.lower + a.size) for a in quantity.axes)):
            entry = ref(quantity.name, *slots)
            assert isinstance(entry, Ref)
            if quantity.name in setting.by:
                moving.append(entry)
            elif quantity.definition is not None:
                own[entry] = _put_in(written_out(at(quantity, slots)), own)
            elif quantity.value is not None:
                own[entry] = number(Fraction(quantity.entry(quantity.value, slots)))
            else:
                held.append(entry)
    expr = own[ref(of, *(axis.lower for axis in graph[of].axes))]
    there = set(postorder(expr))
    return Written(
        expr,
        tuple(entry for entry in moving),
        tuple(entry for entry in held if entry in there),
        setting,
    )


def offsets(entry: Ref, graph: Graph) -> tuple[int, ...]:
    """Where an entry stands in the array of its quantity, counted from 0."""
    slots = [slot for slot in entry.slots if isinstance(slot, int)]
    return tuple(s - axis.lower for s, axis in zip(slots, graph[entry.name].axes, strict=True))


def _put_in(expr: Expr, own: Mapping[Expr, Expr]) -> Expr:
    done: dict[Expr, Expr] = {}
    for node in postorder(expr):
        new = own.get(node)
        done[node] = rebuilt(node, tuple(done[arg] for arg in node.args)) if new is None else new
    return done[expr]


def _value(node: Expr, args: Sequence[Any]) -> Any:
    match node:
        case Number(value):
            return float(value)
        case Constant(name):
            return _CONSTANTS[name]
        case Add():
            return sum(args[1:], args[0])
        case Mul():
            out = args[0]
            for arg in args[1:]:
                out = out * arg
            return out
        case Power():
            return np.power(np.asarray(args[0], dtype=float), args[1])
        case Compare(order):
            test = {">": np.greater, ">=": np.greater_equal, "=": np.equal}[order]
            return np.asarray(test(args[0], args[1])).astype(float)
        case Apply(name):
            return TABLE[name].value(*args)
        case _:
            return np.nan
