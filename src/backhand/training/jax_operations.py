"""Each operator of a program in JAX, one entry each, and a program run by them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from importlib import import_module
from typing import Any, TypeAlias

import numpy as np

from backhand.errors import AskError
from backhand.training.array_program import Program, Step

Array: TypeAlias = Any
"""A JAX array, or a tracer of one."""


def jax_module() -> Any:
    """The package. Raises `AskError` where it isn't installed."""
    try:
        return import_module("jax")
    except ImportError:
        raise AskError("JAX isn't installed", 'pip install "backhand[jax]"') from None


def checked_dtype(dtype: object) -> str:
    """`"float32"` or `"float64"`. Raises `AskError` for anything else."""
    if dtype not in ("float32", "float64"):
        raise AskError(f"there is no dtype {dtype!r} to work in", "give float32 or float64")
    return str(dtype)


def precision(dtype: str) -> AbstractContextManager[Any]:
    """Where JAX computes in this precision; outside the user's own setting stands as it did."""
    jax = jax_module()
    home = jax if hasattr(jax, "enable_x64") else import_module("jax.experimental")
    return home.enable_x64(dtype == "float64")


def functions() -> dict[str, Callable[..., Array]]:
    """The functions of the table that JAX has."""
    jax = jax_module()
    jnp, nn = jax.numpy, jax.nn
    plain = ("tanh", "exp", "log", "sqrt", "sin", "cos", "tan", "abs")
    others: dict[str, Callable[[Array], Array]] = {
        "identity": lambda x: x,
        "relu": nn.relu,
        "leaky_relu": nn.leaky_relu,
        "sigmoid": nn.sigmoid,
        "softplus": nn.softplus,
        "gelu": lambda x: nn.gelu(x, approximate=False),
        "gelu_tanh": lambda x: nn.gelu(x, approximate=True),
        "silu": nn.silu,
        "erf": jax.lax.erf,
    }
    pairs = {"max": jnp.maximum, "min": jnp.minimum}
    return {name: getattr(jnp, name) for name in plain} | others | pairs


def operations() -> dict[str, Callable[..., Array]]:
    """For each operator a function of its step and its inputs."""
    jax = jax_module()
    jnp, lax, nn = jax.numpy, jax.lax, jax.nn
    known, tests = functions(), {">": jnp.greater, ">=": jnp.greater_equal, "=": jnp.equal}

    def layer(step: Step, x: Array, weight: Array, bias: Array = None) -> Array:
        matrix, vector = step.options[0].matrices(weight, bias)
        product = jnp.matmul(x, matrix.T)
        return product if vector is None else product + vector

    def function(step: Step, *args: Array) -> Array:
        return known[step.options[0]](*args)

    def contract(step: Step, a: Array, b: Array) -> Array:
        one, two, kept = step.options
        return jnp.einsum(a, one, b, two, kept)

    def compare(step: Step, a: Array, b: Array) -> Array:
        return tests[step.options[0]](a, b).astype(a.dtype)

    def power(step: Step, x: Array) -> Array:
        exponent = step.options[0]
        return x ** (exponent.numerator if exponent.denominator == 1 else float(exponent))

    def log_determinant(x: Array) -> Array:
        sign, size = jnp.linalg.slogdet(x)
        return jnp.where(sign > 0, size, jnp.where(sign < 0, jnp.nan, -jnp.inf))

    def padded(step: Step, x: Array) -> Array:
        return jnp.concatenate([jnp.ones((*x.shape[:-1], 1), x.dtype), x], axis=-1)

    def sizes(step: Step, x: Array) -> tuple[int, ...]:
        return (*x.shape[: step.batched], *step.options[0])

    def cut(step: Step, x: Array) -> Array:
        axis, start, size = step.options
        return lax.slice_in_dim(x, start, start + size, axis=axis)

    def pick(step: Step, x: Array) -> Array:
        axis, at = step.options
        return lax.index_in_dim(x, at, axis, keepdims=False)

    def take(step: Step, x: Array) -> Array:
        axis, positions = step.options
        return jnp.take(x, positions, axis=axis, mode="clip")

    arrays = {"inv": jnp.linalg.inv, "det": jnp.linalg.det, "logdet": log_determinant}
    one: dict[str, Callable[[Step, Array], Array]] = {
        "array": lambda step, x: arrays[step.options[0]](x),
        "negative": lambda step, x: -x,
        "power": power,
        "sum": lambda step, x: x.sum(axis=step.options[0]),
        "logsumexp": lambda step, x: nn.logsumexp(x, axis=step.options[0]),
        "softmax": lambda step, x: nn.softmax(x, axis=step.options[0]),
        "pick": pick,
        "slice": cut,
        "take": take,
        "mask": lambda step, x: jnp.where(step.options[0], x, 0),
        "padded": padded,
        "reshape": lambda step, x: jnp.reshape(x, sizes(step, x)),
        "transpose": lambda step, x: jnp.transpose(x, step.options[0]),
        "unsqueeze": lambda step, x: jnp.expand_dims(x, step.options[0]),
        "spread": lambda step, x: jnp.broadcast_to(x, sizes(step, x)),
    }
    two: dict[str, Callable[[Step, Array, Array], Array]] = {
        "add": lambda step, a, b: a + b,
        "multiply": lambda step, a, b: a * b,
        "divide": lambda step, a, b: a / b,
        "raised": lambda step, a, b: a**b,
        "compare": compare,
        "contract": contract,
        "guard": lambda step, r, x: jnp.where((r == 0) & (x == 0), 1, x),
    }
    return {**one, **two, "layer": layer, "function": function}


def run(
    program: Program, parameters: Mapping[str, Array], inputs: Mapping[str, Array], dtype: str
) -> dict[str, Array]:
    """The outputs of a program by name; all arrays are of this dtype."""
    jnp, meant = jax_module().numpy, operations()
    values: list[Array] = []
    for step in program.steps:
        match step.operator:
            case "input":
                value = inputs[step.options[0]]
            case "parameter":
                value = parameters[step.options[0]]
            case "constant":
                value = jnp.asarray(np.asarray(step.options[0], dtype))
            case _:
                value = meant[step.operator](step, *(values[at] for at in step.inputs))
        values.append(value)
    return {name: values[at] for name, at in program.outputs.items()}
