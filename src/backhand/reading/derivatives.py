"""Derivatives as they are written: dy/dx, ∂²f/∂x∂y, d/dx(...), on a line or as a LaTeX fraction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from backhand.reading import indices, scripts
from backhand.reading.tokens import Token
from backhand.reading.vocabulary import ACCENTS, FONTS, JUXTAPOSED, TIGHT
from backhand.syntax import Derive, Formula, Num, Partial, Times

if TYPE_CHECKING:
    from backhand.reading.grammar import Parser

MAX_ORDER = 8
"""The highest derivative that is read."""


@dataclass(frozen=True, slots=True)
class _Above:
    """What stands above the bar: ∂ or d, its order, and what is differentiated, if it has a name."""

    sign: Token
    order: int
    of: Formula | None

    @property
    def straight(self) -> bool:
        return self.sign.text == "d"


def on_line(parser: Parser) -> Formula:
    """`∂J/∂W_1[1,2]`, `d²y/dx²`, `∂/∂x f(x, y)`."""
    above = _above(parser)
    parser.expect("/", "write a derivative as ∂y/∂x")
    return _derivative(parser, above, _below(parser, above))


def fraction(parser: Parser, token: Token) -> Formula:
    r"""`\frac{\partial J}{\partial b}`, `\frac{d}{dx} f(x)`, behind the command itself."""
    mend = r"write \frac{\partial y}{\partial x}"
    parser.expect("{", mend)
    above = _above(parser)
    parser.expect("}", "differentiate one quantity")
    parser.expect("{", mend)
    below = _below(parser, above)
    parser.expect("}", "write as many variables below as the order says")
    return _derivative(parser, above, below)


def _above(parser: Parser) -> _Above:
    sign = parser.take()
    order = _power(parser)
    if parser.sees("/", "}"):
        return _Above(sign, order, None)
    if not parser.starts_operand():
        raise parser.stuck("a quantity is missing", "name it and write dy/dx or ∂y/∂x")
    of = parser.expression(TIGHT)
    if parser.sees("^"):
        raise parser.stuck("a power above the bar", "write a second derivative as ∂²y/∂x²")
    return _Above(sign, order, of)


def _below(parser: Parser, above: _Above) -> tuple[Formula, ...]:
    """The variables, as many as the order says, a repeated one as often as its power."""
    found: list[Formula] = []
    while len(found) < above.order:
        if not parser.sees("∂", "d"):
            where = f"the order above is {above.order}" if found else "∂ is missing below"
            raise parser.stuck(where, "write ∂y/∂x, ∂²y/∂x² or ∂²y/∂x∂z")
        if parser.take().text != above.sign.text:
            raise parser.error("∂ and d are mixed", "use one of them", above.sign)
        if not parser.starts_operand():
            raise parser.stuck("a quantity is missing", "name it and write dy/dx or ∂y/∂x")
        variable = _variable(parser)
        found += [variable] * _power(parser)
    if len(found) > above.order:
        raise parser.error(
            f"the order is {above.order} above and {len(found)} below",
            "make the two the same: ∂²y/∂x²",
            above.sign,
        )
    return tuple(found)


def _variable(parser: Parser) -> Formula:
    """A name or an entry of one. What is in the bracket behind d/dx is no argument of x."""
    token, first = parser.ahead(), parser.at
    if token.kind != "name" and token.text not in (*ACCENTS, *FONTS):
        return parser.expression(TIGHT)
    base, font = scripts.head(parser)
    found = scripts.assembled(base, font, scripts.scripts(parser, base), parser, token)
    return indices.hung(parser, found, first)


def _power(parser: Parser) -> int:
    """The 2 of ∂² and of ∂x²; 1 where there is none."""
    if not parser.sees("^"):
        return 1
    token = parser.take()
    match parser.exponent():
        case Num(Fraction() as value) if value.denominator == 1 and 1 <= value <= MAX_ORDER:
            return int(value)
        case _:
            raise parser.error(
                f"the order of a derivative is a whole number up to {MAX_ORDER}",
                "write ∂²y/∂x²",
                token,
            )


def _derivative(parser: Parser, above: _Above, below: Sequence[Formula]) -> Formula:
    place = parser.place(above.sign)
    if above.of is not None:
        return Partial(above.of, below[0], above.straight, place, tuple(below[1:]))
    start = parser.at
    of = parser.expression(JUXTAPOSED)
    if isinstance(of, Times) and parser.closing.get(start) != parser.at - 1:
        parser.notes.append(f"I read the derivative as one of {parser.written(start, parser.at)}")
    return Derive(of, tuple(below), above.straight, place)
