"""Targets as the numbers that a graph's loss compares with: classes to 0 and 1, or to one-hot rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from backhand.calculus.structure import function_name, prediction
from backhand.errors import AskError, DataError, LimitError
from backhand.expr import Apply, postorder
from backhand.functions import TABLE
from backhand.graph import Graph, Quantity
from backhand.training.cells import blocks, listed, nearest, place, shown

Label: TypeAlias = str | int | float | bool
ClassWeight: TypeAlias = Mapping[Any, float] | Literal["balanced"]
MAX_CLASSES = 100_000
MAX_ONE_HOT = 1 << 32
"""Entries of one-hot rows, a byte each."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """A target's numbers, (N, *shape of the quantity). `labels`: the classes in order, if it has any.

    `codes`: the number of each point's class in `labels`, from 0, (N,).
    """

    array: NDArray[Any]
    labels: tuple[Label, ...] | None = None
    codes: NDArray[np.intp] | None = None


def target(
    graph: Graph, quantity: Quantity, y: NDArray[Any], known: tuple[Label, ...] | None = None
) -> Target:
    """What `y` means for this target quantity: classes, or numbers as they are.

    One number that a sigmoid, a tanh or a loss of scores is compared with: two classes become its
    two ends (0 and 1, -1 and 1) in sorted order; other numbers must lie between. A vector given one
    label a row: one-hot rows of uint8, for labels in sorted order. `known`: the classes, where
    other points have told them. Raises `DataError` where the classes are too few or too many for
    the graph, where a label isn't among those known, and where text is the target of a regression.

    >>> import backhand
    >>> graph = backhand.network("2 -> 1 sigmoid")
    >>> target(graph, graph["y"], np.array(["no", "yes", "no"], object)).array
    array([0., 1., 0.])
    """
    if known is not None and y.size == len(y):
        codes = _codes(y.reshape(len(y)), known, quantity.name)
        return of_codes(graph, quantity, codes, known)
    if quantity.size > 1:
        if y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1):
            return _one_hot(y.reshape(len(y)), quantity)
        return Target(_shaped(y, quantity))
    if y.size != len(y):
        raise DataError(
            f"{quantity.name} is one number, and the target has the shape {y.shape}",
            "give one value a row",
        )
    y = y.reshape(len(y))
    ends = _ends(graph)
    if ends is not None:
        found = _two_classes(y, quantity, ends)
    elif y.dtype.kind == "O":
        raise _regression(quantity, y[0])
    else:
        found = Target(y.view(np.uint8) if y.dtype.kind == "b" else y)
    return Target(_shaped(found.array, quantity), found.labels, found.codes)


def of_codes(
    graph: Graph, quantity: Quantity, codes: NDArray[Any], labels: tuple[Label, ...]
) -> Target:
    """As `target`, for classes by their numbers in `labels`, from 0: no point need have the last."""
    if quantity.size > 1:
        return _hot(codes, labels, quantity)
    ends = _ends(graph)
    if ends is None:
        raise _regression(quantity, labels[int(codes[0])])
    if len(labels) != 2:
        raise _not_two(quantity.name, len(labels))
    found = _at_ends(codes, labels, ends)
    return Target(_shaped(found.array, quantity), labels, found.codes)


def _regression(quantity: Quantity, label: Label) -> DataError:
    return DataError(
        f"{place((0,), (), quantity.name)} is {shown(label)}, and the graph predicts a number",
        "for two classes end the network with sigmoid, for n classes with n softmax",
    )


def _not_two(name: str, count: int) -> DataError:
    if count < 2:
        return DataError(f"{name} has one class only", "give points of two classes")
    return DataError(
        f"{name} has more than two classes, and the graph one output",
        "end the network with n softmax for n classes",
    )


def _shaped(y: NDArray[Any], quantity: Quantity) -> NDArray[Any]:
    """The rows in the quantity's shape; C order where they come flat."""
    if y.size != len(y) * quantity.size:
        raise DataError(
            f"{quantity.name} has {quantity.size} entries, a row of the target {y.size // len(y)}",
            "give that many columns, or one column of class labels",
        )
    return y.reshape(len(y), *quantity.shape)


