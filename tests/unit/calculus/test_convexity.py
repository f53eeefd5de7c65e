"""Verdicts on convexity: what networks need, the grounds they rest on, and that none is wrong."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.curvature_values import ARRAYS, entries, value
from tests.unit.calculus.graphs import two_neurons

from backhand.calculus.convexity import chord, convexity
from backhand.calculus.curvature import implied
from backhand.errors import AskError, MeaningError
from backhand.expr import Expr, apply, compare, number, power, ref
from backhand.functions import TABLE, Interval
from backhand.graph import Graph, Quantity, Role
from backhand.reading.meaning import model
from backhand.working import Verdict

X, Y = ref("x"), ref("y")
LOGISTIC = "x = [2; 5]; y = 1; w in R^2; z = w^T x; p = sigmoid(z); "


def one(text: str, by: str = "", **domain: Interval) -> Verdict:
    graph = model(text)
    return convexity(graph, "J" if "J" in graph else "f", by.split(), domain)


def of_xy(definition: Expr) -> Graph:
    """f of the two numbers x and y."""
    free = (Quantity(name=name, axes=(), role=Role.DATA) for name in "xy")
    f = Quantity(name="f", axes=(), role=Role.INTERMEDIATE, definition=definition)
    return Graph((*free, f))


# ---- what networks need ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "loss",
    [
        "J = -y log p - (1 - y) log(1 - p)",
        "J = BCE(y, p)",
        "J = softplus(z) - y z",
        "J = BCE(y, p) + 1/2 * norm(w)^2",
        "J = log(1 + exp(-(2y - 1) z))",
        "J = relu(1 - (2y - 1) z)",
        "J = (y - z)^2",
    ],
)
def test_losses_of_linear_models_are_convex_in_the_weights(loss: str) -> None:
    assert one(LOGISTIC + loss, "w").verdict == "convex"


def test_the_working_of_logistic_regression_goes_through_the_score() -> None:
    working = one(LOGISTIC + "J = -y log p - (1 - y) log(1 - p)", "w").working
    text = working.text()
    assert "z is affine" in text
    assert "d²φ/dz² = σ(z) (1 − σ(z))" in text
    assert [step.rule for step in working.steps][-1] == (
        "function with a nowhere negative second derivative"
    )


def test_cross_entropy_is_convex_whatever_the_target() -> None:
    text = (
        "x in R^3; y in R; w in R^3; z = w^T x; p = sigmoid(z); J = -y log p - (1 - y) log(1 - p)"
    )
    assert one(text, "w").verdict == "convex"


def test_a_thousand_points_are_one_family() -> None:
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(300, 4)).round(1), rng.integers(0, 2, 300)
    text = f"X = {X.tolist()}; y = {y.tolist()}; w in R^4; z = X w; p = sigmoid(z); J = BCE(y, p)"
    found = one(text, "w")
    assert found.verdict == "convex"
    assert len(found.working.steps) < 15


def test_softmax_regression_is_convex_and_squared_error_through_a_sigmoid_is_not() -> None:
    text = "x = [1; 2]; y = [1; 0; 0]; W in R^{3x2}; s = W x; p = softmax(s); J = CE(y, p)"
    assert one(text, "W").verdict == "convex"
    assert one(LOGISTIC + "J = (y - p)^2", "w").verdict == "neither"


def test_two_hidden_units_change_places() -> None:
    graph = two_neurons()
    found = convexity(graph, "J")
    assert found.verdict == "neither"
    assert found.witness is not None
    swap = found.witness["swap"]
    # Rows of W_1 and columns of W_2, but not the biases of the output, change places.
    W_1, W_2 = (np.array(swap["x1"][name]) for name in ("W_1", "W_2"))
    assert np.array_equal(swap["x2"]["W_1"], W_1[::-1])
    assert np.array_equal(swap["x2"]["W_2"], W_2[:, [0, 2, 1]])

    def objective(weights: dict[str, Any]) -> float:
        return float(graph.forward(weights).value)  # type: ignore[arg-type]

    middle = {n: (np.array(swap["x1"][n]) + np.array(swap["x2"][n])) / 2 for n in ("W_1", "W_2")}
    assert np.array_equal(middle["W_1"][0], middle["W_1"][1])
    assert objective(swap["x1"]) == pytest.approx(objective(swap["x2"]), rel=1e-12)
    assert objective(swap["x1"]) == pytest.approx(swap["right"])
    assert objective(middle) == pytest.approx(swap["left"])
    assert objective(middle) > objective(swap["x1"]) + 1e-3
    assert "rows 1 and 2 of W_1 and columns 1 and 2 of W_2" in found.reason
    assert "symmetry of hidden units" in [step.rule for step in found.working.steps]
    plain = found.witness["not convex"]
    ends = [objective(plain[key]) for key in ("x1", "x2")]
    mixed = {n: (np.array(plain["x1"][n]) + np.array(plain["x2"][n])) / 2 for n in ("W_1", "W_2")}
    assert plain["alpha"] == 0.5
    assert objective(mixed) > sum(ends) / 2


def test_units_that_a_given_matrix_tells_apart_do_not_change_places() -> None:
    text = "x = 1; y = 1; v = [1; 2]; w in R^2; z = relu(w * x); b = v^T z; J = (y - b)^2"
    found = one(text, "w")
    assert found.verdict in ("convex", "neither", "not decided")
    assert "swap" not in (found.witness or {})


def test_the_objective_over_several_points_is_the_mean() -> None:
    graph = model("x^(1) = 1; x^(2) = -2; y^(1) = 1; y^(2) = 0; w in R; J = (y - w x)^2")
    assert graph.point_count == 2
    assert convexity(graph, "J", ["w"]).verdict == "convex"


# ---- the question ------------------------------------------------------------------------------


def test_everything_without_a_value_varies_unless_it_is_said() -> None:
    assert one("x in R; y in R; f = x y").verdict == "neither"
    assert one("x in R; y in R; f = x y", "x").verdict == "affine"
    assert one("x in R; y in R; f = x^2 y", "x", y=Interval(0, 9)).verdict == "convex"
    assert one("x in R; c = 3; f = c x^2").verdict == "convex"
    assert one("x in R; c = -3; f = c x^2").verdict == "concave"


def test_a_constant_without_a_value_may_be_anything() -> None:
    found = one("x in R; y in R; f = x^2 y", "x")
    assert found.verdict == "neither"
    assert found.witness is not None
    assert (
        found.witness["not convex"]["given"]["y"] < 0 < found.witness["not concave"]["given"]["y"]
    )


def test_domains_decide() -> None:
    text = "x in R; f = x^3"
    assert one(text).verdict == "neither"
    assert one(text, x=Interval(0, math.inf)).verdict == "convex"
    assert one(text, x=Interval(-math.inf, 0)).verdict == "concave"
    assert one("x in R; f = log(x) + 1/x").verdict == "neither"
    assert one("x in R; f = -log(x) + 1/x").verdict == "convex"
    assert (
        implied(apply("log", 3 - X), power(X, Fraction(1, 2)))[X]
        == implied(apply("sqrt", X), apply("log", 3 - X))[X]
    )


@pytest.mark.parametrize(
    ("text", "of", "by", "error"),
    [
        ("x in R^2; f = 2x", "f", [], AskError),
        ("x = 1; f = 2x", "x", [], AskError),
        ("x = 1; f = 2x", "f", [], AskError),
        ("x in R; f = 2x", "f", ["f"], AskError),
        ("x in R; f = 2x", "g", [], MeaningError),
        ("x in R; f = 2x", "f", ["q"], MeaningError),
    ],
)
def test_a_question_that_makes_no_sense_says_so(
    text: str, of: str, by: list[str], error: type[Exception]
) -> None:
    with pytest.raises(error):
        convexity(model(text), of, by)


def test_an_empty_domain_is_an_error() -> None:
    with pytest.raises(AskError, match="empty"):
        one("x in R; f = x", x=Interval(2, 1))


def test_what_has_no_rule_is_not_decided() -> None:
    found = convexity(model("f: R -> R; x in R; y = f(x)"), "y", ["x"])
    assert found.verdict == "not decided"
    assert found.witness is None


def test_a_verdict_is_ready_for_json() -> None:
    for graph in (model("x in R^2; f = x_1 x_2 + exp(x_1)"), two_neurons()):
        found = convexity(graph, "f" if "f" in graph else "J")
        said = json.loads(json.dumps(found.witness))
        assert {"x1", "x2", "alpha", "left", "right"} <= set(said["not convex"])


def test_the_same_question_has_the_same_answer() -> None:
    first, second = (convexity(two_neurons(), "J") for _ in range(2))
    assert first.witness == second.witness
    assert first.working.text() == second.working.text()


# ---- rules -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("f", "rule"),
    [
        ("log(exp(x) + exp(y))", "logarithm of a log-convex function"),
        ("sqrt(x^2 + y^2)", "norm"),
        ("max(x, y)", "maximum of convex functions"),
        ("relu(x) + relu(-y)", "sum of convex functions"),
        ("exp(x + y)", "exponential of an affine function"),
        ("x^2 - x y + y^2", "quadratic with a positive semidefinite Hessian"),
        ("(x^2 + 1)^2 - 2x^2 + y", "function with a nowhere negative second derivative"),
        ("x^4 + x^2 y^2 + y^4", "function with a positive semidefinite Hessian"),
    ],
)
def test_the_rule_is_named(f: str, rule: str) -> None:
    found = one(f"x in R; y in R; f = {f}")
    assert (found.verdict, found.working.steps[-1].rule) == ("convex", rule)
    assert rule in found.reason


def test_a_bounded_domain_is_cut_into_pieces() -> None:
    text = "x in R; f = x^2/2 - cos(x)/2 + sin(x)/3"
    assert one(text, x=Interval(-1, 1)).verdict == "convex"
    assert one("x in R; f = sin(x) + x^2/4").verdict == "neither"


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-3, 3), min_size=6, max_size=6))
def test_a_quadratic_is_what_its_eigenvalues_say(numbers: list[int]) -> None:
    a, b, c, d, e, f = numbers
    matrix = np.array([[2 * a, b, d], [b, 2 * c, e], [d, e, 2 * f]])
    entry = [ref("v", n) for n in (1, 2, 3)]
    x, y, z = entry
    form = a * x**2 + b * x * y + c * y**2 + d * x * z + e * y * z + f * z**2 + 2 * x
    quantity = Quantity(name="f", axes=(), role=Role.INTERMEDIATE, definition=form)
    from backhand.graph import axes

    graph = Graph((Quantity(name="v", axes=axes(3), role=Role.DATA), quantity))
    low, *_, high = np.linalg.eigvalsh(matrix)
    sides = (low > -1e-9, high < 1e-9)
    truth = {(True, True): "affine", (True, False): "convex", (False, True): "concave"}
    assert convexity(graph, "f").verdict == truth.get(sides, "neither")


# ---- never wrong -------------------------------------------------------------------------------


UNARY = sorted(name for name, f in TABLE.items() if f.arity == 1)


def functions_of_two() -> st.SearchStrategy[Expr]:
    leaf = st.sampled_from(
        [X, Y, X - Y, 2 * X + Y, 1 - X, number(2), number(-1), number(Fraction(1, 2))]
    )
    exponents = st.sampled_from([2, 3, -1, -2, Fraction(1, 2), Fraction(3, 2), Fraction(-1, 2)])

    def grow(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        pairs = st.tuples(inner, inner)
        return st.one_of(
            pairs.map(lambda p: p[0] + p[1]),
            pairs.map(lambda p: p[0] * p[1]),
            pairs.map(lambda p: apply("max", *p)),
            pairs.map(lambda p: apply("min", *p)),
            pairs.map(lambda p: compare(p[0], ">", p[1])),
            inner.map(lambda e: -e),
            st.tuples(st.sampled_from(UNARY), inner).map(lambda p: apply(*p)),
            st.tuples(inner, exponents)
            .filter(lambda p: p[0] is not number(0))
            .map(lambda p: power(*p)),
        )

    return st.recursive(leaf, grow, max_leaves=4)


LIMITS = st.sampled_from([(-math.inf, math.inf), (0, math.inf), (-math.inf, 0), (0, 1), (-1, 2)])


@settings(deadline=None, max_examples=250)
@given(functions_of_two(), LIMITS, LIMITS)
def test_no_sampled_chord_contradicts_a_verdict(
    f: Expr, x: tuple[float, float], y: tuple[float, float]
) -> None:
    found = convexity(of_xy(f), "f", ["x", "y"], {"x": Interval(*x), "y": Interval(*y)})
    rng = np.random.default_rng(0)

    def points(low: float, high: float) -> Any:
        spread = rng.normal(0, 1, 1500) * rng.choice([0.3, 1, 5], 1500)
        if math.isfinite(low) and math.isfinite(high):
            return rng.uniform(low, high, 1500)
        return abs(spread) if low == 0 else -abs(spread) if high == 0 else spread

    first, second = ({X: points(*x), Y: points(*y)} for _ in range(2))
    middle = {entry: (first[entry] + second[entry]) / 2 for entry in first}
    with np.errstate(all="ignore"):
        left, a, b = (
            np.broadcast_to(np.asarray(value(f, at, ARRAYS), dtype=float), 1500)
            for at in (middle, first, second)
        )
        inside = np.isfinite(a) & np.isfinite(b) & np.isfinite(left)
        gap, slack = left - (a + b) / 2, 1e-7 * (1 + abs(a) + abs(b))
    if found.verdict in ("convex", "affine"):
        assert (gap <= slack)[inside].all()
    if found.verdict in ("concave", "affine"):
        assert (gap >= -slack)[inside].all()
    for key, side in (("not convex", 1), ("not concave", -1)):
        if found.witness and key in found.witness:
            shown = found.witness[key]
            x1, x2, alpha = (
                {"x": 0, "y": 0, **shown["x1"]},
                {"x": 0, "y": 0, **shown["x2"]},
                shown["alpha"],
            )
            mixed = {name: alpha * x1[name] + (1 - alpha) * x2[name] for name in "xy"}
            with np.errstate(all="ignore"):
                at, start, end = (
                    float(value(f, entries(of_xy(f), point), ARRAYS)) for point in (mixed, x1, x2)
                )
            line = alpha * start + (1 - alpha) * end
            assert side * (at - line) > -1e-9 * (1 + abs(start) + abs(end))


@pytest.mark.parametrize("name", ["sin", "sigmoid", "gelu_tanh", "softplus", "relu", "exp"])
@pytest.mark.no_cover
def test_a_very_deep_function_ends(name: str) -> None:
    f = X
    for _ in range(25):
        f = apply(name, f) + (1 if name == "relu" else 0)
    assert convexity(of_xy(f), "f", ["x"]).verdict in ("convex", "neither", "not decided")


def test_a_sum_of_unknown_length_is_proved_but_not_searched() -> None:
    assert one("x in R^N; f = sum_{i=1}^N exp(x_i)").verdict == "convex"
    found = one("x in R^N; f = sum_{i=1}^N sin(x_i)")
    assert found.verdict == "not decided"
    assert "too large" in found.reason


# ---- the picture -------------------------------------------------------------------------------


def test_the_curve_shows_the_witness() -> None:
    graph = model("x in R; f = x^3")
    found = convexity(graph, "f")
    curve = chord(graph, "f", verdict=found)
    assert curve is not None
    assert found.witness is not None
    shown = found.witness["not convex"]
    assert curve.ends == (shown["x1"]["x"] ** 3, shown["x2"]["x"] ** 3)
    assert (curve.left, curve.right) == (shown["left"], shown["right"])
    assert len(curve.t) == len(curve.values)
    step = shown["x2"]["x"] - shown["x1"]["x"]
    line = [(shown["x1"]["x"] + t * step) ** 3 for t in curve.t]
    assert curve.values == pytest.approx(line)


def test_the_curve_of_a_convex_function_has_a_chord_above_it_and_stays_in_the_domain() -> None:
    graph = model("x in R; f = -log(x)")
    curve = chord(graph, "f", verdict=convexity(graph, "f"))
    assert curve is not None
    assert curve.left < curve.right
    assert np.isfinite(curve.values).all()
    assert chord(model("x in R^N; f = sum_{i=1}^N x_i"), "f") is None
