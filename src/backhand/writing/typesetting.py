"""Formulas as one line of typeset runs: italic letters, upright digits, scripts small and shifted.

A drawing has no room for stacked fractions, so everything stands on one line; what a script is
doing is in the run's `scale` and `rise`, and the width of a line can be told without a font.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TypeAlias

from backhand.compositions import COMPOSED_AS, COMPOSITIONS
from backhand.functions import READ_AS, TABLE
from backhand.syntax import (
    Call,
    Derive,
    Entry,
    Equal,
    Flipped,
    Font,
    Formula,
    Maps,
    Minus,
    Name,
    Norm,
    Num,
    Over,
    Partial,
    Plus,
    Raised,
    Rows,
    Space,
    Sum,
    Test,
    Times,
    Words,
    counted,
    strength,
)
from backhand.working import Prose
from backhand.writing.names import GREEK, spelling, unicode_letter

SCRIPT = 0.7
"""How large a script is, measured by what it stands at."""
SMALLEST = 0.5
LOWERED, RAISED = -0.22, 0.38
"""How far a script is shifted, in heights of what it stands at."""
THIN, SPACE = "\u2009", "\u00a0"
"""Spaces that SVG doesn't collapse."""


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one style; `scale` and `rise` are in heights of the line's own type."""

    text: str
    font: Font = "upright"
    scale: float = 1.0
    rise: float = 0.0


Line: TypeAlias = tuple[Run, ...]


def line(content: Formula | Prose) -> Line:
    """A formula, or a sentence with formulas in it, as runs.

    >>> plain(line(Entry(Name("W_1"), (Num(Fraction(1)), Num(Fraction(2))))))
    'W_1,1,2'
    """
    if not isinstance(content, tuple):
        return _merged(_formula(content))
    runs: list[Run] = []
    for part in content:
        runs += [Run(printable(part))] if isinstance(part, str) else _formula(part)
    return _merged(tuple(runs))


def plain(content: Line) -> str:
    """A line as bare text, scripts after _ and ^: for people who hear it and for tooltips."""
    out: list[str] = []
    rise = 0.0
    for run in content:
        if run.rise != rise and run.rise != 0:
            out.append("_" if run.rise < 0 else "^")
        rise = run.rise
        out.append(run.text)
    return "".join(out).replace(SPACE, " ").replace(THIN, " ")


def width(content: Line, size: float) -> float:
    """About how wide a line is at this type size; rather too wide than too narrow."""
    return sum(_advance(c) * run.scale for run in content for c in run.text) * size


def shortened(content: Line, size: float, most: float) -> Line:
    """The line, cut and ended with an ellipsis where it is wider than `most`."""
    if width(content, size) <= most:
        return content
    room = most / size - 1.0
    kept: list[Run] = []
    for run in content:
        fitting = ""
        for character in run.text:
            room -= _advance(character) * run.scale
            if room < 0:
                break
            fitting += character
        kept.append(replace(run, text=fitting))
        if room < 0:
            break
    return _merged((*kept, Run("…")))


def printable(text: str) -> str:
    """Text without the characters that XML can't hold, and without line breaks or markers of direction."""
    kept = (
        c if unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Cn") else "\ufffd" for c in text
    )
    return "".join(kept)


def _advance(character: str) -> float:
    """The width of a character in a common serif face, in heights of its type."""
    if unicodedata.combining(character):
        return 0.0
    if unicodedata.east_asian_width(character) in "WF":
        return 1.1
    if character in "mwMW⋯—":
        return 0.9
    if character in "ijl.,;:'|!()[]/′ft" or character in (THIN, SPACE, " "):
        return 0.32
    if character in "=≈+−<>≤≥∈←×·⊙":
        return 0.58
    return 0.74 if character.isupper() else 0.52


def _merged(runs: Line) -> Line:
    """The line with neighbours of one style joined."""
    out: list[Run] = []
    for run in runs:
        if out and (out[-1].font, out[-1].scale, out[-1].rise) == (run.font, run.scale, run.rise):
            out[-1] = replace(run, text=out[-1].text + run.text)
        elif run.text:
            out.append(run)
    return tuple(out)


