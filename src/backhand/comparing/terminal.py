"""A comparison as plain text of 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import zip_longest
from textwrap import wrap

from backhand.comparing.comparison import Compared, Comparison
from backhand.comparing.findings import answer, method, number, reasons, span
from backhand.comparing.pictures import score_limits
from backhand.comparing.table import LEGEND, Row, bends, rows
from backhand.comparing.working import short_reason
from backhand.working import Prose
from backhand.writing.text import WIDTH, formula_text, prose_text

HEADING = 32
BAR = 24


def document(found: Comparison) -> str:
    """The outcome, the equations, what they share and where they differ, the scores, the method."""
    lines = [
        *_title(found),
        *_part("The models", _equations(found)),
        *_part("What they share", _list(found.shared)),
        *_part("Where they differ", _table(rows(found), [m.name for m in found.models])),
        "",
        *_wrapped(LEGEND),
        "",
        *_named((*bends(found), *((m.name, short_reason(m)) for m in found.models))),
        "",
        *_named((m.name, ("parameters: ", m.facts.sum)) for m in found.models),
    ]
    if found.splits:
        lines += _part(
            f"{found.measure[0].upper()}{found.measure[1:]} on points held out", _scores(found)
        )
        lines += ["", "Differences (the better first; * is beyond chance)", *_differences(found)]
    lines += _part("How", _list((said,) for said in method(found)))
    return "\n".join(line.rstrip() for line in lines) + "\n"


def _title(found: Comparison) -> Iterator[str]:
    task = found.task
    yield f"{task.title}: {task.count} points, {_plural(task.features, 'feature')}, target {task.target}"
    if task.labels:
        each = ", ".join(f"{a} ({b})" for a, b in zip(task.labels, task.counts, strict=True))
        yield from _wrapped(f"classes: {each}")
    yield ""
    yield from _wrapped(answer(found))
    for said in reasons(found):
        yield ""
        yield from _wrapped(said)


def _plural(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


def _part(title: str, lines: Iterator[str]) -> Iterator[str]:
    yield from ("", title, "─" * len(title))
    yield from lines


def _wrapped(text: str, indent: str = "") -> list[str]:
    return wrap(text, WIDTH, initial_indent=indent, subsequent_indent=indent)


def _list(said: Sequence[Prose] | Iterator[Prose]) -> Iterator[str]:
    for prose in said:
        yield from wrap(prose_text(prose), WIDTH, initial_indent="• ", subsequent_indent="  ")


def _named(said: Iterator[tuple[str, Prose]] | Sequence[tuple[str, Prose]]) -> Iterator[str]:
    for name, prose in said:
        yield from wrap(f"{name}: {prose_text(prose)}", WIDTH, subsequent_indent="  ")


def _equations(found: Comparison) -> Iterator[str]:
    """Each model by its layers, side by side where two fit."""
    models = [_model(model) for model in found.models]
    half = WIDTH // 2
    while models:
        left = models.pop(0)
        right = (
            models.pop(0) if models and _width(left) < half and _width(models[0]) <= half else []
        )
        yield from (f"{a:<{half}}{b}" for a, b in zip_longest(left, right, fillvalue=""))
        if models:
            yield ""


def _width(lines: Sequence[str]) -> int:
    return max(map(len, lines))


def _model(model: Compared) -> list[str]:
    return [model.name, *(f"  {formula_text(each)}" for each in model.facts.whole)]


def _table(found: Sequence[Row], names: Sequence[str]) -> Iterator[str]:
    room = (WIDTH - HEADING) // len(names)
    heads = [wrap(name, room - 1) for name in names]
    for cells in zip_longest(*heads, fillvalue=""):
        yield " " * HEADING + "".join(f"{cell:<{room}}" for cell in cells)
    for row in found:
        cells = "".join(f"{prose_text(cell):<{room}}" for cell in row.cells)
        yield f"{prose_text(row.heading):<{HEADING}}{cells}"


def _scores(found: Comparison) -> Iterator[str]:
    """A mean with its interval, in numbers and as a line."""
    low, high = score_limits(found)
    room = max(len(model.name) for model in found.models) + 2
    for model in found.models:
        assert model.score is not None
        own = model.score.interval
        line = ["·"] * BAR
        places = [
            round((min(max(v, low), high) - low) / (high - low) * (BAR - 1))
            for v in (own.low, own.mean, own.high)
        ]
        line[places[0] : places[2] + 1] = "─" * (places[2] + 1 - places[0])
        line[places[1]] = "●"
        yield f"{model.name:<{room}}{number(own.mean):>6}  {span(own):<16}  {''.join(line)}"


def _differences(found: Comparison) -> Iterator[str]:
    for each in found.differences:
        mark = "*" if each.beyond else " "
        pair = f"{each.better} − {each.worse}"
        said = f"{number(each.interval.mean):>6}  {span(each.interval)}"
        if len(pair) > WIDTH - 30:
            yield f"{mark} {each.better} −"
            pair = each.worse
        yield f"{mark} {pair:<{WIDTH - 30}}{said}"
