"""The curvature of the quantities of a graph, from that of their parts.

Expressions stay in index notation: the entries of a family `x[k]` have one curvature and one
interval between them, so a sum over a thousand data points is one node.
"""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, TypeAlias

from backhand.calculus.convex_rules import (
    Shape,
    completed,
    composition,
    exponential,
    extremum,
    logarithm,
    power,
    product,
    scaled,
    sum_of,
)
from backhand.calculus.forward import ancestors
from backhand.calculus.intervals import between, beyond, common, hull, interval, reached
from backhand.errors import LimitError
from backhand.expr import (
    Add,
    Apply,
    Expr,
    Image,
    Mul,
    Number,
    Padded,
    Power,
    Ref,
    Total,
    apply,
    names,
    postorder,
    ref,
)
from backhand.functions import REALS, TABLE, Function, Interval
from backhand.graph import Graph
from backhand.slots import Index

_ARGUMENT = ref("•")
MAX_PARTS = 10_000
"""Expressions of more nodes aren't looked into."""
Further: TypeAlias = Callable[[Expr, "Setting"], Shape | None]
"""What to ask of an expression that the rules of composition don't settle."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A graph, the quantities that vary in it, the intervals of entries, and what was found so far.

    `bounds`: of all entries of a quantity, by name. `nearer`: of some entries, where that is less.
    `spent`: the sizes of the expressions whose Hessian was asked for.
    """

    graph: Graph
    of: str
    by: frozenset[str]
    bounds: Mapping[str, Any]
    nearer: Mapping[Expr, Any]
    further: Further
    found: MutableMapping[Expr, Shape] = field(default_factory=dict[Expr, Shape])
    quantities: dict[str, Shape] = field(default_factory=dict[str, Shape])
    spent: list[int] = field(default_factory=list[int])

    def bound(self, node: Expr) -> Any | None:
        """The interval of an entry, as `intervals.reach` takes it; None of what is no entry."""
        return _leaf(node, self).bound if isinstance(node, Ref | Padded) else None


def setting(
    graph: Graph, of: str, by: frozenset[str], domain: Mapping[str, Interval], further: Further
) -> Setting:
    """What it takes to ask for the curvature of `of`, where every part of it is defined."""
    needed = {of, *ancestors(graph, of)} - by
    parts = [q.definition for q in graph if q.name in needed and q.definition is not None]
    bounds = {name: between(limits) for name, limits in domain.items()}
    nearer: dict[Expr, Any] = {}
    for entry, limits in implied(*parts).items():
        if entry.name not in by:
            continue
        if _is_every_entry(entry, graph):
            bounds[entry.name] = common(bounds.get(entry.name, between(REALS)), limits)
        else:
            nearer[entry] = limits
    return Setting(graph=graph, of=of, by=by, bounds=bounds, nearer=nearer, further=further)


def _is_every_entry(entry: Ref, graph: Graph) -> bool:
    """Whether the slots of an entry run over the whole quantity."""
    return all(
        isinstance(slot, Index) and (slot.lower, slot.upper) == (axis.lower, axis.upper)
        for slot, axis in zip(entry.slots, graph[entry.name].axes, strict=True)
    ) and len(set(entry.slots)) == len(entry.slots)


def quantity_shape(name: str, setting: Setting) -> Shape:
    """The curvature of every entry of a quantity, in the entries that vary."""
    needed = {name, *ancestors(setting.graph, name)} - setting.by
    for quantity in setting.graph:
        if quantity.definition is not None and quantity.name in needed:
            setting.quantities[quantity.name] = shape(quantity.definition, setting)
    return _entry(name, setting)


def shape(expr: Expr, setting: Setting) -> Shape:
    """The curvature of an expression in the entries that vary; `LimitError` for a very long one."""
    stack = [expr]
    while stack:
        node = stack[-1]
        left = [arg for arg in node.args if arg not in setting.found]
        stack.extend(left)
        if not left:
            if len(setting.found) > MAX_PARTS:
                raise LimitError(f"it has over {MAX_PARTS} parts", "use a smaller model")
            setting.found[node] = setting.found.get(node) or _settled(node, setting)
            stack.pop()
    return setting.found[expr]


def _settled(node: Expr, setting: Setting) -> Shape:
    args = [setting.found[arg] for arg in node.args]
    if isinstance(node, Ref | Padded):
        return _leaf(node, setting)
    bound = reached(node, [arg.bound for arg in args])
    if not isinstance(node, Image) and all(arg.constant for arg in args):
        return completed(Shape(bound=bound, rule="constant", constant=True))
    found = completed(replace(_ruled(node, args, setting), bound=bound))
    if found.convex or found.concave:
        return found
    more = setting.further(node, setting)
    return found if more is None else completed(replace(more, bound=bound))


