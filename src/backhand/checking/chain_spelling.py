r"""Chains as nearly everybody spells them: products of derivatives, perhaps added.

Such a chain is cut at its signs, and each derivative is looked up by its spelling, so that the parser
sees each spelling once. Whatever looks any different is left to the parser, as a whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TypeAlias

from backhand.checking.answers import written
from backhand.checking.chain_reading import MAX_KEPT, Chain, ChainReader, Factor, Joined
from backhand.errors import BackhandError
from backhand.reading.maths import Known, parse
from backhand.syntax import Partial

_NAME = r"[^\W\d_](?:\w*[^\W_])?(?:_\{\w+(?:, ?\w+)*\})?(?:\[\d+(?:, ?\d+)*\])?"
_ON_LINE = rf"[d∂]{_NAME}/[d∂]{_NAME}"
_GROUP = r"\{(?:[\w ,∂]|\\[A-Za-z]+(?![A-Za-z])|\{[\w ,]*\})*\}"
_PIECE = re.compile(
    rf"(?P<latex>\\[dt]?frac ?{_GROUP} ?{_GROUP})|\((?P<enclosed>{_ON_LINE})\)|(?P<plain>{_ON_LINE})"
)
_SIGN = re.compile(r" *(\+|[*·×]|\\cdot(?![A-Za-z])|\\times(?![A-Za-z]))? *")


@dataclass
class Spellings:
    """The derivatives of one graph by their spelling; None for what isn't one."""

    reader: ChainReader
    kept: dict[str, tuple[Factor, str] | None] = field(
        default_factory=dict[str, tuple[Factor, str] | None]
    )

    def read(self, text: str, known: Known) -> tuple[Chain, str] | None:
        """A chain that is spelled plainly, and how it is understood; None for any other."""
        terms = cut(text)
        if terms is None:
            return None
        parts: list[Chain] = []
        shown: list[str] = []
        for sign, spelled in terms:
            found = [self._factor(each, known) for each in spelled]
            factors = [each[0] for each in found if each is not None]
            if len(factors) < len(found):
                return None
            parts.append(factors[0] if len(factors) == 1 else Joined("·", tuple(factors)))
            shown.append(f" {sign or '·'} ".join(each[1] for each in found if each is not None))
        chain = parts[0] if len(parts) == 1 else Joined("+", tuple(parts))
        return chain, " + ".join(shown)

    def _factor(self, spelled: str, known: Known) -> tuple[Factor, str] | None:
        kept = self.kept
        if spelled in kept:
            return kept[spelled]
        found = self._parsed(spelled, known)
        if len(self.kept) > MAX_KEPT:
            self.kept = {}  # not emptied: another thread may be looking something up
        self.kept[spelled] = found
        return found

    def _parsed(self, spelled: str, known: Known) -> tuple[Factor, str] | None:
        try:
            found = parse(spelled, known).formula
            if isinstance(found, Partial):
                return self.reader.factor(found), written(found)
        except BackhandError:
            pass  # the parser says what is wrong of the whole, and where
        return None


Term: TypeAlias = tuple[str, list[str]]


def cut(text: str) -> list[Term] | None:
    """The derivatives of each term as they are spelled, with the sign between them; or None.

    >>> cut("dJ/dyhat * dyhat/db + (dJ/du)")
    [('*', ['dJ/dyhat', 'dyhat/db']), ('', ['dJ/du'])]
    """
    latex = "\\" in text  # there letters side by side are a product, so all of it has to be LaTeX
    terms: list[Term] = []
    factors: list[str] = []
    signs: set[str] = set()
    at = 0
    while True:
        piece = _PIECE.match(text, at)
        if piece is None or piece.lastgroup is None or (piece.lastgroup == "latex") != latex:
            return None
        factors.append(piece[piece.lastgroup])
        joint = _SIGN.match(text, piece.end())
        assert joint is not None
        sign, at = joint[1], joint.end()
        if sign == "+" or at == len(text):
            if len(signs) > 1 or (sign and at == len(text)):
                return None
            terms.append((next(iter(signs), ""), factors))
            if at == len(text):
                return terms
            factors, signs = [], set()
        elif sign is None and not latex:
            apart = piece.lastgroup == "plain" and joint[0] and text[at] != "("
            if not apart:
                return None
            signs.add("")
        else:
            signs.add("" if sign is None else "*" if sign == "*" else "·")
