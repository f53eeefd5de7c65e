"""Follow-through without Backhand: which entries of a tape an answer stands for, and is right after.

Each function does on a tape what its neighbour in `checking/following.py` does on a graph.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from backhand.calculus.gradient import loss_of
from backhand.calculus.paths import Hop, Spot, spot
from backhand.checking.chain_reading import Factor
from backhand.checking.following import MAX_BY_PATHS
from backhand.checking.parts import Prepared
from backhand.checking.recomputing import ways
from backhand.checking.standing import entries_of, in_layout, sign_of, standing
from backhand.errors import BackhandError
from backhand.publishing.tape import Tape, Unspellable

Places = list[list[int]]


def owned(part: Prepared, made: Tape) -> Places:
    """The entries that the part's answer stands for, as lists in the order of its numbers.

    Raises `Unspellable` where they have no line.
    """
    stands = standing(part)
    found: Places = []
    if stands.entries:
        of = part.part.expected.of
        if stands.slopes and of is not None:
            made.put_derivatives(part.chains.reader.root(of.name), stands.entries[0].name)
        if all(spot in made.places for spot in stands.entries):
            found.append([made.places[spot] for spot in stands.entries])
    if stands.slopes:
        for factor in stands.slopes:
            if factor not in made.slopes:
                made.slopes[factor] = made.add("math.nan")
        found.append([made.slopes[factor] for factor in stands.slopes])
    return found


def follow(part: Prepared, made: Tape) -> Places:
    """The entries that are right after earlier answers, in order of preference.

    They are lines of their own, so that no student's number is taken for them. Raises `Unspellable`.
    """
    ask, wanted = part.part.ask, part.part.expected
    size = 0 if wanted.value is None else wanted.value.size
    match ask.verb:
        case "value" | "loss" | "forward":
            name = ask.words[0] if ask.verb == "value" else loss_of(part.graph)
            spots = entries_of(made.graph, spot(name, made.graph))
            found = [[made.again(made.places[at]) for at in spots]]
        case "local" if wanted.formula is not None:
            found = [[made.add(made.spelled(wanted.formula))]]
        case "derivative" | "gradient" | "jacobian":
            found = [in_layout(part, places) for places in _slopes(part, made)]
        case "update":
            found = [_stepped(part, made, places) for places in _slopes(part, made)]
        case _:
            return []
    return [places for places in found if len(places) == size]


def _slopes(part: Prepared, made: Tape) -> Iterator[list[int]]:
    """By the answer itself, for an update; along the paths; by the backward pass."""
    of, by, graph = part.part.expected.of, part.part.expected.by, part.graph
    options = part.part.ask.options
    if of is None or by is None or options.get("over") == "all" or options.get("point", "1") != "1":
        return
    pairs = [(top, bot) for top in entries_of(graph, of) for bot in entries_of(graph, by)]
    if part.part.ask.verb == "update":
        own = [made.slopes.get(part.chains.plain(Factor(*pair))) for pair in pairs]
        known = [at for at in own if at is not None]
        if len(known) == len(pairs):
            yield [made.add(f"v[{at}]") for at in known]
    if len(pairs) <= MAX_BY_PATHS:
        along = [_along(part, made, pair) for pair in pairs]
        texts = [text for text in along if text is not None]
        if len(texts) == len(pairs):
            yield [made.add(text) for text in texts]
    sign = sign_of(part, of.name, by.name)
    made.put_derivatives(part.chains.reader.root(of.name), sign)
    spots = [Spot(sign, (*top.slots, *bottom.slots)) for top, bottom in pairs]
    if all(at in made.places for at in spots):
        yield [made.again(made.places[at]) for at in spots]


def _along(part: Prepared, made: Tape, pair: tuple[Spot, Spot]) -> str | None:
    """One entry by its paths, with the student's own factors."""
    found = ways(part.graph, *pair)
    if found is None:
        return None
    return " + ".join(" * ".join(_hop(part, made, hop) for hop in path) for path in found.each())


def _hop(part: Prepared, made: Tape, hop: Hop) -> str:
    """A hop's slope: the student's own where one was asked for and typed."""
    known = made.slopes.get(part.chains.plain(Factor(hop.of, hop.by)))
    slope = made.spelled(hop.slope)
    return slope if known is None else f"(t[{known}] if {known} in t else {slope})"


def _stepped(part: Prepared, made: Tape, slopes: list[int]) -> list[int]:
    """Lines for the weights after a step along these slopes."""
    by = part.part.expected.by
    assert by is not None
    rate = Fraction(part.part.ask.options["eta"])
    step = f"({rate.numerator}/{rate.denominator})"
    before = [made.places[at] for at in entries_of(made.graph, by)]
    return [
        made.add(f"v[{at}] - {step} * v[{slope}]") for at, slope in zip(before, slopes, strict=True)
    ]


def on_tape(part: Prepared, made: Tape) -> tuple[Places, Places]:
    """What the answer stands for, and what is right after those before it; empty without lines.

    To be called for each part in the order of the page.
    """
    try:
        after = follow(part, made)
    except (Unspellable, BackhandError):
        after = []
    try:
        return owned(part, made), after
    except (Unspellable, BackhandError):
        return [], after
