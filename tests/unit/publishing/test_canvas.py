"""Canvas packages keep the importer's rules; their answers are right and no command of a page passes."""

from __future__ import annotations

import io
import zipfile
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.canvas_rules import Q, faults, opened
from tests.goldens import agrees
from tests.unit.publishing.test_moodle import EXAMPLES, HOSTILE, SMALL

import backhand
from backhand.publishing import canvas
from backhand.publishing.canvas_items import plain, spellings
from backhand.reading.document import read, worksheet


@pytest.mark.parametrize("page", EXAMPLES[::2], ids=lambda page: page.stem)
def test_the_importer_finds_no_fault(page: Path) -> None:
    sheet = read(page)
    package = canvas.export(sheet, ())
    assert not faults(package.files["canvas.zip"])
    assert [t.part for t in package.report] == [p.number for p in backhand.Marker(sheet).parts]


def test_the_rules_find_faults() -> None:
    sheet = worksheet(SMALL + "\n5. How large is $J$?\n   % ask: value J\n")
    made = list(backhand.variants(sheet, 2, seed=4))
    whole = canvas.export(sheet, made).files["canvas.zip"]
    assert not faults(whole)
    for good, bad in (
        ("[b1]", "[b9]"), ("numerical_question", "numeric"), ("<strong>", "<marquee>"),
        ("<selection_number>1", "<selection_number>2"), ("1001,", "7,"), ("imsqti_xmlv1p2", "imsqti"),
        ('ident="root_section"', 'ident="1.2"'), ("</conditionvar>", "</conditionvar><duration/>"),
    ):  # fmt: skip
        assert faults(changed(whole, good, bad)), good


def changed(archive: bytes, good: str, bad: str) -> bytes:
    """The archive with each file's first `good` replaced."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(made, "w") as new:
        texts = {name: old.read(name).decode() for name in old.namelist()}
        assert any(good in text for text in texts.values()), good
        for name, text in texts.items():
            new.writestr(name, text.replace(good, bad, 1))
    return made.getvalue()


def test_a_small_export_as_it_was_read_by_eye() -> None:
    archive = canvas.export(worksheet(SMALL), ()).files["canvas.zip"]
    with zipfile.ZipFile(io.BytesIO(archive)) as file:
        text = "\n".join(f"== {n}\n{file.read(n).decode()}" for n in file.namelist())
    assert agrees(text, "exports/canvas.txt")


def test_variants_stand_in_groups_of_which_one_is_drawn() -> None:
    made = list(backhand.variants(worksheet(SMALL), 3, seed=4))
    archive = canvas.export(worksheet(SMALL), made).files["canvas.zip"]
    assert archive == canvas.export(worksheet(SMALL), made).files["canvas.zip"]
    assert not faults(archive)
    quiz = next(root for root in opened(archive).values() if root.tag == f"{Q}questestinterop")
    groups = [s for s in quiz.iter(f"{Q}section") if s.find(f"{Q}selection_ordering") is not None]
    assert [len(list(g.iter(f"{Q}item"))) for g in groups] == [3, 3, 3, 3]


def test_words_are_words() -> None:
    page = f"# T {HOSTILE}\n\n$$ x = 2 $$\n\n$$ J = x^2 $$\n\n1. Say {HOSTILE}\n   % ask: value J\n"
    assert not faults(canvas.export(worksheet(page), ()).files["canvas.zip"])


@settings(max_examples=50)
@given(st.fractions(max_denominator=64) | st.floats(-1e6, 1e6).filter(lambda x: abs(x) > 1e-9))
def test_what_may_be_typed_is_near_the_number(value: Fraction | float) -> None:
    for text in spellings(value):
        top, _, bottom = text.replace("−", "-").partition("/")
        typed = Fraction(top) / Fraction(bottom or "1")
        assert abs(typed - Fraction(value)) <= abs(Fraction(value)) * Fraction(51, 1000)
    assert float(plain(value)) == pytest.approx(float(value), rel=1e-9, abs=1e-20)
