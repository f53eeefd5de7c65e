"""A PyTorch module as a graph: its exported program, operation by operation, as equations.

The module is traced by `torch.export`, not run; its parameters and the example input become
quantities with values, so that values and gradients are those of PyTorch. A parameter that is used
twice is one quantity.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from backhand.errors import AskError, BackhandError, MeaningError, ReadingError
from backhand.graph import Graph, Role
from backhand.reading.arrays import Array, matmul
from backhand.reading.aten import NUMBERS
from backhand.reading.aten_calls import Call, Table
from backhand.reading.aten_layers import LAYERS
from backhand.reading.aten_moves import MOVES
from backhand.reading.growing import Growing

OUTPUT, OBJECTIVE, INPUT, TARGET = "yhat", "J", "x", "y"
OPERATIONS: Table = {**NUMBERS, **LAYERS, **MOVES}
PARAMETERS = {"weight": "W", "bias": "b"}
NORMALISED = {"weight": "gamma", "bias": "beta"}
CLASSES = ("cross_entropy_loss.default", "nll_loss_nd.default", "nll_loss.default")
"""The losses whose target may be the number of a class."""


def from_torch(module: Any, loss: Any = None, *, inputs: Any = None, target: Any = None) -> Graph:
    """The graph of a module, and of its loss where one is given, with PyTorch's own values.

    `inputs`: an example tensor, or a tuple of them; it may be left out where the module starts with
    a `Linear` layer, and then has no value in the graph. A batch of one is one data point, without
    an axis for the batch; a larger one keeps that axis. `target`: what the loss compares with; class
    numbers become one-hot vectors. `loss`: a module or a function of (output, target).

    Parameters are called W_1, b_1, ... in forward order; a note says what PyTorch calls them.

    Raises `MeaningError` for an operation that isn't read, naming it and its module; `AskError`
    where an example input is needed; `ImportError` without PyTorch.
    """
    torch: Any = import_module("torch")
    example, valued = _example(module, inputs, torch)
    program = _exported(module, example, torch)
    single = all(t.ndim and t.shape[0] == 1 for t in example)
    reader = _Reader(Growing(OBJECTIVE, single), _shared(module))
    output = reader.run(program, _inputs(example, valued), OUTPUT)
    if loss is None:
        return reader.graph(None)
    return _with_loss(reader, output, loss, target, torch)


def _with_loss(reader: _Reader, output: Array, loss: Any, target: Any, torch: Any) -> Graph:
    """The graph with the loss between the output and the target."""
    if target is None:
        raise AskError("the loss compares with a target", "give one: target=y")

    class Compared(torch.nn.Module):  # type: ignore[misc, name-defined]
        def forward(self, yhat: Any, y: Any) -> Any:
            return loss(yhat, y)

    stand_in = torch.zeros(output.shape, dtype=reader.dtype)
    program = _exported(Compared(), (stand_in, target), torch)
    given = target.detach().cpu().numpy()
    classes = any(_operator(n) in CLASSES for n in program.graph.nodes if n.op == "call_function")
    if classes and given.ndim < len(output.shape):
        axis = min(1, len(output.shape) - 1)
        given = np.moveaxis(np.eye(output.shape[axis])[given], -1, axis)
    reader.run(program, [output, _Given(TARGET, given.astype(float), Role.TARGET)], OBJECTIVE)
    return reader.graph(OBJECTIVE)


@dataclass(frozen=True, slots=True)
class _Given:
    """An array that comes from outside: its name, its numbers (or zeros for their shape), its role."""

    name: str
    value: NDArray[Any]
    role: Role
    known: bool = True


def _inputs(example: tuple[Any, ...], valued: bool) -> list[Array | _Given]:
    names = [INPUT] if len(example) == 1 else [f"{INPUT}_{n}" for n in range(1, len(example) + 1)]
    return [
        _Given(name, tensor.detach().cpu().numpy(), Role.DATA, valued)
        for name, tensor in zip(names, example, strict=True)
    ]


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
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return torch.export.export(module, example)
    except Exception as error:
        first = str(error).strip().splitlines() or [type(error).__name__]
        raise ReadingError(
            f"torch.export can't trace {type(module).__name__}: {first[0][:200]}",
            "make its forward pass free of branches on values, or read a part of it",
        ) from None


def _shared(module: Any) -> dict[str, str]:
    """For each parameter's name the one under which it was first found: a shared one has two."""
    first: dict[int, str] = {}
    found: dict[str, str] = {}
    for name, parameter in module.named_parameters(remove_duplicate=False):
        found[name] = first.setdefault(id(parameter), name)
    return found


