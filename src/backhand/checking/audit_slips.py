"""The slip in a line that doesn't follow: the line is worked out again under each known one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import islice

import numpy as np

from backhand.calculus.paths import Hop, without_aliases
from backhand.checking.audit_author import Author
from backhand.checking.audit_edits import (
    edits,
    other_entry,
    other_number,
    other_prime,
    other_sign,
    turned,
    with_square,
    without_factor,
    without_square,
)
from backhand.checking.audit_numbers import Numbers, fits, numbers, same
from backhand.checking.audit_relations import Outcome, related
from backhand.checking.audit_sides import Side
from backhand.checking.audit_statements import SHAPES, Chain
from backhand.checking.audit_worlds import World
from backhand.checking.chain_reading import Factor
from backhand.checking.mistakes import NO_ACTIVATION, SLIPS
from backhand.checking.recomputing import Number, ways
from backhand.errors import BackhandError
from backhand.expr import Apply, Expr, Power, apply, number, postorder, rewrite, substitute
from backhand.graph import Quantity, Value
from backhand.reading.free_names import free
from backhand.syntax import Flipped, Formula, Minus, Num, Over, Partial, Plus, Raised, Times
from backhand.values import floats

MAX_TRIED = 120
"""How many rewritings of a pair of sides are tried."""
TWO = Num(Fraction(2))
HINTS: Mapping[str, str] = {
    **{name: slip.hint for name, slip in SLIPS.items()},
    "square lost": "A square was lost, or added, on the way.",
    "wrong last digit": "The last digits aren't those of what stands before: round once, at the end.",
    "digits swapped": "Two digits have changed places.",
    "decimal point": "The decimal point, or the power of ten, isn't where it belongs.",
    "copied wrongly": "A number isn't the one that stands on the page or a line above.",
    "arithmetic": "The numbers before it are right; what they come to isn't.",
    "wrong rule": "This rule isn't true in general.",
    "transposed": "A matrix is transposed here, or one that should be isn't.",
    "layouts mixed": "This is the other layout of derivatives than that of the lines before.",
}
Change = Callable[[Quantity], Expr | None]


def slip_of(author: Author, chain: Chain, at: int, outcome: Outcome) -> str | None:
    """The slip that leads to side number `at` of a chain, or None where none is known."""
    if outcome.trouble == SHAPES:
        return "transposed"
    right = chain.sides[at]
    lefts = list(dict.fromkeys(s for s in (chain.sides[at - 1] if at > 1 else None, chain.start)
                               if s is not None))  # fmt: skip
    plain = numbers(right)
    if plain is not None and outcome.value is not None:
        found = _of_digits(plain, outcome.value)
        if found is not None:
            return found
    about = chain.signs[at - 1] == "≈"
    for left in lefts:
        for slip, a, b in islice(_rewritten(author, chain, left, right), MAX_TRIED):
            if _holds(author, a, b, about=about):
                return slip
        for slip, world in _other_worlds(author, chain, left):
            if _agrees(author, world, left, right, outcome, about):
                return slip
        for slip, a, b in islice(_copied(author, left, right), MAX_TRIED):
            if _holds(author, a, b, about=about):
                return slip
    if plain is not None and outcome.value is not None and _is_close(plain, outcome.value):
        return "rounded too early"
    if plain is not None and lefts and not free(lefts[0]) and not isinstance(lefts[0], Partial):
        return "arithmetic"
    return None


# ---- digits ------------------------------------------------------------------------------------


def _of_digits(plain: Numbers, value: Value) -> str | None:
    """What happened to the digits of the one entry that is off."""
    if plain.value.shape != value.shape:
        return None
    cells = list(zip(plain.cells, value.ravel().tolist(), strict=True))
    wrong = [(c, v) for c, v in cells if not fits(_alone(plain, c), np.array(v), about=False)]
    if len(wrong) != 1:
        return None
    cell, true = wrong[0]
    written = float(cell.value)
    if not true or not written or (written < 0) != (true < 0):
        return None
    ratio = np.log10(abs(written / true))
    if abs(ratio) > 0.5 and abs(ratio - round(ratio)) < 10.0 ** -max(cell.digits, 1):
        return "decimal point"
    place = cell.last if cell.last is not None else 0
    right, mine = (str(round(abs(x) / 10.0**place)) for x in (true, written))
    if len(right) != len(mine) or len(mine) < 2:
        return None
    apart = [at for at, (a, b) in enumerate(zip(right, mine, strict=True)) if a != b]
    if len(apart) == 2 and apart[1] == apart[0] + 1 and right[apart[0]] == mine[apart[1]]:
        return "digits swapped" if right[apart[1]] == mine[apart[0]] else None
    if apart == [len(mine) - 1] and place < 0:
        return "wrong last digit"
    return "copied wrongly" if len(apart) == 1 and len(mine) > 2 else None


def _alone(plain: Numbers, cell: object) -> Numbers:
    return Numbers(tuple((c,) for c in plain.cells if c is cell)[:1], True)


def _is_close(plain: Numbers, value: Value) -> bool:
    written = plain.value
    return written.shape == value.shape and bool(np.allclose(written, value, 3e-2, 0))


# ---- formulas ----------------------------------------------------------------------------------


def _rewritten(
    author: Author, chain: Chain, left: Formula, right: Formula
) -> Iterator[tuple[str, Formula, Formula]]:
    """Pairs of sides that would be equal if a slip had happened."""
    pool = author.pool
    if chain.update and left is chain.start:
        yield from _updates(author, left, right)
    yield "sign", Minus(left), right
    yield "factor 2 forgotten", left, Times((TWO, right))
    yield from (("sign", left, new) for new in edits(right, other_sign))
    yield "transposed", left, Flipped(right)
    yield from (("transposed", left, new) for new in edits(right, turned(pool)))
    yield from (("sigma and sigma' mixed up", left, new) for new in edits(right, other_prime))
    yield from (("sigma and sigma' mixed up", new, right) for new in edits(left, other_prime))
    yield "square lost", left, Raised(right, TWO)
    yield "square lost", Raised(left, TWO), right
    yield from (("square lost", new, right) for new in edits(left, without_square))
    yield from (("square lost", left, new) for new in edits(right, without_square))
    yield from (("square lost", left, new) for new in edits(right, with_square))
    yield from (("factor missing", new, right) for new in edits(left, without_factor))
    yield from (("index off by one", left, new) for new in edits(right, other_entry(pool)))
    if numbers(right) is not None:
        yield from (("index off by one", new, right) for new in edits(left, other_entry(pool)))
    for missing in _hops(author, chain):
        yield "factor missing", left, Times((missing, right))
    yield from (("factor missing", left, new) for new in edits(right, without_factor))
    yield "factor 2 forgotten", left, Over(right, TWO)


def _updates(
    author: Author, left: Formula, right: Formula
) -> Iterator[tuple[str, Formula, Formula]]:
    match left:
        case Plus((name, Minus(Times((by, slope))))):
            yield "update added", Plus((name, Times((by, slope)))), right
            yield "learning rate forgotten", Plus((name, Minus(slope))), right
            yield "learning rate forgotten", Plus((name, Minus(slope))), right
        case _:
            return


def _hops(author: Author, chain: Chain) -> Iterator[Formula]:
    """The factors of the one path of the derivative that a chain is about, as numbers."""
    pool = author.pool
    if not isinstance(chain.key, Factor):
        return
    try:
        found = ways(pool.graph, chain.key.of, chain.key.by)
        if found is None or found.count > 1:
            return
        for hop in without_aliases(pool.graph, next(found.each())):
            value = float(author.worlds()[0].derivative(pool.chains.plain(Factor(hop.of, hop.by))))
            if value not in (0.0, 1.0):
                yield Num(Fraction(value))
    except (BackhandError, ValueError, TypeError, OverflowError):
        return


def _copied(
    author: Author, left: Formula, right: Formula
) -> Iterator[tuple[str, Formula, Formula]]:
    """Sides with a number of the page for another."""
    if numbers(right) is not None or free(right):
        return
    values = dict.fromkeys(Fraction(f"{size:.12g}") for size, _ in author.stands_for)
    for quantity in author.pool.graph:
        if quantity.value is not None:
            for x in quantity.value.ravel()[:12].tolist():
                values.setdefault(abs(Fraction(x)))
    for world in author.worlds()[:2]:
        for value in list(world.values.values())[:30]:
            for x in value.ravel()[:6].tolist():
                if np.isfinite(x) and x and len(values) < 22:
                    values.setdefault(Fraction(f"{abs(x):.6g}"))
    yield from (("copied wrongly", left, new) for new in edits(right, other_number([*values])))


def _holds(author: Author, left: Formula, right: Formula, *, about: bool) -> bool:
    try:
        return related(author, left, right, about=about).holds
    except (BackhandError, ArithmeticError, ValueError):
        return False


# ---- worked out otherwise ----------------------------------------------------------------------


def _other_worlds(author: Author, chain: Chain, left: Formula) -> Iterator[tuple[str, World]]:
    """What the page would come to under the slips that change its values, equations or slopes."""
    pool = author.pool
    given = {k: v for k, v in author.written.items() if k != chain.key}

    def world(**changes: object) -> World:
        return replace(
            World(pool, given=given),
            values={},
            _adjoints={},
            **changes,  # type: ignore[arg-type]
        )

    if isinstance(chain.key, Factor) or isinstance(left, Partial | Plus):
        yield "ReLU' always 1", world(slopes=_slope(author, ("relu",), lambda f: number(1)))
        yield "wrong sigma'", world(slopes=_slope(author, ("sigmoid",), _minus_exponential))
        yield (
            "sigma and sigma' mixed up",
            world(slopes=_slope(author, ("sigmoid", "tanh"), lambda f: f)),
        )
    yield "bias forgotten", world(data=_parameters(author, _no_bias))
    yield "1 at the wrong end", world(data=_parameters(author, _rolled))
    yield "activation forgotten", world(definitions=_definitions(author, _inside))
    yield "sigma and sigma' mixed up", world(definitions=_definitions(author, _sloped))
    yield "square lost", world(definitions=_definitions(author, _unsquared))
    yield "transposed", world(data=_parameters(author, _square_turned))


def _agrees(
    author: Author, world: World, left: Formula, right: Formula, outcome: Outcome, about: bool
) -> bool:
    """Whether the left side is the right one there, and isn't on the page."""
    pool = author.pool
    try:
        sides: list[Side] = [pool.side(s, outcome.how, outcome.weights) for s in (left, right)]
        a = world.value(sides[0])
        if outcome.value is not None and same(a, outcome.value):
            return False
        plain = numbers(right)
        return fits(plain, a, about=about) if plain else same(a, author.worlds()[0].value(sides[1]))
    except (BackhandError, ValueError):
        return False


