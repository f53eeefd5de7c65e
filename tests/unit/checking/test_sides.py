"""All the sides of a = b = c count, and what may be rounded on the way is no slip."""

from __future__ import annotations

import pytest
from tests.answer_pairs import EXAMPLES

import backhand
from backhand.checking.marking import Marker


@pytest.fixture(scope="module")
def two() -> Marker:
    return Marker(backhand.read(EXAMPLES / "two-neurons.md"))


@pytest.mark.parametrize(
    ("part", "answer"),
    [
        ("3.1.6", "b = 1*1 - 2*3 + 2*0 = -5"),
        ("3.1.6", "1 - 6 = -5"),
        ("3.1.6", "b = W_2 z = 1 - 6 + 0 = -5"),
        ("3.1.9", "(1 - 0.0067)^2 = 0.9866 ≈ 0.987"),
        ("3.1.9", "ell = (y - yhat)^2 = 0.98666"),
        ("3.2.5", "dJ/dW_{2,1,1} = -2(1 - 0.0067) * 0.0067 * 3 = -0.0399 = -0.0396"),
        ("3.2.5", "-2(y - yhat) yhat (1 - yhat) z_1 = -0.03962"),
        ("3.2.11a", "W_{2,1,1} = -2 - 2 * (-0.0396) = -1.921"),
        ("3.2.4", "db/dW_2[1,1] = z_1 = 3"),
    ],
)
def test_right_sides_leave_an_answer_right(two: Marker, part: str, answer: str) -> None:
    assert two.mark(part, answer).verdict == "right", two.mark(part, answer)


@pytest.mark.parametrize(
    ("part", "answer", "side"),
    [
        ("3.1.6", "b = 1*1 + 2*3 + 2*0 = -5", "1 * 1 + 2 * 3 + 2 * 0"),
        ("3.1.6", "1 + 6 = -5", "1 + 6"),
        ("3.1.9", "(1 - 0.67)^2 = 0.9866", "(1 − 0.67)²"),
        ("3.2.5", "2(y - yhat) yhat (1 - yhat) z_1 = -0.03962", "2 (y − ŷ) ŷ (1 − ŷ) z₁"),
        ("3.2.11a", "W_{2,1,1} = -2 + 2 * (-0.0396) = -1.921", "-2"),
        ("3.2.4", "db/dW_2[1,1] = a_1^2 = z_1 = 3", "a₁²"),
    ],
)
def test_the_first_wrong_side_is_named(two: Marker, part: str, answer: str, side: str) -> None:
    made = two.mark(part, answer)
    assert (made.verdict, made.credit) == ("partly", 0.75), made
    assert side.replace("-", "−") in made.feedback
