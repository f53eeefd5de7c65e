"""One tokenizer for LaTeX, Unicode, ASCII and NumPy-like mathematics.

It turns the four into one vocabulary: `\\cdot` and `·` are the same sign, `W₁` comes out as
`W_{1}`, `ŷ` and `\\alpha` as the names `yhat` and `alpha`. What it doesn't know is an error.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, NamedTuple, TypeAlias

from backhand.compositions import COMPOSED_AS
from backhand.errors import LimitError, Place, ReadingError
from backhand.functions import READ_AS
from backhand.reading.vocabulary import (
    CLOSING,
    FONTS,
    FRACTIONS,
    GREEK_COMMANDS,
    GREEK_LETTERS,
    MARKS,
    MATRICES,
    OPENING,
    SIGN_COMMANDS,
    SIGNS,
    SPACING,
    STRUCTURES,
    SUBSCRIPTS,
    SUPERSCRIPTS,
    WRAPPERS,
)
from backhand.syntax import Font

MAX_LENGTH = 1_000_000
"""The longest text in characters: a 100×784 matrix of decimals fits."""
MAX_TOKENS = 250_000
MAX_PARTS = 50_000
"""The most parts of one formula, the plain numbers in a matrix not counted."""
MAX_DEPTH = 100
"""How deep brackets, and the formula itself, may be nested."""
MAX_DIGITS = 400
"""The longest number, and the largest power of ten in one."""

Kind: TypeAlias = Literal["number", "ident", "name", "sign", "command", "begin", "end", "break"]


class Token(NamedTuple):
    """A piece of text from `at` to `end`. `glued`: no space stands before it.

    An "ident" is a run of plain letters and digits whose meaning depends on the notation (`ab` is
    two letters in LaTeX); a "name" is one name for certain. A "break" is a line's end, `\\\\`,
    `;`, or "quad", a wide space.
    """

    kind: Kind
    text: str
    at: int
    end: int
    glued: bool
    font: Font = "italic"


@dataclass(frozen=True)
class Source:
    """A text that starts at a place of a larger one, so that an offset has its line and column."""

    text: str
    start: Place

    @cached_property
    def _lines(self) -> list[str]:
        return re.split(r"\r\n|\r|\n", self.text)

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *(m.end() for m in re.finditer(r"\r\n|\r|\n", self.text))]

    @cached_property
    def _first(self) -> str:
        """The line in which the text starts."""
        return self.start.text or self._lines[0]

    def place(self, offset: int) -> Place:
        """The place of the character number `offset`."""
        if len(self._starts) == 1:
            return Place(self.start.line, self.start.column + offset, self._first)
        line = bisect_right(self._starts, offset) - 1
        column = offset - self._starts[line] + (1 if line else self.start.column)
        text = self._lines[line] if line or not self.start.text else self.start.text
        return Place(self.start.line + line, column, text)

    def error(self, what: str, mend: str, offset: int) -> ReadingError:
        """An error at the character number `offset`."""
        return ReadingError(what, mend, self.place(offset))

    def limit(self, what: str, mend: str, offset: int) -> LimitError:
        """A broken bound at the character number `offset`."""
        return LimitError(what, mend, self.place(offset))


_TOKEN = re.compile(
    r"""(?P<space>[ ~\t\u00a0\u2000-\u200a\u202f\u205f\u3000]+)
    |(?P<line>\r\n|\r|\n)
    |(?P<comment>[#%][^\r\n]*)
    |(?P<number>(?:[0-9]+(?:\.(?!\.)[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)
    |(?P<ident>[A-Za-z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)*(?![\u0300-\u036f]))
    |(?P<row>\\\\(?:\[[-0-9. ]{1,8}(?:pt|em|ex|mm|cm)\])?)
    |(?P<command>\\(?:[A-Za-z]+\*?|.|$))
    |(?P<math>\$\$?)
    |(?P<raised>[RAISED]+)
    |(?P<lowered>[LOWERED]+)
    |(?P<sign>\*\*|:=|<=|>=|==|\.\.|\|\||.)""".replace("RAISED", "".join(SUPERSCRIPTS)).replace(
        "LOWERED", "".join(SUBSCRIPTS)
    ),
    re.VERBOSE | re.DOTALL,
)
_GROUP = re.compile(r"\s*\{([^{}]*)\}")
_WORD = re.compile(r"\s*(?:\{\s*([A-Za-z](?:[A-Za-z0-9_ -]{0,64}[A-Za-z0-9])?)\s*\}|([A-Za-z]))")
_DELIMITER = re.compile(r"\s*(\||\\\||‖|\\vert|\\Vert|\.)")
_BOARD = re.compile(r"\s*\{?\s*([A-Z1])\s*\}?")


# ---- reading -----------------------------------------------------------------------------------


def tokenize(source: Source) -> list[Token]:
    """The tokens of a text, comments and spacing left out.

    Raises `ReadingError` at what it doesn't know, `LimitError` where the text is too long.
    """
    if len(source.text) > MAX_LENGTH:
        raise source.limit(
            f"the text has more than {MAX_LENGTH} characters", "split it into parts", 0
        )
    return _Lexer(source).tokens()


class _Lexer:
    def __init__(self, source: Source) -> None:
        self.source = source
        self.text = source.text
        self.at = 0
        self.wrappers: list[tuple[str, int]] = []

    def tokens(self) -> list[Token]:
        out: list[Token] = []
        glued = False
        whole = self.text
        size = len(whole)
        while self.at < size:
            match = _TOKEN.match(whole, self.at)
            assert match is not None
            start, self.at = self.at, match.end()
            group, text = match.lastgroup, match[0]
            if group == "ident" or group == "number":
                out.append(Token(group, text, start, self.at, glued))
                glued = True
                continue
            if group == "space" or group == "comment" or group == "math":
                if glued and text[0] == "%" and out[-1].kind == "number":
                    raise self.source.error(
                        "a % right behind a number may be per cent or begin a comment",
                        f"write {out[-1].text}/100, or a space before the comment",
                        start,
                    )
                glued = False
                continue
            if group == "sign" and text in SIGNS:
                out.append(Token("sign", SIGNS[text], start, self.at, glued))
                glued = True
                continue
            out += getattr(self, f"_{group}")(text, start, glued)
            if len(out) > MAX_TOKENS:
                raise self.source.limit(
                    f"the text has more than {MAX_TOKENS} signs", "split it into parts", start
                )
            if text in ("\\left", "\\right") and (not out or out[-1].end <= start):
                continue  # x\left[1\right] is as close as x[1]
            glued = bool(out) and out[-1].end == self.at and out[-1].kind != "break"
        if len(out) > MAX_TOKENS:
            raise self.source.limit(
                f"the text has more than {MAX_TOKENS} signs", "split it into parts", out[-1].at
            )
        if self.wrappers:
            name, at = self.wrappers[-1]
            raise self.source.error(f"\\begin{{{name}}} isn't closed", f"add \\end{{{name}}}", at)
        return out

    def _line(self, text: str, at: int, glued: bool) -> tuple[Token, ...]:
        return (Token("break", "\n", at, self.at, glued),)

    def _row(self, text: str, at: int, glued: bool) -> tuple[Token, ...]:
        return (Token("break", "\\\\", at, self.at, glued),)

    def _raised(self, text: str, at: int, glued: bool) -> list[Token]:
        return self._script("^", "".join(SUPERSCRIPTS[c] for c in text), at, glued)

    def _lowered(self, text: str, at: int, glued: bool) -> list[Token]:
        return self._script("_", "".join(SUBSCRIPTS[c] for c in text), at, glued)

    def _script(self, sign: str, plain: str, at: int, glued: bool) -> list[Token]:
        """A small raised or lowered text as what it says in LaTeX: `x²` is `x^{2}`."""
        inside = [
            Token(t.kind, t.text, t.at + at, t.end + at, t.glued)
            for t in _Lexer(Source(plain, self.source.place(at))).tokens()
        ]
        opened = [Token("sign", s, at, at + 1, glued) for s in (sign, "{")]
        return [*opened, *inside, Token("sign", "}", self.at - 1, self.at, True)]

    def _sign(self, text: str, at: int, glued: bool) -> tuple[Token, ...]:
        if text in ";&":
            return (Token("break", text, at, self.at, glued),)
        if text in FRACTIONS:
            top, bottom = FRACTIONS[text]
            return (Token("number", f"{top}/{bottom}", at, self.at, glued),)
        return (self._letter(text, at, glued),)

    def _letter(self, text: str, at: int, glued: bool) -> Token:
        """A Greek, mathematical or accented letter; anything else is unknown."""
        base, *marks = unicodedata.normalize("NFD", text)
        font: Font = "italic"
        if "\U0001d400" <= text <= "\U0001d7ff":
            base = unicodedata.normalize("NFKC", text)
            font = "bold" if "BOLD" in unicodedata.name(text) else "italic"
        while self.at < len(self.text) and self.text[self.at] in MARKS:
            marks.append(self.text[self.at])
            self.at += 1
        name = GREEK_LETTERS.get(base, base if base.isascii() and base.isalpha() else "")
        if not name or not all(mark in MARKS for mark in marks):
            raise self._unknown(text, at)
        return Token("name", name + "".join(MARKS[m] for m in marks), at, self.at, glued, font)

    def _unknown(self, char: str, at: int) -> ReadingError:
        if char == "∞":
            return self._endless(char, at)
        called = unicodedata.name(char, f"U+{ord(char):04X}")
        if unicodedata.category(char)[0] in "CZ":
            return self.source.error(
                f"there is an invisible character here ({called})", "delete it", at
            )
        if char.isalpha():
            return self.source.error(
                f"{char} ({called}) is a letter that I don't read",
                "type a Latin or a Greek letter; some look alike",
                at,
            )
        return self.source.error(
            f"I don't know the sign {char} ({called})", "write it another way", at
        )

    def _endless(self, text: str, at: int) -> ReadingError:
        return self.source.error(f"{text} is not a number to work with", "write a finite one", at)

    def _command(self, text: str, at: int, glued: bool) -> tuple[Token, ...]:
        name = text[1:].removesuffix("*")
        if name in ("left", "right", "mleft", "mright"):
            return self._delimiter(name.removeprefix("m"), at, glued)
        if name in ("quad", "qquad"):
            return (Token("break", "quad", at, self.at, glued),)
        if name in ("begin", "end"):
            return self._environment(name, at, glued)
        if name in SPACING:
            return ()
        if name in ("tag", "label"):
            self._group(name, at)
            return ()
        if name == "mathbb" or name in FONTS:
            return self._lettered(name, at, glued)
        if name in SIGN_COMMANDS:
            return (Token("sign", SIGN_COMMANDS[name], at, self.at, glued),)
        if name in GREEK_COMMANDS:
            return (Token("name", GREEK_COMMANDS[name], at, self.at, glued),)
        if name in ("dfrac", "tfrac"):
            name = "frac"
        if name in STRUCTURES:
            return (Token("command", name, at, self.at, glued),)
        if name in READ_AS or name in COMPOSED_AS:
            return (Token("name", name, at, self.at, glued, "upright"),)
        if name == "infty":
            raise self._endless(text, at)
        raise self.source.error(
            f"I don't know the command {text}" if name else "a backslash stands alone",
            "write it another way; a word goes in \\text{...}",
            at,
        )

    def _delimiter(self, side: str, at: int, glued: bool) -> tuple[Token, ...]:
        match = _DELIMITER.match(self.text, self.at)
        if match is None:
            return ()
        self.at = match.end()
        if match[1] == ".":
            raise self.source.error(
                f"\\{side}. is a bracket that isn't there", "write both brackets of the pair", at
            )
        bar = "|" if match[1] in ("|", "\\vert") else "‖"
        return (Token("sign", f"{bar}(" if side == "left" else f"){bar}", at, self.at, glued),)

    def _group(self, name: str, at: int) -> str:
        match = _GROUP.match(self.text, self.at)
        if match is None:
            raise self.source.error(f"\\{name} needs a name in braces", f"\\{name}{{...}}", at)
        self.at = match.end()
        return match[1].strip()

    def _environment(
        self, side: Literal["begin", "end"], at: int, glued: bool
    ) -> tuple[Token, ...]:
        name = self._group(side, at)
        if name in MATRICES:
            if name == "array" and side == "begin":
                self._group("begin{array}", at)
            return (Token(side, name, at, self.at, glued),)
        if name not in WRAPPERS:
            raise self.source.error(
                f"I don't read \\begin{{{name}}}",
                "write a matrix as \\begin{bmatrix}, a case as [z > 0]",
                at,
            )
        if side == "begin":
            self.wrappers.append((name, at))
        elif not self.wrappers or self.wrappers.pop()[0] != name:
            raise self.source.error(f"\\end{{{name}}} closes nothing", "delete it", at)
        return ()

    def _lettered(self, name: str, at: int, glued: bool) -> tuple[Token, ...]:
        """A word or letter in a font: one name. In `\\mathbf{\\hat{y}}` the parser looks inside."""
        if name == "mathbb" or self.text.startswith(("1", "{1}"), self.at + self._blank()):
            match = _BOARD.match(self.text, self.at)
            sign = {"R": "ℝ", "1": "𝟙", "I": "𝟙"}.get(match[1]) if match else None
            if match is None or sign is None or name in ("text", "textrm"):
                raise self.source.error(
                    f"I don't read this \\{name}", "\\mathbb{R} and \\mathbb{1} are what I know", at
                )
            self.at = match.end()
            return (Token("sign", sign, at, self.at, glued),)
        match = _WORD.match(self.text, self.at)
        if match is None:
            return (Token("command", name, at, self.at, glued),)
        self.at = match.end()
        word = re.sub(r"[\s-]+", "_", match[1] or match[2])
        return (Token("name", word, at, self.at, glued, FONTS[name]),)

    def _blank(self) -> int:
        return 1 if self.text.startswith(" ", self.at) else 0


def partners(tokens: Sequence[Token], source: Source) -> dict[int, int]:
    """For each opening bracket's position that of its closing one.

    Raises `ReadingError` where one is missing, `LimitError` where they nest too deep.
    """
    found: dict[int, int] = {}
    stack: list[int] = []
    for at, token in enumerate(tokens):
        if token.kind not in ("sign", "begin", "end"):
            continue
        if token.kind == "begin" or (token.kind == "sign" and token.text in OPENING):
            stack.append(at)
            if len(stack) > MAX_DEPTH:
                raise source.limit(
                    f"brackets are nested more than {MAX_DEPTH} deep", "name a part of it", token.at
                )
        elif token.kind == "end" or (token.kind == "sign" and token.text in CLOSING):
            begun = tokens[stack[-1]] if stack else None
            wanted = token.text if token.kind == "end" else CLOSING[token.text]
            if (
                begun is None
                or begun.text != wanted
                or (begun.kind == "begin") != (token.kind == "end")
            ):
                raise source.error(
                    f"{shown(token, source)} closes nothing", "match every bracket", token.at
                )
            found[stack.pop()] = at
    if stack:
        token = tokens[stack[-1]]
        raise source.error(f"{shown(token, source)} isn't closed", "match every bracket", token.at)
    return found


def shown(token: Token, source: Source) -> str:
    """A token as the author wrote it, for a message."""
    text = source.text[token.at : token.end].strip()
    return text if len(text) <= 30 else f"{text[:30]}…"
