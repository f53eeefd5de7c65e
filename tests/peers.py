"""Random networks written twice: as a page that Backhand reads, and as a function for autograd.

The two share only the list of layers and the numbers, so that agreement checks reading, forward
pass and derivatives together, against code that we didn't write.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import autograd.numpy as anp
import numpy as np
from autograd.scipy.special import erf, logsumexp
from hypothesis import strategies as st

Array = Any


@dataclass(frozen=True)
class Activation:
    """One function as it is written on the page, and the same for autograd."""

    text: str
    peer: Callable[[Array], Array]


def _sigmoid(a: Array) -> Array:
    return 1 / (1 + anp.exp(-a))


def _tanh_gelu(a: Array) -> Array:
    return a / 2 * (1 + anp.tanh(np.sqrt(2 / np.pi) * (a + 0.044715 * a**3)))


# Functions with a bounded domain get an argument that stays inside it.
ACTIVATIONS = {
    "identity": Activation("identity({a})", lambda a: a),
    "relu": Activation("relu({a})", lambda a: anp.maximum(a, 0)),
    "leaky_relu": Activation("leaky_relu({a})", lambda a: anp.where(a > 0, a, 0.01 * a)),
    "sigmoid": Activation("sigmoid({a})", _sigmoid),
    "tanh": Activation("tanh({a})", anp.tanh),
    "softplus": Activation("softplus({a})", lambda a: anp.log(1 + anp.exp(a))),
    "gelu": Activation("gelu({a})", lambda a: a / 2 * (1 + erf(a / np.sqrt(2)))),
    "gelu_tanh": Activation("gelu_tanh({a})", _tanh_gelu),
    "silu": Activation("silu({a})", lambda a: a * _sigmoid(a)),
    "exp": Activation("exp(tanh({a}))", lambda a: anp.exp(anp.tanh(a))),
    "log": Activation("log(1 + {a}^2)", lambda a: anp.log(1 + a**2)),
    "sqrt": Activation("sqrt(1 + {a}^2)", lambda a: anp.sqrt(1 + a**2)),
    "erf": Activation("erf({a})", erf),
    "sin": Activation("sin({a})", anp.sin),
    "cos": Activation("cos({a})", anp.cos),
    "tan": Activation("tan(sin({a}))", lambda a: anp.tan(anp.sin(a))),
    "abs": Activation("abs({a})", anp.abs),
    "max": Activation("max({a}, 0.123456)", lambda a: anp.maximum(a, 0.123456)),
    "min": Activation("min({a}, 0.123456)", lambda a: anp.minimum(a, 0.123456)),
    "cube": Activation("tanh({a})^3", lambda a: anp.tanh(a) ** 3),
    "softmax": Activation("softmax({a})", lambda a: anp.exp(a - logsumexp(a))),
}


@dataclass(frozen=True)
class Loss:
    """A loss, the activation it expects last, and how to draw a target for it."""

    peer: Callable[[Array, Array], Array]
    last: str | None
    target: Callable[[np.random.Generator, int], Array]


def _one_hot(rng: np.random.Generator, size: int) -> Array:
    return np.eye(size)[rng.integers(size)]


def _bits(rng: np.random.Generator, size: int) -> Array:
    return rng.integers(0, 2, size).astype(float)


def _reals(rng: np.random.Generator, size: int) -> Array:
    return rng.integers(-999, 1000, size) / 500


LOSSES = {
    "squared_error": Loss(lambda y, p: anp.sum((y - p) ** 2), None, _reals),
    "absolute_error": Loss(lambda y, p: anp.sum(anp.abs(y - p)), None, _reals),
    "binary_cross_entropy": Loss(
        lambda y, p: -anp.sum(y * anp.log(p) + (1 - y) * anp.log(1 - p)), "sigmoid", _bits
    ),
    "binary_cross_entropy_from_logits": Loss(
        lambda y, s: anp.sum(anp.log(1 + anp.exp(s)) - y * s), "identity", _bits
    ),
    "cross_entropy": Loss(lambda y, p: -anp.sum(y * anp.log(p)), "softmax", _one_hot),
    "cross_entropy_from_logits": Loss(
        lambda y, s: -anp.sum(y * (s - logsumexp(s))), "identity", _one_hot
    ),
    "hinge": Loss(
        lambda y, s: anp.sum(anp.maximum(0, 1 - y * s)),
        "identity",
        lambda rng, size: 2 * _bits(rng, size) - 1,
    ),
}


@dataclass(frozen=True)
class Network:
    """A random network: numbers by name, its page, and its loss as a function of the parameters."""

    page: str
    parameters: dict[str, Array]
    loss: Callable[[dict[str, Array]], Array]


def _listed(array: Array) -> str:
    return repr(np.asarray(array).tolist())


def build(
    widths: list[int], activations: list[str], loss: str, folded: list[bool], seed: int
) -> Network:
    """The network of these layers, with numbers of three decimals drawn from `seed`."""
    rng = np.random.default_rng(seed)
    x = rng.integers(-999, 1000, widths[0]) / 1000
    kept = [*activations[:-1], LOSSES[loss].last or activations[-1]]
    y = LOSSES[loss].target(rng, widths[-1])
    lines = [f"x = {_listed(x)}", f"y = {_listed(y)}"]
    parameters: dict[str, Array] = {}
    before = "x"
    for at, (rows, columns) in enumerate(zip(widths[1:], widths, strict=False), 1):
        scale = 1000 * np.sqrt(columns)
        weights = rng.integers(-1500, 1500, (rows, columns + folded[at - 1])) / 1000
        parameters[f"W_{at}"] = np.round(weights / (scale / 1000), 3)
        lines.append(f"W_{at} = {_listed(parameters[f'W_{at}'])}")
        bias = ""
        if not folded[at - 1]:
            parameters[f"b_{at}"] = rng.integers(-500, 500, rows) / 1000
            lines.append(f"b_{at} = {_listed(parameters[f'b_{at}'])}")
            bias = f" + b_{at}"
        lines.append(f"a_{at} = W_{at} @ {before}{bias}")
        lines.append(f"z_{at} = {ACTIVATIONS[kept[at - 1]].text.format(a=f'a_{at}')}")
        before = f"z_{at}"
    lines.append(f"J = {loss}(y, {before})")

    def value(given: dict[str, Array]) -> Array:
        z = x
        for at, name in enumerate(kept, 1):
            weights = given[f"W_{at}"]
            if f"b_{at}" in given:
                a = anp.dot(weights, z) + given[f"b_{at}"]
            else:
                a = anp.dot(weights[:, 1:], z) + weights[:, 0]
            z = ACTIVATIONS[name].peer(a)
        return LOSSES[loss].peer(y, z)

    return Network("\n".join(lines), parameters, value)


@st.composite
def networks(draw: st.DrawFn, most_layers: int = 6, widest: int = 20) -> Network:
    """A random network of 1 to `most_layers` layers and 1 to `widest` units a layer."""
    depth = draw(st.integers(1, most_layers))
    widths = draw(st.lists(st.integers(1, widest), min_size=depth + 1, max_size=depth + 1))
    names = st.sampled_from(sorted(ACTIVATIONS))
    activations = draw(st.lists(names, min_size=depth, max_size=depth))
    folded = draw(st.lists(st.booleans(), min_size=depth, max_size=depth))
    loss = draw(st.sampled_from(sorted(LOSSES)))
    return build(widths, activations, loss, folded, draw(st.integers(0, 2**32 - 1)))
