"""Answers that are lists: values of a forward pass, gradients by every parameter, shapes, equations.

Each line, or each part after a comma, is a name with what it is: `a = (3, -2), z = (3, 0)`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import product, takewhile
from typing import Literal, TypeAlias

import numpy as np

from backhand.calculus.evaluate import computable, evaluate
from backhand.calculus.gradient import objective_of
from backhand.calculus.paths import Spot
from backhand.checking import answers
from backhand.checking.answers import MAX_LENGTH, trimmed
from backhand.checking.chain_reading import spot_of
from backhand.checking.equality import inlined, same_formula
from backhand.checking.marks import Mark
from backhand.checking.numerals import Numeral
from backhand.checking.parts import Prepared
from backhand.checking.rounding import close, nearness
from backhand.errors import BackhandError, ReadingError
from backhand.expr import names, substitute
from backhand.graph import Quantity, Value
from backhand.notation import partial_name
from backhand.reading.elaborate import known_graph
from backhand.reading.maths import parse
from backhand.reading.tensors import Tensor
from backhand.syntax import Derive, Entry, Name, Partial

Found: TypeAlias = Literal["right", "wrong", "open"]
PERSON = "A person has to look at this."
MAX_PIECES = 60
MAX_ENTRIES = 40
"""An equation of more entries isn't compared."""
DIGITS = 3
"""How many digits a calculation with decimal numbers is trusted for."""
_IS = re.compile(r":=|[=:≈∈]|\\approx\b|\\in\b|\bis\b|\bhas\b")
_CUT = re.compile(r"[;\n]|\\\\|,|\band\b")
_LEAD = re.compile(
    r"^(?:[\s$*•&-]|(?:the\s+)?(?:shape|gradient|value)\s+(?:of|by)\b|\bthe\b)+", re.I
)


# ---- from the answer to its pieces -------------------------------------------------------------


def pieces(answer: str) -> list[tuple[str, str]]:
    """The names and what is said of them; empty where nothing is named.

    >>> pieces("a = (3, -2), z_1 = 3; b = 2 - 7 = -5")
    [('a', '(3, -2)'), ('z_1', '3'), ('b', '2 - 7 = -5')]
    """
    found: list[tuple[str, str]] = []
    for text in _cut(answer[:MAX_LENGTH]):
        sign = next(_outside(text, _IS), None)
        if sign is not None:
            left = _LEAD.sub("", text[: sign.start()]).strip(" $")
            found.append((left, text[sign.end() :].strip().strip("$").strip()))
        elif found and text.strip():
            found[-1] = (found[-1][0], f"{found[-1][1]}, {text.strip()}")
    return found[:MAX_PIECES]


def _cut(text: str) -> Iterator[str]:
    """The text cut at separators that stand in no bracket."""
    start = 0
    for sign in _outside(text, _CUT):
        yield text[start : sign.start()]
        start = sign.end()
    yield text[start:]


def _outside(text: str, sign: re.Pattern[str]) -> Iterator[re.Match[str]]:
    """Where a sign stands in no bracket."""
    depth, at = 0, 0
    for found in sign.finditer(text):
        depth += _depth(text[at : found.start()])
        at = found.start()
        if depth == 0:
            yield found


def _depth(text: str) -> int:
    begun = text.count("\\begin{") - text.count("\\end{")
    return begun + sum(map(text.count, "([{")) - sum(map(text.count, ")]}"))


def _spot(part: Prepared, left: str) -> Spot | None:
    """The quantity, the entry or the derivative's array that a piece is about."""
    try:
        found = parse(left, part.reader.known).formula
        if isinstance(found, Name | Entry):
            return spot_of(found, known_graph(part.graph))
        if isinstance(found, Derive) or not isinstance(found, Partial) or found.then:
            return None
        factor = part.chains.reader.factor(found)
    except BackhandError:
        return None
    if factor.of.name != objective_of(part.graph):
        return None
    return Spot(partial_name(factor.of.name, factor.by.name), factor.by.slots)


# ---- values ------------------------------------------------------------------------------------


def fitting(rows: Sequence[Sequence[Numeral]], value: Value) -> list[Numeral] | None:
    """The numbers in the order of the value's entries, or None where the shapes don't fit."""
    cells = [cell for row in rows for cell in row]
    if len(cells) != value.size:
        return None
    if value.ndim == 2 and min(value.shape) > 1 and (len(rows), len(rows[0])) != value.shape:
        return None
    return cells


