"""Follow-through in a response tree: its feedback variables work on with the student's own answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain

from backhand.calculus.chain import backward
from backhand.calculus.classify import limit, low_label
from backhand.calculus.gradient import loss_of
from backhand.calculus.paths import Hop, Spot
from backhand.calculus.structure import prediction
from backhand.checking.chain_reading import Factor
from backhand.checking.parts import Prepared
from backhand.checking.recomputing import ways
from backhand.errors import BackhandError
from backhand.expr import Apply, names
from backhand.graph import Graph, Role
from backhand.notation import partial_name
from backhand.publishing.maxima import FOLLOWED, Coder, needed, number_code, statements
from backhand.values import floats

HELPERS = (
    "bh__list(bh__m) := if matrixp(bh__m) then list_matrix_entries(float(bh__m)) "
    "else [float(bh__m)];",
    "bh__given(bh__m) := every(lambda([bh__p], numberp(bh__p)), bh__list(bh__m));",
    "bh__zero(bh__m) := every(lambda([bh__p], is(bh__p = 0.0)), bh__list(bh__m));",
    "bh__near(bh__u, bh__v, bh__t) := is(length(bh__u) = length(bh__v)) "
    "and every(lambda([bh__p], numberp(bh__p)), append(bh__u, bh__v)) "
    "and every(lambda([bh__p, bh__q], is(abs(bh__p-bh__q) <= bh__t*abs(bh__q))), bh__u, bh__v);",
)
"""Functions of the question: entries as a list, whether all are numbers, all are 0, two lists agree."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A part with the name and the kind of its input."""

    part: Prepared
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Follow:
    """The statements that work out what would be right after the earlier answers.

    `values`: variables with what would be right then. `trivial`: code that is true where the earlier
    answers leave nothing to work out. `sources`: the parts whose answers are used.
    """

    lines: tuple[str, ...] = ()
    values: tuple[str, ...] = ()
    trivial: str = "false"
    sources: tuple[str, ...] = ()
    lost: str = ""


@dataclass
class _Earlier:
    """Earlier inputs by what they stand for: quantities and derivatives by name, slopes by factor."""

    values: dict[str, str] = field(default_factory=dict[str, str])
    slopes: dict[Factor, str] = field(default_factory=dict[Factor, str])
    numbers: dict[str, Asked] = field(default_factory=dict[str, Asked])


def follow(asked: Asked, before: Sequence[Asked]) -> Follow:
    """What follows for a part from the answers before it on the same model; empty where nothing does.

    Raises `Inexpressible` where an equation has no Maxima code.
    """
    part = asked.part
    if part.right is None or part.part.ask.options.get("over") == "all":
        return Follow()
    if "point" in part.part.ask.options:
        return Follow()
    earlier = _earlier([a for a in before if a.part.graph is part.graph])
    lines: list[str] = []
    values: list[str] = []
    used: set[str] = set()
    for at, (own, code, inputs) in enumerate(_candidates(part, earlier), 1):
        if not inputs:
            continue
        lines += own
        lines.append(f"t__follow{at}: {code};")
        values.append(f"t__follow{at}")
        used |= inputs
    if not values:
        return Follow()
    sources = tuple(a.part.part.number for a in earlier.numbers.values() if a.name in used)
    trivial, dead = _trivial(part, earlier)
    return Follow(tuple(dict.fromkeys([*lines, *dead])), tuple(values), trivial, sources)


def _earlier(before: Sequence[Asked]) -> _Earlier:
    found = _Earlier()
    for asked in before:
        ask, wanted, part = asked.part.part.ask, asked.part.part.expected, asked.part
        if part.right is None or wanted.kind in ("shape", "chain"):
            continue
        if ask.verb == "value" and "[" not in ask.words[0]:
            found.values[ask.words[0]] = asked.name
        elif ask.verb == "loss":
            found.values[loss_of(part.graph)] = asked.name
        elif ask.verb in ("local", "derivative", "gradient") and wanted.of and wanted.by:
            if part.right[0].size == 1:
                found.slopes[part.chains.plain(Factor(wanted.of, wanted.by))] = asked.name
            whole = part.right[0].shape == part.graph[wanted.by.name].shape
            if ask.verb != "local" and whole:
                found.values[partial_name(wanted.of.name, wanted.by.name)] = asked.name
        else:
            continue
        found.numbers[asked.name] = asked
    return found


_Candidate = tuple[list[str], str, set[str]]
"""The statements, the code of the value, and the inputs that it rests on."""


def _candidates(part: Prepared, earlier: _Earlier) -> Iterator[_Candidate]:
    ask, graph = part.part.ask, part.graph
    match ask.verb:
        case "value" if "[" not in ask.words[0]:
            yield _forward(graph, ask.words[0], earlier)
        case "loss" | "forward":
            yield _forward(graph, loss_of(graph), earlier)
        case "class":
            yield _class(part, earlier)
        case "local" if part.part.expected.formula is not None:
            formula = part.part.expected.formula
            lines, inputs = _environment(graph, set(names(formula)), earlier.values)
            yield lines, Coder(graph, FOLLOWED).code(formula), inputs
        case "derivative" | "gradient" | "update":
            for lines, code, inputs in _slopes(part, earlier):
                yield lines, _stepped(part, code) if ask.verb == "update" else code, inputs
        case _:
            return


