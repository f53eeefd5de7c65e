from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from tests.unit.calculus.graphs import given, made, softmax_graph, two_neurons

from backhand.calculus.evaluate import evaluate, settled
from backhand.calculus.forward import forward, trace, value_of
from backhand.errors import AskError
from backhand.expr import Index, apply, number, ref, total
from backhand.graph import Graph, Quantity, Role


def test_the_worked_example() -> None:
    values = trace(two_neurons())
    assert values["a"].tolist() == [3, -2]
    assert values["z"].tolist() == [3, 0]
    assert values["b"].item() == -5
    assert values["yhat"].item() == pytest.approx(1 / (1 + np.exp(5)))
    assert values["J"].item() == pytest.approx((1 - 1 / (1 + np.exp(5))) ** 2)


def test_arithmetic_is_exact_until_a_function_makes_it_real() -> None:
    values = trace(two_neurons())
    assert all(isinstance(x, Fraction) for x in [*values["a"], *values["z"], values["b"].item()])
    assert values["yhat"].dtype == float


def test_fractions_that_grow_without_end_go_on_as_floats() -> None:
    quantities = [given("x_0", Role.DATA, 1.1)]
    quantities += [made(f"x_{n}", ref(f"x_{n - 1}") ** 2) for n in range(1, 40)]
    values = trace(Graph(tuple(quantities)))
    assert values["x_3"].dtype == object
    assert values["x_12"].dtype == float
    assert values["x_12"].item() == pytest.approx(1.1 ** (2**12))


def test_softmax_and_its_loss_do_not_overflow() -> None:
    values = trace(softmax_graph([1000.0, 1001.0, -5000.0], [0, 1, 0]))
    expected = np.array([1 / (1 + np.e), np.e / (1 + np.e), 0.0])
    assert values["p"] == pytest.approx(expected)
    assert values["J"].item() == pytest.approx(np.log(1 + np.exp(-1)))


def test_log_sum_exp_does_not_overflow() -> None:
    index = Index("k", 1, 2)
    graph = Graph(
        (
            given("s", Role.DATA, [1000, 1000]),
            made("L", apply("log", total(index, apply("exp", ref("s", index))))),
        ),
    )
    assert trace(graph)["L"].item() == pytest.approx(1000 + np.log(2))


def test_poles_give_infinities_and_raise_nothing() -> None:
    graph = Graph((given("x", Role.DATA, 0), made("y", 1 / ref("x"))))
    assert np.isinf(trace(graph)["y"].item())


def test_negative_zero_is_shown_as_zero() -> None:
    assert str(settled(np.array([-0.0]))) == "[0.]"


def test_a_repeated_index_takes_the_diagonal() -> None:
    graph = Graph((given("A", Role.DATA, [[1, 2], [3, 4]]),))
    index = Index("j", 1, 2)
    found = evaluate(ref("A", index, index), (index,), graph, trace(graph))
    assert found.tolist() == [1, 4]


def test_large_values_are_worked_in_floats() -> None:
    graph = Graph((given("x", Role.DATA, np.ones(30_000)), made("y", number(2))))
    assert trace(graph)["x"].dtype == float


def test_steps_show_what_comes_before_unless_it_was_shown_earlier() -> None:
    every = value_of(two_neurons(), "b")
    assert [step.rule for step in every.steps] == [
        "bias folded in",
        "matrix product",
        "apply ReLU",
        "bias folded in",
        "matrix product",
    ]
    later = value_of(two_neurons(), "b", earlier={"a", "z"})
    assert [step.rule for step in later.steps] == ["bias folded in", "matrix product"]


def test_the_forward_pass_ends_in_the_objective() -> None:
    assert forward(two_neurons()).value == pytest.approx(0.986659, abs=1e-6)


def test_a_missing_value_is_named() -> None:
    w = Quantity(name="w", axes=(), role=Role.PARAMETER)
    with pytest.raises(AskError, match="y has no value, because w has none"):
        value_of(Graph((w, made("y", ref("w") * 3))), "y")


def test_zero_times_the_log_of_zero_is_zero() -> None:
    index = Index("k", 1, 2)
    graph = Graph(
        (
            given("y", Role.TARGET, [0, 1]),
            given("p", Role.DATA, [0, 1]),
            made("J", -1 * total(index, ref("y", index) * apply("log", ref("p", index)))),
            made("K", -1 * ref("y", 2) * apply("log", ref("p", 1))),
        ),
    )
    assert trace(graph)["J"].item() == 0
    assert trace(graph)["K"].item() == np.inf
