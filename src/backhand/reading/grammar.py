"""The grammar: one formula's tokens to a `syntax.Formula`, by precedence climbing.

From loose to tight: relations, `+ -`, the signs `· * @ ⊙ /` from left to right, juxtaposition,
powers. So `a ⊙ W b` is `a ⊙ (W b)`, and `1/2x`, which people read in two ways, is refused.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from backhand.compositions import COMPOSED_AS
from backhand.errors import LimitError, Place, ReadingError
from backhand.expr import MAX_EXPONENT
from backhand.functions import READ_AS
from backhand.reading.names import (
    INDEX_LETTERS,
    LIBRARIES,
    MAX_NAME,
    WRITTEN_AS,
    Known,
    accented,
)
from backhand.reading.tokens import (
    ACCENTS,
    CLOSING,
    FONTS,
    MAX_DEPTH,
    MAX_DIGITS,
    OPENING,
    Source,
    Token,
    partners,
    shown,
)
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
)

MAX_NESTED = 150
"""How deep the parser goes: a level of brackets takes one step, a sign between levels another."""

RELATIONS: dict[str, Literal["=", "≈", "∈", "←"]] = {
    "=": "=", ":=": "=", "≈": "≈", "∈": "∈", "←": "←",
}  # fmt: skip
ORDERS: dict[str, Literal[">", ">=", "<", "<=", "="]] = {
    ">": ">", ">=": ">=", "<": "<", "<=": "<=", "=": "=", "==": "=",
}  # fmt: skip
Product: TypeAlias = Literal["·", "*", "@", "⊙"]
PRODUCTS: dict[str, Product] = {"·": "·", "×": "·", "*": "*", "@": "@", "⊙": "⊙"}
LOOSE, SUM, PRODUCT, JUXTAPOSED, POWER = 0, 10, 20, 30, 40
STRENGTH: dict[str, int] = (
    {"+": SUM, "-": SUM, "/": PRODUCT} | dict.fromkeys(PRODUCTS, PRODUCT) | {"^": POWER}
)
_OPERANDS = frozenset("( [ { \\{ |( ‖( ∂ d Σ √ 𝟙 ℝ".split())
_END = Token("break", "", 0, 0, False)


class Parser:
    """Reads one formula. `notes` gather how anything ambiguous was read."""

    def __init__(self, tokens: Sequence[Token], source: Source, known: Known) -> None:
        self.tokens = tokens
        self.source = source
        self.known = known
        self.closing = partners(tokens, source)
        self.notes: list[str] = []
        self.at = 0
        self.depth = 0
        self.bars: list[str] = []

    # ---- looking at tokens ---------------------------------------------------------------------

    def ahead(self, steps: int = 0) -> Token:
        """The next token, or the one some steps after it; an empty one past the end."""
        at = self.at + steps
        if at < len(self.tokens):
            return self.tokens[at]
        end = self.tokens[-1].end if self.tokens else 0
        return _END._replace(at=end, end=end)

    def sees(self, *texts: str) -> bool:
        """Whether the next token is one of these signs."""
        token = self.ahead()
        return token.kind == "sign" and token.text in texts

    def take(self) -> Token:
        """The next token, taken."""
        token = self.ahead()
        self.at += 1
        return token

    def expect(self, text: str, mend: str) -> Token:
        """The next token, which must be this sign."""
        if not self.sees(text):
            raise self.stuck(f"{text} is missing", mend)
        return self.take()

    def place(self, token: Token) -> Place:
        """Where a token stands."""
        return self.source.place(token.at)

    def error(self, what: str, mend: str, token: Token) -> ReadingError:
        """An error at a token."""
        return self.source.error(what, mend, token.at)

    def stuck(self, what: str = "", mend: str = "") -> ReadingError:
        """An error at the next token, which doesn't fit."""
        token = self.ahead()
        if token.text in ("", "\n", "\\\\") and token.kind == "break":
            here = "the formula ends too early"
        else:
            here = f"{shown(token, self.source)} can't stand here"
        return self.error(f"{here}: {what}" if what else here, mend or "check the formula", token)

    def note(self, first: int, end: int, reading: str) -> None:
        """Say how the tokens from `first` to before `end` were read."""
        note = f"I read {self.written(first, end)} as {reading}"
        if note not in self.notes:
            self.notes.append(note)

    def written(self, first: int, end: int) -> str:
        """The source text of the tokens from `first` to before `end`."""
        return self.source.text[self.tokens[first].at : self.tokens[end - 1].end]

    # ---- relations -----------------------------------------------------------------------------

    def formula(self) -> Formula:
        """All the tokens: sides joined by relations."""
        token = self.ahead()
        sides = [self.expression()]
        signs: list[Literal["=", "≈", "∈", "←"]] = []
        while (sign := self.relation()) is not None:
            self.take()
            signs.append(sign)
            sides.append(self.space() if sign == "∈" else self.expression())
        if self.at < len(self.tokens):
            raise self.leftover()
        return Equal(tuple(sides), tuple(signs), self.place(token)) if signs else sides[0]

    def relation(self) -> Literal["=", "≈", "∈", "←"] | None:
        token = self.ahead()
        if token.kind == "name" and token.text == "in" and not self.ahead(1).glued:
            return "∈"
        return RELATIONS.get(token.text) if token.kind == "sign" else None

    def leftover(self) -> ReadingError:
        if self.ahead().text in ORDERS:
            return self.stuck("comparisons are read in brackets only", "write [a > 0]")
        if self.sees("_", "^"):
            return self.stuck("a second script", "brace it: e^{z_k}")
        if self.sees(","):
            return self.stuck("", "write a vector as [2, 5]; one definition a line")
        return self.stuck()

    def space(self) -> Formula:
        """`R`, `R^2`, `ℝ^{2×3}`, `R^(2x3)`."""
        token = self.take()
        if token.text not in ("ℝ", "R"):
            raise self.error(
                "a space is missing after ∈", "write it as R, R^2 or R^{2×3}", token
            )
        if not self.sees("^"):
            return Space((), self.place(token))
        self.take()
        end = self.closing.get(self.at, self.at)
        if end == self.at:
            size = self.take()
            self.at -= 1
            sizes = (self.size(size),)
            self.at += 1
            return Space(sizes, self.place(token))
        self.take()
        if self.sees("("):
            raise self.stuck("", "write R^{2×3}")
        sizes = self.sizes(end)
        self.at = end + 1
        return Space(sizes, self.place(token))

    def sizes(self, end: int) -> tuple[Formula, ...]:
        found = [self.size(self.ahead())]
        self.at += 1
        while self.at < end:
            token = self.ahead()
            if token.text[0] in "x×·*,":
                cross, rest = token.text[0], token.text[1:].lstrip("_")
                self.at += 1
                if rest and cross == "x":
                    found.append(Num(Fraction(rest), "", self.place(token)))
                    continue
            found.append(self.size(self.ahead()))
            self.at += 1
        return tuple(found)

    def size(self, token: Token) -> Formula:
        if token.kind == "number" and token.text.isdigit():
            return self.number(token)
        if token.kind == "name":
            return Name(token.text, token.font, self.place(token))
        raise self.error("a size is a whole number or a letter", "write R^{2×3}", token)

    # ---- precedence ----------------------------------------------------------------------------

    def expression(self, floor: int = LOOSE) -> Formula:
        """Whatever holds together at least as tightly as `floor`."""
        self.depth += 1
        if self.depth > MAX_NESTED:
            raise self.source.limit(
                f"the formula is nested more than {MAX_DEPTH} deep",
                "name a part of it",
                self.ahead().at,
            )
        left = self.prefix(floor)
        while True:
            token = self.ahead()
            if token.kind == "sign" and token.text in STRENGTH:
                if STRENGTH[token.text] < floor:
                    break
                left = self.infix(left, token)
            elif floor <= JUXTAPOSED and self.starts_operand():
                left = self.juxtaposed(left)
            else:
                break
        self.depth -= 1
        return left

    def infix(self, left: Formula, token: Token) -> Formula:
        if STRENGTH[token.text] == SUM:
            return self.plus(left)
        if token.text == "^":
            return self.raised(left)
        if token.text == "/":
            return self.over(left)
        return self.times(left, PRODUCTS[token.text])

    def prefix(self, floor: int) -> Formula:
        token = self.ahead()
        if self.sees("+"):
            self.take()
            return self.expression(max(floor, PRODUCT))
        if self.sees("-"):
            self.take()
            return self.minus(self.expression(max(floor, PRODUCT)), token)
        return self.operand()

    def minus(self, of: Formula, sign: Token) -> Formula:
        """A number is negated as it stands, so that −2 is one number."""
        if isinstance(of, Num) and of.value > 0 and self.tokens[self.at - 1].kind == "number":
            return Num(-of.value, f"-{of.text}" if of.text else "", self.place(sign))
        return Minus(of, self.place(sign))

    def plus(self, left: Formula) -> Formula:
        token = self.ahead()
        terms = [left]
        while self.sees("+", "-"):
            sign = self.take()
            self.check_spacing(sign)
            term = self.expression(SUM + 1)
            terms.append(self.minus(term, sign) if sign.text == "-" else term)
        return Plus(tuple(terms), self.place(token))

    def check_spacing(self, sign: Token) -> None:
        """Refuse `[1 -2]`: two entries to some, one to others."""
        after = self.ahead()
        inside = any(
            t.text in ("[", ",") for t in self.tokens[max(0, self.at - 3) : self.at - 1]
        )
        if inside and not sign.glued and after.glued:
            raise self.error(
                "with a space before the sign and none after it, this can be read as two entries",
                "write a comma between two entries, or spaces on both sides of the sign",
                sign,
            )

    def times(self, left: Formula, sign: Product) -> Formula:
        token = self.ahead()
        factors = [left]
        while self.ahead().kind == "sign" and PRODUCTS.get(self.ahead().text) == sign:
            self.take()
            factors.append(self.expression(PRODUCT + 1))
        scientific = self.scientific(factors) if sign == "·" else None
        return scientific or Times(tuple(factors), sign, self.place(token))

    def scientific(self, factors: Sequence[Formula]) -> Num | None:
        """`2.5 · 10^{-3}` is one number."""
        match factors:
            case [Num(value=Fraction() as m, text=text), Raised(Num(Fraction(10)), Num(Fraction() as e))]:
                if "e" in text or "/" in text or e.denominator != 1 or abs(e) > MAX_DIGITS:
                    return None
                return Num(m * Fraction(10) ** int(e), f"{text or m}e{e}", factors[0].place)
            case _:
                return None

    def over(self, left: Formula) -> Formula:
        token = self.take()
        first = self.at
        bottom = self.expression(JUXTAPOSED + 1)
        bracketed = self.tokens[self.at - 1].text in CLOSING and self.closing.get(first) == self.at - 1
        if self.starts_operand():
            over = self.written(first, self.at)
            if not bracketed:
                after = shown(self.ahead(), self.source)
                raise self.error(
                    f"/{over} {after} can be read in two ways",
                    f"write (…/{over}) {after} or …/({over} {after})",
                    token,
                )
            self.note(first - 1, self.at + 1, f"a fraction over {over} only")
        return Over(left, bottom, self.place(token))

    def juxtaposed(self, left: Formula) -> Formula:
        token = self.ahead()
        factors = [left]
        while self.starts_operand():
            follower = self.ahead()
            if follower.kind == "number":
                raise self.error(
                    f"the number {follower.text} stands right after another factor",
                    "write * for a product, [2, 5] for a column, [[2, 5]] for a row",
                    follower,
                )
            if follower.text == "_":
                raise self.stuck()
            factor = self.expression(JUXTAPOSED + 1)
            if follower.text == "[" and follower.kind == "sign":
                self.check_index(factors[-1], factor, follower)
            factors.append(factor)
        return Times(tuple(factors), "", self.place(token))

    def check_index(self, before: Formula, bracket: Formula, token: Token) -> None:
        """Refuse `x [1]` and `x^2[1]`: an index or a vector?"""
        flat = isinstance(bracket, Rows) and "[" not in {
            t.text for t in self.tokens[self.at - 2 : self.at - 1]
        }
        if isinstance(before, Num) or not flat or not isinstance(bracket, Rows):
            return
        between = self.tokens[self.tokens.index(token, self.at - self.span(bracket)) :][1]
        if between.text != "[" and not self.has_rows(token):
            raise self.error(
                "this can be read as an entry or as a vector",
                "write x[1] without a space for an entry, x * [1, 2] for a vector",
                token,
            )

    # ---- powers --------------------------------------------------------------------------------
