"""An exported PyTorch program as quantities, node by node.

What no parameter and no input goes into, such as a mask or a row of positions, PyTorch works out
itself; everything else becomes equations.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from operator import getitem
from typing import Any, cast

from backhand.errors import BackhandError, MeaningError
from backhand.expr import number
from backhand.graph import Graph, Role
from backhand.reading.arrays import Array
from backhand.reading.aten import NUMBERS
from backhand.reading.aten_calls import Call, Known, Table
from backhand.reading.aten_layers import LAYERS
from backhand.reading.aten_losses import LOSSES
from backhand.reading.aten_moves import MOVES
from backhand.reading.aten_recurrent import RECURRENT
from backhand.reading.growing import Growing

OPERATIONS: Table = {**NUMBERS, **LAYERS, **RECURRENT, **LOSSES, **MOVES}
PARAMETERS = {"weight": "W", "bias": "b"}
NORMALISED = {"weight": "gamma", "bias": "beta"}
NORMS = ("layer_norm.default", "batch_norm.default", "group_norm.default", "instance_norm.default",
         "rms_norm.default")  # fmt: skip


@dataclass(slots=True)
class Reader:
    """A program that is being read: the quantities so far, and what its parameters are called.

    `shared`: for each parameter's path the one under which it was first found.
    """

    made: Growing
    shared: Mapping[str, str]
    notes: dict[str, None] = field(default_factory=dict[str, None])
    owners: dict[str, str] = field(default_factory=dict[str, str])
    counts: dict[str, int] = field(default_factory=dict[str, int])
    entered: dict[tuple[Any, ...], tuple[Any, Array]] = field(
        default_factory=dict[tuple[Any, ...], tuple[Any, Array]]
    )
    """What became a quantity, and the array by which it is used; a tensor changed in place is new."""
    dtype: Any = None

    def graph(self, last: Iterable[str], objective: str | None) -> Graph:
        """What was read and goes into the last quantities, as a graph."""
        return Graph(self.made.used(tuple(last)), objective, tuple(self.notes))

    # ---- what is given -------------------------------------------------------------------------

    def parameter(self, path: str, tensor: Any, normalised: bool) -> Array:
        """A parameter under the page's habit: W_1, b_1, gamma_1; a frozen one is data."""
        if ("parameter", path) in self.entered:
            return self.entered["parameter", path][1]
        owner, _, last = path.rpartition(".")
        stem = (NORMALISED if normalised else PARAMETERS).get(last, _identifier(last))
        name = f"{stem}_{self.number(owner, 'norm' if normalised else 'layer')}"
        if self.made.taken(name):
            name = self.made.free(stem)
        frozen = not tensor.requires_grad
        self.notes[f"{name} is {path} in PyTorch" + ", where it is frozen" * frozen] = None
        found = self.fixed(name, tensor, Role.DATA if frozen else Role.PARAMETER)
        self.entered["parameter", path] = tensor, found
        return found

    def number(self, owner: str, kind: str) -> str:
        """The number of a module among those of its kind, in forward order."""
        if owner not in self.owners:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self.owners[owner] = str(self.counts[kind])
        return self.owners[owner]

    def fixed(self, name: str, tensor: Any, role: Role, batched: bool = False) -> Array:
        """A quantity with a tensor's numbers."""
        value = tensor.detach().cpu().double().numpy()
        return self.made.entered(name, tuple(tensor.shape), role, value=value, whole=not batched)

    def define(self, stem: str, array: Array) -> Array:
        """Name an array by a stem."""
        return self.made.define(stem, array)

    def enter(self, known: Known) -> Array:
        """A known tensor as a quantity, or as a number where all its entries are one."""
        tensor = known.tensor
        key = id(known), tensor._version
        if key not in self.entered:
            first = float(tensor.flatten()[0]) if tensor.numel() else 0.0
            if known.role is Role.DATA and first in (0.0, 1.0) and bool((tensor == first).all()):
                one = number(int(first))
                found = Array(tuple(tensor.shape), lambda slots: one)
            else:
                found = self.fixed(self.called(known), tensor, known.role, known.batched)
            self.entered[key] = known, found
        return self.entered[key][1]

    def hot(self, known: Known, size: int, axis: int, without: int | None) -> Array:
        """Known whole numbers as one-hot vectors along a new axis; `without`: one that is all 0."""
        key = id(known), known.tensor._version, size, axis, without
        if key not in self.entered:
            torch: Any = import_module("torch")
            numbers = known.tensor.long()
            kept = torch.ones_like(numbers, dtype=torch.bool)
            if without is not None:
                kept = numbers != without
            outside = numbers[kept & ((numbers < 0) | (numbers >= size))]
            if outside.numel():
                raise MeaningError(
                    f"there is no number {int(outside[0])} among {size}",
                    f"give numbers from 0 to {size - 1}",
                )
            rows = torch.eye(size, dtype=torch.float64)[numbers * kept] * kept[..., None]
            name = self.called(known)
            tensor = rows.movedim(-1, axis)
            self.notes[f"{name} holds one-hot vectors, one for each number"] = None
            self.entered[key] = known, self.fixed(name, tensor, known.role, known.batched)
        return self.entered[key][1]

    def called(self, known: Known) -> str:
        """A name for a known tensor: an input's own, a constant's with a number."""
        own = known.name in self.made.reserved and known.name not in self.made.quantities
        return known.name if own else self.made.free(known.name)

    # ---- the program ---------------------------------------------------------------------------

    def run(self, program: Any, inputs: Iterable[Array | Known], last: str) -> Array:
        """Read an exported program; its output gets the name `last`."""
        done: dict[str, Any] = {}
        results = next(n for n in program.graph.nodes if n.op == "output").args[0]
        if len(results) > 1:
            self.notes[f"the module has {len(results)} outputs; {last} is the first"] = None
        result = results[0]
        self.placeholders(program, iter(inputs), done)
        needed = _needed(result, program)
        for node in program.graph.nodes:
            if node.op == "call_function" and node in needed:
                self.step(node, done, last if node is result else "", program)
        found = done.get(getattr(result, "name", ""))
        if isinstance(found, Known):
            found = self.enter(found)
        if not isinstance(found, Array):
            raise MeaningError(f"{last} is not a tensor", "return a tensor from forward")
        if last not in self.made.quantities:
            found = self.made.define("", found, last)
        return found

    def placeholders(
        self, program: Any, inputs: Iterator[Array | Known], done: dict[str, Any]
    ) -> None:
        """What the program starts from, as far as it uses it."""
        signature = program.graph_signature
        for node in program.graph.nodes:
            if node.op != "placeholder":
                continue
            path = signature.inputs_to_parameters.get(node.name)
            buffer = signature.inputs_to_buffers.get(node.name)
            lifted = signature.inputs_to_lifted_tensor_constants.get(node.name)
            if path is not None:
                if node.users:
                    tensor = program.state_dict[path]
                    normalised = any(_operator(user) in NORMS for user in node.users)
                    path = self.shared.get(path, path)
                    done[node.name] = self.parameter(path, tensor, normalised)
                    self.dtype = self.dtype or tensor.dtype
            elif buffer is not None:
                tensor = program.state_dict.get(buffer, program.constants.get(buffer))
                stem = _identifier(buffer.rpartition(".")[2])
                done[node.name] = Known(stem, tensor.detach().clone())
            elif lifted is not None:
                done[node.name] = Known("c", program.constants[lifted].detach().clone())
            else:
                done[node.name] = next(inputs)

    def step(self, node: Any, done: dict[str, Any], name: str, program: Any) -> None:
        """Work out one node."""
        try:
            if node.target is getitem:
                done[node.name] = _item(done[node.args[0].name], node.args[1])
            elif _is_known(node, done):
                done[node.name] = _worked_out(node, done)
            elif _changes_what_is_used(node, program):
                raise MeaningError("it changes in place what is used again", "make a new tensor")
            else:
                done[node.name] = self.operation(node, done, name)
        except BackhandError as error:
            raise _located(error, node) from None

    def operation(self, node: Any, done: Mapping[str, Any], name: str) -> Any:
        """One operation's result, named where it is more than entries in another order."""
        operator = _operator(node)
        if operator not in OPERATIONS:
            raise MeaningError(
                f"I can't read the operation {operator}",
                "read the parts before and after it; check_gradients takes any operation",
            )
        value = node.meta.get("val")
        if hasattr(value, "dtype") and not value.dtype.is_floating_point:
            raise MeaningError(f"it makes numbers of {value.dtype}", "keep to floating point")
        arguments, defaults = _arguments(node, done)
        call = Call(arguments, defaults, value, self)
        found = OPERATIONS[operator].of(call)
        if option := call.unread():
            raise MeaningError(f"I can't read it with {option}", "leave that option out")
        stem = OPERATIONS[operator].stem
        return self.made.define(stem, found, name) if stem and isinstance(found, Array) else found


