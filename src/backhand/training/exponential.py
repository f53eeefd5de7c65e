"""e to a power in line: a call of the C library's would keep a loop from running in vectors."""

from __future__ import annotations

import math
from functools import lru_cache
from importlib import import_module
from itertools import pairwise
from math import factorial
from typing import Any, NamedTuple


def exp(x: float) -> float:
    """e to the power x, in x's own precision; what compiled code has instead, `register` says.

    >>> exp(0.0)
    1.0
    """
    return math.exp(x)


class Format(NamedTuple):
    """A floating-point number: its bits, those of the fraction, the exponent's bias.

    Below `least` and above `most` a power of e is 0 and infinite. `high` + `low` = log 2, of which
    `high` times a whole number is exact. `degree`: of the series that is right to the last place.
    """

    bits: int
    fraction: int
    bias: int
    least: float
    most: float
    high: float
    low: float
    degree: int


FORMATS = {
    32: Format(32, 23, 127, -104.0, 88.73, 0.693359375, -2.12194440054690583e-4, 7),
    64: Format(64, 52, 1023, -745.2, 709.79, 0.69314718036912382, 1.9082149292705877e-10, 13),
}


@lru_cache(maxsize=1)
def register() -> None:
    """Tell Numba what `exp` is in compiled code: within 2 units in the last place, 0 and ∞ included.

    e^x = 2^n e^r with n = x / log 2 rounded and |r| ≤ log 2 / 2 (Cody and Waite, *Software Manual for
    the Elementary Functions*, 1980). Written for LLVM, where no permission to reorder sums applies.
    """
    types: Any = import_module("numba").types
    extending: Any = import_module("numba.extending")

    def typed(context: Any, x: Any) -> Any:
        form = FORMATS.get(getattr(x, "bitwidth", 0))
        if form is None or not isinstance(x, types.Float):
            return None

        def made(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return _power(builder, args[0], form)

        return x(x), made

    inline: Any = extending.intrinsic(typed)

    def overloaded(x: Any) -> Any:
        def called(x: Any) -> Any:
            return inline(x)

        return called

    extending.overload(exp)(overloaded)


def _power(builder: Any, x: Any, form: Format) -> Any:
    ir: Any = import_module("llvmlite.ir")
    real, whole = x.type, ir.IntType(form.bits)

    def called(name: str, *args: Any) -> Any:
        kind = ir.FunctionType(real, [real] * len(args))
        return builder.call(builder.module.declare_intrinsic(name, [real], kind), args)

    def limited(sign: str, x: Any, bound: float) -> Any:
        beyond = builder.fcmp_ordered(sign, x, real(bound))
        return builder.select(beyond, real(bound), x)

    def raised(n: Any) -> Any:
        return builder.shl(n, whole(form.fraction))

    inside = limited("<", limited(">", x, form.most), form.least)
    n = called("llvm.rint", builder.fmul(inside, real(1 / math.log(2))))
    r = called("llvm.fma", n, real(-form.high), inside)
    r = called("llvm.fma", n, real(-form.low), r)
    # In two halves, since 2^n alone may be too large or too small where the product isn't; the first
    # by adding to the exponent, or the compiler would multiply the halves with each other.
    n = builder.fptosi(n, whole)
    half = builder.ashr(n, whole(1))
    series = builder.bitcast(_series(builder, called, r, form.degree), whole)
    first = builder.bitcast(builder.add(series, raised(half)), real)
    rest = builder.add(builder.sub(n, half), whole(form.bias))
    found = builder.fmul(first, builder.bitcast(raised(rest), real))
    return builder.select(builder.fcmp_unordered("uno", x, x), x, found)


def _series(builder: Any, called: Any, r: Any, degree: int) -> Any:
    """Σ r^k / k!, terms paired again and again (Estrin), so that few wait for one another."""
    terms: list[Any] = [r.type(1 / factorial(k)) for k in range(degree + 1)]
    while len(terms) > 1:
        odd = terms[-1:] if len(terms) % 2 else []
        pairs = list(pairwise(terms))[::2]
        terms = [called("llvm.fma", high, r, low) for low, high in pairs] + odd
        r = builder.fmul(r, r)
    return terms[0]
