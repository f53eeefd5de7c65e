"""A comparison as one self-contained HTML page: formulas in MathML, pictures in SVG, no script."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from html import escape

from backhand.comparing import pictures
from backhand.comparing.comparison import Compared, Comparison
from backhand.comparing.findings import answer, method, number, reasons, span
from backhand.comparing.panels import around
from backhand.comparing.plane import MAX_SHOWN
from backhand.comparing.table import LEGEND, bends, rows
from backhand.comparing.working import convexity_working, short_reason
from backhand.working import Prose
from backhand.writing.html import page, prose_html, working_html
from backhand.writing.mathml import formula_mathml


def document(found: Comparison) -> str:
    """The outcome first, then equations, facts, pictures, scores and the method."""
    return page(f"Models compared: {found.task.title}", "\n".join(_body(found)), "comparison.css")


def _body(found: Comparison) -> Iterator[str]:
    yield f"<h1>Models compared: {escape(found.task.title)}</h1>"
    yield f'<p class="note">{escape(_data(found))}</p>'
    yield f'<p class="answer">{escape(answer(found))}</p>'
    yield f'<div class="reasons">{"".join(f"<p>{escape(said)}</p>" for said in reasons(found))}</div>'
    if found.plane is not None:
        yield from _boundaries(found)
    if found.splits:
        yield from _scores(found)
    if found.task.kind == "numbers":
        yield from _fits(found)
    yield "<h2>The equations, and what follows from them</h2>"
    yield _facts(found)
    yield f'<p class="note">{escape(LEGEND)}</p>'
    yield from _why(found)
    yield "<h2>What they share</h2>"
    yield _items(map(prose_html, found.shared))
    if found.splits:
        yield from _training(found)
    yield "<h2>How the numbers were found</h2>"
    yield _items(map(escape, method(found)))


def _data(found: Comparison) -> str:
    task = found.task
    classes = ", ".join(f"{a} ({b})" for a, b in zip(task.labels, task.counts, strict=True))
    s = "" if task.features == 1 else "s"
    end = f"; classes: {classes}" if classes else ""
    return f"{task.count} points, {task.features} feature{s}, target {task.target}{end}"


def _items(each: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{item}</li>' for item in each)}</ul>"


def _panels(found: Comparison, draw: Callable[[int, Compared], str]) -> str:
    figures = "".join(
        f"<figure><figcaption>{escape(model.name)}</figcaption>{draw(at, model)}</figure>"
        for at, model in enumerate(found.models)
    )
    return f'<div class="panels">{figures}</div>'


# ---- pictures ----------------------------------------------------------------------------------


def _boundaries(found: Comparison) -> Iterator[str]:
    plane, task = found.plane, found.task
    assert plane is not None
    yield "<h2>Where each decides for which class</h2>"
    yield _panels(found, lambda at, m: pictures.boundary(plane, at, m.name, task.labels))
    if len(task.labels) <= pictures.SHAPES:
        marks = "".join(
            f'<svg width="12" height="12" aria-hidden="true">{pictures.glyph(kind, 6, 6, 4)}</svg>'
            f"{escape(label)}"
            for kind, label in enumerate(task.labels)
        )
        yield f'<p class="note key">{escape(task.target)}:{marks}</p>'
    said = "The models are trained on all points. "
    if plane.share is not None:
        said += (
            f"There are {task.features} features; this is the plane of the first two principal components "
            f"through the mean, which holds {plane.share:.0%} of the variance. The models of all features "
            "are asked at its points, and the data points are projected onto it. "
        )
    if task.count > MAX_SHOWN:
        said += f"{MAX_SHOWN} of the {task.count} points are shown."
    yield f'<p class="note">{escape(said)}</p>'


def _fits(found: Comparison) -> Iterator[str]:
    """What each predicts of a number: its curve over one feature, or predictions against the target."""
    task, seed = found.task, found.course.seed
    curves = found.curves
    if curves is not None:
        yield "<h2>The curve of each</h2>"
        yield _panels(found, lambda at, m: pictures.curve(curves, at, m.name, task))
        yield '<p class="note">The models are trained on all points.</p>'
    elif found.splits:
        limits = around(task.y.tolist())
        yield "<h2>Predictions against the target</h2>"
        yield _panels(found, lambda _, m: pictures.predictions(m, task, seed, limits))
        yield (
            '<p class="note">Each point as predicted by a model that was not trained on it (first round of '
            "folds). On the line a prediction is right; one outside the frame is drawn at its edge.</p>"
        )


def _training(found: Comparison) -> Iterator[str]:
    runs = [model.watched for model in found.models if model.watched is not None]
    limits = pictures.loss_limits(runs)
    yield "<h2>Training</h2>"
    yield _panels(found, lambda at, _: pictures.training(runs[at], limits))
    yield (
        '<p class="note">The first split. Line: on the points trained on; dashes: on those held out. '
        "Different losses have different units, so only curves of the same loss can be compared.</p>"
    )


# ---- tables ------------------------------------------------------------------------------------


def _scores(found: Comparison) -> Iterator[str]:
    limits = pictures.score_limits(found)
    lines: list[str] = []
    for model in found.models:
        assert model.score is not None
        own = model.score
        lines.append(
            f'<tr><th scope="row">{escape(model.name)}</th><td>{number(own.interval.mean)}</td>'
            f"<td>{span(own.interval)}</td><td>{pictures.interval(model, limits)}</td>"
            f"<td>{number(own.training)}</td></tr>"
        )
    yield f"<h2>{found.measure[0].upper()}{found.measure[1:]} on points held out</h2>"
    yield (
        '<div class="wide"><table class="facts scores"><thead><tr><th></th><th scope="col">mean</th>'
        '<th scope="col">95 % interval</th><th></th><th scope="col">in training</th></tr></thead><tbody>'
        f"{''.join(lines)}<tr><th></th><td></td><td></td><td>{pictures.score_axis(limits)}</td><td></td></tr>"
        "</tbody></table></div>"
    )
    pairs = "".join(
        f"<tr><td>{escape(d.better)} − {escape(d.worse)}</td><td>{number(d.interval.mean)}</td>"
        f"<td>{span(d.interval)}</td><td>{'beyond chance' if d.beyond else 'within chance'}</td></tr>"
        for d in found.differences
    )
    yield (
        '<div class="wide"><table class="facts differences"><thead><tr><th scope="col">difference</th>'
        '<th scope="col">mean</th><th scope="col">interval</th><th></th></tr></thead>'
        f"<tbody>{pairs}</tbody></table></div>"
    )


def _facts(found: Comparison) -> str:
    heads = "".join(f'<th scope="col">{escape(m.name)}</th>' for m in found.models)
    equations = "".join(
        "<td>" + "".join(formula_mathml(each, "block") for each in model.facts.whole) + "</td>"
        for model in found.models
    )
    body = [
        f'<tr class="equations"><th scope="row">equations, loss of a point</th>{equations}</tr>'
    ]
    for row in rows(found):
        cells = "".join(_cell(cell) for cell in row.cells)
        body.append(f'<tr><th scope="row">{prose_html(row.heading)}</th>{cells}</tr>')
    return (
        f'<div class="wide"><table class="facts"><thead><tr><th></th>{heads}</tr></thead>'
        f"<tbody>{''.join(body)}</tbody></table></div>"
    )


def _cell(cell: Prose) -> str:
    kind = ' class="no"' if cell == ("no",) else ""
    return f"<td{kind}>{prose_html(cell)}</td>"


def _why(found: Comparison) -> Iterator[str]:
    yield "<h3>What bends</h3>"
    yield _items(f"{escape(name)}: {prose_html(said)}" for name, said in bends(found))
    yield "<h3>Convexity of the objective in the parameters</h3>"
    for model in found.models:
        yield (
            f"<details><summary>{escape(model.name)}: {prose_html(short_reason(model))}</summary>"
            f"{working_html(convexity_working(model))}</details>"
        )
    yield "<h3>Parameters</h3>"
    yield _items(f"{escape(m.name)}: {prose_html((m.facts.sum,))}" for m in found.models)
