"""Whether inequalities contradict each other, as far as linear ones can tell.

Source: Fourier's elimination; Schrijver, Theory of Linear and Integer Programming (1986), 12.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from backhand.calculus.monomials import UNIT, Polynomial
from backhand.calculus.rational import polynomial
from backhand.errors import LimitError
from backhand.expr import Expr

MAX_INEQUALITIES = 100


def contradict(positive: Sequence[Expr]) -> bool:
    """Whether no point makes all of these greater than 0. What isn't linear counts as a free number.

    >>> from backhand.expr import ref
    >>> x, y, z = ref("x"), ref("y"), ref("z")
    >>> contradict([x - y, y - z, z - x]), contradict([x - y, z - y])
    (True, False)
    """
    try:
        forms = [polynomial(expr, lambda _: None) for expr in positive]
    except LimitError:
        return False
    while len(forms) <= MAX_INEQUALITIES:
        unknowns = {m for form in forms for m in form if m != UNIT}
        if any(form.keys() <= {UNIT} and form.get(UNIT, 0) <= 0 for form in forms):
            return True
        if not unknowns:
            return False
        out = min(unknowns, key=lambda m: sum(m in form for form in forms))
        above = [form for form in forms if form.get(out, 0) > 0]
        below = [form for form in forms if form.get(out, 0) < 0]
        forms = [form for form in forms if out not in form]
        forms += [_without(out, a, b) for a in above for b in below]
    return False


def _without(out: frozenset[object], a: Polynomial, b: Polynomial) -> Polynomial:
    """The positive combination of two forms in which one unknown is gone."""
    scale: Fraction = -a[out] / b[out]  # type: ignore[index]
    sums = {m: a.get(m, Fraction(0)) + scale * b.get(m, Fraction(0)) for m in {**a, **b}}
    return {m: c for m, c in sums.items() if c}
