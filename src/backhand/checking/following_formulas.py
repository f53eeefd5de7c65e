"""Follow-through for formulas and chains: right given the student's own earlier formula or chain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from fractions import Fraction

from backhand.calculus.paths import Hop, Spot
from backhand.checking.chain_reading import Factor
from backhand.checking.earlier import Earlier, Slope, factors_of
from backhand.checking.equality import Outcome, inlined, same_formula
from backhand.checking.judging import apart
from backhand.checking.parts import Prepared
from backhand.checking.recomputing import ways
from backhand.checking.residues import PRIME
from backhand.errors import BackhandError
from backhand.expr import ONE, ZERO, Expr, names, number
from backhand.syntax import Formula


def formula_follows(part: Prepared, expr: Expr, earlier: Earlier) -> bool:
    """Whether a formula is found to be what comes of the student's own formulas and chains.

    Where it isn't decided, it isn't: only what is proved equal is.
    """
    wanted = part.part.expected
    if wanted.of is None or wanted.by is None or wanted.formula is None:
        return False
    if wanted.allowed and not names(expr) <= wanted.allowed:
        return False
    for found in _candidates(part, (wanted.of, wanted.by), earlier):
        if not apart(part, expr, found) and _same(part, expr, found) == "equal":
            return apart(part, expr, wanted.formula) or (
                _same(part, expr, wanted.formula) == "different"
            )
    return False


def _same(part: Prepared, left: Expr, right: Expr) -> Outcome:
    return same_formula(inlined(left, part.graph), inlined(right, part.graph), part.graph)


def _candidates(part: Prepared, pair: tuple[Spot, Spot], earlier: Earlier) -> Iterator[Expr]:
    """The student's own formula for the same, what the own chain comes to, and the own factors."""
    factor = part.chains.plain(Factor(*pair))
    own = _expression(earlier.slopes.get(factor))
    if own is not None:
        yield own
    if factor in earlier.chains:
        every = [_slope_along(part, (f.of, f.by), earlier) for f in earlier.chains[factor]]
        known = [each for each in every if each is not None]
        if len(known) == len(every):
            yield _product(known)
    found = ways(part.graph, *pair)
    if found is not None and any(
        part.chains.plain(Factor(hop.of, hop.by)) in earlier.slopes for hop in found.hops
    ):
        along = _slope_along(part, pair, earlier)
        yield from () if along is None else (along,)


def _slope_along(part: Prepared, pair: tuple[Spot, Spot], earlier: Earlier) -> Expr | None:
    """A derivative by its paths as a formula, with the student's own factors."""
    found = ways(part.graph, *pair)
    if found is None:
        return None
    total: Expr = ZERO
    for path in found.each():
        slopes = [_hop(part, hop, earlier) for hop in path]
        total = total + _product(slopes)
    return total


def _hop(part: Prepared, hop: Hop, earlier: Earlier) -> Expr:
    own = _expression(earlier.slopes.get(part.chains.plain(Factor(hop.of, hop.by))))
    return hop.slope if own is None else own


def _expression(slope: Slope | None) -> Expr | None:
    """A slope as a formula; a rounded number is none."""
    return (
        number(slope) if isinstance(slope, Fraction) else slope if isinstance(slope, Expr) else None
    )


def _product(slopes: Sequence[Expr]) -> Expr:
    whole: Expr = ONE
    for slope in slopes:
        whole = whole * slope
    return whole


# ---- chains ------------------------------------------------------------------------------------


def chain_follows(part: Prepared, found: Formula, earlier: Earlier) -> bool:
    """Whether a chain goes on rightly from the wrong beginning of an earlier one.

    The two have their first factors in common. The earlier chain's own factors, without the right
    ones of its end, stand for those; the rest of this one has to be right.
    """
    of, by = part.part.expected.of, part.part.expected.by
    if of is None or by is None:
        return False
    try:
        chain = part.chains.reader.read(found)
        value = part.chains.lettered.value(chain, "whole", part.layout)
    except BackhandError:
        return False
    said = Counter(factors_of(chain))
    whole = part.chains.plain(Factor(of, by))
    for other, factors in earlier.chains.items():
        own = _continued(part, whole, other, factors)
        if own and (said == Counter(own) or (value == ((_letters(part, own),),) != ((0,),))):
            return True
    return False


def _continued(
    part: Prepared, whole: Factor, other: Factor, factors: Sequence[Factor]
) -> list[Factor]:
    """The right chain with its beginning as in the student's other one; nothing where none is shared."""
    right, before = _single(part, whole), _single(part, other)
    shared = 0
    for one, two in zip(right, before, strict=False):
        if one != two:
            break
        shared += 1
    said, end = Counter(factors), Counter(before[shared:])
    start = list((said - end).elements())
    if not shared or shared == len(right) or end - said or not start:
        return []
    if Counter(start) == Counter(right[:shared]):
        return []
    return [*start, *right[shared:]]


def _single(part: Prepared, whole: Factor) -> list[Factor]:
    """The factors of the one path between two entries."""
    found = ways(part.graph, whole.of, whole.by)
    return part.chains.wanted(whole) if found is not None and found.count == 1 else []


def _letters(part: Prepared, factors: Sequence[Factor]) -> int:
    result = 1
    for factor in factors:
        (row,) = part.chains.lettered.derivative(factor, "whole")
        result = result * row[0] % PRIME
    return result