def _script(runs: Line, shift: float) -> Line:
    return tuple(
        replace(r, scale=max(r.scale * SCRIPT, SMALLEST), rise=shift + r.rise * SCRIPT)
        for r in runs
    )


def _text(text: str) -> Line:
    return (Run(text),)


def _joined(parts: Sequence[Line], sign: str) -> Line:
    out: list[Run] = []
    for at, part in enumerate(parts):
        out += [Run(sign), *part] if at else part
    return tuple(out)


def _bracketed(formula: Formula, least: int) -> Line:
    """The formula, in brackets where it holds together less than `least`."""
    inner = _formula(formula)
    return inner if strength(formula) >= least else (Run("("), *inner, Run(")"))


def _formula(formula: Formula) -> Line:
    match formula:
        case Num():
            return _number(formula)
        case Name(name, font):
            head, script = _name(name, font)
            return (*head, *_script(script, LOWERED))
        case Entry():
            return _entry(formula)
        case Partial(of, by, straight, _, then):
            return _derivative(_bracketed(of, 5), (by, *then), straight)
        case Derive(of, by, straight):
            return (*_derivative((), by, straight), *_bracketed(of, 10))
        case Minus(of):
            return (Run("−"), *_bracketed(of, 2))
        case Plus(terms):
            return _plus(terms)
        case Times(factors, sign):
            between = {"": THIN, "@": THIN}.get(sign, f"{THIN}{sign}{THIN}")
            return _joined([_bracketed(f, 3) for f in factors], between)
        case Over(top, bottom):
            return (*_bracketed(top, 5), Run("/"), *_bracketed(bottom, 5))
        case Raised(base, exponent):
            return (*_bracketed(base, 9), *_script(_formula(exponent), RAISED))
        case Flipped(of):
            return (*_bracketed(of, 9), *_script(_text("⊤"), RAISED))
        case Call():
            return _call(formula)
        case Sum():
            return _sum(formula)
        case Equal(sides, signs):
            out = list(_formula(sides[0]))
            for sign, side in zip(signs, sides[1:], strict=True):
                out += [Run(f"{SPACE}{sign}{SPACE}"), *_formula(side)]
            return tuple(out)
        case _:
            return _fenced(formula)


def _derivative(above: Line, variables: Sequence[Formula], straight: bool) -> Line:
    """The fraction of a derivative on one line, `above` empty for an operator."""
    sign = Run("d", "italic") if straight else Run("∂")
    order = len(variables)
    below: list[Run] = []
    for of, n in counted(variables):
        power = _script(_text(str(n)), RAISED) if n > 1 else ()
        below += [sign, *_bracketed(of, 5), *power]
    raised = _script(_text(str(order)), RAISED) if order > 1 else ()
    return (sign, *raised, *above, Run("/"), *below)


def _fenced(formula: Norm | Test | Rows | Space | Maps | Words) -> Line:
    """What is one sign by its fences, or words."""
    match formula:
        case Norm(of):
            return (Run("‖"), *_formula(of), Run("‖"))
        case Test(left, order, right):
            sign = {">=": "≥", "<=": "≤"}.get(order, order)
            inner = (*_formula(left), Run(f"{SPACE}{sign}{SPACE}"), *_formula(right))
            return (Run("["), *inner, Run("]"))
        case Rows(rows):
            lines = [_joined([_formula(x) for x in row], f",{THIN}") for row in rows]
            return (Run("["), *_joined(lines, f";{THIN}"), Run("]"))
        case Space(sizes):
            return (Run("ℝ"), *_script(_joined([_formula(s) for s in sizes], "×"), RAISED))
        case Maps(functions, domain, codomain):
            names = _joined([_formula(f) for f in functions], f",{THIN}")
            spaces = _joined([_formula(s) for s in domain], f"{SPACE}×{SPACE}")
            return (*names, Run(f":{SPACE}"), *spaces, Run(f"{SPACE}→{SPACE}"), *_formula(codomain))
        case Words(text):
            return _text(printable(text))


