"""A second reader of `tests/claims.py`, of its own making: Python and mpmath, no Backhand."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import mpmath
from mpmath import mp, mpf

TOKEN = re.compile(r"\d+\.?\d*(?:e-?\d+)?|[A-Za-z_]+|\*\*|[<>=]=?|[-+*/(),\[\]]")
DERIVATIVE = re.compile(r"(?:d/d|∂/∂)(\w) |d\^(\d)/d(\w)\^\d ")
SCHOOL = re.compile(r"\b[dfg]\(|'|∂²")
"""Claims about unknown functions, and notations, that this reader doesn't know."""
STEP = mpf(2) ** -40


Real: TypeAlias = Any
"""A number of mpmath, which has no types."""
Point: TypeAlias = Mapping[str, Real]
Side: TypeAlias = Callable[[Point], Real]


def sigmoid(z: Real) -> Real:
    return 1 / (1 + mpmath.exp(-z))


FUNCTIONS: dict[str, Callable[..., Real]] = {
    **{name: getattr(mpmath, name) for name in ("sin", "cos", "tan", "tanh", "log", "sqrt", "erf")},
    "sigmoid": sigmoid,
    "softplus": lambda z: mpmath.log(1 + mpmath.exp(z)),
    "silu": lambda z: z * sigmoid(z),
    "gelu": lambda z: z * mpmath.ncdf(z),
    "gelu_tanh": lambda z: (
        z / 2 * (1 + mpmath.tanh(mpmath.sqrt(2 / mpmath.pi) * (z + mpf("0.044715") * z**3)))
    ),
    "relu": lambda z: max(z, mpf(0)),
    "leaky_relu": lambda z: z if z > 0 else z / 100,
    "abs": abs,
    "max": max,
    "min": min,
    "holds": lambda yes: mpf(int(yes)),
}


@dataclass(frozen=True, slots=True)
class Sides:
    """A claim as two functions of a point, its names, and the domain of one of them."""

    sides: tuple[Side, ...]
    names: tuple[str, ...]
    domain: str


def read(text: str) -> Sides | None:
    """The claim; None where it is of a kind that this reader leaves alone."""
    if SCHOOL.search(text):
        return None
    body, _, domain = text.partition(" for ")
    halves = re.split(r"(?<![<>\[]) = (?![^\[]*\])", body)
    names = sorted(
        set(re.findall(r"[A-Za-z_]+", DERIVATIVE.sub(r" \1 \3 ", body))) - {*FUNCTIONS, "e", "pi"}
    )
    return Sides(tuple(map(_side, halves)), tuple(names), domain)


def value(side: Side, point: Point) -> Real | None:
    """A side at a point; None where it has no real value."""
    try:
        found = side(point)
    except (ZeroDivisionError, ValueError, OverflowError, TypeError):
        return None
    return None if isinstance(found, mpmath.mpc) or not mpmath.isfinite(found) else mpf(found)


def _side(text: str) -> Side:
    text = text.strip()
    found = DERIVATIVE.match(text)
    if found is None:
        return _formula(text)
    name = found[1] or found[3]
    term, rest = _first_term(text[found.end() :])
    inner, others = _formula(term), _formula(rest or "0")

    def derivative(point: Point) -> Real:
        def along(x: Real) -> Real:
            made = inner({**point, name: x})
            if isinstance(made, mpmath.mpc):
                raise ValueError("no real value")
            return made

        return mpmath.diff(along, point[name], int(found[2] or 1), h=STEP) + others(point)

    return derivative


def _first_term(text: str) -> tuple[str, str]:
    """What a derivative sign without brackets is about: up to a + or − outside brackets."""
    depth = 0
    for at, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if sign in "+-" and not depth and text[at - 1] == " ":
            return text[:at], text[at:]
    return text, ""


def _formula(text: str) -> Side:
    tokens = TOKEN.findall(text.replace("^", "**"))
    parts: list[str] = []
    depth = 0
    for before, token in zip(["", *tokens], tokens, strict=False):
        starts = re.match(r"[\w(\[]", token)
        if starts and re.match(r"[\w)\]]", before) and before not in FUNCTIONS:
            parts.append("*")
        depth += (token == "[") - (token == "]")
        number = re.match(r"\d", token)
        parts.append(
            f"mpf('{token}')" if number
            else "holds(" if token == "[" else ")" if token == "]"
            else "==" if token == "=" and depth else token
        )  # fmt: skip
    code = compile("".join(parts), text, "eval")
    known = {**FUNCTIONS, "mpf": mpf, "e": mp.e + 0, "pi": mp.pi + 0, "__builtins__": {}}
    return lambda point: eval(code, known, dict(point))
