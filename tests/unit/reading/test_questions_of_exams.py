"""Questions as exams put them: read as meant or reported, never read as something else."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from backhand.graph import Graph
from backhand.reading.meaning import model
from backhand.reading.questions import understood

sys.path.insert(0, str(Path(__file__).parent))
from paraphrases import GRAPHS
from paraphrases_of_exams import NEURON, READ, REPORTED

MODELS: dict[str, Graph] = {k: model(v) for k, v in (*GRAPHS.items(), ("neuron", NEURON))}


@pytest.mark.parametrize(("graph", "words", "asks"), READ)
def test_each_is_read_as_meant(graph: str, words: str, asks: tuple[str, ...]) -> None:
    found = understood(words, MODELS[graph])
    assert (tuple(ask.text for ask in found.asks), found.missed) == (asks, "")


@pytest.mark.parametrize(("graph", "words"), REPORTED)
def test_what_cannot_be_read_is_reported(graph: str, words: str) -> None:
    found = understood(words, MODELS[graph])
    assert not found.asks, [ask.text for ask in found.asks]
    assert found.missed
