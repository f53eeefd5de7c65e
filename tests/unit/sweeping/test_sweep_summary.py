"""Means and spreads over the seeds, the order of the best, and the table."""

from __future__ import annotations

from dataclasses import replace
from statistics import fmean, stdev

from hypothesis import given
from hypothesis import strategies as st

from backhand.sweeping.choices import Choice
from backhand.sweeping.database import Record
from backhand.sweeping.summary import ranked, table

BLANK = Record("", "moons", "mark", 0.2, "2 -> 1", "accuracy", Choice())


def done(rate: float, seed: int, score: float, loss: float = 1.0) -> Record:
    choice = Choice(learning_rate=rate, seed=seed)
    return replace(
        BLANK, choice=choice, status="done", score=score, loss=loss, seconds=2.0, losses=(loss,)
    )


def failed(rate: float, seed: int) -> Record:
    choice = Choice(learning_rate=rate, seed=seed)
    return replace(BLANK, choice=choice, status="failed", error="DivergenceError: J overflowed")


@given(st.lists(st.floats(-1, 1), min_size=2, max_size=6))
def test_mean_and_spread(scores: list[float]) -> None:
    [group] = ranked(done(0.1, seed, score) for seed, score in enumerate(scores))
    assert group.score == (fmean(scores), stdev(scores))


@given(st.lists(st.lists(st.floats(-1, 1), min_size=1, max_size=3), min_size=1, max_size=8))
def test_the_best_mean_comes_first(scores: list[list[float]]) -> None:
    runs = [done(at, seed, s) for at, each in enumerate(scores) for seed, s in enumerate(each)]
    means = [group.score[0] for group in ranked(runs) if group.score]
    assert means == sorted(map(fmean, scores), reverse=True)


def test_settings_that_failed_with_a_seed_come_after_those_that_never_did() -> None:
    runs = [done(0.1, 0, 0.5), done(0.1, 1, 0.5), done(9.0, 0, 0.9), failed(9.0, 1)]
    runs += [failed(99.0, 0), failed(99.0, 1)]
    assert [g.runs[0].choice.learning_rate for g in ranked(runs)] == [0.1, 9.0, 99.0]
    assert [g.failed for g in ranked(runs)] == [0, 1, 2]


def test_equal_scores_are_ordered_by_loss() -> None:
    runs = [done(0.1, 0, 0.5, loss=0.9), done(0.2, 0, 0.5, loss=0.2)]
    assert [g.runs[0].choice.learning_rate for g in ranked(runs)] == [0.2, 0.1]


def test_the_table() -> None:
    runs = [done(0.1, 0, 0.5), done(0.1, 1, 1.0), done(0.01, 0, 0.25), failed(0.01, 1)]
    runs.append(replace(BLANK, choice=Choice(learning_rate=3.0)))
    assert table(runs).splitlines() == [
        "moons: 5 runs (3 done, 1 failed, 1 waiting), 0.2 of the points held out",
        "",
        "   accuracy     loss   seeds  s a run  network  learning_rate",
        "1  0.75 ± 0.35  1 ± 0  2/2    2        2 -> 1   0.1",
        "2  0.25         1      1/2    2        2 -> 1   0.01",
        "3  –            –      0/1    –        2 -> 1   3",
        "",
        "failed:",
        "  2 -> 1, sgd, learning rate 0.01, seed 1: DivergenceError: J overflowed",
    ]


def test_a_short_table_says_that_there_is_more() -> None:
    runs = [done(rate, 0, 0.5) for rate in (0.1, 0.2, 0.3)]
    assert table(runs, 1).splitlines()[-1] == "and 2 more"
    runs = [failed(0.1, seed) for seed in range(5)]
    assert table(runs).splitlines()[-1] == "  and 2 more"


def test_each_data_set_has_a_table_of_its_own() -> None:
    other = replace(done(0.1, 0, 0.5), data="digits", fingerprint="other")
    text = table([done(0.1, 0, 0.5), other])
    assert [part.split(":")[0] for part in text.split("\n\n")[::2]] == ["moons", "digits"]
    assert table([]) == "no runs are recorded"
