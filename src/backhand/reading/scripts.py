"""Names with their scripts, which are gathered first and read together.

`W_{1,2}^{(1)}` and `W^{(1)}_{1,2}` are the entry (1, 2) of `W_1`, `x^{(i)}_2` that of data point i.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from backhand.reading.names import INDEX_LETTERS, accented, spelled
from backhand.reading.tokens import Token
from backhand.reading.vocabulary import (
    ACCENTS,
    FONTS,
    words,
)
from backhand.syntax import (
    Entry,
    Font,
    Formula,
    Name,
    Num,
    Times,
)

if TYPE_CHECKING:
    from backhand.reading.grammar import Parser

DATA = frozenset(words("x y t X Y yhat xhat"))
"""Names that stand for data: a number in round brackets over them is a data point, not a layer."""


@dataclass(frozen=True, slots=True)
class Scripts:
    """What hangs on a name: a subscript as a word or as slots, a layer, a data point."""

    word: str = ""
    slots: tuple[Formula, ...] = ()
    layer: str = ""
    point: Formula | None = None


BARE = Scripts()


def head(parser: Parser) -> tuple[str, Font]:
    r"""A bare name: `y`, `\hat{y}`, `\boldsymbol{\theta}`."""
    token = parser.take()
    if token.kind == "name":
        return token.text, token.font
    parser.deeper()
    braced = parser.sees("{")
    if braced:
        parser.take()
    inner = parser.ahead()
    if inner.kind != "name" and not (inner.kind == "command" and inner.text in ACCENTS | FONTS):
        raise parser.stuck(f"\\{token.text} needs a name", f"write \\{token.text}{{x}}")
    of, font = head(parser)
    if braced and parser.sees("_"):
        inside = assembled(of, font, scripts(parser, of), parser, token)
        if not isinstance(inside, Name):
            raise parser.error("an accent stands on a name", "write \\hat{y}", token)
        of = inside.name
    if braced:
        parser.expect("}", "one name under an accent; a word goes in \\text{...}")
    parser.depth -= 1
    if token.text in ACCENTS:
        return accented(of, ACCENTS[token.text]), font
    return of, FONTS[token.text]


_NUMBERED = re.compile(r"(?![ijklmnpqrs]\d)[A-Za-z]+\d+")
"""A word with a number behind it, h1 or out2; i1 may be two indices."""


def scripts(parser: Parser, base: str) -> Scripts:
    """The subscript, and the superscript in brackets, in either order."""
    if not parser.sees("_", "^"):
        return BARE
    word, slots, layer, point = "", (), "", None
    while True:
        if parser.sees("_") and not word and not slots:
            word, slots = _subscript(parser, base)
        elif parser.sees("^") and not layer and point is None:
            number = _bracketed_sign(parser)
            if number is None:
                break
            layer, point = _layer_or_point(parser, base, number)
            if not layer and point is None:
                break
        else:
            break
    return Scripts(word, slots, layer, point)


def _subscript(parser: Parser, base: str) -> tuple[str, tuple[Formula, ...]]:
    """A subscript as the word that ends a name, or as the slots of an entry."""
    first = parser.at
    parser.take()
    token = parser.ahead()
    if not parser.sees("{"):
        if token.kind not in ("name", "number"):
            raise parser.stuck("a subscript is missing", "write W_1 or W_{1,2}")
        parser.take()
        return _plain(parser, token), ()
    end = parser.closing[parser.at]
    inside = parser.tokens[parser.at + 1 : end]
    if len(inside) == 1 and inside[0].kind in ("name", "number"):
        parser.at = end + 1
        text = _plain(parser, inside[0])
        indices = inside[0].font == "italic" and len(text) > 1 and INDEX_LETTERS.issuperset(text)
        if indices and f"{base}_{text}" not in parser.known.quantities:
            return "", tuple(Name(c, "italic", parser.place(inside[0])) for c in text)
        return text, ()
    if len(inside) > 1 and all(t.kind == "name" and len(t.text) == 1 for t in inside):
        parser.at = end + 1
        text = "".join(t.text for t in inside)
        if f"{base}_{text}" not in parser.known.quantities and INDEX_LETTERS.issuperset(text):
            return "", tuple(Name(t.text, t.font, parser.place(t)) for t in inside)
        parser.note(first - 1, parser.at, f"one name, {base}_{text}")
        return text, ()
    numbered = "".join(t.text for t in inside)
    if _NUMBERED.fullmatch(numbered) and all(t.glued for t in inside[1:]):
        parser.at = end + 1
        return spelled(numbered), ()
    parser.take()
    slots = parser.items("}")
    if any(isinstance(slot, Times) for slot in slots):
        raise parser.error(
            "this subscript can be read in several ways", "write W_{1,2} or W[1,2]", token
        )
    return "", slots


def _plain(parser: Parser, token: Token) -> str:
    if token.kind == "number" and not token.text.isdigit():
        raise parser.error(f"{token.text} is no index", "number entries 1, 2, 3", token)
    return token.text


def _bracketed_sign(parser: Parser) -> tuple[Token, str, int] | None:
    """In `^{(1)}`, `^(i)`, `^{[1]}`: the sign, its bracket with braces, and where it ends."""
    braced = parser.ahead(1).text == "{"
    at = 2 if braced else 1
    bracket, sign, close = (parser.ahead(at + step) for step in range(3))
    if bracket.text not in ("(", "[") or close.text not in (")", "]"):
        return None
    single = (sign.kind == "number" and sign.text.isdigit()) or sign.kind == "name"
    if not single or (braced and parser.ahead(at + 3).text != "}"):
        return None
    style = "{" + bracket.text if braced else bracket.text
    return sign, style, parser.at + at + (4 if braced else 3)


def _layer_or_point(
    parser: Parser, base: str, found: tuple[Token, str, int]
) -> tuple[str, Formula | None]:
    """What a number or letter over a name counts; neither where it is a power."""
    sign, style, end = found
    known = f"{base}_{sign.text}" in parser.known.quantities
    spaced = "[" in style
    followed = end < len(parser.tokens) and parser.tokens[end].text == "["
    if base == "e" or (parser.known.is_function(base) and base not in parser.known.quantities):
        return "", None
    if sign.kind == "number":
        if spaced or known:
            parser.at = end
            return sign.text, None
        if style == "(" and base not in DATA and not followed:
            return "", None
        if style == "(" and not followed:
            parser.note(parser.at - 1, end, f"{base} of data point {sign.text}, not as a power")
        parser.at = end
        return "", Num(Fraction(sign.text), "", parser.place(sign))
    if spaced:
        raise parser.error("a layer has a number", "write W^{[1]} or W_1", sign)
    if (style == "(" and sign.text in parser.known.quantities) or len(sign.text) > 1:
        return "", None
    parser.at = end
    return "", Name(sign.text, sign.font, parser.place(sign))


def assembled(base: str, font: Font, scripts: Scripts, parser: Parser, token: Token) -> Formula:
    """The name or entry that a base and its scripts make."""
    place = parser.place(token)
    slots = scripts.slots
    word = scripts.word
    if scripts.layer:
        if word:
            slot = Num(Fraction(word), "", place) if word.isdigit() else Name(word, "italic", place)
            slots, word = (slot,), ""
        base = f"{base}_{scripts.layer}"
    of = Name(f"{base}_{word}" if word else base, font, place)
    if not slots and scripts.point is None:
        return of
    return Entry(of, slots, scripts.point, place)
