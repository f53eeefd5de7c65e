"""The list of claims itself, and every witness, by a second reader that shares nothing with ours."""

from __future__ import annotations

from random import Random

import mpmath
import pytest
from mpmath import mpf
from tests.claims import FALSE, TRUE, lines
from tests.peer_claims import read, value

from backhand.calculus.identity import identity
from backhand.reading.claims import claim

POINTS = 30
BITS = 200


def points(names: tuple[str, ...], domain: str):
    """Points of the domain: of every size, and with short numbers."""
    random = Random(1)
    for at in range(POINTS):
        point = {
            name: mpf(random.choice((-1, 0, 1, 2))) if at % 3 == 0
            else mpf(random.randint(-300, 300)) / 97
            for name in names
        }  # fmt: skip
        if not domain or eval(domain, {}, point):
            yield point


def off_kinks(side, point) -> mpf | None:
    """The value, if it stays nearly the same a little beside the point."""
    here = value(side, point)
    for shift in (mpf(2) ** -60, -(mpf(2) ** -60)):
        beside = value(side, {name: x + shift for name, x in point.items()})
        if here is None or beside is None or abs(beside - here) > 1e-9 * (1 + abs(here)):
            return None
    return here


@pytest.mark.parametrize("text", lines(TRUE))
def test_what_is_called_true_holds_at_points(text: str) -> None:
    with mpmath.workprec(BITS):
        found = read(text)
        if found is None:
            return
        for point in points(found.names, found.domain):
            a, b = (off_kinks(side, point) for side in found.sides)
            if a is not None and b is not None:
                assert mpmath.almosteq(a, b, 1e-8, 1e-8), (text, point)


@pytest.mark.parametrize("text", lines(FALSE))
def test_a_witness_is_one(text: str) -> None:
    with mpmath.workprec(BITS):
        found = read(text)
        if found is None:
            return
        witness = identity(claim(text)).witness
        assert witness is not None
        point = {name: mpf(x) for name, x in witness["point"].items()}
        a, b = (value(side, point) for side in found.sides)
        assert a is not None
        assert b is not None
        assert abs(a - b) > mpf(10) ** -40
        assert float(a) == pytest.approx(witness["left"], rel=1e-6, abs=1e-9)
        assert float(b) == pytest.approx(witness["right"], rel=1e-6, abs=1e-9)


def test_the_second_reader_reads_nearly_all() -> None:
    every = [*lines(TRUE), *lines(FALSE)]
    assert len(set(every)) == len(every) >= 400
    assert sum(read(text) is not None for text in every) > 0.9 * len(every)
