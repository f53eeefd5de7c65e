"""A line's equalities, judged one after the other, and what the author's next lines may rest on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from backhand.calculus.paths import Spot
from backhand.checking.audit_author import Author
from backhand.checking.audit_edits import edits, turned
from backhand.checking.audit_numbers import numbers, trusted
from backhand.checking.audit_relations import Outcome, conventions, related
from backhand.checking.audit_sides import Pool, Side
from backhand.checking.audit_updates import RATES, stepped
from backhand.checking.audit_worlds import Key
from backhand.checking.chain_reading import spot_of
from backhand.errors import BackhandError, MeaningError
from backhand.graph import Value
from backhand.reading.elaborate import known_graph
from backhand.reading.free_names import free
from backhand.syntax import Entry, Equal, Formula, Name, Partial

SHAPES = "the shapes don't fit"


@dataclass(frozen=True, slots=True)
class Chain:
    """Sides joined by relations, over one line or several.

    `key`: what its first side names. `start`: what its sides are compared with first. `defines`: a
    new name of the author's. `update`: it gives a parameter its new value. `mended`: what it defines
    has shapes that fit with one transposition more or less only.
    """

    sides: tuple[Formula, ...]
    signs: tuple[str, ...]
    key: Key | None = None
    start: Formula | None = None
    defines: str = ""
    update: bool = False
    mended: bool = False

    def longer(self, more: Formula, sign: str) -> Chain:
        """The chain with the sides of a line that goes on with it."""
        match more:
            case Equal(sides, signs):
                return replace(self, sides=(*self.sides, *sides), signs=(*self.signs, sign, *signs))
            case _:
                return replace(self, sides=(*self.sides, more), signs=(*self.signs, sign))


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of a chain's new sides: the first that goes wrong, or the last that was judged.

    `at`: its place among the sides. `digits`: how many can be trusted from here, where some were lost.
    """

    at: int
    outcome: Outcome | None
    digits: int | None = None
    followed: bool = False


def begun(author: Author, formula: Formula, update: bool) -> Chain:
    """The chain that a line begins. Raises `BackhandError` where it means nothing."""
    match formula:
        case Equal(sides, signs):
            pass
        case _:
            raise MeaningError("this is no equation", "write what it is equal to")
    pool = author.pool
    left = sides[0]
    plain = tuple("=" if sign in ("=", "←") else str(sign) for sign in signs)
    if "∈" in plain:
        raise MeaningError("a shape is no step that I judge", "leave it to the definitions")
    if update:
        start = stepped(left, pool)
        if start is None:
            raise MeaningError("this updates nothing that the loss depends on")
        return Chain(sides, plain, None, start, update=True)
    key = _key(left, pool)
    if key is None and isinstance(left, Name) and _is_new(left.name, pool):
        mended = _define(author, left.name, sides[1])
        spot = Spot(left.name, ())
        return Chain(sides, plain, spot, mended or sides[1], left.name, mended=mended is not None)
    for side in sides:
        _check_names(side, pool)
    return Chain(sides, plain, key, left)


def _key(left: Formula, pool: Pool) -> Key | None:
    match left:
        case Partial():
            return pool.factor(left)
        case Name(name) if name in pool.own and name not in pool.graph:
            return Spot(name, ())
        case Name() | Entry():
            try:
                found = spot_of(left, pool.reader())
            except BackhandError:
                return None
            if found.name not in pool.graph:
                return None
            return Spot(pool.chains.reader.root(found.name), found.slots)
        case _:
            return None


def _is_new(name: str, pool: Pool) -> bool:
    base, _, tail = name.rpartition("_")
    entry = tail.isdecimal() and (base in pool.graph or base in pool.own)
    again = name in pool.own and name not in RATES
    return name not in pool.graph and not entry and not again


def _define(author: Author, name: str, meaning: Formula) -> Formula | None:
    """A new name of the author's; what it must mean, where it fits with a transposition only.

    Raises `BackhandError` where what it stands for means nothing.
    """
    _check_names(meaning, author.pool)
    pool = author.pool
    for spelled in [n for n, made in pool.made.items() if made.own == name]:
        del pool.made[spelled]
    pool.forget()
    author.renamed()
    trouble: BackhandError | None = None
    for number, each in enumerate((meaning, *edits(meaning, turned(pool)))):
        pool.own[name] = each
        for how, weights in conventions(author, each):
            try:
                pool.side(each, how, weights)
                return each if number else None
            except BackhandError as error:
                trouble = trouble or error
    del pool.own[name]
    raise trouble or MeaningError(f"{name} stands for nothing that I know")


