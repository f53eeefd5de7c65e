"""One part of a worksheet as an input and a response tree, after its kind.

The order of the checks is the marker's: right, right after the student's own earlier answers, too few
digits, a known slip, entries that are right.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from html import escape

import numpy as np

from backhand.calculus.chain import backward
from backhand.calculus.forward import trace
from backhand.calculus.gradient import loss_of
from backhand.calculus.paths import Spot
from backhand.checking.marking import NOT_ENOUGH
from backhand.checking.mistakes import SLIPS
from backhand.checking.parts import Prepared
from backhand.checking.rounding import ends
from backhand.errors import BackhandError
from backhand.graph import Value
from backhand.notation import partial_name
from backhand.publishing.maxima import (
    RIGHT,
    Coder,
    Inexpressible,
    needed,
    number_code,
    statements,
    value_code,
)
from backhand.publishing.stack import Check, Input, Tree, bracketed, castext, stop_where_empty
from backhand.publishing.stack_following import Asked, Follow, entry_of, follow_lines
from backhand.values import floats

EXACT, NEAR, ROUNDED = "0.000000001", "0.0005", "0.005"
"""Tolerances: of exact numbers, of digits that went astray from the fourth on, of a list's rounded ones."""
MAX_FIELD = 255
"""The longest model answer, list of words or side of a test (STACK's db/install.xml)."""


@dataclass(frozen=True, slots=True)
class Made:
    """A part on STACK: its field, its tree, what to type, and what STACK can't express of it."""

    field: Input
    tree: Tree
    typing: str
    lost: tuple[str, ...] = ()


def right_code(part: Prepared) -> tuple[str, list[str]]:
    """The right value's code, and the statements of derivatives that it rests on.

    A value that the question's variables don't lead to is written as a number.
    """
    assert part.right is not None
    value = part.right[0]
    try:
        for code, lines, found in _sources(part):
            if found.size == value.size and np.allclose(
                floats(found).reshape(value.shape), floats(value), 1e-9, 1e-12
            ):
                return code, lines
    except BackhandError:
        pass
    return value_code(value), []


def _sources(part: Prepared) -> Iterator[tuple[str, list[str], Value]]:
    """Code that may give the right value, with the value that it does give."""
    ask, graph, wanted = part.part.ask, part.graph, part.part.expected
    coder = Coder(graph, RIGHT)
    if ask.verb in ("value", "loss", "forward"):
        text = ask.words[0] if ask.verb == "value" else loss_of(graph)
        name, _, inside = text.partition("[")
        slots = tuple(int(s) for s in inside.removesuffix("]").split(",")) if inside else ()
        if not slots:
            yield coder.variable(name), [], part.values[name]
        else:
            yield (
                coder.entry(name, slots),
                [],
                np.array(graph[name].entry(part.values[name], slots)),
            )
    if ask.verb == "local" and wanted.formula is not None and wanted.value is not None:
        yield coder.code(wanted.formula), [], wanted.value
    of, by = wanted.of, wanted.by
    if ask.verb not in ("derivative", "gradient", "update") or of is None or by is None:
        return
    whole, sign = backward(graph, of.name), partial_name(of.name, by.name)
    if sign not in whole:
        return
    values = trace(whole)
    at = (*of.slots, *by.slots)
    entry = len(at) == whole[sign].rank
    slope = np.array(whole[sign].entry(values[sign], at)) if entry else values[sign]
    lines = statements(whole, RIGHT, needed(whole, sign) - {q.name for q in graph})
    code = entry_of(whole, RIGHT, Spot(sign, at))
    if ask.verb != "update":
        yield code, lines, slope
    elif entry and ask.options.keys() <= {"eta"}:
        rate = Fraction(ask.options["eta"])
        before = graph[by.name].entry(part.values[by.name], by.slots)
        exact = isinstance(before, Fraction) and isinstance(slope.item(), Fraction)
        after = before - (rate if exact else float(rate)) * slope.item()
        stepped = f"{coder.entry(by.name, by.slots)}-{number_code(rate)}*({code})"
        yield stepped, lines, np.array(after)


# ---- numbers -----------------------------------------------------------------------------------


