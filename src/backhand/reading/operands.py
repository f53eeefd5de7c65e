"""The operands of a formula: numbers, brackets, matrices, bars, fractions, sums.

Each is read by a small function from the parser's tokens; `_BY_SIGN` and `_BY_COMMAND` name them.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

from backhand.reading import brackets, calls, derivatives, indices, literals
from backhand.reading.vocabulary import (
    ACCENTS,
    FONTS,
    OPENING,
    PRODUCT,
    TIGHT,
)
from backhand.syntax import (
    Call,
    Formula,
    Name,
    Num,
    Over,
    Raised,
    Space,
    Sum,
)

if TYPE_CHECKING:
    from backhand.reading.grammar import Parser


def operand(parser: Parser) -> Formula:
    """One factor with what is hung on it: indices, transposes."""
    first = parser.at
    return indices.hung(parser, reader(parser)(parser), first)


def reader(parser: Parser) -> Callable[[Parser], Formula]:
    """What reads the operand that starts here."""
    token = parser.ahead()
    if token.kind == "sign":
        read = _BY_SIGN.get(token.text)
    elif token.kind == "command":
        read = _BY_COMMAND.get(token.text)
    else:
        read = _BY_KIND.get(token.kind)
    if read is None:
        raise parser.stuck("", "write a number, a name or a bracket here")
    return read


# ---- numbers ---------------------------------------------------------------------------------


def one_or_number(parser: Parser) -> Formula:
    """A number; `1[a > 0]` is the comparison itself."""
    after = parser.ahead(1)
    if parser.ahead().text == "1" and after.glued and after.kind == "sign":
        opens = after.text in ("[", "\\{")
        if opens and brackets.compares(parser, parser.at + 1):
            return brackets.indicator(parser)
    return literals.number(parser)


# ---- fractions, roots, powers ------------------------------------------------------------------


def fraction(parser: Parser) -> Formula:
    r"""`\frac{a}{b}`, `\frac12`, and the derivative `\frac{\partial J}{\partial b}`."""
    token = parser.take()
    inside = parser.ahead(1)
    if parser.sees("{") and inside.kind == "sign" and inside.text in ("∂", "d"):
        return derivatives.fraction(parser, token)
    digits = parser.ahead()
    if digits.kind == "number" and digits.text.isdigit() and len(digits.text) == 2:
        parser.take()
        top, bottom = (Num(Fraction(d), "", parser.place(digits)) for d in digits.text)
        return Over(top, bottom, parser.place(token))
    top = _argument(parser)
    return Over(top, _argument(parser), parser.place(token))


def _argument(parser: Parser) -> Formula:
    """What a LaTeX command takes: a brackets.group, or one sign."""
    token = parser.ahead()
    if parser.sees("{"):
        return brackets.group(parser)
    if token.kind == "number" and token.text.isdigit() and len(token.text) == 1:
        return literals.number(parser)
    if token.kind == "name":
        parser.take()
        return Name(token.text, token.font, parser.place(token))
    raise parser.stuck("a group in braces is missing", "write \\frac{1}{2}, \\sqrt{2}")


def root(parser: Parser) -> Formula:
    r"""`\sqrt{x}`, `\sqrt[3]{x}`, `√x`, `√(x + 1)`."""
    token = parser.take()
    place = parser.place(token)
    if token.text == "sqrt" and parser.sees("["):
        parser.take()
        degree = parser.items("]")[0]
        return Raised(_argument(parser), Over(Num(Fraction(1)), degree), place)
    if token.text == "sqrt":
        return Call("sqrt", (_argument(parser),), 0, place)
    first = parser.at
    inside = parser.expression(TIGHT)
    if parser.tokens[first].text not in OPENING:
        parser.note(first - 1, parser.at, f"√({parser.written(first, parser.at)})")
    return Call("sqrt", (inside,), 0, place)


# ---- sums --------------------------------------------------------------------------------------


def total(parser: Parser) -> Formula:
    r"""`\sum_{k=1}^{3} body`, `Σ_k body`: as far as the next + or − at its level."""
    token = parser.take()
    upper: Formula | None = None
    if not parser.sees("_"):
        if parser.source.text[token.at] == "Σ":
            return Name("Sigma", "italic", parser.place(token))
        raise parser.stuck("the letter of the sum is missing", "write Σ_{k=1}^{3} or Σ_k")
    parser.take()
    braced = parser.sees("{")
    if braced:
        parser.take()
    letter, lower = brackets.counted(parser)
    if braced:
        parser.expect("}", "write Σ_{k=1}^{3} or Σ_k")
    if parser.sees("^"):
        parser.take()
        upper = parser.exponent()
    body = parser.expression(PRODUCT)
    return Sum(letter, lower, upper, body, parser.place(token))


# ---- spaces ------------------------------------------------------------------------------------


def space(parser: Parser) -> Formula:
    """`R`, `R^2`, `ℝ^{2×3}`, `R^(2x3)`."""
    token = parser.take()
    if token.text not in ("ℝ", "R"):
        raise parser.error("a space is missing after ∈", "write R, R^2 or R^{2×3}", token)
    if not parser.sees("^"):
        return Space((), parser.place(token))
    parser.take()
    if not parser.sees("{", "("):
        return Space((_size(parser),), parser.place(token))
    end = parser.closing[parser.at]
    parser.take()
    sizes = [_size(parser)]
    while parser.at < end:
        sizes.append(_next_size(parser))
    parser.at = end + 1
    return Space(tuple(sizes), parser.place(token))


def _next_size(parser: Parser) -> Formula:
    """`×3`, also where the cross is an x and has become part of a name: `x_3`."""
    token = parser.take()
    if token.kind == "name" and token.text.startswith("x_") and token.text[2:].isdigit():
        return Num(Fraction(token.text[2:]), "", parser.place(token))
    if token.text not in ("x", "×", "·", "*", ","):
        raise parser.error("sizes are joined by ×", "write R^{2×3}", token)
    return _size(parser)


def _size(parser: Parser) -> Formula:
    token = parser.take()
    if token.kind == "number" and token.text.isdigit():
        parser.at -= 1
        return literals.number(parser)
    if token.kind == "name":
        return Name(token.text, token.font, parser.place(token))
    raise parser.error("a size is a whole number or a letter", "write R^{2×3}", token)


def misplaced_space(parser: Parser) -> Formula:
    """ℝ outside of a membership; a plain R may be a name."""
    raise parser.stuck("a space stands only after ∈", "write x ∈ R^2")


_Read = Callable[["Parser"], Formula]
_BY_SIGN: dict[str, _Read] = {
    "(": brackets.round_bracket,
    "[": brackets.square_bracket,
    "{": brackets.group,
    "𝟙": brackets.indicator,
    "∂": derivatives.on_line,
    "d": derivatives.on_line,
    "Σ": total,
    "√": root,
    "ℝ": misplaced_space,
} | dict.fromkeys(("|", "‖", "|(", "‖("), brackets.bars)
_BY_COMMAND: dict[str, _Read] = (
    {"frac": fraction, "sqrt": root}
    | dict.fromkeys(ACCENTS, calls.name)
    | dict.fromkeys(FONTS, calls.name)
)
_BY_KIND: dict[str, _Read] = {"number": one_or_number, "name": calls.name, "begin": brackets.matrix}
