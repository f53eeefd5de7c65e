"""The value of an expression: exact in fractions while it can be, in float64 from then on.

Every node becomes an array whose axes are its free indices, so one pass over the nodes does a whole
layer at once, at any width.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.array_functions import ARRAY_FUNCTIONS
from backhand.expr import (
    Add,
    Apply,
    Compare,
    Constant,
    Expr,
    Image,
    Mul,
    Number,
    Padded,
    Power,
    Ref,
    Same,
    Total,
    names,
    postorder,
)
from backhand.functions import TABLE
from backhand.graph import Graph, Value, floats
from backhand.slots import Affine, Index, Slot, indices, linear

Labelled: TypeAlias = tuple[Value, tuple[Index, ...]]
"""An array and the index that each of its axes stands for."""

MAX_BITS = 512
"""Fractions longer than this go on as float64, else repeated squares would never end."""
_CONSTANTS = {"pi": np.pi, "e": np.e}


def computable(expr: Expr, values: Mapping[str, Value]) -> bool:
    """Whether an expression has a value: all names have one, every function and size is known."""
    return names(expr) <= values.keys() and not _has_symbols(expr)


@lru_cache(maxsize=4096)
def _has_symbols(expr: Expr) -> bool:
    return any(map(_is_symbolic, postorder(expr)))


def _is_symbolic(node: Expr) -> bool:
    if isinstance(node, Image) and node.name not in ARRAY_FUNCTIONS:
        return True
    return any(isinstance(index.upper, str) for index in node.free)


def evaluate(expr: Expr, axes: Sequence[Index], graph: Graph, values: Mapping[str, Value]) -> Value:
    """The array of `expr` over `axes`, given the values of the quantities that it mentions.

    Poles give infinities and undefined results NaN, as in IEEE arithmetic; nothing is raised.
    """
    done: dict[Expr, Labelled] = {}
    with np.errstate(all="ignore"):
        for node in _needed(expr):
            array, order = _value(node, done, graph, values)
            done[node] = np.asarray(array), order  # arithmetic without axes gives bare numbers
        return settled(_spread(done[expr], tuple(axes)))


def settled(value: Value) -> Value:
    """An array as all fractions of bearable length, or as all float64."""
    if value.dtype != object:
        # Adding 0 turns the float -0.0, which no page has, into 0.0.
        return value + 0.0 if value.dtype == float else _fractions(value)
    flat = value.ravel().tolist()
    if any(isinstance(x, float) for x in flat):
        return floats(value) + 0.0
    if any(isinstance(x, Fraction) and x.numerator.bit_length() > MAX_BITS for x in flat):
        return floats(value)
    return _fractions(value)


def _fractions(value: Value) -> Value:
    out = np.empty(value.shape, dtype=object)
    out.ravel()[:] = [x if type(x) is Fraction else Fraction(x) for x in value.ravel().tolist()]
    return out


def _inputs(node: Expr) -> tuple[Expr, ...]:
    """What a node's value is made from. A sum of products never forms the products themselves."""
    if isinstance(node, Total):
        body = node.args[0]
        return body.args if isinstance(body, Mul) else (body,)
    return node.args


@lru_cache(maxsize=1024)
def _needed(expr: Expr) -> tuple[Expr, ...]:
    """The nodes that have to be worked out, in order."""
    seen: set[Expr] = set()
    found: list[Expr] = []
    stack = [(expr, False)]
    while stack:
        node, ready = stack.pop()
        if ready:
            found.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack.extend((arg, False) for arg in _inputs(node))
    return tuple(found)


