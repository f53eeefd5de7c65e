"""What is written can be read back: the same value on random numbers, in every notation.

Formulas are compared by what they are worth, not by how they are nested: the writers drop the
brackets that make no difference, and `W_1[1,2]` is `W_{1,1,2}` in LaTeX. The value is worked out
here, from the marks alone.
"""

from __future__ import annotations

import math
import xml.etree.ElementTree as ET
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
from backhand.writing.mathml import formula_mathml
from backhand.writing.text import formula_text

NAMES = ("a", "b", "x", "y", "z", "yhat", "W_1", "W_2", "theta", "b_out", "loss", "J")
KNOWN = Known(frozenset(NAMES))
NOTATIONS = {
    "text": formula_text,
    "latex": formula_latex,
    "mathml": lambda found: linear(ET.fromstring(formula_mathml(found))),
}


SIGNS = {"−": "-", "\u2062": "*", "·": "*", "⊙": "*", "×": "*", "\u2061": "", "∑": "Σ"}
MARKS = {"^": "hat"}


def linear(node) -> str:
    """MathML on one line: only a fraction, a root and a script hold together by themselves."""
    kind = node.tag.rpartition("}")[2]
    parts = [linear(child) for child in node]
    match kind:
        case "math" | "mrow":
            return "".join(parts)
        case "mfrac" if parts[0].lstrip().startswith(("∂", "d|")):
            return "({}/{})".format(*parts).replace("d|", "d")
        case "mfrac":
            return "(({})/({}))".format(*parts)
        case "msup" if parts[0] == "e":
            return f"exp({parts[1]})"
        case "msup":
            return "{}^{{{}}}".format(*parts)
        case "msub":
            return "{}_{{{}}}".format(*parts)
        case "munderover":
            return "Σ_{{{1}}}^{{{2}}} ".format(*parts)
        case "mover":
            return parts[0] + MARKS[parts[1]]
        case "msqrt":
            return f"sqrt({''.join(parts)})"
        case "mi" if node.text == "d":
            return "d|"
        case "mi" | "mn" | "mo" | "mtext":
            return SIGNS.get(node.text, f" {node.text}" if kind == "mi" else node.text)
        case _:
            raise AssertionError(f"no line for {kind}")


def key(found, letters) -> str:
    """A quantity or an entry, whether its first number stands with the name or with the slots."""
    match found:
        case Name(name):
            head, _, tail = name.partition("_")
            return f"{head}|{letters.get(tail, tail)}"
        case Entry(of, slots, point):
            numbers = [str(int(worth(slot, letters))) for slot in slots]
            above = "" if point is None else f"^{key(point, letters)}"
            head, _, tail = key(of, letters).partition("|")
            return f"{head}|{','.join([tail] * bool(tail) + numbers)}{above}"
        case Partial(of, by, straight):
            return f"{'d' if straight else '∂'}{key(of, letters)}/{key(by, letters)}"
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
            return 0.5 + zlib.crc32(key(found, letters).encode()) / 2**32
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
    function = st.sampled_from(["sigmoid", "relu", "exp", "sqrt", "log", "sin", "softmax"])
    limits = (Num(Fraction(1)), Num(Fraction(3)))
    counted = Entry(Name("x"), (Name("k"),))
    # No bars within bars: they can be read in two ways, on paper too.
    plain = st.lists(leaves, min_size=2, max_size=3).map(tuple).map(Plus)
    return st.one_of(
        parts.map(Minus),
        several.map(Plus),
        st.builds(Times, several, st.sampled_from(["", "·", "*", "⊙", "@"])),
        st.builds(Over, parts, parts),
        st.builds(Raised, parts, exponents),
        st.builds(lambda f, x: Call(f, (x,)), function, parts),
        st.builds(lambda x, y: Call("max", (x, y)), parts, parts),
        parts.map(lambda part: Sum("k", *limits, Times((counted, part)))),
        plain.map(Norm),
        plain.map(lambda x: Call("abs", (x,))),
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
    except (OverflowError, ZeroDivisionError):
        return
    assert worth(again) == pytest.approx(expected, rel=1e-9, abs=1e-12), written
