"""What the checks need of PyTorch's tensors, in nested lists, tuples and mappings."""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any, TypeAlias, cast

import numpy as np
from numpy.typing import NDArray

Tensor: TypeAlias = Any
"""A torch.Tensor; torch is imported where it is used only."""


def tensors(tree: Any) -> Iterator[Tensor]:
    """Every tensor in nested lists, tuples and mappings."""
    if _is_tensor(tree):
        yield tree
    elif isinstance(tree, Mapping):
        for part in cast(Mapping[Any, Any], tree).values():
            yield from tensors(part)
    elif isinstance(tree, list | tuple):
        for part in cast(list[Any], tree):
            yield from tensors(part)


def mapped(tree: Any, change: Callable[[Tensor], Any]) -> Any:
    """The same nesting with every tensor changed."""
    if _is_tensor(tree):
        return change(tree)
    if isinstance(tree, Mapping):
        return {k: mapped(part, change) for k, part in cast(Mapping[Any, Any], tree).items()}
    if not isinstance(tree, list | tuple):
        return tree
    parts = [mapped(part, change) for part in cast(list[Any], tree)]
    # A named tuple, such as the result of `max`, becomes a plain one.
    return parts if isinstance(tree, list) else tuple(parts)


def _is_tensor(value: Any) -> bool:
    torch: Any = import_module("torch")
    return isinstance(value, torch.Tensor)


def floating(tree: Any) -> list[Tensor]:
    """Every tensor of floating-point numbers in a nesting."""
    return [t for t in tensors(tree) if t.is_floating_point()]


def is_numbers(result: Any) -> bool:
    """Whether a result is numbers outside of PyTorch, as of `item`, `tolist` and `numpy`."""
    while isinstance(result, list) and result:
        result = cast(list[Any], result)[0]
    return isinstance(result, float | np.ndarray)


def moved(result: Any, amount: float) -> Any:
    """A result with every floating-point number moved."""
    if isinstance(result, list):
        return [moved(part, amount) for part in cast(list[Any], result)]
    if isinstance(result, float):
        return result + amount
    if isinstance(result, np.ndarray):
        array = cast(NDArray[Any], result)
        return array + amount if array.dtype.kind == "f" else array
    return mapped(result, lambda t: t + amount if t.is_floating_point() else t)


def memory(tensor: Tensor) -> int:
    """The address of a tensor's memory, which its views share."""
    try:
        return int(tensor.untyped_storage().data_ptr()) or id(tensor)
    except (RuntimeError, NotImplementedError):
        return id(tensor)


def finite(tensor: Tensor) -> bool:
    """Whether no entry is inf or nan."""
    return not tensor.is_floating_point() or bool(tensor.detach().isfinite().all())


def has_nan(tensor: Tensor) -> bool:
    """Whether an entry is nan."""
    return bool(tensor.detach().isnan().any())


def mode(handle: Callable[[Any, tuple[Any, ...], Mapping[str, Any]], Any]) -> Any:
    """A context in which `handle` is called in place of each function of PyTorch."""
    overrides: Any = import_module("torch.overrides")

    class Mode(overrides.TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
        ) -> Any:
            return handle(func, args, kwargs or {})

    return Mode()


@contextmanager
def same_randomness() -> Generator[None]:
    """Put the states of all random generators back at the end."""
    torch: Any = import_module("torch")
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
    states = random.getstate(), np.random.get_state(), torch.get_rng_state()
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.set_rng_state(states[2])
        if cuda is not None:
            torch.cuda.set_rng_state_all(cuda)
