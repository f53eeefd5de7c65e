"""A program as a PyTorch module whose code can be read: `print(module.code)`."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from backhand.exporting.names import identifiers
from backhand.exporting.options import Precision, value_of
from backhand.exporting.torch_operations import SCALARS, STORED, operations, stored
from backhand.graph import Graph
from backhand.training.array_program import Program, Step
from backhand.values import floats


def names_in_module(program: Program) -> dict[str, str]:
    """What the module calls each quantity. Parameters come first and keep their names if they can."""
    fx: Any = import_module("torch.fx")
    empty = fx.GraphModule({}, fx.Graph())
    own = [step.quantity for step in program.steps if step.quantity]
    return identifiers(
        [*program.parameters, *program.inputs, *own], taken={*dir(empty), "self", "torch"}
    )


def module_of(program: Program, graph: Graph, dtype: Precision) -> Any:
    """The module: parameters and buffers, and a forward pass of one line an operation."""
    torch: Any = import_module("torch")
    builder = _Builder(program, graph, getattr(torch, dtype))
    (output,) = program.outputs.values()
    builder.lines.output(builder.values[output].node)
    return torch.fx.GraphModule(builder.root, builder.lines, class_name="Exported")


class _Builder:
    """A module that is being built, line by line."""

    def __init__(self, program: Program, graph: Graph, dtype: Any) -> None:
        self.torch: Any = import_module("torch")
        self.fx: Any = import_module("torch.fx")
        self.graph, self.dtype = graph, dtype
        self.root: Any = self.torch.nn.Module()
        self.lines: Any = self.fx.Graph()
        self.recorder: Any = self.fx.proxy.GraphAppendingTracer(self.lines)
        self.names = names_in_module(program)
        self.inline = _inlined(program)
        self.meanings = operations()
        # What is given comes first, wherever the graph has it.
        self.given = {name: self.lines.placeholder(self.names[name]) for name in program.inputs}
        self.values: list[Any] = []
        for number, step in enumerate(program.steps):
            self.values.append(self.step(number, step))

    def step(self, number: int, step: Step) -> Any:
        """The value of one step."""
        match step.operator:
            case "input":
                return self.proxy(self.given[step.options[0]])
            case "parameter":
                name: str = step.options[0]
                value = self.tensor(floats(value_of(self.graph, name)))
                return self.attribute(self.names[name], self.torch.nn.Parameter(value))
            case "constant" if number in self.inline:
                return float(step.options[0])
            case "constant":
                name = self.names.get(step.quantity) or self.buffer_name("constant")
                return self.attribute(name, self.tensor(step.options[0]))
            case _:
                return self.operation(step)

    def operation(self, step: Step) -> Any:
        """The lines of one operation, the last under its quantity's name."""
        inputs = [self.values[number] for number in step.inputs]
        if step.operator in STORED:
            name = self.buffer_name(STORED[step.operator])
            inputs.append(self.attribute(name, stored(step)))
        found = self.meanings[step.operator](step, *inputs)
        if step.quantity and isinstance(found, self.fx.Proxy) and found is not inputs[0]:
            found.node._rename(self.names[step.quantity])
        return found

    def attribute(self, name: str, tensor: Any) -> Any:
        """A parameter or a buffer, and the line that gets it."""
        if isinstance(tensor, self.torch.nn.Parameter):
            self.root.register_parameter(name, tensor)
        else:
            self.root.register_buffer(name, tensor)
        return self.proxy(self.lines.get_attr(name))

    def buffer_name(self, stem: str) -> str:
        """The next number of a stem that is no quantity's name."""
        taken = {*self.names.values(), *dict(self.root.named_buffers())}
        number = 1
        while f"{stem}_{number}" in taken:
            number += 1
        return f"{stem}_{number}"

    def proxy(self, node: Any) -> Any:
        return self.fx.Proxy(node, self.recorder)

    def tensor(self, value: Any) -> Any:
        # A copy, for what PyTorch trains isn't to change the graph.
        return self.torch.tensor(value, dtype=self.dtype)


def _inlined(program: Program) -> set[int]:
    """The constants that are written as plain numbers: those that only take part in arithmetic."""
    kept = {
        number for step in program.steps if step.operator not in SCALARS for number in step.inputs
    } | set(program.outputs.values())
    return {
        number
        for number, step in enumerate(program.steps)
        if step.operator == "constant"
        and not step.quantity
        and not step.sizes
        and number not in kept
    }
