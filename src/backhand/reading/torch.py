"""A PyTorch module as a graph: its exported program, operation by operation, as equations.

The module is traced by `torch.export`, not run; its parameters and the example input become
quantities with values, so that values and gradients are those of PyTorch. A parameter that is used
twice is one quantity.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Generator
from contextlib import contextmanager, redirect_stderr
from importlib import import_module
from io import StringIO
from typing import Any, cast

from backhand.errors import AskError, ReadingError
from backhand.graph import Graph, Role
from backhand.reading.arrays import Array
from backhand.reading.aten_calls import Known
from backhand.reading.aten_program import Reader
from backhand.reading.growing import Growing

OUTPUT, OBJECTIVE, INPUT, TARGET = "yhat", "J", "x", "y"


def from_torch(module: Any, loss: Any = None, *, inputs: Any = None, target: Any = None) -> Graph:
    """The graph of a module, and of its loss where one is given, with PyTorch's own values.

    `inputs`: an example tensor, or a tuple of them; it may be left out where the module starts with
    a `Linear` layer, and then has no value in the graph. A batch of one is one data point, without
    an axis for the batch; a larger one keeps that axis. `target`: what the loss compares with; class
    numbers become one-hot vectors. `loss`: a module or a function of (output, target).

    Parameters are called W_1, b_1, ... in forward order; a note says what PyTorch calls them.
    The graph is the formula, and differs from PyTorch's arithmetic in two places: of two equal
    numbers `maximum` gives each half of the gradient, the graph the second all of it; and BCELoss
    cuts its logarithms off at −100, the graph doesn't.

    Raises `MeaningError` for an operation or an option that isn't read, naming it and its module;
    `AskError` where an example input is needed; `ImportError` without PyTorch.
    """
    torch: Any = import_module("torch")
    if not isinstance(module, torch.nn.Module):
        raise AskError(f"{type(module).__name__} is no torch.nn.Module", "give the module itself")
    if loss is not None and not callable(loss):
        raise AskError(f"the loss is {loss!r}", "give a loss of PyTorch, such as nn.MSELoss()")
    example, valued = _example(module, inputs, torch)
    for name, given in [*(("an input", each) for each in example), ("the target", target)]:
        if given is not None and not isinstance(given, torch.Tensor):
            raise AskError(
                f"{name} is {type(given).__name__}, no tensor", "give torch.as_tensor(...)"
            )
    program = _exported(module, example, torch)
    single = all(t.ndim and t.shape[0] == 1 for t in example)
    names = [INPUT] if len(example) == 1 else [f"{INPUT}_{n}" for n in range(1, len(example) + 1)]
    reserved = frozenset((OUTPUT, OBJECTIVE, TARGET, *names))
    reader = Reader(Growing(OBJECTIVE, single, reserved), _shared(module))
    given = (
        _given(reader, name, tensor, Role.DATA, valued)
        for name, tensor in zip(names, example, strict=True)
    )
    output = reader.run(program, given, OUTPUT)
    if loss is None:
        return reader.graph([OUTPUT], None)
    if target is None:
        raise AskError("the loss compares with a target", "give one: target=y")

    class Compared(torch.nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, yhat: Any, y: Any) -> Any:
            return loss(yhat, y)

    stand_in = torch.zeros(output.shape, dtype=reader.dtype)
    program = _exported(Compared(), (stand_in, target), torch)
    goal = _given(reader, TARGET, target, Role.TARGET, True)
    reader.run(program, iter((output, goal)), OBJECTIVE)
    return reader.graph([OUTPUT, OBJECTIVE], OBJECTIVE)


def _given(reader: Reader, name: str, tensor: Any, role: Role, valued: bool) -> Array | Known:
    """An array from outside; whole numbers wait for what makes vectors of them."""
    if not tensor.dtype.is_floating_point:
        return Known(name, tensor.detach().clone(), role, batched=True)
    value = tensor.detach().cpu().double().numpy() if valued else None
    return reader.made.entered(name, tuple(tensor.shape), role, value=value)


def _example(module: Any, inputs: Any, torch: Any) -> tuple[tuple[Any, ...], bool]:
    """The example input, and whether its values are meant."""
    if inputs is not None:
        several = isinstance(inputs, tuple | list)
        return (tuple(cast(list[Any], inputs)) if several else (inputs,)), True
    first: Any = next((m for m in module.modules() if not list(m.children())), None)
    if not isinstance(first, torch.nn.Linear):
        raise AskError(
            f"the shape of the input of {type(module).__name__} can't be told",
            "give an example: from_torch(module, inputs=torch.zeros(1, 4))",
        )
    return (torch.zeros(1, first.in_features, dtype=first.weight.dtype),), False


def _exported(module: Any, example: tuple[Any, ...], torch: Any) -> Any:
    try:
        with warnings.catch_warnings(), _unlogged():
            warnings.simplefilter("ignore")
            return torch.export.export(module, example)
    except Exception as error:
        first = str(error).strip().splitlines() or [type(error).__name__]
        mend = "check that it runs on these inputs, or read a part of it"
        if "data-dependent" in first[0]:
            mend = "make its forward pass free of branches on values, or read a part of it"
        raise ReadingError(
            f"torch.export can't trace {type(module).__name__}: {first[0][:200]}", mend
        ) from None


@contextmanager
def _unlogged() -> Generator[None]:
    """What PyTorch logs of a trace that fails is pages long, and the error says it."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with redirect_stderr(StringIO()):
            yield
    finally:
        logging.disable(before)


def _shared(module: Any) -> dict[str, str]:
    """For each parameter's name the one under which it was first found: a shared one has two."""
    first: dict[int, str] = {}
    found: dict[str, str] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        found[name] = first.setdefault(id(parameter), name)
    return found