def _is_value(part: Prepared, text: str, value: Value) -> Found:
    typed = part.reader.numbers(text)
    if typed.formula is None:
        cells = fitting(typed.rows, value)
        pairs = zip(cells or (), value.ravel().tolist(), strict=False)
        near = [nearness(n, r, part.part.expected.digits) for n, r in pairs]
        return "right" if near and all(n in ("right", "near") for n in near) else "wrong"
    tensor = part.reader.tensor(typed.formula)
    if not computable(tensor.expr, {}):
        return "open"
    found = np.asarray(evaluate(tensor.expr, tensor.axes, part.graph, {}))
    if found.size != value.size:
        return "wrong"
    pairs = zip(found.ravel().tolist(), value.ravel().tolist(), strict=True)
    return "right" if all(map(_agree, pairs)) else "wrong"


def _agree(pair: tuple[Fraction | float, Fraction | float]) -> bool:
    one, two = pair
    exact = isinstance(one, Fraction) and isinstance(two, Fraction)
    return one == two if exact else close(float(one), float(two), DIGITS)


def _values(part: Prepared, wanted: Mapping[str, Value]) -> Callable[[Spot, str], Found]:
    def judge(at: Spot, text: str) -> Found:
        value = wanted[at.name]
        if at.slots and value.size > 1:
            own = part.graph[_base(part, at)]
            value = np.array(own.entry(value, at.slots), dtype=value.dtype)
        return _is_value(part, text, value)

    return judge


def _base(part: Prepared, at: Spot) -> str:
    """The quantity that has the entries: of ∂J/∂W it is W."""
    return at.name if at.name in part.graph else at.name.rpartition("∂")[2]


def _forward(part: Prepared, answer: str) -> Mark | None:
    """None where no value of the forward pass is named: then the answer is one number."""
    root = part.chains.reader.root
    wanted = {
        q.name: part.values[q.name]
        for q in part.graph
        if q.definition is not None and q.name in part.values and root(q.name) == q.name
    }
    aim = objective_of(part.graph)
    given = _about(part, answer, wanted)
    given = [(Spot(root(at.name), at.slots), text) for at, text in given]
    if not any(at.name in wanted for at, _ in given):
        return None
    return _counted(part, wanted, given, _values(part, wanted), {aim})


def _gradients(part: Prepared, answer: str) -> Mark:
    of = part.part.ask.words[0] if part.part.ask.words else objective_of(part.graph)
    signs = {q.name: partial_name(of, q.name) for q in part.graph.parameters}
    known = part.part.working.values
    wanted = {sign: known[sign] for sign in signs.values() if sign in known}
    if len(wanted) < len(signs):
        return _for_a_person(answer)
    given = _about(part, answer, wanted)
    if given:
        named = [(Spot(signs.get(at.name, at.name), at.slots), text) for at, text in given]
        return _counted(part, wanted, named, _values(part, wanted), set(wanted))
    fits = [name for name, value in wanted.items() if _is_value(part, answer, value) == "right"]
    if len(fits) != 1:
        told = "Say of each gradient by what it is: dJ/dW = …, one a line."
        return Mark("wrong", 0.0, None, told, " ".join(answer.split()))
    return _counted(part, wanted, [(Spot(fits[0], ()), answer)], _values(part, wanted), set(wanted))


# ---- shapes and equations ----------------------------------------------------------------------


def _shapes(part: Prepared, answer: str) -> Mark:
    chosen = part.graph.parameters or part.graph.quantities
    wanted = {q.name: q for q in chosen}
    if any(isinstance(extent, str) for q in chosen for extent in q.extents):
        return _for_a_person(answer)
    given = _about(part, answer, wanted)
    if not given and len(wanted) == 1:
        given = [(Spot(chosen[0].name, ()), answer)]

    def judge(at: Spot, text: str) -> Found:
        said, sizes = answers.shape(text).shape, wanted[at.name].shape
        plain = [[n for n in each if n != 1] for each in (said, sizes)]
        return "right" if said == sizes or (len(sizes) < 2 and plain[0] == plain[1]) else "wrong"

    return _counted(part, wanted, given, judge, set(wanted))


def _model(part: Prepared, answer: str) -> Mark:
    wanted = {q.name: q for q in part.graph if q.definition is not None}

    def judge(at: Spot, text: str) -> Found:
        typed = part.reader.formula(text)
        assert typed.formula is not None
        return _is_equation(part, part.reader.tensor(typed.formula), wanted[at.name])

    given = [(at, text) for at, text in _about(part, answer, wanted) if not _entry(part, at)]
    return _counted(part, wanted, given, judge, set(wanted))


def _entry(part: Prepared, at: Spot) -> bool:
    return bool(at.slots) and not part.graph[at.name].single


