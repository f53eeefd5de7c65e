"""Questions: every paraphrase is read as its author meant it, and nothing is guessed."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from backhand.calculus.answer import answer
from backhand.graph import Graph
from backhand.reading.claims import claim
from backhand.reading.meaning import model
from backhand.reading.questions import understood

sys.path.insert(0, str(Path(__file__).parent))
from paraphrases import GRAPHS, LATER_READ, LATER_REPORTED, READ, REPORTED

MODELS: dict[str, Graph] = {name: model(text) for name, text in GRAPHS.items()}


@pytest.mark.parametrize(("graph", "words", "asks"), READ + LATER_READ)
def test_paraphrases_are_read(graph: str, words: str, asks: tuple[str, ...]) -> None:
    found = understood(words, MODELS[graph])
    assert (tuple(ask.text for ask in found.asks), found.missed) == (asks, "")


@pytest.mark.parametrize(("graph", "words"), REPORTED + LATER_REPORTED)
def test_what_cannot_be_read_is_reported(graph: str, words: str) -> None:
    found = understood(words, MODELS[graph])
    assert not found.asks, [ask.text for ask in found.asks]
    assert found.missed


@pytest.mark.parametrize(("graph", "words", "asks"), READ + LATER_READ)
def test_what_is_read_can_be_answered(graph: str, words: str, asks: tuple[str, ...]) -> None:
    for ask in understood(words, MODELS[graph]).asks:
        if ask.verb == "check":
            ask = replace(ask, claim=claim(ask.words[0], base=MODELS[graph]))
        assert answer(MODELS[graph], ask).answer, asks


@pytest.mark.parametrize(
    "words",
    [
        "",
        "?",
        "$",
        "$$?",
        "What is $?",
        "<N0> <D7>",
        "What is <N5>?",
        "What is $a$ < $b$?",
        "What is " + "$x$, " * 900,
        "?" * 4999,
        "What is " + "derivative of the " * 200,
        "in terms of " * 300 + "?",
        "(" * 4000 + "?",
    ],
)
def test_hostile_words_are_reported(words: str) -> None:
    found = understood(words, MODELS["network"])
    assert not found.asks
    assert found.missed
