"""Formulas in presentation MathML Core: accessible, and set by the browser without any script."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape

from backhand.compositions import COMPOSED_AS, COMPOSITIONS
from backhand.functions import READ_AS, TABLE
from backhand.syntax import (
    Call,
    Entry,
    Equal,
    Flipped,
    Font,
    Formula,
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
    strength,
)
from backhand.writing.names import GREEK, spelling
from backhand.writing.text import ATOM, POWER, SUM, TIMES, leads_negative

NAMESPACE = "http://www.w3.org/1998/Math/MathML"
ACCENTS = {"hat": "^", "bar": "¯", "tilde": "~", "dot": "˙"}
ORDERS = {">": ">", ">=": "≥", "<": "<", "<=": "≤", "=": "="}
TIMES_SIGNS = {"·": "·", "⊙": "⊙", "*": "∗", "@": "\u2062", "": "\u2062"}
APPLIED = "<mo>\u2061</mo>"
"""The invisible sign of a function's application; \u2062 above is that of a product."""


def formula_mathml(found: Formula) -> str:
    """A formula for a line of text.

    >>> formula_mathml(Name("yhat")).partition(">")[2]
    '<mover accent="true"><mi>y</mi><mo stretchy="false">^</mo></mover></math>'
    """
    return f'<math xmlns="{NAMESPACE}">{marks(found)}</math>'


def display_mathml(found: Formula) -> str:
    """A formula on a line of its own."""
    return f'<math xmlns="{NAMESPACE}" display="block">{marks(found)}</math>'


def marks(found: Formula) -> str:
    """What stands between `<math>` and `</math>`."""
    match found:
        case Num():
            return _number(found)
        case Name(name, font):
            return _name(name, font)
        case Entry():
            return _entry(found)
        case Partial(of, by, straight):
            d = _tag("mi", "d") if straight else _tag("mi", "∂")
            return f"<mfrac>{_row(d, marks(of))}{_row(d, marks(by))}</mfrac>"
        case Minus(of):
            return _row('<mo form="prefix">−</mo>', _inside(of, TIMES))
        case Plus(terms):
            return _plus(terms)
        case Times(factors, sign):
            return _times(factors, sign)
        case Over(top, bottom):
            return f"<mfrac>{_row(marks(top))}{_row(marks(bottom))}</mfrac>"
        case Raised(base, exponent):
            return f"<msup>{_base(base)}{_row(marks(exponent))}</msup>"
        case Flipped(of):
            return f"<msup>{_inside(of, ATOM)}<mo>⊤</mo></msup>"
        case Call():
            return _call(found)
        case Sum():
            return _row(_sum_sign(found), _inside(found.body, TIMES))
        case Equal(sides, signs):
            rest = (
                _sign(sign) + marks(side) for sign, side in zip(signs, sides[1:], strict=True)
            )
            return _row(marks(sides[0]), *rest)
        case _:
            return _fenced(found)


def _fenced(found: Norm | Test | Rows | Space | Words) -> str:
    """What is one sign by its fences, or words."""
    match found:
        case Norm(of):
            return _row("<mo>‖</mo>", marks(of), "<mo>‖</mo>")
        case Test(left, order, right):
            inner = _row(marks(left), _sign(ORDERS[order]), marks(right))
            return _row('<mn>𝟙</mn><mo stretchy="false">[</mo>', inner, '<mo stretchy="false">]</mo>')
        case Rows(rows):
            lines = (
                f"<mtr>{''.join(f'<mtd>{marks(item)}</mtd>' for item in row)}</mtr>" for row in rows
            )
            return _row("<mo>[</mo>", f"<mtable>{''.join(lines)}</mtable>", "<mo>]</mo>")
        case Space(sizes):
            power = _sign("×").join(map(marks, sizes))
            return f"<msup><mi>ℝ</mi>{_row(power)}</msup>" if sizes else "<mi>ℝ</mi>"
        case Words(text):
            sign = text in ("⋯", "⋮", ":")
            return _sign(text) if sign else _tag("mtext", text)


def _tag(tag: str, text: str) -> str:
    return f"<{tag}>{printable(text)}</{tag}>"


def _sign(text: str) -> str:
    return _tag("mo", text)


def printable(text: str) -> str:
    """Plain text as markup: escaped, and without the characters that no XML may hold."""
    clean = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]", "\ufffd", text)
    return escape(clean)


def _row(*parts: str) -> str:
    return f"<mrow>{''.join(parts)}</mrow>"


def _bracket(inner: str) -> str:
    return _row("<mo>(</mo>", inner, "<mo>)</mo>")


def _listed(items: Iterable[str]) -> str:
    return '<mo separator="true">,</mo>'.join(items)


def _inside(found: Formula, least: int) -> str:
    """A formula as a part of another, in brackets where it wouldn't hold together."""
    upright = isinstance(found, Over) or (isinstance(found, Num) and not leads_negative(found))
    weak = strength(found) < least and not (upright and least <= POWER)
    return _bracket(marks(found)) if weak else marks(found)


def _number(found: Num) -> str:
    text = found.text or str(found.value)
    if text.endswith("nan"):
        return _tag("mtext", "undefined")
    minus, size = ("<mo form=\"prefix\">−</mo>", text[1:]) if text.startswith("-") else ("", text)
    digits, _, power = size.partition("e")
    top, _, bottom = size.partition("/")
    if size == "inf":
        shown = "<mi>∞</mi>"
    elif bottom:
        shown = f"<mfrac>{_tag('mn', top)}{_tag('mn', bottom)}</mfrac>"
    elif power:
        exponent = _tag("mn", str(abs(int(power))))
        exponent = _row("<mo>−</mo>", exponent) if int(power) < 0 else exponent
        shown = _row(_tag("mn", digits), _sign("×"), f"<msup><mn>10</mn>{exponent}</msup>")
    else:
        shown = _tag("mn", size)
    return _row(minus, shown) if minus else shown


