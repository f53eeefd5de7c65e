"""The grid of a sweep: the product of all choices, each checked before anything runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from itertools import islice, product
from math import isfinite, prod
from typing import Any, Literal

from backhand.errors import AskError, LimitError
from backhand.training.cells import nearest, shown
from backhand.training.optimizers import optimizer
from backhand.training.schedules import SCHEDULES

MAX_RUNS = 100_000
"""A year of runs of five minutes each: more is a slip in the grid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The settings of a run, in the words of `training.fit.fit`."""

    epochs: int = 10
    batch_size: int | Literal["all"] = 1
    learning_rate: float = 0.05
    optimizer: str = "sgd"
    schedule: str = "constant"
    l1: float = 0.0
    l2: float = 0.0
    dtype: Literal["float32", "float64"] = "float32"
    seed: int = 0


SETTINGS = tuple(field.name for field in fields(Choice))
GRID = SETTINGS[:-1]
"""What a grid may vary; the seeds are counted apart, since results are averaged over them."""


def choices(grid: Mapping[str, object], seeds: int | Sequence[int]) -> tuple[Choice, ...]:
    """Every combination of a grid, once for each seed; the seeds vary fastest.

    `grid`: name of a setting to one value or a list of them. `seeds`: how many, from 0, or which.
    Raises `AskError` for a setting that isn't there or a value that makes no sense, `LimitError`
    for more than `MAX_RUNS` combinations.

    >>> found = choices({"learning_rate": [0.1, 0.01], "epochs": 3}, seeds=2)
    >>> [(each.learning_rate, each.seed) for each in found]
    [(0.1, 0), (0.1, 1), (0.01, 0), (0.01, 1)]
    """
    for name in grid:
        if name not in GRID:
            raise AskError(
                f"a grid has no setting {shown(name)}", nearest(str(name), GRID, "settings")
            )
    if isinstance(seeds, int) and seeds < 1:
        raise AskError(f"seeds is {seeds}", "give how many, from 1, or a list of seeds")
    several = {name: _listed(value) for name, value in grid.items()}
    several["seed"] = _listed(range(seeds) if isinstance(seeds, int) else seeds)
    for name, values in several.items():
        if not values:
            raise AskError(f"the grid has no value for {name}", "give one, or leave it out")
    if prod(len(values) for values in several.values()) > MAX_RUNS:
        raise LimitError(f"the grid has over {MAX_RUNS} runs", "choose fewer values")
    checked = {name: _distinct(name, values) for name, values in several.items()}
    names = list(checked)
    return tuple(
        Choice(**dict(zip(names, each, strict=True))) for each in product(*checked.values())
    )


def _listed(value: object) -> list[Any]:
    if isinstance(value, str | int | float) or not hasattr(value, "__iter__"):
        return [value]
    values: Iterable[Any] = value  # type: ignore[assignment]
    return list(islice(values, MAX_RUNS + 1))


def _distinct(name: str, values: list[Any]) -> list[Any]:
    """The values as the setting's own kind, each once."""
    return list(dict.fromkeys(CHECKS[name](name, value) for value in values))


# ---- one value ---------------------------------------------------------------------------------


def _count(name: str, value: Any) -> int:
    if _is_whole(value) and value >= 1:
        return int(value)
    raise AskError(f"{name} is {shown(value)}", "give a whole number from 1")


def _batch(name: str, value: Any) -> int | str:
    return "all" if isinstance(value, str) and value == "all" else _count(name, value)


def _seed(name: str, value: Any) -> int:
    if _is_whole(value) and value >= 0:
        return int(value)
    raise AskError(f"{name} is {shown(value)}", "give a whole number from 0")


def _number(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = -1.0
    if isinstance(value, str) or not (isfinite(number) and number >= 0):
        raise AskError(f"{name} is {shown(value)}", "give a number, 0 or more")
    return number


def _optimizer(name: str, value: Any) -> str:
    return optimizer(value if isinstance(value, str) else str(value)).name


def _schedule(name: str, value: Any) -> str:
    if value in SCHEDULES:
        return value
    raise AskError(
        f"there is no schedule {shown(value)}", nearest(str(value), list(SCHEDULES), "schedules")
    )


def _dtype(name: str, value: Any) -> str:
    if value in ("float32", "float64"):
        return value
    raise AskError(f"there is no dtype {shown(value)} to train in", "give float32 or float64")


def _is_whole(value: Any) -> bool:
    return not isinstance(value, bool) and hasattr(value, "__index__")


CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    "epochs": _count,
    "batch_size": _batch,
    "learning_rate": _number,
    "optimizer": _optimizer,
    "schedule": _schedule,
    "l1": _number,
    "l2": _number,
    "dtype": _dtype,
    "seed": _seed,
}
