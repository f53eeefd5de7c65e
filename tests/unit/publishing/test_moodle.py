"""Moodle files keep the importer's rules, hold every part once, and pass on no command of the page."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.goldens import agrees
from tests.moodle_rules import faults

import backhand
from backhand.publishing import moodle
from backhand.publishing.maxima import entry_symbols, identifier
from backhand.reading.document import read, worksheet

EXAMPLES = sorted((Path(__file__).parents[3] / "examples").glob("*.md"))
SMALL = """# Two units

$$ x = [2; 1] $$

$$ W = [[1, -1], [2, 1]] $$

$$ a = W x $$

$$ z = relu(a) $$

$$ J = z_1^2 + z_2 $$

1. What goes in?
   % ask: value a

2. What comes out?
   % ask: value z

3. How does $J$ change with $z_1$?
   % ask: local J z[1] in z

4. Draw it.
   % ask: draw
"""
HOSTILE = (
    "<script>alert(1)</script> <img src=x onerror=alert(1)> ]]> [[input:ans1]] [[feedback:prt1]] "
    "{@system(1)@} {#x#} \\input{/etc/passwd} &amp; \x01 $x^2$"
)


@pytest.mark.parametrize("page", EXAMPLES, ids=lambda page: page.stem)
def test_the_importer_finds_no_fault(page: Path) -> None:
    sheet = read(page)
    package = moodle.export(sheet, ())
    assert not faults(package.files["moodle.xml"])
    parts = [told.part for told in package.report]
    assert parts == [part.number for part in backhand.Marker(sheet).parts]


def test_the_rules_find_faults() -> None:
    xml = moodle.export(worksheet(SMALL), ()).files["moodle.xml"].decode()
    assert not faults(xml.encode())
    for good, bad in (
        ("[[input:ans1]]", "[[input: ans1]]"), ("<answertest>AlgEquiv", "<answertest>Alike"),
        ("<falsenextnode>1<", "<falsenextnode>0<"), ("prt1-2-F<", "prt1-1-F<"),
        ('type="essay"', 'type="drawing"'), ("$course$", "course"), ("symi", "none"),
        ("<tans>q__a<", "<tans><"), ("<testoptions>0.000000001<", "<testoptions><"),
        ("t__right: q__a;", "ans1: q__a;"),
    ):  # fmt: skip
        assert good in xml
        assert faults(xml.replace(good, bad, 1).encode()), good


def test_a_small_export_as_it_was_read_by_eye() -> None:
    xml = moodle.export(worksheet(SMALL), ()).files["moodle.xml"].decode()
    assert agrees(xml, "exports/moodle.xml")


def test_variants_are_questions_of_one_category() -> None:
    sheet = worksheet(SMALL)
    made = list(backhand.variants(sheet, 3, seed=4))
    package = moodle.export(sheet, made)
    again = moodle.export(sheet, list(backhand.variants(sheet, 3, seed=4)))
    assert package.files == again.files
    root = fromstring(package.files["moodle.xml"])
    kinds = [q.get("type") for q in root]
    assert kinds == ["category", "stack", "stack", "stack", "category", "essay", "essay", "essay"]
    assert not faults(package.files["moodle.xml"])
    texts = {q.findtext("questionvariables/text") for q in root if q.get("type") == "stack"}
    assert len(texts) == 3


def test_words_are_words() -> None:
    page = (
        f"# T {HOSTILE}\n\n$$ x = 2 $$\n\n$$ J = x^2 $$\n\nWords {HOSTILE}\n\n"
        f"1. Say {HOSTILE}\n   % ask: value J\n"
    )
    xml = moodle.export(worksheet(page), ()).files["moodle.xml"]
    assert not faults(xml)
    said = fromstring(xml).findtext("question[@type='stack']/questiontext/text") or ""
    assert "<script" not in said
    assert "<img" not in said
    assert "{@" not in said
    assert "{#" not in said
    assert re.findall(r"\[\[\w+:\w+\]\]", said) == [
        "[[input:ans1]]", "[[validation:ans1]]", "[[feedback:prt1]]",
    ]  # fmt: skip


@settings(max_examples=50)
@given(st.text(min_size=1, max_size=12), st.text(min_size=1, max_size=12))
def test_different_names_stay_different(left: str, right: str) -> None:
    assert re.fullmatch(r"[A-Za-z]\w*", identifier(left), re.ASCII)
    assert (identifier(left) == identifier(right)) == (left == right)


NAMES = st.text("xyW_12e", min_size=1, max_size=6)


@settings(max_examples=50)
@given(st.lists(NAMES, min_size=2, max_size=2, unique=True))
def test_alike_names_stay_different(pair: list[str]) -> None:
    assert identifier(pair[0]) != identifier(pair[1])


def test_entries_stay_different_from_names() -> None:
    graph = backhand.model("z = [1; 2]; z_1 = 5; y = 2 z")
    symbols = entry_symbols(graph)
    assert len(set(symbols.values())) == len(symbols)
    assert symbols["z", (2,)] == "z_2"
    assert symbols["z_1", ()] == "z_1"
    assert symbols["z", (1,)] == "z__1"
