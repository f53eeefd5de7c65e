"""What is written can be read back: the same value on random numbers, in every notation.

Formulas are compared by what they are worth, not by how they are nested: the writers drop the
brackets that make no difference, and `W_1[1,2]` is `W_{1,1,2}` in LaTeX. The value is worked out
here, from the marks alone.
"""

from __future__ import annotations

import math
import zlib
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backhand.functions import READ_AS, TABLE
from backhand.reading.maths import Known, parse
from backhand.syntax import (
    Call,
    Entry,
    Minus,
    Name,
    Norm,
    Num,
    Over,
    Partial,
    Plus,
    Raised,
    Sum,
    Test,
    Times,
)
from backhand.writing.latex import formula_latex
from backhand.writing.text import formula_text

NAMES = ("a", "b", "x", "y", "z", "yhat", "W_1", "W_2", "theta", "b_out", "loss", "J")
KNOWN = Known(frozenset(NAMES))
NOTATIONS = {"text": formula_text, "latex": formula_latex}


def key(found) -> str:
    """A quantity or an entry, whether its first number stands with the name or with the slots."""
    match found:
        case Name(name):
            head, _, tail = name.partition("_")
            return f"{head}|{tail}"
        case Entry(of, slots, point):
            numbers = [str(slot.value) if isinstance(slot, Num) else slot.name for slot in slots]
            above = "" if point is None else f"^{key(point)}"
            head, _, tail = key(of).partition("|")
            return f"{head}|{','.join([tail] * bool(tail) + numbers)}{above}"
        case Partial(of, by, straight):
            return f"{'d' if straight else '∂'}{key(of)}/{key(by)}"
        case _:
            raise AssertionError(f"{found} is no quantity")


def worth(found, letters=None) -> float:
    """The value of a formula whose quantities have values made from their names."""
    letters = letters or {}

    def of(part):
        return worth(part, letters)

    match found:
        case Num(value):
            return float(value)
        case Name(name) if name in letters:
            return letters[name]
        case Name() | Partial() | Entry():
            for letter, value in letters.items():
                found = _put(found, letter, value)
            return 0.5 + zlib.crc32(key(found).encode()) / 2**32
        case Minus(inner):
            return -of(inner)
        case Plus(terms):
            return sum(map(of, terms))
        case Times(factors):
            return math.prod(map(of, factors))
        case Over(top, bottom):
            return of(top) / (of(bottom) or 1e-3)
        case Raised(base, exponent):
            base, exponent = of(base), of(exponent)
            return base**exponent if exponent == int(exponent) and base else abs(base) ** exponent
        case Call("exp", (inner,)):
            return math.exp(max(-50, min(50, of(inner))))
        case Call(function, args):
            return _applied(function, [of(arg) for arg in args])
        case Sum(letter, lower, upper, body):
            low, high = int(of(lower)), int(of(upper))
            return sum(worth(body, letters | {letter: k}) for k in range(low, high + 1))
        case Norm(inner):
            return abs(of(inner)) * 1.25
        case Test(left, order, right):
            left, right = of(left), of(right)
            return {">": left > right, ">=": left >= right, "=": left == right}[order] + 0.5
        case _:
            raise AssertionError(f"no worth of {found}")


def _put(found, letter, value):
    """An entry with a sum's letter among its slots replaced by its value."""
    if not isinstance(found, Entry):
        return found
    slots = tuple(Num(Fraction(value)) if s == Name(letter) else s for s in found.slots)
    return Entry(found.of, slots, found.point)


def _applied(function, args):
    if function in READ_AS:
        args = [abs(x) if function in ("sqrt", "log") else x for x in args]
        entry = TABLE[READ_AS[function]]
        return float(entry.value(*(x + (1e-9 if function == "log" else 0) for x in args)))
    return math.sin(sum((n + 1) * x for n, x in enumerate(args)))


whole = st.integers(-9, 9).map(lambda n: Num(Fraction(n)))
fractions = st.sampled_from([Fraction(1, 2), Fraction(-2, 3), Fraction(5, 7)]).map(Num)
decimals = st.sampled_from(["0.006693", "-2.5", "1.234e-05", "-3.1e+20"]).map(
    lambda text: Num(Fraction(text), text)
)
slot = st.integers(1, 3).map(lambda n: Num(Fraction(n)))
names = st.sampled_from(NAMES).map(Name)
entries = st.one_of(
    st.builds(lambda s: Entry(Name("x"), (s,)), slot),
    st.builds(lambda s, t: Entry(Name("W_1"), (s, t)), slot, slot),
    st.builds(lambda s: Entry(Name("x"), (s,), Name("i")), slot),
)
partials = st.builds(Partial, names, st.one_of(names, entries), st.booleans())
leaves = st.one_of(whole, fractions, decimals, names, entries, partials)


def compound(parts):
    several = st.lists(parts, min_size=2, max_size=3).map(tuple)
    exponents = st.one_of(st.integers(-3, 3).map(lambda n: Num(Fraction(n))), names)
    function = st.sampled_from(["sigmoid", "relu", "exp", "sqrt", "abs", "log", "sin", "softmax"])
    limits = (Num(Fraction(1)), Num(Fraction(3)))
    letters = st.sampled_from([Name("k"), Entry(Name("x"), (Name("k"),))])
    return st.one_of(
        parts.map(Minus),
        several.map(Plus),
        st.builds(Times, several, st.sampled_from(["", "·", "*", "⊙", "@"])),
        st.builds(Over, parts, parts),
        st.builds(Raised, parts, exponents),
        st.builds(lambda f, x: Call(f, (x,)), function, parts),
        st.builds(lambda x, y: Call("max", (x, y)), parts, parts),
        st.builds(lambda p, x: Sum("k", *limits, Times((x, p))), parts, letters),
        parts.map(Norm),
        st.builds(Test, parts, st.sampled_from([">", ">="]), parts),
    )


formulas = st.recursive(leaves, compound, max_leaves=8)


@pytest.mark.parametrize("notation", NOTATIONS)
@given(found=formulas)
def test_reads_back_to_the_same_value(notation, found):
    written = NOTATIONS[notation](found)
    again = parse(written, KNOWN).formula
    try:
        expected = worth(found)
    except OverflowError:
        return
    assert worth(again) == pytest.approx(expected, rel=1e-9, abs=1e-12), written
