"""The mark of a chain of derivatives, factor by factor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from backhand.calculus.paths import Spot, spot_formula
from backhand.checking.answers import trimmed, written
from backhand.checking.chain_reading import Chain, Factor, Worked, leaves
from backhand.checking.chains import Chains, Derivatives, Reading
from backhand.checking.marks import Mark
from backhand.checking.parts import Prepared
from backhand.checking.residue_matrices import flipped, scaled
from backhand.checking.residues import PRIME
from backhand.errors import MeaningError
from backhand.graph import Layout
from backhand.notation import named
from backhand.syntax import Formula, Partial


def judged_chain(part: Prepared, answer: str) -> Mark:
    """A chain against the paths of the graph. Raises `BackhandError` where it can't be read."""
    chain, understood = _read(part, answer)
    wanted = part.part.expected
    assert wanted.of is not None
    assert wanted.by is not None
    chains = part.chains
    whole = chains.plain(Factor(wanted.of, wanted.by))
    given = [each for each in leaves(chain) if isinstance(each, Factor)]
    worked = [e for e in leaves(chain) if isinstance(e, Worked) and e.formula is not None]
    if not given:
        return _without_derivatives(part, chain, whole, understood)
    if whole in given and len(chains.wanted(whole)) > 1:
        # The derivative asked for is its own answer, though a chain leads through more.
        hint = "This is the question again: break it up into factors."
        return Mark("wrong", 0.0, None, hint, understood)
    using = chains.worked if worked else chains.lettered
    if _holds(using, chain, whole, part.layout):
        return Mark("right", 1.0, None, "Right.", understood)
    other: Layout = "denominator" if part.layout == "numerator" else "numerator"
    single = all(len(f.of.slots) == part.graph[f.of.name].rank for f in (*given, whole)) and all(
        len(f.by.slots) == part.graph[f.by.name].rank for f in (*given, whole)
    )
    if not single and _holds(using, chain, whole, other):
        hint = f"The factors are right, in the order of {other} layout; here {part.layout} layout is used."
        return Mark("partly", 0.5, "layouts mixed", hint, understood)
    return _in_part(part, given, worked, whole, understood)


def _read(part: Prepared, answer: str) -> tuple[Chain, str]:
    """A chain, and how it was understood."""
    spelled = part.chains.spellings.read(trimmed(answer), part.reader.known)
    if spelled is not None:
        return spelled
    typed = part.reader.formula(answer)
    assert typed.formula is not None
    return part.chains.reader.read(typed.formula), typed.understood


def _without_derivatives(part: Prepared, chain: Chain, whole: Factor, understood: str) -> Mark:
    """An answer in which no derivative stands: perhaps what the chain comes to."""
    hint = "Write a product of derivatives, such as dJ/dyhat · dyhat/db."
    if _holds(part.chains.worked, chain, whole, part.layout):
        hint = (
            "This is what the chain comes to; write the chain itself, as a product of derivatives."
        )
        return Mark("partly", 0.5, None, hint, understood)
    return Mark("wrong", 0.0, None, hint, understood)


def _holds(using: Derivatives, chain: Chain, whole: Factor, layout: Layout) -> bool:
    readings: tuple[Reading, ...] = ("whole", "direct")
    for reading in readings:
        try:
            right = using.derivative(whole, "whole")
            right = right if layout == "numerator" else flipped(right)
            if using.value(chain, reading, layout) == right:
                return True
        except MeaningError:
            continue
    return False


def _in_part(
    part: Prepared,
    given: Sequence[Factor],
    worked: Sequence[Worked],
    whole: Factor,
    understood: str,
) -> Mark:
    """Credit for each right factor, and the first that isn't."""
    chains = part.chains
    right = Counter(chains.wanted(whole))
    said = Counter(given)
    slipped: list[tuple[Worked, str | None]] = []
    for each in worked:
        factor, slip = _meant(chains, each, list((right - said).elements()))
        if factor is not None and slip is None:
            said[factor] += 1
        else:
            slipped.append((each, slip))
    good = (right & said).total()
    credit = round(min(good / max(right.total(), said.total() + len(slipped), 1), 0.9), 2)
    verdict = "partly" if credit else "wrong"
    for factor in given:
        if not chains.is_possible(factor):
            turned = Factor(factor.by, factor.of)
            sign = _sign(part, factor)
            if chains.is_possible(turned):
                return Mark(verdict, credit, "upside down", f"{sign} is upside down.", understood)
            hint = f"{sign} leads nowhere: the one doesn't depend on the other."
            return Mark(verdict, credit, None, hint, understood)
    for each, slip in slipped:
        assert each.formula is not None
        hint = f"The factor {written(each.formula)} isn't right."
        return Mark(verdict, credit, slip, hint, understood)
    if said - right and not right - said:
        return Mark(verdict, credit, None, "A factor is there too often.", understood)
    missing = bool(right - said)
    ending = [f for f in said if f.by == whole.by]
    if missing and said.total() < right.total():
        what = "factor missing"
        hint = "A factor is missing: follow the network from the one end to the other."
        return Mark(verdict, credit, what, hint, understood)
    if not ending:
        hint = f"The chain should end at {_name(part, whole.by)}."
        return Mark(verdict, credit, None, hint, understood)
    return Mark(verdict, credit, None, "The factors don't join into one chain.", understood)


def _meant(
    chains: Chains, worked: Worked, missing: Sequence[Factor]
) -> tuple[Factor | None, str | None]:
    """Of the factors that are still missing the one that was worked out, perhaps with a slip."""
    half = pow(2, -1, PRIME)
    for slip, by in ((None, 1), ("sign", PRIME - 1), ("factor 2 forgotten", half)):
        for factor in missing:
            try:
                found = chains.worked.derivative(factor, "direct")
            except MeaningError:
                continue
            if worked.matrix in (scaled(found, by), flipped(scaled(found, by))):
                return factor, slip
    return None, None


def _sign(part: Prepared, factor: Factor) -> str:
    sign = Partial(_formula(part, factor.of), _formula(part, factor.by), part.graph.single_variable)
    return written(sign)


def _name(part: Prepared, at: Spot) -> str:
    return written(_formula(part, at))


def _formula(part: Prepared, at: Spot) -> Formula:
    return spot_formula(part.graph, at) if at.slots else named(part.graph, at.name)
