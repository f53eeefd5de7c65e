"""Reads an ONNX file into a graph: its operators as equations, its stored arrays as parameters.

The file is data only: nothing in it is run. What depends on constants alone, such as the shapes
that exporters compute on the way, is worked out by ONNX's own reference implementation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from math import prod
from os import PathLike
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import ArrayLike, NDArray

from backhand.compositions import COMPOSITIONS
from backhand.errors import AskError, LimitError, MeaningError, ReadingError
from backhand.expr import Expr, ref
from backhand.functions import COMPOSED_AS
from backhand.graph import Graph, Quantity, Role
from backhand.reading.arrays import Array, inner, letters, named, over
from backhand.reading.layers import exact
from backhand.reading.onnx_nodes import decimal
from backhand.reading.onnx_operators import ACTIVATIONS, NUMBERS
from backhand.reading.onnx_shapes import PLACES
from backhand.values import as_value

MAX_BYTES = 500_000_000
MAX_ENTRIES = 20_000_000
"""Of one array."""
OLDEST = 13
"""The first opset whose softmax is along one axis."""
MALFORMED = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError),
    *(RuntimeError, TypeError, ValueError),
)
"""What a file raises that says one thing here and another there."""
OPERATORS = {**NUMBERS, **PLACES}
STEMS = dict.fromkeys(("Gemm", "MatMul", "Conv"), "a") | dict.fromkeys(ACTIVATIONS, "z")
"""What the result of an operator is called; others are h."""
FOLDED = frozenset(
    """Abs Add And Cast Ceil Concat Constant Cos Div Equal Exp Flatten Floor Gather Greater Identity
    Less Max Min Mod Mul Neg Not Or Pow ReduceMax ReduceMin ReduceProd ReduceSum Reshape Sin Slice
    Sqrt Squeeze Sub Transpose Unsqueeze Where""".split()  # noqa: SIM905
)
"""Operators that are worked out where all they need is constant. None makes much out of little."""
INLINE = frozenset(
    {"Cast", "Dropout", "Expand", "Identity"}
    | {"Slice", "Split", "Squeeze", "Transpose", "Unsqueeze"}
)
"""Operators that only say where an entry stands: their result gets no name of its own."""
FIXED = frozenset({"mu", "v", "c", "e"})
"""Stored arrays of these names are no parameters: running statistics and constants."""


def from_onnx(
    source: str | PathLike[str] | Any,
    loss: str | None = None,
    target: ArrayLike | None = None,
    *,
    inputs: ArrayLike | Mapping[str, ArrayLike] | None = None,
) -> Graph:
    """The graph of an ONNX model, the path of a file or an `onnx.ModelProto`.

    `inputs`: values for the model's inputs, by name where there are several; without them an open size, such
    as that of a batch, is 1. `loss`: a loss of Backhand's table, such as `"squared_error"` or
    `"cross_entropy_from_logits"`, of `y` (which `target` gives a value) and the model's output `yhat`:
    added over the entries of a point and averaged over points, which the first axis counts.

    Parameters are named W_1, b_1, ... in forward order; the notes say what the file calls them.
    Raises `ReadingError` where the file is damaged or an operator isn't read, naming its node.
    """
    model = _loaded(source)
    reader = _Reader(model, _values(model, inputs))
    try:
        graph = reader.read()
    except MALFORMED as error:
        raise _unsound(error) from error
    return graph if loss is None else _with_loss(graph, loss, target)


def _unsound(error: Exception) -> ReadingError:
    first = str(error).strip().partition("\n")[0]
    return ReadingError(f"this is no sound ONNX model: {first}", "export it again")


def _loaded(source: Any) -> Any:
    """The model, checked. Raises `ReadingError` where it can't be one."""
    try:
        onnx: Any = import_module("onnx")
    except ImportError:
        raise AskError("reading ONNX files needs the package onnx", "pip install onnx") from None
    damage: Any = import_module("google.protobuf.message").DecodeError
    model: Any = source
    try:
        if isinstance(model, str | PathLike):
            path = Path(cast(str, source))
            if path.stat().st_size > MAX_BYTES:
                raise LimitError(f"{path.name} has over {MAX_BYTES} bytes", "read a smaller model")
            model = onnx.load(str(path))
        if not isinstance(model, onnx.ModelProto):
            raise AskError(f"{type(model).__name__} is no ONNX model", "give the path of a file")
        onnx.checker.check_model(model)
    except OSError as error:
        raise ReadingError(f"the ONNX file can't be read: {error.strerror or error}") from error
    except (damage, onnx.checker.ValidationError, *MALFORMED) as error:
        raise _unsound(error) from error
    version = max((each.version for each in model.opset_import if not each.domain), default=0)
    if version < OLDEST:
        raise ReadingError(
            f"the model has opset {version}", f"export it with opset {OLDEST} or newer"
        )
    return model


