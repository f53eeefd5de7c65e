"""Follow-through without Backhand: which entries of a tape an answer stands for, and is right after."""

from __future__ import annotations

from fractions import Fraction

from backhand.calculus.gradient import loss_of
from backhand.checking.chain_reading import Factor
from backhand.checking.parts import Prepared
from backhand.notation import partial_name
from backhand.publishing.tape import Tape

Places = list[list[int]]


def owned(part: Prepared, made: Tape) -> Places:
    """The entries that the part's answer stands for, as lists in the order of its numbers."""
    ask, wanted = part.part.ask, part.part.expected
    size = 0 if wanted.value is None else wanted.value.size
    if ask.verb == "value" and "[" not in ask.words[0]:
        return _fitting([made.entries(ask.words[0])], size)
    if ask.verb == "loss":
        return _fitting([made.entries(loss_of(part.graph))], size)
    if ask.verb not in ("local", "derivative", "gradient") or not (wanted.of and wanted.by):
        return []
    found: Places = []
    slope = made.slopes.get(part.chains.plain(Factor(wanted.of, wanted.by)))
    if slope is not None and ask.verb != "gradient":
        found.append([slope])
    sign = partial_name(wanted.of.name, wanted.by.name)
    if ask.verb != "local" and sign in made.whole and made.whole[sign].rank < 2:
        found.append(made.entries(sign))
    return _fitting(found, size)


def follow(part: Prepared, made: Tape) -> Places:
    """The entries that are right after earlier answers, in order of preference.

    An update's are lines of their own, which are added to the tape.
    """
    ask, wanted = part.part.ask, part.part.expected
    size = 0 if wanted.value is None else wanted.value.size
    match ask.verb:
        case "value" if "[" not in ask.words[0]:
            return _fitting([made.entries(ask.words[0])], size)
        case "loss" | "forward":
            return _fitting([made.entries(loss_of(part.graph))], size)
        case "local" | "derivative" | "gradient":
            return _fitting(_slopes(part, made), size)
        case "update":
            return [[_step(part, made, places[0])] for places in _slopes(part, made)]
        case _:
            return []


def _fitting(found: Places, size: int) -> Places:
    return [places for places in found if len(places) == size]


def _slopes(part: Prepared, made: Tape) -> Places:
    """The derivative along its paths, and by the backward pass."""
    wanted = part.part.expected
    of, by = wanted.of, wanted.by
    if of is None or by is None or not {"over", "point"}.isdisjoint(part.part.ask.options):
        return []
    found: Places = []
    slope = made.slopes.get(part.chains.plain(Factor(of, by)))
    if slope is not None:
        found.append([slope])
    sign = partial_name(of.name, by.name)
    if part.part.ask.verb == "local" or sign not in made.whole or of.name != made.graph.objective:
        return found
    if by.slots and made.graph[by.name].rank:
        at = made.graph[by.name]
        offsets = [s - a.lower for s, a in zip(by.slots, at.axes, strict=True)]
        place = 0
        for offset, axis in zip(offsets, at.axes, strict=True):
            place = place * axis.size + offset
        found.append([made.entries(sign)[place]])
    elif made.whole[sign].rank < 2:
        found.append(made.entries(sign))
    return found


def _step(part: Prepared, made: Tape, slope: int) -> int:
    """A line for the weight after a step along this slope."""
    by = part.part.expected.by
    assert by is not None
    rate = Fraction(part.part.ask.options["eta"])
    before = made.places[by]
    return made.add(f"v[{before}] - ({rate.numerator}/{rate.denominator}) * v[{slope}]")
