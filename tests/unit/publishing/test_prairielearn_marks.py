"""The marks of a PrairieLearn question are those of `Marker`: numbers, slips, follow-through, caps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backhand.checking.marking import Marker
from backhand.checking.parts import Prepared, prepared
from backhand.publishing import prairielearn
from backhand.reading.document import read

EXAMPLES = Path(__file__).parents[3] / "examples"


class Beside:
    """A worksheet's question and its marker."""

    def __init__(self, name: str) -> None:
        page = read(EXAMPLES / f"{name}.md")
        package = prairielearn.export(page, ())
        self.files = {path.rpartition("/")[2]: text for path, text in package.files.items()}
        self.module: dict[str, Any] = {"__file__": str(files("backhand"))}
        exec(compile(self.files["server.py"], "server.py", "exec"), self.module)
        self.whole: dict[str, Any] = json.loads(self.files["variants.json"])
        self.module["_question"] = lambda: self.whole
        self.variant = self.whole["variants"][0]
        self.marker = Marker(page)
        self.prepared = {f"p{at}": part for at, part in enumerate(prepared(page, None), 1)}
        self.parts = [p for p in self.whole["parts"] if p["kind"] in ("number", "array")]

    def right(self) -> dict[str, str]:
        """The right answers as typed, rounded to five digits."""
        raw: dict[str, str] = {}
        for part in self.parts:
            entries = [float(Fraction(x)) for x in self.variant["right"][part["name"]]]
            raw |= {f: f"{x:.5g}" for f, x in zip(fields(part), entries, strict=True)}
        return raw

    def after(self, part: Mapping[str, Any], raw: Mapping[str, str], way: int) -> dict[str, str]:
        """What a student types who goes on rightly from the answers before."""
        taken: dict[int, float] = {}
        for before in self.parts:
            if before is part:
                break
            if before["tape"] == part["tape"]:
                numbers = [float(raw[field]) for field in fields(before)]
                for places in before["own"]:
                    taken |= dict(zip(places, numbers, strict=True))
        if not part["follow"]:
            return {}
        values = self.module["_worked"](part["tape"], self.variant, taken)
        places = part["follow"][way % len(part["follow"])]
        made = [values[at] for at in places]
        return {f: f"{x:.5g}" for f, x in zip(fields(part), made, strict=True) if x == x}

    def graded(self, raw: Mapping[str, str]) -> dict[str, Any]:
        """The data after `grade`."""
        data: dict[str, Any] = {"params": {"variant": 0}, "feedback": {}, "partial_scores": {}}
        data["raw_submitted_answers"] = dict(raw)
        self.module["grade"](data)
        return data


def fields(part: Mapping[str, Any]) -> list[str]:
    name = part["name"]
    return [f"{name}{at + 1}" for at in range(part["size"])] if "size" in part else [name]


def written(part: Prepared, cells: list[str]) -> str:
    """The cells as one answer."""
    assert part.right is not None
    shape = part.right[0].shape
    if len(cells) == 1:
        return cells[0]
    width = shape[1] if len(shape) == 2 else len(cells)
    rows = [", ".join(cells[at : at + width]) for at in range(0, len(cells), width)]
    return f"[{'; '.join(rows)}]"


@lru_cache
def beside(name: str) -> Beside:
    return Beside(name)


@pytest.mark.parametrize("name", ["two-neurons", "softmax-classifier", "logistic-regression"])
@settings(max_examples=12, deadline=None)
@given(st.data())
def test_marks_are_those_of_the_marker(name: str, drawn: st.DataObject) -> None:
    both = beside(name)
    raw = both.right()
    for part in drawn.draw(st.lists(st.sampled_from(both.parts), max_size=5)):
        kind = drawn.draw(st.sampled_from(["sign", "half", "off", "zero", "followed", "followed"]))
        if kind == "followed":
            raw |= both.after(part, raw, drawn.draw(st.integers(0, 2)))
            continue
        for field in fields(part):
            right = float(raw[field])
            changed = {"sign": -right, "half": right / 2, "off": right + 1, "zero": 0.0}
            digits = drawn.draw(st.sampled_from([1, 5]))
            raw[field] = f"{changed[kind]:.{digits}g}"
    found = both.graded(raw)
    earlier: dict[str, str] = {}
    for part in both.parts:
        one = both.prepared[part["name"]]
        answer = written(one, [raw[field] for field in fields(part)])
        mark = both.marker.mark(one.part.number, answer, earlier=earlier)
        score = found["partial_scores"][part["name"]]["score"]
        assert score == pytest.approx(mark.credit), (one.part.number, answer, earlier, mark)
        assert found["feedback"][part["name"]].startswith("Right, given") == mark.followed
        earlier[one.part.number] = answer