@dataclass(frozen=True)
class _Node:
    """One node, with what the reader knows of its inputs; see `onnx_operators.Node`."""

    reader: _Reader
    proto: Any
    attributes: Mapping[str, Any]

    @property
    def operator(self) -> str:
        return self.proto.op_type

    @property
    def count(self) -> int:
        return len(self.proto.input)

    @property
    def outputs(self) -> int:
        return sum(1 for name in self.proto.output if name)

    def has(self, at: int) -> bool:
        return at < self.count and bool(self.proto.input[at])

    def array(self, at: int, stem: str = "") -> Array:
        if not self.has(at):
            raise self.refuse(f"its input number {at + 1} is missing")
        return self.reader.array(self.proto.input[at], stem, self)

    def known(self, at: int) -> NDArray[Any]:
        name = self.proto.input[at]
        known = self.reader.constants.get(name, self.reader.stored.get(name))
        if known is None:
            raise self.refuse(f"its input {name!r} would have to be a constant")
        return known

    def option(self, name: str, default: Any = None) -> Any:
        return self.attributes.get(name, default)

    def define(self, stem: str, array: Array) -> Array:
        return self.reader.define(stem, array)

    def store(self, stem: str, value: NDArray[Any]) -> Array:
        return self.reader.store(stem, value)

    def refuse(self, why: str) -> ReadingError:
        return ReadingError(
            f"the ONNX node {self.proto.name or self.proto.output[0]!r} ({self.operator}): {why}"
        )


