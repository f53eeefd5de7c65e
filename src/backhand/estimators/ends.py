"""What the targets ask of a network: its last layer, its loss, its classes."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from backhand.errors import AskError
from backhand.estimators.points import Classes, Points, classes_of

DEGREE = {"squared_error": 2, "absolute_error": 1}
"""With what power of the target's scale the loss of a regression grows."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Ends:
    """A network's last layer and its loss; `degree`: 0 where the targets can't be scaled."""

    last: str
    loss: str
    degree: int = 0


def ends_of(classes: Classes) -> Ends:
    """One sigmoid for two classes, n softmax for n, a sigmoid for each of several labels."""
    count = len(classes.values)
    if classes.kind == "multiclass":
        return Ends(last=f"{count} softmax", loss="cross_entropy")
    units = 1 if classes.kind == "binary" else count
    return Ends(last=f"{units} sigmoid", loss="binary_cross_entropy")


def regression_ends(loss: str, points: Points) -> Ends:
    """A number for each target. Raises `AskError` for a loss that isn't one of a regression."""
    if loss not in DEGREE:
        raise AskError(f"there is no loss {loss!r} of a regression", f"give {' or '.join(DEGREE)}")
    return Ends(last=str(points.targets.shape[1]), loss=loss, degree=DEGREE[loss])


def announced(known: Classes | None, given: Any, y: Any) -> Classes | None:
    """The classes as the calls of partial_fit have told them; None where y's columns will tell."""
    multiclass = import_module("sklearn.utils.multiclass")
    if known is None and multiclass.type_of_target(y) == "multilabel-indicator":
        return None
    if given is None:
        if known is None:
            raise AskError("classes is missing at the first call", "give classes=np.unique(y)")
        return known
    values = np.unique(np.asarray(given))
    if known is not None and not np.array_equal(known.values, values):
        raise AskError(f"classes is {values}, and was {known.values} before", "give the same")
    return known or classes_of(values)