def _slope(
    author: Author, wanted: tuple[str, ...], change: Callable[[Apply], Expr]
) -> Callable[[Hop], Expr | Number | None]:
    graph = author.pool.graph

    def slope(hop: Hop) -> Expr | Number | None:
        quantity = graph[hop.of.name]
        if not isinstance(quantity.definition, Apply) or quantity.definition.name not in wanted:
            return None
        here = substitute(quantity.definition, dict(zip(quantity.axes, hop.of.slots, strict=True)))
        return change(here) if isinstance(here, Apply) else None

    return slope


def _minus_exponential(found: Apply) -> Expr:
    return found * (1 - apply("exp", -1 * found.args[0]))


def _parameters(
    author: Author, change: Callable[[Quantity, Value], Value | None]
) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for quantity in author.pool.graph.parameters:
        if quantity.value is not None:
            new = change(quantity, floats(quantity.value))
            if new is not None:
                found[quantity.name] = new
    return found


def _no_bias(quantity: Quantity, value: Value) -> Value | None:
    if quantity.folded:
        value = value.copy()
        value[..., 0] = 0
        return value
    return value * 0 if quantity.rank < 2 and quantity.name[:1].lower() == "b" else None


def _rolled(quantity: Quantity, value: Value) -> Value | None:
    return np.roll(value, 1, axis=-1) if quantity.folded else None


def _square_turned(quantity: Quantity, value: Value) -> Value | None:
    return value.T if quantity.rank == 2 and value.shape[0] == value.shape[1] else None


def _definitions(author: Author, change: Change) -> dict[str, Expr]:
    return {q.name: new for q in author.pool.graph if (new := change(q)) is not None}


def _inside(quantity: Quantity) -> Expr | None:
    match quantity.definition:
        case Apply(name, (inside,)) if name not in NO_ACTIVATION:
            return inside
        case _:
            return None


def _sloped(quantity: Quantity) -> Expr | None:
    match quantity.definition:
        case Apply("sigmoid", _) as found:
            return found * (1 - found)
        case Apply("tanh", _) as found:
            return 1 - found**2
        case _:
            return None


def _unsquared(quantity: Quantity) -> Expr | None:
    definition = quantity.definition
    if definition is None or not any(_is_square(node) for node in postorder(definition)):
        return None
    return rewrite(definition, lambda node: node.args[0] if _is_square(node) else None)


def _is_square(node: Expr) -> bool:
    return isinstance(node, Power) and node.args[1] is number(2)