@dataclass
class _Reader:
    """What is known while the nodes are read in order."""

    model: Any
    given: Mapping[str, NDArray[Any]]
    constants: dict[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])
    stored: dict[str, NDArray[Any]] = field(default_factory=dict[str, NDArray[Any]])
    """Stored arrays of floating-point numbers, from one axis on: parameters where they are used."""
    arrays: dict[str, Array] = field(default_factory=dict[str, Array])
    quantities: list[Quantity] = field(default_factory=list[Quantity])
    notes: list[str] = field(default_factory=list[str])
    counts: dict[str, int] = field(default_factory=dict[str, int])

    def read(self) -> Graph:
        """The graph up to the model's first output, which is named yhat."""
        graph = self.model.graph
        self._read_stored(graph.initializer)
        self._read_inputs(graph.input)
        wanted = graph.output[0].name
        for proto in graph.node:
            self._read_node(proto, wanted)
        result = self.array(wanted, "", None)
        if "yhat" not in (quantity.name for quantity in self.quantities):
            self.define("yhat", result)
        if len(graph.output) > 1:
            self.notes.append(f"Of the model's {len(graph.output)} outputs the first is yhat.")
        return Graph(tuple(self.quantities), notes=tuple(self.notes))

    def _read_stored(self, initializers: Any) -> None:
        helper: Any = import_module("onnx.numpy_helper")
        for tensor in initializers:
            if prod(tensor.dims) > MAX_ENTRIES:
                raise LimitError(f"{tensor.name} has over {MAX_ENTRIES} entries")
            value = np.asarray(helper.to_array(tensor))
            floating = value.dtype.kind not in "iub" and value.ndim > 0
            (self.stored if floating else self.constants)[tensor.name] = value

    def _read_inputs(self, inputs: Any) -> None:
        onnx: Any = import_module("onnx")
        outside = [each for each in inputs if each.name not in self.stored | self.constants]
        for at, each in enumerate(outside, 1):
            kind = each.type.tensor_type
            value = self.given.get(each.name)
            open_shape = [size.dim_value or None for size in kind.shape.dim]
            if value is None:
                shape = tuple(size or 1 for size in open_shape)
                if None in open_shape:
                    self.notes.append(f"Open sizes of {each.name} are taken as 1.")
            else:
                shape = value.shape
                fits = len(shape) == len(open_shape) and all(
                    size in (None, own) for size, own in zip(open_shape, shape, strict=True)
                )
                if not fits:
                    raise MeaningError(
                        f"the input {each.name} has the shape {shape}",
                        f"the model wants {tuple(size or 'any' for size in open_shape)}",
                    )
            if onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type).kind in "iub":
                if value is None:
                    raise AskError(
                        f"the input {each.name} is of whole numbers", "give inputs=... with it"
                    )
                self.constants[each.name] = value
                continue
            name = "x" if len(outside) == 1 else f"x_{at}"
            self.arrays[each.name] = self._quantity(name, shape, Role.DATA, value=value)
            self.notes.append(f"{name} is the model's {each.name}.")

    def _read_node(self, proto: Any, wanted: str) -> None:
        helper: Any = import_module("onnx.helper")
        attributes = {each.name: helper.get_attribute_value(each) for each in proto.attribute}
        node = _Node(self, proto, attributes)
        if proto.op_type == "Shape" and proto.input[0] in self.arrays:
            shape = self.arrays[proto.input[0]].shape
            cut = shape[node.option("start", 0) : node.option("end")]
            self.constants[proto.output[0]] = np.array(cut, dtype=np.int64)
            return
        constant = all(not name or name in self.constants for name in proto.input)
        if constant and self._folded(proto):
            return
        if proto.domain not in ("", "ai.onnx") or proto.op_type not in OPERATORS:
            raise ReadingError(
                f"the ONNX operator {proto.op_type} of node {proto.name or proto.output[0]!r} "
                "is not read",
                f"the operators are: {', '.join(sorted(OPERATORS))}",
            )
        try:
            results = OPERATORS[proto.op_type](node)
        except MeaningError as error:
            raise node.refuse(error.what) from error
        except MALFORMED as error:
            raise node.refuse("its attributes or inputs make no sense") from error
        for name, result in zip(proto.output, results, strict=False):
            final = name == wanted
            if proto.op_type not in INLINE or final:
                stem = "yhat" if final else STEMS.get(proto.op_type, "h")
                result = self.define(stem, result)
            self.arrays[name] = result

    def _folded(self, proto: Any) -> bool:
        """Work out a node of constants. False for an operator that might make too much of them."""
        values = {name: self.constants[name] for name in proto.input if name}
        size = prod(max(1, value.size) for value in values.values())
        if proto.op_type in ("ConstantOfShape", "Expand"):
            size = prod(max(1, int(n)) for n in values[proto.input[-1]])
        elif proto.op_type not in FOLDED:
            return False
        if size > MAX_ENTRIES:
            raise LimitError(f"{proto.name or proto.op_type} makes over {MAX_ENTRIES} entries")
        reference: Any = import_module("onnx.reference")
        results = reference.ReferenceEvaluator(proto).run(None, values)
        self.constants |= {n: np.asarray(r) for n, r in zip(proto.output, results, strict=True)}
        return True

    def array(self, name: str, stem: str, node: _Node | None) -> Array:
        """The array of this name in the file."""
        if name in self.arrays:
            return self.arrays[name]
        if name in self.stored:
            self.arrays[name] = self.store(stem or "w", self.stored[name])
            self.notes.append(f"{self.quantities[-1].name} is the model's {name}.")
            return self.arrays[name]
        if name not in self.constants:
            raise ReadingError(f"the ONNX model has no value named {name!r}")
        value = self.constants[name]
        if value.dtype.kind not in "iub" and not np.isfinite(value).all():
            what = f"its constant {name!r} is not finite"
            raise node.refuse(what) if node else ReadingError(what)
        if value.size == 1:
            one = exact(decimal(float(value.reshape(-1)[0])))
            return Array(value.shape, lambda slots: one)
        self.arrays[name] = self.store("c", value)
        return self.arrays[name]

    def store(self, stem: str, value: NDArray[Any]) -> Array:
        """A quantity of stored numbers: a parameter, unless its name says that it is fixed."""
        role = Role.DATA if stem in FIXED else Role.PARAMETER
        return self._quantity(self._name(stem), value.shape, role, value=value)

    def define(self, stem: str, array: Array) -> Array:
        """A quantity with an equation."""
        name = stem if stem == "yhat" else self._name(stem)
        definition = array.entry(letters(array.shape))
        return self._quantity(name, array.shape, Role.INTERMEDIATE, definition=definition)

    def _name(self, stem: str) -> str:
        """The next name. A bias is numbered as the weights before it."""
        at = self.counts.get(stem, 0) + 1
        if stem == "b":
            at = max(at, self.counts.get("W", 0))
        self.counts[stem] = at
        return f"{stem}_{at}"

    def _quantity(
        self,
        name: str,
        shape: tuple[int, ...],
        role: Role,
        *,
        value: NDArray[Any] | None = None,
        definition: Expr | None = None,
    ) -> Array:
        if prod(shape) > MAX_ENTRIES:
            raise LimitError(f"{name} would have {prod(shape)} entries", "read a smaller model")
        if any(size < 1 for size in shape):
            raise MeaningError(f"{name} has the shape {shape}, no entries")
        self.quantities.append(
            Quantity(
                name=name,
                axes=letters(shape),
                role=role,
                definition=definition,
                value=None if value is None else as_value(value.astype(float)),
            )
        )
        return named(name, shape)


