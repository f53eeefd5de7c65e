"""A PrairieLearn question: the whole worksheet as one question folder, with a file of variants.

One question and not one for each part, so that all parts speak of the same numbers and a slip in one
can be followed into the next. Text of the page reaches PrairieLearn as parameters, which its template
puts in as they are: nothing of it is taken for a template, an element, HTML or a formula.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Any

from backhand.checking.following import is_followed
from backhand.checking.mistakes import SLIPS
from backhand.checking.parts import Prepared, prepared
from backhand.checking.standing import Standing, standing
from backhand.checking.variants import Variant
from backhand.errors import BackhandError
from backhand.expr import Apply
from backhand.graph import Role
from backhand.publishing.packages import Package, Told
from backhand.publishing.prairielearn_fields import Field, field_of, maths, plain
from backhand.publishing.prairielearn_follow import Places, on_tape
from backhand.publishing.tape import Tape, numbers, tape
from backhand.working import Block, Worksheet
from backhand.writing.pages import page_names, words_html
from backhand.writing.typesetting import printable

SOURCES = ("checking/numerals.py", "checking/rounding.py", "publishing/prairielearn_server.py")
"""What the question's `server.py` is put together from."""
MAX_VARIANTS = 500
"""PrairieLearn reads the file of variants whenever it marks an answer."""


@dataclass(frozen=True, slots=True)
class _Part:
    """A part on the first page, its field, and where it stands on its graph's tape."""

    name: str
    prepared: Prepared
    field: Field
    tape: int | None
    own: Places
    follow: Places


def export(worksheet: Worksheet, made: Sequence[Variant]) -> Package:
    """The question folder for a worksheet, or for its variants.

    Raises `BackhandError` where there are more than 500 variants, where nothing is asked, or where
    the variants' answers are of other kinds.
    """
    if len(made) > MAX_VARIANTS:
        raise BackhandError(f"over {MAX_VARIANTS} variants are in one question", "make fewer")
    pages = [each.worksheet for each in made] or [worksheet]
    every = [list(prepared(page, None)) for page in pages]
    if not every[0]:
        raise BackhandError("this worksheet asks nothing", "add a line such as % ask: value y")
    tapes, parts = _laid_out(every[0])
    content = {
        "info.json": _json(_info(worksheet, len(pages))),
        "question.html": "\n".join(_html(pages[0], parts)) + "\n",
        "server.py": _server(tapes),
        "variants.json": _json(
            {
                "parts": [_static(part) for part in parts if part.field.kind],
                "slips": {name: [slip.hint, slip.credit] for name, slip in SLIPS.items()},
                "layers": [_layers(each) for each in tapes],
                "variants": [
                    _variant(page, found, parts, tapes)
                    for page, found in zip(pages, every, strict=True)
                ],
            }
        ),
    }
    folder = f"questions/{_slug(worksheet.title)}"
    told = tuple(Told(p.prepared.part.number, p.field.how, p.field.lost) for p in parts)
    return Package({f"{folder}/{name}": text.encode() for name, text in content.items()}, told)


def _json(found: Any) -> str:
    return json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower())[:60].strip("-") or "worksheet"


def _info(worksheet: Worksheet, count: int) -> dict[str, Any]:
    """By the schema of PrairieLearn's infoQuestion.json: uuid, type, title and topic are a must."""
    mark = sha256(worksheet.source.encode()).hexdigest()
    return {
        "uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, f"backhand:{mark}")),
        "title": printable(worksheet.title).strip() or "Worksheet",
        "topic": "Backpropagation",
        "tags": ["backhand"],
        "type": "v3",
        "singleVariant": count == 1,
        "partialCredit": True,
    }


def _laid_out(found: Sequence[Prepared]) -> tuple[list[Tape], list[_Part]]:
    """The tapes of the graphs, and the parts with their places on them."""
    made = {id(each.graph): tape(each.graph) for each in found}
    tapes = [each for each in made.values() if each is not None]
    parts: list[_Part] = []
    for at, each in enumerate(found, 1):
        own = made[id(each.graph)]
        place = None if own is None else tapes.index(own)
        field = field_of(each, f"p{at}")
        marked = own is not None and field.kind in ("number", "array")
        stands, after = on_tape(each, own) if own is not None and marked else ([], [])
        field = replace(field, lost=(*field.lost, *_not_followed(each, field, stands, after)))
        parts.append(_Part(f"p{at}", each, field, place, stands, after))
    return tapes, parts


def _not_followed(part: Prepared, field: Field, own: Places, after: Places) -> Iterator[str]:
    """What `Marker` follows and this question doesn't."""
    chain = part.part.expected.kind == "chain"
    if field.element and not after and (chain or is_followed(part)):
        yield "an earlier slip isn't followed into it"
    if field.element and not own and (chain or standing(part) != Standing()):
        yield "a slip in it isn't followed into later ones"


