"""The table of optimisers: update equations on the page's own terms, one entry each.

`w` is an entry of a parameter, `g` its gradient, `eta` the learning rate; a state such as `m` has
an entry for each of the parameter's. A running number, the same for all entries, is one of the
`runs`. The loop is emitted from these equations and they are what a working would show.

Sources: Polyak (1964) for momentum; Sutskever et al., On the importance of initialization and
momentum (2013), in the form that PyTorch uses; Kingma and Ba, Adam (2015), algorithm 1;
Loshchilov and Hutter, Decoupled weight decay regularization (2019), algorithm 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from fractions import Fraction

from backhand.differentiation import local
from backhand.errors import AskError
from backhand.expr import Expr, apply, power, ref

PARAMETER, GRADIENT, RATE, DECAY = "w", "g", "eta", "lambda"
w, g, eta, decay = ref(PARAMETER), ref(GRADIENT), ref(RATE), ref(DECAY)


@dataclass(frozen=True, kw_only=True, slots=True)
class Optimizer:
    """One optimiser.

    `settings`: its numbers and what they are unless chosen. `runs`: numbers that change with every
    step, each with its start and its next value. `states`: arrays shaped as the parameter, from 0,
    in the order in which they change, each with its next value; `update`: the parameter's next
    value after that. `decoupled`: weight decay is in `update`, as `lambda`, and not in the gradient.
    """

    name: str
    settings: Mapping[str, Fraction]
    runs: Mapping[str, tuple[Fraction, Expr]]
    states: Mapping[str, Expr]
    update: Expr
    decoupled: bool


OPTIMIZERS: dict[str, Optimizer] = {}


def optimizer(name: str) -> Optimizer:
    """The optimiser of this name. Raises `AskError` for one that isn't there.

    >>> optimizer("sgd").update
    (w + -1*eta*g)
    """
    if name in OPTIMIZERS:
        return OPTIMIZERS[name]
    near = get_close_matches(str(name), OPTIMIZERS, 1)
    raise AskError(
        f"there is no optimizer {name!r}",
        f"did you mean {near[0]!r}?" if near else f"they are {', '.join(OPTIMIZERS)}",
    )


def _define(entry: Optimizer) -> None:
    OPTIMIZERS[entry.name] = entry


def _root(x: Expr) -> Expr:
    return apply("sqrt", x)


_mu, _beta1, _beta2, _epsilon = map(ref, ("momentum", "beta_1", "beta_2", "epsilon"))
_v, _m, _s, _p1, _p2 = map(ref, ("v", "m", "s", "power_1", "power_2"))
_ADAM_SETTINGS = {
    "beta_1": Fraction(9, 10),
    "beta_2": Fraction(999, 1000),
    "epsilon": Fraction(1, 10**8),
}
_ADAM_RUNS = {
    "power_1": (Fraction(1), _p1 * _beta1),
    "power_2": (Fraction(1), _p2 * _beta2),
}
_ADAM_STATES = {
    "m": _beta1 * _m + (1 - _beta1) * g,
    "s": _beta2 * _s + (1 - _beta2) * power(g, 2),
}
_ADAM_STEP = (
    eta * power(1 - _p1, -1) * _m * power(_root(_s) * power(_root(1 - _p2), -1) + _epsilon, -1)
)

_define(
    Optimizer(
        name="sgd",
        settings={},
        runs={},
        states={},
        update=w - eta * g,
        decoupled=False,
    )
)
_define(
    Optimizer(
        name="momentum",
        settings={"momentum": Fraction(9, 10)},
        runs={},
        states={"v": _mu * _v + g},
        update=w - eta * _v,
        decoupled=False,
    )
)
_define(
    Optimizer(
        name="nesterov",
        settings={"momentum": Fraction(9, 10)},
        runs={},
        states={"v": _mu * _v + g},
        update=w - eta * (g + _mu * _v),
        decoupled=False,
    )
)
_define(
    Optimizer(
        name="adam",
        settings=_ADAM_SETTINGS,
        runs=_ADAM_RUNS,
        states=_ADAM_STATES,
        update=w - _ADAM_STEP,
        decoupled=False,
    )
)
_define(
    Optimizer(
        name="adamw",
        settings=_ADAM_SETTINGS,
        runs=_ADAM_RUNS,
        states=_ADAM_STATES,
        update=w * (1 - eta * decay) - _ADAM_STEP,
        decoupled=True,
    )
)


def regular(gradient: Expr, l1: bool, l2: bool) -> Expr:
    """The gradient with that of the penalties `l1 Σ|w|` and `l2/2 Σ w²` added.

    >>> regular(g, l1=False, l2=True)
    (g + l2*w)
    """
    if l2:
        gradient = gradient + ref("l2") * w
    if l1:
        gradient = gradient + ref("l1") * local(apply("abs", w), PARAMETER, ())
    return gradient