def _operator(node: Any) -> str:
    """The name of a node's operation in ATen, such as `linear.default`."""
    return str(node.target).removeprefix("aten.")


@dataclass(slots=True)
class _Reader:
    """A program that is being read: the quantities so far, and what its parameters are called."""

    made: Growing
    shared: Mapping[str, str]
    notes: dict[str, None] = field(default_factory=dict[str, None])
    owners: dict[str, str] = field(default_factory=dict[str, str])
    counts: dict[str, int] = field(default_factory=dict[str, int])
    dtype: Any = None

    def graph(self, objective: str | None) -> Graph:
        """What was read, as a graph."""
        return Graph(self.made.used((OUTPUT, OBJECTIVE)), objective, tuple(self.notes))

    # ---- what is given -------------------------------------------------------------------------

    def given(self, found: _Given) -> Array:
        """An array from outside. Whole numbers wait for the embedding that makes vectors of them."""
        value = found.value if found.known else None
        return self.made.entered(found.name, found.value.shape, found.role, value=value)

    def parameter(self, path: str, tensor: Any, normalised: bool) -> Array:
        """A parameter under the page's habit: W_1, b_1, gamma_1."""
        owner, _, last = path.rpartition(".")
        stem = (NORMALISED if normalised else PARAMETERS).get(last, _identifier(last))
        name = f"{stem}_{self.number(owner, 'norm' if normalised else 'layer')}"
        self.notes[f"{name} is {path} in PyTorch"] = None
        return self.fixed(name, tensor, Role.PARAMETER)

    def buffer(self, path: str, tensor: Any) -> Array:
        """A stored array that isn't learned, such as a running mean."""
        owner, _, last = path.rpartition(".")
        return self.fixed(f"{_identifier(last)}_{self.number(owner, 'norm')}", tensor, Role.DATA)

    def number(self, owner: str, kind: str) -> str:
        """The number of a module among those of its kind, in forward order."""
        if owner not in self.owners:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self.owners[owner] = str(self.counts[kind])
        return self.owners[owner]

    def fixed(self, name: str, tensor: Any, role: Role) -> Array:
        value = tensor.detach().cpu().double().numpy()
        return self.made.entered(name, tuple(tensor.shape), role, value=value, whole=True)

    # ---- the program ---------------------------------------------------------------------------

    def run(self, program: Any, inputs: list[Array | _Given], last: str) -> Array:
        """Read an exported program; its output gets the name `last`."""
        done: dict[str, Any] = {}
        results = next(n for n in program.graph.nodes if n.op == "output").args[0]
        result = results[0]
        if len(results) > 1:
            self.notes[f"the module has {len(results)} outputs; {last} is the first"] = None
        self.placeholders(program, inputs, done)
        for node in program.graph.nodes:
            if node.op != "call_function":
                continue
            if str(node.target) == "<built-in function getitem>":
                done[node.name] = done[node.args[0].name][node.args[1]]
                continue
            if _changes_in_place(node, program):
                raise self.located(
                    MeaningError("it changes in place what is used again", "make a new tensor"),
                    node,
                    _operator(node),
                )
            if not node.users and node is not result:
                continue
            done[node.name] = self.operation(node, done, last if node is result else "")
        found = done[result.name]
        if last not in self.made.quantities:
            found = self.made.define("", found, last)
        return found

    def placeholders(
        self, program: Any, inputs: list[Array | _Given], done: dict[str, Any]
    ) -> None:
        """What the program starts from, as far as it uses it."""
        signature = program.graph_signature
        waiting = iter(inputs)
        for node in program.graph.nodes:
            if node.op != "placeholder":
                continue
            path = signature.inputs_to_parameters.get(node.name)
            buffer = signature.inputs_to_buffers.get(node.name)
            lifted = signature.inputs_to_lifted_tensor_constants.get(node.name)
            if path is not None and node.users:
                tensor = program.state_dict[path]
                normalised = any(_operator(user) in NORMS for user in node.users)
                done[node.name] = self.parameter(self.shared.get(path, path), tensor, normalised)
                self.dtype = self.dtype or tensor.dtype
            elif buffer is not None and any(_operator(u) in OPERATIONS for u in node.users):
                tensor = program.state_dict.get(buffer, program.constants.get(buffer))
                done[node.name] = self.buffer(buffer, tensor) if tensor.ndim else None
            elif lifted is not None:
                done[node.name] = self.buffer(lifted, program.constants[lifted])
            elif path is None and buffer is None:
                found = next(waiting)
                whole = isinstance(found, _Given) and found.value.dtype.kind in "iu"
                done[node.name] = found if whole or isinstance(found, Array) else self.given(found)

    def operation(self, node: Any, done: Mapping[str, Any], name: str) -> Any:
        """One operation's result, named where it is more than entries in another order."""
        operator = _operator(node)
        try:
            if operator == "embedding.default":
                return self.embedding(node, done, name)
            if operator not in OPERATIONS:
                raise MeaningError(f"I can't read the operation {operator}", "leave it out")
            value = node.meta.get("val")
            shape = tuple(value.shape) if hasattr(value, "shape") else ()
            args = tuple(_argument(a, done) for a in node.args)
            named = {key: _argument(a, done) for key, a in node.kwargs.items()}
            found = OPERATIONS[operator].of(Call(args, named, self.made.define, shape))
        except BackhandError as error:
            raise self.located(error, node, operator) from None
        stem = OPERATIONS[operator].stem
        return self.made.define(stem, found, name) if stem and isinstance(found, Array) else found

    def embedding(self, node: Any, done: Mapping[str, Any], name: str) -> Array:
        """Rows of a table by their numbers: the table times one-hot vectors."""
        table, numbers = (done[a.name] for a in node.args[:2])
        if not isinstance(numbers, _Given) or not numbers.known:
            raise AskError("an embedding looks up given numbers", "give inputs= with whole numbers")
        hot = _Given(numbers.name, np.eye(table.shape[0])[numbers.value], Role.DATA)
        found = matmul(self.given(hot), table)
        self.notes[f"{numbers.name} holds one-hot vectors, one for each number"] = None
        return self.made.define("h", found, name)

    def located(self, error: BackhandError, node: Any, operator: str) -> BackhandError:
        """The error with the module in which the operation stands."""
        modules: dict[str, tuple[Any, Any]] = node.meta.get("nn_module_stack") or {}
        stack = list(modules.values())
        where = [str(path) for path, _ in stack] or [""]
        kinds = [str(kind).rpartition(".")[2] for _, kind in stack] or ["the module"]
        path = f"{where[-1] or 'the module'} ({kinds[-1]})"
        what = error.what if operator in error.what else f"{operator}: {error.what}"
        return MeaningError(f"in {path}: {what}", error.mend or "read a part of the module")


def _changes_in_place(node: Any, program: Any) -> bool:
    """Whether an operation overwrites a tensor that something else sees, other than a counter."""
    name = _operator(node).partition(".")[0]
    if not name.endswith("_") or name.endswith("__") or not node.args:
        return False
    changed = node.args[0]
    if changed.name in program.graph_signature.inputs_to_buffers:
        return False
    order = {each: at for at, each in enumerate(program.graph.nodes)}
    return not node.users or any(order[user] > order[node] for user in changed.users)


NORMS = ("layer_norm.default", "batch_norm.default", "group_norm.default", "instance_norm.default")


def _argument(value: Any, done: Mapping[str, Any]) -> Any:
    """An argument of a node: other nodes as what they became."""
    if type(value).__name__ == "Node":
        return done[value.name]
    if isinstance(value, list | tuple):
        return [_argument(item, done) for item in cast(list[Any], value)]
    return value


def _identifier(text: str) -> str:
    """A PyTorch name as a name of the page."""
    return "".join(c if c.isalnum() or c == "_" else "_" for c in text).strip("_") or "c"