def _environment(
    graph: Graph, wanted: set[str], values: Mapping[str, str]
) -> tuple[list[str], set[str]]:
    """Every quantity that goes into some, the student's own where one was given."""
    wanted = needed(graph, *wanted)
    used = {name: values[name] for name in values if name in wanted and name in graph}
    instead = {n: f"(if bh__given({i}) then {i} else {{}})" for n, i in used.items()}
    return statements(graph, FOLLOWED, wanted, instead), set(used.values())


def _forward(graph: Graph, name: str, earlier: _Earlier) -> _Candidate:
    own = {n: i for n, i in earlier.values.items() if n != name}
    lines, inputs = _environment(graph, {name}, own)
    return lines, Coder(graph, FOLLOWED).variable(name), inputs


def _class(part: Prepared, earlier: _Earlier) -> _Candidate:
    graph, options = part.graph, part.part.ask.options
    output = prediction(graph)
    lines, inputs = _environment(graph, {output.name}, earlier.values)
    scores = f"bh__list({Coder(graph, FOLLOWED).variable(output.name)})"
    if output.size > 1:
        best = f"lambda([bh__p], is(bh__p = lmax({scores})))"
        first = output.axes[0].lower - 1
        code = f"first(sublist_indices({scores}, {best}))" + (f"+({first})" if first else "")
        return lines, code, inputs
    least = Fraction(options["threshold"]) if "threshold" in options else limit(graph, output)
    low = low_label(graph)
    return lines, f"if first({scores}) >= {number_code(least)} then 1 else {low}", inputs


def _slopes(part: Prepared, earlier: _Earlier) -> Iterator[_Candidate]:
    """The derivative: the student's own, else by its paths with own factors, else the backward pass."""
    of, by, graph = part.part.expected.of, part.part.expected.by, part.graph
    if of is None or by is None:
        return
    known = earlier.slopes.get(part.chains.plain(Factor(of, by)))
    if part.part.ask.verb == "update" and known is not None:
        yield [], f"if bh__given({known}) then {known} else false", {known}
    found = ways(graph, of, by)
    if found is not None:
        yield _along(part, list(found.each()), earlier)
    sign = partial_name(of.name, by.name)
    whole = backward(graph, of.name)
    if sign in whole:
        rest = {n: i for n, i in earlier.values.items() if n != sign}
        lines, inputs = _environment(whole, {sign}, rest)
        yield lines, entry_of(whole, FOLLOWED, Spot(sign, (*of.slots, *by.slots))), inputs


def _along(part: Prepared, paths: list[tuple[Hop, ...]], earlier: _Earlier) -> _Candidate:
    graph = part.graph
    hops = set(chain.from_iterable(paths))
    lines, inputs = _environment(graph, {n for h in hops for n in names(h.slope)}, earlier.values)

    def slope(hop: Hop) -> str:
        code = f"({Coder(graph, FOLLOWED).code(hop.slope)})"
        own = earlier.slopes.get(part.chains.plain(Factor(hop.of, hop.by)))
        if own is None:
            return code
        inputs.add(own)
        return f"(if bh__given({own}) then {own} else {code})"

    return lines, "+".join("*".join(map(slope, path)) for path in paths), inputs


def entry_of(graph: Graph, prefix: str, at: Spot) -> str:
    """An entry of a derivative's array, or all of it where no entry is named."""
    coder = Coder(graph, prefix)
    if len(at.slots) != graph[at.name].rank:
        return coder.variable(at.name)
    return coder.entry(at.name, at.slots)


def _stepped(part: Prepared, slope: str) -> str:
    by = part.part.expected.by
    assert by is not None
    before = Coder(part.graph, "q__").entry(by.name, by.slots)
    return f"{before}-{number_code(Fraction(part.part.ask.options['eta']))}*({slope})"


def _trivial(part: Prepared, earlier: _Earlier) -> tuple[str, list[str]]:
    """Where an earlier answer is nothing but zeros, or leaves every unit of a layer dead."""
    tests = [
        f"(bh__given({name}) and bh__zero({name}))"
        for name, asked in earlier.numbers.items()
        if asked.part.right is not None and any(asked.part.right[1])
    ]
    graph = part.graph
    inputs = [i for n, i in earlier.values.items() if n in graph]
    units = [
        q.name
        for q in graph
        if isinstance(q.definition, Apply)
        and q.role is not Role.OBJECTIVE
        and q.name in part.values
        and floats(part.values[q.name]).any()
    ]
    lines: list[str] = []
    if inputs and units:
        try:
            lines, _ = _environment(graph, set(units), earlier.values)
        except BackhandError:
            units = []
    given = " or ".join(f"bh__given({i})" for i in inputs)
    for name in units:
        dead = f"bh__zero({Coder(graph, FOLLOWED).variable(name)})"
        own = earlier.values.get(name)
        alone = f" and not bh__given({own})" if own else ""
        tests.append(f"(({given}){alone} and {dead})" if given else "false")
    return " or ".join(tests) or "false", lines
