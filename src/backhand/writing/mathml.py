"""Formulas in presentation MathML (MathML Core): typeset by the browser, read out by screen readers."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

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
from backhand.writing.brackets import (
    ATOM,
    TIMES,
    after_minus,
    in_power,
    signed,
    signed_factors,
    stacked,
)
from backhand.writing.names import ACCENTS, GREEK, spelling

PRODUCT = '<mo lspace="0.15em" rspace="0">&#x2062;</mo>'
"""An invisible product, which a screen reader says and an eye takes for a small space."""
TALL = ("<mfrac", "<mtable", "<munder")
ORDERS = {">": "&gt;", ">=": "≥", "<": "&lt;", "<=": "≤", "=": "="}
OVER_ACCENTS = {"hat": "^", "bar": "¯", "tilde": "~", "dot": "˙"}
assert set(OVER_ACCENTS) == set(ACCENTS)


def formula_mathml(found: Formula, display: str = "inline") -> str:
    """A formula as a `math` element, `inline` in a sentence or as a `block`."""
    return f'<math display="{display}">{row(found)}</math>'


def row(found: Formula) -> str:
    """A formula as one element."""
    parts = _parts(found)
    return parts if _is_single(found) else f"<mrow>{parts}</mrow>"


def _is_single(found: Formula) -> bool:
    return isinstance(found, Name | Entry | Over | Partial | Words | Raised | Flipped)


def _parts(found: Formula) -> str:
    match found:
        case Num():
            return _number(found)
        case Name(name, font):
            return _name(name, font)
        case Entry(of, slots, point):
            return _entry(of, slots, point)
        case Partial(of, by, straight, _, then):
            top = row(of) if strength(of) == ATOM else _grouped(of, ATOM)
            return _derivative(top, (by, *then), straight)
        case Derive(of, by, straight):
            return _derivative("", by, straight) + _fenced("(", row(of), ")")
        case Minus(of):
            return f'<mo form="prefix">−</mo>{inside(of, after_minus(of))}'
        case Plus(terms):
            return _plus(terms)
        case Times():
            return _times(found)
        case Over(top, bottom):
            return f"<mfrac>{row(top)}{row(bottom)}</mfrac>"
        case Raised(base, exponent):
            return f"<msup>{_base(base)}{row(exponent)}</msup>"
        case Flipped(of):
            return f"<msup>{_grouped(of, ATOM)}<mo>⊤</mo></msup>"
        case Call(function, args, primes):
            return _call(function, args, primes)
        case Sum(letter, lower, upper, body):
            return f"{_sum_sign(letter, lower, upper)}{inside(body, TIMES)}"
        case Norm(of):
            return _fenced("‖", row(of), "‖")
        case Test(left, order, right):
            inner = f"{row(left)}<mo>{ORDERS[order]}</mo>{row(right)}"
            return f"<mn>𝟙</mn>{_fenced('[', inner, ']')}"
        case Rows(rows):
            return _matrix(rows)
        case Equal(sides, signs):
            text = row(sides[0])
            for sign, side in zip(signs, sides[1:], strict=True):
                text += f"<mo>{sign}</mo>{row(side)}"
            return text
        case Space(sizes):
            times = "<mo>×</mo>".join(map(row, sizes))
            return f"<msup><mi>ℝ</mi><mrow>{times}</mrow></msup>" if sizes else "<mi>ℝ</mi>"
        case Maps(functions, domain, codomain):
            names = "<mo>,</mo>".join(map(row, functions))
            spaces = "<mo>×</mo>".join(map(row, domain))
            return f"{names}<mo>:</mo>{spaces}<mo>→</mo>{row(codomain)}"
        case Words(text):
            return f"<mtext>{escape(text)}</mtext>"


def _derivative(above: str, variables: Sequence[Formula], straight: bool) -> str:
    """The fraction of a derivative, `above` empty for an operator."""
    sign = f"<mi>{'d' if straight else '∂'}</mi>"
    order = len(variables)
    top = f"<msup>{sign}<mn>{order}</mn></msup>" if order > 1 else sign
    below = "".join(
        sign + (f"<msup>{row(of)}<mn>{n}</mn></msup>" if n > 1 else row(of))
        for of, n in counted(variables)
    )
    return f"<mfrac><mrow>{top}{above}</mrow><mrow>{below}</mrow></mfrac>"


def inside(found: Formula, least: int) -> str:
    """A formula as a part of another, in brackets where it wouldn't hold together."""
    return _fenced("(", row(found), ")") if stacked(found) < least else _parts(found)


def _grouped(found: Formula, least: int) -> str:
    return f"<mrow>{inside(found, least)}</mrow>"


def _base(base: Formula) -> str:
    bracketed = in_power(base)
    return f"<mrow>{_fenced('(', row(base), ')')}</mrow>" if bracketed else row(base)


def _fenced(left: str, inner: str, right: str) -> str:
    """A part between two signs, which grow with what is tall and else leave no room for growing."""
    grows = any(tag in inner for tag in TALL)
    kind = 'fence="true"' if grows else 'fence="true" stretchy="false"'
    return f'<mo {kind} form="prefix">{left}</mo>{inner}<mo {kind} form="postfix">{right}</mo>'