def _is_equation(part: Prepared, said: Tensor, quantity: Quantity) -> Found:
    """Whether the right side of an equation is proved to be the quantity's own."""
    assert quantity.definition is not None
    before = set(takewhile(lambda name: name != quantity.name, (q.name for q in part.graph)))
    if not names(said.expr) <= before:
        return "wrong"  # J = J says nothing
    sizes = [[a.extent for a in axes if a.extent != 1] for axes in (said.axes, quantity.axes)]
    if sizes[0] != sizes[1]:
        return "wrong"
    if quantity.rank != len(said.axes) or any(isinstance(s, str) for s in sizes[0]):
        return "open"
    if quantity.size > MAX_ENTRIES:
        return "open"
    outcomes: list[str] = []
    for at in product(*(range(axis.size) for axis in quantity.axes)):
        sides = ((said.expr, said.axes), (quantity.definition, quantity.axes))
        one, two = (
            inlined(
                substitute(e, {a: a.lower + n for a, n in zip(axes, at, strict=True)}), part.graph
            )
            for e, axes in sides
        )
        outcomes.append(same_formula(one, two, part.graph))
        if outcomes[-1] == "different":
            return "wrong"
    return "right" if all(o == "equal" for o in outcomes) else "open"


# ---- what they share ---------------------------------------------------------------------------


def _about(part: Prepared, answer: str, wanted: Mapping[str, object]) -> list[tuple[Spot, str]]:
    """The pieces with what each is about. Raises `ReadingError` for one about nothing that is asked."""
    found = [(left, _spot(part, left), text) for left, text in pieces(trimmed(answer))]
    known = [(at, text) for _, at, text in found if at is not None]
    strange = [left for left, at, _ in found if at is None and left]
    if known and strange:
        raise ReadingError(
            f"{strange[0][:40]!r} names nothing here", f"the names are {', '.join(wanted)}"
        )
    return known


def _counted(
    part: Prepared,
    wanted: Mapping[str, object],
    given: Sequence[tuple[Spot, str]],
    judge: Callable[[Spot, str], Found],
    needed: set[str],
) -> Mark:
    """The mark by how many of those that are wanted are right; all that are needed is enough."""
    understood = "; ".join(f"{_shown(at)} = {' '.join(text.split())}" for at, text in given)
    outcomes: dict[Spot, Found] = {}
    for at, text in given:
        if at.name in wanted and outcomes.get(at) != "wrong":
            outcomes[at] = judge(at, text)
    if not outcomes:
        example = next(iter(wanted), "a")
        raise ReadingError(
            "none of what is asked is named here", f"write {example} = …, one a line"
        )
    shares = dict.fromkeys(wanted, 0.0)
    for at, outcome in outcomes.items():
        size = part.graph[_base(part, at)].size if at.slots else 1
        shares[at.name] += (outcome == "right") / size
    bad = [at for at, outcome in outcomes.items() if outcome == "wrong"]
    if "open" in outcomes.values() and not bad:
        return Mark("undecided", 0.0, None, PERSON, understood)
    done = {name for name, share in shares.items() if share > 1 - 1e-9}
    if not bad and needed <= done:
        return Mark("right", 1.0, None, "Right.", understood)
    credit = round(min(sum(min(s, 1.0) for s in shares.values()) / len(wanted), 0.9), 2)
    if bad:
        first = min(bad, key=lambda at: list(wanted).index(at.name))
        told = f"{_shown(first)} isn't right."
    else:
        missing = ", ".join(name for name in wanted if name in needed - done)
        told = f"Right so far as it goes; still missing: {missing}."
    return Mark("partly" if credit else "wrong", credit, None, told, understood)


def _shown(at: Spot) -> str:
    return at.name + (f"[{','.join(map(str, at.slots))}]" if at.slots else "")


def _for_a_person(answer: str) -> Mark:
    return Mark("undecided", 0.0, None, PERSON, " ".join(trimmed(answer).split())[:80])


LISTS: Mapping[str, Callable[[Prepared, str], Mark | None]] = {
    "forward": _forward,
    "gradient": _gradients,
    "shapes": _shapes,
    "model": _model,
}
"""What judges a list, by the ask's verb; None where the answer is no list."""


def judged_list(part: Prepared, answer: str) -> Mark | None:
    """The mark of an answer that is a list, or None where it is none.

    Raises `BackhandError` where it can't be read.
    """
    verb = part.part.ask.verb
    listed = part.part.expected.kind == "list" or (verb == "forward" and part.right is not None)
    return LISTS[verb](part, answer) if listed and verb in LISTS else None
