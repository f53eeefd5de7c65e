"""Follow-through in a response tree: its feedback variables work on with the student's own answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain

from backhand.calculus.chain import backward
from backhand.calculus.classify import limit, low_label
from backhand.calculus.gradient import loss_of
from backhand.calculus.paths import Hop, Spot, spot
from backhand.calculus.structure import prediction
from backhand.checking.chain_reading import Factor
from backhand.checking.following import is_followed
from backhand.checking.parts import Prepared
from backhand.checking.recomputing import ways
from backhand.checking.standing import Standing, entries_of, in_layout, sign_of, standing
from backhand.errors import BackhandError
from backhand.expr import Apply, names
from backhand.graph import Graph, Role
from backhand.publishing.maxima import FOLLOWED as FOLLOWS
from backhand.publishing.maxima import Coder, needed, number_code, statements
from backhand.publishing.stack import bracketed
from backhand.values import floats

HELPERS = (
    "bh__list(bh__m) := if matrixp(bh__m) then list_matrix_entries(float(bh__m)) "
    "else if listp(bh__m) then float(bh__m) else [float(bh__m)];",
    "bh__nth(bh__m, bh__k) := block([bh__l], bh__l: bh__list(bh__m), "
    "if length(bh__l) >= bh__k then bh__l[bh__k] else false);",
    "bh__given(bh__m) := every(lambda([bh__p], numberp(bh__p)), bh__list(bh__m));",
    "bh__zero(bh__m) := every(lambda([bh__p], is(bh__p = 0.0)), bh__list(bh__m));",
    "bh__near(bh__u, bh__v, bh__t) := is(length(bh__u) = length(bh__v)) "
    "and every(lambda([bh__p], numberp(bh__p)), append(bh__u, bh__v)) "
    "and every(lambda([bh__p, bh__q], is(abs(bh__p-bh__q) <= bh__t*abs(bh__q))), bh__u, bh__v);",
)
"""Functions of the question: entries as a list and one of them, all numbers, all 0, two lists agree."""
MAX_ALONG = 12
"""A derivative with more entries is followed by the backward pass only."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A part with the name and the kind of its input."""

    part: Prepared
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Follow:
    """The statements that work out what would be right after the earlier answers.

    `values`: variables with what would be right without the answers that are nothing but zeros;
    `whole`: with all of them. `dead`: code that is true where a layer has no unit that is alive.
    `sources`: the parts whose answers are used.
    """

    lines: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    whole: tuple[str, ...] = ()
    dead: str = "false"
    sources: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()


@dataclass
class _Earlier:
    """Earlier answers by what they stand for: quantities and derivatives by name, slopes by factor.

    Each as code, with the input that it rests on.
    """

    values: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    slopes: dict[Factor, tuple[str, str]] = field(default_factory=dict[Factor, tuple[str, str]])
    asked: dict[str, Asked] = field(default_factory=dict[str, Asked])


def follow(asked: Asked, before: Sequence[Asked]) -> Follow:
    """What follows for a part from the answers before it on the same model; empty where nothing does.

    Raises `Inexpressible` where an equation has no Maxima code.
    """
    part = asked.part
    every = [a for a in before if a.part.graph is part.graph and standing(a.part) != Standing()]
    if part.right is None or not every or not is_followed(part):
        return Follow()
    if part.part.ask.options.get("over") == "all":
        return Follow(lost=("an update over all points isn't followed from earlier answers",))
    earlier, lost = _earlier(every)
    lines: list[str] = []
    values: list[str] = []
    used: set[str] = set()
    for at, (own, code, inputs) in enumerate(_candidates(part, earlier), 1):
        if inputs:
            lines += [line for line in own if line not in lines]
            lines.append(f"t__follow{at}: {code};")
            values.append(f"t__follow{at}")
            used |= inputs
    if not values:
        return Follow(lost=lost)
    units, deaths = _dead(part, earlier)
    sources = tuple(a.part.part.number for a in earlier.asked.values() if a.name in used)
    return Follow(
        lines=(*_taken(earlier), *_again(lines), *_left(earlier), *lines,
               *(line for line in units if line not in lines)),
        values=tuple(values),
        whole=tuple(value.replace("t__follow", "t__whole") for value in values),
        dead=deaths,
        sources=sources,
        lost=lost,
    )  # fmt: skip


def _own(name: str) -> str:
    """The variable that holds an answer so far as it counts."""
    return f"o__{name}"


