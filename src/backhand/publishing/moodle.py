"""A worksheet as a Moodle XML file: STACK questions, and plain ones for what STACK can't judge.

All parts on one model become one STACK question, since only inside a question can a later tree see
the answers to earlier parts. Variants are questions of their own in one category, from which a quiz
draws at random: so every number on the page, every slip and every follow-through has been worked out and
can be looked at before a student sees it.

Rules of the form: `question/format/xml/format.php` in github.com/moodle/moodle.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from html import escape

from backhand.checking.parts import Prepared, prepared
from backhand.checking.variants import Variant
from backhand.errors import BackhandError
from backhand.graph import Graph
from backhand.publishing.maxima import RIGHT, Inexpressible, needed, statements
from backhand.publishing.packages import Package, Told
from backhand.publishing.plain_questions import plain, plain_how
from backhand.publishing.stack import StackQuestion, castext, html_field, stack_xml
from backhand.publishing.stack_chains import chain
from backhand.publishing.stack_following import HELPERS, Asked, Follow, follow
from backhand.publishing.stack_formulas import AT, formula, functions_of, is_number
from backhand.publishing.stack_parts import MAX_FIELD, Made, array, number, right_code, shape
from backhand.publishing.typing_help import typing_help
from backhand.publishing.web_words import (
    block_html,
    blocks_before,
    latex_maths,
    question_html,
    solution_html,
    which_html,
)
from backhand.working import Worksheet
from backhand.writing.pages import page_names
from backhand.writing.typesetting import printable

KINDS = {"number": "numerical", "count": "numerical", "class": "numerical", "vector": "matrix",
         "matrix": "matrix", "shape": "algebraic", "formula": "algebraic", "chain": "algebraic"}  # fmt: skip
"""STACK's type of input for each kind of answer."""
PREAMBLE_END = "%_stack_preamble_end;"
"""Functions that are defined before it may be typed by students (doc/en/Authoring/Variables.md)."""
MAX_MATRIX = 64
"""More entries than this nobody types into boxes."""


@dataclass
class _Group:
    """The parts of one STACK question: those on one model that STACK can judge."""

    graph: Graph
    asked: list[Asked] = field(default_factory=list[Asked])
    made: list[Made] = field(default_factory=list[Made])
    lines: list[str] = field(default_factory=list[str])
    told: list[Told] = field(default_factory=list[Told])


def export(worksheet: Worksheet, made: Sequence[Variant]) -> Package:
    """The worksheet, or its variants, as one file to import.

    >>> from backhand.reading.document import worksheet
    >>> page = worksheet("# Squares\\n\\n$$ x = 3, y = x^2 $$\\n\\nHow large is y?\\n% ask: value y")
    >>> package = export(page, ())
    >>> [told.how for told in package.report]
    ['STACK: numerical input, 2 nodes']
    """
    sheets = [variant.worksheet for variant in made] or [worksheet]
    several = bool(made)
    categories: dict[str, list[list[str]]] = {}
    report: tuple[Told, ...] = ()
    for at, sheet in enumerate(sheets, 1):
        mark = f" · variant {at}" if several else ""
        told: dict[str, Told] = {}
        for name, lines, each in _questions(sheet, mark):
            told |= {one.part: one for one in each}
            kept = categories.setdefault(name, [])
            if lines not in kept:
                kept.append(lines)
        report = report or tuple(told.values())
    title = printable(worksheet.title).strip() or "Worksheet"
    xml = "\n".join(_file(title, categories)) + "\n"
    return Package({"moodle.xml": xml.encode()}, _in_order(report, sheets[0]))


def _in_order(report: Sequence[Told], sheet: Worksheet) -> tuple[Told, ...]:
    order = {p.part.number: at for at, p in enumerate(prepared(sheet, None))}
    return tuple(sorted(report, key=lambda told: order[told.part]))


