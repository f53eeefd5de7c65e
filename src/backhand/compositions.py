"""The table of functions of whole vectors: softmax, log-sum-exp and the losses, as graphs.

Nothing here has a derivative of its own: an entry says what it means in index notation, and the
chain rule does the rest. `total` sums an expression over the entries (and does nothing to a
scalar), so one entry serves one output and many.

Losses add over the outputs of one point; the mean is taken over points.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, TypeAlias

from backhand.expr import Expr, apply
from backhand.functions import COMPOSED_AS, claim, exp, log

Over: TypeAlias = Callable[[Expr], Expr]
Expand: TypeAlias = Callable[[Over, Expr], Expr] | Callable[[Over, Expr, Expr], Expr]


@dataclass(frozen=True, kw_only=True, slots=True)
class Composition:
    """One function of vectors.

    `gives`: "entries", a vector like its argument, or "scalar". `target_first`: the first
    argument is a target, so the order (target, prediction) matters. `expand`: its meaning on the
    entries of the arguments, given `total`. `from_logits`: expects the values before the last activation.
    """

    name: str
    aliases: tuple[str, ...]
    arity: int
    gives: Literal["entries", "scalar"]
    latex: str
    text: str
    target_first: bool
    from_logits: bool
    expand: Expand


COMPOSITIONS: dict[str, Composition] = {}


def compose(entry: Composition) -> Composition:
    """Add an entry. Raises `BackhandError` where a name is taken."""
    claim(COMPOSED_AS, entry.name, entry.aliases)
    COMPOSITIONS[entry.name] = entry
    return entry


def _loss(
    name: str,
    aliases: tuple[str, ...],
    text: str,
    expand: Callable[[Over, Expr, Expr], Expr],
    *,
    from_logits: bool = False,
) -> None:
    compose(
        Composition(
            name=name,
            aliases=aliases,
            arity=2,
            gives="scalar",
            latex=rf"\operatorname{{{text}}}",
            text=text,
            target_first=True,
            from_logits=from_logits,
            expand=expand,
        )
    )


def softplus(x: Expr) -> Expr:
    """log(1 + e^x)."""
    return apply("softplus", x)


compose(
    Composition(
        name="softmax",
        aliases=("Softmax",),
        arity=1,
        gives="entries",
        latex=r"\operatorname{softmax}",
        text="softmax",
        target_first=False,
        from_logits=False,
        expand=lambda total, x: exp(x) / total(exp(x)),
    )
)
compose(
    Composition(
        name="logsumexp",
        aliases=("LSE", "lse", "log_sum_exp"),
        arity=1,
        gives="scalar",
        latex=r"\operatorname{LSE}",
        text="logsumexp",
        target_first=False,
        from_logits=False,
        expand=lambda total, x: log(total(exp(x))),
    )
)
_loss(
    "squared_error",
    ("SE", "sse"),
    "SE",
    lambda total, y, p: total((y - p) ** 2),
)
_loss(
    "absolute_error",
    ("AE",),
    "AE",
    lambda total, y, p: total(apply("abs", y - p)),
)
_loss(
    "binary_cross_entropy",
    ("BCE", "bce", "log_loss"),
    "BCE",
    lambda total, y, p: total(-y * log(p) - (1 - y) * log(1 - p)),
)
# softplus(s) - y s equals the loss from p = sigmoid(s) and never takes the log of a rounded 0.
_loss(
    "binary_cross_entropy_from_logits",
    ("BCEWithLogits", "bce_from_logits", "binary_cross_entropy_with_logits"),
    "BCEWithLogits",
    lambda total, y, s: total(softplus(s) - y * s),
    from_logits=True,
)
_loss(
    "cross_entropy",
    ("CE", "categorical_cross_entropy"),
    "CE",
    lambda total, y, p: -total(y * log(p)),
)
_loss(
    "cross_entropy_from_logits",
    ("CEWithLogits", "cross_entropy_with_logits"),
    "CEWithLogits",
    lambda total, y, s: total(y * (log(total(exp(s))) - s)),
    from_logits=True,
)
_loss(
    "hinge",
    ("hinge_loss",),
    "hinge",
    lambda total, y, s: total(apply("max", 0, 1 - y * s)),
    from_logits=True,
)
