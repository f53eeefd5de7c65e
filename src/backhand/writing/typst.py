"""Formulas and words in Typst's markup, every word escaped: nothing of a page is ever its code."""

from __future__ import annotations

from collections.abc import Sequence

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
)
from backhand.working import Prose
from backhand.writing.brackets import (
    ATOM,
    TIMES,
    after_minus,
    in_power,
    signed,
    signed_factors,
    stacked,
)
from backhand.writing.names import GREEK, spelling
from backhand.writing.typesetting import printable

RELATIONS = {"=": "=", "≈": "≈", "∈": "∈", "←": "←"}
ORDERS = {">": ">", ">=": "≥", "<": "<", "<=": "≤", "=": "="}
PRODUCTS = {"·": " dot.op ", "⊙": " dot.o ", "*": " ast.op ", "@": " thin ", "": " thin "}
ACCENTS = {"hat": "hat", "bar": "overline", "tilde": "tilde", "dot": "dot"}


def text_typst(text: str) -> str:
    r"""Plain words as a string of Typst, in which only a quote and a backslash mean something.

    >>> text_typst('say "#read(x)"')
    '#"say \\"#read(x)\\""'
    """
    return f"#{quoted(text)}" if text else ""


def quoted(text: str) -> str:
    """A string literal of Typst."""
    safe = printable(text).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{safe}"'


def prose_typst(prose: Prose) -> str:
    """A sentence with its formulas in dollars."""
    return "".join(text_typst(p) if isinstance(p, str) else f"${formula_typst(p)}$" for p in prose)


def formula_typst(found: Formula) -> str:
    """A formula, without dollars.

    >>> from fractions import Fraction
    >>> formula_typst(Raised(Plus((Name("y"), Minus(Name("yhat")))), Num(Fraction(2))))
    'lr((y − hat(y)))^(2)'
    """
    match found:
        case Num():
            return _number(found)
        case Name(name, font):
            return _name(name, font)
        case Entry(of, slots, point):
            return _entry(of, slots, point)
        case Partial(of, by, straight, _, then):
            return _derivative(inside(of, ATOM), (by, *then), straight)
        case Derive(of, by, straight):
            return f"{_derivative('', by, straight)} {_fenced(formula_typst(of))}"
        case Minus(of):
            return f"−{inside(of, after_minus(of))}"
        case Plus(terms):
            return "".join(
                f" {sign} " * bool(sign) + inside(term, least)
                for sign, term, least in signed(terms)
            )
        case Times():
            return _times(found)
        case Over(top, bottom):
            return f"frac({formula_typst(top)}, {formula_typst(bottom)})"
        case Raised(base, exponent):
            return f"{_base(base)}^({formula_typst(exponent)})"
        case Flipped(of):
            return f"{inside(of, ATOM)}^(⊤)"
        case Call(function, args, primes):
            return _call(function, args, primes)
        case Sum(letter, lower, upper, body):
            return f"{_sum_sign(letter, lower, upper)} {inside(body, TIMES)}"
        case Norm(of):
            return f"norm({formula_typst(of)})"
        case Test(left, order, right):
            inner = f"{formula_typst(left)} {ORDERS[order]} {formula_typst(right)}"
            return f"bold(1) lr([{inner}])"
        case Rows(rows):
            lines = "; ".join(", ".join(map(formula_typst, row)) for row in rows)
            return f'mat(delim: "[", {lines})'
        case Equal(sides, signs):
            shown = formula_typst(sides[0])
            for sign, side in zip(signs, sides[1:], strict=True):
                shown += f" {RELATIONS[sign]} {formula_typst(side)}"
            return shown
        case Space(sizes):
            power = " times ".join(map(formula_typst, sizes))
            return f"RR^({power})" if sizes else "RR"
        case Maps(functions, domain, codomain):
            names = ", ".join(map(formula_typst, functions))
            spaces = " times ".join(map(formula_typst, domain))
            return f"{names} : {spaces} → {formula_typst(codomain)}"
        case Words(text):
            return quoted(text)


def aligned_typst(found: Formula) -> str:
    """A chain of relations, a line for each side after the first where there are more than two."""
    if not isinstance(found, Equal) or len(found.sides) < 3:
        return f"$ {formula_typst(found)} $"
    first, *rest = found.sides
    lines = [
        f"&{RELATIONS[sign]} {formula_typst(side)}"
        for sign, side in zip(found.signs, rest, strict=True)
    ]
    return f"$ {formula_typst(first)} " + " \\\n".join(lines) + " $"


