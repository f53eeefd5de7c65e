"""Formulas, workings and whole solutions in LaTeX, for amsmath and amssymb."""

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
from backhand.working import Prose, Step, Working
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
from backhand.writing.text import step_chain

RELATIONS = {"=": "=", "≈": r"\approx", "∈": r"\in", "←": r"\leftarrow"}
ORDERS = {">": ">", ">=": r"\ge", "<": "<", "<=": r"\le", "=": "="}
SIGNS = {"": "", "+": "+", "−": "-"}
PRODUCTS = {"·": r" \cdot ", "⊙": r" \odot ", "*": " * ", "@": " ", "": " "}
ESCAPES = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "<": r"\textless{}", ">": r"\textgreater{}", "–": "--", "—": "---", "•": r"\(\bullet\)",
    "×": r"\(\times\)", "≈": r"\(\approx\)", "⋯": r"\(\cdots\)", "⋮": r"\(\vdots\)",
    "−": r"\(-\)", "√": r"\(\surd\)", "·": r"\(\cdot\)", "≤": r"\(\le\)", "≥": r"\(\ge\)",
    "→": r"\(\to\)", "∂": r"\(\partial\)", "∞": r"\(\infty\)", "ŷ": r"\(\hat{y}\)",
} | {sign: rf"\(\{name}\)" for name, sign in GREEK.items()}  # fmt: skip
LAST_LETTER, QUOTES = "ſ", "‘’“”…"
"""Of what has no escape, LaTeX's own fonts hold Latin letters up to here, and these."""


def escaped(text: str) -> str:
    r"""Plain text with the signs that LaTeX would act on made harmless.

    A sign that its fonts lack is shown by its number.

    >>> escaped("50% of a_1"), escaped("😀")
    ('50\\% of a\\_1', '[U+1F600]')
    """
    return "".join(map(_escaped, text))


def _escaped(sign: str) -> str:
    if sign in ESCAPES:
        return ESCAPES[sign]
    plain = sign.isspace() or (sign.isprintable() and sign <= LAST_LETTER) or sign in QUOTES
    return sign if plain else f"[U+{ord(sign):04X}]"


def formula_latex(found: Formula) -> str:
    r"""A formula, without dollars.

    >>> from fractions import Fraction
    >>> formula_latex(Raised(Plus((Name("y"), Minus(Name("yhat")))), Num(Fraction(2))))
    '\\left(y - \\hat{y}\\right)^{2}'
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
            body = rf"\left({formula_latex(of)}\right)"
            return f"{_derivative('', by, straight)}{body}"
        case Minus(of):
            return f"-{inside(of, after_minus(of))}"
        case Plus(terms):
            return _plus(terms)
        case Times():
            return _times(found)
        case Over(top, bottom):
            return rf"\frac{{{formula_latex(top)}}}{{{formula_latex(bottom)}}}"
        case Raised(base, exponent):
            return f"{_base(base)}^{{{formula_latex(exponent)}}}"
        case Flipped(of):
            return rf"{inside(of, ATOM)}^{{\top}}"
        case Call(function, args, primes):
            return _call(function, args, primes)
        case Sum(letter, lower, upper, body):
            return f"{_sum_sign(letter, lower, upper)} {inside(body, TIMES)}"
        case Norm(of):
            return rf"\left\lVert {formula_latex(of)} \right\rVert"
        case Test(left, order, right):
            return rf"\mathbf{{1}}[{formula_latex(left)} {ORDERS[order]} {formula_latex(right)}]"
        case Rows(rows):
            lines = r" \\ ".join(" & ".join(map(formula_latex, row)) for row in rows)
            return rf"\begin{{bmatrix}} {lines} \end{{bmatrix}}"
        case Equal(sides, signs):
            shown = formula_latex(sides[0])
            for sign, side in zip(signs, sides[1:], strict=True):
                shown += f" {RELATIONS[sign]} {formula_latex(side)}"
            return shown
        case Space(sizes):
            power = r" \times ".join(map(formula_latex, sizes))
            return rf"\mathbb{{R}}^{{{power}}}" if sizes else r"\mathbb{R}"
        case Maps(functions, domain, codomain):
            names = ", ".join(map(formula_latex, functions))
            spaces = r" \times ".join(map(formula_latex, domain))
            return rf"{names}: {spaces} \to {formula_latex(codomain)}"
        case Words(text):
            return {"⋯": r"\cdots", "⋮": r"\vdots", ":": ":"}.get(
                text, rf"\text{{{escaped(text)}}}"
            )


def _derivative(above: str, variables: Sequence[Formula], straight: bool) -> str:
    """The fraction of a derivative, `above` empty for an operator."""
    sign = "d" if straight else r"\partial"
    order = f"^{len(variables)}" if len(variables) > 1 else ""
    space = "" if straight else " "
    below = " ".join(
        f"{sign}{space}{formula_latex(of)}" + (f"^{{{n}}}" if n > 1 else "")
        for of, n in counted(variables)
    )
    return rf"\frac{{{sign}{order}{space if above else ''}{above}}}{{{below}}}"


def inside(found: Formula, least: int) -> str:
    """A formula as a part of another, in brackets where it wouldn't hold together."""
    text = formula_latex(found)
    return rf"\left({text}\right)" if stacked(found) < least else text


def _number(found: Num) -> str:
    text = found.text or str(found.value)
    if "inf" in text:
        return text.replace("inf", r"\infty")
    if "nan" in text:
        return r"\text{undefined}"
    if "/" in text:
        sign = "-" if text.startswith("-") else ""
        top, _, bottom = text.lstrip("-").partition("/")
        return rf"{sign}\frac{{{top}}}{{{bottom}}}"
    digits, _, power = text.partition("e")
    return rf"{digits} \times 10^{{{int(power)}}}" if power else digits