def _number(number: Num) -> Line:
    """A number with a true minus sign, and a power of ten instead of an e."""
    value = number.value
    shown = number.text or (str(value) if isinstance(value, Fraction) else f"{value:.4g}")
    head, _, power = printable(shown).replace("-", "−").replace("inf", "∞").partition("e")
    if not power:
        return _text(head)
    sign = "−" if power.startswith("−") else ""
    return (Run(f"{head}{THIN}·{THIN}10"), *_script(_text(sign + power.lstrip("−+0")), RAISED))


def _name(name: str, font: Font) -> tuple[Line, Line]:
    """A name and its subscript: `yhat_1` is ŷ and 1, `theta` is θ, `W_out` is W and out."""
    parts = spelling(name)
    style: Font = "upright" if font == "italic" and parts.is_word else font
    return (Run(printable(unicode_letter(parts)), style),), _subscript(parts.subscript)


def _subscript(script: str) -> Line:
    """Digits and words upright, single letters italic, with commas for further underscores."""
    pieces: list[str] = re.findall(r"\d+|[^\W\d_]+|[^\w\s]|_", script)
    out: list[Run] = []
    for piece in pieces:
        sign = GREEK.get(piece, piece)
        letter = len(sign) == 1 and sign.isalpha()
        out.append(Run("," if piece == "_" else printable(sign), "italic" if letter else "upright"))
    return tuple(out)


def _entry(entry: Entry) -> Line:
    """An entry with its numbers in the subscript, after those of the name: W_1[1,2] is W_{1,1,2}."""
    slots = [_formula(slot) for slot in entry.slots]
    script: Line = ()
    if isinstance(entry.of, Name):
        head, script = _name(entry.of.name, entry.of.font)
    else:
        head = _bracketed(entry.of, 9)
    below = _joined([part for part in (script, *slots) if part], ",")
    above: Line = ()
    if entry.point is not None:
        above = (Run("("), *_formula(entry.point), Run(")"))
    return (*head, *_script(above, RAISED), *_script(below, LOWERED))


def _plus(terms: Sequence[Formula]) -> Line:
    out: list[Run] = []
    for at, term in enumerate(terms):
        runs = _bracketed(term, 2)
        if at and runs[0].text.startswith("−"):
            first = replace(runs[0], text=runs[0].text[1:])
            out += [Run(f"{SPACE}−{SPACE}"), first, *runs[1:]]
        else:
            out += [Run(f"{SPACE}+{SPACE}"), *runs] if at else runs
    return tuple(out)


def _call(call: Call) -> Line:
    """A function as its entry in the table says."""
    inner = _joined([_formula(arg) for arg in call.args], f",{THIN}")
    primes = Run("′" * call.primes)
    entry = TABLE.get(READ_AS.get(call.function, ""))
    if entry is None:
        return (*function_sign(call.function), primes, Run("("), *inner, Run(")"))
    sign = printable(entry.notation.text)
    match entry.notation.style:
        case "exponent" if not call.primes:
            return (Run("e", "italic"), *_script(inner, RAISED))
        case "fence" if not call.primes:
            half = len(sign) // 2
            return (Run(sign[:half]), *inner, Run(sign[half:]))
        case _:
            return (Run(sign), primes, Run("("), *inner, Run(")"))


def function_sign(name: str) -> Line:
    """A function's sign alone: σ, ReLU, softmax; a name that isn't in the tables as a name."""
    if name in READ_AS:
        return _text(printable(TABLE[READ_AS[name]].notation.text))
    if name in COMPOSED_AS:
        return _text(printable(COMPOSITIONS[COMPOSED_AS[name]].text))
    head, script = _name(name, "italic")
    return _merged((*head, *_script(script, LOWERED)))


def _sum(formula: Sum) -> Line:
    below: Line = (Run(printable(formula.letter), "italic"),)
    if formula.lower is not None:
        below = (*below, Run("="), *_formula(formula.lower))
    above = _formula(formula.upper) if formula.upper is not None else ()
    scripts = (*_script(above, RAISED), *_script(below, LOWERED))
    return (Run("Σ"), *scripts, Run(THIN), *_bracketed(formula.body, 2))
