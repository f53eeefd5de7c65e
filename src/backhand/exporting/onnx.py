"""A graph as an ONNX file."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from backhand.errors import AskError, LimitError, MeaningError
from backhand.exporting.onnx_operations import OPERATIONS, functions
from backhand.exporting.options import Precision, checked, output_of, precision, value_of
from backhand.graph import Graph
from backhand.training.array_program import Program, Step
from backhand.training.files import write_whole
from backhand.training.lowering import lowered
from backhand.values import floats

OPSET, FORMAT = 18, 8
MAX_BYTES = 2**31 - 1
"""A file of one message can't be longer."""


def to_onnx(
    graph: Graph,
    path: str | PathLike[str],
    output: str | None = None,
    *,
    dtype: Any = "float32",
    fixed: Collection[str] = (),
) -> None:
    """Write an ONNX file that works out `output`, by default the prediction.

    Inputs, parameters and output keep their names; the size of the batch, the first axis of every
    input and of the output, is open. `fixed` names data that is the same for every point and is
    stored in the file. The file is written whole or not at all. In float64 onnxruntime lacks `Erf`,
    which GELU needs.

    Raises `AskError` where a value or the package onnx is missing or the path can't be written,
    `MeaningError` for what ONNX has no operator for, `LimitError` over 2 GB.

    >>> import pytest; _ = pytest.importorskip("onnx")
    >>> import backhand, tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     to_onnx(backhand.network("2 -> 1 sigmoid", seed=0), f"{folder}/net.onnx")
    ...     again = backhand.from_onnx(f"{folder}/net.onnx")
    >>> [q.shape for q in again.parameters]
    [(1, 3)]
    """
    kind = precision(dtype)
    name, kept = output_of(graph, output), checked(graph, fixed)
    program = lowered(graph, [name], kept, functions(kind))
    onnx = _package()
    stored = sum(step.options[0].size for step in program.steps if step.operator == "constant")
    stored += sum(graph[each].size for each in program.parameters)
    if stored * np.dtype(kind).itemsize >= MAX_BYTES:
        raise LimitError("the model has over 2 GB", "export a part of it, or in float32")
    model = _model(program, graph, name, kind)
    onnx.checker.check_model(model, full_check=True)
    write_whole(path, model.SerializeToString())


def _package() -> Any:
    try:
        return import_module("onnx")
    except ImportError:
        raise AskError("writing ONNX files needs the package onnx", "pip install onnx") from None


def _model(program: Program, graph: Graph, output: str, kind: Precision) -> Any:
    helper: Any = import_module("onnx.helper")
    writer = _Writer(kind, {step.quantity for step in program.steps})
    values: list[str] = []
    for step in program.steps:
        inputs = [values[number] for number in step.inputs]
        values.append(writer.step(step, inputs, graph))
        writer.shapes[values[-1]] = step.sizes
    last = program.steps[program.outputs[output]]
    if values[program.outputs[output]] != output:
        # The output is another quantity's value under a second name.
        writer.node("Identity", [values[program.outputs[output]]], output)
    inputs = [writer.described(step.quantity, step) for step in program.steps if _is_input(step)]
    made = helper.make_graph(
        writer.nodes, "backhand", inputs, [writer.described(output, last)], writer.stored
    )
    return helper.make_model(
        made,
        producer_name="backhand",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=FORMAT,
    )


def _is_input(step: Step) -> bool:
    return step.operator == "input"


@dataclass
class _Writer:
    """The nodes and stored arrays so far; see `onnx_operations.Page`."""

    kind: Precision
    names: set[str]
    """Those of quantities, which nothing else may have."""
    nodes: list[Any] = field(default_factory=list[Any])
    stored: list[Any] = field(default_factory=list[Any])
    known: dict[tuple[Any, ...], str] = field(default_factory=dict[tuple[Any, ...], str])
    shapes: dict[str, tuple[int, ...]] = field(default_factory=dict[str, tuple[int, ...]])
    counts: dict[str, int] = field(default_factory=dict[str, int])

    def step(self, step: Step, inputs: Sequence[str], graph: Graph) -> str:
        """The name of a step's value, after the nodes that make it."""
        match step.operator:
            case "input":
                return step.quantity
            case "parameter":
                value = self._cast(floats(value_of(graph, step.quantity)), step.quantity)
                return self._store(value, step.quantity)
            case "constant":
                return self.numbers(step.options[0], step.quantity)
            case operator:
                return OPERATIONS[operator](self, step, inputs, step.quantity)

    def node(self, operator: str, inputs: Sequence[str], name: str = "", **options: Any) -> str:
        helper: Any = import_module("onnx.helper")
        result = name or self._free(operator.lower())
        self.nodes.append(helper.make_node(operator, inputs, [result], name=result, **options))
        return result

    def numbers(self, value: NDArray[Any] | float, name: str = "") -> str:
        return self._constant(self._cast(np.asarray(value), name), name)

    def whole(self, *values: int) -> str:
        return self._constant(np.array(values, dtype=np.int64), "")

    def place(self, value: int) -> str:
        return self._constant(np.array(value, dtype=np.int64), "")

    def sizes(self, name: str) -> tuple[int, ...]:
        return self.shapes[name]

    def _constant(self, array: NDArray[Any], name: str) -> str:
        """A stored array; the same one twice without a name is one."""
        key = (array.dtype.str, array.shape, array.tobytes())
        if name or key not in self.known:
            self.known[key] = self._store(array, name or self._free("c"))
        return self.known[key]

    def _cast(self, value: NDArray[Any], name: str) -> NDArray[Any]:
        """Numbers in the model's precision. Raises `MeaningError` where one is beyond its range."""
        with np.errstate(over="ignore"):
            array = value.astype(self.kind)
        if np.isinf(array).sum() > np.isinf(value).sum():
            raise MeaningError(
                f"{name or 'a constant'} is too large for {self.kind}", "take dtype='float64'"
            )
        return array

    def _store(self, array: NDArray[Any], name: str) -> str:
        helper: Any = import_module("onnx.numpy_helper")
        self.stored.append(helper.from_array(array, name))
        return name

    def _free(self, stem: str) -> str:
        """The next number of a stem that makes a name of its own."""
        while True:
            self.counts[stem] = self.counts.get(stem, 0) + 1
            name = f"{stem}_{self.counts[stem]}"
            if name not in self.names:
                return name

    def described(self, name: str, step: Step) -> Any:
        """An input or output: its name, precision and sizes, the batch's open."""
        helper: Any = import_module("onnx.helper")
        proto: Any = import_module("onnx").TensorProto
        kind = proto.FLOAT if self.kind == "float32" else proto.DOUBLE
        return helper.make_tensor_value_info(name, kind, ["batch"] * step.batched + [*step.sizes])