def _name(name: str, font: Font = "italic", more: str = "") -> str:
    """A name; `more` are entry numbers that join its own subscript: `W_{1,1,2}`."""
    parts = spelling(name)
    if parts.is_word:
        letter = rf"\mathrm{{{escaped(parts.letter)}}}"
    else:
        letter = parts.letter if parts.letter not in GREEK else rf"\{parts.letter}"
    if font == "bold":
        letter = rf"\boldsymbol{{{letter}}}" if parts.letter in GREEK else rf"\mathbf{{{letter}}}"
    if font == "upright":
        letter = rf"\mathrm{{{letter}}}"
    if parts.accent:
        letter = rf"\{parts.accent}{{{letter}}}"
    tail = parts.subscript
    if tail and not tail.isdigit() and len(tail) > 1:
        tail = rf"\text{{{escaped(tail)}}}"
    script = ",".join(part for part in (tail, more) if part)
    if not script:
        return letter
    return f"{letter}_{script}" if len(script) == 1 else f"{letter}_{{{script}}}"


def _entry(of: Formula, slots: Sequence[Formula], point: Formula | None) -> str:
    numbers = ",".join(map(formula_latex, slots))
    superscript = f"^{{({formula_latex(point)})}}" if point is not None else ""
    if isinstance(of, Name):
        return _name(of.name, of.font if not slots else "italic", numbers) + superscript
    text = rf"\left[{formula_latex(of)}\right]"
    return f"{text}_{{{numbers}}}{superscript}" if slots else text + superscript


def _plus(terms: Sequence[Formula]) -> str:
    parts = (f" {SIGNS[sign]} " * bool(sign) + inside(x, least) for sign, x, least in signed(terms))
    return "".join(parts)


def _times(product: Times) -> str:
    first, *rest = signed_factors(product)
    text = inside(*first[1:])
    for sign, factor, least in rest:
        text += PRODUCTS[sign] + inside(factor, least)
    return text


def _base(base: Formula) -> str:
    text = formula_latex(base)
    return rf"\left({text}\right)" if in_power(base) else text


def _call(function: str, args: Sequence[Formula], primes: int) -> str:
    shown = ", ".join(map(formula_latex, args))
    mark = "'" * primes
    if function in READ_AS:
        notation = TABLE[READ_AS[function]].notation
        match notation.style:
            case "exponent":
                return f"{notation.latex}^{{{shown}}}"
            case "root":
                return f"{notation.latex}{{{shown}}}"
            case "fence":
                left, _, right = notation.latex.partition(r"\right")
                return rf"{left} {shown} \right{right}"
            case "prefix":
                return rf"{notation.latex}{mark}\left({shown}\right)"
    if function in COMPOSED_AS:
        return rf"{COMPOSITIONS[COMPOSED_AS[function]].latex}\left({shown}\right)"
    name = rf"\operatorname{{{function}}}" if function in ("sum", "diag") else _name(function)
    return rf"{name}{mark}\left({shown}\right)"


def _sum_sign(letter: str, lower: Formula | None, upper: Formula | None) -> str:
    low = letter if lower is None else f"{letter}={formula_latex(lower)}"
    top = f"^{{{formula_latex(upper)}}}" if upper is not None else ""
    return rf"\sum_{{{low}}}{top}"


# ---- workings ----------------------------------------------------------------------------------


def prose_latex(prose: Prose) -> str:
    """A sentence with its formulas in dollars."""
    return "".join(escaped(p) if isinstance(p, str) else f"${formula_latex(p)}$" for p in prose)


def answer_latex(working: Working) -> str:
    """The answer as maths, its words in text: what stands between dollars."""
    return " ".join(
        rf"\text{{{escaped(p)}}}" if isinstance(p, str) else formula_latex(p)
        for p in working.answer
    )


def aligned(found: Formula) -> str:
    """A chain of relations, each side on a line of its own where there are more than two."""
    if not isinstance(found, Equal) or len(found.sides) < 3:
        return rf"\[ {formula_latex(found)} \]"
    first, *rest = found.sides
    lines = [
        f"&{RELATIONS[sign]} {formula_latex(side)}"
        for sign, side in zip(found.signs, rest, strict=True)
    ]
    joined = " \\\\\n".join(lines)
    return f"\\begin{{align*}}\n{formula_latex(first)} {joined}\n\\end{{align*}}"


def step_latex(step: Step) -> str:
    """One step as an item of a list."""
    chain = step_chain(step)
    lines = [rf"\item {prose_latex(step.title)} \hfill \textit{{{escaped(step.rule)}}}"]
    if chain is not None:
        lines.append(aligned(chain))
    if step.note:
        lines.append(rf"{{\small {prose_latex(step.note)}}}")
    return "\n".join(lines)


def working_latex(working: Working) -> str:
    """A working as a fragment of a document: the answer, then its steps."""
    # A sentence in a display wouldn't break into lines.
    sentence = bool(working.answer) and isinstance(working.answer[0], str)
    said = prose_latex(working.answer)
    lines = [
        rf"\begin{{quote}}{said}\end{{quote}}" if sentence else rf"\[ {answer_latex(working)} \]"
    ]
    if working.steps:
        lines += [r"\begin{enumerate}", *map(step_latex, working.steps), r"\end{enumerate}"]
    lines += [rf"{prose_latex(note)}\par" for note in working.notes]
    return "\n".join(lines)
