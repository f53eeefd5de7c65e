"""What PrairieLearn calls for a question: `generate` picks a variant, `grade` marks what was typed.

A copy of this file goes into the question's folder, with those of numerals and of rounding before
it, since PrairieLearn's image has no Backhand. So it needs the standard library only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

from backhand.checking.numerals import Numeral, numeral
from backhand.checking.rounding import close, nearness

Data: TypeAlias = dict[str, Any]
Exact: TypeAlias = Fraction | float
Typed: TypeAlias = dict[str, list[Numeral]]
Said: TypeAlias = tuple[float, str]
TAPES: tuple[Callable[[list[float], dict[int, float]], None], ...] = ()
"""Each works a graph out from its given numbers, with what the student typed in the place of others."""
NO_ANSWER = "There is no answer to this."
WRONG = "This isn't right."
FOLLOWED = "Right, given your earlier answer; that one isn't right yet."
NOT_ENOUGH = "An answer that leaves nothing to work out can't earn the marks that follow."
_SHAPE = re.compile(r"[\s(\[{]*(\d{1,9})(?:\s*(?:x|X|×|\*|,|by)\s*(\d{0,9}))?[\s)\]}]*")


def generate(data: Data) -> None:
    """Put one of the variants into the question, the same for the same seed."""
    variants = _question()["variants"]
    at = Random(str(data["variant_seed"])).randrange(len(variants))
    data["params"].update(variants[at]["params"], variant=at)
    data["correct_answers"].update(variants[at]["correct"])


def grade(data: Data) -> None:
    """Mark numbers, arrays, shapes and counts by Backhand's rules; the elements have marked the rest."""
    question = _question()
    variant = question["variants"][data["params"]["variant"]]
    typed: Typed = {}
    for part in question["parts"]:
        name = part["name"]
        raw = _raw(data, part)
        if all(not text.strip() for text in raw):
            credit, said = 0.0, NO_ANSWER
        elif part["kind"] == "shape":
            credit, said = _shape(raw[0], variant["right"][name], question, variant["slips"][name])
        else:
            found = [_numeral(text) for text in raw]
            credit, said = _numbers(found, part, question, variant, typed)
            typed[name] = found
        _put(data, name, credit, said)
    scores = data["partial_scores"].values()
    weights = sum(each.get("weight", 1) for each in scores)
    earned = sum((each.get("score") or 0) * each.get("weight", 1) for each in scores)
    data["score"] = earned / weights if weights else 0.0


def _question() -> dict[str, Any]:
    return json.loads((Path(__file__).parent / "variants.json").read_text(encoding="utf-8"))


def _put(data: Data, name: str, credit: float, said: str) -> None:
    score: dict[str, Any] = data["partial_scores"].setdefault(name, {"weight": 1})
    score["score"] = credit
    if isinstance(score.get("feedback"), str):
        del score["feedback"]  # the element's, by its own rule of rounding
    data["feedback"][name] = said


def _raw(data: Data, part: dict[str, Any]) -> list[str]:
    """What stands in the fields of a part, as it was typed."""
    name, size = part["name"], part.get("size")
    fields = [name] if size is None else [f"{name}{at + 1}" for at in range(size)]
    return [str(data["raw_submitted_answers"].get(field) or "") for field in fields]


def _numeral(text: str) -> Numeral:
    """A number as it was typed; PrairieLearn lets nothing through that isn't one, but empty fields."""
    found = numeral(text.strip())
    if found is not None:
        return found
    top, _, bottom = text.partition("/")
    try:
        return Numeral(Fraction(float(top)) / Fraction(float(bottom or 1)))
    except (ValueError, ZeroDivisionError, OverflowError):
        return Numeral(Fraction(10) ** 300, 300)  # an empty field is no answer, and right nowhere


def _exact(values: Sequence[str | float]) -> list[Exact]:
    return [Fraction(value) if isinstance(value, str) else value for value in values]


