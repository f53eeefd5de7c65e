"""What one step of training does: forward pass, backward pass and updates as statements in order.

Only what the loss and the parameters' gradients need is in it. With one point a step, a gradient
that is used once goes straight into its update and is never stored.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from backhand.calculus.chain import backward
from backhand.calculus.forward import ancestors
from backhand.errors import AskError
from backhand.expr import (
    ZERO,
    Expr,
    Padded,
    Ref,
    Total,
    mul,
    names,
    postorder,
    ref,
    rewrite,
    show,
    substitute,
)
from backhand.graph import AXES, Graph, Quantity, Role
from backhand.notation import partial_name
from backhand.training.numerics import shared, steady
from backhand.training.optimizers import DECAY, GRADIENT, PARAMETER, RATE, Optimizer, regular
from backhand.training.statements import Statement, statement

WEIGHT = "weight"
"""The name of a point's own weight, where points have weights."""


@dataclass(frozen=True, eq=False, slots=True)
class Program:
    """A graph with its gradients, cut down to what training needs.

    `data`: what has a value for each point, `fixed`: what is given once, both by name.
    """

    graph: Graph
    objective: str
    data: tuple[str, ...]
    fixed: tuple[str, ...]
    parameters: tuple[str, ...]

    @property
    def forward(self) -> list[Statement]:
        """The equations on the way to the loss."""
        return [
            stated(q)
            for q in self.graph
            if q.definition is not None and q.role is not Role.GRADIENT
        ]

    @property
    def backward(self) -> list[Statement]:
        """The derivatives on the way to those by the parameters, without these."""
        own = {self.gradient(name) for name in self.parameters}
        return [stated(q) for q in self.graph.with_role(Role.GRADIENT) if q.name not in own]

    @property
    def gradients(self) -> list[Statement]:
        """The derivatives by the parameters."""
        return [stated(self.graph[self.gradient(name)]) for name in self.parameters]

    def gradient(self, parameter: str) -> str:
        """The name of the loss's derivative by a parameter."""
        return partial_name(self.objective, parameter)


def stated(quantity: Quantity) -> Statement:
    """A quantity's equation as a statement, with itself as comment."""
    assert quantity.definition is not None
    one = statement(quantity.name, quantity.axes, quantity.definition)
    left = show(ref(quantity.name, *quantity.axes))
    return replace(one, comment=f"{left} = {_lettered(quantity)}")


def _lettered(quantity: Quantity) -> str:
    """The right side in plain letters: bound indices are numbered inside."""
    text = show(quantity.definition or ZERO)
    own = {axis.name for axis in quantity.axes}
    letters = [letter for letter in AXES if letter not in own]
    for depth, letter in enumerate(letters):
        text = text.replace(f"•{depth}", letter)
    return text


def derived(graph: Graph, data: Collection[str], weighted: bool = False) -> Program:
    """The program of a graph, `data` naming what each point has its own of.

    Raises `AskError` where there is nothing to minimise or nothing to learn.
    """
    objective = graph.objective
    if objective is None:
        raise AskError("this graph has no objective", "define a scalar J, such as J = (y - yhat)^2")
    if weighted:
        graph = _weighted(graph, objective)
        data = [*data, WEIGHT]
    graph = replace(steady(graph), points={})
    reached = ancestors(graph, objective)
    learned = [q.name for q in graph.parameters if q.name in reached]
    if not learned:
        raise AskError(
            "this graph has no parameter", f"nothing that {objective} depends on is learned"
        )
    wanted = {objective, *(partial_name(objective, name) for name in learned)}
    whole = _needed(shared(backward(graph, objective)), wanted)
    given = [q.name for q in whole if q.definition is None and q.role is not Role.PARAMETER]
    return Program(
        whole,
        objective,
        tuple(n for n in given if n in data),
        tuple(n for n in given if n not in data),
        tuple(q.name for q in whole.parameters),
    )


def _weighted(graph: Graph, objective: str) -> Graph:
    """The graph with a point's loss times its weight."""
    if WEIGHT in graph:
        raise AskError(f"{WEIGHT} is a name of the graph's own", "call it something else")
    weight = Quantity(name=WEIGHT, axes=(), role=Role.DATA)
    return replace(
        graph,
        quantities=(
            weight,
            *(
                replace(q, definition=mul(ref(WEIGHT), q.definition))
                if q.name == objective and q.definition is not None
                else q
                for q in graph
            ),
        ),
    )


def _needed(graph: Graph, wanted: set[str]) -> Graph:
    """The quantities on which those wanted depend, and these."""
    keep = set(wanted)
    for name in wanted:
        keep |= ancestors(graph, name)
    return replace(graph, quantities=tuple(q for q in graph if q.name in keep), points={})


