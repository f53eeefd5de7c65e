"""What a model is, read off its graph: equations, what is linear in what, parameters, convexity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from backhand.calculus.convexity import convexity
from backhand.calculus.counting import parameters
from backhand.calculus.curvature import quantity_shape, setting
from backhand.calculus.forward import ancestors, equation
from backhand.calculus.objective import written_out
from backhand.calculus.structure import layers, prediction
from backhand.comparing.models import Candidate
from backhand.functions import Interval
from backhand.graph import Graph, Quantity
from backhand.notation import equals, named
from backhand.syntax import Call, Equal, Formula, Name, Num, Plus, Times, replaced
from backhand.working import Prose, Verdict

PROBABILITIES = Interval(0, 1)


@dataclass(frozen=True, slots=True)
class Linearity:
    """Whether a quantity is affine (linear with a constant) in others, and where it is bent first.

    `affine` is a proof by the rules of `calculus.curvature`. `bent`: the equation of the first
    quantity on the way that isn't affine, None where all are.
    """

    of: str
    by: tuple[str, ...]
    affine: bool
    bent: Formula | None


@dataclass(frozen=True, slots=True, eq=False)
class Facts:
    """A model's equations and properties.

    `score`: the quantity before the last activation, by which a class is chosen. `in_features` and
    `in_parameters`: of the prediction; `score_in_features`, `score_in_parameters`: of the score.
    `sum`: how the parameters are counted.
    """

    candidate: Candidate
    equations: tuple[Equal, ...]
    prediction: Formula
    loss: Equal
    score: str
    in_features: Linearity
    in_parameters: Linearity
    score_in_features: Linearity
    score_in_parameters: Linearity
    parameters: int
    sum: Formula

    @property
    def whole(self) -> tuple[Equal, ...]:
        """The equations with that of the loss."""
        return (*self.equations, self.loss)

    @property
    def straight(self) -> bool:
        """Whether the boundary between two classes is a hyperplane: the score is affine in x."""
        return self.score_in_features.affine


def facts(candidate: Candidate) -> Facts:
    """All that the graph of a model says of it.

    >>> from backhand.reading.shorthand import network
    >>> graph = network("2 -> 1 sigmoid", loss="binary_cross_entropy")
    >>> found = facts(Candidate("logistic regression", "logistic", "2 -> 1 sigmoid", graph))
    >>> found.in_features.affine, found.score_in_features.affine
    (False, True)
    """
    graph = candidate.graph
    output, score = prediction(graph), layers(graph)[-1].output.name
    learned = tuple(q.name for q in graph.parameters)
    made = [q for q in graph if q.definition is not None and q.name in ancestors(graph, "J")]
    return Facts(
        candidate,
        tuple(_equation(q, graph) for q in made),
        equals(named(graph, output.name), plain(written_out(graph, output.name))),
        equation(graph["J"], graph),
        score,
        linearity(graph, output.name, ("x",)),
        linearity(graph, output.name, learned),
        linearity(graph, score, ("x",)),
        linearity(graph, score, learned),
        sum(q.size for q in graph.parameters),
        _sum(graph),
    )


def linearity(graph: Graph, of: str, by: Sequence[str]) -> Linearity:
    """Whether every entry of a quantity is affine in all entries of others together.

    >>> from backhand.reading.shorthand import network
    >>> found = linearity(network("2 -> 3 relu -> 1"), "yhat", ["x"])
    >>> found.affine, found.bent is None
    (False, False)
    """
    # What the rules don't see as affine isn't looked into further: a Hessian can take a minute.
    place = setting(graph, of, frozenset(by), {}, lambda expr, place: None)
    affine = quantity_shape(of, place).affine
    bent = [n for n, shape in place.quantities.items() if not shape.affine and n not in by]
    first = _equation(graph[bent[0]], graph) if bent and not affine else None
    return Linearity(of, tuple(by), affine, first)


def convexity_of(candidate: Candidate) -> Verdict:
    """Whether the objective of one point, whatever point it is, is convex in the parameters.

    A target that is a class is taken as any number from 0 to 1.
    """
    learned = tuple(q.name for q in candidate.graph.parameters)
    classes = candidate.layers.endswith(("sigmoid", "softmax"))
    return convexity(candidate.graph, "J", learned, {"y": PROBABILITIES} if classes else {})


def _equation(quantity: Quantity, graph: Graph) -> Equal:
    found = equation(quantity, graph)
    return Equal(tuple(map(plain, found.sides)), found.signs)


def plain(found: Formula) -> Formula:
    """A formula without the identity, which nobody writes."""

    def leaf(part: Formula) -> Formula | None:
        match part:
            case Call("identity" | "id", (of,)):
                return plain(of)
            case _:
                return None

    return replaced(found, leaf)


def _sum(graph: Graph) -> Formula:
    """`16 · 3 + 1 · 17 = 65`, layer by layer."""
    steps = parameters(graph).steps
    terms = tuple(s.formula for s in steps if isinstance(s.formula, Times))
    whole = Num(Fraction(sum(q.size for q in graph.parameters)))
    return equals(terms[0] if len(terms) == 1 else Plus(terms), whole)


# ---- what they share ---------------------------------------------------------------------------


def shared(found: Sequence[Facts]) -> tuple[Prose, ...]:
    """What the models have in common, each statement checked on the graphs."""
    first = {each.candidate.family: each for each in reversed(found)}
    linear, logistic, net = (first.get(f) for f in ("linear", "logistic", "network"))
    said: list[Prose] = []
    if linear and logistic and same_score(linear, logistic):
        score = linear.equations[0]
        said.append(
            (
                "Linear and logistic regression form the same score ",
                score,
                ". They differ in what becomes of it, ",
                linear.equations[1],
                " and ",
                logistic.equations[1],
                ", and in the loss.",
            )
        )
    if net and logistic and is_last_layer(logistic, net):
        said.append(
            (
                "Logistic regression is the network without its hidden layers: the network's last layer "
                "is a logistic regression, loss and all, on ",
                _hidden(net),
                " in the place of ",
                named(net.candidate.graph, "x"),
                ": features that are learned instead of given.",
            )
        )
    elif net and linear and is_last_layer(linear, net):
        said.append(
            (
                "Linear regression is the network without its hidden layers: the network's last layer is "
                "a linear regression, loss and all, on ",
                _hidden(net),
                " in the place of ",
                named(net.candidate.graph, "x"),
                ": features that are learned instead of given.",
            )
        )
    said.append(
        (
            "All are trained by one method: the chain rule gives the gradient of ",
            Name("J"),
            ", and steps against it change the parameters.",
        )
    )
    return tuple(said)


def same_score(one: Facts, other: Facts) -> bool:
    """Whether two models have one and the same equation for their score."""
    pair = (one.candidate.graph[one.score], other.candidate.graph[other.score])
    return pair[0].definition is pair[1].definition and pair[0].axes == pair[1].axes


def is_last_layer(small: Facts, large: Facts) -> bool:
    """Whether the last layer of one model, its inputs renamed, is the whole of another."""
    own = _renamed_tail(large)
    return own == tuple(_renamed_tail(small)) and bool(own)


def _renamed_tail(found: Facts) -> tuple[Formula, ...]:
    """The equations from the score on, with the names of a model that has one layer only."""
    graph = found.candidate.graph
    count = len(layers(graph))
    names = {f"W_{count}": "W", f"a_{count}": "a", _input(found): "input"}

    def leaf(part: Formula) -> Formula | None:
        return Name(names[part.name]) if isinstance(part, Name) and part.name in names else None

    start = next(
        n for n, e in enumerate(found.equations) if e.sides[0] == named(graph, found.score)
    )
    return tuple(replaced(each, leaf) for each in found.whole[start:])


def _input(found: Facts) -> str:
    """What the last layer works on: x, or the last hidden layer's activation."""
    count = len(layers(found.candidate.graph))
    return f"z_{count - 1}" if count > 1 else "x"


def _hidden(found: Facts) -> Formula:
    return named(found.candidate.graph, _input(found))