def _taken(earlier: _Earlier) -> list[str]:
    return [f"{_own(name)}: {name};" for name in earlier.asked]


def _left(earlier: _Earlier) -> list[str]:
    """The answers again, but for those that are nothing but zeros."""
    return [
        f"{_own(name)}: if bh__given({name}) and bh__zero({name}) then false else {name};"
        for name, asked in earlier.asked.items()
        if asked.part.right is not None and any(asked.part.right[1])
    ]


def _again(lines: Sequence[str]) -> list[str]:
    """The statements under other names of what follows: they run with all answers first."""
    return [line.replace("t__follow", "t__whole") for line in lines]


def _earlier(before: Sequence[Asked]) -> tuple[_Earlier, tuple[str, ...]]:
    """The earlier answers, and what of them can't be used."""
    found = _Earlier()
    lost: list[str] = []
    for asked in before:
        part, stands, code = asked.part, standing(asked.part), _own(asked.name)
        assert part.right is not None
        for at, factor in enumerate(stands.slopes, 1):
            own = code if len(stands.slopes) == 1 else f"bh__nth({code},{at})"
            found.slopes[factor] = own, asked.name
        if stands.entries:
            name, by = stands.entries[0].name, part.part.expected.by
            like = by.name if stands.slopes and by is not None else name
            if part.right[0].shape == part.graph[like].shape:
                found.values[name] = code, asked.name
            elif not stands.slopes:
                lost.append(f"a slip in {part.part.number} isn't followed: it is one entry")
        found.asked[asked.name] = asked
    return found, tuple(lost)


def follow_lines(follow: Follow, right: str, tolerances: tuple[str, str], also: str) -> list[str]:
    """Whether the answer follows from the earlier ones, and whether those earn nothing.

    `right`: code of the right numbers as a list. `tolerances`: of rounded and of exact numbers.
    """

    def near(values: Sequence[str]) -> str:
        tests = " or ".join(
            f"(bh__near(t__own, bh__list({v}), {tolerances[0]}) and "
            f"not bh__near(bh__list({v}), {right}, {tolerances[1]}))"
            for v in values
        )
        return f"{also}({tests})"

    if not follow.values:
        return []
    return [f"t__sound: {near(follow.values)};",
            f"t__follows: t__sound or {near(follow.whole)};",
            f"t__dead: {follow.dead};",
            "t__capped: t__follows and (t__dead or not t__sound);"]  # fmt: skip


_Candidate = tuple[list[str], str, set[str]]
"""The statements, the code of the value, and the inputs that it rests on."""


def _candidates(part: Prepared, earlier: _Earlier) -> Iterator[_Candidate]:
    ask, graph = part.part.ask, part.graph
    match ask.verb:
        case "value" | "loss" | "forward":
            at = spot(ask.words[0] if ask.verb == "value" else loss_of(graph), graph)
            own = {n: i for n, i in earlier.values.items() if n != at.name}
            lines, inputs = _environment(graph, {at.name}, own)
            yield lines, entry_of(graph, FOLLOWS, at), inputs
        case "class":
            yield _class(part, earlier)
        case "local" if part.part.expected.formula is not None:
            formula = part.part.expected.formula
            lines, inputs = _environment(graph, set(names(formula)), earlier.values)
            yield lines, Coder(graph, FOLLOWS).code(formula), inputs
        case "derivative" | "gradient" | "jacobian" | "update":
            for lines, codes, inputs in _slopes(part, earlier):
                made = _stepped(part, codes) if ask.verb == "update" else in_layout(part, codes)
                yield lines, made[0] if len(made) == 1 else bracketed(made), inputs
        case _:
            return


def _environment(
    graph: Graph, wanted: set[str], values: Mapping[str, tuple[str, str]]
) -> tuple[list[str], set[str]]:
    """Every quantity that goes into some, the student's own where one was given."""
    wanted = needed(graph, *wanted)
    used = {name: values[name] for name in values if name in wanted and name in graph}
    instead = {n: f"(if bh__given({c}) then {c} else {{}})" for n, (c, _) in used.items()}
    return statements(graph, FOLLOWS, wanted, instead), {name for _, name in used.values()}