def _file(title: str, categories: dict[str, list[list[str]]]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield "<quiz>"
    for name, questions in categories.items():
        yield '  <question type="category">'
        yield from html_field(
            "category", f"$course$/top/{_level(title)}/{_level(name)}", plain=True
        )
        yield "  </question>"
        for lines in questions:
            yield from lines
    yield "</quiz>"


def _level(name: str) -> str:
    """One level of a category's path; a slash in it is written twice."""
    return re.sub(r"\s+", " ", name)[:200].replace("/", "//")


def _questions(sheet: Worksheet, mark: str) -> Iterator[tuple[str, list[str], list[Told]]]:
    """Category, XML and report of each question."""
    groups: dict[int, _Group] = {}
    alone: list[tuple[Prepared, str]] = []
    for part in prepared(sheet, None):
        group = groups.setdefault(id(part.graph), _Group(part.graph))
        reason = _into(group, part)
        if reason is not None:
            alone.append((part, reason))
    for group in groups.values():
        if group.asked:
            first, last = group.asked[0].part.part.number, group.asked[-1].part.part.number
            name = first if first == last else f"{first} to {last}"
            lines = list(stack_xml(_stack(sheet, group, f"{name}{mark}")))
            yield name, lines, group.told
    for part, reason in alone:
        how, lost = plain_how(part.part, reason)
        lines = list(plain(sheet, part.part, f"{part.part.number}{mark}", latex_maths))
        yield part.part.number, lines, [Told(part.part.number, how, lost)]


def _into(group: _Group, part: Prepared) -> str | None:
    """Put a part into its STACK question, or say why it can't go there."""
    kind = part.part.expected.kind
    if kind not in KINDS or (kind != "chain" and kind != "formula" and part.right is None):
        return ""
    asked = Asked(part, f"ans{len(group.asked) + 1}", KINDS[kind])
    try:
        found = _made(asked, group)
    except BackhandError as error:
        return str(error).partition("\n")[0]
    made, own, lines = found
    group.lines += [line for line in lines if line not in group.lines]
    group.asked.append(Asked(part, asked.name, made.field.kind))
    group.made.append(made)
    how = f"STACK: {made.field.kind} input, {len(made.tree.checks)} nodes"
    if own.sources:
        how += f", follows from {', '.join(own.sources)}"
    lost = (*made.lost, *own.lost)
    group.told.append(Told(part.part.number, how, lost))
    return None


def _made(asked: Asked, group: _Group) -> tuple[Made, Follow, list[str]]:
    part = asked.part
    kind = part.part.expected.kind
    if kind == "chain":
        return chain(asked), Follow(lost=("a chain isn't followed into later answers",)), []
    if kind == "shape":
        return shape(asked), Follow(), []
    own = _follow(asked, group)
    if kind == "formula" and not is_number(part):
        told = "a formula isn't followed into later answers"
        return formula(asked, own), replace(own, lost=(*own.lost, told)), []
    code, lines = right_code(part)
    if part.right is not None and part.right[0].size > MAX_MATRIX:
        raise Inexpressible("there are too many entries to type into boxes")
    if len(code) > MAX_FIELD:
        lines, code = [*lines, f"v__{asked.name}: {code};"], f"v__{asked.name}"
    if kind in ("vector", "matrix"):
        return array(asked, code, own), own, lines
    if part.part.ask.verb == "forward":
        own = replace(own, lost=(*own.lost, "the last value only is asked for, none on the way"))
    numerical = Asked(part, asked.name, "numerical")
    return number(numerical, code, own), own, lines


def _follow(asked: Asked, group: _Group) -> Follow:
    try:
        return follow(asked, group.asked)
    except BackhandError as error:
        reason = str(error).partition("\n")[0]
        return Follow(lost=(f"an answer isn't followed from earlier ones: {reason}",))


def _forward(group: _Group) -> list[str]:
    """The network's data and every value on the way; nothing where an equation has no code."""
    asked = group.asked[0].part
    try:
        return statements(group.graph, RIGHT, needed(group.graph, *asked.values))
    except BackhandError:
        return []


def _stack(sheet: Worksheet, group: _Group, name: str) -> StackQuestion:
    solution = "\n".join(solution_html(a.part.part, latex_maths) for a in group.asked)
    formulas = any(a.kind == "algebraic" for a in group.asked)
    typed = functions_of(group.graph) if formulas else ()
    helpers = (*typed, PREAMBLE_END, *HELPERS, *((AT,) if formulas else ()))
    return StackQuestion(
        name=name,
        text=_text(sheet, group),
        solution=castext(solution),
        variables=(*helpers, *_forward(group), *group.lines),
        inputs=tuple(m.field for m in group.made),
        trees=tuple(m.tree for m in group.made),
    )


def _text(sheet: Worksheet, group: _Group) -> str:
    known = page_names(sheet)
    mine: dict[int, list[int]] = {}
    for at, asked in enumerate(group.asked):
        mine.setdefault(id(asked.part.part.question), []).append(at)
    parts: list[str] = []
    for block in blocks_before(sheet, group.asked[-1].part.part.question):
        if block.question is None:
            parts.append(castext(block_html(block, known, latex_maths)))
        elif id(block.question) in mine:
            parts.append(castext(question_html(block.question, known, latex_maths)))
            parts += [_fields(group, at) for at in mine[id(block.question)]]
    help_ = castext(
        typing_help([a.part for a in group.asked if a.kind == "algebraic"], latex_maths)
    )
    return "\n".join([*parts, help_])


def _fields(group: _Group, at: int) -> str:
    asked, made = group.asked[at], group.made[at]
    label = castext(which_html(asked.part.part))
    typing = f" <small>{escape(made.typing)}</small>" if made.typing else ""
    tree = made.tree.name
    return (
        f"<p>{label}[[input:{asked.name}]]{typing}</p>\n"
        f"<div>[[validation:{asked.name}]][[feedback:{tree}]]</div>"
    )
