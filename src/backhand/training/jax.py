"""A graph as functions of JAX: its values, and its loss with Backhand's own gradient."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeAlias

from backhand.errors import AskError, DataError, MeaningError
from backhand.graph import Graph, Role
from backhand.initial import initialised
from backhand.training.batch_gradient import BatchGradient, Product, batch_gradient
from backhand.training.jax_operations import (
    Array,
    checked_dtype,
    functions,
    jax_module,
    precision,
    run,
)
from backhand.training.lowering import lowered, outputs_of
from backhand.training.numerics import steady
from backhand.training.program import WEIGHT
from backhand.values import floats

Arrays: TypeAlias = Mapping[str, Array]
Values: TypeAlias = Callable[[Arrays, Arrays], dict[str, Array]]
Gradient: TypeAlias = Callable[..., tuple[Array, dict[str, Array]]]


def to_jax(
    graph: Graph,
    outputs: str | Sequence[str] = (),
    *,
    dtype: str = "float32",
    fixed: Collection[str] = (),
) -> Values:
    """The graph as a jitted function `f(parameters, inputs)` that gives its `outputs` by name.

    `parameters`: arrays by name, in their own shapes, as `parameters(graph)` gives them. `inputs`: the
    data by name, first axis the point, `(N, *shape)`, and so are the outputs; what no data reaches has
    no such axis. `outputs`: by default the prediction. `fixed`: data that is the same for every point
    and whose value the graph has. Float64 is JAX's own switch, turned on inside only. The function
    can be differentiated, mapped and jitted again.
    Raises `AskError` without JAX and for a missing value, `MeaningError` for an unknown name or a
    function without a formula; the function, `MeaningError` and `DataError` for arrays that don't fit.

    >>> import pytest; _ = pytest.importorskip("jax")
    >>> import backhand
    >>> graph = backhand.network("2 -> 3 relu -> 1 sigmoid", seed=0)
    >>> f = to_jax(graph, ["z_1", "yhat"])
    >>> found = f(parameters(graph), {"x": [[0, 1], [1, 1], [1, 0]]})
    >>> found["z_1"].shape, found["yhat"].shape
    ((3, 3), (3,))
    """
    jax, kind = jax_module(), checked_dtype(dtype)
    wanted = outputs_of(graph, (outputs,) if isinstance(outputs, str) else tuple(outputs))
    kept = _fixed(graph, fixed)
    program = lowered(steady(initialised(graph, 0)), wanted, kept, functions())
    arguments = _Arguments(graph, program.parameters, program.inputs, kept, kind)
    compiled = jax.jit(partial(run, program, dtype=kind))

    def f(parameters: Arrays, inputs: Arrays) -> dict[str, Array]:
        with precision(kind):
            return compiled(arguments.learned(parameters), arguments.given(inputs))

    return f


def loss_and_gradient(
    graph: Graph, *, dtype: str = "float32", fixed: Collection[str] = ()
) -> Gradient:
    """The jitted function `f(parameters, inputs, weights=None)` -> the mean loss, its gradient by name.

    The gradient is Backhand's derivation, lowered, and not JAX's: what `Graph.gradient` prints,
    averaged over the points inside the products, so that no point's own gradient is ever stored.
    `weights`: (N,), how much each point counts in the mean as it stands; by default 1. Arguments and
    errors as in `to_jax`; `AskError` also where there is nothing to minimise or to learn.

    >>> import pytest; _ = pytest.importorskip("jax")
    >>> import backhand
    >>> graph = backhand.model("w = 2; x = 3; y = 5; J = (w x - y)^2")
    >>> loss, gradient = loss_and_gradient(graph)(parameters(graph), {"x": [3, 1], "y": [5, 0]})
    >>> float(loss), float(gradient["w"])
    (2.5, 5.0)
    """
    jax, kind = jax_module(), checked_dtype(dtype)
    kept = _fixed(graph, fixed)
    data = [q.name for q in graph.with_role(Role.DATA, Role.TARGET) if q.name not in kept]
    made = batch_gradient(initialised(graph, 0), data, functions())
    inputs_needed = tuple(name for name in made.program.inputs if name != WEIGHT)
    arguments = _Arguments(graph, tuple(made.shapes), inputs_needed, kept, kind)
    compiled = jax.jit(partial(evaluated, made, dtype=kind))

    def f(
        parameters: Arrays, inputs: Arrays, weights: Array = None
    ) -> tuple[Array, dict[str, Array]]:
        with precision(kind):
            learned, given = arguments.learned(parameters), arguments.given(inputs)
            return compiled(learned, {**given, WEIGHT: _shares(given, weights, kind)})

    return f


def _shares(given: Arrays, weights: Array, dtype: str) -> Array:
    """Each point's part in the mean."""
    jnp = jax_module().numpy
    own = None if weights is None else _array("weights", weights, dtype)
    count = next((len(array) for array in given.values()), 1 if own is None else own.size)
    if not count:
        raise DataError("there are no data points", "give one at least")
    if own is not None and own.shape != (count,):
        raise DataError(f"the weights have the shape {own.shape}", f"give one a point: ({count},)")
    return (jnp.ones(count, dtype) if own is None else own) / count