# ---- two classes -------------------------------------------------------------------------------


def _ends(graph: Graph) -> tuple[int, int] | None:
    """The numbers that stand for the two classes; None where the prediction is any number."""
    try:
        output = prediction(graph)
    except AskError:
        return None
    function = TABLE.get(function_name(output, graph))
    if function is not None and function.name in ("sigmoid", "tanh"):
        return int(function.range.low), int(function.range.high)
    loss = graph[graph.objective].definition if graph.objective else None
    nodes = () if loss is None else postorder(loss)
    calls = {node.name for node in nodes if isinstance(node, Apply)}
    if "softplus" in calls:
        return 0, 1
    # max(0, 1 - y s): the hinge compares with -1 and 1.
    return (-1, 1) if "max" in calls else None


def _two_classes(y: NDArray[Any], quantity: Quantity, ends: tuple[int, int]) -> Target:
    distinct = _distinct(y, 2)
    is_text = y.dtype.kind in "Ob"
    name, (low, high) = quantity.name, ends
    if distinct is None and is_text:
        raise _not_two(name, 3)
    if distinct is None:
        _check_between(y, name, ends)
        return Target(y)
    # A worksheet has one point, whose target 1 says enough; text alone doesn't say which end it is.
    if len(distinct) == 1 and (is_text or len(y) > 1) and (is_text or _whole(distinct)):
        raise DataError(
            f"{name} has one class only, {shown(distinct[0])}", "give points of two classes"
        )
    if len(distinct) == 1 or not (is_text or _whole(distinct)):
        _check_between(y, name, ends)
        return Target(y)
    labels = _as_labels(distinct)
    codes = _codes(y, labels, name)
    if labels == (low, high) and not is_text:
        return Target(y, labels, codes)
    return _at_ends(codes, labels, ends)


def _at_ends(codes: NDArray[Any], labels: tuple[Label, ...], ends: tuple[int, int]) -> Target:
    low, high = map(float, ends)
    return Target(np.where(codes == 1, high, low), labels, codes)


def _check_between(y: NDArray[Any], name: str, ends: tuple[int, int]) -> None:
    low, high = ends
    for start, block in blocks(y):
        outside = np.flatnonzero((block < low) | (block > high))
        if outside.size:
            at = int(outside[0])
            raise DataError(
                f"{place((start + at,), (), name)} is {block[at]:.6g}, and the graph's output "
                f"stays between {low} and {high}",
                "for numbers end the network without sigmoid, for n classes with n softmax",
            )


# ---- several classes ---------------------------------------------------------------------------


def _one_hot(y: NDArray[Any], quantity: Quantity) -> Target:
    size = quantity.size
    distinct = _distinct(y, MAX_CLASSES)
    if distinct is None or not (y.dtype.kind in "Ob" or _whole(distinct)):
        raise DataError(
            f"{quantity.name} has {size} entries, the target one number a row",
            f"give {size} columns, or one column of class labels",
        )
    labels = _as_labels(distinct)
    numbered = y.dtype.kind not in "Ob" and min(distinct) >= 0 and max(distinct) < size
    if len(labels) < size and numbered:
        # A sample may lack a class: numbers from 0 name them all the same.
        labels = tuple(range(size))
    if len(distinct) == 1:
        raise DataError(
            f"{quantity.name} has one class only, {shown(distinct[0])}",
            "give points of all classes",
        )
    return _hot(_codes(y, labels, quantity.name), labels, quantity)