def _static(part: _Part) -> dict[str, Any]:
    """What is the same in every variant."""
    made: dict[str, Any] = {"name": part.name, "kind": part.field.kind, "tape": part.tape}
    if part.field.kind == "array":
        made["size"] = len(part.field.right)
    return {**made, "own": part.own, "follow": part.follow}


def _layers(made: Tape) -> Places:
    """The places of each layer's activations: where they are all 0, there is nothing left to work out."""
    return [
        made.entries(q.name)
        for q in made.graph
        if isinstance(q.definition, Apply) and q.role is not Role.OBJECTIVE
    ]


# ---- a variant ---------------------------------------------------------------------------------


def _variant(
    page: Worksheet, found: Sequence[Prepared], parts: Sequence[_Part], tapes: Sequence[Tape]
) -> dict[str, Any]:
    """A variant's text, its right answers, and the numbers that it starts from."""
    params = dict(_texts(page))
    correct: dict[str, Any] = {}
    right: dict[str, Any] = {}
    slips: dict[str, Any] = {}
    for part, here in zip(parts, found, strict=True):
        field = field_of(here, part.name)
        if field.element != part.field.element or len(field.right) != len(part.field.right):
            raise BackhandError(
                f"the answers to {here.part.number} are of another kind in some variants",
                "export them in several runs",
            )
        params |= field.params
        params[f"{part.name}_ask"] = f"{here.part.number} ({here.part.ask.text})"
        if field.correct is not None:
            correct[part.name] = field.correct
        if field.kind:
            sizes = field.kind == "shape"
            right[part.name] = [int(n) for n in field.right] if sizes else list(field.right)
            slips[part.name] = [
                [slip, [int(n) for n in plain(value)] if sizes else list(plain(value))]
                for slip, value in here.slips
                if value.size == len(field.right)
            ]
    own = {id(part.prepared.graph): here.graph for part, here in zip(parts, found, strict=True)}
    given = [numbers(each, own[id(each.graph)]) for each in tapes]
    return {"params": params, "correct": correct, "right": right, "slips": slips, "given": given}


def _texts(page: Worksheet) -> Iterator[tuple[str, str]]:
    """The page's own words, a parameter a block."""
    known = page_names(page)
    for at, block in _blocks(page):
        words = block.source if block.question is None else block.question.words
        number = f"<strong>{escape(block.question.number)}</strong>" if block.question else ""
        yield (
            f"t{at}",
            f'<div class="mathjax_ignore">{number}{words_html(words, known, maths)}</div>',
        )


def _blocks(page: Worksheet) -> Iterator[tuple[int, Block]]:
    for at, block in enumerate(page.blocks):
        if block.kind != "heading" or block.level > 1:
            yield at, block


# ---- the files ---------------------------------------------------------------------------------


def _html(page: Worksheet, parts: Sequence[_Part]) -> Iterator[str]:
    """The template. It has names of parameters and fields only, and no word of the page."""
    waiting = list(parts)
    for at, block in _blocks(page):
        yield f"<pl-question-panel>{{{{{{params.t{at}}}}}}}</pl-question-panel>"
        for _ in block.question.asks if block.question else ():
            yield from _part_html(waiting.pop(0))


def _part_html(part: _Part) -> Iterator[str]:
    each = part.prepared.part
    if each.number != each.question.number:
        yield f"<pl-question-panel><p>{{{{params.{part.name}_ask}}}}</p></pl-question-panel>"
    if not part.field.element:
        yield "<pl-question-panel><p>Answer this one on paper.</p></pl-question-panel>"
        return
    if f"{part.name}_names" in part.field.params:
        yield f"<pl-question-panel><p>{{{{params.{part.name}_names}}}}</p></pl-question-panel>"
    if each.expected.kind == "chain":
        yield "<pl-question-panel><p>Pick every factor of the chain.</p></pl-question-panel>"
    yield part.field.element
    if part.field.kind:
        said = f"feedback.{part.name}"
        yield (
            f'<pl-submission-panel>{{{{#{said}}}}}<p class="mathjax_ignore">{{{{{said}}}}}</p>'
            f"{{{{/{said}}}}}</pl-submission-panel>"
        )


def _server(tapes: Sequence[Tape]) -> str:
    """`server.py`: the shared sources in one file, then the lines of each tape."""
    sources = [(files("backhand") / name).read_text(encoding="utf-8") for name in SOURCES]
    lines = [
        line
        for source in sources
        for line in source.splitlines()
        if not line.startswith(("from __future__ ", "from backhand."))
    ]
    made = ["from __future__ import annotations", "", *lines, "", "", "TAPES = ("]
    for each in tapes:
        made += [
            "    (",
            *(f"        lambda v, t: {line}," for line in each.lines if line),
            "    ),",
        ]
    return "\n".join([*made, ")", ""])
