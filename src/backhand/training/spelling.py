"""Names and numbers as they may stand in emitted Python: nothing that a user wrote is code."""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Container, Iterable
from fractions import Fraction

from backhand.errors import LimitError

RESERVED = frozenset(
    {
        *("np", "math", "real", "order", "rates", "runs", "total", "losses", "steps"),
        *("epoch", "size", "done", "at", "i", "first", "last", "start", "count", "row", "part"),
        *("range", "min", "max", "abs", "exp", "gemm"),
        *(f"n{axis}" for axis in range(100)),
    }
)
"""What the emitted function calls its own."""
_SIGNS = {"∂": "d", "′": "_prime", "*": "_star", "⁺": "_plus", "⁻": "_minus"}


class Spelling:
    """An identifier for each name, ASCII and one of its own, close to how it is written.

    >>> spelled = Spelling()
    >>> spelled("∂J/∂W_1"), spelled("σ̂"), spelled("lambda"), spelled("W_1); import os #")
    ('dJ_dW_1', 'sigma_hat', 'lambda_', 'W_1_import_os')
    """

    def __init__(self) -> None:
        self.known: dict[str, str] = {}
        self._taken: set[str] = set(RESERVED)
        self._letters: set[str] = set()

    def __call__(self, name: str) -> str:
        """The identifier of a name, the same each time."""
        if name not in self.known:
            self.known[name] = self.fresh(_ascii(name))
        return self.known[name]

    def fresh(self, like: str) -> str:
        """An identifier that nothing else has."""
        found, number = like, 1
        if keyword.iskeyword(found) or found in RESERVED:
            found = f"{like}_"
        while found in self._taken:
            number += 1
            found = f"{like}_{number}"
        self._taken.add(found)
        return found

    def letter(self, wanted: Iterable[str], around: Container[str]) -> str:
        """The first of these that nothing but loops has, and none of the loops around.

        >>> spelled = Spelling()
        >>> spelled("j"), spelled.letter("ijkl", {"k"})
        ('j', 'l')
        """
        for found in wanted:
            if found not in around and (found in self._letters or found not in self._taken):
                self._letters.add(found)
                self._taken.add(found)
                return found
        raise LimitError("the loops are nested too deep", "split the equation")


def _ascii(name: str) -> str:
    parts: list[str] = []
    for sign in unicodedata.normalize("NFKD", name):
        if sign in _SIGNS:
            parts.append(_SIGNS[sign])
        elif sign.isascii():
            parts.append(sign if sign.isalnum() else "_")
        else:
            parts.append(_worded(sign))
    text = re.sub(r"_+", "_", "".join(parts)).strip("_")[:40]
    return text if text and not text[0].isdigit() else f"q_{text}".rstrip("_")


def _worded(sign: str) -> str:
    """`σ` as sigma, a hat above as _hat; what has no short name as nothing."""
    called = unicodedata.name(sign, "").lower()
    if found := re.fullmatch(r"greek (small|capital) letter (?:final )?(\w+)", called):
        return found[2].capitalize() if found[1] == "capital" else found[2]
    if called == "combining circumflex accent":
        return "_hat"
    return "_bar" if called == "combining macron" else "_"


def literal(value: Fraction | float, dtype: str) -> str:
    """A number in the loop's own precision: a float64 among float32 would slow the whole line.

    >>> literal(Fraction(1, 2), "float64"), literal(Fraction(1, 2), "float32")
    ('0.5', 'real(0.5)')
    """
    written = repr(float(value))
    return written if dtype == "float64" else f"real({written})"


def in_precision(line: str, dtype: str) -> str:
    """A loop line of the functions' table with its numbers in the loop's own precision.

    >>> in_precision("1.0 / (1.0 + math.exp(-x))", "float32")
    'real(1.0) / (real(1.0) + math.exp(-x))'
    """
    return re.sub(
        r"(?<![\w.])\d+\.\d+(?:e-?\d+)?", lambda found: literal(float(found[0]), dtype), line
    )


def comment(text: str) -> str:
    """A text as one comment line of printable signs."""
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return f"# {line if len(line) <= 160 else line[:157] + '...'}"
