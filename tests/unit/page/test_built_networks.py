"""Networks built by a click read back to the same graph; edited numbers are written into the page."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.page.asking import EXAMPLE

import backhand
from backhand.compositions import COMPOSITIONS
from backhand.errors import MeaningError
from backhand.page.bodies import LayerSpec
from backhand.page.editing import edited, rewritten
from backhand.page.networks import page_of
from backhand.reading.document import worksheet
from backhand.values import floats

ROOT = Path(__file__).parents[3]
HIDDEN = st.builds(LayerSpec, st.integers(1, 4), st.sampled_from(["relu", "tanh", "softmax", ""]))
LOSSES = [name for name, entry in COMPOSITIONS.items() if entry.target_first]


@settings(max_examples=12, deadline=None)
@given(
    st.builds(LayerSpec, st.integers(1, 4), st.just("")),
    st.lists(HIDDEN, min_size=1, max_size=4),
    st.sampled_from(LOSSES),
    st.integers(0, 9),
)
def test_a_built_page_reads_back_to_the_network(
    first: LayerSpec, others: list[LayerSpec], loss: str, seed: int
) -> None:
    layers = [first, *others]
    text = " -> ".join(f"{each.width} {each.activation}".strip() for each in layers)
    plain = backhand.network(text, loss=loss, seed=seed)
    read = worksheet(page_of(layers, loss, seed))
    assert read.graph == plain.with_values(
        **{q.name: floats(read.graph[q.name].value) for q in plain if q.value is not None}
    )
    for quantity in plain:
        if quantity.value is not None:
            there = floats(read.graph[quantity.name].value)
            assert np.abs(there - floats(quantity.value)).max() <= 0.0051
    if "binary" not in loss and loss != "cross_entropy":  # log of what may be negative
        assert len(read.solve().answers) == len(read.questions)


NUMBERS = st.floats(-1e6, 1e6).map(lambda x: round(x, 4)) | st.floats(-1e-3, 1e-3)


@settings(max_examples=15, deadline=None)
@given(st.lists(NUMBERS, min_size=2, max_size=2), st.lists(NUMBERS, min_size=6, max_size=6))
def test_edited_numbers_are_written_into_the_page(x: list[float], weights: list[float]) -> None:
    values = {"x": tuple(x), "W_1": tuple(weights)}
    sheet = worksheet(EXAMPLE)
    again = worksheet(rewritten(sheet, values))
    assert again.graph == edited(sheet.graph, values)
    assert len(again.source.split("\n")) == len(sheet.source.split("\n"))


def test_numbers_that_did_not_change_stay_as_they_were_written() -> None:
    page = "$$ x = [\\frac{1}{2}; 0.50; 3] $$"
    assert rewritten(worksheet(page), {"x": (0.5, 0.5, 4.0)}) == page.replace("3", "4")
    assert rewritten(worksheet(EXAMPLE), {"x": (2.0, 5.0)}) == EXAMPLE.replace("\r\n", "\n")


def test_of_several_points_the_first_is_edited() -> None:
    page = "$$ x^{(1)} = 1, x^{(2)} = 2, w = 3 $$\n\n$$ y = w x $$"
    sheet = worksheet(page)
    assert rewritten(sheet, {"x": (5.0,)}) == page.replace("= 1", "= 5")


def test_a_number_of_a_large_matrix_is_edited() -> None:
    page = page_of([LayerSpec(100, ""), LayerSpec(90, "relu"), LayerSpec(2, "")], "SE", 0)
    sheet = worksheet(page)
    weights = floats(sheet.graph["W_1"].value).ravel()
    weights[-1] = 7.5
    again = worksheet(rewritten(sheet, {"W_1": tuple(weights.tolist())}))
    assert floats(again.graph["W_1"].value).ravel().tolist() == weights.tolist()


@pytest.mark.parametrize(
    ("page", "values"),
    [
        ("x = [2; 5]; y = x_1", {"x": (1.0,)}),
        ("x = [2; 5]; y = x_1", {"y": (1.0,)}),
        ("x ∈ R^2; y = x_1", {"x": (1.0, 2.0)}),
        ("x = 2; y = x", {"q": (1.0,)}),
    ],
)
def test_numbers_that_stand_nowhere_are_refused(
    page: str, values: dict[str, tuple[float, ...]]
) -> None:
    with pytest.raises(MeaningError):
        rewritten(worksheet(page), values)