def _ruled(node: Expr, args: Sequence[Shape], setting: Setting) -> Shape:
    match node:
        case Add():
            return sum_of(args)
        case Total():
            return sum_of([args[0], args[0]])
        case Mul():
            return product(args)
        case Power((_, Number(exponent))):
            return power(args[0], exponent)
        case Power() if args[0].constant and args[0].nonnegative:
            factor = reached(apply("log", _ARGUMENT), [args[0].bound])
            return exponential(scaled(args[1], factor))
        case Apply("sqrt"):
            return power(args[0], Fraction(1, 2))
        case Apply("exp"):
            return exponential(args[0])
        case Apply("log"):
            return logarithm(args[0])
        case Apply("max" | "min" as name):
            return extremum(name, args)
        case Apply(name):
            return _composed(TABLE[name], node, args, setting)
        case _:
            return Shape(bound=None, rule="no rule")


def _composed(function: Function, node: Expr, args: Sequence[Shape], setting: Setting) -> Shape:
    """The composition theorem, and what the function's formula tells."""
    own = composition(function, args)
    if function.formula is None or function.arity != 1 or own.affine:
        return own
    meaning = shape(function.formula(node.args[0]), apart(setting))
    if own.convex or own.concave:
        return replace(
            own, convex_degree=meaning.convex_degree, concave_degree=meaning.concave_degree
        )
    return replace(meaning, rule=f"formula of {function.name}", steps=())


def apart(setting: Setting) -> Setting:
    """The setting with the rules of composition only, and a memory of its own."""
    return replace(setting, further=_nothing_more, found=ChainMap({}, setting.found))


def _nothing_more(_: Expr, __: Setting) -> Shape | None:
    return None


def depends(expr: Expr, setting: Setting) -> bool:
    """Whether an expression's value depends on what varies."""
    return any(not _entry(name, setting).constant for name in names(expr))


# ---- entries -----------------------------------------------------------------------------------


def _leaf(node: Ref | Padded, setting: Setting) -> Shape:
    found = _entry(node.name, setting)
    if isinstance(node, Padded):
        return completed(replace(found, bound=hull(interval(1), found.bound)))
    if node in setting.nearer:
        return completed(replace(found, bound=common(found.bound, setting.nearer[node])))
    slots = [slot for slot in node.slots if isinstance(slot, int)]
    if node.name not in setting.graph or len(slots) < len(node.slots) or not found.constant:
        return found
    quantity = setting.graph[node.name]
    if quantity.value is None:
        return found
    exact = Fraction(quantity.entry(quantity.value, slots))
    return completed(replace(found, bound=interval(exact)))


def _entry(name: str, setting: Setting) -> Shape:
    """The curvature of a quantity's entries, whichever."""
    bound = setting.bounds.get(name, between(REALS))
    if name in setting.by:
        return completed(Shape(bound=bound, rule="variable", convex=True, concave=True))
    if name in setting.quantities:
        return setting.quantities[name]
    value = setting.graph[name].value if name in setting.graph else None
    if value is not None:
        entries = value.ravel().tolist()
        if entries and all(math.isfinite(entry) for entry in entries):
            bound = interval(Fraction(min(entries)), Fraction(max(entries)))
    return completed(Shape(bound=bound, rule="constant", constant=True))


def implied(*exprs: Expr) -> dict[Ref, Any]:
    """The intervals to which the functions' domains confine entries: log(1 - 2x) wants x <= 1/2.

    >>> implied(apply("log", 1 - 2 * ref("x")))
    {x: mpi('-inf', '0.5')}
    """
    found: dict[Ref, Any] = {}
    for node in postorder(*exprs):
        match node:
            case Power((base, Number(exponent))) if exponent.denominator != 1:
                domain = Interval(0, math.inf)
            case Apply(name, (base,)):
                domain = TABLE[name].domain
            case _:
                continue
        entry, slope, offset = _line(base)
        for end, side in ((domain.low, 1), (domain.high, -1)):
            if entry is not None and math.isfinite(end):
                limit = beyond((Fraction(end) - offset) / slope, side if slope > 0 else -side)
                found[entry] = common(found[entry], limit) if entry in found else limit
    return found


def _line(expr: Expr) -> tuple[Ref | None, Fraction, Fraction]:
    """An entry, its factor, and the number added to it; no entry where that isn't all."""
    slope, offset = Fraction(1), Fraction(0)
    match expr:
        case Add((Number(offset), rest)) | Add((rest, Number(offset))):
            expr = rest
        case _:
            pass
    match expr:
        case Mul((Number(slope), rest)):
            expr = rest
        case _:
            pass
    return expr if isinstance(expr, Ref) else None, slope, offset
