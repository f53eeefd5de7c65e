"""What a comparison shows, in sentences; each says no more than its numbers bear out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backhand.comparing.comparison import Compared, Comparison
from backhand.comparing.intervals import Interval
from backhand.comparing.models import ABSENT, Family
from backhand.comparing.scores import Difference
from backhand.rounding import digits

UNDERFITS = 0.02
"""A model that scores this much less than another on its own training points can't bend enough."""


def number(value: float) -> str:
    """A score as it is shown: three decimals, a true minus."""
    return f"{value:.3f}".replace("-", "−").replace("−0.000", "0.000")


def span(found: Interval) -> str:
    """An interval as it is shown."""
    return f"[{number(found.low)}, {number(found.high)}]"


def family(found: Comparison, name: Family) -> tuple[Compared, ...]:
    """The models of a family."""
    return tuple(each for each in found.models if each.facts.candidate.family == name)


def difference(found: Comparison, one: Compared, other: Compared) -> Difference:
    """The difference of two models."""
    pair = {one.name, other.name}
    return next(d for d in found.differences if {d.better, d.worse} == pair)


def boundary(found: Comparison) -> str:
    """What a boundary without a bend is called in so many features."""
    return {1: "point", 2: "line", 3: "plane"}.get(found.task.features, "hyperplane")


# ---- the answer --------------------------------------------------------------------------------


def answer(found: Comparison) -> str:
    """The outcome in a sentence or two."""
    if not found.splits:
        return _without_splits(found)
    simple = (family(found, "logistic") or family(found, "linear"))[0]
    nets = family(found, "network")
    apart = {net.name: difference(found, simple, net) for net in nets}
    above = [n for n in nets if apart[n.name].beyond and apart[n.name].better == n.name]
    below = [n for n in nets if apart[n.name].beyond and apart[n.name].worse == n.name]
    if above:
        best = max(above, key=_mean)
        gap = apart[best.name].interval
        wins = (
            f"The {best.name} wins on {found.task.title}: {found.measure} {number(_mean(best))} on points "
            f"held out, against {number(_mean(simple))} by {simple.name}. The difference, "
            f"{number(gap.mean)} {span(gap)}, is beyond chance."
        )
        return wins + _also(above, best, nets)
    best = max(nets, key=_mean)
    gap = apart[best.name].interval
    scored = (
        f"{found.measure} {number(_mean(simple))} on points held out, against {number(_mean(best))}"
    )
    several = len(nets) > 1
    if len(below) == len(nets):
        which = ", the best of the networks" if several else ""
        return (
            f"{_capital(simple.name)} wins on {found.task.title}: {scored} by the {best.name}{which}. "
            f"The difference, {number(gap.mean)} {span(gap)}, is beyond chance."
        )
    plural = "s" if several else ""
    return (
        f"{_capital(simple.name)} ties with the network{plural} on {found.task.title}: {scored} by the "
        f"{best.name}, {_within(gap)}. It does so with {_parameters(simple)} instead of "
        f"{best.facts.parameters}." + _worse(below, simple)
    )


def _within(gap: Interval) -> str:
    if gap.low == gap.high == 0:
        return "and on every split the two are the same"
    return f"and the difference, {number(gap.mean)} {span(gap)}, is within chance"


def _mean(model: Compared) -> float:
    assert model.score is not None
    return model.score.interval.mean


def _also(above: Sequence[Compared], best: Compared, nets: Sequence[Compared]) -> str:
    others = [net.name for net in nets if net is not best]
    also = [
        f"{net.name}, with {net.facts.parameters} parameters instead of {best.facts.parameters}"
        for net in above
        if net is not best
    ]
    if not others:
        return ""
    if not also:
        return f" Of no other network ({', '.join(others)}) do the intervals show that."
    return f" The same holds for the {'; the '.join(also)}."


def _worse(below: Sequence[Compared], simple: Compared) -> str:
    names = ", ".join(net.name for net in below)
    return f" The {names} is worse than {simple.name}, beyond chance." if below else ""


def _without_splits(found: Comparison) -> str:
    each = ", ".join(f"{m.name} {number(m.on_training)}" for m in found.models)
    return (
        f"On {found.task.title} no points can be held out: {found.task.count} are too few. "
        f"{_capital(found.measure)} on the very points trained on: {each}. "
        "That shows what each can fit, not how well it predicts."
    )


def _capital(text: str) -> str:
    return text[0].upper() + text[1:]


def _parameters(model: Compared) -> str:
    return f"{model.facts.parameters} parameters"


# ---- why ---------------------------------------------------------------------------------------