def _hot(codes: NDArray[Any], labels: tuple[Label, ...], quantity: Quantity) -> Target:
    """One-hot rows."""
    size = quantity.size
    if len(labels) != size:
        few = listed([str(label) for label in labels], "classes")
        raise DataError(
            f"the target has {len(labels)} classes, the graph's {quantity.name} {size} entries",
            f"{few}; end the network with {len(labels)} softmax",
        )
    if len(codes) * size > MAX_ONE_HOT:
        raise LimitError(
            f"{len(codes)} rows of {size} classes are over {MAX_ONE_HOT} entries",
            "train on fewer rows",
        )
    hot = np.zeros((len(codes), size), np.uint8)
    hot[np.arange(len(codes)), codes] = 1
    return Target(hot.reshape(len(codes), *quantity.shape), labels, codes)


# ---- the classes there are ---------------------------------------------------------------------


def _distinct(y: NDArray[Any], most: int) -> list[Any] | None:
    """The different values in sorted order; None where they are more than `most`."""
    if y.dtype.kind == "O":
        seen: set[Any] = set()
        for _, block in blocks(y):
            seen.update(block.tolist())
            if len(seen) > most:
                return None
        return sorted(seen)
    found = y[:0]
    for _, block in blocks(y):
        found = np.union1d(found, block)
        if len(found) > most:
            return None
    return found.tolist()


def _whole(distinct: list[Any]) -> bool:
    return all(float(value).is_integer() for value in distinct)


def _as_labels(distinct: list[Any]) -> tuple[Label, ...]:
    """Classes as a person writes them: a file's 1.0 is class 1."""
    return tuple(int(d) if isinstance(d, float) and d.is_integer() else d for d in distinct)


def _codes(y: NDArray[Any], labels: tuple[Label, ...], name: str) -> NDArray[np.intp]:
    """The number of each label in `labels`; `DataError` naming the first that isn't there."""
    if y.dtype.kind == "O" or isinstance(labels[0], str):
        number = {label: at for at, label in enumerate(labels)}
        codes = np.fromiter((number.get(label, -1) for label in y.tolist()), np.intp, len(y))
        strange = codes < 0
    else:
        known = np.array(labels)
        codes = np.minimum(np.searchsorted(known, y), len(known) - 1)
        strange = known[codes] != y
    if strange.any():
        at = int(np.argmax(strange))
        raise DataError(
            f"{place((at,), (), name)} is {shown(y[at])}, which is none of the classes",
            nearest(str(y[at]), [str(label) for label in labels], "classes"),
        )
    return codes


def class_weights(weight: ClassWeight, found: Target) -> NDArray[np.float64]:
    """A weight for each point from its class; "balanced": every class weighs as much in all.

    Raises `DataError` for a target without classes, a class that isn't there, a weight below 0.

    >>> codes = np.array([0, 0, 0, 1])
    >>> class_weights("balanced", Target(codes, ("a", "b"), codes)).round(2).tolist()
    [0.67, 0.67, 0.67, 2.0]
    """
    if found.labels is None or found.codes is None:
        raise DataError("class_weight is for classes, and the target is numbers", "leave it out")
    each = np.ones(len(found.labels))
    if isinstance(weight, str):
        if weight != "balanced":
            raise DataError(
                f"class_weight is {shown(weight)}", 'give "balanced" or {label: weight}'
            )
        counts = np.bincount(found.codes, minlength=len(each))
        present = counts > 0
        each[present] = len(found.codes) / (present.sum() * counts[present])
        return each[found.codes]
    number = {label: at for at, label in enumerate(found.labels)}
    given: Any = weight
    if not hasattr(given, "items"):
        raise DataError(f"class_weight is {shown(given)}", 'give "balanced" or {label: weight}')
    for label, value in given.items():
        if label not in number:
            names = [str(known) for known in found.labels]
            raise DataError(
                f"there is no class {shown(label)}", nearest(str(label), names, "classes")
            )
        if not _weighs(value):
            raise DataError(
                f"the weight of class {shown(label)} is {shown(value)}", "give 0 or more"
            )
        each[number[label]] = value
    return each[found.codes]


def _weighs(value: object) -> bool:
    number = isinstance(value, int | float | np.integer | np.floating)
    return number and bool(0 <= value < np.inf)
