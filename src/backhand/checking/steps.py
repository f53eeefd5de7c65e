"""A part's marks step by step: each factor of a chain, each entry of an array, with its share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backhand.checking.chain_reading import Factor, leaves
from backhand.checking.judging import DECIDED
from backhand.checking.marks import Mark
from backhand.checking.parts import Prepared
from backhand.checking.rounding import nearness
from backhand.errors import BackhandError

MAX_STEPS = 12
"""A part of more steps is marked as one."""


@dataclass(frozen=True, slots=True)
class StepMark:
    """One step: what it is, its share of the part's credit, and how much of that was earned."""

    name: str
    share: float
    earned: float


def is_for_a_person(part: Prepared) -> bool:
    """Whether only a person can mark this part: a drawing, a comparison in words."""
    wanted = part.part.expected
    return wanted.kind == "drawing" or (wanted.kind == "verdict" and wanted.words not in DECIDED)


def steps(part: Prepared, answer: str, mark: Mark) -> tuple[StepMark, ...]:
    """The mark taken apart; the steps' `earned` add up to the mark's credit. No step says what is right.

    Empty where there is one step only.

    >>> import backhand
    >>> from backhand.checking.marking import Marker
    >>> from backhand.checking.parts import prepared
    >>> page = backhand.reading.document.worksheet("$$ x = [1; 2]; z = 2x $$\\n\\nz?\\n% ask: value z")
    >>> (part,) = prepared(page, None)
    >>> [s.earned for s in steps(part, "(2, 5)", Marker(page).mark("1", "(2, 5)"))]
    [0.5, 0.0]
    """
    wanted = part.part.expected
    if wanted.kind == "chain":
        assert wanted.of is not None
        assert wanted.by is not None
        factors = part.chains.wanted(part.chains.plain(Factor(wanted.of, wanted.by)))
        count, name = len(factors), "factor"
    else:
        factors = []
        count = part.right[0].size if wanted.kind in ("vector", "matrix") and part.right else 1
        name = "entry"
    if not 1 < count <= MAX_STEPS:
        return ()
    good = range(count)
    if mark.verdict == "partly" and mark.slip in (None, "factor missing", "upside down"):
        said = _factors(part, answer, factors) if factors else _entries(part, answer)
        good = said or good
    return tuple(
        StepMark(f"{name} {at + 1} of {count}", 1 / count, mark.credit / len(good) * (at in good))
        for at in range(count)
    )


def _factors(part: Prepared, answer: str, wanted: Sequence[Factor]) -> list[int]:
    """Which of the chain's factors the answer has."""
    try:
        typed = part.reader.formula(answer)
        assert typed.formula is not None
        read = part.chains.reader.read(typed.formula)
        said = {factor for factor in leaves(read) if isinstance(factor, Factor)}
    except BackhandError:
        return []
    return [at for at, factor in enumerate(wanted) if factor in said]


def _entries(part: Prepared, answer: str) -> list[int]:
    """Which of the entries are right, where the mark is for the right ones."""
    try:
        rows = part.reader.numbers(answer).rows
    except BackhandError:
        return []
    assert part.right is not None
    right = part.right[0].reshape(-1).tolist()
    cells = [cell for row in rows for cell in row]
    if len(cells) != len(right):
        return []
    pairs = zip(cells, right, strict=True)
    digits = part.part.expected.digits
    return [at for at, (n, r) in enumerate(pairs) if nearness(n, r, digits) != "wrong"]