def _letter(name: str, font: Font) -> str:
    """A name without its subscript."""
    parts = spelling(name)
    letter = GREEK.get(parts.letter, parts.letter)
    if font == "bold" and len(letter) == 1:
        shown = _tag("mi", bold(letter))
    elif font == "upright" and len(letter) == 1:
        shown = f'<mi mathvariant="normal">{printable(letter)}</mi>'
    else:
        shown = _tag("mi", letter)
    if not parts.accent:
        return shown
    return f'<mover accent="true">{shown}<mo stretchy="false">{ACCENTS[parts.accent]}</mo></mover>'


def bold(letter: str) -> str:
    """A letter's bold form, for MathML Core knows no bold but that of the letter itself.

    >>> bold("x"), bold("θ")
    ('𝐱', '𝛉')
    """
    for first, last, start in (("A", "Z", 0x1D400), ("a", "z", 0x1D41A), ("α", "ω", 0x1D6C2)):
        if first <= letter <= last:
            return chr(start + ord(letter) - ord(first))
    return letter


def _subscript(name: str) -> str:
    tail = spelling(name).subscript
    if not tail or tail.isdigit():
        return _tag("mn", tail) if tail else ""
    return _tag("mi", GREEK.get(tail, tail))


def _scripted(base: str, below: str, above: str) -> str:
    """A base with a subscript and a superscript, each perhaps empty."""
    if below and above:
        return f"<msubsup>{base}{_row(below)}{_row(above)}</msubsup>"
    if below or above:
        tag = "msub" if below else "msup"
        return f"<{tag}>{base}{_row(below or above)}</{tag}>"
    return base


def _name(name: str, font: Font) -> str:
    return _scripted(_letter(name, font), _subscript(name), "")


def _entry(found: Entry) -> str:
    """An entry's numbers join the subscript of its name: W_{1,1,2}."""
    numbers = [marks(slot) for slot in found.slots]
    if isinstance(found.of, Name):
        name = found.of.name
        base = _letter(name, "italic" if numbers else found.of.font)
        numbers = [part for part in (_subscript(name), *numbers) if part]
    else:
        base = _row("<mo>[</mo>", marks(found.of), "<mo>]</mo>")
    above = "" if found.point is None else f"<mo>(</mo>{marks(found.point)}<mo>)</mo>"
    return _scripted(base, _listed(numbers), above)


def _plus(terms: Sequence[Formula]) -> str:
    shown = [_inside(terms[0], SUM)]
    for term in terms[1:]:
        if isinstance(term, Minus):
            shown += [_sign("−"), _inside(term.of, TIMES)]
        else:
            shown += [_sign("+"), _inside(term, TIMES if leads_negative(term) else SUM)]
    return _row(*shown)


def _times(factors: Sequence[Formula], sign: str) -> str:
    before = factors[0]
    shown = [_inside(before, POWER if leads_negative(before) else TIMES)]
    for factor in factors[1:]:
        dotted = isinstance(factor, Num) and sign in ("", "@")
        shown += [_sign("·" if dotted else TIMES_SIGNS[sign]), _inside(factor, POWER)]
        before = factor
    return _row(*shown)


def _base(base: Formula) -> str:
    """What a power stands on, as one element."""
    style = TABLE[READ_AS[base.function]].notation.style if _is_tabled(base) else "prefix"
    whole = isinstance(base, Call) and style in ("prefix", "exponent")
    compound = isinstance(base, Partial) or (isinstance(base, Num) and "e" in base.text)
    if whole or compound:
        return _bracket(marks(base))
    return _inside(base, ATOM)


def _is_tabled(found: Formula) -> bool:
    return isinstance(found, Call) and found.function in READ_AS


def _call(found: Call) -> str:
    """A function as its entry in the table says."""
    inner = _listed(map(marks, found.args))
    if found.function in READ_AS:
        notation = TABLE[READ_AS[found.function]].notation
        half = len(notation.text) // 2
        match notation.style:
            case "exponent" if not found.primes:
                return f"<msup><mi>e</mi>{_row(inner)}</msup>"
            case "root" if not found.primes:
                return f"<msqrt>{inner}</msqrt>"
            case "fence" if not found.primes:
                left, right = notation.text[:half], notation.text[half:]
                return _row(
                    f'<mo form="prefix" stretchy="true">{printable(left)}</mo>',
                    inner,
                    f'<mo form="postfix" stretchy="true">{printable(right)}</mo>',
                )
            case _:
                sign = _tag("mi", notation.text)
    elif found.function in COMPOSED_AS:
        sign = _tag("mi", COMPOSITIONS[COMPOSED_AS[found.function]].text)
    else:
        sign = _name(found.function, "italic")
    if found.primes:
        sign = f"<msup>{sign}<mo>{'′' * found.primes}</mo></msup>"
    return _row(sign, APPLIED, _bracket(inner))


def _sum_sign(found: Sum) -> str:
    letter = _tag("mi", found.letter)
    below = letter if found.lower is None else _row(letter, _sign("="), marks(found.lower))
    if found.upper is None:
        return f"<munder><mo>∑</mo>{below}</munder>"
    return f"<munderover><mo>∑</mo>{below}{_row(marks(found.upper))}</munderover>"
