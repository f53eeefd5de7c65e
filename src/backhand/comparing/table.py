"""The table of a comparison, a row a property and a column a model, and the reasons for its cells."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction

from backhand.comparing.comparison import Compared, Comparison
from backhand.comparing.facts import Linearity
from backhand.comparing.findings import boundary, number
from backhand.comparing.witnesses import Bend
from backhand.notation import named
from backhand.notation import number as shown
from backhand.syntax import Formula, Name, Num
from backhand.working import Prose

LEGEND = (
    "Linear means linear with a constant (affine). The score is what the last function is applied to. "
    "A yes is proved by the rules of composition on the equations. A no in x is shown below by two "
    "points; a network's no in the parameters by J, which is convex in the score and yet not in them."
)


@dataclass(frozen=True, slots=True)
class Row:
    """One property of every model."""

    heading: Prose
    cells: tuple[Prose, ...]


def rows(found: Comparison) -> tuple[Row, ...]:
    """All properties, those of the equations before those of training."""
    graph = found.models[0].facts.candidate.graph
    yhat, x = named(graph, "yhat"), named(graph, "x")
    learned = "linear in the parameters"

    def row(heading: Prose, cell: Callable[[Compared], Prose]) -> Row:
        return Row(heading, tuple(cell(model) for model in found.models))

    made = [
        row(("parameters",), lambda m: (Num(Fraction(m.facts.parameters)),)),
        row((yhat, " linear in ", x), lambda m: _yes(m.facts.in_features.affine)),
        row((yhat, f" {learned}"), lambda m: _yes(m.facts.in_parameters.affine)),
    ]
    if found.task.labels:
        kind = boundary(found)
        bent = "bent" if found.task.features > 1 else "points"
        made += [
            row(("score linear in ", x), lambda m: _yes(m.facts.score_in_features.affine)),
            row((f"score {learned}",), lambda m: _yes(m.facts.score_in_parameters.affine)),
            row(("boundary",), lambda m: (f"a {kind}" if m.facts.straight else bent,)),
        ]
    made.append(row((Name("J"), " convex in the parameters"), lambda m: (m.convex,)))
    if found.splits:
        made += [
            row((f"{found.measure} held out",), lambda m: (_score(m),)),
            row(
                (f"{found.measure} in training",),
                lambda m: (number(m.score.training if m.score else 0),),
            ),
        ]
    else:
        made.append(row((f"{found.measure} in training",), lambda m: (number(m.on_training),)))
    return tuple(made)


def _yes(holds: bool) -> Prose:
    return ("yes" if holds else "no",)


def _score(model: Compared) -> str:
    return number(model.score.interval.mean) if model.score else ""


# ---- why a cell says no ------------------------------------------------------------------------


def bends(found: Comparison) -> Iterator[tuple[str, Prose]]:
    """For each model that isn't linear in x: its first equation that bends, and two points that show it."""
    for model in found.models:
        facts, graph = model.facts, model.facts.candidate.graph
        for line, seen in (
            (facts.in_features, model.bend),
            (facts.score_in_features, model.score_bend),
        ):
            # A network's prediction bends because its score does: that says enough.
            if line.affine or (line is facts.in_features and not facts.score_in_features.affine):
                continue
            yield (
                model.name,
                _bent(
                    line, seen, named(graph, line.of), named(graph, "x"), bool(graph[line.of].rank)
                ),
            )


def _bent(line: Linearity, seen: Bend | None, of: Formula, x: Formula, several: bool) -> Prose:
    start: Prose = (of, " isn't linear in ", x)
    if line.bent is not None:
        start = (*start, ": ", line.bent, " bends")
    if seen is None:
        return (*start, ".")
    which = "its first entry is " if several else "it is "
    first, second = seen.points
    return (
        *start,
        f". Halfway between points {first} and {second} {which}",
        shown(seen.halfway),
        ", the mean of its ends ",
        shown(seen.mean),
        ".",
    )
