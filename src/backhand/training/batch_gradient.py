"""The gradient of a batch's loss as products that are contracted over the points.

A parameter's gradient is a sum of products, `∂J/∂W_1[j,k] = ∂J/∂a[j] · (1,x)[k]`. The factors are
worked out for each point, as any quantity; the sum over the points and over all indices that the
parameter lacks is then one contraction a product. So nothing of the size batch × parameters is made.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from backhand.expr import Add, Expr, Mul, Number, Total, mul, opened
from backhand.graph import Graph, Quantity, Role
from backhand.slots import Index
from backhand.training import array_program
from backhand.training.lowering import lowered
from backhand.training.program import derived, own_gradient
from backhand.training.recognise import has_log, ratio_of

POINTS = 0
"""The label of the points; those of indices count from 1."""


@dataclass(frozen=True, slots=True)
class Product:
    """`scale` times the sum, over the points and all labels not `kept`, of a product.

    `factors`: the names of outputs of the program; `labels`: of the axes of each. `missing`: the axes
    of the parameter that no factor has, along which all entries agree.
    """

    scale: float
    factors: tuple[str, ...]
    labels: tuple[tuple[int, ...], ...]
    kept: tuple[int, ...]
    missing: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BatchGradient:
    """What a loss and its gradient are made from.

    `program`: works out the loss of each point, `objective`, and the factors. `data`: the names of
    what each point has its own of, `program.WEIGHT` among them. `gradients`: for each parameter the
    products whose sum is its gradient; `shapes`: the parameters'.
    """

    program: array_program.Program
    objective: str
    data: tuple[str, ...]
    gradients: Mapping[str, tuple[Product, ...]]
    shapes: Mapping[str, tuple[int, ...]]


def batch_gradient(
    graph: Graph, data: Collection[str], functions: Collection[str]
) -> BatchGradient:
    """The program of a graph's weighted loss and gradient; the chain rule is Backhand's own.

    `data`: the quantities that differ from point to point; each point also has a weight, which its
    loss is multiplied by. `functions`: see `lowered`, as for the errors raised; `AskError` also
    where there is nothing to minimise or to learn.

    >>> import backhand
    >>> made = batch_gradient(backhand.network("2 -> 3", seed=0), ["x", "y"], ())
    >>> [(len(p.factors), p.kept) for p in made.gradients["W_1"]]
    [(2, (1, 2))]
    """
    whole = derived(graph, data, weighted=True)
    names: dict[Expr, str] = {}
    sums = {p: list(_products(own_gradient(whole, p))) for p in whole.parameters}
    for factor in (f for products in sums.values() for _, factors in products for f in factors):
        names.setdefault(factor, f"factor {len(names) + 1}")
    own = {whole.gradient(p) for p in whole.parameters}
    made = tuple(_quantity(name, factor) for factor, name in names.items())
    cut = replace(whole.graph, quantities=(*(q for q in whole.graph if q.name not in own), *made))
    wanted = [whole.objective, *names.values()]
    program = lowered(cut, wanted, whole.fixed, functions)
    batched = {name for name in wanted if program.steps[program.outputs[name]].batched}
    return BatchGradient(
        program,
        whole.objective,
        whole.data,
        {
            p: tuple(_labelled(one, cut[p], names, batched) for one in products)
            for p, products in sums.items()
        },
        {p: cut[p].shape for p in whole.parameters},
    )


def _quantity(name: str, factor: Expr) -> Quantity:
    return Quantity(name=name, axes=_axes(factor), role=Role.INTERMEDIATE, definition=factor)


def _axes(factor: Expr) -> tuple[Index, ...]:
    return tuple(sorted(factor.free, key=lambda index: index.name))


def _products(expr: Expr) -> Iterator[tuple[Fraction, tuple[Expr, ...]]]:
    """An expression as products, each with its number, summed over whatever index stands in them."""
    pending = [expr]
    while pending:
        term = pending.pop()
        factors = term.args if isinstance(term, Mul) else (term,)
        whole = has_log(factors) or (isinstance(term, Mul) and ratio_of(term) is not None)
        spread = None if whole else next(filter(_holds_a_product, factors), None)
        if isinstance(spread, Total):
            pending.append(_with(factors, spread, opened(spread)[1]))
        elif isinstance(spread, Add):
            pending += [_with(factors, spread, each) for each in reversed(spread.args)]
        else:
            numbers = [] if whole else [f.value for f in factors if isinstance(f, Number)]
            rest = (term,) if whole else tuple(f for f in factors if not isinstance(f, Number))
            number = numbers[0] if numbers else Fraction(1)
            if number:
                yield number, rest


def _holds_a_product(factor: Expr) -> bool:
    """Whether a factor is a sum with products in it that are larger than what they are made from.

    Other sums stay whole: Σ (ŷ − y) is exact where Σ ŷ − Σ y cancels.
    """
    if isinstance(factor, Add):
        return any(map(_is_outer, factor.args))
    return isinstance(factor, Total)


def _is_outer(term: Expr) -> bool:
    factors = term.args if isinstance(term, Mul) else (term,)
    inside = any(map(_holds_a_product, factors))
    return inside or not any(factor.free >= term.free for factor in factors)


def _with(factors: tuple[Expr, ...], old: Expr, new: Expr) -> Expr:
    return mul(*(new if factor is old else factor for factor in factors))


def _labelled(
    product: tuple[Fraction, tuple[Expr, ...]],
    parameter: Quantity,
    names: Mapping[Expr, str],
    batched: Collection[str],
) -> Product:
    number, factors = product
    every = [*parameter.axes, *(index for factor in factors for index in _axes(factor))]
    label = {index: at for at, index in enumerate(dict.fromkeys(every), start=POINTS + 1)}
    labels = tuple(
        (*((POINTS,) if names[f] in batched else ()), *(label[index] for index in _axes(f)))
        for f in factors
    )
    present = {index for factor in factors for index in factor.free}
    return Product(
        float(number),
        tuple(names[factor] for factor in factors),
        labels,
        tuple(label[axis] for axis in parameter.axes if axis in present),
        tuple(at for at, axis in enumerate(parameter.axes) if axis not in present),
    )
