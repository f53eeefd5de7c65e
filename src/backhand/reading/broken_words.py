"""Words that a scan has torn apart, `par ameters`, put together again."""

from __future__ import annotations

from backhand.reading.vocabulary import words
from backhand.reading.vocabulary_of_questions import CHANGING, FILLER

KEYWORDS = frozenset(
    words(
        """
    draw sketch diagram shape shapes dimension dimensions size rows columns parameters trainable
    learnable learned convex concave hessian jacobian gradient derivative derivatives chain objective
    function loss error cost forward class classify threshold update updated learning rate network
    value values output weight weights matrix matrices vector hidden neurons passed activation layer
    entire true false prove verify between probability probabilities predict respect terms
    """
    )
)
_WHOLE = FILLER | CHANGING | KEYWORDS


def mended(text: str) -> str:
    """The text with neighbours joined that together are a known word, and alone aren't both.

    >>> mended("how many par ameters are lear ned")
    'how many parameters are learned'
    """
    out: list[str] = []
    for word in text.split(" "):
        torn = out and out[-1].isalpha() and word.isalpha()
        if torn and out[-1] + word in _WHOLE and not (out[-1] in _WHOLE and word in _WHOLE):
            out[-1] += word
        else:
            out.append(word)
    return " ".join(out)
