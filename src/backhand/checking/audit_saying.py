"""What is said of a line: what it rests on, or where it goes wrong and by which slip."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from backhand.checking.answers import written
from backhand.checking.audit_author import Author
from backhand.checking.audit_findings import Finding
from backhand.checking.audit_numbers import numbers
from backhand.checking.audit_slips import HINTS, slip_of
from backhand.checking.audit_statements import SHAPES, Chain, Judgement
from backhand.checking.audit_text import RELATIONS
from backhand.checking.marks import Level
from backhand.graph import Value
from backhand.syntax import Call, Formula, Name, Partial, Times, replaced

MAX_NAMED = 25
"""After so many wrong lines their slips aren't looked for any more."""


def explained(
    author: Author, blank: Finding, chain: Chain, found: Judgement, level: Level
) -> Finding:
    """The finding on a line, from how its sides were judged."""
    outcome = found.outcome
    if outcome is None:
        return replace(blank, verdict="follows", why=f"defines {_written(chain.sides[0])}")
    if outcome.holds:
        return replace(
            blank,
            verdict="follows",
            why=_rests_on(author, chain, found),
            digits=found.digits,
            followed=found.followed,
        )
    start, end = _span(blank.text, len(chain.sides), found.at)
    narrowed = replace(blank, column=blank.column + start, end=blank.column + end)
    right = _written(chain.sides[found.at])
    before = _written(chain.sides[found.at - 1])
    if outcome.ground == "different":
        return _wrong(author, narrowed, chain, found, level)
    if outcome.ground == "by chance":
        why = f"equal to {before} with these numbers only: a name may be missing, or one too many"
        return replace(narrowed, verdict="undecided", why=f"{right} is {why}")
    why = f"I can't settle whether {right} is {before}"
    return replace(
        narrowed, verdict="undecided", why=f"{why}: {outcome.trouble}" if outcome.trouble else why
    )


def _wrong(author: Author, blank: Finding, chain: Chain, found: Judgement, level: Level) -> Finding:
    outcome = found.outcome
    assert outcome is not None
    slip = slip_of(author, chain, found.at, outcome) if author.slips < MAX_NAMED else None
    hint = HINTS.get(slip or "", "")
    before = _written(chain.sides[found.at - 1])
    if chain.update and found.at == 1:
        before = _written(chain.start or chain.sides[0])
    why = f"{_written(chain.sides[found.at])} isn't {before}"
    if outcome.trouble == SHAPES:
        why = f"{SHAPES} in {_written(chain.sides[found.at])}"
    if level != "hint" and slip is None:
        hint = "Work this side out again from the one before it."
    expected = None
    if level == "full" and outcome.value is not None:
        expected = _shown(outcome.value, chain.sides[found.at])
    return replace(
        blank, verdict="doesn't follow", why=why, slip=slip, hint=hint, expected=expected
    )


def _rests_on(author: Author, chain: Chain, found: Judgement) -> str:
    """What a line that follows rests on."""
    outcome = found.outcome
    assert outcome is not None
    if found.followed:
        return "follows from your own line before, which isn't right"
    if chain.update:
        return "a step of gradient descent"
    first = chain.sides[0]
    if outcome.ground == "these numbers":
        rounded = numbers(chain.sides[found.at])
        if rounded is not None and not rounded.exact:
            return "worked out, and rounded as it may be"
        return "worked out with the page's numbers"
    if isinstance(first, Partial):
        product = any(isinstance(s, Times) and _has_derivative(s) for s in chain.sides[1:])
        return "the chain rule" if product else "the derivative of the page's equation"
    if isinstance(first, Name) and first.name in author.pool.graph:
        return f"the page's equation for {_written(first)}"
    return "the same for any values"


def _has_derivative(formula: Formula) -> bool:
    found: list[Formula] = []

    def leaf(part: Formula) -> Formula | None:
        if isinstance(part, Partial) or (isinstance(part, Call) and part.primes):
            found.append(part)
        return None

    replaced(formula, leaf)
    return bool(found)


def _written(formula: Formula) -> str:
    text = written(formula)
    return text if len(text) <= 60 else text[:57] + "…"


def _shown(value: Value, like: Formula) -> str:
    """A value to as many digits as the author gives, and one more."""
    plain = numbers(like)
    digits = 4 if plain is None else max(4, *(min(c.digits, 9) for c in plain.cells))
    if value.ndim == 0:
        return f"{float(value):.{digits}g}"
    return np.array2string(value, precision=digits, separator=", ").replace("\n", "")


def _span(text: str, count: int, at: int) -> tuple[int, int]:
    """Where side number `at` stands in a line, counted from the line's end."""
    depth = 0
    cuts: list[tuple[int, int]] = []
    marks = {m.start(): m.end() for m in RELATIONS.finditer(text)}
    for position, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if depth == 0 and position in marks:
            cuts.append((position, marks[position]))
    back = count - at
    if back > len(cuts) or back < 1:
        return 0, len(text)
    start = cuts[-back][1]
    end = cuts[-back + 1][0] if back > 1 else len(text)
    inner = text[start:end]
    return start + len(inner) - len(inner.lstrip()), start + len(inner.rstrip())