def evaluated(
    made: BatchGradient, learned: Arrays, given: Arrays, dtype: str
) -> tuple[Array, dict[str, Array]]:
    """The sum over the points of their weighted losses, and its gradient; to be traced."""
    jnp = jax_module().numpy
    values = run(made.program, learned, given, dtype)

    def contracted(product: Product) -> Array:
        operands: list[Any] = []
        for name, labels in zip(product.factors, product.labels, strict=True):
            operands += [values[name], labels]
        found = jnp.einsum(*operands, product.kept) * product.scale
        return jnp.expand_dims(found, product.missing)

    slopes = {
        name: jnp.broadcast_to(sum(map(contracted, products), start=jnp.zeros((), dtype)), shape)
        for (name, products), shape in zip(
            made.gradients.items(), made.shapes.values(), strict=True
        )
    }
    return jnp.sum(values[made.objective]), slopes


def parameters(graph: Graph, *, dtype: str = "float32", seed: int = 0) -> dict[str, Array]:
    """The graph's parameters as JAX's arrays, those without values drawn as `fit` draws them.

    >>> import pytest; _ = pytest.importorskip("jax")
    >>> import backhand
    >>> parameters(backhand.network("2 -> 3 relu -> 1"))["W_1"].shape
    (3, 3)
    """
    jax, kind = jax_module(), checked_dtype(dtype)
    with precision(kind):
        return {
            q.name: jax.numpy.asarray(floats(q.value).reshape(q.shape), kind)
            for q in initialised(graph, seed).parameters
            if q.value is not None
        }


# ---- what the functions are given ------------------------------------------------------------


def _fixed(graph: Graph, fixed: Collection[str]) -> frozenset[str]:
    """The data that is the same for every point; where the page gives points, what these leave out."""
    names = frozenset((fixed,) if isinstance(fixed, str) else fixed)
    for name in names:
        if graph[name].role not in (Role.DATA, Role.TARGET):
            raise AskError(f"{name} is no data", "fix what is given and not learned")
    own = graph.with_role(Role.DATA, Role.TARGET) if graph.points else ()
    return names | {q.name for q in own if q.name not in graph.points}


@dataclass(frozen=True, slots=True)
class _Arguments:
    """What a function takes: the names of the parameters and inputs that it needs, `fixed` data."""

    graph: Graph
    parameters: tuple[str, ...]
    inputs: tuple[str, ...]
    fixed: frozenset[str]
    dtype: str

    def learned(self, values: Arrays) -> dict[str, Array]:
        """The parameters. Raises `MeaningError` for one missing, unknown or misshapen."""
        found = self._needed(self.parameters, values, "parameter")
        for name, array in found.items():
            shape = self.graph[name].shape
            if array.shape != shape:
                raise MeaningError(f"{name} has the shape {shape}, the array given {array.shape}")
        return found

    def given(self, values: Arrays) -> dict[str, Array]:
        """The inputs. Raises as `learned` does, and `DataError` for shapes that don't fit."""
        found = self._needed(self.inputs, values, "input")
        for name, array in found.items():
            shape = self.graph[name].shape
            if array.ndim == 0 or array.shape[1:] != shape:
                wanted = ", ".join(["points", *map(str, shape)])
                raise DataError(f"{name} has the shape {array.shape}", f"give an array ({wanted})")
        counts = {name: len(array) for name, array in found.items()}
        if len(set(counts.values())) > 1:
            told = ", ".join(f"{name} {count}" for name, count in counts.items())
            raise DataError(f"the inputs have different numbers of points: {told}")
        return found

    def _needed(self, names: Sequence[str], values: Arrays, kind: str) -> dict[str, Array]:
        for name in values:
            quantity = self.graph[name]
            learned = quantity.role is Role.PARAMETER
            if quantity.definition is not None or learned != (kind == "parameter"):
                raise MeaningError(f"{name} is no {kind} of this graph", "leave it out")
            if name in self.fixed:
                raise MeaningError(f"{name} is the same for every point", "leave it out")
        missing = [name for name in names if name not in values]
        if missing:
            told = ", ".join(names)
            raise MeaningError(f"the {kind} {missing[0]} is missing", f"give a dict with {told}")
        return {name: _array(name, values[name], self.dtype) for name in names}


def _array(name: str, value: Array, dtype: str) -> Array:
    try:
        return jax_module().numpy.asarray(value, dtype)
    except (TypeError, ValueError):
        raise MeaningError(
            f"the value given for {name} is no array of numbers", "give a nested list or an array"
        ) from None
