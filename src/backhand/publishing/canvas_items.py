"""One part of a worksheet as a Canvas question in QTI 1.2."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from html import escape

from backhand.checking.parts import Prepared
from backhand.checking.rounding import ends
from backhand.publishing.plain_questions import HALF, SHAPES, TRUTH
from backhand.publishing.stack import cdata
from backhand.publishing.web_words import mathml_maths, solution_html

Number = Fraction | float
DIGITS = (2, 3, 4, 5, 6)
"""To how many significant digits a blank's number may be rounded."""
MAX_BLANKS = 24


@dataclass(frozen=True, slots=True)
class Item:
    """A question: Canvas's type, its words as HTML, its answers, and what is shown after it.

    `answers`: of a numerical question pairs of bounds, of a choice texts, of blanks spellings for each.
    `right`: which of the choices is right.
    """

    kind: str
    words: str
    answers: tuple[tuple[str, ...], ...] = ()
    right: int = 0
    solution: str = ""


def item_of(part: Prepared, words: str) -> tuple[Item, str, tuple[str, ...]]:
    """The question, how it is asked, and what Canvas can't express of it."""
    wanted = part.part.expected
    solution = solution_html(part.part, mathml_maths)
    slips = ("a known slip earns no part of the point, and isn't named",)
    if wanted.words in TRUTH or wanted.words in SHAPES:
        table = {"proved": "True", "false": "False"} if wanted.words in TRUTH else SHAPES
        kind = "true_false_question" if wanted.words in TRUTH else "multiple_choice_question"
        answers = tuple((text,) for text in table.values())
        right = list(table).index(wanted.words)
        lost = ("the reason isn't asked for",)
        half = any(pair[1] == wanted.words for pair in HALF)
        more = ("what is true but not all earns nothing",) if half else ()
        return Item(kind, words, answers, right, solution), kind.replace("_", " "), (*lost, *more)
    if part.right is not None and wanted.kind in ("number", "count", "class"):
        value = part.right[0].item()
        item = Item("numerical_question", words, _bounds(value), 0, solution)
        lost = slips if wanted.kind != "class" else ()
        return item, "numerical question", lost
    if part.right is not None and wanted.kind == "formula" and not wanted.allowed:
        told = f"{words}\n<p>Give the number.</p>"
        item = Item("numerical_question", told, _bounds(part.right[0].item()), 0, solution)
        return item, "numerical question", ("a formula isn't read, only its number", *slips)
    listed = wanted.kind in ("vector", "matrix", "shape")
    if part.right is not None and listed and part.right[0].size <= MAX_BLANKS:
        return _blanks(part, words, solution, slips)
    drawn = wanted.kind == "drawing"
    kind = "file_upload_question" if drawn else "essay_question"
    how = "file upload" if drawn else "essay"
    lost = ("a person marks it",)
    return Item(kind, words, (), 0, solution), how, lost


def _bounds(value: Number) -> tuple[tuple[str, ...], ...]:
    """What is right for a number: itself, or what lies near it."""
    if isinstance(value, Fraction) and ends(value):
        return ((plain(value), plain(value)),)
    low, high = sorted((float(value) * 0.995, float(value) * 1.005))
    return ((plain(low), plain(high)),)


def plain(value: Number) -> str:
    """A number without an exponent, as Canvas reads it.

    >>> plain(Fraction(7, 2)), plain(Fraction(-3)), plain(1.5e-7)
    ('3.5', '-3', '0.00000015')
    """
    if isinstance(value, Fraction) and value.denominator == 1:
        return str(value.numerator)
    text = f"{float(value):.20f}" if abs(value) < 1e-3 else repr(float(value))
    return text.rstrip("0").rstrip(".") if "." in text and "e" not in text else text


def _blanks(
    part: Prepared, words: str, solution: str, slips: tuple[str, ...]
) -> tuple[Item, str, tuple[str, ...]]:
    assert part.right is not None
    value = part.right[0]
    cells = value.ravel().tolist()
    columns = value.shape[1] if value.ndim == 2 else 1
    names = [f"b{at}" for at in range(1, len(cells) + 1)]
    rows = [names[at : at + columns] for at in range(0, len(names), columns)]
    body = "".join(f"<tr>{''.join(f'<td>[{name}]</td>' for name in row)}</tr>" for row in rows)
    if part.part.expected.kind == "shape":
        body = f"<tr>{'<td>×</td>'.join(f'<td>[{name}]</td>' for name in names)}</tr>"
    answers = tuple((name, *spellings(cell)) for name, cell in zip(names, cells, strict=True))
    item = Item("fill_in_multiple_blanks_question", f"{words}\n<table>{body}</table>", answers, 0,
                solution)  # fmt: skip
    lost = [
        "the blanks show the size",
        *slips,
        "a number has to be typed in one of the listed forms",
    ]
    return item, f"{len(cells)} blanks", tuple(lost)


def spellings(value: Number) -> tuple[str, ...]:
    """How a number may be typed into a blank, which Canvas compares letter by letter.

    >>> spellings(Fraction(-2)), spellings(Fraction(1, 2))
    (('-2', '−2', '-2.0', '−2.0'), ('0.5', '.5', '1/2'))
    """
    found: list[str] = []
    if isinstance(value, Fraction) and ends(value):
        found.append(plain(value))
        if value.denominator == 1:
            found.append(f"{plain(value)}.0")
    else:
        found += [_rounded(float(value), count) for count in DIGITS]
    if isinstance(value, Fraction) and value.denominator > 1:
        found.append(f"{value.numerator}/{value.denominator}")
    every: list[str] = []
    for text in dict.fromkeys(found):
        every.append(text)
        bare = text.lstrip("-")
        if bare.startswith("0."):
            every.append(text.replace("0.", ".", 1))
        if text.startswith("-"):
            every.append("−" + bare)
    return tuple(dict.fromkeys(every))


