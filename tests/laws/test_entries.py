"""What it takes to be an entry of the table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from backhand.errors import BackhandError
from backhand.expr import apply
from backhand.functions import (
    CONVEX,
    INCREASING,
    READ_AS,
    REALS,
    TABLE,
    Function,
    Interval,
    Notation,
    define,
    forget,
)

EXP2: dict[str, Any] = {
    "name": "exp2",
    "aliases": ("two_to_the",),
    "arity": 1,
    "notation": Notation(r"\mathrm{exp}_2", "exp2"),
    "value": np.exp2,
    "formula": lambda x: 2**x,
    "derivative": lambda y, x: y * apply("log", 2),
    "domain": REALS,
    "range": Interval(0, float("inf")),
    "monotone": INCREASING,
    "curvature": CONVEX,
    "kinks": (),
    "rational": False,
    "loop": "2.0 ** {x}",
}


@pytest.fixture(autouse=True)
def table_as_it_was() -> Iterator[None]:
    yield
    if "exp2" in TABLE:
        forget("exp2")


@pytest.mark.parametrize("field", [f.name for f in fields(Function)])
def test_no_field_may_be_left_out(field: str) -> None:
    with pytest.raises(TypeError, match=field):
        define(**{name: part for name, part in EXP2.items() if name != field})
    assert "exp2" not in TABLE


def test_an_entry_is_read_under_all_its_names_until_it_is_forgotten() -> None:
    before = dict(TABLE), dict(READ_AS)
    entry = define(**EXP2)
    assert TABLE["exp2"] is entry
    assert (READ_AS["exp2"], READ_AS["two_to_the"]) == ("exp2", "exp2")
    forget("exp2")
    assert (dict(TABLE), dict(READ_AS)) == before


@pytest.mark.parametrize("taken", ["sigma", "relu", "ln"])
def test_a_taken_alias_is_an_error_and_leaves_the_table_alone(taken: str) -> None:
    before = dict(TABLE), dict(READ_AS)
    with pytest.raises(BackhandError, match=f"{taken} already means"):
        define(**{**EXP2, "aliases": ("two_to_the", taken)})
    assert (dict(TABLE), dict(READ_AS)) == before


@pytest.mark.parametrize("taken", ["softmax", "BCE"])
def test_a_name_of_a_composition_is_taken_too(taken: str) -> None:
    with pytest.raises(BackhandError, match=taken):
        define(**{**EXP2, "aliases": (taken,)})


@pytest.mark.parametrize("name", sorted(TABLE))
def test_a_name_of_the_table_is_taken(name: str) -> None:
    with pytest.raises(BackhandError, match="already means"):
        define(**{**EXP2, "name": name, "aliases": ()})


def test_every_name_means_one_entry() -> None:
    every = [name for entry in TABLE.values() for name in (entry.name, *entry.aliases)]
    assert len(every) == len(set(every))
    assert set(every) == set(READ_AS)
    assert all(TABLE[READ_AS[name]].name == READ_AS[name] for name in every)


@pytest.mark.parametrize("name", sorted(TABLE))
def test_there_are_as_many_partial_derivatives_as_arguments(name: str) -> None:
    entry = TABLE[name]
    args = [apply("sin", n + 2) for n in range(entry.arity)]
    assert len(entry.partials(apply(name, *args), *args)) == entry.arity