def _value(
    node: Expr, done: Mapping[Expr, Labelled], graph: Graph, values: Mapping[str, Value]
) -> Labelled:
    match node:
        case Number(number):
            return np.array(number, dtype=object), ()
        case Constant(name):
            return np.array(_CONSTANTS[name]), ()
        case Ref(name, slots):
            return _picked(values[name], tuple(a.lower for a in graph[name].axes), slots)
        case Image(name, (of,), slots):
            array = ARRAY_FUNCTIONS[name].value(values[of])
            return _picked(array, [1] * array.ndim, slots)
        case Padded(name, slots, rank):
            return _picked_padded(values[name], slots, rank, graph)
        case Same(left, right):
            return _delta(left, right)
        case Total(index):
            factors = _inputs(node)
            if any(_is_log_of_zero(f, done) for f in factors):
                return _contracted([_product(factors, done)], index)
            return _contracted([done[f] for f in factors], index)
        case Mul(args) as product:
            ratio = _ratio(product)
            return _softmax(ratio, product, done) if ratio else _product(args, done)
        case Apply("log", (Total(index, (Apply("exp", (inner,)),)),)) if inner in done:
            return _log_sum_exp(done[inner], index)
        case Add(args):
            arrays, order = _aligned([done[arg] for arg in args])
            return sum(arrays[1:], arrays[0]), order
        case Power(args):
            (base, exponent), order = _aligned([done[arg] for arg in args])
            return _raised(base, exponent), order
        case Compare(which, args):
            (left, right), order = _aligned([done[arg] for arg in args])
            test = {">": np.greater, ">=": np.greater_equal, "=": np.equal}[which]
            return np.asarray(test(left, right)).astype(int), order
        case Apply(name, args):
            arrays, order = _aligned([done[arg] for arg in args])
            function = TABLE[name]
            if not function.rational or any(a.dtype != object for a in arrays):
                arrays = [floats(np.asarray(a)) for a in arrays]
            return np.asarray(function.value(*arrays)), order
        case _:
            raise TypeError(f"no value rule for {type(node).__name__}")


def _picked(value: Value, lowers: Sequence[int], slots: Sequence[Slot]) -> Labelled:
    """The part of an array that the slots name, a repeated index taking the diagonal."""
    cut: list[Any] = []
    order: list[Index] = []
    for slot, low in zip(slots, lowers, strict=True):
        if isinstance(slot, Index):
            cut.append(slice(slot.lower - low, slot.lower - low + slot.size))
            order.append(slot)
        elif isinstance(slot, int):
            cut.append(slot - low)
        else:
            return _gathered(value, lowers, slots)
    part = np.asarray(value[tuple(cut)])
    unique = tuple(dict.fromkeys(order))
    if len(unique) < len(order):
        part = np.einsum(part, [unique.index(i) for i in order], list(range(len(unique))))
    return part, unique


def _picked_padded(value: Value, slots: Sequence[Slot], rank: int, graph: Graph) -> Labelled:
    """As `_picked`, with a 1 before the entries of the last axis."""
    if rank < len(slots):
        value = value[..., None]
    before = np.ones((*value.shape[:-1], 1), dtype=value.dtype)
    whole = np.concatenate([before, value], axis=-1)
    return _picked(whole, [1] * (len(slots) - 1) + [0], slots)


def _gathered(value: Value, lowers: Sequence[int], slots: Sequence[Slot]) -> Labelled:
    """The entries at positions that are sums of indices; 0 where one lies outside its axis."""
    order = tuple(dict.fromkeys(indices(slots)))
    inside: Any = True
    positions: list[Any] = []
    for slot, low, size in zip(slots, lowers, value.shape, strict=True):
        position = _positions(slot, order) - low
        inside = inside & (position >= 0) & (position < size) & _within(slot, position + low)
        positions.append(np.clip(position, 0, size - 1))
    shape = tuple(index.size for index in order)
    return np.where(np.broadcast_to(inside, shape), value[tuple(positions)], 0), order


def _positions(slot: Slot, order: Sequence[Index]) -> NDArray[np.intp]:
    """The values of a slot over the axes `order`, ready to broadcast."""
    terms, offset = linear(slot)
    found = np.full((1,) * len(order), offset)
    for index, coefficient in terms.items():
        along = [index.size if each == index else 1 for each in order]
        counted = np.arange(index.lower, index.lower + index.size).reshape(along)
        found = found + coefficient * counted
    return found


def _delta(left: Slot, right: Slot) -> Labelled:
    order = tuple(dict.fromkeys(indices((left, right))))
    a, b = _positions(left, order), _positions(right, order)
    return np.asarray((a == b) & _within(left, a) & _within(right, b)).astype(int), order