def _number(found: Num) -> str:
    text = found.text or str(found.value)
    sign = '<mo form="prefix">−</mo>' if text.startswith("-") else ""
    text = text.lstrip("-")
    if text in ("inf", "nan"):
        return f"{sign}<mi>∞</mi>" if text == "inf" else "<mtext>undefined</mtext>"
    if "/" in text:
        top, _, bottom = text.partition("/")
        return f"{sign}<mfrac><mn>{top}</mn><mn>{bottom}</mn></mfrac>"
    digits, _, power = text.partition("e")
    if not power:
        return f"{sign}<mn>{digits}</mn>"
    small = "<mo>−</mo>" if power.startswith("-") else ""
    exponent = f"<mrow>{small}<mn>{abs(int(power))}</mn></mrow>"
    return f"{sign}<mn>{digits}</mn><mo>×</mo><msup><mn>10</mn>{exponent}</msup>"


def _letter(name: str, font: Font) -> str:
    parts = spelling(name)
    letter = escape(GREEK.get(parts.letter, parts.letter))
    if font == "bold":
        sign = f"<mi>{bold(letter)}</mi>"
    elif parts.is_word or font == "upright":
        sign = f'<mi mathvariant="normal">{letter}</mi>'
    else:
        sign = f"<mi>{letter}</mi>"
    if parts.accent:
        mark = OVER_ACCENTS[parts.accent]
        return f'<mover accent="true">{sign}<mo stretchy="false">{mark}</mo></mover>'
    return sign


def bold(letter: str) -> str:
    """A letter's bold form: MathML Core has no bold but that of the letter itself.

    >>> bold("x"), bold("θ"), bold("loss")
    ('𝐱', '𝛉', 'loss')
    """
    if len(letter) == 1:
        for first, last, start in (("A", "Z", 0x1D400), ("a", "z", 0x1D41A), ("α", "ω", 0x1D6C2)):
            if first <= letter <= last:
                return chr(start + ord(letter) - ord(first))
    return letter


def _name(name: str, font: Font = "italic", more: str = "") -> str:
    """A name; `more` are entry numbers that join its own subscript."""
    tail = spelling(name).subscript
    own = f"<mn>{tail}</mn>" if tail.isdigit() else f"<mi>{escape(tail)}</mi>" if tail else ""
    script = '<mo separator="true">,</mo>'.join(part for part in (own, more) if part)
    if not script:
        return _letter(name, font)
    return f"<msub>{_letter(name, font)}<mrow>{script}</mrow></msub>"


def _entry(of: Formula, slots: Sequence[Formula], point: Formula | None) -> str:
    numbers = '<mo separator="true">,</mo>'.join(map(row, slots))
    if isinstance(of, Name):
        base = _name(of.name, of.font if not slots else "italic", numbers)
    else:
        base = f"<mrow>{_fenced('[', row(of), ']')}</mrow>"
        base = f"<msub>{base}<mrow>{numbers}</mrow></msub>" if slots else base
    if point is None:
        return base
    return f"<msup><mrow>{base}</mrow><mrow>{_fenced('(', row(point), ')')}</mrow></msup>"


def _plus(terms: Sequence[Formula]) -> str:
    parts = (
        f"<mo>{sign}</mo>" * bool(sign) + inside(term, least) for sign, term, least in signed(terms)
    )
    return "".join(parts)


def _times(product: Times) -> str:
    first, *rest = signed_factors(product)
    text = inside(*first[1:])
    for sign, factor, least in rest:
        text += (f"<mo>{sign}</mo>" if sign in ("·", "⊙", "*") else PRODUCT) + inside(factor, least)
    return text


def _call(function: str, args: Sequence[Formula], primes: int) -> str:
    inner = '<mo separator="true">,</mo>'.join(map(row, args))
    name = _letter(function, "italic")
    if function in READ_AS:
        notation = TABLE[READ_AS[function]].notation
        match notation.style:
            case "exponent":
                return f"<msup><mi>e</mi><mrow>{inner}</mrow></msup>"
            case "root":
                return f"<msqrt>{inner}</msqrt>"
            case "fence":
                half = len(notation.text) // 2
                return _fenced(notation.text[:half], inner, notation.text[half:])
            case "prefix":
                name = f'<mi mathvariant="normal">{escape(notation.text)}</mi>'
    elif function in COMPOSED_AS:
        name = f'<mi mathvariant="normal">{escape(COMPOSITIONS[COMPOSED_AS[function]].text)}</mi>'
    if primes:
        name = f"<msup>{name}<mo>{'′' * primes}</mo></msup>"
    return f"{name}<mo>&#x2061;</mo>{_fenced('(', inner, ')')}"


def _sum_sign(letter: str, lower: Formula | None, upper: Formula | None) -> str:
    low = f"<mi>{escape(letter)}</mi>"
    if lower is not None:
        low = f"<mrow>{low}<mo>=</mo>{row(lower)}</mrow>"
    sign = "<mo>∑</mo>"
    if upper is None:
        return f"<munder>{sign}{low}</munder>"
    return f"<munderover>{sign}{low}{row(upper)}</munderover>"


def _matrix(rows: Sequence[Sequence[Formula]]) -> str:
    lines = "".join(
        "<mtr>" + "".join(f"<mtd>{row(item)}</mtd>" for item in line) + "</mtr>" for line in rows
    )
    # Its brackets are borders drawn by the page: they grow with it, whatever the font can do.
    return f'<mtable class="matrix">{lines}</mtable>'
