"""Questions: every paraphrase is read as its author meant it, and nothing is guessed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from backhand.graph import Graph
from backhand.reading.meaning import model
from backhand.reading.questions import understood

sys.path.insert(0, str(Path(__file__).parent))
from paraphrases import GRAPHS, READ, REPORTED

MODELS: dict[str, Graph] = {name: model(text) for name, text in GRAPHS.items()}


@pytest.mark.parametrize(("graph", "words", "asks"), READ)
def test_paraphrases_are_read(graph: str, words: str, asks: tuple[str, ...]) -> None:
    found = understood(words, MODELS[graph])
    assert (tuple(ask.text for ask in found.asks), found.missed) == (asks, "")


@pytest.mark.parametrize(("graph", "words"), REPORTED)
def test_what_cannot_be_read_is_reported(graph: str, words: str) -> None:
    found = understood(words, MODELS[graph])
    assert not found.asks, [ask.text for ask in found.asks]
    assert found.missed