def updates(
    program: Program, optimizer: Optimizer, gradients: Mapping[str, Expr], l1: bool, l2: bool
) -> list[Statement]:
    """The optimiser's equations for every parameter; `gradients`: by parameter, in its own axes.

    A gradient that is used more than once, or that reads what has changed by then, is a statement
    of its own before them.
    """
    before: list[Statement] = []
    made: list[Statement] = []
    for at, name in enumerate(program.parameters):
        gradient, axes = gradients[name], program.graph[name].axes
        if _reads_changed(gradient, ref(name, *axes), program.parameters[:at]):
            before.append(_stored(program, name, gradient))
            gradient = ref(program.gradient(name), *axes)
        made += _update(program, optimizer, name, gradient, l1, l2)
    return [*before, *made]


def _reads_changed(gradient: Expr, own: Expr, updated: Sequence[str]) -> bool:
    """Whether a gradient, worked out inside its parameter's update, would meet new values."""
    nodes = list(postorder(gradient))
    changed = {*updated, *names(own)}
    reads = [node for node in nodes if isinstance(node, Ref | Padded) and node.name in changed]
    # A sum is added to the parameter term by term, each after the one before.
    summed = any(isinstance(node, Total) for node in nodes)
    return any(node is not own for node in reads) or (bool(reads) and summed)


def _stored(program: Program, name: str, gradient: Expr) -> Statement:
    sign, axes = program.gradient(name), program.graph[name].axes
    return Statement(sign, axes, axes, gradient, f"{sign}, used by the updates below")


def _update(
    program: Program, optimizer: Optimizer, name: str, gradient: Expr, l1: bool, l2: bool
) -> list[Statement]:
    axes = program.graph[name].axes
    made: list[Statement] = []
    penalised = regular(ref(GRADIENT), l1, l2)
    equations = [*optimizer.states.values(), optimizer.update]
    uses = sum(node is ref(GRADIENT) for e in equations for node in postorder(e))
    own: dict[str, Expr] = {PARAMETER: ref(name, *axes)}
    own |= {state: ref(state_name(state, name), *axes) for state in optimizer.states}
    gradient = put(penalised, {**own, GRADIENT: gradient})
    if uses > 1 and not isinstance(gradient, Ref):
        made.append(_stored(program, name, gradient))
        gradient = ref(program.gradient(name), *axes)
    own[GRADIENT] = gradient
    for state, equation in optimizer.states.items():
        target = state_name(state, name)
        made.append(Statement(target, axes, axes, put(equation, own), _said(state, equation, name)))
    value = put(optimizer.update, own)
    said = _said(PARAMETER, optimizer.update, name)
    plain = not optimizer.states
    made.append(
        statement(name, axes, value, said) if plain else Statement(name, axes, axes, value, said)
    )
    return made


def _said(target: str, equation: Expr, name: str) -> str:
    return f"update of {name}: {target} = {show(equation)}"


def put(equation: Expr, own: Mapping[str, Expr]) -> Expr:
    """An optimiser's equation for one parameter; its numbers get names that no quantity has."""

    def leaf(node: Expr) -> Expr | None:
        if not isinstance(node, Ref):
            return None
        return own[node.name] if node.name in own else ref(setting_name(node.name))

    return rewrite(equation, leaf)


def state_name(state: str, parameter: str) -> str:
    """The name of a parameter's own state: `m of W_1`."""
    return f"{state} of {parameter}"


def setting_name(setting: str) -> str:
    """The name of an optimiser's number, apart from every quantity of the graph."""
    return f"•{setting}"


def settings_of(optimizer: Optimizer, l1: bool, l2: bool) -> tuple[str, ...]:
    """The names of the numbers that the update equations take, the learning rate apart."""
    used = {
        name
        for equation in (
            regular(ref(GRADIENT), l1, l2),
            optimizer.update,
            *optimizer.states.values(),
            *(after for _, after in optimizer.runs.values()),
        )
        for name in names(equation)
    }
    known = [*optimizer.settings, "l1", "l2", DECAY]
    return tuple(name for name in known if name in used and name != RATE)


def own_gradient(program: Program, name: str) -> Expr:
    """A parameter's gradient in the parameter's own axes."""
    quantity = program.graph[program.gradient(name)]
    definition = quantity.definition or ZERO
    axes: Sequence[object] = program.graph[name].axes
    return substitute(definition, dict(zip(quantity.axes, axes, strict=True)))  # type: ignore[arg-type]


def stored_gradient(program: Program, name: str) -> Expr:
    """A gradient that was added up over a batch, as its mean."""
    return mul(ref(setting_name("scale")), ref(program.gradient(name), *program.graph[name].axes))