def _class(part: Prepared, earlier: _Earlier) -> _Candidate:
    graph, options = part.graph, part.part.ask.options
    output = prediction(graph)
    lines, inputs = _environment(graph, {output.name}, earlier.values)
    scores = f"bh__list({Coder(graph, FOLLOWS).variable(output.name)})"
    if output.size > 1:
        best = f"lambda([bh__p], is(bh__p = lmax({scores})))"
        first = output.axes[0].lower - 1
        code = f"first(sublist_indices({scores}, {best}))" + (f"+({first})" if first else "")
        return lines, code, inputs
    least = Fraction(options["threshold"]) if "threshold" in options else limit(graph, output)
    low = low_label(graph)
    return lines, f"if first({scores}) >= {number_code(least)} then 1 else {low}", inputs


_Slopes = tuple[list[str], list[str], set[str]]
"""The statements, the code of each entry, and the inputs that they rest on."""


def _slopes(part: Prepared, earlier: _Earlier) -> Iterator[_Slopes]:
    """The derivative: the student's own, else by its paths with own factors, else the backward pass."""
    of, by, graph = part.part.expected.of, part.part.expected.by, part.graph
    if of is None or by is None:
        return
    pairs = [(top, bot) for top in entries_of(graph, of) for bot in entries_of(graph, by)]
    own = [earlier.slopes.get(part.chains.plain(Factor(*pair))) for pair in pairs]
    known = [each for each in own if each is not None]
    if part.part.ask.verb == "update" and len(known) == len(pairs):
        codes = [f"(if bh__given({code}) then {code} else false)" for code, _ in known]
        yield [], codes, {name for _, name in known}
    found = [ways(graph, *pair) for pair in pairs[: MAX_ALONG + 1]]
    along = [list(paths.each()) for paths in found if paths is not None]
    if len(along) == len(pairs):
        yield _along(part, along, earlier)
    root, sign = part.chains.reader.root(of.name), sign_of(part, of.name, by.name)
    whole = backward(graph, root)
    if sign in whole:
        rest = {n: i for n, i in earlier.values.items() if n != sign}
        lines, inputs = _environment(whole, {sign}, rest)
        coder = Coder(whole, FOLLOWS)
        yield lines, [coder.entry(sign, (*t.slots, *b.slots)) for t, b in pairs], inputs


def _along(part: Prepared, pairs: list[list[tuple[Hop, ...]]], earlier: _Earlier) -> _Slopes:
    graph = part.graph
    hops = set(chain.from_iterable(chain.from_iterable(pairs)))
    lines, inputs = _environment(graph, {n for h in hops for n in names(h.slope)}, earlier.values)

    def slope(hop: Hop) -> str:
        code = f"({Coder(graph, FOLLOWS).code(hop.slope)})"
        own = earlier.slopes.get(part.chains.plain(Factor(hop.of, hop.by)))
        if own is None:
            return code
        inputs.add(own[1])
        return f"(if bh__given({own[0]}) then {own[0]} else {code})"

    return (
        lines,
        ["+".join("*".join(map(slope, path)) for path in paths) for paths in pairs],
        inputs,
    )


def entry_of(graph: Graph, prefix: str, at: Spot) -> str:
    """An entry of a derivative's array, or all of it where no entry is named."""
    coder = Coder(graph, prefix)
    if len(at.slots) != graph[at.name].rank:
        return coder.variable(at.name)
    return coder.entry(at.name, at.slots)


def _stepped(part: Prepared, slopes: Sequence[str]) -> list[str]:
    by = part.part.expected.by
    assert by is not None
    coder = Coder(part.graph, "q__")
    rate = number_code(Fraction(part.part.ask.options["eta"]))
    spots = entries_of(part.graph, by)
    return [
        f"{coder.entry(by.name, at.slots)}-{rate}*({slope})"
        for at, slope in zip(spots, slopes, strict=True)
    ]


def _dead(part: Prepared, earlier: _Earlier) -> tuple[list[str], str]:
    """Statements, and code that is true where an earlier answer leaves every unit of a layer dead."""
    graph = part.graph
    own = {n: code for n, (code, _) in earlier.values.items() if n in graph}
    units = [
        q.name
        for q in graph
        if isinstance(q.definition, Apply)
        and q.role is not Role.OBJECTIVE
        and q.name in part.values
        and floats(part.values[q.name]).any()
    ]
    try:
        lines, _ = _environment(graph, set(units), earlier.values) if own else ([], set[str]())
    except BackhandError:
        return [], "false"
    given = " or ".join(f"bh__given({code})" for code in own.values())
    tests: list[str] = []
    for name in units if own else ():
        alone = f" and not bh__given({own[name]})" if name in own else ""
        tests.append(f"(({given}){alone} and bh__zero({Coder(graph, FOLLOWS).variable(name)}))")
    return lines, " or ".join(tests) or "false"