def _numbers(
    found: list[Numeral],
    part: dict[str, Any],
    question: dict[str, Any],
    variant: dict[str, Any],
    typed: Typed,
) -> Said:
    """Numbers against the right ones, the known slips, and what follows from earlier answers."""
    name = part["name"]
    right = _exact(variant["right"][name])
    near = [nearness(n, r, 2) for n, r in zip(found, right, strict=True)]
    if all(each in ("right", "near") for each in near):
        late = "near" in near
        return (
            1.0,
            "Right, though the last digits are off: round at the end only." if late else "Right.",
        )
    if all(each != "wrong" for each in near):
        return 0.75, "Right so far as it goes: give at least 2 significant digits."
    if part["kind"] == "class":
        return 0.0, WRONG
    said = _slipped(found, variant["slips"][name], question)
    if said is None:
        good = sum(each != "wrong" for each in near)
        said = (
            (good / len(near), f"{good} of {len(near)} entries are right.")
            if good
            else (0.0, WRONG)
        )
    return _followed(found, part, variant, question, typed) or said


def _slipped(found: list[Numeral], slips: list[Any], question: dict[str, Any]) -> Said | None:
    for slip, values in slips:
        pairs = zip(found, _exact(values), strict=True)
        if all(nearness(n, r, 2) in ("right", "near") for n, r in pairs):
            hint, credit = question["slips"][slip]
            return credit, hint
    return None


def _shape(text: str, right: list[int], question: dict[str, Any], slips: list[Any]) -> Said:
    match = _SHAPE.fullmatch(text)
    if match is None:
        return 0.0, "This is no shape: write rows x columns, such as 2x3."
    given = [int(size) for size in match.groups() if size]
    plain = [size for size in given if size != 1] == [size for size in right if size != 1]
    if given == right or (len(right) < 2 and plain):
        return 1.0, "Right."
    for slip, values in slips:
        if given == values:
            hint, credit = question["slips"][slip]
            return credit, hint
    same = [a == b for a, b in zip(given, right, strict=False)]
    if len(given) == len(right) == 2 and any(same):
        return 0.5, f"The number of {'rows' if same[0] else 'columns'} is right."
    return 0.0, WRONG


# ---- follow-through ----------------------------------------------------------------------------


def _followed(
    found: list[Numeral],
    part: dict[str, Any],
    variant: dict[str, Any],
    question: dict[str, Any],
    typed: Typed,
) -> Said | None:
    """Full credit for what is right after the student's own earlier answers."""
    if not part["follow"] or not typed:
        return None
    taken, trivial = _taken(part["tape"], variant, question, typed)
    given = variant["given"][part["tape"]]
    plain, after = _worked(part["tape"], given, {}), _worked(part["tape"], given, taken)
    if plain is None or after is None:
        return None
    follow: list[list[int]] = part["follow"]
    for places in follow:
        values = [after[at] for at in places]
        if all(close(after[at], plain[at], 15) for at in places):
            continue
        pairs = zip(found, values, strict=True)
        if all(nearness(n, _tidy(r), 2) in ("right", "near") for n, r in pairs):
            layers: list[list[int]] = question["layers"][part["tape"]]
            dead = trivial or any(
                not any(after[at] for at in layer)
                for layer in layers
                if any(plain[at] for at in layer) and not set(layer) & set(taken)
            )
            return (0.0, NOT_ENOUGH) if dead else (1.0, FOLLOWED)
    return None


def _taken(
    tape: int, variant: dict[str, Any], question: dict[str, Any], typed: Typed
) -> tuple[dict[int, float], bool]:
    """The student's numbers by the places they stand for, and whether some are nothing but zeros."""
    taken: dict[int, float] = {}
    trivial = False
    for part in question["parts"]:
        numbers = typed.get(part["name"])
        if numbers is None or part.get("tape") != tape or not part["own"]:
            continue
        right = _exact(variant["right"][part["name"]])
        trivial = trivial or (not any(n.value for n in numbers) and any(right))
        for places in part["own"]:
            taken |= {at: float(n.value) for at, n in zip(places, numbers, strict=True)}
    return taken, trivial


def _worked(tape: int, given: list[float], taken: dict[int, float]) -> list[float] | None:
    values = list(given)
    try:
        TAPES[tape](values, taken)
    except (ArithmeticError, ValueError):
        return None
    return values


def _tidy(value: float) -> Exact:
    """A value as a fraction where it is a short decimal number, so that it is compared as one."""
    short = Fraction(value).limit_denominator(1000)
    return short if abs(float(short) - value) <= 1e-12 * abs(value) else value
