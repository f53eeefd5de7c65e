"""What a network is made of, read off its equations: layers, activations, prediction, parameters."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations

from backhand.compositions import COMPOSITIONS, Composition
from backhand.errors import AskError
from backhand.expr import Apply, Expr, Padded, names, postorder, ref, substitute, total
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


def loss_name(graph: Graph) -> str | None:
    """The table's name of the loss that the objective is, or None where it has none.

    >>> from backhand.reading.meaning import model
    >>> loss_name(model("x = 3; y = 1; w = 2; p = w x; J = (y - p)^2"))
    'squared_error'
    """
    meaning = None if graph.objective is None else graph[graph.objective].definition
    if meaning is None:
        return None
    used = [graph[name] for name in names(meaning)]
    for target, said in permutations(used, 2) if len(used) == 2 else ():
        if target.role is Role.TARGET and target.shape == said.shape and said.rank < 2:
            for entry in COMPOSITIONS.values():
                if entry.target_first and _is_loss(meaning, entry, target, said):
                    return entry.name
    return None


def _is_loss(meaning: Expr, entry: Composition, target: Quantity, said: Quantity) -> bool:
    if not said.axes:
        return meaning is entry.expand(lambda part: part, ref(target.name), ref(said.name))  # type: ignore[call-arg]
    own = said.axes[0].named("∘l")
    bound = own.named("∘n")

    def whole(part: Expr) -> Expr:
        return total(bound, substitute(part, {own: bound}))

    return meaning is entry.expand(whole, ref(target.name, own), ref(said.name, own))  # type: ignore[call-arg]


def has_bias_folded(quantity: Quantity) -> set[str]:
    """The vectors that get a 1 put before them in this quantity's equation."""
    if quantity.definition is None:
        return set()
    return {n.name for n in postorder(quantity.definition) if isinstance(n, Padded)}
