"""What a network is made of, read off its equations: layers, activations, prediction, parameters."""

from __future__ import annotations

from dataclasses import dataclass

from backhand.errors import AskError
from backhand.expr import Apply, Padded, names, postorder
from backhand.graph import Graph, Quantity, Role
from backhand.matrices import recognised


@dataclass(frozen=True, slots=True)
class Layer:
    """A quantity that parameters enter, and the activation after it, if one has a name of its own."""

    number: int
    output: Quantity
    parameters: tuple[Quantity, ...]
    activation: Quantity | None

    @property
    def size(self) -> int:
        """How many parameters are learned in it."""
        return sum(p.size for p in self.parameters)


def layers(graph: Graph) -> tuple[Layer, ...]:
    """The layers in forward order. A parameter that two layers share counts in the first."""
    counted: set[str] = set()
    found: list[Layer] = []
    learned = {p.name for p in graph.parameters}
    for quantity in graph:
        if quantity.definition is None or quantity.role is Role.GRADIENT:
            continue
        entering = [n for n in names(quantity.definition) if n in learned]
        if not entering or (quantity.role is Role.OBJECTIVE and found):
            continue
        own = tuple(p for p in graph.parameters if p.name in entering and p.name not in counted)
        counted |= {p.name for p in own}
        found.append(Layer(len(found) + 1, quantity, own, _activation_of(graph, quantity)))
    return tuple(found)


def _activation_of(graph: Graph, layer: Quantity) -> Quantity | None:
    """The one quantity made from the layer alone, entry by entry or by softmax."""
    for quantity in graph:
        if quantity.definition is None or quantity.role in (Role.OBJECTIVE, Role.GRADIENT):
            continue
        used = names(quantity.definition)
        if used == frozenset({layer.name}) and quantity.shape == layer.shape:
            return quantity
    return None


def function_name(quantity: Quantity, graph: Graph) -> str:
    """The table's name of the function that makes this quantity, "softmax", or ""."""
    if isinstance(quantity.definition, Apply):
        return quantity.definition.name
    found = recognised(quantity, graph)
    return found.function if found is not None else ""


def prediction(graph: Graph) -> Quantity:
    """What the objective compares with the target; `AskError` where that isn't one quantity."""
    if graph.objective is None:
        raise AskError("this graph has no objective", "define J, such as J = (y - yhat)^2")
    current = graph[graph.objective]
    while current.definition is not None:
        used = [graph[n] for n in sorted(names(current.definition))]
        made = [q for q in used if q.definition is not None]
        if any(q.role is Role.TARGET for q in used) or len(made) != 1:
            break
        current = made[0]
    used = [graph[n] for n in sorted(names(current.definition))] if current.definition else []
    made = [q for q in used if q.definition is not None]
    if len(made) != 1 or not any(q.role is Role.TARGET for q in used):
        raise AskError(
            f"I can't tell which quantity {graph.objective} compares with a target",
            "write the loss in terms of one prediction and one target, as in (y - yhat)^2",
        )
    return made[0]


def has_bias_folded(quantity: Quantity) -> set[str]:
    """The vectors that get a 1 put before them in this quantity's equation."""
    if quantity.definition is None:
        return set()
    return {n.name for n in postorder(quantity.definition) if isinstance(n, Padded)}
