"""The statistics as one self-contained page: totals, verdicts by question, slips, commonest wrong answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from backhand.checking.marking import Part
from backhand.grading.pictures import histogram, key, verdicts
from backhand.grading.statistics import Item, Statistics
from backhand.reading.maths import Known
from backhand.working import Worksheet
from backhand.writing.html import page
from backhand.writing.mathml import formula_mathml
from backhand.writing.pages import page_names, words_html
from backhand.writing.typesetting import printable

REPORT = "report.html"
SHOWN = 60
"""Characters of an answer that are shown."""
LOW = 0.1
"""A part whose discrimination is below this says little of a student, or is wrong."""


def document(
    sheet: Worksheet, parts: Sequence[Part], found: Statistics, notes: Sequence[str]
) -> str:
    """The page."""
    name, known = printable(sheet.title) or "Worksheet", page_names(sheet)
    words = [_asked(part, known) for part in parts]
    return page(f"Marks: {name}", "\n".join(_body(name, words, found, notes)), "grading.css")


def _asked(part: Part, known: Known) -> str:
    """What a part asks, its formulas set."""
    words = words_html(part.question.words, known, formula_mathml)
    several = len(part.question.asks) > 1
    return f"{words}<p>({escape(part.ask.text)})</p>" if several else words


def _body(
    name: str, words: Sequence[str], found: Statistics, notes: Sequence[str]
) -> Iterator[str]:
    yield f"<h1>Marks: {escape(name)}</h1>"
    yield f'<p class="answer">{escape(_summary(found))}</p>'
    yield f"<figure>{histogram(found.totals, found.out_of)}</figure>"
    if notes:
        items = "".join(f"<li>{escape(printable(note))}</li>" for note in notes)
        yield f'<ul class="told">{items}</ul>'
    yield "<h2>Question by question</h2>"
    yield f'<p class="note key">{key()}</p>'
    yield f"<figure>{verdicts(found.items, found.students)}</figure>"
    yield "<h2>How hard, and how telling</h2>"
    yield _table(found)
    yield (
        '<p class="note">Facility: the mean credit. Discrimination: how the credit goes with the points for '
        f"all other questions, from −1 to 1; one below {LOW} is in bold and worth a look, in the key too. "
        "Following: right given an earlier answer that wasn't.</p>"
    )
    yield "<h2>What went wrong</h2>"
    yield from _wrong(words, found.items)


def _summary(found: Statistics) -> str:
    said = (
        f"{found.students:,} submission{'s' * (found.students != 1)}, {found.out_of:g} points: "
        f"mean {found.mean:.2f}, median {found.median:.2f}, standard deviation {found.deviation:.2f}."
    )
    if found.alpha is not None:
        said += f" Cronbach’s α is {_signed(found.alpha)}."
    if found.waiting:
        said += f" {found.waiting:,} answer{'s' * (found.waiting != 1)} wait for a person."
    return said


def _table(found: Statistics) -> str:
    rows = "".join(map(_row, found.items))
    heads = ("", "points", "facility", "discrimination", "following", "undecided", "unreadable")
    head = "".join(f'<th scope="col">{h}</th>' for h in heads)
    return (
        f'<div class="wide"><table class="items"><thead><tr>{head}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>"
    )


def _row(item: Item) -> str:
    telling = "–" if item.discrimination is None else _signed(item.discrimination)
    if item.discrimination is not None and item.discrimination < LOW:
        telling = f"<strong>{telling}</strong>"
    cells = (
        f"{item.points:g}", f"{item.facility:.2f}", telling, _count(item.followed),
        _count(item.verdicts["undecided"]), _count(item.verdicts["unreadable"]),
    )  # fmt: skip
    return (
        f'<tr><th scope="row">{escape(item.part)}</th>'
        f"{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    )


def _count(number: int) -> str:
    return f"{number:,}" if number else "–"


def _signed(number: float) -> str:
    return f"{number:.2f}".replace("-", "−")


def _wrong(words: Sequence[str], items: Sequence[Item]) -> Iterator[str]:
    some = False
    for item, word in zip(items, words, strict=True):
        if not (item.slips or item.wrong):
            continue
        some = True
        yield (
            f'<section class="part"><h3>{escape(item.part)}</h3><div class="note">{word}</div>'
            f"{_list('Slips', item.slips)}{_list('Answers that aren’t right', item.wrong)}</section>"
        )
    if not some:
        yield "<p>Nothing.</p>"


def _list(title: str, counts: Mapping[str, int]) -> str:
    if not counts:
        return ""
    items = "".join(
        f"<li><span>{escape(_cut(name))}</span> <b>{count:,}</b></li>"
        for name, count in counts.items()
    )
    return f'<div class="counts"><h4>{title}</h4><ul>{items}</ul></div>'


def _cut(text: str) -> str:
    one = printable(" ".join(text[: 4 * SHOWN].split()))
    return one if len(one) <= SHOWN else one[: SHOWN - 1] + "…"
