"""How a network is like linear and logistic regression, and unlike: facts of its own equations."""

from __future__ import annotations

from fractions import Fraction

from backhand.calculus.counting import plural
from backhand.calculus.curvature import quantity_shape, setting
from backhand.calculus.forward import equation
from backhand.calculus.structure import Layer, function_name, layers, prediction
from backhand.errors import AskError
from backhand.functions import TABLE
from backhand.graph import Graph, Quantity, Role
from backhand.notation import named
from backhand.syntax import Formula, Num, Plus, Times
from backhand.working import Prose, Step, Working

REGRESSIONS = {
    "": "linear regression",
    "identity": "linear regression",
    "sigmoid": "logistic regression",
    "softmax": "logistic regression of several classes",
}
"""What a layer is on its own, by the function after it."""


def likeness(graph: Graph) -> Working:
    """What a network shares with linear and logistic regression, and what it adds.

    Raises `AskError` where there are no layers or the prediction can't be told.

    >>> from backhand.reading.shorthand import network
    >>> likeness(network("2 -> 3 relu -> 1 sigmoid")).result
    'a network whose last layer is logistic regression'
    """
    found = layers(graph)
    if not found:
        raise AskError(
            "this model has no layer", "a comparison needs a network, as in yhat = σ(W x)"
        )
    output, inputs = prediction(graph), graph.with_role(Role.DATA)
    last, kind = found[-1], _kind(found[-1], graph)
    hidden = len(found) - 1
    what = f"a network whose last layer is {kind}" if hidden else kind
    steps = [_last_step(last, output, kind, graph)]
    if hidden:
        steps += [_hidden_step(found[:-1], graph), _without_step(last, inputs, kind)]
    steps += [_linear_step(graph, output, inputs), _learned_step(graph, output)]
    steps += [_parameters_step(found), _loss_step(graph)]
    told: Prose = (f"This is {what}.",)
    if hidden:
        told = (
            *told,
            f" Similar: the last layer is a linear score, {_after(last, graph)}, and all of it is "
            "learned by lowering a loss along its gradient. Different: its inputs aren't the data but "
            f"{plural(hidden, 'hidden layer', 'hidden layers')}, learned as well.",
        )
    return Working(ask="compare", answer=told, result=what, steps=tuple(steps))


def _kind(layer: Layer, graph: Graph) -> str:
    function = function_name(layer.activation, graph) if layer.activation is not None else ""
    return REGRESSIONS.get(function, f"linear regression with {_sign(function)} after it")


def _sign(function: str) -> str:
    return TABLE[function].notation.text if function in TABLE else function or "a function"


def _after(layer: Layer, graph: Graph) -> str:
    function = function_name(layer.activation, graph) if layer.activation is not None else ""
    plain = function in ("", "identity")
    return "which is the prediction itself" if plain else f"with {_sign(function)} after it"


def _last_step(layer: Layer, output: Quantity, kind: str, graph: Graph) -> Step:
    note: Prose = (f"in what enters it, this is {kind}",)
    if layer.output.name != output.name:
        note = ("then ", equation(output, graph), f": in what enters it, this is {kind}")
    return Step(
        title=("The last layer",), rule="similar", formula=equation(layer.output, graph), note=note
    )


def _hidden_step(hidden: tuple[Layer, ...], graph: Graph) -> Step:
    first, activation = hidden[0], hidden[0].activation
    note: list[str | Formula] = []
    if activation is not None:
        note += ["with ", equation(activation, graph)]
    if len(hidden) > 1:
        note += [", and so on"] if note else ["and so on"]
    return Step(
        title=("What enters it isn't the data, but learned from it",),
        rule="different",
        formula=equation(first.output, graph),
        note=tuple(part for part in note if part),
    )


def _without_step(last: Layer, inputs: tuple[Quantity, ...], kind: str) -> Step:
    entering, outputs = sum(q.size for q in inputs), last.output.size
    count = outputs * (entering + 1)
    return Step(
        title=(f"Without the hidden layers it is {kind} on the data",),
        rule="similar",
        formula=Times((_whole(outputs), Plus((_whole(entering), _whole(1)))), "·"),
        value=_whole(count),
        note=("the parameters that would be left, biases included",),
    )


def _linear_step(graph: Graph, output: Quantity, inputs: tuple[Quantity, ...]) -> Step:
    return _affine_step(graph, output, inputs, "the data", "Linear regression's prediction is.")


def _learned_step(graph: Graph, output: Quantity) -> Step:
    told = "Where it is, a convex loss of it is convex in the parameters too."
    score = layers(graph)[-1].output
    return _affine_step(graph, score, graph.parameters, "the parameters", told)


def _affine_step(
    graph: Graph, of: Quantity, by: tuple[Quantity, ...], what: str, told: str
) -> Step:
    place = setting(graph, of.name, frozenset(q.name for q in by), {}, lambda expr, place: None)
    affine = quantity_shape(of.name, place).affine
    yes, no = "Yes, by the rules of composition.", "No: no rule of composition makes it so."
    signs: list[str | Formula] = []
    for each in by:
        signs += [", " if signs else "", named(graph, each.name)]
    return Step(
        title=("Is ", named(graph, of.name), f" linear in {what} ", *(s for s in signs if s), "?"),
        rule="similar" if affine else "different",
        note=(f"{yes if affine else no} {told}",),
    )


def _parameters_step(found: tuple[Layer, ...]) -> Step:
    sizes = [_whole(layer.size) for layer in found]
    return Step(
        title=("Parameters, layer by layer",),
        rule="different" if len(found) > 1 else "similar",
        formula=Plus(tuple(sizes)) if len(sizes) > 1 else None,
        value=_whole(sum(layer.size for layer in found)),
    )


def _loss_step(graph: Graph) -> Step:
    assert graph.objective is not None  # else there would be no prediction
    return Step(
        title=("What is minimised",),
        rule="similar",
        formula=equation(graph[graph.objective], graph),
        note=(
            "The same losses are there for all three: the squared error is usual for numbers, "
            "the cross-entropy for classes.",
        ),
    )


def _whole(value: int) -> Num:
    return Num(Fraction(value))
