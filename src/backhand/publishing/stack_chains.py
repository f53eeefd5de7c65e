"""A chain of derivatives as a product of letters: ∂J/∂ŷ is typed `dJ_dyhat`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from backhand.calculus.paths import MAX_PATHS, Spot, is_entry, paths, without_aliases
from backhand.checking.chain_reading import Factor
from backhand.publishing.maxima import Inexpressible, entry_symbols
from backhand.publishing.stack import Check, Input, Tree, bracketed, stop_where_empty
from backhand.publishing.stack_following import Asked
from backhand.publishing.stack_formulas import Symbols
from backhand.publishing.stack_parts import Made, allowed_words, said, short, tree_name

NOT_COMMUTING = "a chain of matrices: STACK's products may be turned round"
MAX_LETTERS = 60


def chain(asked: Asked) -> Made:
    """A chain between two entries. Raises `Inexpressible` where it is one of matrices, or too long."""
    part = asked.part
    wanted = part.part.expected
    graph = part.graph
    if wanted.of is None or wanted.by is None or part.chains.reader.sizes:
        raise Inexpressible(NOT_COMMUTING)
    if not (is_entry(graph, wanted.of) and is_entry(graph, wanted.by)):
        raise Inexpressible(NOT_COMMUTING)
    found = paths(graph, wanted.of, wanted.by)
    if found is None or not 0 < found.count <= MAX_PATHS:
        raise Inexpressible("the derivative has too many paths to type")
    ways = [
        [part.chains.plain(Factor(hop.of, hop.by)) for hop in without_aliases(graph, path)]
        for path in found.each()
    ]
    whole = part.chains.plain(Factor(wanted.of, wanted.by))
    symbols = entry_symbols(graph)
    letters = _letters(symbols, ways)
    right = "+".join("*".join(letters[factor] for factor in way) for way in ways)
    finest = list(dict.fromkeys(letters[factor] for way in ways for factor in way))
    pairs = list(_combined(asked, symbols, ways, letters))
    upside = [f"{_letter(symbols, f.by)}_{_letter(symbols, f.of)}" for way in ways for f in way]
    name = asked.name
    lines = (
        stop_where_empty(name, asked.kind),
        f"t__right: {right};",
        f"t__own: subst({bracketed(pairs)}, {name});",
        f"t__typed: setify(listofvars({name}));",
        f"t__wanted: {{{','.join(finest)}}};",
        f"t__good: cardinality(intersection(t__typed, t__wanted))"
        f"/max({len(finest)}, cardinality(t__typed));",
        "t__share: min(t__good, 9/10);",
        "t__partly: is(t__good > 0);",
        f"t__turned: not emptyp(intersection(t__typed, {{{','.join(dict.fromkeys(upside))}}}));",
    )
    checks = (
        Check(test="AlgEquiv", student="t__own", teacher="t__right", score="1", note="right", feedback=""),
        Check(test="AlgEquiv", student="t__turned", teacher="true", score="t__share", note="upside down",
              feedback=said("One of the factors is upside down.")),
        Check(test="AlgEquiv", student="t__partly", teacher="true", score="t__share", note="some factors",
              feedback=said("Some factors are right: follow the network from the one end to the "
                            "other.")),
    )  # fmt: skip
    known = (*finest, *(pair.partition("=")[0] for pair in pairs))
    forbidden = _spelled(asked, symbols, whole) if len(finest) > 1 else ()
    field = Input(name=name, kind="algebraic", answer=short(right), size=40,
                  forbidden=",".join(forbidden), allowed=allowed_words(known, upside))  # fmt: skip
    lost = ("the feedback doesn't name the factor that is wrong",
            "a derivative off the way between the two ends is refused as a name")  # fmt: skip
    return Made(field, Tree(tree_name(asked), lines, checks), "", lost)


def _letter(symbols: Symbols, at: Spot) -> str:
    return f"d{symbols[at.name, at.slots]}"


def _letters(symbols: Symbols, ways: list[list[Factor]]) -> dict[Factor, str]:
    """A letter for each factor; raises `Inexpressible` where two would be the same."""
    found = {f: f"{_letter(symbols, f.of)}_{_letter(symbols, f.by)}" for way in ways for f in way}
    if len(set(found.values())) < len(found):
        raise Inexpressible("two derivatives would be typed alike")
    return found


def _combined(
    asked: Asked,
    symbols: Symbols,
    ways: list[list[Factor]],
    letters: Mapping[Factor, str],
) -> Iterator[str]:
    """Letters for several factors in one, and for second names, each as the finest factors."""
    sums: dict[tuple[Spot, Spot], dict[str, None]] = {}
    for way in ways:
        for start in range(len(way)):
            for end in range(start + 1, len(way) + 1):
                product = "*".join(letters[f] for f in way[start:end])
                sums.setdefault((way[start].of, way[end - 1].by), {})[product] = None
    whole = (ways[0][0].of, ways[0][-1].by)
    count = 0
    for (of, by), products in sums.items():
        code = "+".join(products)
        for name in _spelled(asked, symbols, Factor(of, by)):
            if name == code or ((of, by) == whole and len(ways[0]) > 1):
                continue
            count += 1
            if count > MAX_LETTERS:
                raise Inexpressible("the chain has too many factors to combine")
            yield f"{name}={code}"


def _spelled(asked: Asked, symbols: Symbols, factor: Factor) -> tuple[str, ...]:
    """Every way to type a derivative: a quantity may have a second name, as ℓ for J."""
    graph, chains = asked.part.graph, asked.part.chains
    own = [
        [
            q.name
            for q in graph
            if chains.reader.root(q.name) == at.name and q.shape == graph[at.name].shape
        ]
        for at in (factor.of, factor.by)
    ]
    return tuple(
        f"{_letter(symbols, Spot(of, factor.of.slots))}_{_letter(symbols, Spot(by, factor.by.slots))}"
        for of in own[0]
        for by in own[1]
    )
