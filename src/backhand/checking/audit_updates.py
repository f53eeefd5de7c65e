"""Updates in a solution: `W := W − η ∂J/∂W`, `W_2^{new} = …`, `W ← …`."""

from __future__ import annotations

import re
from fractions import Fraction

from backhand.calculus.gradient import objective_of
from backhand.checking.audit_sides import Pool
from backhand.errors import BackhandError
from backhand.syntax import Entry, Formula, Minus, Name, Num, Partial, Plus, Times
from backhand.working import Worksheet

_WORDS = r"(?:\\(?:text|mathrm|textrm)\s*\{\s*(?:new|updated)\s*\}|\(?(?:new|updated)\)?)"
_PLUS = r"\^(?:\{\s*\+\s*\}|\+)(?=\s*[=:])"
_NEW = re.compile(
    rf"[_^]\{{\s*{_WORDS}\s*\}}|[_^]{_WORDS}|{_PLUS}|(?<=[\w\]}}])\s+(?:new|updated)\b"
)
_SIGN = re.compile(r":=|≔|←|\\leftarrow\b|\\gets\b|\\coloneqq\b")
_NAMED = re.compile(rf"^[^=≈]*?(?:(?:new|updated)[^=≈]*|{_PLUS}\s*)=")
RATES = ("eta", "alpha", "lr")


def is_update(text: str) -> bool:
    """Whether a line gives a parameter its new value.

    >>> is_update("W_2 := W_2 - 2 g"), is_update("W_2^{new} = W_2 - g"), is_update("w^{+} = w - g")
    (True, True, True)
    """
    left = _SIGN.split(text, maxsplit=1)[0]
    return (_SIGN.search(text) is not None and "=" not in left) or bool(_NAMED.match(text))


def without_new(text: str) -> str:
    """The line with the plain name on its left."""
    left, sign, right = text.partition("=")
    return _NEW.sub("", left + sign).removesuffix(sign) + sign + right if sign else text


def stepped(name: Formula, pool: Pool) -> Formula | None:
    """What a step of gradient descent gives for a parameter: `W − η ∂J/∂W`."""
    base = name.of if isinstance(name, Entry) else name
    if not isinstance(base, Name):
        return None
    try:
        aim = objective_of(pool.graph)
        slope = Partial(Name(aim), name)
        pool.factor(slope)
    except BackhandError:
        return None
    return Plus((name, Minus(Times((Name(rate(pool)), slope)))))


def rate(pool: Pool) -> str:
    """The name of the learning rate in this solution."""
    return next((r for r in RATES if r in pool.own or r in pool.graph), "eta")


def rate_of(worksheet: Worksheet) -> Fraction | None:
    """The learning rate that the worksheet's questions name, where it is one only."""
    found: set[Fraction] = set()
    for question in worksheet.questions:
        for ask in question.asks:
            if "eta" in ask.options:
                try:
                    found.add(Fraction(ask.options["eta"]))
                except (ValueError, ZeroDivisionError):
                    continue
    return found.pop() if len(found) == 1 else None


def give_rate(pool: Pool, value: Fraction) -> None:
    """The worksheet's learning rate under each name that people give it."""
    for name in RATES:
        if name not in pool.graph:
            pool.own[name] = Num(value)
