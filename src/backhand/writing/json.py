"""A solution as JSON; `solution.schema.json` beside this file describes it."""

from __future__ import annotations

import json
from fractions import Fraction
from importlib.resources import files
from typing import Any

from backhand.graph import Value
from backhand.syntax import Formula
from backhand.working import Prose, Solution, Step, Verdict, Working
from backhand.writing.latex import answer_latex
from backhand.writing.text import formula_text, prose_text


def document(solution: Solution) -> str:
    """One object a question and ask, in the worksheet's order.

    A number stays whole where it is; one that isn't finite becomes a string.
    """
    answers = [
        _answer(answered.question.number, working)
        for answered in solution.answers
        for working in answered.workings
    ]
    return json.dumps({"answers": answers}, ensure_ascii=False, indent=2) + "\n"


def verdict(found: Verdict) -> str:
    """A verdict with its reason, its witness and its working as one object."""
    said = {
        "verdict": found.verdict,
        "reason": found.reason,
        "witness": found.witness,
        "working": _working(found.working),
    }
    return json.dumps(said, ensure_ascii=False, indent=2, default=finite) + "\n"


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the output."""
    source = files("backhand.writing").joinpath("solution.schema.json")
    return dict(json.loads(source.read_text(encoding="utf-8")))


def _answer(number: str, working: Working) -> dict[str, Any]:
    return {"number": number, **_working(working)}


def _working(working: Working) -> dict[str, Any]:
    return {
        "ask": working.ask,
        "text": prose_text(working.answer),
        "latex": answer_latex(working),
        "value": _value(working.result),
        "layout": working.layout,
        "steps": [_step(step) for step in working.steps],
        "notes": [prose_text(note) for note in working.notes],
    }


def _step(step: Step) -> dict[str, Any]:
    return {
        "title": prose_text(step.title),
        "rule": step.rule,
        "formula": _text(step.formula),
        "substitution": _text(step.substitution),
        "value": _text(step.value),
        "note": _prose(step.note),
    }


def _text(found: Formula | None) -> str | None:
    return formula_text(found) if found is not None else None


def _prose(found: Prose) -> str | None:
    return prose_text(found) if found else None


def _value(result: Value | str | None) -> Any:
    if result is None or isinstance(result, str):
        return result
    return _plain(result.tolist())


def _plain(item: Any) -> Any:
    """Nested lists of numbers as JSON has them."""
    if isinstance(item, list):
        return [_plain(part) for part in item]  # type: ignore[reportUnknownVariableType]
    if isinstance(item, Fraction):
        return item.numerator if item.denominator == 1 else finite(item)
    return finite(item)


def finite(number: Any) -> float | str:
    """A number as JSON has it: one that isn't finite as a string."""
    try:
        value = float(number)
    except OverflowError:
        return "inf" if number > 0 else "-inf"
    return value if value == value and abs(value) != float("inf") else str(value)
