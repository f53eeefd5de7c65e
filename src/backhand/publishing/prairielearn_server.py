"""What PrairieLearn calls for a question: `generate` picks a variant, `grade` marks what was typed.

A copy of this file goes into the question's folder, with those of numerals and of rounding before
it, since PrairieLearn's image has no Backhand. So it needs the standard library only.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

from backhand.checking.numerals import Numeral, numeral
from backhand.checking.rounding import close, nearness, tidy

Data: TypeAlias = dict[str, Any]
Exact: TypeAlias = Fraction | float
Typed: TypeAlias = dict[str, list[Numeral]]
Said: TypeAlias = tuple[float, str]
TAPES: tuple[tuple[Callable[[list[float], dict[int, float]], float], ...], ...] = ()
"""Each works a graph out from its given numbers, with what the student typed in the place of others."""
LOG_OF_ZERO = -1e300
"""A number, so that 0 times it is 0."""
LATE = "Right, though the last digits are off: round at the end only."
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
        return 1.0, LATE if "near" in near else "Right."
    if part["kind"] == "class":
        return 0.0, WRONG
    slips = variant["slips"][name]
    return _followed(found, part, variant, question, typed) or _partly(found, near, slips, question)


def _partly(
    found: list[Numeral], near: Sequence[str], slips: list[Any], question: dict[str, Any]
) -> Said:
    """What numbers that aren't right are worth by themselves."""
    if all(each != "wrong" for each in near):
        return 0.75, "Right so far as it goes: give at least 2 significant digits."
    said = _slipped(found, slips, question)
    good = sum(each != "wrong" for each in near)
    if said is None and good:
        return good / len(near), f"{good} of {len(near)} entries are right."
    return said or (0.0, WRONG)


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
    plain = _worked(part["tape"], variant, {})
    layers: list[list[int]] = question["layers"][part["tape"]]
    for taken, zeros in _taken(part["tape"], variant, question, typed):
        after = _worked(part["tape"], variant, taken)
        if not any(_follows(found, places, after, plain) for places in part["follow"]):
            continue
        dead = any(
            not any(after[at] for at in layer)
            for layer in layers
            if any(plain[at] for at in layer) and not set(layer) & set(taken)
        )
        return (0.0, NOT_ENOUGH) if zeros or dead else (1.0, FOLLOWED)
    return None


def _follows(
    found: list[Numeral], places: list[int], after: list[float], plain: list[float]
) -> bool:
    """Whether the numbers are those at these places, and those aren't simply the right ones."""
    if all(close(after[at], plain[at], 15) for at in places):
        return False
    pairs = zip(found, (after[at] for at in places), strict=True)
    return all(nearness(n, tidy(r), 2) in ("right", "near") for n, r in pairs)


def _taken(
    tape: int, variant: dict[str, Any], question: dict[str, Any], typed: Typed
) -> Iterator[tuple[dict[int, float], bool]]:
    """The student's numbers by the places they stand for, and whether some are nothing but zeros.

    First without answers that are nothing but zeros, then, where there are such, with them.
    """
    sound: dict[int, float] = {}
    whole: dict[int, float] = {}
    zeros = False
    for part in question["parts"]:
        numbers = typed.get(part["name"])
        if numbers is None or part.get("tape") != tape or not part["own"]:
            continue
        empty = not any(n.value for n in numbers) and any(_exact(variant["right"][part["name"]]))
        zeros = zeros or empty
        for places in part["own"]:
            own = {at: float(n.value) for at, n in zip(places, numbers, strict=True)}
            whole |= own
            sound |= {} if empty else own
    yield sound, False
    if zeros:
        yield whole, True


def _worked(tape: int, variant: dict[str, Any], taken: dict[int, float]) -> list[float]:
    """Every entry of a tape; not a number where one has no value."""
    given: list[float] = variant["given"][tape]
    values = [taken.get(at, number) for at, number in enumerate(given)]
    for at, line in enumerate(TAPES[tape], len(given)):
        try:
            values.append(taken[at] if at in taken else line(values, taken))
        except (ArithmeticError, ValueError):
            values.append(math.nan)
    return values


def log(x: float) -> float:
    """The logarithm on a tape."""
    return math.log(x) if x else LOG_OF_ZERO
