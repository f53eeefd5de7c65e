"""Where a formula is looked at: `... for x > 0`, `... where 0 < p < 1, A ∈ R^{3×3}`."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from backhand.errors import MeaningError, Place, ReadingError
from backhand.functions import Interval
from backhand.reading.given import rational
from backhand.reading.maths import canonical, parse

WORD = re.compile(r"[\s,;]\(?(for all|for|where|with|on|whenever|if|when)(?:\s|$)", re.IGNORECASE)
AND = re.compile(r",|;|\band\b|\\land\b|∧")
ORDER = re.compile(r"(<=|>=|<|>|≤|≥|\\leq?\b|\\geq?\b|\\lt\b|\\gt\b|≠|!=|\\neq?\b)")
INTERVAL = re.compile(r"\s*(.+?)\s*(?:∈|\\in\b|\bin\b)\s*[\[(\]]\s*(.+?)\s*,\s*(.+?)\s*[\])\[]\s*$")
MEMBER = re.compile(r"\s*(.+?)\s*(∈|\\in\b|\bin\b)\s*(.+)$")
SIGNS = {"≤": "<=", "≥": ">=", "\\le": "<=", "\\leq": "<=", "\\ge": ">=", "\\geq": ">=",
         "\\lt": "<", "\\gt": ">"}  # fmt: skip


@dataclass(slots=True)
class Conditions:
    """The bounds of names, and the declarations of shapes as they were typed."""

    domain: dict[str, Interval] = field(default_factory=dict[str, Interval])
    declared: list[str] = field(default_factory=list[str])


def cut(text: str, start: Place) -> tuple[str, Conditions]:
    """A text without its condition, and what that says. Raises `ReadingError` for an unclear one.

    >>> body, found = cut("x log x for x > 0", Place(1, 1))
    >>> body, found.domain
    ('x log x', {'x': Interval(low=0.0, high=inf)})
    """
    at = _condition(text)
    found = Conditions()
    if at is None:
        return text, found
    for part in _parts(text[at[1] :]):
        _read(part, found, start)
    return text[: at[0]].rstrip(" ,;("), found


def _condition(text: str) -> tuple[int, int] | None:
    """Where the condition starts, the word before it included."""
    match = WORD.search(text)
    return (match.start(), match.end()) if match else None


def _parts(text: str) -> Iterator[str]:
    """The single conditions; a comma inside a bracket doesn't part them."""
    depth, start = 0, 0
    text = text.strip().rstrip(".")
    if text.endswith(")") and text.count(")") > text.count("("):
        text = text[:-1]
    before = ""
    for at, sign in enumerate(text):
        depth += (sign in "([{") - (sign in ")]}")
        if (match := AND.match(text, at)) and depth <= 0 and at >= start:
            part = before + text[start:at]
            start, before = match.end(), ""
            if _is_name_only(part):
                before = f"{part}, "  # `x, y > 0` bounds both names
            else:
                yield part
    yield before + text[start:]


def _is_name_only(text: str) -> bool:
    return not ORDER.search(text) and not MEMBER.match(text)


def _read(part: str, found: Conditions, start: Place) -> None:
    if interval := INTERVAL.match(part):
        low, high = _number(interval[2], start), _number(interval[3], start)
        for name in _names(interval[1], start):
            _bound(found.domain, name, Interval(low, high), start)
    elif member := MEMBER.match(part):
        for name in member[1].split(","):
            found.declared.append(f"{name.strip()} ∈ {member[3].strip().rstrip('.')}")
    elif ORDER.search(part):
        _inequality(part, found.domain, start)
    else:
        _names(part, start)  # "for all x" bounds nothing


def _inequality(part: str, domain: dict[str, Interval], start: Place) -> None:
    """`x > 0`, `0 < x < 1`, `x != 0`, which leaves out a point and so bounds nothing."""
    pieces = ORDER.split(part)
    signs = [SIGNS.get(sign, sign) for sign in pieces[1::2]]
    sides = [side.strip() for side in pieces[::2]]
    if not signs or any(not side for side in sides):
        raise ReadingError(
            f"I can't read the condition {part.strip()!r}",
            "write it as x > 0, 0 < x < 1, x in [0, 1] or A in R^{2×2}",
            start,
        )
    for left, sign, right in zip(sides, signs, sides[1:], strict=False):
        if sign in ("≠", "!=", "\\ne", "\\neq"):
            continue
        if sign.startswith(">"):
            left, right = right, left
        low, high = _maybe(left), _maybe(right)
        if (low is None) == (high is None):
            raise ReadingError(
                f"the condition {part.strip()!r} doesn't compare a name with a number",
                "write it as x > 0",
                start,
            )
        names = _names(right if low is not None else left, start)
        bound = Interval(-math.inf if low is None else low, math.inf if high is None else high)
        for name in names:
            _bound(domain, name, bound, start)


def _bound(domain: dict[str, Interval], name: str, bound: Interval, start: Place) -> None:
    held = domain.get(name, bound)
    both = Interval(max(held.low, bound.low), min(held.high, bound.high))
    if both.low > both.high:
        raise MeaningError(f"no {name} is in both bounds", "check the condition", start)
    domain[name] = both


def _names(text: str, start: Place) -> list[str]:
    try:
        return [canonical(name) for name in text.split(",")]
    except ReadingError:
        raise ReadingError(
            f"{text.strip()!r} in the condition is no name", "write x > 0", start
        ) from None


def _maybe(text: str) -> float | None:
    """A number or an infinity; None for anything else."""
    bare = text.replace("\\infty", "∞").replace(" ", "")
    if bare.lower() in ("∞", "+∞", "inf", "infinity"):
        return math.inf
    if bare.lower() in ("-∞", "−∞", "-inf", "-infinity"):
        return -math.inf
    if bare in ("pi", "π", "\\pi", "-pi", "-π", "−π", "-\\pi"):
        return -math.pi if bare[0] in "-−" else math.pi
    try:
        found = rational(parse(text).formula)
    except ReadingError:
        return None
    return None if found is None else float(Fraction(found))


def _number(text: str, start: Place) -> float:
    found = _maybe(text)
    if found is None:
        raise ReadingError(f"{text} is no bound", "write a number: x in [0, 1]", start)
    return found


def shown(domain: Mapping[str, Interval]) -> str:
    """The bounds in words: `x ≥ 0, 0 ≤ p ≤ 1`.

    >>> shown({"x": Interval(0, math.inf), "p": Interval(0, 1)})
    'x ≥ 0, 0 ≤ p ≤ 1'
    """
    return ", ".join(_shown(name, bound) for name, bound in domain.items())


def _shown(name: str, bound: Interval) -> str:
    low, high = f"{bound.low:g}", f"{bound.high:g}"
    if bound.low == -math.inf:
        return f"{name} ≤ {high}"
    return f"{name} ≥ {low}" if bound.high == math.inf else f"{low} ≤ {name} ≤ {high}"