def _check_names(side: Formula, pool: Pool) -> None:
    """Raise for a name that nothing defines."""
    known = pool.names()
    for name in free(side):
        base, _, tail = name.name.rpartition("_")
        if name.name in known or name.name in ("e", "pi") or name.name in pool.graph.functions:
            continue
        if base in known or (base.rpartition("_")[0] in known and tail):
            continue
        if any(q.startswith(f"{name.name}_") for q in known):
            continue  # W of W_{1,1,2}
        raise known_graph(pool.graph).unknown(name.name, name.place)


# ---- judging -----------------------------------------------------------------------------------


def judged_chain(author: Author, chain: Chain, first: int) -> Judgement:
    """The sides of a chain from number `first` on, each against those before it."""
    wrong: tuple[int, Outcome] | None = None
    last: tuple[int, Outcome] | None = None
    followed = False
    for at in range(first, len(chain.sides)):
        if at == 1 and chain.defines:
            if chain.mended:
                wrong = at, Outcome("different", trouble=SHAPES)
            continue
        outcome = _against(author, chain, at)
        followed = followed or outcome.followed
        last = at, outcome
        if not outcome.holds and (wrong is None or wrong[1].ground != "different"):
            wrong = wrong if wrong and outcome.ground != "different" else (at, outcome)
    digits = _kept(author, chain, first, wrong, last)
    at, outcome = wrong or last or (len(chain.sides) - 1, None)
    return Judgement(at, outcome, digits, followed)


def _against(author: Author, chain: Chain, at: int) -> Outcome:
    """A side against the one before it, then against those further back."""
    about = chain.signs[at - 1] == "≈"
    outcomes: list[Outcome] = []
    for earlier in _before(chain, at):
        outcome = related(author, earlier, chain.sides[at], about=about)
        if outcome.holds:
            return outcome
        outcomes.append(outcome)
    if outcomes[0].trouble and _mends(author, _before(chain, at), chain.sides[at]):
        return replace(outcomes[0], ground="different", trouble=SHAPES)
    different = [o for o in outcomes if o.ground == "different"]
    chance = [o for o in outcomes if o.ground == "by chance"]
    return (chance or different or outcomes)[0]


def _mends(author: Author, earlier: Sequence[Formula], right: Formula) -> bool:
    """Whether one transposition more or less makes a side whose shapes don't fit follow."""
    return any(
        related(author, left, new, about=False).holds
        for left in earlier
        for new in edits(right, turned(author.pool))
    )


def _before(chain: Chain, at: int) -> Sequence[Formula]:
    found = [chain.sides[k] for k in range(at - 1, 0, -1)]
    if chain.start is not None and chain.start not in found:
        found.append(chain.start)
    return found


def _kept(
    author: Author,
    chain: Chain,
    first: int,
    wrong: tuple[int, Outcome] | None,
    last: tuple[int, Outcome] | None,
) -> int | None:
    """Keep what the chain says for the lines after it; the digits that can be trusted, where fewer."""
    is_wrong = wrong is not None and wrong[1].ground == "different"
    author.slipped = author.slipped or is_wrong
    author.slips += is_wrong
    end = chain.sides[-1]
    plain = numbers(end)
    lost: int | None = None
    if plain is not None:
        behind = last[1].behind if last is not None and last[1].holds else None
        author.keep(plain, behind)
        if is_wrong and wrong is not None and chain.key is not None:
            meant = wrong[1].written
            if meant is not None and meant.shape == plain.value.shape:
                author.intended[chain.key] = meant
        if not plain.exact:
            lost = _digits(author, plain.value, behind)
        _value(author, chain, plain.value, plain.value if behind is None else behind)
    if is_wrong and chain.key is not None and wrong is not None:
        side = _read(author, chain.sides[wrong[0]], wrong[1])
        if numbers(chain.sides[wrong[0]]) is None and side is not None:
            author.wrong[chain.key] = side
            if chain.defines:
                author.wrong.pop(chain.key)
    if plain is not None or is_wrong:
        author.changed()
    return lost


def _value(author: Author, chain: Chain, written: Value, behind: Value) -> None:
    if chain.key is None or (chain.defines in RATES and chain.defines):
        return
    author.written[chain.key] = written
    author.behind[chain.key] = behind


def _digits(author: Author, written: Value, behind: Value | None) -> int | None:
    """The digits that can be trusted, where they are fewer than before."""
    found = None if behind is None else trusted(written, behind)
    if found is None or found >= author.digits:
        return None
    author.digits = found
    return found


def _read(author: Author, formula: Formula, outcome: Outcome) -> Side | None:
    try:
        return author.pool.side(formula, outcome.how, outcome.weights)
    except BackhandError:
        return None