def number(asked: Asked, code: str, follow: Follow) -> Made:
    """A number, a count or a class: what STACK can see of its digits is judged as the marker does."""
    part = asked.part
    assert part.right is not None
    right = part.right[0].item()
    lines = (stop_where_empty(asked.name, asked.kind), f"t__right: {code};", *follow.lines,
             f"t__own: bh__list({asked.name});",
             *follow_lines(follow, "bh__list(t__right)", (ROUNDED, EXACT), ""))  # fmt: skip
    checks = [
        *_right_checks(asked.name, right),
        *follow_checks(follow),
        *_too_few_digits(asked.name, right),
    ]
    slips: list[str] = []
    for at, (slip, value) in enumerate(part.slips, 1):
        if value.size != 1 or (part.part.expected.kind == "class"):
            continue
        slips.append(f"t__slip{at}: {number_code(value.item())};")
        checks.append(slip_check(slip, _test_of(value.item()), asked.name, f"t__slip{at}"))
    tree = Tree(tree_name(asked), (*lines, *slips), tuple(checks))
    field = Input(name=asked.name, kind="numerical", answer=code, size=12)
    return Made(field, tree, "", ())


def _right_checks(name: str, right: Fraction | float) -> Iterator[Check]:
    test, _ = _test_of(right)
    whole = ends(right) if isinstance(right, Fraction) else False
    yield Check(test=test, student=name, teacher="t__right",
                option=EXACT if whole or not right else NEAR, score="1", note="right",
                feedback="")  # fmt: skip
    if not right:
        return
    digits = len(str(abs(float(right))).replace(".", "").strip("0")) if whole else 99
    for count in range(3 if whole else 2, min(digits, 7 if whole else 4)):
        yield Check(test="NumSigFigs", student=name, teacher="t__right", option=str(count), score="1",
                    note=f"right to {count} digits", feedback="")  # fmt: skip


def _too_few_digits(name: str, right: Fraction | float) -> Iterator[Check]:
    if right and not (isinstance(right, Fraction) and ends(right)):
        yield Check(test="NumSigFigs", student=name, teacher="t__right", option="1", score="0.75",
                    note="too few digits", feedback=said("Right so far as it goes: give at least "
                    "2 significant digits."))  # fmt: skip


def _test_of(value: Fraction | float) -> tuple[str, str]:
    """The answer test for a number, and its tolerance."""
    if not value:
        return "NumAbsolute", EXACT
    whole = isinstance(value, Fraction) and ends(value)
    return "NumRelative", EXACT if whole else ROUNDED


# ---- arrays ------------------------------------------------------------------------------------


def array(asked: Asked, code: str, follow: Follow) -> Made:
    """A vector or a matrix, entry by entry."""
    part = asked.part
    assert part.right is not None
    right = part.right[0]
    exact = all(isinstance(x, Fraction) and ends(x) for x in right.ravel().tolist())
    tolerance = EXACT if exact else ROUNDED
    lines = [stop_where_empty(asked.name, asked.kind), f"t__right: {code};", *follow.lines,
             f"t__own: bh__list({asked.name});", "t__rights: bh__list(t__right);",
             *follow_lines(follow, "t__rights", (ROUNDED, EXACT), "")]  # fmt: skip
    test = "NumAbsolute" if exact else "NumRelative"
    checks = [
        Check(test=test, student="t__own", teacher="t__rights", option=tolerance, score="1", note="right",
              feedback=""),
        *follow_checks(follow),
    ]  # fmt: skip
    for at, (slip, value) in enumerate(part.slips, 1):
        if value.size != right.size or (
            value.ndim == right.ndim == 2 and value.shape != right.shape
        ):
            continue
        cells = value.ravel().tolist()
        lines.append(f"t__slip{at}: float({bracketed([number_code(x) for x in cells])});")
        rounded = not all(isinstance(x, Fraction) and ends(x) for x in cells)
        test_of = ("NumRelative", ROUNDED) if rounded else ("NumAbsolute", EXACT)
        checks.append(slip_check(slip, test_of, "t__own", f"t__slip{at}"))
    if right.size > 1:
        lines.append(
            f"t__good: if length(t__own) # {right.size} then 0 else sum(if bh__near([t__own[n__1]], "
            f"[t__rights[n__1]], {tolerance}) then 1 else 0, n__1, 1, {right.size});"
        )
        lines += [f"t__share: t__good/{right.size};", "t__partly: is(t__good > 0);"]
        checks.append(Check(test="AlgEquiv", student="t__partly", teacher="true", score="t__share",
                            note="some entries", feedback="<p>{@t__good@} of "
                            f"{right.size} entries are right.</p>"))  # fmt: skip
    tree = Tree(tree_name(asked), tuple(lines), tuple(checks))
    field = Input(name=asked.name, kind="matrix", answer=code, size=6)
    lost = ["the grid of boxes shows the size"]
    if not exact:
        lost.append("digits that were typed aren't counted: 0.5% off is right")
    return Made(field, tree, "", tuple(lost))


