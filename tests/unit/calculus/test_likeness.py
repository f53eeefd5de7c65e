"""A network beside linear and logistic regression: what its own equations say."""

from __future__ import annotations

import pytest

from backhand import BackhandError, model, network
from backhand.calculus.likeness import likeness
from backhand.reading.questions import understood


@pytest.mark.parametrize(
    ("layers", "loss", "what"),
    [
        ("3 -> 1", "squared_error", "linear regression"),
        ("3 -> 1 sigmoid", "binary_cross_entropy", "logistic regression"),
        ("3 -> 4 softmax", "cross_entropy", "logistic regression of several classes"),
        ("3 -> 2 tanh", "squared_error", "linear regression with tanh after it"),
        ("2 -> 2 relu -> 1 sigmoid", "squared_error", "logistic regression"),
        ("2 -> 5 tanh -> 4 relu -> 3", "squared_error", "linear regression"),
    ],
)
def test_what_the_last_layer_is(layers: str, loss: str, what: str) -> None:
    hidden = layers.count("->") > 1
    found = likeness(network(layers, loss=loss))
    assert found.result == (f"a network whose last layer is {what}" if hidden else what)
    assert ("hidden layer" in found.text()) == hidden


def test_linear_in_what() -> None:
    deep = likeness(network("2 -> 2 relu -> 1 sigmoid")).steps
    flat = likeness(network("2 -> 1")).steps
    linear = [[s.rule for s in each if s.title[0] == "Is "] for each in (deep, flat)]
    assert linear == [["different", "different"], ["similar", "similar"]]
    # Without a nonlinear function between, two layers are linear in the data all the same.
    linear = [s.rule for s in likeness(network("2 -> 3 -> 1")).steps if s.title[0] == "Is "]
    assert linear == ["similar", "different"]


def test_parameters_with_and_without_hidden_layers() -> None:
    text = likeness(network("2 -> 2 relu -> 1 sigmoid")).text()
    assert "1 · (2 + 1) = 3" in text
    assert "6 + 3 = 9" in text


def test_a_model_without_layers_is_told_so() -> None:
    with pytest.raises(BackhandError, match="no layer"):
        likeness(model("x = 2; y = x^2"))


@pytest.mark.parametrize(
    "words",
    [
        "Compare neural networks with linear regression and logistic regression. "
        "How are the models similar and how are they different?",
        "Compare this network to logistic regression.",
        "How does it differ from logistic regression?",
        "In what ways is this model similar to linear regression?",
    ],
)
def test_the_question_is_read(words: str) -> None:
    graph = network("2 -> 2 relu -> 1 sigmoid")
    assert [ask.text for ask in understood(words, graph).asks] == ["compare"]


@pytest.mark.parametrize(
    "words",
    [
        "Compare it with ridge regression.",
        "Compare the two losses.",
        "How do the weights differ?",
        "Compare $a$ with $z$.",
    ],
)
def test_another_comparison_is_reported(words: str) -> None:
    found = understood(words, model("x = 2; w = 1; a = w x; z = relu(a); J = (z - 1)^2"))
    assert not found.asks
    assert found.missed
