"""The grammar: one formula's tokens to a `syntax.Formula`, by precedence climbing.

From loose to tight: relations, `+ -`, the signs `· * @ ⊙ /` from left to right, juxtaposition,
powers. So `a ⊙ W b` is `a ⊙ (W b)`, and `1/2x`, which people read in two ways, is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypeAlias

from backhand.errors import Place, ReadingError
from backhand.expr import MAX_EXPONENT
from backhand.reading import literals, operands
from backhand.reading.names import Known
from backhand.reading.tokens import MAX_DEPTH, MAX_PARTS, Source, Token, partners, shown
from backhand.reading.vocabulary import (
    CLOSING,
    JUXTAPOSED,
    LOOSE,
    ORDERS,
    POWER,
    PRODUCT,
    SUM,
    words,
)
from backhand.syntax import (
    Call,
    Equal,
    Flipped,
    Formula,
    Minus,
    Name,
    Num,
    Over,
    Plus,
    Raised,
    Relation,
    Rows,
    Times,
)

MAX_NESTED = MAX_DEPTH + 10
"""How deep the parser goes: a level of brackets takes one step, a sign between levels another."""

RELATIONS: dict[str, Relation] = {"=": "=", ":=": "=", "≈": "≈", "∈": "∈", "←": "←"}
Product: TypeAlias = Literal["·", "*", "@", "⊙"]
PRODUCTS: dict[str, Product] = {"·": "·", "×": "·", "*": "*", "@": "@", "⊙": "⊙"}
STRENGTH: dict[str, int] = (
    {"+": SUM, "-": SUM, "/": PRODUCT} | dict.fromkeys(PRODUCTS, PRODUCT) | {"^": POWER}
)
STARTS = frozenset(words("( [ { |( ‖( ∂ d Σ √ 𝟙 ℝ"))
"""The signs that begin an operand."""
AFTER_CELL = frozenset(words(", ; & ] \\\\"))


class Parser:
    """Reads one formula. `notes` gather how anything ambiguous was read."""

    def __init__(self, tokens: Sequence[Token], source: Source, known: Known) -> None:
        self.tokens = tokens
        end = tokens[-1].end if tokens else 0
        self.end = Token("break", "", end, end, False)
        self.source = source
        self.known = known
        self.closing = partners(tokens, source)
        self.notes: list[str] = []
        self.at = 0
        self.depth = 0
        self.parts = 0
        self.bars: list[str] = []

    # ---- looking at tokens ---------------------------------------------------------------------

    def ahead(self, steps: int = 0) -> Token:
        """The next token, or the one some steps after it; an empty one past the end."""
        at = self.at + steps
        return self.tokens[at] if at < len(self.tokens) else self.end

    def sees(self, *texts: str) -> bool:
        """Whether the next token is one of these signs."""
        at = self.at
        if at >= len(self.tokens):
            return False
        token = self.tokens[at]
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
        signs: list[Relation] = []
        while (sign := self.relation()) is not None:
            self.take()
            signs.append(sign)
            sides.append(operands.space(self) if sign == "∈" else self.expression())
        if self.at < len(self.tokens):
            raise self.leftover()
        return Equal(tuple(sides), tuple(signs), self.place(token)) if signs else sides[0]

    def relation(self) -> Relation | None:
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

    # ---- precedence ----------------------------------------------------------------------------

    def enclosed(self) -> Formula:
        """A formula inside a bracket of its own, where an outer | can't close."""
        found = self.literal()
        if found is not None:
            return found
        outer, self.bars = self.bars, []
        inside = self.expression()
        self.bars = outer
        return inside

    def literal(self) -> Formula | None:
        """A lone number, read at once: a matrix of data has thousands."""
        signed = self.sees("-")
        after = self.ahead(signed + 1)
        if self.ahead(signed).kind != "number" or not (
            after.text in AFTER_CELL or after.kind == "end"
        ):
            return None
        if not signed:
            return literals.number(self)
        sign = self.take()
        return self.minus(literals.number(self), sign)

    def expression(self, floor: int = LOOSE) -> Formula:
        """Whatever holds together at least as tightly as `floor`."""
        self.deeper()
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

    def deeper(self) -> None:
        """One step further into the formula, which must not go on without end."""
        self.depth += 1
        self.count()
        if self.depth > MAX_NESTED:
            raise self.source.limit(
                f"the formula is nested more than {MAX_DEPTH} deep",
                "name a part of it",
                self.ahead().at,
            )

    def count(self) -> None:
        """One part more."""
        self.parts += 1
        if self.parts > MAX_PARTS:
            raise self.source.limit(
                f"the formula has more than {MAX_PARTS} parts", "split it", self.ahead().at
            )

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
        return operands.operand(self)

    def minus(self, of: Formula, sign: Token) -> Formula:
        """A number is negated as it stands, so that −2 is one number."""
        if isinstance(of, Num) and of.value >= 0 and self.tokens[self.at - 1].kind == "number":
            return Num(-of.value, f"-{of.text}" if of.text else "", self.place(sign))
        return Minus(of, self.place(sign))

    def plus(self, left: Formula) -> Formula:
        token = self.ahead()
        terms = [left]
        while self.sees("+", "-"):
            sign = self.take()
            self.check_spacing(sign)
            term = self.expression(SUM + 1)
            terms.append(Minus(term, self.place(sign)) if sign.text == "-" else term)
        return Plus(tuple(terms), self.place(token))

    def check_spacing(self, sign: Token) -> None:
        """Refuse `[1 -2]`: two entries to some, one to others."""
        after = self.ahead()
        inside = any(t.text in ("[", ",") for t in self.tokens[max(0, self.at - 3) : self.at - 1])
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
        scientific = literals.scientific(factors) if sign == "·" else None
        return scientific or Times(tuple(factors), sign, self.place(token))

    def over(self, left: Formula) -> Formula:
        token = self.take()
        first = self.at
        bottom = self.expression(JUXTAPOSED + 1)
        bracketed = (
            self.tokens[self.at - 1].text in CLOSING and self.closing.get(first) == self.at - 1
        )
        if self.starts_operand():
            over = self.written(first, self.at)
            # 1/u² du/dx: a derivative is a factor of its own to everybody.
            if not bracketed and not self.sees("d", "∂"):
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
            first = self.at
            factor = self.expression(JUXTAPOSED + 1)
            if isinstance(factor, Rows) and not isinstance(factors[-1], Num):
                self.check_index(first)
            factors.append(factor)
        return Times(tuple(factors), "", self.place(token))

    def check_index(self, first: int) -> None:
        """Refuse `x [1]` and `x^2[1]`: an index or a vector?"""
        bracket = self.tokens[first]
        if bracket.text != "[" or self.tokens[first + 1].text == "[":
            return
        if not any(t.text == ";" for t in self.tokens[first : self.at]):
            raise self.error(
                "this can be read as an entry or as a vector",
                "write x[1] without a space for an entry, x * [1, 2] for a product",
                bracket,
            )

    # ---- powers --------------------------------------------------------------------------------

    def raised(self, base: Formula) -> Formula:
        first = self.at - 1
        token = self.take()
        start = self.at
        exponent = self.exponent()
        if exponent == Name("⊤") or (exponent == Name("T") and "T" not in self.known.quantities):
            return Flipped(base, self.place(token))
        if self.sees("^"):
            self.deeper()
            exponent = self.raised(exponent)
            self.depth -= 1
            tower = self.written(start, self.at)
            self.note(first, self.at, f"{self.written(first, first + 1)}^({tower})")
        if base == Name("e") and "e" not in self.known.quantities:
            return Call("exp", (exponent,), 0, self.place(token))
        size = literals.magnitude(exponent)
        if size is not None and abs(size) > MAX_EXPONENT:
            raise self.source.limit(
                f"the exponent is larger than {MAX_EXPONENT}", "choose a smaller one", token.at
            )
        return Raised(base, exponent, self.place(token))

    def exponent(self) -> Formula:
        """What stands raised: a group or bracket, or one sign with its minus."""
        self.deeper()
        exponent = self.one_exponent()
        self.depth -= 1
        return exponent

    def one_exponent(self) -> Formula:
        token = self.ahead()
        if self.sees("-"):
            self.take()
            return self.minus(self.exponent(), token)
        braced = self.sees("{") and self.ahead(1).text == "⊤"
        if braced or self.sees("⊤"):
            self.at += 2 if braced else 1
            if braced:
                self.expect("}", "write x^{\\top}")
            return Name("⊤", "upright", self.place(token))
        if self.sees("{", "("):
            return operands.reader(self)(self)
        if token.kind == "number":
            return literals.number(self)
        if token.kind == "name":
            self.take()
            return Name(token.text, token.font, self.place(token))
        raise self.stuck("an exponent is missing", "put it in braces: x^{...}")

    # ---- operands ------------------------------------------------------------------------------

    def starts_operand(self) -> bool:
        """Whether the next token begins another factor."""
        token = self.ahead()
        if token.kind == "sign":
            opens_bar = token.text in ("|", "‖") and token.text not in self.bars
            return opens_bar or token.text in STARTS
        if token.kind == "name":
            return self.relation() is None
        return token.kind in ("number", "command", "begin")

    def items(self, close: str) -> tuple[Formula, ...]:
        """Formulas between commas, up to and with the closing bracket."""
        found = [self.enclosed()]
        while self.sees(","):
            self.take()
            found.append(self.enclosed())
        self.expect(close, "write commas between the parts")
        return tuple(found)