def inside(found: Formula, least: int) -> str:
    """A formula as a part of another, in brackets where it wouldn't hold together."""
    text = formula_typst(found)
    return _fenced(text) if stacked(found) < least else text


def _fenced(text: str) -> str:
    return f"lr(({text}))"


def _derivative(above: str, variables: Sequence[Formula], straight: bool) -> str:
    """The fraction of a derivative, `above` empty for an operator."""
    sign = "upright(d)" if straight else "partial"
    order = f"^({len(variables)})" if len(variables) > 1 else ""
    below = " ".join(
        f"{sign} {formula_typst(of)}" + (f"^({n})" if n > 1 else "") for of, n in counted(variables)
    )
    return f"frac({sign}{order} {above}, {below})"


def _number(found: Num) -> str:
    text = found.text or str(found.value)
    sign, text = ("−" if text.startswith("-") else ""), text.lstrip("-")
    if text in ("inf", "nan"):
        return f"{sign}∞" if text == "inf" else '"undefined"'
    if "/" in text:
        top, _, bottom = text.partition("/")
        return f"{sign}frac({top}, {bottom})"
    digits, _, power = text.partition("e")
    if not power:
        return f"{sign}{digits}"
    exponent = f"−{abs(int(power))}" if power.startswith("-") else str(int(power))
    return f"{sign}{digits} times 10^({exponent})"


def _letter(name: str, font: Font) -> str:
    parts = spelling(name)
    letter = GREEK.get(parts.letter, parts.letter)
    # One letter is a letter of maths; anything longer is a string, so that it names no function.
    sign = letter if len(letter) == 1 and letter.isalpha() else f"upright({quoted(letter)})"
    if font == "bold":
        sign = f"bold({sign})"
    elif font == "upright":
        sign = f"upright({sign})"
    return f"{ACCENTS[parts.accent]}({sign})" if parts.accent else sign


def _name(name: str, font: Font = "italic", more: str = "") -> str:
    """A name; `more` are entry numbers that join its own subscript."""
    tail = spelling(name).subscript
    own = tail if tail.isdigit() or (len(tail) == 1 and tail.isalpha()) else tail and quoted(tail)
    script = ",".join(part for part in (own, more) if part)
    return f"{_letter(name, font)}_({script})" if script else _letter(name, font)


def _entry(of: Formula, slots: Sequence[Formula], point: Formula | None) -> str:
    numbers = ",".join(map(formula_typst, slots))
    if isinstance(of, Name):
        base = _name(of.name, of.font if not slots else "italic", numbers)
    else:
        base = f"lr([{formula_typst(of)}])" + (f"_({numbers})" if slots else "")
    return base if point is None else f"{base}^(({formula_typst(point)}))"


def _times(product: Times) -> str:
    first, *rest = signed_factors(product)
    text = inside(*first[1:])
    for sign, factor, least in rest:
        text += PRODUCTS[sign] + inside(factor, least)
    return text


def _base(base: Formula) -> str:
    text = formula_typst(base)
    return _fenced(text) if in_power(base) else text


def _call(function: str, args: Sequence[Formula], primes: int) -> str:
    inner = ", ".join(map(formula_typst, args))
    name = _name(function)
    if function in READ_AS:
        notation = TABLE[READ_AS[function]].notation
        match notation.style:
            case "exponent":
                return f"e^({inner})"
            case "root":
                return f"sqrt({inner})"
            case "fence":
                half = len(notation.text) // 2
                return f"lr({notation.text[:half]} {inner} {notation.text[half:]})"
            case "prefix":
                name = f"upright({quoted(notation.text)})"
    elif function in COMPOSED_AS:
        name = f"upright({quoted(COMPOSITIONS[COMPOSED_AS[function]].text)})"
    # A space after a string would be set as one; after a letter it only ends the name.
    gap = "" if name.endswith(")") and not primes else " "
    return f"{name}{'′' * primes}{gap}{_fenced(inner)}"


def _sum_sign(letter: str, lower: Formula | None, upper: Formula | None) -> str:
    sign = _letter(letter, "italic")
    low = sign if lower is None else f"{sign} = {formula_typst(lower)}"
    top = f"^({formula_typst(upper)})" if upper is not None else ""
    return f"sum_({low}){top}"
