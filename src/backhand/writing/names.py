"""How names are spelled in each notation: `yhat` as ŷ, `W_1` as W₁, `alpha` as α."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from backhand.reading.vocabulary import GREEK_LETTERS, MARKS

# The plain sign of each letter stands first in the reader's table, its variants after it.
GREEK = {name: sign for sign, name in reversed(GREEK_LETTERS.items())}
ACCENTS = {name: mark for mark, name in MARKS.items()}
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")
SUPERSCRIPTS = str.maketrans("0123456789−-()i", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁻⁽⁾ⁱ")
_LETTER = "|".join(sorted(GREEK, key=len, reverse=True)) + "|[A-Za-z]"
_SPELLING = re.compile(rf"({_LETTER})(hat|bar|tilde|dot)?")


@dataclass(frozen=True, slots=True)
class Spelling:
    """A name in its parts: `letter` (or a whole word), accent and subscript, each perhaps empty."""

    letter: str
    accent: str
    subscript: str

    @property
    def is_word(self) -> bool:
        """Whether it has several letters of its own, such as `loss`."""
        return len(self.letter) > 1 and self.letter not in GREEK


@lru_cache(maxsize=4096)
def spelling(name: str) -> Spelling:
    """The parts of a name in its plain spelling.

    >>> spelling("yhat"), spelling("W_1").subscript, spelling("loss").is_word
    (Spelling(letter='y', accent='hat', subscript=''), '1', True)
    """
    head, _, tail = name.partition("_")
    found = _SPELLING.fullmatch(head)
    if found:
        return Spelling(found[1], found[2] or "", tail)
    return Spelling(head, "", tail)


@lru_cache(maxsize=4096)
def unicode_letter(parts: Spelling) -> str:
    """The letter with its accent, as one would type it."""
    import unicodedata

    letter = GREEK.get(parts.letter, parts.letter)
    return unicodedata.normalize("NFC", letter + ACCENTS.get(parts.accent, ""))