def reasons(found: Comparison) -> tuple[str, ...]:
    """Why it came out so, as far as the data show it."""
    said = [*_separation(found)]
    if found.splits:
        said += [*_fit(found), *_linear(found)]
    if not family(found, "logistic"):
        said.append(ABSENT.format(target=found.task.target))
    return tuple(said)


def _separation(found: Comparison) -> Iterator[str]:
    apart, shape = found.separation, boundary(found)
    if apart is None:
        return
    if apart.separable:
        yield (
            f"A {shape} separates the two classes (linear programming found one), so logistic regression "
            "can get every point right. Its loss then has no minimum: the weights grow for as long as "
            "it is trained."
        )
        return
    at = ", ".join(digits(value).replace("-", "−") for value in apart.common[:4])
    more = ", …" if len(apart.common) > 4 else ""
    yield (
        f"No {shape} separates the two classes: the point ({at}{more}) is a weighted mean of points of the "
        f"one and also of the other, so it would lie on both sides. Linear and logistic regression decide "
        f"by a {shape}, so neither can get every point right."
    )


def _fit(found: Comparison) -> Iterator[str]:
    """Whether a linear model lacks bends or a network too many, by the scores on training points."""
    simple = (family(found, "logistic") or family(found, "linear"))[0]
    assert simple.score is not None
    for net in family(found, "network"):
        assert net.score is not None
        apart = difference(found, simple, net)
        seen, own = net.score.training, simple.score.training
        if not apart.beyond:
            continue
        if apart.better == net.name and seen - own > UNDERFITS:
            shape = (
                f"a boundary that is a {boundary(found)}"
                if found.task.labels
                else "that it can't bend"
            )
            yield (
                f"{_capital(simple.name)} scores {number(own)} even on the points that it was trained on, "
                f"the {net.name} {number(seen)}: what holds it back is {shape}, not a lack of points."
            )
            return
        if apart.better == simple.name and seen > own:
            yield (
                f"The {net.name} scores {number(seen)} on the points that it was trained on and "
                f"{number(net.score.interval.mean)} on others; {simple.name} {number(own)} and "
                f"{number(simple.score.interval.mean)}. What the network learned "
                "beyond that doesn't carry over; with fewer units or epochs it may do better."
            )


def _linear(found: Comparison) -> Iterator[str]:
    """Linear against logistic regression, where both are here."""
    logistic, linear = family(found, "logistic"), family(found, "linear")
    if not logistic:
        return
    apart = difference(found, logistic[0], linear[0])
    gap = f"{number(apart.interval.mean)} {span(apart.interval)}"
    if not apart.beyond:
        same = apart.interval.low == apart.interval.high == 0
        how = "they score the same on every split" if same else f"the difference is {gap}"
        yield f"Linear and logistic regression aren't told apart: {how}."
        return
    text = f"{_capital(apart.better)} is better than {apart.worse} by {gap}, beyond chance."
    if apart.better == logistic[0].name:
        text += (
            " Both decide by the same kind of boundary, but the squared error also punishes a prediction "
            "above 1 where the target is 1; the cross-entropy only wants it larger."
        )
    yield text


# ---- how ---------------------------------------------------------------------------------------


def method(found: Comparison) -> tuple[str, ...]:
    """How the numbers were found, so that they can be judged and found again."""
    task, least = found.task, found.least_squares
    kind = f"classes ({len(task.labels)})" if task.labels else "a number"
    said = [
        f"The target {task.target} is taken as {kind}: {task.reason}.",
        _standardised(found),
        f"Training: Adam, learning rate 0.01 falling along a cosine, batches of 32, {found.course.epochs} "
        f"epochs, seed {found.course.seed}, no penalty on the weights, the same for all models.",
        f"Linear regression reached a mean squared error of {least.reached:.4f} on all points; the least "
        f"there is, by least squares, is {least.least:.4f}"
        + (" (in units of the standardised target)." if not task.labels else "."),
    ]
    if found.splits:
        repeats = len(found.splits) // found.folds
        share = " with the classes in equal shares" if task.labels else ""
        said += [
            f"Scores: {repeats} times {found.folds}-fold cross-validation{share}, the same splits for every "
            "model. Intervals: 95 %, the t-interval corrected for training parts that overlap (Nadeau and "
            "Bengio 2003; Bouckaert and Frank 2004); those of differences hold for all "
            f"{len(found.differences)} pairs at once (Bonferroni).",
        ]
    return tuple(said)


def _standardised(found: Comparison) -> str:
    what = "Features" if found.task.labels else "Features and target"
    where = "the training part of each split" if found.splits else "all points"
    return f"{what} are standardised: mean and standard deviation are those of {where}."
