"""The mark of a chain of derivatives, factor by factor."""

from __future__ import annotations

from collections import Counter

from backhand.calculus.paths import Spot, spot_formula
from backhand.checking.answers import written
from backhand.checking.chains import Chains, Factor, Reading
from backhand.checking.marks import Mark
from backhand.checking.parts import Prepared
from backhand.errors import MeaningError
from backhand.graph import Layout
from backhand.notation import named
from backhand.syntax import Formula, Partial


def judged_chain(part: Prepared, answer: str) -> Mark:
    """A chain against the paths of the graph. Raises `BackhandError` where it can't be read."""
    typed = part.reader.formula(answer)
    wanted = part.part.expected
    assert typed.formula is not None
    assert wanted.of is not None
    assert wanted.by is not None
    chains = part.chains
    whole = chains.plain(Factor(wanted.of, wanted.by))
    given = chains.factors(typed.formula)
    if not given:
        hint = "Write a product of derivatives, such as dJ/dyhat · dyhat/db."
        return Mark("wrong", 0.0, None, hint, typed.understood)
    if _restated(chains, given, whole):
        hint = "This is the question again: break it up into factors."
        return Mark("wrong", 0.0, None, hint, typed.understood)
    if _holds(chains, typed.formula, whole, part.layout):
        return Mark("right", 1.0, None, "Right.", typed.understood)
    other: Layout = "denominator" if part.layout == "numerator" else "numerator"
    if _holds(chains, typed.formula, whole, other):
        hint = f"The factors are right, in the order of {other} layout; here {part.layout} layout is used."
        return Mark("partly", 0.5, "layouts mixed", hint, typed.understood)
    return _in_part(part, given, whole, typed.understood)


def _restated(chains: Chains, given: list[Factor], whole: Factor) -> bool:
    """Whether the derivative asked for is given as its own answer, though a chain leads through more."""
    same = chains.plain(whole)
    return any(chains.plain(f) == same for f in given) and len(chains.wanted(whole)) > 1


def _holds(chains: Chains, found: Formula, whole: Factor, layout: Layout) -> bool:
    right = chains.derivative(whole, "whole")
    if layout == "denominator":
        right = tuple(zip(*right, strict=True))
    readings: tuple[Reading, ...] = ("whole", "direct")
    for reading in readings:
        try:
            if chains.value(found, reading, layout) == right:
                return True
        except MeaningError:
            continue
    return False


def _in_part(part: Prepared, given: list[Factor], whole: Factor, understood: str) -> Mark:
    """Credit for each right factor, and the first that isn't."""
    chains = part.chains
    right = Counter(chains.wanted(whole))
    said = Counter(chains.plain(f) for f in given)
    good = sum((right & said).values())
    credit = round(min(good / max(right.total(), said.total(), 1), 0.9), 2)
    verdict = "partly" if credit else "wrong"
    for factor in given:
        if not chains.is_possible(factor):
            turned = Factor(factor.by, factor.of)
            sign = _sign(part, factor)
            if chains.is_possible(turned):
                return Mark(verdict, credit, "upside down", f"{sign} is upside down.", understood)
            hint = f"{sign} leads nowhere: the one doesn't depend on the other."
            return Mark(verdict, credit, None, hint, understood)
    if said - right and not right - said:
        return Mark(verdict, credit, None, "A factor is there too often.", understood)
    missing = bool(right - said)
    ending = [f for f in given if chains.plain(f).by == chains.plain(whole).by]
    if missing and len(given) < right.total():
        what = "factor missing"
        hint = "A factor is missing: follow the network from the one end to the other."
        return Mark(verdict, credit, what, hint, understood)
    if not ending:
        hint = f"The chain should end at {_name(part, whole.by)}."
        return Mark(verdict, credit, None, hint, understood)
    return Mark(verdict, credit, None, "The factors don't join into one chain.", understood)


def _sign(part: Prepared, factor: Factor) -> str:
    sign = Partial(_formula(part, factor.of), _formula(part, factor.by), part.graph.single_variable)
    return written(sign)


def _name(part: Prepared, at: Spot) -> str:
    return written(_formula(part, at))


def _formula(part: Prepared, at: Spot) -> Formula:
    return spot_formula(part.graph, at) if at.slots else named(part.graph, at.name)