def _operator(node: Any) -> str:
    """The name of a node's operation in ATen, such as `linear.default`."""
    maker = node.args[0] if node.target is getitem else node
    return str(maker.target).removeprefix("aten.")


def _needed(result: Any, program: Any) -> set[Any]:
    """What goes into the result, and what changes a tensor in place."""
    changing = [node for node in program.graph.nodes if _is_mutable(node)]
    waiting = [node for node in (result, *changing) if hasattr(node, "all_input_nodes")]
    found: set[Any] = set()
    while waiting:
        node = waiting.pop()
        if node not in found:
            found.add(node)
            waiting += node.all_input_nodes
    return found


def _is_mutable(node: Any) -> bool:
    schema = getattr(node.target, "_schema", None)
    return schema is not None and schema.is_mutable


def _arguments(node: Any, done: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The arguments of a node by their names in the operation's schema, and the defaults."""
    schema = node.target._schema.arguments
    defaults = {a.name: a.default_value for a in schema if a.has_default_value()}
    given = dict(zip((a.name for a in schema), node.args, strict=False)) | node.kwargs
    names = [a.name for a in schema if a.name in given or a.name in defaults]
    return {n: _value(given[n], done) if n in given else defaults[n] for n in names}, defaults


def _value(value: Any, done: Mapping[str, Any]) -> Any:
    """An argument of a node: other nodes as what they became."""
    if type(value).__name__ == "Node":
        return done[value.name]
    if isinstance(value, list | tuple):
        return [_value(item, done) for item in cast(list[Any], value)]
    return value


def _item(several: Any, at: int) -> Any:
    """One of several results."""
    if at >= len(several):
        raise MeaningError(f"result {at + 1} of this operation isn't read", "use the first")
    return several[at]


def _is_known(node: Any, done: Mapping[str, Any]) -> bool:
    """Whether nothing that is learned or given as numbers goes into a node."""
    return hasattr(node.target, "tags") and all(
        not isinstance(done.get(before.name), Array | tuple) for before in node.all_input_nodes
    )


def _worked_out(node: Any, done: Mapping[str, Any]) -> Any:
    """The result of an operation on known tensors, by PyTorch."""
    torch: Any = import_module("torch")
    if torch.Tag.nondeterministic_seeded in node.target.tags:
        raise MeaningError("it is random", "give its numbers as an input or a buffer")

    def tensors(value: Any) -> Any:
        if isinstance(value, Known):
            return value.tensor
        return (
            [tensors(each) for each in cast(list[Any], value)] if isinstance(value, list) else value
        )

    args = [tensors(_value(each, done)) for each in node.args]
    named = {name: tensors(_value(each, done)) for name, each in node.kwargs.items()}
    with torch.no_grad():
        found = node.target(*args, **named)
    return _known(found, any(_is_batched(_value(a, done)) for a in node.args))


def _known(found: Any, batched: bool) -> Any:
    if isinstance(found, list | tuple):
        return [_known(each, batched) for each in cast(list[Any], found)]
    return Known("c", found, batched=batched) if hasattr(found, "dtype") else found


def _is_batched(value: Any) -> bool:
    return isinstance(value, Known) and value.batched


def _changes_what_is_used(node: Any, program: Any) -> bool:
    """Whether an operation overwrites a tensor that is read afterwards under another name."""
    if not _is_mutable(node):
        return False
    schema = node.target._schema
    order = {each: at for at, each in enumerate(program.graph.nodes)}
    written = [
        _base(value)
        for value, argument in zip(node.args, schema.arguments, strict=False)
        if argument.alias_info is not None and argument.alias_info.is_write
    ]
    before = [each for each in order if order[each] < order[node] and _base(each) in written]
    return any(order[user] > order[node] for each in before for user in each.users)


def _base(node: Any) -> Any:
    """The tensor whose memory a node may share: a view's whole, or what it overwrites."""
    while node.op == "call_function" and node.args:
        schema = getattr(node.target, "_schema", None)
        if schema is not None and all(result.alias_info is None for result in schema.returns):
            break
        if type(node.args[0]).__name__ != "Node":
            break
        node = node.args[0]
    return node


def _located(error: BackhandError, node: Any) -> BackhandError:
    """The error with the module in which the operation stands."""
    modules: dict[str, tuple[Any, Any]] = node.meta.get("nn_module_stack") or {}
    path, kind = list(modules.values())[-1] if modules else ("", "the module")
    where = f"{path or 'the module'} ({str(kind).rpartition('.')[2]})"
    operator = _operator(node)
    what = error.what if operator in error.what else f"{operator}: {error.what}"
    return MeaningError(f"in {where}: {what}", error.mend or "read a part of the module")


def _identifier(text: str) -> str:
    """A PyTorch name as a name of the page."""
    return "".join(c if c.isalnum() or c == "_" else "_" for c in text).strip("_") or "c"