def _values(
    model: Any, inputs: ArrayLike | Mapping[str, ArrayLike] | None
) -> dict[str, NDArray[Any]]:
    """The values given for the model's inputs, by name."""
    stored = {each.name for each in model.graph.initializer}
    names = [each.name for each in model.graph.input if each.name not in stored]
    if inputs is None:
        return {}
    if isinstance(inputs, Mapping):
        for name in inputs:
            if name not in names:
                raise AskError(
                    f"the model has no input {name!r}", f"its inputs: {', '.join(names)}"
                )
        return {name: np.asarray(value) for name, value in inputs.items()}
    if len(names) != 1:
        raise AskError(f"the model has {len(names)} inputs", "give a dict of arrays by name")
    return {names[0]: np.asarray(inputs)}


def _with_loss(graph: Graph, loss: str, target: ArrayLike | None) -> Graph:
    """The graph with a loss J of the target y and the output."""
    entry = COMPOSITIONS.get(COMPOSED_AS.get(loss, ""))
    if entry is None or entry.arity != 2:
        losses = ", ".join(name for name, each in COMPOSITIONS.items() if each.arity == 2)
        raise AskError(f"there is no loss {loss!r}", f"the losses are {losses}")
    output = graph["yhat"]
    y = Quantity(
        name="y",
        axes=output.axes,
        role=Role.TARGET,
        value=None if target is None else as_value(target),
    )
    if y.value is not None and y.value.shape != output.shape:
        raise MeaningError(f"the target has the shape {y.value.shape}", f"yhat has {output.shape}")
    indices = inner(output.shape)
    points, rest = indices[:1], indices[1:]
    expand: Callable[..., Expr] = entry.expand

    def added(entries: Expr) -> Expr:
        return over(rest, entries)

    one = expand(added, ref("y", *indices), ref("yhat", *indices))
    count = output.shape[0] if output.shape else 1
    whole = Quantity(name="J", axes=(), role=Role.OBJECTIVE, definition=over(points, one) / count)
    return replace(graph, quantities=(*graph.quantities, y, whole), objective="J")