def _within(slot: Slot, position: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Where a position lies in the range that it counts in; outside, an entry is 0."""
    if isinstance(slot, Affine):
        return (slot.lower <= position) & (position <= slot.upper)
    return np.ones(position.shape, dtype=bool)


def _spread(item: Labelled, axes: tuple[Index, ...]) -> Value:
    """The array with exactly these axes, in this order."""
    array, order = item
    if order == axes:
        return array
    turned = np.transpose(array, [order.index(a) for a in axes if a in order])
    shape = [a.size if a in order else 1 for a in axes]
    return np.array(np.broadcast_to(turned.reshape(shape), [a.size for a in axes]))


def _same_kind(arrays: Sequence[Value]) -> list[Value]:
    """All float64 where one is; a fraction times a float would be a slow array of objects."""
    return [floats(a) for a in arrays] if any(a.dtype == float for a in arrays) else list(arrays)


def _aligned(items: Sequence[Labelled]) -> tuple[list[Value], tuple[Index, ...]]:
    """The arrays over one common order of axes, ready to broadcast."""
    first = items[0][1]
    if all(order == first for _, order in items):
        return _same_kind([array for array, _ in items]), first
    axes = tuple(dict.fromkeys(index for _, order in items for index in order))
    out: list[Value] = []
    for array, order in items:
        turned = np.transpose(array, [order.index(a) for a in axes if a in order])
        out.append(turned.reshape([a.size if a in order else 1 for a in axes]))
    return _same_kind(out), axes


def _product(factors: Sequence[Expr], done: Mapping[Expr, Labelled]) -> Labelled:
    """The product of the factors. 0 · log 0 is 0, its limit: a class that can't be costs nothing."""
    arrays, order = _aligned([done[f] for f in factors])
    logs = [_is_log_of_zero(f, done) for f in factors]
    out = _times([a for a, log in zip(arrays, logs, strict=True) if not log])
    for array in (a for a, log in zip(arrays, logs, strict=True) if log):
        out = np.where(out == 0, 0.0, out * array)
    return np.asarray(out), order


def _is_log_of_zero(factor: Expr, done: Mapping[Expr, Labelled]) -> bool:
    return (
        isinstance(factor, Apply)
        and factor.name == "log"
        and bool(np.isneginf(done[factor][0]).any())
    )


def _times(arrays: Sequence[Value]) -> Value:
    out = arrays[0] if arrays else np.ones(())
    for array in arrays[1:]:
        out = out * array
    return np.asarray(out)


def _contracted(items: Sequence[Labelled], index: Index) -> Labelled:
    """The sum over `index` of the product of the items, as one contraction."""
    keep = tuple(i for i in dict.fromkeys(i for _, o in items for i in o) if i != index)
    label = {i: n for n, i in enumerate((*keep, index))}
    operands: list[Any] = []
    for array, (_, order) in zip(_same_kind([a for a, _ in items]), items, strict=True):
        operands += [array, [label[i] for i in order]]
    exact = operands[0].dtype == object or any(o.dtype == object for o in operands[::2])
    if exact:
        operands[::2] = [o.astype(object) for o in operands[::2]]
    out = np.einsum(*operands, [label[i] for i in keep], optimize=len(items) > 2 and not exact)
    return np.asarray(out), keep


def _raised(base: Value, exponent: Value) -> Value:
    if base.dtype != float and exponent.ndim == 0 and exponent.dtype == object:
        power = Fraction(exponent.item())
        flat = base.ravel().tolist()
        if power.denominator == 1 and abs(power) <= MAX_BITS and (power > 0 or all(flat)):
            out = np.empty(base.shape, dtype=object)
            out.ravel()[:] = [Fraction(x) ** int(power) for x in flat]
            return out
    return np.power(floats(base), floats(exponent))


def _log_sum_exp(inner: Labelled, index: Index) -> Labelled:
    """log Σ e^u, shifted by the largest u so that nothing overflows."""
    array, order = floats(inner[0]), inner[1]
    if index not in order:
        return array + np.log(index.size), order
    axis = order.index(index)
    top = np.max(array, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    out = np.log(np.sum(np.exp(array - top), axis=axis)) + np.squeeze(top, axis)
    return out, order[:axis] + order[axis + 1 :]


def _ratio(node: Mul) -> tuple[Expr, Expr, Total] | None:
    """The factors e^u and (Σ e^v)^-1 of a product that has both, and the sum itself."""
    top = next((f for f in node.args if isinstance(f, Apply) and f.name == "exp"), None)
    for factor in node.args:
        match factor:
            case Power((Total(_, (Apply("exp", _),)) as below, Number(value))) if value == -1:
                return (top, factor, below) if top is not None else None
            case _:
                pass
    return None


def _softmax(ratio: tuple[Expr, Expr, Total], node: Mul, done: Mapping[Expr, Labelled]) -> Labelled:
    """e^u / Σ e^v as e^(u - log Σ e^v), times the other factors."""
    top, inverse, below = ratio
    norm, norm_order = _log_sum_exp(done[below.args[0].args[0]], below.index)
    (above, shift), order = _aligned([done[top.args[0]], (norm, norm_order)])
    rest = [done[f] for f in node.args if f is not top and f is not inverse]
    arrays, axes = _aligned([(np.exp(floats(above) - shift), order), *rest])
    return _times(arrays), axes