# ---- shapes ------------------------------------------------------------------------------------


def shape(asked: Asked) -> Made:
    """A shape as a list of two numbers."""
    part = asked.part
    assert part.right is not None
    sizes = [int(x) for x in part.right[1]]
    code = bracketed([str(s) for s in sizes])
    lines = [stop_where_empty(asked.name, asked.kind), f"t__right: {code};"]
    checks = [Check(test="AlgEquiv", student=asked.name, teacher="t__right", score="1", note="right",
                    feedback="")]  # fmt: skip
    for at, (slip, value) in enumerate(part.slips, 1):
        lines.append(f"t__slip{at}: {bracketed([str(int(x)) for x in value.ravel().tolist()])};")
        checks.append(slip_check(slip, ("AlgEquiv", ""), asked.name, f"t__slip{at}"))
    for at, which in enumerate(("rows", "columns") if len(sizes) == 2 else (), 1):
        lines.append(
            f"t__{which}: if listp({asked.name}) and is(length({asked.name}) = 2) "
            f"then is({asked.name}[{at}] = {sizes[at - 1]}) else false;"
        )
        checks.append(Check(test="AlgEquiv", student=f"t__{which}", teacher="true", score="0.5", note=which,
                            feedback=said(f"The number of {which} is right.")))  # fmt: skip
    field = Input(name=asked.name, kind="algebraic", answer=code, size=10, hint="[?,?]")
    tree = Tree(tree_name(asked), tuple(lines), tuple(checks))
    return Made(field, tree, "Type the shape as [rows,columns].")


# ---- what all of them share --------------------------------------------------------------------


def follow_checks(follow: Follow) -> Iterator[Check]:
    """What the follow-through's variables decide."""
    if not follow.values:
        return
    capped = "The earlier answers are nothing but zeros, or leave every unit of a layer dead: "
    yield Check(test="AlgEquiv", student="t__capped", teacher="true", score="0",
                note="follows from nothing", feedback=said(capped + NOT_ENOUGH))  # fmt: skip
    yield Check(test="AlgEquiv", student="t__follows", teacher="true", score="1", note="follows",
                feedback=said("Right, given your earlier answer; that one isn't right yet."))  # fmt: skip


def slip_check(slip: str, test: tuple[str, str], student: str, teacher: str) -> Check:
    """The node of a known slip, with what it is worth."""
    found = SLIPS[slip]
    return Check(test=test[0], student=student, teacher=teacher, option=test[1],
                 score=f"{found.credit:g}", note=slip, feedback=said(found.hint))  # fmt: skip


def said(words: str) -> str:
    """A sentence as STACK's text."""
    return f"<p>{castext(escape(words, quote=False))}</p>"


def tree_name(asked: Asked) -> str:
    """The tree of an input."""
    return asked.name.replace("ans", "prt")


def allowed_words(needed: Iterable[str], useful: Iterable[str] = ()) -> str:
    """The names that STACK would refuse from a student: longer ones that don't end in a digit.

    Those in `useful` are left out where the field has no room for them; `Inexpressible` where it has
    none for the others.
    """
    words = [w for w in dict.fromkeys(needed) if len(w) > 2 and not w[-1].isdigit()]
    if len(",".join(words)) > MAX_FIELD:
        raise Inexpressible("STACK's list of allowed words is too short for the names")
    for word in dict.fromkeys(useful):
        longer = len(word) > 2 and not word[-1].isdigit() and word not in words
        if longer and len(",".join([*words, word])) <= MAX_FIELD:
            words.append(word)
    return ",".join(words)


def short(code: str) -> str:
    """A model answer that STACK's field has room for. Raises `Inexpressible` for another."""
    if len(code) > MAX_FIELD:
        raise Inexpressible("the answer is too long for STACK's field")
    return code
