"""Names: one canonical spelling for all notations, and what a run of letters stands for.

`ab` is two letters in LaTeX, one name in ASCII where the page defines it, and the product of `a`
and `b` where it defines these. The parser sees only names for which that is settled.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache

from backhand.compositions import COMPOSED_AS
from backhand.functions import ARRAYS_AS, READ_AS
from backhand.reading.tokens import MAX_PARTS, Source, Token, partners
from backhand.reading.vocabulary import ACCENTS, FONTS, words

MAX_NAME = 64
"""The longest name in characters."""
MIN_WORD = 3
"""From how many letters a word with a subscript, left of a definition, is one name in LaTeX."""
MAX_PRODUCT = 12
"""The longest word that may be a product of names."""
INDEX_LETTERS = frozenset("ijklmnpqrs")
"""The letters that number things: in `W_{jk}` they are two indices, in `W_{xh}` they are a word."""
LIBRARIES = frozenset(words("np numpy jnp torch tf math F nn functional linalg special"))
WRITTEN_AS = frozenset(
    words(
        "tr trace diag sum mean norm dot matmul mm multiply power pow square transpose "
        "array asarray tensor"
    )
)
"""Functions, beside those of the tables, that stand for a notation of their own."""


@dataclass(frozen=True)
class Known:
    """The canonical names that a page defines: its quantities, and functions of its own."""

    quantities: frozenset[str] = frozenset()
    functions: frozenset[str] = frozenset()

    def is_function(self, name: str) -> bool:
        """Whether a name is a function's. A page's own meaning for it goes first."""
        if name in self.functions or name in self.quantities:
            return name in self.functions
        tables = (READ_AS, COMPOSED_AS, ARRAYS_AS, WRITTEN_AS)
        return any(name in table for table in tables)

    @cached_property
    def spellings(self) -> frozenset[str]:
        """How the quantities may be spelled inside a word: `W_1` also as `W1`."""
        return self.quantities | {re.sub(r"_(?=\d+$)", "", name) for name in self.quantities}

    @cached_property
    def words(self) -> frozenset[str]:
        """What stands before the subscripts of its names, where that is a word: net of net_h1."""
        bases = (name.partition("_")[0] for name in self.quantities if "_" in name)
        return frozenset(base for base in bases if len(base) >= MIN_WORD and base.isalpha())

    def has_word(self, word: str) -> bool:
        """Whether a word with a subscript is a name in LaTeX too, as its definition made it."""
        return len(word) >= MIN_WORD and word in self.words

    def __or__(self, other: Known) -> Known:
        if other.quantities <= self.quantities and other.functions <= self.functions:
            return self
        return Known(self.quantities | other.quantities, self.functions | other.functions)


@lru_cache(maxsize=4096)
def spelled(ident: str) -> str:
    """The canonical spelling of an identifier.

    >>> [spelled(s) for s in ("W1", "y_hat", "yhat_1", "W_out", "leaky_relu")]
    ['W_1', 'yhat', 'yhat_1', 'W_out', 'leaky_relu']
    """
    ident = re.sub(rf"^([A-Za-z]+)_({'|'.join(set(ACCENTS.values()))})(?=_|$|\d)", r"\1\2", ident)
    return re.sub(r"^([A-Za-z]+)(\d+)(?=_|$)", r"\1_\2", ident)


def accented(name: str, accent: str) -> str:
    """A name under an accent, which stands before its subscript: `\\hat{y_1}` is `yhat_1`."""
    letters, underscore, subscript = name.partition("_")
    return f"{letters}{accent}{underscore}{subscript}"


# ---- settling identifiers ----------------------------------------------------------------------


def settled(
    tokens: Sequence[Token], known: Known, source: Source
) -> tuple[list[Token], tuple[str, ...]]:
    """The tokens of one formula with every identifier made into names, and notes on the doubtful."""
    settler = _Settler(source, known, _is_latex(tokens, source))
    marked = _differentials(tokens, known, source)
    out: list[Token] = []
    count = 0
    for at, token in enumerate(marked):
        if token.kind == "number" and at and settler.latex:
            settler.check_script(marked[at - 1], token)
        if token.kind == "ident":
            follower = marked[at + 1].text if at + 1 < len(marked) else ""
            names = settler.names(token, follower)
            count += len(names)
            if count > MAX_PARTS:
                raise source.limit(
                    f"the formula has more than {MAX_PARTS} parts", "split it", token.at
                )
            out += names
        else:
            out.append(token)
    return out, tuple(settler.notes)


def _is_latex(tokens: Sequence[Token], source: Source) -> bool:
    """Whether a formula uses a LaTeX command, so that letters side by side are a product."""
    return "\\" in source.text and any(
        source.text[t.at] == "\\" and source.text[t.at + 1 : t.at + 2].isalpha() for t in tokens
    )


class _Settler:
    def __init__(self, source: Source, known: Known, latex: bool) -> None:
        self.source = source
        self.known = known
        self.latex = latex
        self.notes: list[str] = []

    def names(self, token: Token, follower: str) -> list[Token]:
        """What an identifier stands for; `follower` is the text of the token after it."""
        word = token.text
        if len(word) > MAX_NAME:
            raise self.source.limit(
                f"a name has more than {MAX_NAME} letters", "choose a shorter one", token.at
            )
        if word.lower() in ("nan", "inf", "infinity"):
            raise self.source.error(
                f"{word} is not a number to work with", "write a finite one", token.at
            )
        if self.latex:
            if follower == "_" and self.known.has_word(word):
                return [_name(token, word)]
            return self._letters(token)
        if (word == "sum" and follower == "_") or (
            word.startswith("sum_") and re.fullmatch(r"sum_[a-zA-Z]", word)
        ):
            return self._sum(token)
        name = spelled(word)
        if self._is_one(name) or (word in LIBRARIES and follower == "."):
            return [_name(token, name)]
        return self._indexed(token, name) or self._segmented(token) or [_name(token, name)]

    def _is_one(self, name: str) -> bool:
        return len(name) == 1 or name in self.known.quantities or self.known.is_function(name)

    def _letters(self, token: Token) -> list[Token]:
        """In LaTeX: letter by letter, one sign after each underscore."""
        word = token.text
        whole = spelled(word)
        letters = re.match(r"[A-Za-z]+", word)
        if letters and len(letters[0]) > 1 and self._is_one(whole):
            raise self.source.error(
                f"in LaTeX {word} is a product of single letters",
                f"write \\text{{{word}}} for the name, or a space between the letters",
                token.at,
            )
        if re.search(r"_\d\d", word):
            raise self.source.error(
                f"{word} is ambiguous in LaTeX",
                "brace the subscript: x_{12} for number 12, x_{1,2} for the entry (1, 2)",
                token.at,
            )
        out: list[Token] = []
        for match in re.finditer(r"[A-Za-z]|\d+|_", word):
            kind = "sign" if match[0] == "_" else "number" if match[0].isdigit() else "name"
            start = token.at + match.start()
            glued = token.glued if match.start() == 0 else True
            out.append(Token(kind, match[0], start, token.at + match.end(), glued))
        return out

    def check_script(self, before: Token, token: Token) -> None:
        """Refuse `x^10` and `\\theta_12`, where LaTeX takes the first digit only."""
        if before.kind == "sign" and before.text in ("^", "_") and len(token.text) > 1:
            raise self.source.error(
                f"{before.text}{token.text} is ambiguous in LaTeX",
                f"write {before.text}{{{token.text}}}",
                token.at,
            )

    def _sum(self, token: Token) -> list[Token]:
        """`sum_k` and the start of `sum_{k=1}^3`, with the sign for sums."""
        sign = Token("sign", "Σ", token.at, token.end, token.glued)
        if token.text == "sum":
            return [sign]
        return [sign, *_scripted(token, "_", token.text[4:])]

    def _indexed(self, token: Token, name: str) -> list[Token]:
        """`W_jk` where only W is known: the entry (j, k)."""
        base, _, letters = name.partition("_")
        if base not in self.known.quantities or not 2 <= len(letters) <= 3:
            return []
        if not INDEX_LETTERS.issuperset(letters):
            return []
        self._note(token, f"{base}[{', '.join(letters)}]")
        return [_name(token, base), *_scripted(token, "_", letters)]

    def _segmented(self, token: Token) -> list[Token]:
        """The known names of which a word is made, if there is one way to cut it."""
        cuts = self._cuts(token.text)
        if len(cuts) > 1:
            readings = " or ".join("·".join(cut) for cut in cuts[:2])
            raise self.source.error(
                f"{token.text} can be read as {readings}", "put a * between the names", token.at
            )
        if not cuts:
            return []
        self._note(token, " · ".join(cuts[0]))
        out: list[Token] = []
        start = token.at
        for piece in cuts[0]:
            glued = token.glued if start == token.at else True
            out.append(Token("name", spelled(piece), start, start + len(piece), glued))
            start += len(piece)
        return out

    def _cuts(self, word: str) -> list[tuple[str, ...]]:
        """At most two of the ways to cut a word into known names."""
        if len(word) > MAX_PRODUCT:
            return []
        ways: list[list[tuple[str, ...]]] = [[()], *([] for _ in word)]
        for end in range(1, len(word) + 1):
            if word[end : end + 1].isdigit() or word[end : end + 1] == "_":
                continue
            for start in range(end):
                if ways[start] and word[start:end] in self.known.spellings:
                    ways[end] += [(*way, word[start:end]) for way in ways[start]]
            del ways[end][2:]
        return ways[-1]

    def _note(self, token: Token, reading: str) -> None:
        note = f"I read {token.text} as {reading}"
        if note not in self.notes:
            self.notes.append(note)


def _name(token: Token, name: str) -> Token:
    return Token("name", name, token.at, token.end, token.glued, token.font)


def _scripted(token: Token, sign: str, letters: str) -> list[Token]:
    """A script of single letters behind a token."""
    end = token.end
    signs = [Token("sign", s, end, end, True) for s in (sign, "{")]
    names = [Token("name", s, end, end, True) for s in letters]
    return [*signs, *names, Token("sign", "}", end, end, True)]


# ---- derivatives -------------------------------------------------------------------------------


def _differentials(tokens: Sequence[Token], known: Known, source: Source) -> list[Token]:
    """The tokens with the d of `dy/dx` and `\\frac{dy}{dx}` made a sign of its own.

    Only pairs are taken, and none where the page itself has a `d` or a `dy`.
    """
    signs = {at for at, token in enumerate(tokens) if _is_d(token, known)}
    if "d" in known.quantities or not signs:
        return list(tokens)
    closing = partners(tokens, source)
    marked: set[int] = set()
    for at in sorted(signs):
        if at in marked:
            continue
        end, order = _numerator(tokens, at, closing)
        other = _after_bar(tokens, at, end, closing)
        below: set[int] = set()
        while other in signs and len(below) < order:
            below.add(other)
            other = _operand_end(tokens, other + (len(tokens[other].text) == 1), closing)
        if below:
            marked |= {at} | below
    out: list[Token] = []
    for at, token in enumerate(tokens):
        if at not in marked:
            out.append(token)
            continue
        out.append(Token("sign", "d", token.at, token.at + 1, token.glued))
        if len(token.text) > 1:
            out.append(Token("ident", token.text[1:], token.at + 1, token.end, True))
    return out


def _numerator(tokens: Sequence[Token], at: int, closing: dict[int, int]) -> tuple[int, int]:
    """Where the numerator that starts with the d at `at` ends, and the order: d, dy, d^2, d^2 y."""
    if len(tokens[at].text) > 1:
        return _operand_end(tokens, at, closing), 1
    end, order = at + 1, 1
    if end < len(tokens) and tokens[end].text == "^" and end + 1 < len(tokens):
        digits = [t.text for t in tokens[end + 1 : end + 3] if t.text.isdigit()]
        order = int(digits[0][:2]) if digits else 1
        end = closing.get(end + 1, end + 1) + 1
    if end < len(tokens) and tokens[end].text not in ("/", "}"):
        end = _operand_end(tokens, end, closing)
    return end, order


def _is_d(token: Token, known: Known) -> bool:
    if token.kind == "name":
        return token.text == "d"
    if token.kind != "ident" or token.text[0] != "d" or spelled(token.text) in known.quantities:
        return False
    return len(token.text) == 1 or (token.text[1].isalpha() and not known.is_function(token.text))


def _after_bar(tokens: Sequence[Token], at: int, end: int, closing: dict[int, int]) -> int:
    """Where the denominator starts whose numerator is from `at` to `end`; else past the end."""
    if end < len(tokens) and tokens[end].text == "/":
        return end + 1
    braced = at >= 2 and tokens[at - 1].text == "{" and tokens[at - 2].text == "frac"
    if not braced or closing[at - 1] != end:
        return len(tokens)
    return closing[at - 1] + 2


def _operand_end(tokens: Sequence[Token], at: int, closing: dict[int, int]) -> int:
    """The position after the name or bracket at `at`, its scripts and indices included."""
    if at < len(tokens) and tokens[at].text in (*ACCENTS, *FONTS):
        at += 1
    at = closing.get(at, at) + 1
    for _ in range(3):  # more scripts and indices than that no derivative has
        if at >= len(tokens):
            break
        token = tokens[at]
        if token.text in ("_", "^") and token.kind == "sign":
            at = closing.get(at + 1, at + 1) + 1
        elif token.text in ("[", "(") and token.glued:
            at = closing[at] + 1
        else:
            break
    return at
