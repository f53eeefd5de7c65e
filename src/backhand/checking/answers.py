"""What a person typed, read by the kind of answer that is asked for. Nothing is ever run.

Cut at a length before anything else; plain numbers and arrays of them don't go through the parser.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from backhand.checking.bounds import check_work
from backhand.checking.numerals import Numeral, array, numeral
from backhand.errors import LimitError, Place, ReadingError
from backhand.graph import Graph
from backhand.reading.maths import Known, parse
from backhand.reading.meaning import expression_of
from backhand.reading.tensors import Tensor
from backhand.syntax import Equal, Formula
from backhand.working import Working

MAX_LENGTH = 2_000
"""The longest answer, in characters."""
_PAIRS = (("$$", "$$"), ("$", "$"), (r"\(", r"\)"), (r"\[", r"\]"), ("`", "`"))
_PERCENT = re.compile(r"(?<!\\)%")
_RELATION = re.compile(r"(?<![<>!=:])(?:==?|:=|≈|≅|\\approx\b|\\simeq\b|\\doteq\b)(?!=)")
_ENTRY = re.compile(r"\s*[^\W\d]\w*(?:_?\{?\[?\d+\]?\}?)\s*(?:=|≈|\\approx)\s*([^=≈]+)")
_SHAPE = re.compile(
    r"\s*(?:\\in\s*|∈\s*)?(?:\\mathbb\{?R\}?|ℝ|R)?\s*\^?\s*[{(\[]*\s*(\d{1,9})"
    r"(?:\s*(?:x|X|×|\*|,|by|⨯|\\times|\\cdot)\s*(\d{0,9}))?\s*[})\]]*\s*(?:matrix|vector|array)?\s*"
)
_VECTOR = re.compile(
    r"\s*(?:an?\s+)?(?:column\s+)?vector\s+(?:of|with)\s+(\d{1,9})(?:\s+\w+)?\s*", re.I
)
_NUMBERS = "zero one two three four five six seven eight nine ten eleven twelve"
_WHOLE = {word: number for number, word in enumerate(_NUMBERS.split())}
_YES = ("true", "yes", "holds", "correct", "right", "proved", "it holds", "is true", "valid", "t")
_NO = (
    "false", "no", "wrong", "incorrect", "not true", "doesn't hold", "does not hold", "invalid",
    "untrue", "is false", "it doesn't hold", "f",
)  # fmt: skip
_SHAPES_OF_FUNCTIONS = {
    "convex": "convex", "concave": "concave", "affine": "affine", "linear": "affine",
    "both": "affine", "convex and concave": "affine", "neither": "neither",
    "neither convex nor concave": "neither", "not convex": "not convex", "not concave": "not concave",
    "strictly convex": "convex", "strictly concave": "concave", "nonconvex": "not convex",
    "non-convex": "not convex",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Typed:
    """An answer that was read. `rows`: plain numbers; `formula`: anything else, parsed."""

    understood: str
    rows: tuple[tuple[Numeral, ...], ...] = ()
    formula: Formula | None = None
    words: str = ""
    shape: tuple[int, ...] = ()


@dataclass
class Reader:
    """What is known at a question's place of the page: it doesn't depend on the answer."""

    graph: Graph

    @cached_property
    def known(self) -> Known:
        functions = frozenset((*self.graph.functions, *self.graph.signatures))
        return Known(frozenset(q.name for q in self.graph), functions)

    def numbers(self, text: str) -> Typed:
        """A number, or an array of them; a formula where it is no plain number."""
        text = trimmed(text)
        rows = _plain(text)
        if rows is None:
            entries = _listed(text)
            rows = (entries,) if entries else _plain(text[_last(text) :])
        if rows is not None:
            return Typed(_shown(rows), rows=rows)
        return self.formula(text)

    def formula(self, text: str) -> Typed:
        """A formula; of an equation its last side."""
        text = _PERCENT.sub(r"\\%", trimmed(text))
        found = parse(text, self.known).formula
        if isinstance(found, Equal):
            found = found.sides[-1]
        return Typed(written(found), formula=found)

    def tensor(self, found: Formula) -> Tensor:
        """What a formula means over the graph's names.

        Raises `MeaningError` where it means nothing, `LimitError` where it is too much work.
        """
        check_work(found)
        return expression_of(found, self.graph)


def written(found: Formula) -> str:
    """A formula in plain text, on one line."""
    return " ".join(Working(ask="", answer=(found,)).text().split())


def trimmed(text: str) -> str:
    """The answer without the marks of mathematics around it.

    Raises `LimitError` where it is too long, `ReadingError` where it is empty.

    >>> trimmed(" $-5$. ")
    '-5'
    """
    if len(text) > MAX_LENGTH:
        raise LimitError(
            f"the answer is longer than {MAX_LENGTH:,} characters",
            "give the result only",
            Place(1, MAX_LENGTH + 1),
        )
    text = text.strip().rstrip(".").strip()
    for start, end in _PAIRS:
        if text.startswith(start) and text.endswith(end) and len(text) > len(start) + len(end):
            return text[len(start) : -len(end)].strip()
    if not text:
        raise ReadingError("there is no answer", "write one", Place(1, 1))
    return text


def _last(text: str) -> int:
    """Where the last side of an equation starts."""
    depth, last = 0, 0
    found = {m.start(): m.end() for m in _RELATION.finditer(text)}
    if not found:
        return 0
    for at, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if at in found and depth == 0:
            last = found[at]
    return last


def _plain(text: str) -> tuple[tuple[Numeral, ...], ...] | None:
    one = numeral(text)
    return ((one,),) if one is not None else array(text)


def _listed(text: str) -> tuple[Numeral, ...]:
    """`a_1 = 3, a_2 = -2` as its numbers."""
    parts = [part for part in re.split(r"[;,\n]|\band\b", text) if part.strip()]
    if len(parts) < 2:
        return ()
    found = [_ENTRY.fullmatch(part) for part in parts]
    numbers = [numeral(m[1]) for m in found if m is not None]
    whole = tuple(n for n in numbers if n is not None)
    return whole if len(whole) == len(parts) else ()


def _shown(rows: tuple[tuple[Numeral, ...], ...]) -> str:
    if len(rows) == 1 and len(rows[0]) == 1:
        return str(rows[0][0])
    return "[" + "; ".join(", ".join(map(str, row)) for row in rows) + "]"


def shape(text: str) -> Typed:
    """The shape that is named: `2x3`, `2 × 3`, `(2, 3)`, `2 by 3`, `R^{2×3}`, a vector of 2 entries.

    >>> shape("2 × 3").shape, shape("(2,)").shape, shape("scalar").shape
    ((2, 3), (2,), ())
    """
    text = trimmed(text)
    text = text[_last(text) :].strip()
    if text.lower() in ("scalar", "a scalar", "a number", "number", "()"):
        return Typed("a scalar")
    text = re.sub(r"^.*?(?=\\in\b|∈)", "", text)
    found = _SHAPE.fullmatch(text) or _VECTOR.fullmatch(text)
    if found is None:
        raise ReadingError("this is no shape", "write rows × columns: 2x3", Place(1, 1, text))
    sizes = tuple(int(size) for size in found.groups() if size)
    return Typed(" × ".join(map(str, sizes)), shape=sizes)


def count(text: str) -> Typed:
    """A whole number, in digits or as a word, perhaps with what is counted.

    >>> [count(s).rows[0][0].value for s in ("2", "two matrices", "6 + 3 = 9")]
    [Fraction(2, 1), Fraction(2, 1), Fraction(9, 1)]
    """
    text = trimmed(text)
    last = re.sub(r"^(?:class|label)\s+", "", text[_last(text) :].strip(), flags=re.I)
    plain = numeral(last)
    if plain is None:
        head, _, rest = last.partition(" ")
        fits = not rest or re.fullmatch(r"[A-Za-z ]{1,60}", rest)
        plain = numeral(head) if fits else None
        if plain is None and fits and head.lower() in _WHOLE:
            plain = Numeral(Fraction(_WHOLE[head.lower()]), 0)
    if plain is None:
        plain = _product_of_counts(last)
    if plain is None:
        raise ReadingError("this is no number", "write a whole number: 6", Place(1, 1, text))
    return Typed(str(plain), rows=((plain,),))


def _product_of_counts(text: str) -> Numeral | None:
    """`2*3`, `2 · 3 + 1 · 3`."""
    if not re.fullmatch(r"[\d\s+*·×x]{1,80}", text):
        return None
    total = 0
    for term in text.split("+"):
        parts = [part.strip() for part in re.split(r"[*·×x]", term)]
        if not all(part.isdigit() and len(part) < 12 for part in parts):
            return None
        made = 1
        for part in parts:
            made *= int(part)
        total += made
    return Numeral(Fraction(total), 0)


def verdicts(right: str) -> Mapping[str, str]:
    """What may be said where this verdict is right, and what it means.

    >>> verdicts("false")["yes"], verdicts("neither")["linear"]
    ('proved', 'affine')
    """
    if right in ("proved", "false"):
        return {**dict.fromkeys(_YES, "proved"), **dict.fromkeys(_NO, "false")}
    return _SHAPES_OF_FUNCTIONS


def verdict(text: str, right: str) -> Typed:
    """The word of a verdict, as the word that means the same as those that are right."""
    said = re.sub(r"\s+", " ", trimmed(text).lower().replace("’", "'"))
    said = re.sub(r"^(?:it is|it's|is|this is|the claim is|the function is)\s+", "", said)
    known = verdicts(right)
    if said not in known:
        examples = "true or false" if right in ("proved", "false") else "convex, concave or neither"
        raise ReadingError(
            f"I don't know the answer {said[:40]!r}", f"write {examples}", Place(1, 1)
        )
    return Typed(said, words=known[said])
