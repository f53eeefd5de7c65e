"""From equations to a program of array operations: one walk, whatever framework runs it.

Every node becomes an array whose axes are its free indices, the batch before them where it depends
on data, as in `calculus/evaluate.py`; only that here nothing has a value yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np

from backhand.array_functions import ARRAY_FUNCTIONS
from backhand.calculus.evaluate import evaluate
from backhand.calculus.forward import ancestors
from backhand.calculus.structure import prediction
from backhand.errors import AskError, LimitError, MeaningError
from backhand.expr import (
    Add,
    Apply,
    Compare,
    Expr,
    Image,
    Mul,
    Number,
    Padded,
    Power,
    Ref,
    Total,
)
from backhand.graph import Graph, Quantity, Role
from backhand.slots import Index, Slot
from backhand.training.array_program import Number as Position
from backhand.training.array_program import Program, Step
from backhand.training.dense import Linear, linear
from backhand.training.places import BATCH, Item, Places, arranged
from backhand.training.recognise import (
    Ratio,
    has_log,
    named,
    part,
    parts,
    ratio_of,
    summed,
    written_out,
)
from backhand.values import floats


def outputs_of(graph: Graph, wanted: Sequence[str]) -> tuple[str, ...]:
    """The quantities to compute: those named, else the prediction, else what is defined last."""
    for name in wanted:
        if graph[name].definition is None:
            raise AskError(f"{name} is given, not worked out", "name a quantity with an equation")
    if wanted:
        return tuple(wanted)
    try:
        return (prediction(graph).name,)
    except AskError:
        made = [q.name for q in graph if q.definition is not None and q.role is not Role.GRADIENT]
    if not made:
        raise AskError("this graph works nothing out", "define something, such as y = w x")
    return (made[-1],)


def lowered(
    graph: Graph, outputs: Sequence[str], fixed: Collection[str], functions: Collection[str]
) -> Program:
    """The program that works out some quantities for a batch of data points.

    `fixed`: data that is the same for every point, a constant of the program; where the graph has
    data points, so is all that they leave out. `functions`: those of the table that the framework
    has; others are written out by their formulas.
    Raises `AskError` where a value is missing, `MeaningError` for a name that isn't there and for a
    function without a formula, `LimitError` for a size that is a letter.
    """
    needed = {graph[name].name for name in outputs}.union(
        *(ancestors(graph, name) for name in outputs)
    )
    if graph.points:
        fixed = {*fixed, *(q.name for q in graph if q.name not in graph.points)}
    walk = _Walk(graph, frozenset(fixed), frozenset(functions))
    for quantity in graph:
        if quantity.name in needed:
            walk.quantity(quantity)
    return _pruned(walk.places.steps, {name: walk.values[name].number for name in outputs})


def _pruned(steps: Sequence[Step], outputs: Mapping[str, Position]) -> Program:
    """The program of the steps that its outputs use. What is given stays, used or not."""
    wanted = set(outputs.values())
    for number in reversed(range(len(steps))):
        if number in wanted or steps[number].operator in ("input", "parameter"):
            wanted.update((number, *steps[number].inputs))
    new = {number: at for at, number in enumerate(sorted(wanted))}
    kept = tuple(
        replace(steps[number], inputs=tuple(new[each] for each in steps[number].inputs))
        for number in new
    )
    return Program(
        kept,
        tuple(step.options[0] for step in kept if step.operator == "input"),
        tuple(step.options[0] for step in kept if step.operator == "parameter"),
        {name: new[number] for name, number in outputs.items()},
    )


@dataclass
class _Walk:
    """What is known while the quantities are lowered in order."""

    graph: Graph
    fixed: frozenset[str]
    functions: frozenset[str]
    places: Places = field(default_factory=Places)
    values: dict[str, Item] = field(default_factory=dict[str, Item])
    done: dict[Expr, Item] = field(default_factory=dict[Expr, Item])

    def quantity(self, quantity: Quantity) -> None:
        """Enter a quantity: its value, or the steps of its equation."""
        if any(isinstance(extent, str) for extent in quantity.extents):
            raise LimitError(
                f"{quantity.name} has a size that is a letter", "give numbers for all sizes"
            )
        if quantity.definition is None:
            self.values[quantity.name] = self._given(quantity)
            return
        item = arranged(self.places, self.lower(quantity.definition), quantity.axes)
        self.places.call(item, quantity.name)
        self.values[quantity.name] = item

    def _given(self, quantity: Quantity) -> Item:
        learned = quantity.role is Role.PARAMETER
        if not learned and quantity.name not in self.fixed:
            order = (BATCH, *quantity.axes)
            return self.places.add("input", (), (quantity.name,), order, quantity.name)
        if quantity.value is None:
            raise AskError(
                f"{quantity.name} has no value", f"graph.with_values({quantity.name}=...) gives one"
            )
        if learned:
            return self.places.add("parameter", (), (quantity.name,), quantity.axes, quantity.name)
        return self.places.constant(floats(quantity.value), quantity.axes, quantity.name)

    def lower(self, expr: Expr) -> Item:
        """The value of an expression."""
        mentions = named(expr)
        for node in self._needed(expr, mentions):
            if node in mentions:
                self.done[node] = self._value(node)
            else:
                self.done[node] = self._known(node)
        return self.done[expr]

    def _needed(self, expr: Expr, mentions: set[Expr]) -> Iterator[Expr]:
        """The nodes to work out, inputs first. Raises `MeaningError` for a formula in a circle."""
        entered: set[Expr] = set()
        stack = [(expr, False)]
        while stack:
            node, ready = stack.pop()
            if ready:
                yield node
            elif node not in self.done:
                if node in entered:
                    raise MeaningError(f"{node!r} is explained by itself")
                entered.add(node)
                stack.append((node, True))
                if node in mentions:
                    inputs = self._inputs(node)
                    mentions.update(*(map(named, inputs) if isinstance(node, Apply) else ()))
                    stack.extend((each, False) for each in inputs if each not in self.done)

    def _inputs(self, node: Expr) -> tuple[Expr, ...]:
        """What a node's value is made from; the parts of what is one operation stay inside it."""
        if self._dense(node) is not None:
            return ()
        match node:
            case Total():
                factors = summed(node)[1]
                return parts(factors) if has_log(factors) else factors
            case Apply("log", (Total(_, (Apply("exp", (inner,)),)),)):
                return (inner,)
            case Mul(args):
                ratio = ratio_of(node)
                return parts(args) if ratio is None else (ratio.top, ratio.inner, *ratio.rest)
            case Apply(name, args) if name not in self.functions:
                return (written_out(name, args, self.functions),)
            case Power((base, Number())):
                return (base,)
            case _:
                return node.args

    def _dense(self, node: Expr) -> Linear | None:
        """The dense layer that a node is. A number times a weight or a vector is left a product."""
        found = linear(node, self.graph)
        if found is None or not self.values[found.source].batched:
            return None
        single = self.graph[found.weight].rank == 0 or found.form == "column"
        return found if found.folded or not single else None

    def _known(self, node: Expr) -> Item:
        """A node that mentions no quantity, as the numbers that it stands for."""
        axes = tuple(sorted(node.free, key=lambda index: index.name))
        return self.places.constant(floats(evaluate(node, axes, self.graph, {})), axes)

    def _value(self, node: Expr) -> Item:
        places, done = self.places, self.done
        layer = self._dense(node)
        if layer is not None:
            return self._layer(layer, tuple(node.free))
        match node:
            case Ref(name, slots):
                axes = self.graph[name].axes
                return places.picked(self.values[name], [axis.lower for axis in axes], slots)
            case Padded(name, slots, rank):
                return self._padded(self.values[name], slots, rank)
            case Image(name, (of,), slots, ()) if name in ARRAY_FUNCTIONS:
                return self._array(name, self.values[of], slots)
            case Total():
                over, factors = summed(node)
                if has_log(factors):
                    return places.contracted([self._product(factors)], over)
                return places.contracted([done[each] for each in factors], over)
            case Mul(args):
                ratio = ratio_of(node)
                return self._product(args) if ratio is None else self._ratio(ratio)
            case Apply("log", (Total(index, (Apply("exp", (inner,)),)),)):
                return self._along("logsumexp", done[inner], index)
            case Add(args):
                return places.together("add", [done[arg] for arg in args])
            case Power((base, Number(value))):
                return self._power(done[base], value)
            case Power(args):
                return places.together("raised", [done[arg] for arg in args])
            case Compare(order, args):
                return places.together("compare", [done[arg] for arg in args], order)
            case Apply(name, args):
                return self._applied(name, args)
            case _:
                raise MeaningError(
                    f"{node!r} has no value that could be exported", "define its function"
                )

    def _layer(self, layer: Linear, row: tuple[Index, ...]) -> Item:
        """x W' + b of the batch; a number that comes in or goes out is a vector of one on the way."""
        places, source = self.places, self.values[layer.source]
        one = Index("1", 1, 1)
        if len(source.order) == 1:
            source = places.add("unsqueeze", (source,), ((1,),), (BATCH, one))
        learned = [self.values[name] for name in layer.parameters]
        order = (BATCH, *(row or (one,)))
        out = places.add("layer", (source, *learned), (layer,), order)
        return out if row else places.add("pick", (out,), (1, 0), (BATCH,))

    def _padded(self, item: Item, slots: tuple[Slot, ...], rank: int) -> Item:
        places = self.places
        order = item.order
        if rank < len(slots):
            order = (*order, Index("1", 1, 1))
            item = places.add("unsqueeze", (item,), ((len(order) - 1,),), order)
        longer = Index(order[-1].name, 0, order[-1].size)
        item = places.add("padded", (item,), (), (*order[:-1], longer))
        return places.picked(item, [1] * (len(slots) - 1) + [0], slots)

    def _array(self, name: str, item: Item, slots: tuple[Slot, ...]) -> Item:
        whole = ARRAY_FUNCTIONS[name].rank == 2
        order = item.order if whole else item.order[:-2]
        out = self.places.add("array", (item,), (name,), order)
        return self.places.picked(out, [1] * len(slots), slots)

    def _applied(self, name: str, args: tuple[Expr, ...]) -> Item:
        if name not in self.functions:
            return self.done[written_out(name, args, self.functions)]
        items = [self.done[arg] for arg in args]
        if len(items) > 1:
            return self.places.together("function", items, name)
        return self.places.add("function", items, (name,), items[0].order)

    def _along(self, operator: str, item: Item, index: Index) -> Item:
        at = item.order.index(index)
        left = item.order[:at] + item.order[at + 1 :]
        return self.places.add(operator, (item,), (at,), left)

    def _power(self, item: Item, value: Fraction) -> Item:
        return self.places.add("power", (item,), (value,), item.order)

    def _product(self, factors: Sequence[Expr]) -> Item:
        """A product: what is multiplied, then what it is divided by, then logarithms of what may be 0."""
        places, done = self.places, self.done
        minus = [f for f in factors if isinstance(f, Number) and f.value == -1]
        above = [f for f in factors if f not in minus and part(f) == "factor"]
        items = [done[f] for f in above]
        out = places.together("multiply", items) if items else None
        for factor in factors:
            if isinstance(factor, Power) and part(factor) == "divisor":
                base, exponent = factor.args
                assert isinstance(exponent, Number)
                below = (
                    done[base] if exponent.value == -1 else self._power(done[base], -exponent.value)
                )
                top = places.constant(np.array(1.0), ()) if out is None else out
                out = places.together("divide", (top, below))
        for factor in factors:
            if part(factor) == "log":
                out = self._times_log(out, done[factor.args[0]])
        assert out is not None
        return places.add("negative", (out,), (), out.order) if minus else out

    def _times_log(self, factor: Item | None, of: Item) -> Item:
        """r log x, which is 0 where both are 0, its limit: a class that can't be costs nothing."""
        places = self.places
        if factor is not None and not places.never_zero(factor):
            of = places.together("guard", (factor, of))
        log = places.add("function", (of,), ("log",), of.order)
        return log if factor is None else places.together("multiply", (factor, log))

    def _ratio(self, ratio: Ratio) -> Item:
        """e^u / Σ e^v as softmax, or as e^(u − log Σ e^v), so that nothing overflows."""
        places, top = self.places, self.done[ratio.top]
        if ratio.axis is not None:
            at = top.order.index(ratio.axis)
            out = places.add("softmax", (top,), (at,), top.order)
        else:
            norm = self._along("logsumexp", self.done[ratio.inner], ratio.index)
            minus = places.add("negative", (norm,), (), norm.order)
            shifted = places.together("add", (top, minus))
            out = places.add("function", (shifted,), ("exp",), shifted.order)
        return places.together("multiply", [out, *(self.done[each] for each in ratio.rest)])