def _rounded(value: float, count: int) -> str:
    """A number to so many significant digits, without an exponent."""
    short = f"{value:.{count - 1}e}"
    places = max(count - 1 - int(short.partition("e")[2]), 0)
    return f"{float(short):.{places}f}"


# ---- XML ---------------------------------------------------------------------------------------


def item_xml(item: Item, ident: str, title: str, indent: int) -> Iterator[str]:
    """The question as lines of QTI."""
    from backhand.publishing.canvas import metadata

    lines = [f'<item ident="{ident}" title="{escape(title)}">', "  <itemmetadata>"]
    ids = [f"{at}" for at in _ids(item)]
    lines += metadata(("question_type", item.kind), ("points_possible", "1"),
                      ("original_answer_ids", ",".join(ids)), indent=4)  # fmt: skip
    lines += ["  </itemmetadata>", "  <presentation>", *_material(item.words, 4)]
    lines += [f"    {line}" for line in _response(item)]
    lines += ["  </presentation>", "  <resprocessing>", "    <outcomes>",
              '      <decvar maxvalue="100" minvalue="0" varname="SCORE" vartype="Decimal"/>',
              "    </outcomes>"]  # fmt: skip
    if item.solution:
        lines += ['    <respcondition continue="Yes">',
                  "      <conditionvar><other/></conditionvar>",
                  '      <displayfeedback feedbacktype="Response" linkrefid="general_fb"/>',
                  "    </respcondition>"]  # fmt: skip
    lines += [f"    {line}" for line in _processing(item)]
    lines += ["  </resprocessing>"]
    if item.solution:
        lines += ['  <itemfeedback ident="general_fb">', "    <flow_mat>",
                  *_material(item.solution, 6), "    </flow_mat>", "  </itemfeedback>"]  # fmt: skip
    lines.append("</item>")
    yield from (" " * indent + line for line in lines)


def _ids(item: Item) -> Sequence[int]:
    """Numbers for the answers, which Canvas keeps: of blanks one for each spelling."""
    if item.kind == "fill_in_multiple_blanks_question":
        return range(1001, 1001 + sum(len(spelled) - 1 for spelled in item.answers))
    return range(1001, 1001 + len(item.answers))


def _material(html: str, indent: int) -> list[str]:
    room = " " * indent
    text = cdata(f"<div>{html}</div>")
    return [f"{room}<material>", f'{room}  <mattext texttype="text/html">{text}</mattext>',
            f"{room}</material>"]  # fmt: skip


def _response(item: Item) -> Iterator[str]:
    match item.kind:
        case "multiple_choice_question" | "true_false_question":
            yield '<response_lid ident="response1" rcardinality="Single">'
            yield "  <render_choice>"
            for key, (text,) in zip(_ids(item), item.answers, strict=True):
                yield from (f"    {line}" for line in _label(key, text))
            yield "  </render_choice>"
            yield "</response_lid>"
        case "fill_in_multiple_blanks_question":
            keys = iter(_ids(item))
            for name, *texts in item.answers:
                yield f'<response_lid ident="response_{name}">'
                yield f"  <material><mattext>{name}</mattext></material>"
                yield "  <render_choice>"
                for text in texts:
                    yield from (f"    {line}" for line in _label(next(keys), text))
                yield "  </render_choice>"
                yield "</response_lid>"
        case "file_upload_question":
            return
        case kind:
            form = ' fibtype="Decimal"' if kind == "numerical_question" else ""
            yield '<response_str ident="response1" rcardinality="Single">'
            yield f'  <render_fib{form}><response_label ident="answer1"/></render_fib>'
            yield "</response_str>"


def _label(key: int, text: str) -> Iterator[str]:
    yield f'<response_label ident="{key}">'
    yield f'  <material><mattext texttype="text/plain">{escape(text, quote=False)}</mattext></material>'
    yield "</response_label>"


def _processing(item: Item) -> Iterator[str]:
    match item.kind:
        case "numerical_question":
            for low, high in item.answers:
                test = (
                    f'<or><varequal respident="response1">{low}</varequal></or>'
                    if low == high
                    else f'<vargte respident="response1">{low}</vargte>'
                    f'<varlte respident="response1">{high}</varlte>'
                )
                yield from _condition(test, "100", "Set", "No")
        case "multiple_choice_question" | "true_false_question":
            right = _ids(item)[item.right]
            yield from _condition(
                f'<varequal respident="response1">{right}</varequal>', "100", "Set", "No"
            )
        case "fill_in_multiple_blanks_question":
            keys = iter(_ids(item))
            share = f"{100 / len(item.answers):.2f}"
            for name, *texts in item.answers:
                first, *_ = [next(keys) for _ in texts]
                test = f'<varequal respident="response_{name}">{first}</varequal>'
                yield from _condition(test, share, "Add", "")
        case _:
            yield '<respcondition continue="No"><conditionvar><other/></conditionvar></respcondition>'


def _condition(test: str, share: str, action: str, going_on: str) -> Iterator[str]:
    yield f'<respcondition continue="{going_on}">' if going_on else "<respcondition>"
    yield f"  <conditionvar>{test}</conditionvar>"
    yield f'  <setvar action="{action}" varname="SCORE">{share}</setvar>'
    yield "</respcondition>"
