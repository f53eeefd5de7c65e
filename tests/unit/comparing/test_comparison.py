"""Whole comparisons: what is concluded, what is written, and that nothing is said without evidence."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from itertools import combinations
from xml.etree import ElementTree

import numpy as np
import pytest
from tests.unit.comparing.tables import circles, clouds, corners, noise, three, wave

from backhand.comparing import page, record, terminal
from backhand.comparing.comparison import Comparison, compare
from backhand.comparing.findings import answer, method, reasons
from backhand.comparing.intervals import Interval
from backhand.comparing.plane import COLUMNS, ROWS, plane
from backhand.comparing.scores import Difference, differences
from backhand.comparing.task import task_of

HIDDEN = ["8 tanh"]


@pytest.fixture(scope="module")
def ring() -> Comparison:
    return compare(circles(), "ring", hidden=HIDDEN, epochs=300, folds=4)


@pytest.fixture(scope="module")
def apart() -> Comparison:
    return compare(clouds(), "clouds", hidden=HIDDEN, epochs=150, folds=4)


@pytest.fixture(scope="module")
def kinds() -> Comparison:
    return compare(three(), "kinds", hidden=HIDDEN, epochs=60, folds=3)


@pytest.fixture(scope="module")
def price() -> Comparison:
    return compare(noise(), "price.csv", hidden=["32 relu"], epochs=400, folds=4)


@pytest.fixture(scope="module")
def curve() -> Comparison:
    return compare(wave(), "wave", hidden=HIDDEN, epochs=400, folds=4)


@pytest.fixture(scope="module")
def gate() -> Comparison:
    return compare(corners(0, 1, 1, 0), "xor", hidden=HIDDEN, epochs=600)


ALL = ["ring", "apart", "kinds", "price", "curve", "gate"]


# ---- what is concluded -------------------------------------------------------------------------


def test_the_network_wins_where_no_line_will_do(ring: Comparison) -> None:
    linear, logistic, net = (each.score for each in ring.models)
    assert linear
    assert logistic
    assert net
    assert net.interval.low > max(linear.interval.high, logistic.interval.high)
    assert answer(ring).startswith("The network 8 tanh wins on ring: accuracy ")
    said = " ".join(reasons(ring))
    assert "No line separates the two classes" in said
    assert "what holds it back is a boundary that is a line" in said
    assert [each.facts.straight for each in ring.models] == [True, True, False]


def test_logistic_regression_ties_where_a_line_separates(apart: Comparison) -> None:
    assert answer(apart).startswith(
        "Logistic regression ties with the network on clouds: accuracy 1.000"
    )
    assert "It does so with 3 parameters instead of 33." in answer(apart)
    assert "A line separates the two classes" in " ".join(reasons(apart))


def test_linear_regression_wins_where_a_network_learns_noise(price: Comparison) -> None:
    assert answer(price).startswith("Linear regression wins on price.csv: R²")
    said = " ".join(reasons(price))
    assert "doesn't carry over" in said
    assert "Logistic regression isn't here" in said
    net = price.models[1]
    assert net.score
    assert net.score.training > price.models[0].score.training  # type: ignore[union-attr]


def test_a_curve_needs_a_bend(curve: Comparison) -> None:
    assert answer(curve).startswith("The network 8 tanh wins on wave: R²")
    assert "what holds it back is that it can't bend" in " ".join(reasons(curve))


def test_four_points_can_t_be_held_out(gate: Comparison) -> None:
    assert answer(gate).startswith("On xor no points can be held out: 4 are too few.")
    assert [each.on_training for each in gate.models][2] == 1
    assert max(each.on_training for each in gate.models[:2]) <= 0.75
    assert not gate.differences
    assert all(each.score is None for each in gate.models)


def test_within_the_intervals_nothing_wins(ring: Comparison) -> None:
    """The same means with wider intervals are a tie."""
    wide = tuple(
        replace(d, interval=replace(d.interval, low=-1.0, high=1.0)) for d in ring.differences
    )
    said = answer(replace(ring, differences=wide))
    assert "wins" not in said
    assert "within chance" in said
    assert "what holds it back" not in " ".join(reasons(replace(ring, differences=wide)))


def test_a_worse_network_isn_t_called_a_tie(ring: Comparison) -> None:
    turned = tuple(
        Difference(d.worse, d.better, d.interval) if "network" in d.better else d
        for d in ring.differences
    )
    assert answer(replace(ring, differences=turned)).startswith("Logistic regression wins")


def test_differences_are_those_of_the_scores_on_the_same_splits(ring: Comparison) -> None:
    scores = [each.score for each in ring.models if each.score]
    found = differences(scores, 1 / 3)
    assert len(found) == len(list(combinations(scores, 2)))
    for each in found:
        by_name = {s.name: np.array(s.each) for s in scores}
        apart = by_name[each.better] - by_name[each.worse]
        assert each.interval.mean == pytest.approx(apart.mean())
        assert each.interval.mean >= 0
        assert each.beyond == (each.interval.low > 0)
    assert not Difference("a", "b", Interval(0.1, 0.0, 0.2)).beyond


def test_training_reached_the_least_squares(ring: Comparison, price: Comparison) -> None:
    for found in (ring, price):
        least = found.least_squares
        assert least.least <= least.reached + 1e-9
        assert least.reached == pytest.approx(least.least, rel=0.02)


@pytest.mark.no_cover
def test_the_same_seed_gives_the_same_comparison(ring: Comparison) -> None:
    again = compare(circles(), "ring", hidden=HIDDEN, epochs=300, folds=4)
    assert page.document(again) == page.document(ring)
    other = compare(circles(), "ring", hidden=HIDDEN, epochs=300, folds=4, seed=1)
    assert record.document(other) != record.document(ring)


# ---- pictures ----------------------------------------------------------------------------------


def test_a_linear_model_s_boundary_is_a_line_and_a_network_s_isn_t(ring: Comparison) -> None:
    found = ring.plane
    assert found is not None
    assert found.share is None
    for at, model in enumerate(ring.models):
        assert found.decided[at].shape == (ROWS, COLUMNS)
        # The score is affine: its second differences over the grid are 0.
        margin = found.margins[at][0]
        score = np.log((margin + 0.5) / (0.5 - margin)) if at else margin
        bent = np.abs(np.diff(score, 2, axis=1)).max() > 1e-6
        assert bent == (not model.facts.straight)


def test_more_features_are_shown_on_their_principal_components(kinds: Comparison) -> None:
    decomposition = pytest.importorskip("sklearn.decomposition")
    assert kinds.plane is not None
    X = kinds.task.X
    found = decomposition.PCA(2).fit((X - X.mean(0)) / X.std(0))
    assert kinds.plane.share == pytest.approx(found.explained_variance_ratio_.sum())
    assert "two principal components" in page.document(kinds)
    for margins, decided in zip(kinds.plane.margins, kinds.plane.decided, strict=True):
        assert np.array_equal(margins.argmax(axis=0), decided)


def test_no_picture_where_two_components_say_little(kinds: Comparison) -> None:
    rng = np.random.default_rng(0)
    table = replace(clouds(), features=rng.normal(size=(80, 12)), columns=tuple("abcdefghijkl"))
    assert plane(task_of(table, "t"), (), 0) is None
    assert "Where each decides" in page.document(kinds)
    assert "Where each decides" not in page.document(replace(kinds, plane=None))


# ---- what is written ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", ALL)
def test_the_terminal_has_80_columns(name: str, request: pytest.FixtureRequest) -> None:
    text = terminal.document(request.getfixturevalue(name))
    assert max(map(len, text.splitlines())) <= 80
    for part in ("The models", "What they share", "Where they differ", "How", "parameters"):
        assert part in text


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("src", "href")]


@pytest.mark.parametrize("name", ALL)
def test_the_page_is_whole_and_needs_nothing_else(
    name: str, request: pytest.FixtureRequest
) -> None:
    found: Comparison = request.getfixturevalue(name)
    text = page.document(found)
    tags = Tags()
    tags.feed(text)
    assert not {"script", "link", "img", "iframe"} & set(tags.seen)
    assert not tags.links
    assert answer(found) in text
    for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        ElementTree.fromstring(svg)
        assert "nan" not in svg.lower()
        assert not re.search(r"\binf", svg)


def test_every_model_has_its_picture(
    ring: Comparison, curve: Comparison, price: Comparison
) -> None:
    for found, title in (
        (ring, "Decision boundary of"),
        (curve, "height by"),
        (price, "against its prediction by"),
    ):
        text = page.document(found)
        assert text.count(title) == len(found.models)
        assert text.count("<title>Training of") == len(found.models)


def test_names_from_the_data_are_escaped() -> None:
    table = replace(clouds(), labels=("<b>", "&"), columns=("<script>", "b"), name="y<i>")
    text = page.document(compare(table, "<u>", hidden=HIDDEN, epochs=5, folds=2))
    assert not re.search(r"<(b|script|i|u)>", text)
    assert "&lt;script&gt;" in text


@pytest.mark.parametrize("name", ALL)
def test_the_record_holds_the_numbers(name: str, request: pytest.FixtureRequest) -> None:
    found: Comparison = request.getfixturevalue(name)
    said = json.loads(record.document(found))
    assert said["answer"] == answer(found)
    assert said["method"] == list(method(found))
    for model, kept in zip(said["models"], found.models, strict=True):
        assert model["parameters"] == kept.facts.parameters
        assert model["convexity"]["convex"] == ("no" if "network" in model["name"] else "yes")
        assert (model["convexity"]["swap"] is None) == (model["convexity"]["convex"] == "yes")
        assert model["convexity"]["steps"]
        if kept.score:
            assert model["held_out"]["each"] == list(kept.score.each)
            assert np.mean(model["held_out"]["each"]) == pytest.approx(model["held_out"]["mean"])
